/* Reading a statement's column into a fixed text, and one read transaction around several
 * statements.
 */
#ifndef HOLDFAST_CATALOGUE_COLUMN_H
#define HOLDFAST_CATALOGUE_COLUMN_H

#include "terminal/base/db.h"

#include <stddef.h>

/* Copies at most size-1 bytes, cut at a character. */
void column_text(struct db_statement *statement, int column, char *out, size_t size);

/* Opens a read transaction unless the caller has one; closes only what it opened. */
struct reading {
    struct db *db;
    bool opened;
};
enum status reading_begin(struct reading *reading, struct db *db, struct error *error) MUST_USE;
/* Returns `status`, or the error of ending the transaction when status is STATUS_OK. */
enum status reading_end(struct reading *reading, enum status status, struct error *error) MUST_USE;

#endif
