/* GET /v1/changes: a long poll, over and over. It feeds the replica in use, or, while a new one is
 * being made ready, that one until it has caught up.
 *
 * On disk: see apply.c; one answer is one transaction, rows with their cursor.
 */
#include "sync/agent/flows.h"

#include <string.h>

#define CHANGES_STALL_MS 20000
#define CHANGES_TOTAL_MS 600000

/* The replica that changes go to now. */
static struct apply *target(struct agent *agent)
{
    if (agent->snapshot.stage == SNAPSHOT_CATCHING)
        return agent->next;
    return agent->snapshot.stage == SNAPSHOT_NONE ? agent->current : NULL;
}

void changes_note_head(struct agent *agent)
{
    struct error error;
    int64_t seen = 0;

    agent->head_back = agent->last_head.seq == 0;
    if (agent->head_back || !agent->current)
        return;
    if (apply_watermark(agent->current, &agent->identity.device, &agent->last_head.epoch, &seen,
                        &error) != STATUS_OK)
        agent_log(agent, LOG_LEVEL_WARN, "the replica's watermark: %s", error.text);
    agent->head_back = seen >= agent->last_head.seq;
}

void changes_advance(struct agent *agent)
{
    struct question question = {.method = "GET", .path = "/v1/changes"};
    struct apply *apply = target(agent);
    struct error error;
    int wait_s;
    enum status status;

    if (!agent->hello || !apply || !flow_ready(agent, FLOW_CHANGES))
        return;
    /* The ledger holds the question until there is something new. */
    wait_s = agent->up_to_date && apply == agent->current ? agent->wait_s : 0;
    status = apply_query(apply, wait_s, &agent->asked, &error);
    buf_clear(&agent->query);
    if (status == STATUS_OK)
        status = message_write_changes_query(&agent->asked, &agent->query);
    if (status != STATUS_OK) {
        snapshot_want(agent, "the replica's cursors can't be read");
        return;
    }
    question.query = buf_text(&agent->query);
    question.stall_ms = (int64_t)wait_s * 1000 + CHANGES_STALL_MS;
    question.total_ms = CHANGES_TOTAL_MS;
    flow_send(agent, FLOW_CHANGES, &question);
}

static void note_skipped(struct agent *agent, const struct apply_result *result)
{
    if (result->skipped > 0)
        agent_log(agent, LOG_LEVEL_WARN, "%lld rows were not understood and left out: %s",
                  (long long)result->skipped, result->first_skipped);
}

static void take_changes(struct agent *agent, struct apply *apply,
                         const struct changes_answer *answer)
{
    struct apply_result result;
    struct error error;
    enum status status = apply_changes(apply, &agent->asked, answer, &result, &error);

    if (status == STATUS_CONFLICT) {
        flow_good(agent, FLOW_CHANGES);
        snapshot_want(agent, "the ledger has another incarnation");
        return;
    }
    if (status != STATUS_OK) {
        flow_fail(agent, FLOW_CHANGES, SYNC_HERE, 0, "Updating the catalogue here failed: %s",
                  error.text);
        if (status == STATUS_CORRUPT)
            snapshot_want(agent, "the replica is damaged");
        return;
    }
    note_skipped(agent, &result);
    flow_good(agent, FLOW_CHANGES);
    if (apply == agent->next) {
        snapshot_caught_up(agent, answer->more);
        return;
    }
    agent->up_to_date = !answer->more;
    changes_note_head(agent);
    /* Also without rows: the figures are younger now. */
    agent_poke_till(agent, "rows");
}

void changes_answer(struct agent *agent, int status, const char *body, size_t length)
{
    struct apply *apply = target(agent);
    struct changes_answer answer;
    struct refusal refusal;
    struct error error;

    agent_set_online(agent, true);
    if (!apply) {
        agent->flows[FLOW_CHANGES].call = 0;
        return;
    }
    if (status == 410) {
        flow_good(agent, FLOW_CHANGES);
        snapshot_want(agent, "the ledger asks for a new snapshot");
        return;
    }
    if (status != 200) {
        (void)!message_read_refusal(body, length, &refusal);
        flow_refused(agent, FLOW_CHANGES, status, &refusal);
        return;
    }
    if (message_read_changes_answer(body, length, &answer, &error) != STATUS_OK) {
        flow_fail(agent, FLOW_CHANGES, SYNC_ODD, 0, "The ledger's changes can't be read: %s",
                  error.text);
        return;
    }
    agent_learn_time(agent, answer.time_ms);
    take_changes(agent, apply, &answer);
    message_finish_changes_answer(&answer);
}
