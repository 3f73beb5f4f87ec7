/* Requests as holdfast-admin sends them. Whether one that died with the ledger was done is seen at
 * the feed, as everything else: nobody relies on its answer.
 */
#include "tests/sim/office.h"

#include "tests/sim/faults.h"
#include "tests/sim/template.h"

#include <stdio.h>

#define EVERY_MS 40000

static void change_price(struct world *world)
{
    int item = (int)chance_below(&world->chance_office, SIM_ITEMS);
    int64_t minor = chance_between(&world->chance_office, 1, 40) * 25;
    char rows[300];
    int status;

    template_price_rows(item, minor, rows, sizeof rows);
    status = template_admin(world, "/v1/admin/reference", rows);
    trace_line(&world->trace, world->now_ms, "head office: item %d costs %lld: %d", item,
               (long long)minor, status);
}

static void change_item(struct world *world)
{
    int item = (int)chance_below(&world->chance_office, SIM_ITEMS);
    char rows[300];
    int status;

    (void)snprintf(rows, sizeof rows,
                   "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"I%d\",\"name\":"
                   "\"Item %d, %d\"}}]}",
                   item, item, (int)chance_below(&world->chance_office, 1000));
    status = template_admin(world, "/v1/admin/reference", rows);
    trace_line(&world->trace, world->now_ms, "head office: item %d has another name: %d", item,
               status);
}

static void change_customer(struct world *world)
{
    char rows[300];
    int status;

    (void)snprintf(
        rows, sizeof rows,
        "{\"rows\":[{\"t\":\"customer\",\"op\":\"put\",\"row\":{\"id\":\"P-%d\",\"name\":"
        "\"Ada Lovelace\",\"note\":\"visit %d\"}}]}",
        (int)chance_below(&world->chance_office, MODEL_PEOPLE),
        (int)chance_below(&world->chance_office, 1000));
    status = template_admin(world, "/v1/admin/reference", rows);
    trace_line(&world->trace, world->now_ms, "head office: a customer has another note: %d",
               status);
}

/* Whether an order that was not answered is there is seen in the ledger's tables. */
static void place_order(struct world *world)
{
    struct model *model = &world->model;
    int number = model->order_count;
    struct order_seen *order = &model->orders[number];
    char body[300];
    int status;

    if (number == MODEL_ORDERS)
        return;
    model->order_count++;
    *order = (struct order_seen){
        .store = (int)chance_below(&world->chance_office, (uint64_t)world->stores),
        .item = (int)chance_below(&world->chance_office, SIM_ITEMS),
        .milli = 1000 * chance_between(&world->chance_office, 1, 3)};
    (void)snprintf(body, sizeof body,
                   "{\"channel\":\"web\",\"id\":\"W-%d\",\"location\":\"S%02d\",\"customer\":"
                   "\"P-%d\",\"lines\":[{\"line\":1,\"sku\":\"I%d\",\"quantity_milli\":%lld}]}",
                   number, order->store + 1, number % MODEL_PEOPLE, order->item,
                   (long long)order->milli);
    status = template_admin(world, "/v1/orders", body);
    order->told = status == 200 && order->placed;
    if (status == 200 && !order->placed)
        world_fail(world, 2, "order W-%d was taken and is not there", number);
    trace_line(&world->trace, world->now_ms, "head office: order W-%d: %d", number, status);
}

static void cancel_order(struct world *world)
{
    char path[64];
    int number, status;

    if (world->model.order_count == 0)
        return;
    number = (int)chance_below(&world->chance_office, (uint64_t)world->model.order_count);
    (void)snprintf(path, sizeof path, "/v1/orders/web/W-%d/cancel", number);
    status = template_admin(world, path, "");
    trace_line(&world->trace, world->now_ms, "head office: order W-%d is cancelled: %d", number,
               status);
}

static void act(struct world *world)
{
    switch (chance_below(&world->chance_office, 12)) {
    case 0:
    case 1:
    case 2:
        change_item(world);
        break;
    case 3:
        change_customer(world);
        break;
    case 4:
    case 5:
    case 6:
        place_order(world);
        break;
    case 7:
        cancel_order(world);
        break;
    default:
        change_price(world);
        break;
    }
}

void office_turn(struct world *world)
{
    if (world->ledger != NULL && world->ledger_node.stopped_until <= world->now_ms)
        act(world);
    if (!world->healed)
        world_schedule(world, world->now_ms + chance_between(&world->chance_office, 1, EVERY_MS),
                       EVENT_OFFICE, 0, 0, 0);
}
