/* Orders that wait in the shop, handed over. No screen does that yet: the entry goes through the
 * door that all entries of a till go through, with the moves and the marks that the ledger counts.
 */
#include "tests/sim/workload_internal.h"

#include "terminal/journal/moves.h"
#include "terminal/till_internal.h"
#include "tests/sim/node.h"
#include "tests/sim/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An order for this shop that waits, as far as the till's replica knows; -1: none. */
static int waiting_order(struct seat *seat)
{
    struct db_statement *statement;
    bool row = false;
    int number = -1;

    node_look(&seat->till_node);
    if (db_prepare(catalogue_db(seat->till->catalogue),
                   "SELECT id FROM pickup_order WHERE state = 'placed' ORDER BY id LIMIT 1",
                   &statement, NULL) == STATUS_OK) {
        if (db_step(statement, &row, NULL) == STATUS_OK && row)
            number = atoi(db_text(statement, 0) + strlen("W-"));
        db_reset(statement);
    }
    node_look_end(&seat->till_node);
    return number;
}

/* The till itself knows what it gave away. */
static bool handed_over_here(const struct world *world, const struct seat *seat, int number)
{
    for (int i = 0; i < seat->journal.count; i++) {
        for (int r = seat->journal.epochs[i].head; r >= 0; r = world->model.facts[r].prev) {
            if (world->model.facts[r].order == number)
                return true;
            if (world->model.facts[r].seq == 1)
                break;
        }
    }
    return false;
}

static json_t *body_of(const struct seat *seat, int number, const struct stock_move *move)
{
    json_t *body = json_object(), *order = json_object();
    char id[16];

    (void)snprintf(id, sizeof id, "W-%d", number);
    json_put_text(body, "location", seat->till->identity.location);
    json_put_text(order, "channel", "web");
    json_put_text(order, "id", id);
    json_put_text(order, "state", "handed_over");
    json_put(body, "order", order);
    entry_put_moves(body, move, 1);
    return body;
}

void work_hand_over(struct world *world, struct seat *seat)
{
    int number = waiting_order(seat);
    const struct order_seen *order = &world->model.orders[number < 0 ? 0 : number];
    struct sale_expected *expected = &seat->operation.expected;
    const char *location = seat->till->identity.location;
    struct stock_move move;
    struct error error = {0};
    bool healthy = work_healthy(seat);
    enum status status;
    json_t *body;

    if (number < 0 || handed_over_here(world, seat, number))
        return;
    move = stock_move_make(1, work_sku(order->item), (struct quantity){order->milli}, location,
                           BUCKET_RESERVED, location, BUCKET_CUSTOMER, "pickup");
    body = body_of(seat, number, &move);
    work_expect(seat, KIND_HAND_OVER, -1);
    expected->deltas[expected->count++] = (struct stock_delta){
        .item = order->item, .bucket = BUCKET_OF_RESERVED, .milli = -order->milli};
    struct record record = {.kind = "pickup_hand_over",
                            .staff = TEMPLATE_STAFF,
                            .body = body,
                            .moves = &move,
                            .move_count = 1};
    node_enter(&seat->till_node);
    status = till_write(seat->till, &record, &error);
    if (work_leave(world, seat))
        work_finish(world, seat, status, &error, healthy);
    json_decref(body);
}
