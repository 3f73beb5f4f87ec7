/* Every call to the file system that is not SQLite's, under the names of POSIX: return values,
 * errno and meaning are those of the call it is named for. A simulation puts its own disk here.
 *
 * An interrupted call is made again. Files are opened with O_CLOEXEC and read and written at
 * offsets; a descriptor is good for these calls only, unless POSIX's own are in place.
 */
#ifndef HOLDFAST_BASE_FS_H
#define HOLDFAST_BASE_FS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum fs_lock { FS_UNLOCK, FS_LOCK_SHARED, FS_LOCK_ALONE };

struct fs {
    int (*open)(void *context, const char *path, int flags, unsigned mode);
    int (*close)(void *context, int file);
    ssize_t (*pread)(void *context, int file, void *bytes, size_t length, int64_t offset);
    ssize_t (*pwrite)(void *context, int file, const void *bytes, size_t length, int64_t offset);
    int (*truncate)(void *context, int file, int64_t size);
    int (*allocate)(void *context, int file, int64_t size);
    int (*sync)(void *context, int file);
    void (*sync_soon)(void *context, int file, int64_t offset, int64_t length);
    int (*lock)(void *context, int file, enum fs_lock lock, int64_t offset, int64_t length);
    int (*fstat)(void *context, int file, struct stat *out);
    int (*stat)(void *context, const char *path, bool follow, struct stat *out);
    int (*rename)(void *context, const char *from, const char *to);
    int (*unlink)(void *context, const char *path);
    int (*mkdir)(void *context, const char *path, unsigned mode);
    int (*list)(void *context, const char *folder, void (*visit)(void *visitor, const char *name),
                void *visitor);
    long (*process)(void *context);
    long (*thread)(void *context);
    void *context;
};

/* Puts another in the place of POSIX's, for good. Before any other call here. Borrowed. */
void fs_install(const struct fs *fs);

int fs_open(const char *path, int flags, unsigned mode);
int fs_close(int file);
ssize_t fs_pread(int file, void *bytes, size_t length, int64_t offset);
ssize_t fs_pwrite(int file, const void *bytes, size_t length, int64_t offset);
/* All of it, however many calls that takes. False: errno says why; a part may be written. */
bool fs_write_all(int file, const void *bytes, size_t length, int64_t offset);
int fs_truncate(int file, int64_t size);
/* posix_fallocate from the start; -1 and errno, as the others. */
int fs_allocate(int file, int64_t size);
int fs_sync(int file);
/* Lets the disk begin with this part: sync_file_range. A hint, it can't fail. */
void fs_sync_soon(int file, int64_t offset, int64_t length);
/* F_OFD_SETLK on a range: a lock of this open file, gone when it is closed; length 0: to the end.
 * EAGAIN or EACCES: another one is in the way. */
int fs_lock(int file, enum fs_lock lock, int64_t offset, int64_t length);
int fs_fstat(int file, struct stat *out);
int fs_stat(const char *path, struct stat *out);
int fs_lstat(const char *path, struct stat *out);
int fs_rename(const char *from, const char *to);
int fs_unlink(const char *path);
int fs_mkdir(const char *path, unsigned mode);
/* Each name in the folder but "." and "..", in no order; `visit` may unlink what it is given. */
int fs_list(const char *folder, void (*visit)(void *visitor, const char *name), void *visitor);
long fs_process(void); /* numbers that no other process, no other thread alive has */
long fs_thread(void);

#endif
