/* The till, leases: what the ledger promised this till beforehand, so that a gift card pays while
 * nobody answers. See till.h for the rules of all calls and people/lease.h for the counting.
 *
 *   ask ──► agent ──► ledger ──► agent ──► held ──► tender (spend)
 *                                            └────► give back
 *
 * Asking and giving back never wait: the wish, and the entry that gives back, are durable when the
 * call returns; the answer shows in till_leases after a till_refresh.
 */
#ifndef HOLDFAST_TILL_LEASE_H
#define HOLDFAST_TILL_LEASE_H

#include "terminal/base/crypto.h"
#include "terminal/people/lease.h"
#include "terminal/till_sell.h"

enum lease_state {
    LEASE_WAITING, /* asked for, not answered yet */
    LEASE_HELD,
    LEASE_REFUSED
};

struct lease_view {
    char request[ID_HEX_SIZE];
    char lease[ID_HEX_SIZE]; /* "" unless held */
    enum lease_state state;
    char kind[LEASE_KIND_SIZE];
    char subject[LEASE_SUBJECT_SIZE];
    char currency[LEASE_CURRENCY_SIZE];
    int64_t amount; /* asked for; granted, when held: never more */
    int64_t left;   /* of it, what the open cart uses is taken off */
    bool usable; /* false: held since before the disk was restored; the ledger's word is awaited */
    char refused[LEASE_REFUSED_SIZE]; /* why, in words */
};

/* Wishes a part of an account's balance (kind "value", minor units of the till's currency), or of
 * an item's stock (kind "stock", thousandths). *request names the wish in till_leases. Answered
 * wishes are cleared away. Permission "sell". STATUS_INVALID: no such kind or subject, amount <= 0,
 * or what looks like a card's number. */
enum status till_lease_ask(struct till *till, const char *kind, const char *subject, int64_t amount,
                           char request[ID_HEX_SIZE], struct error *error) MUST_USE;

/* What was answered, oldest first, then what waits; without those that have nothing left and
 * nothing to say. */
enum status till_leases(struct till *till, struct lease_view *out, int max, int *count,
                        struct error *error) MUST_USE;

/* Gives `amount` of a lease back: an entry. Permission "sell". STATUS_NOT_FOUND: it is not held.
 * STATUS_CONFLICT: less is left. STATUS_BUSY: not usable now. */
enum status till_lease_return(struct till *till, const char *lease, int64_t amount,
                              struct error *error) MUST_USE;

/* Pays from a value account by the leases held on it, the oldest first: a tender per lease.
 * Negative: paid back into the account (a return), which needs no lease. STATUS_INVALID: no
 * account's id. STATUS_RANGE: more than is due. STATUS_NOT_FOUND: no lease is held on it: ask for
 * one. STATUS_CONFLICT: less is left than that (the message says how much). STATUS_BUSY: there may
 * be enough, but the ledger has to be heard first. Nothing is taken unless all is. */
enum status till_tender_account(struct till *till, const char *account, struct money amount,
                                struct error *error) MUST_USE;

/* Makes a line a gift card that loads the account when the sale is committed, by the line's price
 * before discounts; "" takes it back. STATUS_NOT_FOUND, STATUS_INVALID as cart_line_account. */
enum status till_cart_account(struct till *till, int line, const char *account,
                              struct error *error) MUST_USE;

#endif
