/* The shop that the benches measure on, made by the real programs. */
#ifndef HOLDFAST_BENCH_SHOP_H
#define HOLDFAST_BENCH_SHOP_H

#include "tests/bench/bench.h"

enum { PRODUCT_GTIN, PRODUCT_NAME, PRODUCT_PRICE };

/* A holdfast-ledger on SQLite, on this machine. */
struct served {
    char db[160]; /* "sqlite:PATH" */
    char token[128];
    unsigned port;
    int pid; /* 0 while it is not served */
};
/* init, in a folder that is made when it is not there. */
enum status ledger_make(struct bench *bench, const char *folder, struct served *out,
                        struct error *error) MUST_USE;
enum status ledger_serve(struct bench *bench, struct served *served, struct error *error) MUST_USE;

/* init, serve, location and staff add, import (timed), T00's enrolment and first sync (timed),
 * T01's. */
enum status shop_make(struct bench *bench, struct shop *out, struct error *error) MUST_USE;

/* holdfast-admin with these words (NULL-ended). */
enum status shop_admin(struct bench *bench, const struct shop *shop, char *const *words,
                       struct error *error) MUST_USE;

/* Another till of the shop, enrolled. `folder` gets its data folder. */
enum status shop_enroll(struct bench *bench, const struct shop *shop, const char *till,
                        char folder[96], struct error *error) MUST_USE;
/* holdfast-sync --once: until nothing is left to send or to fetch. *seconds may be NULL. */
enum status shop_sync(struct bench *bench, const char *folder, double *seconds,
                      struct error *error) MUST_USE;

/* The agent of a till, running until bench_stop. It owns the replica when this returns: readers
 * then share its index of the log, as in a shop; without it SQLite starts each reading afresh. No
 * replica of the folder may be open in this process. */
enum status shop_start_agent(struct bench *bench, const char *folder, int *pid,
                             struct error *error) MUST_USE;

/* One column of the products file of row `index` (from 0). Borrowed from a table read once; after
 * the last row it begins again. */
const char *shop_product(const struct shop *shop, int64_t index, int column);
/* One of a random product. */
int64_t shop_random(const struct shop *shop);

/* Opens a till of the shop in this process, signed in and with its shift open. */
struct till;
enum status shop_open_till(const char *folder, struct till **out, struct error *error) MUST_USE;

#endif
