/* Tables as text: CSV (RFC 4180, quotes and line ends inside quotes) and TSV (no quoting), read
 * record by record from memory, without copying the input.
 *
 * The bytes need not be UTF-8: whoever uses a field checks it. A UTF-8 byte order mark at the start
 * is passed over. Lines end in LF or CRLF; blank lines are passed over.
 */
#ifndef HOLDFAST_BASE_TABLE_TEXT_H
#define HOLDFAST_BASE_TABLE_TEXT_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_TEXT_FIELDS 128

struct table_field {
    const char *bytes; /* not NUL-terminated; valid until the next record */
    size_t length;
};

struct table_text {
    const char *bytes; /* borrowed for the reader's life */
    size_t length;
    size_t at;
    char delimiter;
    int64_t next_line;
    struct buf unquoted;

    /* The present record. */
    struct table_field fields[TABLE_TEXT_FIELDS];
    size_t count;
    int64_t line;    /* from 1, where the record starts */
    const char *raw; /* its bytes as they stand, without the line end */
    size_t raw_length;
};

/* The delimiter is a tab when the first line holds one, else a comma. */
void table_text_init(struct table_text *table, const char *bytes, size_t length);
void table_text_finish(struct table_text *table);

/* The next record. *more is false at the end. STATUS_INVALID for one record that breaks the rules
 * (a quote that never closes, bytes after a closing quote, more than TABLE_TEXT_FIELDS fields):
 * its line and raw bytes are set, and the next call goes on behind it. */
enum status table_text_next(struct table_text *table, bool *more, struct error *error) MUST_USE;

/* The column of the header record (the present one) with this name, case folded (ASCII), or -1. */
int table_text_column(const struct table_text *table, const char *name);

bool table_field_is(const struct table_field *field, const char *text);

#endif
