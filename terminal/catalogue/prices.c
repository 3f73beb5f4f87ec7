/* Prices and tax rates at a moment. */
#include "terminal/catalogue/prices.h"

#include "terminal/catalogue/catalogue.h"
#include "terminal/catalogue/column.h"

#include <string.h>

struct price_context price_context_at(const struct local_time *now)
{
    struct price_context context = {.channel = "", .customer_group = ""};
    local_stamp(now, context.stamp);
    return context;
}

/* The lists that take part are few; each is asked for the item by its key. The best row is chosen
 * here: a sort in SQL would open a temporary B-tree for every scan, and give its memory back to the
 * system after it, which costs more than the look-up. */
static const char find_price[] =
    "SELECT p.price_scaled,p.per_milli,l.list,l.tax_included,l.priority,p.valid_from"
    " FROM price_list AS l"
    " CROSS JOIN price AS p ON p.list=l.list AND p.sku=?1 AND p.pack=?2"
    " WHERE l.location IN('',?3) AND l.channel IN('',?4) AND l.customer_group IN('',?5)"
    " AND l.currency IN('',?6)"
    " AND l.valid_from<=?7 AND (l.valid_to='' OR l.valid_to>?7)"
    " AND p.valid_from<=?7 AND (p.valid_to='' OR p.valid_to>?7)";

/* The best row so far. */
struct candidate {
    struct item_price price;
    int64_t priority;
    char valid_from[LOCAL_STAMP_SIZE];
};

/* Whether the row under the statement goes before the best: by priority, then the later valid_from,
 * then the smaller list name. */
static bool is_better(struct db_statement *statement, const struct candidate *best)
{
    int64_t priority = db_int(statement, 4);
    if (priority != best->priority)
        return priority > best->priority;
    int order = strcmp(db_text(statement, 5), best->valid_from);
    return order != 0 ? order > 0 : strcmp(db_text(statement, 2), best->price.list) < 0;
}

static void take_row(struct db_statement *statement, struct candidate *out)
{
    out->price.price.scaled = db_int(statement, 0);
    out->price.price.per_milli = db_int(statement, 1);
    column_text(statement, 2, out->price.list, sizeof out->price.list);
    out->price.tax_included = db_int(statement, 3) != 0;
    out->price.of_pack = false;
    out->priority = db_int(statement, 4);
    column_text(statement, 5, out->valid_from, sizeof out->valid_from);
}

static enum status prepare_find(struct catalogue *catalogue, const char *sku, const char *pack,
                                const struct price_context *context, struct db_statement **out,
                                struct error *error)
{
    enum status status = db_prepare(catalogue_db(catalogue), find_price, out, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(*out, 1, sku);
    db_bind_text(*out, 2, pack);
    db_bind_text(*out, 3, catalogue_location_id(catalogue));
    db_bind_text(*out, 4, context->channel);
    db_bind_text(*out, 5, context->customer_group);
    db_bind_text(*out, 6, catalogue_location(catalogue)->currency.code);
    db_bind_text(*out, 7, context->stamp);
    return STATUS_OK;
}

static enum status find_row(struct catalogue *catalogue, const char *sku, const char *pack,
                            const struct price_context *context, struct item_price *out,
                            bool *found, struct error *error)
{
    struct db_statement *statement;
    struct candidate best;
    bool row = true;
    *found = false;
    enum status status = prepare_find(catalogue, sku, pack, context, &statement, error);
    while (status == STATUS_OK && row) {
        status = db_step(statement, &row, error);
        if (status != STATUS_OK || !row || (*found && !is_better(statement, &best)))
            continue;
        take_row(statement, &best);
        *found = true;
    }
    if (status != STATUS_OK || !*found)
        return status;
    if (best.price.price.per_milli <= 0)
        return error_set(error, STATUS_CORRUPT, "the price of %s is per nothing", sku);
    *out = best.price;
    return STATUS_OK;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* A price per `per` thousandths of a pack is one per `per` x factor / 1000 base thousandths. Where
 * that is no whole number, price and `per` grow by the same whole factor: the ratio stays exact. */
static enum status to_base(struct item_price *price, struct quantity factor, struct error *error)
{
    INVARIANT(factor.milli > 0);
    int64_t per = price->price.per_milli;
    int64_t divisor = QUANTITY_ONE;
    int64_t shared = common_divisor(per, divisor);
    per /= shared;
    divisor /= shared;
    shared = common_divisor(factor.milli, divisor);
    int64_t base = factor.milli / shared;
    divisor /= shared;
    if (__builtin_mul_overflow(per, base, &price->price.per_milli) ||
        __builtin_mul_overflow(price->price.scaled, divisor, &price->price.scaled))
        return error_set(error, STATUS_RANGE, "the price of a pack is too large");
    return STATUS_OK;
}

static enum status resolve(struct catalogue *catalogue, const char *sku, const char *pack,
                           struct quantity factor, const struct price_context *context,
                           struct item_price *out, struct error *error)
{
    bool found = false;
    enum status status = STATUS_OK;
    memset(out, 0, sizeof *out);
    if (pack[0] != '\0')
        status = find_row(catalogue, sku, pack, context, out, &found, error);
    out->of_pack = found;
    if (status == STATUS_OK && found)
        return to_base(out, factor, error);
    if (status == STATUS_OK)
        status = find_row(catalogue, sku, "", context, out, &found, error);
    if (status == STATUS_OK && !found)
        status = error_set(error, STATUS_NOT_FOUND, "no list has a price for %s", sku);
    return status;
}

enum status catalogue_price(struct catalogue *catalogue, const char *sku, const char *pack,
                            struct quantity factor, const struct price_context *context,
                            struct item_price *out, struct error *error)
{
    struct reading reading;
    enum status status = reading_begin(&reading, catalogue_db(catalogue), error);
    if (status != STATUS_OK)
        return status;
    status = resolve(catalogue, sku, pack, factor, context, out, error);
    return reading_end(&reading, status, error);
}

enum status catalogue_tax_rate(struct catalogue *catalogue, const char *tax_class,
                               const char *stamp, struct tax_rate *out, struct error *error)
{
    struct db_statement *statement;
    bool found;
    const char *list = catalogue_location(catalogue)->tax_list;
    enum status status =
        db_prepare(catalogue_db(catalogue),
                   "SELECT code,name,rate_ppm,treatment FROM tax_rate WHERE tax_list=?1"
                   " AND tax_class=?2 AND valid_from<=?3 AND (valid_to='' OR valid_to>?3)"
                   " ORDER BY valid_from DESC LIMIT 1",
                   &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, list);
    db_bind_text(statement, 2, tax_class);
    db_bind_text(statement, 3, stamp);
    status = db_step(statement, &found, error);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return error_set(error, STATUS_NOT_FOUND, "tax list \"%s\" has no rate for class \"%s\"",
                         list, tax_class);
    column_text(statement, 0, out->code, sizeof out->code);
    column_text(statement, 1, out->name, sizeof out->name);
    out->rate_ppm = (int32_t)db_int(statement, 2);
    column_text(statement, 3, out->treatment, sizeof out->treatment);
    db_reset(statement);
    return STATUS_OK;
}
