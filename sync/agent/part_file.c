/* Plain file work; the header says what is on the disk when. */
#include "sync/agent/part_file.h"
#include "terminal/base/buf.h"
#include "terminal/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0 || fstat(*fd, &now) != 0)
        status = io_error(path, error);
    else
        *have = now.st_size;
    free(path);
    return status;
}

enum status part_write(int fd, const char *bytes, size_t length, int64_t offset,
                       struct error *error)
{
    while (length > 0) {
        ssize_t written = pwrite(fd, bytes, length, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return io_error("the part file", error);
        bytes += written;
        length -= (size_t)written;
        offset += written;
    }
    return STATUS_OK;
}

enum status part_clear(int fd, struct error *error)
{
    return ftruncate(fd, 0) == 0 ? STATUS_OK : io_error("the part file", error);
}

static bool is_part(const char *name)
{
    size_t length = strlen(name);

    return length > strlen(LEAD TAIL) && strncmp(name, LEAD, strlen(LEAD)) == 0 &&
           strcmp(name + length - strlen(TAIL), TAIL) == 0;
}

void part_sweep(const char *folder, const char *id)
{
    char *keep = id ? part_path(folder, id) : NULL;
    DIR *directory = opendir(folder);
    struct dirent *file;

    while (directory && (file = readdir(directory)) != NULL) {
        char *path = is_part(file->d_name) ? path_join(folder, file->d_name) : NULL;
        if (path && (!keep || strcmp(path, keep) != 0))
            (void)unlink(path);
        free(path);
    }
    if (directory)
        (void)closedir(directory);
    free(keep);
}
