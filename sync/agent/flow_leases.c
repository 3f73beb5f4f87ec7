/* POST /v1/leases: the till's wishes, one after the other, and what the ledger says is left.
 *
 *   till.db.lease_request ──► POST ──► sync.db.lease ──► poke the till
 *              sync.db.lease ──► POST, by the same request: what the ledger has forgotten
 *
 * The answer is durable before the till hears of it. Killed before: the same request id gets the
 * same answer. A refusal is kept like an answer: the till may wish again, with another id.
 *
 * What a ledger does not tell at a greeting, the till may not use, and keeps. It is asked for again
 * before anything new (leases_again.h); granted, a greeting tells how much of it is left, so that
 * `told` and the marks are of one moment. Less than before: that is then its amount, and what
 * entries used beyond it the ledger tells as an exception. Refused: it stays as it is, and is asked
 * for again later.
 *
 * What is left counts for the epoch that was open at the till when the question went out: a till
 * that opens a new one (its disk was restored) is told anew, by another greeting.
 */
#include "sync/agent/flows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEASES_TOTAL_MS 30000
#define LEASES_STALL_MS 20000

enum status leases_open(struct agent *agent, struct error *error)
{
    struct held_lease *held = NULL;
    size_t count = 0;
    enum status status = lease_held(sync_db_database(agent->sync), &held, &count, error);

    agent->lease.any = count > 0;
    agent->lease.look = true;
    free(held);
    return status;
}

void leases_close(struct agent *agent)
{
    again_finish(&agent->lease.again);
}

void leases_forget(struct agent *agent)
{
    again_forget(&agent->lease.again);
}

static bool same_id(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, ID_SIZE) == 0;
}

/* ---- what the ledger says is left ----------------------------------------------------------- */

void leases_before_hello(struct agent *agent)
{
    struct error error;

    flow_cancel(agent, FLOW_LEASES);
    agent->lease.look = true;
    /* Without a till.db nothing is spent either; zeros are nobody's epoch. */
    if (uplink_newest_epoch(agent->uplink, &agent->lease.epoch, &error) != STATUS_OK)
        memset(&agent->lease.epoch, 0, sizeof agent->lease.epoch);
}

static struct held_lease held_of(const struct agent *agent, const struct lease_answer *answer,
                                 const struct id *epoch)
{
    struct held_lease held = {.request = answer->request,
                              .lease = answer->lease,
                              .amount = answer->amount,
                              .told = answer->left,
                              .epoch = *epoch,
                              .granted_ms = agent->wall_ms};

    memcpy(held.kind, answer->kind, sizeof held.kind);
    memcpy(held.subject, answer->subject, sizeof held.subject);
    memcpy(held.currency, answer->currency, sizeof held.currency);
    return held;
}

/* Those known keep the time of their grant: the order in which they are spent. */
static void keep_times(struct held_lease *told, size_t count, const struct held_lease *known,
                       size_t known_count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < known_count; k++) {
            if (same_id(&told[i].request, &known[k].request))
                told[i].granted_ms = known[k].granted_ms;
        }
    }
}

/* What the ledger should have told and did not. That it can't be found out now holds up nothing
 * else; while till.db is not there, or its owner starts, the ledger is greeted again. */
static void gather_again(struct agent *agent, struct again_view *view)
{
    struct leases_again *again = &agent->lease.again;
    struct error error;
    enum status status = uplink_till(agent->uplink, &view->till_db, &error);

    view->sync_db = sync_db_database(agent->sync);
    view->device = &agent->identity.device;
    view->mono_ms = agent->mono_ms;
    if (status == STATUS_OK)
        status = again_gather(again, view, &error);
    if (status == STATUS_OK && again->count > 0)
        agent_log(agent, LOG_LEVEL_WARN,
                  "the ledger does not know %zu leases that it granted: asking for them again",
                  again->count);
    if (status == STATUS_NOT_FOUND || status == STATUS_BUSY)
        agent->lease.told_again = true;
    else if (status != STATUS_OK)
        agent_log(agent, LOG_LEVEL_ERROR, "leases can't be compared: %s", error.text);
}

enum status leases_told(struct agent *agent, const struct device_answer *answer,
                        struct error *error)
{
    struct db *db = sync_db_database(agent->sync);
    size_t count = (size_t)answer->lease_count, known_count = 0, mark_count = 0;
    struct held_lease *told = NULL, *known = NULL;
    struct lease_mark *marks = NULL;
    enum status status;

    agent->lease.told_again = false;
    again_clear(&agent->lease.again);
    if (!answer->tells_leases || (count == 0 && !agent->lease.any))
        return STATUS_OK;
    told = mem_alloc((count + 1) * sizeof *told);
    for (size_t i = 0; i < count; i++)
        told[i] = held_of(agent, &answer->leases[i], &agent->lease.epoch);
    status = lease_held(db, &known, &known_count, error);
    if (status == STATUS_OK)
        status = uplink_marks(agent->uplink, &marks, &mark_count, error);
    if (status == STATUS_OK) {
        keep_times(told, count, known, known_count);
        status = lease_told(db, told, count, marks, mark_count, error);
    }
    if (status == STATUS_OK) {
        agent->lease.any = true;
        gather_again(agent, &(struct again_view){.held = known,
                                                 .held_count = known_count,
                                                 .told = told,
                                                 .told_count = count});
        agent_poke_till(agent, "state");
    }
    free(told);
    free(known);
    free(marks);
    return status;
}

void leases_look(struct agent *agent)
{
    struct id newest;
    struct error error;

    agent->lease.look = true;
    if (!agent->lease.any || uplink_newest_epoch(agent->uplink, &newest, &error) != STATUS_OK)
        return;
    if (!same_id(&newest, &agent->lease.epoch) || agent->lease.told_again)
        agent->hello = false;
}

/* ---- asking --------------------------------------------------------------------------------- */

/* The oldest wish without an answer. */
static enum status next_wish(struct agent *agent, bool *found, struct error *error)
{
    struct db *till_db = NULL;
    struct lease_wish *wishes = NULL;
    size_t count = 0;
    enum status status = uplink_newest_epoch(agent->uplink, &agent->lease.asked_in, error);

    *found = false;
    if (status == STATUS_OK)
        status = uplink_till(agent->uplink, &till_db, error);
    if (status == STATUS_OK)
        status = lease_wishes(till_db, &wishes, &count, error);
    for (size_t i = 0; status == STATUS_OK && !*found && i < count; i++) {
        bool done = false;

        status = lease_answered(sync_db_database(agent->sync), &wishes[i].request, &done, error);
        *found = status == STATUS_OK && !done;
        agent->lease.asked = wishes[i];
    }
    free(wishes);
    /* No till.db yet, or its owner has to start: there are no wishes. */
    return status == STATUS_NOT_FOUND || status == STATUS_BUSY ? STATUS_OK : status;
}

/* `least`: a lease of less is no use. */
static void send_wish(struct agent *agent, int64_t least)
{
    struct question question = {.method = "POST",
                                .path = "/v1/leases",
                                .query = "",
                                .content_type = "application/json",
                                .total_ms = LEASES_TOTAL_MS,
                                .stall_ms = LEASES_STALL_MS};
    const struct lease_wish *wish = &agent->lease.asked;
    struct lease_request request = {
        .request = wish->request, .amount = wish->amount, .least = least};

    memcpy(request.kind, wish->kind, sizeof request.kind);
    memcpy(request.subject, wish->subject, sizeof request.subject);
    memcpy(request.currency, wish->currency, sizeof request.currency);
    buf_clear(&agent->wish);
    INVARIANT(message_write_lease_request(&request, &agent->wish) == STATUS_OK);
    question.body = buf_text(&agent->wish);
    question.body_length = agent->wish.used;
    flow_send(agent, FLOW_LEASES, &question);
}

static void send_again(struct agent *agent, const struct held_lease *held)
{
    struct lease_wish *asked = &agent->lease.asked;

    *asked = (struct lease_wish){.request = held->request, .amount = held->amount};
    memcpy(asked->kind, held->kind, sizeof asked->kind);
    memcpy(asked->subject, held->subject, sizeof asked->subject);
    memcpy(asked->currency, held->currency, sizeof asked->currency);
    agent->lease.asked_again = true;
    agent->lease.asked_in = agent->lease.epoch;
    send_wish(agent, again_least(&agent->lease.again, agent->mono_ms));
}

/* No answer, or one of trouble, makes the flow wait, and nothing else waits for that. */
bool leases_go_first(const struct agent *agent)
{
    const struct leases_again *again = &agent->lease.again;

    return again->count > 0 && again->round == 0 &&
           (agent->flows[FLOW_LEASES].call != 0 || flow_ready(agent, FLOW_LEASES));
}

bool leases_busy(const struct agent *agent)
{
    return agent->lease.look || again_first(&agent->lease.again);
}

static void ask_for_wishes(struct agent *agent)
{
    struct error error;
    bool found = false;

    agent->lease.asked_again = false;
    if (next_wish(agent, &found, &error) != STATUS_OK) {
        flow_fail(agent, FLOW_LEASES, SYNC_HERE, 0, "Reading what the till wishes failed: %s",
                  error.text);
        return;
    }
    if (found)
        send_wish(agent, 1);
    else
        agent->lease.look = false;
}

/* Comes after the uplink's turn: nothing out there means that the entries are up, or can't go. */
void leases_advance(struct agent *agent)
{
    const struct held_lease *again;

    if (!agent->hello || !flow_ready(agent, FLOW_LEASES))
        return;
    again = again_next(&agent->lease.again, agent->mono_ms, agent->flows[FLOW_UPLINK].call == 0);
    if (again != NULL)
        send_again(agent, again);
    else if (agent->lease.look && !again_first(&agent->lease.again))
        ask_for_wishes(agent);
}

static void keep_answer(struct agent *agent, const struct held_lease *held)
{
    struct error error;

    if (lease_keep(sync_db_database(agent->sync), held, &error) != STATUS_OK) {
        flow_fail(agent, FLOW_LEASES, SYNC_HERE, 0, "sync.db: %s", error.text);
        return;
    }
    agent->lease.any = true;
    flow_good(agent, FLOW_LEASES);
    agent_poke_till(agent, "state");
}

/* The end of a round: how much is left of what was granted is told with the marks. */
static void greet_again(struct agent *agent)
{
    struct leases_again *again = &agent->lease.again;

    if (again->next == 0 && again->granted)
        agent->hello = false;
}

/* It keeps its place among those that are spent, the oldest first. */
static void take_again(struct agent *agent, struct held_lease *held)
{
    struct leases_again *again = &agent->lease.again;
    const struct held_lease *before = &again->due[again->next];

    held->granted_ms = before->granted_ms;
    if (held->amount < before->amount)
        agent_log(agent, LOG_LEVEL_WARN, "of a lease on %s %lld were granted again, not %lld",
                  held->subject, (long long)held->amount, (long long)before->amount);
    keep_answer(agent, held);
    again_answered(again, agent->mono_ms);
    greet_again(agent);
}

static void take_grant(struct agent *agent, const char *body, size_t length)
{
    const struct lease_wish *asked = &agent->lease.asked;
    struct lease_answer answer;
    struct held_lease held;
    struct error error;
    enum status status = message_read_lease_answer(body, length, &answer, &error);

    if (status == STATUS_OK &&
        (!same_id(&answer.request, &asked->request) || strcmp(answer.kind, asked->kind) != 0 ||
         strcmp(answer.subject, asked->subject) != 0 || answer.amount > asked->amount))
        status = error_set(&error, STATUS_CONFLICT, "it granted something else");
    if (status != STATUS_OK) {
        flow_fail(agent, FLOW_LEASES, SYNC_ODD, 0, "The ledger's lease can't be used: %s",
                  error.text);
        return;
    }
    agent_learn_time(agent, answer.time_ms);
    held = held_of(agent, &answer, &agent->lease.asked_in);
    if (agent->lease.asked_again)
        take_again(agent, &held);
    else
        keep_answer(agent, &held);
}

/* The ledger's no is an answer. */
static void take_refusal(struct agent *agent, int status, const struct refusal *refusal)
{
    const struct lease_wish *asked = &agent->lease.asked;
    struct held_lease held = {.request = asked->request, .granted_ms = agent->wall_ms};
    const char *why = refusal->message[0] != '\0' ? refusal->message : refusal->code;

    memcpy(held.kind, asked->kind, sizeof held.kind);
    memcpy(held.subject, asked->subject, sizeof held.subject);
    memcpy(held.currency, asked->currency, sizeof held.currency);
    (void)snprintf(held.refused, sizeof held.refused, "%.*s", (int)sizeof held.refused - 1,
                   status == 404    ? "this ledger grants nothing beforehand"
                   : why[0] == '\0' ? "the ledger said no"
                                    : why);
    agent_learn_time(agent, refusal->time_ms);
    keep_answer(agent, &held);
}

static void take_refusal_again(struct agent *agent, const struct refusal *refusal)
{
    agent_learn_time(agent, refusal->time_ms);
    flow_good(agent, FLOW_LEASES);
    again_refused(&agent->lease.again, agent->mono_ms);
    greet_again(agent);
}

void leases_answer(struct agent *agent, int status, const char *body, size_t length)
{
    struct refusal refusal;

    agent_set_online(agent, true);
    if (status == 200) {
        take_grant(agent, body, length);
        return;
    }
    (void)!message_read_refusal(body, length, &refusal);
    if (status != 400 && status != 404 && status != 409 && status != 422)
        flow_refused(agent, FLOW_LEASES, status, &refusal);
    else if (agent->lease.asked_again)
        take_refusal_again(agent, &refusal);
    else
        take_refusal(agent, status, &refusal);
}
