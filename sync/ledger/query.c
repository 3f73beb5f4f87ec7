/* Finding and decoding one parameter. */
#include "sync/ledger/query.h"

#include "terminal/base/text.h"

#include <string.h>

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static enum status decode_value(const char *text, size_t length, char *out, size_t size,
                                struct error *error)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '%') {
            int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
            int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return error_set(error, STATUS_INVALID, "the query is not well formed");
            byte = (char)(high * 16 + low);
            i += 2;
        }
        if (used + 1 >= size)
            return error_set(error, STATUS_RANGE, "a parameter of the query is too long");
        out[used++] = byte;
    }
    out[used] = '\0';
    if (!text_is_utf8(out, used))
        return error_set(error, STATUS_INVALID, "a parameter of the query is not UTF-8");
    return STATUS_OK;
}

enum status query_value(const char *query, const char *name, char *out, size_t size,
                        struct error *error)
{
    size_t name_length = strlen(name);

    out[0] = '\0';
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        if (length > name_length && strncmp(query, name, name_length) == 0 &&
            query[name_length] == '=')
            return decode_value(query + name_length + 1, length - name_length - 1, out, size,
                                error);
        query += length;
        query += *query == '&';
    }
    return STATUS_OK;
}
