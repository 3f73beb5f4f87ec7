/* Schema and statements of the journal's tables. No other file of the project writes to them.
 */
#include "terminal/journal/journal_rows.h"

#include <stdlib.h>
#include <string.h>

/* The insert trigger is there because INSERT OR REPLACE deletes without firing delete triggers. */
const char journal_schema[] = "CREATE TABLE epoch("
                              " number INTEGER PRIMARY KEY,"
                              " epoch BLOB NOT NULL UNIQUE,"
                              " device BLOB NOT NULL,"
                              " epoch_key BLOB NOT NULL,"
                              " device_sig BLOB NOT NULL);"
                              "CREATE TABLE entry("
                              " id INTEGER PRIMARY KEY," /* epoch number << 40 | seq */
                              " hash BLOB NOT NULL,"
                              " signature BLOB NOT NULL,"
                              " bytes BLOB NOT NULL);"
                              "CREATE TABLE chain("
                              " number INTEGER PRIMARY KEY REFERENCES epoch(number),"
                              " seq INTEGER NOT NULL,"
                              " hash BLOB NOT NULL,"
                              " hlc INTEGER NOT NULL,"
                              " sales_minor INTEGER NOT NULL,"
                              " returns_minor INTEGER NOT NULL,"
                              " sales INTEGER NOT NULL,"
                              " returns INTEGER NOT NULL,"
                              " totals_seq INTEGER NOT NULL);"
                              "CREATE TABLE side("
                              " id INTEGER NOT NULL," /* of the entry */
                              " pseudonym TEXT NOT NULL,"
                              " body TEXT NOT NULL,"
                              " PRIMARY KEY (id, pseudonym)) WITHOUT ROWID;"
                              "CREATE INDEX side_pseudonym ON side(pseudonym);"
                              "CREATE TABLE verified("
                              " number INTEGER PRIMARY KEY REFERENCES epoch(number),"
                              " seq INTEGER NOT NULL,"
                              " hash BLOB NOT NULL);"
                              "CREATE TRIGGER entry_insert BEFORE INSERT ON entry"
                              " WHEN EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)"
                              " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;"
                              "CREATE TRIGGER entry_update BEFORE UPDATE ON entry"
                              " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;"
                              "CREATE TRIGGER entry_delete BEFORE DELETE ON entry"
                              " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;"
                              "CREATE TRIGGER epoch_update BEFORE UPDATE ON epoch"
                              " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;"
                              "CREATE TRIGGER epoch_delete BEFORE DELETE ON epoch"
                              " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;";

int64_t entry_key(int64_t number, int64_t seq)
{
    INVARIANT(number >= 0 && number < INT64_C(1) << 22 && seq >= 0 && seq <= SEQ_MASK);
    return number << SEQ_BITS | seq;
}

bool rows_take_blob(struct db_statement *statement, int column, void *out, size_t size)
{
    size_t length;
    const void *bytes = db_blob(statement, column, &length);

    memset(out, 0, size);
    if (length != size)
        return false;
    memcpy(out, bytes, size);
    return true;
}

enum status rows_epochs(struct db *db, struct epoch_row **out, size_t *count, struct error *error)
{
    struct db_statement *statement;
    struct epoch_row *rows = NULL;
    size_t used = 0;
    bool row = false;
    enum status status = db_prepare(
        db, "SELECT number, epoch, device, epoch_key, device_sig FROM epoch ORDER BY number",
        &statement, error);

    if (status != STATUS_OK)
        return status;
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        struct epoch_row *at;
        rows = mem_resize(rows, (used + 1) * sizeof *rows);
        at = &rows[used++];
        at->number = db_int(statement, 0);
        (void)rows_take_blob(statement, 1, at->epoch.bytes, ID_SIZE);
        (void)rows_take_blob(statement, 2, at->device.bytes, ID_SIZE);
        (void)rows_take_blob(statement, 3, at->epoch_key.bytes, PUBLIC_KEY_SIZE);
        (void)rows_take_blob(statement, 4, at->device_sig.bytes, SIGNATURE_SIZE);
    }
    if (status != STATUS_OK) {
        free(rows);
        return status;
    }
    *out = rows;
    *count = used;
    return STATUS_OK;
}

enum status rows_put_epoch(struct db *db, const struct epoch_row *row, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db,
                   "INSERT INTO epoch(number, epoch, device, epoch_key, device_sig)"
                   " VALUES(?1, ?2, ?3, ?4, ?5)",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, row->number);
    db_bind_blob(statement, 2, row->epoch.bytes, ID_SIZE);
    db_bind_blob(statement, 3, row->device.bytes, ID_SIZE);
    db_bind_blob(statement, 4, row->epoch_key.bytes, PUBLIC_KEY_SIZE);
    db_bind_blob(statement, 5, row->device_sig.bytes, SIGNATURE_SIZE);
    return db_run(statement, error);
}

enum status rows_epoch_number(struct db *db, const struct id *epoch, int64_t *out,
                              struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status =
        db_prepare(db, "SELECT number FROM epoch WHERE epoch = ?1", &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_blob(statement, 1, epoch->bytes, ID_SIZE);
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && !row)
        status = error_set(error, STATUS_NOT_FOUND, "no such epoch in this journal");
    if (status == STATUS_OK)
        *out = db_int(statement, 0);
    db_reset(statement);
    return status;
}

enum status rows_chain(struct db *db, int64_t number, struct chain_row *out, bool *found,
                       struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db,
                   "SELECT seq, hash, hlc, sales_minor, returns_minor, sales, returns, totals_seq"
                   " FROM chain WHERE number = ?1",
                   &statement, error);

    *found = false;
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, number);
    status = db_step(statement, found, error);
    if (status == STATUS_OK && *found) {
        out->seq = db_int(statement, 0);
        (void)rows_take_blob(statement, 1, out->hash.bytes, HASH_SIZE);
        out->hlc = db_int(statement, 2);
        out->totals = (struct perpetual){.sales_minor = db_int(statement, 3),
                                         .returns_minor = db_int(statement, 4),
                                         .sales = db_int(statement, 5),
                                         .returns = db_int(statement, 6)};
        out->totals_seq = db_int(statement, 7);
    }
    db_reset(statement);
    return status;
}

static void bind_chain(struct db_statement *statement, int64_t number, const struct chain_row *row)
{
    db_bind_int(statement, 1, number);
    db_bind_int(statement, 2, row->seq);
    db_bind_blob(statement, 3, row->hash.bytes, HASH_SIZE);
    db_bind_int(statement, 4, row->hlc);
    db_bind_int(statement, 5, row->totals.sales_minor);
    db_bind_int(statement, 6, row->totals.returns_minor);
    db_bind_int(statement, 7, row->totals.sales);
    db_bind_int(statement, 8, row->totals.returns);
    db_bind_int(statement, 9, row->totals_seq);
}

enum status rows_put_chain(struct db *db, int64_t number, const struct chain_row *row,
                           struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db,
                   "INSERT INTO chain(number, seq, hash, hlc, sales_minor, returns_minor, sales,"
                   " returns, totals_seq) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    bind_chain(statement, number, row);
    return db_run(statement, error);
}

enum status rows_move_chain(struct db *db, int64_t number, const struct chain_row *before,
                            const struct chain_row *after, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db,
                   "UPDATE chain SET seq = ?2, hash = ?3, hlc = ?4, sales_minor = ?5,"
                   " returns_minor = ?6, sales = ?7, returns = ?8, totals_seq = ?9"
                   " WHERE number = ?1 AND seq = ?10 AND hash = ?11",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    bind_chain(statement, number, after);
    db_bind_int(statement, 10, before->seq);
    db_bind_blob(statement, 11, before->hash.bytes, HASH_SIZE);
    status = db_run(statement, error);
    if (status == STATUS_OK && db_changes(db) != 1)
        status = error_set(error, STATUS_CONFLICT, "the journal's head moved behind its back");
    return status;
}

enum status rows_put_entry(struct db *db, int64_t number, const struct sealed_entry *entry,
                           struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "INSERT INTO entry(id, hash, signature, bytes) VALUES(?1, ?2, ?3, ?4)",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, entry_key(number, entry->head.seq));
    db_bind_blob(statement, 2, entry->hash.bytes, HASH_SIZE);
    db_bind_blob(statement, 3, entry->signature.bytes, SIGNATURE_SIZE);
    db_bind_blob(statement, 4, entry->bytes, entry->length);
    return db_run(statement, error);
}

void rows_take_entry(struct db_statement *statement, struct entry_row *out)
{
    bool hash_right, signature_right;

    out->statement = statement;
    out->key = db_int(statement, 0);
    out->stored.seq = out->key & SEQ_MASK;
    hash_right = rows_take_blob(statement, 1, out->stored.hash.bytes, HASH_SIZE);
    signature_right = rows_take_blob(statement, 2, out->stored.signature.bytes, SIGNATURE_SIZE);
    out->sizes_right = hash_right && signature_right;
    out->stored.bytes = db_blob(statement, 3, &out->stored.length);
}

enum status rows_entry(struct db *db, int64_t number, int64_t seq, struct entry_row *out,
                       bool *found, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(
        db, "SELECT id, hash, signature, bytes FROM entry WHERE id = ?1", &statement, error);

    *found = false;
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, entry_key(number, seq));
    status = db_step(statement, found, error);
    if (status == STATUS_OK && *found)
        rows_take_entry(statement, out);
    return status;
}

void rows_entry_done(struct entry_row *row)
{
    db_reset(row->statement);
    row->stored.bytes = NULL;
}

enum status rows_last_seq(struct db *db, int64_t number, int64_t *out, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "SELECT max(id) FROM entry WHERE id >= ?1 AND id <= ?2", &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, entry_key(number, 0));
    db_bind_int(statement, 2, entry_key(number, SEQ_MASK));
    status = db_one_int(statement, 0, out, error);
    *out &= SEQ_MASK;
    return status;
}
