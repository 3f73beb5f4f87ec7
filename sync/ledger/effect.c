/* Sales count towards totals, moves towards stock; every entry counts as an entry. */
#include "sync/ledger/effect.h"

#include "terminal/money/money.h"

#include <string.h>

static void odd(struct effect *effect, const char *kind, const char *detail)
{
    if (effect->oddity == NULL) {
        effect->oddity = kind;
        effect->detail = detail;
    }
}

static void read_moves(const struct entry *entry, struct effect *out)
{
    struct error error;

    if (entry_get_moves(entry->body, &out->moves, &error) != STATUS_OK) {
        odd(out, "moves", "the moves break their rules");
        return;
    }
    for (size_t i = 0; i < out->moves.count; i++) {
        if (out->moves.items[i].quantity.milli > EFFECT_MOVE_MAX) {
            move_list_finish(&out->moves);
            odd(out, "moves", "a quantity is beyond all reason");
            return;
        }
    }
}

/* *sum += value, false when it does not fit. */
static bool add(int64_t *sum, int64_t value)
{
    return !__builtin_add_overflow(*sum, value, sum);
}

/* Money taken, less what was reversed. */
static bool sum_tenders(const json_t *body, int64_t *out)
{
    const json_t *tenders = json_object_get(body, "tenders");
    size_t index;
    json_t *tender;

    *out = 0;
    if (!json_is_array(tenders))
        return false;
    json_array_foreach(tenders, index, tender)
    {
        int64_t amount;
        if (json_want_int(tender, "amount", INT64_MIN, INT64_MAX, &amount, NULL) != STATUS_OK)
            return false;
        if (strcmp(json_text_or(tender, "state", "taken"), "taken") == 0 && !add(out, amount))
            return false;
    }
    return true;
}

/* Net + tax = gross, and gross + rounding = tenders - change. */
static bool sums_agree(const json_t *body, int64_t gross)
{
    int64_t net = 0, tax = 0, paid;
    int64_t due = gross;

    if (json_want_int(body, "net", INT64_MIN, INT64_MAX, &net, NULL) != STATUS_OK ||
        json_want_int(body, "tax", INT64_MIN, INT64_MAX, &tax, NULL) != STATUS_OK)
        return false;
    if (!add(&net, tax) || net != gross || !add(&due, json_int_or(body, "rounding", 0)))
        return false;
    if (!sum_tenders(body, &paid) ||
        __builtin_sub_overflow(paid, json_int_or(body, "change", 0), &paid))
        return false;
    return paid == due;
}

static void read_sale(const json_t *body, struct effect *out)
{
    const char *type = json_text_or(body, "type", "");
    const char *code = json_text_or(body, "currency", "");
    struct currency currency;
    int64_t gross;

    if (currency_find(code, &currency) != STATUS_OK) {
        odd(out, "sale", "no currency");
        return;
    }
    if (json_want_int(body, "gross", INT64_MIN / 4, INT64_MAX / 4, &gross, NULL) != STATUS_OK) {
        odd(out, "sale", "no gross");
        return;
    }
    if (strcmp(type, "sale") != 0 && strcmp(type, "return") != 0)
        odd(out, "sale", "neither sale nor return");
    if (!sums_agree(body, gross))
        odd(out, "sale", "net, tax, rounding, tenders and change do not agree");
    memcpy(out->total.currency, currency.code, sizeof out->total.currency);
    out->total.gross_minor = gross;
    if (strcmp(type, "return") == 0)
        out->total.returns = 1;
    else
        out->total.sales = 1;
}

void effect_read(const struct entry *entry, struct effect *out)
{
    memset(out, 0, sizeof *out);
    out->total.entries = 1;
    read_moves(entry, out);
    if (strcmp(entry->head.kind, "sale") == 0)
        read_sale(entry->body, out);
}

void effect_finish(struct effect *effect)
{
    move_list_finish(&effect->moves);
}
