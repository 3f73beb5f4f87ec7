/* Calls are numbered for ever and kept in a list while they live.
 *
 * state   ON_THE_WAY ─► (ledger) ─► WAITING ─► ANSWERING ─► gone
 *              └──────────────────────┴──► GHOST: the agent no longer listens
 */
#include "tests/sim/net.h"

#include "sync/ledger/handle.h"
#include "terminal/base/buf.h"
#include "terminal/base/fs.h"
#include "tests/sim/faults.h"
#include "tests/sim/invariants.h"
#include "tests/sim/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE        16384
#define SILENCE_MS   1000000000
#define WAIT_OVER_MS 25001 /* of a long poll, from its arrival */

enum call_state { CALL_ON_THE_WAY, CALL_WAITING, CALL_ANSWERING, CALL_LOST };

struct call {
    int64_t number;
    int seat;
    int generation; /* of the agent */
    int64_t call;   /* the agent's number */
    bool listening; /* the agent still wants to hear of it */
    enum call_state state;
    int64_t sent_at;
    char *method, *path, *query, *body;
    size_t length;
    bool packed, stream;
    int64_t range_from;
    struct signature_headers signature;
    struct ledger_wait *wait;
    struct ledger_response response;
    bool answered;
    int64_t at; /* of the answer's body */
    struct call *next;
};

struct net {
    struct call *first;
    int64_t last_number;
};

struct net *net_new(void)
{
    return mem_alloc(sizeof(struct net));
}

static struct call *find(struct net *net, int64_t number)
{
    for (struct call *call = net->first; call != NULL; call = call->next) {
        if (call->number == number)
            return call;
    }
    return NULL;
}

static void drop(struct world *world, struct call *call)
{
    struct call **at = &world->net->first;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    if (call->wait != NULL)
        ledger_wait_free(call->wait);
    if (call->answered)
        ledger_node_finish_response(world, &call->response);
    free(call->method);
    free(call->path);
    free(call->query);
    free(call->body);
    free(call);
}

void net_free(struct world *world)
{
    while (world->net->first != NULL)
        drop(world, world->net->first);
    free(world->net);
    world->net = NULL;
}

static void later(struct world *world, const struct call *call, int64_t delay)
{
    world_schedule(world, world->now_ms + delay, EVENT_NET, call->seat, 0, call->number);
}

static struct call *copy_request(struct world *world, const struct seat *seat,
                                 const struct transport_request *request)
{
    struct call *call = mem_alloc(sizeof *call);

    call->number = ++world->net->last_number;
    call->seat = seat->index;
    call->generation = seat->agent_node.generation;
    call->call = request->call;
    call->listening = true;
    call->sent_at = world->now_ms;
    call->method = mem_copy_text(request->method);
    call->path = mem_copy_text(request->path);
    call->query = mem_copy_text(request->query);
    call->body = mem_alloc(request->body_length + 1);
    if (request->body_length > 0)
        memcpy(call->body, request->body, request->body_length);
    call->length = request->body_length;
    call->packed = request->packed;
    call->stream = request->stream;
    call->range_from = request->range_from;
    call->signature = request->signature;
    call->next = world->net->first;
    world->net->first = call;
    return call;
}

/* The agent hears that there is no answer, and the call is over. */
static void unreachable(struct world *world, struct call *call, const char *why)
{
    struct agent_event event = {.kind = AGENT_UNREACHABLE, .call = call->call, .why = why};
    struct seat *seat = &world->seat[call->seat];
    bool listening = call->listening;

    drop(world, call);
    if (listening)
        agent_node_event(world, seat, &event);
}

void net_send(struct world *world, struct seat *seat, const struct transport_request *request)
{
    struct call *call = copy_request(world, seat, request);
    int64_t delay = faults_delay(world);

    invariant_14_retries_are_bounded(world, seat);
    if (seat->parted) {
        world_fault(world, FAULT_PARTED_CALL);
        call->state = CALL_LOST;
        if (faults_chance(world, RATE_HALF_OPEN))
            delay = SILENCE_MS;
    } else if (faults_net(world, FAULT_REQUEST_LOST) || faults_net(world, FAULT_REQUEST_CUT)) {
        call->state = CALL_LOST;
    } else if (faults_net(world, FAULT_HALF_OPEN)) {
        call->state = CALL_LOST;
        delay = SILENCE_MS;
    }
    if (delay < SILENCE_MS)
        later(world, call, delay);
    if (call->state == CALL_ON_THE_WAY && faults_net(world, FAULT_REQUEST_TWICE)) {
        struct call *ghost = copy_request(world, seat, request);
        ghost->listening = false;
        later(world, ghost, delay + faults_delay(world) * 10);
    }
}

/* It is forgotten, unless the network delivers it all the same. */
static void silence(struct world *world, struct call *call)
{
    call->listening = false;
    if (call->state != CALL_ON_THE_WAY)
        drop(world, call);
    else
        world_fault(world, FAULT_REQUEST_LATE);
}

void net_cancel(struct world *world, struct seat *seat, int64_t number)
{
    for (struct call *call = world->net->first; call != NULL; call = call->next) {
        if (call->seat == seat->index && call->call == number && call->listening) {
            silence(world, call);
            return;
        }
    }
}

void net_agent_gone(struct world *world, struct seat *seat)
{
    for (struct call *call = world->net->first, *next; call != NULL; call = next) {
        next = call->next;
        if (call->seat == seat->index && call->listening)
            silence(world, call);
    }
}

void net_ledger_gone(struct world *world)
{
    for (struct call *call = world->net->first; call != NULL; call = call->next) {
        if (call->wait != NULL)
            ledger_wait_free(call->wait);
        call->wait = NULL;
        if (call->answered)
            ledger_node_finish_response(world, &call->response);
        call->answered = false;
        if (call->state != CALL_WAITING && call->state != CALL_ANSWERING)
            continue;
        call->state = CALL_LOST;
        later(world, call, faults_delay(world));
    }
}

static void take_answer(struct world *world, struct call *call)
{
    if (call->response.wait != NULL) {
        call->wait = call->response.wait;
        call->response.wait = NULL;
        call->state = CALL_WAITING;
        ledger_node_finish_response(world, &call->response);
        call->answered = false;
        later(world, call, WAIT_OVER_MS);
        return;
    }
    trace_line(&world->trace, world->now_ms, "ledger answers %s %s: %d",
               world->seat[call->seat].machine.name, call->path, call->response.status);
    call->state = CALL_ANSWERING;
    call->at = call->response.offset;
    if (!call->listening) {
        drop(world, call);
        return;
    }
    if (faults_net(world, FAULT_ANSWER_LOST) || (world->seat[call->seat].parted && !world->healed))
        call->state = CALL_LOST;
    later(world, call, faults_delay(world));
}

static void arrive(struct world *world, struct call *call)
{
    char range[48];
    struct ledger_request request = {.method = call->method,
                                     .path = call->path,
                                     .query = call->query,
                                     .content_digest = call->signature.digest,
                                     .signature_input = call->signature.input,
                                     .signature = call->signature.value,
                                     .content_encoding = call->packed ? "zstd" : NULL,
                                     .accept_encoding = "zstd",
                                     .body = call->body,
                                     .length = call->length};

    if (call->range_from > 0) {
        (void)snprintf(range, sizeof range, "bytes=%lld-", (long long)call->range_from);
        request.range = range;
    }
    if (world->ledger == NULL) {
        call->state = CALL_LOST;
        later(world, call, 1);
        return;
    }
    if (world->ledger_node.stopped_until > world->now_ms) {
        later(world, call, world->ledger_node.stopped_until - world->now_ms + 1);
        return;
    }
    int64_t number = call->number;
    struct ledger_response response;
    if (!ledger_node_handle(world, &request, &response)) {
        /* It died over it. net_ledger_gone did not see this call: it was not answered. */
        call = find(world->net, number);
        if (call != NULL) {
            call->state = CALL_LOST;
            later(world, call, faults_delay(world));
        }
        return;
    }
    call->response = response;
    call->answered = true;
    take_answer(world, call);
}

/* One piece of a streamed body, or the whole of a collected one. */
static void deliver(struct world *world, struct call *call)
{
    struct ledger_response *response = &call->response;
    struct agent_event event = {
        .call = call->call, .status = response->status, .packed = response->zstd};
    struct seat *seat = &world->seat[call->seat];
    bool file = response->file >= 0;
    char piece[PIECE];

    if (faults_net(world, FAULT_ANSWER_CUT)) {
        unreachable(world, call, "cut in mid-body");
        return;
    }
    if (file && call->at < response->offset + response->length) {
        int64_t left = response->offset + response->length - call->at;
        ssize_t got = ledger_node_read(world, response->file, piece,
                                       left < PIECE ? (size_t)left : (size_t)PIECE, call->at);
        if (got <= 0) {
            unreachable(world, call, "the far side closed");
            return;
        }
        event.kind = AGENT_CHUNK;
        event.bytes = piece;
        event.length = (size_t)got;
        event.offset = call->at;
        call->at += got;
        later(world, call, faults_delay(world));
        agent_node_event(world, seat, &event);
        return;
    }
    event.kind = AGENT_ANSWERED;
    struct buf body = response->body;
    if (!file) {
        event.bytes = buf_text(&body);
        event.length = body.used;
    }
    buf_init(&response->body, 1); /* the bytes are ours now */
    drop(world, call);
    agent_node_event(world, seat, &event);
    buf_finish(&body);
}

void net_look_at_waits(struct world *world)
{
    int64_t now_us = clock_monotonic_us(&world->ledger->clock);

    for (struct call *call = world->net->first, *next; call != NULL; call = next) {
        next = call->next;
        if (call->state != CALL_WAITING || !ledger_wait_over(world->ledger, call->wait, now_us))
            continue;
        struct ledger_wait *wait = call->wait;
        call->wait = NULL;
        if (!ledger_node_continue(world, wait, &call->response))
            return; /* it died: net_ledger_gone took care of all */
        call->answered = true;
        take_answer(world, call);
    }
}

void net_event(struct world *world, int64_t number)
{
    struct call *call = find(world->net, number);

    if (call == NULL)
        return;
    struct node *agent = &world->seat[call->seat].agent_node;
    if (call->listening && agent->stopped_until > world->now_ms &&
        (call->state == CALL_ANSWERING || call->state == CALL_LOST)) {
        later(world, call, agent->stopped_until - world->now_ms + 1);
        return;
    }
    if (call->state == CALL_LOST)
        unreachable(world, call, "no answer");
    else if (call->state == CALL_ON_THE_WAY)
        arrive(world, call);
    else if (call->state == CALL_ANSWERING)
        deliver(world, call);
    else if (world->ledger_node.stopped_until <= world->now_ms)
        net_look_at_waits(world);
}
