/* sync.db: what must outlive every replica. Written by the agent only, with synchronous=FULL, under
 * sync.db.lock; the till reads it.
 *
 *   acked(device, epoch, seq, hash, countersig, changed)   terminal/journal/acked.h: the heads that
 *                                                          the ledger acknowledged
 *   agent_state(key*, value)   text values:
 *        online         "1" or "0"
 *        since_ms       wall time since when that is so
 *        last_ok_ms     wall time of the last answer (written every half minute at most; never more
 *                       than a minute old while online: older than two, the agent itself is dead)
 *        queue          entries not acknowledged, "" unknown
 *        bytes_sent, bytes_received   of bodies since the agent's start, written with last_ok_ms
 *        reason         why something does not go on, in plain words for a person; "" when all is
 *                       well
 *        trouble        of what kind that is: terminal/journal/sync_trouble.h
 *        last_error     the last failure as logged, with its time
 *        incarnation    of the ledger, hex
 *        clock_off_ms   ledger's time minus this computer's, when it is more than a few seconds
 *        void_replica   number of a replica whose cursors mean nothing any more: the next one need
 *                       not be as far
 *        forgotten:EPOCH  seq of a head of which the ledger knows nothing any more
 *        snapshot       manifest of the snapshot being fetched (JSON), "" when none
 *   branch(epoch*, examined, fork_seq, taken)   epochs where this disk and the ledger know
 *        different things: how far the local entries were shown to the ledger again, the first
 *        that differs, and how far the ledger took them as a marked branch
 *
 *   lease, lease_mark          terminal/people/lease.h: what the ledger granted this till, and how
 *                              much of its journal it knew when it said what is left
 */
#ifndef HOLDFAST_AGENT_SYNC_DB_H
#define HOLDFAST_AGENT_SYNC_DB_H

#include "sync/protocol/countersign.h"
#include "terminal/base/buf.h"
#include "terminal/base/db.h"
#include "terminal/base/status.h"
#include "terminal/journal/device.h"

#include <stdbool.h>
#include <stdint.h>

#define SYNC_DB_FILE "sync.db"

struct sync_db;

/* Lock, open, migrate. STATUS_BUSY: another agent runs ("sync.db is in use by ..."). */
enum status sync_db_open(const char *folder, struct sync_db **out, struct error *error) MUST_USE;
void sync_db_close(struct sync_db *sync); /* NULL is fine */

/* The connection, for the tables that other modules own (lease.h). Borrowed. */
struct db *sync_db_database(struct sync_db *sync);

/* Whether one of these heads, or its absence, takes back what the ledger acknowledged before. The
 * head of an epoch that is absent stays (it tells the till what its disk has lost); it is noted as
 * forgotten, durably, and says so once. */
enum status sync_db_takes_back(struct sync_db *sync, const struct device_identity *identity,
                               const struct head *heads, int count, bool *out,
                               struct error *error) MUST_USE;

/* Keeps the heads, one transaction, durable on return; those that are kept already cost nothing. */
enum status sync_db_put_heads(struct sync_db *sync, const struct id *device,
                              const struct head *heads, int count, struct error *error) MUST_USE;

/* A value of agent_state; writing what is there already costs no write. Durable on return. */
enum status sync_db_put(struct sync_db *sync, const char *key, const char *value,
                        struct error *error) MUST_USE;
enum status sync_db_put_int(struct sync_db *sync, const char *key, int64_t value,
                            struct error *error) MUST_USE;
/* Appends the value; nothing when there is none. */
enum status sync_db_get(struct sync_db *sync, const char *key, struct buf *out,
                        struct error *error) MUST_USE;

struct sync_branch {
    int64_t examined;
    int64_t fork_seq; /* 0: none known */
    int64_t taken;
};
/* All zeros when nothing is kept. */
enum status sync_db_branch(struct sync_db *sync, const struct id *epoch, struct sync_branch *out,
                           struct error *error) MUST_USE;
enum status sync_db_put_branch(struct sync_db *sync, const struct id *epoch,
                               const struct sync_branch *branch, struct error *error) MUST_USE;
/* What another life of the ledger examined and took aside means nothing to this one. */
enum status sync_db_forget_branches(struct sync_db *sync, struct error *error) MUST_USE;

/* The whole of it as one JSON object for --status, read as a reader beside a running agent:
 * {"online":true,"since_ms":n,"last_ok_ms":n,"queue":n,"oldest_ms":n,"bytes_sent":n,
 *  "bytes_received":n,"reason":"","last_error":"","incarnation":hex,"clock_off_ms":n,
 *  "epochs":[{"epoch","seq","hash"}],"scopes":[{"scope","position","as_of_ms"}]}
 * oldest_ms: when the first entry was written that is still to be sent. as_of_ms: how old what the
 * replica says is, in the ledger's time; no scopes while there is no replica that can be read.
 * STATUS_NOT_FOUND: no agent ever ran here. STATUS_BUSY: not readable now. */
enum status sync_db_report(const char *folder, struct buf *out, struct error *error) MUST_USE;

#endif
