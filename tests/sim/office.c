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

void office_turn(struct world *world)
{
    if (world->ledger != NULL && world->ledger_node.stopped_until <= world->now_ms) {
        if (chance_below(&world->chance_office, 3) == 0)
            change_item(world);
        else
            change_price(world);
    }
    if (!world->healed)
        world_schedule(world, world->now_ms + chance_between(&world->chance_office, 1, EVERY_MS),
                       EVENT_OFFICE, 0, 0, 0);
}
