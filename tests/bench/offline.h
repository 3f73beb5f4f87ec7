/* A till full of sales that the ledger does not have yet, and the ledger's database before it gets
 * them. Made once per run, on the shop of bench.h. */
#ifndef HOLDFAST_BENCH_OFFLINE_H
#define HOLDFAST_BENCH_OFFLINE_H

#include "tests/bench/batches.h"
#include "tests/bench/shop.h"

struct offline {
    struct shop *shop;
    int sales;       /* of 3 lines each, of the 20,000 products that the shop counted */
    char folder[96]; /* T10's */
    struct batches batches;
    struct taken *taken; /* the rows of each batch, on SQLite */
};

enum status offline_make(struct bench *bench, const struct offline **out,
                         struct error *error) MUST_USE;

/* The database as it was before, under another name, and on the disk: "sqlite:PATH". */
enum status offline_copy(const struct offline *offline, const char *name, char location[160],
                         struct error *error) MUST_USE;
void offline_remove(const char *location);

#endif
