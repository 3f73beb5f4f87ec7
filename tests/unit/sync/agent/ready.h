/* A world with a few items, a few entries, and the agent through its first start; and its end.
 */
#ifndef HOLDFAST_TESTS_READY_H
#define HOLDFAST_TESTS_READY_H

#include "tests/unit/sync/agent/world.h"

#define ITEM(sku, name)                                                                            \
    "{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"" sku "\",\"name\":\"" name "\"}}"

static inline struct world *ready(void)
{
    struct world *world = world_make(42);

    fake_commit(world->ledger, 0, ITEM("A", "Apple") "," ITEM("B", "Bread"));
    fake_commit(world->ledger, 0, ITEM("C", "Cheese"));
    for (int i = 0; i < 5; i++)
        fixture_commit_one(world->till, i);
    world_start_agent(world);
    world_drain(world, 500);
    world_turns(world, 20);
    world_drain(world, 100);
    return world;
}

static inline struct agent_view view_of(const struct world *world)
{
    struct agent_view view;

    agent_look(world->agent, &view);
    return view;
}

static inline void check_all(struct world *world)
{
    world_check_journal(world);
    world_check_replica(world);
}

static inline void finish(struct world *world)
{
    world_poke(world, AGENT_POKE_STATE);
    world_drain(world, 2000);
    world_turns(world, 40);
    world_drain(world, 500);
    check_all(world);
    world_free(world);
}

#endif
