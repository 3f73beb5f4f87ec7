/* GET /v1/device: the gate. At the start and after every cut the ledger is asked what it holds of
 * this device before anything else is sent.
 *
 *   on disk before   heads as of the last run
 *   after            the ledger's heads, and its incarnation
 *
 * Both are only copies of what the ledger says; a kill between costs the same question again.
 */
#include "sync/agent/flows.h"

#include <string.h>

#define HELLO_TOTAL_MS 30000
#define HELLO_STALL_MS 20000

void hello_advance(struct agent *agent)
{
    const struct question question = {.method = "GET",
                                      .path = "/v1/device",
                                      .query = "",
                                      .total_ms = HELLO_TOTAL_MS,
                                      .stall_ms = HELLO_STALL_MS};

    if (agent->hello || !flow_ready(agent, FLOW_HELLO))
        return;
    /* What is still out would be answered against positions that are about to be told anew; and
     * this answer must not be older than one of theirs. */
    uplink_cancel(agent);
    leases_before_hello(agent);
    flow_send(agent, FLOW_HELLO, &question);
}

/* What another life of the ledger acknowledged does not come back from this one; nor does this one
 * know what that one granted. */
static void forget_other_life(struct agent *agent)
{
    agent->last_head.seq = 0;
    agent->head_back = true;
    leases_forget(agent);
}

/* Before the heads: a restored ledger has forgotten the branches that it took aside, and what was
 * examined of them has to be sent again. Forgotten first, then noted: a kill between does it twice.
 */
static enum status note_incarnation(struct agent *agent, const struct id *incarnation,
                                    struct error *error)
{
    enum status status = STATUS_OK;
    char now[ID_HEX_SIZE];
    struct buf known;

    hex_write(incarnation->bytes, ID_SIZE, now);
    buf_init(&known, 256);
    if (sync_db_get(agent->sync, "incarnation", &known, error) == STATUS_OK && known.used > 0 &&
        strcmp(buf_text(&known), now) != 0) {
        agent_log(agent, LOG_LEVEL_WARN,
                  "the ledger was restored (incarnation %s): sending again what it lacks", now);
        status = sync_db_forget_branches(agent->sync, error);
        forget_other_life(agent);
    }
    buf_finish(&known);
    if (status == STATUS_OK)
        agent_keep(agent, "incarnation", now);
    return status;
}

/* The same incarnation, and less than it acknowledged: a copy of the ledger's database was put back
 * by hand. What it has forgotten may be rows too, so the replica is fetched anew; the entries go up
 * again by themselves, from the heads. */
static enum status note_taken_back(struct agent *agent, const struct device_answer *answer,
                                   struct error *error)
{
    bool less = false;
    enum status status = sync_db_takes_back(agent->sync, &agent->identity, answer->heads,
                                            answer->count, &less, error);

    if (status != STATUS_OK || !less)
        return status;
    agent_log(agent, LOG_LEVEL_WARN, "the ledger has lost what it acknowledged: sending it again");
    status = sync_db_forget_branches(agent->sync, error);
    forget_other_life(agent);
    return status == STATUS_OK
               ? snapshot_void(agent, "the ledger was put back to an earlier state", error)
               : status;
}

static bool heads_signed(const struct agent *agent, const struct device_answer *answer)
{
    for (int i = 0; i < answer->count; i++) {
        if (!countersign_head_valid(&agent->identity.device, &answer->heads[i],
                                    &agent->identity.ledger_key))
            return false;
    }
    return true;
}

static void take_heads(struct agent *agent, const struct device_answer *answer)
{
    struct error error;
    bool restored = false;
    enum status status;

    if (!heads_signed(agent, answer)) {
        flow_fail(agent, FLOW_HELLO, SYNC_ODD, 0, "The ledger's countersignature is wrong");
        return;
    }
    status = note_incarnation(agent, &answer->incarnation, &error);
    if (status == STATUS_OK)
        status = note_taken_back(agent, answer, &error);
    if (status == STATUS_OK)
        status = uplink_heads(agent->uplink, answer->heads, answer->count, &restored, &error);
    if (status == STATUS_OK)
        status = leases_told(agent, answer, &error);
    if (status != STATUS_OK) {
        flow_fail(agent, FLOW_HELLO, SYNC_HERE, 0, "Reading the journal failed: %s", error.text);
        return;
    }
    if (restored) {
        agent_log(agent, LOG_LEVEL_WARN,
                  "the journal here is not the one the ledger knows: restored or cloned");
        agent_poke_till(agent, "state");
    }
    agent->hello = true;
    agent->look_due = true;
    flow_good(agent, FLOW_HELLO);
    agent_set_online(agent, true);
}

void hello_answer(struct agent *agent, int status, const char *body, size_t length)
{
    struct device_answer answer;
    struct refusal refusal;
    struct error error = {0};

    if (status != 200) {
        (void)!message_read_refusal(body, length, &refusal);
        flow_refused(agent, FLOW_HELLO, status, &refusal);
        if (agent->flows[FLOW_HELLO].not_before > 0)
            agent_set_online(agent, false);
        return;
    }
    if (message_read_device_answer(body, length, &answer, &error) != STATUS_OK) {
        flow_fail(agent, FLOW_HELLO, SYNC_ODD, 0, "The ledger's answer can't be read: %s",
                  error.text);
        return;
    }
    agent_learn_time(agent, answer.time_ms);
    take_heads(agent, &answer);
    message_finish_device_answer(&answer);
}
