/* The way up: what of till.db the ledger lacks, cut into batches, and what its answers mean.
 *
 * Knows no network: uplink_build gives the body of one POST /v1/journal, uplink_taken and the
 * others take its answer. Position is the ledger's word: the heads of GET /v1/device, then of each
 * answer.
 *
 *   epoch 1   ████████████████████  head 900, ledger 900
 *   epoch 2   ███████▒▒▒▒▒▒▒░░░░░░  head 500, sent 300, in flight 301..400
 *
 * Epochs go up in the order in which they were opened, entries in theirs.
 */
#ifndef HOLDFAST_AGENT_UPLINK_H
#define HOLDFAST_AGENT_UPLINK_H

#include "sync/agent/sync_db.h"
#include "sync/protocol/message.h"
#include "terminal/base/buf.h"
#include "terminal/base/status.h"
#include "terminal/journal/device.h"
#include "terminal/people/lease.h"

#include <stdbool.h>
#include <stdint.h>

struct uplink;

/* `batch`: entries of the largest batch, 1 to FRAME_MAX_ENTRIES. Borrows `sync`. */
struct uplink *uplink_create(const char *folder, const struct device_identity *identity, int batch,
                             struct sync_db *sync);
void uplink_destroy(struct uplink *uplink); /* NULL is fine */

/* At the start, before the ledger is heard: goes by the heads of it that sync.db keeps, so that
 * what is not sent can be counted. Nothing is to be sent by them. */
enum status uplink_recall(struct uplink *uplink, struct error *error) MUST_USE;

/* What the ledger says it holds. An epoch that is not in the list is sent from its start. Where the
 * ledger's head is not in the local chain (a restored or cloned disk) the local entries are shown
 * to the ledger again from where they were last agreed, so that what only this disk holds comes to
 * light as a branch. *restored: such an epoch was found (the till must open a new one). */
enum status uplink_heads(struct uplink *uplink, const struct head *heads, int count, bool *restored,
                         struct error *error) MUST_USE;

/* till.db, opened anew when another file has taken its place. Borrowed until the next call of any
 * function here. STATUS_NOT_FOUND, STATUS_BUSY as uplink_look. */
enum status uplink_till(struct uplink *uplink, struct db **out, struct error *error) MUST_USE;
/* The epoch that the till opened last; zeros when there is none. Failures as uplink_till. */
enum status uplink_newest_epoch(struct uplink *uplink, struct id *out,
                                struct error *error) MUST_USE;
/* How far the ledger's word of uplink_heads contains each epoch's entries here: what it took aside
 * as a branch it does not count. *out is new memory (free). */
enum status uplink_marks(struct uplink *uplink, struct lease_mark **out, size_t *count,
                         struct error *error) MUST_USE;

/* Looks at till.db again. *queue: entries to send. STATUS_NOT_FOUND: there is no till.db.
 * STATUS_BUSY: it can't be read now (the till has not started yet). */
enum status uplink_look(struct uplink *uplink, int64_t *queue, struct error *error) MUST_USE;

/* When the first entry was written that uplink_look counted, by the till's clock; 0 when there is
 * none or it can't be told. */
int64_t uplink_oldest_ms(struct uplink *uplink);

/* Whether uplink_build would find something, as of the last look. */
bool uplink_waiting(const struct uplink *uplink);

/* This computer's wall clock, told with each batch so that the ledger can see one that is wrong. */
void uplink_clock(struct uplink *uplink, int64_t wall_ms);

/* Appends the next batch to *body; *any tells whether there was something. At most
 * FRAME_MAX_ENTRIES and FRAME_MAX_BYTES, and less after uplink_smaller. What is damaged or missing
 * in till.db goes as such (see batch.h). One batch is out at a time, as far as is known here. An
 * epoch that ends with what no entry vouches for rests until it grows (STATUS_CORRUPT when nothing
 * else is left to send). */
enum status uplink_build(struct uplink *uplink, struct buf *body, bool *any,
                         struct error *error) MUST_USE;

/* While a batch is out: appends to *body what follows it once it is taken whole, so that it is read
 * and packed by the time the answer comes. False: nothing follows, or it can't be built now. */
bool uplink_build_ahead(struct uplink *uplink, struct buf *body);

/* Makes what was built ahead the batch that is out. False, and it is forgotten, when the answers
 * since then want something else to come next: call uplink_build. */
bool uplink_take_ahead(struct uplink *uplink);

/* Whether the ledger holds the epoch as it is here, up to the batch that is out: neither new to it
 * nor a branch, so that what follows can be judged before that batch is. */
bool uplink_agreed(struct uplink *uplink);

/* Whether an epoch that the ledger knows otherwise has just been shown to it to its end: now its
 * word about what is left can be compared. True once. */
bool uplink_examined(struct uplink *uplink);

/* 200. The head must be countersigned for this device and agree with the local hash at its place;
 * then it is kept, durably, and the batch is done. STATUS_DENIED: the countersignature is wrong.
 * STATUS_CONFLICT: the ledger holds another entry at that place. Nothing moves then. */
enum status uplink_taken(struct uplink *uplink, const struct journal_answer *answer,
                         struct error *error) MUST_USE;

/* 409 gap: go on from `expected`. *again: the ledger's position makes no sense here, or it asked
 * for what it just got: ask for its heads first, after a pause. */
void uplink_gap(struct uplink *uplink, int64_t expected, bool *again);

/* 409 fork. *blocked: the ledger took nothing of it, so the epoch rests until the next heads. */
enum status uplink_fork(struct uplink *uplink, int64_t seq, int64_t taken, bool *blocked,
                        struct error *error) MUST_USE;

/* 400 or 413 or no answer in time: the next batches are half as large. *single: the batch was one
 * entry already; when that entry's own signature or form is broken it goes as damaged next time
 * (*damaged), otherwise it is the ledger that is wrong and only time helps. */
void uplink_smaller(struct uplink *uplink, bool *single, bool *damaged);

/* No answer came: nothing is out any more. */
void uplink_lost(struct uplink *uplink);

/* "entries 301 to 400" of the batch that is out, for messages. Borrowed. */
const char *uplink_batch_text(struct uplink *uplink);

#endif
