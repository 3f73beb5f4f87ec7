/* Enrolment: a one-time code, made by an administrator, turns a key into a device.
 *
 * Only the code's hash is stored. A code is good for 24 hours and one key; the same code with the
 * same key gives the same device again, whenever it is asked (the answer may have been lost).
 */
#ifndef HOLDFAST_LEDGER_ENROLL_H
#define HOLDFAST_LEDGER_ENROLL_H

#include "sync/ledger/writer.h"
#include "sync/protocol/message.h"
#include "terminal/base/crypto.h"

#define ENROLL_CODE_SIZE   20 /* "K7QX-9M2D-A0BC-DE12" */
#define ENROLL_LIFETIME_MS (INT64_C(24) * 3600 * 1000)

/* A new code for a till of a location. STATUS_NOT_FOUND: there is no such location.
 * STATUS_INVALID: the name is none that a till takes, the code would be spent for nothing. */
enum status enroll_new_code(struct writer *writer, const struct entropy *entropy,
                            const char *location, const char *till, char code[ENROLL_CODE_SIZE],
                            int64_t *expires_ms, struct error *error) MUST_USE;

/* Fills device, till and location of the answer. STATUS_DENIED: the code is wrong, expired, or was
 * used by another key, or the key is a device already. */
enum status enroll_device(struct writer *writer, const struct entropy *entropy,
                          const struct enroll_request *request, struct enroll_answer *out,
                          struct error *error) MUST_USE;

#endif
