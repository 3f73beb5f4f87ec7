/* The nonces of signed requests, each good for one use.
 *
 * Two generations of at least the time a nonce must be remembered (twice the signature's window):
 * when the newer is that old, the older is forgotten. In memory only: after a start, a request that
 * was signed before it may have been seen, so it is refused as out of the window, and signed anew.
 *
 * Thread-safe.
 */
#ifndef HOLDFAST_LEDGER_NONCES_H
#define HOLDFAST_LEDGER_NONCES_H

#include "terminal/base/status.h"

#include <stdint.h>

#define NONCES_MAX 4000000 /* per generation */

struct nonces;
struct nonces *nonces_new(int64_t now_s);
void nonces_free(struct nonces *nonces); /* NULL is fine */

/* STATUS_DENIED: this pair was used before. STATUS_BUSY: more requests than can be remembered. */
enum status nonces_use(struct nonces *nonces, const char *keyid, const char *nonce, int64_t now_s,
                       struct error *error) MUST_USE;

#endif
