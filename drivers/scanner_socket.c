/* One thread polls the listening socket, its clients, and a pipe whose closing ends it.
 *
 *   client ──line──► thread: check ──► sink(SCAN) ──► "ok\n"
 */
#include "drivers/scanner_socket.h"

#include "terminal/base/buf.h"
#include "terminal/base/text.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS 8

struct client {
    int fd; /* -1: free */
    char line[SCAN_MAX + 1];
    size_t used;
    bool overlong; /* the rest of a line that is too long is passed over */
};

struct scanner {
    char *path;
    struct device_sink sink;
    int listener;
    int stop[2];
    atomic_bool enabled;
    pthread_t thread;
    struct client clients[CLIENTS];
};

static bool acceptable(const char *line, size_t length)
{
    if (length == 0 || !text_is_utf8(line, length))
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)line[i];
        if ((byte < 0x20 && byte != 0x1D && byte != 0x1E && byte != 0x04) || byte == 0x7F)
            return false;
    }
    return true;
}

static void take_line(struct scanner *scanner, struct client *client)
{
    if (client->used > 0 && client->line[client->used - 1] == '\r')
        client->used--;
    bool taken = !client->overlong && atomic_load(&scanner->enabled) &&
                 acceptable(client->line, client->used);
    if (taken) {
        struct device_event event = {.kind = DEVICE_EVENT_SCAN,
                                     .device = scanner_socket_driver.name,
                                     .state = DEVICE_READY,
                                     .text = "",
                                     .scan = (const uint8_t *)client->line,
                                     .scan_length = client->used};
        scanner->sink.post(scanner->sink.context, &event);
    }
    client->used = 0;
    client->overlong = false;
    const char *answer = taken ? "ok\n" : "dropped\n";
    ssize_t sent = send(client->fd, answer, strlen(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* a client that does not read its answers loses them */
}

/* False when the client has gone. */
static bool read_client(struct scanner *scanner, struct client *client)
{
    char bytes[1024];
    ssize_t length = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (length <= 0)
        return length < 0 && (errno == EAGAIN || errno == EINTR);
    for (ssize_t i = 0; i < length; i++) {
        if (bytes[i] == '\n')
            take_line(scanner, client);
        else if (client->used < SCAN_MAX)
            client->line[client->used++] = bytes[i];
        else
            client->overlong = true;
    }
    return true;
}

static void take_client(struct scanner *scanner)
{
    int fd = accept4(scanner->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    for (int i = 0; i < CLIENTS; i++)
        if (scanner->clients[i].fd < 0) {
            scanner->clients[i] = (struct client){.fd = fd};
            return;
        }
    close(fd);
}

static void *work(void *context)
{
    struct scanner *scanner = context;
    for (;;) {
        struct pollfd fds[CLIENTS + 2] = {{.fd = scanner->stop[0], .events = POLLIN},
                                          {.fd = scanner->listener, .events = POLLIN}};
        for (int i = 0; i < CLIENTS; i++)
            fds[i + 2] = (struct pollfd){.fd = scanner->clients[i].fd, .events = POLLIN};
        if (poll(fds, CLIENTS + 2, -1) < 0)
            continue;
        if (fds[0].revents)
            return NULL;
        for (int i = 0; i < CLIENTS; i++)
            if (fds[i + 2].revents && !read_client(scanner, &scanner->clients[i])) {
                close(scanner->clients[i].fd);
                scanner->clients[i].fd = -1;
            }
        if (fds[1].revents)
            take_client(scanner);
    }
}

static enum status socket_address(const char *path, struct sockaddr_un *out, struct error *error)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof out->sun_path)
        return error_set(error, STATUS_INVALID, "%s: a socket's path has at most %zu bytes", path,
                         sizeof out->sun_path - 1);
    strcpy(out->sun_path, path);
    return STATUS_OK;
}

static enum status listen_at(const char *path, int *out, struct error *error)
{
    struct sockaddr_un address;
    enum status status = socket_address(path, &address, error);
    if (status)
        return status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(error, STATUS_IO, "no socket: %s", strerror(errno));
    unlink(path); /* one left by a till that was killed: the folder's lock says it is ours */
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0600) != 0 ||
        listen(fd, CLIENTS) != 0) {
        status = error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
        close(fd);
        return status;
    }
    *out = fd;
    return STATUS_OK;
}

static enum status create(const char *where, struct device_sink sink, struct scanner **out,
                          struct error *error)
{
    int listener = -1;
    enum status status = listen_at(where, &listener, error);
    if (status)
        return status;
    struct scanner *scanner = mem_alloc(sizeof *scanner);
    scanner->path = mem_copy_text(where);
    scanner->sink = sink;
    scanner->listener = listener;
    atomic_init(&scanner->enabled, true);
    for (int i = 0; i < CLIENTS; i++)
        scanner->clients[i].fd = -1;
    INVARIANT(pipe(scanner->stop) == 0);
    INVARIANT(pthread_create(&scanner->thread, NULL, work, scanner) == 0);
    struct device_event ready = {.kind = DEVICE_EVENT_STATE,
                                 .device = scanner_socket_driver.name,
                                 .state = DEVICE_READY,
                                 .text = ""};
    sink.post(sink.context, &ready);
    *out = scanner;
    return STATUS_OK;
}

static void beep(struct scanner *scanner, int good)
{
    (void)scanner; /* a socket has no beeper: the program's own tones are heard */
    (void)good;
}

static void enable(struct scanner *scanner, int enabled)
{
    atomic_store(&scanner->enabled, enabled != 0);
}

static void destroy(struct scanner *scanner)
{
    close(scanner->stop[1]);
    pthread_join(scanner->thread, NULL);
    close(scanner->stop[0]);
    close(scanner->listener);
    for (int i = 0; i < CLIENTS; i++)
        if (scanner->clients[i].fd >= 0)
            close(scanner->clients[i].fd);
    unlink(scanner->path);
    free(scanner->path);
    free(scanner);
}

const struct scanner_driver scanner_socket_driver = {
    .name = "scanner:socket",
    .create = create,
    .beep = beep,
    .enable = enable,
    .destroy = destroy,
};

static enum status exchange(int fd, const char *path, const char *code, struct error *error)
{
    struct timeval limit = {.tv_sec = 2};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    char answer[16] = "";
    if (send(fd, code, strlen(code), MSG_NOSIGNAL) != (ssize_t)strlen(code) ||
        send(fd, "\n", 1, MSG_NOSIGNAL) != 1 || recv(fd, answer, sizeof answer - 1, 0) <= 0)
        return error_set(error, STATUS_TIMEOUT, "%s: no answer", path);
    if (strcmp(answer, "ok\n") != 0)
        return error_set(error, STATUS_INVALID, "the scanner dropped that code");
    return STATUS_OK;
}

enum status scanner_socket_scan(const char *path, const char *code, struct error *error)
{
    struct sockaddr_un address;
    enum status status = socket_address(path, &address, error);
    if (status)
        return status;
    if (strchr(code, '\n'))
        return error_set(error, STATUS_INVALID, "a code holds no line end");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set(error, STATUS_IO, "no socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        status = error_set(error, STATUS_NOT_FOUND, "%s: no till listens there: %s", path,
                           strerror(errno));
    else
        status = exchange(fd, path, code, error);
    close(fd);
    return status;
}
