/* Every operation goes the same way:
 *
 *   expected ─► pending ─► the till's call ─► status + new entries ─► judged
 *                              └ died: judged when the journal is next looked at
 */
#include "tests/sim/workload_internal.h"

#include "terminal/base/buf.h"
#include "terminal/till_internal.h"
#include "terminal/till_replay.h"
#include "tests/sim/faults.h"
#include "tests/sim/invariants.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"
#include "tests/sim/pauses.h"
#include "tests/sim/restores.h"
#include "tests/sim/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THINK_MS   9000
#define REFRESH_MS 4000
#define FLOAT      5000
#define ASKING     12 /* file operations of a question */
#define KINDS      (sizeof acts / sizeof acts[0])

int work_draw(struct world *world, int limit)
{
    return (int)chance_below(&world->chance_work, (uint64_t)limit);
}

/* ---- what is expected ---- */

const char *work_sku(int item)
{
    static const char *const skus[SIM_ITEMS] = {"I0", "I1", "I2", "I3", "I4",
                                                "I5", "I6", "I7", "I8", "I9"};

    return skus[item];
}

void work_expect(struct seat *seat, enum entry_kind kind, int64_t gross)
{
    memset(&seat->operation, 0, sizeof seat->operation);
    seat->operation.pending = true;
    seat->slept_us = 0;
    seat->operation.expected.kind = kind;
    seat->operation.expected.gross = gross;
}

void work_expect_move(struct seat *seat, int item, int64_t milli)
{
    struct sale_expected *expected = &seat->operation.expected;

    for (int i = 0; i < expected->count; i++) {
        if (expected->deltas[i].item == item) {
            expected->deltas[i].milli += milli;
            return;
        }
    }
    INVARIANT(expected->count < MODEL_LINES);
    expected->deltas[expected->count++] = (struct stock_delta){.item = item, .milli = milli};
}

static int64_t replica_price(struct seat *seat, int item)
{
    struct db_statement *statement;
    bool row = false;
    int64_t minor = 0;

    node_look(&seat->till_node);
    if (db_prepare(catalogue_db(seat->till->catalogue),
                   "SELECT price_scaled FROM price WHERE sku = ?1 AND pack = ''", &statement,
                   NULL) == STATUS_OK) {
        db_bind_text(statement, 1, work_sku(item));
        if (db_step(statement, &row, NULL) == STATUS_OK && row)
            minor = db_int(statement, 0) / 10000;
        db_reset(statement);
    }
    node_look_end(&seat->till_node);
    return minor;
}

int64_t work_expect_price(struct seat *seat, int item, int64_t units)
{
    struct sale_expected *expected = &seat->operation.expected;
    int64_t price = replica_price(seat, item);

    INVARIANT(expected->priced_count < MODEL_LINES);
    expected->priced[expected->priced_count++] =
        (struct priced){.item = item, .units = units, .before = price, .after = price};
    expected->gross += units * price;
    return units * price;
}

/* The prices that the till went on with after it stood in mid-call. */
static void price_again(struct seat *seat)
{
    struct sale_expected *expected = &seat->operation.expected;

    for (int i = 0; seat->operation.paused && i < expected->priced_count; i++)
        expected->priced[i].after = replica_price(seat, expected->priced[i].item);
}

static bool priced_anew(const struct seat *seat)
{
    const struct sale_expected *expected = &seat->operation.expected;

    for (int i = 0; i < expected->priced_count; i++) {
        if (expected->priced[i].before != expected->priced[i].after)
            return true;
    }
    return false;
}

void workload_stands(struct world *world, struct seat *seat)
{
    const struct sale_expected *expected = &seat->operation.expected;

    (void)world;
    seat->drawer += expected->cash;
    if (expected->kind == KIND_SHIFT_OPEN) {
        seat->shift_open = true;
        seat->drawer = FLOAT;
        seat->drawer_known = true;
    }
    if (expected->kind == KIND_SHIFT_CLOSE)
        seat->shift_open = false;
}

/* ---- how an operation ends ---- */

/* Nothing is wrong with its disk, and it has all it needs: it must sell. */
bool work_healthy(const struct seat *seat)
{
    static const struct disk_faults none;

    return memcmp(&seat->machine.faults, &none, sizeof none) == 0 && !seat->machine.small &&
           till_phase(seat->till) == TILL_READY;
}

/* False: the till is no more. */
bool work_leave(struct world *world, struct seat *seat)
{
    if (node_leave(&seat->till_node)) {
        price_again(seat);
        return true;
    }
    seat->operation.died = true;
    world_fault(world, FAULT_CRASH_TILL);
    seat_bury(world, seat);
    return false;
}

void work_finish(struct world *world, struct seat *seat, enum status status,
                 const struct error *error, bool healthy)
{
    int found = 0;

    trace_line(&world->trace, world->now_ms, "%s kind %d: %s%s%s", seat->machine.name,
               (int)seat->operation.expected.kind, status_name(status),
               status == STATUS_OK ? "" : ": ", status == STATUS_OK ? "" : error->text);
    world->operations++;
    invariant_15_selling_waits_on_nobody(world, seat);
    if (seat->till->journal != NULL) {
        found = observe_till(world, seat);
        invariant_16_whole_or_not_at_all(world, seat, status, found);
    }
    if (status != STATUS_OK && healthy && !priced_anew(seat))
        world_fail(world, 15, "%s: a till with nothing wrong refuses: %s", seat->machine.name,
                   error->text);
    if (seat->till->journal == NULL)
        return; /* what became of it is seen when the file opens again */
    if (found == 1 && status == STATUS_OK) {
        observe_expected(world, seat);
        seat->journal.told = seat->journal.epochs[seat->journal.count - 1].head;
        world->sales++;
    }
    seat->operation.pending = false;
}

/* ---- operations: each expects, enters, asks, leaves, finishes ---- */

static const char *next_reference(struct seat *seat)
{
    struct sale_expected *expected = &seat->operation.expected;

    (void)snprintf(expected->reference, sizeof expected->reference, "sim:%d:%lld", seat->index,
                   (long long)++seat->references);
    return expected->reference;
}

static void sell_prepared(struct world *world, struct seat *seat, int sign)
{
    struct replay_line lines[2];
    static const char *const people[MODEL_PEOPLE + 1] = {"", "P-0", "P-1", "P-2"};
    struct replay_sale sale = {.staff = TEMPLATE_STAFF,
                               .customer = people[work_draw(world, MODEL_PEOPLE + 1)],
                               .lines = lines};
    struct error error = {0};
    bool healthy = work_healthy(seat);
    enum status status;

    sale.count = 1 + work_draw(world, 2);
    sale.tender = work_draw(world, 2) == 0 ? "cash" : "card";
    work_expect(seat, sign > 0 ? KIND_SALE : KIND_RETURN, 0);
    for (int i = 0; i < sale.count; i++) {
        int item = work_draw(world, SIM_ITEMS);
        int64_t units = 1 + work_draw(world, 3);
        lines[i] = (struct replay_line){.sku = work_sku(item),
                                        .quantity = {sign * units * 1000},
                                        .reason = sign > 0 ? NULL : "changed mind"};
        work_expect_price(seat, item, units);
        work_expect_move(seat, item, -sign * units * 1000);
    }
    sale.reference = next_reference(seat);
    node_enter(&seat->till_node);
    status = till_replay_sale(seat->till, &sale, seat->operation.expected.receipt, &error);
    if (work_leave(world, seat))
        work_finish(world, seat, status, &error, healthy);
}

static void do_sale(struct world *world, struct seat *seat)
{
    sell_prepared(world, seat, 1);
}

static void do_return(struct world *world, struct seat *seat)
{
    sell_prepared(world, seat, -1);
}

static void do_adjust(struct world *world, struct seat *seat)
{
    int item = work_draw(world, SIM_ITEMS);
    int64_t milli = (work_draw(world, 2) == 0 ? 1 : -1) * (int64_t)(1 + work_draw(world, 4)) * 1000;
    struct adjust_line line = {.sku = work_sku(item), .quantity = {milli}};
    struct error error = {0};
    bool healthy = work_healthy(seat);
    enum status status;

    work_expect(seat, KIND_ADJUST, -1);
    work_expect_move(seat, item, milli);
    next_reference(seat);
    node_enter(&seat->till_node);
    status = till_replay_adjust(seat->till, seat->operation.expected.reference, TEMPLATE_STAFF,
                                &line, 1, "counted", &error);
    if (work_leave(world, seat))
        work_finish(world, seat, status, &error, healthy);
}

/* What people type into any field, now and then. */
static const char *reason_or_card(struct world *world, const char *reason)
{
    return work_draw(world, 12) == 0 ? "card 4111 1111 1111 1111" : reason;
}

/* It was refused for the number in it: that is no trouble of the till's. */
static bool is_card(const char *reason)
{
    return strncmp(reason, "card ", 5) == 0;
}

static void do_paid(struct world *world, struct seat *seat)
{
    bool in = work_draw(world, 2) == 0;
    const char *reason = reason_or_card(world, in ? "change" : "window cleaner");
    struct money amount = {100 + work_draw(world, 900)};
    struct error error = {0};
    bool healthy = work_healthy(seat);
    enum status status;

    if (!seat->shift_open)
        return;
    work_expect(seat, in ? KIND_PAID_IN : KIND_PAID_OUT, -1);
    seat->operation.expected.cash = in ? amount.minor : -amount.minor;
    node_enter(&seat->till_node);
    status = in ? till_paid_in(seat->till, amount, reason, &error)
                : till_paid_out(seat->till, amount, reason, &error);
    if (work_leave(world, seat))
        work_finish(world, seat, status, &error, healthy && !is_card(reason));
}

static void do_no_sale(struct world *world, struct seat *seat)
{
    const char *reason = reason_or_card(world, "change for the meter");
    struct error error = {0};
    bool healthy = work_healthy(seat);
    enum status status;

    if (!seat->shift_open)
        return;
    work_expect(seat, KIND_NO_SALE, -1);
    node_enter(&seat->till_node);
    status = till_no_sale(seat->till, reason, &error);
    if (work_leave(world, seat))
        work_finish(world, seat, status, &error, healthy && !is_card(reason));
}

/* The open cart is given up. */
static void clear_cart(struct world *world, struct seat *seat)
{
    const struct cart_view *cart;
    struct error error = {0};
    bool healthy = work_healthy(seat);
    enum status status = STATUS_OK;

    work_expect(seat, KIND_CANCELLED, -1);
    node_enter(&seat->till_node);
    cart = till_cart(seat->till);
    for (int i = 0; status == STATUS_OK && i < cart->tender_count; i++) {
        if (!cart->tenders[i].reversed)
            status = till_tender_reverse(seat->till, cart->tenders[i].id, &error);
        cart = till_cart(seat->till);
    }
    if (status == STATUS_OK)
        status = till_cart_discard(seat->till, "left", &error);
    if (work_leave(world, seat))
        work_finish(world, seat, status, &error, healthy);
}

/* The line that was added last gets a price that a person gives. */
static enum status give_price(struct world *world, struct seat *seat, int line, int64_t minor,
                              struct error *error)
{
    enum status status;

    if (till_cart_price(seat->till, line, (struct money){minor}, "4111111111111111", error) ==
        STATUS_OK)
        world_fail(world, 18, "a card number was taken for a reason");
    status = till_cart_price(seat->till, line, (struct money){minor}, "dented", error);
    seat->operation.expected.overrides = 1;
    return status;
}

static void do_cart(struct world *world, struct seat *seat)
{
    struct error error = {0};
    struct sale_result result;
    struct scan_result scanned = {0};
    bool healthy = work_healthy(seat), card = work_draw(world, 3) == 0;
    bool dented = work_draw(world, 5) == 0, tendered;
    uint64_t pauses = world->faults[FAULT_PAUSE_TILL];
    int items[2], count = dented ? 1 : 1 + work_draw(world, 2);
    int64_t gross = dented ? 75 : 0;
    enum status status = STATUS_OK;

    if (!seat->shift_open || till_cart(seat->till)->count > 0)
        return;
    work_expect(seat, KIND_SALE, gross);
    for (int i = 0; i < count; i++) {
        items[i] = work_draw(world, SIM_ITEMS);
        if (!dented)
            gross += work_expect_price(seat, items[i], 1);
        work_expect_move(seat, items[i], -1000);
    }
    seat->operation.expected.cash = card ? 0 : gross;
    node_enter(&seat->till_node);
    for (int i = 0; i < count && status == STATUS_OK; i++)
        status = till_add(seat->till, &(struct add_request){.sku = work_sku(items[i])}, &scanned,
                          &error);
    if (status == STATUS_OK && dented)
        status = give_price(world, seat, scanned.line, gross, &error);
    if (status == STATUS_OK && card && work_draw(world, 4) == 0 &&
        till_tender_card(seat->till, (struct money){1}, "4111 1111 1111 1111", &error) == STATUS_OK)
        world_fail(world, 18, "a card number was taken for a reference");
    if (status == STATUS_OK)
        status = card ? till_tender_card(seat->till, (struct money){gross}, "SLIP 7", &error)
                      : till_tender_cash(seat->till, (struct money){gross + 100}, &error);
    tendered = status == STATUS_OK;
    if (tendered)
        status = till_sale_commit(seat->till, &result, &error);
    if (!work_leave(world, seat))
        return;
    if (tendered && status == STATUS_FULL)
        invariant_16_room_after_tender(world, seat, pauses);
    work_finish(world, seat, status, &error, healthy);
}

static void do_cancel(struct world *world, struct seat *seat)
{
    struct scan_result scanned;
    struct error error = {0};

    if (!seat->shift_open)
        return;
    if (till_cart(seat->till)->count == 0) {
        node_enter(&seat->till_node);
        (void)!till_add(seat->till,
                        &(struct add_request){.sku = work_sku(work_draw(world, SIM_ITEMS))},
                        &scanned, &error);
        if (!work_leave(world, seat))
            return;
    }
    if (till_cart(seat->till)->count > 0)
        clear_cart(world, seat);
}

static void do_shift(struct world *world, struct seat *seat)
{
    struct error error = {0};
    struct shift_view view;
    struct money difference = {0};
    bool open = !seat->shift_open;
    bool healthy = work_healthy(seat);
    enum status status;

    if (!open && work_draw(world, 4) != 0)
        return;
    work_expect(seat, open ? KIND_SHIFT_OPEN : KIND_SHIFT_CLOSE, -1);
    node_enter(&seat->till_node);
    status = open
                 ? till_shift_open(seat->till, (struct money){FLOAT}, &error)
                 : till_shift_close(seat->till, (struct money){seat->drawer < 0 ? 0 : seat->drawer},
                                    &view, &difference, &error);
    if (!work_leave(world, seat))
        return;
    if (!open && status == STATUS_OK && seat->drawer_known && view.expected.minor != seat->drawer)
        world_fail(world, 6, "%s: the drawer should hold %lld, the Z says %lld", seat->machine.name,
                   (long long)seat->drawer, (long long)view.expected.minor);
    work_finish(world, seat, status, &error, healthy);
}

/* Somebody asks how many there are. */
static void do_ask(struct world *world, struct seat *seat)
{
    int item = work_draw(world, SIM_ITEMS);
    int64_t from = observe_position(world, seat), to;
    struct tile_view tile;
    struct error error = {0};
    enum status status;

    if (work_draw(world, 2) == 0)
        pauses_arm(world, &seat->till_node, ASKING);
    node_enter(&seat->till_node);
    status = till_item(seat->till, work_sku(item), &tile, &error);
    if (!work_leave(world, seat))
        return;
    to = observe_position(world, seat);
    if (status == STATUS_OK && from >= 0 && to >= 0)
        observe_answer(world, seat, item, tile.stock.on_hand.milli, from, to);
}

static void do_look(struct world *world, struct seat *seat)
{
    node_enter(&seat->till_node);
    till_idle(seat->till);
    if (work_leave(world, seat))
        observe_replica(world, seat);
}

static const struct {
    void (*run)(struct world *world, struct seat *seat);
    int weight;
} acts[] = {
    {work_load_account, 6}, {work_ask_lease, 8}, {work_spend_lease, 8}, {work_return_lease, 5},
    {work_take_back, 10},   {work_hand_over, 8}, {do_sale, 34},         {do_cart, 20},
    {do_return, 8},         {do_adjust, 6},      {do_paid, 4},          {do_no_sale, 2},
    {do_cancel, 4},         {do_shift, 6},       {do_ask, 8},           {do_look, 6}};

static void act(struct world *world, struct seat *seat)
{
    int sum = 0, at;

    for (size_t i = 0; i < KINDS; i++)
        sum += acts[i].weight;
    at = work_draw(world, sum);
    for (size_t i = 0; i < KINDS; i++) {
        if (at < acts[i].weight) {
            acts[i].run(world, seat);
            return;
        }
        at -= acts[i].weight;
    }
}

static void sign_in(struct world *world, struct seat *seat)
{
    struct pin_check check;
    struct error error = {0};
    enum status status;

    node_enter(&seat->till_node);
    status = till_pin_begin(seat->till, TEMPLATE_STAFF, TEMPLATE_PIN, &check, &error);
    if (status == STATUS_OK) {
        pin_check_run(&check);
        status = till_sign_in(seat->till, &check, &error);
    }
    if (!work_leave(world, seat))
        return;
}

void workload_started(struct world *world, struct seat *seat)
{
    struct till_status about;

    node_look(&seat->till_node);
    till_status(seat->till, &about);
    node_look_end(&seat->till_node);
    seat->shift_open = about.shift_open;
    if (till_phase(seat->till) == TILL_READY)
        sign_in(world, seat);
}

static void refresh(struct world *world, struct seat *seat)
{
    till_node_poked(world, seat, seat->till_node.generation);
}

/* The agent hears of it, or will look by itself. */
static void poke_agent(struct world *world, struct seat *seat)
{
    if (seat->agent != NULL && !faults_net(world, FAULT_POKE_LOST))
        world_schedule(world, world->now_ms + 1, EVENT_AGENT_POKED, seat->index,
                       seat->agent_node.generation, AGENT_POKE_ENTRIES);
}

/* What a call left open when till.db could not be opened again. */
static bool settled(struct world *world, struct seat *seat)
{
    if (!seat->operation.pending)
        return true;
    if (seat->till->journal == NULL)
        refresh(world, seat);
    if (seat->till == NULL || seat->till->journal == NULL)
        return false;
    observe_settle(world, seat);
    return true;
}

static void work(struct world *world, struct seat *seat)
{
    if (++seat->turns % 4 == 0)
        refresh(world, seat);
    if (seat->till == NULL || !settled(world, seat) || till_phase(seat->till) != TILL_READY)
        return;
    if (!seat->till->signed_in) {
        sign_in(world, seat);
        return;
    }
    if (till_cart(seat->till)->count > 0)
        clear_cart(world, seat);
    else if (work_returning(seat))
        work_end_return(world, seat);
    else
        act(world, seat);
    if (seat->till == NULL)
        return;
    poke_agent(world, seat);
    observe_on_hand(world, seat, work_draw(world, SIM_ITEMS), false);
    if (work_draw(world, 16) == 0)
        restores_backup_seat(world, seat);
    if (work_draw(world, 40) == 0)
        restores_backup_ledger(world);
}

void workload_turn(struct world *world, struct seat *seat)
{
    if (seat->retired)
        return;
    if (world->healed) {
        if (seat->till != NULL)
            refresh(world, seat);
        world_schedule(world, world->now_ms + REFRESH_MS, EVENT_TILL_TURN, seat->index, 0, 0);
        return;
    }
    world_schedule(world, world->now_ms + chance_between(&world->chance_work, 50, THINK_MS),
                   EVENT_TILL_TURN, seat->index, 0, 0);
    if (till_node_ready(world, seat))
        work(world, seat);
}
