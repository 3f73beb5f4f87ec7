/* What the routes share. Internal to the handler: handle.c, routes_device.c, routes_admin.c. */
#ifndef HOLDFAST_LEDGER_ROUTES_H
#define HOLDFAST_LEDGER_ROUTES_H

#include "sync/ledger/handle.h"
#include "sync/protocol/message.h"
#include "terminal/journal/device.h"

/* Who asks, once it is proven. */
struct caller {
    struct id device;
    struct public_key device_key;
    char till[TILL_NAME_SIZE];
    char location[LOCATION_ID_SIZE];
};

/* One request on its way through the handler. */
struct exchange {
    struct ledger *ledger;
    const struct ledger_request *request;
    struct ledger_response *response;
    struct store_session *reader; /* lent for the whole request */
    struct caller caller;         /* device routes */
    const char *body;             /* unpacked */
    size_t length;
    const char *tail; /* what follows the route's path ("ID" of /v1/snapshot/ID) */
};

/* Device routes. Each fills the response; a status other than OK becomes a refusal. */
enum status route_enroll(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_device(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_journal(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_changes(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_snapshot(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_snapshot_file(struct exchange *exchange, struct error *error) MUST_USE;

/* Administrators' routes. */
enum status route_reference(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_import(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_opening_stock(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_enroll_codes(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_totals(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_stock(struct exchange *exchange, struct error *error) MUST_USE; /* both */
enum status route_exceptions(struct exchange *exchange, struct error *error) MUST_USE;
enum status route_health(struct exchange *exchange, struct error *error) MUST_USE; /* anybody */

/* Sets status and body of a JSON answer. */
enum status respond_json(struct exchange *exchange, int http_status, const json_t *value,
                         struct error *error) MUST_USE;
/* A refusal with numbers of its own; time_ms is filled in. */
void respond_refusal(struct exchange *exchange, int http_status, struct refusal *refusal);

/* The value of a query parameter, percent-decoded ('+' stands for itself). Empty when it is not
 * there; STATUS_RANGE when it does not fit, STATUS_INVALID when it is not well formed or not UTF-8.
 */
enum status query_value(const char *query, const char *name, char *out, size_t size,
                        struct error *error) MUST_USE;

#endif
