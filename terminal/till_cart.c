/* Changes of the open cart. Each goes the same way: copy, change in memory, figures, rows on the
 * disk; whatever fails on the way, the copy is put back and nothing has happened.
 */
#include "terminal/till_internal.h"

#include "terminal/base/card.h"
#include "terminal/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void till_cart_name(const struct till *till, char out[64])
{
    (void)snprintf(out, 64, "%s-%s-%lld", till->identity.till, journal_epoch_tag(till->journal),
                   (long long)till->cart.id);
}

enum status till_refigure(struct till *till, struct error *error)
{
    int64_t step =
        till->catalogue == NULL ? 1 : catalogue_location(till->catalogue)->cash_round_minor;
    enum status status = figures_make(&till->cart, step < 1 ? 1 : step, &till->figures, error);

    if (status == STATUS_OK)
        figures_view(&till->cart, &till->figures, till->undo_count > 0, till->lines, &till->view);
    return status;
}

const struct cart_view *till_cart(struct till *till)
{
    return &till->view;
}

/* Copies come and go with every change: their memory goes round, by way of `spare` and of the
 * undo places that are free. */
static void keep_memory(struct till *till, struct cart *copy)
{
    cart_clear(copy, false);
    if (copy->capacity > till->spare.capacity) {
        struct cart smaller = till->spare;

        till->spare = *copy;
        *copy = smaller;
    }
    cart_finish(copy);
}

void till_forget_undo(struct till *till)
{
    while (till->undo_count > 0)
        cart_clear(&till->undo[--till->undo_count], false);
}

static void push_undo(struct till *till, struct cart *before)
{
    struct cart memory = till->undo[0];

    if (till->undo_count == UNDO_MAX) {
        memmove(&till->undo[0], &till->undo[1], (UNDO_MAX - 1) * sizeof till->undo[0]);
        till->undo_count--;
    } else {
        memory = till->undo[till->undo_count];
    }
    till->undo[till->undo_count++] = *before;
    keep_memory(till, &memory);
}

void till_change_begin(struct till *till, struct cart *before)
{
    till_ready_drop(till);
    *before = till->spare;
    cart_init(&till->spare, false);
    cart_copy(&till->cart, before);
}

void till_change_drop(struct till *till, struct cart *before)
{
    struct cart changed = till->cart;

    till->cart = *before;
    keep_memory(till, &changed);
    INVARIANT(till_refigure(till, NULL) == STATUS_OK);
}

static enum status store_once(struct till *till, const struct cart *before, struct error *error)
{
    enum status status = db_begin(till->db, error);

    if (status != STATUS_OK)
        return status;
    status = cart_store_delete(till->db, till->sold_cart, error);
    if (status == STATUS_OK)
        status = cart_store_save(till->db, &till->cart, before, error);
    if (status == STATUS_OK)
        status = db_commit(till->db, error);
    if (status != STATUS_OK) {
        db_rollback(till->db);
        return status;
    }
    till->sold_cart = 0;
    till->commits++;
    return STATUS_OK;
}

/* Money that was handed over is kept whatever the disk has left: that is what the reserve is for.
 * A line that does not fit is refused. */
static enum status store(struct till *till, const struct cart *before, struct error *error)
{
    enum status status = store_once(till, before, error);

    if (status == STATUS_FULL && till->cart.tender_count > 0) {
        till_release_reserve(till);
        status = store_once(till, before, error);
    }
    return status;
}

enum status till_change_end(struct till *till, struct cart *before, enum status status,
                            bool undoable, struct error *error)
{
    bool first = cart_standing(before) == 0 && before->count == 0;

    if (status == STATUS_OK)
        status = refund_place(till->db, &till->cart, error);
    if (status == STATUS_OK)
        status = till_refigure(till, error);
    /* A cart that was parked meanwhile may be taken up, to be put right; not paid. */
    if (status == STATUS_OK && refund_holds(till->db, before, NULL) == STATUS_OK)
        status = refund_holds(till->db, &till->cart, error);
    /* Money has been taken: nothing may make the sale impossible to record. */
    if (status == STATUS_OK && till->cart.tender_count > 0)
        status = till_sale_fits(till, error);
    if (status == STATUS_OK) {
        status = store(till, before, error);
        if (status == STATUS_IO || status == STATUS_CORRUPT) {
            status = till_after(till, status, error);
            if (till->journal == NULL) /* else the cart was loaded as the disk has it */
                till_change_drop(till, before);
            else
                keep_memory(till, before);
            return status;
        }
    }
    if (status != STATUS_OK) {
        till_change_drop(till, before);
        return status;
    }
    if (undoable)
        push_undo(till, before);
    else
        keep_memory(till, before);
    till->view.can_undo = till->undo_count > 0;
    if (first && till->cart.count > 0) {
        char name[64];

        till_cart_name(till, name);
        fiscal_begin(till->fiscal, name);
        till_fold_log(till);
    }
    if (till->view.covered)
        till_ready_make(till);
    return STATUS_OK;
}

enum status till_want_open(struct till *till, struct error *error)
{
    enum status status = till_want_writer(till, error);

    till->denied = 0;
    if (status == STATUS_OK)
        status = till_want_replica(till, error);
    if (status == STATUS_OK && (!till->signed_in || till->locked))
        status = error_set(error, STATUS_DENIED, "nobody is signed in, or the till is locked");
    return status;
}

void till_empty_cart(struct till *till)
{
    till_forget_undo(till);
    cart_clear(&till->cart, catalogue_location(till->catalogue)->tax_included);
    INVARIANT(till_refigure(till, NULL) == STATUS_OK);
}

/* ---- what is kept in memory only ----------------------------------------------------------- */

enum status till_cart_select(struct till *till, int line, struct error *error)
{
    if (line != 0 && cart_line_find(&till->cart, line) == NULL)
        return error_set(error, STATUS_NOT_FOUND, "the cart has no line %d", line);
    till->cart.selected = line;
    return till_refigure(till, error);
}

enum status till_cart_arm(struct till *till, int multiplier, struct error *error)
{
    if (multiplier < 0 || multiplier > ARM_MAX)
        return error_set(error, STATUS_RANGE, "the multiplier is at most %d", ARM_MAX);
    till->cart.armed = multiplier;
    return till_refigure(till, error);
}

/* ---- changes of lines ----------------------------------------------------------------------- */

/* Opens a change that needs a permission beside selling (0: none). */
static enum status begin(struct till *till, enum permission permission,
                         char approved_by[STAFF_ID_SIZE], struct cart *before, struct error *error)
{
    enum status status = till_want_open(till, error);

    if (status == STATUS_OK)
        status = till_want(till, PERMISSION_SELL, NULL, error);
    if (status == STATUS_OK && permission != 0)
        status = till_want(till, permission, approved_by, error);
    if (status == STATUS_OK)
        till_change_begin(till, before);
    return status;
}

enum status till_cart_quantity(struct till *till, int line, struct quantity quantity,
                               struct error *error)
{
    struct cart before;
    enum status status = begin(till, 0, NULL, &before, error);

    if (status != STATUS_OK)
        return status;
    till->cart.selected = line;
    status = cart_quantity(&till->cart, line, quantity, error);
    return till_change_end(till, &before, status, true, error);
}

static enum status want_reason(const char *reason, struct error *error)
{
    if (reason == NULL || reason[0] == '\0')
        return error_set(error, STATUS_INVALID, "a reason is required");
    if (strlen(reason) >= REASON_SIZE || !text_is_utf8(reason, strlen(reason)))
        return error_set(error, STATUS_INVALID, "the reason is too long");
    if (card_number_like(reason))
        return error_set(error, STATUS_INVALID, "the reason looks like a card number");
    return STATUS_OK;
}

enum status till_cart_price(struct till *till, int line, struct money price, const char *reason,
                            struct error *error)
{
    struct cart before;
    char approved_by[STAFF_ID_SIZE];
    enum status status = want_reason(reason, error);

    if (status == STATUS_OK)
        status = begin(till, PERMISSION_PRICE_OVERRIDE, approved_by, &before, error);
    if (status != STATUS_OK)
        return status;
    status = cart_price(&till->cart, line, price, reason, approved_by, error);
    return till_change_end(till, &before, status, true, error);
}

enum status till_cart_remove(struct till *till, int line, struct error *error)
{
    struct cart before;
    enum status status = begin(till, PERMISSION_VOID, NULL, &before, error);

    if (status != STATUS_OK)
        return status;
    status = cart_remove(&till->cart, line, till->staff.id, error);
    return till_change_end(till, &before, status, true, error);
}

enum status till_cart_undo(struct till *till, struct error *error)
{
    struct cart before, goal;
    enum status status;

    if (till->undo_count == 0)
        return error_set(error, STATUS_NOT_FOUND, "nothing to undo");
    status = begin(till, 0, NULL, &before, error);
    if (status != STATUS_OK)
        return status;
    goal = till->undo[--till->undo_count];
    cart_init(&till->undo[till->undo_count], false);
    cart_undo(&till->cart, &goal, till->staff.id);
    status = till_change_end(till, &before, STATUS_OK, false, error);
    /* After a fault of the disk the cart was loaded anew, and has no past. */
    if (status == STATUS_OK || status == STATUS_IO || status == STATUS_CORRUPT)
        keep_memory(till, &goal);
    else
        till->undo[till->undo_count++] = goal;
    return status;
}

enum status till_cart_settle_out(struct till *till, int line, struct error *error)
{
    const struct cart_line *unknown = cart_line_find(&till->cart, line);
    struct cart before;
    enum status status;

    if (unknown == NULL || !unknown->unknown)
        return error_set(error, STATUS_NOT_FOUND, "line %d is no unknown code", line);
    status = begin(till, 0, NULL, &before, error);
    if (status != STATUS_OK)
        return status;
    status = cart_remove(&till->cart, line, till->staff.id, error);
    return till_change_end(till, &before, status, true, error);
}

enum status till_cart_returning(struct till *till, const char *reason, const char *condition,
                                struct error *error)
{
    struct cart before;
    char approved_by[STAFF_ID_SIZE] = "";
    bool on = reason != NULL && reason[0] != '\0';
    enum status status = on ? want_reason(reason, error) : STATUS_OK;

    if (status == STATUS_OK && on && strcmp(condition, CONDITION_RESTOCK) != 0 &&
        strcmp(condition, CONDITION_DAMAGED) != 0)
        status = error_set(error, STATUS_INVALID, "the condition is restock or damaged");
    if (status == STATUS_OK)
        status = begin(till, on ? PERMISSION_RETURN : 0, approved_by, &before, error);
    if (status != STATUS_OK)
        return status;
    copy_text(till->cart.return_reason, REASON_SIZE, on ? reason : "");
    copy_text(till->cart.return_condition, CONDITION_SIZE, on ? condition : "");
    copy_text(till->cart.return_approved_by, STAFF_ID_SIZE, approved_by);
    return till_change_end(till, &before, STATUS_OK, false, error);
}

static enum status begin_discount(struct till *till, struct pricing_discount discount,
                                  const char *reason, char approved_by[STAFF_ID_SIZE],
                                  struct cart *before, struct error *error)
{
    bool none = discount.percent ? discount.ppm == 0 : discount.amount.minor == 0;
    enum status status = none ? STATUS_OK : want_reason(reason, error);

    approved_by[0] = '\0';
    if (status == STATUS_OK)
        status = begin(till, none ? 0 : PERMISSION_DISCOUNT, approved_by, before, error);
    return status;
}

enum status till_cart_line_discount(struct till *till, int line, struct pricing_discount discount,
                                    const char *reason, struct error *error)
{
    struct cart before;
    char approved_by[STAFF_ID_SIZE];
    enum status status = begin_discount(till, discount, reason, approved_by, &before, error);

    if (status != STATUS_OK)
        return status;
    status = cart_line_discount(&till->cart, line, discount, reason == NULL ? "" : reason,
                                approved_by, error);
    return till_change_end(till, &before, status, true, error);
}

enum status till_cart_discount(struct till *till, struct pricing_discount discount,
                               const char *reason, struct error *error)
{
    struct cart before;
    char approved_by[STAFF_ID_SIZE];
    enum status status = begin_discount(till, discount, reason, approved_by, &before, error);

    if (status != STATUS_OK)
        return status;
    status = cart_discount(&till->cart, discount, reason == NULL ? "" : reason, approved_by, error);
    return till_change_end(till, &before, status, true, error);
}

static enum status set_text(struct till *till, char *member, size_t size, const char *text,
                            struct error *error)
{
    struct cart before;
    enum status status;

    if (strlen(text) >= size || !text_is_utf8(text, strlen(text)))
        return error_set(error, STATUS_INVALID, "the text is too long");
    if (card_number_like(text))
        return error_set(error, STATUS_INVALID, "the text looks like a card number");
    status = begin(till, 0, NULL, &before, error);
    if (status != STATUS_OK)
        return status;
    copy_text(member, size, text);
    return till_change_end(till, &before, STATUS_OK, true, error);
}

enum status till_cart_note(struct till *till, const char *note, struct error *error)
{
    return set_text(till, till->cart.note, sizeof till->cart.note, note, error);
}

enum status till_cart_customer(struct till *till, const char *pseudonym, struct error *error)
{
    return set_text(till, till->cart.customer, sizeof till->cart.customer, pseudonym, error);
}
