/* Plain file work; the header says what is on the disk when. */
#include "sync/agent/part_file.h"
#include "terminal/base/buf.h"
#include "terminal/base/file.h"
#include "terminal/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LEAD "snapshot-"
#define TAIL ".part"

static enum status io_error(const char *what, struct error *error)
{
    int cause = errno;

    return error_set(error, cause == ENOSPC || cause == EDQUOT ? STATUS_FULL : STATUS_IO, "%s: %s",
                     what, strerror(cause));
}

char *part_path(const char *folder, const char *id)
{
    char name[128];

    (void)snprintf(name, sizeof name, LEAD "%.64s" TAIL, id);
    return path_join(folder, name);
}

enum status part_open(const char *folder, const char *id, int *fd, int64_t *have,
                      struct error *error)
{
    char *path = part_path(folder, id);
    struct stat now;
    enum status status = STATUS_OK;

    *fd = fs_open(path, O_RDWR | O_CREAT, 0600);
    if (*fd < 0 || fs_fstat(*fd, &now) != 0)
        status = io_error(path, error);
    else
        *have = now.st_size;
    free(path);
    return status;
}

enum status part_write(int fd, const char *bytes, size_t length, int64_t offset,
                       struct error *error)
{
    return fs_write_all(fd, bytes, length, offset) ? STATUS_OK : io_error("the part file", error);
}

enum status part_read(int fd, void *bytes, size_t length, int64_t offset, struct error *error)
{
    ssize_t got = fs_pread(fd, bytes, length, offset);

    if (got < 0)
        return io_error("the part file", error);
    if ((size_t)got != length)
        return error_set(error, STATUS_IO, "the part file is shorter than it was");
    return STATUS_OK;
}

enum status part_clear(int fd, struct error *error)
{
    return fs_truncate(fd, 0) == 0 ? STATUS_OK : io_error("the part file", error);
}

static bool is_part(const char *name)
{
    size_t length = strlen(name);

    return length > strlen(LEAD TAIL) && strncmp(name, LEAD, strlen(LEAD)) == 0 &&
           strcmp(name + length - strlen(TAIL), TAIL) == 0;
}

struct sweep {
    const char *folder;
    const char *keep; /* a path, or NULL */
};

static void sweep_file(void *visitor, const char *name)
{
    const struct sweep *sweep = visitor;
    char *path = is_part(name) ? path_join(sweep->folder, name) : NULL;

    if (path && (!sweep->keep || strcmp(path, sweep->keep) != 0))
        (void)fs_unlink(path);
    free(path);
}

void part_sweep(const char *folder, const char *id)
{
    char *keep = id ? part_path(folder, id) : NULL;
    struct sweep sweep = {folder, keep};

    (void)fs_list(folder, sweep_file, &sweep);
    free(keep);
}
