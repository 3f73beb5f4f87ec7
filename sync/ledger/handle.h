/* Requests and responses without a socket: the simulation and the tests run the very same code as
 * the server.
 *
 *   ledger_handle(request) ─► response, or response.wait: "nothing new yet" of GET /v1/changes
 *   ledger_continue(wait)  ─► response, when the feed has grown or the deadline has passed
 *
 * Every refusal is {"error","message","time_ms",...} (sync/protocol/message.h). Nothing here logs
 * bodies, tokens, codes or names.
 */
#ifndef HOLDFAST_LEDGER_HANDLE_H
#define HOLDFAST_LEDGER_HANDLE_H

#include "sync/ledger/ledger.h"
#include "terminal/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed texts; a header that was not sent is NULL. Path and query as they travelled. */
struct ledger_request {
    const char *method;
    const char *path;
    const char *query; /* without the `?`; "" when there is none */
    const char *authorization;
    const char *content_digest;
    const char *signature_input;
    const char *signature;
    const char *content_encoding;
    const char *accept_encoding;
    const char *range;
    const char *version; /* of the wire, MESSAGE_VERSION_HEADER */
    const void *body;
    size_t length;
};

struct ledger_wait;

struct ledger_response {
    int status;               /* HTTP */
    const char *content_type; /* static */
    struct buf body;
    bool zstd;                /* the body travels as Content-Encoding: zstd */
    int file;                 /* a descriptor to serve from, or -1; owned until it is taken */
    int64_t offset, length;   /* of the file */
    int64_t file_size;        /* for Content-Range, with status 206 and 416 */
    struct ledger_wait *wait; /* not NULL: no answer yet; owned until it is taken */
};

void ledger_response_init(struct ledger_response *response);
void ledger_response_finish(struct ledger_response *response); /* frees what was not taken */

/* Answers one request. Blocks on the disk, never on the network. Any number of threads. */
void ledger_handle(struct ledger *ledger, const struct ledger_request *request,
                   struct ledger_response *response);

/* How many bytes of body a request of this method, path and authorization may have, before they
 * are read: 0 for a path that takes none. */
size_t ledger_body_ceiling(struct ledger *ledger, const struct ledger_request *request);

/* A refusal that never reached a handler (too large, too busy): the server's own. */
void ledger_refuse(struct ledger *ledger, int http_status, const char *code, const char *message,
                   struct ledger_response *response);

/* Whether the wait has something to answer, by now (monotonic microseconds). Never blocks. */
bool ledger_wait_over(struct ledger *ledger, const struct ledger_wait *wait, int64_t now_us);
/* Answers now, with what there is; frees the wait. */
void ledger_continue(struct ledger *ledger, struct ledger_wait *wait,
                     struct ledger_response *response);
void ledger_wait_free(struct ledger_wait *wait);

#endif
