#include "tests/sim/promise.h"

#include "sync/ledger/effect.h"
#include "sync/protocol/message.h"
#include "terminal/base/buf.h"
#include "tests/sim/invariants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- at the till ---- */

static bool same_line(const struct taken_back *a, const struct taken_back *b)
{
    return a->seq == b->seq && a->line == b->line &&
           memcmp(a->epoch.bytes, b->epoch.bytes, ID_SIZE) == 0;
}

static const struct sold_line_seen *line_at(const struct fact *fact, const struct taken_back *back)
{
    if (fact->seq != back->seq || memcmp(fact->epoch.bytes, back->epoch.bytes, ID_SIZE) != 0)
        return NULL;
    for (int i = 0; i < fact->sold_count; i++) {
        if (fact->sold[i].line == back->line)
            return &fact->sold[i];
    }
    return NULL;
}

/* Visits what the till holds, the newest first in each epoch; false from `visit` ends it. */
static void each_own(const struct world *world, const struct seat *seat,
                     bool (*visit)(void *context, const struct fact *fact), void *context)
{
    for (int i = 0; i < seat->journal.count; i++) {
        for (int r = seat->journal.epochs[i].head; r >= 0; r = world->model.facts[r].prev) {
            if (!visit(context, &world->model.facts[r]))
                return;
            if (world->model.facts[r].seq == 1)
                break;
        }
    }
}

struct search {
    const struct taken_back *back;
    const struct sold_line_seen *line;
    int64_t sum;
};

static bool find_line(void *context, const struct fact *fact)
{
    struct search *search = context;

    search->line = line_at(fact, search->back);
    return search->line == NULL;
}

static bool add_back(void *context, const struct fact *fact)
{
    struct search *search = context;

    if (same_line(&fact->back, search->back))
        search->sum += fact->back.milli;
    return true;
}

/* Copies of a till may have sold different things by one place: a receipt shows one of them. */
static int64_t sold_by_any(const struct model *model, const struct taken_back *back)
{
    int64_t most = 0;

    for (size_t i = 0; i < model->count; i++) {
        const struct sold_line_seen *line = line_at(&model->facts[i], back);
        if (line != NULL && line->milli > most)
            most = line->milli;
    }
    return most;
}

static int64_t sold_as_known(const struct world *world, const struct seat *seat,
                             const struct taken_back *back)
{
    struct search search = {.back = back};

    each_own(world, seat, find_line, &search);
    return search.line != NULL ? search.line->milli : sold_by_any(&world->model, back);
}

int64_t promise_taken_back(const struct world *world, const struct seat *seat,
                           const struct taken_back *back)
{
    struct search search = {.back = back};

    each_own(world, seat, add_back, &search);
    return search.sum;
}

static struct grant *grant_of(const struct model *model, const char *lease)
{
    for (size_t i = 0; i < model->grant_count; i++) {
        if (strcmp(model->grants[i].lease, lease) == 0)
            return &model->grants[i];
    }
    return NULL;
}

struct using
{
    const char *lease;
    int64_t sum;
};

static bool add_used(void *context, const struct fact *fact)
{
    struct using *using = context;

    for (int i = 0; i < fact->use_count; i++)
        using->sum += strcmp(fact->uses[i].lease, using->lease) == 0 ? fact->uses[i].amount : 0;
    return true;
}

/* In all that the till holds. */
static int64_t used_here(const struct world *world, const struct seat *seat, const char *lease)
{
    struct using using = {.lease = lease};

    each_own(world, seat, add_used, &using);
    return using.sum;
}

void promise_written(struct world *world, const struct seat *seat, int record)
{
    const struct model *model = &world->model;
    const struct fact *fact = &model->facts[record];

    for (int i = 0; i < fact->use_count; i++) {
        const char *lease = fact->uses[i].lease;
        const struct grant *grant = grant_of(model, lease);
        invariant_08_till_keeps_to_grant(world, seat, lease, grant == NULL ? 0 : grant->most,
                                         used_here(world, seat, lease));
    }
    if (fact->back.seq == 0)
        return;
    invariant_09_till_refunds_what_was_sold(world, seat, fact->back.line,
                                            promise_taken_back(world, seat, &fact->back),
                                            sold_as_known(world, seat, &fact->back));
}

static void add_grant(struct model *model, const struct lease_answer *answer)
{
    struct grant grant = {
        .amount = answer->amount, .most = answer->amount, .request = answer->request};
    struct grant *known;

    hex_write(answer->lease.bytes, ID_SIZE, grant.lease);
    known = grant_of(model, grant.lease);
    if (known != NULL && known->amount == grant.amount)
        return; /* the same answer again */
    model->promises_moved = true;
    if (known != NULL) {
        known->amount = grant.amount;
        known->most = known->most > grant.amount ? known->most : grant.amount;
        return;
    }
    model->grants = mem_resize(model->grants, (model->grant_count + 1) * sizeof *model->grants);
    model->grants[model->grant_count++] = grant;
}

void promise_granted(struct world *world, const char *bytes, size_t length)
{
    struct lease_answer answer;

    if (message_read_lease_answer(bytes, length, &answer, NULL) != STATUS_OK)
        return;
    add_grant(&world->model, &answer);
    world->model.leases_asked = world->model.promises_moved = true;
}

void promise_refused(struct world *world, const char *bytes, size_t length)
{
    struct lease_request request;

    if (message_read_lease_request(bytes, length, &request, NULL) != STATUS_OK)
        return;
    for (size_t i = 0; i < world->model.grant_count; i++) {
        struct grant *grant = &world->model.grants[i];
        if (memcmp(grant->request.bytes, request.request.bytes, ID_SIZE) == 0)
            grant->refused = true;
    }
}

void promise_greeted(struct world *world, const char *bytes, size_t length)
{
    struct device_answer answer;

    if (message_read_device_answer(bytes, length, &answer, NULL) != STATUS_OK)
        return;
    for (int i = 0; i < answer.lease_count; i++)
        add_grant(&world->model, &answer.leases[i]);
    message_finish_device_answer(&answer);
}

/* ---- at the ledger: the fold of what it has taken ---- */

struct used {
    const char *lease;
    int64_t amount;
    bool copied;
};

struct refunded {
    const struct taken_back *back; /* one of them */
    int64_t milli;
    int seat; /* that took back all of it; -1: several */
};

struct sums {
    const struct world *world;
    int64_t accounts[MODEL_ACCOUNTS];
    struct used *used;
    size_t used_count;
    struct refunded *refunds;
    size_t refund_count;
    int handed[MODEL_ORDERS];
};

static void add_uses(struct sums *sums, const struct fact *fact)
{
    for (int i = 0; i < fact->use_count; i++) {
        size_t at = 0;
        while (at < sums->used_count && strcmp(sums->used[at].lease, fact->uses[i].lease) != 0)
            at++;
        if (at == sums->used_count) {
            sums->used = mem_resize(sums->used, (at + 1) * sizeof *sums->used);
            sums->used[sums->used_count++] = (struct used){.lease = fact->uses[i].lease};
        }
        sums->used[at].amount += fact->uses[i].amount;
        sums->used[at].copied = sums->used[at].copied || sums->world->seat[fact->seat].copied;
    }
}

static void add_refund(struct sums *sums, const struct fact *fact)
{
    size_t at = 0;

    if (fact->back.seq == 0)
        return;
    while (at < sums->refund_count && !same_line(sums->refunds[at].back, &fact->back))
        at++;
    if (at == sums->refund_count) {
        sums->refunds = mem_resize(sums->refunds, (at + 1) * sizeof *sums->refunds);
        sums->refunds[sums->refund_count++] =
            (struct refunded){.back = &fact->back, .seat = fact->seat};
    }
    sums->refunds[at].milli += fact->back.milli;
    if (sums->refunds[at].seat != fact->seat)
        sums->refunds[at].seat = -1;
}

static void add_fact(void *context, const struct fact *fact)
{
    struct sums *sums = context;

    for (int i = 0; i < MODEL_ACCOUNTS; i++)
        sums->accounts[i] += fact->accounts[i];
    if (fact->order >= 0)
        sums->handed[fact->order]++;
    add_uses(sums, fact);
    add_refund(sums, fact);
}

/* ---- its tables ---- */

static const char *const accounts[MODEL_ACCOUNTS] = {"GC-0", "GC-1", "GC-2"};

static int64_t number_of(struct store_session *reader, const char *sql, const char *key)
{
    struct store_value value = store_text(key);
    int64_t number = 0;

    return store_one_int(reader, sql, &value, 1, 0, &number, NULL) == STATUS_OK ? number : -1;
}

static int64_t granted_there(struct store_session *reader, const char *lease)
{
    return number_of(reader, "SELECT coalesce(max(granted), 0) FROM lease WHERE lease = ?1", lease);
}

/* Only a ledger that was put back to an earlier state forgets. */
static void look_for_forgotten(struct world *world, struct store_session *reader)
{
    struct model *model = &world->model;

    for (size_t i = 0; i < model->grant_count && world->faults[FAULT_LEDGER_RESTORED] > 0; i++) {
        struct grant *grant = &model->grants[i];
        bool absent = granted_there(reader, grant->lease) == 0;
        grant->refused = grant->refused && (grant->absent || !absent);
        grant->forgotten = grant->forgotten || absent;
        grant->absent = absent;
    }
}

/* A lease takes from what is promised to nobody, and never more than there is. */
static void look_at_unpromised(struct world *world, struct store_session *reader)
{
    struct model *model = &world->model;

    for (int i = 0; i < MODEL_ACCOUNTS; i++) {
        int64_t rest = number_of(
            reader,
            "SELECT coalesce((SELECT sum(balance_minor) FROM account WHERE account = ?1), 0) - "
            "coalesce((SELECT sum(max(0, granted - coalesce((SELECT sum(spent) FROM lease_use u "
            "WHERE u.lease = l.lease), 0) - coalesce((SELECT returned FROM lease_use u WHERE "
            "u.lease = l.lease AND u.device = l.device), 0))) FROM lease l WHERE subject = ?1), 0)",
            accounts[i]);
        if (model->leases_asked)
            invariant_08_grants_what_is_there(world, i, model->unpromised[i], rest);
        model->unpromised[i] = rest;
    }
    model->leases_asked = false;
}

static void look_at_lease(struct world *world, struct store_session *reader,
                          const struct used *used)
{
    const struct grant *grant = grant_of(&world->model, used->lease);
    struct lease_seen state = {.lease = used->lease,
                               .granted = granted_there(reader, used->lease),
                               .used = used->amount,
                               .copied = used->copied};

    if (grant != NULL) {
        state.told = grant->amount;
        state.most = grant->most;
        state.forgotten = grant->forgotten;
    }
    state.exceptions =
        number_of(reader,
                  "SELECT count(*) FROM exception WHERE cause = 'lease_overspent/' || ?1 AND "
                  "state <> 'settled'",
                  used->lease);
    invariant_08_leases_hold(world, &state);
}

/* What the ledger can know that the line sold: of its chain's entry and of those it keeps aside.
 * *whole: none of them lost its bytes. */
static int64_t sold_there(const struct model *model, const struct taken_back *back, bool *whole)
{
    const struct epoch_head *head = model_head_find(model->heads, model->head_count, &back->epoch);
    int64_t most = -1;

    *whole = true;
    for (size_t i = 0; i < model->count; i++) {
        const struct fact *fact = &model->facts[i];
        const struct sold_line_seen *line = line_at(fact, back);
        bool taken, readable;
        if (fact->seq != back->seq || memcmp(fact->epoch.bytes, back->epoch.bytes, ID_SIZE) != 0)
            continue;
        taken = head != NULL && head->head >= 0 && model_descends(model, head->head, (int)i);
        if (!taken && fact->aside == 0)
            continue;
        readable = (taken && !fact->damaged) || (fact->aside > 0 && !fact->aside_lost);
        *whole = *whole && readable;
        if (most < 0)
            most = 0;
        if (readable && line != NULL && line->milli > most)
            most = line->milli;
    }
    return most;
}

static bool overdrawn_before(const struct model *model, const struct taken_back *back)
{
    for (size_t i = 0; i < model->overdrawn_count; i++) {
        const struct overdrawn *seen = &model->overdrawn[i];
        if (seen->seq == back->seq && seen->line == back->line &&
            memcmp(seen->epoch.bytes, back->epoch.bytes, ID_SIZE) == 0)
            return true;
    }
    return false;
}

static void look_at_refund(struct world *world, struct store_session *reader,
                           const struct refunded *refund)
{
    struct model *model = &world->model;
    const struct taken_back *back = refund->back;
    char hex[ID_HEX_SIZE], original[ORIGINAL_SIZE];
    bool whole;
    struct refund_seen state = {.seq = back->seq,
                                .line = back->line,
                                .back = refund->milli,
                                .sold = sold_there(model, back, &whole),
                                .was_over = overdrawn_before(model, back),
                                .forgotten = world->faults[FAULT_LEDGER_RESTORED] > 0};

    state.one_alone = whole && state.sold == sold_by_any(model, back) && refund->seat >= 0 &&
                      !world->seat[refund->seat].copied;
    hex_write(back->epoch.bytes, ID_SIZE, hex);
    effect_original(hex, back->seq, back->line, original);
    state.shown = number_of(
        reader, "SELECT coalesce(sum(quantity_milli), 0) FROM refunded WHERE original = ?1",
        original);
    state.exceptions = number_of(
        reader, "SELECT count(*) FROM exception WHERE cause = 'refund_over_sale/' || ?1", original);
    invariant_09_refunds_hold(world, &state);
    if (state.sold < 0 || state.back <= state.sold || state.was_over)
        return;
    model->overdrawn =
        mem_resize(model->overdrawn, (model->overdrawn_count + 1) * sizeof *model->overdrawn);
    model->overdrawn[model->overdrawn_count++] =
        (struct overdrawn){.epoch = back->epoch, .seq = back->seq, .line = back->line};
}

static void look_at_order(struct world *world, struct store_session *reader, int order, int handed)
{
    char cause[32];

    if (handed == 0 || !world->model.orders[order].placed)
        return;
    (void)snprintf(cause, sizeof cause, "double_pickup/web/W-%d", order);
    invariant_09_picked_up_once(
        world, order, handed,
        number_of(reader, "SELECT count(*) FROM exception WHERE cause = ?1", cause));
}

void promise_look(struct world *world, struct store_session *reader)
{
    struct sums sums = {.world = world};

    if (!world->model.promises_moved)
        return;
    world->model.promises_moved = false;
    model_each_taken(&world->model, add_fact, &sums);
    look_for_forgotten(world, reader);
    look_at_unpromised(world, reader);
    for (size_t i = 0; i < sums.used_count; i++)
        look_at_lease(world, reader, &sums.used[i]);
    for (size_t i = 0; i < sums.refund_count; i++)
        look_at_refund(world, reader, &sums.refunds[i]);
    for (int i = 0; i < world->model.order_count; i++)
        look_at_order(world, reader, i, sums.handed[i]);
    for (int i = 0; i < MODEL_ACCOUNTS; i++)
        invariant_08_account_is_fold(
            world, i,
            number_of(reader,
                      "SELECT coalesce(sum(balance_minor), 0) FROM account WHERE account = ?1",
                      accounts[i]),
            sums.accounts[i]);
    free(sums.used);
    free(sums.refunds);
}

void promise_end(struct world *world, struct store_session *reader)
{
    struct sums sums = {.world = world};

    model_each_taken(&world->model, add_fact, &sums);
    for (size_t i = 0; i < sums.used_count; i++) {
        const struct used *used = &sums.used[i];
        const struct grant *grant = grant_of(&world->model, used->lease);
        if (grant != NULL && !used->copied && !grant->refused)
            invariant_08_forgotten_is_granted_again(world, used->lease, used->amount,
                                                    granted_there(reader, used->lease));
    }
    free(sums.used);
    free(sums.refunds);
}
