/* What a device must be: the specification for whoever writes a driver.
 *
 * A driver runs on a thread of its own, or on none; it never touches the till. What happens is
 * told through one sink, from any thread; the sink copies what it needs before it returns, never
 * blocks, and may be called until `destroy` has returned and not after. In the program the sink
 * posts to the one event queue; in a test it may do anything.
 *
 *   device thread ──► sink(event) ──► queue ──► UI thread ──► till
 *
 * Every call below is made by one thread (the owner's), and returns at once: a driver that has to
 * wait for its hardware does so on its own thread. A driver that loses its device reports
 * DEVICE_GONE, keeps looking for it, and reports DEVICE_READY when it is back; it never gives up
 * and never has to be made again. Bytes from a device are bytes from a stranger: each driver caps
 * and checks them before the sink sees them.
 */
#ifndef HOLDFAST_DRIVERS_DEVICE_H
#define HOLDFAST_DRIVERS_DEVICE_H

#include "terminal/base/status.h"

#include <stddef.h>
#include <stdint.h>

#define SCAN_MAX 512 /* bytes of one code; a longer one is dropped whole */

enum device_state {
    DEVICE_MISSING, /* not there, never was */
    DEVICE_READY,
    DEVICE_ATTENTION, /* there, and wants a person: paper low, cover open, busy */
    DEVICE_GONE       /* was there; the driver looks for it */
};

enum device_event_kind {
    DEVICE_EVENT_STATE,  /* state and text changed */
    DEVICE_EVENT_SCAN,   /* a scanner read a code */
    DEVICE_EVENT_PRINTED /* a print job ended, one way or the other */
};

/* What happened. Pointers are borrowed for the duration of the call. */
struct device_event {
    enum device_event_kind kind;
    const char *device;      /* the driver's name: "scanner:socket", "printer:file" */
    enum device_state state; /* STATE: the new state */
    const char *text;        /* STATE, PRINTED: one line of why, "" when all is well; English */
    const uint8_t *scan;     /* SCAN: the bytes, AIM identifier first where the device gives one */
    size_t scan_length;
    int64_t job;        /* PRINTED: the job's id */
    enum status result; /* PRINTED: STATUS_OK only when the device has proved it */
};

struct device_sink {
    void (*post)(void *context, const struct device_event *event);
    void *context;
};

/* A scanner. Claimed exclusively: no keystroke of it ever reaches the focus (UnifiedPOS 1.16,
 * Scanner: exclusive-use, data events queued, decoded data with symbology). */
struct scanner;
struct scanner_driver {
    const char *name;
    /* STATUS_OK also when the device is not there yet; anything else means it can never be. */
    enum status (*create)(const char *where, struct device_sink sink, struct scanner **out,
                          struct error *error);
    /* A good or a bad beep, where the scanner can. */
    void (*beep)(struct scanner *scanner, int good);
    /* While disabled, scans are dropped at the device (auto-disable of UnifiedPOS). */
    void (*enable)(struct scanner *scanner, int enabled);
    void (*destroy)(struct scanner *scanner); /* the sink is quiet when it returns */
};

/* A receipt printer takes whole jobs, one at a time. `print` copies the bytes and returns; exactly
 * one DEVICE_EVENT_PRINTED follows for each accepted job, also when the device goes away. A job is
 * reported STATUS_OK only when the device has proved that it is on paper (or, for a file, on disk):
 * a finished write proves nothing. */
struct printer;
struct printer_driver {
    const char *name;
    enum status (*create)(const char *where, struct device_sink sink, struct printer **out,
                          struct error *error);
    /* STATUS_BUSY while a job is under way. `name` is the job's name for people (a receipt number):
     * letters, digits and '-'. */
    enum status (*print)(struct printer *printer, int64_t job, const char *name,
                         const uint8_t *bytes, size_t length, struct error *error);
    /* Opens the drawer at once, beside any job (ESC p). A drawer hangs on a printer. */
    enum status (*open_drawer)(struct printer *printer, struct error *error);
    void (*destroy)(struct printer *printer);
};

#endif
