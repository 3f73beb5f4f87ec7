/* Reference rows in the ledger's store: upsert and delete by the descriptors of
 * terminal/catalogue/reference.h, and telling the feed. */
#ifndef HOLDFAST_LEDGER_ROWS_H
#define HOLDFAST_LEDGER_ROWS_H

#include "sync/ledger/writer.h"
#include "terminal/catalogue/reference.h"

struct rows; /* the SQL texts; free it after the sessions that used it */
struct rows *rows_new(void);
void rows_free(struct rows *rows);

/* The same text for the same SQL, for as long as `rows` lives: what store.h asks of a statement
 * that is made at run time. Any thread. */
const char *rows_sql(struct rows *rows, const char *sql);

/* One import at a time: the turns of two would mix. Waits for the one that runs. */
void rows_import_begin(struct rows *rows);
void rows_import_end(struct rows *rows);

/* Writes the row. With `tell`, the feed gets it too. */
enum status rows_put(struct rows *rows, const struct writer_turn *turn,
                     const struct reference_row *row, bool tell, struct error *error) MUST_USE;
/* Tells the feed the row as it stands in the table now; only the key of `row` is looked at. */
enum status rows_tell(struct rows *rows, const struct writer_turn *turn,
                      const struct reference_row *row, struct error *error) MUST_USE;
enum status rows_delete(struct rows *rows, const struct writer_turn *turn,
                        const struct reference_row *row, bool tell, struct error *error) MUST_USE;

/* POST /v1/admin/reference {"rows":[{"t","op","row"},...]}: everything is checked, then all rows
 * are written in one transaction with one position per scope. STATUS_INVALID names the row's number
 * (from 1). STATUS_DENIED for the tables that the ledger itself projects (stock, watermark,
 * pickup_order, pickup_line, branch_mark).
 * STATUS_CONFLICT for deleting an item that has stock: block it instead. */
enum status rows_apply(struct rows *rows, struct writer *writer, const json_t *list,
                       struct error *error) MUST_USE;

#endif
