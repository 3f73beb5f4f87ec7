/* Backup and restore of a SQLite ledger, both by SQLite's online backup: pages of one commit.
 *
 * A backup remembers that it is one: its boot stamp is replaced, so that wherever it is put back,
 * by `restore` or by copying files, the next start finds that the stamps disagree and takes a new
 * incarnation (see incarnation.h).
 */
#include "sync/ledger/store/incarnation.h"
#include "sync/ledger/store/schema.h"
#include "sync/ledger/store/store.h"

#include "terminal/base/file.h"
#include "terminal/base/fs.h"
#include "terminal/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_PER_STEP 2000

/* Every connection to a database in WAL mode holds a lock in this range of its file, all the time
 * (SQLite's os.h, SHARED_FIRST and SHARED_SIZE; the database file format, "The Lock-Byte Page"). */
#define SQLITE_SHARED_FIRST 0x40000002
#define SQLITE_SHARED_SIZE  510

static enum status copy_pages(struct db *from, struct db *to, struct error *error)
{
    sqlite3_backup *backup = sqlite3_backup_init(db_handle(to), "main", db_handle(from), "main");
    int result = SQLITE_OK;

    if (backup == NULL)
        return db_error(to, sqlite3_errcode(db_handle(to)), "backup", error);
    while (result == SQLITE_OK)
        result = sqlite3_backup_step(backup, PAGES_PER_STEP);
    (void)sqlite3_backup_finish(backup);
    return result == SQLITE_DONE ? STATUS_OK : db_error(to, result, "backup", error);
}

/* When nobody serves the database its -shm may be missing, which only an owner may make. */
static enum status open_source(const char *path, struct store **store, struct store_session **owner,
                               struct db **out, struct error *error)
{
    struct error busy;
    enum status status = store_sqlite_open(path, false, store, &busy);

    if (status == STATUS_OK)
        status = store_session_open(*store, STORE_WRITER, owner, error);
    else if (status == STATUS_BUSY)
        status = STATUS_OK;
    else
        return error_set(error, status, "%s", busy.text);
    return status == STATUS_OK ? db_open(path, DB_READER, out, error) : status;
}

static enum status write_copy(struct db *from, const char *to, struct error *error)
{
    struct db *copy = NULL;
    enum status status = db_open(to, DB_OWNER_NORMAL, &copy, error);

    /* The read transaction over all steps: the writer goes on in the WAL meanwhile. */
    if (status == STATUS_OK)
        status = db_begin_read(from, error);
    if (status == STATUS_OK) {
        status = copy_pages(from, copy, error);
        db_rollback(from);
    }
    if (status == STATUS_OK)
        status = db_exec(copy,
                         "UPDATE ledger_meta SET value = '" INCARNATION_BACKUP_STAMP
                         "' WHERE key = 'boot'; PRAGMA journal_mode=DELETE",
                         error);
    db_close(copy);
    return status;
}

enum status store_sqlite_backup(const char *path, const char *to, struct error *error)
{
    struct store *store = NULL;
    struct store_session *owner = NULL;
    struct db *from = NULL;
    enum status status;

    if (file_exists(to))
        return error_set(error, STATUS_EXISTS, "%s is there already", to);
    status = open_source(path, &store, &owner, &from, error);
    if (status == STATUS_OK)
        status = write_copy(from, to, error);
    if (status == STATUS_OK)
        status = file_sync(to, error);
    else if (from != NULL)
        (void)fs_unlink(to);
    db_close(from);
    store_session_close(owner);
    store_close(store);
    return status;
}

static enum status check_sound(struct db *backup, const char *from, struct error *error)
{
    struct db_statement *statement;
    int version = 0;
    bool row = false, sound = false;
    enum status status = db_version(backup, &version, error);

    if (status != STATUS_OK)
        return status;
    if (version < 1 || version > schema_version())
        return error_set(error, STATUS_INVALID, "%s is not a ledger that this version knows", from);
    status = db_prepare(backup, "SELECT value FROM ledger_meta WHERE key = 'incarnation'",
                        &statement, error);
    if (status == STATUS_OK)
        status = db_step(statement, &row, error);
    if (status == STATUS_INVALID || (status == STATUS_OK && !row)) /* no such table, or no row */
        return error_set(error, STATUS_INVALID, "%s is not a ledger", from);
    if (status != STATUS_OK)
        return status;
    db_reset(statement);
    status = db_prepare(backup, "PRAGMA quick_check(1)", &statement, error);
    if (status == STATUS_OK)
        status = db_step(statement, &row, error);
    if (status == STATUS_OK) {
        sound = row && sqlite3_stricmp(db_text(statement, 0), "ok") == 0;
        db_reset(statement);
    }
    if (status == STATUS_OK && !sound)
        status = error_set(error, STATUS_CORRUPT, "%s is damaged", from);
    return status;
}

/* By the lock and not by the name: whatever program, and through whatever link. To be asked before
 * this process opens it: closing a file drops all locks that a process has on it. */
static bool anybody_uses(const char *path)
{
    int file = fs_open(path, O_RDWR, 0);
    bool used;

    if (file < 0)
        return false; /* opening it as a database says why */
    used = fs_lock(file, FS_LOCK_ALONE, SQLITE_SHARED_FIRST, SQLITE_SHARED_SIZE) != 0 &&
           (errno == EAGAIN || errno == EACCES);
    (void)fs_close(file);
    return used;
}

enum status store_sqlite_backup_open(const char *from, struct db **out, struct error *error)
{
    enum status status;

    *out = NULL;
    if (!file_exists(from))
        return error_set(error, STATUS_NOT_FOUND, "there is no file %s", from);
    if (anybody_uses(from))
        return error_set(error, STATUS_BUSY, "%s is in use: restore from a backup of it", from);
    status = db_open(from, DB_OWNER_NORMAL, out, error);
    if (status == STATUS_OK)
        status = check_sound(*out, from, error);
    if (status != STATUS_OK) {
        store_sqlite_backup_close(*out, from);
        *out = NULL;
    }
    return status;
}

void store_sqlite_backup_close(struct db *backup, const char *from)
{
    if (backup != NULL && db_exec(backup, "PRAGMA journal_mode=DELETE", NULL) != STATUS_OK)
        log_line(LOG_LEVEL_WARN, "restore", "%s keeps a WAL beside it", from);
    db_close(backup);
}

static bool same_file(const char *one, const char *other)
{
    struct stat a, b;

    return fs_stat(one, &a) == 0 && fs_stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Whether `from` is the database, or one of the two files that SQLite keeps beside it. */
static bool is_part_of(const char *from, const char *path)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    bool is = false;

    for (size_t i = 0; i < 3 && !is; i++) {
        struct buf name;

        buf_init(&name, strlen(path) + sizeof "-wal");
        is = buf_append_text(&name, path) == STATUS_OK &&
             buf_append_text(&name, endings[i]) == STATUS_OK && same_file(from, buf_text(&name));
        buf_finish(&name);
    }
    return is;
}

static enum status replace_content(const char *path, struct db *backup, struct error *error)
{
    struct db *target = NULL;
    enum status status = db_open(path, DB_OWNER_FULL, &target, error);

    if (status == STATUS_OK)
        status = copy_pages(backup, target, error);
    if (status == STATUS_OK)
        status = db_exec(target,
                         "PRAGMA journal_mode=WAL; UPDATE ledger_meta SET value = "
                         "'" INCARNATION_BACKUP_STAMP "' WHERE key = 'boot'",
                         error);
    db_close(target);
    return status;
}

enum status store_sqlite_restore(const char *path, const char *from, struct error *error)
{
    struct store *store = NULL;
    struct db *backup = NULL;
    enum status status;

    if (!file_exists(from))
        return error_set(error, STATUS_NOT_FOUND, "there is no file %s", from);
    if (is_part_of(from, path))
        return error_set(error, STATUS_INVALID,
                         "%s is the ledger itself, not a backup of it: nothing to restore", from);
    status = store_sqlite_open(path, !file_exists(path), &store, error);
    if (status == STATUS_OK && anybody_uses(path)) /* served by another name has another lock */
        status = error_set(error, STATUS_BUSY, "%s is in use: stop what serves it first", path);
    if (status == STATUS_OK)
        status = store_sqlite_backup_open(from, &backup, error);
    if (status == STATUS_OK)
        status = replace_content(path, backup, error);
    store_sqlite_backup_close(backup, from);
    store_close(store);
    return status;
}
