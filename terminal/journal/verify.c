/* Verification: one walk per epoch over the rows in their order.
 *
 *   row at its place ─► agrees?    SHA-256(bytes) = hash     no: altered
 *                    ─► signed?    by the epoch's key        no: signature
 *                    ─► in place?  seq in the bytes = place  no: order
 *                    ─► follows?   prev = hash of the last   no: fork
 *
 * `link` is the hash that the next entry's prev must name. After a row of which no signed hash is
 * left it is unknown, and the next row is not blamed. What others know of the chain (its head in
 * `chain`, the verified mark, a countersigned head) are `points`: looked up as the walk passes.
 */
#include "terminal/journal/verify.h"

#include "terminal/journal/verify_walk.h"

#include <stdlib.h>
#include <string.h>

const char *fault_name(enum fault_kind kind)
{
    static const char *const names[] = {"gap", "altered", "signature", "order", "fork"};

    INVARIANT((size_t)kind < sizeof names / sizeof names[0]);
    return names[kind];
}

/* ---- the rows of one epoch ---- */

static enum status walk_rows(struct db *db, struct walk *walk, int64_t from, struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(db,
                                    "SELECT id, hash, signature, bytes FROM entry"
                                    " WHERE id >= ?1 AND id <= ?2 ORDER BY id",
                                    &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, entry_key(walk->number, from));
    db_bind_int(statement, 2, entry_key(walk->number, SEQ_MASK));
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        struct entry_row entry;
        rows_take_entry(statement, &entry);
        walk_row(walk, &entry);
    }
    db_reset(statement);
    return status;
}

static enum status read_mark(struct db *db, int64_t number, struct point *out, bool *found,
                             struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "SELECT seq, hash FROM verified WHERE number = ?1", &statement, error);

    *found = false;
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, number);
    status = db_step(statement, found, error);
    if (status == STATUS_OK && *found) {
        out->seq = db_int(statement, 0);
        (void)rows_take_blob(statement, 1, out->hash.bytes, HASH_SIZE);
    }
    db_reset(statement);
    return status;
}

/* The heads that others remember: `chain`, the mark, and for the newest epoch the ledger's word. An
 * older epoch that the ledger knows more of was left for that very reason. */
static enum status gather_points(struct db *db, const struct verify_options *options, bool newest,
                                 struct walk *walk, int64_t *start, struct error *error)
{
    struct chain_row chain;
    struct point mark;
    bool found = false;
    enum status status = rows_chain(db, walk->number, &chain, &found, error);

    if (status != STATUS_OK)
        return status;
    if (found) {
        walk->chain_seq = chain.seq;
        walk_add_point(walk, chain.seq, &chain.hash);
    }
    status = read_mark(db, walk->number, &mark, &found, error);
    if (status != STATUS_OK)
        return status;
    *start = 1;
    if (found && mark.seq >= 1 && mark.seq <= ENTRY_MAX_SEQ) {
        walk_add_point(walk, mark.seq, &mark.hash);
        if (options->from_mark)
            *start = mark.seq;
    }
    for (size_t i = 0; newest && i < options->acked_count; i++) {
        if (memcmp(options->acked[i].epoch.bytes, walk->epoch.bytes, ID_SIZE) == 0)
            walk_add_point(walk, options->acked[i].seq, &options->acked[i].hash);
    }
    return STATUS_OK;
}

/* ---- whose chain is it, and by which key ---- */

/* The epoch_open entry as stored, when it vouches for itself. */
static enum status read_opening(struct db *db, int64_t number, const struct public_key *device_key,
                                struct epoch_row *out, bool *found, struct error *error)
{
    struct entry_row row;
    struct entry entry;
    struct epoch_open open;
    enum status status = rows_entry(db, number, 1, &row, found, error);

    if (status != STATUS_OK || !*found)
        return status;
    *found = false;
    if (entry_parse(row.stored.bytes, row.stored.length, &entry, NULL) == STATUS_OK) {
        *found = epoch_open_get(&entry, &open, NULL) == STATUS_OK &&
                 epoch_key_vouched(&entry.head.device, &entry.head.epoch, &open.epoch_key,
                                   &open.device_sig, device_key);
        if (*found)
            *out = (struct epoch_row){.number = number,
                                      .epoch = entry.head.epoch,
                                      .device = entry.head.device,
                                      .epoch_key = open.epoch_key,
                                      .device_sig = open.device_sig};
    }
    entry_finish(&entry);
    rows_entry_done(&row);
    return STATUS_OK;
}

/* The row of `epoch` when the device vouches for it; else what the epoch_open says; else the row
 * as it is, with nobody's word. `row` is NULL when entries have no epoch row. */
static enum status choose_key(struct db *db, const struct epoch_row *row,
                              const struct public_key *device_key, struct walk *walk,
                              struct error *error)
{
    struct epoch_row opening;
    bool found = false;
    enum status status;

    if (row != NULL) {
        walk->epoch = row->epoch;
        walk->device = row->device;
        walk->key = row->epoch_key;
        if (epoch_key_vouched(&row->device, &row->epoch, &row->epoch_key, &row->device_sig,
                              device_key))
            return STATUS_OK;
    }
    status = read_opening(db, walk->number, device_key, &opening, &found, error);
    if (status != STATUS_OK)
        return status;
    if (found) {
        walk->epoch = opening.epoch;
        walk->device = opening.device;
        walk->key = opening.epoch_key;
    }
    walk_fault(walk, found || row == NULL ? FAULT_ALTERED : FAULT_SIGNATURE, 1, 1);
    return STATUS_OK;
}

/* The parent's entry, when the parent is here, has the hash that the epoch was opened upon. */
static enum status check_parent(struct db *db, struct walk *walk, struct error *error)
{
    struct entry_row row;
    struct hash computed;
    int64_t number = 0;
    bool found = false, same;
    enum status status;

    if (!walk->has_parent)
        return STATUS_OK;
    status = rows_epoch_number(db, &walk->parent.epoch, &number, NULL);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = rows_entry(db, number, walk->parent.seq, &row, &found, error);
    if (status != STATUS_OK || !found)
        return status; /* an entry that is missing is the parent epoch's gap */
    computed = entry_hash(row.stored.bytes, row.stored.length);
    same = hash_equal(&row.stored.hash, &walk->parent.hash) ||
           hash_equal(&computed, &walk->parent.hash);
    rows_entry_done(&row);
    walk->parent_differs = !same;
    return STATUS_OK;
}

static enum status verify_epoch(struct db *db, const struct verify_options *options,
                                const struct epoch_row *row, int64_t number, bool newest,
                                struct journal_report *report, struct error *error)
{
    struct walk walk;
    int64_t start = 1;
    enum status status;

    walk_init(&walk, number, options->device_key);
    status = choose_key(db, row, options->device_key, &walk, error);
    if (status == STATUS_OK)
        status = gather_points(db, options, newest, &walk, &start, error);
    if (status == STATUS_OK) {
        walk_begin(&walk, start);
        status = walk_rows(db, &walk, start > 1 ? start : 0, error);
    }
    if (status == STATUS_OK)
        status = check_parent(db, &walk, error);
    if (status == STATUS_OK) {
        struct epoch_report *epochs =
            mem_resize(report->epochs, (report->count + 1) * sizeof *epochs);
        report->epochs = epochs;
        walk_end(&walk, report, &epochs[report->count]);
        report->ok = report->ok && epochs[report->count].ok;
        report->count++;
    }
    walk_finish(&walk);
    return status;
}

/* The number of the first epoch, from `from` on, that has entries; *found = false: none. */
static enum status next_number(struct db *db, int64_t from, int64_t *out, bool *found,
                               struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db, "SELECT id FROM entry WHERE id >= ?1 ORDER BY id LIMIT 1",
                                    &statement, error);

    *found = false;
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, from << SEQ_BITS);
    status = db_step(statement, found, error);
    if (status == STATUS_OK && *found)
        *out = db_int(statement, 0) >> SEQ_BITS;
    db_reset(statement);
    return status;
}

/* Every number that has an epoch row, or entries, or both. */
static enum status verify_all(struct db *db, const struct verify_options *options,
                              const struct epoch_row *rows, size_t count,
                              struct journal_report *report, struct error *error)
{
    size_t at = 0;
    int64_t from = 0;

    for (;;) {
        int64_t number = 0;
        bool found = false;
        const struct epoch_row *row = at < count ? &rows[at] : NULL;
        enum status status = next_number(db, from, &number, &found, error);
        if (status != STATUS_OK || (!found && row == NULL))
            return status;
        if (row != NULL && (!found || row->number <= number)) {
            number = row->number;
            at++;
        } else {
            row = NULL;
        }
        status = verify_epoch(db, options, row, number, row != NULL && at == count, report, error);
        if (status != STATUS_OK)
            return status;
        from = number + 1;
    }
}

enum status journal_verify(struct db *db, const struct verify_options *options,
                           struct journal_report *out, struct error *error)
{
    struct epoch_row *rows = NULL;
    size_t count = 0;
    enum status status = db_begin_read(db, error);

    *out = (struct journal_report){.ok = true};
    if (status != STATUS_OK)
        return status;
    status = rows_epochs(db, &rows, &count, error);
    if (status == STATUS_OK)
        status = verify_all(db, options, rows, count, out, error);
    free(rows);
    db_rollback(db);
    if (status != STATUS_OK)
        journal_report_finish(out);
    return status;
}

void journal_report_finish(struct journal_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free(report->epochs[i].faults);
    free(report->epochs);
    *report = (struct journal_report){0};
}

static enum status put_mark(struct db *db, const struct epoch_report *epoch, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "INSERT OR REPLACE INTO verified(number, seq, hash) VALUES(?1, ?2, ?3)",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, epoch->number);
    db_bind_int(statement, 2, epoch->head.seq);
    db_bind_blob(statement, 3, epoch->head.hash.bytes, HASH_SIZE);
    return db_run(statement, error);
}

enum status journal_mark_verified(struct db *db, const struct journal_report *report,
                                  struct error *error)
{
    enum status status = db_begin(db, error);

    for (size_t i = 0; status == STATUS_OK && i < report->count; i++) {
        if (report->epochs[i].ok && report->epochs[i].head.seq > 0)
            status = put_mark(db, &report->epochs[i], error);
    }
    if (status == STATUS_OK)
        return db_commit(db, error);
    db_rollback(db);
    return status;
}
