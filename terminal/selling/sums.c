#include "terminal/selling/sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status sums_add(struct sums *sums, const char *name, int64_t value, struct error *error)
{
    int at = 0;

    if (value == 0)
        return STATUS_OK;
    while (at < sums->count && strcmp(sums->items[at].name, name) < 0)
        at++;
    if (at == sums->count || strcmp(sums->items[at].name, name) != 0) {
        if (sums->count == SUMS_MAX || strlen(name) >= SUM_NAME_SIZE)
            return error_set(error, STATUS_RANGE, "too many sums in a shift");
        memmove(&sums->items[at + 1], &sums->items[at],
                (size_t)(sums->count - at) * sizeof sums->items[0]);
        memset(&sums->items[at], 0, sizeof sums->items[0]);
        copy_text(sums->items[at].name, SUM_NAME_SIZE, name);
        sums->count++;
    }
    if (__builtin_add_overflow(sums->items[at].value, value, &sums->items[at].value))
        return error_set(error, STATUS_RANGE, "%s: the shift's sum does not fit", name);
    return STATUS_OK;
}

int64_t sums_get(const struct sums *sums, const char *name)
{
    for (int i = 0; i < sums->count; i++) {
        if (strcmp(sums->items[i].name, name) == 0)
            return sums->items[i].value;
    }
    return 0;
}

/* "rate:CODE:PPM:WHAT" into its parts; false for every other name. The code may hold colons. */
static bool rate_parts(const char *name, struct sum_rate *out, const char **what)
{
    char stem[SUM_NAME_SIZE];
    char *ppm;

    if (strncmp(name, "rate:", 5) != 0)
        return false;
    copy_text(stem, sizeof stem, name + 5);
    ppm = strrchr(stem, ':');
    if (ppm == NULL)
        return false;
    *what = strrchr(name, ':') + 1;
    *ppm = '\0';
    ppm = strrchr(stem, ':');
    if (ppm == NULL)
        return false;
    *ppm = '\0';
    memset(out, 0, sizeof *out);
    copy_text(out->code, sizeof out->code, stem);
    out->rate_ppm = strtoll(ppm + 1, NULL, 10);
    return true;
}

static struct sum_rate *rate_of(struct sum_rate *rates, int *count, const struct sum_rate *like)
{
    for (int i = 0; i < *count; i++) {
        if (rates[i].rate_ppm == like->rate_ppm && strcmp(rates[i].code, like->code) == 0)
            return &rates[i];
    }
    if (*count == CART_RATES)
        return NULL;
    rates[*count] = *like;
    return &rates[(*count)++];
}

int sums_rates(const struct sums *sums, struct sum_rate out[CART_RATES])
{
    int count = 0;

    for (int i = 0; i < sums->count; i++) {
        struct sum_rate parts, *rate;
        const char *what;

        if (!rate_parts(sums->items[i].name, &parts, &what))
            continue;
        rate = rate_of(out, &count, &parts);
        if (rate == NULL)
            break;
        if (strcmp(what, "net") == 0)
            rate->net = sums->items[i].value;
        else if (strcmp(what, "tax") == 0)
            rate->tax = sums->items[i].value;
        else
            rate->gross = sums->items[i].value;
    }
    return count;
}

static bool contains(const struct sums *all, const struct sums *some)
{
    for (int i = 0; i < some->count; i++) {
        if (sums_get(all, some->items[i].name) != some->items[i].value)
            return false;
    }
    return true;
}

bool sums_equal(const struct sums *a, const struct sums *b)
{
    return contains(a, b) && contains(b, a);
}

json_t *sums_to_json(const struct sums *sums)
{
    json_t *object = json_object();

    for (int i = 0; i < sums->count; i++) {
        if (sums->items[i].value != 0)
            json_put_int(object, sums->items[i].name, sums->items[i].value);
    }
    return object;
}

enum status sums_from_json(const json_t *json, struct sums *out, struct error *error)
{
    const char *name;
    json_t *value;

    out->count = 0;
    json_object_foreach((json_t *)json, name, value)
    {
        enum status status;

        if (!json_is_integer(value))
            return error_set(error, STATUS_CORRUPT, "a shift's sum is no number");
        status = sums_add(out, name, json_integer_value(value), error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status add_rate(struct sums *sums, const char *code, int64_t rate, const char *what,
                            int64_t value, struct error *error)
{
    char name[SUM_NAME_SIZE + 64];

    (void)snprintf(name, sizeof name, "rate:%s:%lld:%s", code, (long long)rate, what);
    return sums_add(sums, name, value, error);
}

static enum status add_rates(struct sums *sums, const struct pricing_totals *totals,
                             struct error *error)
{
    enum status status = STATUS_OK;

    for (int i = 0; status == STATUS_OK && i < totals->rate_count; i++) {
        const struct pricing_rate *rate = &totals->rates[i];

        status = add_rate(sums, rate->code, rate->rate_ppm, "net", rate->net.minor, error);
        if (status == STATUS_OK)
            status = add_rate(sums, rate->code, rate->rate_ppm, "tax", rate->tax.minor, error);
        if (status == STATUS_OK)
            status = add_rate(sums, rate->code, rate->rate_ppm, "gross", rate->gross.minor, error);
    }
    return status;
}

static enum status add_tenders(struct sums *sums, const struct cart *cart, int64_t change,
                               struct error *error)
{
    enum status status = sums_add(sums, "cash", -change, error);

    for (int64_t i = 0; status == STATUS_OK && i < cart->tender_count; i++) {
        const struct cart_tender *tender = &cart->tenders[i];

        if (!tender->reversed)
            status = sums_add(sums, cart_tender_type(tender), tender->amount, error);
    }
    return status;
}

enum status sums_add_sale(struct sums *sums, const struct cart *cart, const struct figures *figures,
                          bool is_return, struct error *error)
{
    int64_t sold = 0, returned = 0;
    enum status status;

    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].quantity < 0)
            returned -= figures->lines[i].total.minor;
        else
            sold += figures->lines[i].total.minor;
    }
    status = sums_add(sums, is_return ? "returns" : "sales", 1, error);
    if (status == STATUS_OK)
        status = sums_add(sums, "sales_gross", sold, error);
    if (status == STATUS_OK)
        status = sums_add(sums, "returns_gross", returned, error);
    if (status == STATUS_OK)
        status = sums_add(sums, "discounts", figures->totals.saved.minor, error);
    if (status == STATUS_OK)
        status = sums_add(sums, "rounding", figures->settlement.rounding.minor, error);
    if (status == STATUS_OK)
        status = add_tenders(sums, cart, figures->settlement.change.minor, error);
    return status == STATUS_OK ? add_rates(sums, &figures->totals, error) : status;
}

/* ---- from the signed bytes --------------------------------------------------------------------
 */

static enum status entry_line(struct sums *sums, const json_t *line, struct error *error)
{
    int64_t total = 0;
    size_t index;
    json_t *part;
    enum status status = STATUS_OK;

    json_array_foreach(json_object_get(line, "tax"), index, part)
    {
        total += json_int_or(part, "net", 0) + json_int_or(part, "tax", 0);
    }
    json_array_foreach(json_object_get(line, "discounts"), index, part)
    {
        if (status == STATUS_OK)
            status = sums_add(sums, "discounts", json_int_or(part, "amount", 0), error);
    }
    if (status != STATUS_OK)
        return status;
    if (json_int_or(line, "base", 0) < 0)
        return sums_add(sums, "returns_gross", -total, error);
    return sums_add(sums, "sales_gross", total, error);
}

static enum status entry_rate(struct sums *sums, const json_t *rate, struct error *error)
{
    static const char *const parts[] = {"net", "tax", "gross"};
    enum status status = STATUS_OK;

    for (int i = 0; status == STATUS_OK && i < 3; i++)
        status = add_rate(sums, json_text_or(rate, "code", ""), json_int_or(rate, "rate", 0),
                          parts[i], json_int_or(rate, parts[i], 0), error);
    return status;
}

static enum status entry_tender(struct sums *sums, const json_t *tender, struct error *error)
{
    const char *type = json_text_or(tender, "type", "");

    if (strcmp(json_text_or(tender, "state", ""), "taken") != 0)
        return STATUS_OK;
    if (strcmp(type, TENDER_CASH) != 0 && strcmp(type, TENDER_ACCOUNT) != 0)
        type = TENDER_CARD;
    return sums_add(sums, type, json_int_or(tender, "amount", 0), error);
}

static enum status entry_sale(struct sums *sums, const json_t *body, struct error *error)
{
    bool is_return = strcmp(json_text_or(body, "type", ""), "return") == 0;
    enum status status = sums_add(sums, is_return ? "returns" : "sales", 1, error);
    size_t index;
    json_t *part;

    json_array_foreach(json_object_get(body, "lines"), index, part)
    {
        if (status == STATUS_OK)
            status = entry_line(sums, part, error);
    }
    json_array_foreach(json_object_get(body, "rates"), index, part)
    {
        if (status == STATUS_OK)
            status = entry_rate(sums, part, error);
    }
    json_array_foreach(json_object_get(body, "tenders"), index, part)
    {
        if (status == STATUS_OK)
            status = entry_tender(sums, part, error);
    }
    if (status == STATUS_OK)
        status = sums_add(sums, "rounding", json_int_or(body, "rounding", 0), error);
    if (status == STATUS_OK)
        status = sums_add(sums, "cash", -json_int_or(body, "change", 0), error);
    return status;
}

static enum status entry_paid(struct sums *sums, const char *kind, const json_t *body,
                              struct error *error)
{
    char count[SUM_NAME_SIZE];
    enum status status = sums_add(sums, kind, json_int_or(body, "amount", 0), error);

    (void)snprintf(count, sizeof count, "%s_count", kind);
    return status == STATUS_OK ? sums_add(sums, count, 1, error) : status;
}

enum status sums_add_entry(struct sums *sums, const char *kind, const json_t *body,
                           struct error *error)
{
    if (strcmp(kind, "sale") == 0)
        return entry_sale(sums, body, error);
    if (strcmp(kind, "cancelled") == 0)
        return sums_add(sums, "cancelled", 1, error);
    if (strcmp(kind, "no_sale") == 0)
        return sums_add(sums, "no_sales", 1, error);
    if (strcmp(kind, "paid_in") == 0 || strcmp(kind, "paid_out") == 0)
        return entry_paid(sums, kind, body, error);
    return STATUS_OK;
}
