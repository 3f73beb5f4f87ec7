/* The ledger behind its door: requests in, answers out, its own work between them. */
#include "sync/ledger/handle.h"
#include "terminal/base/fs.h"
#include "tests/sim/faults.h"
#include "tests/sim/net.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"

#define RETRY_MS 2000
#define WORK_MS  2

static void start_later(struct world *world, int64_t delay)
{
    world->ledger_node.start_at = world->now_ms + delay;
    world_schedule(world, world->ledger_node.start_at, EVENT_START_LEDGER, 0, 0, 0);
}

static void work_later(struct world *world, int64_t delay)
{
    if (world->working)
        return;
    world->working = true;
    world_schedule(world, world->now_ms + delay, EVENT_LEDGER_WORK, 0, 0, 0);
}

void ledger_node_close(struct world *world)
{
    net_ledger_gone(world);
    (void)disk_enter(world->ledger_node.process);
    ledger_close(world->ledger);
    world->ledger = NULL;
    (void)disk_enter(NULL);
    disk_process_end(world->ledger_node.process);
    world->ledger_node.process = NULL;
}

void ledger_node_bury(struct world *world)
{
    trace_line(&world->trace, world->now_ms, "the ledger is dead");
    world->power_cuts = disk_tally()->power_cuts;
    ledger_node_close(world);
    start_later(world, faults_pause(world));
}

void ledger_node_end(struct world *world)
{
    if (world->ledger_node.process == NULL)
        return;
    trace_line(&world->trace, world->now_ms, "the ledger ends");
    ledger_node_close(world);
}

void ledger_node_start(struct world *world)
{
    struct ledger_options options = {.location = "sqlite:" LEDGER_PATH,
                                     .clock = machine_clock(&world->office),
                                     .entropy = machine_entropy(&world->office),
                                     .inline_work = true};
    struct error error = {0};
    enum status status;

    if (world->ledger_node.process != NULL)
        return;
    node_begin(&world->ledger_node, "ledger");
    faults_arm(world, &world->ledger_node, FAULT_CRASH_LEDGER);
    node_enter(&world->ledger_node);
    status = ledger_open(&options, &world->ledger, &error);
    trace_line(&world->trace, world->now_ms, "the ledger opens: %s %s", status_name(status),
               error.text);
    if (status != STATUS_OK)
        world->ledger = NULL;
    if (!node_leave(&world->ledger_node)) {
        world_fault(world, FAULT_CRASH_LEDGER);
        ledger_node_bury(world);
    } else if (status != STATUS_OK) {
        ledger_node_close(world);
        if (world->healed && ++world->failed_starts > 3)
            world_fail(world, 14, "the ledger does not open: %s", error.text);
        start_later(world, RETRY_MS);
    } else {
        observe_ledger_opened(world);
        work_later(world, WORK_MS);
    }
}

/* After something that the ledger did. */
static bool survived(struct world *world)
{
    if (node_leave(&world->ledger_node))
        return true;
    world_fault(world, FAULT_CRASH_LEDGER);
    return false;
}

void ledger_node_work(struct world *world)
{
    bool more;

    world->working = false;
    if (world->ledger == NULL)
        return;
    if (world->ledger_node.stopped_until > world->now_ms) {
        work_later(world, world->ledger_node.stopped_until - world->now_ms + 1);
        return;
    }
    net_look_at_waits(world);
    if (world->ledger == NULL)
        return;
    node_enter(&world->ledger_node);
    more = ledger_work(world->ledger);
    if (!survived(world)) {
        ledger_node_bury(world);
        return;
    }
    observe_ledger(world);
    if (more)
        work_later(world, WORK_MS);
}

bool ledger_node_handle(struct world *world, const struct ledger_request *request,
                        struct ledger_response *response)
{
    ledger_response_init(response);
    node_enter(&world->ledger_node);
    ledger_handle(world->ledger, request, response);
    if (!survived(world)) {
        ledger_node_finish_response(world, response);
        ledger_node_bury(world);
        return false;
    }
    observe_request(world, request, response);
    work_later(world, WORK_MS);
    return true;
}

bool ledger_node_continue(struct world *world, struct ledger_wait *wait,
                          struct ledger_response *response)
{
    ledger_response_init(response);
    node_enter(&world->ledger_node);
    ledger_continue(world->ledger, wait, response);
    if (survived(world))
        return true;
    ledger_node_finish_response(world, response);
    ledger_node_bury(world);
    return false;
}

ssize_t ledger_node_read(struct world *world, int file, void *bytes, size_t length, int64_t offset)
{
    ssize_t got;

    node_enter(&world->ledger_node);
    got = fs_pread(file, bytes, length, offset);
    if (survived(world))
        return got;
    ledger_node_bury(world);
    return -1;
}

void ledger_node_finish_response(struct world *world, struct ledger_response *response)
{
    struct disk_process *before = disk_enter(world->ledger_node.process);

    ledger_response_finish(response);
    (void)disk_enter(before);
}
