/* How long one connection may take over one thing.
 *
 *   reading a request's headers (TLS and an idle time before included)   1.5 x patience
 *   reading its body, sending its answer       patience, and a second per DEADLINE_BYTES
 *   while the ledger works on it, or it waits for news                   no end
 *
 * Whoever sends a byte now and then (slow loris), or reads one, is cut off: his socket is shut
 * down, and libmicrohttpd then drops the connection as one that its peer has closed. A thread looks
 * once a second.
 */
#ifndef HOLDFAST_LEDGER_DEADLINES_H
#define HOLDFAST_LEDGER_DEADLINES_H

#include <stdint.h>

#define DEADLINE_BYTES (16 << 10)

struct deadlines;

/* One connection's; embedded nowhere, owned by the list. */
struct deadline;

/* `cut` is called for every connection that is cut off, from the thread. */
struct deadlines *deadlines_start(int patience_s, void (*cut)(void *context), void *context);
void deadlines_stop(struct deadlines *deadlines); /* every connection has left; NULL is fine */

/* A connection came: its headers are awaited. */
struct deadline *deadlines_add(struct deadlines *deadlines, int socket);
/* It is going: before its socket is closed. */
void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline);

void deadline_headers(struct deadlines *deadlines, struct deadline *deadline);
void deadline_transfer(struct deadlines *deadlines, struct deadline *deadline, int64_t bytes);
void deadline_none(struct deadlines *deadlines, struct deadline *deadline);

#endif
