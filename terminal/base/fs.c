/* POSIX's own calls, and the one place that another table can take.
 */
#include "terminal/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int posix_open(void *context, const char *path, int flags, unsigned mode)
{
    (void)context;
    return open(path, flags | O_CLOEXEC, (mode_t)mode);
}

static int posix_close(void *context, int file)
{
    (void)context;
    return close(file);
}

static ssize_t posix_pread(void *context, int file, void *bytes, size_t length, int64_t offset)
{
    ssize_t got;

    (void)context;
    do
        got = pread(file, bytes, length, offset);
    while (got < 0 && errno == EINTR);
    return got;
}

static ssize_t posix_pwrite(void *context, int file, const void *bytes, size_t length,
                            int64_t offset)
{
    ssize_t written;

    (void)context;
    do
        written = pwrite(file, bytes, length, offset);
    while (written < 0 && errno == EINTR);
    return written;
}

static int posix_truncate(void *context, int file, int64_t size)
{
    (void)context;
    return ftruncate(file, size);
}

static int posix_allocate(void *context, int file, int64_t size)
{
    (void)context;
    errno = posix_fallocate(file, 0, size);
    return errno == 0 ? 0 : -1;
}

static int posix_sync(void *context, int file)
{
    (void)context;
    return fsync(file);
}

static void posix_sync_soon(void *context, int file, int64_t offset, int64_t length)
{
    (void)context;
    (void)sync_file_range(file, offset, length, SYNC_FILE_RANGE_WRITE);
}

static int posix_lock(void *context, int file, enum fs_lock lock, int64_t offset, int64_t length)
{
    static const short types[] = {
        [FS_UNLOCK] = F_UNLCK, [FS_LOCK_SHARED] = F_RDLCK, [FS_LOCK_ALONE] = F_WRLCK};
    struct flock range = {
        .l_type = types[lock], .l_whence = SEEK_SET, .l_start = offset, .l_len = length};

    (void)context;
    return fcntl(file, F_OFD_SETLK, &range);
}

static int posix_fstat(void *context, int file, struct stat *out)
{
    (void)context;
    return fstat(file, out);
}

static int posix_stat(void *context, const char *path, bool follow, struct stat *out)
{
    (void)context;
    return follow ? stat(path, out) : lstat(path, out);
}

static int posix_rename(void *context, const char *from, const char *to)
{
    (void)context;
    return rename(from, to);
}

static int posix_unlink(void *context, const char *path)
{
    (void)context;
    return unlink(path);
}

static int posix_mkdir(void *context, const char *path, unsigned mode)
{
    (void)context;
    return mkdir(path, (mode_t)mode);
}

static int posix_list(void *context, const char *path,
                      void (*visit)(void *visitor, const char *name), void *visitor)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    (void)context;
    if (folder == NULL)
        return -1;
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            visit(visitor, entry->d_name);
    }
    return closedir(folder);
}

static long posix_process(void *context)
{
    (void)context;
    return (long)getpid();
}

static long posix_thread(void *context)
{
    (void)context;
    return (long)gettid();
}

static const struct fs posix = {
    .open = posix_open,
    .close = posix_close,
    .pread = posix_pread,
    .pwrite = posix_pwrite,
    .truncate = posix_truncate,
    .allocate = posix_allocate,
    .sync = posix_sync,
    .sync_soon = posix_sync_soon,
    .lock = posix_lock,
    .fstat = posix_fstat,
    .stat = posix_stat,
    .rename = posix_rename,
    .unlink = posix_unlink,
    .mkdir = posix_mkdir,
    .list = posix_list,
    .process = posix_process,
    .thread = posix_thread,
};

static const struct fs *in_place = &posix;

void fs_install(const struct fs *fs)
{
    in_place = fs;
}

int fs_open(const char *path, int flags, unsigned mode)
{
    return in_place->open(in_place->context, path, flags, mode);
}

int fs_close(int file)
{
    return in_place->close(in_place->context, file);
}

ssize_t fs_pread(int file, void *bytes, size_t length, int64_t offset)
{
    return in_place->pread(in_place->context, file, bytes, length, offset);
}

ssize_t fs_pwrite(int file, const void *bytes, size_t length, int64_t offset)
{
    return in_place->pwrite(in_place->context, file, bytes, length, offset);
}

bool fs_write_all(int file, const void *bytes, size_t length, int64_t offset)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t written = fs_pwrite(file, at, length, offset);
        if (written < 0)
            return false;
        at += written;
        offset += written;
        length -= (size_t)written;
    }
    return true;
}

int fs_truncate(int file, int64_t size)
{
    return in_place->truncate(in_place->context, file, size);
}

int fs_allocate(int file, int64_t size)
{
    return in_place->allocate(in_place->context, file, size);
}

int fs_sync(int file)
{
    return in_place->sync(in_place->context, file);
}

void fs_sync_soon(int file, int64_t offset, int64_t length)
{
    in_place->sync_soon(in_place->context, file, offset, length);
}

int fs_lock(int file, enum fs_lock lock, int64_t offset, int64_t length)
{
    return in_place->lock(in_place->context, file, lock, offset, length);
}

int fs_fstat(int file, struct stat *out)
{
    return in_place->fstat(in_place->context, file, out);
}

int fs_stat(const char *path, struct stat *out)
{
    return in_place->stat(in_place->context, path, true, out);
}

int fs_lstat(const char *path, struct stat *out)
{
    return in_place->stat(in_place->context, path, false, out);
}

int fs_rename(const char *from, const char *to)
{
    return in_place->rename(in_place->context, from, to);
}

int fs_unlink(const char *path)
{
    return in_place->unlink(in_place->context, path);
}

int fs_mkdir(const char *path, unsigned mode)
{
    return in_place->mkdir(in_place->context, path, mode);
}

int fs_list(const char *folder, void (*visit)(void *visitor, const char *name), void *visitor)
{
    return in_place->list(in_place->context, folder, visit, visitor);
}

long fs_process(void)
{
    return in_place->process(in_place->context);
}

long fs_thread(void)
{
    return in_place->thread(in_place->context);
}
