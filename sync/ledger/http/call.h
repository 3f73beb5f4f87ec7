/* One HTTP request between libmicrohttpd and the handler. Internal to server.c and call.c. */
#ifndef HOLDFAST_LEDGER_CALL_H
#define HOLDFAST_LEDGER_CALL_H

#include "sync/ledger/handle.h"
#include "sync/ledger/http/deadlines.h"
#include "sync/ledger/http/pool.h"
#include "sync/ledger/http/waits.h"

#include <microhttpd.h>

enum call_state { CALL_NEW, CALL_READING, CALL_WORKING, CALL_ANSWERED };

struct call {
    struct server *server;
    struct MHD_Connection *connection;
    struct deadline *deadline; /* the connection's */
    enum call_state state;
    char *target; /* as it travelled; path and query are cut out of it */
    struct ledger_request request;
    struct buf body;
    size_t counted; /* bytes of the body that count towards all bodies */
    struct ledger_response response;
    struct pool_task task;
    struct wait_entry wait;
};

struct call *call_new(struct server *server, const char *target);
void call_free(struct call *call);

/* Fills the request from the connection's headers, once they are there. */
void call_read_headers(struct call *call, struct MHD_Connection *connection, const char *method);

/* Hands the response to libmicrohttpd. `last`: the connection is closed after it. */
enum MHD_Result call_send(struct call *call, bool last);

#endif
