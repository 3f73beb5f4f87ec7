/* SQLite on the virtual disk: its default VFS. It answers as SQLite's own for unix does, save that
 * there is no mmap and that temporary files without a name see no faults.
 */
#include "tests/sim/disk_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_SIZE  512
#define SECTOR         4096
#define UNIX_EPOCH_DAY INT64_C(210866760000000) /* 1970 in milliseconds of the Julian day */

struct vfs_file {
    sqlite3_file base;
    struct open_file *open;
    struct shm *shm;
    const char *name; /* SQLite's, with the parameters of the URI behind it; NULL: temporary */
    bool names_wait;  /* its name is to be made durable by the first sync: a new journal */
    bool delete_at_end;
};

static struct vfs_file *of(sqlite3_file *file)
{
    return (struct vfs_file *)file;
}

/* ---- bytes --------------------------------------------------------------------------------------
 */

static int file_close(sqlite3_file *base)
{
    struct vfs_file *file = of(base);
    struct disk_process *process = file->open->process;

    shm_unmap(&file->shm, false);
    if (file->delete_at_end && file->name != NULL && !process->dead)
        (void)tree_unlink(process->disk, file->open->path);
    open_close(file->open);
    file->base.pMethods = NULL;
    return SQLITE_OK;
}

/* A short read of the kernel's in the middle of a file is read on by SQLite's own VFS; here it
 * stands for a failure. */
static int file_read_bytes(sqlite3_file *base, void *bytes, int amount, sqlite3_int64 offset)
{
    const struct vfs_file *file = of(base);
    int64_t size = file->open->file->seen.size;
    int64_t there = size > offset ? size - offset : 0;
    int64_t got = file_read_at(file->open, bytes, (size_t)amount, offset);

    if (got < 0 || got < (there < amount ? there : amount))
        return SQLITE_IOERR_READ;
    if (got == amount)
        return SQLITE_OK;
    memset((char *)bytes + got, 0, (size_t)(amount - got));
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write_bytes(sqlite3_file *base, const void *bytes, int amount, sqlite3_int64 offset)
{
    int64_t written = file_write_at(of(base)->open, bytes, (size_t)amount, offset);

    if (written == amount)
        return SQLITE_OK;
    return written >= 0 || errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    return file_cut(of(base)->open, size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int file_sync_all(sqlite3_file *base, int flags)
{
    struct vfs_file *file = of(base);
    const char *last;
    struct file *folder;

    (void)flags;
    if (file_sync_now(file->open) != 0)
        return SQLITE_IOERR_FSYNC;
    if (file->names_wait && !file->open->process->disk->lying) {
        folder = tree_folder_of(file->open->process->disk, file->open->path, &last);
        if (folder != NULL)
            tree_sync_names(folder);
        file->names_wait = false;
    }
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    const struct open_file *open = of(base)->open;

    if (open->process->dead)
        return SQLITE_IOERR_FSTAT;
    *out = open->file->seen.size;
    return SQLITE_OK;
}

/* ---- the lock of the database -------------------------------------------------------------------
 */

static int highest_of_others(const struct open_file *open)
{
    int highest = SQLITE_LOCK_NONE;

    for (const struct open_file *other = open->file->opens; other != NULL; other = other->next) {
        if (other != open && other->level > highest)
            highest = other->level;
    }
    return highest;
}

static int lock_now(struct open_file *open, int level)
{
    int others = highest_of_others(open);

    if (level == SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_PENDING)
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_RESERVED && others >= SQLITE_LOCK_RESERVED)
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && others != SQLITE_LOCK_NONE) {
        if (others < SQLITE_LOCK_RESERVED)
            open->level = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    open->level = level;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
{
    struct open_file *open = of(base)->open;
    enum gate gate;

    if (open->level >= level)
        return SQLITE_OK;
    gate = gate_pass_plain(open->process);
    if (gate == GATE_DYING)
        gate_die(open->process);
    return gate == GATE_OPEN ? lock_now(open, level) : SQLITE_IOERR_LOCK;
}

static int file_unlock(sqlite3_file *base, int level)
{
    struct open_file *open = of(base)->open;

    if (open->level > level)
        open->level = level;
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *base, int *out)
{
    const struct open_file *open = of(base)->open;

    *out = open->level >= SQLITE_LOCK_RESERVED || highest_of_others(open) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

/* ---- the rest of a file -------------------------------------------------------------------------
 */

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    const struct open_file *open = of(base)->open;

    switch (operation) {
    case SQLITE_FCNTL_LOCKSTATE:
        *(int *)argument = open->level;
        return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME:
        *(char **)argument = sqlite3_mprintf("holdfast-sim");
        return SQLITE_OK;
    case SQLITE_FCNTL_HAS_MOVED:
        *(int *)argument = tree_find(open->process->disk, open->path) != open->file;
        return SQLITE_OK;
    case SQLITE_FCNTL_PERSIST_WAL:
    case SQLITE_FCNTL_MMAP_SIZE:
        *(int *)argument = 0;
        return SQLITE_OK;
    case SQLITE_FCNTL_SIZE_HINT:
    case SQLITE_FCNTL_CHUNK_SIZE:
        return SQLITE_OK;
    default:
        return SQLITE_NOTFOUND;
    }
}

static int file_sector(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int file_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct vfs_file *file = of(base);
    bool readonly = file->name != NULL && sqlite3_uri_boolean(file->name, "readonly_shm", 0) != 0;

    return shm_map(&file->shm, file->open, readonly, region, size, extend != 0, out);
}

static int file_shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    return shm_lock(of(base)->shm, first, count, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int file_shm_unmap(sqlite3_file *base, int remove)
{
    shm_unmap(&of(base)->shm, remove != 0);
    return SQLITE_OK;
}

/* ---- the VFS ------------------------------------------------------------------------------------
 */

static int open_flags(int flags)
{
    int result = (flags & SQLITE_OPEN_READWRITE) != 0 ? O_RDWR : O_RDONLY;

    if ((flags & SQLITE_OPEN_CREATE) != 0)
        result |= O_CREAT;
    if ((flags & SQLITE_OPEN_EXCLUSIVE) != 0)
        result |= O_EXCL;
    return result;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = file_close,
        .xRead = file_read_bytes,
        .xWrite = file_write_bytes,
        .xTruncate = file_truncate,
        .xSync = file_sync_all,
        .xFileSize = file_size,
        .xLock = file_lock,
        .xUnlock = file_unlock,
        .xCheckReservedLock = file_check_reserved,
        .xFileControl = file_control,
        .xSectorSize = file_sector,
        .xDeviceCharacteristics = file_characteristics,
        .xShmMap = file_shm_map,
        .xShmLock = file_shm_lock,
        .xShmBarrier = file_shm_barrier,
        .xShmUnmap = file_shm_unmap,
    };
    const int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    struct vfs_file *file = of(base);

    (void)vfs;
    *file = (struct vfs_file){.name = name};
    file->open = name == NULL ? open_unnamed(disk_current())
                              : open_path(disk_current(), name, open_flags(flags), 0644);
    if (file->open == NULL)
        return SQLITE_CANTOPEN;
    if (S_ISDIR(file->open->file->mode)) {
        open_close(file->open);
        return SQLITE_CANTOPEN_ISDIR;
    }
    file->names_wait = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & journals) != 0;
    file->delete_at_end = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    file->base.pMethods = &methods;
    if (out != NULL)
        *out = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct disk_process *process = disk_current();
    enum gate gate = gate_pass_plain(process);
    const char *last;
    struct file *folder = tree_folder_of(process->disk, name, &last);
    int result = SQLITE_OK;

    (void)vfs;
    if (gate == GATE_ERROR)
        return SQLITE_IOERR_DELETE;
    if (gate == GATE_OPEN || gate_coin())
        result = tree_unlink(process->disk, name) == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
    if (gate == GATE_DYING) {
        gate_die(process);
        return SQLITE_IOERR_DELETE;
    }
    if (result == SQLITE_OK && sync_folder && folder != NULL && !process->disk->lying)
        tree_sync_names(folder);
    return result;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    const struct disk_process *process = disk_current();
    const struct file *file = process->dead ? NULL : tree_find(process->disk, name);

    (void)vfs;
    if (process->dead)
        return SQLITE_IOERR_ACCESS;
    *out = file != NULL &&
           (flags != SQLITE_ACCESS_EXISTS || S_ISDIR(file->mode) || file->seen.size > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    return snprintf(out, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    chance_fill(&disk_state.sqlite, out, (size_t)size);
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    const struct disk_host *host = &disk_state.host;

    (void)vfs;
    if (host->sleep != NULL && !disk_current()->dead)
        host->sleep(host->context, disk_current(), microseconds);
    return microseconds;
}

static int vfs_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    const struct disk_host *host = &disk_state.host;

    (void)vfs;
    *out = UNIX_EPOCH_DAY + (host->wall_ms != NULL ? host->wall_ms(host->context) : 0);
    return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    sqlite3_int64 now;
    int result = vfs_time_int64(vfs, &now);

    *out = (double)now / 86400000.0;
    return result;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return errno;
}

void disk_vfs_register(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct vfs_file),
        .mxPathname = PATH_MAX_SIZE,
        .zName = "holdfast-sim",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time_int64,
    };

    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        disk_misused("SQLite refuses the VFS");
}
