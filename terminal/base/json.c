/* JSON (RFC 8259) through jansson, made stricter.
 *
 * jansson itself refuses duplicate keys (flag), \u0000, malformed UTF-8, integers beyond int64 and
 * trailing bytes, and keeps the order of insertion. Before it sees the bytes, `scan` refuses what
 * it would accept: nesting that is too deep (it would recurse) and numbers with a fraction or an
 * exponent (it would make doubles).
 */
#include "terminal/base/json.h"

#include "terminal/base/crypto.h"

#include <stdlib.h>

#define MAX_DEPTH 32

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The index after the string that starts at `at` with its quote. */
static size_t skip_string(const char *bytes, size_t length, size_t at)
{
    for (at++; at < length && bytes[at] != '"'; at++) {
        if (bytes[at] == '\\')
            at++;
    }
    return at + 1;
}

static enum status scan(const char *bytes, size_t length, struct error *error)
{
    int depth = 0;
    size_t at = 0;
    while (at < length) {
        char byte = bytes[at];
        if (byte == '"') {
            at = skip_string(bytes, length, at);
            continue;
        }
        if (byte == '[' || byte == '{') {
            if (++depth > MAX_DEPTH)
                return error_set(error, STATUS_INVALID, "JSON nests deeper than %d", MAX_DEPTH);
        } else if (byte == ']' || byte == '}') {
            depth--;
        } else if (byte == '.' || byte == 'E' ||
                   (byte == 'e' && at > 0 && is_digit(bytes[at - 1]))) {
            return error_set(error, STATUS_INVALID, "JSON has a real number at byte %zu", at);
        }
        at++;
    }
    return STATUS_OK;
}

/* jansson's own text quotes the input, which may be personal: only the kind of mistake is told. */
static const char *reason(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "bytes after the end";
    case json_error_invalid_utf8:
        return "not UTF-8";
    case json_error_duplicate_key:
        return "a key occurs twice";
    case json_error_numeric_overflow:
        return "a number beyond 64 bits";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL character";
    default:
        return "a syntax error";
    }
}

enum status json_read(const char *bytes, size_t length, json_t **out, struct error *error)
{
    enum status status = scan(bytes, length, error);
    if (status != STATUS_OK)
        return status;
    json_error_t mistake;
    json_t *value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &mistake);
    if (value == NULL) {
        enum json_error_code code = json_error_code(&mistake);
        INVARIANT(code != json_error_out_of_memory);
        return error_set(error, STATUS_INVALID, "JSON: %s, near byte %d", reason(code),
                         mistake.position);
    }
    *out = value;
    return STATUS_OK;
}

/* A double in what we build ourselves is our mistake, and an entry is for ever. */
static void refuse_reals(const json_t *value, int depth)
{
    INVARIANT(depth <= MAX_DEPTH);
    INVARIANT(!json_is_real(value));
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            refuse_reals(json_array_get(value, i), depth + 1);
    } else if (json_is_object(value)) {
        json_t *object = (json_t *)value; /* jansson's iterators know no const */
        for (void *at = json_object_iter(object); at != NULL;
             at = json_object_iter_next(object, at))
            refuse_reals(json_object_iter_value(at), depth + 1);
    }
}

static int append_dumped(const char *bytes, size_t size, void *context)
{
    return buf_append(context, bytes, size) == STATUS_OK ? 0 : -1;
}

enum status json_write(const json_t *value, struct buf *out)
{
    refuse_reals(value, 0);
    size_t before = out->used;
    if (json_dump_callback(value, append_dumped, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0)
        return STATUS_OK;
    out->used = before;
    if (out->data != NULL)
        out->data[before] = '\0';
    return STATUS_RANGE;
}

static enum status unwanted(struct error *error, const char *key, const char *why)
{
    return error_set(error, STATUS_INVALID, "member \"%s\" %s", key, why);
}

enum status json_want_int(const json_t *object, const char *key, int64_t min, int64_t max,
                          int64_t *out, struct error *error)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_integer(member))
        return unwanted(error, key, "is missing or no integer");
    int64_t value = json_integer_value(member);
    if (value < min || value > max)
        return unwanted(error, key, "is out of bounds");
    *out = value;
    return STATUS_OK;
}

enum status json_want_text(const json_t *object, const char *key, size_t max_length,
                           const char **out, struct error *error)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_string(member))
        return unwanted(error, key, "is missing or no text");
    if (json_string_length(member) > max_length)
        return unwanted(error, key, "is too long");
    *out = json_string_value(member);
    return STATUS_OK;
}

enum status json_want_hex(const json_t *object, const char *key, void *bytes, size_t length,
                          struct error *error)
{
    const char *text = NULL;
    enum status status = json_want_text(object, key, 2 * length, &text, error);
    if (status != STATUS_OK)
        return status;
    if (hex_read(text, bytes, length) != STATUS_OK)
        return unwanted(error, key, "is not hexadecimal of its length");
    return STATUS_OK;
}

enum status json_want_array(const json_t *object, const char *key, size_t max_items, json_t **out,
                            struct error *error)
{
    json_t *member = json_object_get(object, key);
    if (!json_is_array(member))
        return unwanted(error, key, "is missing or no array");
    if (json_array_size(member) > max_items)
        return unwanted(error, key, "has too many items");
    *out = member;
    return STATUS_OK;
}

enum status json_want_object(const json_t *object, const char *key, json_t **out,
                             struct error *error)
{
    json_t *member = json_object_get(object, key);
    if (!json_is_object(member))
        return unwanted(error, key, "is missing or no object");
    *out = member;
    return STATUS_OK;
}

int64_t json_int_or(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *member = json_object_get(object, key);
    return json_is_integer(member) ? json_integer_value(member) : fallback;
}

const char *json_text_or(const json_t *object, const char *key, const char *fallback)
{
    const json_t *member = json_object_get(object, key);
    return json_is_string(member) ? json_string_value(member) : fallback;
}

bool json_bool_or(const json_t *object, const char *key, bool fallback)
{
    const json_t *member = json_object_get(object, key);
    return json_is_boolean(member) ? json_is_true(member) : fallback;
}

void json_put(json_t *object, const char *key, json_t *value)
{
    int result = json_object_set_new(object, key, value);
    INVARIANT(result == 0);
}

void json_add(json_t *array, json_t *value)
{
    int result = json_array_append_new(array, value);
    INVARIANT(result == 0);
}

void json_put_int(json_t *object, const char *key, int64_t value)
{
    json_put(object, key, json_integer(value));
}

void json_put_text(json_t *object, const char *key, const char *text)
{
    json_put(object, key, json_string(text));
}

void json_put_hex(json_t *object, const char *key, const void *bytes, size_t length)
{
    char *text = mem_alloc(2 * length + 1);
    hex_write(bytes, length, text);
    json_put_text(object, key, text);
    free(text);
}
