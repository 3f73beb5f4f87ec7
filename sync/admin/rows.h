/* What people type, as rows of the reference tables (terminal/catalogue/reference.h).
 */
#ifndef HOLDFAST_ADMIN_ROWS_H
#define HOLDFAST_ADMIN_ROWS_H

#include "sync/admin/options.h"

#include <jansson.h>

/* {"t":table,"op":"put","row":row} is added to `rows`; takes the reference to `row`. */
void rows_add(json_t *rows, const char *table, json_t *row);

/* The location's row and its tax rates. --tax is "standard=A:20,reduced=B:5,zero=Z:0" (class, code
 * on receipts, percent with at most four decimals); without it nothing is taxed. */
enum status location_rows(const struct options *options, const char *id, json_t *rows,
                          struct error *error) MUST_USE;

struct staff_words {
    const char *id, *name, *role, *pin;
    const char *badge, *language; /* may be NULL */
};
/* The person's row with the PIN hashed (Argon2id), and, for one of the first roles (cashier,
 * senior, manager, stock), the role's. */
enum status staff_rows(const struct staff_words *words, json_t *rows, struct error *error) MUST_USE;

/* Sends them, in one request: one transaction per scope. */
enum status post_rows(const struct options *options, json_t *rows, struct error *error) MUST_USE;

/* Lines {"sku","quantity_milli"} as what a location begins with. A location that has had its
 * opening stock keeps it: STATUS_OK, nothing happens. */
enum status post_opening_stock(const struct options *options, const char *location, json_t *lines,
                               struct error *error) MUST_USE;

#endif
