/* The commit of a sale, by the till's own cart or by a prepared one.
 */
#include "terminal/till_internal.h"

#include "terminal/base/log.h"
#include "terminal/selling/accounts.h"

#include <stdlib.h>
#include <string.h>

/* What is worked out before the transaction. */
struct prepared {
    json_t *body;
    struct receipt_row row; /* key and number */
    struct perpetual totals;
    struct kit_part *parts;
    size_t part_count;
    struct stock_move *moves;
    size_t move_count;
    struct lease_use leases[CART_TENDERS];
    size_t lease_count;
    struct shift shift; /* with this sale in its sums */
};

static void prepared_destroy(struct prepared *prepared)
{
    if (prepared == NULL)
        return;
    json_decref(prepared->body);
    free(prepared->parts);
    free(prepared->moves);
    free(prepared);
}

static void fill_row(const struct selling *selling, struct receipt_row *row)
{
    const struct settlement *settlement = &selling->figures->settlement;
    const struct cart *cart = selling->cart;

    row->total = selling->figures->totals.gross.minor;
    row->rounding = settlement->rounding.minor;
    row->paid = settlement->paid.minor;
    row->change = settlement->change.minor;
    row->is_return = sale_is_return(cart);
    row->cart = cart->id;
    copy_text(row->staff, sizeof row->staff, selling->staff);
    for (int64_t i = 0; i < cart->tender_count; i++)
        row->cash = row->cash || (cart->tenders[i].cash && !cart->tenders[i].reversed);
    for (int i = 0; i < cart->count; i++) {
        if (!cart->lines[i].removed && !cart->lines[i].charge)
            copy_text(row->sku_last, sizeof row->sku_last, cart->lines[i].sku);
    }
}

/* The body as far as it is known before the fiscal device has spoken; its place is kept. */
static enum status build_body(struct till *till, const struct selling *selling,
                              struct prepared *out, struct error *error)
{
    struct sale_terms terms = {.location = till->identity.location,
                               .till = till->identity.till,
                               .receipt = out->row.number,
                               .reference = selling->reference,
                               .currency = till->currency.code,
                               .shift = selling->shift == NULL ? 0 : selling->shift->shift,
                               .parts = out->parts,
                               .part_count = out->part_count};
    enum status status = catalogue_prices_position(till->catalogue, &terms.prices_position, error);

    if (status != STATUS_OK)
        return status;
    out->body = json_object();
    sale_put(out->body, selling->cart, selling->figures, &terms);
    perpetual_put(out->body, &out->totals);
    json_put(out->body, "fiscal", json_object());
    out->lease_count = accounts_uses(selling->cart, out->leases);
    sale_moves(selling->cart, &terms, &out->moves, &out->move_count);
    entry_put_moves(out->body, out->moves, out->move_count);
    return STATUS_OK;
}

static enum status fill_prepared(struct till *till, const struct selling *selling,
                                 struct prepared *out, struct error *error)
{
    enum status status =
        receipt_next(till->db, till->identity.till, journal_epoch_number(till->journal),
                     journal_epoch_tag(till->journal), &out->row, error);

    if (status != STATUS_OK)
        return till_after(till, status, error);
    out->totals = journal_perpetual(till->journal);
    status = sale_perpetual(selling->cart, selling->figures, &out->totals, error);
    if (status == STATUS_OK)
        status = sale_kit_parts(till->catalogue, selling->cart, selling->figures, &out->parts,
                                &out->part_count, error);
    if (status == STATUS_OK && selling->shift != NULL) {
        out->shift = *selling->shift;
        status = sums_add_sale(&out->shift.sums, selling->cart, selling->figures,
                               sale_is_return(selling->cart), error);
    }
    return status == STATUS_OK ? build_body(till, selling, out, error) : status;
}

enum status till_sale_fits(struct till *till, struct error *error)
{
    struct kit_part *parts = NULL;
    struct sale_terms terms = {.location = till->identity.location};
    enum status status = sale_kit_parts(till->catalogue, &till->cart, &till->figures, &parts,
                                        &terms.part_count, error);

    terms.parts = parts;
    if (status == STATUS_OK)
        status = sale_fits(&till->cart, &till->figures, &terms, error);
    free(parts);
    return status;
}

static enum status prepare(struct till *till, const struct selling *selling, struct prepared **out,
                           struct error *error)
{
    struct prepared *prepared = mem_alloc(sizeof *prepared);
    enum status status = fill_prepared(till, selling, prepared, error);

    if (status != STATUS_OK) {
        prepared_destroy(prepared);
        prepared = NULL;
    }
    *out = prepared;
    return status;
}

static struct selling selling_of(struct till *till)
{
    return (struct selling){.cart = &till->cart,
                            .figures = &till->figures,
                            .staff = till->staff.id,
                            .reference = "",
                            .shift = &till->shift,
                            .print = true};
}

void till_ready_make(struct till *till)
{
    struct selling selling = selling_of(till);
    struct error error;

    till_ready_drop(till);
    if (till->shift.shift != 0 && prepare(till, &selling, &till->ready, &error) != STATUS_OK)
        log_line(LOG_LEVEL_WARN, "till", "%s", error.text);
}

void till_ready_drop(struct till *till)
{
    prepared_destroy(till->ready);
    till->ready = NULL;
}

/* The fiscal device is asked last, when everything else about the sale is settled. */
static void ask_fiscal(struct till *till, json_t *body)
{
    char name[64];

    till_cart_name(till, name);
    json_put(body, "fiscal", fiscal_finish(till->fiscal, name, body));
}

static enum status write_sale(struct till *till, const struct selling *selling,
                              struct prepared *prepared, int64_t *seq, struct error *error)
{
    struct record record = {.kind = "sale",
                            .staff = selling->staff,
                            .body = prepared->body,
                            .totals = &prepared->totals,
                            .moves = prepared->moves,
                            .move_count = prepared->move_count,
                            .leases = prepared->leases,
                            .lease_count = prepared->lease_count,
                            .reference = selling->reference,
                            .taken_back = selling->cart,
                            .shift = selling->shift == NULL ? NULL : &prepared->shift,
                            .receipt = &prepared->row,
                            .print_receipt = selling->print,
                            .note = selling->cart->note};
    enum status status = till_write(till, &record, error);

    *seq = record.seq;
    return status;
}

enum status till_sell(struct till *till, const struct selling *selling, struct receipt_row *row,
                      int64_t *seq, struct error *error)
{
    struct prepared *prepared = NULL;
    int64_t cart = selling->cart->id;
    enum status status = STATUS_OK;

    memset(row, 0, sizeof *row);
    if (selling->cart == &till->cart) {
        prepared = till->ready;
        till->ready = NULL;
    }
    if (prepared == NULL)
        status = prepare(till, selling, &prepared, error);
    if (status != STATUS_OK)
        return status;
    /* Since the tender the ledger may have said less, or a restored disk opened a new epoch. */
    status = till_leases_hold(till, prepared->leases, prepared->lease_count, error);
    if (status == STATUS_OK)
        status = refund_holds(till->db, selling->cart, error);
    if (status != STATUS_OK) {
        prepared_destroy(prepared);
        return status;
    }
    fill_row(selling, &prepared->row);
    ask_fiscal(till, prepared->body);
    status = write_sale(till, selling, prepared, seq, error);
    if (status == STATUS_OK) {
        *row = prepared->row;
        till->sold_cart = cart == 0 ? till->sold_cart : cart;
        if (selling->shift != NULL)
            *selling->shift = prepared->shift;
        till->unsent_sales++;
    }
    prepared_destroy(prepared);
    return status;
}

static void fill_result(const struct receipt_row *row, int64_t seq, struct sale_result *out)
{
    memset(out, 0, sizeof *out);
    copy_text(out->receipt, sizeof out->receipt, row->number);
    copy_text(out->sku_last, sizeof out->sku_last, row->sku_last);
    out->seq = seq;
    out->print_job = row->print_job;
    out->total.minor = row->total;
    out->rounding.minor = row->rounding;
    out->paid.minor = row->paid;
    out->change.minor = row->change;
    out->drawer = row->cash;
    out->at_ms = row->at_ms;
}

enum status till_sale_commit(struct till *till, struct sale_result *out, struct error *error)
{
    struct selling selling = selling_of(till);
    struct receipt_row row;
    int64_t seq = 0;
    enum status status = till_want_open(till, error);

    if (status == STATUS_OK)
        status = till_want(till, PERMISSION_SELL, NULL, error);
    if (status != STATUS_OK)
        return status;
    if (!till->view.covered)
        return error_set(error, STATUS_CONFLICT, "the sale is not covered yet");
    if (till->shift.shift == 0)
        return error_set(error, STATUS_CONFLICT, "no shift is open");
    status = till_sell(till, &selling, &row, &seq, error);
    if (status != STATUS_OK)
        return status;
    fill_result(&row, seq, out);
    till_empty_cart(till);
    return STATUS_OK;
}

enum status till_last_sale(struct till *till, struct sale_result *out, struct error *error)
{
    struct receipt_row row;
    enum status status;

    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    status = receipt_find(till->db, "", &row, error);
    if (status == STATUS_OK)
        fill_result(&row, ENTRY_KEY_SEQ(row.entry), out);
    return status;
}
