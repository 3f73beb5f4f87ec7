/* The ring and its bell. `count` events start at `first`; the eventfd is readable while count > 0
 * or a post is about to make it so; queue_take drains it with the last event. */
#include "ui/queue.h"

#include "terminal/base/buf.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
    pthread_mutex_t mutex;
    struct event *ring;
    int first, count;
    int bell;
    volatile sig_atomic_t ended; /* queue_ring was called, EVENT_QUIT not taken yet */
    void (*wake)(void *context);
    void *context;
};

struct queue *queue_create(void (*wake)(void *context), void *context)
{
    struct queue *queue = mem_alloc(sizeof *queue);

    queue->ring = mem_alloc(QUEUE_LENGTH * sizeof *queue->ring);
    INVARIANT(pthread_mutex_init(&queue->mutex, NULL) == 0);
    queue->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    INVARIANT(queue->bell >= 0);
    queue->wake = wake;
    queue->context = context;
    return queue;
}

void queue_free(struct queue *queue)
{
    if (!queue) {
        return;
    }
    close(queue->bell);
    pthread_mutex_destroy(&queue->mutex);
    free(queue->ring);
    free(queue);
}

bool queue_post(struct queue *queue, const struct event *event)
{
    bool room;

    pthread_mutex_lock(&queue->mutex);
    room = queue->count < QUEUE_LENGTH;
    if (room) {
        queue->ring[(queue->first + queue->count) % QUEUE_LENGTH] = *event;
        queue->count++;
    }
    pthread_mutex_unlock(&queue->mutex);
    if (room) {
        uint64_t one = 1;
        ssize_t written = write(queue->bell, &one, sizeof one);
        /* Only a full counter can refuse, and a full counter is a bell that rings. */
        (void)written;
        if (queue->wake) {
            queue->wake(queue->context);
        }
    }
    return room;
}

void queue_ring(struct queue *queue)
{
    uint64_t one = 1;
    int kept = errno;

    queue->ended = 1;
    ssize_t written = write(queue->bell, &one, sizeof one);
    (void)written;
    errno = kept;
}

static void post_device(void *context, const struct device_event *from)
{
    struct event event = {.state = from->state, .result = from->result, .job = from->job};

    snprintf(event.device, sizeof event.device, "%s", from->device ? from->device : "");
    snprintf(event.text, sizeof event.text, "%s", from->text ? from->text : "");
    switch (from->kind) {
    case DEVICE_EVENT_STATE:
        event.kind = EVENT_STATE;
        break;
    case DEVICE_EVENT_SCAN:
        if (from->scan_length > SCAN_MAX) {
            return;
        }
        event.kind = EVENT_SCAN;
        event.scan_length = from->scan_length;
        memcpy(event.scan, from->scan, from->scan_length);
        break;
    case DEVICE_EVENT_PRINTED:
        event.kind = EVENT_PRINTED;
        break;
    }
    queue_post(context, &event);
}

struct device_sink queue_sink(struct queue *queue)
{
    return (struct device_sink){.post = post_device, .context = queue};
}

bool queue_take(struct queue *queue, struct event *out)
{
    bool taken;

    if (queue->ended) {
        queue->ended = 0;
        *out = (struct event){.kind = EVENT_QUIT};
        return true;
    }
    pthread_mutex_lock(&queue->mutex);
    taken = queue->count > 0;
    if (taken) {
        *out = queue->ring[queue->first];
        queue->first = (queue->first + 1) % QUEUE_LENGTH;
        queue->count--;
    }
    if (queue->count == 0) {
        uint64_t rung;
        ssize_t drained = read(queue->bell, &rung, sizeof rung);
        (void)drained;
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

bool queue_wait(struct queue *queue, int timeout_ms)
{
    struct pollfd watched = {.fd = queue->bell, .events = POLLIN};
    int ready = poll(&watched, 1, timeout_ms);

    return ready > 0;
}
