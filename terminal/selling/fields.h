/* Structs of texts and numbers as flat JSON objects, described by a table of their members.
 * A member with its empty value ("" or 0 or false) is left out, and takes it when it is missing.
 */
#ifndef HOLDFAST_SELLING_FIELDS_H
#define HOLDFAST_SELLING_FIELDS_H

#include "terminal/base/json.h"

#include <stdbool.h>
#include <stddef.h>

enum field_type { FIELD_TEXT, FIELD_INT, FIELD_BOOL };

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    size_t size; /* of a text's array */
};

#define FIELD_OF_TEXT(name, type, member)                                                          \
    {                                                                                              \
        name, FIELD_TEXT, offsetof(type, member), sizeof(((type *)0)->member)                      \
    }
#define FIELD_OF_INT(name, type, member)                                                           \
    {                                                                                              \
        name, FIELD_INT, offsetof(type, member), 0                                                 \
    }
#define FIELD_OF_BOOL(name, type, member)                                                          \
    {                                                                                              \
        name, FIELD_BOOL, offsetof(type, member), 0                                                \
    }

void fields_put(json_t *object, const struct field *fields, size_t count, const void *from);
/* STATUS_INVALID: a member of another type, or a text that is too long. */
enum status fields_get(const json_t *object, const struct field *fields, size_t count, void *to,
                       struct error *error) MUST_USE;

/* Whether every described member is the same; what lies between members does not count. */
bool fields_equal(const struct field *fields, size_t count, const void *a, const void *b);

#endif
