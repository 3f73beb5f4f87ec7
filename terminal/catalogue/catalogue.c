/* The catalogue of a location: its row, and items by code and SKU. Lists are in catalogue_lists.c.
 *
 * The hot path is find_code: one statement for code, item and pack, one for the price, both in one
 * read transaction.
 */
#include "terminal/catalogue/catalogue.h"

#include "terminal/base/text.h"
#include "terminal/catalogue/column.h"

#include <stdlib.h>
#include <string.h>

struct catalogue {
    struct replica *replica;
    struct location location;
};

/* --- The location --- */

static enum status read_currency(struct db_statement *statement, int column, struct location *out,
                                 struct error *error)
{
    enum status status = currency_find(db_text(statement, column), &out->currency);
    return status == STATUS_OK
               ? STATUS_OK
               : error_set(error, status, "location %s has no currency", out->location);
}

static enum status read_location(struct db_statement *statement, struct location *out,
                                 struct error *error)
{
    column_text(statement, 0, out->location, sizeof out->location);
    column_text(statement, 1, out->name, sizeof out->name);
    column_text(statement, 2, out->kind, sizeof out->kind);
    column_text(statement, 3, out->legal_name, sizeof out->legal_name);
    column_text(statement, 4, out->address, sizeof out->address);
    column_text(statement, 5, out->tax_id, sizeof out->tax_id);
    column_text(statement, 6, out->timezone, sizeof out->timezone);
    column_text(statement, 8, out->tax_list, sizeof out->tax_list);
    out->tax_included = db_int(statement, 9) != 0;
    out->cash_round_minor = db_int(statement, 10) > 0 ? db_int(statement, 10) : 1;
    column_text(statement, 11, out->language, sizeof out->language);
    column_text(statement, 12, out->locale, sizeof out->locale);
    column_text(statement, 13, out->receipt_header, sizeof out->receipt_header);
    column_text(statement, 14, out->receipt_footer, sizeof out->receipt_footer);
    out->panel_mm = (int)db_int(statement, 15);
    return read_currency(statement, 7, out, error);
}

static enum status load_location(struct catalogue *catalogue, const char *location,
                                 struct error *error)
{
    struct db_statement *statement;
    bool row;
    enum status status =
        db_prepare(replica_db(catalogue->replica),
                   "SELECT location,name,kind,legal_name,address,tax_id,timezone,currency,tax_list,"
                   "tax_included,cash_round_minor,language,locale,receipt_header,receipt_footer,"
                   "panel_mm FROM location WHERE location=?",
                   &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, location);
    status = db_step(statement, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return error_set(error, STATUS_NOT_FOUND, "the replica does not know location %s",
                         location);
    struct location *fresh = mem_alloc(sizeof *fresh);
    status = read_location(statement, fresh, error);
    db_reset(statement);
    if (status == STATUS_OK)
        catalogue->location = *fresh;
    free(fresh);
    return status;
}

enum status catalogue_open(struct replica *replica, const char *location, struct catalogue **out,
                           struct error *error)
{
    struct catalogue *catalogue = mem_alloc(sizeof *catalogue);
    catalogue->replica = replica;
    enum status status = load_location(catalogue, location, error);
    if (status != STATUS_OK) {
        catalogue_close(catalogue);
        return status;
    }
    *out = catalogue;
    return STATUS_OK;
}

void catalogue_close(struct catalogue *catalogue)
{
    free(catalogue);
}

enum status catalogue_refresh(struct catalogue *catalogue, bool *changed, struct error *error)
{
    enum status status = replica_refresh(catalogue->replica, changed, error);
    if (status != STATUS_OK)
        return status;
    char location[KEY_SIZE];
    memcpy(location, catalogue->location.location, sizeof location);
    return load_location(catalogue, location, error);
}

struct db *catalogue_db(struct catalogue *catalogue)
{
    return replica_db(catalogue->replica);
}

const char *catalogue_location_id(const struct catalogue *catalogue)
{
    return catalogue->location.location;
}

const struct location *catalogue_location(const struct catalogue *catalogue)
{
    return &catalogue->location;
}

/* --- Items --- */

/* STATUS_NOT_FOUND leaves the error to the caller: it tries the next candidate. */
static enum status item_of_code(struct catalogue *catalogue, const char *code,
                                struct found_item *out, struct error *error)
{
    struct db_statement *statement;
    bool row;
    enum status status =
        db_prepare(catalogue_db(catalogue),
                   "SELECT c.pack,p.factor_milli," ITEM_COLUMNS " FROM item_code AS c"
                   " CROSS JOIN item AS i ON i.sku=c.sku"
                   " LEFT JOIN item_pack AS p ON p.sku=c.sku AND p.pack=c.pack AND c.pack<>''"
                   " WHERE c.code=?",
                   &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, code);
    status = db_step(statement, &row, error);
    if (status != STATUS_OK || !row)
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    column_text(statement, 0, out->pack, sizeof out->pack);
    out->factor.milli = db_is_null(statement, 1) ? QUANTITY_ONE : db_int(statement, 1);
    bool pack_missing = out->pack[0] != '\0' && db_is_null(statement, 1);
    item_read(statement, 2, &out->item);
    db_reset(statement);
    memcpy(out->code, code, strlen(code) + 1);
    /* A case must never be sold at the price of the single unit. */
    if (pack_missing || out->factor.milli <= 0)
        return error_set(error, STATUS_CORRUPT, "code %s names pack \"%s\", which %s lacks", code,
                         out->pack, out->item.sku);
    return STATUS_OK;
}

static enum status read_item(struct catalogue *catalogue, const char *sku, struct item *out,
                             struct error *error)
{
    struct db_statement *statement;
    bool row;
    enum status status =
        db_prepare(catalogue_db(catalogue), "SELECT " ITEM_COLUMNS " FROM item AS i WHERE i.sku=?",
                   &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, sku);
    status = db_step(statement, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return error_set(error, STATUS_NOT_FOUND, "no item is called \"%s\"", sku);
    item_read(statement, 0, out);
    db_reset(statement);
    return STATUS_OK;
}

static enum status add_price(struct catalogue *catalogue, const struct price_context *context,
                             struct found_item *out, struct error *error)
{
    enum status status = catalogue_price(catalogue, out->item.sku, out->pack, out->factor, context,
                                         &out->price, error);
    out->has_price = status == STATUS_OK;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void clear_found(struct found_item *out)
{
    memset(out, 0, sizeof *out);
    out->factor.milli = QUANTITY_ONE;
}

static enum status find_candidates(struct catalogue *catalogue, const struct code *code,
                                   struct found_item *out, struct error *error)
{
    for (int i = 0; i < code->candidate_count; i++) {
        enum status status = item_of_code(catalogue, code->candidates[i], out, error);
        if (status != STATUS_NOT_FOUND)
            return status;
    }
    clear_found(out);
    if (strlen(code->text) > REFERENCE_KEY_MAX)
        return error_set(error, STATUS_NOT_FOUND, "no item has this code");
    return read_item(catalogue, code->text, &out->item, error);
}

enum status catalogue_find_code(struct catalogue *catalogue, const struct code *code,
                                const struct price_context *context, struct found_item *out,
                                struct error *error)
{
    struct reading reading;
    enum status status = reading_begin(&reading, catalogue_db(catalogue), error);
    if (status != STATUS_OK)
        return status;
    clear_found(out);
    status = find_candidates(catalogue, code, out, error);
    if (status == STATUS_OK)
        status = add_price(catalogue, context, out, error);
    return reading_end(&reading, status, error);
}

enum status catalogue_find_sku(struct catalogue *catalogue, const char *sku,
                               const struct price_context *context, struct found_item *out,
                               struct error *error)
{
    struct reading reading;
    enum status status = reading_begin(&reading, catalogue_db(catalogue), error);
    if (status != STATUS_OK)
        return status;
    clear_found(out);
    status = read_item(catalogue, sku, &out->item, error);
    if (status == STATUS_OK)
        status = add_price(catalogue, context, out, error);
    return reading_end(&reading, status, error);
}

enum status catalogue_item(struct catalogue *catalogue, const char *sku, struct item *out,
                           struct error *error)
{
    return read_item(catalogue, sku, out, error);
}

enum status catalogue_has_variants(struct catalogue *catalogue, const char *sku, bool *out,
                                   struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(
        catalogue_db(catalogue),
        "SELECT 1 FROM item WHERE variant_of=?1 AND variant_of<>'' LIMIT 1", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, sku);
    status = db_step(statement, out, error);
    db_reset(statement);
    return status;
}

/* --- Settings --- */

static enum status find_setting(struct catalogue *catalogue, const char *key,
                                struct db_statement **statement, bool *found, struct error *error)
{
    enum status status =
        db_prepare(catalogue_db(catalogue), "SELECT value FROM setting WHERE location=? AND key=?",
                   statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(*statement, 1, catalogue_location_id(catalogue));
    db_bind_text(*statement, 2, key);
    return db_step(*statement, found, error);
}

enum status catalogue_setting(struct catalogue *catalogue, const char *key, const char *fallback,
                              char *out, size_t size, struct error *error)
{
    struct db_statement *statement;
    bool found;
    enum status status = find_setting(catalogue, key, &statement, &found, error);
    if (status != STATUS_OK)
        return status;
    INVARIANT(size > 0);
    if (found) {
        column_text(statement, 0, out, size);
        db_reset(statement);
        return STATUS_OK;
    }
    size_t length = text_cut(fallback, strlen(fallback), size - 1);
    memcpy(out, fallback, length);
    out[length] = '\0';
    return STATUS_OK;
}

enum status catalogue_setting_int(struct catalogue *catalogue, const char *key, int64_t fallback,
                                  int64_t *out, struct error *error)
{
    struct db_statement *statement;
    bool found;
    enum status status = find_setting(catalogue, key, &statement, &found, error);
    if (status != STATUS_OK)
        return status;
    if (!found || decimal_read(db_text(statement, 0), 0, out) != STATUS_OK)
        *out = fallback;
    db_reset(statement);
    return STATUS_OK;
}

enum status catalogue_prices_position(struct catalogue *catalogue, int64_t *out,
                                      struct error *error)
{
    struct replica_cursor cursor;
    enum status status = replica_cursor(catalogue_db(catalogue), "prices", &cursor, error);
    if (status == STATUS_OK)
        *out = cursor.position;
    return status;
}
