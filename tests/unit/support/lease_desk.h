/* A desk whose agent and ledger are a page of arithmetic: they answer wishes and greet, from what
 * they were shown of the journal.
 */
#ifndef HOLDFAST_TESTS_LEASE_DESK_H
#define HOLDFAST_TESTS_LEASE_DESK_H

#include "terminal/selling/cart.h"
#include "terminal/till_lease.h"
#include "tests/unit/support/desk.h"

#define VIEWS 64

static inline struct till_figures desk_head(struct desk *desk)
{
    struct till_figures figures;

    desk_ok(desk, till_figures(desk->till, &figures, &desk->error));
    return figures;
}

static inline struct id desk_id(const char *hex)
{
    struct id id;

    assert_int_equal(hex_read(hex, id.bytes, ID_SIZE), STATUS_OK);
    return id;
}

/* Everything so far is acknowledged. */
static inline void desk_acknowledge(struct desk *desk)
{
    struct till_figures figures = desk_head(desk);
    struct id epoch = desk_id(figures.epoch_hex);
    struct hash hash;

    assert_int_equal(hex_read(figures.head_hex, hash.bytes, HASH_SIZE), STATUS_OK);
    store_acknowledge(&desk->store, &epoch, figures.head_seq, &hash);
}

static inline void desk_refresh(struct desk *desk)
{
    bool changed;

    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
}

static inline int desk_leases(struct desk *desk, struct lease_view views[VIEWS])
{
    int count;

    desk_ok(desk, till_leases(desk->till, views, VIEWS, &count, &desk->error));
    return count;
}

/* The one lease that must be there. */
static inline struct lease_view desk_lease(struct desk *desk)
{
    struct lease_view views[VIEWS];

    assert_int_equal(desk_leases(desk, views), 1);
    return views[0];
}

static inline struct held_lease desk_grant_of(struct desk *desk, const char *request,
                                              const char *account, int64_t amount)
{
    struct held_lease held = {.request = desk_id(request),
                              .kind = LEASE_OF_VALUE,
                              .currency = "GBP",
                              .amount = amount,
                              .told = amount};

    held.lease = held.request;
    held.lease.bytes[0] ^= 0xFF;
    held.epoch = desk_id(desk_head(desk).epoch_hex);
    copy_text(held.subject, sizeof held.subject, account);
    return held;
}

/* Asks, and has it granted at once. */
static inline struct lease_view desk_hold(struct desk *desk, const char *account, int64_t amount)
{
    struct held_lease held;
    char request[ID_HEX_SIZE];

    desk_ok(desk,
            till_lease_ask(desk->till, LEASE_OF_VALUE, account, amount, request, &desk->error));
    held = desk_grant_of(desk, request, account, amount);
    desk_ok(desk, lease_keep(store_sync(&desk->store), &held, &desk->error));
    desk_refresh(desk);
    return desk_lease(desk);
}

#endif
