/* The turns of an import.
 *
 *   file    ▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒│░░░░░░░░░░│░░░░░
 *           committed  committed  the turn    to come
 *
 * A turn that has to be tried again (another transaction was in its way) begins the file anew and
 * passes over what is committed: what the records before say of this one (a SKU twice, a code
 * taken) is then as it was.
 */
#include "sync/ledger/import.h"

#include "sync/ledger/import_file.h"
#include "sync/ledger/import_list.h"
#include "sync/ledger/projection.h"
#include "sync/ledger/store/meta.h"
#include "sync/ledger/text_set.h"
#include "terminal/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIVED_SIZE (sizeof "import_received " + 2 * HASH_SIZE)

/* What is written with each item, as this file's header has it. */
struct import_sql {
    const char *item;
    int columns[REFERENCE_COLUMNS_MAX]; /* of `item`, in the order of the parameters */
    int column_count;
};

struct import {
    struct rows *rows;
    const struct import_options *options;
    const char *bytes;
    size_t length;
    struct import_result *result;
    struct import_sql sql;

    struct import_file file;
    struct text_set *skus, *codes, *categories;
    char group[REFERENCE_KEY_MAX + 1]; /* the last one written */
    bool had_codes;                    /* the catalogue had codes before */
    bool tell;                         /* small enough to be told row by row */
    bool begun, ended;                 /* the file is open; all of it was read */
    bool uncertain;                    /* a turn was begun and is not known to be committed */
    int64_t done;                      /* records of the turns that are committed */
    int64_t received;                  /* records whose stock is there, from an import cut short */
    char received_key[RECEIVED_SIZE];  /* under which `received` is kept */
    struct buf lines;                  /* of the stock document */
    int64_t line_count;
};

static const struct {
    enum import_column from;
    const char *column;
} item_columns[] = {{IMPORT_CATEGORY, "category"},
                    {IMPORT_TAX, "tax_class"},
                    {IMPORT_UNIT, "unit"},
                    {IMPORT_PRICE_MODE, "price_mode"},
                    {IMPORT_POPULARITY, "popularity"},
                    {IMPORT_MIN_AGE, "min_age"},
                    {IMPORT_STOCKED, "stocked"},
                    {IMPORT_OPTION1, "variant_of"},
                    {IMPORT_OPTION1, "variant_label"}};

static void add_column(struct import_sql *sql, const char *name)
{
    sql->columns[sql->column_count] = reference_column_find(reference_table_find("item"), name);
    INVARIANT(sql->columns[sql->column_count] >= 0);
    sql->column_count++;
}

/* INSERT INTO item(sku, name, ...) .. ON CONFLICT(sku) DO UPDATE SET name = excluded.name, ... */
static void make_sql(struct import *import)
{
    const struct reference_table *table = reference_table_find("item");
    struct import_sql *sql = &import->sql;
    struct buf text;
    enum status status;

    sql->column_count = 0;
    add_column(sql, "sku");
    add_column(sql, "name");
    for (size_t i = 0; i < sizeof item_columns / sizeof item_columns[0]; i++) {
        if (import_file_has(&import->file, item_columns[i].from))
            add_column(sql, item_columns[i].column);
    }
    buf_init(&text, 4096);
    status = buf_append_text(&text, "INSERT INTO item(");
    for (int i = 0; i < sql->column_count && status == STATUS_OK; i++)
        status =
            buf_printf(&text, "%s%s", i == 0 ? "" : ", ", table->columns[sql->columns[i]].name);
    for (int i = 0; i < sql->column_count && status == STATUS_OK; i++)
        status = buf_printf(&text, "%s?%d", i == 0 ? ") VALUES(" : ", ", i + 1);
    for (int i = 1; i < sql->column_count && status == STATUS_OK; i++) {
        const char *name = table->columns[sql->columns[i]].name;
        status = buf_printf(&text, "%s%s = excluded.%s",
                            i == 1 ? ") ON CONFLICT(sku) DO UPDATE SET " : ", ", name, name);
    }
    INVARIANT(status == STATUS_OK);
    sql->item = rows_sql(import->rows, buf_text(&text));
    buf_finish(&text);
}

static void reject(struct import *import, const char *reason)
{
    struct import_result *result = import->result;
    const struct table_text *table = &import->file.table;
    struct import_rejection *rejection;
    struct buf text;
    size_t length = table->raw_length < IMPORT_TEXT_TOLD ? table->raw_length : IMPORT_TEXT_TOLD;

    result->rejected++;
    if (result->told == IMPORT_REJECTIONS_TOLD)
        return;
    result->rejections =
        mem_resize(result->rejections, (result->told + 1) * sizeof *result->rejections);
    rejection = &result->rejections[result->told++];
    buf_init(&text, SIZE_MAX - 1);
    enum status status = text_clean(table->raw, length, &text);
    INVARIANT(status == STATUS_OK);
    *rejection = (struct import_rejection){.line = table->line,
                                           .reason = mem_copy_text(reason),
                                           .text = mem_copy_text(buf_text(&text))};
    buf_finish(&text);
}

/* The code is another item's already. */
static enum status code_taken(struct import *import, const struct writer_turn *turn,
                              const struct import_code *code, struct reference_value sku,
                              bool *taken, struct error *error)
{
    struct store_value values[] = {store_text(code->code), store_text_n(sku.text, sku.length)};
    int64_t found = 0;
    enum status status;

    *taken = text_set_has(import->codes, code->code, strlen(code->code));
    if (*taken || !import->had_codes)
        return STATUS_OK;
    status = store_one_int(turn->session, "SELECT 1 FROM item_code WHERE code = ?1 AND sku <> ?2",
                           values, 2, 0, &found, error);
    *taken = found != 0;
    return status;
}

/* NULL in *reason when the item may go in. */
static enum status check_unique(struct import *import, const struct writer_turn *turn,
                                const struct import_item *item, const char **reason,
                                struct error *error)
{
    struct reference_value sku = item->row.values[0];
    bool taken = false;
    enum status status = STATUS_OK;

    *reason = NULL;
    if (text_set_has(import->skus, sku.text, sku.length)) {
        *reason = "sku: twice in this file";
        return STATUS_OK;
    }
    if (item->code.code[0] != '\0')
        status = code_taken(import, turn, &item->code, sku, &taken, error);
    if (status == STATUS_OK && taken)
        *reason = "gtin: another item has it";
    if (status != STATUS_OK || taken || !item->has_pack || item->pack_code.code[0] == '\0')
        return status;
    status = code_taken(import, turn, &item->pack_code, sku, &taken, error);
    if (taken || strcmp(item->pack_code.code, item->code.code) == 0)
        *reason = "pack_gtin: another item has it";
    return status;
}

static enum status put_code(struct import *import, const struct writer_turn *turn,
                            const struct import_code *code, struct reference_value sku,
                            struct reference_value pack, struct error *error)
{
    struct reference_row row;
    enum status status;

    if (code->code[0] == '\0')
        return STATUS_OK;
    if (import->tell) {
        reference_row_init(&row, reference_table_find("item_code"));
        reference_row_set_text(&row, "code", code->code);
        row.values[reference_column_find(row.table, "sku")] = sku;
        row.values[reference_column_find(row.table, "given")] = code->given;
        reference_row_set_text(&row, "kind", code->kind);
        row.values[reference_column_find(row.table, "pack")] = pack;
        return rows_put(import->rows, turn, &row, true, error);
    }
    struct store_value values[] = {store_text(code->code), store_text_n(sku.text, sku.length),
                                   store_text_n(code->given.text, code->given.length),
                                   store_text(code->kind), store_text_n(pack.text, pack.length)};
    status = store_run(turn->session,
                       "INSERT INTO item_code(code, sku, given, kind, pack) "
                       "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(code) DO UPDATE SET "
                       "given = excluded.given, kind = excluded.kind, pack = excluded.pack "
                       "WHERE item_code.sku = excluded.sku",
                       values, 5, error);
    return status;
}

static enum status put_price(struct import *import, const struct writer_turn *turn,
                             struct reference_value sku, struct reference_value pack,
                             int64_t scaled, struct error *error)
{
    struct reference_row row;

    if (import->tell) {
        reference_row_init(&row, reference_table_find("price"));
        reference_row_set_text(&row, "list", import->options->list);
        row.values[reference_column_find(row.table, "sku")] = sku;
        row.values[reference_column_find(row.table, "pack")] = pack;
        reference_row_set_int(&row, "price_scaled", scaled);
        return rows_put(import->rows, turn, &row, true, error);
    }
    struct store_value values[] = {store_text(import->options->list),
                                   store_text_n(sku.text, sku.length),
                                   store_text_n(pack.text, pack.length), store_int(scaled)};
    return store_run(turn->session,
                     "INSERT INTO price(list, sku, pack, valid_from, price_scaled) "
                     "VALUES(?1, ?2, ?3, '', ?4) ON CONFLICT(list, sku, pack, valid_from) "
                     "DO UPDATE SET price_scaled = excluded.price_scaled",
                     values, 4, error);
}

static enum status put_item(struct import *import, const struct writer_turn *turn,
                            const struct reference_row *row, struct error *error)
{
    struct store_value values[REFERENCE_COLUMNS_MAX];

    for (int i = 0; i < import->sql.column_count; i++) {
        int column = import->sql.columns[i];
        values[i] = row->table->columns[column].type == REFERENCE_TEXT
                        ? store_text_n(row->values[column].text, row->values[column].length)
                        : store_int(row->values[column].number);
    }
    return store_run(turn->session, import->sql.item, values, import->sql.column_count, error);
}

static enum status put_category(struct import *import, const struct writer_turn *turn,
                                const struct reference_row *item, struct error *error)
{
    struct reference_value id = item->values[reference_column_find(item->table, "category")];
    struct store_value values[] = {store_text_n(id.text, id.length)};
    struct reference_row row;
    int64_t known = 0;
    enum status status;

    if (id.length == 0 || !text_set_add(import->categories, id.text, id.length))
        return STATUS_OK;
    status = store_one_int(turn->session, "SELECT 1 FROM category WHERE id = ?1", values, 1, 0,
                           &known, error);
    if (status != STATUS_OK || known != 0)
        return status;
    reference_row_init(&row, reference_table_find("category"));
    row.values[reference_column_find(row.table, "id")] = id;
    row.values[reference_column_find(row.table, "name")] = id;
    return rows_put(import->rows, turn, &row, import->tell, error);
}

static bool is_group(const struct import *import, struct reference_value sku)
{
    return strlen(import->group) == sku.length && memcmp(import->group, sku.text, sku.length) == 0;
}

static enum status put_group(struct import *import, const struct writer_turn *turn,
                             const struct import_item *item, struct error *error)
{
    enum status status;

    if (!item->has_group || is_group(import, item->group.values[0]))
        return STATUS_OK;
    status = put_item(import, turn, &item->group, error);
    return status == STATUS_OK && import->tell ? rows_tell(import->rows, turn, &item->group, error)
                                               : status;
}

/* What later records are checked against. */
static void remember(struct import *import, const struct import_item *item)
{
    struct reference_value sku = item->row.values[0];

    (void)text_set_add(import->skus, sku.text, sku.length);
    if (item->code.code[0] != '\0')
        (void)text_set_add(import->codes, item->code.code, strlen(item->code.code));
    if (item->has_pack && item->pack_code.code[0] != '\0')
        (void)text_set_add(import->codes, item->pack_code.code, strlen(item->pack_code.code));
    if (item->has_group && !is_group(import, item->group.values[0])) {
        struct reference_value group = item->group.values[0];
        (void)text_set_add(import->skus, group.text, group.length);
        memcpy(import->group, group.text, group.length);
        import->group[group.length] = '\0';
    }
}

/* A line for the stock document of this turn. */
static void receive(struct import *import, const struct reference_row *item)
{
    enum status status;

    if (import->options->stock_milli <= 0 || import->result->rows <= import->received ||
        item->values[reference_column_find(item->table, "stocked")].number == 0)
        return;
    status = buf_printf(&import->lines, "%.*s\t%lld\n", (int)item->values[0].length,
                        item->values[0].text, (long long)import->options->stock_milli);
    INVARIANT(status == STATUS_OK);
    import->line_count++;
}

static enum status put_record(struct import *import, const struct writer_turn *turn,
                              const struct import_item *item, struct error *error)
{
    struct reference_value sku = item->row.values[0];
    struct reference_value no_pack = {.text = ""};
    enum status status = put_category(import, turn, &item->row, error);

    if (status == STATUS_OK)
        status = put_group(import, turn, item, error);
    if (status == STATUS_OK)
        status = put_item(import, turn, &item->row, error);
    if (status == STATUS_OK && import->tell)
        status = rows_tell(import->rows, turn, &item->row, error);
    if (status == STATUS_OK)
        status = put_code(import, turn, &item->code, sku, no_pack, error);
    if (status == STATUS_OK)
        status = put_price(import, turn, sku, no_pack, item->price_scaled, error);
    if (status == STATUS_OK && item->has_pack) {
        struct reference_value pack = item->pack.values[1];
        status = rows_put(import->rows, turn, &item->pack, import->tell, error);
        if (status == STATUS_OK)
            status = put_code(import, turn, &item->pack_code, sku, pack, error);
        if (status == STATUS_OK && item->pack_price_scaled >= 0)
            status = put_price(import, turn, sku, pack, item->pack_price_scaled, error);
    }
    if (status == STATUS_OK)
        receive(import, &item->row);
    return status;
}

/* One record that can be read. What is committed already is only remembered. */
static enum status take_item(struct import *import, const struct writer_turn *turn,
                             const struct import_item *item, struct error *error)
{
    const char *refused = NULL;
    enum status status = check_unique(import, turn, item, &refused, error);

    if (status == STATUS_OK && refused == NULL && import->result->rows > import->done)
        status = put_record(import, turn, item, error);
    if (status != STATUS_OK)
        return status;
    if (refused != NULL) {
        reject(import, refused);
    } else {
        import->result->imported++;
        remember(import, item);
    }
    return STATUS_OK;
}

/* Up to record `last`. */
static enum status import_records(struct import *import, const struct writer_turn *turn,
                                  int64_t last, struct error *error)
{
    struct import_item item;
    char reason[IMPORT_REASON_SIZE];
    enum status status = STATUS_OK;

    while (status == STATUS_OK && import->result->rows < last) {
        enum import_record record = import_file_next(&import->file, &item, reason);
        import->ended = record == IMPORT_END;
        if (import->ended)
            break;
        import->result->rows++;
        if (record == IMPORT_REJECTED)
            reject(import, reason);
        else if (record == IMPORT_ITEM)
            status = take_item(import, turn, &item, error);
    }
    return status;
}

/* The stock of this turn's records, and in the same transaction how far it is there. */
static enum status receive_stock(struct import *import, const struct writer_turn *turn,
                                 struct error *error)
{
    struct projection_document document = {.kind = "import",
                                           .location = import->options->stock_location,
                                           .from_status = BUCKET_SUPPLIER,
                                           .to_status = BUCKET_AVAILABLE,
                                           .lines = import->lines.data,
                                           .length = import->lines.used};
    struct store_value key = store_text(import->received_key);
    char rows[32];
    enum status status = STATUS_OK;

    if (import->options->stock_milli <= 0)
        return STATUS_OK;
    if (import->line_count > 0)
        status = projection_document(turn, &document, error);
    buf_clear(&import->lines);
    import->line_count = 0;
    if (status != STATUS_OK)
        return status;
    if (import->ended)
        return store_run(turn->session, "DELETE FROM ledger_meta WHERE key = ?1", &key, 1, error);
    if (import->result->rows <= import->received)
        return STATUS_OK;
    (void)snprintf(rows, sizeof rows, "%lld", (long long)import->result->rows);
    return meta_set(turn->session, import->received_key, rows, error);
}

static enum status find_location(struct import *import, const struct writer_turn *turn,
                                 struct error *error)
{
    struct store_value values[] = {store_text(import->options->stock_location)};
    int64_t found = 1;
    enum status status = STATUS_OK;

    if (import->options->stock_location[0] != '\0')
        status = store_one_int(turn->session, "SELECT 1 FROM location WHERE location = ?1", values,
                               1, 0, &found, error);
    if (status == STATUS_OK && found == 0)
        return error_set(error, STATUS_NOT_FOUND, "there is no location %s",
                         import->options->stock_location);
    return status;
}

/* Lines are a bound on records: a file with fewer than the feed's limit is told row by row. */
static bool is_small(const char *bytes, size_t length)
{
    size_t lines = 0;

    for (const char *at = bytes; lines <= FEED_BULK_ROWS && at != NULL && at < bytes + length;) {
        at = memchr(at, '\n', (size_t)(bytes + length - at));
        lines++;
        at = at == NULL ? NULL : at + 1;
    }
    return lines <= FEED_BULK_ROWS;
}

/* A file that is too large to be told, and what it brings: whoever is behind takes a snapshot. Said
 * anew by each turn, so that no replica ever counts as complete that has half of a file. */
static void tell_bulk(const struct import *import, const struct writer_turn *turn)
{
    char scope[REFERENCE_SCOPE_SIZE];

    if (import->tell)
        return;
    feed_add_bulk(turn->feed, "catalogue");
    feed_add_bulk(turn->feed, "prices");
    if (import->options->stock_milli <= 0)
        return;
    (void)snprintf(scope, sizeof scope, "location:%s", import->options->stock_location);
    feed_add_bulk(turn->feed, scope);
}

static void close_file(struct import *import)
{
    if (!import->begun)
        return;
    buf_finish(&import->lines);
    text_set_free(import->skus);
    text_set_free(import->codes);
    text_set_free(import->categories);
    import_file_close(&import->file);
    import->begun = false;
}

static enum status open_file(struct import *import, const struct writer_turn *turn,
                             struct error *error)
{
    struct currency currency;
    char received[META_VALUE_SIZE] = "";
    int64_t had_codes = 0;
    enum status status = find_location(import, turn, error);

    import_finish(import->result);
    if (status == STATUS_OK)
        status = import_list_find(import->rows, turn, import->options->list,
                                  import->options->currency, &currency, error);
    if (status == STATUS_OK)
        status = store_one_int(turn->session, "SELECT 1 FROM item_code LIMIT 1", NULL, 0, 0,
                               &had_codes, error);
    if (status == STATUS_OK)
        status = meta_get(turn->session, import->received_key, received, error);
    if (status == STATUS_OK)
        status = import_file_open(&import->file, import->bytes, import->length, currency.exponent,
                                  error);
    if (status != STATUS_OK)
        return status;
    import->begun = true;
    import->ended = false;
    import->had_codes = had_codes != 0;
    import->received = strtoll(received, NULL, 10);
    import->group[0] = '\0';
    import->line_count = 0;
    import->skus = text_set_new();
    import->codes = text_set_new();
    import->categories = text_set_new();
    buf_init(&import->lines, SIZE_MAX - 1);
    make_sql(import);
    return import_records(import, turn, import->done, error);
}

static enum status run_turn(void *context, const struct writer_turn *turn, struct error *error)
{
    struct import *import = context;
    enum status status = STATUS_OK;

    if (import->uncertain)
        close_file(import);
    import->uncertain = true;
    if (!import->begun)
        status = open_file(import, turn, error);
    if (status == STATUS_OK)
        tell_bulk(import, turn);
    if (status == STATUS_OK)
        status = import_records(import, turn, import->done + IMPORT_TURN, error);
    if (status == STATUS_OK)
        status = receive_stock(import, turn, error);
    return status == STATUS_OK ? projection_resolve(turn, error) : status;
}

/* The same file, to the same place and in the same quantity. */
static void name_receipt(struct import *import)
{
    const struct import_options *options = import->options;
    struct hash file = hash_bytes(import->bytes, import->length), all;
    char text[2 * HASH_SIZE + LOCATION_ID_SIZE + 64], hex[2 * HASH_SIZE + 1];
    int length;

    hex_write(file.bytes, HASH_SIZE, hex);
    length = snprintf(text, sizeof text, "%s %s %lld", hex, options->stock_location,
                      (long long)options->stock_milli);
    all = hash_bytes(text, (size_t)length);
    hex_write(all.bytes, HASH_SIZE, hex);
    (void)snprintf(import->received_key, sizeof import->received_key, "import_received %s", hex);
}

enum status import_run(struct writer *writer, struct rows *rows,
                       const struct import_options *options, const char *bytes, size_t length,
                       struct import_result *out, struct error *error)
{
    struct import *import = mem_alloc(sizeof *import);
    struct writer_job job = {.run = run_turn, .context = import};
    enum status status = STATUS_OK;

    memset(out, 0, sizeof *out);
    import->rows = rows;
    import->options = options;
    import->bytes = bytes;
    import->length = length;
    import->result = out;
    import->tell = is_small(bytes, length);
    name_receipt(import);
    rows_import_begin(rows);
    while (status == STATUS_OK && !import->ended) {
        status = writer_run(writer, &job, error);
        import->uncertain = status != STATUS_OK;
        import->done = out->rows;
    }
    rows_import_end(rows);
    close_file(import);
    free(import);
    return status;
}

void import_finish(struct import_result *result)
{
    for (size_t i = 0; i < result->told; i++) {
        free(result->rejections[i].reason);
        free(result->rejections[i].text);
    }
    free(result->rejections);
    memset(result, 0, sizeof *result);
}

enum status import_read_stock(const char *text, struct import_options *out, struct error *error)
{
    const char *equals = strrchr(text, '=');
    size_t length = equals == NULL ? 0 : (size_t)(equals - text);

    if (length == 0 || length >= sizeof out->stock_location)
        return error_set(error, STATUS_INVALID, "stock: write LOCATION=QUANTITY");
    if (decimal_read(equals + 1, 3, &out->stock_milli) != STATUS_OK || out->stock_milli < 0 ||
        out->stock_milli > EFFECT_MOVE_MAX)
        return error_set(error, STATUS_INVALID, "stock: the quantity is not a decimal");
    memcpy(out->stock_location, text, length);
    out->stock_location[length] = '\0';
    return STATUS_OK;
}
