/* jansson writes everything but quantities: a quantity that is no whole number is kept as an object
 * with one key that no report has, and written as a decimal.
 */
#include "sync/admin/commands.h"

#include "terminal/base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define MILLI_KEY "\x01milli"

json_t *json_milli(int64_t milli)
{
    if (milli % 1000 == 0)
        return json_integer(milli / 1000);
    json_t *value = json_object();
    json_object_set_new(value, MILLI_KEY, json_integer(milli));
    return value;
}

static void print_leaf(const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    INVARIANT(text);
    fputs(text, stdout);
    free(text);
}

static void print_value(const json_t *value)
{
    const json_t *milli = json_object_get(value, MILLI_KEY);
    if (milli) {
        char text[DECIMAL_SIZE];
        decimal_write(json_integer_value(milli), 3, text);
        fputs(text, stdout);
    } else if (json_is_object(value)) {
        const char *key, *separator = "{";
        json_t *member;
        json_object_foreach((json_t *)value, key, member)
        {
            json_t *name = json_string(key);
            fputs(separator, stdout);
            print_leaf(name);
            json_decref(name);
            putchar(':');
            print_value(member);
            separator = ",";
        }
        fputs(separator[0] == '{' ? "{}" : "}", stdout);
    } else if (json_is_array(value)) {
        putchar('[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i > 0)
                putchar(',');
            print_value(json_array_get(value, i));
        }
        putchar(']');
    } else {
        print_leaf(value);
    }
}

void print_json(const json_t *value)
{
    print_value(value);
    putchar('\n');
}
