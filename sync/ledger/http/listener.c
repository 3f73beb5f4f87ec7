/* Addresses and sockets. */
#include "sync/ledger/http/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

/* Splits at the last colon; brackets around an IPv6 address are taken off. */
static enum status split(const char *address, char *host, size_t host_size, char *port,
                         size_t port_size, struct error *error)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - address);

    if (colon == NULL || colon[1] == '\0' || strlen(colon + 1) >= port_size ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return error_set(error, STATUS_INVALID, "listen: write ADDRESS:PORT");
    if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
        address++;
        length -= 2;
    }
    if (length >= host_size)
        return error_set(error, STATUS_INVALID, "listen: the address is too long");
    memcpy(host, address, length);
    host[length] = '\0';
    strcpy(port, colon + 1);
    return STATUS_OK;
}

static enum status socket_error(const char *address, struct error *error)
{
    enum status status = errno == EADDRINUSE ? STATUS_BUSY
                         : errno == EACCES   ? STATUS_DENIED
                                             : STATUS_NETWORK;

    return error_set(error, status, "cannot listen at %s: %s", address, strerror(errno));
}

static enum status bind_socket(const struct addrinfo *info, const char *address, int *out,
                               struct error *error)
{
    int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return socket_error(address, error);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        enum status status = socket_error(address, error);
        (void)close(fd);
        return status;
    }
    *out = fd;
    return STATUS_OK;
}

static void name_socket(int fd, char name[LISTENER_NAME_SIZE])
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    char host[NI_MAXHOST], port[NI_MAXSERV];

    name[0] = '\0';
    if (getsockname(fd, (struct sockaddr *)&storage, &length) != 0 ||
        getnameinfo((struct sockaddr *)&storage, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    (void)snprintf(name, LISTENER_NAME_SIZE,
                   strchr(host, ':') == NULL ? "%.60s:%.8s" : "[%.60s]:%.8s", host, port);
}

enum status listener_open(const char *address, int *fd, char name[LISTENER_NAME_SIZE],
                          struct error *error)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *info;
    char host[256], port[8];
    int result;
    enum status status = split(address, host, sizeof host, port, sizeof port, error);

    if (status != STATUS_OK)
        return status;
    result = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &info);
    if (result != 0)
        return error_set(error, STATUS_INVALID, "listen: %s: %s", address, gai_strerror(result));
    status = bind_socket(info, address, fd, error);
    freeaddrinfo(info);
    if (status == STATUS_OK)
        name_socket(*fd, name);
    return status;
}
