/* What an entry means to the ledger's projections, read from its bytes alone. Pure; any thread.
 */
#ifndef HOLDFAST_LEDGER_EFFECT_H
#define HOLDFAST_LEDGER_EFFECT_H

#include "sync/ledger/tally.h"
#include "terminal/base/status.h"
#include "terminal/journal/entry.h"
#include "terminal/journal/moves.h"

/* One move carries at most this, so that no sum of a business's life leaves int64. */
#define EFFECT_MOVE_MAX INT64_C(1000000000000)

struct effect {
    struct move_list moves;   /* empty when broken */
    struct tally_total total; /* what the entry adds; its location is not set */
    const char *oddity;       /* kind of finding ("moves", "sale"), or NULL */
    const char *detail;       /* one line to it; static text */
};

/* Never fails: what breaks its rules is told as an oddity, and the sound part is taken. */
void effect_read(const struct entry *entry, struct effect *out);
void effect_finish(struct effect *effect); /* twice is fine */

#endif
