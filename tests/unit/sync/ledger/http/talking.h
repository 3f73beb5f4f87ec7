/* Clients of a running server, byte by byte. */
#ifndef HOLDFAST_TEST_TALKING_H
#define HOLDFAST_TEST_TALKING_H

#include "tests/unit/sync/ledger/http/running.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static inline int connect_to(const struct running *running)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)running->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void send_text(int fd, const char *text)
{
    size_t length = strlen(text);

    assert_int_equal(send(fd, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* Reads until the far side closes, or `enough` is seen. */
static inline void read_answer(int fd, const char *enough, char *out, size_t size)
{
    size_t used = 0;
    ssize_t got;

    out[0] = '\0';
    while (used + 1 < size && (got = recv(fd, out + used, size - 1 - used, 0)) > 0) {
        used += (size_t)got;
        out[used] = '\0';
        if (enough != NULL && strstr(out, enough) != NULL)
            return;
    }
}

/* One signed request as text. */
static inline void signed_text(struct fixture *fixture, const struct device *device,
                               const char *path, const char *query, char *out, size_t size)
{
    struct entropy entropy = entropy_system();
    struct signature_params params = {.created = fixture->now_ms / 1000};
    struct signed_request about = {
        .method = "GET", .path = path, .query = query, .body_hash = hash_bytes("", 0)};
    struct signature_headers headers;

    signature_nonce(&entropy, params.nonce);
    hex_write(device->id.bytes, ID_SIZE, params.keyid);
    signature_build(&about, &params, &device->secret, &headers);
    (void)snprintf(out, size,
                   "GET %s%s%s HTTP/1.1\r\nHost: x\r\nContent-Digest: %s\r\nSignature-Input: "
                   "%s\r\nSignature: %s\r\n\r\n",
                   path, query[0] == '\0' ? "" : "?", query, headers.digest, headers.input,
                   headers.value);
}

static inline void ask_on(struct running *running, int fd, const struct device *device,
                          int64_t catalogue)
{
    struct changes_query query = changes_from(running->fixture, "S01");
    char request[2048];
    struct buf text;

    query.wait_s = 60;
    query.cursors[0].position = catalogue;
    query.cursors[4].position = 1;
    buf_init(&text, 1024);
    assert_int_equal(message_write_changes_query(&query, &text), STATUS_OK);
    signed_text(running->fixture, device, "/v1/changes", buf_text(&text), request, sizeof request);
    buf_finish(&text);
    send_text(fd, request);
}

static inline int ask_waiting(struct running *running, const struct device *device,
                              int64_t catalogue)
{
    int fd = connect_to(running);

    ask_on(running, fd, device, catalogue);
    return fd;
}

/* A round trip over the same port: what was sent before has been read. */
static inline void hold_on(const struct running *running)
{
    char text[2048];
    int fd = connect_to(running);

    send_text(fd, "GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n");
    read_answer(fd, "time_ms", text, sizeof text);
    (void)close(fd);
}

/* Sends what is left of the text a byte at a time, as long as the far side stands it; true when it
 * has hung up before the end. */
static inline bool cut_off_while_dripping(int fd, const char *text)
{
    struct timeval interval = {.tv_usec = 100000};
    char byte;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &interval, sizeof interval);
    for (; *text != '\0'; text++) {
        if (send(fd, text, 1, MSG_NOSIGNAL) != 1)
            return true;
        if (recv(fd, &byte, 1, 0) >= 0) /* the end, or an answer that says so */
            return true;
    }
    return false;
}

#endif
