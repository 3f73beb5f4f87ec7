/* The readers' VFS: the default one, whose main databases answer three calls differently, and whose
 * WALs answer one.
 *
 * SQLite's file object stays as it is; behind it in the same memory lies a struct reader_file,
 * whose first member is the table of methods that the file object points to:
 *
 *   ┌ sqlite3_file of the default VFS ┐┌ struct reader_file ────────────────────┐
 *   │ pMethods ───────────────────────┼┼▶ methods │ real │ page │ alone │ guard … │
 *   └─────────────────────────────────┘└────────────────────────────────────────┘
 *
 * Why reading alone is sound while the owner lives. SQLite takes READ_LOCK(0) before it trusts the
 * wal-index that it made of the WAL; no checkpoint copies a page while that is held. We add one of
 * READ_LOCK(1..4): without all four of them nobody starts the WAL over, so no frame is overwritten.
 * Only after both locks does SQLite ask xShmMap again, and then compare the WAL's salts and look
 * for later commits. A start-over before the locks has left a whole header in the -shm, and then
 * xShmMap says so and SQLite begins again in the normal way; or it has reached the WAL, and the
 * salts tell.
 *
 * The same two locks stand in for a READ_LOCK(1..4) that the owner holds while it stands still.
 *
 * While the owner attaches it holds the DMS lock alone and SQLite does not open the -shm. We take
 * the two locks on a descriptor of our own then, as locks of the open file description. It is never
 * closed: closing it would drop all locks that this process has on the -shm through SQLite.
 *
 * Layout and locks: https://www.sqlite.org/walformat.html, sections 2.1 and 2.3.
 */
#include "terminal/base/db_vfs.h"

#include "terminal/base/buf.h"
#include "terminal/base/fs.h"

#include <sqlite3.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_LOCK     0
#define READ_LOCK_ZERO 3
#define LOCK_BASE      120 /* offset of lock 0 in the -shm */

#define SETTLE_TRIES 20 /* of about 0.1 ms: an owner that runs has mended the header by then */
#define SETTLE_US    50 /* between them */
#define SHIFT_AFTER  10 /* refusals of a read lock, about 1 ms, before others are taken */
#define GIVE_UP      16 /* refusals, about 6 ms, before the transaction is refused */

#define SHARED_LOCK   (SQLITE_SHM_LOCK | SQLITE_SHM_SHARED)
#define SHARED_UNLOCK (SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED)

struct reader_file {
    sqlite3_io_methods methods; /* first: pMethods leads here */
    const sqlite3_io_methods *real;
    const char *name;          /* SQLite's, for as long as the file is open */
    const volatile void *page; /* header of the shared wal-index; NULL while it is not mapped */
    bool alone;                /* the last answer was that the wal-index is not usable */
    int refusals;              /* of read locks, one after another */
    int guarded;               /* the read lock that two others stand for; -1 none */
    int second;                /* READ_LOCK_ZERO + 1..4: the second of them */
    bool own;                  /* they are held on the descriptor, not through SQLite */
    int descriptor;            /* -1 until it was needed */
};

static struct reader_file *reader_of(sqlite3_file *file)
{
    return (struct reader_file *)(uintptr_t)file->pMethods;
}

/* ---- the header of the wal-index ------------------------------------------------------------ */

#define HEADER_WORDS  12
#define CHECKED_WORDS 10
#define INIT_WORD     3 /* its first byte is isInit */

/* Whole: both copies are the same, filled in, and their checksum is right. */
static bool header_is_whole(const volatile void *page)
{
    const volatile uint32_t *shared = page;
    uint32_t first[HEADER_WORDS], second[HEADER_WORDS];
    uint32_t sum = 0, sum_of_sums = 0;

    if (page == NULL)
        return false;
    for (int i = 0; i < HEADER_WORDS; i++)
        first[i] = shared[i];
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (int i = 0; i < HEADER_WORDS; i++)
        second[i] = shared[HEADER_WORDS + i];
    if (memcmp(first, second, sizeof first) != 0 || *(const uint8_t *)&first[INIT_WORD] == 0)
        return false;
    for (int i = 0; i < CHECKED_WORDS; i += 2) {
        sum += first[i] + sum_of_sums;
        sum_of_sums += first[i + 1] + sum;
    }
    return sum == first[CHECKED_WORDS] && sum_of_sums == first[CHECKED_WORDS + 1];
}

static void rest(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(DB_VFS_READER);

    (void)vfs->xSleep(vfs, SETTLE_US);
}

static bool header_settles(const struct reader_file *reader)
{
    for (int i = 0; i < SETTLE_TRIES; i++) {
        if (header_is_whole(reader->page))
            return true;
        rest();
    }
    return false;
}

/* The first page decides: SQLITE_READONLY_CANTINIT makes SQLite read alone. A file whose -shm this
 * process may write (its owner is in it) answers SQLITE_OK and stays as it is. */
static int shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    struct reader_file *reader = reader_of(file);

    if (region != 0)
        return reader->real->xShmMap(file, region, size, extend, out);
    for (int i = 0;; i++) {
        int result = reader->real->xShmMap(file, 0, size, extend, out);
        if (result == SQLITE_READONLY && header_is_whole(*out)) {
            reader->alone = false;
            reader->page = *out;
            return result;
        }
        if (result != SQLITE_READONLY && result != SQLITE_BUSY)
            return result;
        if (reader->alone || i == SETTLE_TRIES)
            break;
        rest();
    }
    reader->alone = true;
    reader->page = NULL;
    *out = NULL;
    return SQLITE_READONLY_CANTINIT;
}

/* ---- the two locks ----------------------------------------------------------------------------
 */

static int own_lock(int descriptor, enum fs_lock kind, int lock)
{
    return fs_lock(descriptor, kind, LOCK_BASE + lock, 1) == 0 ? SQLITE_OK : SQLITE_BUSY;
}

static int guard_alone(struct reader_file *reader)
{
    if (reader->descriptor < 0) {
        size_t size = strlen(reader->name) + sizeof "-shm";
        char *path = mem_alloc(size);
        (void)snprintf(path, size, "%s-shm", reader->name);
        reader->descriptor = fs_open(path, O_RDONLY | O_NOFOLLOW, 0);
        free(path);
    }
    if (reader->descriptor < 0)
        return SQLITE_CANTOPEN;
    if (own_lock(reader->descriptor, FS_LOCK_SHARED, READ_LOCK_ZERO) != SQLITE_OK)
        return SQLITE_BUSY;
    for (int second = READ_LOCK_ZERO + 4; second > READ_LOCK_ZERO; second--) {
        if (own_lock(reader->descriptor, FS_LOCK_SHARED, second) == SQLITE_OK) {
            reader->second = second;
            return SQLITE_OK;
        }
    }
    (void)own_lock(reader->descriptor, FS_UNLOCK, READ_LOCK_ZERO);
    return SQLITE_BUSY;
}

/* The last read lock first: an owner that recovers sets the marks of those that are free, and uses
 * the first. */
static int guard_attached(sqlite3_file *file, struct reader_file *reader)
{
    const sqlite3_io_methods *real = reader->real;
    int result = real->xShmLock(file, READ_LOCK_ZERO, 1, SHARED_LOCK);

    if (result != SQLITE_OK)
        return result;
    for (int second = READ_LOCK_ZERO + 4; second > READ_LOCK_ZERO; second--) {
        result = real->xShmLock(file, second, 1, SHARED_LOCK);
        if (result == SQLITE_OK) {
            reader->second = second;
            return SQLITE_OK;
        }
    }
    (void)real->xShmLock(file, READ_LOCK_ZERO, 1, SHARED_UNLOCK);
    return result;
}

static void unguard(sqlite3_file *file, struct reader_file *reader)
{
    if (reader->guarded < 0)
        return;
    if (reader->own) {
        (void)own_lock(reader->descriptor, FS_UNLOCK, reader->second);
        (void)own_lock(reader->descriptor, FS_UNLOCK, READ_LOCK_ZERO);
    } else {
        (void)reader->real->xShmLock(file, reader->second, 1, SHARED_UNLOCK);
        (void)reader->real->xShmLock(file, READ_LOCK_ZERO, 1, SHARED_UNLOCK);
    }
    reader->guarded = -1;
}

static int guard(sqlite3_file *file, struct reader_file *reader, int lock)
{
    int result = guard_attached(file, reader);

    reader->own = result == SQLITE_IOERR_SHMLOCK; /* not attached */
    if (reader->own)
        result = guard_alone(reader);
    if (result == SQLITE_OK)
        reader->guarded = lock;
    return result;
}

/* ---- locks that SQLite asks for ---------------------------------------------------------------
 */

/* A reader asks for it, and gives it back at once, only to learn why the header is not whole. */
static int ask_writer(sqlite3_file *file, struct reader_file *reader)
{
    int result = reader->real->xShmLock(file, WRITE_LOCK, 1, SHARED_LOCK);

    if (result == SQLITE_BUSY && reader->page != NULL && !header_settles(reader))
        return SQLITE_READONLY_RECOVERY;
    return result;
}

static int lock_to_read(sqlite3_file *file, struct reader_file *reader, int lock)
{
    int result = SQLITE_BUSY;

    if (reader->alone && lock == READ_LOCK_ZERO)
        result = guard(file, reader, lock);
    else
        result = reader->real->xShmLock(file, lock, 1, SHARED_LOCK);
    if (result == SQLITE_BUSY && reader->page != NULL && lock > READ_LOCK_ZERO &&
        reader->refusals >= SHIFT_AFTER)
        result = guard(file, reader, lock);
    if (result != SQLITE_BUSY)
        reader->refusals = 0;
    else if (++reader->refusals > GIVE_UP && (reader->alone || reader->page != NULL)) {
        reader->refusals = 0;
        return SQLITE_READONLY_RECOVERY;
    }
    return result;
}

static int shm_lock(sqlite3_file *file, int lock, int count, int flags)
{
    struct reader_file *reader = reader_of(file);

    if (flags == SHARED_UNLOCK && lock == reader->guarded) {
        unguard(file, reader);
        return SQLITE_OK;
    }
    if (flags == SHARED_LOCK && lock == WRITE_LOCK)
        return ask_writer(file, reader);
    if (flags == SHARED_LOCK && lock >= READ_LOCK_ZERO)
        return lock_to_read(file, reader, lock);
    return reader->real->xShmLock(file, lock, count, flags);
}

static int shm_unmap(sqlite3_file *file, int delete_it)
{
    struct reader_file *reader = reader_of(file);

    unguard(file, reader);
    reader->page = NULL;
    reader->alone = false;
    return reader->real->xShmUnmap(file, delete_it);
}

/* ---- the WAL itself ---------------------------------------------------------------------------
 */

#define WAL_HEADER_SIZE 32

struct reader_wal {
    sqlite3_io_methods methods; /* first: pMethods leads here */
    const sqlite3_io_methods *real;
};

/* An owner that dies between the header and the first frame leaves nothing but the header. SQLite
 * reads alone then, takes such a WAL for empty (size > 32 in walIndexRecover) and its salts for
 * zero, finds others in the header (size < 32 in walBeginShmUnreliable), begins again, and says
 * SQLITE_PROTOCOL after ten seconds; so until the owner comes back. No frame is no WAL. */
static int wal_size(sqlite3_file *file, sqlite3_int64 *out)
{
    const struct reader_wal *wal = (const void *)file->pMethods;
    int result = wal->real->xFileSize(file, out);

    if (result == SQLITE_OK && *out == WAL_HEADER_SIZE)
        *out = 0;
    return result;
}

/* ---- the VFS ----------------------------------------------------------------------------------
 */

static size_t size_of_real(const sqlite3_vfs *real)
{
    size_t size = (size_t)real->szOsFile;
    return (size + 15) / 16 * 16;
}

static void watch_wal(sqlite3_file *file, void *room)
{
    struct reader_wal *wal = room;

    *wal = (struct reader_wal){.methods = *file->pMethods, .real = file->pMethods};
    wal->methods.xFileSize = wal_size;
    file->pMethods = &wal->methods;
}

static void watch_database(sqlite3_file *file, const char *name, void *room)
{
    struct reader_file *reader = room;

    *reader = (struct reader_file){.methods = *file->pMethods,
                                   .real = file->pMethods,
                                   .name = name,
                                   .guarded = -1,
                                   .descriptor = -1};
    reader->methods.xShmMap = shm_map;
    reader->methods.xShmLock = shm_lock;
    reader->methods.xShmUnmap = shm_unmap;
    file->pMethods = &reader->methods;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    sqlite3_vfs *real = vfs->pAppData;
    int result = real->xOpen(real, name, file, flags, out);
    void *room = (char *)file + size_of_real(real);

    if (result != SQLITE_OK)
        return result;
    if ((flags & SQLITE_OPEN_WAL) != 0)
        watch_wal(file, room);
    else if ((flags & SQLITE_OPEN_MAIN_DB) != 0 && file->pMethods->iVersion >= 2 &&
             file->pMethods->xShmMap != NULL)
        watch_database(file, name, room);
    return result;
}

static void register_once(void)
{
    static sqlite3_vfs vfs; /* SQLite keeps it for as long as the program runs */
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);

    INVARIANT(real != NULL);
    vfs = *real;
    vfs.pNext = NULL;
    vfs.zName = DB_VFS_READER;
    vfs.pAppData = real;
    vfs.szOsFile = (int)(size_of_real(real) + sizeof(struct reader_file));
    vfs.xOpen = open_file;
    int result = sqlite3_vfs_register(&vfs, 0);
    INVARIANT(result == SQLITE_OK);
}

void db_vfs_register(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, register_once);
}
