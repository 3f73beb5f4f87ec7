/* The queue, the clocks, and who works off what. */
#include "tests/sim/world.h"

#include "terminal/base/buf.h"
#include "tests/sim/check.h"
#include "tests/sim/faults.h"
#include "tests/sim/net.h"
#include "tests/sim/node.h"
#include "tests/sim/office.h"
#include "tests/sim/pauses.h"
#include "tests/sim/template.h"
#include "tests/sim/workload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world *world_now;

enum { CHANCE_WORK = 1, CHANCE_NET, CHANCE_FAULT, CHANCE_OFFICE, CHANCE_TIME, CHANCE_MACHINE };

static const char *const fault_names[FAULTS] = {
    [FAULT_REQUEST_LOST] = "request lost",
    [FAULT_REQUEST_CUT] = "request cut in mid-body",
    [FAULT_REQUEST_TWICE] = "request delivered twice",
    [FAULT_REQUEST_LATE] = "request after its sender gave up",
    [FAULT_ANSWER_LOST] = "answer lost",
    [FAULT_ANSWER_CUT] = "answer cut in mid-body",
    [FAULT_HALF_OPEN] = "connection half open",
    [FAULT_SLOW] = "slow line",
    [FAULT_REORDERED] = "overtaken on the way",
    [FAULT_PARTITION] = "partition",
    [FAULT_PARTED_CALL] = "call into a partition",
    [FAULT_POKE_LOST] = "poke lost",
    [FAULT_KILL_TILL] = "till killed",
    [FAULT_KILL_AGENT] = "agent killed",
    [FAULT_KILL_LEDGER] = "ledger killed",
    [FAULT_CRASH_TILL] = "till killed in a file call",
    [FAULT_CRASH_AGENT] = "agent killed in a file call",
    [FAULT_CRASH_LEDGER] = "ledger killed in a file call",
    [FAULT_POWER_TILL] = "power cut of a till",
    [FAULT_POWER_LEDGER] = "power cut of the ledger",
    [FAULT_STOP_TILL] = "till stopped",
    [FAULT_STOP_AGENT] = "agent stopped",
    [FAULT_STOP_LEDGER] = "ledger stopped",
    [FAULT_PAUSE_TILL] = "till stopped in a file call",
    [FAULT_PAUSE_AGENT] = "agent stopped in a file call",
    [FAULT_CLOCK_FORTH] = "clock jumps forth",
    [FAULT_CLOCK_BACK] = "clock jumps back",
    [FAULT_DISK_READ] = "read fails",
    [FAULT_DISK_WRITE] = "write fails",
    [FAULT_DISK_SYNC] = "sync fails",
    [FAULT_DISK_FULL] = "disk full",
    [FAULT_DISK_OPEN] = "open fails",
    [FAULT_MEMORY] = "no memory",
    [FAULT_WRITES_LOST] = "unsynced writes lost",
    [FAULT_WRITES_TORN] = "unsynced writes torn",
    [FAULT_TILL_RESTORED] = "till restored from a backup",
    [FAULT_TILL_CLONED] = "till cloned",
    [FAULT_LEDGER_RESTORED] = "ledger restored from a backup",
    [FAULT_ENTRY_DAMAGED] = "entry damaged on a till's disk",
    [FAULT_ENTRY_LOST] = "entry lost from a till's disk",
};

const char *fault_words(enum fault fault)
{
    return fault_names[fault];
}

/* ---- clocks ---- */

static int64_t machine_wall(void *context)
{
    const struct machine *machine = context;

    return SIM_START_MS + world_now->now_ms + machine->wall_off_ms;
}

/* It never goes back, and counts the reads: two in one event differ, as on a real machine. */
static int64_t machine_monotonic(void *context)
{
    (void)context;
    return (world_now->now_ms + 1000) * 1000;
}

struct clock machine_clock(struct machine *machine)
{
    return (struct clock){
        .wall_ms = machine_wall, .monotonic_us = machine_monotonic, .context = machine};
}

static void fill(void *context, void *bytes, size_t length)
{
    chance_fill(&((struct machine *)context)->entropy, bytes, length);
}

struct entropy machine_entropy(struct machine *machine)
{
    return (struct entropy){.fill = fill, .context = machine};
}

static int64_t host_wall(void *context)
{
    return SIM_START_MS + ((struct world *)context)->now_ms;
}

/* Nobody waits for another process: time does not go on meanwhile, so it is an error to need it
 * for long (invariant 15 counts it). */
static void host_sleep(void *context, struct disk_process *process, int64_t microseconds)
{
    struct world *world = context;

    for (int i = 0; i < world->seats; i++) {
        if (world->seat[i].till_node.process == process)
            world->seat[i].slept_us += microseconds;
    }
}

struct disk_host world_host(struct world *world)
{
    return (struct disk_host){
        .wall_ms = host_wall, .sleep = host_sleep, .pause = pauses_host, .context = world};
}

/* ---- the queue ---- */

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void world_schedule(struct world *world, int64_t at_ms, enum event_kind kind, int seat,
                    int generation, int64_t argument)
{
    struct event event = {.at = at_ms < world->now_ms ? world->now_ms : at_ms,
                          .order = world->orders++,
                          .kind = kind,
                          .seat = seat,
                          .generation = generation,
                          .argument = argument};
    size_t at = world->queued++;

    if (world->queued > world->room) {
        world->room = world->room == 0 ? 256 : 2 * world->room;
        world->queue = mem_resize(world->queue, world->room * sizeof *world->queue);
    }
    while (at > 0 && earlier(&event, &world->queue[(at - 1) / 2])) {
        world->queue[at] = world->queue[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    world->queue[at] = event;
}

static struct event take(struct world *world)
{
    struct event first = world->queue[0];
    struct event last = world->queue[--world->queued];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= world->queued)
            break;
        if (child + 1 < world->queued && earlier(&world->queue[child + 1], &world->queue[child]))
            child++;
        if (!earlier(&world->queue[child], &last))
            break;
        world->queue[at] = world->queue[child];
        at = child;
    }
    world->queue[at] = last;
    return first;
}

static void dispatch(struct world *world, const struct event *event)
{
    struct seat *seat = &world->seat[event->seat];

    switch (event->kind) {
    case EVENT_TILL_TURN:
        workload_turn(world, seat);
        break;
    case EVENT_TILL_POKED:
        till_node_poked(world, seat, event->generation);
        break;
    case EVENT_AGENT_TICK:
        agent_node_tick(world, seat, event->generation);
        break;
    case EVENT_AGENT_POKED:
        agent_node_poked(world, seat, event->generation, (enum agent_poke)event->argument);
        break;
    case EVENT_START_TILL:
        till_node_start(world, seat);
        break;
    case EVENT_START_AGENT:
        agent_node_start(world, seat);
        break;
    case EVENT_START_LEDGER:
        ledger_node_start(world);
        break;
    case EVENT_LEDGER_WORK:
        ledger_node_work(world);
        break;
    case EVENT_NET:
        net_event(world, event->argument);
        break;
    case EVENT_FAULT:
        faults_next(world);
        break;
    case EVENT_END_OF_FAULT:
        faults_end(world, event->argument);
        break;
    case EVENT_OFFICE:
        office_turn(world);
        break;
    }
}

bool world_step(struct world *world)
{
    struct event event;

    if (world->queued == 0)
        return false;
    event = take(world);
    if (event.at > world->now_ms)
        world->now_ms = event.at;
    world->steps++;
    dispatch(world, &event);
    return true;
}

/* ---- the whole ---- */

void world_fault(struct world *world, enum fault fault)
{
    world->faults[fault]++;
}

uint64_t world_fault_count(const struct world *world)
{
    uint64_t sum = 0;

    for (int i = 0; i < FAULTS; i++)
        sum += world->faults[i];
    return sum;
}

void world_fail(struct world *world, int invariant, const char *format, ...)
{
    va_list arguments;

    if (world->failure.invariant != 0)
        return;
    world->failure.invariant = invariant;
    va_start(arguments, format);
    (void)vsnprintf(world->failure.text, sizeof world->failure.text, format, arguments);
    va_end(arguments);
    trace_line(&world->trace, world->now_ms, "FAILED: invariant %d: %s", invariant,
               world->failure.text);
}

void world_init(struct world *world, uint64_t seed, bool shown)
{
    memset(world, 0, sizeof *world);
    world_now = world;
    world->seed = seed;
    trace_start(&world->trace, shown);
    world->chance_work = chance_start(seed, CHANCE_WORK);
    world->chance_net = chance_start(seed, CHANCE_NET);
    world->chance_fault = chance_start(seed, CHANCE_FAULT);
    world->chance_office = chance_start(seed, CHANCE_OFFICE);
    world->chance_time = chance_start(seed, CHANCE_TIME);
    model_init(&world->model);
    world->net = net_new();
}

static void put_away(struct world *world, struct seat *seat)
{
    if (seat->till_node.process != NULL)
        disk_kill(seat->till_node.process);
    if (seat->agent_node.process != NULL)
        disk_kill(seat->agent_node.process);
    if (seat->till_node.process != NULL)
        till_node_close(seat);
    if (seat->agent_node.process != NULL)
        agent_node_close(world, seat);
    agent_actions_finish(&seat->actions);
    disk_image_release(seat->backup);
    disk_destroy(seat->machine.disk);
}

void world_finish(struct world *world)
{
    if (world->ledger_node.process != NULL) {
        disk_kill(world->ledger_node.process);
        ledger_node_close(world);
    }
    for (int i = 0; i < world->seats; i++)
        put_away(world, &world->seat[i]);
    disk_destroy(world->office.disk);
    net_free(world);
    free(world->plan);
    free(world->queue);
    model_finish(&world->model);
    world_now = NULL;
}

static void start_everything(struct world *world)
{
    world_schedule(world, 0, EVENT_START_LEDGER, 0, 0, 0);
    for (int i = 0; i < world->seats; i++) {
        struct seat *seat = &world->seat[i];
        seat->machine.wall_off_ms = chance_between(&world->chance_time, -90000, 90000);
        world_schedule(world, chance_between(&world->chance_time, 0, 3000), EVENT_START_TILL, i, 0,
                       0);
        world_schedule(world, chance_between(&world->chance_time, 0, 3000), EVENT_START_AGENT, i, 0,
                       0);
        world_schedule(world, chance_between(&world->chance_time, 3000, 6000), EVENT_TILL_TURN, i,
                       0, 0);
    }
    world_schedule(world, 20000, EVENT_OFFICE, 0, 0, 0);
    world_schedule(world, 5000, EVENT_FAULT, 0, 0, 0);
}

static void trace_end(struct world *world)
{
    for (int i = 0; i < world->seats; i++)
        trace_number(&world->trace, disk_digest(world->seat[i].machine.disk));
    trace_number(&world->trace, disk_digest(world->office.disk));
    trace_line(
        &world->trace, world->now_ms, "end: %llu steps, %llu operations, %llu faults, %llu records",
        (unsigned long long)world->steps, (unsigned long long)world->operations,
        (unsigned long long)world_fault_count(world), (unsigned long long)world->model.count);
}

/* The storm lasts until enough has happened; then all is mended and has to come to rest. */
void world_run(struct world *world)
{
    template_seats(world);
    faults_plan(world);
    start_everything(world);
    while (world->failure.invariant == 0 && !faults_enough(world) && world_step(world))
        continue;
    if (world->failure.invariant == 0)
        faults_heal(world);
    for (int64_t bound = DRAIN_STEPS; world->failure.invariant == 0 && !check_drained(world);) {
        if (bound-- == 0)
            check_drain_failed(world);
        else if (!world_step(world))
            world_fail(world, 14, "nothing is left to happen, and yet not all is drained");
    }
    if (world->failure.invariant == 0)
        check_end(world);
    trace_end(world);
}
