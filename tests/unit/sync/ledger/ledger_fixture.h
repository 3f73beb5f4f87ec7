/* A ledger in a folder of its own, a clock that tests move, devices that sign, and requests without
 * sockets. */
#ifndef HOLDFAST_TEST_LEDGER_FIXTURE_H
#define HOLDFAST_TEST_LEDGER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_fixture.h"

#include "sync/ledger/handle.h"
#include "sync/ledger/ledger.h"
#include "sync/ledger/projection.h"
#include "sync/ledger/snapshot.h"
#include "sync/protocol/compress.h"
#include "sync/protocol/frame.h"
#include "sync/protocol/message.h"
#include "sync/protocol/signature.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"
#include "terminal/base/log.h"
#include "terminal/journal/epoch.h"
#include "terminal/journal/moves.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_MS INT64_C(1795000000000)

/* --- the ledger --- */

struct fixture {
    char folder[64];
    char location[ENGINE_LOCATION_SIZE];
    char db[128]; /* store_path: what the files beside the database begin with */
    char token[72];
    _Atomic int64_t now_ms; /* the ledger's threads look at it, too */
    _Atomic int64_t monotonic_us;
    struct ledger *ledger;
};

static inline int64_t fixture_wall(void *context)
{
    return ((struct fixture *)context)->now_ms;
}

static inline int64_t fixture_monotonic(void *context)
{
    return ((struct fixture *)context)->monotonic_us;
}

static inline struct ledger_options fixture_options(struct fixture *fixture)
{
    return (struct ledger_options){
        .location = fixture->location,
        .clock = {.wall_ms = fixture_wall, .monotonic_us = fixture_monotonic, .context = fixture},
        .entropy = entropy_system()};
}

static inline void must(enum status status, const struct error *error)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), error->text);
}

static inline void fixture_open(struct fixture *fixture)
{
    struct ledger_options options = fixture_options(fixture);
    struct error error = {0};

    must(ledger_open(&options, &fixture->ledger, &error), &error);
    (void)snprintf(fixture->db, sizeof fixture->db, "%s", store_path(fixture->ledger->store));
}

static inline void fixture_close(struct fixture *fixture)
{
    ledger_close(fixture->ledger);
    fixture->ledger = NULL;
}

static inline struct fixture *fixture_make(void)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    char path[128];
    struct buf token;
    struct error error = {0};

    crypto_start();
    log_set_level(LOG_LEVEL_ERROR);
    strcpy(fixture->folder, "/tmp/holdfast-ledger-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    engine_location(fixture->folder, false, fixture->location);
    (void)snprintf(path, sizeof path, "%s/token", fixture->folder);
    fixture->now_ms = START_MS;
    struct ledger_options options = fixture_options(fixture);
    must(ledger_init(&options, path, &error), &error);
    buf_init(&token, 128);
    must(file_read(path, &token, &error), &error);
    assert_int_equal(token.used, 65);
    memcpy(fixture->token, token.data, 64);
    buf_finish(&token);
    fixture_open(fixture);
    return fixture;
}

static inline void remove_folder(const char *folder)
{
    char command[160];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fail_msg("cannot remove %s", folder);
}

static inline void fixture_free(struct fixture *fixture)
{
    fixture_close(fixture);
    engine_remove(fixture->folder);
    remove_folder(fixture->folder);
    free(fixture);
}

static inline int fixture_setup(void **state)
{
    *state = fixture_make();
    return 0;
}

static inline int fixture_teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

/* --- requests --- */

struct answer {
    int status;
    char *text; /* unpacked */
    size_t length;
    json_t *json; /* NULL when it is none */
    struct ledger_response response;
};

static inline void answer_free(struct answer *answer)
{
    json_decref(answer->json);
    free(answer->text);
    ledger_response_finish(&answer->response);
}

static inline struct answer request_answer(struct fixture *fixture,
                                           const struct ledger_request *request)
{
    struct answer answer = {0};
    struct buf plain;
    struct error error = {0};

    ledger_response_init(&answer.response);
    ledger_handle(fixture->ledger, request, &answer.response);
    answer.status = answer.response.status;
    buf_init(&plain, (size_t)64 << 20);
    if (answer.response.zstd)
        must(compress_unpack(answer.response.body.data, answer.response.body.used, &plain, &error),
             &error);
    else if (buf_append(&plain, buf_text(&answer.response.body), answer.response.body.used) !=
             STATUS_OK)
        fail();
    answer.text = mem_copy_text(buf_text(&plain));
    answer.length = plain.used;
    answer.json = json_loads(answer.text, 0, NULL);
    buf_finish(&plain);
    return answer;
}

/* Answers a question that waited. */
static inline void continue_waiting(struct fixture *fixture, struct answer *waiting,
                                    struct ledger_response *later)
{
    assert_non_null(waiting->response.wait);
    ledger_response_init(later);
    ledger_continue(fixture->ledger, waiting->response.wait, later);
    waiting->response.wait = NULL;
}

static inline struct answer admin_call(struct fixture *fixture, const char *method,
                                       const char *path, const char *query, const void *body,
                                       size_t length)
{
    char bearer[96];
    struct ledger_request request = {.method = method,
                                     .path = path,
                                     .query = query,
                                     .authorization = bearer,
                                     .body = body,
                                     .length = length};

    (void)snprintf(bearer, sizeof bearer, "Bearer %s", fixture->token);
    return request_answer(fixture, &request);
}

static inline void admin_put(struct fixture *fixture, const char *rows)
{
    struct answer answer =
        admin_call(fixture, "POST", "/v1/admin/reference", "", rows, strlen(rows));

    if (answer.status != 200)
        fail_msg("%d %s", answer.status, answer.text);
    answer_free(&answer);
}

#define SHOP_ROWS                                                                                  \
    "{\"rows\":["                                                                                  \
    "{\"t\":\"location\",\"op\":\"put\",\"row\":{\"location\":\"S01\",\"name\":\"One\","           \
    "\"currency\":\"GBP\",\"timezone\":\"Europe/London\"}},"                                       \
    "{\"t\":\"location\",\"op\":\"put\",\"row\":{\"location\":\"S02\",\"name\":\"Two\","           \
    "\"currency\":\"GBP\",\"timezone\":\"Europe/London\"}},"                                       \
    "{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"A\",\"name\":\"Apple\"}},"                  \
    "{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"B\",\"name\":\"Bread\"}},"                  \
    "{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"C\\\"q\",\"name\":\"Quoted\"}}]}"

/* --- devices --- */

#define MAX_ENTRIES 4096

struct device {
    struct id id;
    struct public_key key;
    struct secret_key secret;
    char location[LOCATION_ID_SIZE];
    struct id epoch;
    struct public_key epoch_key;
    struct secret_key epoch_secret;
    struct sealed_entry entries[MAX_ENTRIES]; /* of this epoch; entries[0] is seq 1 */
    int count;
};

static inline struct answer signed_call_at(struct fixture *fixture, const struct device *device,
                                           int64_t created_s, const char *method, const char *path,
                                           const char *query, const void *body, size_t length)
{
    struct entropy entropy = entropy_system();
    struct signature_params params = {.created = created_s};
    struct signed_request about = {
        .method = method, .path = path, .query = query, .body_hash = hash_bytes(body, length)};
    struct signature_headers headers;
    struct ledger_request request = {.method = method,
                                     .path = path,
                                     .query = query,
                                     .content_digest = headers.digest,
                                     .signature_input = headers.input,
                                     .signature = headers.value,
                                     .accept_encoding = "zstd",
                                     .body = body,
                                     .length = length};

    signature_nonce(&entropy, params.nonce);
    if (strcmp(path, "/v1/enroll") == 0)
        hex_write(device->key.bytes, PUBLIC_KEY_SIZE, params.keyid);
    else
        hex_write(device->id.bytes, ID_SIZE, params.keyid);
    signature_build(&about, &params, &device->secret, &headers);
    return request_answer(fixture, &request);
}

static inline struct answer signed_call(struct fixture *fixture, const struct device *device,
                                        const char *method, const char *path, const char *query,
                                        const void *body, size_t length)
{
    return signed_call_at(fixture, device, fixture->now_ms / 1000, method, path, query, body,
                          length);
}

static inline void new_code(struct fixture *fixture, const char *location, const char *till,
                            char out[MESSAGE_CODE_SIZE])
{
    char body[128];
    struct answer answer;

    (void)snprintf(body, sizeof body, "{\"location\":\"%s\",\"till\":\"%s\"}", location, till);
    answer = admin_call(fixture, "POST", "/v1/admin/enroll-codes", "", body, strlen(body));
    if (answer.status != 200)
        fail_msg("%d %s", answer.status, answer.text);
    (void)snprintf(out, MESSAGE_CODE_SIZE, "%s", json_text_or(answer.json, "code", ""));
    assert_true(strlen(json_text_or(answer.json, "expires", "")) > 0);
    answer_free(&answer);
}

static inline struct answer enroll(struct fixture *fixture, const struct device *device,
                                   const char *code)
{
    struct enroll_request request = {.device_key = device->key};
    struct buf body;
    struct answer answer;

    (void)snprintf(request.code, sizeof request.code, "%s", code);
    buf_init(&body, 4096);
    assert_int_equal(message_write_enroll_request(&request, &body), STATUS_OK);
    answer = signed_call(fixture, device, "POST", "/v1/enroll", "", body.data, body.used);
    buf_finish(&body);
    return answer;
}

static inline struct device *device_make(struct fixture *fixture, const char *location,
                                         const char *till)
{
    struct device *device = mem_alloc(sizeof *device);
    struct entropy entropy = entropy_system();
    struct enroll_answer enrolled;
    char code[MESSAGE_CODE_SIZE];
    struct error error = {0};
    struct answer answer;

    key_pair(&entropy, &device->key, &device->secret);
    new_code(fixture, location, till, code);
    answer = enroll(fixture, device, code);
    if (answer.status != 200)
        fail_msg("%d %s", answer.status, answer.text);
    must(message_read_enroll_answer(answer.text, answer.length, &enrolled, &error), &error);
    assert_string_equal(enrolled.location, location);
    assert_string_equal(enrolled.till, till);
    device->id = enrolled.device;
    strcpy(device->location, location);
    device->epoch = id_random(&entropy);
    epoch_keys(&device->secret, &device->epoch, &device->epoch_key, &device->epoch_secret);
    answer_free(&answer);
    return device;
}

static inline void device_free(struct device *device)
{
    for (int i = 0; i < device->count; i++)
        sealed_entry_finish(&device->entries[i]);
    free(device);
}

/* --- entries --- */

/* The head of the next entry. */
static inline json_t *next_entry(const struct device *device, const char *kind)
{
    struct entry_head head = {.device = device->id,
                              .epoch = device->epoch,
                              .seq = device->count + 1,
                              .hlc = (START_MS + device->count) << 16,
                              .business_date = "2026-11-21"};

    strcpy(head.kind, kind);
    if (device->count > 0)
        head.prev = device->entries[device->count - 1].hash;
    return entry_start(&head);
}

static inline void seal_entry(struct device *device, json_t *entry)
{
    struct error error = {0};

    assert_true(device->count < MAX_ENTRIES);
    must(entry_seal(entry, &device->epoch_secret, &device->entries[device->count], &error), &error);
    device->count++;
    json_decref(entry);
}

static inline void add_open(struct device *device, const struct chain_point *parent)
{
    json_t *entry;
    struct epoch_open open = {.reason = EPOCH_REASON_ENROLLED, .till = "T01"};

    if (parent != NULL) {
        struct entry_head head = {.device = device->id,
                                  .epoch = device->epoch,
                                  .seq = 1,
                                  .hlc = START_MS << 16,
                                  .business_date = "2026-11-21",
                                  .kind = "epoch_open",
                                  .prev = parent->hash};
        entry = entry_start(&head);
        open.has_parent = true;
        open.parent = *parent;
    } else {
        entry = next_entry(device, "epoch_open");
    }
    strcpy(open.location, device->location);
    open.epoch_key = device->epoch_key;
    open.device_sig =
        epoch_key_sign(&device->id, &device->epoch, &device->epoch_key, &device->secret);
    epoch_open_put(entry, &open);
    seal_entry(device, entry);
}

/* A sale (a return when quantity is negative) of one line, its sums in order. */
static inline void put_sale(json_t *entry, const char *location, const char *sku,
                            int64_t quantity_milli, int64_t gross)
{
    bool back = quantity_milli < 0;
    struct stock_move move =
        stock_move_make(1, sku, (struct quantity){back ? -quantity_milli : quantity_milli},
                        location, back ? BUCKET_CUSTOMER : BUCKET_AVAILABLE, location,
                        back ? BUCKET_AVAILABLE : BUCKET_CUSTOMER, back ? "return" : "sale");
    json_t *tenders = json_array(), *tender = json_object();

    json_put_text(entry, "type", back ? "return" : "sale");
    json_put_text(entry, "currency", "GBP");
    json_put_int(entry, "net", gross);
    json_put_int(entry, "tax", 0);
    json_put_int(entry, "rounding", 0);
    json_put_int(entry, "gross", gross);
    json_put_int(tender, "id", 1);
    json_put_text(tender, "type", "cash");
    json_put_int(tender, "amount", gross);
    json_put_text(tender, "state", "taken");
    json_add(tenders, tender);
    json_put(entry, "tenders", tenders);
    json_put_int(entry, "change", 0);
    entry_put_moves(entry, &move, 1);
}

static inline void add_sale(struct device *device, const char *sku, int64_t quantity_milli,
                            int64_t gross)
{
    json_t *entry = next_entry(device, "sale");

    put_sale(entry, device->location, sku, quantity_milli, gross);
    seal_entry(device, entry);
}

/* Sends entries first .. first+count-1 (seqs from 1). */
static inline struct answer post_entries(struct fixture *fixture, const struct device *device,
                                         int64_t first, int count)
{
    struct frame *frame = frame_new(&device->epoch, first);
    struct buf body;
    struct answer answer;

    for (int i = 0; i < count; i++) {
        const struct sealed_entry *entry = &device->entries[first - 1 + i];
        struct frame_entry raw = {
            .signature = entry->signature, .bytes = entry->bytes, .length = entry->length};
        assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    }
    buf_init(&body, (size_t)2 << 20);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    answer = signed_call(fixture, device, "POST", "/v1/journal", "", body.data, body.used);
    buf_finish(&body);
    frame_free(frame);
    return answer;
}

/* The seq that the ledger acknowledges; fails the test for any other answer. */
static inline int64_t post_ok(struct fixture *fixture, const struct device *device, int64_t first,
                              int count)
{
    struct answer answer = post_entries(fixture, device, first, count);
    struct journal_answer taken;
    struct error error = {0};

    if (answer.status != 200)
        fail_msg("%d %s", answer.status, answer.text);
    must(message_read_journal_answer(answer.text, answer.length, &taken, &error), &error);
    assert_true(countersign_head_valid(&device->id, &taken.head, &fixture->ledger->key));
    assert_true(hash_equal(&taken.head.hash, &device->entries[taken.head.seq - 1].hash));
    answer_free(&answer);
    return taken.head.seq;
}

/* --- looking --- */

static inline int64_t query_int(struct fixture *fixture, const char *sql)
{
    struct store_session *reader;
    struct error error = {0};
    int64_t value = 0;

    must(ledger_reader(fixture->ledger, &reader, &error), &error);
    must(store_one_int(reader, sql, NULL, 0, INT64_MIN, &value, &error), &error);
    ledger_reader_back(fixture->ledger, reader);
    return value;
}

static inline enum status run_sql_job(void *context, const struct writer_turn *turn,
                                      struct error *error)
{
    return store_run(turn->session, context, NULL, 0, error);
}

/* Behind the ledger's back, but in its turn. `sql` is a literal. */
static inline void run_sql(struct fixture *fixture, const char *sql)
{
    struct writer_job job = {.run = run_sql_job, .context = (void *)(uintptr_t)sql};
    struct error error = {0};

    must(writer_run(fixture->ledger->writer, &job, &error), &error);
}

static inline void assert_projections_true(struct fixture *fixture)
{
    struct projection_report report;
    struct store_session *reader;
    struct error error = {0};

    must(ledger_reader(fixture->ledger, &reader, &error), &error);
    must(projection_check(reader, &report, &error), &error);
    ledger_reader_back(fixture->ledger, reader);
    if (report.differences != 0)
        fail_msg("%s", report.first);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM (SELECT sku FROM stock GROUP BY sku "
                                        "HAVING sum(quantity_milli) <> 0) s"),
                     0);
}

static inline struct changes_query changes_from(const struct fixture *fixture, const char *location)
{
    static const char *const shared[] = {"catalogue", "prices", "staff", "customers"};
    struct changes_query query = {.incarnation = fixture->ledger->incarnation, .count = 5};

    for (int i = 0; i < 4; i++)
        strcpy(query.cursors[i].scope, shared[i]);
    (void)snprintf(query.cursors[4].scope, sizeof query.cursors[4].scope, "location:%s", location);
    return query;
}

static inline struct answer ask_changes(struct fixture *fixture, const struct device *device,
                                        const struct changes_query *query)
{
    struct buf text;
    struct answer answer;

    buf_init(&text, 4096);
    assert_int_equal(message_write_changes_query(query, &text), STATUS_OK);
    answer = signed_call(fixture, device, "GET", "/v1/changes", buf_text(&text), "", 0);
    buf_finish(&text);
    return answer;
}

#endif
