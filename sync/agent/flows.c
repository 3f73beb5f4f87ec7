/* What the flows have in common: signed requests, failures, the ledger's time, and what is written
 * for people into agent_state.
 *
 * The ledger's time is kept against the monotonic clock, so that a wall clock that jumps changes
 * nothing: ledger time = ledger_ms_at + (mono now - mono_at).
 */
#include "sync/agent/flows.h"
#include "sync/protocol/compress.h"
#include "terminal/base/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_TOLERANCE_MS 5000
#define LAST_OK_EVERY_MS   30000
#define DENIED_FLOOR_MS    15000
#define RETRY_CEILING_MS   300000 /* no ledger may send a till to sleep for longer */

static struct agent_action *add_action(struct agent *agent, enum agent_action_kind kind)
{
    struct agent_actions *actions = agent->actions;
    struct agent_action *action;

    if (actions->count == actions->capacity) {
        actions->capacity = actions->capacity ? 2 * actions->capacity : 16;
        actions->items = mem_resize(actions->items, actions->capacity * sizeof *actions->items);
    }
    action = &actions->items[actions->count++];
    memset(action, 0, sizeof *action);
    action->kind = kind;
    return action;
}

void agent_log(struct agent *agent, enum log_level level, const char *format, ...)
{
    struct agent_action *action = add_action(agent, AGENT_LOG);
    va_list arguments;

    action->level = level;
    va_start(arguments, format);
    (void)vsnprintf(action->text, sizeof action->text, format, arguments);
    va_end(arguments);
}

void agent_poke_till(struct agent *agent, const char *word)
{
    for (size_t i = 0; i < agent->actions->count; i++) {
        if (agent->actions->items[i].kind == AGENT_POKE_TILL &&
            strcmp(agent->actions->items[i].word, word) == 0)
            return;
    }
    add_action(agent, AGENT_POKE_TILL)->word = word;
}

void agent_keep(struct agent *agent, const char *key, const char *value)
{
    struct error error;

    if (sync_db_put(agent->sync, key, value, &error) != STATUS_OK)
        agent_log(agent, LOG_LEVEL_ERROR, "sync.db: %s", error.text);
}

static void keep_int(struct agent *agent, const char *key, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    agent_keep(agent, key, text);
}

int64_t agent_ledger_ms(const struct agent *agent)
{
    if (!agent->time_known)
        return agent->wall_ms;
    return agent->ledger_ms_at + (agent->mono_ms - agent->mono_at);
}

void agent_learn_time(struct agent *agent, int64_t ledger_ms)
{
    int64_t off;

    if (ledger_ms <= 0)
        return;
    agent->time_known = true;
    agent->ledger_ms_at = ledger_ms;
    agent->mono_at = agent->mono_ms;
    off = ledger_ms - agent->wall_ms;
    if (off > -CLOCK_TOLERANCE_MS && off < CLOCK_TOLERANCE_MS)
        off = 0;
    if (off - agent->clock_off_ms <= CLOCK_TOLERANCE_MS &&
        agent->clock_off_ms - off <= CLOCK_TOLERANCE_MS)
        return;
    agent->clock_off_ms = off;
    keep_int(agent, "clock_off_ms", off);
    if (off != 0)
        agent_log(agent, LOG_LEVEL_WARN, "this computer's clock is %" PRId64 " s off the ledger's",
                  -off / 1000);
}

void agent_set_online(struct agent *agent, bool online)
{
    if (online) {
        agent->failures = 0;
        if (agent->wall_ms - agent->last_ok_written_ms >= LAST_OK_EVERY_MS ||
            agent->wall_ms < agent->last_ok_written_ms) {
            agent->last_ok_written_ms = agent->wall_ms;
            keep_int(agent, "last_ok_ms", agent->wall_ms);
            keep_int(agent, "bytes_sent", agent->bytes_sent);
            keep_int(agent, "bytes_received", agent->bytes_received);
        }
    }
    if (agent->online == online && agent->since_ms != 0)
        return;
    agent->online = online;
    agent->since_ms = agent->wall_ms;
    agent_keep(agent, "online", online ? "1" : "0");
    keep_int(agent, "since_ms", agent->since_ms);
    agent_log(agent, LOG_LEVEL_INFO, online ? "the ledger answers" : "the ledger does not answer");
    agent_poke_till(agent, "state");
}

void agent_keep_silent(struct agent *agent)
{
    struct buf online;
    struct error error;

    buf_init(&online, 64);
    if (sync_db_get(agent->sync, "online", &online, &error) != STATUS_OK ||
        strcmp(buf_text(&online), "0") != 0) {
        agent_keep(agent, "online", "0");
        keep_int(agent, "since_ms", agent->wall_ms);
    }
    buf_finish(&online);
}

/* The first flow that has a reason speaks for all. */
static void show_reason(struct agent *agent)
{
    const char *reason = "";
    enum sync_trouble trouble = SYNC_WELL;

    for (int i = 0; i < FLOWS && reason[0] == '\0'; i++) {
        reason = agent->flows[i].reason;
        trouble = agent->flows[i].trouble;
    }
    if (strcmp(reason, agent->reason_shown) == 0)
        return;
    (void)snprintf(agent->reason_shown, sizeof agent->reason_shown, "%s", reason);
    agent_keep(agent, "trouble", sync_trouble_word(trouble));
    agent_keep(agent, "reason", reason);
    agent_poke_till(agent, "state");
}

static void keep_last_error(struct agent *agent, const char *reason)
{
    char line[REASON_SIZE + UTC_STAMP_SIZE + 1];
    char stamp[UTC_STAMP_SIZE];

    utc_stamp(agent->wall_ms, stamp);
    (void)snprintf(line, sizeof line, "%s %s", stamp, reason);
    agent_keep(agent, "last_error", line);
}

void flow_fail(struct agent *agent, enum flow flow, enum sync_trouble trouble, int64_t floor_ms,
               const char *format, ...)
{
    struct flow_state *state = &agent->flows[flow];
    char reason[REASON_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    state->call = 0;
    state->clock_retries = 0;
    state->not_before = agent->mono_ms + backoff_fail(&state->backoff, &agent->entropy, floor_ms);
    if (strcmp(reason, state->reason) == 0)
        return; /* said already */
    (void)snprintf(state->reason, sizeof state->reason, "%s", reason);
    state->trouble = trouble;
    agent_log(agent, LOG_LEVEL_WARN, "%s", reason);
    keep_last_error(agent, reason);
    show_reason(agent);
}

void flow_good(struct agent *agent, enum flow flow)
{
    struct flow_state *state = &agent->flows[flow];

    state->call = 0;
    state->not_before = 0;
    state->clock_retries = 0;
    backoff_reset(&state->backoff);
    state->reason[0] = '\0';
    state->trouble = SYNC_WELL;
    show_reason(agent);
}

void flow_refused(struct agent *agent, enum flow flow, int status, const struct refusal *refusal)
{
    struct flow_state *state = &agent->flows[flow];
    const char *message = refusal->message[0] != '\0' ? refusal->message : refusal->code;
    int64_t pause = refusal->retry_ms > agent->retry_ms ? refusal->retry_ms : agent->retry_ms;

    if (pause > RETRY_CEILING_MS)
        pause = RETRY_CEILING_MS;
    agent_learn_time(agent, refusal->time_ms);
    if (status == 401 && strcmp(refusal->code, "clock") == 0 && refusal->time_ms > 0 &&
        state->clock_retries < 2) {
        state->clock_retries++;
        state->call = 0;
        state->not_before = 0;
        return;
    }
    if (status == 403 && strcmp(refusal->code, "revoked") == 0)
        flow_fail(agent, flow, SYNC_REVOKED, DENIED_FLOOR_MS,
                  "Head office has taken this till's access to the ledger away");
    else if (status == 426)
        flow_fail(agent, flow, SYNC_VERSION, DENIED_FLOOR_MS,
                  "The programs of this till and of the ledger are too far apart in age: %s",
                  message);
    else if (status == 401 || status == 403)
        flow_fail(agent, flow, SYNC_DENIED, DENIED_FLOOR_MS,
                  "The ledger does not accept this till: %s", message);
    else if (status == 429 || status == 503)
        flow_fail(agent, flow, SYNC_BUSY, pause, "The ledger is busy: %s", message);
    else
        flow_fail(agent, flow, SYNC_ODD, pause, "The ledger answered %d: %s", status, message);
}

bool flow_ready(const struct agent *agent, enum flow flow)
{
    return agent->flows[flow].call == 0 && agent->mono_ms >= agent->flows[flow].not_before;
}

void flow_cancel(struct agent *agent, enum flow flow)
{
    if (agent->flows[flow].call == 0)
        return;
    add_action(agent, AGENT_CANCEL)->call = agent->flows[flow].call;
    agent->flows[flow].call = 0;
}

void flow_take_over(struct agent *agent, enum flow flow, enum flow from)
{
    struct flow_state *state = &agent->flows[flow];
    struct flow_state *other = &agent->flows[from];

    INVARIANT(state->call == 0 && other->call != 0);
    state->call = other->call;
    state->stall_ms = other->stall_ms;
    state->stall_deadline = other->stall_deadline;
    state->total_deadline = other->total_deadline;
    other->call = 0;
}

void flow_send(struct agent *agent, enum flow flow, const struct question *question)
{
    struct flow_state *state = &agent->flows[flow];
    struct transport_request *request = &add_action(agent, AGENT_SEND)->request;
    struct signed_request signing = {question->method, question->path, question->query,
                                     hash_bytes(question->body, question->body_length)};
    struct signature_params params = {.created = agent_ledger_ms(agent) / 1000};

    INVARIANT(state->call == 0);
    state->call = ++agent->last_call;
    state->stall_ms = question->stall_ms;
    state->stall_deadline = agent->mono_ms + question->stall_ms;
    state->total_deadline =
        question->total_ms > 0 ? agent->mono_ms + question->total_ms : INT64_MAX;
    signature_nonce(&agent->entropy, params.nonce);
    hex_write(agent->identity.device.bytes, ID_SIZE, params.keyid);
    signature_build(&signing, &params, &agent->identity.device_secret, &request->signature);
    request->call = state->call;
    request->method = question->method;
    request->path = question->path;
    request->query = question->query;
    request->content_type = question->content_type;
    request->version = MESSAGE_VERSION;
    request->packed = question->packed;
    request->body = question->body;
    request->body_length = question->body_length;
    agent->bytes_sent += (int64_t)question->body_length;
    request->stream = question->stream;
    request->range_from = question->range_from;
}
