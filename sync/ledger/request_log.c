/* Building the line, and counting the refusals of the second. */
#include "sync/ledger/request_log.h"

#include "terminal/base/buf.h"
#include "terminal/base/log.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct request_log {
    pthread_mutex_t mutex;
    int64_t second;
    int64_t refused; /* in this second */
};

struct request_log *request_log_new(void)
{
    struct request_log *log = mem_alloc(sizeof *log);

    (void)pthread_mutex_init(&log->mutex, NULL);
    return log;
}

void request_log_free(struct request_log *log)
{
    if (log == NULL)
        return;
    (void)pthread_mutex_destroy(&log->mutex);
    free(log);
}

/* Whether another refusal may be told; *kept_back: how many of the last such second were not. */
static bool may_tell(struct request_log *log, int64_t now_s, int64_t *kept_back)
{
    bool may;

    *kept_back = 0;
    (void)pthread_mutex_lock(&log->mutex);
    if (log->second != now_s) {
        if (log->refused > REQUEST_LOG_BURST)
            *kept_back = log->refused - REQUEST_LOG_BURST;
        log->second = now_s;
        log->refused = 0;
    }
    may = ++log->refused <= REQUEST_LOG_BURST;
    (void)pthread_mutex_unlock(&log->mutex);
    return may;
}

void request_log_write(struct request_log *log, const struct request_line *line, int64_t now_s)
{
    enum log_level level = line->status >= 500   ? LOG_LEVEL_WARN
                           : line->status >= 400 ? LOG_LEVEL_INFO
                                                 : LOG_LEVEL_DEBUG;
    char device[ID_HEX_SIZE] = "";
    int64_t kept_back;

    if (!log_wants(level))
        return;
    if (line->status >= 400) {
        bool may = may_tell(log, now_s, &kept_back);
        if (kept_back > 0)
            log_line(LOG_LEVEL_WARN, "request", "%lld more refusals in one second",
                     (long long)kept_back);
        if (!may)
            return;
    }
    if (line->device != NULL)
        hex_write(line->device->bytes, ID_SIZE, device);
    const struct log_field fields[] = {
        {"route", line->route, 0},
        {"status", NULL, line->status},
        {"device", device, 0},
        {"token", line->token, 0},
        {"us", NULL, line->took_us},
        {"received", NULL, (int64_t)line->received},
        {"sent", NULL, (int64_t)line->sent},
    };
    log_event(level, "request", line->status >= 400 ? "refused" : "answered", fields,
              sizeof fields / sizeof fields[0]);
}
