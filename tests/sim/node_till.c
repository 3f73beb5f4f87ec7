/* A till: opened, asked by a person (workload.c), poked by its agent. */
#include "tests/sim/faults.h"
#include "tests/sim/invariants.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"
#include "tests/sim/workload.h"

#include <string.h>

#define RETRY_MS 2000

static void start_later(struct world *world, struct seat *seat, int64_t delay)
{
    seat->till_node.start_at = world->now_ms + delay;
    world_schedule(world, seat->till_node.start_at, EVENT_START_TILL, seat->index, 0, 0);
}

/* Both after an orderly end and after a death: the memory goes, the locks go. */
void till_node_close(struct seat *seat)
{
    (void)disk_enter(seat->till_node.process);
    till_close(seat->till);
    seat->till = NULL;
    (void)disk_enter(NULL);
    disk_process_end(seat->till_node.process);
    seat->till_node.process = NULL;
}

void till_node_bury(struct world *world, struct seat *seat)
{
    trace_line(&world->trace, world->now_ms, "%s till is dead", seat->machine.name);
    till_node_close(seat);
    /* A look at the disk while its other program may be dying with it has to wait for that. */
    if (node_is_dead(&seat->agent_node))
        agent_node_bury(world, seat);
    observe_disk(world, seat);
    start_later(world, seat, faults_pause(world));
}

void till_node_end(struct world *world, struct seat *seat)
{
    if (seat->till_node.process == NULL)
        return;
    trace_line(&world->trace, world->now_ms, "%s till ends", seat->machine.name);
    till_node_close(seat);
    seat_note_power(world, seat);
    observe_disk(world, seat);
}

bool till_node_ready(const struct world *world, const struct seat *seat)
{
    return seat->till != NULL && seat->till_node.stopped_until <= world->now_ms;
}

void till_node_start(struct world *world, struct seat *seat)
{
    struct till_options options = {.folder = TILL_FOLDER,
                                   .program = "holdfast",
                                   .mode = TILL_WRITER,
                                   .clock = machine_clock(&seat->machine),
                                   .entropy = machine_entropy(&seat->machine)};
    struct error error = {0};
    enum status status;

    if (seat->till_node.process != NULL || seat->retired)
        return;
    node_begin(&seat->till_node, "till");
    seat->slept_us = 0;
    faults_arm(world, &seat->till_node, FAULT_CRASH_TILL);
    node_enter(&seat->till_node);
    status = till_open(&options, &seat->till, &error);
    trace_line(&world->trace, world->now_ms, "%s till opens: %s %s", seat->machine.name,
               status_name(status), error.text);
    if (!node_leave(&seat->till_node)) {
        world_fault(world, FAULT_CRASH_TILL);
        seat_bury(world, seat);
        return;
    }
    /* An agent that stands still in mid-read holds the log that a start has to go through: it is
     * told as busy, and tried again. Nothing is being sold. */
    if (status != STATUS_BUSY)
        invariant_15_selling_waits_on_nobody(world, seat);
    if (status != STATUS_OK) {
        seat->till = NULL;
        till_node_close(seat);
        observe_disk(world, seat); /* it may have opened an epoch before it failed */
        if (world->healed && ++seat->failed_starts > 3)
            world_fail(world, 14, "%s: the till does not open: %s", seat->machine.name, error.text);
        start_later(world, seat, RETRY_MS);
        return;
    }
    /* The replica is synced at its checkpoints only. */
    if (disk_took_back(seat->machine.disk))
        memset(&seat->seen, 0, sizeof seat->seen);
    observe_opened(world, seat);
    workload_started(world, seat);
}

void till_node_poked(struct world *world, struct seat *seat, int generation)
{
    struct error error = {0};
    bool changed = false;
    enum status status;

    if (seat->till == NULL || generation != seat->till_node.generation)
        return;
    if (seat->till_node.stopped_until > world->now_ms) {
        world_schedule(world, seat->till_node.stopped_until + 1, EVENT_TILL_POKED, seat->index,
                       generation, 0);
        return;
    }
    seat->slept_us = 0;
    node_enter(&seat->till_node);
    status = till_refresh(seat->till, &changed, &error);
    if (!node_leave(&seat->till_node)) {
        world_fault(world, FAULT_CRASH_TILL);
        seat_bury(world, seat);
        return;
    }
    invariant_15_selling_waits_on_nobody(world, seat);
    if (status != STATUS_OK)
        trace_line(&world->trace, world->now_ms, "%s refresh: %s %s", seat->machine.name,
                   status_name(status), error.text);
    observe_till(world, seat);
    observe_replica(world, seat);
}
