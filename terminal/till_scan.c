/* From what was scanned, touched or typed to a line of the cart.
 */
#include "terminal/till_internal.h"

#include "terminal/base/card.h"
#include "terminal/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_LINES 400 /* of an interactive cart, removed ones included */

static enum status begin(struct till *till, struct scan_result *out, struct error *error)
{
    enum status status = till_want_writer(till, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = till_want_replica(till, error);
    if (status == STATUS_OK)
        status = till_want(till, PERMISSION_SELL, NULL, error);
    return status;
}

/* Keeps the change when a line came of it, else drops it. A cart at its ceiling is an outcome, not
 * a failure. */
static enum status end(struct till *till, struct cart *before, enum status status,
                       struct scan_result *out, struct error *error)
{
    bool full = till->cart.count > OPEN_LINES;
    bool added = out->outcome == SCAN_ADDED || out->outcome == SCAN_UNKNOWN;

    if (status == STATUS_OK && (!added || full)) {
        till_change_drop(till, before);
        if (full)
            out->outcome = SCAN_CART_FULL;
        out->line = added && full ? 0 : out->line;
        return STATUS_OK;
    }
    full = status == STATUS_OK && till->cart.count > 50;
    if (status == STATUS_OK)
        till->cart.armed = 0;
    status = till_change_end(till, before, status, true, error);
    if (status == STATUS_RANGE && full) {
        out->outcome = SCAN_CART_FULL;
        out->line = 0;
        return STATUS_OK;
    }
    return status;
}

/* The price of a label in the currency's minor units. */
static int64_t label_minor(const struct till *till, const struct code *code)
{
    int64_t minor = code->price_minor;
    int64_t rounded;

    for (int digits = code->price_exponent; digits < till->currency.exponent; digits++) {
        if (__builtin_mul_overflow(minor, 10, &minor))
            return 0;
    }
    for (int digits = till->currency.exponent; digits < code->price_exponent; digits++) {
        if (multiply_divide(minor, 1, 10, &rounded) != STATUS_OK)
            return 0;
        minor = rounded;
    }
    return minor;
}

static struct add_terms terms_of_code(const struct till *till, const struct code *code,
                                      const struct found_item *found)
{
    struct add_terms terms = {.code = code->text, .lot = code->lot, .serial = code->serial};
    bool weighed = found->item.price_mode == PRICE_WEIGHED;
    const char *unit = code->quantity_unit[0] == '\0' ? "each" : code->quantity_unit;

    if (code->has_quantity && strcmp(unit, found->item.unit) == 0)
        terms.quantity.milli = code->quantity_milli;
    else if (till->cart.armed > 0 && !weighed)
        terms.quantity.milli = till->cart.armed * QUANTITY_ONE;
    if (code->has_price) {
        terms.has_price = terms.label_price = true;
        terms.price.minor = label_minor(till, code);
    }
    return terms;
}

static enum status scan_unknown(struct till *till, const struct code *code, struct scan_result *out,
                                struct error *error)
{
    struct staff staff;
    enum status status = people_by_badge(catalogue_db(till->catalogue), code->text, &staff, NULL);

    (void)error;
    if (status == STATUS_OK) {
        out->outcome = SCAN_BADGE;
        copy_text(out->staff, sizeof out->staff, staff.id);
        return STATUS_OK;
    }
    cart_add_unknown(&till->cart, code->text, till->cart.armed > 0 ? till->cart.armed : 1, out);
    return STATUS_OK;
}

enum status till_scan(struct till *till, const char *code, enum symbology hint,
                      struct scan_result *out, struct error *error)
{
    struct add_moment moment;
    struct found_item found;
    struct code parsed;
    struct cart before;
    enum status status = begin(till, out, error);

    if (status != STATUS_OK)
        return status;
    if (receipt_code_read(code, out->receipt) == STATUS_OK) {
        out->outcome = SCAN_RECEIPT;
        return STATUS_OK;
    }
    out->receipt[0] = '\0';
    moment = till_moment(till);
    if (code_parse(code, strlen(code), hint, till->masks, till_now(till).year, &parsed, NULL) !=
        STATUS_OK) {
        out->outcome = SCAN_UNKNOWN;
        return STATUS_OK;
    }
    till_change_begin(till, &before);
    status = catalogue_find_code(till->catalogue, &parsed, &moment.prices, &found, error);
    if (status == STATUS_NOT_FOUND) {
        status = scan_unknown(till, &parsed, out, error);
    } else if (status == STATUS_OK) {
        struct add_terms terms = terms_of_code(till, &parsed, &found);

        status = cart_add(&till->cart, &moment, &found, &terms, out, error);
    }
    return end(till, &before, status, out, error);
}

/* An item in a pack; NULL and "" are the single unit. */
static enum status find_packed(struct till *till, const struct add_moment *moment, const char *sku,
                               const char *name, struct found_item *found, struct error *error)
{
    struct item_pack pack;
    enum status status = catalogue_find_sku(till->catalogue, sku, &moment->prices, found, error);

    if (status != STATUS_OK || name == NULL || name[0] == '\0')
        return status;
    status = catalogue_pack(till->catalogue, sku, name, &pack, error);
    if (status != STATUS_OK)
        return status;
    copy_text(found->pack, sizeof found->pack, pack.pack);
    found->factor = pack.factor;
    status = catalogue_price(till->catalogue, sku, pack.pack, pack.factor, &moment->prices,
                             &found->price, error);
    found->has_price = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status valid_quantity(const struct item *item, struct quantity quantity,
                                  struct error *error)
{
    if (quantity.milli < 0 || quantity.milli > QUANTITY_MAX)
        return error_set(error, STATUS_RANGE, "%s: quantity", item->sku);
    if (item->price_mode != PRICE_WEIGHED && strcmp(item->unit, "each") == 0 &&
        quantity.milli % QUANTITY_ONE != 0)
        return error_set(error, STATUS_INVALID, "%s is sold by the piece", item->sku);
    return STATUS_OK;
}

static enum status add_item(struct till *till, const struct add_request *request,
                            struct scan_result *out, struct error *error)
{
    struct add_moment moment = till_moment(till);
    struct found_item found;
    char approved_by[STAFF_ID_SIZE] = "";
    struct add_terms terms = {.code = request->code == NULL ? "" : request->code,
                              .quantity = request->quantity,
                              .has_price = request->has_price,
                              .price = request->price,
                              .age_confirmed = request->age_confirmed};
    enum status status = find_packed(till, &moment, request->sku, request->pack, &found, error);

    if (status == STATUS_OK)
        status = valid_quantity(&found.item, request->quantity, error);
    if (status == STATUS_OK && request->has_price && found.has_price &&
        found.item.price_mode != PRICE_OPEN)
        status = till_want(till, PERMISSION_PRICE_OVERRIDE, approved_by, error);
    if (status != STATUS_OK)
        return status;
    if (request->quantity.milli == 0 && till->cart.armed > 0 &&
        found.item.price_mode != PRICE_WEIGHED)
        terms.quantity.milli = till->cart.armed * QUANTITY_ONE;
    status = cart_add(&till->cart, &moment, &found, &terms, out, error);
    if (status == STATUS_OK && out->line != 0 && approved_by[0] != '\0')
        copy_text(cart_line_find(&till->cart, out->line)->approved_by, STAFF_ID_SIZE, approved_by);
    return status;
}

static const char *class_of(const char *tax_class)
{
    return tax_class == NULL || tax_class[0] == '\0' ? "standard" : tax_class;
}

enum status till_add(struct till *till, const struct add_request *request, struct scan_result *out,
                     struct error *error)
{
    struct cart before;
    enum status status = begin(till, out, error);

    if (status != STATUS_OK)
        return status;
    till_change_begin(till, &before);
    if (request->sku != NULL) {
        status = add_item(till, request, out, error);
    } else if (!request->has_price || request->name == NULL || request->name[0] == '\0' ||
               !text_is_utf8(request->name, strlen(request->name))) {
        status = error_set(error, STATUS_INVALID, "a line without item needs a name and a price");
    } else if (card_number_like(request->name)) {
        status = error_set(error, STATUS_INVALID, "the name looks like a card number");
    } else {
        struct add_moment moment = till_moment(till);

        status = cart_add_open(&till->cart, &moment, 0, request->name, class_of(request->tax_class),
                               request->price, out, error);
    }
    return end(till, &before, status, out, error);
}

enum status till_cart_pack(struct till *till, int line, const char *pack, struct error *error)
{
    struct add_moment moment;
    struct found_item found;
    struct scan_result result;
    struct cart before;
    char sku[KEY_SIZE];
    enum status status = begin(till, &result, error);

    if (status != STATUS_OK)
        return status;
    if (cart_line_find(&till->cart, line) == NULL)
        return error_set(error, STATUS_NOT_FOUND, "the cart has no line %d", line);
    moment = till_moment(till);
    copy_text(sku, sizeof sku, cart_line_find(&till->cart, line)->sku);
    status = find_packed(till, &moment, sku, pack, &found, error);
    if (status != STATUS_OK)
        return status;
    till_change_begin(till, &before);
    status = cart_repack(&till->cart, line, &moment, &found, error);
    return till_change_end(till, &before, status, true, error);
}

/* ---- settling an unknown code --------------------------------------------------------------- */

static int index_of(const struct cart *cart, int64_t id)
{
    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].id == id)
            return i;
    }
    INVARIANT(false); /* the line is in the cart */
}

/* The line that was added at the end takes the place, and the id, of the unknown one. */
static void take_place(struct cart *cart, int64_t unknown, struct scan_result *out)
{
    int from = index_of(cart, out->line);
    int to = index_of(cart, unknown);

    cart->lines[to] = cart->lines[from];
    cart->lines[to].id = unknown;
    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].linked_to == out->line)
            cart->lines[i].linked_to = unknown;
    }
    memmove(&cart->lines[from], &cart->lines[from + 1],
            (size_t)(cart->count - from - 1) * sizeof cart->lines[0]);
    cart->count--;
    cart->selected = out->line = (int)unknown;
}

/* Adds the item in the direction that the unknown line had when it was scanned. */
static enum status settle_with(struct till *till, int line, const char *sku,
                               struct scan_result *out, struct error *error)
{
    struct cart *cart = &till->cart;
    const struct cart_line *unknown = cart_line_find(cart, line);
    struct add_moment moment = till_moment(till);
    char code[TILL_CODE_SIZE], reason[REASON_SIZE], condition[CONDITION_SIZE];
    bool back = unknown->quantity < 0;
    struct add_terms terms = {.code = code,
                              .quantity = {back ? -unknown->quantity : unknown->quantity},
                              .never_merge = true};
    struct found_item found;
    enum status status = catalogue_find_sku(till->catalogue, sku, &moment.prices, &found, error);

    if (status != STATUS_OK)
        return status;
    if (found.item.price_mode == PRICE_WEIGHED)
        terms.quantity.milli = 0;
    copy_text(code, sizeof code, unknown->code);
    copy_text(reason, sizeof reason, cart->return_reason);
    copy_text(condition, sizeof condition, cart->return_condition);
    copy_text(cart->return_reason, REASON_SIZE, back ? unknown->reason : "");
    copy_text(cart->return_condition, CONDITION_SIZE, back ? unknown->condition : "");
    status = cart_add(cart, &moment, &found, &terms, out, error);
    copy_text(cart->return_reason, REASON_SIZE, reason);
    copy_text(cart->return_condition, CONDITION_SIZE, condition);
    if (status == STATUS_OK && out->outcome == SCAN_ADDED)
        take_place(cart, line, out);
    return status;
}

static enum status want_unknown(struct till *till, int line, struct error *error)
{
    const struct cart_line *unknown = cart_line_find(&till->cart, line);

    if (unknown == NULL || !unknown->unknown)
        return error_set(error, STATUS_NOT_FOUND, "line %d is no unknown code", line);
    return STATUS_OK;
}

enum status till_cart_settle_item(struct till *till, int line, const char *sku,
                                  struct scan_result *out, struct error *error)
{
    struct cart before;
    enum status status = begin(till, out, error);

    if (status == STATUS_OK)
        status = want_unknown(till, line, error);
    if (status != STATUS_OK)
        return status;
    till_change_begin(till, &before);
    status = settle_with(till, line, sku, out, error);
    return end(till, &before, status, out, error);
}

enum status till_cart_settle_price(struct till *till, int line, struct money price,
                                   const char *name, const char *tax_class, struct error *error)
{
    struct add_moment moment;
    struct scan_result result;
    struct cart before;
    char code[TILL_CODE_SIZE];
    enum status status = begin(till, &result, error);

    if (status == STATUS_OK)
        status = want_unknown(till, line, error);
    if (status != STATUS_OK)
        return status;
    moment = till_moment(till);
    copy_text(code, sizeof code, cart_line_find(&till->cart, line)->code);
    till_change_begin(till, &before);
    status =
        cart_add_open(&till->cart, &moment, line, name == NULL || name[0] == '\0' ? code : name,
                      class_of(tax_class), price, &result, error);
    return end(till, &before, status, &result, error);
}
