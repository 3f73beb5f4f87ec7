/* The background check of every signature: ingestion looks at the last of a batch only.
 *
 * A thread of low priority follows each epoch from its `verified` mark to its head. A signature
 * that does not hold is a finding; the mark passes it, so that it is told once.
 */
#ifndef HOLDFAST_LEDGER_VERIFIER_H
#define HOLDFAST_LEDGER_VERIFIER_H

#include "sync/ledger/readers.h"
#include "sync/ledger/writer.h"

struct verifier;
/* Starts the thread; it looks for work at once. Borrows both. */
struct verifier *verifier_start(struct readers *readers, struct writer *writer);
void verifier_stop(struct verifier *verifier); /* NULL is fine */

/* There are new entries. Never blocks. */
void verifier_poke(struct verifier *verifier);

/* Returns when everything that was committed before the call has been checked. */
void verifier_wait(struct verifier *verifier);

#endif
