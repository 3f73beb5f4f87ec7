/* Who asks: a device by its signature, an administrator by the token. */
#ifndef HOLDFAST_LEDGER_AUTH_H
#define HOLDFAST_LEDGER_AUTH_H

#include "sync/ledger/routes.h"

/* Verifies signature, window, nonce and the device's standing; fills exchange->caller.
 * STATUS_DENIED; STATUS_TIMEOUT for a good signature outside of the window; STATUS_CANCELLED for
 * a device that is blocked. */
enum status auth_device(struct exchange *exchange, struct error *error) MUST_USE;

/* A request signed by the key that `keyid` itself names (enrolment); fills caller.device_key. */
enum status auth_self(struct exchange *exchange, struct error *error) MUST_USE;

/* The administrator's token, compared as hashes in constant time. STATUS_DENIED. */
enum status auth_admin(const struct ledger *ledger, const struct ledger_request *request,
                       struct error *error) MUST_USE;

#endif
