/* POST /v1/journal: batch after batch while there is something to send. What is on the disk, and
 * when, is told in uplink.c: a batch is done when the countersigned head is in sync.db.
 *
 * The batch that follows the one that is out goes before its answer, so that the ledger reads it
 * while it still writes the first:
 *
 *   FLOW_UPLINK  ── batch 1 ────────► 200    it is batch 2's call now ──► 200
 *   FLOW_AHEAD        ── batch 2 ───────────┘     ── batch 3 ───────────┘
 *
 * That is a guess. Any other answer to the first, and any to the second that comes before the
 * first's, makes it as if the second had not been sent: it is sent again in its turn, and what the
 * ledger has of it already is skipped there.
 */
#include "sync/agent/flows.h"
#include "sync/protocol/compress.h"
#include "sync/protocol/frame.h"

#include <stdio.h>
#include <string.h>

#define UPLINK_TOTAL_MS 120000
#define UPLINK_STALL_MS 45000
#define AHEAD_AFTER_MS  2    /* the batch that is out is on its way by then */
#define AHEAD_WITHIN_MS 1000 /* a line that takes longer is full with one batch */

/* A figure for --status; nothing known is "". */
static void keep_figure(struct agent *agent, const char *key, int64_t value, bool known)
{
    char text[24] = "";

    if (known)
        (void)snprintf(text, sizeof text, "%lld", (long long)value);
    agent_keep(agent, key, text);
}

/* For --status: the till counts for itself, so it need not be written per sale. */
static void keep_queue(struct agent *agent)
{
    int64_t oldest_ms;

    if ((agent->queue <= 0 && agent->queue == agent->queue_kept) ||
        (agent->queue > 0 && agent->mono_ms - agent->queue_kept_at < LOOK_EVERY_MS))
        return;
    agent->queue_kept = agent->queue;
    agent->queue_kept_at = agent->mono_ms;
    oldest_ms = agent->queue > 0 ? uplink_oldest_ms(agent->uplink) : 0;
    keep_figure(agent, "queue", agent->queue, agent->queue >= 0);
    keep_figure(agent, "oldest_ms", oldest_ms, oldest_ms > 0);
}

static void look(struct agent *agent)
{
    struct error error;
    int64_t queue = 0;
    enum status status = uplink_look(agent->uplink, &queue, &error);

    agent->look_due = false;
    agent->look_at = agent->mono_ms + LOOK_EVERY_MS;
    if (uplink_examined(agent->uplink))
        agent->lease.told_again = true;
    leases_look(agent);
    agent->till_known = status != STATUS_NOT_FOUND;
    agent->queue = status == STATUS_OK ? queue : status == STATUS_NOT_FOUND ? 0 : -1;
    keep_queue(agent);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND && status != STATUS_BUSY)
        flow_fail(agent, FLOW_UPLINK, SYNC_HERE, 0, "Reading the journal failed: %s", error.text);
}

/* Packs when it is worth it; *packed stays empty otherwise. */
static void pack(const struct buf *body, struct buf *packed)
{
    buf_clear(packed);
    if (body->used >= COMPRESS_WORTHWHILE &&
        compress_bytes(buf_text(body), body->used, packed) != STATUS_OK)
        buf_clear(packed);
}

/* The next batch is the one that was made ready: now it is in agent->body and agent->packed. */
static bool next_is_ahead(struct agent *agent)
{
    struct buf body = agent->body, packed = agent->packed;

    if (!agent->ahead_built || !uplink_take_ahead(agent->uplink))
        return false;
    agent->body = agent->ahead_body;
    agent->packed = agent->ahead_packed;
    agent->ahead_body = body;
    agent->ahead_packed = packed;
    return true;
}

/* The next batch is made now. */
static enum status build_next(struct agent *agent, bool *any, struct error *error)
{
    enum status status;

    buf_clear(&agent->body);
    status = uplink_build(agent->uplink, &agent->body, any, error);
    if (status == STATUS_OK && *any)
        pack(&agent->body, &agent->packed);
    return status;
}

static void post(struct agent *agent, enum flow flow, const struct buf *body,
                 const struct buf *packed)
{
    struct question question = {.method = "POST",
                                .path = "/v1/journal",
                                .query = "",
                                .content_type = FRAME_CONTENT_TYPE,
                                .packed = packed->used > 0,
                                .total_ms = UPLINK_TOTAL_MS,
                                .stall_ms = UPLINK_STALL_MS};

    question.body = question.packed ? buf_text(packed) : buf_text(body);
    question.body_length = question.packed ? packed->used : body->used;
    flow_send(agent, flow, &question);
}

/* The next batch is out: sent now, or before. */
static void send_batch(struct agent *agent)
{
    struct error error;
    bool guessed = next_is_ahead(agent);
    bool any = guessed;
    enum status status = guessed ? STATUS_OK : build_next(agent, &any, &error);

    agent->ahead_built = false;
    agent->ahead_at = INT64_MAX;
    if (status != STATUS_OK) {
        flow_fail(agent, FLOW_UPLINK, SYNC_HERE, 0, "Reading the journal failed: %s", error.text);
        return;
    }
    if (!any)
        return;
    if (guessed && agent->flows[FLOW_AHEAD].call != 0)
        flow_take_over(agent, FLOW_UPLINK, FLOW_AHEAD);
    else
        post(agent, FLOW_UPLINK, &agent->body, &agent->packed);
    agent->batch_ms = agent->mono_ms;
    agent->ahead_at = agent->mono_ms + AHEAD_AFTER_MS;
}

/* While the ledger works on a batch, the one after it is read and packed, and sent where the line
 * is quick. Not ahead of the ledger's knowing the epoch, nor of a lease that waits for its turn. */
static void build_ahead(struct agent *agent)
{
    if (agent->flows[FLOW_UPLINK].call == 0 || agent->mono_ms < agent->ahead_at)
        return;
    agent->ahead_at = INT64_MAX;
    buf_clear(&agent->ahead_body);
    agent->ahead_built = uplink_build_ahead(agent->uplink, &agent->ahead_body);
    if (!agent->ahead_built)
        return;
    pack(&agent->ahead_body, &agent->ahead_packed);
    if (agent->batch_quick && uplink_agreed(agent->uplink) && !leases_go_first(agent))
        post(agent, FLOW_AHEAD, &agent->ahead_body, &agent->ahead_packed);
}

static void start_what_is_due(struct agent *agent)
{
    if (!flow_ready(agent, FLOW_UPLINK))
        return;
    if ((agent->hello && agent->look_due) || agent->mono_ms >= agent->look_at)
        look(agent);
    if (agent->hello && !leases_go_first(agent) && flow_ready(agent, FLOW_UPLINK) &&
        uplink_waiting(agent->uplink))
        send_batch(agent);
}

void uplink_advance(struct agent *agent)
{
    uplink_clock(agent->uplink, agent->wall_ms);
    build_ahead(agent);
    start_what_is_due(agent);
    /* It follows nothing any more, or something else than it was sent after. */
    if (agent->flows[FLOW_UPLINK].call == 0 || !agent->ahead_built)
        flow_cancel(agent, FLOW_AHEAD);
}

void uplink_ahead_over(struct agent *agent)
{
    agent->flows[FLOW_AHEAD].call = 0;
}

void uplink_cancel(struct agent *agent)
{
    flow_cancel(agent, FLOW_UPLINK);
    flow_cancel(agent, FLOW_AHEAD);
}

static void take_head(struct agent *agent, const char *body, size_t length)
{
    struct journal_answer answer;
    struct error error;
    enum status status = message_read_journal_answer(body, length, &answer, &error);

    if (status == STATUS_OK) {
        agent_learn_time(agent, answer.time_ms);
        status = uplink_taken(agent->uplink, &answer, &error);
    }
    if (status != STATUS_OK) {
        uplink_lost(agent->uplink);
        flow_fail(agent, FLOW_UPLINK, SYNC_HERE, 0, "Sending sales: %s", error.text);
        return;
    }
    flow_good(agent, FLOW_UPLINK);
    agent->last_head = answer.head;
    changes_note_head(agent);
    agent->look_due = true;
    agent_poke_till(agent, "state");
}

static void take_gap(struct agent *agent, const struct refusal *refusal)
{
    bool again = false;

    uplink_gap(agent->uplink, refusal->expected, &again);
    if (!again) {
        agent_log(agent, LOG_LEVEL_INFO, "the ledger wants entries from %lld on",
                  (long long)refusal->expected);
        flow_good(agent, FLOW_UPLINK);
        return;
    }
    flow_fail(agent, FLOW_UPLINK, SYNC_ODD, 0,
              "The ledger and this till disagree about what was sent");
    agent->hello = false;
}

static void take_fork(struct agent *agent, const struct refusal *refusal)
{
    struct error error;
    bool blocked = false;
    enum status status = uplink_fork(agent->uplink, refusal->seq, refusal->taken, &blocked, &error);

    if (status != STATUS_OK) {
        flow_fail(agent, FLOW_UPLINK, SYNC_HERE, 0, "sync.db: %s", error.text);
        return;
    }
    agent_log(agent, LOG_LEVEL_ERROR,
              "the journal forked at entry %lld: the ledger %s what only this till holds",
              (long long)refusal->seq, blocked ? "does not take" : "keeps aside");
    if (blocked)
        flow_fail(agent, FLOW_UPLINK, SYNC_FORKED, 0,
                  "Two copies of this till went on selling; head office must decide");
    else
        flow_good(agent, FLOW_UPLINK);
    agent->look_due = true;
    agent_poke_till(agent, "state");
}

/* The batch itself is refused: find the entry that is to blame, and let no other wait for it. */
static void take_refused_batch(struct agent *agent, int status, const struct refusal *refusal)
{
    bool single = false;
    bool damaged = false;

    uplink_smaller(agent->uplink, &single, &damaged);
    if (damaged)
        agent_log(agent, LOG_LEVEL_ERROR, "an entry is damaged on this disk: sent as damaged");
    if (!single || damaged) {
        flow_good(agent, FLOW_UPLINK);
        return;
    }
    flow_refused(agent, FLOW_UPLINK, status, refusal);
}

void uplink_answer(struct agent *agent, int status, const char *body, size_t length)
{
    struct refusal refusal;

    agent_set_online(agent, true);
    agent->batch_quick = status == 200 && agent->mono_ms - agent->batch_ms <= AHEAD_WITHIN_MS;
    if (status == 200) {
        take_head(agent, body, length);
        return;
    }
    flow_cancel(agent, FLOW_AHEAD); /* what the ledger makes of it is an answer to another story */
    (void)!message_read_refusal(body, length, &refusal);
    if (status == 409 && strcmp(refusal.code, "gap") == 0) {
        take_gap(agent, &refusal);
    } else if (status == 409 && strcmp(refusal.code, "fork") == 0) {
        take_fork(agent, &refusal);
    } else if (status == 400 || status == 413 || status == 422 ||
               (status == 403 && strcmp(refusal.code, "denied") == 0)) {
        /* 403: the signature of an entry does not hold. */
        take_refused_batch(agent, status, &refusal);
    } else {
        uplink_lost(agent->uplink);
        flow_refused(agent, FLOW_UPLINK, status, &refusal);
    }
}

void uplink_unanswered(struct agent *agent)
{
    bool single = false;
    bool damaged = false;

    agent->batch_quick = false;
    /* A slow line gets through with less at a time. */
    uplink_smaller(agent->uplink, &single, &damaged);
}
