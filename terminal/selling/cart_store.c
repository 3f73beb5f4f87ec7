#include "terminal/selling/cart_store.h"

#include "terminal/base/log.h"
#include "terminal/selling/fields.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BITS 16
#define LINE_MASK ((1 << LINE_BITS) - 1)

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static const struct field line_fields[] = {
    FIELD_OF_BOOL("unknown", struct cart_line, unknown),
    FIELD_OF_BOOL("removed", struct cart_line, removed),
    FIELD_OF_BOOL("weighed", struct cart_line, weighed),
    FIELD_OF_BOOL("stocked", struct cart_line, stocked),
    FIELD_OF_BOOL("charge", struct cart_line, charge),
    FIELD_OF_BOOL("is_kit", struct cart_line, is_kit),
    FIELD_OF_TEXT("sku", struct cart_line, sku),
    FIELD_OF_TEXT("name", struct cart_line, name),
    FIELD_OF_TEXT("code", struct cart_line, code),
    FIELD_OF_TEXT("category", struct cart_line, category),
    FIELD_OF_TEXT("tax_class", struct cart_line, tax_class),
    FIELD_OF_TEXT("unit", struct cart_line, unit),
    FIELD_OF_TEXT("pack", struct cart_line, pack),
    FIELD_OF_TEXT("pack_label", struct cart_line, pack_label),
    FIELD_OF_INT("quantity", struct cart_line, quantity),
    FIELD_OF_INT("factor", struct cart_line, factor),
    FIELD_OF_INT("tare", struct cart_line, tare),
    FIELD_OF_INT("price", struct cart_line, price),
    FIELD_OF_INT("per", struct cart_line, per),
    FIELD_OF_TEXT("price_from", struct cart_line, price_from),
    FIELD_OF_TEXT("list", struct cart_line, list),
    FIELD_OF_TEXT("tax_code", struct cart_line, tax_code),
    FIELD_OF_TEXT("treatment", struct cart_line, treatment),
    FIELD_OF_INT("rate", struct cart_line, rate_ppm),
    FIELD_OF_BOOL("discount_percent", struct cart_line, discount_percent),
    FIELD_OF_INT("discount", struct cart_line, discount),
    FIELD_OF_TEXT("discount_reason", struct cart_line, discount_reason),
    FIELD_OF_TEXT("approved_by", struct cart_line, approved_by),
    FIELD_OF_INT("linked_to", struct cart_line, linked_to),
    FIELD_OF_INT("linked_per", struct cart_line, linked_per),
    FIELD_OF_INT("max_per_sale", struct cart_line, max_per_sale),
    FIELD_OF_TEXT("lot", struct cart_line, lot),
    FIELD_OF_TEXT("serial", struct cart_line, serial),
    FIELD_OF_TEXT("reason", struct cart_line, reason),
    FIELD_OF_TEXT("condition", struct cart_line, condition),
    FIELD_OF_TEXT("removed_by", struct cart_line, removed_by),
    FIELD_OF_TEXT("account", struct cart_line, account),
    FIELD_OF_TEXT("origin_device", struct cart_line, origin_device),
    FIELD_OF_TEXT("origin_epoch", struct cart_line, origin_epoch),
    FIELD_OF_INT("origin_seq", struct cart_line, origin_seq),
    FIELD_OF_INT("origin_line", struct cart_line, origin_line),
    FIELD_OF_INT("origin_sold", struct cart_line, origin_sold),
    FIELD_OF_BOOL("origin_paid", struct cart_line, origin_paid),
    FIELD_OF_INT("origin_amount", struct cart_line, origin_amount),
    FIELD_OF_INT("origin_tax", struct cart_line, origin_tax),
    FIELD_OF_INT("origin_before", struct cart_line, origin_before),
};

static const struct field head_fields[] = {
    FIELD_OF_INT("started_ms", struct cart, started_ms),
    FIELD_OF_INT("next_line", struct cart, next_line),
    FIELD_OF_INT("next_tender", struct cart, next_tender),
    FIELD_OF_BOOL("tax_included", struct cart, tax_included),
    FIELD_OF_BOOL("discount_percent", struct cart, discount_percent),
    FIELD_OF_INT("discount", struct cart, discount),
    FIELD_OF_TEXT("discount_reason", struct cart, discount_reason),
    FIELD_OF_TEXT("discount_approved_by", struct cart, discount_approved_by),
    FIELD_OF_TEXT("note", struct cart, note),
    FIELD_OF_TEXT("customer", struct cart, customer),
    FIELD_OF_INT("confirmed_age", struct cart, confirmed_age),
    FIELD_OF_TEXT("return_reason", struct cart, return_reason),
    FIELD_OF_TEXT("return_condition", struct cart, return_condition),
    FIELD_OF_TEXT("return_approved_by", struct cart, return_approved_by),
    FIELD_OF_BOOL("parked", struct cart, parked),
    FIELD_OF_TEXT("label", struct cart, label),
    FIELD_OF_TEXT("parked_by", struct cart, parked_by),
    FIELD_OF_INT("parked_ms", struct cart, parked_ms),
    FIELD_OF_INT("parked_total", struct cart, parked_total),
    FIELD_OF_INT("parked_lines", struct cart, parked_lines),
};

static const struct field tender_fields[] = {
    FIELD_OF_INT("id", struct cart_tender, id),
    FIELD_OF_BOOL("cash", struct cart_tender, cash),
    FIELD_OF_BOOL("reversed", struct cart_tender, reversed),
    FIELD_OF_INT("amount", struct cart_tender, amount),
    FIELD_OF_TEXT("reference", struct cart_tender, reference),
    FIELD_OF_TEXT("account", struct cart_tender, account),
    FIELD_OF_TEXT("lease", struct cart_tender, lease),
};

static enum status write_row(struct db *db, int64_t key, const json_t *doc, struct error *error)
{
    struct db_statement *statement;
    struct buf text;
    enum status status;

    buf_init(&text, CART_BYTES);
    status = json_write(doc, &text);
    if (status != STATUS_OK)
        (void)error_set(error, status, "cart: a row is too large");
    if (status == STATUS_OK)
        status = db_prepare(db, "INSERT OR REPLACE INTO cart_row(key, doc) VALUES(?, ?)",
                            &statement, error);
    if (status == STATUS_OK) {
        db_bind_int(statement, 1, key);
        db_bind_text_n(statement, 2, buf_text(&text), text.used);
        status = db_run(statement, error);
    }
    buf_finish(&text);
    return status;
}

static json_t *head_to_json(const struct cart *cart)
{
    json_t *head = json_object();
    json_t *tenders = json_array();

    fields_put(head, head_fields, COUNT_OF(head_fields), cart);
    for (int64_t i = 0; i < cart->tender_count; i++) {
        json_t *tender = json_object();

        fields_put(tender, tender_fields, COUNT_OF(tender_fields), &cart->tenders[i]);
        json_add(tenders, tender);
    }
    json_put(head, "tenders", tenders);
    return head;
}

static bool head_differs(const struct cart *cart, const struct cart *before)
{
    if (cart->tender_count != before->tender_count ||
        !fields_equal(head_fields, COUNT_OF(head_fields), cart, before))
        return true;
    for (int64_t i = 0; i < cart->tender_count; i++) {
        if (!fields_equal(tender_fields, COUNT_OF(tender_fields), &cart->tenders[i],
                          &before->tenders[i]))
            return true;
    }
    return false;
}

static enum status write_head(struct db *db, const struct cart *cart, struct error *error)
{
    json_t *head = head_to_json(cart);
    enum status status = write_row(db, cart->id << LINE_BITS, head, error);

    json_decref(head);
    return status;
}

/* The key is the id, so it is no member of the row. */
static bool line_differs(const struct cart_line *line, const struct cart_line *before)
{
    return line->id != before->id ||
           !fields_equal(line_fields, COUNT_OF(line_fields), line, before);
}

static enum status write_line(struct db *db, const struct cart *cart, const struct cart_line *line,
                              struct error *error)
{
    json_t *doc = json_object();
    enum status status;

    fields_put(doc, line_fields, COUNT_OF(line_fields), line);
    status = write_row(db, cart->id << LINE_BITS | line->id, doc, error);
    json_decref(doc);
    return status;
}

static enum status check_size(struct db *db, int64_t id, struct error *error)
{
    struct db_statement *statement;
    bool row;
    int64_t bytes = 0;
    enum status status = db_prepare(
        db, "SELECT sum(length(doc)) FROM cart_row WHERE key BETWEEN ? AND ?", &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, id << LINE_BITS);
    db_bind_int(statement, 2, (id << LINE_BITS) + LINE_MASK);
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && row)
        bytes = db_int(statement, 0);
    db_reset(statement);
    if (status == STATUS_OK && bytes > (int64_t)CART_BYTES)
        return error_set(error, STATUS_RANGE, "the cart is full");
    return status;
}

enum status cart_store_save(struct db *db, struct cart *cart, const struct cart *before,
                            struct error *error)
{
    enum status status = STATUS_OK;
    bool all = before == NULL || before->id != cart->id || cart->id == 0;
    bool grew = all || cart->count > before->count;

    if (cart->id == 0)
        status = counter_next(db, "cart", &cart->id, error);
    if (status == STATUS_OK && (all || head_differs(cart, before)))
        status = write_head(db, cart, error);
    for (int i = 0; status == STATUS_OK && i < cart->count; i++) {
        const struct cart_line *line = &cart->lines[i];

        if (line->id > LINE_MASK)
            return error_set(error, STATUS_RANGE, "the cart is full");
        if (all || i >= before->count || line_differs(line, &before->lines[i]))
            status = write_line(db, cart, line, error);
    }
    /* Only a cart of many lines can come near its ceiling. */
    if (status == STATUS_OK && grew && cart->count > 50)
        status = check_size(db, cart->id, error);
    return status;
}

enum status cart_store_delete(struct db *db, int64_t id, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "DELETE FROM cart_row WHERE key BETWEEN ? AND ?", &statement, error);

    if (status != STATUS_OK || id == 0)
        return status;
    db_bind_int(statement, 1, id << LINE_BITS);
    db_bind_int(statement, 2, (id << LINE_BITS) + LINE_MASK);
    return db_run(statement, error);
}

static enum status read_tenders(const json_t *head, struct cart *cart, struct error *error)
{
    json_t *tenders, *tender;
    size_t index;

    if (json_want_array(head, "tenders", CART_TENDERS, &tenders, error) != STATUS_OK)
        return error->status;
    json_array_foreach(tenders, index, tender)
    {
        if (fields_get(tender, tender_fields, COUNT_OF(tender_fields),
                       &cart->tenders[cart->tender_count++], error) != STATUS_OK)
            return error->status;
    }
    return STATUS_OK;
}

/* One row under the statement (key, doc) into the cart. */
static enum status read_row(struct db_statement *statement, struct cart *cart, struct error *error)
{
    int64_t key = db_int(statement, 0);
    const char *text = db_text(statement, 1);
    json_t *doc = NULL;
    enum status status = json_read(text, strlen(text), &doc, error);

    if (status == STATUS_OK && (key & LINE_MASK) == 0) {
        cart->id = key >> LINE_BITS;
        status = fields_get(doc, head_fields, COUNT_OF(head_fields), cart, error);
        if (status == STATUS_OK)
            status = read_tenders(doc, cart, error);
    } else if (status == STATUS_OK) {
        int64_t next = cart->next_line;
        struct cart_line *line = cart_line_add(cart);

        cart->next_line = next;
        if (line == NULL)
            status = error_set(error, STATUS_CORRUPT, "cart: too many rows");
        else {
            line->id = key & LINE_MASK;
            line->per = line->factor = 0;
            status = fields_get(doc, line_fields, COUNT_OF(line_fields), line, error);
        }
        if (status == STATUS_OK && (line->per <= 0 || line->factor <= 0))
            status = error_set(error, STATUS_INVALID, "a factor is missing");
    }
    json_decref(doc);
    if (status != STATUS_OK)
        return error_set(error, STATUS_CORRUPT, "cart row %lld does not read", (long long)key);
    return STATUS_OK;
}

enum status cart_store_load(struct db *db, int64_t id, struct cart *out, struct error *error)
{
    struct db_statement *statement;
    struct error local;
    bool row = false;
    enum status status =
        db_prepare(db, "SELECT key, doc FROM cart_row WHERE key BETWEEN ? AND ? ORDER BY key",
                   &statement, error);

    cart_init(out, false);
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, id << LINE_BITS);
    db_bind_int(statement, 2, (id << LINE_BITS) + LINE_MASK);
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        status = read_row(statement, out, error == NULL ? &local : error);
        if (status != STATUS_OK)
            break;
    }
    db_reset(statement);
    if (status == STATUS_OK && out->id == 0)
        status = error_set(error, out->count > 0 ? STATUS_CORRUPT : STATUS_NOT_FOUND,
                           "no cart %lld", (long long)id);
    if (status != STATUS_OK)
        cart_finish(out);
    return status;
}

/* Heads of carts, the latest first. One that does not read is left out, and its rows are left
 * alone: the shop goes on selling, and somebody may look at them. */
static enum status read_heads(struct db *db, bool parked, struct cart *out, int max, int *count,
                              struct error *error)
{
    struct db_statement *statement;
    struct error local;
    bool row = false;
    enum status status =
        db_prepare(db, "SELECT key, doc FROM cart_row WHERE key & 65535 = 0 ORDER BY key DESC",
                   &statement, error);

    *count = 0;
    if (status != STATUS_OK)
        return status;
    while (*count < max && (status = db_step(statement, &row, error)) == STATUS_OK && row) {
        cart_init(&out[*count], false);
        if (read_row(statement, &out[*count], &local) != STATUS_OK)
            log_line(LOG_LEVEL_ERROR, "cart", "%s", local.text);
        else
            *count += out[*count].parked == parked;
    }
    db_reset(statement);
    return status;
}

enum status cart_store_parked(struct db *db, struct cart *out, int max, int *count,
                              struct error *error)
{
    return read_heads(db, true, out, max, count, error);
}

enum status cart_store_open_id(struct db *db, int64_t *out, struct error *error)
{
    struct cart *head = mem_alloc(sizeof *head);
    int count;
    enum status status = read_heads(db, false, head, 1, &count, error);

    *out = status == STATUS_OK && count == 1 ? head->id : 0;
    free(head);
    return status;
}

enum status counter_last(struct db *db, const char *name, int64_t *out, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "SELECT value FROM counter WHERE name = ?", &statement, error);

    *out = 0;
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, name);
    return db_one_int(statement, 0, out, error);
}

enum status counter_next(struct db *db, const char *name, int64_t *out, struct error *error)
{
    struct db_statement *statement;
    enum status status = counter_last(db, name, out, error);

    if (status == STATUS_OK)
        status = db_prepare(db, "INSERT OR REPLACE INTO counter(name, value) VALUES(?, ?)",
                            &statement, error);
    if (status != STATUS_OK)
        return status;
    (*out)++;
    db_bind_text(statement, 1, name);
    db_bind_int(statement, 2, *out);
    return db_run(statement, error);
}
