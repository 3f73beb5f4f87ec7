/* Finds what was done to a journal, and names it.
 *
 *   gap        entries are missing: between two, at the start, or at the end (the head that
 *              `chain`, the verified mark or a countersigned head know of is not there)
 *   altered    bytes, hash, or the epoch's row are not what was signed
 *   signature  bytes and hash agree, but the epoch's key did not sign them
 *   order      a sound entry stands at another's place
 *   fork       a sound entry at its place does not follow the one before it: two histories joined;
 *              or the ledger countersigned another entry at this place
 *
 * One thing done gives one fault: a swapped pair is one `order` at the first of the two places, a
 * run of missing entries is one `gap`, and the entry after a fault is not blamed for it.
 *
 * A disk that was put back to an older state lacks what the ledger acknowledged since, and is told
 * of it like any other: a gap, or a fork when it went on differently. It is told until the till
 * opens its next epoch, whose first entry says on what it was opened and why.
 *
 * What it cannot find alone: entries cut off the end together with their traces in `chain` and
 * `verified`. Only a countersigned head knows of those; hand them in.
 */
#ifndef HOLDFAST_JOURNAL_VERIFY_H
#define HOLDFAST_JOURNAL_VERIFY_H

#include "terminal/base/crypto.h"
#include "terminal/base/db.h"
#include "terminal/base/status.h"
#include "terminal/journal/epoch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind { FAULT_GAP, FAULT_ALTERED, FAULT_SIGNATURE, FAULT_ORDER, FAULT_FORK };
const char *fault_name(enum fault_kind kind); /* "gap", "altered", ... */

struct journal_fault {
    enum fault_kind kind;
    int64_t seq;   /* the first place concerned */
    int64_t count; /* gap: how many are missing; otherwise 1 */
};

#define VERIFY_MAX_FAULTS 1000 /* kept per epoch; `fault_count` counts on */

struct epoch_report {
    int64_t number;
    struct id device;
    struct id epoch;
    int64_t entries; /* rows that are there */
    int64_t checked; /* rows read and checked in this run */
    struct chain_point head;
    bool ok;
    struct journal_fault *faults; /* ascending by seq */
    size_t fault_count;
};

struct journal_report {
    struct epoch_report *epochs; /* oldest first */
    size_t count;
    bool ok; /* every epoch is */
};

struct verify_options {
    const struct public_key *device_key; /* of the device whose till this is */
    bool from_mark;                      /* O(new): start at the verified mark, which is checked */
    const struct chain_point *acked;     /* countersigned heads, or NULL */
    size_t acked_count;
};

/* Reads in one transaction of its own. A fault is no failure: STATUS_OK and report.ok = false. */
enum status journal_verify(struct db *db, const struct verify_options *options,
                           struct journal_report *out, struct error *error) MUST_USE;
void journal_report_finish(struct journal_report *report); /* twice is fine */

/* Remembers the heads of a report's faultless epochs as verified. Needs the owner's connection,
 * outside a transaction. */
enum status journal_mark_verified(struct db *db, const struct journal_report *report,
                                  struct error *error) MUST_USE;

#endif
