/* The request handler as a whole: method, path, query and every header are the input's own lines,
 * the rest is the body. With `!` as Authorization it is the administrator's. Whatever comes, there
 * is one well-formed answer, and a request without a good token or signature changes no table.
 */
#include "fuzz_ledger.h"
#include "sync/ledger/handle.h"
#include "terminal/base/json.h"

#define LINES 10

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int64_t count(struct ledger *ledger, const char *sql)
{
    struct store_session *reader;
    struct error error;
    int64_t value = -1;

    if (ledger_reader(ledger, &reader, &error) != STATUS_OK ||
        store_one_int(reader, sql, NULL, 0, 0, &value, &error) != STATUS_OK)
        abort();
    ledger_reader_back(ledger, reader);
    return value;
}

static int64_t count_all(struct ledger *ledger)
{
    return count(ledger, "SELECT count(*) FROM token") +
           count(ledger, "SELECT count(*) FROM item") +
           count(ledger, "SELECT count(*) FROM device") +
           count(ledger, "SELECT count(*) FROM entry") +
           count(ledger, "SELECT count(*) FROM webhook") +
           count(ledger, "SELECT count(*) FROM order_request");
}

static void check_response(const struct ledger_response *response)
{
    json_t *json;

    if (response->wait != NULL)
        return;
    INVARIANT(response->status >= 200 && response->status < 600);
    if (response->file >= 0 || response->zstd || strncmp(response->content_type, "text/", 5) == 0)
        return;
    json = json_loads(buf_text(&response->body), 0, NULL);
    INVARIANT(json != NULL);
    if (response->status >= 400)
        INVARIANT(json_text_or(json, "error", "")[0] != '\0');
    json_decref(json);
}

/* Cuts the first LINES lines off; an empty one is NULL, for a header that is not there. */
static char *cut_lines(char *text, char *lines[LINES])
{
    for (int i = 0; i < LINES; i++) {
        char *end = strchr(text, '\n');
        lines[i] = text[0] == '\n' || text[0] == '\0' ? NULL : text;
        if (end == NULL)
            return text + strlen(text);
        *end = '\0';
        text = end + 1;
    }
    return text;
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct ledger *ledger;
    static char bearer[96];
    struct ledger_response response;
    char *text, *lines[LINES] = {NULL};
    bool administrator;
    int64_t before;

    if (ledger == NULL)
        ledger = fuzz_open_ledger(bearer);
    if (length > 65536)
        return 0;
    text = mem_alloc(length + 1);
    if (length > 0)
        memcpy(text, bytes, length);
    char *body = cut_lines(text, lines);
    administrator = lines[3] != NULL && strcmp(lines[3], "!") == 0;
    struct ledger_request request = {.method = or_empty(lines[0]),
                                     .path = or_empty(lines[1]),
                                     .query = or_empty(lines[2]),
                                     .authorization = administrator ? bearer : lines[3],
                                     .content_digest = lines[4],
                                     .signature_input = lines[5],
                                     .signature = lines[6],
                                     .content_encoding = lines[7],
                                     .accept_encoding = lines[8],
                                     .range = lines[9],
                                     .body = body,
                                     .length = (size_t)(text + length - body)};
    before = administrator ? 0 : count_all(ledger);
    ledger_response_init(&response);
    (void)ledger_body_ceiling(ledger, &request);
    ledger_handle(ledger, &request, &response);
    check_response(&response);
    ledger_response_finish(&response);
    INVARIANT(administrator || count_all(ledger) == before);
    free(text);
    return 0;
}
