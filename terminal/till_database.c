/* till.db itself: made, opened, its write-ahead log kept ready and folded back.
 */
#include "terminal/till_internal.h"

#include "terminal/base/fs.h"
#include "terminal/selling/refund.h"
#include "terminal/selling/schema.h"
#include "terminal/stock/stock.h"

#include <fcntl.h>
#include <stdlib.h>

static enum status migrate(struct db *db, struct error *error)
{
    const char *const parts[] = {journal_schema, people_schema, stock_schema, selling_schema};
    struct buf sql;
    struct db_migration steps[3] = {{NULL}, {lease_schema}, {refund_schema}};
    enum status status = STATUS_OK;

    buf_init(&sql, 64 * 1024);
    for (size_t i = 0; status == STATUS_OK && i < sizeof parts / sizeof parts[0]; i++)
        status = buf_append_text(&sql, parts[i]);
    INVARIANT(status == STATUS_OK);
    steps[0].sql = buf_text(&sql); /* released: may not change */
    status = db_migrate(db, steps, 3, error);
    buf_finish(&sql);
    return status;
}

/* Appends zeros to the write-ahead log until it has room for what is written between two folds.
 * Writing over blocks that are there makes fdatasync nearly twice as fast as growing the file;
 * SQLite reads no frame whose checksum is wrong, so zeros behind the last one mean nothing. */
static void grow_log(const struct till *till)
{
    static const char zeros[64 * 1024];
    char *path = path_join(till->folder, TILL_DATABASE "-wal");
    int file = fs_open(path, O_WRONLY, 0);
    struct stat now = {.st_size = LOG_BYTES};

    free(path);
    if (file >= 0 && fs_fstat(file, &now) == 0) {
        while (now.st_size < LOG_BYTES && fs_write_all(file, zeros, sizeof zeros, now.st_size))
            now.st_size += (off_t)sizeof zeros;
        (void)fs_sync(file);
    }
    if (file >= 0)
        (void)fs_close(file);
}

/* A new till.db gets small pages: a sale changes a few rows in each of eight trees, and what has to
 * reach the disk before the change is shown is whole pages. Any failure here is met again, and
 * reported, when the file is opened. */
static void make_database(const char *path)
{
    sqlite3 *handle = NULL;

    if (!file_exists(path) && sqlite3_open(path, &handle) == SQLITE_OK)
        (void)sqlite3_exec(handle, "PRAGMA page_size=2048; PRAGMA application_id=1212568652;", NULL,
                           NULL, NULL);
    (void)sqlite3_close(handle);
}

enum status till_open_database(struct till *till, struct error *error)
{
    char *path = path_join(till->folder, TILL_DATABASE);
    bool writer = till->mode == TILL_WRITER;
    enum status status;

    if (writer)
        make_database(path);
    status = db_open(path, writer ? DB_OWNER_FULL : DB_READER, &till->db, error);
    free(path);
    if (status != STATUS_OK || !writer)
        return status;
    /* Nobody who pays waits for a checkpoint: till_fold_log comes before. */
    sqlite3_wal_autocheckpoint(db_handle(till->db), WAL_PAGES);
    status = migrate(till->db, error);
    if (status == STATUS_OK)
        grow_log(till);
    return status;
}

void till_close_database(struct till *till)
{
    till_ready_drop(till);
    journal_close(till->journal);
    till->journal = NULL;
    db_close(till->db);
    till->db = NULL;
}

void till_fold_log(struct till *till)
{
    if (till->commits < FOLD_COMMITS)
        return;
    till->commits = 0;
    (void)sqlite3_wal_checkpoint_v2(db_handle(till->db), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                    NULL);
}
