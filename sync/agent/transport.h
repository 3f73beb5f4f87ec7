/* How requests leave and answers come back: the seam between the agent and the network.
 *
 * The agent says what to send (struct transport_request, inside an action); whoever runs it sends
 * it by a transport and hands what comes of it back as events. transport_curl.h is the real one;
 * a test or a simulation brings its own.
 *
 * For the writer of a transport:
 *   - send() copies what it needs: every pointer of the request is borrowed for the call only. It
 *     never blocks. It returns nothing: what goes wrong at once is an AGENT_UNREACHABLE event
 * later.
 *   - Every call that was sent ends in exactly one AGENT_ANSWERED or AGENT_UNREACHABLE event,
 *     unless cancel() came first: after that no event of this call may be handed over.
 *   - Deadlines are the agent's: it cancels. A transport reports movement of bytes (AGENT_CHUNK, or
 *     AGENT_PROGRESS for bodies that are collected) so that the agent can tell slow from dead.
 *   - Bodies come as they travelled: the transport does not unpack, it says `packed`.
 *   - A collected body has a ceiling (TRANSPORT_BODY_CEILING); beyond it the call is UNREACHABLE.
 */
#ifndef HOLDFAST_AGENT_TRANSPORT_H
#define HOLDFAST_AGENT_TRANSPORT_H

#include "sync/protocol/signature.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSPORT_BODY_CEILING ((size_t)8 << 20)

struct transport_request {
    int64_t call;             /* the agent's number for it, > 0, never used twice */
    const char *method;       /* "GET" or "POST" */
    const char *path;         /* "/v1/changes" */
    const char *query;        /* without `?`, "" when none */
    const char *content_type; /* NULL without a body */
    int version;              /* MESSAGE_VERSION_HEADER */
    bool packed;              /* the body is zstd: Content-Encoding */
    const void *body;
    size_t body_length;
    struct signature_headers signature;
    bool stream;        /* a 200 or 206 body comes as AGENT_CHUNK, and not collected */
    int64_t range_from; /* > 0: "Range: bytes=<range_from>-" */
};

struct transport {
    void *context;
    void (*send)(void *context, const struct transport_request *request);
    void (*cancel)(void *context, int64_t call); /* of an unknown call: nothing happens */
};

#endif
