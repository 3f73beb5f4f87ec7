#include "terminal/pricing/settle.h"

#include <string.h>

#define DENOMINATIONS 8

/* Notes, and the large coins people round up to, in whole units of the currency; 0 ends. */
static const struct {
    char code[4];
    int units[DENOMINATIONS];
} cash_table[] = {
    {"GBP", {1, 5, 10, 20, 50, 0}},
    {"EUR", {1, 5, 10, 20, 50, 100, 200, 0}},
    {"USD", {1, 5, 10, 20, 50, 100, 0}},
    {"CHF", {1, 5, 10, 20, 50, 100, 200, 0}},
    {"JPY", {100, 500, 1000, 5000, 10000, 0}},
    {"SEK", {10, 20, 50, 100, 200, 500, 0}},
    {"NOK", {10, 50, 100, 200, 500, 0}},
    {"DKK", {10, 50, 100, 200, 500, 0}},
    {"PLN", {1, 10, 20, 50, 100, 200, 0}},
    {"EGP", {1, 5, 10, 20, 50, 100, 200, 0}},
    {"AED", {1, 5, 10, 20, 50, 100, 200, 0}},
    {"KWD", {1, 5, 10, 20, 0}},
    {"AUD", {1, 5, 10, 20, 50, 100, 0}},
    {"CAD", {1, 5, 10, 20, 50, 100, 0}},
};
static const int other_units[DENOMINATIONS] = {1, 5, 10, 20, 50, 100, 200, 0};

static enum status sum_tenders(const struct settle_tender *tenders, size_t count,
                               struct money *cards, struct money *cash, bool *has_cash)
{
    *cards = *cash = (struct money){0};
    *has_cash = false;
    for (size_t i = 0; i < count; i++) {
        struct money *sum = tenders[i].cash ? cash : cards;
        enum status status = money_add(*sum, tenders[i].amount, sum);

        if (status != STATUS_OK)
            return status;
        *has_cash = *has_cash || tenders[i].cash;
    }
    return STATUS_OK;
}

/* With cash: a rest to be taken may be overpaid, one to be paid out is met exactly. */
static bool cash_covers(struct money cash, struct money rounded)
{
    return rounded.minor >= 0 ? cash.minor >= rounded.minor : cash.minor == rounded.minor;
}

enum status settle(struct money total, const struct settle_tender *tenders, size_t count,
                   int64_t step, struct settlement *out)
{
    struct money cards, cash, rest, rounded, difference;
    bool has_cash;
    enum status status = sum_tenders(tenders, count, &cards, &cash, &has_cash);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = money_add(cards, cash, &out->paid);
    if (status == STATUS_OK)
        status = money_subtract(total, cards, &rest);
    if (status == STATUS_OK)
        status = cash_round(rest, step, &rounded, &difference);
    if (status == STATUS_OK)
        status = money_subtract(rest, cash, &out->to_pay);
    if (status == STATUS_OK)
        status = money_subtract(rounded, cash, &out->cash_due);
    if (status != STATUS_OK)
        return status;

    out->covered = has_cash ? cash_covers(cash, rounded) : rest.minor == 0;
    if (out->covered) {
        out->rounding = has_cash ? difference : (struct money){0};
        out->change = has_cash ? money_negate(out->cash_due) : (struct money){0};
        out->to_pay = out->cash_due = (struct money){0};
        INVARIANT(out->change.minor >= 0);
        INVARIANT(total.minor + out->rounding.minor == out->paid.minor - out->change.minor);
    }
    return STATUS_OK;
}

static const int *units_of(const struct currency *currency)
{
    for (size_t i = 0; i < sizeof cash_table / sizeof cash_table[0]; i++) {
        if (strcmp(cash_table[i].code, currency->code) == 0)
            return cash_table[i].units;
    }
    return other_units;
}

static int insert_sorted(struct money *out, int count, int max, int64_t minor)
{
    int at = count;

    for (int i = 0; i < count; i++) {
        if (out[i].minor == minor)
            return count;
    }
    while (at > 0 && out[at - 1].minor > minor)
        at--;
    if (at >= max)
        return count;
    if (count == max)
        count--;
    memmove(&out[at + 1], &out[at], (size_t)(count - at) * sizeof out[0]);
    out[at] = (struct money){minor};
    return count + 1;
}

int quick_amounts(struct money due, const struct currency *currency, struct money *out, int max)
{
    const int *units = units_of(currency);
    int64_t unit = 1;
    int count = 0;

    if (due.minor <= 0 || max <= 0)
        return 0;
    for (int i = 0; i < currency->exponent; i++)
        unit *= 10;
    count = insert_sorted(out, count, max, due.minor);
    for (int i = 0; units[i] != 0; i++) {
        int64_t note = units[i] * unit;
        int64_t over = due.minor % note;

        if (due.minor > INT64_MAX - note)
            break;
        count = insert_sorted(out, count, max, over == 0 ? due.minor : due.minor - over + note);
    }
    return count;
}
