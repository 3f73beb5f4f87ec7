#include "tests/bench/crowd.h"

#include "sync/protocol/signature.h"
#include "terminal/base/buf.h"
#include "terminal/base/clock.h"
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SPARE = 64, EVENTS = 256 };

void crowd_make(struct crowd *crowd, int count)
{
    struct entropy entropy = entropy_system();
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)(count + SPARE)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    *crowd = (struct crowd){.count = count, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    crowd->tills = mem_alloc((size_t)count * sizeof *crowd->tills);
    for (int i = 0; i < count; i++) {
        crowd->tills[i].fd = -1;
        crowd->tills[i].device = id_random(&entropy);
        key_pair(&entropy, &crowd->tills[i].key, &crowd->tills[i].secret);
    }
}

void crowd_finish(struct crowd *crowd)
{
    for (int i = 0; i < crowd->count; i++)
        if (crowd->tills[i].fd >= 0)
            close(crowd->tills[i].fd);
    if (crowd->epoll > 0)
        close(crowd->epoll);
    free(crowd->tills);
}

static enum status ask(struct crowd_till *till, const char *query, struct error *error)
{
    struct entropy entropy = entropy_system();
    struct clock clock = clock_system();
    struct signature_params params = {.created = clock_wall_ms(&clock) / 1000};
    struct signed_request about = {
        .method = "GET", .path = "/v1/changes", .query = query, .body_hash = hash_bytes("", 0)};
    struct signature_headers headers;
    char text[1536];
    signature_nonce(&entropy, params.nonce);
    hex_write(till->device.bytes, ID_SIZE, params.keyid);
    signature_build(&about, &params, &till->secret, &headers);
    int length = snprintf(text, sizeof text,
                          "GET /v1/changes?%s HTTP/1.1\r\nHost: localhost\r\nContent-Digest: %s\r\n"
                          "Signature-Input: %s\r\nSignature: %s\r\n\r\n",
                          query, headers.digest, headers.input, headers.value);
    till->answered = false;
    till->got = till->expected = 0;
    return write(till->fd, text, (size_t)length) == length
               ? STATUS_OK
               : error_set(error, STATUS_NETWORK, "a question can't be sent: %s", strerror(errno));
}

static enum status connect_till(struct crowd *crowd, struct crowd_till *till, struct error *error)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)crowd->port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = till};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    till->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (till->fd < 0 || connect(till->fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, till->fd, &event) != 0)
        return error_set(error, STATUS_NETWORK, "no connection: %s", strerror(errno));
    return fcntl(till->fd, F_SETFL, O_NONBLOCK) == 0
               ? STATUS_OK
               : error_set(error, STATUS_NETWORK, "%s", strerror(errno));
}

enum status crowd_ask(struct crowd *crowd, unsigned port, const char *incarnation,
                      long long position, int wait_s, struct error *error)
{
    enum status status = STATUS_OK;
    crowd->port = port;
    for (int i = 0; i < crowd->count && !status; i++)
        status = connect_till(crowd, &crowd->tills[i], error);
    return status ? status : crowd_ask_again(crowd, incarnation, position, wait_s, error);
}

enum status crowd_ask_again(struct crowd *crowd, const char *incarnation, long long position,
                            int wait_s, struct error *error)
{
    char query[160];
    enum status status = STATUS_OK;
    snprintf(query, sizeof query, "incarnation=%s&wait=%d&prices=%lld", incarnation, wait_s,
             position);
    for (int i = 0; i < crowd->count && !status; i++)
        status = ask(&crowd->tills[i], query, error);
    return status;
}

/* The head is kept to see its length; of the body only the bytes are counted. */
static enum status take_bytes(struct crowd_till *till, const char *bytes, size_t length,
                              struct error *error)
{
    if (till->got < sizeof till->head - 1) {
        size_t room = sizeof till->head - 1 - till->got;
        memcpy(till->head + till->got, bytes, length < room ? length : room);
        till->head[till->got + (length < room ? length : room)] = '\0';
    }
    till->got += length;
    const char *end = strstr(till->head, "\r\n\r\n");
    const char *announced = strstr(till->head, "Content-Length: ");
    if (!end || !announced)
        return STATUS_OK;
    if (strncmp(till->head, "HTTP/1.1 200", 12) != 0)
        return error_set(error, STATUS_NETWORK, "a till was refused: %.12s", till->head);
    till->expected = (size_t)(end + 4 - till->head) + (size_t)strtoull(announced + 16, NULL, 10);
    till->answered = till->got >= till->expected;
    if (till->answered)
        till->answered_us = now_us();
    return STATUS_OK;
}

static enum status hear_till(struct crowd_till *till, struct error *error)
{
    static char bytes[65536];
    ssize_t length;
    enum status status = STATUS_OK;
    while (!status && (length = read(till->fd, bytes, sizeof bytes)) != 0) {
        if (length < 0)
            return errno == EAGAIN ? STATUS_OK
                                   : error_set(error, STATUS_NETWORK, "%s", strerror(errno));
        status = take_bytes(till, bytes, (size_t)length, error);
    }
    return status ? status : error_set(error, STATUS_NETWORK, "the ledger hung up on a till");
}

enum status crowd_hear(struct crowd *crowd, int patience_ms, int *answered, struct error *error)
{
    struct epoll_event events[EVENTS];
    enum status status = STATUS_OK;
    *answered = 0;
    while (*answered < crowd->count && !status) {
        int count = epoll_wait(crowd->epoll, events, EVENTS, patience_ms);
        if (count <= 0)
            return STATUS_OK;
        for (int i = 0; i < count && !status; i++) {
            struct crowd_till *till = events[i].data.ptr;
            bool before = till->answered;
            status = hear_till(till, error);
            *answered += till->answered && !before;
        }
    }
    return status;
}
