/* Files and the writer's lock. What is durable and when is in the header; the order of the calls
 * below (fsync the file, rename, fsync the folder) is what makes it so.
 */
#include "terminal/base/file.h"

#include "terminal/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define READ_SIZE 65536

static enum status status_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    case EEXIST:
        return STATUS_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return STATUS_FULL;
    case EAGAIN:
    case EBUSY:
        return STATUS_BUSY;
    default:
        return STATUS_IO;
    }
}

/* Reports errno; `path` may be long, the reason comes first. */
static enum status failed(struct error *error, const char *what, const char *path)
{
    int number = errno;
    char reason[96];
    return error_set(error, status_of_errno(number), "%s: %s: %s", what,
                     strerror_r(number, reason, sizeof reason), path);
}

static void truncate_buf(struct buf *buf, size_t used)
{
    buf->used = used;
    if (buf->data != NULL)
        buf->data[used] = '\0';
}

enum status file_read(const char *path, struct buf *out, struct error *error)
{
    int fd = fs_open(path, O_RDONLY, 0);
    if (fd < 0)
        return failed(error, "cannot open", path);
    size_t before = out->used;
    enum status status = STATUS_OK;
    char *chunk = mem_resize(NULL, READ_SIZE);
    for (;;) {
        ssize_t got = fs_pread(fd, chunk, READ_SIZE, (int64_t)(out->used - before));
        if (got < 0)
            status = failed(error, "cannot read", path);
        if (got <= 0)
            break;
        status = buf_append(out, chunk, (size_t)got);
        if (status != STATUS_OK) {
            (void)error_set(error, status, "larger than %zu bytes: %s", out->ceiling, path);
            break;
        }
    }
    free(chunk);
    (void)fs_close(fd);
    if (status != STATUS_OK)
        truncate_buf(out, before);
    return status;
}

/* The folder that holds `path`, as new memory. */
static char *folder_of(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    if (length == 0)
        return mem_copy_text(".");
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *folder = mem_copy_text(path);
    folder[length] = '\0';
    return folder;
}

enum status file_sync(const char *path, struct error *error)
{
    int fd = fs_open(path, O_RDONLY, 0);
    if (fd < 0)
        return failed(error, "cannot open", path);
    enum status status = fs_sync(fd) == 0 ? STATUS_OK : failed(error, "cannot sync", path);
    (void)fs_close(fd);
    return status;
}

static enum status sync_folder_of(const char *path, struct error *error)
{
    char *folder = folder_of(path);
    enum status status = file_sync(folder, error);
    free(folder);
    return status;
}

/* Writes and syncs a new file; on failure nothing of it remains. */
static enum status write_new(const char *path, const void *bytes, size_t length, unsigned mode,
                             struct error *error)
{
    int fd = fs_open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fd < 0)
        return failed(error, "cannot create", path);
    enum status status = STATUS_OK;
    if (!fs_write_all(fd, bytes, length, 0))
        status = failed(error, "cannot write", path);
    else if (fs_sync(fd) != 0)
        status = failed(error, "cannot sync", path);
    if (fs_close(fd) != 0 && status == STATUS_OK)
        status = failed(error, "cannot close", path);
    if (status != STATUS_OK)
        (void)fs_unlink(path);
    return status;
}

enum status file_write_durable(const char *path, const void *bytes, size_t length, unsigned mode,
                               struct error *error)
{
    /* The thread's id makes the name unique among the living; one of the dead is removed. */
    struct buf temporary;
    buf_init(&temporary, SIZE_MAX - 1);
    enum status status = buf_printf(&temporary, "%s.%ld.tmp", path, fs_thread());
    INVARIANT(status == STATUS_OK);
    (void)fs_unlink(buf_text(&temporary));
    status = write_new(buf_text(&temporary), bytes, length, mode, error);
    if (status == STATUS_OK && fs_rename(buf_text(&temporary), path) != 0) {
        status = failed(error, "cannot rename to", path);
        (void)fs_unlink(buf_text(&temporary));
    }
    if (status == STATUS_OK)
        status = sync_folder_of(path, error);
    buf_finish(&temporary);
    return status;
}

static bool is_folder(const char *path)
{
    struct stat about;
    return fs_stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

enum status file_make_folder(const char *path, unsigned mode, struct error *error)
{
    if (is_folder(path))
        return STATUS_OK;
    char *parent = folder_of(path);
    enum status status = STATUS_OK;
    if (strcmp(parent, path) != 0)
        status = file_make_folder(parent, mode, error);
    free(parent);
    if (status != STATUS_OK)
        return status;
    if (fs_mkdir(path, mode) != 0) {
        int number = errno;
        if (number == EEXIST && is_folder(path))
            return STATUS_OK; /* another process was quicker */
        errno = number;
        return failed(error, "cannot make the folder", path);
    }
    return sync_folder_of(path, error);
}

bool file_exists(const char *path)
{
    struct stat about;
    return fs_stat(path, &about) == 0;
}

char *path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *between = length > 0 && folder[length - 1] == '/' ? "" : "/";
    size_t size = length + strlen(between) + strlen(name) + 1;
    char *path = mem_alloc(size);
    (void)snprintf(path, size, "%s%s%s", folder, between, name);
    return path;
}

struct lock {
    int fd;
};

/* Who holds it is told by the file itself; it may be empty for the instant after the lock was
 * taken and before the name was written. */
static enum status held_by_another(int fd, const char *database, struct error *error)
{
    char holder[128];
    ssize_t got = fs_pread(fd, holder, sizeof holder - 1, 0);
    holder[got > 0 ? got : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    if (holder[0] == '\0')
        return error_set(error, STATUS_BUSY, "%s is in use by another program", database);
    return error_set(error, STATUS_BUSY, "%s is in use by %s", database, holder);
}

static enum status write_holder(int fd, const char *program, const char *path, struct error *error)
{
    char holder[128];
    (void)snprintf(holder, sizeof holder, "%.80s (pid %ld)\n", program, fs_process());
    if (fs_truncate(fd, 0) != 0 || !fs_write_all(fd, holder, strlen(holder), 0))
        return failed(error, "cannot write", path);
    return STATUS_OK;
}

static enum status lock_file(int fd, const char *path, const char *database, const char *program,
                             struct error *error)
{
    if (fs_lock(fd, FS_LOCK_ALONE, 0, 0) == 0)
        return write_holder(fd, program, path, error);
    if (errno == EAGAIN || errno == EACCES)
        return held_by_another(fd, database, error);
    return failed(error, "cannot lock", path);
}

enum status lock_take(const char *folder, const char *database, const char *program,
                      struct lock **out, struct error *error)
{
    struct buf name;
    buf_init(&name, SIZE_MAX - 1);
    enum status status = buf_printf(&name, "%s.lock", database);
    INVARIANT(status == STATUS_OK);
    char *path = path_join(folder, buf_text(&name));
    buf_finish(&name);
    int fd = fs_open(path, O_RDWR | O_CREAT, 0660);
    if (fd < 0)
        status = failed(error, "cannot open", path);
    else
        status = lock_file(fd, path, database, program, error);
    free(path);
    if (status != STATUS_OK) {
        if (fd >= 0)
            (void)fs_close(fd);
        return status;
    }
    *out = mem_alloc(sizeof **out);
    (*out)->fd = fd;
    return STATUS_OK;
}

void lock_release(struct lock *lock)
{
    if (lock == NULL)
        return;
    /* The file stays: removing it would let two programs lock two files of the same name. */
    (void)fs_close(lock->fd);
    free(lock);
}
