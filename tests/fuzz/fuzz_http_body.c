/* Requests from strangers, through the very handler that the server calls: the first byte chooses
 * the route, the first line is the query, the rest is the body. Every answer is well formed, and a
 * journal body that is taken apart holds what its frame says.
 */
#include "fuzz_ledger.h"
#include "sync/ledger/batch.h"
#include "sync/ledger/handle.h"
#include "terminal/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const struct {
    const char *method, *path;
} calls[] = {
    {"POST", "/v1/admin/reference"},
    {"POST", "/v1/admin/import"},
    {"POST", "/v1/admin/enroll-codes"},
    {"GET", "/v1/admin/stock"},
    {"GET", "/v1/admin/exceptions"},
    {"POST", "/v1/enroll"},
    {"POST", "/v1/journal"},
    {"GET", "/v1/changes"},
    {"GET", "/v1/snapshot/S01-1"},
};
#define CALL_COUNT (sizeof calls / sizeof calls[0])

static char bearer[96];

static void check_response(struct ledger_response *response)
{
    json_t *json = NULL;

    INVARIANT(response->status >= 200 && response->status < 600);
    if (response->file < 0 && response->body.used > 0 && !response->zstd)
        json = json_loads(buf_text(&response->body), 0, NULL);
    INVARIANT(response->file >= 0 || json != NULL);
    json_decref(json);
}

static void take_apart(const char *body, size_t length)
{
    struct batch_sender sender = {0};
    struct batch *batch;
    struct error error;

    if (batch_read(body, length, &sender, &batch, &error) != STATUS_OK)
        return;
    INVARIANT(batch->frame->count >= 1 && batch->frame->first >= 1);
    batch_free(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct ledger *ledger;
    struct ledger_response response;
    const char *text = (const char *)bytes, *line;
    char *query;

    if (ledger == NULL)
        ledger = fuzz_open_ledger(bearer);
    if (length < 2 || length > 65536)
        return 0;
    line = memchr(text + 1, '\n', length - 1);
    if (line == NULL)
        line = text + length;
    query = strndup(text + 1, (size_t)(line - text - 1));
    if (query == NULL)
        abort();
    const char *body = line < text + length ? line + 1 : line;
    struct ledger_request request = {.method = calls[bytes[0] % CALL_COUNT].method,
                                     .path = calls[bytes[0] % CALL_COUNT].path,
                                     .query = query,
                                     .authorization = bearer,
                                     .content_digest = query,
                                     .signature_input = query,
                                     .signature = query,
                                     .content_encoding = bytes[0] > 127 ? "zstd" : NULL,
                                     .range = query,
                                     .body = body,
                                     .length = (size_t)(text + length - body)};
    ledger_response_init(&response);
    ledger_handle(ledger, &request, &response);
    check_response(&response);
    ledger_response_finish(&response);
    take_apart(body, request.length);
    free(query);
    return 0;
}
