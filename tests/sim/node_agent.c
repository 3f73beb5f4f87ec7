/* An agent: agent_step and what it asks for, as sync/agent/loop.c does it. */
#include "tests/sim/faults.h"
#include "tests/sim/net.h"
#include "tests/sim/node.h"
#include "tests/sim/template.h"

#include <string.h>

#define RETRY_MS 2000
#define WAIT_S   25

static void start_later(struct world *world, struct seat *seat, int64_t delay)
{
    seat->agent_node.start_at = world->now_ms + delay;
    world_schedule(world, seat->agent_node.start_at, EVENT_START_AGENT, seat->index, 0, 0);
}

void agent_node_close(struct world *world, struct seat *seat)
{
    net_agent_gone(world, seat);
    (void)disk_enter(seat->agent_node.process);
    agent_destroy(seat->agent);
    seat->agent = NULL;
    (void)disk_enter(NULL);
    disk_process_end(seat->agent_node.process);
    seat->agent_node.process = NULL;
    seat->tick_at = 0;
}

void agent_node_bury(struct world *world, struct seat *seat)
{
    trace_line(&world->trace, world->now_ms, "%s agent is dead", seat->machine.name);
    agent_node_close(world, seat);
    start_later(world, seat, faults_pause(world));
}

void agent_node_end(struct world *world, struct seat *seat)
{
    if (seat->agent_node.process == NULL)
        return;
    trace_line(&world->trace, world->now_ms, "%s agent ends", seat->machine.name);
    agent_node_close(world, seat);
    seat_note_power(world, seat);
}

static void poke_till(struct world *world, struct seat *seat, const char *word)
{
    if (seat->till == NULL)
        return;
    if (faults_net(world, FAULT_POKE_LOST))
        return;
    trace_line(&world->trace, world->now_ms, "%s agent pokes: %s", seat->machine.name, word);
    world_schedule(world, world->now_ms + 1, EVENT_TILL_POKED, seat->index,
                   seat->till_node.generation, 0);
}

static void wait_until(struct world *world, struct seat *seat, int64_t mono_ms)
{
    seat->agent_due = mono_ms - 1000;
    if (seat->tick_at != 0 && seat->tick_at <= seat->agent_due)
        return;
    seat->tick_at = seat->agent_due;
    world_schedule(world, seat->agent_due, EVENT_AGENT_TICK, seat->index,
                   seat->agent_node.generation, 0);
}

static void act(struct world *world, struct seat *seat)
{
    for (size_t i = 0; i < seat->actions.count; i++) {
        const struct agent_action *action = &seat->actions.items[i];

        switch (action->kind) {
        case AGENT_SEND:
            trace_line(&world->trace, world->now_ms, "%s asks %s %s", seat->machine.name,
                       action->request.method, action->request.path);
            net_send(world, seat, &action->request);
            break;
        case AGENT_CANCEL:
            net_cancel(world, seat, action->call);
            break;
        case AGENT_POKE_TILL:
            poke_till(world, seat, action->word);
            break;
        case AGENT_LOG:
            trace_line(&world->trace, world->now_ms, "%s agent: %s", seat->machine.name,
                       action->text);
            break;
        case AGENT_WAIT:
            wait_until(world, seat, action->mono_ms);
            break;
        }
    }
}

void agent_node_event(struct world *world, struct seat *seat, struct agent_event *event)
{
    if (seat->agent == NULL)
        return;
    event->wall_ms = SIM_START_MS + world->now_ms + seat->machine.wall_off_ms;
    event->mono_ms = world->now_ms + 1000;
    node_enter(&seat->agent_node);
    agent_step(seat->agent, event, &seat->actions);
    if (!node_leave(&seat->agent_node)) {
        world_fault(world, FAULT_CRASH_AGENT);
        seat_bury(world, seat);
        return;
    }
    act(world, seat);
}

/* Two tills of three cut even a short backlog into several batches. */
static int batch_of(const struct world *world, const struct seat *seat)
{
    int64_t kind = (int64_t)(world->seed % 3000) + seat->index;

    return kind % 3 == 0 ? FRAME_MAX_ENTRIES : 3 + (int)(kind % 7);
}

void agent_node_start(struct world *world, struct seat *seat)
{
    struct agent_options options = {.folder = TILL_FOLDER,
                                    .identity = template_identity(seat->origin),
                                    .entropy = machine_entropy(&seat->machine),
                                    .wait_s = WAIT_S,
                                    .batch = batch_of(world, seat)};
    struct agent_event started = {.kind = AGENT_STARTED};
    struct error error = {0};
    enum status status;

    if (seat->agent_node.process != NULL || seat->retired)
        return;
    node_begin(&seat->agent_node, "agent");
    faults_arm(world, &seat->agent_node, FAULT_CRASH_AGENT);
    node_enter(&seat->agent_node);
    status = agent_create(&options, &seat->agent, &error);
    trace_line(&world->trace, world->now_ms, "%s agent starts: %s %s", seat->machine.name,
               status_name(status), error.text);
    if (status != STATUS_OK)
        seat->agent = NULL;
    if (!node_leave(&seat->agent_node)) {
        world_fault(world, FAULT_CRASH_AGENT);
        seat_bury(world, seat);
    } else if (status != STATUS_OK) {
        agent_node_close(world, seat);
        if (world->healed && ++seat->failed_starts > 3)
            world_fail(world, 14, "%s: the agent does not start: %s", seat->machine.name,
                       error.text);
        start_later(world, seat, RETRY_MS);
    } else {
        agent_node_event(world, seat, &started);
    }
}

static bool is_stopped(struct world *world, struct seat *seat, enum event_kind kind,
                       int64_t argument)
{
    int64_t until = seat->agent_node.stopped_until;

    if (until <= world->now_ms)
        return false;
    world_schedule(world, until + 1, kind, seat->index, seat->agent_node.generation, argument);
    return true;
}

void agent_node_tick(struct world *world, struct seat *seat, int generation)
{
    struct agent_event event = {.kind = AGENT_TICK};

    if (seat->agent == NULL || generation != seat->agent_node.generation)
        return;
    if (is_stopped(world, seat, EVENT_AGENT_TICK, 0))
        return;
    if (seat->tick_at > world->now_ms)
        return; /* another one is on its way */
    seat->tick_at = 0;
    if (world->now_ms >= seat->agent_due)
        agent_node_event(world, seat, &event);
    else
        wait_until(world, seat, seat->agent_due + 1000);
}

void agent_node_poked(struct world *world, struct seat *seat, int generation, enum agent_poke poke)
{
    struct agent_event event = {.kind = AGENT_POKED, .poke = poke};

    if (seat->agent == NULL || generation != seat->agent_node.generation ||
        is_stopped(world, seat, EVENT_AGENT_POKED, (int64_t)poke))
        return;
    agent_node_event(world, seat, &event);
}
