/* Gift cards: loaded by a sale, promised to a till by a lease, spent while nobody answers. */
#include "tests/sim/workload_internal.h"

#include "terminal/till_internal.h"
#include "terminal/till_lease.h"
#include "tests/sim/faults.h"
#include "tests/sim/invariants.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"

#include <string.h>

#define LEASES_MAX 16

static const char *account_of(int index)
{
    static const char *const accounts[MODEL_ACCOUNTS] = {"GC-0", "GC-1", "GC-2"};

    return accounts[index];
}

void work_load_account(struct world *world, struct seat *seat)
{
    const char *account = account_of(work_draw(world, MODEL_ACCOUNTS));
    struct money amount = {500 + 100 * work_draw(world, 10)};
    struct add_request card = {.name = "Gift card", .has_price = true, .price = amount};
    struct scan_result scanned;
    struct sale_result result;
    struct error error = {0};
    bool healthy = work_healthy(seat);
    enum status status;

    if (!seat->shift_open || till_cart(seat->till)->count > 0)
        return;
    work_expect(seat, KIND_SALE, amount.minor);
    seat->operation.expected.cash = amount.minor;
    node_enter(&seat->till_node);
    status = till_add(seat->till, &card, &scanned, &error);
    if (status == STATUS_OK)
        status = till_cart_account(seat->till, scanned.line, account, &error);
    if (status == STATUS_OK)
        status = till_tender_cash(seat->till, amount, &error);
    if (status == STATUS_OK)
        status = till_sale_commit(seat->till, &result, &error);
    if (work_leave(world, seat))
        work_finish(world, seat, status, &error, healthy);
}

/* A wish is no entry: it is there, or it is not, and nobody was told anything. */
void work_ask_lease(struct world *world, struct seat *seat)
{
    const char *account = account_of(work_draw(world, MODEL_ACCOUNTS));
    char request[ID_HEX_SIZE];
    struct error error = {0};
    enum status status;

    node_enter(&seat->till_node);
    status = till_lease_ask(seat->till, LEASE_OF_VALUE, account, 100 + work_draw(world, 900),
                            request, &error);
    trace_line(&world->trace, world->now_ms, "%s wishes a lease on %s: %s", seat->machine.name,
               account, status_name(status));
    (void)work_leave(world, seat);
}

/* One that is held and has something left; false: none, or the till died over the question. */
static bool held_lease(struct world *world, struct seat *seat, struct lease_view *out)
{
    struct lease_view leases[LEASES_MAX];
    struct error error = {0};
    int count = 0;
    enum status status;

    node_enter(&seat->till_node);
    status = till_leases(seat->till, leases, LEASES_MAX, &count, &error);
    if (!work_leave(world, seat) || status != STATUS_OK)
        return false;
    for (int i = 0; i < count; i++) {
        if (leases[i].state == LEASE_HELD && leases[i].usable && leases[i].left > 0) {
            *out = leases[i];
            return true;
        }
    }
    return false;
}

/* Never refused for want of the network: what was promised is there. */
void work_spend_lease(struct world *world, struct seat *seat)
{
    int item = work_draw(world, SIM_ITEMS);
    int64_t gross, spent;
    struct lease_view lease;
    struct scan_result scanned;
    struct sale_result result;
    struct error error = {0};
    bool healthy = work_healthy(seat);
    enum status status;

    if (!seat->shift_open || till_cart(seat->till)->count > 0 || !held_lease(world, seat, &lease))
        return;
    work_expect(seat, KIND_SALE, 0);
    gross = work_expect_price(seat, item, 1);
    spent = lease.left < gross ? lease.left : gross;
    work_expect_move(seat, item, -1000);
    seat->operation.expected.cash = gross - spent;
    node_enter(&seat->till_node);
    status = till_add(seat->till, &(struct add_request){.sku = work_sku(item)}, &scanned, &error);
    if (status == STATUS_OK)
        status = till_tender_account(seat->till, lease.subject, (struct money){spent}, &error);
    if (status == STATUS_OK && gross > spent)
        status = till_tender_cash(seat->till, (struct money){gross - spent}, &error);
    if (status == STATUS_OK)
        status = till_sale_commit(seat->till, &result, &error);
    if (work_leave(world, seat))
        work_finish(world, seat, status, &error, healthy);
}

void work_return_lease(struct world *world, struct seat *seat)
{
    struct lease_view lease;
    struct error error = {0};
    bool healthy = work_healthy(seat);
    enum status status;

    if (!held_lease(world, seat, &lease))
        return;
    work_expect(seat, KIND_LEASE_RETURN, -1);
    node_enter(&seat->till_node);
    status = till_lease_return(seat->till, lease.lease, 1 + lease.left / 2, &error);
    if (work_leave(world, seat))
        work_finish(world, seat, status, &error, healthy);
}
