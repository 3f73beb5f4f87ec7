/* Promises that a till may keep while it is offline: a part of a value account, or of the stock of
 * its shop, granted to one device beforehand.
 *
 *   outstanding = granted - spent by anybody - returned by the device that holds it, never < 0
 *   value:  can be granted = balance of the account - outstanding of all leases on it
 *   stock:  can be granted = available at the device's location - safety stock - outstanding of all
 *           leases of the item there
 *
 * `spent` and `returned` come from entries alone (figure lease_use); no clock gives a lease back.
 * `closed` marks one with nothing outstanding, so that a question costs what is open, not what ever
 * was. Spending beyond a lease, from one that is another device's, or that was never granted: it
 * happened, and one exception per lease tells it.
 *
 * A ledger that was put back to an earlier state has forgotten leases, and takes entries that use
 * them: told as never granted. Their holders ask again by the same requests and get the same ids
 * (lease_id_of); what was used of such a lease is in the balance already, so that much can be
 * granted besides what is left. Does the grant bear all uses, the exception is over.
 */
#ifndef HOLDFAST_LEDGER_LEASES_H
#define HOLDFAST_LEDGER_LEASES_H

#include "sync/ledger/effect.h"
#include "sync/ledger/writer.h"
#include "sync/protocol/message_lease.h"

/* Who asks for what. */
struct lease_ask {
    struct id device;
    const char *location; /* the device's */
    struct lease_request request;
};

/* Grants up to what is asked; the same device and request get the very same answer for ever.
 * STATUS_CONFLICT: nothing is left to grant, or less than the least (it may be asked again).
 * STATUS_EXISTS: the request was answered for another subject. STATUS_INVALID: kind, subject,
 * amount or currency. Durable when it returns. `left` is what is outstanding now; time_ms is the
 * caller's to fill. */
enum status leases_ask(struct writer *writer, const struct lease_ask *ask, struct lease_answer *out,
                       struct error *error) MUST_USE;

/* What a device holds with something outstanding, oldest first, at most `max`. */
enum status leases_of_device(struct store_session *session, const struct id *device,
                             struct lease_answer *out, int max, int *count,
                             struct error *error) MUST_USE;

/* Sum of what is outstanding on a subject. `where`: the currency of a value account, the location
 * of stock. */
enum status leases_outstanding(struct store_session *session, const char *kind, const char *subject,
                               const char *where, int64_t *out, struct error *error) MUST_USE;

/* After the use of a lease by a device grew: spent and returned, before and now. */
enum status leases_judge(const struct writer_turn *turn, const char *lease, const char *device,
                         const int64_t before[2], const int64_t after[2],
                         struct error *error) MUST_USE;

/* An entry that is being taken: a lease is of one account, or of one item. Spent where the entry
 * takes less from that account, or moves nothing of that item, it was used for something else: the
 * lease's exception tells it. One that is not known yet is only told as that. */
enum status leases_match(const struct writer_turn *turn, const struct effect *effect,
                         struct error *error) MUST_USE;

/* Sets `closed` of every lease anew. For the repair. */
enum status leases_refold(const struct writer_turn *turn, struct error *error) MUST_USE;

#endif
