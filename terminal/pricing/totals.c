/* One pass per step of the drawing in the header; each step leaves its invariant behind.
 *
 * Largest-remainder allocation needs weights >= 0. Both discounts and taxes are therefore shared
 * out among lines of one direction only, with |amount| as weight and the sign put back.
 */
#include "terminal/pricing/totals.h"

#include <string.h>

/* A set of lines of one rate and direction, while it is summed and shared out. */
struct share {
    int64_t weights[PRICING_LINES];
    struct money parts[PRICING_LINES];
    size_t lines[PRICING_LINES];
    size_t count;
};

static bool is_return(const struct pricing_line *line)
{
    return line->base.milli < 0;
}

static int64_t magnitude(struct money amount)
{
    return amount.minor < 0 ? -amount.minor : amount.minor;
}

static struct money signed_as(int64_t size, bool negative)
{
    return (struct money){negative ? -size : size};
}

static bool line_is_valid(const struct pricing_line *line)
{
    return line->base.milli != 0 && line->price.scaled >= 0 && line->price.per_milli > 0 &&
           line->rate_ppm >= 0 && line->rate_ppm <= 10 * RATE_ONE &&
           (!line->given ||
            (is_return(line) && line->given_gross.minor <= 0 && line->given_tax.minor <= 0));
}

static bool discount_is_valid(struct pricing_discount discount)
{
    return discount.percent ? discount.ppm >= 0 && discount.ppm <= RATE_ONE
                            : discount.amount.minor >= 0;
}

/* What the discount takes off `available` (>= 0). */
static enum status discount_size(struct pricing_discount discount, int64_t available, int64_t *out)
{
    if (discount.percent)
        return multiply_divide(available, discount.ppm, RATE_ONE, out);
    *out = discount.amount.minor < available ? discount.amount.minor : available;
    return STATUS_OK;
}

static enum status add_to(struct money *sum, struct money amount)
{
    return money_add(*sum, amount, sum);
}

static enum status extend_line(const struct pricing_line *line, struct pricing_line_total *out)
{
    int64_t off;
    enum status status;

    memset(out, 0, sizeof *out);
    if (!line_is_valid(line) || !discount_is_valid(line->discount))
        return STATUS_INVALID;
    out->gross = line->given_gross;
    status = line->given ? STATUS_OK : price_extend(line->price, line->base, &out->gross);
    if (status != STATUS_OK)
        return status;
    if (out->gross.minor == INT64_MIN)
        return STATUS_RANGE;
    status = discount_size(line->discount, magnitude(out->gross), &off);
    if (status != STATUS_OK)
        return status;
    INVARIANT(off >= 0 && off <= magnitude(out->gross));
    out->line_discount = signed_as(off, is_return(line));
    return money_subtract(out->gross, out->line_discount, &out->amount);
}

static void share_add(struct share *share, size_t line, struct money amount)
{
    share->weights[share->count] = magnitude(amount);
    share->lines[share->count] = line;
    share->count++;
}

static enum status share_sum(const struct share *share, struct money *out)
{
    *out = (struct money){0};
    for (size_t i = 0; i < share->count; i++) {
        enum status status = add_to(out, (struct money){share->weights[i]});

        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status apply_cart_discount(const struct pricing_line *lines, size_t count,
                                       struct pricing_discount cart, struct share *share,
                                       struct pricing_line_total *out)
{
    struct money available;
    int64_t off;
    enum status status;

    share->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_return(&lines[i]) && !lines[i].charge)
            share_add(share, i, out[i].amount);
    }
    if (share->count == 0)
        return STATUS_OK;
    status = share_sum(share, &available);
    if (status == STATUS_OK)
        status = discount_size(cart, available.minor, &off);
    if (status == STATUS_OK && off != 0)
        status = money_allocate((struct money){off}, share->weights, share->count, share->parts);
    if (status != STATUS_OK || off == 0)
        return status;
    for (size_t i = 0; i < share->count; i++) {
        struct pricing_line_total *line = &out[share->lines[i]];

        line->cart_discount = share->parts[i];
        status = money_subtract(line->amount, line->cart_discount, &line->amount);
        if (status != STATUS_OK)
            return status;
        INVARIANT(line->amount.minor >= 0);
    }
    return STATUS_OK;
}

static const char *text_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static int rate_order(const struct pricing_rate *rate, const struct pricing_line *line)
{
    int order = strcmp(rate->code, text_or_empty(line->tax_code));

    if (order != 0)
        return order;
    if (rate->rate_ppm != line->rate_ppm)
        return rate->rate_ppm < line->rate_ppm ? -1 : 1;
    return strcmp(rate->treatment, text_or_empty(line->treatment));
}

/* Puts the line's rate into the ordered table unless it is there. */
static enum status rate_insert(struct pricing_totals *totals, const struct pricing_line *line)
{
    int at = 0;

    while (at < totals->rate_count && rate_order(&totals->rates[at], line) < 0)
        at++;
    if (at < totals->rate_count && rate_order(&totals->rates[at], line) == 0)
        return STATUS_OK;
    if (totals->rate_count == PRICING_RATES)
        return STATUS_RANGE;
    memmove(&totals->rates[at + 1], &totals->rates[at],
            (size_t)(totals->rate_count - at) * sizeof totals->rates[0]);
    totals->rates[at] = (struct pricing_rate){.code = text_or_empty(line->tax_code),
                                              .treatment = text_or_empty(line->treatment),
                                              .rate_ppm = line->rate_ppm};
    totals->rate_count++;
    return STATUS_OK;
}

static int rate_find(const struct pricing_totals *totals, const struct pricing_line *line)
{
    for (int i = 0; i < totals->rate_count; i++) {
        if (rate_order(&totals->rates[i], line) == 0)
            return i;
    }
    INVARIANT(false); /* every line's rate was inserted */
}

/* net, tax and total of one line from its share of the tax. */
static enum status tax_line(struct pricing_line_total *line, struct money tax, bool tax_included,
                            struct pricing_rate *rate)
{
    enum status status;

    line->tax = tax;
    if (tax_included) {
        line->total = line->amount;
        status = money_subtract(line->amount, tax, &line->net);
    } else {
        line->net = line->amount;
        status = money_add(line->amount, tax, &line->total);
    }
    if (status == STATUS_OK)
        status = add_to(&rate->net, line->net);
    if (status == STATUS_OK)
        status = add_to(&rate->tax, line->tax);
    if (status == STATUS_OK)
        status = add_to(&rate->gross, line->total);
    return status;
}

static enum status tax_group(struct share *share, bool returned, bool tax_included,
                             struct pricing_rate *rate, struct pricing_line_total *out)
{
    struct money sum, tax;
    enum status status = share_sum(share, &sum);

    if (share->count == 0)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = tax_included ? tax_inside(sum, rate->rate_ppm, &tax)
                              : tax_on_top(sum, rate->rate_ppm, &tax);
    if (status == STATUS_OK)
        status = money_allocate(tax, share->weights, share->count, share->parts);
    for (size_t i = 0; status == STATUS_OK && i < share->count; i++)
        status = tax_line(&out[share->lines[i]], signed_as(share->parts[i].minor, returned),
                          tax_included, rate);
    return status;
}

/* The tax that was paid with the goods, less what a discount leaves out of it. */
static enum status tax_given(const struct pricing_line *line, bool tax_included,
                             struct pricing_totals *totals, struct pricing_line_total *out)
{
    struct money tax = line->given_tax;
    enum status status = STATUS_OK;

    if (out->line_discount.minor != 0)
        status =
            multiply_divide(tax.minor, magnitude(out->amount), magnitude(out->gross), &tax.minor);
    return status == STATUS_OK ? tax_line(out, tax, tax_included, &totals->rates[out->rate])
                               : status;
}

static enum status tax_rates(const struct pricing_line *lines, size_t count, bool tax_included,
                             struct share *share, struct pricing_line_total *out,
                             struct pricing_totals *totals)
{
    for (size_t i = 0; i < count; i++) {
        enum status status = rate_insert(totals, &lines[i]);

        if (status != STATUS_OK)
            return status;
    }
    for (size_t i = 0; i < count; i++)
        out[i].rate = rate_find(totals, &lines[i]);
    for (int group = 0; group < 2 * totals->rate_count; group++) {
        bool returned = group % 2 == 1;
        enum status status;

        share->count = 0;
        for (size_t i = 0; i < count; i++) {
            if (out[i].rate == group / 2 && is_return(&lines[i]) == returned && !lines[i].given)
                share_add(share, i, out[i].amount);
        }
        status = tax_group(share, returned, tax_included, &totals->rates[group / 2], out);
        if (status != STATUS_OK)
            return status;
    }
    for (size_t i = 0; i < count; i++) {
        enum status status =
            lines[i].given ? tax_given(&lines[i], tax_included, totals, &out[i]) : STATUS_OK;

        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status sum_up(const struct pricing_line_total *lines, size_t count,
                          struct pricing_totals *totals)
{
    enum status status = STATUS_OK;
    struct money check = {0};

    for (int i = 0; status == STATUS_OK && i < totals->rate_count; i++) {
        status = add_to(&totals->net, totals->rates[i].net);
        if (status == STATUS_OK)
            status = add_to(&totals->tax, totals->rates[i].tax);
        if (status == STATUS_OK)
            status = add_to(&totals->gross, totals->rates[i].gross);
    }
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        status = add_to(&totals->saved, lines[i].line_discount);
        if (status == STATUS_OK)
            status = add_to(&totals->saved, lines[i].cart_discount);
        if (status == STATUS_OK)
            status = add_to(&check, lines[i].total);
    }
    if (status == STATUS_OK) {
        INVARIANT(check.minor == totals->gross.minor);
        INVARIANT(totals->net.minor + totals->tax.minor == totals->gross.minor);
    }
    return status;
}

enum status pricing_total(const struct pricing_line *lines, size_t count, bool tax_included,
                          struct pricing_discount cart, struct pricing_line_total *out,
                          struct pricing_totals *totals)
{
    struct share share = {.count = 0};
    enum status status = STATUS_OK;

    memset(totals, 0, sizeof *totals);
    if (count > PRICING_LINES)
        return STATUS_RANGE;
    if (!discount_is_valid(cart))
        return STATUS_INVALID;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = extend_line(&lines[i], &out[i]);
    if (status == STATUS_OK)
        status = apply_cart_discount(lines, count, cart, &share, out);
    if (status == STATUS_OK)
        status = tax_rates(lines, count, tax_included, &share, out, totals);
    if (status == STATUS_OK)
        status = sum_up(out, count, totals);
    return status;
}
