/* Lists of the catalogue: variants, codes, packs, linked charges, kits, categories, favourites.
 * Each is one statement whose rows are copied into the caller's array.
 */
#include "terminal/catalogue/catalogue.h"

#include "terminal/catalogue/column.h"

#include <string.h>

/* Copies the row under the statement to element `index` of the caller's array. */
typedef void (*copy_row)(struct db_statement *statement, void *array, size_t index);

static enum status read_list(struct db_statement *statement, copy_row copy, void *array,
                             size_t capacity, size_t *count, struct error *error)
{
    bool row = true;
    enum status status = STATUS_OK;
    *count = 0;
    while (status == STATUS_OK && *count < capacity) {
        status = db_step(statement, &row, error);
        if (status != STATUS_OK || !row)
            break;
        copy(statement, array, (*count)++);
    }
    db_reset(statement);
    return status;
}

/* A list that belongs to one SKU (or another single text). */
static enum status list_of(struct catalogue *catalogue, const char *sql, const char *key,
                           copy_row copy, void *array, size_t capacity, size_t *count,
                           struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(catalogue_db(catalogue), sql, &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, key);
    return read_list(statement, copy, array, capacity, count, error);
}

/* The same, from row `skip` on: the statement's second parameter. */
static enum status page_of(struct catalogue *catalogue, const char *sql, const char *key,
                           size_t skip, copy_row copy, void *array, size_t capacity, size_t *count,
                           struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(catalogue_db(catalogue), sql, &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, key);
    db_bind_int(statement, 2, (int64_t)skip);
    return read_list(statement, copy, array, capacity, count, error);
}

static void copy_item(struct db_statement *statement, void *array, size_t index)
{
    item_read(statement, 0, (struct item *)array + index);
}

enum status catalogue_variants(struct catalogue *catalogue, const char *sku, size_t skip,
                               struct item *out, size_t capacity, size_t *count,
                               struct error *error)
{
    return page_of(catalogue,
                   "SELECT " ITEM_COLUMNS " FROM item AS i WHERE i.variant_of=?1"
                   " AND i.variant_of<>'' ORDER BY i.variant_label,i.sku LIMIT -1 OFFSET ?2",
                   sku, skip, copy_item, out, capacity, count, error);
}

static void copy_code(struct db_statement *statement, void *array, size_t index)
{
    struct item_code *code = (struct item_code *)array + index;
    column_text(statement, 0, code->code, sizeof code->code);
    column_text(statement, 1, code->given, sizeof code->given);
    column_text(statement, 2, code->kind, sizeof code->kind);
    column_text(statement, 3, code->pack, sizeof code->pack);
}

enum status catalogue_codes(struct catalogue *catalogue, const char *sku, struct item_code *out,
                            size_t capacity, size_t *count, struct error *error)
{
    return list_of(catalogue,
                   "SELECT code,given,kind,pack FROM item_code WHERE sku=? ORDER BY code", sku,
                   copy_code, out, capacity, count, error);
}

static void copy_pack(struct db_statement *statement, void *array, size_t index)
{
    struct item_pack *pack = (struct item_pack *)array + index;
    column_text(statement, 0, pack->pack, sizeof pack->pack);
    pack->factor.milli = db_int(statement, 1);
    column_text(statement, 2, pack->label, sizeof pack->label);
}

enum status catalogue_packs(struct catalogue *catalogue, const char *sku, struct item_pack *out,
                            size_t capacity, size_t *count, struct error *error)
{
    return list_of(catalogue,
                   "SELECT pack,factor_milli,label FROM item_pack WHERE sku=?"
                   " ORDER BY factor_milli,pack",
                   sku, copy_pack, out, capacity, count, error);
}

enum status catalogue_pack(struct catalogue *catalogue, const char *sku, const char *pack,
                           struct item_pack *out, struct error *error)
{
    struct db_statement *statement;
    bool found;
    memset(out, 0, sizeof *out);
    out->factor.milli = QUANTITY_ONE;
    if (pack[0] == '\0')
        return STATUS_OK;
    enum status status = db_prepare(
        catalogue_db(catalogue),
        "SELECT pack,factor_milli,label FROM item_pack WHERE sku=? AND pack=?", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, sku);
    db_bind_text(statement, 2, pack);
    status = db_step(statement, &found, error);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return error_set(error, STATUS_NOT_FOUND, "%s has no pack \"%s\"", sku, pack);
    copy_pack(statement, out, 0);
    db_reset(statement);
    return STATUS_OK;
}

static void copy_link(struct db_statement *statement, void *array, size_t index)
{
    struct item_link *link = (struct item_link *)array + index;
    column_text(statement, 0, link->linked_sku, sizeof link->linked_sku);
    link->quantity.milli = db_int(statement, 1);
    link->kind = strcmp(db_text(statement, 2), "fee") == 0 ? LINK_FEE : LINK_DEPOSIT;
}

enum status catalogue_links(struct catalogue *catalogue, const char *sku, struct item_link *out,
                            size_t capacity, size_t *count, struct error *error)
{
    return list_of(catalogue,
                   "SELECT linked_sku,quantity_milli,kind FROM item_link WHERE sku=?"
                   " ORDER BY linked_sku",
                   sku, copy_link, out, capacity, count, error);
}

static void copy_component(struct db_statement *statement, void *array, size_t index)
{
    struct kit_component *component = (struct kit_component *)array + index;
    column_text(statement, 0, component->component, sizeof component->component);
    component->quantity.milli = db_int(statement, 1);
    component->share_ppm = (int32_t)db_int(statement, 2);
}

enum status catalogue_components(struct catalogue *catalogue, const char *sku,
                                 struct kit_component *out, size_t capacity, size_t *count,
                                 struct error *error)
{
    return list_of(catalogue,
                   "SELECT component,quantity_milli,share_ppm FROM kit_component WHERE sku=?"
                   " ORDER BY component",
                   sku, copy_component, out, capacity, count, error);
}

static void copy_category(struct db_statement *statement, void *array, size_t index)
{
    struct category *category = (struct category *)array + index;
    column_text(statement, 0, category->id, sizeof category->id);
    column_text(statement, 1, category->name, sizeof category->name);
    column_text(statement, 2, category->parent, sizeof category->parent);
    column_text(statement, 3, category->colour, sizeof category->colour);
    category->position = db_int(statement, 4);
}

enum status catalogue_categories(struct catalogue *catalogue, const char *parent, size_t skip,
                                 struct category *out, size_t capacity, size_t *count,
                                 struct error *error)
{
    return page_of(catalogue,
                   "SELECT id,name,parent,colour,position FROM category WHERE parent=?1"
                   " ORDER BY position,name,id LIMIT -1 OFFSET ?2",
                   parent, skip, copy_category, out, capacity, count, error);
}

enum status catalogue_category(struct catalogue *catalogue, const char *id, struct category *out,
                               struct error *error)
{
    size_t count;
    enum status status =
        list_of(catalogue, "SELECT id,name,parent,colour,position FROM category WHERE id=?", id,
                copy_category, out, 1, &count, error);
    if (status == STATUS_OK && count == 0)
        return error_set(error, STATUS_NOT_FOUND, "no category is called \"%s\"", id);
    return status;
}

static void copy_favourite(struct db_statement *statement, void *array, size_t index)
{
    struct favourite *favourite = (struct favourite *)array + index;
    item_read(statement, 0, &favourite->item);
    favourite->position = db_int(statement, ITEM_COLUMN_COUNT);
}

enum status catalogue_favourites(struct catalogue *catalogue, size_t skip, struct favourite *out,
                                 size_t capacity, size_t *count, struct error *error)
{
    return page_of(catalogue,
                   "SELECT " ITEM_COLUMNS ",f.position FROM favourite AS f"
                   " JOIN item AS i ON i.sku=f.sku WHERE f.location=?1"
                   " ORDER BY f.position LIMIT -1 OFFSET ?2",
                   catalogue_location_id(catalogue), skip, copy_favourite, out, capacity, count,
                   error);
}
