/* Values on PostgreSQL's wire, in its binary form: integers big-endian, texts and blobs as they
 * are.
 *
 *   struct store_value ──► parameter: int8 (OID 20), text (25), bytea (17); NULL: not said
 *   column ──► int64_t from bool, int2, int4, int8 and whole numeric (sum() of bigint is one);
 *              bytes of text and bytea
 */
#ifndef HOLDFAST_LEDGER_POSTGRES_VALUE_H
#define HOLDFAST_LEDGER_POSTGRES_VALUE_H

#include "sync/ledger/store/store.h"
#include "terminal/base/buf.h"

#include <libpq-fe.h>

/* The parameters of one statement as libpq takes them. Borrows the bytes of the values. */
struct value_list {
    int count, capacity;
    Oid *types;
    int *lengths, *formats;
    const char **pointers;
    uint64_t *numbers; /* integers in network order */
};

void value_list_finish(struct value_list *list);
void value_list_set(struct value_list *list, const struct store_value *values, int count);

/* The number in a column of row 0; 0 for NULL. Aborts on a column that holds none. */
int64_t value_int(const PGresult *row, int column);

/* What a column is made of. Aborts on types that the ledger does not use. */
enum store_type value_kind(const PGresult *result, int column);

/* Rows of a binary COPY (PostgreSQL 15, COPY, "Binary Format"): what comes before the first row, a
 * row, a single field, and what comes after the last row. The buffer has no ceiling to reach.
 *
 *   signature, flags, length of the extension │ per row: fields; per field: length, bytes │ -1
 */
void value_copy_begin(struct buf *out);
void value_copy_row(struct buf *out, const struct store_value *values, int count);
void value_copy_fields(struct buf *out, int count);
void value_copy_field(struct buf *out, const struct store_value *value);
void value_copy_end(struct buf *out);

#endif
