/* The fast reader works on a copy of the bytes, in which the quote after each text becomes its NUL:
 *
 *   {"sku":"A\0,"qty\0:1000}     items point into it
 *
 * It says yes only to what json_read takes, and gives up on everything else.
 */
#include "terminal/base/json_view.h"

#include "terminal/base/crypto.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>

#define FAST_DEPTH  16
#define FAST_DIGITS 18 /* any number of so many digits fits */
#define FIRST_ITEMS 256

struct json_view {
    struct json_item *items;
    size_t count, room;
    char *text; /* the copy */
    size_t text_room;
    json_t *tree; /* of a document that the fast reader gave up on */
};

struct json_view *json_view_new(void)
{
    return mem_alloc(sizeof(struct json_view));
}

void json_view_free(struct json_view *view)
{
    if (view == NULL)
        return;
    json_decref(view->tree);
    free(view->items);
    free(view->text);
    free(view);
}

/* The index of a new item. Those before it may move. */
static size_t add_item(struct json_view *view, enum json_item_type type)
{
    if (view->count == view->room) {
        view->room = view->room == 0 ? FIRST_ITEMS : 2 * view->room;
        view->items = mem_resize(view->items, view->room * sizeof *view->items);
    }
    INVARIANT(view->count < UINT32_MAX);
    view->items[view->count] = (struct json_item){.type = type, .span = 1, .key = ""};
    return view->count++;
}

/* --- fast --- */

struct reading {
    struct json_view *view;
    char *at; /* in the copy, which ends with a NUL */
    int depth;
};

/* After the opening quote. */
static bool read_text(struct reading *reading, const char **out, uint32_t *length)
{
    char *start = reading->at, *at = start;
    unsigned char high = 0;

    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20 || *at == '\\')
            return false;
        high |= (unsigned char)*at;
    }
    if (high >= 0x80 && !text_is_utf8(start, (size_t)(at - start)))
        return false;
    *at = '\0';
    *out = start;
    *length = (uint32_t)(at - start);
    reading->at = at + 1;
    return true;
}

static bool read_number(struct reading *reading, int64_t *out)
{
    bool negative = *reading->at == '-';
    const char *first = reading->at + negative, *at = first;
    int64_t number = 0;

    for (; *at >= '0' && *at <= '9' && at - first < FAST_DIGITS; at++)
        number = number * 10 + (*at - '0');
    if (at == first || (*first == '0' && (negative || at - first > 1)))
        return false;
    *out = negative ? -number : number;
    reading->at += negative + (at - first);
    return true;
}

static bool read_word(struct reading *reading, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(reading->at, word, length) != 0)
        return false;
    reading->at += length;
    return true;
}

/* A key that was not met before in its object. `met` has a bit for each kind of key there was. */
static bool is_new(const struct json_view *view, size_t object, size_t member, uint64_t *met)
{
    const struct json_item *own = &view->items[member];
    const unsigned char *key = (const unsigned char *)own->key;
    uint32_t length = own->key_length;
    unsigned kind = length == 0 ? 0 : length * 5U + key[0] * 3U + key[length - 1];
    uint64_t bit = UINT64_C(1) << (kind & 63);

    if ((*met & bit) != 0) {
        for (size_t i = object + 1; i < member; i += view->items[i].span) {
            const struct json_item *other = &view->items[i];
            if (other->key_length == length && memcmp(other->key, key, length) == 0)
                return false;
        }
    }
    *met |= bit;
    return true;
}

static bool read_value(struct reading *reading, size_t index);

static bool read_member(struct reading *reading, size_t object, uint64_t *met)
{
    struct json_view *view = reading->view;
    size_t member = add_item(view, JSON_ITEM_NULL);

    if (*reading->at++ != '"' ||
        !read_text(reading, &view->items[member].key, &view->items[member].key_length))
        return false;
    return *reading->at++ == ':' && is_new(view, object, member, met) &&
           read_value(reading, member);
}

/* After the opening bracket. */
static bool read_list(struct reading *reading, size_t list, enum json_item_type type)
{
    struct json_view *view = reading->view;
    bool object = type == JSON_ITEM_OBJECT;
    const char end = object ? '}' : ']';
    uint32_t count = 0;
    uint64_t met = 0;

    if (++reading->depth > FAST_DEPTH)
        return false;
    if (*reading->at == end) {
        reading->at++;
    } else {
        char after;
        do {
            if (object ? !read_member(reading, list, &met)
                       : !read_value(reading, add_item(view, JSON_ITEM_NULL)))
                return false;
            count++;
            after = *reading->at++;
        } while (after == ',');
        if (after != end)
            return false;
    }
    reading->depth--;
    view->items[list].type = type;
    view->items[list].length = count;
    view->items[list].span = (uint32_t)(view->count - list);
    return true;
}

static bool read_value(struct reading *reading, size_t index)
{
    struct json_item *item = &reading->view->items[index];

    switch (*reading->at) {
    case '"':
        reading->at++;
        item->type = JSON_ITEM_TEXT;
        return read_text(reading, &item->value.text, &item->length);
    case '{':
        reading->at++;
        return read_list(reading, index, JSON_ITEM_OBJECT);
    case '[':
        reading->at++;
        return read_list(reading, index, JSON_ITEM_ARRAY);
    case 't':
        item->type = JSON_ITEM_TRUE;
        return read_word(reading, "true");
    case 'f':
        item->type = JSON_ITEM_FALSE;
        return read_word(reading, "false");
    case 'n':
        return read_word(reading, "null");
    default:
        item->type = JSON_ITEM_INT;
        return read_number(reading, &item->value.number);
    }
}

static bool read_fast(struct json_view *view, const char *bytes, size_t length)
{
    struct reading reading = {.view = view};

    if (length == 0 || length >= UINT32_MAX / 2 || (bytes[0] != '{' && bytes[0] != '['))
        return false;
    if (view->text_room <= length) {
        view->text_room = 2 * length + 1;
        free(view->text);
        view->text = mem_alloc(view->text_room);
    }
    memcpy(view->text, bytes, length);
    view->text[length] = '\0';
    reading.at = view->text;
    return read_value(&reading, add_item(view, JSON_ITEM_NULL)) &&
           reading.at == view->text + length;
}

/* --- from a tree --- */

static void copy_value(struct json_view *view, size_t index, const json_t *value, int levels);

static void copy_object(struct json_view *view, size_t object, json_t *value, int levels)
{
    const char *key;
    json_t *member;

    json_object_foreach(value, key, member)
    {
        size_t index = add_item(view, JSON_ITEM_NULL);
        view->items[index].key = key;
        view->items[index].key_length = (uint32_t)strlen(key);
        copy_value(view, index, member, levels);
        view->items[object].length++;
    }
}

static void copy_array(struct json_view *view, size_t array, const json_t *value, int levels)
{
    size_t index;
    json_t *item;

    json_array_foreach(value, index, item)
    {
        copy_value(view, add_item(view, JSON_ITEM_NULL), item, levels);
        view->items[array].length++;
    }
}

static void copy_value(struct json_view *view, size_t index, const json_t *value, int levels)
{
    struct json_item *item = &view->items[index];

    INVARIANT(!json_is_real(value));
    if (json_is_object(value) || json_is_array(value)) {
        item->type = json_is_object(value) ? JSON_ITEM_OBJECT : JSON_ITEM_ARRAY;
        if (levels > 0 && json_is_object(value)) /* its iterators know no const */
            copy_object(view, index, (json_t *)(uintptr_t)value, levels - 1);
        else if (levels > 0)
            copy_array(view, index, value, levels - 1);
        view->items[index].span = (uint32_t)(view->count - index);
    } else if (json_is_string(value)) {
        item->type = JSON_ITEM_TEXT;
        item->value.text = json_string_value(value);
        item->length = (uint32_t)json_string_length(value);
    } else if (json_is_integer(value)) {
        item->type = JSON_ITEM_INT;
        item->value.number = json_integer_value(value);
    } else if (json_is_boolean(value)) {
        item->type = json_is_true(value) ? JSON_ITEM_TRUE : JSON_ITEM_FALSE;
    }
}

const struct json_item *json_view_of(struct json_view *view, const json_t *value, int levels)
{
    view->count = 0;
    copy_value(view, add_item(view, JSON_ITEM_NULL), value, levels);
    return view->items;
}

enum status json_view_read(struct json_view *view, const char *bytes, size_t length,
                           const struct json_item **out, struct error *error)
{
    enum status status;

    json_decref(view->tree);
    view->tree = NULL;
    view->count = 0;
    if (read_fast(view, bytes, length)) {
        *out = view->items;
        return STATUS_OK;
    }
    status = json_read(bytes, length, &view->tree, error);
    if (status == STATUS_OK)
        *out = json_view_of(view, view->tree, JSON_VIEW_ALL);
    else
        view->tree = NULL;
    return status;
}

/* --- looking --- */

bool json_view_is(const struct json_item *item, enum json_item_type type)
{
    return item != NULL && item->type == type;
}

const struct json_item *json_view_first(const struct json_item *list)
{
    return list == NULL || list->span == 1 ? NULL : list + 1;
}

const struct json_item *json_view_next(const struct json_item *list, const struct json_item *item)
{
    const struct json_item *next = item + item->span;

    return next == list + list->span ? NULL : next;
}

const struct json_item *json_view_get(const struct json_item *object, const char *key)
{
    size_t length = strlen(key);

    if (!json_view_is(object, JSON_ITEM_OBJECT))
        return NULL;
    for (const struct json_item *item = json_view_first(object); item != NULL;
         item = json_view_next(object, item)) {
        if (item->key_length == length && memcmp(item->key, key, length) == 0)
            return item;
    }
    return NULL;
}

const struct json_item *json_view_array(const struct json_item *object, const char *key)
{
    const struct json_item *member = json_view_get(object, key);

    return json_view_is(member, JSON_ITEM_ARRAY) ? member : NULL;
}

static enum status unwanted(struct error *error, const char *key, const char *why)
{
    return error_set(error, STATUS_INVALID, "member \"%s\" %s", key, why);
}

enum status json_view_want_int(const struct json_item *object, const char *key, int64_t min,
                               int64_t max, int64_t *out, struct error *error)
{
    const struct json_item *member = json_view_get(object, key);

    if (!json_view_is(member, JSON_ITEM_INT))
        return unwanted(error, key, "is missing or no integer");
    if (member->value.number < min || member->value.number > max)
        return unwanted(error, key, "is out of bounds");
    *out = member->value.number;
    return STATUS_OK;
}

enum status json_view_want_text(const struct json_item *object, const char *key, size_t max_length,
                                const char **out, struct error *error)
{
    const struct json_item *member = json_view_get(object, key);

    if (!json_view_is(member, JSON_ITEM_TEXT))
        return unwanted(error, key, "is missing or no text");
    if (member->length > max_length)
        return unwanted(error, key, "is too long");
    *out = member->value.text;
    return STATUS_OK;
}

enum status json_view_want_hex(const struct json_item *object, const char *key, void *bytes,
                               size_t length, struct error *error)
{
    const char *text = NULL;
    enum status status = json_view_want_text(object, key, 2 * length, &text, error);

    if (status == STATUS_OK && hex_read(text, bytes, length) != STATUS_OK)
        return unwanted(error, key, "is not hexadecimal of its length");
    return status;
}

int64_t json_view_int_or(const struct json_item *object, const char *key, int64_t fallback)
{
    const struct json_item *member = json_view_get(object, key);

    return json_view_is(member, JSON_ITEM_INT) ? member->value.number : fallback;
}

const char *json_view_text_or(const struct json_item *object, const char *key, const char *fallback)
{
    const struct json_item *member = json_view_get(object, key);

    return json_view_is(member, JSON_ITEM_TEXT) ? member->value.text : fallback;
}
