/* agent_step: what happened goes to its flow, what is late is cut, what is due is started.
 *
 *   event ──► flow by call number ──► hello ─► uplink, changes, snapshot ──► WAIT until the next
 *
 * Durable state is nowhere here: each flow's file says what it writes and when. An agent that is
 * dropped between any two instructions and created anew goes on from sync.db, the replica files and
 * the ledger's answer to GET /v1/device.
 */
#include "sync/agent/agent.h"
#include "sync/agent/flows.h"
#include "sync/protocol/compress.h"
#include "sync/protocol/frame.h"

#include <stdlib.h>
#include <string.h>

#define BODY_CEILING   (FRAME_MAX_BYTES + 4096)
#define PACKED_CEILING (2 * FRAME_MAX_BYTES)
#define TEXT_CEILING   4096

enum status agent_create(const struct agent_options *options, struct agent **out,
                         struct error *error)
{
    struct agent *agent = mem_alloc(sizeof *agent);
    enum status status;

    *out = NULL;
    agent->folder = mem_copy_text(options->folder);
    agent->identity = *options->identity;
    agent->entropy = options->entropy;
    agent->wait_s = options->wait_s;
    agent->snapshot.part = -1;
    agent->queue = -1;
    agent->queue_kept = INT64_MIN;
    agent->look_due = true;
    agent->head_back = true;
    buf_init(&agent->body, BODY_CEILING);
    buf_init(&agent->packed, PACKED_CEILING);
    buf_init(&agent->ahead_body, BODY_CEILING);
    buf_init(&agent->ahead_packed, PACKED_CEILING);
    agent->ahead_at = INT64_MAX;
    buf_init(&agent->wish, TEXT_CEILING);
    buf_init(&agent->query, TEXT_CEILING);
    buf_init(&agent->path, TEXT_CEILING);
    status = sync_db_open(options->folder, &agent->sync, error);
    if (status == STATUS_OK)
        status = snapshot_open(agent, error);
    if (status == STATUS_OK)
        status = leases_open(agent, error);
    if (status == STATUS_OK) {
        agent->uplink =
            uplink_create(options->folder, options->identity, options->batch, agent->sync);
        status = uplink_recall(agent->uplink, error);
    }
    if (status != STATUS_OK) {
        agent_destroy(agent);
        return status;
    }
    *out = agent;
    return STATUS_OK;
}

void agent_destroy(struct agent *agent)
{
    if (!agent)
        return;
    uplink_destroy(agent->uplink);
    snapshot_close(agent);
    leases_close(agent);
    sync_db_close(agent->sync);
    buf_finish(&agent->body);
    buf_finish(&agent->packed);
    buf_finish(&agent->ahead_body);
    buf_finish(&agent->ahead_packed);
    buf_finish(&agent->wish);
    buf_finish(&agent->query);
    buf_finish(&agent->path);
    device_wipe(&agent->identity);
    free(agent->folder);
    free(agent);
}

void agent_actions_finish(struct agent_actions *actions)
{
    free(actions->items);
    memset(actions, 0, sizeof *actions);
}

static const char *flow_words(enum flow flow)
{
    static const char *const words[FLOWS] = {
        [FLOW_HELLO] = "the ledger's greeting",
        [FLOW_UPLINK] = "sending sales",
        [FLOW_AHEAD] = "sending sales",
        [FLOW_CHANGES] = "fetching changes",
        [FLOW_SNAPSHOT] = "fetching the catalogue",
        [FLOW_LEASES] = "asking for a gift card's balance",
    };

    return words[flow];
}

/* No answer: the line is asked first before anything else goes out. */
static void unanswered(struct agent *agent, enum flow flow, const char *why)
{
    if (flow == FLOW_AHEAD) {
        uplink_ahead_over(agent);
        return;
    }
    agent->failures++;
    if (flow == FLOW_UPLINK)
        uplink_unanswered(agent);
    flow_fail(agent, flow, SYNC_NO_ANSWER, 0, "No answer from the ledger at %s (%s): %s",
              agent->identity.url, flow_words(flow), why);
    if (flow == FLOW_HELLO)
        agent_set_online(agent, false);
    agent->hello = false;
}

static void answered(struct agent *agent, enum flow flow, int status, const char *body,
                     size_t length)
{
    switch (flow) {
    case FLOW_HELLO:
        hello_answer(agent, status, body, length);
        break;
    case FLOW_UPLINK:
        uplink_answer(agent, status, body, length);
        break;
    case FLOW_AHEAD:
        uplink_ahead_over(agent);
        break;
    case FLOW_CHANGES:
        changes_answer(agent, status, body, length);
        break;
    case FLOW_LEASES:
        leases_answer(agent, status, body, length);
        break;
    case FLOW_SNAPSHOT:
    case FLOWS:
        snapshot_answer(agent, status, body, length);
        break;
    }
}

static void take_answer(struct agent *agent, enum flow flow, const struct agent_event *event)
{
    struct buf plain;
    struct error error;

    agent->flows[flow].call = 0;
    agent->retry_ms = event->retry_ms;
    buf_init(&plain, COMPRESS_BODY_CEILING);
    if (!event->packed)
        answered(agent, flow, event->status, event->bytes ? event->bytes : "", event->length);
    else if (compress_unpack(event->bytes, event->length, &plain, &error) == STATUS_OK)
        answered(agent, flow, event->status, buf_text(&plain), plain.used);
    else
        unanswered(agent, flow, error.text);
    buf_finish(&plain);
}

static enum flow flow_of_call(const struct agent *agent, int64_t call)
{
    for (int i = 0; call > 0 && i < FLOWS; i++) {
        if (agent->flows[i].call == call)
            return (enum flow)i;
    }
    return FLOWS;
}

static void take_call_event(struct agent *agent, const struct agent_event *event)
{
    enum flow flow = flow_of_call(agent, event->call);

    if (flow == FLOWS)
        return; /* of a call that was given up */
    agent->flows[flow].stall_deadline = agent->mono_ms + agent->flows[flow].stall_ms;
    agent->bytes_received += (int64_t)event->length;
    if (event->kind == AGENT_ANSWERED)
        take_answer(agent, flow, event);
    else if (event->kind == AGENT_CHUNK && flow == FLOW_SNAPSHOT)
        snapshot_chunk(agent, event);
    else if (event->kind == AGENT_UNREACHABLE)
        unanswered(agent, flow, event->why ? event->why : "no reason given");
}

static void take_event(struct agent *agent, const struct agent_event *event)
{
    switch (event->kind) {
    case AGENT_STARTED:
        agent->started = true;
        agent->look_at = agent->mono_ms;
        agent->sweep_at = agent->mono_ms;
        agent_keep_silent(agent);
        break;
    case AGENT_STOPPED:
        agent->started = false;
        for (int i = 0; i < FLOWS; i++)
            flow_cancel(agent, (enum flow)i);
        agent_keep_silent(agent);
        break;
    case AGENT_TICK:
        break;
    case AGENT_POKED:
        agent->look_due = true;
        agent->lease.look = true;
        if (event->poke != AGENT_POKE_ENTRIES)
            agent->sweep_at = agent->mono_ms;
        break;
    case AGENT_ANSWERED:
    case AGENT_CHUNK:
    case AGENT_PROGRESS:
    case AGENT_UNREACHABLE:
        take_call_event(agent, event);
        break;
    }
}

static void cut_late_calls(struct agent *agent)
{
    for (int i = 0; i < FLOWS; i++) {
        struct flow_state *state = &agent->flows[i];
        bool stalled = agent->mono_ms >= state->stall_deadline;

        if (state->call == 0 || (!stalled && agent->mono_ms < state->total_deadline))
            continue;
        flow_cancel(agent, (enum flow)i);
        unanswered(agent, (enum flow)i, stalled ? "nothing came in time" : "it took too long");
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void add_wait(struct agent *agent)
{
    struct agent_actions *actions = agent->actions;
    int64_t until = agent->mono_ms + LOOK_EVERY_MS;

    /* A look that can't be taken now (no greeting, a batch out, a backoff) must not wake us. */
    if (flow_ready(agent, FLOW_UPLINK))
        until = earlier(until, agent->look_at);
    if (agent->flows[FLOW_UPLINK].call != 0)
        until = earlier(until, agent->ahead_at);
    for (int i = 0; i < FLOWS; i++) {
        const struct flow_state *state = &agent->flows[i];
        if (state->call != 0)
            until = earlier(until, earlier(state->total_deadline, state->stall_deadline));
        else if (state->not_before > agent->mono_ms)
            until = earlier(until, state->not_before);
    }
    if (until <= agent->mono_ms || snapshot_busy(agent))
        until = agent->mono_ms + 1;
    if (actions->count == actions->capacity) {
        actions->capacity++;
        actions->items = mem_resize(actions->items, actions->capacity * sizeof *actions->items);
    }
    memset(&actions->items[actions->count], 0, sizeof *actions->items);
    actions->items[actions->count].kind = AGENT_WAIT;
    actions->items[actions->count++].mono_ms = until;
}

void agent_step(struct agent *agent, const struct agent_event *event, struct agent_actions *actions)
{
    actions->count = 0;
    agent->actions = actions;
    agent->wall_ms = event->wall_ms;
    agent->mono_ms = event->mono_ms;
    take_event(agent, event);
    if (agent->started) {
        cut_late_calls(agent);
        hello_advance(agent);
        uplink_advance(agent);
        leases_advance(agent);
        snapshot_advance(agent);
        changes_advance(agent);
    }
    add_wait(agent);
    agent->actions = NULL;
}

void agent_look(const struct agent *agent, struct agent_view *out)
{
    memset(out, 0, sizeof *out);
    out->online = agent->online;
    out->hello = agent->hello;
    out->queue = agent->queue;
    out->till_known = agent->till_known;
    out->has_replica = agent->current != NULL;
    out->up_to_date = agent->up_to_date;
    out->failures = agent->failures;
    out->reason = agent->reason_shown;
    out->ledger_ms = agent_ledger_ms(agent);
}

bool agent_drained(const struct agent *agent)
{
    return agent->hello && agent->current && agent->up_to_date && agent->head_back &&
           !agent->look_due && agent->snapshot.stage == SNAPSHOT_NONE &&
           agent->flows[FLOW_UPLINK].call == 0 && agent->flows[FLOW_LEASES].call == 0 &&
           !leases_busy(agent) && !uplink_waiting(agent->uplink);
}
