/* The real transport: libcurl's multi interface, HTTP/1.1, kept-alive connections, verified TLS.
 *
 * One thread: send, wait and next are called from the same loop, and never from within a callback.
 */
#ifndef HOLDFAST_AGENT_TRANSPORT_CURL_H
#define HOLDFAST_AGENT_TRANSPORT_CURL_H

#include "sync/agent/agent.h"
#include "sync/agent/line.h"
#include "sync/agent/transport.h"

#include <stdbool.h>
#include <stddef.h>

struct transport_curl;

/* `url` without a last '/'. `line` (NULL: as the system does) must outlive it. */
struct transport_curl *transport_curl_create(const char *url, const struct line *line);
void transport_curl_destroy(struct transport_curl *curl); /* ends all calls; NULL is fine */

/* The transport over it; lives as long as it does. */
struct transport transport_curl_as_transport(struct transport_curl *curl);

/* Moves bytes, and waits for at most `timeout_ms` until something moved, an event is there, or one
 * of the `count` (at most 8) descriptors in `fds` can be read. */
void transport_curl_wait(struct transport_curl *curl, int timeout_ms, const int *fds, size_t count);

/* The next event, in order; false when there is none. `bytes` and `why` live until the next call of
 * this function. The times are left at 0: the caller sets them. */
bool transport_curl_next(struct transport_curl *curl, struct agent_event *out);

#endif
