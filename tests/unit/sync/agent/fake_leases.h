/* What the fake ledger has promised, and what it still can. */
#ifndef HOLDFAST_TESTS_FAKE_LEASES_H
#define HOLDFAST_TESTS_FAKE_LEASES_H

#include "sync/protocol/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FAKE_LEASES 64

struct fake_leases {
    bool known;                             /* false: a ledger that grants none */
    struct lease_answer items[FAKE_LEASES]; /* granted; `left` is set by the test */
    int count;
    int64_t balance;  /* that can still be granted */
    int64_t used;     /* of the next lease, by entries that came before it was granted again */
    int asks;         /* how often it was asked */
    int entries_then; /* of the first epoch, when it granted last */
    int loads_after;  /* entry of the first epoch that adds to balance and used: */
    int64_t loads, uses;
};

/* Those with something left. */
static inline int fake_leases_told(const struct fake_leases *leases,
                                   struct lease_answer out[FAKE_LEASES])
{
    int count = 0;

    for (int i = 0; i < leases->count; i++) {
        if (leases->items[i].left > 0)
            out[count++] = leases->items[i];
    }
    return count;
}

/* The first epoch grew. */
static inline void fake_leases_loaded(struct fake_leases *leases, int before, int now)
{
    if (leases->loads_after <= before || leases->loads_after > now)
        return;
    leases->balance += leases->loads;
    leases->used = leases->uses;
}

/* The same request gets the same lease; a new one what the balance still gives. NULL: refused. */
static inline struct lease_answer *fake_leases_ask(struct fake_leases *leases,
                                                   const struct id *device,
                                                   const struct lease_request *asked, int entries)
{
    int64_t most = leases->balance + leases->used;
    struct lease_answer *lease;

    leases->asks++;
    for (int i = 0; i < leases->count; i++) {
        if (memcmp(leases->items[i].request.bytes, asked->request.bytes, ID_SIZE) == 0)
            return &leases->items[i];
    }
    if (most < asked->least)
        return NULL;
    assert_true(leases->count < FAKE_LEASES);
    lease = &leases->items[leases->count++];
    *lease = (struct lease_answer){.request = asked->request,
                                   .lease = lease_id_of(device, &asked->request),
                                   .amount = asked->amount < most ? asked->amount : most};
    (void)snprintf(lease->kind, sizeof lease->kind, "%s", asked->kind);
    (void)snprintf(lease->subject, sizeof lease->subject, "%s", asked->subject);
    (void)snprintf(lease->currency, sizeof lease->currency, "%s", asked->currency);
    lease->left = lease->amount - leases->used;
    leases->balance -= lease->left;
    leases->used = 0;
    leases->entries_then = entries;
    return lease;
}

#endif
