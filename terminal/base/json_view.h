/* JSON read in one pass into a flat list, without an allocation for each of its parts: for who
 * reads many values of many documents and keeps none of them.
 *
 *   {"a":1,"b":[2,"x"]}    items  object ─ a:1 ─ b:array ─ 2 ─ "x"
 *                          span      5     1       3       1    1    itself and all within it
 *
 * The same documents are taken as by json_read, to the byte, and the same are refused with the same
 * words: what the fast reader does not know at sight (escapes, white space, mistakes) is given to
 * json_read. Members keep their order.
 */
#ifndef HOLDFAST_BASE_JSON_VIEW_H
#define HOLDFAST_BASE_JSON_VIEW_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_item_type {
    JSON_ITEM_NULL,
    JSON_ITEM_FALSE,
    JSON_ITEM_TRUE,
    JSON_ITEM_INT,
    JSON_ITEM_TEXT,
    JSON_ITEM_ARRAY,
    JSON_ITEM_OBJECT
};

struct json_item {
    enum json_item_type type;
    uint32_t key_length; /* of a member; 0 in arrays */
    uint32_t length;     /* of a text in bytes; of an array or object: how many it holds */
    uint32_t span;       /* items to the next one that is not within this one */
    const char *key;     /* ends with NUL; "" in arrays */
    union {
        const char *text; /* ends with NUL and holds none */
        int64_t number;
    } value;
};

/* Memory that is used again by the next document. Texts and items are valid until then. */
struct json_view;
struct json_view *json_view_new(void);
void json_view_free(struct json_view *view); /* NULL is fine */

/* One object or array: *out is its first item. As json_read. */
enum status json_view_read(struct json_view *view, const char *bytes, size_t length,
                           const struct json_item **out, struct error *error) MUST_USE;

/* The items of a value that is there already, as deep as `levels`: 1 is its members alone, those
 * that are arrays or objects as if they were empty. The value outlives its use. NULL becomes null.
 * Aborts on a real number. */
#define JSON_VIEW_ALL 64
const struct json_item *json_view_of(struct json_view *view, const json_t *value, int levels);

/* for (item = json_view_first(list); item != NULL; item = json_view_next(list, item)): members or
 * items in their order; none of what is neither array nor object, and of NULL. */
const struct json_item *json_view_first(const struct json_item *list);
const struct json_item *json_view_next(const struct json_item *list, const struct json_item *item);

/* A member of an object; NULL: not there, no object, or NULL. */
const struct json_item *json_view_get(const struct json_item *object, const char *key);
/* A member that is an array, or NULL. */
const struct json_item *json_view_array(const struct json_item *object, const char *key);
bool json_view_is(const struct json_item *item, enum json_item_type type); /* NULL is nothing */

/* As those of json.h. */
enum status json_view_want_int(const struct json_item *object, const char *key, int64_t min,
                               int64_t max, int64_t *out, struct error *error) MUST_USE;
enum status json_view_want_text(const struct json_item *object, const char *key, size_t max_length,
                                const char **out, struct error *error) MUST_USE;
enum status json_view_want_hex(const struct json_item *object, const char *key, void *bytes,
                               size_t length, struct error *error) MUST_USE;
int64_t json_view_int_or(const struct json_item *object, const char *key, int64_t fallback);
const char *json_view_text_or(const struct json_item *object, const char *key,
                              const char *fallback);

#endif
