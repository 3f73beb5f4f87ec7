/* The write-ahead log of an owner, written once more when it is opened.
 *
 * A sync that fails leaves a trap on Linux: the pages it was for count as clean from then on, are
 * still read back as written, and no later sync will write them. SQLite that is opened anew then
 * finds a whole commit in the log, which a power cut takes away after everybody was told of it; or
 * it copies from a log that is not on the disk into the database. Whether an earlier run met a
 * failed sync nobody can say. So every owner writes the frames that it finds once more, which makes
 * them dirty again, and syncs them, before it believes in any of them:
 *
 *   │ header │ frame │ frame │ ... │ frame of an older log │ ...
 *   └──── written again: as far as the salts agree ────┘
 *
 * And a commit that failed may stand behind the end of the log as it is now: its owner was told so
 * and rolled it back, a reader kept the wal-index alive, and the next recovery would find it and
 * bring it back. A commit of our own, which changes nothing, takes its place: the checksums of
 * frames go on from one to the next, so what follows it means nothing any more. (Not where commits
 * are not durable anyway; and not on a full disk, which must not keep a program from starting.)
 *
 * Under the write lock: nobody appends meanwhile, nor starts the log over. Who does not get it is
 * not alone, and the other one has done it. Layout: https://www.sqlite.org/fileformat2.html, 4.
 */
#include "terminal/base/db_internal.h"

#include "terminal/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_HEADER    32
#define FRAME_HEADER  24
#define PAGE_SIZE_AT  8
#define SALTS_AT      16 /* in the header of the log */
#define FRAME_SALTS   8  /* in that of a frame */
#define SALTS_SIZE    8
#define PIECE         ((size_t)256 * 1024)
#define LARGEST_FRAME ((size_t)65536 + FRAME_HEADER)

struct log_file {
    int file;
    size_t frame;
    unsigned char salts[SALTS_SIZE];
};

static bool read_header(struct log_file *log, unsigned char header[LOG_HEADER])
{
    uint32_t page = 0;

    if (fs_pread(log->file, header, LOG_HEADER, 0) != LOG_HEADER)
        return false;
    for (int i = 0; i < 4; i++)
        page = page << 8 | header[PAGE_SIZE_AT + i];
    log->frame = (size_t)page + FRAME_HEADER;
    memcpy(log->salts, header + SALTS_AT, SALTS_SIZE);
    return page >= 512 && log->frame <= LARGEST_FRAME;
}

/* The bytes of whole frames at the start of the piece that belong to this log. */
static size_t frames_of(const struct log_file *log, const unsigned char *piece, size_t length)
{
    size_t at = 0;

    while (at + log->frame <= length &&
           memcmp(piece + at + FRAME_SALTS, log->salts, SALTS_SIZE) == 0)
        at += log->frame;
    return at;
}

/* *any: there are frames. */
static bool write_frames(const struct log_file *log, bool *any)
{
    size_t size = PIECE / log->frame * log->frame;
    unsigned char *piece = mem_resize(NULL, size);
    int64_t at = LOG_HEADER;
    bool good = true, more = true;

    while (good && more) {
        ssize_t got = fs_pread(log->file, piece, size, at);
        size_t used = got > 0 ? frames_of(log, piece, (size_t)got) : 0;
        good = got >= 0 && fs_write_all(log->file, piece, used, at);
        at += (int64_t)used;
        more = used == size;
        *any = at > LOG_HEADER;
    }
    free(piece);
    return good;
}

/* 0, or errno. No log is as good as one. */
static int write_again(const char *path, bool *any)
{
    unsigned char header[LOG_HEADER];
    struct log_file log = {.file = fs_open(path, O_RDWR, 0)};
    int number = 0;

    if (log.file < 0)
        return errno == ENOENT ? 0 : errno;
    if (read_header(&log, header) && (!fs_write_all(log.file, header, LOG_HEADER, 0) ||
                                      !write_frames(&log, any) || fs_sync(log.file) != 0))
        number = errno;
    (void)fs_close(log.file);
    return number;
}

/* Commits one page as it is. */
static enum status change_nothing(struct db *db, struct error *error)
{
    char pragma[64];
    int version;
    enum status status = db_version(db, &version, error);

    if (status == STATUS_OK) {
        (void)snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", version);
        status = db_exec(db, pragma, error);
    }
    if (status == STATUS_OK)
        status = db_commit(db, error);
    return status == STATUS_FULL ? STATUS_OK : status;
}

enum status db_log_write_again(struct db *db, enum db_role role, struct error *error)
{
    enum status status = STATUS_OK;
    size_t size = strlen(db->path) + sizeof "-wal";
    bool any = false;
    char *path;
    int number;

    int result = sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if ((result & 0xFF) == SQLITE_BUSY)
        return STATUS_OK;
    if (result != SQLITE_OK)
        return db_error(db, result, "cannot look at the log", error);
    path = mem_alloc(size);
    (void)snprintf(path, size, "%s-wal", db->path);
    number = write_again(path, &any);
    if (number != 0)
        status =
            error_set(error, STATUS_IO, "the log can't be written: %s: %s", strerror(number), path);
    free(path);
    if (status == STATUS_OK && any && role == DB_OWNER_FULL)
        status = change_nothing(db, error);
    db_rollback(db);
    return status;
}
