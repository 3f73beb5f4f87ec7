/* libcurl, set up once in one way. No state of ours.
 */
#include "sync/agent/http_curl.h"
#include "sync/agent/line.h"
#include "sync/protocol/compress.h"
#include "sync/protocol/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void http_start(void)
{
    INVARIANT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

CURL *http_handle(const char *ca)
{
    CURL *handle = curl_easy_init();

    INVARIANT(handle);
    (void)curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    (void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
    (void)curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, (long)HTTP_KEEPALIVE_S);
    (void)curl_easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, (long)HTTP_KEEPALIVE_S);
    (void)curl_easy_setopt(handle, CURLOPT_USERAGENT, "holdfast/" HOLDFAST_VERSION);
    if (ca)
        (void)curl_easy_setopt(handle, CURLOPT_CAINFO, ca);
    return handle;
}

CURL *http_line_handle(const struct line *line)
{
    CURL *handle = http_handle(line ? line->ca : NULL);

    if (line && line->pin)
        (void)curl_easy_setopt(handle, CURLOPT_PINNEDPUBLICKEY, line->pin);
    if (line && line->proxy)
        (void)curl_easy_setopt(handle, CURLOPT_PROXY, line->proxy);
    return handle;
}

static const char *words_for(CURLcode result)
{
    switch (result) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return "the ledger's certificate is not to be trusted";
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return "the ledger's key is not the one that was pinned";
    case CURLE_SSL_CACERT_BADFILE:
        return "the file of trusted certificates can't be used";
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "the proxy's name is not known";
    case CURLE_PROXY:
        return "the proxy does not let it through";
    default:
        return NULL;
    }
}

void http_words(CURLcode result, const char *detail, char out[HTTP_WORDS_SIZE])
{
    const char *words = words_for(result);

    if (detail[0] == '\0')
        detail = curl_easy_strerror(result);
    (void)snprintf(out, HTTP_WORDS_SIZE, words ? "%s (%s)" : "%s%s", words ? words : "", detail);
}

bool http_url_valid(const char *url)
{
    size_t lead = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;

    return lead > 0 && url[lead] != '\0' && url[strcspn(url, " \t\r\n?#")] == '\0';
}

struct curl_slist *http_header(struct curl_slist *list, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 3;
    char *line = mem_alloc(size);
    struct curl_slist *longer;

    (void)snprintf(line, size, "%s: %s", name, value);
    longer = curl_slist_append(list, line);
    INVARIANT(longer);
    free(line);
    return longer;
}

/* The value when the line is of that header; NULL otherwise. */
static const char *header_value(const char *line, size_t length, const char *name)
{
    size_t lead = strlen(name);

    if (length <= lead || strncasecmp(line, name, lead) != 0 || line[lead] != ':')
        return NULL;
    line += lead + 1;
    return line + strspn(line, " \t");
}

size_t http_take_header(char *line, size_t size, size_t count, void *context)
{
    struct http_head *head = context;
    size_t length = size * count;
    char copy[256];
    const char *value;

    if (length >= sizeof copy)
        return length; /* none that we read is that long */
    memcpy(copy, line, length);
    copy[length] = '\0';
    if (strncmp(copy, "HTTP/", 5) == 0)
        *head = (struct http_head){false, 0, 0};
    value = header_value(copy, length, "Content-Encoding");
    if (value)
        head->packed = strncasecmp(value, "zstd", 4) == 0;
    value = header_value(copy, length, "Content-Range");
    if (value && strncasecmp(value, "bytes ", 6) == 0)
        head->range_start = strtoll(value + 6, NULL, 10);
    value = header_value(copy, length, "Retry-After");
    if (value && *value >= '0' && *value <= '9')
        head->retry_ms = (int64_t)strtol(value, NULL, 10) % 86400 * 1000;
    return length;
}

static size_t collect(char *bytes, size_t size, size_t count, void *context)
{
    return buf_append(context, bytes, size * count) == STATUS_OK ? size * count : 0;
}

enum status http_exchange(CURL *handle, struct curl_slist *headers, struct buf *answer,
                          long *http_status, struct error *error)
{
    char why[CURL_ERROR_SIZE] = "";
    struct http_head head = {false, 0, 0};
    struct buf raw;
    char words[HTTP_WORDS_SIZE];
    CURLcode result;
    enum status status = STATUS_OK;

    buf_init(&raw, answer->ceiling);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, why);
    (void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, http_take_header);
    (void)curl_easy_setopt(handle, CURLOPT_HEADERDATA, &head);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, collect);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, &raw);
    result = curl_easy_perform(handle);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, NULL);
    (void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, http_status);
    http_words(result, why, words);
    if (result != CURLE_OK)
        status = error_set(error, STATUS_NETWORK, "no answer from the ledger: %s", words);
    else if (head.packed)
        status = compress_unpack(buf_text(&raw), raw.used, answer, error);
    else if (raw.used > 0 && buf_append(answer, buf_text(&raw), raw.used) != STATUS_OK)
        status = error_set(error, STATUS_RANGE, "the answer is larger than expected");
    buf_finish(&raw);
    return status;
}

/* The status that has this name; STATUS_OK when none has. */
static enum status status_of_name(const char *name)
{
    for (int i = STATUS_INVALID; i <= STATUS_CANCELLED; i++) {
        if (strcmp(status_name((enum status)i), name) == 0)
            return (enum status)i;
    }
    return STATUS_OK;
}

enum status http_refusal(long http_status, const struct buf *answer, struct error *error)
{
    struct refusal refusal;
    enum status status;

    (void)!message_read_refusal(buf_text(answer), answer->used, &refusal);
    status = status_of_name(refusal.code);
    if (status == STATUS_OK && (http_status == 401 || http_status == 403))
        status = STATUS_DENIED;
    if (status == STATUS_OK)
        status = http_status == 404 ? STATUS_NOT_FOUND : STATUS_NETWORK;
    if (refusal.message[0] != '\0')
        return error_set(error, status, "%s", refusal.message);
    return error_set(error, status, "the ledger answered %ld %s", http_status, refusal.code);
}
