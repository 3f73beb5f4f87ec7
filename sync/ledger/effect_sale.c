/* A sale's money: total, the day's money, the customer's total, what was refunded of which line. */
#include "sync/ledger/effect.h"

#include "terminal/money/money.h"

#include <stdio.h>
#include <string.h>

#define WHAT_SIZE 48

/* *sum += value, false when it does not fit. */
static bool add(int64_t *sum, int64_t value)
{
    return !__builtin_add_overflow(*sum, value, sum);
}

/* Money taken, less what was reversed. */
static bool sum_tenders(const struct json_item *body, int64_t *out)
{
    const struct json_item *tenders = json_view_array(body, "tenders");

    *out = 0;
    if (tenders == NULL)
        return false;
    for (const struct json_item *tender = json_view_first(tenders); tender != NULL;
         tender = json_view_next(tenders, tender)) {
        int64_t amount;
        if (json_view_want_int(tender, "amount", INT64_MIN, INT64_MAX, &amount, NULL) != STATUS_OK)
            return false;
        if (strcmp(json_view_text_or(tender, "state", "taken"), "taken") == 0 && !add(out, amount))
            return false;
    }
    return true;
}

/* Net + tax = gross, and gross + rounding = tenders - change. */
static bool sums_agree(const struct json_item *body, int64_t gross)
{
    int64_t net = 0, tax = 0, paid;
    int64_t due = gross;

    if (json_view_want_int(body, "net", INT64_MIN, INT64_MAX, &net, NULL) != STATUS_OK ||
        json_view_want_int(body, "tax", INT64_MIN, INT64_MAX, &tax, NULL) != STATUS_OK)
        return false;
    if (!add(&net, tax) || net != gross || !add(&due, json_view_int_or(body, "rounding", 0)))
        return false;
    if (!sum_tenders(body, &paid) ||
        __builtin_sub_overflow(paid, json_view_int_or(body, "change", 0), &paid))
        return false;
    return paid == due;
}

/* A member that is missing is 0; one beyond all reason counts as 0 and is told. */
static int64_t amount_of(const struct json_item *object, const char *key, struct effect *out)
{
    int64_t amount = json_view_int_or(object, key, 0);

    if (amount >= -EFFECT_MONEY_MAX && amount <= EFFECT_MONEY_MAX)
        return amount;
    effect_odd(out, "sale", "an amount is beyond all reason");
    return 0;
}

/* "tax:A", from words of the entry's: false when they make no key. */
static bool what_of(const char *group, const char *word, char out[WHAT_SIZE])
{
    int length = snprintf(out, WHAT_SIZE, "%s:%s", group, word);

    return length > 0 && length < WHAT_SIZE;
}

static void read_rates(const struct entry_view *entry, const char *currency, struct effect *out)
{
    char what[WHAT_SIZE];

    const struct json_item *rates = json_view_array(entry->body, "rates");
    for (const struct json_item *rate = json_view_first(rates); rate != NULL;
         rate = json_view_next(rates, rate)) {
        if (what_of("tax", json_view_text_or(rate, "code", ""), what))
            effect_money(out, entry, currency, what, amount_of(rate, "tax", out));
        else
            effect_odd(out, "sale", "a tax code that is too long");
    }
}

static void read_tenders(const struct entry_view *entry, const char *currency, struct effect *out)
{
    char what[WHAT_SIZE];

    const struct json_item *tenders = json_view_array(entry->body, "tenders");
    for (const struct json_item *tender = json_view_first(tenders); tender != NULL;
         tender = json_view_next(tenders, tender)) {
        if (strcmp(json_view_text_or(tender, "state", "taken"), "taken") != 0)
            continue;
        if (what_of("tender", json_view_text_or(tender, "type", ""), what))
            effect_money(out, entry, currency, what, amount_of(tender, "amount", out));
        else
            effect_odd(out, "sale", "a tender of a type that is too long");
    }
}

/* A returned line that names the line it came from. */
static void read_original(const struct json_item *line, struct effect *out)
{
    const struct json_item *original = json_view_get(line, "original");
    int64_t base = json_view_int_or(line, "base", 0);
    struct id epoch;
    char hex[ID_HEX_SIZE], text[ORIGINAL_SIZE];
    int64_t seq, number;
    const char *const key[FIGURE_KEYS] = {text};

    if (!json_view_is(original, JSON_ITEM_OBJECT) || base >= 0)
        return;
    if (base < -EFFECT_MOVE_MAX ||
        json_view_want_hex(original, "epoch", epoch.bytes, ID_SIZE, NULL) != STATUS_OK ||
        json_view_want_int(original, "seq", 1, UINT32_MAX, &seq, NULL) != STATUS_OK ||
        json_view_want_int(original, "line", 1, 999999, &number, NULL) != STATUS_OK) {
        effect_odd(out, "sale", "a return names its original wrongly");
        return;
    }
    hex_write(epoch.bytes, ID_SIZE, hex);
    effect_original(hex, seq, number, text);
    effect_post(out, FIGURE_REFUNDED, key, (const int64_t[]){-base});
}

static void read_lines(const struct entry_view *entry, const char *currency, struct effect *out)
{
    int64_t given = 0;

    const struct json_item *lines = json_view_array(entry->body, "lines");
    for (const struct json_item *line = json_view_first(lines); line != NULL;
         line = json_view_next(lines, line)) {
        read_original(line, out);
        const struct json_item *discounts = json_view_array(line, "discounts");
        for (const struct json_item *discount = json_view_first(discounts); discount != NULL;
             discount = json_view_next(discounts, discount)) {
            if (!add(&given, amount_of(discount, "amount", out)))
                given = 0;
        }
    }
    if (given >= -EFFECT_MONEY_MAX && given <= EFFECT_MONEY_MAX)
        effect_money(out, entry, currency, "discount", given);
    else
        effect_odd(out, "sale", "an amount is beyond all reason");
}

/* The entry counts in the row of its currency. */
static void post_total(const char *currency, bool back, int64_t gross, struct effect *out)
{
    const char *const keys[FIGURE_KEYS] = {NULL, currency};

    effect_post(out, FIGURE_TOTAL, keys, (const int64_t[]){1, !back, back, gross});
}

/* A sale whose money can't be told counts as an entry alone. */
static void post_no_sale(const char *why, struct effect *out)
{
    static const char *const keys[FIGURE_KEYS] = {NULL, ""};

    effect_odd(out, "sale", why);
    effect_post(out, FIGURE_TOTAL, keys, (const int64_t[]){1, 0, 0, 0});
}

static void post_customer(const struct entry_view *entry, const char *currency, bool back,
                          int64_t gross, struct effect *out)
{
    const char *customer = json_view_text_or(entry->body, "customer", "");
    const char *const keys[FIGURE_KEYS] = {customer, currency};

    if (customer[0] == '\0')
        return;
    if (effect_id_sound(customer, EFFECT_CUSTOMER_MAX))
        effect_post(out, FIGURE_CUSTOMER_TOTAL, keys, (const int64_t[]){!back, back, gross});
    else
        effect_odd(out, "sale", "the customer is no pseudonym");
}

static void post_money(const struct entry_view *entry, const char *currency, bool back,
                       int64_t gross, struct effect *out)
{
    const struct json_item *body = entry->body;

    effect_money(out, entry, currency, "gross", gross);
    if (back)
        effect_money(out, entry, currency, "returns", gross);
    effect_money(out, entry, currency, "net", amount_of(body, "net", out));
    effect_money(out, entry, currency, "rounding", amount_of(body, "rounding", out));
    effect_money(out, entry, currency, "change", amount_of(body, "change", out));
    read_rates(entry, currency, out);
    read_tenders(entry, currency, out);
    read_lines(entry, currency, out);
}

void effect_read_sale(const struct entry_view *entry, struct effect *out)
{
    const struct json_item *body = entry->body;
    const char *type = json_view_text_or(body, "type", "");
    const char *code = json_view_text_or(body, "currency", "");
    bool back = strcmp(type, "return") == 0;
    struct currency currency;
    int64_t gross;

    if (currency_find(code, &currency) != STATUS_OK) {
        post_no_sale("no currency", out);
        return;
    }
    if (json_view_want_int(body, "gross", -EFFECT_MONEY_MAX, EFFECT_MONEY_MAX, &gross, NULL) !=
        STATUS_OK) {
        post_no_sale("no gross", out);
        return;
    }
    if (strcmp(type, "sale") != 0 && !back)
        effect_odd(out, "sale", "neither sale nor return");
    if (!sums_agree(body, gross))
        effect_odd(out, "sale", "net, tax, rounding, tenders and change do not agree");
    post_total(currency.code, back, gross, out);
    post_customer(entry, currency.code, back, gross, out);
    post_money(entry, currency.code, back, gross, out);
}
