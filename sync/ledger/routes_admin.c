/* What administrators ask. */
#include "sync/ledger/enroll.h"
#include "sync/ledger/import.h"
#include "sync/ledger/opening.h"
#include "sync/ledger/report.h"
#include "sync/ledger/routes.h"
#include "sync/protocol/compress.h"
#include "terminal/base/log.h"
#include "terminal/base/text.h"
#include "terminal/journal/moves.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status route_health(struct exchange *exchange, struct error *error)
{
    json_t *answer = json_object();
    enum status status;

    json_put_text(answer, "status", "ok");
    json_put_text(answer, "version", HOLDFAST_VERSION);
    json_put_int(answer, "time_ms", ledger_now_ms(exchange->ledger));
    status = respond_json(exchange, 200, answer, error);
    json_decref(answer);
    return status;
}

static enum status route_reference(struct exchange *exchange, struct error *error)
{
    json_t *body, *list, *answer;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = json_want_array(body, "rows", SIZE_MAX, &list, error);
    if (status == STATUS_OK)
        status = rows_apply(exchange->ledger->rows, exchange->ledger->writer, list, error);
    if (status == STATUS_OK) {
        answer = json_object();
        json_put_int(answer, "rows", (int64_t)json_array_size(list));
        status = respond_json(exchange, 200, answer, error);
        json_decref(answer);
    }
    json_decref(body);
    return status;
}

static enum status read_import_options(const char *query, struct import_options *out,
                                       struct error *error)
{
    char stock[LOCATION_ID_SIZE + DECIMAL_SIZE];
    enum status status = query_value(query, "list", out->list, sizeof out->list, error);

    if (status == STATUS_OK && out->list[0] == '\0')
        strcpy(out->list, "base");
    if (status == STATUS_OK)
        status = query_value(query, "currency", out->currency, sizeof out->currency, error);
    if (status == STATUS_OK)
        status = query_value(query, "stock", stock, sizeof stock, error);
    if (status == STATUS_OK && stock[0] != '\0')
        status = import_read_stock(stock, out, error);
    /* What of the query is too long is wrong, not large: 400, not 413. */
    return status == STATUS_RANGE ? error_set(error, STATUS_INVALID, "the query is wrong") : status;
}

/* "rejections":[{"line","reason","text"}] */
static json_t *rejections_json(const struct import_result *result)
{
    json_t *list = json_array();

    for (size_t i = 0; i < result->told; i++) {
        json_t *rejection = json_object();
        json_put_int(rejection, "line", result->rejections[i].line);
        json_put_text(rejection, "reason", result->rejections[i].reason);
        json_put_text(rejection, "text", result->rejections[i].text);
        json_add(list, rejection);
    }
    return list;
}

/* "seconds" is a decimal with its exact text, which no JSON writer of ours makes: it goes first. */
static enum status write_import(const struct import_result *result, int64_t milliseconds,
                                struct buf *out)
{
    json_t *answer = json_object();
    char seconds[DECIMAL_SIZE];
    struct buf rest;
    enum status status;

    decimal_write(milliseconds, 3, seconds);
    json_put_int(answer, "rows", result->rows);
    json_put_int(answer, "imported", result->imported);
    json_put_int(answer, "rejected", result->rejected);
    json_put(answer, "rejections", rejections_json(result));
    buf_init(&rest, out->ceiling);
    status = json_write(answer, &rest);
    if (status == STATUS_OK)
        status = buf_printf(out, "{\"seconds\":%s,%s", seconds, buf_text(&rest) + 1);
    buf_finish(&rest);
    json_decref(answer);
    return status;
}

/* After a large import every till needs a snapshot: they are begun before the tills ask. */
static enum status prepare_snapshots(struct exchange *exchange, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = store_query(exchange->reader, "SELECT DISTINCT location FROM device", NULL,
                                     0, &query, error);

    while (status == STATUS_OK &&
           (status = store_next(exchange->reader, query, &row, error)) == STATUS_OK && row)
        snapshots_prepare(exchange->ledger->snapshots,
                          store_column_text(exchange->reader, query, 0));
    return status;
}

static enum status route_import(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    struct import_options options = {0};
    struct import_result result = {0};
    int64_t start = clock_monotonic_us(&ledger->clock), took_ms;
    enum status status = read_import_options(exchange->request->query, &options, error);

    if (status != STATUS_OK)
        return status;
    snapshots_hold(ledger->snapshots);
    status = import_run(ledger->writer, ledger->rows, &options, exchange->body, exchange->length,
                        &result, error);
    snapshots_release(ledger->snapshots);
    took_ms = (clock_monotonic_us(&ledger->clock) - start) / 1000;
    exchange->response->status = 200;
    if (status == STATUS_OK) {
        log_line(LOG_LEVEL_INFO, "import", "%lld rows, %lld imported, %lld rejected, %lld ms",
                 (long long)result.rows, (long long)result.imported, (long long)result.rejected,
                 (long long)took_ms);
        /* The import is durable: what is only begun early may fail without taking that back. */
        if (prepare_snapshots(exchange, error) != STATUS_OK)
            log_line(LOG_LEVEL_WARN, "import", "snapshots wait to be asked for: %s", error->text);
    }
    /* Every rejected row is told, however many there are. */
    exchange->response->body.ceiling = COMPRESS_IMPORT_CEILING;
    if (status == STATUS_OK)
        status = write_import(&result, took_ms, &exchange->response->body);
    import_finish(&result);
    return status;
}

static enum status route_opening_stock(struct exchange *exchange, struct error *error)
{
    json_t *body, *answer;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = opening_receive(exchange->ledger->writer, body, error);
    json_decref(body);
    if (status != STATUS_OK)
        return status;
    answer = json_object();
    status = respond_json(exchange, 200, answer, error);
    json_decref(answer);
    return status;
}

static enum status route_enroll_codes(struct exchange *exchange, struct error *error)
{
    const char *location = NULL, *till = NULL;
    char code[ENROLL_CODE_SIZE], expires[UTC_STAMP_SIZE];
    int64_t expires_ms = 0;
    json_t *body, *answer;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = json_want_text(body, "location", LOCATION_ID_SIZE - 1, &location, error);
    if (status == STATUS_OK)
        status = json_want_text(body, "till", TILL_NAME_SIZE - 1, &till, error);
    if (status == STATUS_OK && (location[0] == '\0' || till[0] == '\0'))
        status = error_set(error, STATUS_INVALID, "location and till may not be empty");
    if (status == STATUS_OK)
        status = enroll_new_code(exchange->ledger->writer, &exchange->ledger->entropy, location,
                                 till, code, &expires_ms, error);
    if (status == STATUS_OK) {
        snapshots_prepare(exchange->ledger->snapshots, location);
        utc_stamp(expires_ms, expires);
        answer = json_object();
        json_put_text(answer, "code", code);
        json_put_text(answer, "expires", expires);
        status = respond_json(exchange, 200, answer, error);
        json_decref(answer);
    }
    json_decref(body);
    return status;
}

static enum status route_totals(struct exchange *exchange, struct error *error)
{
    exchange->response->status = 200;
    return report_totals(exchange->reader, &exchange->response->body, error);
}

static enum status route_stock(struct exchange *exchange, struct error *error)
{
    char sku[SKU_SIZE];
    enum status status = query_value(exchange->request->query, "sku", sku, sizeof sku, error);

    if (status == STATUS_RANGE ||
        (status == STATUS_OK && (sku[0] == '\0' || !text_is_utf8(sku, strlen(sku)))))
        return error_set(error, STATUS_INVALID, "say which with ?sku=");
    if (status != STATUS_OK)
        return status;
    exchange->response->status = 200;
    return report_stock(exchange->reader, sku, &exchange->response->body, error);
}

const struct route admin_routes[] = {
    {"GET", "/v1/health", false, ACCESS_ANYBODY, 0, 0, route_health},
    {"GET", "/v1/stock", false, ACCESS_EITHER, SCOPE_STOCK, 0, route_stock},
    {"POST", "/v1/admin/reference", false, ACCESS_TOKEN, SCOPE_REFERENCE, COMPRESS_BODY_CEILING,
     route_reference},
    {"POST", "/v1/admin/import", false, ACCESS_TOKEN, SCOPE_REFERENCE, COMPRESS_IMPORT_CEILING,
     route_import},
    {"POST", "/v1/admin/opening-stock", false, ACCESS_TOKEN, SCOPE_REFERENCE, COMPRESS_BODY_CEILING,
     route_opening_stock},
    {"POST", "/v1/admin/enroll-codes", false, ACCESS_TOKEN, SCOPE_ENROLL, SMALL_BODY,
     route_enroll_codes},
    {"GET", "/v1/admin/totals", false, ACCESS_TOKEN, SCOPE_READ, 0, route_totals},
    {"GET", "/v1/admin/stock", false, ACCESS_TOKEN, SCOPE_STOCK, 0, route_stock},
    {0}};
