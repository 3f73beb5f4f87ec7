/* Taking journals in, exactly once.
 *
 * One transaction holds the entries, their effect on stock and totals, the epoch's head, the
 * watermark, and the feed's positions. What is known and the same is skipped; what is known and
 * different is kept as a marked branch and applied by nobody but a person; what does not follow is
 * refused with the seq that would. Well signed but odd in business is accepted, with a finding.
 *
 *   main    1 ── 2 ── 3 ── 4 ── 5            entry, projected
 *                      └─ 4'── 5'── 6'       branch, kept: hash and `prev` link its rows
 */
#ifndef HOLDFAST_LEDGER_INGEST_H
#define HOLDFAST_LEDGER_INGEST_H

#include "sync/ledger/batch.h"
#include "sync/ledger/writer.h"
#include "sync/protocol/countersign.h"

struct ingest_sender {
    struct batch_sender key;
    const char *location; /* where the device was enrolled */
};

enum ingest_outcome { INGEST_TAKEN, INGEST_GAP, INGEST_FORK };

struct ingest_result {
    enum ingest_outcome outcome;
    struct head head; /* taken: the epoch's, not yet countersigned; otherwise its id alone */
    int64_t expected; /* gap: the next seq that is wanted */
    int64_t seq;      /* fork: the first entry that differs */
    int64_t taken; /* fork: the last entry of the branch that is kept; the sender goes on there */
};

/* Durable when it returns STATUS_OK with INGEST_TAKEN (or `taken` of a fork). `reader` is the
 * caller's. Failures: those of batch_read and batch_verify, STATUS_DENIED for an epoch of another
 * device, and the store's. Any thread. */
enum status ingest_post(struct writer *writer, struct store_session *reader,
                        const struct ingest_sender *sender, const char *body, size_t length,
                        struct ingest_result *out, struct error *error) MUST_USE;

#endif
