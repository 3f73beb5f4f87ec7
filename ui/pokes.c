/* One datagram socket for both directions, one thread that reads it, one eventfd that ends it. */
#include "ui/pokes.h"

#include "terminal/base/buf.h"
#include "terminal/base/file.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct pokes {
    int socket, stop;
    pthread_t thread;
    struct queue *queue;
    char *path;
    struct sockaddr_un agent;
};

static void *listen_for_words(void *context)
{
    struct pokes *pokes = context;

    for (;;) {
        struct pollfd watched[2] = {{.fd = pokes->socket, .events = POLLIN},
                                    {.fd = pokes->stop, .events = POLLIN}};
        struct event event = {.kind = EVENT_POKE};

        if (poll(watched, 2, -1) < 0 && errno != EINTR) {
            return NULL;
        }
        if (watched[1].revents) {
            return NULL;
        }
        ssize_t length = recv(pokes->socket, event.text, 32, MSG_DONTWAIT);
        if (length > 0) {
            event.text[length] = '\0';
            queue_post(pokes->queue, &event);
        }
    }
}

static bool address(struct sockaddr_un *out, const char *path)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    return snprintf(out->sun_path, sizeof out->sun_path, "%s", path) < (int)sizeof out->sun_path;
}

enum status pokes_create(const char *data_dir, struct queue *queue, struct pokes **out,
                         struct error *error)
{
    struct pokes *pokes = mem_alloc(sizeof *pokes);
    struct sockaddr_un own;
    char *agent = path_join(data_dir, "agent.sock");
    enum status status = STATUS_OK;

    pokes->path = path_join(data_dir, "till.sock");
    pokes->queue = queue;
    pokes->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    pokes->stop = eventfd(0, EFD_CLOEXEC);
    INVARIANT(pokes->socket >= 0 && pokes->stop >= 0);
    if (!address(&own, pokes->path) || !address(&pokes->agent, agent)) {
        status = error_set(error, STATUS_RANGE, "the path %s is too long for a socket", data_dir);
    } else {
        /* A socket that a killed till left behind; a living one holds the lock of till.db. */
        unlink(pokes->path);
        if (bind(pokes->socket, (struct sockaddr *)&own, sizeof own) != 0) {
            status = error_set(error, STATUS_IO, "%s: %s", pokes->path, strerror(errno));
        } else {
            chmod(pokes->path, 0600);
        }
    }
    free(agent);
    if (status == STATUS_OK && pthread_create(&pokes->thread, NULL, listen_for_words, pokes) != 0) {
        status = error_set(error, STATUS_IO, "no thread for %s", pokes->path);
    }
    if (status != STATUS_OK) {
        close(pokes->socket);
        close(pokes->stop);
        free(pokes->path);
        free(pokes);
        return status;
    }
    *out = pokes;
    return STATUS_OK;
}

void pokes_free(struct pokes *pokes)
{
    uint64_t one = 1;

    if (!pokes) {
        return;
    }
    INVARIANT(write(pokes->stop, &one, sizeof one) == sizeof one);
    pthread_join(pokes->thread, NULL);
    close(pokes->socket);
    close(pokes->stop);
    unlink(pokes->path);
    free(pokes->path);
    free(pokes);
}

void pokes_send(struct pokes *pokes, const char *word)
{
    ssize_t sent = sendto(pokes->socket, word, strlen(word), MSG_DONTWAIT | MSG_NOSIGNAL,
                          (struct sockaddr *)&pokes->agent, sizeof pokes->agent);

    (void)sent;
}
