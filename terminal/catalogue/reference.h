/* The reference tables: one definition used by the ledger, the snapshot, the change feed and the
 * replica. From the descriptors here follow the DDL, the upsert, the delete, and the JSON of a row.
 *
 *   JSON row ──reference_row_from_json──► struct reference_row ──reference_put──► table
 *   {"col":v}◄───reference_row_to_json──  (borrowed values)    ◄─reference_row_read─ select
 *
 * A row travels as {"t":"item","op":"put","row":{column:value,...}} or, deleted,
 * {"t":"item","op":"del","row":{key columns}}. Columns that are not known are ignored; missing ones
 * take the column's default. Texts compare byte for byte.
 */
#ifndef HOLDFAST_CATALOGUE_REFERENCE_H
#define HOLDFAST_CATALOGUE_REFERENCE_H

#include "terminal/base/buf.h"
#include "terminal/base/db.h"
#include "terminal/base/json.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest texts in bytes, without the NUL. */
#define REFERENCE_KEY_MAX  64   /* ids, SKUs, pack and list names */
#define REFERENCE_CODE_MAX 128  /* item_code.code and .given */
#define REFERENCE_NAME_MAX 255  /* names and labels shown to people */
#define REFERENCE_TEXT_MAX 2000 /* notes, addresses, receipt texts, permissions, setting values */

#define REFERENCE_COLUMNS_MAX 20
#define REFERENCE_SCOPE_SIZE  (9 + REFERENCE_KEY_MAX + 1) /* "location:" and the location */

enum reference_type { REFERENCE_TEXT, REFERENCE_INT };

/* What a text must look like, beside its length and being clean UTF-8. */
enum reference_form {
    REFERENCE_PLAIN,   /* one line: no control characters */
    REFERENCE_LINES,   /* line feeds are allowed */
    REFERENCE_WORDS,   /* one of the space-separated words in `words` */
    REFERENCE_STAMP,   /* "" or a local stamp "YYYY-MM-DDTHH:MM" */
    REFERENCE_HEX_ID,  /* 32 lower-case hexadecimal digits */
    REFERENCE_CURRENCY /* "" or three capital letters */
};

struct reference_column {
    const char *name;
    enum reference_type type;
    bool required; /* a text that may not be empty */
    enum reference_form form;
    size_t max_length; /* texts: bytes */
    const char *words; /* REFERENCE_WORDS */
    const char *text;  /* default of a text */
    int64_t number;    /* default of an integer */
    int64_t min, max;  /* integers */
};

enum reference_scope_kind {
    REFERENCE_CATALOGUE,
    REFERENCE_PRICES,
    REFERENCE_STAFF,
    REFERENCE_CUSTOMERS,
    REFERENCE_LOCATION /* "location:" and the row's `location`, always the first column */
};

struct reference_table {
    const char *name;
    enum reference_scope_kind scope;
    int key_count; /* the first columns are the primary key */
    int column_count;
    const struct reference_column *columns;
};

/* The tables in the order in which they are created. at() wants 0 <= index < count. */
int reference_table_count(void);
const struct reference_table *reference_table_at(int index);
/* NULL when no table has that name. */
const struct reference_table *reference_table_find(const char *name);
/* The index of a column, -1 when the table lacks it. */
int reference_column_find(const struct reference_table *table, const char *name);
/* Appends "sku,name,category,..." in the descriptor's order, for selects. */
enum status reference_columns(const struct reference_table *table, struct buf *out) MUST_USE;

/* Appends the statements that create the reference tables and their indexes where they are missing.
 */
void reference_schema(struct buf *out);
/* Runs them. */
enum status reference_create(struct db *db, struct error *error) MUST_USE;

/* Copies the rows of every reference table from the attached schema `from` into `db`'s main schema:
 * all rows, of location tables only those of `location`. Both were made by reference_create. Runs
 * in the caller's transaction; the target tables are expected to be empty. */
enum status reference_copy(struct db *db, const char *from, const char *location,
                           struct error *error) MUST_USE;

/* One value: of a text column the bytes (never NULL, need not be NUL-terminated), of an integer
 * column the number. */
struct reference_value {
    const char *text;
    size_t length;
    int64_t number;
};

/* A row: one value per column of its table. The texts are borrowed from wherever they came. */
struct reference_row {
    const struct reference_table *table;
    struct reference_value values[REFERENCE_COLUMNS_MAX];
};

/* A row of defaults, and setting one column of it by name; abort on a column the table lacks. */
void reference_row_init(struct reference_row *row, const struct reference_table *table);
void reference_row_set_text(struct reference_row *row, const char *column, const char *text);
void reference_row_set_int(struct reference_row *row, const char *column, int64_t number);

/* Types, then reference_row_validate. The texts live as long as `json`. keys_only (for a deletion)
 * looks at the key columns alone and leaves defaults in the others. STATUS_INVALID or STATUS_RANGE
 * with one line that names table, column and reason. */
enum status reference_row_from_json(const struct reference_table *table, const json_t *json,
                                    bool keys_only, struct reference_row *row,
                                    struct error *error) MUST_USE;

/* The same rules for a row made otherwise: lengths, ranges, UTF-8, control characters, words,
 * stamps, and what ties columns of a table together (a pack's factor, a weighed item's unit). */
enum status reference_row_validate(const struct reference_row *row, struct error *error) MUST_USE;

/* The row under a select whose columns, from `first`, are the table's in the descriptor's order.
 * Borrowed until the statement moves on. */
void reference_row_read(const struct reference_table *table, struct db_statement *statement,
                        int first, struct reference_row *row);

/* A new object with every column, or with the key columns only. */
json_t *reference_row_to_json(const struct reference_row *row, bool keys_only);

/* {"t":...,"op":"put","row":{...}} as a new object; "del" carries the key columns only. */
json_t *reference_change_to_json(const struct reference_row *row, bool deleted);

/* "catalogue", "prices", "staff", "customers" or "location:S01". Only the key needs to be set. */
void reference_scope(const struct reference_row *row, char out[REFERENCE_SCOPE_SIZE]);

/* Writes rows: holds one prepared upsert and delete per table. Close it before its database.
 * Runs in the transaction of the caller. Does not validate: rows come from reference_row_from_json
 * or were checked by reference_row_validate. A writer belongs to one thread. */
struct reference_writer;
enum status reference_writer_open(struct db *db, struct reference_writer **out,
                                  struct error *error) MUST_USE;
void reference_writer_close(struct reference_writer *writer); /* NULL is fine */

/* Inserts the row, or replaces the one with its key. The texts are used before it returns. */
enum status reference_put(struct reference_writer *writer, const struct reference_row *row,
                          struct error *error) MUST_USE;
/* Only the key is looked at. Deleting what is not there is fine. */
enum status reference_delete(struct reference_writer *writer, const struct reference_row *row,
                             struct error *error) MUST_USE;
/* The row with the key of `row` is written over row->values, borrowed until the writer's next
 * call. STATUS_NOT_FOUND. */
enum status reference_get(struct reference_writer *writer, struct reference_row *row,
                          struct error *error) MUST_USE;

/* A change as it travels. Parsing checks everything; the row borrows from `change`.
 * STATUS_UNSUPPORTED for a table or op that this version does not know: a ledger refuses it, an
 * agent of an older version skips it. */
enum status reference_change_from_json(const json_t *change, struct reference_row *row,
                                       bool *deleted, struct error *error) MUST_USE;

#endif
