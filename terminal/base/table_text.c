/* One pass over the input. A quoted field without doubled quotes is a window into the input; only
 * one with doubled quotes is copied, into `unquoted`, whose memory is sized for the whole record
 * before the first field points into it, so that it never moves under them.
 *
 *   input:  a,"b ""c""",d\r\n
 *           │  └ copied: b "c"
 *           └ window
 */
#include "terminal/base/table_text.h"

#include <string.h>
#include <strings.h>

#define RECORD_MAX ((size_t)1 << 20)

void table_text_init(struct table_text *table, const char *bytes, size_t length)
{
    memset(table, 0, sizeof *table);
    table->bytes = bytes;
    table->length = length;
    table->next_line = 1;
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        table->at = 3;
    const char *rest = bytes + table->at;
    const char *end = length > table->at ? memchr(rest, '\n', length - table->at) : NULL;
    size_t first = end ? (size_t)(end - rest) : length - table->at;
    table->delimiter = first > 0 && memchr(rest, '\t', first) ? '\t' : ',';
    buf_init(&table->unquoted, RECORD_MAX);
}

void table_text_finish(struct table_text *table)
{
    buf_finish(&table->unquoted);
}

/* Where the line that starts at `from` ends: at its LF, or at the end of the input. */
static size_t line_end(const struct table_text *table, size_t from)
{
    if (from >= table->length)
        return table->length;
    const char *end = memchr(table->bytes + from, '\n', table->length - from);
    return end ? (size_t)(end - table->bytes) : table->length;
}

static size_t without_cr(const struct table_text *table, size_t start, size_t end)
{
    return end > start && table->bytes[end - 1] == '\r' ? end - 1 : end;
}

/* The end of the record from `start`, counting its lines. Inside quotes a line end is text. */
static size_t record_end(const struct table_text *table, size_t start, int64_t *lines, bool *open)
{
    size_t end = line_end(table, start);
    *lines = 1;
    *open = false;
    if (table->delimiter == '\t')
        return end;
    bool quoted = false;
    size_t at = start;
    for (;;) {
        for (; at < end; at++)
            if (table->bytes[at] == '"')
                quoted = !quoted;
        if (!quoted)
            return end;
        if (end >= table->length || end - start > RECORD_MAX) {
            /* Never closed: give up this one line, so that the next can still be read. */
            *open = true;
            *lines = 1;
            return line_end(table, start);
        }
        at = end + 1;
        end = line_end(table, at);
        ++*lines;
    }
}

static enum status take_quoted(struct table_text *table, size_t *at, size_t end,
                               struct table_field *field, struct error *error)
{
    size_t start = *at + 1;
    size_t close = start;
    bool doubled = false;
    for (; close < end; close++) {
        if (table->bytes[close] != '"')
            continue;
        if (close + 1 < end && table->bytes[close + 1] == '"') {
            doubled = true;
            close++;
            continue;
        }
        break;
    }
    *at = close + 1;
    if (*at < end && table->bytes[*at] != table->delimiter)
        return error_set(error, STATUS_INVALID, "text after a closing quote");
    field->bytes = table->bytes + start;
    field->length = close - start;
    if (!doubled)
        return STATUS_OK;
    size_t copied = table->unquoted.used;
    for (size_t i = start; i < close; i++) {
        if (table->bytes[i] == '"')
            i++;
        enum status status = buf_append_byte(&table->unquoted, (uint8_t)table->bytes[i]);
        if (status)
            return error_set(error, status, "a record longer than %zu bytes", RECORD_MAX);
    }
    field->bytes = table->unquoted.data + copied;
    field->length = table->unquoted.used - copied;
    return STATUS_OK;
}

static enum status split(struct table_text *table, size_t start, size_t end, struct error *error)
{
    size_t at = start;
    for (;;) {
        if (table->count == TABLE_TEXT_FIELDS)
            return error_set(error, STATUS_INVALID, "more than %d fields", TABLE_TEXT_FIELDS);
        struct table_field *field = &table->fields[table->count];
        if (table->delimiter != '\t' && at < end && table->bytes[at] == '"') {
            enum status status = take_quoted(table, &at, end, field, error);
            if (status)
                return status;
        } else {
            const char *stop =
                at < end ? memchr(table->bytes + at, table->delimiter, end - at) : NULL;
            size_t field_end = stop ? (size_t)(stop - table->bytes) : end;
            field->bytes = table->bytes + at;
            field->length = field_end - at;
            at = field_end;
        }
        table->count++;
        if (at >= end)
            return STATUS_OK;
        at++; /* the delimiter; when nothing follows it, an empty last field does */
    }
}

enum status table_text_next(struct table_text *table, bool *more, struct error *error)
{
    table->count = 0;
    buf_clear(&table->unquoted);
    for (;;) {
        *more = table->at < table->length;
        if (!*more)
            return STATUS_OK;
        size_t start = table->at;
        int64_t lines;
        bool open;
        size_t end = record_end(table, start, &lines, &open);
        table->line = table->next_line;
        table->next_line += lines;
        table->at = end < table->length ? end + 1 : end;
        end = without_cr(table, start, end);
        if (end == start)
            continue;
        table->raw = table->bytes + start;
        table->raw_length = end - start;
        if (open)
            return error_set(error, STATUS_INVALID, "a quote that is never closed");
        if (end - start > RECORD_MAX)
            return error_set(error, STATUS_INVALID, "a record longer than %zu bytes", RECORD_MAX);
        /* Enough memory beforehand: fields point into it and it must not move. */
        enum status status = buf_append(&table->unquoted, table->raw, table->raw_length);
        buf_clear(&table->unquoted);
        return status ? error_set(error, status, "a record longer than %zu bytes", RECORD_MAX)
                      : split(table, start, end, error);
    }
}

bool table_field_is(const struct table_field *field, const char *text)
{
    return field->length == strlen(text) && strncasecmp(field->bytes, text, field->length) == 0;
}

int table_text_column(const struct table_text *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (table_field_is(&table->fields[i], name))
            return (int)i;
    return -1;
}
