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
#include <string.h>

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

/* --- Writing ---
 *
 * Compact and in the order of insertion, byte for byte what jansson's own dump gives; several times
 * faster, for the entry of every sale is written while the customer waits.
 */

/* Bytes are gathered before they are appended. The first refusal of the buffer stays. */
struct writing {
    struct buf *out;
    enum status status;
    size_t used;
    char gathered[1024];
};

enum { ESCAPE_MAX = 6 }; /* bytes that a byte of text may become */

static void flush(struct writing *writing)
{
    if (writing->status == STATUS_OK)
        writing->status = buf_append(writing->out, writing->gathered, writing->used);
    writing->used = 0;
}

static void put_byte(struct writing *writing, char byte)
{
    if (writing->used == sizeof writing->gathered)
        flush(writing);
    writing->gathered[writing->used++] = byte;
}

static void put_word(struct writing *writing, const char *word)
{
    for (; *word != '\0'; word++)
        put_byte(writing, *word);
}

/* RFC 8259, section 7: the short form where there is one. Gives the number of bytes. */
static size_t escape(unsigned char byte, char out[ESCAPE_MAX])
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    static const char digits[] = "0123456789ABCDEF";
    out[0] = '\\';
    for (size_t i = 0; i + 1 < sizeof shorts; i += 2) {
        if ((unsigned char)shorts[i] == byte) {
            out[1] = shorts[i + 1];
            return 2;
        }
    }
    out[1] = 'u';
    out[2] = out[3] = '0';
    out[4] = digits[byte >> 4];
    out[5] = digits[byte & 15];
    return ESCAPE_MAX;
}

static void put_string(struct writing *writing, const char *text, size_t length)
{
    put_byte(writing, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (writing->used > sizeof writing->gathered - ESCAPE_MAX)
            flush(writing);
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            writing->gathered[writing->used++] = text[i];
        else
            writing->used += escape(byte, writing->gathered + writing->used);
    }
    put_byte(writing, '"');
}

static void put_integer(struct writing *writing, int64_t value)
{
    char text[22]; /* a sign, 19 digits, the NUL, and one to spare */
    size_t at = sizeof text - 1;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        text[--at] = '-';
    put_word(writing, text + at);
}

static void put_value(struct writing *writing, const json_t *value, int depth);

static void put_object(struct writing *writing, json_t *object, int depth)
{
    put_byte(writing, '{');
    for (void *at = json_object_iter(object); at != NULL;) {
        const char *key = json_object_iter_key(at);
        put_string(writing, key, strlen(key));
        put_byte(writing, ':');
        put_value(writing, json_object_iter_value(at), depth + 1);
        at = json_object_iter_next(object, at);
        if (at != NULL)
            put_byte(writing, ',');
    }
    put_byte(writing, '}');
}

static void put_array(struct writing *writing, const json_t *array, int depth)
{
    put_byte(writing, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            put_byte(writing, ',');
        put_value(writing, json_array_get(array, i), depth + 1);
    }
    put_byte(writing, ']');
}

/* A double in what we build ourselves is our mistake, and an entry is for ever. */
static void put_value(struct writing *writing, const json_t *value, int depth)
{
    INVARIANT(depth <= MAX_DEPTH);
    INVARIANT(!json_is_real(value));
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(writing, (json_t *)(uintptr_t)value, depth); /* its iterators know no const */
        return;
    case JSON_ARRAY:
        put_array(writing, value, depth);
        return;
    case JSON_STRING:
        put_string(writing, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
        put_integer(writing, json_integer_value(value));
        return;
    case JSON_TRUE:
        put_word(writing, "true");
        return;
    case JSON_FALSE:
        put_word(writing, "false");
        return;
    default:
        put_word(writing, "null");
    }
}

enum status json_write(const json_t *value, struct buf *out)
{
    struct writing writing = {.out = out};
    size_t before = out->used;
    put_value(&writing, value, 0);
    flush(&writing);
    if (writing.status != STATUS_OK) {
        out->used = before;
        if (out->data != NULL)
            out->data[before] = '\0';
    }
    return writing.status;
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
