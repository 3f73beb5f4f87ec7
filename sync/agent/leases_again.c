#include "sync/agent/leases_again.h"

#include "sync/protocol/message_lease.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROUNDS  2
#define PAUSE_MS      INT64_C(300000)
#define PAUSE_DOUBLES 5 /* times at most */

static bool same_id(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, ID_SIZE) == 0;
}

void again_clear(struct leases_again *again)
{
    free(again->due);
    again->due = NULL;
    again->count = again->next = 0;
    again->round = 0;
    again->not_before = 0;
    again->granted = false;
}

void again_forget(struct leases_again *again)
{
    free(again->answered);
    again->answered = NULL;
    again->answered_count = 0;
    again->parts_from = 0;
}

void again_finish(struct leases_again *again)
{
    again_clear(again);
    again_forget(again);
}

static bool was_told(const struct held_lease *held, const struct held_lease *told, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same_id(&told[i].request, &held->request))
            return true;
    }
    return false;
}

static bool was_answered(const struct leases_again *again, const struct held_lease *held)
{
    for (size_t i = 0; i < again->answered_count; i++) {
        if (same_id(&again->answered[i], &held->request))
            return true;
    }
    return false;
}

/* Whether the ledger could grant it again, and has not said what is left of it. */
static bool open_question(const struct leases_again *again, const struct id *device,
                          const struct held_lease *held)
{
    struct id id = lease_id_of(device, &held->request);

    return held->refused[0] == '\0' && same_id(&id, &held->lease) && !was_answered(again, held);
}

/* It is not told, and not because it is done with. */
static enum status found_unknown(const struct again_view *view, const struct held_lease *held,
                                 bool *out, struct error *error)
{
    bool finished = false;
    enum status status = lease_finished(view->till_db, view->sync_db, held, &finished, error);

    *out = status == STATUS_OK && !finished;
    return *out ? lease_unknown(view->sync_db, &held->request, error) : status;
}

enum status again_gather(struct leases_again *again, const struct again_view *view,
                         struct error *error)
{
    enum status status = STATUS_OK;

    again_clear(again);
    for (size_t i = 0; status == STATUS_OK && i < view->held_count; i++) {
        const struct held_lease *held = &view->held[i];
        bool due = held->told < 0;

        if (!open_question(again, view->device, held) ||
            was_told(held, view->told, view->told_count))
            continue;
        if (!due)
            status = found_unknown(view, held, &due, error);
        if (status != STATUS_OK || !due)
            continue;
        again->due = mem_resize(again->due, (again->count + 1) * sizeof *again->due);
        again->due[again->count++] = *held;
    }
    if (status != STATUS_OK)
        again_clear(again);
    if (again->count > 0 && again->parts_from == 0)
        again->parts_from = view->mono_ms + PAUSE_MS;
    return status;
}

const struct held_lease *again_next(const struct leases_again *again, int64_t mono_ms, bool sent)
{
    bool now = again->round == 0 || (sent && mono_ms >= again->not_before);

    return again->count > 0 && now ? &again->due[again->next] : NULL;
}

int64_t again_least(const struct leases_again *again, int64_t mono_ms)
{
    bool part = again->round > 0 && mono_ms >= again->parts_from;

    return part ? 1 : again->due[again->next].amount;
}

bool again_first(const struct leases_again *again)
{
    return again->count > 0 && again->round < FIRST_ROUNDS;
}

/* Begins the next round when this one is over. */
static void go_on(struct leases_again *again, int64_t mono_ms)
{
    int late;

    if (again->next < again->count)
        return;
    again->next = 0;
    late = ++again->round - FIRST_ROUNDS;
    if (late >= 0)
        again->not_before =
            mono_ms + PAUSE_MS * (INT64_C(1) << (late < PAUSE_DOUBLES ? late : PAUSE_DOUBLES));
}

void again_answered(struct leases_again *again, int64_t mono_ms)
{
    struct held_lease *at = &again->due[again->next];

    again->answered =
        mem_resize(again->answered, (again->answered_count + 1) * sizeof *again->answered);
    again->answered[again->answered_count++] = at->request;
    memmove(at, at + 1, (again->count - again->next - 1) * sizeof *at);
    again->count--;
    again->granted = true;
    go_on(again, mono_ms);
}

void again_refused(struct leases_again *again, int64_t mono_ms)
{
    again->next++;
    go_on(again, mono_ms);
}
