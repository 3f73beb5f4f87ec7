/* Items: reading a row, and what speaks against selling one. */
#include "terminal/catalogue/item.h"

#include "terminal/catalogue/column.h"

#include <string.h>

static enum price_mode price_mode_of(const char *word)
{
    if (strcmp(word, "weighed") == 0)
        return PRICE_WEIGHED;
    return strcmp(word, "open") == 0 ? PRICE_OPEN : PRICE_FIXED;
}

/* A state that this version does not know blocks: selling a recalled good is the worse mistake. */
static enum item_state state_of(const char *word)
{
    if (strcmp(word, "active") == 0)
        return ITEM_ACTIVE;
    return strcmp(word, "recalled") == 0 ? ITEM_RECALLED : ITEM_BLOCKED;
}

void item_read(struct db_statement *statement, int first, struct item *out)
{
    column_text(statement, first, out->sku, sizeof out->sku);
    column_text(statement, first + 1, out->name, sizeof out->name);
    column_text(statement, first + 2, out->category, sizeof out->category);
    column_text(statement, first + 3, out->tax_class, sizeof out->tax_class);
    column_text(statement, first + 4, out->unit, sizeof out->unit);
    out->price_mode = price_mode_of(db_text(statement, first + 5));
    out->tare.milli = db_int(statement, first + 6);
    out->stocked = db_int(statement, first + 7) != 0;
    column_text(statement, first + 8, out->variant_of, sizeof out->variant_of);
    column_text(statement, first + 9, out->variant_label, sizeof out->variant_label);
    out->min_age = (int)db_int(statement, first + 10);
    out->sale_from = (int)db_int(statement, first + 11);
    out->sale_to = (int)db_int(statement, first + 12);
    out->max_per_sale.milli = db_int(statement, first + 13);
    out->state = state_of(db_text(statement, first + 14));
    column_text(statement, first + 15, out->state_reason, sizeof out->state_reason);
    out->popularity = db_int(statement, first + 16);
    out->is_kit = db_int(statement, first + 17) != 0;
}

static bool is_in_hours(const struct item *item, int minute)
{
    int from = item->sale_from < 0 ? 0 : item->sale_from;
    int to = item->sale_to < 0 ? 1440 : item->sale_to;
    if ((item->sale_from < 0 && item->sale_to < 0) || from == to)
        return true;
    if (from < to)
        return minute >= from && minute < to;
    return minute >= from || minute < to;
}

enum sale_check item_may_sell(const struct item *item,
                              const struct sale_circumstances *circumstances)
{
    bool sells = circumstances->quantity.milli > 0;
    if (sells && item->state == ITEM_BLOCKED)
        return SALE_BLOCKED;
    if (sells && item->state == ITEM_RECALLED)
        return SALE_RECALLED;
    if (circumstances->has_variants)
        return SALE_HAS_VARIANTS;
    if (!sells)
        return SALE_ALLOWED;
    if (!is_in_hours(item, circumstances->minute_of_day))
        return SALE_OUTSIDE_HOURS;
    if (item->max_per_sale.milli > 0 && circumstances->quantity.milli > item->max_per_sale.milli)
        return SALE_ABOVE_MAXIMUM;
    if (item->min_age > circumstances->confirmed_age)
        return SALE_NEEDS_AGE;
    return SALE_ALLOWED;
}

const char *sale_check_name(enum sale_check check)
{
    static const char *const names[] = {"allowed",      "blocked",       "recalled",
                                        "has_variants", "outside_hours", "above_maximum",
                                        "needs_age"};
    INVARIANT((size_t)check < sizeof names / sizeof names[0]);
    return names[check];
}
