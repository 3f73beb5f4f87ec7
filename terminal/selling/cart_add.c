/* Order of the questions: may it be sold at all -> how much -> at which price -> which tax. The
 * first that is open is the outcome; asking again with the answer goes on from there.
 */
#include "terminal/selling/cart_add.h"

#include "terminal/base/log.h"
#include "terminal/selling/tr.h"

#include <stdio.h>
#include <string.h>

#define LINKS_MAX 8

static bool returning(const struct cart *cart)
{
    return cart->return_reason[0] != '\0';
}

static void describe(const struct found_item *found, const struct add_terms *terms,
                     struct scan_result *out)
{
    copy_text(out->sku, sizeof out->sku, found->item.sku);
    copy_text(out->name, sizeof out->name, found->item.name);
    copy_text(out->code, sizeof out->code, terms->code);
    copy_text(out->unit, sizeof out->unit, found->item.unit);
    copy_text(out->pack, sizeof out->pack, found->pack);
    out->tare = found->item.tare;
    if (found->has_price)
        out->price = found->price.price;
}

static void hours_text(const struct item *item, char *out, size_t size)
{
    int from = item->sale_from < 0 ? 0 : item->sale_from;
    int to = item->sale_to < 0 ? 24 * 60 : item->sale_to;

    (void)snprintf(out, size, "%02d:%02d-%02d:%02d", from / 60, from % 60, to / 60, to % 60);
}

/* The check's result as an outcome; SCAN_ADDED when nothing speaks against it. */
static enum scan_outcome outcome_of(enum sale_check check, const struct item *item,
                                    struct scan_result *out)
{
    switch (check) {
    case SALE_ALLOWED:
        return SCAN_ADDED;
    case SALE_BLOCKED:
    case SALE_RECALLED:
        copy_text(out->reason, sizeof out->reason, item->state_reason);
        return SCAN_BLOCKED;
    case SALE_HAS_VARIANTS:
        return SCAN_NEEDS_VARIANT;
    case SALE_OUTSIDE_HOURS:
        hours_text(item, out->reason, sizeof out->reason);
        return SCAN_HOURS;
    case SALE_ABOVE_MAXIMUM:
        out->limit = item->max_per_sale;
        return SCAN_LIMIT;
    case SALE_NEEDS_AGE:
        out->min_age = item->min_age;
        return SCAN_AGE;
    }
    return SCAN_BLOCKED;
}

static enum status may_sell(struct cart *cart, const struct add_moment *moment,
                            const struct found_item *found, const struct add_terms *terms,
                            int64_t base, struct scan_result *out, struct error *error)
{
    const struct item *item = &found->item;
    struct sale_circumstances circumstances = {.minute_of_day = moment->minute_of_day,
                                               .confirmed_age = (int)cart->confirmed_age};
    enum status status =
        catalogue_has_variants(moment->catalogue, item->sku, &circumstances.has_variants, error);

    if (status != STATUS_OK)
        return status;
    if (terms->age_confirmed && item->min_age > cart->confirmed_age)
        circumstances.confirmed_age = item->min_age;
    circumstances.quantity.milli = base;
    if (base > 0 && quantity_add(cart_item_sum(cart, item->sku), circumstances.quantity,
                                 &circumstances.quantity) != STATUS_OK)
        return error_set(error, STATUS_RANGE, "%s: quantity", item->sku);
    out->outcome = outcome_of(item_may_sell(item, &circumstances), item, out);
    if (out->outcome == SCAN_ADDED)
        cart->confirmed_age = circumstances.confirmed_age;
    return STATUS_OK;
}

/* How many entered units; 0 asks for the scale. A label with a price on weighed goods says the
 * weight through the price per kilogram. */
static enum status quantity_of(const struct found_item *found, const struct add_terms *terms,
                               struct quantity *out, struct error *error)
{
    bool weighed = found->item.price_mode == PRICE_WEIGHED;

    *out = terms->quantity;
    if (out->milli == 0 && weighed && terms->label_price && found->has_price &&
        found->price.price.scaled > 0) {
        int64_t scaled;

        if (multiply_divide(terms->price.minor, PRICE_SCALE, 1, &scaled) != STATUS_OK ||
            multiply_divide(scaled, found->price.price.per_milli, found->price.price.scaled,
                            &out->milli) != STATUS_OK)
            return error_set(error, STATUS_RANGE, "%s: label price", found->item.sku);
    }
    if (out->milli == 0 && !weighed)
        out->milli = QUANTITY_ONE;
    return STATUS_OK;
}

/* Turns a price of a list that includes tax into one that does not, or the other way. */
static enum status price_sense(int64_t *scaled, bool list_included, bool cart_included,
                               int64_t rate_ppm)
{
    if (list_included == cart_included)
        return STATUS_OK;
    if (cart_included)
        return multiply_divide(*scaled, RATE_ONE + rate_ppm, RATE_ONE, scaled);
    return multiply_divide(*scaled, RATE_ONE, RATE_ONE + rate_ppm, scaled);
}

static void set_price(struct cart_line *line, int64_t scaled, int64_t per, const char *from,
                      const char *list)
{
    line->price = scaled;
    line->per = per;
    copy_text(line->price_from, sizeof line->price_from, from);
    copy_text(line->list, sizeof line->list, list);
}

/* A price that was given: by the label for the whole piece, else for one entered unit. */
static enum status given_price(const struct found_item *found, const struct add_terms *terms,
                               struct cart_line *line, struct error *error)
{
    int64_t scaled;
    int64_t base = cart_line_base(line).milli;
    bool open = found->item.price_mode == PRICE_OPEN || !found->has_price;
    const char *from = terms->price_from != NULL ? terms->price_from
                       : open                    ? PRICE_FROM_OPEN
                                                 : PRICE_FROM_OVERRIDE;

    if (terms->price.minor < 0 ||
        multiply_divide(terms->price.minor, PRICE_SCALE, 1, &scaled) != STATUS_OK)
        return error_set(error, STATUS_RANGE, "%s: price", found->item.sku);
    if (terms->label_price)
        set_price(line, scaled, base < 0 ? -base : base, PRICE_FROM_LABEL, "");
    else
        set_price(line, scaled, line->factor, from, "");
    return STATUS_OK;
}

/* Sets the line's price; false in *known when none is to be had. */
static enum status find_price(const struct cart *cart, const struct found_item *found,
                              const struct add_terms *terms, struct cart_line *line, bool *known,
                              struct error *error)
{
    int64_t scaled = found->price.price.scaled;

    *known = true;
    if (terms->has_price)
        return given_price(found, terms, line, error);
    if (found->item.price_mode == PRICE_OPEN || !found->has_price) {
        *known = false;
        return STATUS_OK;
    }
    if (price_sense(&scaled, found->price.tax_included, cart->tax_included, line->rate_ppm) !=
        STATUS_OK)
        return error_set(error, STATUS_RANGE, "%s: price", found->item.sku);
    set_price(line, scaled, found->price.price.per_milli, PRICE_FROM_LIST, found->price.list);
    return STATUS_OK;
}

static enum status find_tax(const struct add_moment *moment, struct cart_line *line,
                            struct error *error)
{
    struct tax_rate rate;
    enum status status =
        catalogue_tax_rate(moment->catalogue, line->tax_class, moment->prices.stamp, &rate, error);

    if (status != STATUS_OK)
        return status;
    copy_text(line->tax_code, sizeof line->tax_code, rate.code);
    copy_text(line->treatment, sizeof line->treatment, rate.treatment);
    line->rate_ppm = rate.rate_ppm;
    return STATUS_OK;
}

static void fill_line(struct cart_line *line, const struct cart *cart,
                      const struct found_item *found, const struct add_terms *terms)
{
    const struct item *item = &found->item;

    copy_text(line->sku, sizeof line->sku, item->sku);
    copy_text(line->name, sizeof line->name, item->name);
    copy_text(line->code, sizeof line->code, terms->code);
    copy_text(line->category, sizeof line->category, item->category);
    copy_text(line->tax_class, sizeof line->tax_class, item->tax_class);
    copy_text(line->unit, sizeof line->unit, item->unit);
    copy_text(line->pack, sizeof line->pack, found->pack);
    copy_text(line->lot, sizeof line->lot, terms->lot == NULL ? "" : terms->lot);
    copy_text(line->serial, sizeof line->serial, terms->serial == NULL ? "" : terms->serial);
    line->factor = found->factor.milli;
    line->tare = item->price_mode == PRICE_WEIGHED ? item->tare.milli : 0;
    line->weighed = item->price_mode == PRICE_WEIGHED;
    line->stocked = item->stocked;
    line->is_kit = item->is_kit;
    line->max_per_sale = item->max_per_sale.milli;
    if (returning(cart)) {
        copy_text(line->reason, sizeof line->reason, cart->return_reason);
        copy_text(line->condition, sizeof line->condition, cart->return_condition);
        copy_text(line->approved_by, sizeof line->approved_by, cart->return_approved_by);
    }
}

/* A line that one more of the same may grow: nothing about it is special. */
static struct cart_line *same_line(struct cart *cart, const struct cart_line *fresh)
{
    if (fresh->weighed || fresh->serial[0] != '\0' ||
        strcmp(fresh->price_from, PRICE_FROM_LIST) != 0)
        return NULL;
    for (int i = 0; i < cart->count; i++) {
        struct cart_line *line = &cart->lines[i];

        if (!line->removed && !line->unknown && line->linked_to == 0 &&
            (line->quantity < 0) == (fresh->quantity < 0) && line->discount == 0 &&
            line->price == fresh->price && line->per == fresh->per &&
            line->factor == fresh->factor && line->rate_ppm == fresh->rate_ppm &&
            strcmp(line->sku, fresh->sku) == 0 && strcmp(line->pack, fresh->pack) == 0 &&
            strcmp(line->price_from, fresh->price_from) == 0 &&
            strcmp(line->lot, fresh->lot) == 0 && strcmp(line->serial, fresh->serial) == 0 &&
            strcmp(line->tax_code, fresh->tax_code) == 0 &&
            strcmp(line->condition, fresh->condition) == 0 && line->account[0] == '\0' &&
            line->origin_seq == 0)
            return line;
    }
    return NULL;
}

/* One linked charge of a line, at the list's price. A charge that is not in the catalogue, or has
 * no price, is left out and logged: the goods can be sold without it. */
static enum status add_charge(struct cart *cart, const struct add_moment *moment, int64_t parent,
                              const struct item_link *link, struct error *error)
{
    struct found_item found;
    struct add_terms terms = {.code = "", .unchecked = true};
    struct cart_line *line;
    bool known = false;
    enum status status =
        catalogue_find_sku(moment->catalogue, link->linked_sku, &moment->prices, &found, error);

    if (status == STATUS_NOT_FOUND) {
        log_line(LOG_LEVEL_WARN, "cart", "linked charge %s is not in the catalogue",
                 link->linked_sku);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    line = cart_line_add(cart);
    if (line == NULL)
        return error_set(error, STATUS_RANGE, "the cart is full");
    fill_line(line, cart, &found, &terms);
    line->charge = true;
    line->linked_to = parent;
    line->linked_per = link->quantity.milli;
    line->factor = QUANTITY_ONE;
    line->quantity = 1;
    status = find_tax(moment, line, error);
    if (status == STATUS_OK)
        status = find_price(cart, &found, &terms, line, &known, error);
    if (status == STATUS_OK && !known) {
        log_line(LOG_LEVEL_WARN, "cart", "linked charge %s has no price", link->linked_sku);
        cart->count--;
    }
    return status;
}

static enum status add_charges(struct cart *cart, const struct add_moment *moment, int64_t parent,
                               const char *sku, struct error *error)
{
    struct item_link links[LINKS_MAX];
    size_t count;
    enum status status = catalogue_links(moment->catalogue, sku, links, LINKS_MAX, &count, error);

    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = add_charge(cart, moment, parent, &links[i], error);
    if (status == STATUS_OK && count > 0)
        status = cart_links_follow(cart, cart_line_find(cart, parent), error);
    return status;
}

/* The line is complete: grow one like it, or put it into the cart with its charges. */
static enum status place_line(struct cart *cart, const struct add_moment *moment,
                              const struct cart_line *fresh, const struct add_terms *terms,
                              struct scan_result *out, struct error *error)
{
    struct cart_line *line = terms->never_merge ? NULL : same_line(cart, fresh);
    int64_t id;
    enum status status = STATUS_OK;

    out->merged = line != NULL;
    if (line != NULL) {
        line->quantity += fresh->quantity;
        if (cart_line_base(line).milli > QUANTITY_MAX || cart_line_base(line).milli < -QUANTITY_MAX)
            return error_set(error, STATUS_RANGE, "%s: quantity", line->sku);
        id = line->id;
        status = cart_links_follow(cart, line, error);
    } else {
        line = cart_line_add(cart);
        if (line == NULL)
            return error_set(error, STATUS_RANGE, "the cart is full");
        id = line->id;
        *line = *fresh;
        line->id = id;
        if (!terms->unchecked)
            status = add_charges(cart, moment, id, fresh->sku, error);
    }
    cart->selected = out->line = (int)id;
    out->outcome = SCAN_ADDED;
    return status;
}

static enum status pack_label(const struct add_moment *moment, struct cart_line *line,
                              struct error *error)
{
    struct item_pack pack;
    enum status status;

    if (line->pack[0] == '\0')
        return STATUS_OK;
    status = catalogue_pack(moment->catalogue, line->sku, line->pack, &pack, error);
    if (status == STATUS_OK)
        copy_text(line->pack_label, sizeof line->pack_label, pack.label);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status complete_line(struct cart *cart, const struct add_moment *moment,
                                 const struct found_item *found, const struct add_terms *terms,
                                 struct cart_line *line, struct scan_result *out,
                                 struct error *error)
{
    bool known;
    enum status status = find_tax(moment, line, error);

    if (status == STATUS_NOT_FOUND) {
        out->outcome = SCAN_BLOCKED;
        copy_text(out->reason, sizeof out->reason, tr("No tax rate for it"));
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = find_price(cart, found, terms, line, &known, error);
    if (status == STATUS_OK && !known) {
        out->outcome = found->item.price_mode == PRICE_OPEN ? SCAN_NEEDS_PRICE : SCAN_NO_PRICE;
        return STATUS_OK;
    }
    if (status == STATUS_OK)
        status = pack_label(moment, line, error);
    return status == STATUS_OK ? place_line(cart, moment, line, terms, out, error) : status;
}

enum status cart_add(struct cart *cart, const struct add_moment *moment,
                     const struct found_item *found, const struct add_terms *terms,
                     struct scan_result *out, struct error *error)
{
    struct cart_line fresh = {.factor = found->factor.milli};
    struct quantity quantity;
    int64_t base;
    enum status status = quantity_of(found, terms, &quantity, error);

    describe(found, terms, out);
    if (status != STATUS_OK)
        return status;
    if (returning(cart) && !terms->unchecked)
        quantity.milli = -quantity.milli;
    if (multiply_divide(quantity.milli, found->factor.milli, QUANTITY_ONE, &base) != STATUS_OK ||
        base > QUANTITY_MAX || base < -QUANTITY_MAX)
        return error_set(error, STATUS_RANGE, "%s: quantity", found->item.sku);
    out->outcome = SCAN_ADDED;
    if (!terms->unchecked)
        status = may_sell(cart, moment, found, terms, base, out, error);
    if (status != STATUS_OK || out->outcome != SCAN_ADDED)
        return status;
    if (base == 0) {
        out->outcome = SCAN_NEEDS_WEIGHT;
        return STATUS_OK;
    }
    fill_line(&fresh, cart, found, terms);
    fresh.quantity = quantity.milli;
    return complete_line(cart, moment, found, terms, &fresh, out, error);
}

/* The price of the new pack, from the list. */
static enum status reprice(const struct cart *cart, const struct add_moment *moment,
                           const struct found_item *found, struct cart_line *line,
                           struct error *error)
{
    const struct add_terms terms = {.code = ""};
    bool known;
    enum status status = find_price(cart, found, &terms, line, &known, error);

    if (status != STATUS_OK)
        return status;
    if (!known)
        return error_set(error, STATUS_INVALID, "%s has no price in this pack", line->sku);
    if (line->quantity > 0)
        line->reason[0] = '\0'; /* it was that of an override */
    line->pack_label[0] = '\0';
    return pack_label(moment, line, error);
}

enum status cart_repack(struct cart *cart, int64_t id, const struct add_moment *moment,
                        const struct found_item *found, struct error *error)
{
    struct cart_line *line = cart_line_find(cart, id);
    struct cart_line packed;
    enum status status;

    if (line == NULL)
        return error_set(error, STATUS_NOT_FOUND, "the cart has no line %lld", (long long)id);
    if (line->unknown || line->linked_to != 0 || line->weighed ||
        line->quantity % QUANTITY_ONE != 0 || strcmp(line->sku, found->item.sku) != 0 ||
        strcmp(line->price_from, PRICE_FROM_LABEL) == 0 || line->origin_seq > 0)
        return error_set(error, STATUS_INVALID, "line %lld has no packs", (long long)id);
    packed = *line;
    packed.factor = found->factor.milli;
    copy_text(packed.pack, sizeof packed.pack, found->pack);
    status = reprice(cart, moment, found, &packed, error);
    if (status != STATUS_OK)
        return status;
    *line = packed;
    cart->selected = id;
    return cart_quantity(
        cart, id, (struct quantity){packed.quantity < 0 ? -packed.quantity : packed.quantity},
        error);
}

void cart_add_unknown(struct cart *cart, const char *code, int64_t count, struct scan_result *out)
{
    struct cart_line *line = cart_line_add(cart);

    copy_text(out->code, sizeof out->code, code);
    if (line == NULL) {
        out->outcome = SCAN_CART_FULL;
        return;
    }
    line->unknown = true;
    line->quantity = (cart->return_reason[0] != '\0' ? -1 : 1) * count * QUANTITY_ONE;
    copy_text(line->code, sizeof line->code, code);
    copy_text(line->unit, sizeof line->unit, "each");
    copy_text(line->reason, sizeof line->reason, cart->return_reason);
    copy_text(line->condition, sizeof line->condition, cart->return_condition);
    cart->selected = out->line = (int)line->id;
    out->outcome = SCAN_UNKNOWN;
}

enum status cart_add_open(struct cart *cart, const struct add_moment *moment, int64_t id,
                          const char *name, const char *tax_class, struct money price,
                          struct scan_result *out, struct error *error)
{
    struct cart_line *line = id == 0 ? cart_line_add(cart) : cart_line_find(cart, id);
    int64_t scaled;

    if (line == NULL)
        return id == 0 ? error_set(error, STATUS_RANGE, "the cart is full")
                       : error_set(error, STATUS_NOT_FOUND, "no line %lld", (long long)id);
    if (id != 0 && !line->unknown)
        return error_set(error, STATUS_INVALID, "line %lld is settled", (long long)id);
    if (price.minor < 0 || multiply_divide(price.minor, PRICE_SCALE, 1, &scaled) != STATUS_OK)
        return error_set(error, STATUS_RANGE, "price");
    if (id == 0)
        line->quantity = returning(cart) ? -QUANTITY_ONE : QUANTITY_ONE;
    if (id == 0 && line->quantity < 0) {
        copy_text(line->reason, sizeof line->reason, cart->return_reason);
        copy_text(line->condition, sizeof line->condition, cart->return_condition);
    }
    line->unknown = false;
    copy_text(line->name, sizeof line->name, name);
    copy_text(line->unit, sizeof line->unit, "each");
    copy_text(line->tax_class, sizeof line->tax_class, tax_class);
    set_price(line, scaled, QUANTITY_ONE, PRICE_FROM_OPEN, "");
    cart->selected = out->line = (int)line->id;
    out->outcome = SCAN_ADDED;
    return find_tax(moment, line, error);
}
