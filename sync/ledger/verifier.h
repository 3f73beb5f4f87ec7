/* The background check of every signature: ingestion looks at the last of a batch only.
 *
 * A thread of low priority follows each epoch from its `verified` mark to its head. A signature
 * that does not hold is a finding; the mark passes it, so that it is told once. It begins when no
 * entries came for half a second, or 10 s after the first that it has not looked at.
 */
#ifndef HOLDFAST_LEDGER_VERIFIER_H
#define HOLDFAST_LEDGER_VERIFIER_H

#include "sync/ledger/store/readers.h"
#include "sync/ledger/writer.h"

struct verifier;
/* Starts the thread, which looks for work at once; without one the owner calls verifier_work.
 * Borrows both. */
struct verifier *verifier_start(struct readers *readers, struct writer *writer, bool threaded);
void verifier_stop(struct verifier *verifier); /* NULL is fine */

/* There are new entries. Never blocks. */
void verifier_poke(struct verifier *verifier);

/* Without a thread: checks one slice. False when all is checked, or when it failed (which the next
 * poke tries again). */
bool verifier_work(struct verifier *verifier);

/* With a thread. Has them checked at once. Returns when everything that was committed before the
 * call is. */
void verifier_wait(struct verifier *verifier);

#endif
