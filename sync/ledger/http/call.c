/* Requests in, responses out. */
#include "sync/ledger/http/call.h"
#include "sync/protocol/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call *call_new(struct server *server, const char *target)
{
    struct call *call = mem_alloc(sizeof *call);

    call->server = server;
    call->target = mem_copy_text(target);
    buf_init(&call->body, SIZE_MAX - 1);
    ledger_response_init(&call->response);
    return call;
}

void call_free(struct call *call)
{
    free(call->target);
    buf_finish(&call->body);
    ledger_response_finish(&call->response);
    free(call);
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

void call_read_headers(struct call *call, struct MHD_Connection *connection, const char *method)
{
    char *question = strchr(call->target, '?');

    if (question != NULL)
        *question = '\0';
    call->connection = connection;
    call->request = (struct ledger_request){
        .method = method,
        .path = call->target,
        .query = question == NULL ? "" : question + 1,
        .authorization = header(connection, "Authorization"),
        .content_digest = header(connection, "Content-Digest"),
        .signature_input = header(connection, "Signature-Input"),
        .signature = header(connection, "Signature"),
        .content_encoding = header(connection, "Content-Encoding"),
        .accept_encoding = header(connection, "Accept-Encoding"),
        .range = header(connection, "Range"),
        .version = header(connection, MESSAGE_VERSION_HEADER),
    };
}

static struct MHD_Response *make_response(struct ledger_response *from)
{
    struct MHD_Response *response;

    if (from->file >= 0) {
        response = MHD_create_response_from_fd_at_offset64((uint64_t)from->length, from->file,
                                                           (uint64_t)from->offset);
        if (response != NULL)
            from->file = -1; /* libmicrohttpd closes it */
        return response;
    }
    response =
        MHD_create_response_from_buffer(from->body.used, from->body.data, MHD_RESPMEM_MUST_FREE);
    if (response != NULL)
        buf_init(&from->body, from->body.ceiling); /* the memory is libmicrohttpd's now */
    return response;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    enum MHD_Result added = MHD_add_response_header(response, name, value);

    INVARIANT(added == MHD_YES);
}

static void add_range(struct MHD_Response *response, const struct ledger_response *from)
{
    char text[80];

    if (from->status == 206)
        (void)snprintf(text, sizeof text, "bytes %lld-%lld/%lld", (long long)from->offset,
                       (long long)(from->offset + from->length - 1), (long long)from->file_size);
    else
        (void)snprintf(text, sizeof text, "bytes */%lld", (long long)from->file_size);
    if (from->status == 206 || from->status == 416)
        add_header(response, "Content-Range", text);
    if (from->status == 200 || from->status == 206)
        add_header(response, "Accept-Ranges", "bytes");
}

enum MHD_Result call_send(struct call *call, bool last)
{
    struct ledger_response *from = &call->response;
    struct MHD_Response *response = make_response(from);
    enum MHD_Result result;

    if (response == NULL)
        return MHD_NO;
    add_header(response, "Content-Type", from->content_type);
    add_header(response, "Cache-Control", "no-store");
    if (from->zstd)
        add_header(response, "Content-Encoding", "zstd");
    if (from->status == 503 || from->status == 429)
        add_header(response, "Retry-After", "1");
    if (from->status == 401)
        add_header(response, "WWW-Authenticate", "Bearer");
    if (from->file_size > 0)
        add_range(response, from);
    if (last)
        add_header(response, "Connection", "close");
    result = MHD_queue_response(call->connection, (unsigned)from->status, response);
    MHD_destroy_response(response);
    return result;
}
