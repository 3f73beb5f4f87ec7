/* One line per request: the answered at level debug, the refused at info (warn from 500 on).
 *
 * What a stranger sent is never in it: no path beyond the route's own, no query, no body, no token,
 * no address; who has proven himself is named by his device's id or his token's name. Of refusals
 * beyond REQUEST_LOG_BURST in one second only the number is told, so that nobody fills the disk.
 * Thread-safe.
 */
#ifndef HOLDFAST_LEDGER_REQUEST_LOG_H
#define HOLDFAST_LEDGER_REQUEST_LOG_H

#include "terminal/base/crypto.h"

#include <stddef.h>
#include <stdint.h>

#define REQUEST_LOG_BURST 50

struct request_line {
    const char *route;       /* "GET /v1/device", or "" for a path that is none */
    int status;              /* HTTP */
    const struct id *device; /* NULL when it was none */
    const char *token;       /* the name; "" when it was none */
    int64_t took_us;
    size_t received, sent; /* bytes of bodies */
};

struct request_log;
struct request_log *request_log_new(void);
void request_log_free(struct request_log *log); /* NULL is fine */
void request_log_write(struct request_log *log, const struct request_line *line, int64_t now_s);

#endif
