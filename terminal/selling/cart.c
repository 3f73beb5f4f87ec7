/* The rules of a cart. A line's sign is its direction: what is sold has a positive quantity, what
 * is returned a negative one, and no call turns one into the other.
 */
#include "terminal/selling/cart.h"

#include "terminal/base/buf.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>

void copy_text(char *out, size_t size, const char *text)
{
    size_t length = text_cut(text, strlen(text), size - 1);

    memmove(out, text, length);
    out[length] = '\0';
}

void cart_init(struct cart *cart, bool tax_included)
{
    memset(cart, 0, sizeof *cart);
    cart->next_line = cart->next_tender = 1;
    cart->tax_included = tax_included;
}

void cart_finish(struct cart *cart)
{
    free(cart->lines);
    cart->lines = NULL;
    cart->count = cart->capacity = 0;
}

void cart_clear(struct cart *cart, bool tax_included)
{
    struct cart_line *lines = cart->lines;
    int capacity = cart->capacity;

    cart_init(cart, tax_included);
    cart->lines = lines;
    cart->capacity = capacity;
}

static void want_capacity(struct cart *cart, int capacity)
{
    if (capacity <= cart->capacity)
        return;
    cart->capacity = capacity < 16 ? 16 : capacity;
    cart->lines = mem_resize(cart->lines, (size_t)cart->capacity * sizeof cart->lines[0]);
}

void cart_copy(const struct cart *cart, struct cart *out)
{
    struct cart_line *lines;
    int capacity;

    want_capacity(out, cart->count);
    lines = out->lines;
    capacity = out->capacity;
    *out = *cart;
    out->lines = lines;
    out->capacity = capacity;
    if (cart->count > 0)
        memcpy(out->lines, cart->lines, (size_t)cart->count * sizeof cart->lines[0]);
}

int cart_standing(const struct cart *cart)
{
    int count = 0;

    for (int i = 0; i < cart->count; i++)
        count += !cart->lines[i].removed;
    return count;
}

int cart_unsettled(const struct cart *cart)
{
    int count = 0;

    for (int i = 0; i < cart->count; i++)
        count += !cart->lines[i].removed && cart->lines[i].unknown;
    return count;
}

bool cart_has_tenders(const struct cart *cart)
{
    for (int64_t i = 0; i < cart->tender_count; i++) {
        if (!cart->tenders[i].reversed)
            return true;
    }
    return false;
}

struct cart_line *cart_line_find(struct cart *cart, int64_t id)
{
    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].id == id && !cart->lines[i].removed)
            return &cart->lines[i];
    }
    return NULL;
}

struct cart_line *cart_line_add(struct cart *cart)
{
    struct cart_line *line;

    if (cart->count == CART_LINES)
        return NULL;
    if (cart->count == cart->capacity)
        want_capacity(cart, 2 * cart->capacity + 1);
    INVARIANT(cart->lines != NULL);
    line = &cart->lines[cart->count++];
    memset(line, 0, sizeof *line);
    line->id = cart->next_line++;
    line->factor = QUANTITY_ONE;
    line->per = QUANTITY_ONE;
    return line;
}

struct quantity cart_line_base(const struct cart_line *line)
{
    int64_t base;

    INVARIANT(multiply_divide(line->quantity, line->factor, QUANTITY_ONE, &base) == STATUS_OK);
    return (struct quantity){base};
}

struct quantity cart_item_sum(const struct cart *cart, const char *sku)
{
    struct quantity sum = {0};

    for (int i = 0; i < cart->count; i++) {
        const struct cart_line *line = &cart->lines[i];

        if (line->removed || line->unknown || line->quantity <= 0 || strcmp(line->sku, sku) != 0)
            continue;
        if (quantity_add(sum, cart_line_base(line), &sum) != STATUS_OK)
            sum.milli = INT64_MAX;
    }
    return sum;
}

static enum status no_line(struct error *error, int64_t id)
{
    return error_set(error, STATUS_NOT_FOUND, "the cart has no line %lld", (long long)id);
}

/* The line, if it is one that people may change. */
static enum status want_line(struct cart *cart, int64_t id, struct cart_line **out,
                             struct error *error)
{
    *out = cart_line_find(cart, id);
    if (*out == NULL)
        return no_line(error, id);
    if ((*out)->linked_to != 0)
        return error_set(error, STATUS_INVALID, "line %lld follows line %lld", (long long)id,
                         (long long)(*out)->linked_to);
    return STATUS_OK;
}

static enum status want_priced(struct cart *cart, int64_t id, struct cart_line **out,
                               struct error *error)
{
    enum status status = want_line(cart, id, out, error);

    if (status == STATUS_OK && (*out)->unknown)
        return error_set(error, STATUS_INVALID, "line %lld is an unknown code", (long long)id);
    return status;
}

/* Base units of `quantity` entered units, within the ceiling. */
static enum status base_of(const struct cart_line *line, int64_t quantity, int64_t *base,
                           struct error *error)
{
    if (multiply_divide(quantity, line->factor, QUANTITY_ONE, base) != STATUS_OK ||
        *base > QUANTITY_MAX || *base < -QUANTITY_MAX || *base == 0)
        return error_set(error, STATUS_RANGE, "line %lld: quantity", (long long)line->id);
    return STATUS_OK;
}

enum status cart_links_follow(struct cart *cart, const struct cart_line *line, struct error *error)
{
    int64_t base = cart_line_base(line).milli;

    for (int i = 0; i < cart->count; i++) {
        struct cart_line *charge = &cart->lines[i];

        if (charge->removed || charge->linked_to != line->id)
            continue;
        if (multiply_divide(base, charge->linked_per, QUANTITY_ONE, &charge->quantity) !=
                STATUS_OK ||
            charge->quantity == 0 || charge->quantity > QUANTITY_MAX ||
            charge->quantity < -QUANTITY_MAX)
            return error_set(error, STATUS_RANGE, "line %lld: linked charge", (long long)line->id);
    }
    return STATUS_OK;
}

/* Weighed goods, and what is sold by the metre or litre. */
static bool fractions_allowed(const struct cart_line *line)
{
    return line->weighed || (line->pack[0] == '\0' && strcmp(line->unit, "each") != 0);
}

enum status cart_quantity(struct cart *cart, int64_t id, struct quantity quantity,
                          struct error *error)
{
    struct cart_line *line;
    int64_t base, others;
    enum status status = want_line(cart, id, &line, error);

    if (status != STATUS_OK)
        return status;
    if (quantity.milli <= 0)
        return error_set(error, STATUS_RANGE, "line %lld: quantity", (long long)id);
    if (!fractions_allowed(line) && quantity.milli % QUANTITY_ONE != 0)
        return error_set(error, STATUS_INVALID, "line %lld is sold by the piece", (long long)id);
    if (strcmp(line->price_from, PRICE_FROM_LABEL) == 0)
        return error_set(error, STATUS_INVALID, "line %lld has its label's quantity",
                         (long long)id);
    status = base_of(line, quantity.milli, &base, error);
    if (status != STATUS_OK)
        return status;
    if (line->quantity > 0 && line->max_per_sale > 0) {
        others = cart_item_sum(cart, line->sku).milli - cart_line_base(line).milli;
        if (others + base > line->max_per_sale)
            return error_set(error, STATUS_CONFLICT, "line %lld: above the maximum per sale",
                             (long long)id);
    }
    line->quantity = line->quantity < 0 ? -quantity.milli : quantity.milli;
    return line->unknown ? STATUS_OK : cart_links_follow(cart, line, error);
}

enum status cart_price(struct cart *cart, int64_t id, struct money price, const char *reason,
                       const char *approved_by, struct error *error)
{
    struct cart_line *line;
    enum status status = want_priced(cart, id, &line, error);

    if (status != STATUS_OK)
        return status;
    if (price.minor < 0 || multiply_divide(price.minor, PRICE_SCALE, 1, &line->price) != STATUS_OK)
        return error_set(error, STATUS_RANGE, "line %lld: price", (long long)id);
    line->per = line->factor;
    copy_text(line->price_from, sizeof line->price_from, PRICE_FROM_OVERRIDE);
    copy_text(line->reason, sizeof line->reason, reason);
    copy_text(line->approved_by, sizeof line->approved_by, approved_by);
    return STATUS_OK;
}

enum status cart_remove(struct cart *cart, int64_t id, const char *staff, struct error *error)
{
    struct cart_line *line;
    enum status status = want_line(cart, id, &line, error);

    if (status != STATUS_OK)
        return status;
    for (int i = 0; i < cart->count; i++) {
        struct cart_line *other = &cart->lines[i];

        if (other->removed || (other->id != id && other->linked_to != id))
            continue;
        other->removed = true;
        copy_text(other->removed_by, sizeof other->removed_by, staff);
    }
    if (cart->selected == id)
        cart->selected = 0;
    return STATUS_OK;
}

static bool discount_valid(struct pricing_discount discount)
{
    return discount.percent ? discount.ppm >= 0 && discount.ppm <= RATE_ONE
                            : discount.amount.minor >= 0;
}

static int64_t discount_value(struct pricing_discount discount)
{
    return discount.percent ? discount.ppm : discount.amount.minor;
}

enum status cart_line_discount(struct cart *cart, int64_t id, struct pricing_discount discount,
                               const char *reason, const char *approved_by, struct error *error)
{
    struct cart_line *line;
    enum status status = want_priced(cart, id, &line, error);

    if (status != STATUS_OK)
        return status;
    if (!discount_valid(discount))
        return error_set(error, STATUS_RANGE, "line %lld: discount", (long long)id);
    line->discount_percent = discount.percent;
    line->discount = discount_value(discount);
    copy_text(line->discount_reason, sizeof line->discount_reason,
              line->discount == 0 ? "" : reason);
    copy_text(line->approved_by, sizeof line->approved_by, approved_by);
    return STATUS_OK;
}

enum status cart_discount(struct cart *cart, struct pricing_discount discount, const char *reason,
                          const char *approved_by, struct error *error)
{
    if (!discount_valid(discount))
        return error_set(error, STATUS_RANGE, "the cart's discount");
    cart->discount_percent = discount.percent;
    cart->discount = discount_value(discount);
    copy_text(cart->discount_reason, sizeof cart->discount_reason,
              cart->discount == 0 ? "" : reason);
    copy_text(cart->discount_approved_by, sizeof cart->discount_approved_by, approved_by);
    return STATUS_OK;
}

/* A line of the cart that the copy lacks or that had been removed there: it stays, as removed. */
static void keep_as_removed(struct cart *undone, const struct cart_line *line, const char *staff)
{
    struct cart_line *kept = cart_line_add(undone);

    if (kept == NULL)
        return;
    *kept = *line;
    if (!kept->removed) {
        kept->removed = true;
        copy_text(kept->removed_by, sizeof kept->removed_by, staff);
    }
}

void cart_undo(struct cart *cart, const struct cart *before, const char *staff)
{
    struct cart undone;

    cart_init(&undone, false);
    cart_copy(before, &undone);
    for (int i = before->count; i < cart->count; i++)
        keep_as_removed(&undone, &cart->lines[i], staff);
    undone.next_line = cart->next_line;
    undone.next_tender = cart->next_tender;
    undone.id = cart->id;
    undone.tender_count = cart->tender_count;
    memcpy(undone.tenders, cart->tenders, sizeof undone.tenders);
    cart_finish(cart);
    *cart = undone;
}

/* Runs of digits as long as a card number's (ISO/IEC 7812: from 12; spaces and dashes between). */
static bool looks_like_card(const char *text)
{
    int run = 0;

    for (; *text != '\0'; text++) {
        if (*text >= '0' && *text <= '9')
            run++;
        else if (*text != ' ' && *text != '-')
            run = 0;
        if (run >= 12)
            return true;
    }
    return false;
}

const char *cart_tender_type(const struct cart_tender *tender)
{
    if (tender->account[0] != '\0')
        return TENDER_ACCOUNT;
    return tender->cash ? TENDER_CASH : TENDER_CARD;
}

/* A new tender at the end; NULL when there are too many. */
static struct cart_tender *tender_add(struct cart *cart, struct money amount, struct error *error)
{
    struct cart_tender *tender;

    if (cart->tender_count == CART_TENDERS) {
        (void)error_set(error, STATUS_RANGE, "the sale has too many tenders");
        return NULL;
    }
    tender = &cart->tenders[cart->tender_count++];
    memset(tender, 0, sizeof *tender);
    tender->id = cart->next_tender++;
    tender->amount = amount.minor;
    return tender;
}

/* Whether what is not cash may be taken, or paid back: at most what is due, and no change. */
static enum status exact_amount(const struct settlement *settlement, struct money amount,
                                struct error *error)
{
    int64_t due = settlement->to_pay.minor;

    if (amount.minor == 0 || (due >= 0 && (amount.minor < 0 || amount.minor > due)) ||
        (due < 0 && (amount.minor > 0 || amount.minor < due)))
        return error_set(error, STATUS_RANGE, "more than is due");
    return STATUS_OK;
}

enum status cart_tender_cash(struct cart *cart, struct money amount,
                             const struct settlement *settlement, struct error *error)
{
    int64_t due = settlement->cash_due.minor;
    int64_t ceiling;
    struct cart_tender *tender;

    /* A rest that cash rounds to nothing is settled by handing over nothing. */
    if (settlement->covered || (amount.minor == 0 && due != 0))
        return error_set(error, STATUS_RANGE, "nothing is due, or nothing was handed over");
    if (due < 0 && amount.minor != due)
        return error_set(error, STATUS_RANGE, "exactly what is due is paid out");
    if (due >= 0 && amount.minor < 0)
        return error_set(error, STATUS_RANGE, "nothing is to be paid out");
    if (multiply_divide(due > 0 ? due : 1, 1000, 1, &ceiling) != STATUS_OK)
        ceiling = INT64_MAX;
    if (due > 0 && amount.minor > ceiling)
        return error_set(error, STATUS_RANGE, "more than a thousand times what is due");
    if (due == 0 && amount.minor > 0)
        return error_set(error, STATUS_RANGE, "nothing is due");
    tender = tender_add(cart, amount, error);
    if (tender == NULL)
        return STATUS_RANGE;
    tender->cash = true;
    return STATUS_OK;
}

enum status cart_tender_card(struct cart *cart, struct money amount, const char *reference,
                             const struct settlement *settlement, struct error *error)
{
    struct cart_tender *tender;
    enum status status;

    if (looks_like_card(reference))
        return error_set(error, STATUS_INVALID, "the reference looks like a card number");
    if (strlen(reference) >= TENDER_REFERENCE || !text_is_utf8(reference, strlen(reference)))
        return error_set(error, STATUS_INVALID, "the reference is too long");
    status = exact_amount(settlement, amount, error);
    if (status != STATUS_OK)
        return status;
    tender = tender_add(cart, amount, error);
    if (tender == NULL)
        return STATUS_RANGE;
    copy_text(tender->reference, sizeof tender->reference, reference);
    return STATUS_OK;
}

enum status cart_tender_account(struct cart *cart, struct money amount, const char *account,
                                const struct id *lease, const struct settlement *settlement,
                                struct error *error)
{
    struct cart_tender *tender;
    enum status status = exact_amount(settlement, amount, error);

    if (status == STATUS_OK && !account_id_valid(account))
        status = error_set(error, STATUS_INVALID, "that is no account's number");
    if (status != STATUS_OK)
        return status;
    INVARIANT((amount.minor > 0) == (lease != NULL));
    tender = tender_add(cart, amount, error);
    if (tender == NULL)
        return STATUS_RANGE;
    copy_text(tender->account, sizeof tender->account, account);
    if (lease != NULL)
        hex_write(lease->bytes, ID_SIZE, tender->lease);
    return STATUS_OK;
}

enum status cart_line_account(struct cart *cart, int64_t id, const char *account,
                              struct error *error)
{
    struct cart_line *line = cart_line_find(cart, id);

    if (line == NULL)
        return error_set(error, STATUS_NOT_FOUND, "no line %lld", (long long)id);
    if (line->unknown || line->charge || line->is_kit || line->stocked || line->quantity <= 0)
        return error_set(error, STATUS_INVALID, "line %lld is no gift card", (long long)id);
    if (account[0] != '\0' && !account_id_valid(account))
        return error_set(error, STATUS_INVALID, "that is no account's number");
    copy_text(line->account, sizeof line->account, account);
    return STATUS_OK;
}

enum status cart_tender_reverse(struct cart *cart, int64_t id, struct error *error)
{
    for (int64_t i = 0; i < cart->tender_count; i++) {
        struct cart_tender *tender = &cart->tenders[i];

        if (tender->id == id && !tender->reversed) {
            tender->reversed = true;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_NOT_FOUND, "no tender %lld", (long long)id);
}
