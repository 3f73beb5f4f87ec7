/* What an entry costs in a small and in a large ledger, with few stores and with many: the
 * processor time of this process while 100 batches of 20 sales are taken in, the stores in turn,
 * without background work. Signing is done before.
 *
 * The ledger is made large by SQL: entries of 300 bytes that nobody ever signed, in epochs of their
 * own, and their stock; 10^5 and 10^6, and 10^7 in the long form. What is measured are real
 * entries, signed, checked and projected, on top of them.
 */
#include "sync/ledger/ingest.h"
#include "sync/ledger/ledger.h"
#include "terminal/base/buf.h"
#include "terminal/journal/moves.h"
#include "tests/bench/shop.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STORES_MAX = 100, BATCHES = 100, BATCH = 20, ITEMS = 1000, LINES = 3, ROUNDS = 3 };

/* A till of a store, with an epoch that goes on. */
struct store_till {
    struct id device, epoch;
    struct public_key key, epoch_key;
    struct secret_key secret, epoch_secret;
    char location[8];
    int64_t seq;
    struct hash head;
};

struct growth {
    char path[160], location[160];
    struct store_till tills[STORES_MAX];
    struct ledger *ledger;
    struct store_session *reader;
    struct batch_body {
        char *bytes;
        size_t length;
        int till;
    } bodies[BATCHES];
};

/* ---- entries --------------------------------------------------------------------------------- */

static json_t *next_entry(const struct store_till *till, const char *kind)
{
    struct entry_head head = {.device = till->device,
                              .epoch = till->epoch,
                              .seq = till->seq + 1,
                              .hlc = till->seq + 1,
                              .business_date = "2026-11-21",
                              .prev = till->head};
    snprintf(head.kind, sizeof head.kind, "%s", kind);
    return entry_start(&head);
}

static json_t *open_entry(const struct store_till *till)
{
    json_t *entry = next_entry(till, "epoch_open");
    struct epoch_open open = {.reason = EPOCH_REASON_ENROLLED, .till = "T01"};
    snprintf(open.location, sizeof open.location, "%s", till->location);
    open.epoch_key = till->epoch_key;
    open.device_sig = epoch_key_sign(&till->device, &till->epoch, &till->epoch_key, &till->secret);
    epoch_open_put(entry, &open);
    return entry;
}

static json_t *sale_entry(const struct store_till *till)
{
    json_t *entry = next_entry(till, "sale"), *tenders = json_array(), *tender = json_object();
    struct stock_move moves[LINES];
    char skus[LINES][8];
    for (int i = 0; i < LINES; i++) {
        snprintf(skus[i], sizeof skus[i], "G%04d", (int)(bench_random() % ITEMS));
        moves[i] = stock_move_make(i + 1, skus[i], (struct quantity){QUANTITY_ONE}, till->location,
                                   BUCKET_AVAILABLE, till->location, BUCKET_CUSTOMER, "sale");
    }
    json_put_text(entry, "type", "sale");
    json_put_text(entry, "currency", "GBP");
    json_put_int(entry, "net", 300);
    json_put_int(entry, "tax", 0);
    json_put_int(entry, "rounding", 0);
    json_put_int(entry, "gross", 300);
    json_put_text(tender, "type", "cash");
    json_put_int(tender, "amount", 300);
    json_put_text(tender, "state", "taken");
    json_add(tenders, tender);
    json_put(entry, "tenders", tenders);
    json_put_int(entry, "change", 0);
    entry_put_moves(entry, moves, LINES);
    return entry;
}

static enum status add_entry(struct store_till *till, struct frame *frame, json_t *json,
                             struct error *error)
{
    struct sealed_entry sealed;
    enum status status = entry_seal(json, &till->epoch_secret, &sealed, error);
    json_decref(json);
    if (status)
        return status;
    struct frame_entry entry = {
        .signature = sealed.signature, .bytes = sealed.bytes, .length = sealed.length};
    till->seq++;
    till->head = sealed.hash;
    return frame_add(frame, &entry);
}

/* The next batch of the till: the first one opens its epoch. */
static enum status make_batch(struct growth *growth, int till_index, struct batch_body *out,
                              struct error *error)
{
    struct store_till *till = &growth->tills[till_index];
    struct frame *frame = frame_new(&till->epoch, till->seq + 1);
    struct buf body;
    enum status status = STATUS_OK;
    buf_init(&body, 2 * FRAME_MAX_BYTES);
    for (int i = 0; i < BATCH && !status; i++)
        status =
            add_entry(till, frame, till->seq == 0 ? open_entry(till) : sale_entry(till), error);
    if (!status)
        status = frame_write(frame, &body);
    for (int i = 0; i < frame->count; i++)
        free((char *)(uintptr_t)frame->entries[i].bytes);
    frame_free(frame);
    *out = (struct batch_body){.bytes = body.data, .length = body.used, .till = till_index};
    return status;
}

static enum status take_in(struct growth *growth, const struct batch_body *body,
                           struct error *error)
{
    const struct store_till *till = &growth->tills[body->till];
    const struct ingest_sender sender = {.key = {.device = till->device, .device_key = till->key},
                                         .location = till->location};
    struct ingest_result result;
    enum status status = ingest_post(growth->ledger->writer, growth->reader, &sender, body->bytes,
                                     body->length, &result, error);
    return status || result.outcome == INGEST_TAKEN
               ? status
               : error_set(error, STATUS_CONFLICT, "a batch was not taken");
}

/* ---- the ledger ------------------------------------------------------------------------------ */

static enum status sql(const char *path, const char *text, struct error *error)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    bool good = sqlite3_open(path, &db) == SQLITE_OK &&
                sqlite3_exec(db, text, NULL, NULL, &message) == SQLITE_OK;
    enum status status =
        good ? STATUS_OK
             : error_set(error, STATUS_IO, "%.60s: %s", text, message ? message : "cannot open");
    sqlite3_free(message);
    sqlite3_close(db);
    return status;
}

/* Entries `from` to `to` - 1 of all, a thousand an epoch, and the stock of every store. */
static enum status fill(const struct growth *growth, long from, long to, struct error *error)
{
    char text[1024];
    snprintf(text, sizeof text,
             "BEGIN;"
             "WITH RECURSIVE n(i) AS (SELECT %ld UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %ld)"
             " INSERT INTO entry(id, received_ms, kind, hash, signature, bytes)"
             " SELECT (1000000 + i / 1000) << 32 | (i %% 1000 + 1), 1, 'sale', randomblob(32),"
             " randomblob(64), randomblob(300) FROM n;"
             "COMMIT; PRAGMA wal_checkpoint(TRUNCATE);",
             from, to);
    return sql(growth->path, text, error);
}

static enum status make_shops(const struct growth *growth, struct error *error)
{
    char text[1024];
    snprintf(text, sizeof text,
             "BEGIN;"
             "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)"
             " INSERT INTO item(sku, name) SELECT printf('G%%04d', i), 'Item' FROM n;"
             "WITH RECURSIVE s(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM s WHERE j + 1 < %d)"
             " INSERT INTO stock(location, sku, status, quantity_milli)"
             " SELECT printf('S%%03d', j), sku, 'available', 1000000000 FROM s, item;"
             "COMMIT;",
             ITEMS, STORES_MAX);
    return sql(growth->path, text, error);
}

static enum status open_ledger(struct growth *growth, struct error *error)
{
    const struct ledger_options options = {.location = growth->location,
                                           .clock = clock_system(),
                                           .entropy = entropy_system(),
                                           .inline_work = true};
    return ledger_open(&options, &growth->ledger, error);
}

/* Opened once before stock is written: a new ledger folds what it holds at its first start, and
 * would fold this stock away. */
static enum status make_ledger(struct bench *bench, struct growth *growth, struct error *error)
{
    struct served served;
    struct entropy entropy = entropy_system();
    char folder[96];
    snprintf(folder, sizeof folder, "%s/growth", bench_folder(bench));
    enum status status = ledger_make(bench, folder, &served, error);
    memmove(growth->path, served.db + strlen("sqlite:"), strlen(served.db) + 1 - strlen("sqlite:"));
    memcpy(growth->location, served.db, sizeof growth->location);
    for (int i = 0; i < STORES_MAX; i++) {
        struct store_till *till = &growth->tills[i];
        snprintf(till->location, sizeof till->location, "S%03u", (unsigned)i % 1000U);
        till->device = id_random(&entropy);
        till->epoch = id_random(&entropy);
        key_pair(&entropy, &till->key, &till->secret);
        epoch_keys(&till->secret, &till->epoch, &till->epoch_key, &till->epoch_secret);
    }
    if (!status)
        status = open_ledger(growth, error);
    if (!status)
        ledger_close(growth->ledger);
    return status ? status : make_shops(growth, error);
}

/* ---- what is measured ------------------------------------------------------------------------ */

/* Microseconds of processor time an entry, the stores in turn. */
static enum status one_round(struct growth *growth, int stores, double *us, struct error *error)
{
    enum status status = STATUS_OK;
    int made = 0;
    for (; made < BATCHES && !status; made++)
        status = make_batch(growth, made % stores, &growth->bodies[made], error);
    struct effort effort = effort_begin();
    for (int i = 0; i < BATCHES && !status; i++)
        status = take_in(growth, &growth->bodies[i], error);
    effort_end(&effort);
    for (int i = 0; i < made; i++)
        free(growth->bodies[i].bytes);
    *us = effort.cpu_s * 1e6 / (BATCHES * BATCH);
    return status;
}

static enum status cost(struct growth *growth, int stores, double *us, struct error *error)
{
    struct samples samples = {0};
    enum status status = open_ledger(growth, error);
    if (status)
        return status;
    status = ledger_reader(growth->ledger, &growth->reader, error);
    for (int i = -1; i < ROUNDS && !status; i++) {
        status = one_round(growth, stores, us, error);
        if (i >= 0)
            samples_add(&samples, *us);
    }
    *us = samples_at(&samples, 0);
    samples_finish(&samples);
    ledger_reader_back(growth->ledger, growth->reader);
    ledger_close(growth->ledger);
    return status;
}

enum status bench_growth(struct bench *bench, struct error *error)
{
    static const int stores[] = {1, 10, 100};
    static const long sizes[] = {100000, 1000000, 10000000};
    struct growth *growth = mem_alloc(sizeof *growth);
    int steps = bench_full(bench) ? 3 : 2;
    double first = 0, us = 0;
    enum status status = make_ledger(bench, growth, error);
    for (int size = 0; size < steps && !status; size++) {
        status = fill(growth, size == 0 ? 0 : sizes[size - 1], sizes[size], error);
        for (size_t i = 0; i < sizeof stores / sizeof stores[0] && !status; i++) {
            char what[96];
            status = cost(growth, stores[i], &us, error);
            first = first > 0 ? first : us;
            snprintf(what, sizeof what, "an entry, ledger of %ld entries, %d store%s, CPU",
                     sizes[size], stores[i], stores[i] == 1 ? "" : "s");
            if (!status)
                bench_at_most(bench, "growth", what, us, first, "us", 1.2, "<= 1.2 x the first");
        }
    }
    free(growth);
    return status;
}
