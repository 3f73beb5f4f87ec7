/* Rows of the reference tables: defaults, JSON both ways, and the rules a row must keep.
 * (The descriptors are in reference_tables.c, what touches a database in reference_store.c.)
 *
 * A row from a stranger passes here once, at the ledger; the replica takes the ledger's rows
 * through the same door, since a damaged transfer is a stranger too.
 */
#include "terminal/catalogue/reference.h"

#include "terminal/base/clock.h"
#include "terminal/base/text.h"
#include "terminal/catalogue/gtin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void reference_row_init(struct reference_row *row, const struct reference_table *table)
{
    row->table = table;
    for (int i = 0; i < table->column_count; i++) {
        const struct reference_column *column = &table->columns[i];
        row->values[i] =
            (struct reference_value){column->text, strlen(column->text), column->number};
    }
}

static struct reference_value *value_of(struct reference_row *row, const char *column,
                                        enum reference_type type)
{
    int index = reference_column_find(row->table, column);
    INVARIANT(index >= 0 && row->table->columns[index].type == type);
    return &row->values[index];
}

void reference_row_set_text(struct reference_row *row, const char *column, const char *text)
{
    struct reference_value *value = value_of(row, column, REFERENCE_TEXT);
    value->text = text;
    value->length = strlen(text);
}

void reference_row_set_int(struct reference_row *row, const char *column, int64_t number)
{
    value_of(row, column, REFERENCE_INT)->number = number;
}

/* --- Rules --- */

static enum status refuse(const struct reference_table *table,
                          const struct reference_column *column, enum status status,
                          const char *why, struct error *error)
{
    return error_set(error, status, "%s.%s: %s", table->name, column->name, why);
}

static bool is_word_of(const struct reference_value *value, const char *words)
{
    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        if (length == value->length && memcmp(words, value->text, length) == 0)
            return true;
        words += length;
        words += strspn(words, " ");
    }
    return false;
}

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

static bool is_stamp(const char *text, size_t length)
{
    static const char form[] = "Tdd:dd";
    const char *time = text + LOCAL_DATE_SIZE - 1;
    if (length != LOCAL_STAMP_SIZE - 1 || !local_date_valid(text, LOCAL_DATE_SIZE - 1))
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        bool digit = time[i] >= '0' && time[i] <= '9';
        if (form[i] == 'd' ? !digit : time[i] != form[i])
            return false;
    }
    return two_digits(time + 1) < 24 && two_digits(time + 4) < 60;
}

static bool is_hex_id(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!(text[i] >= '0' && text[i] <= '9') && !(text[i] >= 'a' && text[i] <= 'f'))
            return false;
    return length == 32;
}

static bool is_currency(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < 'A' || text[i] > 'Z')
            return false;
    return length == 3;
}

static bool is_plain_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7E)
            return false;
    return true;
}

/* Well-formed UTF-8 without control characters. */
static bool is_clean(const char *text, size_t length, bool lines)
{
    if (is_plain_ascii(text, length))
        return true;
    if (!text_is_utf8(text, length))
        return false;
    size_t at = 0;
    while (at < length) {
        uint32_t c = text_next(text, length, &at);
        if ((c < 0x20 && !(lines && c == '\n')) || (c >= 0x7F && c < 0xA0))
            return false;
    }
    return true;
}

static enum status check_text(const struct reference_table *table,
                              const struct reference_column *column,
                              const struct reference_value *value, struct error *error)
{
    if (value->length > column->max_length)
        return refuse(table, column, STATUS_RANGE, "text is too long", error);
    if (value->length == 0)
        return column->required ? refuse(table, column, STATUS_INVALID, "must not be empty", error)
                                : STATUS_OK;
    if (!is_clean(value->text, value->length, column->form == REFERENCE_LINES))
        return refuse(table, column, STATUS_INVALID, "text is not clean UTF-8", error);
    switch (column->form) {
    case REFERENCE_PLAIN:
    case REFERENCE_LINES:
        return STATUS_OK;
    case REFERENCE_WORDS:
        if (is_word_of(value, column->words))
            return STATUS_OK;
        return error_set(error, STATUS_INVALID, "%s.%s: must be one of: %s", table->name,
                         column->name, column->words);
    case REFERENCE_STAMP:
        if (is_stamp(value->text, value->length))
            return STATUS_OK;
        return refuse(table, column, STATUS_INVALID, "must be YYYY-MM-DDTHH:MM", error);
    case REFERENCE_HEX_ID:
        if (is_hex_id(value->text, value->length))
            return STATUS_OK;
        return refuse(table, column, STATUS_INVALID, "must be 32 hexadecimal digits", error);
    case REFERENCE_CURRENCY:
        if (is_currency(value->text, value->length))
            return STATUS_OK;
        return refuse(table, column, STATUS_INVALID, "must be three capital letters", error);
    }
    return STATUS_OK;
}

static enum status check_value(const struct reference_table *table, int index,
                               const struct reference_value *value, struct error *error)
{
    const struct reference_column *column = &table->columns[index];
    if (column->type == REFERENCE_TEXT)
        return check_text(table, column, value, error);
    if (value->number < column->min || value->number > column->max)
        return error_set(error, STATUS_RANGE, "%s.%s: must be %" PRId64 " to %" PRId64, table->name,
                         column->name, column->min, column->max);
    return STATUS_OK;
}

/* A validity that ends before it begins would never hold: it is a mistake of whoever wrote it. */
static enum status check_validity(const struct reference_row *row, struct error *error)
{
    int from = reference_column_find(row->table, "valid_from");
    int to = reference_column_find(row->table, "valid_to");
    if (from < 0 || to < 0)
        return STATUS_OK;
    const struct reference_value *start = &row->values[from], *end = &row->values[to];
    if (start->length == 0 || end->length == 0 || memcmp(start->text, end->text, end->length) < 0)
        return STATUS_OK;
    return refuse(row->table, &row->table->columns[to], STATUS_INVALID, "must be after valid_from",
                  error);
}

/* A GTIN that is not in its canonical form would never be found by a scan. */
static enum status check_code(const struct reference_row *row, struct error *error)
{
    const struct reference_value *code = &row->values[0], *kind = &row->values[3];
    if (!is_word_of(kind, "gtin"))
        return STATUS_OK;
    if (code->length == GTIN_DIGITS && gtin_check_valid(code->text, code->length))
        return STATUS_OK;
    return refuse(row->table, &row->table->columns[0], STATUS_INVALID,
                  "a gtin must be 14 digits with its check digit", error);
}

enum status reference_row_validate(const struct reference_row *row, struct error *error)
{
    for (int i = 0; i < row->table->column_count; i++) {
        enum status status = check_value(row->table, i, &row->values[i], error);
        if (status != STATUS_OK)
            return status;
    }
    if (strcmp(row->table->name, "item_code") == 0)
        return check_code(row, error);
    return row->table->scope == REFERENCE_PRICES ? check_validity(row, error) : STATUS_OK;
}

static enum status validate_key(const struct reference_row *row, struct error *error)
{
    for (int i = 0; i < row->table->key_count; i++) {
        enum status status = check_value(row->table, i, &row->values[i], error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* --- JSON --- */

static enum status value_from_json(const struct reference_table *table,
                                   const struct reference_column *column, const json_t *json,
                                   struct reference_value *value, struct error *error)
{
    if (column->type == REFERENCE_INT) {
        if (!json_is_integer(json))
            return refuse(table, column, STATUS_INVALID, "must be a whole number", error);
        value->number = json_integer_value(json);
        return STATUS_OK;
    }
    if (!json_is_string(json))
        return refuse(table, column, STATUS_INVALID, "must be a text", error);
    value->text = json_string_value(json);
    value->length = json_string_length(json);
    return STATUS_OK;
}

enum status reference_row_from_json(const struct reference_table *table, const json_t *json,
                                    bool keys_only, struct reference_row *row, struct error *error)
{
    if (!json_is_object(json))
        return error_set(error, STATUS_INVALID, "%s: a row must be an object", table->name);
    reference_row_init(row, table);
    int count = keys_only ? table->key_count : table->column_count;
    for (int i = 0; i < count; i++) {
        const json_t *member = json_object_get(json, table->columns[i].name);
        if (member == NULL)
            continue;
        enum status status =
            value_from_json(table, &table->columns[i], member, &row->values[i], error);
        if (status != STATUS_OK)
            return status;
    }
    return keys_only ? validate_key(row, error) : reference_row_validate(row, error);
}

/* A text of a damaged file may not be UTF-8: JSON can't carry that, so it is cleaned. */
static json_t *text_to_json(const struct reference_value *value)
{
    json_t *json = json_stringn(value->text, value->length);
    if (json != NULL)
        return json;
    struct buf clean;
    buf_init(&clean, 4 * value->length + 1);
    enum status status = text_clean(value->text, value->length, &clean);
    INVARIANT(status == STATUS_OK);
    json = json_stringn(buf_text(&clean), clean.used);
    buf_finish(&clean);
    return json;
}

json_t *reference_row_to_json(const struct reference_row *row, bool keys_only)
{
    const struct reference_table *table = row->table;
    json_t *object = json_object();
    int count = keys_only ? table->key_count : table->column_count;
    for (int i = 0; i < count; i++) {
        if (table->columns[i].type == REFERENCE_INT)
            json_put_int(object, table->columns[i].name, row->values[i].number);
        else
            json_put(object, table->columns[i].name, text_to_json(&row->values[i]));
    }
    return object;
}

json_t *reference_change_to_json(const struct reference_row *row, bool deleted)
{
    json_t *object = json_object();
    json_put_text(object, "t", row->table->name);
    json_put_text(object, "op", deleted ? "del" : "put");
    json_put(object, "row", reference_row_to_json(row, deleted));
    return object;
}

enum status reference_change_from_json(const json_t *change, struct reference_row *row,
                                       bool *deleted, struct error *error)
{
    const char *name, *op;
    json_t *json;
    enum status status = json_want_text(change, "t", REFERENCE_KEY_MAX, &name, error);
    if (status == STATUS_OK)
        status = json_want_text(change, "op", REFERENCE_KEY_MAX, &op, error);
    if (status == STATUS_OK)
        status = json_want_object(change, "row", &json, error);
    if (status != STATUS_OK)
        return status;
    const struct reference_table *table = reference_table_find(name);
    if (table == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "no table is called \"%s\"", name);
    *deleted = strcmp(op, "del") == 0;
    if (!*deleted && strcmp(op, "put") != 0)
        return error_set(error, STATUS_UNSUPPORTED, "%s: no such op: \"%s\"", name, op);
    return reference_row_from_json(table, json, *deleted, row, error);
}
