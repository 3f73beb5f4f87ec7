#include "terminal/selling/fields.h"

#include <string.h>

void fields_put(json_t *object, const struct field *fields, size_t count, const void *from)
{
    for (size_t i = 0; i < count; i++) {
        const char *member = (const char *)from + fields[i].offset;
        int64_t number;
        bool flag;

        switch (fields[i].type) {
        case FIELD_TEXT:
            if (member[0] != '\0')
                json_put_text(object, fields[i].name, member);
            break;
        case FIELD_INT:
            memcpy(&number, member, sizeof number);
            if (number != 0)
                json_put_int(object, fields[i].name, number);
            break;
        case FIELD_BOOL:
            memcpy(&flag, member, sizeof flag);
            if (flag)
                json_put_int(object, fields[i].name, 1);
            break;
        }
    }
}

static enum status get_text(const struct field *field, const json_t *value, char *member,
                            struct error *error)
{
    size_t length;

    if (!json_is_string(value) || (length = json_string_length(value)) >= field->size)
        return error_set(error, STATUS_INVALID, "%s: no text, or too long", field->name);
    memcpy(member, json_string_value(value), length + 1);
    return STATUS_OK;
}

enum status fields_get(const json_t *object, const struct field *fields, size_t count, void *to,
                       struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, fields[i].name);
        char *member = (char *)to + fields[i].offset;
        int64_t number;
        bool flag;

        if (value == NULL)
            continue;
        if (fields[i].type == FIELD_TEXT) {
            if (get_text(&fields[i], value, member, error) != STATUS_OK)
                return STATUS_INVALID;
            continue;
        }
        if (!json_is_integer(value))
            return error_set(error, STATUS_INVALID, "%s: no number", fields[i].name);
        number = json_integer_value(value);
        flag = number != 0;
        if (fields[i].type == FIELD_INT)
            memcpy(member, &number, sizeof number);
        else
            memcpy(member, &flag, sizeof flag);
    }
    return STATUS_OK;
}

bool fields_equal(const struct field *fields, size_t count, const void *a, const void *b)
{
    for (size_t i = 0; i < count; i++) {
        const char *one = (const char *)a + fields[i].offset;
        const char *other = (const char *)b + fields[i].offset;
        bool same = false;

        switch (fields[i].type) {
        case FIELD_TEXT:
            same = strcmp(one, other) == 0;
            break;
        case FIELD_INT:
            same = memcmp(one, other, sizeof(int64_t)) == 0;
            break;
        case FIELD_BOOL:
            same = *(const bool *)one == *(const bool *)other;
            break;
        }
        if (!same)
            return false;
    }
    return true;
}
