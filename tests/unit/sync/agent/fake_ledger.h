/* A ledger small enough to be right by looking at it, with the wire's whole contract: it checks
 * signatures and nonces, keeps entries once for ever, projects stock and watermark with them in one
 * transaction of the location's scope, feeds changes, and makes real snapshots.
 *
 *   entries   per epoch: hash after hash, dense
 *   feed      per scope: transaction after transaction, each a text of rows
 *   db        the reference tables as they are now: what a replica must equal
 */
#ifndef HOLDFAST_TESTS_FAKE_LEDGER_H
#define HOLDFAST_TESTS_FAKE_LEDGER_H

#include "sync/agent/transport.h"
#include "sync/protocol/compress.h"
#include "sync/protocol/frame.h"
#include "sync/protocol/message.h"
#include "terminal/base/file.h"
#include "terminal/catalogue/replica.h"
#include "terminal/catalogue/search.h"
#include "terminal/journal/entry.h"
#include "tests/unit/sync/agent/fake_leases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FAKE_SCOPES  5
#define FAKE_EPOCHS  8
#define FAKE_ENTRIES 4096
#define FAKE_TX      4096
#define FAKE_NONCES  65536

struct fake_epoch {
    struct id epoch;
    int count;
    int damaged;
    int branch; /* entries taken aside */
    int64_t fork;
    struct hash hashes[FAKE_ENTRIES];
    struct hash branch_hashes[FAKE_ENTRIES];
};

struct fake_feed {
    char scope[MESSAGE_SCOPE_SIZE];
    int64_t floor; /* cursors below are answered with 410 */
    int64_t count;
    char *rows[FAKE_TX + 1]; /* of transaction n at [n]: row texts, comma between */
};

struct fake_ledger {
    struct id device;
    struct public_key device_key;
    struct public_key key;
    struct secret_key secret;
    struct id incarnation;
    struct db *db;
    struct reference_writer *writer;
    char *folder;
    struct fake_epoch epochs[FAKE_EPOCHS];
    int epoch_count;
    struct fake_feed feeds[FAKE_SCOPES];
    char (*nonces)[SIGNATURE_NONCE_SIZE];
    int nonce_count;
    int64_t now_ms;
    int page;      /* transactions per change answer */
    int prepare;   /* so many 202 before a manifest */
    int snapshots; /* made so far */
    char *packed;  /* the snapshot on offer */
    size_t packed_size;
    struct snapshot_answer manifest;
    bool ignore_range;    /* sends the snapshot from its start, always */
    bool blind_to_forks;  /* takes nothing of a branch */
    int64_t refuse_entry; /* answers 400 to every batch with this seq */
    int requests;
    int oldest, newest; /* versions that are served; 0: all */
    struct fake_leases leases;
};

static inline void fake_ok(enum status status, const struct error *error)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), error->text);
}

/* One transaction of one scope: rows are texts as they travel, comma between. */
static inline void fake_commit(struct fake_ledger *ledger, int feed, const char *rows)
{
    struct fake_feed *scope = &ledger->feeds[feed];
    struct buf text;
    struct error error;
    json_t *list = NULL;

    buf_init(&text, COMPRESS_BODY_CEILING);
    assert_int_equal(buf_printf(&text, "[%s]", rows), STATUS_OK);
    fake_ok(json_read(buf_text(&text), text.used, &list, &error), &error);
    fake_ok(db_begin(ledger->db, &error), &error);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct reference_row row;
        bool deleted = false;
        fake_ok(reference_change_from_json(json_array_get(list, i), &row, &deleted, &error),
                &error);
        fake_ok(deleted ? reference_delete(ledger->writer, &row, &error)
                        : reference_put(ledger->writer, &row, &error),
                &error);
    }
    fake_ok(db_commit(ledger->db, &error), &error);
    json_decref(list);
    buf_finish(&text);
    assert_true(scope->count < FAKE_TX);
    scope->rows[++scope->count] = mem_copy_text(rows);
}

static inline struct fake_ledger *fake_ledger_make(const char *folder)
{
    static const char *const scopes[] = {"catalogue", "prices", "staff", "customers",
                                         "location:S01"};
    const struct entropy entropy = entropy_system();
    struct fake_ledger *ledger = mem_alloc(sizeof *ledger);
    struct error error;
    char *path;

    ledger->folder = mem_copy_text(folder);
    ledger->page = 10;
    ledger->nonces = mem_alloc(FAKE_NONCES * sizeof *ledger->nonces);
    key_pair(&entropy, &ledger->key, &ledger->secret);
    ledger->incarnation = id_random(&entropy);
    for (int i = 0; i < FAKE_SCOPES; i++)
        (void)snprintf(ledger->feeds[i].scope, MESSAGE_SCOPE_SIZE, "%s", scopes[i]);
    path = path_join(folder, "ledger.db");
    fake_ok(db_open(path, DB_OWNER_NORMAL, &ledger->db, &error), &error);
    fake_ok(replica_create(ledger->db, &error), &error);
    fake_ok(reference_writer_open(ledger->db, &ledger->writer, &error), &error);
    free(path);
    return ledger;
}

static inline void fake_ledger_free(struct fake_ledger *ledger)
{
    for (int i = 0; i < FAKE_SCOPES; i++) {
        for (int64_t n = 1; n <= ledger->feeds[i].count; n++)
            free(ledger->feeds[i].rows[n]);
    }
    reference_writer_close(ledger->writer);
    db_close(ledger->db);
    free(ledger->packed);
    free(ledger->nonces);
    free(ledger->folder);
    free(ledger);
}

static inline int64_t fake_total(const struct fake_ledger *ledger)
{
    int64_t total = 0;

    for (int i = 0; i < ledger->epoch_count; i++)
        total += ledger->epochs[i].count;
    return total;
}

/* ---- answers ---- */

struct fake_answer {
    int status;
    struct buf body;
    bool stream;  /* a piece of the snapshot: */
    int64_t from; /* from here to the end */
};

static inline void fake_refuse(struct fake_ledger *ledger, struct fake_answer *answer, int status,
                               const char *code, int64_t expected, int64_t seq, int64_t taken)
{
    struct refusal refusal = {
        .expected = expected, .seq = seq, .taken = taken, .time_ms = ledger->now_ms};

    answer->status = status;
    (void)snprintf(refusal.code, sizeof refusal.code, "%s", code);
    (void)snprintf(refusal.message, sizeof refusal.message, "the fake ledger says %s", code);
    assert_int_equal(message_write_refusal(&refusal, &answer->body), STATUS_OK);
}

static inline struct head fake_head(struct fake_ledger *ledger, const struct fake_epoch *epoch)
{
    struct head head = {
        .epoch = epoch->epoch, .seq = epoch->count, .hash = epoch->hashes[epoch->count - 1]};

    countersign_head(&ledger->device, &head, &ledger->secret);
    return head;
}

static inline void fake_device(struct fake_ledger *ledger, struct fake_answer *answer)
{
    struct head heads[FAKE_EPOCHS];
    struct lease_answer leases[FAKE_LEASES];
    struct device_answer device = {
        .incarnation = ledger->incarnation, .time_ms = ledger->now_ms, .heads = heads};

    for (int i = 0; i < ledger->epoch_count; i++) {
        if (ledger->epochs[i].count > 0)
            heads[device.count++] = fake_head(ledger, &ledger->epochs[i]);
    }
    device.tells_leases = ledger->leases.known;
    device.leases = leases;
    device.lease_count = fake_leases_told(&ledger->leases, leases);
    answer->status = 200;
    assert_int_equal(message_write_device_answer(&device, &answer->body), STATUS_OK);
}

/* It was put back to a state in which it had granted only the first leases. */
static inline void fake_forget_leases(struct fake_ledger *ledger, int kept, int64_t balance)
{
    const struct entropy entropy = entropy_system();

    ledger->incarnation = id_random(&entropy);
    free(ledger->packed);
    ledger->packed = NULL;
    ledger->leases.count = kept;
    ledger->leases.balance = balance;
}

static inline void fake_lease(struct fake_ledger *ledger, const struct transport_request *request,
                              struct fake_answer *answer)
{
    struct lease_request asked;
    struct lease_answer *lease;
    struct error error;

    fake_ok(message_read_lease_request(request->body, request->body_length, &asked, &error),
            &error);
    lease = fake_leases_ask(&ledger->leases, &ledger->device, &asked, ledger->epochs[0].count);
    if (!lease) {
        fake_refuse(ledger, answer, 409, "conflict", 0, 0, 0);
        return;
    }
    answer->status = 200;
    assert_int_equal(message_write_lease_answer(lease, &answer->body), STATUS_OK);
}

static inline struct fake_epoch *fake_epoch_of(struct fake_ledger *ledger, const struct id *id)
{
    for (int i = 0; i < ledger->epoch_count; i++) {
        if (memcmp(ledger->epochs[i].epoch.bytes, id->bytes, ID_SIZE) == 0)
            return &ledger->epochs[i];
    }
    assert_true(ledger->epoch_count < FAKE_EPOCHS);
    ledger->epochs[ledger->epoch_count].epoch = *id;
    return &ledger->epochs[ledger->epoch_count++];
}

/* Each entry takes one piece of SKU A: stock is minus the number of entries, if each counted once.
 */
static inline void fake_project(struct fake_ledger *ledger, const struct fake_epoch *epoch)
{
    char device[ID_HEX_SIZE];
    char hex[ID_HEX_SIZE];
    char rows[1024];

    hex_write(ledger->device.bytes, ID_SIZE, device);
    hex_write(epoch->epoch.bytes, ID_SIZE, hex);
    (void)snprintf(rows, sizeof rows,
                   "{\"t\":\"stock\",\"op\":\"put\",\"row\":{\"location\":\"S01\",\"sku\":\"A\","
                   "\"status\":\"available\",\"quantity_milli\":%lld}},"
                   "{\"t\":\"watermark\",\"op\":\"put\",\"row\":{\"location\":\"S01\","
                   "\"device\":\"%s\",\"epoch\":\"%s\",\"seq\":%d}}",
                   (long long)(-1000 * fake_total(ledger)), device, hex, epoch->count);
    fake_commit(ledger, 4, rows);
}

static inline struct hash fake_hash(const struct frame_entry *entry)
{
    return entry->damaged ? entry->hash : entry_hash(entry->bytes, entry->length);
}

/* Each entry that can be read follows the one before it; the last one is no lost one. */
static inline void fake_check_chain(const struct frame *frame)
{
    assert_false(frame_entry_lost(&frame->entries[frame->count - 1]));
    for (int i = 1; i < frame->count; i++) {
        const struct frame_entry *raw = &frame->entries[i];
        struct hash before = fake_hash(&frame->entries[i - 1]);
        struct entry entry;

        if (raw->damaged || entry_parse(raw->bytes, raw->length, &entry, NULL) != STATUS_OK)
            continue;
        assert_true(hash_equal(&entry.head.prev, &before));
        entry_finish(&entry);
    }
}

static inline void fake_fork(struct fake_ledger *ledger, struct fake_epoch *epoch,
                             const struct frame *frame, int at, struct fake_answer *answer)
{
    int64_t taken = 0;

    if (epoch->fork == 0)
        epoch->fork = frame->first + at;
    if (!ledger->blind_to_forks) {
        epoch->branch = (int)(frame->first + frame->count - epoch->fork);
        for (int i = at; i < frame->count; i++)
            epoch->branch_hashes[frame->first + i - epoch->fork] = fake_hash(&frame->entries[i]);
        taken = frame->first + frame->count - 1;
    }
    fake_refuse(ledger, answer, 409, "fork", 0, epoch->fork, taken);
}

/* The index of the first entry that the ledger has otherwise; -1 when none. */
static inline int fake_differs(const struct fake_epoch *epoch, const struct frame *frame)
{
    for (int i = 0; i < frame->count; i++) {
        int64_t seq = frame->first + i;
        struct hash hash = fake_hash(&frame->entries[i]);

        if (epoch->fork > 0 && seq >= epoch->fork && seq < epoch->fork + epoch->branch + 1)
            return i;
        if (seq <= epoch->count && !hash_equal(&epoch->hashes[seq - 1], &hash))
            return i;
    }
    return -1;
}

static inline void fake_take(struct fake_ledger *ledger, const struct frame *frame,
                             struct fake_answer *answer)
{
    struct fake_epoch *epoch = fake_epoch_of(ledger, &frame->epoch);
    struct journal_answer head = {.time_ms = ledger->now_ms};
    int before = epoch->count;
    int differs = fake_differs(epoch, frame);

    if (ledger->refuse_entry >= frame->first &&
        ledger->refuse_entry < frame->first + frame->count &&
        !frame->entries[ledger->refuse_entry - frame->first].damaged) {
        fake_refuse(ledger, answer, 400, "invalid", 0, 0, 0);
        return;
    }
    if (differs >= 0) {
        fake_fork(ledger, epoch, frame, differs, answer);
        return;
    }
    if (frame->first > epoch->count + 1) {
        fake_refuse(ledger, answer, 409, "gap", epoch->count + 1, 0, 0);
        return;
    }
    for (int i = 0; i < frame->count; i++) {
        if (frame->first + i <= epoch->count)
            continue;
        assert_true(epoch->count < FAKE_ENTRIES);
        epoch->hashes[epoch->count++] = fake_hash(&frame->entries[i]);
        epoch->damaged += frame->entries[i].damaged ? 1 : 0;
    }
    if (epoch == ledger->epochs)
        fake_leases_loaded(&ledger->leases, before, epoch->count);
    if (epoch->count > before)
        fake_project(ledger, epoch);
    head.head = fake_head(ledger, epoch);
    answer->status = 200;
    assert_int_equal(message_write_journal_answer(&head, &answer->body), STATUS_OK);
}

static inline void fake_journal(struct fake_ledger *ledger, const struct transport_request *request,
                                struct fake_answer *answer)
{
    struct frame *frame = NULL;
    struct buf plain;
    struct error error;

    buf_init(&plain, FRAME_MAX_BYTES);
    if (request->packed)
        fake_ok(compress_unpack(request->body, request->body_length, &plain, &error), &error);
    else
        assert_int_equal(buf_append(&plain, request->body, request->body_length), STATUS_OK);
    fake_ok(frame_read(buf_text(&plain), plain.used, &frame, &error), &error);
    fake_check_chain(frame);
    fake_take(ledger, frame, answer);
    frame_free(frame);
    buf_finish(&plain);
}

static inline struct fake_feed *fake_feed_of(struct fake_ledger *ledger, const char *scope)
{
    for (int i = 0; i < FAKE_SCOPES; i++) {
        if (strcmp(ledger->feeds[i].scope, scope) == 0)
            return &ledger->feeds[i];
    }
    return NULL;
}

/* Whether a change poll would have something to say. */
static inline bool fake_has_news(struct fake_ledger *ledger, const char *query)
{
    struct changes_query asked;
    struct error error;

    fake_ok(message_read_changes_query(query, &asked, &error), &error);
    if (memcmp(asked.incarnation.bytes, ledger->incarnation.bytes, ID_SIZE) != 0)
        return true;
    for (int i = 0; i < asked.count; i++) {
        const struct fake_feed *feed = fake_feed_of(ledger, asked.cursors[i].scope);
        if (feed && feed->count != asked.cursors[i].position)
            return true;
    }
    return asked.wait_s == 0;
}

static inline void fake_changes(struct fake_ledger *ledger, const char *query,
                                struct fake_answer *answer)
{
    struct changes_query asked;
    struct changes_writer writer;
    struct error error;
    int budget = ledger->page;
    bool more = false;

    fake_ok(message_read_changes_query(query, &asked, &error), &error);
    for (int i = 0; i < asked.count; i++) {
        const struct fake_feed *feed = fake_feed_of(ledger, asked.cursors[i].scope);
        if (!feed || asked.cursors[i].position < feed->floor ||
            asked.cursors[i].position > feed->count ||
            memcmp(asked.incarnation.bytes, ledger->incarnation.bytes, ID_SIZE) != 0) {
            fake_refuse(ledger, answer, 410, "snapshot", 0, 0, 0);
            return;
        }
    }
    answer->status = 200;
    assert_int_equal(
        message_changes_start(&writer, &answer->body, &ledger->incarnation, ledger->now_ms),
        STATUS_OK);
    for (int i = 0; i < asked.count; i++) {
        const struct fake_feed *feed = fake_feed_of(ledger, asked.cursors[i].scope);
        int64_t position = asked.cursors[i].position;

        if (position == feed->count)
            continue;
        if (budget == 0) {
            more = true;
            continue;
        }
        assert_int_equal(message_changes_scope_start(&writer, feed->scope), STATUS_OK);
        for (; position < feed->count && budget > 0; budget--) {
            const char *rows = feed->rows[++position];
            assert_int_equal(message_changes_row(&writer, rows, strlen(rows)), STATUS_OK);
        }
        more = more || position < feed->count;
        assert_int_equal(message_changes_scope_end(&writer, position), STATUS_OK);
    }
    assert_int_equal(message_changes_end(&writer, more), STATUS_OK);
}

/* ---- snapshots ---- */

static inline void fake_stamp(struct fake_ledger *ledger)
{
    struct replica_cursor cursor = {.as_of_ms = ledger->now_ms};
    struct search_writer *search = NULL;
    struct error error;

    hex_write(ledger->incarnation.bytes, ID_SIZE, cursor.incarnation);
    fake_ok(db_begin(ledger->db, &error), &error);
    for (int i = 0; i < FAKE_SCOPES; i++) {
        cursor.position = ledger->feeds[i].count;
        fake_ok(replica_set_cursor(ledger->db, ledger->feeds[i].scope, &cursor, &error), &error);
    }
    fake_ok(db_commit(ledger->db, &error), &error);
    fake_ok(search_writer_open(ledger->db, &search, &error), &error);
    fake_ok(search_build(search, &error), &error);
    search_writer_close(search);
}

static inline void fake_make_snapshot(struct fake_ledger *ledger)
{
    char *plain = path_join(ledger->folder, "made.db");
    char *packed = path_join(ledger->folder, "made.zst");
    struct buf bytes;
    struct error error;
    char sql[512];
    struct snapshot_answer *manifest = &ledger->manifest;

    fake_stamp(ledger);
    (void)unlink(plain);
    (void)snprintf(sql, sizeof sql, "VACUUM INTO '%s'", plain);
    fake_ok(db_exec(ledger->db, sql, &error), &error);
    fake_ok(compress_file(plain, packed, 1, 0, &manifest->size, &manifest->sha256, &error), &error);
    buf_init(&bytes, (size_t)64 << 20);
    fake_ok(file_read(plain, &bytes, &error), &error);
    manifest->unpacked_size = (int64_t)bytes.used;
    buf_clear(&bytes);
    fake_ok(file_read(packed, &bytes, &error), &error);
    free(ledger->packed);
    ledger->packed_size = bytes.used;
    ledger->packed = bytes.data;
    (void)snprintf(manifest->id, sizeof manifest->id, "snap-%d", ++ledger->snapshots);
    manifest->signature = countersign_snapshot(manifest->id, &manifest->sha256, &ledger->secret);
    free(plain);
    free(packed);
}

static inline void fake_snapshot(struct fake_ledger *ledger, struct fake_answer *answer)
{
    if (ledger->prepare > 0) {
        struct refusal wait = {.retry_ms = 500, .time_ms = ledger->now_ms};
        ledger->prepare--;
        answer->status = 202;
        assert_int_equal(message_write_refusal(&wait, &answer->body), STATUS_OK);
        return;
    }
    if (!ledger->packed)
        fake_make_snapshot(ledger);
    ledger->manifest.time_ms = ledger->now_ms;
    answer->status = 200;
    assert_int_equal(message_write_snapshot_answer(&ledger->manifest, &answer->body), STATUS_OK);
}

static inline void fake_bytes(struct fake_ledger *ledger, const struct transport_request *request,
                              struct fake_answer *answer)
{
    if (!ledger->packed ||
        strcmp(request->path + strlen("/v1/snapshot/"), ledger->manifest.id) != 0) {
        fake_refuse(ledger, answer, 404, "not_found", 0, 0, 0);
    } else if (request->range_from >= (int64_t)ledger->packed_size) {
        fake_refuse(ledger, answer, 416, "range", 0, 0, 0);
    } else {
        answer->from = ledger->ignore_range ? 0 : request->range_from;
        answer->status = answer->from > 0 ? 206 : 200;
        answer->stream = true;
    }
}

/* ---- the door ---- */

static inline bool fake_admit(struct fake_ledger *ledger, const struct transport_request *request,
                              struct fake_answer *answer)
{
    struct signed_request signing = {request->method, request->path, request->query,
                                     hash_bytes(request->body, request->body_length)};
    struct signature_params params;
    struct error error;
    enum status status = signature_verify(
        &signing, request->signature.digest, request->signature.input, request->signature.value,
        &ledger->device_key, ledger->now_ms / 1000, &params, &error);

    if (status == STATUS_TIMEOUT) {
        fake_refuse(ledger, answer, 401, "clock", 0, 0, 0);
        return false;
    }
    fake_ok(status, &error);
    for (int i = 0; i < ledger->nonce_count; i++) {
        if (strcmp(ledger->nonces[i], params.nonce) == 0) {
            fake_refuse(ledger, answer, 401, "denied", 0, 0, 0);
            return false;
        }
    }
    assert_true(ledger->nonce_count < FAKE_NONCES);
    memcpy(ledger->nonces[ledger->nonce_count++], params.nonce, SIGNATURE_NONCE_SIZE);
    return true;
}

/* Handles a request; answer->body is to be finished by the caller. */
static inline void fake_handle(struct fake_ledger *ledger, const struct transport_request *request,
                               struct fake_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    buf_init(&answer->body, COMPRESS_BODY_CEILING);
    ledger->requests++;
    if (!fake_admit(ledger, request, answer))
        return;
    if (ledger->newest > 0 &&
        (request->version < ledger->oldest || request->version > ledger->newest)) {
        fake_refuse(ledger, answer, 426, "version", 0, 0, 0);
        return;
    }
    if (strcmp(request->path, "/v1/device") == 0)
        fake_device(ledger, answer);
    else if (strcmp(request->path, "/v1/journal") == 0)
        fake_journal(ledger, request, answer);
    else if (strcmp(request->path, "/v1/leases") == 0 && ledger->leases.known)
        fake_lease(ledger, request, answer);
    else if (strcmp(request->path, "/v1/changes") == 0)
        fake_changes(ledger, request->query, answer);
    else if (strcmp(request->path, "/v1/snapshot") == 0)
        fake_snapshot(ledger, answer);
    else if (strncmp(request->path, "/v1/snapshot/", 13) == 0)
        fake_bytes(ledger, request, answer);
    else
        fake_refuse(ledger, answer, 404, "not_found", 0, 0, 0);
}

#endif
