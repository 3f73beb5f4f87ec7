/* What the service counts, in Prometheus's text form (exposition format 0.0.4).
 *
 * Counting is one or two relaxed atomic additions; what the database knows better (entries, open
 * exceptions, how long tills have been silent, its size, webhooks) is asked when somebody looks.
 * Labels are the routes' own texts, never what a stranger sent.
 */
#ifndef HOLDFAST_LEDGER_METRICS_H
#define HOLDFAST_LEDGER_METRICS_H

#include "terminal/base/buf.h"

#include <stdint.h>

/* Plain numbers. The last ones go up and down. */
enum metric {
    METRIC_LIMITED,     /* requests refused for their number */
    METRIC_CUT_OFF,     /* connections cut off for their slowness */
    METRIC_REFUSED,     /* requests refused before their bodies were read */
    METRIC_CONNECTIONS, /* open */
    METRIC_WAITS,       /* questions that wait for news */
    METRIC_BODY_BYTES,  /* of bodies in memory */
    METRIC_COUNT
};

#define METRICS_ROUTES 96 /* the most that are told apart */

struct metrics;
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics); /* NULL is fine */

void metrics_add(struct metrics *metrics, enum metric metric, int64_t amount);

/* One answered request of the route with this number. */
void metrics_request(struct metrics *metrics, int route, int http_status, int64_t took_us);

/* `route_name` gives "GET /v1/device", or NULL past the last one. STATUS_RANGE at the ceiling. */
enum status metrics_write(struct metrics *metrics, const char *(*route_name)(int route, char *room),
                          struct buf *out) MUST_USE;
#define METRICS_NAME_SIZE 96 /* of the room */

/* One sample with its head: "# TYPE name type\nname value\n". */
enum status metrics_write_one(struct buf *out, const char *name, const char *type,
                              int64_t value) MUST_USE;

#endif
