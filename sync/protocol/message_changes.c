/* The change feed's question and answer.
 *
 * The question is a query string; it is read as it travelled, so the signature and the meaning are
 * taken from the same bytes. The answer is streamed by the ledger (rows are stored there as JSON
 * text) and read whole by the agent, under the ceiling of an unpacked body.
 */
#include "sync/protocol/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c));
}

static enum status write_escaped(const char *text, struct buf *out)
{
    enum status status = STATUS_OK;

    for (; status == STATUS_OK && *text != '\0'; text++) {
        if (is_unreserved(*text))
            status = buf_append_byte(out, (uint8_t)*text);
        else
            status = buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
    return status;
}

enum status message_write_changes_query(const struct changes_query *query, struct buf *out)
{
    char incarnation[ID_HEX_SIZE];
    enum status status;

    hex_write(query->incarnation.bytes, ID_SIZE, incarnation);
    status = buf_printf(out, "incarnation=%s&wait=%d", incarnation, query->wait_s);
    for (int i = 0; status == STATUS_OK && i < query->count; i++) {
        status = buf_append_byte(out, '&');
        if (status == STATUS_OK)
            status = write_escaped(query->cursors[i].scope, out);
        if (status == STATUS_OK)
            status = buf_printf(out, "=%" PRId64, query->cursors[i].position);
    }
    return status;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdefABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    if (!at)
        return -1;
    return (int)(at - digits) < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* Decodes [text, text+length); refuses what does not fit, bad escapes and control characters. */
static bool unescape(const char *text, size_t length, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)text[i];

        if (c == '%') {
            int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
            if (low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c < 0x20 || c == 0x7F || used + 1 >= size)
            return false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

static bool scope_known(const char *scope)
{
    static const char *const words[] = {"catalogue", "prices", "staff", "customers"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(scope, words[i]) == 0)
            return true;
    }
    return strncmp(scope, "location:", 9) == 0 && scope[9] != '\0';
}

static bool read_number(const char *text, int64_t max, int64_t *out)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return false;
    *out = strtoll(text, NULL, 10);
    return *out <= max;
}

static enum status add_cursor(struct changes_query *query, const char *name, const char *value,
                              struct error *error)
{
    struct scope_cursor *cursor = &query->cursors[query->count];
    int64_t position = 0;

    if (!scope_known(name) || strlen(name) >= MESSAGE_SCOPE_SIZE)
        return error_set(error, STATUS_INVALID, "unknown scope %.40s", name);
    if (query->count >= MESSAGE_MAX_SCOPES)
        return error_set(error, STATUS_INVALID, "more than %d scopes", MESSAGE_MAX_SCOPES);
    for (int i = 0; i < query->count; i++) {
        if (strcmp(query->cursors[i].scope, name) == 0)
            return error_set(error, STATUS_INVALID, "scope %s twice", name);
    }
    if (!read_number(value, INT64_MAX, &position))
        return error_set(error, STATUS_INVALID, "the position of %s is no number", name);
    memcpy(cursor->scope, name, strlen(name) + 1);
    cursor->position = position;
    query->count++;
    return STATUS_OK;
}

static enum status read_member(struct changes_query *query, const char *name, const char *value,
                               bool *incarnation, struct error *error)
{
    int64_t wait = 0;

    if (strcmp(name, "incarnation") == 0) {
        *incarnation = strlen(value) == ID_HEX_SIZE - 1 &&
                       hex_read(value, query->incarnation.bytes, ID_SIZE) == STATUS_OK;
        return *incarnation ? STATUS_OK
                            : error_set(error, STATUS_INVALID, "incarnation is malformed");
    }
    if (strcmp(name, "wait") == 0) {
        if (!read_number(value, MESSAGE_MAX_WAIT_S, &wait))
            return error_set(error, STATUS_INVALID, "wait is not within 0 and %d",
                             MESSAGE_MAX_WAIT_S);
        query->wait_s = (int)wait;
        return STATUS_OK;
    }
    return add_cursor(query, name, value, error);
}

enum status message_read_changes_query(const char *query, struct changes_query *out,
                                       struct error *error)
{
    bool incarnation = false;

    memset(out, 0, sizeof *out);
    while (*query != '\0') {
        size_t length = strcspn(query, "&");
        size_t key = strcspn(query, "=");
        char name[MESSAGE_SCOPE_SIZE];
        char value[MESSAGE_SCOPE_SIZE];
        enum status status;

        if (key >= length || !unescape(query, key, name, sizeof name) ||
            !unescape(query + key + 1, length - key - 1, value, sizeof value))
            return error_set(error, STATUS_INVALID, "the query is malformed");
        status = read_member(out, name, value, &incarnation, error);
        if (status != STATUS_OK)
            return status;
        query += length;
        if (*query == '&')
            query++;
    }
    if (!incarnation)
        return error_set(error, STATUS_INVALID, "incarnation is missing");
    return STATUS_OK;
}

static enum status read_scope(json_t *item, struct scope_changes *out, struct error *error)
{
    const char *scope = "";
    enum status status = json_want_text(item, "scope", MESSAGE_SCOPE_SIZE - 1, &scope, error);

    if (status == STATUS_OK && !scope_known(scope))
        status = error_set(error, STATUS_INVALID, "unknown scope %.40s", scope);
    if (status == STATUS_OK)
        status = json_want_int(item, "position", 0, INT64_MAX, &out->position, error);
    if (status == STATUS_OK)
        status = json_want_array(item, "rows", MESSAGE_MAX_ROWS, &out->rows, error);
    if (status == STATUS_OK)
        memcpy(out->scope, scope, strlen(scope) + 1);
    return status;
}

static enum status read_scopes(struct changes_answer *out, struct error *error)
{
    json_t *scopes = NULL;
    enum status status =
        json_want_array(out->document, "scopes", MESSAGE_MAX_SCOPES, &scopes, error);

    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; status == STATUS_OK && i < json_array_size(scopes); i++) {
        status = read_scope(json_array_get(scopes, i), &out->scopes[i], error);
        for (size_t j = 0; status == STATUS_OK && j < i; j++) {
            if (strcmp(out->scopes[i].scope, out->scopes[j].scope) == 0)
                status = error_set(error, STATUS_INVALID, "scope %s twice", out->scopes[i].scope);
        }
        out->count++;
    }
    return status;
}

enum status message_read_changes_answer(const char *bytes, size_t length,
                                        struct changes_answer *out, struct error *error)
{
    enum status status;

    memset(out, 0, sizeof *out);
    status = json_read(bytes, length, &out->document, error);
    if (status == STATUS_OK && !json_is_object(out->document))
        status = error_set(error, STATUS_INVALID, "the answer is not an object");
    if (status == STATUS_OK)
        status =
            json_want_hex(out->document, "incarnation", out->incarnation.bytes, ID_SIZE, error);
    if (status == STATUS_OK)
        status = json_want_int(out->document, "time_ms", 0, INT64_MAX, &out->time_ms, error);
    if (status == STATUS_OK)
        status = read_scopes(out, error);
    if (status != STATUS_OK) {
        message_finish_changes_answer(out);
        return status;
    }
    out->more = json_bool_or(out->document, "more", false);
    return STATUS_OK;
}

void message_finish_changes_answer(struct changes_answer *answer)
{
    json_decref(answer->document);
    answer->document = NULL;
    answer->count = 0;
}

enum status message_changes_start(struct changes_writer *writer, struct buf *out,
                                  const struct id *incarnation, int64_t time_ms)
{
    char hex[ID_HEX_SIZE];

    *writer = (struct changes_writer){.out = out, .at = CHANGES_TOP};
    hex_write(incarnation->bytes, ID_SIZE, hex);
    return buf_printf(out, "{\"incarnation\":\"%s\",\"time_ms\":%" PRId64 ",\"scopes\":[", hex,
                      time_ms);
}

enum status message_changes_scope_start(struct changes_writer *writer, const char *scope)
{
    json_t *text;
    char *quoted;
    enum status status;

    INVARIANT(writer->at == CHANGES_TOP);
    text = json_string(scope);
    INVARIANT(text);
    quoted = json_dumps(text, JSON_ENCODE_ANY);
    INVARIANT(quoted);
    status = buf_printf(writer->out, "%s{\"scope\":%s,\"rows\":[", writer->scopes > 0 ? "," : "",
                        quoted);
    free(quoted);
    json_decref(text);
    writer->at = CHANGES_SCOPE;
    writer->scopes++;
    writer->rows = 0;
    return status;
}

enum status message_changes_row(struct changes_writer *writer, const char *row, size_t length)
{
    enum status status = STATUS_OK;

    INVARIANT(writer->at == CHANGES_SCOPE);
    if (writer->rows > 0)
        status = buf_append_byte(writer->out, ',');
    if (status == STATUS_OK)
        status = buf_append(writer->out, row, length);
    writer->rows++;
    return status;
}

enum status message_changes_scope_end(struct changes_writer *writer, int64_t position)
{
    INVARIANT(writer->at == CHANGES_SCOPE);
    writer->at = CHANGES_TOP;
    return buf_printf(writer->out, "],\"position\":%" PRId64 "}", position);
}

enum status message_changes_end(struct changes_writer *writer, bool more)
{
    INVARIANT(writer->at == CHANGES_TOP);
    writer->at = CHANGES_IDLE;
    return buf_printf(writer->out, "],\"more\":%s}", more ? "true" : "false");
}
