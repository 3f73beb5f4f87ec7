/* Staff at the till: who may do what, and the PIN that proves who is there.
 *
 * Persons and roles come from the replica (tables staff and role; written by head office). Wrong
 * PINs are counted per person at this till in till.db:
 *
 *   pin_lock   staff ─ failures, until_ms
 *
 * The PIN_FREE_FAILURES-th wrong PIN in a row locks the person out at this till for 30 s, each
 * further one for 1, 2, 4 ... minutes, at most an hour. A try is counted, durably, BEFORE the PIN
 * is looked at: killing the till does not buy another guess. A right PIN resets the count.
 *
 * A PIN is never logged, stored or put into an error.
 */
#ifndef HOLDFAST_PEOPLE_PEOPLE_H
#define HOLDFAST_PEOPLE_PEOPLE_H

#include "terminal/base/crypto.h"
#include "terminal/base/db.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DDL of pin_lock: part of the till's migration 1. */
extern const char people_schema[];

/* A set of these is a role's right; the words are those of role.permissions. */
enum permission {
    PERMISSION_SELL = 1 << 0,           /* sell */
    PERMISSION_RETURN = 1 << 1,         /* return */
    PERMISSION_DISCOUNT = 1 << 2,       /* discount */
    PERMISSION_PRICE_OVERRIDE = 1 << 3, /* price_override */
    PERMISSION_VOID = 1 << 4,           /* void */
    PERMISSION_NO_SALE = 1 << 5,        /* no_sale */
    PERMISSION_SHIFT_OPEN = 1 << 6,     /* shift_open */
    PERMISSION_SHIFT_CLOSE = 1 << 7,    /* shift_close */
    PERMISSION_X_REPORT = 1 << 8,       /* x_report */
    PERMISSION_PAID_IN_OUT = 1 << 9,    /* paid_in_out */
    PERMISSION_ADJUST = 1 << 10,        /* adjust */
    PERMISSION_UNLOCK = 1 << 11,        /* unlock */
    PERMISSION_APPROVE = 1 << 12,       /* approve */
    PERMISSION_SETTINGS = 1 << 13       /* settings */
};
#define PERMISSION_COUNT 14
#define PERMISSION_ALL   ((1u << PERMISSION_COUNT) - 1)

/* Words separated by spaces to a set; words this version does not know give nothing. */
uint32_t permissions_parse(const char *words);
const char *permission_word(enum permission permission);

#define STAFF_ID_SIZE       65
#define STAFF_NAME_SIZE     129
#define STAFF_ROLE_SIZE     65
#define STAFF_LANGUAGE_SIZE 17

struct staff {
    char id[STAFF_ID_SIZE];
    char name[STAFF_NAME_SIZE];
    char role[STAFF_ROLE_SIZE];         /* the role's id */
    char language[STAFF_LANGUAGE_SIZE]; /* "" is the location's */
    uint32_t permissions;
    bool has_pin;
};

/* true when the person's role holds the permission. NULL (nobody) may nothing. */
bool people_may(const struct staff *staff, enum permission permission);

/* Active staff, by name then id. *out is new memory (free), NULL when *count is 0. */
enum status people_list(struct db *replica_db, struct staff **out, size_t *count,
                        struct error *error) MUST_USE;

/* One active person. STATUS_NOT_FOUND: unknown or not active. people_by_badge finds whose badge was
 * scanned ("" is nobody's; a badge given to two persons is refused as STATUS_CONFLICT). */
enum status people_find(struct db *replica_db, const char *id, struct staff *out,
                        struct error *error) MUST_USE;
enum status people_by_badge(struct db *replica_db, const char *badge, struct staff *out,
                            struct error *error) MUST_USE;

#define PIN_FREE_FAILURES 5

/* How long is this person locked out at this till? *retry_ms is 0 when not. A clock that was set
 * back never makes it longer than the delay that was given. */
enum status people_locked(struct db *till_db, const char *id, int64_t now_ms, int64_t *retry_ms,
                          struct error *error) MUST_USE;

/* Signing in, in three steps, so that Argon2id (some 100 ms, 64 MiB given back) can run on a
 * worker:
 *
 *   people_attempt_start    on the till's thread: finds the person, counts the try durably, with
 *                           the lock that follows should it be wrong
 *   people_attempt_check    anywhere: *attempt only, touches nothing else; does the PIN fit?
 *   people_attempt_finish   on the till's thread: resets the count when it fitted
 *
 * people_sign_in does all three in one call. */
struct pin_attempt {
    struct staff staff;
    char hash[PIN_HASH_SIZE]; /* wiped by people_attempt_finish */
    int64_t failures;         /* in a row, this try included */
};

/* STATUS_NOT_FOUND: unknown or not active. STATUS_BUSY: locked out, *retry_ms says for how long;
 * the try is not counted. STATUS_DENIED: the person has no PIN. */
enum status people_attempt_start(struct db *till_db, struct db *replica_db, const char *id,
                                 int64_t now_ms, struct pin_attempt *out, int64_t *retry_ms,
                                 struct error *error) MUST_USE;
bool people_attempt_check(const struct pin_attempt *attempt, const char *pin);
/* STATUS_OK: signed in. STATUS_DENIED: wrong; *retry_ms says whether and for how long the person is
 * locked out now. */
enum status people_attempt_finish(struct db *till_db, struct pin_attempt *attempt, bool matched,
                                  int64_t now_ms, int64_t *retry_ms, struct error *error) MUST_USE;

enum status people_sign_in(struct db *till_db, struct db *replica_db, const char *id,
                           const char *pin, int64_t now_ms, struct staff *out, int64_t *retry_ms,
                           struct error *error) MUST_USE;

/* A person who may PERMISSION_UNLOCK lifts another's lock; nobody lifts their own. STATUS_DENIED
 * otherwise. Durable on return. */
enum status people_lift(struct db *till_db, const struct staff *manager, const char *id,
                        struct error *error) MUST_USE;

#endif
