#include "tests/sim/check.h"

#include "sync/ledger/projection.h"
#include "terminal/base/file.h"
#include "terminal/till_internal.h"
#include "tests/sim/invariants.h"
#include "tests/sim/net.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"
#include "tests/sim/promise.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FILE_MOST ((size_t)64 << 20)
#define REST_MS   70000 /* two looks of every backoff */

/* What the ledger published last has come to the till: its own chores may publish at any time. */
static bool at_newest(const struct world *world, const struct seat *seat)
{
    for (int i = 0; i <= SCOPE_LOCATION; i++) {
        const struct scope_history *history =
            &world->model.scopes[i < SCOPE_LOCATION ? i : SCOPE_LOCATION + seat->store];
        if (history->count == 0 ||
            seat->seen.positions[i] != history->points[history->count - 1].position)
            return false;
    }
    return true;
}

bool check_drained(struct world *world)
{
    if (!world->healed || world->now_ms < world->healed_at + REST_MS || world->ledger == NULL ||
        world->working)
        return false;
    for (int i = 0; i < world->seats; i++) {
        const struct seat *seat = &world->seat[i];
        if (seat->till == NULL || seat->agent == NULL || !agent_drained(seat->agent) ||
            till_phase(seat->till) != TILL_READY || !at_newest(world, seat))
            return false;
    }
    return true;
}

void check_drain_failed(struct world *world)
{
    for (int i = 0; i < world->seats; i++) {
        const struct seat *seat = &world->seat[i];
        struct agent_view view = {.reason = "the agent does not run"};
        if (seat->agent != NULL && agent_drained(seat->agent))
            continue;
        if (seat->agent != NULL)
            agent_look(seat->agent, &view);
        world_fail(world, 14, "%s: not drained: %" PRId64 " entries wait: %s", seat->machine.name,
                   view.queue, view.reason);
    }
    world_fail(world, 14, "not drained");
}

/* Whether the entry is in a branch at the ledger. One that was destroyed together with the entry
 * after it has no hash any more that anybody knows: it is there as damaged, at its place. */
static bool kept_aside(struct store_session *reader, const struct fact *fact)
{
    struct store_value values[] = {store_blob(fact->epoch.bytes, ID_SIZE), store_int(fact->seq),
                                   store_blob(fact->hash.bytes, HASH_SIZE),
                                   store_int(fact->tampered)};
    int64_t rows = 0;
    enum status status =
        store_one_int(reader,
                      "SELECT count(*) FROM branch JOIN epoch ON epoch.number = branch.epoch "
                      "WHERE epoch.epoch = ?1 AND branch.seq = ?2 AND (branch.hash = ?3 OR ?4 = 1)",
                      values, 4, 0, &rows, NULL);

    return status == STATUS_OK && rows > 0;
}

/* Every entry that a till holds is at the ledger: in its chain, or kept aside as a branch. */
static void check_epoch(struct world *world, const struct seat *seat, const struct epoch_head *own,
                        struct store_session *reader)
{
    const struct model *model = &world->model;
    const struct epoch_head *there = model_head_find(model->heads, model->head_count, &own->epoch);

    for (int at = own->head; at >= 0; at = model->facts[at].prev) {
        const struct fact *fact = &model->facts[at];
        if (there != NULL && there->head >= 0 && model_descends(model, there->head, at))
            return;
        if (!kept_aside(reader, fact))
            world_fail(world, 2, "%s: entry %" PRId64 " never came to the ledger",
                       seat->machine.name, fact->seq);
        if (fact->seq == 1)
            return;
    }
}

/* Every place of every chain is filled, once. */
static void check_places(struct world *world, struct store_session *reader)
{
    struct store_query *query;
    bool row;

    if (store_query(reader,
                    "SELECT epoch.number, epoch.seq, count(entry.id) FROM epoch LEFT JOIN entry ON "
                    "entry.id > epoch.number * 4294967296 AND "
                    "entry.id < (epoch.number + 1) * 4294967296 GROUP BY epoch.number",
                    NULL, 0, &query, NULL) != STATUS_OK)
        return;
    while (store_next(reader, query, &row, NULL) == STATUS_OK && row)
        invariant_03_every_place_filled(world, store_column_int(reader, query, 1),
                                        store_column_int(reader, query, 2));
}

struct person {
    int64_t sales, returns, gross;
};

static void add_bought(void *context, const struct fact *fact)
{
    struct person *person = (struct person *)context + (fact->customer < 0 ? 0 : fact->customer);

    if (fact->customer < 0)
        return;
    person->sales += fact->kind == KIND_SALE;
    person->returns += fact->kind == KIND_RETURN;
    person->gross += fact->gross;
}

static void check_customers(struct world *world, struct store_session *reader)
{
    static const char *const names[MODEL_PEOPLE] = {"P-0", "P-1", "P-2"};
    struct person people[MODEL_PEOPLE] = {0};

    model_each_taken(&world->model, add_bought, people);
    for (int i = 0; i < MODEL_PEOPLE; i++) {
        struct store_value name = store_text(names[i]);
        const struct person *person = &people[i];
        int64_t expected = person->sales + 1000 * person->returns + 1000000 * person->gross;
        int64_t shown = 0;
        if (store_one_int(reader,
                          "SELECT coalesce(sum(sales + 1000 * returns + 1000000 * gross_minor), 0) "
                          "FROM customer_total WHERE customer = ?1",
                          &name, 1, 0, &shown, NULL) == STATUS_OK &&
            shown != expected)
            world_fail(world, 6, "what %s bought: the ledger says %" PRId64 ", the fold %" PRId64,
                       names[i], shown, expected);
    }
}

static void check_totals(struct world *world, struct store_session *reader)
{
    static const char *const locations[] = {"S01", "S02", "S03"};
    static const char *const texts[] = {
        "SELECT coalesce(sum(entries), 0) FROM total WHERE location = ?1",
        "SELECT coalesce(sum(sales), 0) FROM total WHERE location = ?1",
        "SELECT coalesce(sum(returns), 0) FROM total WHERE location = ?1",
        "SELECT coalesce(sum(gross_minor), 0) FROM total WHERE location = ?1"};
    static const char *const names[] = {"entries", "sales", "returns", "gross"};

    for (int store = 0; store < world->stores; store++) {
        const int64_t expected[] = {world->model.entries[store], world->model.sales[store],
                                    world->model.returns[store], world->model.gross[store]};
        for (int i = 0; i < 4; i++) {
            struct store_value location = store_text(locations[store]);
            int64_t shown = 0;
            if (store_one_int(reader, texts[i], &location, 1, 0, &shown, NULL) == STATUS_OK &&
                shown != expected[i])
                world_fail(world, 6, "%s of %s: the ledger says %" PRId64 ", the fold %" PRId64,
                           names[i], locations[store], shown, expected[i]);
        }
    }
}

static void check_ledger(struct world *world)
{
    struct projection_report report;
    struct store_session *reader;
    struct error error = {0};

    world->model.seen_changes = 0;
    observe_ledger(world);
    node_look(&world->ledger_node);
    if (ledger_reader(world->ledger, &reader, &error) == STATUS_OK) {
        for (int i = 0; i < world->seats; i++)
            for (int e = 0; e < world->seat[i].journal.count; e++)
                check_epoch(world, &world->seat[i], &world->seat[i].journal.epochs[e], reader);
        check_places(world, reader);
        check_totals(world, reader);
        check_customers(world, reader);
        world->model.promises_moved = true;
        promise_look(world, reader);
        promise_end(world, reader);
        if (projection_check(reader, &report, &error) != STATUS_OK || report.differences != 0)
            world_fail(world, 7, "the projections differ from the entries: %s", report.first);
        ledger_reader_back(world->ledger, reader);
    }
    node_look_end(&world->ledger_node);
}

/* What is at the end of a drain is at the newest position. */
static void check_replica(struct world *world, struct seat *seat)
{
    observe_replica(world, seat);
    for (int i = 0; i <= SCOPE_LOCATION; i++) {
        int scope = i < SCOPE_LOCATION ? i : SCOPE_LOCATION + seat->store;
        const struct scope_history *history = &world->model.scopes[scope];
        int64_t newest = history->points[history->count - 1].position;
        if (seat->seen.positions[i] != newest)
            world_fail(world, 11, "%s: the replica's %s is at %" PRId64 ", the ledger at %" PRId64,
                       seat->machine.name, observe_scope_name(scope), seat->seen.positions[i],
                       newest);
    }
    for (int item = 0; item < SIM_ITEMS; item++)
        observe_on_hand(world, seat, item, true);
}

static void check_journal(struct world *world, struct seat *seat)
{
    struct error error = {0};
    int64_t checked = 0;
    enum status status;

    node_look(&seat->till_node);
    status = till_verify(seat->till, &checked, &error);
    node_look_end(&seat->till_node);
    if (status != STATUS_OK && !seat->tampered)
        world_fail(world, 4, "%s: the journal does not verify: %s", seat->machine.name, error.text);
    if (status == STATUS_OK && seat->tampered)
        world_fail(world, 4, "%s: an entry was destroyed and the journal verifies",
                   seat->machine.name);
}

/* What people typed into the wrong field may be on no disk; a name in no till's file of its own. */
static void check_words(struct world *world, const char *path, bool names)
{
    static const char *const words[] = {"4111 1111 1111 1111", "4111111111111111", "Ada Lovelace"};
    struct buf bytes;

    buf_init(&bytes, FILE_MOST);
    if (file_exists(path) && file_read(path, &bytes, NULL) == STATUS_OK) {
        for (int i = 0; i < (names ? 3 : 2); i++) {
            if (memmem(bytes.data, bytes.used, words[i], strlen(words[i])) != NULL)
                world_fail(world, 18, "%s holds \"%s\"", path, words[i]);
        }
    }
    buf_finish(&bytes);
}

/* One till of each seed, and the ledger. */
static void check_disks(struct world *world)
{
    struct seat *seat = &world->seat[world->seed % (uint64_t)world->seats];

    node_look(&seat->till_node);
    check_words(world, TILL_FOLDER "/till.db", true);
    check_words(world, TILL_FOLDER "/till.db-wal", true);
    check_words(world, TILL_FOLDER "/sync.db-wal", true);
    node_look_end(&seat->till_node);
    node_look(&world->ledger_node);
    check_words(world, LEDGER_PATH, false);
    check_words(world, LEDGER_PATH "-wal", false);
    node_look_end(&world->ledger_node);
}

void check_end(struct world *world)
{
    check_ledger(world);
    check_disks(world);
    for (int i = 0; i < world->seats; i++) {
        till_node_poked(world, &world->seat[i], world->seat[i].till_node.generation);
        check_replica(world, &world->seat[i]);
        check_journal(world, &world->seat[i]);
    }
}
