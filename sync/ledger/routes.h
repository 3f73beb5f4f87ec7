/* What the routes share. Internal to the handler: handle.c and the routes_*.c, each of which ends
 * with its part of the routing table. */
#ifndef HOLDFAST_LEDGER_ROUTES_H
#define HOLDFAST_LEDGER_ROUTES_H

#include "sync/ledger/handle.h"
#include "sync/ledger/query.h"
#include "sync/ledger/tokens.h"
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
    struct store_session *reader;     /* lent for the whole request */
    struct caller caller;             /* device routes */
    char token_name[TOKEN_NAME_SIZE]; /* whose token it was; "" for a device */
    bool proven;                      /* the caller is who he says */
    const char *body;                 /* unpacked */
    size_t length;
    const char *tail; /* what follows the route's path ("ID" of /v1/snapshot/ID) */
};

/* Who may ask. */
enum access {
    ACCESS_ANYBODY,
    ACCESS_SELF,   /* signed by the key that it names (enrolment) */
    ACCESS_DEVICE, /* signed by a device */
    ACCESS_TOKEN,  /* a token with one of the route's scopes */
    ACCESS_EITHER  /* a device, or such a token when there is an Authorization header */
};

#define SMALL_BODY ((size_t)64 << 10)

/* One row of the routing table. `run` fills the response; a status other than STATUS_OK becomes a
 * refusal. */
struct route {
    const char *method; /* NULL: the end of the table */
    const char *path;
    bool prefix; /* something follows the path, see exchange.tail */
    enum access access;
    unsigned scope; /* SCOPE_..., 0 where no token may ask */
    size_t ceiling; /* of the body, unpacked */
    enum status (*run)(struct exchange *exchange, struct error *error);
};

extern const struct route device_routes[];
extern const struct route admin_routes[];
extern const struct route service_routes[];
extern const struct route trade_routes[];
extern const struct route people_routes[];
extern const struct route metrics_routes[];
extern const struct route hooks_routes[];

/* "GET /v1/device" of the route with this number (metrics.h), "none" of the one behind the last. */
const char *ledger_route_name(int number, char *room);

/* Sets status and body of a JSON answer. */
enum status respond_json(struct exchange *exchange, int http_status, const json_t *value,
                         struct error *error) MUST_USE;
/* A refusal with numbers of its own; time_ms is filled in. */
void respond_refusal(struct exchange *exchange, int http_status, struct refusal *refusal);

/* Whether the caller reads zstd; and the body packed for him, where that makes it smaller. */
bool respond_may_pack(const struct ledger_request *request);
void respond_packed(struct ledger_response *response);

#endif
