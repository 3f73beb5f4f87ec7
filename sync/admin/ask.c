/* Opening the client for one question. */
#include "sync/admin/ask.h"

#include "sync/agent/admin_client.h"
#include "terminal/base/crypto.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"

#include <ctype.h>

#define TOKEN_MOST 512

static enum status open_client(const struct options *options, struct admin_client **out,
                               struct error *error)
{
    const char *url, *path;
    enum status status;
    if ((status = options_want(options, "url", &url, error)) ||
        (status = options_want(options, "token-file", &path, error)))
        return status;
    struct buf token;
    buf_init(&token, TOKEN_MOST);
    status = file_read(path, &token, error);
    while (token.used > 0 && isspace((unsigned char)token.data[token.used - 1]))
        token.data[--token.used] = '\0';
    if (!status && token.used == 0)
        status = error_set(error, STATUS_INVALID, "%s holds no token", path);
    if (!status)
        status = admin_client_open(url, buf_text(&token), options_get(options, "ca"), out, error);
    secret_wipe(token.data, token.used);
    buf_finish(&token);
    return status;
}

enum status ask_ledger(const struct options *options, const char *target, const json_t *body,
                       const char *upload, struct buf *answer, struct error *error)
{
    struct admin_client *client;
    enum status status = open_client(options, &client, error);
    if (status)
        return status;
    if (upload)
        status = admin_client_upload(client, target, upload, answer, error);
    else if (body)
        status = admin_client_post(client, target, body, answer, error);
    else
        status = admin_client_get(client, target, answer, error);
    admin_client_close(client);
    return status;
}

enum status ask_ledger_json(const struct options *options, const char *target, const json_t *body,
                            json_t **out, struct error *error)
{
    struct buf answer;
    enum status status;

    *out = NULL;
    buf_init(&answer, ASK_ANSWER_MOST);
    status = ask_ledger(options, target, body, NULL, &answer, error);
    if (!status)
        status = json_read(buf_text(&answer), answer.used, out, error);
    buf_finish(&answer);
    return status;
}
