/* One POST /v1/journal, read and checked as far as its own bytes and the epoch's key allow: all of
 * it outside of the writer, in any number of threads.
 *
 *   body ─► frame ─► entries parsed, hashed, chained (prev) ─► last signature ─► effects
 *
 * The last signature vouches for every entry before it in the batch; the others are checked in the
 * background (verifier.h). What cannot be vouched for by the next entry's `prev` (damaged and
 * unreadable entries) is checked here.
 */
#ifndef HOLDFAST_LEDGER_BATCH_H
#define HOLDFAST_LEDGER_BATCH_H

#include "sync/ledger/effect.h"
#include "sync/protocol/frame.h"
#include "terminal/journal/epoch.h"

#include <stdbool.h>

struct batch_entry {
    struct hash hash;
    struct hash prev; /* of a readable entry */
    bool readable;    /* parsed; else damaged, or well signed and yet no entry by our rules */
    char kind[ENTRY_KIND_SIZE];
    struct effect effect;
};

struct batch {
    struct frame *frame;
    struct batch_entry entries[FRAME_MAX_ENTRIES];
    bool opens;             /* the first entry is a sound epoch_open, vouched for by the device */
    struct epoch_open open; /* then */
};

/* Who sends it. */
struct batch_sender {
    struct id device;
    struct public_key device_key;
};

/* Reads the frame and parses its entries. *out is new (batch_free) and borrows from `body`.
 * STATUS_INVALID: not a frame, another device's or epoch's entries, a wrong seq, a chain that does
 * not hold within the batch, an epoch_open that is unsound. STATUS_UNSUPPORTED: an entry of a later
 * version. STATUS_DENIED: an epoch key without the device's signature. */
enum status batch_read(const char *body, size_t length, const struct batch_sender *sender,
                       struct batch **out, struct error *error) MUST_USE;
void batch_free(struct batch *batch); /* NULL is fine */

/* The last signature, and those of entries that nothing else vouches for. STATUS_DENIED. */
enum status batch_verify(const struct batch *batch, const struct public_key *epoch_key,
                         struct error *error) MUST_USE;

#endif
