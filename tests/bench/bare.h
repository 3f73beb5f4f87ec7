/* Bare inserts into SQLite: what storing the same rows costs without the product. The same tables,
 * indexes and connection settings, statements prepared once, one transaction.
 */
#ifndef HOLDFAST_BENCH_BARE_H
#define HOLDFAST_BENCH_BARE_H

#include "tests/bench/bench.h"

#include <sqlite3.h>

/* The catalogue of the shop (item, item_code, price) into a new file `path`. */
enum status bare_catalogue(const struct shop *shop, const char *path, double *seconds,
                           struct error *error) MUST_USE;

/* Every row of `from` (table names as in the ledger, in the schema `taken` of the open `source`)
 * into a new file `path` with the ledger's tables. */
enum status bare_ledger(sqlite3 *source, const char *path, double *seconds,
                        struct error *error) MUST_USE;

#endif
