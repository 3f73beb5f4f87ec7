/* The oracle: records by hash, folds. */
#include "tests/sim/model.h"

#include "terminal/base/buf.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_AT_FIRST 1024

void model_init(struct model *model)
{
    memset(model, 0, sizeof *model);
    model->slot_count = SLOTS_AT_FIRST;
    model->slots = mem_alloc(model->slot_count * sizeof *model->slots);
    for (size_t i = 0; i < model->slot_count; i++)
        model->slots[i] = -1;
}

void model_finish(struct model *model)
{
    free(model->facts);
    free(model->slots);
    free(model->grants);
    free(model->overdrawn);
    for (int i = 0; i < MODEL_SCOPES; i++)
        free(model->scopes[i].points);
    memset(model, 0, sizeof *model);
}

static void *copy_of(const void *bytes, size_t size)
{
    return size == 0 ? NULL : memcpy(mem_alloc(size), bytes, size);
}

void model_copy(struct model *to, const struct model *from)
{
    *to = *from;
    to->facts = copy_of(from->facts, from->room * sizeof *from->facts);
    to->slots = copy_of(from->slots, from->slot_count * sizeof *from->slots);
    to->grants = copy_of(from->grants, from->grant_count * sizeof *from->grants);
    to->overdrawn = copy_of(from->overdrawn, from->overdrawn_count * sizeof *from->overdrawn);
    for (int i = 0; i < MODEL_SCOPES; i++)
        to->scopes[i].points =
            copy_of(from->scopes[i].points, from->scopes[i].count * sizeof *from->scopes[i].points);
}

static size_t slot_of(const struct model *model, const struct hash *hash)
{
    uint64_t start;
    size_t slot;

    memcpy(&start, hash->bytes, sizeof start);
    slot = (size_t)start % model->slot_count;
    while (model->slots[slot] >= 0 && !hash_equal(&model->facts[model->slots[slot]].hash, hash))
        slot = (slot + 1) % model->slot_count;
    return slot;
}

int model_find(const struct model *model, const struct hash *hash)
{
    return model->slots[slot_of(model, hash)];
}

static void grow_slots(struct model *model)
{
    model->slot_count *= 2;
    model->slots = mem_resize(model->slots, model->slot_count * sizeof *model->slots);
    for (size_t i = 0; i < model->slot_count; i++)
        model->slots[i] = -1;
    for (size_t i = 0; i < model->count; i++)
        model->slots[slot_of(model, &model->facts[i].hash)] = (int)i;
}

int model_add(struct model *model, const struct fact *fact)
{
    size_t slot;

    if (model->count == model->room) {
        model->room = model->room == 0 ? 256 : 2 * model->room;
        model->facts = mem_resize(model->facts, model->room * sizeof *model->facts);
    }
    if (2 * (model->count + 1) > model->slot_count)
        grow_slots(model);
    slot = slot_of(model, &fact->hash);
    INVARIANT(model->slots[slot] < 0);
    model->slots[slot] = (int)model->count;
    model->facts[model->count] = *fact;
    return (int)model->count++;
}

bool model_descends(const struct model *model, int record, int ancestor)
{
    int64_t seq = ancestor < 0 ? 0 : model->facts[ancestor].seq;

    while (record >= 0 && record != ancestor && model->facts[record].seq > seq)
        record = model->facts[record].prev;
    return ancestor < 0 || record == ancestor;
}

const struct epoch_head *model_head_find(const struct epoch_head *heads, int count,
                                         const struct id *epoch)
{
    for (int i = 0; i < count; i++) {
        if (memcmp(heads[i].epoch.bytes, epoch->bytes, ID_SIZE) == 0)
            return &heads[i];
    }
    return NULL;
}

struct epoch_head *model_head(struct epoch_head *heads, int *count, const struct id *epoch)
{
    for (int i = 0; i < *count; i++) {
        if (memcmp(heads[i].epoch.bytes, epoch->bytes, ID_SIZE) == 0)
            return &heads[i];
    }
    INVARIANT(*count < MODEL_EPOCHS);
    heads[*count] = (struct epoch_head){.epoch = *epoch, .head = -1};
    return &heads[(*count)++];
}

static void fold_fact(struct model *model, const struct fact *fact)
{
    int store = fact->store;

    model->entries[store]++;
    if (fact->damaged)
        return;
    model->sales[store] += fact->kind == KIND_SALE;
    model->returns[store] += fact->kind == KIND_RETURN;
    if (fact->kind == KIND_SALE || fact->kind == KIND_RETURN)
        model->gross[store] += fact->gross;
    for (int i = 0; i < fact->count; i++)
        model->stock[store][fact->deltas[i].item][fact->deltas[i].bucket] += fact->deltas[i].milli;
}

/* Records of one epoch from after `from` up to `to`. */
static void fold_chain(struct model *model, int from, int to)
{
    for (int at = to; at >= 0 && at != from; at = model->facts[at].prev) {
        fold_fact(model, &model->facts[at]);
        if (model->facts[at].seq == 1)
            return;
    }
}

bool model_advance(struct model *model, const struct id *epoch, int record)
{
    struct epoch_head *head = model_head(model->heads, &model->head_count, epoch);

    if (head->head == record)
        return true;
    if (!model_descends(model, record, head->head))
        return false;
    fold_chain(model, head->head, record);
    head->head = record;
    model->promises_moved = true;
    return true;
}

static void reserve(struct model *model, const struct order_seen *order, int64_t milli)
{
    model->stock[order->store][order->item][BUCKET_OF_AVAILABLE] -= milli;
    model->stock[order->store][order->item][BUCKET_OF_RESERVED] += milli;
}

void model_place(struct model *model, struct order_seen *order)
{
    order->placed = true;
    model->promises_moved = true;
    reserve(model, order, order->milli);
}

void model_cancel(struct model *model, struct order_seen *order)
{
    order->cancelled = true;
    reserve(model, order, -order->milli);
}

void model_refold(struct model *model)
{
    memset(model->stock, 0, sizeof model->stock);
    memset(model->entries, 0, sizeof model->entries);
    memset(model->sales, 0, sizeof model->sales);
    memset(model->returns, 0, sizeof model->returns);
    memset(model->gross, 0, sizeof model->gross);
    for (int store = 0; store < MODEL_STORES; store++)
        for (int item = 0; item < MODEL_ITEMS; item++)
            model->stock[store][item][BUCKET_OF_AVAILABLE] = model->opening[store][item];
    for (int i = 0; i < model->order_count; i++) {
        if (model->orders[i].placed && !model->orders[i].cancelled)
            reserve(model, &model->orders[i], model->orders[i].milli);
    }
    for (int i = 0; i < model->head_count; i++)
        fold_chain(model, -1, model->heads[i].head);
    model->promises_moved = true;
}

void model_each_taken(const struct model *model,
                      void (*visit)(void *context, const struct fact *fact), void *context)
{
    for (int i = 0; i < model->head_count; i++) {
        for (int at = model->heads[i].head; at >= 0; at = model->facts[at].prev) {
            if (!model->facts[at].damaged)
                visit(context, &model->facts[at]);
            if (model->facts[at].seq == 1)
                break;
        }
    }
}

void model_acknowledge(struct model *model, const struct id *epoch, int record)
{
    struct epoch_head *acked = model_head(model->acked, &model->acked_count, epoch);

    if (acked->head < 0 || model->facts[record].seq > model->facts[acked->head].seq)
        acked->head = record;
}

const struct scope_point *scope_point(const struct scope_history *history, int64_t position)
{
    for (size_t i = history->count; i-- > 0;) {
        if (history->points[i].position == position)
            return &history->points[i];
    }
    return NULL;
}

struct scope_point *scope_point_add(struct scope_history *history, int64_t position)
{
    history->points = mem_resize(history->points, (history->count + 1) * sizeof *history->points);
    memset(&history->points[history->count], 0, sizeof *history->points);
    history->points[history->count].position = position;
    return &history->points[history->count++];
}

void scope_forget(struct scope_history *history)
{
    history->count = 0;
}

void model_copy_damage(struct model *model, uint16_t from, uint16_t to)
{
    for (size_t i = 0; i < model->count; i++) {
        struct fact *fact = &model->facts[i];
        fact->gone = (uint16_t)((fact->gone & from) != 0 ? fact->gone | to : fact->gone & ~to);
        fact->spoilt =
            (uint16_t)((fact->spoilt & from) != 0 ? fact->spoilt | to : fact->spoilt & ~to);
    }
}

/* ---- on hand ------------------------------------------------------------------------------------
 */

static int head_at(const struct fold *fold, const struct id *epoch)
{
    const struct epoch_head *head = model_head_find(fold->heads, fold->count, epoch);

    return head == NULL ? -1 : head->head;
}

int model_fork(const struct model *model, const struct fold *fold, const struct epoch_head *own)
{
    int there = head_at(fold, &own->epoch);
    int first = -1;

    if (there < 0 || model_descends(model, own->head, there))
        return -1;
    for (int r = own->head; r >= 0 && !model_descends(model, there, r); r = model->facts[r].prev) {
        first = r;
        if (model->facts[r].seq == 1)
            break;
    }
    return first;
}

/* Whether a hash of the record is left on the till's disk: its own, or the next entry's word. */
static bool vouched(const struct model *model, int record, int next, int seat)
{
    uint16_t here = FACT_ON_DISK(seat);

    if ((model->facts[record].gone & here) == 0)
        return true;
    return next >= 0 && ((model->facts[next].gone | model->facts[next].spoilt) & here) == 0;
}

/* It was sent with an entry before it of which nothing is left, not even a name: what the ledger
 * tells of that branch no till can take for its own. */
static bool begins_before(const struct fact *fact)
{
    return fact->aside > 0 && fact->aside_from < fact->seq;
}

/* The first of the till's own entries that the ledger keeps aside, as far as the till can know: not
 * when the branch begins before it, with an entry whose hash nobody knows any more. */
static int branch_start(const struct model *model, const struct scope_point *point,
                        const struct epoch_head *own, int seat)
{
    int there = head_at(&point->fold, &own->epoch);
    int start = -1, start_next = -1, next = -1;

    for (int r = own->head; r >= 0; next = r, r = model->facts[r].prev) {
        const struct fact *fact = &model->facts[r];
        if (fact->aside > 0 && fact->aside <= point->position) {
            start = r;
            start_next = next;
        }
        if (fact->seq == 1)
            break;
    }
    if (start < 0 || begins_before(&model->facts[start]) ||
        !vouched(model, start, start_next, seat) ||
        (model->facts[start].seq > 1 && !model_descends(model, there, model->facts[start].prev)))
        return -1;
    return start;
}

static int64_t moved(const struct fact *fact, int store, int item)
{
    int64_t sum = 0;

    for (int i = 0; i < fact->count && fact->store == store; i++)
        sum += fact->deltas[i].item == item ? fact->deltas[i].milli : 0;
    return sum;
}

int64_t model_on_hand(const struct model *model, const struct scope_point *point,
                      const struct journal_model *journal, int seat, int store, int item)
{
    int64_t sum = 0;

    for (int bucket = 0; bucket < MODEL_BUCKETS; bucket++)
        sum += point->fold.stock[item][bucket];
    for (int i = 0; i < journal->count; i++) {
        const struct epoch_head *own = &journal->epochs[i];
        int there = head_at(&point->fold, &own->epoch);
        int start = branch_start(model, point, own, seat);
        int64_t counted = there < 0 ? 0 : model->facts[there].seq;

        if (start >= 0)
            counted = model->facts[start].seq - 1;
        for (int r = own->head; r >= 0 && model->facts[r].seq > counted; r = model->facts[r].prev)
            sum += moved(&model->facts[r], store, item);
    }
    return sum;
}

bool model_forks_told(const struct model *model, const struct scope_point *point,
                      const struct journal_model *journal, int seat)
{
    for (int i = 0; i < journal->count; i++) {
        const struct epoch_head *own = &journal->epochs[i];
        int fork = model_fork(model, &point->fold, own), next = -1;

        if (fork < 0 || branch_start(model, point, own, seat) >= 0 ||
            begins_before(&model->facts[fork]))
            continue;
        for (int r = own->head; r >= 0 && r != fork; r = model->facts[r].prev)
            next = r;
        if (vouched(model, fork, next, seat))
            return false;
    }
    return true;
}
