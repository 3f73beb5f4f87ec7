/* Making one packed replica file from the ledger. */
#ifndef HOLDFAST_LEDGER_SNAPSHOT_BUILD_H
#define HOLDFAST_LEDGER_SNAPSHOT_BUILD_H

#include "sync/ledger/snapshot.h"

#include <stdatomic.h>

#define SNAPSHOT_SCOPES 5

struct snapshot_build {
    const struct snapshot_options *options;
    const char *folder;
    const char *location;
    atomic_bool *stopping; /* set by another thread: give up with STATUS_CANCELLED */

    /* A packed snapshot of any location whose catalogue is (as far as the caller knows) today's:
     * its items and search index are taken over, which are most of the work. NULL for none. */
    const char *donor;
    int64_t donor_catalogue; /* position of its catalogue */

    /* Results. */
    struct snapshot_answer answer;
    struct scope_cursor cursors[SNAPSHOT_SCOPES];
};

/* Builds folder/<id>.zst, durable when it returns. On failure nothing stays but *.part files. */
enum status snapshot_build(struct snapshot_build *build, struct error *error) MUST_USE;

#endif
