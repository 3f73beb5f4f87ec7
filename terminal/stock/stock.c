/* The table `move`, and levels summed up from two databases.
 *
 * Moves are kept by (sku, epoch number, seq): the ones of an item after a watermark are one short
 * range of the tree per epoch.
 */
#include "terminal/stock/stock.h"

#include "terminal/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char stock_schema[] = "CREATE TABLE move("
                            " sku TEXT NOT NULL,"
                            " number INTEGER NOT NULL," /* of the epoch */
                            " seq INTEGER NOT NULL,"
                            " ordinal INTEGER NOT NULL," /* place in the entry's list, from 0 */
                            " line INTEGER NOT NULL,"
                            " quantity INTEGER NOT NULL CHECK (quantity > 0),"
                            " from_location TEXT NOT NULL,"
                            " from_status TEXT NOT NULL,"
                            " to_location TEXT NOT NULL,"
                            " to_status TEXT NOT NULL,"
                            " PRIMARY KEY (sku, number, seq, ordinal)) WITHOUT ROWID;"
                            "CREATE TRIGGER move_update BEFORE UPDATE ON move"
                            " BEGIN SELECT RAISE(ABORT, 'moves are append-only'); END;"
                            "CREATE TRIGGER move_delete BEFORE DELETE ON move"
                            " BEGIN SELECT RAISE(ABORT, 'moves are append-only'); END;";

static const char *const status_names[STOCK_STATUSES] = {
    BUCKET_AVAILABLE, BUCKET_RESERVED, BUCKET_STAGED, BUCKET_HOLD, BUCKET_DAMAGED};

const char *stock_status_name(enum stock_status status)
{
    INVARIANT((int)status >= 0 && status < STOCK_STATUSES);
    return status_names[status];
}

enum status stock_record(struct db *till_db, int64_t epoch_number, int64_t seq,
                         const struct stock_move *moves, size_t count, struct error *error)
{
    INVARIANT(db_in_transaction(till_db));
    for (size_t i = 0; i < count; i++) {
        struct db_statement *statement;
        enum status status = db_prepare(
            till_db,
            "INSERT INTO move(sku, number, seq, ordinal, line, quantity, from_location,"
            " from_status, to_location, to_status) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            &statement, error);
        if (status != STATUS_OK)
            return status;
        db_bind_text(statement, 1, moves[i].sku);
        db_bind_int(statement, 2, epoch_number);
        db_bind_int(statement, 3, seq);
        db_bind_int(statement, 4, (int64_t)i);
        db_bind_int(statement, 5, moves[i].line);
        db_bind_int(statement, 6, moves[i].quantity.milli);
        db_bind_text(statement, 7, moves[i].from.location);
        db_bind_text(statement, 8, moves[i].from.status);
        db_bind_text(statement, 9, moves[i].to.location);
        db_bind_text(statement, 10, moves[i].to.status);
        status = db_run(statement, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ---- levels ---- */

/* How much of an epoch of this till the replica's stock contains. */
struct mark {
    char device[ID_HEX_SIZE];
    char epoch[ID_HEX_SIZE];
    int64_t seq;
};

/* How much of a fork of one of this till's epochs it contains; see the header. */
struct branch_mark {
    struct mark mark;
    struct hash root; /* of the entry at `start` */
    int64_t start;
};

struct marks {
    struct mark *items;
    size_t count;
    struct branch_mark *branches;
    size_t branch_count;
};

/* The index of a physical status; -1 for any other. */
static int status_index(const char *name)
{
    for (int i = 0; i < STOCK_STATUSES; i++) {
        if (strcmp(name, status_names[i]) == 0)
            return i;
    }
    return -1;
}

static enum status add(struct quantity *sum, int64_t milli, struct error *error)
{
    if (quantity_add(*sum, (struct quantity){milli}, sum) != STATUS_OK)
        return error_set(error, STATUS_RANGE, "stock: a sum does not fit");
    return STATUS_OK;
}

static enum status read_confirmed(struct db *replica_db, const char *location, const char *sku,
                                  struct stock_level *out, struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(
        replica_db, "SELECT status, quantity_milli FROM stock WHERE location = ?1 AND sku = ?2",
        &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, location);
    db_bind_text(statement, 2, sku);
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        int at = status_index(db_text(statement, 0));
        int64_t milli = db_int(statement, 1);
        if (at < 0)
            continue;
        out->by_status[at].milli = milli; /* one row per status */
        status = add(&out->confirmed, milli, error);
        if (status != STATUS_OK)
            break;
    }
    db_reset(statement);
    return status;
}

static enum status read_marks(struct db *replica_db, const char *location, struct marks *out,
                              struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status =
        db_prepare(replica_db, "SELECT device, epoch, seq FROM watermark WHERE location = ?1",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, location);
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        struct mark *mark;
        out->items = mem_resize(out->items, (out->count + 1) * sizeof *out->items);
        mark = &out->items[out->count++];
        (void)snprintf(mark->device, sizeof mark->device, "%s", db_text(statement, 0));
        (void)snprintf(mark->epoch, sizeof mark->epoch, "%s", db_text(statement, 1));
        mark->seq = db_int(statement, 2);
    }
    db_reset(statement);
    return status;
}

static enum status read_branch_marks(struct db *replica_db, const char *location, struct marks *out,
                                     struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(
        replica_db, "SELECT device, epoch, hash, start, seq FROM branch_mark WHERE location = ?1",
        &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, location);
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        struct branch_mark *branch;
        out->branches = mem_resize(out->branches, (out->branch_count + 1) * sizeof *out->branches);
        branch = &out->branches[out->branch_count];
        (void)snprintf(branch->mark.device, sizeof branch->mark.device, "%s",
                       db_text(statement, 0));
        (void)snprintf(branch->mark.epoch, sizeof branch->mark.epoch, "%s", db_text(statement, 1));
        branch->start = db_int(statement, 3);
        branch->mark.seq = db_int(statement, 4);
        /* A hash that is none is nobody's. */
        if (hex_read(db_text(statement, 2), branch->root.bytes, HASH_SIZE) == STATUS_OK)
            out->branch_count++;
    }
    db_reset(statement);
    return status;
}

static enum status read_age(struct db *replica_db, const char *location, int64_t *out,
                            struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status =
        db_prepare(replica_db, "SELECT as_of_ms FROM cursor WHERE scope = 'location:' || ?1",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, location);
    status = db_step(statement, &row, error);
    if (status == STATUS_OK)
        *out = row ? db_int(statement, 0) : 0;
    db_reset(statement);
    return status;
}

static enum status read_replica_rows(struct db *replica_db, const char *location,
                                     const char *const *skus, size_t count, struct marks *marks,
                                     struct stock_level *out, struct error *error)
{
    int64_t as_of_ms = 0;
    enum status status = read_marks(replica_db, location, marks, error);

    if (status == STATUS_OK)
        status = read_branch_marks(replica_db, location, marks, error);
    if (status == STATUS_OK)
        status = read_age(replica_db, location, &as_of_ms, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        out[i].as_of_ms = as_of_ms;
        status = read_confirmed(replica_db, location, skus[i], &out[i], error);
    }
    return status;
}

static enum status read_replica(struct db *replica_db, const char *location,
                                const char *const *skus, size_t count, struct marks *marks,
                                struct stock_level *out, struct error *error)
{
    bool mine = !db_in_transaction(replica_db);
    enum status status = mine ? db_begin_read(replica_db, error) : STATUS_OK;

    if (status != STATUS_OK)
        return status;
    status = read_replica_rows(replica_db, location, skus, count, marks, out, error);
    if (mine)
        db_rollback(replica_db);
    return status;
}

/* One end of a move: +milli into, -milli out of a bucket, where it is a physical one of here. */
static enum status apply_end(struct db_statement *statement, int column, const char *location,
                             int64_t milli, struct stock_level *out, struct error *error)
{
    enum status status;
    int at;

    if (strcmp(db_text(statement, column), location) != 0)
        return STATUS_OK;
    at = status_index(db_text(statement, column + 1));
    if (at < 0)
        return STATUS_OK;
    status = add(&out->pending, milli, error);
    return status == STATUS_OK ? add(&out->by_status[at], milli, error) : status;
}

static enum status read_pending(struct db *till_db, int64_t number, int64_t after,
                                const char *location, const char *sku, struct stock_level *out,
                                struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status =
        db_prepare(till_db,
                   "SELECT quantity, from_location, from_status, to_location, to_status FROM move"
                   " WHERE sku = ?1 AND number = ?2 AND seq > ?3",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, sku);
    db_bind_int(statement, 2, number);
    db_bind_int(statement, 3, after);
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        int64_t milli = db_int(statement, 0);
        status = apply_end(statement, 1, location, -milli, out, error);
        if (status == STATUS_OK)
            status = apply_end(statement, 3, location, milli, out, error);
        if (status != STATUS_OK)
            break;
    }
    db_reset(statement);
    return status;
}

static bool is_of(const struct mark *mark, const char *device, const char *epoch)
{
    return strcmp(mark->device, device) == 0 && strcmp(mark->epoch, epoch) == 0;
}

/* Up to where the epoch's own moves are in `confirmed`: its watermark; but when the entries here
 * are a fork that the ledger keeps aside, as far as it took that in. */
static enum status mark_of(struct db *till_db, const struct marks *marks,
                           const struct journal_epoch_ref *epoch, int64_t *out, struct error *error)
{
    char device[ID_HEX_SIZE], id[ID_HEX_SIZE];
    bool forked = false;
    enum status status = STATUS_OK;

    hex_write(epoch->device.bytes, ID_SIZE, device);
    hex_write(epoch->epoch.bytes, ID_SIZE, id);
    *out = 0;
    for (size_t i = 0; i < marks->count; i++) {
        if (is_of(&marks->items[i], device, id))
            *out = marks->items[i].seq;
    }
    for (size_t i = 0; i < marks->branch_count && status == STATUS_OK; i++) {
        const struct branch_mark *branch = &marks->branches[i];
        struct chain_point root = {epoch->epoch, branch->start, branch->root};
        enum journal_standing standing;
        if (!is_of(&branch->mark, device, id))
            continue;
        status = journal_compare(till_db, &root, &standing, error);
        if (status == STATUS_OK && standing == JOURNAL_HOLDS &&
            (!forked || branch->mark.seq < *out))
            *out = branch->mark.seq; /* of several: what none of them lacks */
        forked = forked || (status == STATUS_OK && standing == JOURNAL_HOLDS);
    }
    return status;
}

static enum status read_journal_rows(struct db *till_db, const char *location,
                                     const char *const *skus, size_t count,
                                     const struct marks *marks, struct stock_level *out,
                                     struct error *error)
{
    struct journal_epoch_ref *epochs = NULL;
    size_t epoch_count = 0;
    enum status status = journal_epoch_refs(till_db, &epochs, &epoch_count, error);

    for (size_t e = 0; status == STATUS_OK && e < epoch_count; e++) {
        int64_t after;
        status = mark_of(till_db, marks, &epochs[e], &after, error);
        for (size_t i = 0; status == STATUS_OK && i < count; i++) {
            out[i].watermark = after; /* the last epoch's stays */
            status =
                read_pending(till_db, epochs[e].number, after, location, skus[i], &out[i], error);
        }
    }
    free(epochs);
    return status;
}

static enum status read_journal(struct db *till_db, const char *location, const char *const *skus,
                                size_t count, const struct marks *marks, struct stock_level *out,
                                struct error *error)
{
    if (!till_db)
        return STATUS_OK;
    bool mine = !db_in_transaction(till_db);
    enum status status = mine ? db_begin_read(till_db, error) : STATUS_OK;

    if (status != STATUS_OK)
        return status;
    status = read_journal_rows(till_db, location, skus, count, marks, out, error);
    if (mine)
        db_rollback(till_db);
    return status;
}

enum status stock_of_each(struct db *till_db, struct db *replica_db, const char *location,
                          const char *const *skus, size_t count, struct stock_level *out,
                          struct error *error)
{
    struct marks marks = {0};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < count; i++)
        out[i] = (struct stock_level){0};
    /* The replica first: what the journal gains meanwhile is then pending, never lost. */
    if (replica_db != NULL)
        status = read_replica(replica_db, location, skus, count, &marks, out, error);
    if (status == STATUS_OK)
        status = read_journal(till_db, location, skus, count, &marks, out, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        out[i].on_hand = out[i].confirmed;
        status = add(&out[i].on_hand, out[i].pending.milli, error);
    }
    free(marks.items);
    free(marks.branches);
    return status;
}

enum status stock_of(struct db *till_db, struct db *replica_db, const char *location,
                     const char *sku, struct stock_level *out, struct error *error)
{
    return stock_of_each(till_db, replica_db, location, &sku, 1, out, error);
}
