/* Who asks: a device by its signature, a person or another system by a token. */
#ifndef HOLDFAST_LEDGER_AUTH_H
#define HOLDFAST_LEDGER_AUTH_H

#include "sync/ledger/routes.h"

/* Verifies signature, window, nonce and the device's standing; fills exchange->caller.
 * STATUS_DENIED; STATUS_TIMEOUT for a good signature outside of the window; STATUS_CANCELLED for
 * a device that was revoked. */
enum status auth_device(struct exchange *exchange, struct error *error) MUST_USE;

/* A request signed by the key that `keyid` itself names (enrolment); fills caller.device_key. */
enum status auth_self(struct exchange *exchange, struct error *error) MUST_USE;

/* A token that may do one of `scope`; fills exchange->token_name. STATUS_DENIED; STATUS_UNSUPPORTED
 * for a token that is good for something else. */
enum status auth_token(struct exchange *exchange, unsigned scope, struct error *error) MUST_USE;

/* The same, of a request that has only shown its headers. */
bool auth_token_good(const struct ledger *ledger, const struct ledger_request *request,
                     unsigned scope);

#endif
