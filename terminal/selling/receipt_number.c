/* Numbers and references that were given: till - epoch tag - counter, by the place in their table.
 */
#include "terminal/selling/receipt_number.h"

#include "terminal/selling/cart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIPT_COLUMNS                                                                            \
    "key, entry, number, at_ms, total, rounding, paid, change, cash, is_return, staff, print_job," \
    " sku_last, cart"

enum status receipt_next(struct db *db, const char *till, int64_t epoch_number,
                         const char *epoch_tag, struct receipt_row *out, struct error *error)
{
    struct db_statement *statement;
    int64_t counter;
    enum status status =
        db_prepare(db, "SELECT max(key) FROM receipt WHERE key BETWEEN ? AND ?", &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, ENTRY_KEY(epoch_number, 0));
    db_bind_int(statement, 2, ENTRY_KEY(epoch_number + 1, 0) - 1);
    status = db_one_int(statement, 0, &counter, error);
    if (status != STATUS_OK)
        return status;
    counter = ENTRY_KEY_SEQ(counter) + 1;
    out->key = ENTRY_KEY(epoch_number, counter);
    (void)snprintf(out->number, sizeof out->number, "%s-%s-%06lld", till, epoch_tag,
                   (long long)counter);
    return STATUS_OK;
}

enum status receipt_last_cart(struct db *db, int64_t *out, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "SELECT cart FROM receipt WHERE cart <> 0 ORDER BY key DESC LIMIT 1",
                   &statement, error);

    *out = 0;
    return status == STATUS_OK ? db_one_int(statement, 0, out, error) : status;
}

enum status receipt_insert(struct db *db, const struct receipt_row *row, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(
        db, "INSERT INTO receipt(" RECEIPT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, row->key);
    db_bind_int(statement, 2, row->entry);
    db_bind_text(statement, 3, row->number);
    db_bind_int(statement, 4, row->at_ms);
    db_bind_int(statement, 5, row->total);
    db_bind_int(statement, 6, row->rounding);
    db_bind_int(statement, 7, row->paid);
    db_bind_int(statement, 8, row->change);
    db_bind_int(statement, 9, row->cash);
    db_bind_int(statement, 10, row->is_return);
    db_bind_text(statement, 11, row->staff);
    db_bind_int(statement, 12, row->print_job);
    db_bind_text(statement, 13, row->sku_last);
    db_bind_int(statement, 14, row->cart);
    return db_run(statement, error);
}

static void read_receipt(struct db_statement *statement, struct receipt_row *out)
{
    memset(out, 0, sizeof *out);
    out->key = db_int(statement, 0);
    out->entry = db_int(statement, 1);
    copy_text(out->number, sizeof out->number, db_text(statement, 2));
    out->at_ms = db_int(statement, 3);
    out->total = db_int(statement, 4);
    out->rounding = db_int(statement, 5);
    out->paid = db_int(statement, 6);
    out->change = db_int(statement, 7);
    out->cash = db_int(statement, 8) != 0;
    out->is_return = db_int(statement, 9) != 0;
    copy_text(out->staff, sizeof out->staff, db_text(statement, 10));
    out->print_job = db_int(statement, 11);
    copy_text(out->sku_last, sizeof out->sku_last, db_text(statement, 12));
    out->cart = db_int(statement, 13);
}

/* The last receipt of all with a key up to `key` (from `floor` on). */
static enum status receipt_at(struct db *db, int64_t floor, int64_t key, struct receipt_row *out,
                              bool *found, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db,
                                    "SELECT " RECEIPT_COLUMNS " FROM receipt"
                                    " WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1",
                                    &statement, error);

    *found = false;
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, floor);
    db_bind_int(statement, 2, key);
    status = db_step(statement, found, error);
    if (status == STATUS_OK && *found)
        read_receipt(statement, out);
    db_reset(statement);
    return status;
}

enum status receipt_find(struct db *db, const char *number, struct receipt_row *out,
                         struct error *error)
{
    const char *dash = strrchr(number, '-');
    int64_t counter = dash == NULL ? 0 : strtoll(dash + 1, NULL, 10);
    bool found;
    enum status status = receipt_at(db, 0, INT64_MAX, out, &found, error);

    if (status == STATUS_OK && found && number[0] == '\0')
        return STATUS_OK;
    for (int64_t epoch = found ? out->key >> 40 : 0; status == STATUS_OK && epoch > 0; epoch--) {
        int64_t key = ENTRY_KEY(epoch, ENTRY_KEY_SEQ(counter));

        status = receipt_at(db, key, key, out, &found, error);
        if (status == STATUS_OK && found && strcmp(out->number, number) == 0)
            return STATUS_OK;
    }
    return status == STATUS_OK ? error_set(error, STATUS_NOT_FOUND, "no receipt %s", number)
                               : status;
}

enum status receipt_list(struct db *db, const char *part, int offset, struct receipt_row *out,
                         int max, int *count, struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status =
        db_prepare(db,
                   "SELECT " RECEIPT_COLUMNS " FROM receipt WHERE ?1 = '' OR instr(number, ?1) > 0"
                   " ORDER BY key DESC LIMIT ?2 OFFSET ?3",
                   &statement, error);

    *count = 0;
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, part);
    db_bind_int(statement, 2, max);
    db_bind_int(statement, 3, offset);
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row)
        read_receipt(statement, &out[(*count)++]);
    return status;
}

enum status reference_insert(struct db *db, const char *reference, int64_t entry,
                             struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "INSERT INTO reference(reference, entry) VALUES(?, ?)", &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, reference);
    db_bind_int(statement, 2, entry);
    return db_run(statement, error);
}

enum status reference_known(struct db *db, const char *reference, bool *known, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "SELECT 1 FROM reference WHERE reference = ?", &statement, error);

    *known = false;
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, reference);
    status = db_step(statement, known, error);
    db_reset(statement);
    return status;
}
