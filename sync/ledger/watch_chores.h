/* What is due every WATCH_PERIOD_MS, as one transaction. Internal to watch.c and watch_chores.c. */
#ifndef HOLDFAST_LEDGER_WATCH_CHORES_H
#define HOLDFAST_LEDGER_WATCH_CHORES_H

#include "sync/ledger/watch.h"

#include <stddef.h>

struct heard {
    struct id device;
    int64_t at_ms; /* 0: a free slot */
    bool dirty;    /* not written yet */
};

struct chores {
    const struct heard *heard; /* to be written */
    size_t heard_count;
    int64_t started_ms;  /* nothing could be heard before */
    struct store *store; /* whose boot stamp is renewed */
    struct entropy entropy;
    char stamp[ID_HEX_SIZE]; /* the new one */
};

enum status chores_run(struct writer *writer, struct chores *chores, struct error *error) MUST_USE;

#endif
