/* Leases at the till: what the ledger promised this till beforehand, so that a gift card can be
 * spent while nobody answers.
 *
 *   till.db   lease_request(request*, kind, subject, currency, amount, asked_ms)
 *                 what the till wants; the agent reads it and asks the ledger
 *             lease_spend(lease*, epoch*, seq*, amount)
 *                 what each entry used up of a lease, spent or given back: written by the very
 *                 transaction that writes the entry
 *   sync.db   lease(request*, lease, kind, subject, currency, amount, told, epoch, granted_ms,
 *                   refused)
 *                 the ledger's answers, written by the agent before the till is poked
 *             lease_mark(epoch*, seq)
 *                 how far the ledger's word `told` contains this till's journal
 *
 * What is left, by two counts of which the smaller holds:
 *
 *   own count      amount - everything that entries here used up
 *   ledger's word  told   - what entries here used up after the marks
 *
 * On a disk that lost nothing both are the same. A disk that was put back to an earlier state has
 * forgotten what it spent, and then the ledger's word is the smaller one; it counts only when it
 * was given in the epoch that is open now: a lease that was told in an earlier epoch can't be used
 * until the ledger has answered again. No clock takes part.
 *
 * Functions take a connection of the file's owner to write, any to read.
 */
#ifndef HOLDFAST_PEOPLE_LEASE_H
#define HOLDFAST_PEOPLE_LEASE_H

#include "terminal/base/crypto.h"
#include "terminal/base/db.h"
#include "terminal/base/status.h"
#include "terminal/journal/journal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DDL for step 2 of till.db and of sync.db. */
extern const char lease_schema[];
extern const char lease_grant_schema[];

#define ACCOUNT_ID_SIZE     33
#define LEASE_KIND_SIZE     8
#define LEASE_SUBJECT_SIZE  129
#define LEASE_CURRENCY_SIZE 4
#define LEASE_REFUSED_SIZE  129
#define LEASE_OF_VALUE      "value" /* of an account, in minor units of a currency */
#define LEASE_OF_STOCK      "stock" /* of an item, in thousandths; no currency */

/* The id of a value account: 1 to 32 of letters, digits, '.', '_' and '-', and no run of digits as
 * long as a card number's (12; the other characters between do not end a run). */
bool account_id_valid(const char *id);

/* ---- asking (till.db) ---- */

struct lease_wish {
    struct id request; /* random */
    char kind[LEASE_KIND_SIZE];
    char subject[LEASE_SUBJECT_SIZE];
    char currency[LEASE_CURRENCY_SIZE];
    int64_t amount; /* > 0 */
    int64_t asked_ms;
};

/* Writes the wish, durable on return (or with the caller's transaction). STATUS_INVALID: a kind,
 * subject, currency or amount that can't be. */
enum status lease_ask(struct db *till_db, const struct lease_wish *wish,
                      struct error *error) MUST_USE;
/* All wishes that stand, oldest first. *out is new memory (free), NULL when *count is 0. A till.db
 * that has no such table yet (of an earlier version) has none. */
enum status lease_wishes(struct db *till_db, struct lease_wish **out, size_t *count,
                         struct error *error) MUST_USE;
/* The wish was answered and the answer is kept elsewhere. */
enum status lease_wish_done(struct db *till_db, const struct id *request,
                            struct error *error) MUST_USE;

/* ---- the ledger's answers (sync.db) ---- */

struct held_lease {
    struct id request;
    struct id lease; /* zeros when refused */
    char kind[LEASE_KIND_SIZE];
    char subject[LEASE_SUBJECT_SIZE];
    char currency[LEASE_CURRENCY_SIZE];
    int64_t amount;  /* as granted; 0 when refused */
    int64_t told;    /* left, by the ledger's last word; -1: it does not know the lease any more */
    struct id epoch; /* of the till, open when the ledger was asked for that word */
    int64_t granted_ms;
    char refused[LEASE_REFUSED_SIZE]; /* why not, in words; "" when granted */
};

/* Keeps an answer, replacing what was kept of the same request; durable on return, or with the
 * caller's transaction. */
enum status lease_keep(struct db *sync_db, const struct held_lease *held,
                       struct error *error) MUST_USE;
/* All answers, oldest first. *out is new memory (free), NULL when *count is 0. A sync.db of an
 * earlier version has none. */
enum status lease_held(struct db *sync_db, struct held_lease **out, size_t *count,
                       struct error *error) MUST_USE;
/* Whether the request was answered. */
enum status lease_answered(struct db *sync_db, const struct id *request, bool *out,
                           struct error *error) MUST_USE;

struct lease_mark {
    struct id epoch;
    int64_t seq; /* the ledger's word contains entries 1 to here of the local chain */
};
/* The ledger's word about all leases at once, in one transaction: those in the list get a new
 * `told` and `epoch`, those that are not have nothing left (or stay unknown to it), and the marks
 * are replaced. */
enum status lease_told(struct db *sync_db, const struct held_lease *told, size_t count,
                       const struct lease_mark *marks, size_t mark_count,
                       struct error *error) MUST_USE;

/* The ledger turned out not to know it any more: `told` is -1 until it is kept or told again. */
enum status lease_unknown(struct db *sync_db, const struct id *request,
                          struct error *error) MUST_USE;

/* ---- using them (till.db) ---- */

struct lease_use {
    struct id lease;
    int64_t amount; /* > 0 */
};

/* Records what the entry just appended uses up, in its transaction; each lease once. The same must
 * be in the entry. */
enum status lease_record(struct db *till_db, int64_t epoch_number, int64_t seq,
                         const struct lease_use *uses, size_t count, struct error *error) MUST_USE;

/* For verifying: whether that is what is recorded of the entry, and how many records there are. */
enum status lease_recorded(struct db *till_db, int64_t epoch_number, int64_t seq,
                           const struct lease_use *use, bool *same, struct error *error) MUST_USE;
enum status lease_records(struct db *till_db, int64_t *count, struct error *error) MUST_USE;

/* Whether nothing is left by the own count, and the ledger's word contains every entry that used
 * it: then nobody need hear of it again. STATUS_RANGE: a sum does not fit. */
enum status lease_finished(struct db *till_db, struct db *sync_db, const struct held_lease *held,
                           bool *out, struct error *error) MUST_USE;

/* How it stands with one lease. */
struct lease_balance {
    int64_t left;  /* >= 0 */
    bool told_now; /* the ledger's word is of the open epoch; otherwise nothing may be used */
};
/* `epoch`: the one that is open. Read the ledger's word before the journal: what was used in
 * between is then counted at least once. STATUS_RANGE: a sum does not fit. */
enum status lease_balance(struct db *till_db, struct db *sync_db, const struct id *epoch,
                          const struct held_lease *held, struct lease_balance *out,
                          struct error *error) MUST_USE;

#endif
