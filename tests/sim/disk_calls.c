/* The file calls of terminal/base/fs.h, on the disk of the process that was entered.
 *
 * Descriptors are numbers far above any that the host gives, so that one that slips into a real
 * call is refused there.
 */
#include "tests/sim/disk_internal.h"

#include "terminal/base/buf.h"
#include "terminal/base/fs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_DESCRIPTOR (1 << 24)
#define DESCRIPTORS      1024

static struct open_file *descriptors[DESCRIPTORS];

static int failed(int cause)
{
    errno = cause;
    return -1;
}

static struct open_file *opened(int descriptor)
{
    int index = descriptor - FIRST_DESCRIPTOR;

    if (index < 0 || index >= DESCRIPTORS || descriptors[index] == NULL)
        disk_misused("%d is no open file", descriptor);
    if (descriptors[index]->process != disk_state.current)
        disk_misused("%s is another process's", descriptors[index]->path);
    return descriptors[index];
}

/* Whether a call on a name, or a lock, is to be done; *dying: only to die after it. */
static bool plain(struct disk_process *process, bool *dying)
{
    enum gate gate = gate_pass_plain(process);

    *dying = gate == GATE_DYING;
    return gate == GATE_OPEN || (*dying && gate_coin());
}

static int answer(struct disk_process *process, int result, bool dying)
{
    if (dying)
        gate_die(process);
    return process->dead ? failed(EIO) : result;
}

static int call_open(void *context, const char *path, int flags, unsigned mode)
{
    struct open_file *open = open_path(disk_current(), path, flags, mode);
    int index = 0;

    (void)context;
    if (open == NULL)
        return -1;
    while (index < DESCRIPTORS && descriptors[index] != NULL)
        index++;
    if (index == DESCRIPTORS)
        disk_misused("more than %d open files", DESCRIPTORS);
    descriptors[index] = open;
    return FIRST_DESCRIPTOR + index;
}

static int call_close(void *context, int file)
{
    struct open_file *open = opened(file);
    bool dead = open->process->dead;

    (void)context;
    open_close(open);
    descriptors[file - FIRST_DESCRIPTOR] = NULL;
    return dead ? failed(EIO) : 0;
}

static ssize_t call_pread(void *context, int file, void *bytes, size_t length, int64_t offset)
{
    (void)context;
    return file_read_at(opened(file), bytes, length, offset);
}

static ssize_t call_pwrite(void *context, int file, const void *bytes, size_t length,
                           int64_t offset)
{
    struct open_file *open = opened(file);

    (void)context;
    return open->writes ? file_write_at(open, bytes, length, offset) : failed(EBADF);
}

static int call_truncate(void *context, int file, int64_t size)
{
    struct open_file *open = opened(file);

    (void)context;
    return open->writes ? file_cut(open, size) : failed(EINVAL);
}

static int call_allocate(void *context, int file, int64_t size)
{
    struct open_file *open = opened(file);

    (void)context;
    return open->writes ? file_reserve(open, size) : failed(EBADF);
}

static int call_sync(void *context, int file)
{
    (void)context;
    return file_sync_now(opened(file));
}

static void call_sync_soon(void *context, int file, int64_t offset, int64_t length)
{
    (void)context;
    (void)file;
    (void)offset;
    (void)length;
}

static int call_lock(void *context, int file, enum fs_lock lock, int64_t offset, int64_t length)
{
    struct open_file *open = opened(file);
    int64_t to = length == 0 ? INT64_MAX : offset + length;
    bool dying;
    int result = 0;

    (void)context;
    if (lock == FS_LOCK_ALONE && !open->writes)
        return failed(EBADF);
    if (plain(open->process, &dying)) {
        if (lock == FS_UNLOCK)
            range_unlock(open, offset, to);
        else
            result = range_lock(open, offset, to, lock == FS_LOCK_ALONE);
    }
    return answer(open->process, result, dying);
}

static void tell(const struct file *file, struct stat *out)
{
    memset(out, 0, sizeof *out);
    out->st_ino = (ino_t)file->number;
    out->st_mode = (mode_t)file->mode;
    out->st_nlink = 1;
    out->st_size = (off_t)file->seen.size;
    out->st_blksize = DISK_PAGE;
    out->st_blocks = (blkcnt_t)((file->seen.size + DISK_PAGE - 1) / DISK_PAGE * (DISK_PAGE / 512));
}

static int call_fstat(void *context, int file, struct stat *out)
{
    const struct open_file *open = opened(file);

    (void)context;
    if (open->process->dead)
        return failed(EIO);
    tell(open->file, out);
    return 0;
}

static int call_stat(void *context, const char *path, bool follow, struct stat *out)
{
    struct disk_process *process = disk_current();
    const struct file *file;

    (void)context;
    (void)follow; /* there are no links */
    if (process->dead)
        return failed(EIO);
    file = tree_find(process->disk, path);
    if (file == NULL)
        return -1;
    tell(file, out);
    return 0;
}

static int call_rename(void *context, const char *from, const char *to)
{
    struct disk_process *process = disk_current();
    bool dying;
    int result = plain(process, &dying) ? tree_rename(process->disk, from, to) : 0;

    (void)context;
    return answer(process, result, dying);
}

static int call_unlink(void *context, const char *path)
{
    struct disk_process *process = disk_current();
    bool dying;
    int result = plain(process, &dying) ? tree_unlink(process->disk, path) : 0;

    (void)context;
    return answer(process, result, dying);
}

static int call_mkdir(void *context, const char *path, unsigned mode)
{
    struct disk_process *process = disk_current();
    bool dying;
    int result = 0;

    (void)context;
    if (!process->dead && tree_find(process->disk, path) != NULL)
        return failed(EEXIST);
    if (plain(process, &dying))
        result = tree_create(process->disk, path, S_IFDIR | (mode & 0777)) != NULL ? 0 : -1;
    return answer(process, result, dying);
}

/* The names first: `visit` may unlink. */
static int call_list(void *context, const char *path,
                     void (*visit)(void *visitor, const char *name), void *visitor)
{
    struct disk_process *process = disk_current();
    const struct file *folder;
    char **texts;
    size_t count;

    (void)context;
    if (gate_pass(process, DISK_OPEN, path) != GATE_OPEN)
        return failed(EIO);
    folder = tree_find(process->disk, path);
    if (folder == NULL)
        return -1;
    if (!S_ISDIR(folder->mode))
        return failed(ENOTDIR);
    count = folder->seen_names.count;
    texts = mem_alloc((count + 1) * sizeof *texts);
    for (size_t i = 0; i < count; i++)
        texts[i] = mem_copy_text(folder->seen_names.all[i].text);
    for (size_t i = 0; i < count; i++) {
        visit(visitor, texts[i]);
        free(texts[i]);
    }
    free(texts);
    return 0;
}

static long call_process(void *context)
{
    (void)context;
    return disk_current()->number;
}

const struct fs *disk_calls(void)
{
    static const struct fs calls = {
        .open = call_open,
        .close = call_close,
        .pread = call_pread,
        .pwrite = call_pwrite,
        .truncate = call_truncate,
        .allocate = call_allocate,
        .sync = call_sync,
        .sync_soon = call_sync_soon,
        .lock = call_lock,
        .fstat = call_fstat,
        .stat = call_stat,
        .rename = call_rename,
        .unlink = call_unlink,
        .mkdir = call_mkdir,
        .list = call_list,
        .process = call_process,
        .thread = call_process,
    };
    return &calls;
}
