#include "terminal/selling/shift.h"

#include "terminal/journal/journal.h"
#include "terminal/selling/receipt_number.h"

#include <stdlib.h>
#include <string.h>

#define READ_ENTRIES 500
#define READ_BYTES   ((size_t)4 << 20)

static enum status read_shift(struct db_statement *statement, struct shift *out,
                              struct error *error)
{
    const char *text;
    json_t *sums = NULL;
    enum status status;

    out->shift = db_int(statement, 0);
    out->opened_ms = db_int(statement, 1);
    copy_text(out->opened_by, sizeof out->opened_by, db_text(statement, 2));
    out->opening_float = db_int(statement, 3);
    out->entry = db_int(statement, 4);
    text = db_text(statement, 5);
    status = json_read(text, strlen(text), &sums, error);
    if (status == STATUS_OK)
        status = sums_from_json(sums, &out->sums, error);
    json_decref(sums);
    return status == STATUS_OK ? status
                               : error_set(error, STATUS_CORRUPT, "the shift's sums do not read");
}

enum status shift_load(struct db *db, struct shift *out, struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(db,
                                    "SELECT shift, opened_ms, opened_by, opening_float, entry, sums"
                                    " FROM shift WHERE shift = (SELECT max(shift) FROM shift)"
                                    " AND closed = 0",
                                    &statement, error);

    memset(out, 0, sizeof *out);
    if (status != STATUS_OK)
        return status;
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && row)
        status = read_shift(statement, out, error);
    db_reset(statement);
    return status;
}

enum status shift_next(struct db *db, int64_t *out, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db, "SELECT max(shift) + 1 FROM shift", &statement, error);

    *out = 1;
    return status == STATUS_OK ? db_one_int(statement, 1, out, error) : status;
}

static enum status sums_text(const struct sums *sums, struct buf *out)
{
    json_t *json = sums_to_json(sums);
    enum status status;

    buf_init(out, 64 * 1024);
    status = json_write(json, out);
    json_decref(json);
    return status;
}

enum status shift_insert(struct db *db, const struct shift *shift, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db,
                                    "INSERT INTO shift(shift, opened_ms, opened_by, opening_float,"
                                    " entry, sums) VALUES(?, ?, ?, ?, ?, '{}')",
                                    &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, shift->shift);
    db_bind_int(statement, 2, shift->opened_ms);
    db_bind_text(statement, 3, shift->opened_by);
    db_bind_int(statement, 4, shift->opening_float);
    db_bind_int(statement, 5, shift->entry);
    return db_run(statement, error);
}

enum status shift_store_sums(struct db *db, const struct shift *shift, struct error *error)
{
    struct db_statement *statement;
    struct buf text;
    enum status status = sums_text(&shift->sums, &text);

    if (status != STATUS_OK)
        (void)error_set(error, status, "the shift's sums are too many");
    if (status == STATUS_OK)
        status = db_prepare(db, "UPDATE shift SET sums = ? WHERE shift = ?", &statement, error);
    if (status == STATUS_OK) {
        db_bind_text(statement, 1, buf_text(&text));
        db_bind_int(statement, 2, shift->shift);
        status = db_run(statement, error);
    }
    buf_finish(&text);
    return status;
}

enum status shift_mark_closed(struct db *db, int64_t shift, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "UPDATE shift SET closed = 1 WHERE shift = ?", &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, shift);
    return db_run(statement, error);
}

enum status shift_expected(const struct shift *shift, int64_t *out, struct error *error)
{
    int64_t sum = shift->opening_float;

    if (__builtin_add_overflow(sum, sums_get(&shift->sums, "cash"), &sum) ||
        __builtin_add_overflow(sum, sums_get(&shift->sums, "paid_in"), &sum) ||
        __builtin_sub_overflow(sum, sums_get(&shift->sums, "paid_out"), &sum))
        return error_set(error, STATUS_RANGE, "the drawer's sum does not fit");
    *out = sum;
    return STATUS_OK;
}

/* ---- once more, from the entries ---------------------------------------------------------------
 */

struct recompute {
    int64_t shift;
    int64_t last_seq;
    size_t entries;
    struct sums *sums;
    struct error *error;
};

static enum status visit(void *context, const struct stored_entry *stored)
{
    struct recompute *recompute = context;
    struct entry entry;
    enum status status = entry_parse(stored->bytes, stored->length, &entry, recompute->error);

    if (status != STATUS_OK)
        return status;
    recompute->last_seq = stored->seq;
    recompute->entries++;
    if (json_int_or(entry.body, "shift", 0) == recompute->shift)
        status = sums_add_entry(recompute->sums, entry.head.kind, entry.body, recompute->error);
    entry_finish(&entry);
    return status;
}

static enum status recompute_epoch(struct db *db, const struct id *epoch,
                                   struct recompute *recompute)
{
    enum status status = STATUS_OK;

    do {
        recompute->entries = 0;
        status = journal_read(db, epoch, recompute->last_seq, READ_ENTRIES, READ_BYTES, visit,
                              recompute, recompute->error);
    } while (status == STATUS_OK && recompute->entries > 0);
    return status;
}

enum status shift_recompute(struct db *db, const struct shift *shift, struct sums *out,
                            struct error *error)
{
    struct error local = {0};
    struct recompute recompute = {
        .shift = shift->shift, .sums = out, .error = error == NULL ? &local : error};
    struct journal_epoch_info *epochs;
    size_t count;
    enum status status = journal_epochs(db, &epochs, &count, recompute.error);

    out->count = 0;
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        int64_t first_epoch = shift->entry >> 40;

        if (epochs[i].number < first_epoch)
            continue;
        recompute.last_seq = epochs[i].number == first_epoch ? ENTRY_KEY_SEQ(shift->entry) : 0;
        status = recompute_epoch(db, &epochs[i].epoch, &recompute);
    }
    free(epochs);
    return status;
}
