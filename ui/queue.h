/* The one queue through which everything but the keyboard and the finger reaches the till:
 * scanners, printers, the agent's pokes. Devices post from their own threads; the UI thread takes.
 *
 *   device thread ──► queue_post ──► [ ring of QUEUE_LENGTH ] ──► queue_take ──► app
 *                          └──► wake (an eventfd, and SDL's own queue where there is a window)
 *
 * Events come out in the order in which they went in. A full ring refuses: a person who scans
 * faster than a thousand codes ahead hears the low tone of the refused ones.
 */
#ifndef HOLDFAST_UI_QUEUE_H
#define HOLDFAST_UI_QUEUE_H

#include "drivers/device.h"

#include <stdbool.h>
#include <stdint.h>

enum { QUEUE_LENGTH = 1024, QUEUE_TEXT = 256 };

enum event_kind {
    EVENT_SCAN,    /* device, scan */
    EVENT_STATE,   /* device, state, text */
    EVENT_PRINTED, /* device, job, result, text */
    EVENT_POKE,    /* text: the agent's word, "replica" */
    EVENT_PIN,     /* the PIN check that was under way is done */
    EVENT_QUIT     /* a signal asked the program to end */
};

struct event {
    enum event_kind kind;
    enum device_state state;
    enum status result;
    int64_t job;
    size_t scan_length;
    char device[48];
    char text[QUEUE_TEXT];
    uint8_t scan[SCAN_MAX];
};

struct queue;

/* `wake` (may be NULL) is called by queue_post after the event is in; from any thread. */
struct queue *queue_create(void (*wake)(void *context), void *context);
void queue_free(struct queue *queue); /* no poster may be left */

/* Copies the event. Any thread, never blocks for long. False when the ring is full. */
bool queue_post(struct queue *queue, const struct event *event);
/* Asks for EVENT_QUIT. May be called from a signal handler (it only writes one byte count). */
void queue_ring(struct queue *queue);
/* The sink that drivers post through. */
struct device_sink queue_sink(struct queue *queue);

/* The UI thread's: the oldest event; false when there is none. */
bool queue_take(struct queue *queue, struct event *out);
/* Sleeps until something was posted, or `timeout_ms` passed (-1: for ever). True when an event
 * waits. */
bool queue_wait(struct queue *queue, int timeout_ms);

#endif
