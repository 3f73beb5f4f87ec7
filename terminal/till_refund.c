/* Returns with a receipt: which line of which sale they take back.
 */
#include "terminal/till_internal.h"

#include <stdlib.h>
#include <string.h>

/* The epoch of a receipt, by its number in till.db. */
static enum status epoch_of(struct till *till, int64_t number, struct journal_epoch_ref *out,
                            struct error *error)
{
    struct journal_epoch_ref *epochs;
    size_t count;
    bool found = false;
    enum status status = journal_epoch_refs(till->db, &epochs, &count, error);

    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        if (epochs[i].number != number)
            continue;
        *out = epochs[i];
        found = true;
    }
    free(epochs);
    if (status == STATUS_OK && !found)
        return error_set(error, STATUS_NOT_FOUND, "no such epoch");
    return status;
}

enum status till_sold_lines(struct till *till, const char *receipt, struct sold_line *out, int max,
                            int *count, struct error *error)
{
    struct refund_line *lines;
    struct journal_epoch_ref epoch;
    struct receipt_row row;
    enum status status;

    *count = 0;
    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    if (receipt[0] == '\0')
        return error_set(error, STATUS_NOT_FOUND, "no receipt");
    status = receipt_find(till->db, receipt, &row, error);
    if (status == STATUS_OK)
        status = epoch_of(till, ENTRY_KEY_NUMBER(row.entry), &epoch, error);
    if (status != STATUS_OK)
        return status;
    lines = mem_alloc((size_t)max * sizeof *lines);
    status = refund_lines(till->db, &epoch.device, &epoch.epoch, ENTRY_KEY_SEQ(row.entry), lines,
                          max, count, error);
    for (int i = 0; status == STATUS_OK && i < *count; i++) {
        out[i].origin = lines[i].origin;
        copy_text(out[i].sku, sizeof out[i].sku, lines[i].sold.sku);
        copy_text(out[i].name, sizeof out[i].name, lines[i].sold.name);
        out[i].sold = lines[i].sold.base;
        out[i].back = lines[i].back;
        out[i].amount = lines[i].sold.amount;
    }
    free(lines);
    return status;
}

enum status till_cart_take_back(struct till *till, int line, const struct refund_origin *origin,
                                struct quantity sold, struct error *error)
{
    struct refund_sold here;
    struct cart before;
    bool known;
    enum status status = till_want_open(till, error);

    if (status == STATUS_OK)
        status = till_want(till, PERMISSION_RETURN, NULL, error);
    if (status != STATUS_OK)
        return status;
    status = refund_sold(till->db, origin, &here, error);
    known = status == STATUS_OK;
    if (!known && status != STATUS_NOT_FOUND)
        return till_after(till, status, error);
    till_change_begin(till, &before);
    status = refund_link(&till->cart, line, origin, known ? &here : NULL, sold, error);
    return till_change_end(till, &before, status, true, error);
}
