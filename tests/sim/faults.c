/* The plan, and the faults that come by themselves. */
#include "tests/sim/faults.h"

#include "terminal/base/buf.h"
#include "tests/sim/net.h"
#include "tests/sim/node.h"
#include "tests/sim/pauses.h"
#include "tests/sim/restores.h"

#include <string.h>

#define PPM_OFTEN     220000
#define STEPS_MOST    40000 /* a seed that has not seen enough by then is told */
#define PAUSE_MS      20000
#define STOP_MS       40000
#define PARTED_MS     120000
#define DISK_MS       15000
#define EVERY_MS      9000
#define ARM_MOST      400
#define ROOM_LEFT     65536
#define PAUSE_AT_MOST 60

/* Which ends of a fault an EVENT_END_OF_FAULT is about. */
enum { END_PARTED, END_DISK };

struct plan {
    uint32_t net[FAULTS]; /* ppm of calls */
    uint32_t weight[FAULTS];
    uint32_t weights;
    int64_t every_ms;
    uint32_t arm_ppm;
    int64_t slow_ms;
};

static const enum fault of_net[] = {FAULT_REQUEST_LOST, FAULT_REQUEST_CUT, FAULT_REQUEST_TWICE,
                                    FAULT_ANSWER_LOST,  FAULT_ANSWER_CUT,  FAULT_HALF_OPEN,
                                    FAULT_SLOW,         FAULT_REORDERED,   FAULT_POKE_LOST};

/* How often each comes, beside the others. */
static const struct {
    enum fault fault;
    uint32_t weight;
} by_itself[] = {{FAULT_PARTITION, 10},      {FAULT_KILL_TILL, 4},     {FAULT_KILL_AGENT, 5},
                 {FAULT_KILL_LEDGER, 3},     {FAULT_CRASH_TILL, 7},    {FAULT_CRASH_AGENT, 7},
                 {FAULT_CRASH_LEDGER, 5},    {FAULT_POWER_TILL, 5},    {FAULT_POWER_LEDGER, 4},
                 {FAULT_STOP_TILL, 5},       {FAULT_STOP_AGENT, 8},    {FAULT_STOP_LEDGER, 6},
                 {FAULT_PAUSE_TILL, 8},      {FAULT_PAUSE_AGENT, 8},   {FAULT_CLOCK_FORTH, 8},
                 {FAULT_CLOCK_BACK, 8},      {FAULT_DISK_READ, 4},     {FAULT_DISK_WRITE, 6},
                 {FAULT_DISK_SYNC, 5},       {FAULT_DISK_FULL, 6},     {FAULT_DISK_OPEN, 3},
                 {FAULT_MEMORY, 5},          {FAULT_TILL_RESTORED, 3}, {FAULT_TILL_CLONED, 2},
                 {FAULT_LEDGER_RESTORED, 2}, {FAULT_ENTRY_DAMAGED, 2}, {FAULT_ENTRY_LOST, 2}};

struct plan *faults_none(void)
{
    struct plan *plan = mem_alloc(sizeof *plan);

    plan->slow_ms = 20;
    return plan;
}

void faults_plan(struct world *world)
{
    struct chance *chance = &world->chance_fault;
    struct plan *plan = faults_none();

    for (size_t i = 0; i < sizeof of_net / sizeof of_net[0]; i++) {
        if (chance_below(chance, 10) < 8)
            plan->net[of_net[i]] = (uint32_t)chance_between(chance, 5000, PPM_OFTEN);
    }
    for (size_t i = 0; i < sizeof by_itself / sizeof by_itself[0]; i++) {
        if (chance_below(chance, 10) < 6)
            plan->weight[by_itself[i].fault] = by_itself[i].weight;
        plan->weights += plan->weight[by_itself[i].fault];
    }
    plan->every_ms = chance_between(chance, EVERY_MS / 3, EVERY_MS * 2);
    plan->arm_ppm = (uint32_t)chance_below(chance, 60000);
    plan->slow_ms = chance_between(chance, 5, 400);
    world->plan = plan;
}

bool faults_net(struct world *world, enum fault fault)
{
    if (world->healed || !chance_hit(&world->chance_net, world->plan->net[fault]))
        return false;
    world_fault(world, fault);
    return true;
}

bool faults_chance(struct world *world, enum rate rate)
{
    (void)rate;
    return !world->healed && chance_below(&world->chance_net, 4) == 0;
}

int64_t faults_delay(struct world *world)
{
    int64_t delay = 1 + (int64_t)chance_below(&world->chance_net, 20);

    if (faults_net(world, FAULT_SLOW))
        delay += chance_between(&world->chance_net, 0, 60000);
    if (faults_net(world, FAULT_REORDERED))
        delay += chance_between(&world->chance_net, 0, world->plan->slow_ms);
    return delay;
}

int64_t faults_pause(struct world *world)
{
    if (world->healed)
        return 100;
    return chance_between(&world->chance_fault, 50, PAUSE_MS);
}

void faults_arm(struct world *world, struct node *node, enum fault fault)
{
    (void)fault;
    if (!world->healed && chance_hit(&world->chance_fault, world->plan->arm_ppm))
        node_arm(node, 1 + chance_below(&world->chance_fault, ARM_MOST),
                 chance_below(&world->chance_fault, 3) == 0 ? DISK_DEATH_POWER : DISK_DEATH_KILL);
}

/* ---- one by one ---- */

static struct seat *any_seat(struct world *world)
{
    return &world->seat[chance_below(&world->chance_fault, (uint64_t)world->seats)];
}

static void part(struct world *world, struct seat *seat)
{
    if (seat->parted)
        return;
    seat->parted = true;
    world_fault(world, FAULT_PARTITION);
    world_schedule(world, world->now_ms + chance_between(&world->chance_fault, 500, PARTED_MS),
                   EVENT_END_OF_FAULT, seat->index, 0, seat->index * 2 + END_PARTED);
}

static void kill_node(struct world *world, struct seat *seat, struct node *node, enum fault fault)
{
    if (node->process == NULL)
        return;
    world_fault(world, fault);
    disk_kill(node->process);
    if (seat != NULL)
        seat_bury(world, seat);
    else
        ledger_node_bury(world);
}

static void crash_node(struct world *world, struct node *node)
{
    bool power = chance_below(&world->chance_fault, 3) == 0;

    if (node->process != NULL)
        node_arm(node, 1 + chance_below(&world->chance_fault, ARM_MOST),
                 power ? DISK_DEATH_POWER : DISK_DEATH_KILL);
}

static void stop_node(struct world *world, struct node *node, enum fault fault)
{
    if (node->process == NULL || node->stopped_until > world->now_ms)
        return;
    world_fault(world, fault);
    node->stopped_until = world->now_ms + chance_between(&world->chance_fault, 100, STOP_MS);
}

static void power_cut(struct world *world, struct seat *seat)
{
    if (seat == NULL) {
        if (world->ledger_node.process == NULL)
            return;
        world_fault(world, FAULT_POWER_LEDGER);
        disk_power_cut(world->office.disk);
        ledger_node_bury(world);
        return;
    }
    if (seat->till_node.process == NULL && seat->agent_node.process == NULL)
        return;
    world_fault(world, FAULT_POWER_TILL);
    disk_power_cut(seat->machine.disk);
    seat_bury(world, seat);
}

static void jump_clock(struct world *world, struct machine *machine, enum fault fault)
{
    static const int64_t sizes[] = {700, 40000, 400000, 7200000, 90000000, INT64_C(31536000000)};
    bool office = machine == &world->office;
    int64_t jump = sizes[chance_below(&world->chance_fault, office ? 4 : 6)];

    world_fault(world, fault);
    machine->wall_off_ms += fault == FAULT_CLOCK_FORTH ? jump : -jump;
}

/* What is there stays, and next to nothing can be added. */
static void fill_disk(struct world *world, struct machine *machine)
{
    machine->small = true;
    disk_set_size(machine->disk, disk_used(machine->disk) +
                                     (int64_t)chance_below(&world->chance_fault, ROOM_LEFT));
}

static void fail_disk(struct world *world, struct machine *machine, int which, enum fault fault)
{
    struct disk_faults *faults = &machine->faults;
    uint32_t ppm = (uint32_t)chance_between(&world->chance_fault, 500, 20000);

    memset(faults, 0, sizeof *faults);
    if (fault == FAULT_DISK_READ)
        faults->read_error = ppm;
    else if (fault == FAULT_DISK_WRITE)
        faults->write_error = ppm;
    else if (fault == FAULT_DISK_SYNC)
        faults->sync_error = ppm * 4;
    else if (fault == FAULT_DISK_OPEN)
        faults->open_error = ppm * 4;
    else if (fault == FAULT_MEMORY)
        faults->memory = ppm;
    else if (chance_below(&world->chance_fault, 2) == 0)
        faults->full = ppm * 10;
    else
        fill_disk(world, machine);
    disk_set_faults(machine->disk, faults);
    world_schedule(world, world->now_ms + chance_between(&world->chance_fault, 500, DISK_MS),
                   EVENT_END_OF_FAULT, 0, 0, which * 2 + END_DISK);
}

static enum fault draw(struct world *world)
{
    const struct plan *plan = world->plan;
    uint32_t at = (uint32_t)chance_below(&world->chance_fault, plan->weights);

    for (int i = 0; i < FAULTS; i++) {
        if (at < plan->weight[i])
            return (enum fault)i;
        at -= plan->weight[i];
    }
    return FAULT_PARTITION;
}

static void strike(struct world *world, enum fault fault)
{
    struct seat *seat = any_seat(world);
    bool office = chance_below(&world->chance_fault, 4) == 0;
    struct machine *machine = office ? &world->office : &seat->machine;

    switch (fault) {
    case FAULT_KILL_TILL:
        kill_node(world, seat, &seat->till_node, fault);
        break;
    case FAULT_KILL_AGENT:
        kill_node(world, seat, &seat->agent_node, fault);
        break;
    case FAULT_KILL_LEDGER:
        kill_node(world, NULL, &world->ledger_node, fault);
        break;
    case FAULT_CRASH_TILL:
        crash_node(world, &seat->till_node);
        break;
    case FAULT_CRASH_AGENT:
        crash_node(world, &seat->agent_node);
        break;
    case FAULT_CRASH_LEDGER:
        crash_node(world, &world->ledger_node);
        break;
    case FAULT_POWER_TILL:
        power_cut(world, seat);
        break;
    case FAULT_POWER_LEDGER:
        power_cut(world, NULL);
        break;
    case FAULT_STOP_TILL:
        stop_node(world, &seat->till_node, fault);
        break;
    case FAULT_STOP_AGENT:
        stop_node(world, &seat->agent_node, fault);
        break;
    case FAULT_STOP_LEDGER:
        stop_node(world, &world->ledger_node, fault);
        break;
    case FAULT_PAUSE_TILL:
        pauses_arm(world, &seat->till_node, PAUSE_AT_MOST);
        break;
    case FAULT_PAUSE_AGENT:
        pauses_arm(world, &seat->agent_node, PAUSE_AT_MOST);
        break;
    case FAULT_CLOCK_FORTH:
    case FAULT_CLOCK_BACK:
        jump_clock(world, machine, fault);
        break;
    case FAULT_DISK_READ:
    case FAULT_DISK_WRITE:
    case FAULT_DISK_SYNC:
    case FAULT_DISK_FULL:
    case FAULT_DISK_OPEN:
    case FAULT_MEMORY:
        fail_disk(world, machine, office ? SIM_SEATS : seat->index, fault);
        break;
    case FAULT_TILL_RESTORED:
    case FAULT_TILL_CLONED:
    case FAULT_LEDGER_RESTORED:
    case FAULT_ENTRY_DAMAGED:
    case FAULT_ENTRY_LOST:
        restores_strike(world, seat, fault);
        break;
    default:
        part(world, seat);
        break;
    }
}

void faults_next(struct world *world)
{
    enum fault fault;

    if (world->healed)
        return;
    if (world->plan->weights > 0 && !world->pausing) {
        fault = draw(world);
        trace_line(&world->trace, world->now_ms, "FAULT %s", fault_words(fault));
        strike(world, fault);
    }
    world_schedule(world,
                   world->now_ms + chance_between(&world->chance_fault, 1, world->plan->every_ms),
                   EVENT_FAULT, 0, 0, 0);
}

static void mend(struct machine *machine)
{
    memset(&machine->faults, 0, sizeof machine->faults);
    disk_set_faults(machine->disk, &machine->faults);
    disk_set_lying(machine->disk, false);
    disk_set_size(machine->disk, 0);
    machine->small = false;
}

void faults_end(struct world *world, int64_t argument)
{
    int which = (int)(argument / 2);
    struct machine *machine = which == SIM_SEATS ? &world->office : &world->seat[which].machine;

    if (argument % 2 == END_PARTED) {
        world->seat[which].parted = false;
        return;
    }
    mend(machine);
}

/* Faults of the disk are counted where they happen. */
static void count_disk(struct world *world)
{
    const struct disk_tally *tally = disk_tally();

    world->faults[FAULT_DISK_READ] = tally->read_errors + tally->short_reads;
    world->faults[FAULT_DISK_WRITE] = tally->write_errors;
    world->faults[FAULT_DISK_SYNC] = tally->sync_errors;
    world->faults[FAULT_DISK_FULL] = tally->full;
    world->faults[FAULT_DISK_OPEN] = tally->open_errors;
    world->faults[FAULT_MEMORY] = tally->memory;
    world->faults[FAULT_WRITES_LOST] = tally->writes_lost;
    world->faults[FAULT_WRITES_TORN] = tally->writes_torn;
}

bool faults_enough(const struct world *world)
{
    count_disk((struct world *)(uintptr_t)world);
    return world->steps > STEPS_MOST ||
           (world->operations >= OPERATIONS_LEAST && world_fault_count(world) >= FAULTS_LEAST);
}

void faults_heal(struct world *world)
{
    trace_line(&world->trace, world->now_ms, "the storm is over");
    world->healed = true;
    world->healed_at = world->now_ms;
    mend(&world->office);
    world->ledger_node.stopped_until = 0;
    world_schedule(world, world->now_ms, EVENT_START_LEDGER, 0, 0, 0);
    if (world->ledger_node.process != NULL && world->ledger_node.armed > 0)
        node_arm(&world->ledger_node, 0, DISK_DEATH_KILL);
    for (int i = 0; i < world->seats; i++) {
        struct seat *seat = &world->seat[i];
        mend(&seat->machine);
        seat->parted = false;
        seat->till_node.stopped_until = seat->agent_node.stopped_until = 0;
        seat->till_node.pause_in = seat->agent_node.pause_in = 0;
        if (seat->till_node.process != NULL)
            node_arm(&seat->till_node, 0, DISK_DEATH_KILL);
        if (seat->agent_node.process != NULL)
            node_arm(&seat->agent_node, 0, DISK_DEATH_KILL);
        world_schedule(world, world->now_ms, EVENT_START_TILL, i, 0, 0);
        world_schedule(world, world->now_ms, EVENT_START_AGENT, i, 0, 0);
    }
}
