/* Inside taken: what its two files share. */
#ifndef HOLDFAST_BENCH_TAKEN_INTERNAL_H
#define HOLDFAST_BENCH_TAKEN_INTERNAL_H

#include "sync/ledger/store/store.h"

#include <stddef.h>

enum { TAKEN_COLUMNS_MAX = 32, TAKEN_TABLES_MAX = 64 };

struct op {
    const char *sql; /* one of taken->texts */
    struct store_value *values;
    int count;
};

struct table {
    char name[64];
    char columns[TAKEN_COLUMNS_MAX][64];
    int count;
};

struct taken {
    struct sqlite3_session *session;
    struct table tables[TAKEN_TABLES_MAX];
    int table_count;
    struct op *ops;
    size_t count, room;
    size_t *ends; /* of each transaction, in ops */
    size_t transactions;
    char **texts;
    size_t text_count;
};

#endif
