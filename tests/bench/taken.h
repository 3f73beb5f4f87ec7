/* The rows that a ledger wrote, transaction by transaction, and bare inserts of the same rows.
 *
 *   ledger on SQLite ── each commit ──► changeset (SQLite's session extension) ──► taken
 *   taken ──► the same rows, in the same transactions, by prepared statements    bare inserts
 *         ──► the rows as they stood at the end, a file per table                COPY (PostgreSQL)
 *
 * "Bare" is what is left when nothing has to be read, checked, looked up or decided: every row that
 * the ledger inserted is inserted, every row that it changed is changed by its key, with as many
 * commits, on the same connection settings, tables and indexes, in a database that held the same
 * before. Rows that a transaction wrote twice count once.
 */
#ifndef HOLDFAST_BENCH_TAKEN_H
#define HOLDFAST_BENCH_TAKEN_H

#include "sync/ledger/store/store.h"
#include "terminal/base/status.h"
#include "tests/bench/bench.h"

#include <stddef.h>
#include <stdint.h>

struct taken;

/* Watches the next database that this process opens for writing. */
struct taken *taken_new(void);
void taken_free(struct taken *taken); /* NULL is fine; the watched database is closed before */

/* What was written since the last call, or since the first, is one transaction. */
enum status taken_note(struct taken *taken, struct error *error) MUST_USE;
/* Forgets what was written so far. */
enum status taken_begin(struct taken *taken, struct error *error) MUST_USE;
/* No more is noted: before the watched database is closed. */
void taken_end(struct taken *taken);

size_t taken_rows(const struct taken *taken);
size_t taken_transactions(const struct taken *taken);

/* Bare inserts into the database at `location` ("sqlite:PATH" or a URI), which holds what the
 * ledger held before. Opening is not counted. */
enum status taken_insert(const struct taken *taken, const char *location, struct effort *out,
                         struct error *error) MUST_USE;

/* The rows that are new, by COPY in one transaction, into the PostgreSQL database `uri`. */
enum status taken_copy(const struct taken *taken, const char *uri, struct effort *out,
                       struct error *error) MUST_USE;

#endif
