/* The body of POST /v1/journal, Content-Type application/x-holdfast-journal.
 *
 *   {"epoch":"<hex32>","first":101,"count":4,"clock_ms":1763690400000}\n
 *   <sig hex128> <entry bytes>\n            entry 101
 *   !<sig hex128> <hash hex64>\n            entry 102, damaged on the till's disk: only what was
 *                                           recorded beside it is left (its bytes are lost)
 *   !<zeros hex128> <hash hex64>\n          entry 103, lost with all that was recorded beside it:
 *                                           the hash is what entry 104's `prev` says (zeros when
 *                                           that one can't be read either)
 *   <sig hex128> <entry bytes>\n            entry 104
 *   +<json object>\n                        side records (personal data), after all entries
 *
 * Entries are contiguous entries of one epoch: seq first, first+1, ... An entry is compact JSON
 * and so holds no LF. Hex is lower case. Reading is strict: exactly `count` entries, no empty
 * line, no bytes after the last LF. What the entries *say* is not looked at here.
 *
 * clock_ms is the sender's own wall clock, so that the ledger can tell a clock that is wrong; it
 * may be left out.
 *
 * A damaged entry keeps its seq and its place in the chain (the next entry's `prev` is the recorded
 * hash, which the recorded signature vouches for): the ledger files it as damaged, opens an
 * exception, and goes on. A lost one is vouched for by what follows: it never ends a body.
 */
#ifndef HOLDFAST_PROTOCOL_FRAME_H
#define HOLDFAST_PROTOCOL_FRAME_H

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_CONTENT_TYPE "application/x-holdfast-journal"
#define FRAME_MAX_ENTRIES  500
#define FRAME_MAX_SIDES    500
#define FRAME_MAX_ENTRY    ((size_t)256 << 10)
#define FRAME_MAX_SIDE     ((size_t)64 << 10)
#define FRAME_MAX_BYTES    ((size_t)1 << 20) /* the whole body, unpacked */

struct frame_entry {
    struct signature signature;
    struct hash hash;  /* damaged: as recorded; otherwise not set by frame_read, not written */
    const char *bytes; /* borrowed, not NUL-terminated; NULL when damaged */
    size_t length;
    bool damaged;
};

/* Damaged, and without a signature of its own. */
bool frame_entry_lost(const struct frame_entry *entry);

struct frame_side {
    const char *json; /* borrowed, not NUL-terminated */
    size_t length;
};

struct frame {
    struct id epoch;
    int64_t first; /* seq of entries[0], from 1 */
    int count;     /* 1 .. FRAME_MAX_ENTRIES */
    int sides;
    int64_t clock_ms; /* 0: not said */
    struct frame_entry entries[FRAME_MAX_ENTRIES];
    struct frame_side side[FRAME_MAX_SIDES];
};

/* An empty frame on the heap (it is too large for a stack). */
struct frame *frame_new(const struct id *epoch, int64_t first);
void frame_free(struct frame *frame); /* NULL is fine; borrowed bytes are left alone */

/* Adds the next entry, or a side record. STATUS_RANGE, and no change, when it would make the body
 * larger than FRAME_MAX_BYTES or longer than FRAME_MAX_ENTRIES: send what is there, then go on
 * with this one. A single entry of up to FRAME_MAX_ENTRY always fits into an empty frame. */
enum status frame_add(struct frame *frame, const struct frame_entry *entry) MUST_USE;
enum status frame_add_side(struct frame *frame, const char *json, size_t length) MUST_USE;

/* Appends the body. STATUS_INVALID when there is no entry, or an entry holds an LF (it would break
 * the framing: a mistake of the till's; such an entry must be sent as damaged). */
enum status frame_write(const struct frame *frame, struct buf *out) MUST_USE;

/* Reads a body strictly. *out is new (frame_free) and borrows from `bytes`. STATUS_INVALID names
 * the line. */
enum status frame_read(const char *bytes, size_t length, struct frame **out,
                       struct error *error) MUST_USE;

#endif
