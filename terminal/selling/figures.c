#include "terminal/selling/figures.h"

#include "terminal/pricing/part.h"

#include <string.h>

static struct pricing_discount discount_of(bool percent, int64_t value)
{
    struct pricing_discount discount = {.percent = percent};

    if (percent)
        discount.ppm = (int32_t)value;
    else
        discount.amount.minor = value;
    return discount;
}

static bool counts(const struct cart_line *line)
{
    return !line->removed && !line->unknown;
}

/* Of goods that come back for what was paid: their part of it. */
static enum status give_back(const struct cart *cart, const struct cart_line *line,
                             struct pricing_line *out)
{
    struct pricing_paid paid = {.base = {line->origin_sold},
                                .amount = {line->origin_amount},
                                .tax = {line->origin_tax},
                                .tax_included = cart->tax_included};
    struct money amount, tax;
    enum status status = pricing_part(&paid, (struct quantity){line->origin_before},
                                      (struct quantity){-out->base.milli}, &amount, &tax);

    if (status != STATUS_OK)
        return status;
    out->given = true;
    out->given_gross = money_negate(amount);
    out->given_tax = money_negate(tax);
    return STATUS_OK;
}

static enum status pricing_of(const struct cart *cart, const struct cart_line *line,
                              struct pricing_line *out)
{
    *out = (struct pricing_line){.base = cart_line_base(line),
                                 .price = {line->price, line->per},
                                 .tax_code = line->tax_code,
                                 .treatment = line->treatment,
                                 .rate_ppm = (int32_t)line->rate_ppm,
                                 .discount = discount_of(line->discount_percent, line->discount),
                                 .charge = line->charge};
    /* An override of the price since then is what goes back. */
    if (line->origin_paid && strcmp(line->price_from, PRICE_FROM_ORIGINAL) == 0)
        return give_back(cart, line, out);
    return STATUS_OK;
}

static enum status total_lines(const struct cart *cart, struct figures *out)
{
    struct pricing_line lines[PRICING_LINES];
    size_t count = 0;
    enum status status = STATUS_OK;

    for (int i = 0; status == STATUS_OK && i < cart->count; i++) {
        if (counts(&cart->lines[i]))
            status = pricing_of(cart, &cart->lines[i], &lines[count++]);
    }
    if (status != STATUS_OK)
        return status;
    status = pricing_total(lines, count, cart->tax_included,
                           discount_of(cart->discount_percent, cart->discount), out->lines,
                           &out->totals);
    /* Back to the places of the cart's own lines, from the end. */
    for (int i = cart->count; i-- > 0;) {
        if (counts(&cart->lines[i]))
            out->lines[i] = out->lines[--count];
        else
            memset(&out->lines[i], 0, sizeof out->lines[i]);
    }
    return status;
}

enum status figures_make(const struct cart *cart, int64_t cash_step, struct figures *out,
                         struct error *error)
{
    struct settle_tender tenders[CART_TENDERS];
    size_t count = 0;
    enum status status = total_lines(cart, out);

    for (int64_t i = 0; i < cart->tender_count; i++) {
        if (!cart->tenders[i].reversed)
            tenders[count++] = (struct settle_tender){.cash = cart->tenders[i].cash,
                                                      .amount = {cart->tenders[i].amount}};
    }
    if (status == STATUS_OK)
        status = settle(out->totals.gross, tenders, count, cash_step, &out->settlement);
    if (status != STATUS_OK)
        return error_set(error, status, "the cart's figures do not fit");
    return STATUS_OK;
}

static void view_discounts(const struct cart *cart, const struct cart_line *line,
                           const struct pricing_line_total *total, struct line_view *out)
{
    if (total->line_discount.minor != 0)
        out->discounts[out->discount_count++] =
            (struct discount_view){line->discount_reason, total->line_discount, false};
    if (total->cart_discount.minor != 0)
        out->discounts[out->discount_count++] =
            (struct discount_view){cart->discount_reason, total->cart_discount, true};
}

static void view_line(const struct cart *cart, const struct cart_line *line,
                      const struct pricing_line_total *total, struct line_view *out)
{
    memset(out, 0, sizeof *out);
    out->id = (int)line->id;
    out->state = line->unknown ? LINE_UNKNOWN : LINE_READY;
    out->sku = line->sku;
    out->name = line->name;
    out->code = line->code;
    out->unit = line->unit;
    out->pack = line->pack_label;
    out->quantity.milli = line->quantity;
    out->base = cart_line_base(line);
    out->price = (struct price){line->price, line->per};
    if (price_extend(out->price, (struct quantity){line->factor}, &out->pack_price) != STATUS_OK)
        out->pack_price.minor = 0;
    out->gross = total->gross;
    out->amount = total->amount;
    view_discounts(cart, line, total, out);
    out->linked_to = (int)line->linked_to;
    out->weighed = line->weighed;
    out->is_return = line->quantity < 0;
    out->price_overridden = strcmp(line->price_from, PRICE_FROM_OVERRIDE) == 0;
    out->open_price = strcmp(line->price_from, PRICE_FROM_OPEN) == 0;
    out->selected = line->id == cart->selected;
    out->reason = line->reason;
    out->condition = line->condition;
}

/* Packs count as packs, a weighed line as one thing, charges not at all. */
static int64_t things(const struct cart_line *line)
{
    int64_t size = line->quantity < 0 ? -line->quantity : line->quantity;

    if (line->charge)
        return 0;
    return size % QUANTITY_ONE != 0 || line->weighed ? 1 : size / QUANTITY_ONE;
}

static void view_tenders(const struct cart *cart, struct cart_view *out)
{
    for (int64_t i = 0; i < cart->tender_count; i++) {
        const struct cart_tender *tender = &cart->tenders[i];

        out->tenders[out->tender_count++] = (struct tender_view){
            .id = (int)tender->id,
            .type = cart_tender_type(tender),
            .reference = tender->account[0] != '\0' ? tender->account : tender->reference,
            .amount = {tender->amount},
            .reversed = tender->reversed};
    }
}

static void view_rates(const struct pricing_totals *totals, struct cart_view *out)
{
    for (int i = 0; i < totals->rate_count; i++)
        out->rates[out->rate_count++] = (struct rate_view){.code = totals->rates[i].code,
                                                           .rate_ppm = totals->rates[i].rate_ppm,
                                                           .net = totals->rates[i].net,
                                                           .tax = totals->rates[i].tax,
                                                           .gross = totals->rates[i].gross};
}

static void view_money(const struct figures *figures, struct cart_view *out)
{
    const struct settlement *settlement = &figures->settlement;

    out->net = figures->totals.net;
    out->tax = figures->totals.tax;
    out->total = figures->totals.gross;
    out->saved = figures->totals.saved;
    out->paid = settlement->paid;
    out->to_pay = settlement->to_pay;
    out->cash_due = settlement->cash_due;
    out->change = settlement->change;
}

void figures_view(const struct cart *cart, const struct figures *figures, bool undo,
                  struct line_view *lines, struct cart_view *out)
{
    memset(out, 0, sizeof *out);
    out->lines = lines;
    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].removed)
            continue;
        view_line(cart, &cart->lines[i], &figures->lines[i], &lines[out->count++]);
        out->items += things(&cart->lines[i]);
    }
    out->selected = (int)cart->selected;
    out->unsettled = cart_unsettled(cart);
    out->armed = (int)cart->armed;
    out->tax_included = cart->tax_included;
    view_money(figures, out);
    view_rates(&figures->totals, out);
    view_tenders(cart, out);
    out->covered = figures->settlement.covered && out->unsettled == 0 && out->count > 0;
    out->can_undo = undo;
    out->has_discount = cart->discount != 0;
    out->discount_reason = cart->discount_reason;
    out->note = cart->note;
    out->customer = cart->customer;
}
