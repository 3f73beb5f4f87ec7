/* What people look at and decide: exceptions, alerts, reports. */
#include "sync/ledger/alerts.h"
#include "sync/ledger/exceptions.h"
#include "sync/ledger/report.h"
#include "sync/ledger/routes.h"
#include "terminal/base/text.h"

#include <string.h>

static bool state_known(const char *state)
{
    static const char *const states[] = {"", "open", "assigned", "settled", "all"};

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(state, states[i]) == 0)
            return true;
    }
    return false;
}

static enum status list_exceptions(struct exchange *exchange, struct error *error)
{
    char after_text[DECIMAL_SIZE], state[16];
    int64_t after = 0;
    enum status status =
        query_value(exchange->request->query, "after", after_text, sizeof after_text, error);

    if (status == STATUS_OK && after_text[0] != '\0')
        status = decimal_read(after_text, 0, &after);
    if (status != STATUS_OK)
        return error_set(error, STATUS_INVALID, "after: not a number");
    if (query_value(exchange->request->query, "state", state, sizeof state, error) != STATUS_OK ||
        !state_known(state))
        return error_set(error, STATUS_INVALID, "state: open, assigned, settled or all");
    exchange->response->status = 200;
    return exceptions_list(exchange->reader, after, state, &exchange->response->body, error);
}

static enum status read_id(const struct exchange *exchange, int64_t *out, struct error *error)
{
    if (decimal_read(exchange->tail, 0, out) != STATUS_OK)
        return error_set(error, STATUS_NOT_FOUND, "there is no such exception");
    return STATUS_OK;
}

static enum status show_exception(struct exchange *exchange, struct error *error)
{
    int64_t id = 0;
    enum status status = read_id(exchange, &id, error);

    exchange->response->status = 200;
    return status == STATUS_OK
               ? exceptions_show(exchange->reader, id, &exchange->response->body, error)
               : status;
}

/* Answers the exception as it then is. */
static enum status change_exception(struct exchange *exchange, struct error *error)
{
    int64_t id = 0;
    json_t *body = NULL;
    enum status status = read_id(exchange, &id, error);

    if (status == STATUS_OK)
        status = json_read(exchange->body, exchange->length, &body, error);
    if (status == STATUS_OK)
        status = exceptions_change(exchange->ledger->writer, id, body, exchange->token_name, error);
    json_decref(body);
    return status == STATUS_OK ? show_exception(exchange, error) : status;
}

static enum status list_alerts(struct exchange *exchange, struct error *error)
{
    char location[LOCATION_ID_SIZE];
    enum status status =
        query_value(exchange->request->query, "location", location, sizeof location, error);

    if (status != STATUS_OK)
        return error_set(error, STATUS_INVALID, "location: an id");
    exchange->response->status = 200;
    return alerts_list(exchange->reader, location, &exchange->response->body, error);
}

static bool is_date_or_open(const char *text)
{
    return text[0] == '\0' || local_date_valid(text, strlen(text));
}

static enum status report_of_money(struct exchange *exchange, struct error *error)
{
    struct report_money_query query = {0};
    enum status status = query_value(exchange->request->query, "location", query.location,
                                     sizeof query.location, error);

    if (status == STATUS_OK)
        status =
            query_value(exchange->request->query, "from", query.from, sizeof query.from, error);
    if (status == STATUS_OK)
        status = query_value(exchange->request->query, "to", query.to, sizeof query.to, error);
    if (status != STATUS_OK || !is_date_or_open(query.from) || !is_date_or_open(query.to))
        return error_set(error, STATUS_INVALID,
                         "location=, from= and to= (business dates, as 2026-11-21)");
    if (query.to[0] != '\0' && strcmp(query.from, query.to) > 0)
        return error_set(error, STATUS_INVALID, "from= is after to=");
    query.now_ms = ledger_now_ms(exchange->ledger);
    exchange->response->status = 200;
    return report_money(exchange->reader, &query, &exchange->response->body, error);
}

const struct route people_routes[] = {
    {"GET", "/v1/exceptions", false, ACCESS_TOKEN, SCOPE_EXCEPTIONS, 0, list_exceptions},
    {"GET", "/v1/admin/exceptions", false, ACCESS_TOKEN, SCOPE_EXCEPTIONS, 0, list_exceptions},
    {"GET", "/v1/exceptions/", true, ACCESS_TOKEN, SCOPE_EXCEPTIONS, 0, show_exception},
    {"POST", "/v1/exceptions/", true, ACCESS_TOKEN, SCOPE_EXCEPTIONS, SMALL_BODY, change_exception},
    {"GET", "/v1/alerts", false, ACCESS_TOKEN, SCOPE_STOCK | SCOPE_READ, 0, list_alerts},
    {"GET", "/v1/reports/money", false, ACCESS_TOKEN, SCOPE_READ, 0, report_of_money},
    {0}};
