/* The ledger's tables, into the model: heads, balances, positions. */
#include "tests/sim/invariants.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"
#include "tests/sim/promise.h"

#include "sync/ledger/feed.h"
#include "sync/protocol/compress.h"
#include "sync/protocol/message.h"
#include "terminal/base/buf.h"

#include <stdlib.h>
#include <string.h>

/* An entry that was destroyed on a till's disk counts as the ledger took it: whole, when it had
 * come before, or as damaged. */
static void take_damaged(struct world *world, struct store_session *reader)
{
    struct model *model = &world->model;

    for (size_t i = 0; world->tampered > 0 && i < model->count; i++) {
        struct fact *fact = &model->facts[i];
        struct store_value place[] = {store_blob(fact->epoch.bytes, ID_SIZE), store_int(fact->seq)};
        int64_t damaged = 0;
        if (fact->tampered && !fact->damaged &&
            store_one_int(reader,
                          "SELECT count(*) FROM entry WHERE kind = 'damaged' AND id = "
                          "(SELECT number FROM epoch WHERE epoch = ?1) * 4294967296 + ?2",
                          place, 2, 0, &damaged, NULL) == STATUS_OK)
            fact->damaged = damaged > 0;
    }
}

/* What the ledger keeps aside since the last look. A branch's first entry comes with a position of
 * its location's feed; the others need none. */
static void take_branches(struct world *world, struct store_session *reader)
{
    struct model *model = &world->model;
    struct store_query *query;
    int64_t count = 0;
    bool row;

    if (store_one_int(reader, "SELECT count(*) FROM branch", NULL, 0, 0, &count, NULL) !=
            STATUS_OK ||
        count == model->branch_count)
        return;
    model->branch_count = count;
    model->promises_moved = true;
    if (store_query(reader, "SELECT hash, bytes IS NULL, start FROM branch", NULL, 0, &query,
                    NULL) != STATUS_OK)
        return;
    while (store_next(reader, query, &row, NULL) == STATUS_OK && row) {
        size_t length;
        struct hash hash;
        int record;
        memcpy(hash.bytes, store_column_blob(reader, query, 0, &length), HASH_SIZE);
        record = model_find(model, &hash);
        if (record >= 0 && model->facts[record].aside == 0)
            model->facts[record].aside =
                feed_mark(world->ledger->feed,
                          observe_scope_name(SCOPE_LOCATION + model->facts[record].store))
                    .position;
        if (record >= 0) {
            model->facts[record].aside_lost = store_column_int(reader, query, 1) != 0;
            model->facts[record].aside_from = store_column_int(reader, query, 2);
        }
    }
}

/* Orders that have come to the ledger, or were cancelled, since the last look. */
static void take_orders(struct world *world, struct store_session *reader)
{
    struct model *model = &world->model;
    struct store_query *query;
    bool row;

    if (model->order_count == 0 || store_query(reader, "SELECT id, cancelled_ms FROM order_request",
                                               NULL, 0, &query, NULL) != STATUS_OK)
        return;
    while (store_next(reader, query, &row, NULL) == STATUS_OK && row) {
        int index = atoi(store_column_text(reader, query, 0) + strlen("W-"));
        struct order_seen *order = &model->orders[index];
        INVARIANT(index >= 0 && index < model->order_count);
        if (!order->placed)
            model_place(model, order);
        if (!order->cancelled && store_column_int(reader, query, 1) > 0)
            model_cancel(model, order);
    }
    for (int i = 0; i < model->order_count; i++) {
        if (model->orders[i].told && !model->orders[i].placed)
            world_fail(world, 2, "order W-%d was taken and is gone", i);
    }
}

static void take_heads(struct world *world, struct store_session *reader)
{
    struct model *model = &world->model;
    struct store_query *query;
    bool row;

    if (store_query(reader, "SELECT epoch, hash FROM epoch ORDER BY number", NULL, 0, &query,
                    NULL) != STATUS_OK)
        return;
    while (store_next(reader, query, &row, NULL) == STATUS_OK && row) {
        size_t length;
        struct id epoch;
        struct hash hash;
        int record;
        memcpy(epoch.bytes, store_column_blob(reader, query, 0, &length), ID_SIZE);
        memcpy(hash.bytes, store_column_blob(reader, query, 1, &length), HASH_SIZE);
        record = model_find(model, &hash);
        if (record < 0)
            world_fail(world, 4, "the ledger holds an entry that no till ever wrote");
        else if (!model_advance(model, &epoch, record))
            invariant_05_no_silent_merge(world, &epoch);
    }
}

/* Items are I0 .. I9, stores S01 .. S03; what is not physical counts in the sum alone. */
static void take_stock(struct world *world, struct store_session *reader)
{
    int64_t sums[MODEL_ITEMS] = {0};
    int64_t shown[MODEL_STORES][MODEL_ITEMS][MODEL_BUCKETS] = {0};
    struct store_query *query;
    bool row;

    if (store_query(reader, "SELECT location, sku, status, quantity_milli FROM stock", NULL, 0,
                    &query, NULL) != STATUS_OK)
        return;
    while (store_next(reader, query, &row, NULL) == STATUS_OK && row) {
        int store = atoi(store_column_text(reader, query, 0) + 1) - 1;
        int item = atoi(store_column_text(reader, query, 1) + 1);
        int bucket = observe_bucket(store_column_text(reader, query, 2));
        int64_t milli = store_column_int(reader, query, 3);
        sums[item] += milli;
        if (bucket >= 0)
            shown[store][item][bucket] = milli;
    }
    for (int item = 0; item < MODEL_ITEMS; item++) {
        char sku[16];
        (void)snprintf(sku, sizeof sku, "I%d", item);
        invariant_07_buckets_sum_to_zero(world, sku, sums[item]);
        for (int store = 0; store < world->stores; store++)
            for (int bucket = 0; bucket < MODEL_BUCKETS; bucket++)
                invariant_07_balance_is_fold(world, store, item, bucket,
                                             shown[store][item][bucket]);
    }
}

static void keep_point(struct world *world, struct store_session *reader, int scope,
                       int64_t position)
{
    struct model *model = &world->model;
    struct scope_history *history = &model->scopes[scope];
    int64_t before = history->count == 0 ? -1 : history->points[history->count - 1].position;
    struct scope_point *point;

    if (before == position)
        return;
    if (before >= 0)
        invariant_10_position_is_next(world, observe_scope_name(scope), before, position);
    point = scope_point_add(history, position);
    point->digest = observe_scope_ledger(reader, scope);
    if (scope < SCOPE_LOCATION)
        return;
    memcpy(point->fold.stock, model->stock[scope - SCOPE_LOCATION], sizeof point->fold.stock);
    memcpy(point->fold.heads, model->heads, sizeof point->fold.heads);
    point->fold.count = model->head_count;
}

static void take_positions(struct world *world, struct store_session *reader)
{
    for (int scope = 0; scope < SCOPE_LOCATION + world->stores; scope++) {
        struct feed_mark mark = feed_mark(world->ledger->feed, observe_scope_name(scope));
        keep_point(world, reader, scope, mark.position);
    }
}

static void look(struct world *world)
{
    struct store_session *reader;

    node_look(&world->ledger_node);
    if (ledger_reader(world->ledger, &reader, NULL) == STATUS_OK) {
        take_damaged(world, reader);
        take_heads(world, reader);
        take_branches(world, reader);
        take_orders(world, reader);
        take_stock(world, reader);
        take_positions(world, reader);
        promise_look(world, reader);
        ledger_reader_back(world->ledger, reader);
    }
    node_look_end(&world->ledger_node);
    world->model.seen_changes = disk_changes(world->office.disk);
    invariant_02_acknowledged_survives(world);
}

/* Another incarnation begins with what the database holds: nothing of what was acknowledged before
 * is sure, until the tills have sent it again. */
void observe_ledger_opened(struct world *world)
{
    struct model *model = &world->model;

    if (memcmp(model->incarnation.bytes, world->ledger->incarnation.bytes, ID_SIZE) != 0) {
        if (!world->ledger_rewound)
            world_fail(world, 2, "the ledger took another incarnation, and was not restored");
        model->incarnation = world->ledger->incarnation;
        model->head_count = 0;
        model->acked_count = 0;
        for (size_t i = 0; i < model->count; i++) {
            model->facts[i].damaged = false;
            model->facts[i].aside = 0;
        }
        model->branch_count = 0;
        model->overdrawn_count = 0;
        for (int i = 0; i < model->order_count; i++)
            model->orders[i].placed = model->orders[i].cancelled = model->orders[i].told = false;
        model_refold(model);
        for (int i = 0; i < MODEL_SCOPES; i++)
            scope_forget(&model->scopes[i]);
    } else if (world->ledger_rewound) {
        world_fail(world, 10, "the ledger was restored and kept its incarnation");
    }
    world->ledger_rewound = false;
    look(world);
}

void observe_ledger(struct world *world)
{
    if (disk_changes(world->office.disk) != world->model.seen_changes)
        look(world);
}

static void take_acknowledged(struct world *world, const char *bytes, size_t length)
{
    struct model *model = &world->model;
    struct journal_answer answer;
    int record;

    if (message_read_journal_answer(bytes, length, &answer, NULL) != STATUS_OK)
        return;
    record = model_find(model, &answer.head.hash);
    if (record < 0)
        world_fail(world, 5, "the ledger acknowledged what no till ever wrote");
    else
        model_acknowledge(model, &answer.head.epoch, record);
}

static void take_answer(struct world *world, const struct ledger_response *response,
                        void (*take)(struct world *world, const char *bytes, size_t length))
{
    struct buf plain;
    enum status status;

    buf_init(&plain, COMPRESS_BODY_CEILING);
    if (response->zstd)
        status = compress_unpack(response->body.data, response->body.used, &plain, NULL);
    else
        status = buf_append(&plain, response->body.data, response->body.used);
    if (status == STATUS_OK)
        take(world, buf_text(&plain), plain.used);
    buf_finish(&plain);
}

void observe_request(struct world *world, const struct ledger_request *request,
                     const struct ledger_response *response)
{
    if (strcmp(request->path, "/v1/device") == 0 && response->status == 200)
        take_answer(world, response, promise_greeted);
    if (strcmp(request->method, "POST") != 0)
        return;
    if (strcmp(request->path, "/v1/journal") == 0 && response->status == 200)
        take_answer(world, response, take_acknowledged);
    if (strcmp(request->path, "/v1/leases") == 0 && response->status == 200)
        take_answer(world, response, promise_granted);
    if (strcmp(request->path, "/v1/leases") == 0 && response->status == 409)
        promise_refused(world, request->body, request->length);
    look(world);
}
