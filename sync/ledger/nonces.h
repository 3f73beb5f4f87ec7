/* The nonces of signed requests, each good for one use.
 *
 * Two generations of at least the time a nonce must be remembered (twice the signature's window):
 * when the newer is that old, the older is forgotten. They are in memory, and written to the table
 * `nonce` when the ledger stops, so that the next start knows them. After a crash, or a restore,
 * they are lost: then what was signed before the start is refused as out of the window ("sign
 * anew"), and nothing is taken until the clock has passed all that could have been signed before.
 * That is NONCES_AHEAD_S, for nothing that is signed further ahead is ever taken: a device signs
 * with the ledger's own time.
 *
 * A clock that is set back is followed. Not covered: one that is set back by less than a minute
 * or so across a crash, and then passes the same seconds again.
 *
 * Thread-safe.
 */
#ifndef HOLDFAST_LEDGER_NONCES_H
#define HOLDFAST_LEDGER_NONCES_H

#include "sync/ledger/store/store.h"
#include "sync/protocol/signature.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define NONCES_MAX     4000000 /* per generation */
#define NONCES_AHEAD_S 2       /* how far ahead of the ledger's time a request may be signed */

struct nonces;

/* Takes what the last stop has written, and removes it: whoever crashes from here on leaves none.
 * `restored`: the database is not as it was left. */
enum status nonces_open(struct store_session *writing, int64_t now_s, bool restored,
                        struct nonces **out, struct error *error) MUST_USE;
/* Writes them down. No request may be in work any more. */
enum status nonces_keep(const struct nonces *nonces, struct store_session *writing,
                        struct error *error) MUST_USE;
void nonces_close(struct nonces *nonces); /* NULL is fine */

/* Uses up the nonce of a request whose signature is good. STATUS_DENIED: it was used before.
 * STATUS_TIMEOUT: signed too far ahead, or before a start that forgot: sign anew. STATUS_BUSY: more
 * requests than can be remembered, or too early after such a start; try later. */
enum status nonces_use(struct nonces *nonces, const struct signature_params *params, int64_t now_s,
                       struct error *error) MUST_USE;

#endif
