/* The entry's members stand in the order in which the journal's format lists them. */
#include "terminal/selling/sale.h"

#include "terminal/selling/accounts.h"
#include "terminal/selling/refund.h"

#include <stdlib.h>
#include <string.h>

/* Room for all of an entry but lines and moves: head, rates, sixteen tenders, the fiscal answer. */
#define SALE_HEAD_ROOM ((size_t)24 * 1024)

#define PARTS_PER_KIT 32

static void put_text_unless(json_t *object, const char *key, const char *text, const char *usual)
{
    if (strcmp(text, usual) != 0)
        json_put_text(object, key, text);
}

static void put_int_unless(json_t *object, const char *key, int64_t value, int64_t usual)
{
    if (value != usual)
        json_put_int(object, key, value);
}

bool sale_is_return(const struct cart *cart)
{
    int standing = 0;

    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].removed)
            continue;
        standing++;
        if (cart->lines[i].quantity > 0)
            return false;
    }
    return standing > 0;
}

/* ---- kits -------------------------------------------------------------------------------------
 */

static enum status kit_line(struct catalogue *catalogue, const struct cart_line *line,
                            struct money amount, struct kit_part *out, size_t *count,
                            struct error *error)
{
    struct kit_component components[PARTS_PER_KIT];
    int64_t weights[PARTS_PER_KIT];
    struct money shares[PARTS_PER_KIT] = {{0}};
    struct money size = {amount.minor < 0 ? -amount.minor : amount.minor};
    enum status status =
        catalogue_components(catalogue, line->sku, components, PARTS_PER_KIT, count, error);

    for (size_t i = 0; i < *count; i++)
        weights[i] = components[i].share_ppm;
    if (status == STATUS_OK && *count > 0)
        status = money_allocate(size, weights, *count, shares);
    for (size_t i = 0; status == STATUS_OK && i < *count; i++) {
        struct item item = {0};

        status = catalogue_item(catalogue, components[i].component, &item, error);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK; /* moved all the same: the ledger opens an exception */
        out[i].line = line->id;
        out[i].stocked = item.sku[0] == '\0' || item.stocked;
        out[i].amount.minor = amount.minor < 0 ? -shares[i].minor : shares[i].minor;
        copy_text(out[i].sku, sizeof out[i].sku, components[i].component);
        if (status == STATUS_OK &&
            multiply_divide(cart_line_base(line).milli, components[i].quantity.milli, QUANTITY_ONE,
                            &out[i].base.milli) != STATUS_OK)
            status = error_set(error, STATUS_RANGE, "%s: kit", line->sku);
    }
    return status;
}

enum status sale_kit_parts(struct catalogue *catalogue, const struct cart *cart,
                           const struct figures *figures, struct kit_part **out, size_t *count,
                           struct error *error)
{
    *out = NULL;
    *count = 0;
    for (int i = 0; i < cart->count; i++) {
        const struct cart_line *line = &cart->lines[i];
        size_t more = 0;
        enum status status;

        if (!line->is_kit || line->removed || line->unknown)
            continue;
        *out = mem_resize(*out, (*count + PARTS_PER_KIT) * sizeof **out);
        status = kit_line(catalogue, line, figures->lines[i].amount, *out + *count, &more, error);
        if (status != STATUS_OK) {
            free(*out);
            *out = NULL;
            *count = 0;
            return status;
        }
        *count += more;
    }
    return STATUS_OK;
}

/* ---- the body ---------------------------------------------------------------------------------
 */

static json_t *discount_json(const char *cause, const char *rule, struct money amount)
{
    json_t *discount = json_object();

    json_put_text(discount, "cause", cause);
    json_put_text(discount, "rule", rule);
    json_put_int(discount, "amount", amount.minor);
    return discount;
}

static void put_discounts(json_t *object, const struct cart *cart, const struct cart_line *line,
                          const struct pricing_line_total *total)
{
    json_t *discounts;

    if (total->line_discount.minor == 0 && total->cart_discount.minor == 0)
        return;
    discounts = json_array();
    if (total->line_discount.minor != 0)
        json_add(discounts, discount_json("line", line->discount_reason, total->line_discount));
    if (total->cart_discount.minor != 0)
        json_add(discounts, discount_json("cart", cart->discount_reason, total->cart_discount));
    json_put(object, "discounts", discounts);
}

static void put_tax(json_t *object, const struct cart_line *line,
                    const struct pricing_line_total *total)
{
    json_t *taxes = json_array();
    json_t *tax = json_object();

    json_put_text(tax, "code", line->tax_code);
    json_put_int(tax, "rate", line->rate_ppm);
    put_text_unless(tax, "treatment", line->treatment, "");
    json_put_int(tax, "net", total->net.minor);
    json_put_int(tax, "tax", total->tax.minor);
    json_add(taxes, tax);
    json_put(object, "tax", taxes);
}

static void put_kit(json_t *object, const struct cart_line *line, const struct sale_terms *terms)
{
    json_t *kit = NULL;

    for (size_t i = 0; i < terms->part_count; i++) {
        const struct kit_part *part = &terms->parts[i];
        json_t *component;

        if (part->line != line->id)
            continue;
        if (kit == NULL)
            kit = json_array();
        component = json_object();
        json_put_text(component, "sku", part->sku);
        json_put_int(component, "base", part->base.milli);
        json_put_int(component, "amount", part->amount.minor);
        json_add(kit, component);
    }
    if (kit != NULL)
        json_put(object, "kit", kit);
}

static json_t *line_json(const struct cart *cart, const struct cart_line *line,
                         const struct pricing_line_total *total, const struct sale_terms *terms)
{
    json_t *object = json_object();

    json_put_int(object, "id", line->id);
    json_put_text(object, "sku", line->sku);
    json_put_text(object, "name", line->name);
    put_text_unless(object, "code", line->code, "");
    put_text_unless(object, "category", line->category, "");
    json_put_text(object, "tax_class", line->tax_class);
    json_put_int(object, "qty", line->quantity);
    put_text_unless(object, "unit", line->unit, "each");
    put_text_unless(object, "pack", line->pack, "");
    put_int_unless(object, "factor", line->factor, QUANTITY_ONE);
    json_put_int(object, "base", cart_line_base(line).milli);
    json_put_int(object, "price", line->price);
    put_int_unless(object, "per", line->per, QUANTITY_ONE);
    json_put_text(object, "price_from", line->price_from);
    put_text_unless(object, "list", line->list, "");
    put_int_unless(object, "tare", line->tare, 0);
    json_put_int(object, "gross", total->gross.minor);
    put_discounts(object, cart, line, total);
    json_put_int(object, "amount", total->amount.minor);
    put_tax(object, line, total);
    put_kit(object, line, terms);
    put_text_unless(object, "lot", line->lot, "");
    put_text_unless(object, "serial", line->serial, "");
    put_int_unless(object, "linked_to", line->linked_to, 0);
    refund_put(object, line);
    put_text_unless(object, "reason", line->reason, "");
    put_text_unless(object, "condition", line->condition, "");
    put_text_unless(object, "approved_by", line->approved_by, "");
    put_text_unless(object, "account", line->account, "");
    return object;
}

/* What it would have come to: gross of a line that no longer counts. */
static int64_t loose_amount(const struct cart_line *line)
{
    struct money amount;

    if (line->unknown || price_extend((struct price){line->price, line->per}, cart_line_base(line),
                                      &amount) != STATUS_OK)
        return 0;
    return amount.minor;
}

static json_t *short_line_json(const struct cart_line *line, const char *staff)
{
    json_t *object = json_object();

    json_put_int(object, "id", line->id);
    json_put_text(object, "sku", line->sku);
    json_put_text(object, "name", line->name);
    if (line->unknown)
        json_put_text(object, "code", line->code);
    json_put_int(object, "base", cart_line_base(line).milli);
    json_put_int(object, "amount", loose_amount(line));
    put_text_unless(object, "staff", staff, "");
    return object;
}

static void put_lines(json_t *entry, const struct cart *cart, const struct figures *figures,
                      const struct sale_terms *terms)
{
    json_t *lines = json_array();
    json_t *removed = json_array();

    for (int i = 0; i < cart->count; i++) {
        const struct cart_line *line = &cart->lines[i];

        if (line->removed)
            json_add(removed, short_line_json(line, line->removed_by));
        else
            json_add(lines, line_json(cart, line, &figures->lines[i], terms));
    }
    json_put(entry, "lines", lines);
    json_put(entry, "removed", removed);
}

static void put_rates(json_t *entry, const struct pricing_totals *totals)
{
    json_t *rates = json_array();

    for (int i = 0; i < totals->rate_count; i++) {
        const struct pricing_rate *rate = &totals->rates[i];
        json_t *object = json_object();

        json_put_text(object, "code", rate->code);
        json_put_int(object, "rate", rate->rate_ppm);
        put_text_unless(object, "treatment", rate->treatment, "");
        json_put_int(object, "net", rate->net.minor);
        json_put_int(object, "tax", rate->tax.minor);
        json_put_int(object, "gross", rate->gross.minor);
        json_add(rates, object);
    }
    json_put(entry, "rates", rates);
}

/* Returns the sum of the tenders that were taken. */
static int64_t put_tenders(json_t *entry, const struct cart *cart)
{
    json_t *tenders = json_array();
    int64_t taken = 0;

    for (int64_t i = 0; i < cart->tender_count; i++) {
        const struct cart_tender *tender = &cart->tenders[i];
        json_t *object = json_object();

        json_put_int(object, "id", tender->id);
        json_put_text(object, "type", cart_tender_type(tender));
        json_put_int(object, "amount", tender->amount);
        put_text_unless(object, "account", tender->account, "");
        put_text_unless(object, "lease", tender->lease, "");
        put_text_unless(object, "reference", tender->reference, "");
        json_put_text(object, "state", tender->reversed ? "reversed" : "taken");
        json_add(tenders, object);
        taken += tender->reversed ? 0 : tender->amount;
    }
    json_put(entry, "tenders", tenders);
    return taken;
}

void sale_put(json_t *entry, const struct cart *cart, const struct figures *figures,
              const struct sale_terms *terms)
{
    const struct pricing_totals *totals = &figures->totals;
    int64_t rounding = figures->settlement.rounding.minor;
    int64_t change = figures->settlement.change.minor;
    int64_t taken;

    json_put_text(entry, "type", sale_is_return(cart) ? "return" : "sale");
    json_put_text(entry, "receipt", terms->receipt);
    json_put_text(entry, "location", terms->location);
    json_put_text(entry, "till", terms->till);
    json_put_int(entry, "shift", terms->shift);
    json_put_text(entry, "currency", terms->currency);
    json_put_int(entry, "tax_included", cart->tax_included);
    json_put_text(entry, "reference", terms->reference);
    json_put_text(entry, "customer", cart->customer);
    json_put_int(entry, "prices_position", terms->prices_position);
    put_lines(entry, cart, figures, terms);
    put_rates(entry, totals);
    json_put_int(entry, "net", totals->net.minor);
    json_put_int(entry, "tax", totals->tax.minor);
    json_put_int(entry, "rounding", rounding);
    json_put_int(entry, "gross", totals->gross.minor);
    taken = put_tenders(entry, cart);
    json_put_int(entry, "change", change);
    accounts_put(entry, cart, figures, terms->currency);
    INVARIANT(totals->net.minor + totals->tax.minor + rounding == taken - change);
    INVARIANT(change >= 0);
}

enum status sale_fits(const struct cart *cart, const struct figures *figures,
                      const struct sale_terms *terms, struct error *error)
{
    json_t *lines = json_object();
    struct stock_move *moves;
    size_t move_count;
    struct buf text;
    enum status status;

    put_lines(lines, cart, figures, terms);
    sale_moves(cart, terms, &moves, &move_count);
    entry_put_moves(lines, moves, move_count);
    accounts_put(lines, cart, figures, "GBP"); /* every currency's code is as long */
    buf_init(&text, ENTRY_MAX_BYTES - SALE_HEAD_ROOM);
    status = json_write(lines, &text);
    buf_finish(&text);
    free(moves);
    json_decref(lines);
    return status == STATUS_OK
               ? STATUS_OK
               : error_set(error, status, "the sale is too long for one entry of the journal");
}

void sale_put_cancelled(json_t *entry, const struct cart *cart, const struct figures *figures,
                        const char *reason, int64_t shift)
{
    json_t *lines = json_array();

    for (int i = 0; i < cart->count; i++)
        json_add(lines, short_line_json(&cart->lines[i], cart->lines[i].removed_by));
    json_put_int(entry, "shift", shift);
    json_put(entry, "lines", lines);
    json_put_int(entry, "amount", figures->totals.gross.minor);
    json_put_text(entry, "reason", reason);
    if (cart->tender_count > 0)
        (void)put_tenders(entry, cart);
}

enum status sale_perpetual(const struct cart *cart, const struct figures *figures,
                           struct perpetual *totals, struct error *error)
{
    bool fits = true;

    for (int i = 0; i < cart->count; i++) {
        int64_t total = figures->lines[i].total.minor;
        int64_t *sum = cart->lines[i].quantity < 0 ? &totals->returns_minor : &totals->sales_minor;

        fits = fits && !__builtin_add_overflow(*sum, total < 0 ? -total : total, sum);
    }
    if (sale_is_return(cart))
        totals->returns++;
    else
        totals->sales++;
    return fits ? STATUS_OK : error_set(error, STATUS_RANGE, "the perpetual totals do not fit");
}

/* ---- moves ------------------------------------------------------------------------------------
 */

static struct stock_move move_of(int64_t line, const char *sku, int64_t base, const char *condition,
                                 const char *location)
{
    const char *back =
        strcmp(condition, CONDITION_DAMAGED) == 0 ? BUCKET_DAMAGED : BUCKET_AVAILABLE;

    if (base < 0)
        return stock_move_make(line, sku, (struct quantity){-base}, location, BUCKET_CUSTOMER,
                               location, back, "return");
    return stock_move_make(line, sku, (struct quantity){base}, location, BUCKET_AVAILABLE, location,
                           BUCKET_CUSTOMER, "sale");
}

static const char *condition_of(const struct cart *cart, int64_t line)
{
    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].id == line)
            return cart->lines[i].condition;
    }
    return "";
}

static bool has_parts(const struct sale_terms *terms, int64_t line)
{
    for (size_t i = 0; i < terms->part_count; i++) {
        if (terms->parts[i].line == line)
            return true;
    }
    return false;
}

void sale_moves(const struct cart *cart, const struct sale_terms *terms, struct stock_move **out,
                size_t *count)
{
    struct stock_move *moves =
        mem_alloc(((size_t)cart->count + terms->part_count + 1) * sizeof *moves);

    *count = 0;
    for (int i = 0; i < cart->count; i++) {
        const struct cart_line *line = &cart->lines[i];

        if (line->removed || !line->stocked || line->sku[0] == '\0' || has_parts(terms, line->id))
            continue;
        moves[(*count)++] = move_of(line->id, line->sku, cart_line_base(line).milli,
                                    line->condition, terms->location);
    }
    for (size_t i = 0; i < terms->part_count; i++) {
        const struct kit_part *part = &terms->parts[i];

        if (part->stocked && part->base.milli != 0)
            moves[(*count)++] = move_of(part->line, part->sku, part->base.milli,
                                        condition_of(cart, part->line), terms->location);
    }
    if (*count == 0) {
        free(moves);
        moves = NULL;
    }
    *out = moves;
}
