/* What tills ask. */
#include "sync/ledger/devices.h"
#include "sync/ledger/enroll.h"
#include "sync/ledger/ingest.h"
#include "sync/ledger/leases.h"
#include "sync/ledger/routes.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>

#define SNAPSHOT_RETRY_MS 1000

static enum status route_enroll(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    struct enroll_request request;
    struct enroll_answer answer;
    enum status status =
        message_read_enroll_request(exchange->body, exchange->length, &request, error);

    if (status != STATUS_OK)
        return status;
    if (!secret_equal(request.device_key.bytes, exchange->caller.device_key.bytes, PUBLIC_KEY_SIZE))
        return error_set(error, STATUS_DENIED, "the key is not the one that signed");
    status = enroll_device(ledger->writer, &ledger->entropy, &request, &answer, error);
    if (status != STATUS_OK)
        return status;
    answer.incarnation = ledger->incarnation;
    answer.ledger_key = ledger->key;
    answer.time_ms = ledger_now_ms(ledger);
    exchange->response->status = 200;
    return message_write_enroll_answer(&answer, &exchange->response->body);
}

static enum status read_heads(struct exchange *exchange, struct device_answer *answer,
                              struct error *error)
{
    struct store_session *session = exchange->reader;
    struct store_value values[] = {store_blob(exchange->caller.device.bytes, ID_SIZE),
                                   store_int(MESSAGE_MAX_EPOCHS)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session,
                                     "SELECT epoch, seq, hash FROM epoch WHERE device = ?1 "
                                     "ORDER BY number DESC LIMIT ?2",
                                     values, 2, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        struct head *head = &answer->heads[answer->count];
        size_t epoch_length, hash_length;
        const void *epoch = store_column_blob(session, query, 0, &epoch_length);
        const void *hash = store_column_blob(session, query, 2, &hash_length);
        if (epoch_length != ID_SIZE || hash_length != HASH_SIZE) {
            store_done(session, query);
            return error_set(error, STATUS_CORRUPT, "an epoch's row is damaged");
        }
        memcpy(head->epoch.bytes, epoch, ID_SIZE);
        memcpy(head->hash.bytes, hash, HASH_SIZE);
        head->seq = store_column_int(session, query, 1);
        countersign_head(&exchange->caller.device, head, &exchange->ledger->secret);
        answer->count++;
    }
    return status;
}

static enum status route_device(struct exchange *exchange, struct error *error)
{
    struct device_answer answer = {.incarnation = exchange->ledger->incarnation,
                                   .time_ms = ledger_now_ms(exchange->ledger)};
    enum status status;

    answer.heads = mem_resize(NULL, MESSAGE_MAX_EPOCHS * sizeof *answer.heads);
    answer.leases = mem_resize(NULL, MESSAGE_MAX_LEASES * sizeof *answer.leases);
    answer.tells_leases = true;
    status = store_begin_read(exchange->reader, error);
    if (status == STATUS_OK) {
        status = read_heads(exchange, &answer, error);
        if (status == STATUS_OK)
            status = leases_of_device(exchange->reader, &exchange->caller.device, answer.leases,
                                      MESSAGE_MAX_LEASES, &answer.lease_count, error);
        store_rollback(exchange->reader);
    }
    exchange->response->status = 200;
    if (status == STATUS_OK)
        status = message_write_device_answer(&answer, &exchange->response->body);
    message_finish_device_answer(&answer);
    return status;
}

static void refuse_journal(struct exchange *exchange, const struct ingest_result *result)
{
    struct refusal refusal = {0};
    bool gap = result->outcome == INGEST_GAP;

    strcpy(refusal.code, gap ? "gap" : "fork");
    strcpy(refusal.message,
           gap ? "entries before these are missing" : "another entry is known at this place");
    refusal.expected = result->expected;
    refusal.seq = result->seq;
    refusal.taken = result->taken;
    respond_refusal(exchange, 409, &refusal);
}

static enum status route_journal(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    struct ingest_sender sender = {
        .key = {.device = exchange->caller.device, .device_key = exchange->caller.device_key},
        .location = exchange->caller.location};
    struct ingest_result result;
    enum status status = ingest_post(ledger->writer, exchange->reader, &sender, exchange->body,
                                     exchange->length, &result, error);

    if (status != STATUS_OK)
        return status;
    if (result.outcome == INGEST_GAP)
        status = watch_gap(ledger->watch, &result.head.epoch, exchange->caller.location,
                           result.expected, error);
    if (result.outcome == INGEST_TAKEN)
        status = watch_filled(ledger->watch, &result.head.epoch, result.head.seq, error);
    if (status != STATUS_OK)
        return status;
    if (result.outcome != INGEST_TAKEN) {
        refuse_journal(exchange, &result);
        return STATUS_OK;
    }
    struct journal_answer answer = {.head = result.head, .time_ms = ledger_now_ms(ledger)};
    countersign_head(&exchange->caller.device, &answer.head, &ledger->secret);
    verifier_poke(ledger->verifier);
    exchange->response->status = 200;
    return message_write_journal_answer(&answer, &exchange->response->body);
}

struct ledger_wait {
    struct changes_query query;
    int64_t deadline_us;
    struct id device; /* who asks: it may be revoked meanwhile */
    bool zstd;        /* the answer may be packed */
};

static void refuse_snapshot(struct ledger *ledger, const char *message,
                            struct ledger_response *response)
{
    ledger_refuse(ledger, 410, "snapshot", message, response);
}

/* A device reads the shared scopes and its own location's, nobody else's. */
static enum status check_scopes(const struct exchange *exchange, const struct changes_query *query,
                                struct error *error)
{
    for (int i = 0; i < query->count; i++) {
        const char *scope = query->cursors[i].scope;
        if (strncmp(scope, "location:", 9) == 0 &&
            strcmp(scope + 9, exchange->caller.location) != 0)
            return error_set(error, STATUS_DENIED, "the scope is another location's");
    }
    return STATUS_OK;
}

static enum status answer_changes(struct ledger *ledger, struct store_session *reader,
                                  const struct changes_query *query,
                                  struct ledger_response *response, struct error *error)
{
    enum status status = feed_answer(reader, query, &ledger->incarnation, ledger_now_ms(ledger),
                                     &response->body, error);

    response->status = 200;
    if (status == STATUS_NOT_FOUND || status == STATUS_RANGE) {
        refuse_snapshot(ledger, error->text, response);
        return STATUS_OK;
    }
    return status;
}

static enum status route_changes(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    struct changes_query query;
    struct ledger_wait *wait;
    enum status status = message_read_changes_query(exchange->request->query, &query, error);

    if (status == STATUS_OK)
        status = check_scopes(exchange, &query, error);
    if (status != STATUS_OK)
        return status;
    if (memcmp(query.incarnation.bytes, ledger->incarnation.bytes, ID_SIZE) != 0) {
        refuse_snapshot(ledger, "the ledger has another incarnation", exchange->response);
        return STATUS_OK;
    }
    if (query.wait_s == 0 || feed_has_news(ledger->feed, &query))
        return answer_changes(ledger, exchange->reader, &query, exchange->response, error);
    wait = mem_alloc(sizeof *wait);
    wait->query = query;
    wait->device = exchange->caller.device;
    wait->zstd = respond_may_pack(exchange->request);
    wait->deadline_us =
        clock_monotonic_us(&ledger->clock) + (int64_t)query.wait_s * INT64_C(1000000);
    exchange->response->wait = wait;
    return STATUS_OK;
}

bool ledger_wait_over(struct ledger *ledger, const struct ledger_wait *wait, int64_t now_us)
{
    return now_us >= wait->deadline_us || feed_has_news(ledger->feed, &wait->query);
}

void ledger_continue(struct ledger *ledger, struct ledger_wait *wait,
                     struct ledger_response *response)
{
    struct store_session *reader = NULL;
    struct error error;
    enum status status = ledger_reader(ledger, &reader, &error);

    if (status == STATUS_OK)
        status = devices_standing(reader, &wait->device, &error);
    if (status == STATUS_OK)
        status = answer_changes(ledger, reader, &wait->query, response, &error);
    if (status == STATUS_CANCELLED)
        ledger_refuse(ledger, 403, "revoked", error.text, response);
    else if (status != STATUS_OK)
        ledger_refuse(ledger, 503, "busy", error.text, response);
    ledger_reader_back(ledger, reader);
    if (wait->zstd)
        respond_packed(response);
    ledger_wait_free(wait);
}

void ledger_wait_free(struct ledger_wait *wait)
{
    free(wait);
}

static enum status route_snapshot(struct exchange *exchange, struct error *error)
{
    struct snapshot_answer answer;
    enum status status =
        snapshots_get(exchange->ledger->snapshots, exchange->caller.location, &answer, error);

    if (status == STATUS_BUSY) {
        struct refusal refusal = {.retry_ms = SNAPSHOT_RETRY_MS};
        strcpy(refusal.code, "busy");
        strcpy(refusal.message, "the snapshot is being prepared");
        respond_refusal(exchange, 202, &refusal);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    answer.time_ms = ledger_now_ms(exchange->ledger);
    exchange->response->status = 200;
    return message_write_snapshot_answer(&answer, &exchange->response->body);
}

/* Reads "digits" up to the end byte; false when there are none or too many. */
static bool read_offset(const char **at, char end, int64_t *out)
{
    char digits[20];
    size_t count = strspn(*at, "0123456789");

    if (count == 0 || count >= sizeof digits || (*at)[count] != end)
        return false;
    memcpy(digits, *at, count);
    digits[count] = '\0';
    *at += count + (end != '\0');
    return decimal_read(digits, 0, out) == STATUS_OK;
}

/* One range of bytes (RFC 9110 section 14.1.2): "bytes=a-", "bytes=a-b" or "bytes=-n". Anything
 * else is passed over, as the RFC has it. *bad: it lies beyond the file. */
static bool read_range(const char *range, int64_t size, int64_t *from, int64_t *length, bool *bad)
{
    int64_t first, last;

    *bad = false;
    if (range == NULL || strncmp(range, "bytes=", 6) != 0)
        return false;
    range += 6;
    if (*range == '-') {
        range++;
        if (!read_offset(&range, '\0', &last))
            return false;
        *bad = last == 0;
        first = last > size ? 0 : size - last;
        last = size - 1;
    } else {
        if (!read_offset(&range, '-', &first))
            return false;
        if (*range == '\0')
            last = size - 1;
        else if (!read_offset(&range, '\0', &last) || last < first)
            return false;
        *bad = first >= size;
        last = last >= size ? size - 1 : last;
    }
    *from = first;
    *length = last - first + 1;
    return true;
}

static enum status route_snapshot_file(struct exchange *exchange, struct error *error)
{
    struct ledger_response *response = exchange->response;
    int64_t size = 0;
    bool bad;
    enum status status = snapshots_file(exchange->ledger->snapshots, exchange->caller.location,
                                        exchange->tail, &response->file, &size, error);

    if (status != STATUS_OK)
        return status;
    response->content_type = "application/zstd";
    response->file_size = size;
    response->offset = 0;
    response->length = size;
    response->status = 200;
    if (!read_range(exchange->request->range, size, &response->offset, &response->length, &bad))
        return STATUS_OK;
    response->status = 206;
    if (bad) {
        int64_t kept = response->file_size;
        ledger_response_finish(response);
        ledger_refuse(exchange->ledger, 416, "range", "the range lies beyond the file", response);
        response->file_size = kept;
    }
    return STATUS_OK;
}

const struct route device_routes[] = {
    {"POST", "/v1/enroll", false, ACCESS_SELF, 0, SMALL_BODY, route_enroll},
    {"GET", "/v1/device", false, ACCESS_DEVICE, 0, 0, route_device},
    {"POST", "/v1/journal", false, ACCESS_DEVICE, 0, FRAME_MAX_BYTES, route_journal},
    {"GET", "/v1/changes", false, ACCESS_DEVICE, 0, 0, route_changes},
    {"GET", "/v1/snapshot", false, ACCESS_DEVICE, 0, 0, route_snapshot},
    {"GET", "/v1/snapshot/", true, ACCESS_DEVICE, 0, 0, route_snapshot_file},
    {0}};
