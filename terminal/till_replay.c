/* Prepared sales: a cart made in memory, settled exactly, put on the journal like any other.
 */
#include "terminal/till_replay.h"
#include "terminal/till_internal.h"

#include <stdlib.h>
#include <string.h>

#define REFERENCE_MOST 128

enum status till_replay_known(struct till *till, const char *reference, bool *known,
                              struct error *error)
{
    *known = false;
    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    return reference_known(till->db, reference, known, error);
}

static enum status add_line(struct till *till, struct cart *cart, const struct add_moment *moment,
                            const struct replay_line *line, struct error *error)
{
    struct add_terms terms = {
        .code = "", .quantity = line->quantity, .unchecked = true, .never_merge = true};
    struct found_item found;
    struct scan_result result = {0};
    struct cart_line *added;
    enum status status =
        catalogue_find_sku(till->catalogue, line->sku, &moment->prices, &found, error);

    if (status == STATUS_NOT_FOUND)
        return error_set(error, STATUS_NOT_FOUND, "no item %s", line->sku);
    if (status != STATUS_OK)
        return status;
    if (line->quantity.milli == 0 || (line->has_price && line->price.per_milli <= 0))
        return error_set(error, STATUS_INVALID, "%s: quantity or price", line->sku);
    if (line->has_price) {
        terms.has_price = true;
        terms.price_from = PRICE_FROM_REFERENCE;
    }
    status = cart_add(cart, moment, &found, &terms, &result, error);
    if (status == STATUS_OK && result.outcome != SCAN_ADDED)
        return error_set(error, STATUS_INVALID, "%s: no price or no tax rate", line->sku);
    if (status != STATUS_OK)
        return status;
    added = cart_line_find(cart, result.line);
    if (line->has_price) {
        added->price = line->price.scaled;
        added->per = line->price.per_milli;
    }
    if (line->quantity.milli < 0) {
        copy_text(added->reason, sizeof added->reason, line->reason == NULL ? "" : line->reason);
        copy_text(added->condition, sizeof added->condition, CONDITION_RESTOCK);
    }
    return STATUS_OK;
}

/* Exactly what is due, by the tender that was said. */
static enum status settle_exactly(struct cart *cart, bool cash, int64_t step,
                                  struct figures *figures, struct error *error)
{
    enum status status = figures_make(cart, step, figures, error);
    const struct settlement *settlement = &figures->settlement;

    if (status != STATUS_OK || settlement->covered)
        return status;
    if (cash)
        status = cart_tender_cash(cart, settlement->cash_due, settlement, error);
    else
        status = cart_tender_card(cart, settlement->to_pay, "", settlement, error);
    if (status == STATUS_OK)
        status = figures_make(cart, step, figures, error);
    if (status == STATUS_OK)
        INVARIANT(settlement->covered);
    return status;
}

static enum status fill_cart(struct till *till, const struct replay_sale *sale, struct cart *cart,
                             struct error *error)
{
    struct add_moment moment = till_moment(till);
    enum status status = STATUS_OK;

    copy_text(cart->customer, sizeof cart->customer, sale->customer);
    for (int i = 0; status == STATUS_OK && i < sale->count; i++)
        status = add_line(till, cart, &moment, &sale->lines[i], error);
    return status;
}

static enum status check(struct till *till, const struct replay_sale *sale, struct error *error)
{
    bool known = false;
    enum status status = till_want_writer(till, error);

    if (status == STATUS_OK)
        status = till_want_replica(till, error);
    if (status != STATUS_OK)
        return status;
    if (sale->count < 1 || sale->count > REPLAY_LINES)
        return error_set(error, STATUS_RANGE, "a sale has 1 to %d lines", REPLAY_LINES);
    if (sale->reference[0] == '\0' || strlen(sale->reference) > REFERENCE_MOST)
        return error_set(error, STATUS_INVALID, "a reference of 1 to %d bytes is required",
                         REFERENCE_MOST);
    if (strcmp(sale->tender, "cash") != 0 && strcmp(sale->tender, "card") != 0)
        return error_set(error, STATUS_INVALID, "the tender is cash or card");
    status = till_replay_known(till, sale->reference, &known, error);
    if (status == STATUS_OK && known)
        return error_set(error, STATUS_EXISTS, "%s is on the journal", sale->reference);
    return status;
}

enum status till_replay_sale(struct till *till, const struct replay_sale *sale,
                             char receipt[TILL_RECEIPT_SIZE], struct error *error)
{
    struct figures *figures;
    struct cart cart;
    struct receipt_row row;
    int64_t seq, step;
    enum status status = check(till, sale, error);

    if (status != STATUS_OK)
        return status;
    step = catalogue_location(till->catalogue)->cash_round_minor;
    figures = mem_alloc(sizeof *figures);
    cart_init(&cart, catalogue_location(till->catalogue)->tax_included);
    status = fill_cart(till, sale, &cart, error);
    if (status == STATUS_OK)
        status = settle_exactly(&cart, strcmp(sale->tender, "cash") == 0, step < 1 ? 1 : step,
                                figures, error);
    if (status == STATUS_OK) {
        struct selling selling = {
            .cart = &cart, .figures = figures, .staff = sale->staff, .reference = sale->reference};

        status = till_sell(till, &selling, &row, &seq, error);
    }
    if (status == STATUS_OK && receipt != NULL)
        copy_text(receipt, TILL_RECEIPT_SIZE, row.number);
    cart_finish(&cart);
    free(figures);
    return status;
}
