/* Prepared replica files, one per location, in the folder PATH.snapshots beside the database.
 *
 *   S01-<16 hex>.zst     the packed file
 *   S01-<16 hex>.json    what is told about it; written last: no .json, no snapshot
 *   *.part               being built; swept at start
 *
 * A thread of its own builds them, one at a time: a fresh SQLite file is filled from one state of
 * the ledger, indexed for search, packed, hashed, signed, fsynced. A snapshot serves as long as the
 * feed still holds every change after its positions; then the next request has a new one built.
 * The file before stays until the one after the next, for those who are fetching it.
 */
#ifndef HOLDFAST_LEDGER_SNAPSHOT_H
#define HOLDFAST_LEDGER_SNAPSHOT_H

#include "sync/ledger/feed.h"
#include "sync/ledger/store/store.h"
#include "sync/protocol/message.h"
#include "terminal/base/clock.h"
#include "terminal/base/crypto.h"

struct snapshots;

struct snapshot_options {
    struct store *store; /* borrowed, as the feed */
    struct feed *feed;
    struct clock clock;
    struct entropy entropy;
    struct id incarnation;
    struct secret_key secret;
    bool inline_work; /* no thread: the owner calls snapshots_work */
};

/* Opens the folder: takes over what is whole and of this incarnation, removes the rest, starts the
 * thread (unless inline_work). */
enum status snapshots_open(const struct snapshot_options *options, struct snapshots **out,
                           struct error *error) MUST_USE;
/* Waits for a build that is going on; it is given up at its next step. NULL is fine. */
void snapshots_close(struct snapshots *snapshots);

/* The location's snapshot. STATUS_BUSY: it is being prepared, ask again. Never blocks. */
enum status snapshots_get(struct snapshots *snapshots, const char *location,
                          struct snapshot_answer *out, struct error *error) MUST_USE;

/* Has the location's snapshot prepared, unless it is: it will be asked for soon. Never blocks. */
void snapshots_prepare(struct snapshots *snapshots, const char *location);

/* Opens a packed file for reading: *fd is the caller's. STATUS_NOT_FOUND for an id that is not (or
 * no longer) there, or is another location's. */
enum status snapshots_file(struct snapshots *snapshots, const char *location, const char *id,
                           int *fd, int64_t *size, struct error *error) MUST_USE;

/* While an import goes in, a snapshot would have half of it, and be of no use a moment later: the
 * thread begins no build between the two. They nest. */
void snapshots_hold(struct snapshots *snapshots);
void snapshots_release(struct snapshots *snapshots);

/* Without a thread: builds what was asked for first. True while more is asked for. */
bool snapshots_work(struct snapshots *snapshots);

/* With a thread. Returns when no build is waiting or going on. */
void snapshots_wait(struct snapshots *snapshots);

#endif
