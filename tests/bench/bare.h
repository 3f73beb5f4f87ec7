/* Bare inserts into SQLite: what storing the same rows costs without the product. The same tables,
 * indexes and connection settings, statements prepared once, one transaction.
 */
#ifndef HOLDFAST_BENCH_BARE_H
#define HOLDFAST_BENCH_BARE_H

#include "tests/bench/bench.h"

/* The catalogue of the shop (item, item_code, price) into a new file `path`. */
enum status bare_catalogue(const struct shop *shop, const char *path, double *seconds,
                           struct error *error) MUST_USE;

#endif
