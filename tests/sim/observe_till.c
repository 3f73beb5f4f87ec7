/* The journal of a till, into the model. */
#include "tests/sim/invariants.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"
#include "tests/sim/promise.h"
#include "tests/sim/workload.h"

#include "terminal/base/buf.h"
#include "terminal/journal/journal.h"
#include "terminal/till_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    struct world *world;
    struct seat *seat;
    struct epoch_head *head;
    int found; /* but for epoch_opens */
};

static const struct {
    const char *word;
    enum entry_kind kind;
} kinds[] = {{"epoch_open", KIND_EPOCH_OPEN},
             {"sale", KIND_SALE},
             {"adjust", KIND_ADJUST},
             {"cancelled", KIND_CANCELLED},
             {"shift_open", KIND_SHIFT_OPEN},
             {"shift_close", KIND_SHIFT_CLOSE},
             {"paid_in", KIND_PAID_IN},
             {"paid_out", KIND_PAID_OUT},
             {"no_sale", KIND_NO_SALE},
             {"lease_return", KIND_LEASE_RETURN},
             {"pickup_hand_over", KIND_HAND_OVER}};

static enum entry_kind kind_of(const json_t *entry)
{
    const char *word = json_text_or(entry, "kind", "");

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(word, kinds[i].word) != 0)
            continue;
        if (kinds[i].kind == KIND_SALE && strcmp(json_text_or(entry, "type", ""), "return") == 0)
            return KIND_RETURN;
        return kinds[i].kind;
    }
    return KIND_OTHER;
}

int observe_bucket(const char *status)
{
    static const char *const names[MODEL_BUCKETS] = {[BUCKET_OF_AVAILABLE] = "available",
                                                     [BUCKET_OF_DAMAGED] = "damaged",
                                                     [BUCKET_OF_RESERVED] = "reserved"};

    for (int i = 0; i < MODEL_BUCKETS; i++) {
        if (strcmp(status, names[i]) == 0)
            return i;
    }
    return -1;
}

/* "S01/available" of the till's own store: the bucket, else -1. */
static int bucket_of(const struct seat *seat, const char *text)
{
    char own[16];
    size_t length = (size_t)snprintf(own, sizeof own, "S%02d/", seat->store + 1);

    if (strncmp(text, own, length) != 0)
        return -1;
    return observe_bucket(text + length);
}

static void add_delta(struct fact *fact, int item, int bucket, int64_t milli)
{
    if (bucket < 0)
        return;
    for (int i = 0; i < fact->count; i++) {
        if (fact->deltas[i].item == item && fact->deltas[i].bucket == bucket) {
            fact->deltas[i].milli += milli;
            return;
        }
    }
    INVARIANT(fact->count < MODEL_LINES);
    fact->deltas[fact->count++] =
        (struct stock_delta){.item = item, .bucket = bucket, .milli = milli};
}

static void read_moves(const struct seat *seat, const json_t *entry, struct fact *fact)
{
    const json_t *moves = json_object_get(entry, "moves"), *move;
    size_t i;

    json_array_foreach(moves, i, move)
    {
        int item = atoi(json_text_or(move, "sku", "I0") + 1);
        int64_t milli = json_int_or(move, "qty", 0);
        add_delta(fact, item, bucket_of(seat, json_text_or(move, "from", "")), -milli);
        add_delta(fact, item, bucket_of(seat, json_text_or(move, "to", "")), milli);
    }
}

static void add_use(struct fact *fact, const char *lease, int64_t amount)
{
    struct lease_used *use = &fact->uses[fact->use_count++];

    INVARIANT(fact->use_count <= MODEL_USES && strlen(lease) < sizeof use->lease);
    strcpy(use->lease, lease);
    use->amount = amount;
}

/* "original", and what a later return may name. */
static void read_lines(const json_t *entry, struct fact *fact)
{
    const json_t *lines = json_object_get(entry, "lines"), *line;
    size_t i;

    json_array_foreach(lines, i, line)
    {
        const json_t *original = json_object_get(line, "original");
        int64_t milli = json_int_or(line, "base", 0);
        fact->overrides += strcmp(json_text_or(line, "price_from", ""), "override") == 0 &&
                           json_text_or(line, "reason", "")[0] != '\0';
        if (original != NULL &&
            json_want_hex(original, "epoch", fact->back.epoch.bytes, ID_SIZE, NULL) == STATUS_OK) {
            fact->back.seq = json_int_or(original, "seq", 0);
            fact->back.line = json_int_or(original, "line", 0);
            fact->back.milli = -milli;
        }
        if (milli > 0 && fact->sold_count < MODEL_SOLD)
            fact->sold[fact->sold_count++] =
                (struct sold_line_seen){.line = json_int_or(line, "id", 0),
                                        .item = json_text_or(line, "sku", "")[0] == 'I'
                                                    ? atoi(json_text_or(line, "sku", "I0") + 1)
                                                    : -1,
                                        .milli = milli,
                                        .amount = json_int_or(line, "amount", 0)};
    }
}

static void read_promises(const json_t *entry, struct fact *fact)
{
    const json_t *accounts = json_object_get(entry, "accounts");
    const json_t *leases = json_object_get(entry, "leases"), *item;
    size_t i;

    json_array_foreach(accounts, i, item)
    {
        int account = atoi(json_text_or(item, "account", "GC-0") + strlen("GC-"));
        INVARIANT(account >= 0 && account < MODEL_ACCOUNTS);
        fact->accounts[account] += json_int_or(item, "amount", 0);
    }
    json_array_foreach(leases, i, item)
    {
        add_use(fact, json_text_or(item, "lease", ""), json_int_or(item, "amount", 0));
    }
    if (fact->kind == KIND_LEASE_RETURN)
        add_use(fact, json_text_or(entry, "lease", ""), json_int_or(entry, "amount", 0));
}

static int index_after(const char *text, const char *prefix, int limit)
{
    size_t length = strlen(prefix);
    int index = strncmp(text, prefix, length) == 0 ? atoi(text + length) : -1;

    return index < limit ? index : -1;
}

static void judge(struct walk *walk, const struct fact *fact, const struct stored_entry *stored,
                  const json_t *entry)
{
    struct world *world = walk->world;
    const struct fact *before = fact->prev < 0 ? NULL : &world->model.facts[fact->prev];
    struct hash prev = {{0}};

    if (hex_read(json_text_or(entry, "prev", ""), prev.bytes, HASH_SIZE) != STATUS_OK)
        world_fail(world, 4, "an entry without prev");
    if (fact->seq == 1)
        before = NULL;
    invariant_03_entry_once_no_gaps(world, fact, before);
    invariant_04_chain_holds(world, fact, stored->bytes, stored->length, &prev);
    invariant_13_order_without_clock(world, fact, before);
    if (fact->kind == KIND_SALE || fact->kind == KIND_RETURN)
        invariant_06_sums_agree(world, entry);
    invariant_18_no_card_number(world, stored->bytes, stored->length, entry);
}

static enum status take_entry(void *context, const struct stored_entry *stored)
{
    struct walk *walk = context;
    struct model *model = &walk->world->model;
    struct fact fact = {.hash = stored->hash,
                        .prev = walk->head->head,
                        .epoch = walk->head->epoch,
                        .seq = stored->seq,
                        .store = walk->seat->store,
                        .seat = walk->seat->index};
    int known = model_find(model, &stored->hash);
    json_t *entry;

    if (known >= 0) { /* seen before: on another copy, or before a restore */
        walk->found += !walk->seat->journal.rewound && model->facts[known].kind != KIND_EPOCH_OPEN;
        walk->head->head = known;
        return STATUS_OK;
    }
    entry = json_loadb(stored->bytes, stored->length, 0, NULL);
    if (entry == NULL) {
        world_fail(walk->world, 4, "%s: entry %" PRId64 " is no JSON", walk->seat->machine.name,
                   stored->seq);
        return STATUS_CANCELLED;
    }
    fact.kind = kind_of(entry);
    fact.hlc = json_int_or(entry, "hlc", 0);
    fact.gross = json_int_or(entry, "gross", 0);
    read_moves(walk->seat, entry, &fact);
    fact.order =
        index_after(json_text_or(json_object_get(entry, "order"), "id", ""), "W-", MODEL_ORDERS);
    fact.customer = index_after(json_text_or(entry, "customer", ""), "P-", MODEL_PEOPLE);
    read_promises(entry, &fact);
    if (fact.kind == KIND_SALE || fact.kind == KIND_RETURN)
        read_lines(entry, &fact);
    judge(walk, &fact, stored, entry);
    walk->found += !walk->seat->journal.rewound && fact.kind != KIND_EPOCH_OPEN;
    walk->head->head = model_add(model, &fact);
    promise_written(walk->world, walk->seat, walk->head->head);
    trace_line(&walk->world->trace, walk->world->now_ms, "%s entry %" PRId64 " %s %" PRId64,
               walk->seat->machine.name, fact.seq, json_text_or(entry, "kind", ""), fact.gross);
    json_decref(entry);
    return STATUS_OK;
}

/* One epoch as it is on the disk. */
static void take_epoch(struct walk *walk, struct db *db, const struct journal_epoch_info *info)
{
    struct journal_model *journal = &walk->seat->journal;
    struct model *model = &walk->world->model;
    bool fresh = model_head_find(journal->epochs, journal->count, &info->epoch) == NULL;
    struct error error = {0};
    int64_t after;

    walk->head = model_head(journal->epochs, &journal->count, &info->epoch);
    if (fresh && journal->count > 1 && !journal->rewound)
        invariant_05_no_epoch_without_cause(walk->world, walk->seat);
    if (info->head_seq == 0)
        return;
    int known = model_find(model, &info->head_hash);
    if (known >= 0 && known == walk->head->head)
        return;
    if (known >= 0 && journal->rewound) {
        walk->head->head = known;
        return;
    }
    after = walk->head->head < 0 ? 0 : model->facts[walk->head->head].seq;
    if (info->head_seq < after) {
        /* Not told to anyone, and not synced: a power cut may take it. */
        walk->head->head = known;
        journal->may_open = true;
        return;
    }
    if (journal->rewound && after > 0) {
        walk->head->head = -1;
        after = 0;
    }
    if (journal_read(db, &info->epoch, after, SIZE_MAX, SIZE_MAX, take_entry, walk, &error) !=
        STATUS_OK)
        world_fail(walk->world, 4, "%s: the journal can't be read: %s", walk->seat->machine.name,
                   error.text);
}

static int current_head(const struct seat *seat)
{
    return seat->journal.count == 0 ? -1 : seat->journal.epochs[seat->journal.count - 1].head;
}

static bool told_is_there(const struct world *world, const struct seat *seat)
{
    for (int i = 0; i < seat->journal.count; i++) {
        if (model_descends(&world->model, seat->journal.epochs[i].head, seat->journal.told) &&
            seat->journal.epochs[i].head >= 0)
            return true;
    }
    return false;
}

/* An epoch that a dying till left in its log (observe_disk) and that its next start did not find:
 * nobody was told of it. */
static void drop_vanished(struct journal_model *journal, const struct journal_epoch_info *there,
                          size_t count)
{
    int kept = 0;

    for (int i = 0; i < journal->count; i++) {
        bool found = false;
        for (size_t j = 0; j < count; j++)
            found = found || memcmp(&journal->epochs[i].epoch, &there[j].epoch, ID_SIZE) == 0;
        if (found)
            journal->epochs[kept++] = journal->epochs[i];
    }
    journal->count = kept;
}

static int take_journal(struct world *world, struct seat *seat, struct db *db)
{
    struct walk walk = {.world = world, .seat = seat};
    struct journal_model *journal = &seat->journal;
    struct journal_epoch_info *epochs = NULL;
    struct error error = {0};
    size_t count = 0;

    if (journal->rewound)
        journal->count = 0;
    if (journal_epochs(db, &epochs, &count, &error) != STATUS_OK) {
        world_fail(world, 4, "%s: the journal can't be read: %s", seat->machine.name, error.text);
        return 0;
    }
    drop_vanished(journal, epochs, count);
    for (size_t i = 0; i < count; i++)
        take_epoch(&walk, db, &epochs[i]);
    free(epochs);
    if (journal->rewound)
        journal->told = current_head(seat);
    else if (journal->told >= 0 && !told_is_there(world, seat))
        invariant_01_told_is_durable(world, seat, current_head(seat));
    journal->rewound = false;
    return walk.found;
}

/* Of a till that died after it had stood in mid-call nobody knows which prices it went on with. */
static bool gross_is_right(const struct seat *seat, int64_t gross)
{
    const struct sale_expected *expected = &seat->operation.expected;
    int64_t sum = expected->gross;

    if (sum < 0 || sum == gross)
        return true;
    if (!seat->operation.paused || expected->priced_count == 0)
        return false;
    for (int i = expected->priced_count - 1; i >= 0; i--) {
        const struct priced *priced = &expected->priced[i];
        sum += priced->units * (priced->after - priced->before);
        if (sum == gross)
            return true;
    }
    return seat->operation.died;
}

/* The newest entry is what the person asked for. */
void observe_expected(struct world *world, struct seat *seat)
{
    struct sale_expected *expected = &seat->operation.expected;
    int head = current_head(seat);
    const struct fact *fact = head < 0 ? NULL : &world->model.facts[head];

    if (fact == NULL || fact->kind != expected->kind) {
        world_fail(world, 16, "%s: another kind of entry than was asked for", seat->machine.name);
        return;
    }
    if (!gross_is_right(seat, llabs(fact->gross)))
        world_fail(world, 6, "%s: %" PRId64 " on the journal, %" PRId64 " was sold",
                   seat->machine.name, fact->gross, expected->gross);
    if (expected->cash != 0 && expected->gross >= 0)
        expected->cash += fact->gross - (fact->gross < 0 ? -expected->gross : expected->gross);
    if (memcmp(&fact->back, &expected->back, sizeof fact->back) != 0)
        world_fail(world, 9, "%s: entry %" PRId64 " does not say which line it takes back",
                   seat->machine.name, fact->seq);
    if (fact->overrides != expected->overrides)
        world_fail(world, 18, "%s: entry %" PRId64 " tells of %d overrides, there were %d",
                   seat->machine.name, fact->seq, fact->overrides, expected->overrides);
    workload_stands(world, seat);
    if (expected->kind != KIND_SALE && expected->kind != KIND_RETURN &&
        expected->kind != KIND_ADJUST && expected->kind != KIND_HAND_OVER)
        return;
    for (int i = 0; i < expected->count; i++) {
        bool same = false;
        for (int j = 0; j < fact->count; j++)
            same =
                same || memcmp(&fact->deltas[j], &expected->deltas[i], sizeof fact->deltas[j]) == 0;
        if (!same)
            world_fail(world, 7, "%s: entry %" PRId64 " does not move item %d by %" PRId64,
                       seat->machine.name, fact->seq, expected->deltas[i].item,
                       expected->deltas[i].milli);
    }
    if (fact->count != expected->count)
        world_fail(world, 7, "%s: entry %" PRId64 " moves %d items, %d were asked for",
                   seat->machine.name, fact->seq, fact->count, expected->count);
}

/* The operation that was on its way when the till died: there whole, or not at all. What lies in
 * the log of a dead till counts when it opens again: until then a living reader of the log says
 * that it is not there, and the next commit writes over it. */
static void settle_operation(struct world *world, struct seat *seat, int found)
{
    if (seat->operation.left > 0 &&
        model_descends(&world->model, current_head(seat), seat->operation.left))
        found++;
    seat->operation.left = 0;
    if (found > (seat->operation.pending ? 1 : 0))
        world_fail(world, 16, "%s: %d entries that nobody asked for", seat->machine.name, found);
    if (found == 1)
        observe_expected(world, seat);
    seat->operation.pending = false;
}

void observe_settle(struct world *world, struct seat *seat)
{
    int found;

    node_look(&seat->till_node);
    found = take_journal(world, seat, seat->till->db);
    node_look_end(&seat->till_node);
    settle_operation(world, seat, found);
}

void observe_opened(struct world *world, struct seat *seat)
{
    int found;

    node_look(&seat->till_node);
    found = take_journal(world, seat, seat->till->db);
    node_look_end(&seat->till_node);
    settle_operation(world, seat, found);
    observe_replica(world, seat);
}

int observe_till(struct world *world, struct seat *seat)
{
    struct chain_point head;
    int known, found;

    if (seat->till->journal == NULL || seat->till->db == NULL)
        return 0;
    head = journal_head(seat->till->journal);
    known = model_find(&world->model, &head.hash);
    if (known >= 0 && known == current_head(seat))
        return 0;
    node_look(&seat->till_node);
    found = take_journal(world, seat, seat->till->db);
    node_look_end(&seat->till_node);
    return found;
}

static bool has_tables(struct db *db)
{
    int version = 0;

    return db_version(db, &version, NULL) == STATUS_OK && version > 0;
}

/* On a copy of the disk, opened by nobody else, with a recovery of its own. */
void observe_disk(struct world *world, struct seat *seat)
{
    struct disk_image *image = disk_freeze(seat->machine.disk);
    struct disk *copy = disk_create("look", image);
    struct disk_process *process = disk_process_start(copy, "look");
    struct disk_process *before = disk_enter(process);
    struct error error = {0};
    struct db *db = NULL;
    int found = 0;

    if (file_exists(TILL_FOLDER "/till.db")) {
        if (db_open(TILL_FOLDER "/till.db", DB_OWNER_NORMAL, &db, &error) != STATUS_OK)
            world_fail(world, 1, "%s: till.db does not open: %s", seat->machine.name, error.text);
        else if (has_tables(db))
            found = take_journal(world, seat, db);
        db_close(db);
    }
    (void)disk_enter(before);
    disk_process_end(process);
    disk_destroy(copy);
    disk_image_release(image);
    if (found > (seat->operation.pending ? 1 : 0))
        world_fail(world, 16, "%s: %d entries that nobody asked for", seat->machine.name, found);
    if (found == 1)
        seat->operation.left = current_head(seat);
}
