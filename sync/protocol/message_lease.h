/* Leases over the wire: a promise that the ledger gives one till beforehand, so that the till may
 * spend a gift card, or promise goods, while nobody answers.
 *
 *   POST /v1/leases   lease_request -> 200 lease_answer; the same (device, request) again gives the
 *                     same lease and amount, for ever
 *                     409 refusal "refused": nothing is left to grant, or less than "least"
 *                     404: this ledger grants no leases (an earlier version)
 *   GET /v1/device    "leases":[lease_answer without time_ms,...]: those with something left
 *
 * `amount` is what was granted and never changes. `left` is granted - spent - returned by the
 * entries that the ledger holds when it answers: a till whose disk was restored learns from it what
 * it has spent and forgotten.
 *
 * A ledger that was put back to an earlier state has forgotten what it granted since. A lease's id
 * follows from who asked and what the request was called, so the holder asks again by the same
 * request and gets the same lease: what entries say of it holds again. "least" keeps such a ledger
 * from granting a part for good while what the account was loaded with is still on its way.
 */
#ifndef HOLDFAST_PROTOCOL_MESSAGE_LEASE_H
#define HOLDFAST_PROTOCOL_MESSAGE_LEASE_H

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/json.h"
#include "terminal/base/status.h"

#include <stddef.h>
#include <stdint.h>

#define LEASE_KIND_VALUE    "value" /* of an account, in minor units */
#define LEASE_KIND_STOCK    "stock" /* of an item at the device's location, in thousandths */
#define LEASE_KIND_SIZE     8
#define LEASE_SUBJECT_SIZE  129 /* an account's id, or a SKU */
#define LEASE_CURRENCY_SIZE 4   /* "GBP"; "" of a stock lease */
#define MESSAGE_MAX_LEASES  4096

struct lease_request {
    struct id request; /* random: a request sent twice is one request */
    char kind[LEASE_KIND_SIZE];
    char subject[LEASE_SUBJECT_SIZE];
    char currency[LEASE_CURRENCY_SIZE];
    int64_t amount; /* > 0 */
    int64_t least;  /* 1 to amount: rather nothing than less; 1 where the message names none */
};
/* {"request":hex32,"kind":"value","subject":"GC-1","amount":n,"currency":"GBP","least":n}; a
 * "least" of 1 is left out. */
enum status message_write_lease_request(const struct lease_request *request,
                                        struct buf *out) MUST_USE;
/* STATUS_INVALID: a kind that is none, a currency where none belongs or none where one does; more
 * at least than at most. */
enum status message_read_lease_request(const char *bytes, size_t length, struct lease_request *out,
                                       struct error *error) MUST_USE;

/* The lease that a device gets by a request: its id, at every ledger and in each of its lives. No
 * two devices share one, whatever they ask. Ledgers of earlier versions drew ids at random. */
struct id lease_id_of(const struct id *device, const struct id *request);

struct lease_answer {
    struct id lease;
    struct id request;
    char kind[LEASE_KIND_SIZE];
    char subject[LEASE_SUBJECT_SIZE];
    char currency[LEASE_CURRENCY_SIZE];
    int64_t amount;  /* granted, > 0 */
    int64_t left;    /* 0 to amount; 0 when more than all of it was spent */
    int64_t time_ms; /* 0 in a device answer */
};
/* {"lease":hex32,"request":hex32,"kind","subject","currency","amount":n,"left":n,"time_ms":n} */
enum status message_write_lease_answer(const struct lease_answer *answer, struct buf *out) MUST_USE;
enum status message_read_lease_answer(const char *bytes, size_t length, struct lease_answer *out,
                                      struct error *error) MUST_USE;

/* The same as an item of a list. */
json_t *lease_answer_to_json(const struct lease_answer *answer);
enum status lease_answer_from_json(json_t *object, struct lease_answer *out,
                                   struct error *error) MUST_USE;

#endif
