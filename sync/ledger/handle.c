/* The routing table, and what every request goes through:
 *
 *   route ─► who may ask ─► body unpacked ─► the route ─► body packed
 */
#include "sync/ledger/handle.h"

#include "sync/ledger/auth.h"
#include "sync/protocol/compress.h"
#include "terminal/base/card.h"
#include "terminal/base/fs.h"
#include "terminal/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct route *const tables[] = {device_routes, admin_routes,  service_routes,
                                             trade_routes,  people_routes, metrics_routes,
                                             hooks_routes};
#define TABLE_COUNT (sizeof tables / sizeof tables[0])

void ledger_response_init(struct ledger_response *response)
{
    memset(response, 0, sizeof *response);
    response->content_type = "application/json";
    response->file = -1;
    buf_init(&response->body, 2 * COMPRESS_BODY_CEILING);
}

void ledger_response_finish(struct ledger_response *response)
{
    buf_finish(&response->body);
    if (response->file >= 0)
        (void)fs_close(response->file);
    response->file = -1;
    if (response->wait != NULL)
        ledger_wait_free(response->wait);
    response->wait = NULL;
}

static bool path_fits(const struct route *route, const char *path)
{
    size_t length = strlen(route->path);

    return route->prefix ? strncmp(path, route->path, length) == 0 && path[length] != '\0'
                         : strcmp(path, route->path) == 0;
}

/* NULL when nothing is there; *known tells that the path is, under another method. *number: its
 * place in all tables, or the place behind the last one. */
static const struct route *find_route(const struct ledger_request *request, bool *known,
                                      int *number)
{
    *known = false;
    *number = 0;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        for (const struct route *route = tables[i]; route->method != NULL; route++, ++*number) {
            if (!path_fits(route, request->path))
                continue;
            *known = true;
            if (strcmp(route->method, request->method) == 0)
                return route;
        }
    }
    return NULL;
}

const char *ledger_route_name(int number, char *room)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        for (const struct route *route = tables[i]; route->method != NULL; route++) {
            if (number-- > 0)
                continue;
            (void)snprintf(room, METRICS_NAME_SIZE, "%s %s", route->method, route->path);
            return room;
        }
    }
    return number == 0 ? "none" : NULL;
}

/* Only who has shown the token may send more than a device ever does. */
size_t ledger_body_ceiling(struct ledger *ledger, const struct ledger_request *request)
{
    bool known;
    int number;
    const struct route *route = find_route(request, &known, &number);

    if (route == NULL)
        return SMALL_BODY; /* read and answered with 404 */
    if (route->access == ACCESS_TOKEN && !auth_token_good(ledger, request, route->scope))
        return SMALL_BODY;
    return route->ceiling;
}

static void write_refusal(struct ledger *ledger, struct ledger_response *response, int http_status,
                          struct refusal *refusal)
{
    refusal->time_ms = ledger_now_ms(ledger);
    buf_clear(&response->body);
    response->status = http_status;
    response->content_type = "application/json";
    enum status status = message_write_refusal(refusal, &response->body);
    INVARIANT(status == STATUS_OK);
}

void respond_refusal(struct exchange *exchange, int http_status, struct refusal *refusal)
{
    write_refusal(exchange->ledger, exchange->response, http_status, refusal);
}

/* The message may quote what a stranger sent: it is made clean, and cut at a character. */
static void put_message(struct refusal *refusal, const char *message)
{
    struct buf clean;
    enum status status;
    size_t length;

    buf_init(&clean, SIZE_MAX - 1);
    status = text_clean(message, strlen(message), &clean);
    INVARIANT(status == STATUS_OK);
    length = text_cut(buf_text(&clean), clean.used, sizeof refusal->message - 1);
    memcpy(refusal->message, buf_text(&clean), length);
    refusal->message[length] = '\0';
    buf_finish(&clean);
}

void ledger_refuse(struct ledger *ledger, int http_status, const char *code, const char *message,
                   struct ledger_response *response)
{
    struct refusal refusal = {0};

    (void)snprintf(refusal.code, sizeof refusal.code, "%s", code);
    put_message(&refusal, message);
    if (http_status == 429 || http_status == 503)
        refusal.retry_ms = 1000;
    write_refusal(ledger, response, http_status, &refusal);
}

/* How a failure of the inner parts is told outside. */
static int http_status_of(enum status status)
{
    switch (status) {
    case STATUS_INVALID:
    case STATUS_UNSUPPORTED:
        return 400;
    case STATUS_DENIED:
    case STATUS_CANCELLED:
        return 403;
    case STATUS_NOT_FOUND:
        return 404;
    case STATUS_CONFLICT:
    case STATUS_EXISTS:
        return 409;
    case STATUS_RANGE:
        return 413;
    case STATUS_BUSY:
    case STATUS_NETWORK: /* the database is away */
    case STATUS_FULL:    /* or its disk is full */
        return 503;
    default:
        return 500;
    }
}

static void refuse_status(struct exchange *exchange, enum status status, const struct error *error)
{
    int http_status = http_status_of(status);

    ledger_refuse(exchange->ledger, http_status,
                  http_status == 503           ? "busy"
                  : status == STATUS_CANCELLED ? "denied"
                                               : status_name(status),
                  error->text, exchange->response);
}

/* 401 for who could not prove who he is; 403 for a device that was revoked, and for a token that is
 * good for something else. */
static void refuse_access(struct exchange *exchange, enum status status, const struct error *error)
{
    int http_status = http_status_of(status);
    const char *code = status_name(status);

    if (status == STATUS_DENIED || status == STATUS_TIMEOUT) {
        http_status = 401;
        code = status == STATUS_TIMEOUT ? "clock" : "denied";
    } else if (status == STATUS_CANCELLED || status == STATUS_UNSUPPORTED) {
        http_status = 403;
        code = status == STATUS_CANCELLED ? "revoked" : "denied";
    }
    ledger_refuse(exchange->ledger, http_status, code, error->text, exchange->response);
}

static enum status check_access(struct exchange *exchange, const struct route *route,
                                struct error *error)
{
    switch (route->access) {
    case ACCESS_ANYBODY:
        return STATUS_OK;
    case ACCESS_SELF:
        return auth_self(exchange, error);
    case ACCESS_DEVICE:
        return auth_device(exchange, error);
    case ACCESS_TOKEN:
        return auth_token(exchange, route->scope, error);
    case ACCESS_EITHER:
        return exchange->request->authorization != NULL ? auth_token(exchange, route->scope, error)
                                                        : auth_device(exchange, error);
    }
    return STATUS_DENIED;
}

/* The body as it is meant: *unpacked holds it when it came packed. */
static enum status open_body(struct exchange *exchange, const struct route *route,
                             struct buf *unpacked, struct error *error)
{
    const struct ledger_request *request = exchange->request;

    exchange->body = request->length == 0 ? "" : request->body;
    exchange->length = request->length;
    if (request->content_encoding != NULL && strcmp(request->content_encoding, "identity") != 0) {
        if (strcmp(request->content_encoding, "zstd") != 0)
            return error_set(error, STATUS_UNSUPPORTED, "the body's encoding is not known");
        enum status status = compress_unpack(request->body, request->length, unpacked, error);
        if (status != STATUS_OK)
            return status;
        exchange->body = buf_text(unpacked);
        exchange->length = unpacked->used;
    }
    if (exchange->length > route->ceiling)
        return error_set(error, STATUS_RANGE, "the body is larger than %zu bytes", route->ceiling);
    return STATUS_OK;
}

bool respond_may_pack(const struct ledger_request *request)
{
    return request->accept_encoding != NULL && strstr(request->accept_encoding, "zstd") != NULL;
}

void respond_packed(struct ledger_response *response)
{
    struct buf packed;

    if (response->body.used < COMPRESS_WORTHWHILE)
        return;
    buf_init(&packed, response->body.ceiling);
    if (compress_bytes(response->body.data, response->body.used, &packed) != STATUS_OK ||
        packed.used >= response->body.used) {
        buf_finish(&packed);
        return;
    }
    buf_finish(&response->body);
    response->body = packed;
    response->zstd = true;
}

/* Who is proven may still ask too often. */
static bool within_limits(struct exchange *exchange, const struct route *route)
{
    struct ledger *ledger = exchange->ledger;
    const struct caller *caller = &exchange->caller;
    int64_t retry_ms, now_us = clock_monotonic_us(&ledger->clock);
    struct refusal refusal = {.code = "busy", .message = "too many requests"};

    if (ledger->limits == NULL || route->access == ACCESS_ANYBODY)
        return true;
    if (exchange->token_name[0] != '\0')
        retry_ms = limits_take(ledger->limits, LIMIT_TOKEN, exchange->token_name,
                               strlen(exchange->token_name), now_us);
    else
        retry_ms = limits_take(ledger->limits, LIMIT_DEVICE, caller->device_key.bytes,
                               PUBLIC_KEY_SIZE, now_us);
    if (retry_ms == 0)
        return true;
    metrics_add(ledger->metrics, METRIC_LIMITED, 1);
    refusal.retry_ms = retry_ms;
    respond_refusal(exchange, 429, &refusal);
    return false;
}

/* A till's programs and this one are updated one after the other: the neighbours are served. */
static bool version_served(struct exchange *exchange)
{
    char message[128];

    if (message_version_fits(message_version_read(exchange->request->version)))
        return true;
    (void)snprintf(message, sizeof message,
                   "this ledger speaks version %d of the wire, and one before and after, not %.16s",
                   MESSAGE_VERSION, exchange->request->version);
    ledger_refuse(exchange->ledger, 426, "version", message, exchange->response);
    return false;
}

/* What a token's holder writes down is looked through before it is; what a till does, at its own
 * doors, and what it has journalled is told and taken (projection.h). A body that is no JSON is its
 * route's to refuse, or a file with a check of its own (import_file.h). */
static enum status refuse_card_numbers(const struct exchange *exchange, const struct route *route,
                                       struct error *error)
{
    struct error later;
    json_t *body;
    bool found;

    if (exchange->token_name[0] == '\0' || exchange->length == 0 ||
        route->ceiling > COMPRESS_BODY_CEILING ||
        json_read(exchange->body, exchange->length, &body, &later) != STATUS_OK)
        return STATUS_OK;
    found = card_number_in(body);
    json_decref(body);
    return found ? error_set(error, STATUS_INVALID, "a text looks like a card number") : STATUS_OK;
}

static void run_route(struct exchange *exchange, const struct route *route)
{
    struct buf unpacked;
    struct error error = {0};
    enum status status = check_access(exchange, route, &error);

    if (status != STATUS_OK) {
        refuse_access(exchange, status, &error);
        return;
    }
    exchange->proven = true;
    if (!version_served(exchange) || !within_limits(exchange, route))
        return;
    buf_init(&unpacked, route->ceiling);
    status = open_body(exchange, route, &unpacked, &error);
    if (status == STATUS_OK)
        status = refuse_card_numbers(exchange, route, &error);
    if (status == STATUS_OK) {
        exchange->tail = exchange->request->path + strlen(route->path);
        status = route->run(exchange, &error);
    }
    if (status != STATUS_OK)
        refuse_status(exchange, status, &error);
    buf_finish(&unpacked);
}

static void answer(struct exchange *exchange, const struct route *route, bool known)
{
    struct error error;

    if (route == NULL) {
        ledger_refuse(exchange->ledger, known ? 405 : 404, known ? "unsupported" : "not_found",
                      known ? "this path has another method" : "there is nothing at this path",
                      exchange->response);
        return;
    }
    if (ledger_reader(exchange->ledger, &exchange->reader, &error) != STATUS_OK) {
        ledger_refuse(exchange->ledger, 503, "busy", error.text, exchange->response);
        return;
    }
    run_route(exchange, route);
    ledger_reader_back(exchange->ledger, exchange->reader);
    if (exchange->response->wait == NULL && respond_may_pack(exchange->request))
        respond_packed(exchange->response);
}

/* A question that waits is counted as answered when it begins to: it has cost what it costs. */
static void count(const struct exchange *exchange, const struct route *route, int number,
                  int64_t took_us)
{
    struct ledger *ledger = exchange->ledger;
    const struct ledger_response *response = exchange->response;
    bool waits = response->wait != NULL;
    bool device = exchange->proven && route != NULL &&
                  (route->access == ACCESS_DEVICE || route->access == ACCESS_EITHER) &&
                  exchange->token_name[0] == '\0';
    char room[METRICS_NAME_SIZE];
    struct request_line line = {.route = route == NULL ? "" : ledger_route_name(number, room),
                                .status = waits ? 200 : response->status,
                                .device = device ? &exchange->caller.device : NULL,
                                .token = exchange->token_name,
                                .took_us = took_us,
                                .received = exchange->request->length,
                                .sent = response->file >= 0 ? (size_t)response->length
                                                            : response->body.used};

    metrics_request(ledger->metrics, number, line.status, took_us);
    request_log_write(ledger->requests, &line, ledger_now_ms(ledger) / 1000);
}

void ledger_handle(struct ledger *ledger, const struct ledger_request *request,
                   struct ledger_response *response)
{
    struct exchange exchange = {.ledger = ledger, .request = request, .response = response};
    int64_t start_us = clock_monotonic_us(&ledger->clock);
    int number;
    bool known;
    const struct route *route = find_route(request, &known, &number);

    answer(&exchange, route, known);
    count(&exchange, route, number, clock_monotonic_us(&ledger->clock) - start_us);
}

enum status respond_json(struct exchange *exchange, int http_status, const json_t *value,
                         struct error *error)
{
    exchange->response->status = http_status;
    buf_clear(&exchange->response->body);
    if (json_write(value, &exchange->response->body) != STATUS_OK)
        return error_set(error, STATUS_RANGE, "the answer is too large");
    return STATUS_OK;
}
