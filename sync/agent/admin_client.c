/* One easy handle, kept for its connection. Nothing on the disk.
 */
#include "sync/agent/admin_client.h"
#include "sync/agent/http_curl.h"
#include "terminal/base/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ANSWER_MS    120000
#define URL_CEILING  8192
#define BODY_CEILING ((size_t)64 << 20)

struct admin_client {
    CURL *handle;
    char *url;
    char *token;
};

enum status admin_client_open(const char *url, const char *token, const char *ca,
                              struct admin_client **out, struct error *error)
{
    struct admin_client *client;
    size_t length;

    *out = NULL;
    if (!http_url_valid(url))
        return error_set(error, STATUS_INVALID, "%.200s is no http:// or https:// address", url);
    for (const char *at = token; *at != '\0'; at++) {
        if (*at < 0x21 || *at > 0x7E)
            return error_set(error, STATUS_INVALID, "the token has characters it can't have");
    }
    http_start();
    client = mem_alloc(sizeof *client);
    client->handle = http_handle(ca);
    client->url = mem_copy_text(url);
    length = strlen(client->url);
    while (length > 0 && client->url[length - 1] == '/')
        client->url[--length] = '\0';
    length = strlen(token) + 8;
    client->token = mem_alloc(length);
    (void)snprintf(client->token, length, "Bearer %s", token);
    *out = client;
    return STATUS_OK;
}

void admin_client_close(struct admin_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->handle);
    free(client->url);
    free(client->token);
    free(client);
}

static enum status ask(struct admin_client *client, const char *target, const char *content_type,
                       long timeout_ms, struct buf *answer, struct error *error)
{
    struct curl_slist *headers = http_header(NULL, "Authorization", client->token);
    struct buf url;
    long http_status = 0;
    enum status status;

    headers = http_header(headers, "Accept-Encoding", "zstd");
    headers = http_header(headers, "Expect", "");
    if (content_type)
        headers = http_header(headers, "Content-Type", content_type);
    buf_init(&url, URL_CEILING);
    status = buf_printf(&url, "%s%s", client->url, target);
    if (status != STATUS_OK) {
        (void)error_set(error, status, "the request is too long");
    } else {
        (void)curl_easy_setopt(client->handle, CURLOPT_URL, buf_text(&url));
        (void)curl_easy_setopt(client->handle, CURLOPT_TIMEOUT_MS, timeout_ms);
        status = http_exchange(client->handle, headers, answer, &http_status, error);
    }
    if (status == STATUS_OK && (http_status < 200 || http_status > 299))
        status = http_refusal(http_status, answer, error);
    (void)curl_easy_setopt(client->handle, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    buf_finish(&url);
    return status;
}

enum status admin_client_get(struct admin_client *client, const char *target, struct buf *answer,
                             struct error *error)
{
    (void)curl_easy_setopt(client->handle, CURLOPT_HTTPGET, 1L);
    return ask(client, target, NULL, ANSWER_MS, answer, error);
}

enum status admin_client_post(struct admin_client *client, const char *target, const json_t *body,
                              struct buf *answer, struct error *error)
{
    struct buf text;
    enum status status;

    buf_init(&text, BODY_CEILING);
    status = json_write(body, &text);
    if (status != STATUS_OK) {
        buf_finish(&text);
        return error_set(error, status, "the request is too large");
    }
    (void)curl_easy_setopt(client->handle, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(client->handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)text.used);
    (void)curl_easy_setopt(client->handle, CURLOPT_POSTFIELDS, buf_text(&text));
    status = ask(client, target, "application/json", ANSWER_MS, answer, error);
    (void)curl_easy_setopt(client->handle, CURLOPT_POSTFIELDS, NULL);
    buf_finish(&text);
    return status;
}

enum status admin_client_upload(struct admin_client *client, const char *target, const char *path,
                                struct buf *answer, struct error *error)
{
    FILE *file = fopen(path, "rbe");
    struct stat facts;
    enum status status;

    if (!file)
        return error_set(error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s", path,
                         strerror(errno));
    if (fstat(fileno(file), &facts) != 0 || !S_ISREG(facts.st_mode)) {
        (void)fclose(file);
        return error_set(error, STATUS_INVALID, "%s is no regular file", path);
    }
    (void)curl_easy_setopt(client->handle, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(client->handle, CURLOPT_POSTFIELDS, NULL);
    (void)curl_easy_setopt(client->handle, CURLOPT_READDATA, file);
    (void)curl_easy_setopt(client->handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)facts.st_size);
    status = ask(client, target, "application/octet-stream", 0, answer, error);
    (void)curl_easy_setopt(client->handle, CURLOPT_READDATA, NULL);
    (void)fclose(file);
    return status;
}

enum status admin_client_escape(const char *text, struct buf *out)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    enum status status;

    INVARIANT(escaped);
    status = buf_append_text(out, escaped);
    curl_free(escaped);
    return status;
}
