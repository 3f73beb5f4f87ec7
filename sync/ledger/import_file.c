/* Columns and fields of catalogue files. */
#include "sync/ledger/import_file.h"

#include "terminal/base/card.h"
#include "terminal/base/text.h"
#include "terminal/catalogue/code.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRICE_EXTRA_DECIMALS 4
#define PRICE_MAX            INT64_C(1000000000000000)
#define MILLI_DECIMALS       3

/* The names a column goes by, in the order in which they are looked for. */
static const struct {
    enum import_column column;
    const char *names[4];
} own_names[] =
    {
        {IMPORT_SKU, {"sku"}},
        {IMPORT_GTIN, {"gtin", "ean", "upc"}},
        {IMPORT_CODE, {"code", "barcode", "plu"}},
        {IMPORT_NAME, {"name", "title", "description"}},
        {IMPORT_PRICE, {"price"}},
        {IMPORT_CATEGORY, {"category"}},
        {IMPORT_TAX, {"tax", "tax_class"}},
        {IMPORT_UNIT, {"unit"}},
        {IMPORT_PRICE_MODE, {"price_mode"}},
        {IMPORT_POPULARITY, {"popularity"}},
        {IMPORT_MIN_AGE, {"min_age"}},
        {IMPORT_STOCKED, {"stocked"}},
        {IMPORT_PACK, {"pack"}},
        {IMPORT_PACK_QUANTITY, {"pack_quantity", "pack_factor"}},
        {IMPORT_PACK_GTIN, {"pack_gtin"}},
        {IMPORT_PACK_PRICE, {"pack_price"}},
},
  shopify_names[] = {
      {IMPORT_HANDLE, {"Handle"}},         {IMPORT_NAME, {"Title"}},
      {IMPORT_SKU, {"Variant SKU"}},       {IMPORT_PRICE, {"Variant Price"}},
      {IMPORT_CODE, {"Variant Barcode"}},  {IMPORT_CATEGORY, {"Type"}},
      {IMPORT_OPTION1, {"Option1 Value"}}, {IMPORT_OPTION2, {"Option2 Value"}},
      {IMPORT_OPTION3, {"Option3 Value"}}, {IMPORT_STATUS, {"Status"}},
};

static void refuse(char reason[IMPORT_REASON_SIZE], const char *format, ...) PRINTF_LIKE(2, 3);
static void refuse(char reason[IMPORT_REASON_SIZE], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reason, IMPORT_REASON_SIZE, format, arguments);
    va_end(arguments);
}

bool import_file_has(const struct import_file *file, enum import_column column)
{
    return file->column[column] >= 0;
}

static int find_column(const struct table_text *table, const char *const names[4])
{
    for (int i = 0; i < 4 && names[i] != NULL; i++) {
        int at = table_text_column(table, names[i]);
        if (at >= 0)
            return at;
    }
    return -1;
}

static void map_columns(struct import_file *file)
{
    for (int i = 0; i < IMPORT_COLUMNS; i++)
        file->column[i] = -1;
    file->shopify = table_text_column(&file->table, "Handle") >= 0 &&
                    table_text_column(&file->table, "Variant Price") >= 0;
    if (file->shopify) {
        for (size_t i = 0; i < sizeof shopify_names / sizeof shopify_names[0]; i++)
            file->column[shopify_names[i].column] =
                find_column(&file->table, shopify_names[i].names);
        return;
    }
    for (size_t i = 0; i < sizeof own_names / sizeof own_names[0]; i++)
        file->column[own_names[i].column] = find_column(&file->table, own_names[i].names);
}

enum status import_file_open(struct import_file *file, const char *bytes, size_t length,
                             int currency_exponent, struct error *error)
{
    bool more = false;
    enum status status;

    memset(file, 0, sizeof *file);
    table_text_init(&file->table, bytes, length);
    buf_init(&file->text, 4096);
    buf_init(&file->clean, SIZE_MAX - 1);
    file->price_decimals = currency_exponent + PRICE_EXTRA_DECIMALS;
    status = table_text_next(&file->table, &more, error);
    if (status == STATUS_OK && !more)
        status = error_set(error, STATUS_INVALID, "the file is empty");
    if (status == STATUS_OK) {
        map_columns(file);
        if (!import_file_has(file, IMPORT_NAME))
            status = error_set(error, STATUS_INVALID, "the header has no column \"name\"");
        else if (!import_file_has(file, IMPORT_PRICE))
            status = error_set(error, STATUS_INVALID, "the header has no column \"price\"");
        else if (!import_file_has(file, IMPORT_SKU) && !import_file_has(file, IMPORT_GTIN) &&
                 !file->shopify)
            status =
                error_set(error, STATUS_INVALID, "the header has neither \"sku\" nor \"gtin\"");
    }
    if (status != STATUS_OK)
        import_file_close(file);
    return status;
}

void import_file_close(struct import_file *file)
{
    buf_finish(&file->text);
    buf_finish(&file->clean);
    table_text_finish(&file->table);
}

/* The field's bytes; empty when the file lacks the column or the record ends before it. */
static struct reference_value field(const struct import_file *file, enum import_column column)
{
    int at = file->column[column];

    if (at < 0 || (size_t)at >= file->table.count)
        return (struct reference_value){.text = ""};
    return (struct reference_value){.text = file->table.fields[at].bytes,
                                    .length = file->table.fields[at].length};
}

/* C0, DEL, or C1 (which UTF-8 writes as C2 80 to C2 9F). */
static bool has_control(struct reference_value value)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.text[i];
        if (byte < 0x20 || byte == 0x7F ||
            (byte == 0xC2 && i + 1 < value.length && (unsigned char)value.text[i + 1] < 0xA0))
            return true;
    }
    return false;
}

static struct reference_value name_field(struct import_file *file)
{
    struct reference_value value = field(file, IMPORT_NAME);

    if (!has_control(value))
        return value;
    buf_clear(&file->clean);
    enum status status = text_clean(value.text, value.length, &file->clean);
    INVARIANT(status == STATUS_OK);
    return (struct reference_value){.text = buf_text(&file->clean), .length = file->clean.used};
}

static void set_field(struct reference_row *row, const char *column, struct reference_value value)
{
    int at = reference_column_find(row->table, column);

    INVARIANT(at >= 0);
    row->values[at].text = value.text;
    row->values[at].length = value.length;
}

static bool read_decimal(struct reference_value value, int decimals, int64_t *out)
{
    char text[40];

    if (value.length == 0 || value.length >= sizeof text)
        return false;
    memcpy(text, value.text, value.length);
    text[value.length] = '\0';
    return strlen(text) == value.length && decimal_read(text, decimals, out) == STATUS_OK;
}

static bool read_price(const struct import_file *file, enum import_column column, int64_t *out,
                       char reason[IMPORT_REASON_SIZE])
{
    struct reference_value value = field(file, column);
    const char *name = column == IMPORT_PRICE ? "price" : "pack_price";

    if (value.length == 0)
        refuse(reason, "%s: missing", name);
    else if (!read_decimal(value, file->price_decimals, out))
        refuse(reason, "%s: not a decimal of at most %d places", name, file->price_decimals);
    else if (*out < 0)
        refuse(reason, "%s: negative", name);
    else if (*out > PRICE_MAX)
        refuse(reason, "%s: too large", name);
    else
        return true;
    return false;
}

static bool all_digits(struct reference_value value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (value.text[i] < '0' || value.text[i] > '9')
            return false;
    }
    return value.length > 0;
}

static bool gtin_length(size_t length)
{
    return length == 8 || (length >= 12 && length <= GTIN_DIGITS);
}

/* `strict`: the column promises a GTIN. Otherwise only what looks like one must be one. */
static bool read_code(struct reference_value value, const char *name, bool strict,
                      struct import_code *out, char reason[IMPORT_REASON_SIZE])
{
    bool shaped = all_digits(value) && gtin_length(value.length);

    out->code[0] = '\0';
    out->given = value;
    out->kind = "gtin";
    if (value.length == 0)
        return true;
    if (shaped && gtin_canonical(value.text, value.length, out->code) == STATUS_OK)
        return true;
    if (shaped) {
        refuse(reason, "%s: wrong check digit", name);
        return false;
    }
    if (strict) {
        refuse(reason, "%s: not 8, 12, 13 or 14 digits", name);
        return false;
    }
    if (value.length > REFERENCE_CODE_MAX) {
        refuse(reason, "%s: too long", name);
        return false;
    }
    memcpy(out->code, value.text, value.length);
    out->code[value.length] = '\0';
    out->kind = "own";
    return true;
}

static bool set_number(const struct import_file *file, struct reference_row *row,
                       enum import_column from, const char *column, char reason[IMPORT_REASON_SIZE])
{
    struct reference_value value = field(file, from);
    int at = reference_column_find(row->table, column);

    if (value.length == 0 || read_decimal(value, 0, &row->values[at].number))
        return true;
    refuse(reason, "%s: not a whole number", column);
    return false;
}

static bool set_options(const struct import_file *file, struct reference_row *row,
                        char reason[IMPORT_REASON_SIZE])
{
    static const struct {
        enum import_column from;
        const char *column;
    } texts[] = {{IMPORT_CATEGORY, "category"},
                 {IMPORT_TAX, "tax_class"},
                 {IMPORT_UNIT, "unit"},
                 {IMPORT_PRICE_MODE, "price_mode"}};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct reference_value value = field(file, texts[i].from);
        if (value.length > 0)
            set_field(row, texts[i].column, value);
    }
    return set_number(file, row, IMPORT_POPULARITY, "popularity", reason) &&
           set_number(file, row, IMPORT_MIN_AGE, "min_age", reason) &&
           set_number(file, row, IMPORT_STOCKED, "stocked", reason);
}

/* The column of a text that looks like a card number, or NULL. Rows of a file are many, and most
 * texts are short: the name of the column is looked at last. */
static const char *card_column(const struct reference_row *row)
{
    char text[REFERENCE_TEXT_MAX + 1];

    for (int i = 0; i < row->table->column_count; i++) {
        const struct reference_column *column = &row->table->columns[i];
        const struct reference_value *value = &row->values[i];
        if (column->type != REFERENCE_TEXT || value->length < CARD_NUMBER_SHORTEST ||
            value->length >= sizeof text)
            continue;
        memcpy(text, value->text, value->length);
        text[value->length] = '\0';
        if (card_number_like(text) && !card_number_exempt(column->name))
            return column->name;
    }
    return NULL;
}

static bool check_row(const struct reference_row *row, char reason[IMPORT_REASON_SIZE])
{
    const char *card = card_column(row);
    struct error error;

    if (card != NULL) {
        refuse(reason, "%s: looks like a card number", card);
        return false;
    }
    if (reference_row_validate(row, &error) == STATUS_OK)
        return true;
    refuse(reason, "%s", error.text);
    return false;
}

static bool read_pack(const struct import_file *file, struct import_item *item,
                      char reason[IMPORT_REASON_SIZE])
{
    struct reference_value name = field(file, IMPORT_PACK);
    int64_t factor;

    item->has_pack = name.length > 0;
    if (!item->has_pack)
        return true;
    if (!read_decimal(field(file, IMPORT_PACK_QUANTITY), MILLI_DECIMALS, &factor) || factor <= 0) {
        refuse(reason, "pack_quantity: not a positive decimal");
        return false;
    }
    reference_row_init(&item->pack, reference_table_find("item_pack"));
    set_field(&item->pack, "sku", item->row.values[0]);
    set_field(&item->pack, "pack", name);
    set_field(&item->pack, "label", name);
    reference_row_set_int(&item->pack, "factor_milli", factor);
    item->pack_price_scaled = -1;
    if (field(file, IMPORT_PACK_PRICE).length > 0 &&
        !read_price(file, IMPORT_PACK_PRICE, &item->pack_price_scaled, reason))
        return false;
    return read_code(field(file, IMPORT_PACK_GTIN), "pack_gtin", true, &item->pack_code, reason) &&
           check_row(&item->pack, reason);
}

static bool read_codes(const struct import_file *file, struct import_item *item,
                       char reason[IMPORT_REASON_SIZE])
{
    if (field(file, IMPORT_GTIN).length > 0)
        return read_code(field(file, IMPORT_GTIN), "gtin", true, &item->code, reason);
    return read_code(field(file, IMPORT_CODE), "code", false, &item->code, reason);
}

static bool read_own(struct import_file *file, struct import_item *item,
                     char reason[IMPORT_REASON_SIZE])
{
    struct reference_value sku = field(file, IMPORT_SKU);

    if (file->table.count == 1 && file->column[IMPORT_NAME] > 0) {
        refuse(reason, "a column is missing");
        return false;
    }
    if (sku.length == 0)
        sku = field(file, IMPORT_GTIN);
    if (sku.length == 0) {
        refuse(reason, "sku: missing");
        return false;
    }
    if (field(file, IMPORT_NAME).length == 0) {
        refuse(reason, "name: missing");
        return false;
    }
    set_field(&item->row, "sku", sku);
    set_field(&item->row, "name", name_field(file));
    return true;
}

/* The option values of a Shopify variant as "Red / L"; empty for a product without options. */
static struct reference_value option_label(struct import_file *file)
{
    static const enum import_column options[] = {IMPORT_OPTION1, IMPORT_OPTION2, IMPORT_OPTION3};

    buf_clear(&file->text);
    for (size_t i = 0; i < 3; i++) {
        struct reference_value value = field(file, options[i]);
        bool none = value.length == 0 ||
                    (value.length == 13 && memcmp(value.text, "Default Title", 13) == 0);
        if (none)
            continue;
        if (file->text.used > 0 && buf_append_text(&file->text, " / ") != STATUS_OK)
            continue;
        if (buf_append(&file->text, value.text, value.length) != STATUS_OK)
            continue; /* too long for a label in any case: the check finds it */
    }
    return (struct reference_value){.text = buf_text(&file->text), .length = file->text.used};
}

static bool keep_text(char *out, size_t size, struct reference_value value, const char *name,
                      char reason[IMPORT_REASON_SIZE])
{
    if (value.length >= size) {
        refuse(reason, "%s: too long", name);
        return false;
    }
    memcpy(out, value.text, value.length);
    out[value.length] = '\0';
    return true;
}

/* A record of another handle than the one before begins a product. */
static bool follow_handle(struct import_file *file, char reason[IMPORT_REASON_SIZE])
{
    struct reference_value handle = field(file, IMPORT_HANDLE);
    struct reference_value title = name_field(file);

    if (handle.length == 0) {
        refuse(reason, "Handle: missing");
        return false;
    }
    if (strlen(file->handle) == handle.length &&
        memcmp(file->handle, handle.text, handle.length) == 0)
        return true;
    file->handle[0] = '\0'; /* until all of it is sound: its variants are refused with it */
    if (title.length == 0) {
        refuse(reason, "Title: missing");
        return false;
    }
    return keep_text(file->title, sizeof file->title, title, "Title", reason) &&
           keep_text(file->category, sizeof file->category, field(file, IMPORT_CATEGORY), "Type",
                     reason) &&
           keep_text(file->handle, sizeof file->handle, handle, "Handle", reason);
}

static bool make_group(struct import_file *file, struct import_item *item,
                       char reason[IMPORT_REASON_SIZE])
{
    item->has_group = true;
    reference_row_init(&item->group, reference_table_find("item"));
    reference_row_set_text(&item->group, "sku", file->handle);
    reference_row_set_text(&item->group, "name", file->title);
    reference_row_set_text(&item->group, "category", file->category);
    return check_row(&item->group, reason);
}

static bool read_shopify(struct import_file *file, struct import_item *item,
                         char reason[IMPORT_REASON_SIZE])
{
    struct reference_value sku = field(file, IMPORT_SKU), label;
    int made;

    if (!follow_handle(file, reason))
        return false;
    label = option_label(file);
    if (sku.length == 0) {
        made = snprintf(file->sku_made, sizeof file->sku_made, "%s%s%.*s", file->handle,
                        label.length > 0 ? "-" : "", (int)label.length, label.text);
        if (made < 0 || (size_t)made >= sizeof file->sku_made) {
            refuse(reason, "Variant SKU: missing, and Handle and options are too long for one");
            return false;
        }
        sku = (struct reference_value){.text = file->sku_made, .length = (size_t)made};
    }
    set_field(&item->row, "sku", sku);
    reference_row_set_text(&item->row, "name", file->title);
    if (file->category[0] != '\0')
        reference_row_set_text(&item->row, "category", file->category);
    if (label.length == 0)
        return true;
    set_field(&item->row, "variant_label", label);
    reference_row_set_text(&item->row, "variant_of", file->handle);
    return make_group(file, item, reason);
}

/* The rules of item_code: length and clean text. */
static bool check_code(const struct import_code *code, struct reference_value sku,
                       char reason[IMPORT_REASON_SIZE])
{
    struct reference_row row;

    if (code->code[0] == '\0')
        return true;
    reference_row_init(&row, reference_table_find("item_code"));
    reference_row_set_text(&row, "code", code->code);
    set_field(&row, "sku", sku);
    set_field(&row, "given", code->given);
    reference_row_set_text(&row, "kind", code->kind);
    return check_row(&row, reason);
}

enum import_record import_file_next(struct import_file *file, struct import_item *item,
                                    char reason[IMPORT_REASON_SIZE])
{
    struct error error;
    bool more = false, sound;

    if (table_text_next(&file->table, &more, &error) != STATUS_OK) {
        refuse(reason, "%s", error.text);
        return IMPORT_REJECTED;
    }
    if (!more)
        return IMPORT_END;
    if (!text_is_utf8(file->table.raw, file->table.raw_length)) {
        refuse(reason, "not UTF-8");
        return IMPORT_REJECTED;
    }
    if (file->shopify && field(file, IMPORT_SKU).length == 0 &&
        field(file, IMPORT_PRICE).length == 0)
        return IMPORT_PASSED_OVER;
    item->has_group = false;
    item->has_pack = false;
    reference_row_init(&item->row, reference_table_find("item"));
    sound = (file->shopify ? read_shopify(file, item, reason) : read_own(file, item, reason)) &&
            set_options(file, &item->row, reason) && check_row(&item->row, reason) &&
            read_codes(file, item, reason) &&
            check_code(&item->code, item->row.values[0], reason) &&
            read_price(file, IMPORT_PRICE, &item->price_scaled, reason) &&
            read_pack(file, item, reason);
    return sound ? IMPORT_ITEM : IMPORT_REJECTED;
}
