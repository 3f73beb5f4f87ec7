/* Enrolment. What is on the disk:
 *
 *   nothing
 *   enroll.pending   key pair (0600, durable) before the question leaves
 *   ca.pem, sync.json  how the ledger is reached, when something was said about it
 *   device.json      written durably from the answer: from here on this is a till
 *   -                enroll.pending goes; when a kill leaves it, device.json is what counts
 */
#include "sync/agent/enroll.h"
#include "sync/agent/http_curl.h"
#include "sync/protocol/message.h"
#include "sync/protocol/signature.h"
#include "terminal/base/clock.h"
#include "terminal/base/file.h"
#include "terminal/journal/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PENDING_FILE "enroll.pending"
#define ENROLL_MS    30000L
#define ENROLL_PATH  "/v1/enroll"

struct enrolling {
    struct public_key key;
    struct secret_key secret;
};

static enum status read_pending(const char *path, struct enrolling *out, struct error *error)
{
    struct buf text;
    json_t *object = NULL;
    enum status status;

    buf_init(&text, 4096);
    status = file_read(path, &text, error);
    if (status == STATUS_OK)
        status = json_read(buf_text(&text), text.used, &object, error);
    if (status == STATUS_OK)
        status = json_want_hex(object, "device_key", out->key.bytes, PUBLIC_KEY_SIZE, error);
    if (status == STATUS_OK)
        status = json_want_hex(object, "device_secret", out->secret.bytes, SECRET_KEY_SIZE, error);
    json_decref(object);
    if (text.data)
        secret_wipe(text.data, text.capacity);
    buf_finish(&text);
    return status;
}

static enum status write_pending(const char *path, const struct enrolling *pending,
                                 struct error *error)
{
    json_t *object = json_object();
    struct buf text;
    enum status status;

    json_put_hex(object, "device_key", pending->key.bytes, PUBLIC_KEY_SIZE);
    json_put_hex(object, "device_secret", pending->secret.bytes, SECRET_KEY_SIZE);
    buf_init(&text, 4096);
    status = json_write(object, &text);
    json_decref(object);
    if (status == STATUS_OK)
        status = file_write_durable(path, buf_text(&text), text.used, 0600, error);
    if (text.data)
        secret_wipe(text.data, text.capacity);
    buf_finish(&text);
    return status;
}

/* The key pair of an earlier attempt, or a new one; durable on return. */
static enum status keys(const char *folder, struct enrolling *out, struct error *error)
{
    const struct entropy entropy = entropy_system();
    char *path = path_join(folder, PENDING_FILE);
    enum status status = STATUS_OK;

    if (!file_exists(path) || read_pending(path, out, error) != STATUS_OK) {
        key_pair(&entropy, &out->key, &out->secret);
        status = write_pending(path, out, error);
    }
    free(path);
    return status;
}

static struct curl_slist *sign(const struct enrolling *pending, const struct buf *body,
                               int64_t now_s)
{
    const struct entropy entropy = entropy_system();
    const struct signed_request request = {"POST", ENROLL_PATH, "",
                                           hash_bytes(buf_text(body), body->used)};
    struct signature_params params = {.created = now_s};
    struct signature_headers signature;
    struct curl_slist *headers;

    signature_nonce(&entropy, params.nonce);
    hex_write(pending->key.bytes, PUBLIC_KEY_SIZE, params.keyid);
    signature_build(&request, &params, &pending->secret, &signature);
    headers = http_header(NULL, "Content-Type", "application/json");
    headers = http_header(headers, "Content-Digest", signature.digest);
    headers = http_header(headers, "Signature-Input", signature.input);
    return http_header(headers, "Signature", signature.value);
}

/* One question; *clock_ms is set when the ledger says that only the clock is wrong. */
static enum status ask_once(const char *url, const struct enrolling *pending,
                            const struct buf *body, const struct line *line, int64_t now_ms,
                            int64_t *clock_ms, struct enroll_answer *out, struct error *error)
{
    CURL *handle = http_line_handle(line);
    struct curl_slist *headers = sign(pending, body, now_ms / 1000);
    struct buf answer;
    struct refusal refusal;
    long http_status = 0;
    char target[DEVICE_URL_SIZE + 16];
    enum status status;

    *clock_ms = 0;
    (void)snprintf(target, sizeof target, "%s" ENROLL_PATH, url);
    buf_init(&answer, 65536);
    (void)curl_easy_setopt(handle, CURLOPT_URL, target);
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, ENROLL_MS);
    (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->used);
    (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, buf_text(body));
    status = http_exchange(handle, headers, &answer, &http_status, error);
    if (status == STATUS_OK && http_status == 200) {
        status = message_read_enroll_answer(buf_text(&answer), answer.used, out, error);
    } else if (status == STATUS_OK) {
        if (message_read_refusal(buf_text(&answer), answer.used, &refusal) == STATUS_OK &&
            http_status == 401 && strcmp(refusal.code, "clock") == 0)
            *clock_ms = refusal.time_ms;
        status = http_refusal(http_status, &answer, error);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(handle);
    buf_finish(&answer);
    return status;
}

static enum status ask(const char *url, const char *code, const struct line *line,
                       const struct enrolling *pending, struct enroll_answer *out,
                       struct error *error)
{
    const struct clock clock = clock_system();
    struct enroll_request request = {.device_key = pending->key};
    struct buf body;
    int64_t clock_ms = 0;
    enum status status;

    if (code[0] == '\0' || strlen(code) >= sizeof request.code)
        return error_set(error, STATUS_INVALID, "that is no enrolment code");
    memcpy(request.code, code, strlen(code) + 1);
    buf_init(&body, 4096);
    status = message_write_enroll_request(&request, &body);
    if (status == STATUS_OK)
        status = ask_once(url, pending, &body, line, clock_wall_ms(&clock), &clock_ms, out, error);
    if (status != STATUS_OK && clock_ms > 0)
        status = ask_once(url, pending, &body, line, clock_ms, &clock_ms, out, error);
    buf_finish(&body);
    return status;
}

static enum status write_identity(const char *folder, const char *url,
                                  const struct enrolling *pending,
                                  const struct enroll_answer *answer, struct error *error)
{
    struct device_identity identity = {
        .device = answer->device,
        .incarnation = answer->incarnation,
        .device_key = pending->key,
        .device_secret = pending->secret,
        .ledger_key = answer->ledger_key,
    };
    enum status status = STATUS_OK;

    if (!till_name_valid(answer->till) || !location_id_valid(answer->location))
        status = error_set(error, STATUS_INVALID,
                           "the ledger gave a till or location name that "
                           "this program does not take");
    if (status == STATUS_OK) {
        (void)snprintf(identity.till, sizeof identity.till, "%.16s", answer->till);
        (void)snprintf(identity.location, sizeof identity.location, "%.32s", answer->location);
        (void)snprintf(identity.url, sizeof identity.url, "%s", url);
        status = device_write(folder, &identity, error);
    }
    device_wipe(&identity);
    return status;
}

enum status enroll(const char *folder, const char *url, const char *code, const struct line *line,
                   struct error *error)
{
    struct enrolling pending;
    struct enroll_answer answer;
    char trimmed[DEVICE_URL_SIZE];
    char *device = path_join(folder, DEVICE_FILE);
    char *pending_path = path_join(folder, PENDING_FILE);
    size_t length = strlen(url);
    enum status status = STATUS_OK;

    while (length > 0 && url[length - 1] == '/')
        length--;
    (void)snprintf(trimmed, sizeof trimmed, "%.*s", (int)(length < 300 ? length : 300), url);
    http_start();
    if (file_exists(device))
        status = error_set(error, STATUS_EXISTS, "%s is a till's already", folder);
    else if (!http_url_valid(trimmed) || length >= DEVICE_URL_SIZE)
        status = error_set(error, STATUS_INVALID, "%.200s is no http:// or https:// address", url);
    if (status == STATUS_OK)
        status = keys(folder, &pending, error);
    if (status == STATUS_OK && line)
        status = line_write(folder, line, error);
    if (status == STATUS_OK)
        status = ask(trimmed, code, line, &pending, &answer, error);
    if (status == STATUS_OK)
        status = write_identity(folder, trimmed, &pending, &answer, error);
    if (status == STATUS_OK)
        (void)unlink(pending_path);
    secret_wipe(&pending, sizeof pending);
    free(device);
    free(pending_path);
    return status;
}
