/* What every libcurl handle here has in common. Inside sync/agent only.
 */
#ifndef HOLDFAST_AGENT_HTTP_CURL_H
#define HOLDFAST_AGENT_HTTP_CURL_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_CONNECT_MS  15000
#define HTTP_KEEPALIVE_S 30

/* Once per process, before any thread. */
void http_start(void);

/* A handle with HTTP/1.1, TLS 1.2 or later with verification, http and https only, no redirects,
 * keep-alive, no signals. `ca` NULL: the system's certificates. */
CURL *http_handle(const char *ca);

/* The same by a line's settings: authority, pinned key, proxy. `line` NULL: none. */
struct line;
CURL *http_line_handle(const struct line *line);

#define HTTP_WORDS_SIZE (CURL_ERROR_SIZE + 128)
/* Why there was no answer, in words for a person. `detail` is curl's, may be "". */
void http_words(CURLcode result, const char *detail, char out[HTTP_WORDS_SIZE]);

/* "http://host" or "https://host" with at least one character behind. */
bool http_url_valid(const char *url);

/* Appends "Name: value". Aborts when memory is out. */
struct curl_slist *http_header(struct curl_slist *list, const char *name, const char *value);

/* The facts of an answer's head. */
struct http_head {
    bool packed;         /* Content-Encoding: zstd */
    int64_t range_start; /* of Content-Range, 0 without */
    int64_t retry_ms;    /* of Retry-After in seconds, 0 without */
};
/* A CURLOPT_HEADERFUNCTION over a struct http_head. */
size_t http_take_header(char *line, size_t size, size_t count, void *head);

/* One blocking exchange on a prepared handle (URL, method and body are set): the collected answer,
 * unpacked when it was zstd. STATUS_NETWORK without an answer. *status is HTTP's. */
enum status http_exchange(CURL *handle, struct curl_slist *headers, struct buf *answer,
                          long *http_status, struct error *error) MUST_USE;

/* Turns a refusal into its status and text. */
enum status http_refusal(long http_status, const struct buf *answer, struct error *error);

#endif
