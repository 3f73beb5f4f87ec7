/* Webhooks: what administrators set up, and what holdfast-hooks asks. */
#include "sync/ledger/routes.h"
#include "sync/ledger/webhooks.h"

static enum status answer_object(struct exchange *exchange, json_t *answer, struct error *error)
{
    enum status status = respond_json(exchange, 200, answer, error);

    json_decref(answer);
    return status;
}

static enum status route_webhook_add(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    const char *name = NULL, *url = NULL, *events = NULL;
    char secret[WEBHOOK_SECRET_SIZE];
    json_t *body, *answer;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = json_want_text(body, "name", WEBHOOK_NAME_SIZE - 1, &name, error);
    if (status == STATUS_OK)
        status = json_want_text(body, "url", WEBHOOK_URL_SIZE - 1, &url, error);
    if (status == STATUS_OK)
        status = json_want_text(body, "events", 200, &events, error);
    if (status == STATUS_OK)
        status = webhooks_add(ledger->writer, &ledger->entropy, name, url, events, secret, error);
    if (status == STATUS_OK) {
        answer = json_object();
        json_put_text(answer, "name", name);
        json_put_text(answer, "secret", secret);
        status = answer_object(exchange, answer, error);
        secret_wipe(secret, sizeof secret);
    }
    json_decref(body);
    return status;
}

static enum status route_webhook_list(struct exchange *exchange, struct error *error)
{
    exchange->response->status = 200;
    return webhooks_list(exchange->reader, &exchange->response->body, error);
}

static enum status route_webhook_remove(struct exchange *exchange, struct error *error)
{
    const char *name = NULL;
    json_t *body;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = json_want_text(body, "name", WEBHOOK_NAME_SIZE - 1, &name, error);
    if (status == STATUS_OK)
        status = webhooks_remove(exchange->ledger->writer, name, error);
    json_decref(body);
    return status == STATUS_OK ? answer_object(exchange, json_object(), error) : status;
}

static enum status route_deliveries(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;

    exchange->response->status = 200;
    /* Fifty deliveries, each of them with its body as an escaped text. */
    exchange->response->body.ceiling = (size_t)64 << 20;
    return webhooks_due(ledger->writer, exchange->reader, ledger_now_ms(ledger),
                        &exchange->response->body, error);
}

static enum status route_results(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    const char *name = NULL;
    int64_t first = 0, last = 0, answered = 0;
    json_t *body;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = json_want_text(body, "webhook", WEBHOOK_NAME_SIZE - 1, &name, error);
    if (status == STATUS_OK)
        status = json_want_int(body, "first", 1, INT64_MAX, &first, error);
    if (status == STATUS_OK)
        status = json_want_int(body, "last", 1, INT64_MAX, &last, error);
    if (status == STATUS_OK)
        status = json_want_int(body, "status", 0, 999, &answered, error);
    if (status == STATUS_OK)
        status = webhooks_report(ledger->writer, &ledger->entropy, name, first, last, (int)answered,
                                 error);
    json_decref(body);
    return status == STATUS_OK ? answer_object(exchange, json_object(), error) : status;
}

const struct route hooks_routes[] = {
    {"GET", "/v1/admin/webhooks", false, ACCESS_TOKEN, SCOPE_ADMIN, 0, route_webhook_list},
    {"POST", "/v1/admin/webhooks", false, ACCESS_TOKEN, SCOPE_ADMIN, SMALL_BODY, route_webhook_add},
    {"POST", "/v1/admin/webhooks/remove", false, ACCESS_TOKEN, SCOPE_ADMIN, SMALL_BODY,
     route_webhook_remove},
    {"GET", "/v1/hooks/deliveries", false, ACCESS_TOKEN, SCOPE_HOOKS, 0, route_deliveries},
    {"POST", "/v1/hooks/results", false, ACCESS_TOKEN, SCOPE_HOOKS, SMALL_BODY, route_results},
    {0}};
