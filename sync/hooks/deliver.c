/* A curl multi handle per round; the ledger is asked through the administrators' client. */
#include "sync/hooks/deliver.h"

#include "sync/agent/admin_client.h"
#include "sync/agent/http_curl.h"
#include "terminal/base/json.h"
#include "terminal/base/log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASK_MOST ((size_t)64 << 20)

struct deliverer {
    struct admin_client *ledger;
    char *ca;
    bool allow_private;
};

/* One delivery on its way. */
struct carry {
    const struct deliverer *deliverer;
    const json_t *delivery; /* borrowed from the ledger's answer */
    CURL *handle;
    struct curl_slist *headers;
    size_t answered; /* bytes */
    long status;     /* HTTP, 0 without an answer */
};

enum status deliver_open(const struct deliver_options *options, struct deliverer **out,
                         struct error *error)
{
    struct deliverer *deliverer = mem_alloc(sizeof *deliverer);
    enum status status =
        admin_client_open(options->url, options->token, options->ca, &deliverer->ledger, error);

    if (status != STATUS_OK) {
        free(deliverer);
        return status;
    }
    deliverer->ca = options->ca == NULL ? NULL : mem_copy_text(options->ca);
    deliverer->allow_private = options->allow_private;
    *out = deliverer;
    return STATUS_OK;
}

void deliver_close(struct deliverer *deliverer)
{
    if (deliverer == NULL)
        return;
    admin_client_close(deliverer->ledger);
    free(deliverer->ca);
    free(deliverer);
}

/* ---- addresses ------------------------------------------------------------------------------ */

static bool public_v4(uint32_t address)
{
    static const struct {
        uint32_t network, mask;
    } closed[] = {
        {0x00000000, 0xFF000000}, /* this network */
        {0x0A000000, 0xFF000000}, /* private */
        {0x64400000, 0xFFC00000}, /* carriers' translation */
        {0x7F000000, 0xFF000000}, /* this computer */
        {0xA9FE0000, 0xFFFF0000}, /* link-local, and clouds' own data */
        {0xAC100000, 0xFFF00000}, /* private */
        {0xC0000000, 0xFFFFFF00}, /* protocol assignments */
        {0xC0000200, 0xFFFFFF00}, /* documentation */
        {0xC0A80000, 0xFFFF0000}, /* private */
        {0xC6120000, 0xFFFE0000}, /* measurements */
        {0xC6336400, 0xFFFFFF00}, /* documentation */
        {0xCB007100, 0xFFFFFF00}, /* documentation */
        {0xE0000000, 0xE0000000}, /* multicast, reserved, broadcast */
    };

    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        if ((address & closed[i].mask) == closed[i].network)
            return false;
    }
    return true;
}

/* 2000::/3 is what is given out; of it, tunnels to IPv4 and documentation are not. */
static bool public_v6(const uint8_t bytes[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return public_v4((uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 |
                         (uint32_t)bytes[14] << 8 | bytes[15]);
    if ((bytes[0] & 0xE0) != 0x20)
        return false;
    if (bytes[0] == 0x20 && bytes[1] == 0x02) /* 6to4 */
        return false;
    return !(bytes[0] == 0x20 && bytes[1] == 0x01 &&
             ((bytes[2] == 0 && bytes[3] == 0) || (bytes[2] == 0x0D && bytes[3] == 0xB8)));
}

bool deliver_address_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return public_v4(
            ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return public_v6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return false;
}

/* The last word before a connection: names may have resolved to anything. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct carry *carry = context;

    (void)purpose;
    if (!carry->deliverer->allow_private && !deliver_address_public(&address->addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- carrying ------------------------------------------------------------------------------- */

static size_t throw_away(char *bytes, size_t size, size_t count, void *context)
{
    struct carry *carry = context;

    (void)bytes;
    carry->answered += size * count;
    return carry->answered <= DELIVER_ANSWER_MOST ? size * count : 0;
}

static void start(struct carry *carry, CURLM *multi)
{
    const char *body = json_text_or(carry->delivery, "body", "");
    CURL *handle = http_handle(carry->deliverer->ca);

    carry->handle = handle;
    carry->headers = http_header(NULL, "Content-Type", "application/json");
    carry->headers = http_header(carry->headers, "Holdfast-Signature",
                                 json_text_or(carry->delivery, "signature", ""));
    carry->headers = http_header(carry->headers, "Expect", "");
    (void)curl_easy_setopt(handle, CURLOPT_URL, json_text_or(carry->delivery, "url", ""));
    (void)curl_easy_setopt(handle, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body);
    (void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, carry->headers);
    (void)curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(handle, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)DELIVER_ANSWER_MS);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, throw_away);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, carry);
    (void)curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    (void)curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, carry);
    (void)curl_multi_add_handle(multi, handle);
}

/* What the far side has said counts, even when it went on talking for too long. */
static void finish(struct carry *carry, CURLM *multi)
{
    (void)curl_easy_getinfo(carry->handle, CURLINFO_RESPONSE_CODE, &carry->status);
    (void)curl_multi_remove_handle(multi, carry->handle);
    curl_easy_cleanup(carry->handle);
    curl_slist_free_all(carry->headers);
}

static void carry_all(struct carry *carries, size_t count)
{
    CURLM *multi = curl_multi_init();
    int running = 0;

    INVARIANT(multi != NULL);
    for (size_t i = 0; i < count; i++)
        start(&carries[i], multi);
    do {
        if (curl_multi_perform(multi, &running) != CURLM_OK)
            break;
        if (running > 0)
            (void)curl_multi_poll(multi, NULL, 0, 1000, NULL);
    } while (running > 0);
    for (size_t i = 0; i < count; i++)
        finish(&carries[i], multi);
    (void)curl_multi_cleanup(multi);
}

static enum status tell_ledger(struct deliverer *deliverer, const struct carry *carry,
                               struct error *error)
{
    json_t *body = json_object();
    struct buf answer;
    enum status status;

    json_put_text(body, "webhook", json_text_or(carry->delivery, "webhook", ""));
    json_put_int(body, "first", json_int_or(carry->delivery, "first", 0));
    json_put_int(body, "last", json_int_or(carry->delivery, "last", 0));
    json_put_int(body, "status", carry->status);
    buf_init(&answer, 65536);
    status = admin_client_post(deliverer->ledger, "/v1/hooks/results", body, &answer, error);
    buf_finish(&answer);
    json_decref(body);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it was removed meanwhile */
}

static void log_carry(const struct carry *carry)
{
    const struct log_field fields[] = {
        {"webhook", json_text_or(carry->delivery, "webhook", ""), 0},
        {"first", NULL, json_int_or(carry->delivery, "first", 0)},
        {"last", NULL, json_int_or(carry->delivery, "last", 0)},
        {"status", NULL, carry->status},
    };
    bool taken = carry->status >= 200 && carry->status <= 299;

    log_event(taken ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "hooks", taken ? "delivered" : "not taken",
              fields, sizeof fields / sizeof fields[0]);
}

static enum status carry_list(struct deliverer *deliverer, const json_t *list, int *carried,
                              int *taken, struct error *error)
{
    size_t count = json_array_size(list);
    struct carry *carries = mem_alloc((count + 1) * sizeof *carries);
    enum status status = STATUS_OK;

    for (size_t i = 0; i < count; i++)
        carries[i] = (struct carry){.deliverer = deliverer, .delivery = json_array_get(list, i)};
    carry_all(carries, count);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        log_carry(&carries[i]);
        status = tell_ledger(deliverer, &carries[i], error);
        ++*carried;
        *taken += carries[i].status >= 200 && carries[i].status <= 299;
    }
    free(carries);
    return status;
}

enum status deliver_round(struct deliverer *deliverer, int *carried, int *taken,
                          struct error *error)
{
    struct buf answer;
    json_t *root = NULL;
    enum status status;

    *carried = *taken = 0;
    buf_init(&answer, ASK_MOST);
    status = admin_client_get(deliverer->ledger, "/v1/hooks/deliveries", &answer, error);
    if (status == STATUS_OK)
        status = json_read(buf_text(&answer), answer.used, &root, error);
    buf_finish(&answer);
    if (status == STATUS_OK)
        status = carry_list(deliverer, json_object_get(root, "deliveries"), carried, taken, error);
    json_decref(root);
    return status;
}
