/* Parameters and columns in binary form. */
#include "sync/ledger/store/postgres_value.h"

#include <stdlib.h>
#include <string.h>

enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_NUMERIC = 1700
};

#define NUMERIC_BASE     10000
#define NUMERIC_NEGATIVE 0x4000

static uint64_t value_from_network(const char *bytes, int length)
{
    uint64_t number = 0;

    for (int i = 0; i < length; i++)
        number = number << 8 | (uint8_t)bytes[i];
    return number;
}

static uint64_t value_to_network(uint64_t number)
{
    uint8_t bytes[8];
    uint64_t swapped;

    for (int i = 7; i >= 0; i--) {
        bytes[i] = (uint8_t)number;
        number >>= 8;
    }
    memcpy(&swapped, bytes, sizeof swapped);
    return swapped;
}

void value_list_finish(struct value_list *list)
{
    free(list->types);
    free(list->lengths);
    free(list->formats);
    free(list->pointers);
    free(list->numbers);
    *list = (struct value_list){0};
}

static void make_room(struct value_list *list, int count)
{
    size_t room = (size_t)count;

    if (count <= list->capacity)
        return;
    list->types = mem_resize(list->types, room * sizeof *list->types);
    list->lengths = mem_resize(list->lengths, room * sizeof *list->lengths);
    list->formats = mem_resize(list->formats, room * sizeof *list->formats);
    list->pointers = mem_resize(list->pointers, room * sizeof *list->pointers);
    list->numbers = mem_resize(list->numbers, room * sizeof *list->numbers);
    list->capacity = count;
}

void value_list_set(struct value_list *list, const struct store_value *values, int count)
{
    make_room(list, count);
    list->count = count;
    for (int i = 0; i < count; i++) {
        const struct store_value *value = &values[i];
        list->formats[i] = 1;
        list->lengths[i] = (int)value->length;
        list->pointers[i] = value->bytes == NULL ? "" : value->bytes; /* an empty one is not NULL */
        switch (value->type) {
        case STORE_NULL:
            list->types[i] = 0;
            list->pointers[i] = NULL;
            break;
        case STORE_INT:
            list->types[i] = OID_INT8;
            list->lengths[i] = 8;
            list->numbers[i] = value_to_network((uint64_t)value->number);
            list->pointers[i] = (const char *)&list->numbers[i];
            break;
        case STORE_TEXT:
            list->types[i] = OID_TEXT;
            break;
        case STORE_BLOB:
            list->types[i] = OID_BYTEA;
            break;
        }
    }
}

/* int16 digits, int16 weight of the first, uint16 sign, uint16 scale, then digits of base 10,000
 * (PostgreSQL, numeric_send). Whole numbers only. */
static int64_t whole_numeric(const char *bytes, int length)
{
    int digits = (int16_t)value_from_network(bytes, 2);
    int weight = (int16_t)value_from_network(bytes + 2, 2);
    bool negative = value_from_network(bytes + 4, 2) == NUMERIC_NEGATIVE;
    int64_t number = 0;

    INVARIANT(length >= 8 + 2 * digits && digits <= weight + 1);
    for (int i = 0; digits > 0 && i <= weight; i++) {
        int64_t digit = i < digits ? (int64_t)value_from_network(bytes + 8 + 2 * i, 2) : 0;
        bool fits = !__builtin_mul_overflow(number, NUMERIC_BASE, &number) &&
                    !__builtin_sub_overflow(number, digit, &number);
        INVARIANT(fits); /* counted downwards: INT64_MIN has no positive twin */
    }
    INVARIANT(negative || number != INT64_MIN);
    return negative ? number : -number;
}

int64_t value_int(const PGresult *row, int column)
{
    const char *bytes = PQgetvalue(row, 0, column);
    int length = PQgetlength(row, 0, column);

    if (PQgetisnull(row, 0, column))
        return 0;
    switch (PQftype(row, column)) {
    case OID_BOOL:
        return bytes[0] != 0;
    case OID_INT2:
        return (int16_t)value_from_network(bytes, 2);
    case OID_INT4:
        return (int32_t)value_from_network(bytes, 4);
    case OID_INT8:
        return (int64_t)value_from_network(bytes, 8);
    case OID_NUMERIC:
        return whole_numeric(bytes, length);
    default:
        INVARIANT(false); /* a number where there is none */
        return 0;
    }
}

enum store_type value_kind(const PGresult *result, int column)
{
    switch (PQftype(result, column)) {
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_NUMERIC:
        return STORE_INT;
    case OID_BYTEA:
        return STORE_BLOB;
    default:
        INVARIANT(PQftype(result, column) == OID_TEXT);
        return STORE_TEXT;
    }
}

/* --- COPY --- */

static void add(struct buf *out, const void *bytes, size_t length)
{
    enum status status = buf_append(out, bytes, length);
    INVARIANT(status == STATUS_OK);
}

static void add_number(struct buf *out, uint64_t number, size_t bytes)
{
    uint64_t swapped = value_to_network(number);
    add(out, (const char *)&swapped + (sizeof swapped - bytes), bytes);
}

void value_copy_begin(struct buf *out)
{
    static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and a NUL */
    add(out, head, sizeof head);
}

void value_copy_fields(struct buf *out, int count)
{
    add_number(out, (uint64_t)count, 2);
}

void value_copy_field(struct buf *out, const struct store_value *value)
{
    switch (value->type) {
    case STORE_NULL:
        add_number(out, UINT32_MAX, 4);
        return;
    case STORE_INT:
        add_number(out, 8, 4);
        add_number(out, (uint64_t)value->number, 8);
        return;
    case STORE_TEXT:
    case STORE_BLOB:
        add_number(out, value->length, 4);
        if (value->length > 0)
            add(out, value->bytes, value->length);
        return;
    }
}

void value_copy_row(struct buf *out, const struct store_value *values, int count)
{
    value_copy_fields(out, count);
    for (int i = 0; i < count; i++)
        value_copy_field(out, &values[i]);
}

void value_copy_end(struct buf *out)
{
    add_number(out, UINT16_MAX, 2);
}
