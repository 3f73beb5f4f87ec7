#include "tests/sim/pauses.h"

#include <stddef.h>

#define PAUSE_MOST_MS 4000

static struct node *node_of(struct world *world, const struct disk_process *process, int *seat,
                            enum fault *fault)
{
    for (int i = 0; i < world->seats; i++) {
        *seat = i;
        *fault = FAULT_PAUSE_TILL;
        if (world->seat[i].till_node.process == process)
            return &world->seat[i].till_node;
        *fault = FAULT_PAUSE_AGENT;
        if (world->seat[i].agent_node.process == process)
            return &world->seat[i].agent_node;
    }
    return NULL;
}

void pauses_arm(struct world *world, struct node *node, uint64_t most)
{
    if (node->process != NULL && !world->healed && !world->pausing)
        node->pause_in = 1 + chance_below(&world->chance_fault, most);
}

void pauses_host(void *context, struct disk_process *process)
{
    struct world *world = context;
    enum fault fault;
    int seat;
    struct node *node = node_of(world, process, &seat, &fault);
    int64_t until = world->now_ms + chance_between(&world->chance_fault, 1, PAUSE_MOST_MS);

    if (node == NULL || world->pausing)
        return;
    world_fault(world, fault);
    trace_line(&world->trace, world->now_ms, "%s is stopped in mid-call", node->machine->name);
    node->pause_in = 0;
    node->paused = world->pausing = true;
    if (fault == FAULT_PAUSE_TILL)
        world->seat[seat].operation.paused = true;
    node->stopped_until = until + 1; /* what happens at that moment still finds it stopped */
    /* Somebody looks at the till while its agent stands; and nobody's event, so that there is one
     * when it is over. */
    if (fault == FAULT_PAUSE_AGENT)
        world_schedule(world, world->now_ms + 1, EVENT_TILL_POKED, seat,
                       world->seat[seat].till_node.generation, 0);
    world_schedule(world, until, EVENT_TILL_POKED, seat, -1, 0);
    (void)disk_enter(NULL);
    while (world->now_ms < until && !disk_dead(process) && world_step(world))
        continue;
    node->paused = world->pausing = false;
    node->stopped_until = 0;
    trace_line(&world->trace, world->now_ms, "%s goes on", node->machine->name);
    (void)disk_enter(process);
}
