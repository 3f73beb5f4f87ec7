/* Carts put aside, taken up again, given up.
 */
#include "terminal/till_internal.h"

#include <stdlib.h>
#include <string.h>

#define PARKED_MOST 200

static enum status begin(struct till *till, struct error *error)
{
    enum status status = till_want_open(till, error);

    return status == STATUS_OK ? till_want(till, PERMISSION_SELL, NULL, error) : status;
}

enum status till_cart_park(struct till *till, const char *label, struct error *error)
{
    struct cart before;
    enum status status = begin(till, error);

    if (status != STATUS_OK)
        return status;
    if (cart_standing(&till->cart) == 0)
        return error_set(error, STATUS_INVALID, "the cart is empty");
    if (cart_has_tenders(&till->cart))
        return error_set(error, STATUS_CONFLICT, "tenders stand on the cart");
    till_change_begin(till, &before);
    till->cart.parked = true;
    till->cart.parked_ms = till_wall(till);
    till->cart.parked_total = till->figures.totals.gross.minor;
    till->cart.parked_lines = cart_standing(&till->cart);
    copy_text(till->cart.label, sizeof till->cart.label, label == NULL ? "" : label);
    copy_text(till->cart.parked_by, sizeof till->cart.parked_by, till->staff.id);
    status = till_change_end(till, &before, STATUS_OK, false, error);
    if (status == STATUS_OK)
        till_empty_cart(till);
    return status;
}

enum status till_parked(struct till *till, struct parked_view *out, int max, int *count,
                        struct error *error)
{
    int most = max < PARKED_MOST ? max : PARKED_MOST;
    struct cart *carts;
    enum status status;

    *count = 0;
    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    carts = mem_alloc(((size_t)most + 1) * sizeof *carts);
    status = cart_store_parked(till->db, carts, most, count, error);
    for (int i = 0; i < *count; i++) {
        memset(&out[i], 0, sizeof out[i]);
        out[i].id = carts[i].id;
        copy_text(out[i].label, sizeof out[i].label, carts[i].label);
        copy_text(out[i].staff, sizeof out[i].staff, carts[i].parked_by);
        out[i].parked_ms = carts[i].parked_ms;
        out[i].lines = (int)carts[i].parked_lines;
        out[i].total.minor = carts[i].parked_total;
    }
    free(carts);
    return status;
}

/* The parked cart becomes the open one, in memory and on the disk. */
static enum status take_up(struct till *till, struct cart *parked, struct error *error)
{
    struct cart before;

    till_forget_undo(till);
    cart_finish(&till->cart);
    till->cart = *parked;
    till_change_begin(till, &before);
    till->cart.parked = false;
    till->cart.label[0] = till->cart.parked_by[0] = '\0';
    till->cart.parked_ms = till->cart.parked_total = till->cart.parked_lines = 0;
    return till_change_end(till, &before, STATUS_OK, false, error);
}

enum status till_cart_recall(struct till *till, int64_t id, struct error *error)
{
    struct cart parked;
    enum status status = begin(till, error);

    if (status != STATUS_OK)
        return status;
    if (cart_standing(&till->cart) > 0 || cart_has_tenders(&till->cart))
        return error_set(error, STATUS_CONFLICT, "the open cart has lines");
    status = cart_store_load(till->db, id, &parked, error);
    if (status == STATUS_OK && !parked.parked) {
        cart_finish(&parked);
        return error_set(error, STATUS_NOT_FOUND, "cart %lld is not parked", (long long)id);
    }
    if (status != STATUS_OK)
        return status;
    status = till_cancel_cart(till, "recalled another", error);
    if (status != STATUS_OK) {
        cart_finish(&parked);
        return status;
    }
    status = take_up(till, &parked, error);
    if (status != STATUS_OK && till->cart.parked)
        till_empty_cart(till); /* it is still parked on the disk */
    return status;
}

enum status till_cancel_cart(struct till *till, const char *reason, struct error *error)
{
    struct shift shift = till->shift;
    json_t *body;
    char name[64];
    enum status status;

    till_cart_name(till, name);
    if (till->cart.count == 0) {
        status = db_begin(till->db, error);
        if (status == STATUS_OK)
            status = cart_store_delete(till->db, till->cart.id, error);
        if (status == STATUS_OK)
            status = db_commit(till->db, error);
        else
            db_rollback(till->db);
    } else {
        body = json_object();
        sale_put_cancelled(body, &till->cart, &till->figures, reason, shift.shift);
        status = shift.shift == 0 ? STATUS_OK : sums_add(&shift.sums, "cancelled", 1, error);
        if (status == STATUS_OK) {
            struct record record = {.kind = "cancelled",
                                    .staff = till_staff_id(till),
                                    .body = body,
                                    .delete_cart = till->cart.id,
                                    .shift = shift.shift == 0 ? NULL : &shift};

            status = till_write(till, &record, error);
        }
        json_decref(body);
        if (status == STATUS_OK) {
            till->shift = shift;
            fiscal_cancel(till->fiscal, name);
        }
    }
    if (status == STATUS_OK)
        till_empty_cart(till);
    return status;
}

enum status till_cart_discard(struct till *till, const char *reason, struct error *error)
{
    enum status status = begin(till, error);

    if (status == STATUS_OK && cart_standing(&till->cart) > 0)
        status = till_want(till, PERMISSION_VOID, NULL, error);
    if (status != STATUS_OK)
        return status;
    if (cart_has_tenders(&till->cart))
        return error_set(error, STATUS_CONFLICT, "tenders stand on the cart");
    return till_cancel_cart(till, reason == NULL ? "" : reason, error);
}
