#include "drivers/spool.h"

#include "drivers/escpos.h"
#include "terminal/base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define PAUSE_FIRST_US 500000
#define PAUSE_MOST_US  60000000

struct spool {
    const struct printer_driver *driver;
    struct printer *printer;
    struct profile profile;
    struct spool_source source;
    struct type *type;
    int64_t under_way; /* the job's id, or -1 */
    int64_t due_us;    /* no attempt before; -1: at once */
    int64_t pause_us;
};

enum status spool_create(const struct printer_driver *driver, struct printer *printer,
                         const struct profile *profile, struct spool_source source,
                         struct spool **out, struct error *error)
{
    struct spool *spool = mem_alloc(sizeof *spool);
    *spool = (struct spool){.driver = driver,
                            .printer = printer,
                            .profile = *profile,
                            .source = source,
                            .under_way = -1,
                            .due_us = -1,
                            .pause_us = PAUSE_FIRST_US};
    enum status status = type_create(&spool->type, error);
    if (status) {
        free(spool);
        return status;
    }
    *out = spool;
    return STATUS_OK;
}

void spool_destroy(struct spool *spool)
{
    if (!spool)
        return;
    type_destroy(spool->type);
    free(spool);
}

static void pause_after_failure(struct spool *spool, int64_t now_us)
{
    spool->due_us = now_us + spool->pause_us;
    spool->pause_us = 2 * spool->pause_us < PAUSE_MOST_US ? 2 * spool->pause_us : PAUSE_MOST_US;
}

static enum status start(struct spool *spool, const struct spool_job *job, int64_t now_us,
                         struct error *error)
{
    struct buf bytes;
    struct error why;
    char name[64];
    buf_init(&bytes, ESCPOS_BYTES_MAX);
    snprintf(name, sizeof name, "job-%lld", (long long)job->id);
    enum status status =
        escpos_write(job->document, &spool->profile, spool->type, job->id, &bytes, &why);
    if (!status)
        status = spool->driver->print(spool->printer, job->id, job->name[0] ? job->name : name,
                                      (const uint8_t *)bytes.data, bytes.used, &why);
    buf_finish(&bytes);
    if (!status) {
        spool->under_way = job->id;
        return STATUS_OK;
    }
    log_line(LOG_LEVEL_WARN, "spool", "job %lld: %s", (long long)job->id, why.text);
    pause_after_failure(spool, now_us);
    return spool->source.done(spool->source.context, job->id, status, why.text, error);
}

enum status spool_pump(struct spool *spool, int64_t now_us, struct error *error)
{
    if (spool->under_way >= 0 || (spool->due_us >= 0 && now_us < spool->due_us))
        return STATUS_OK;
    enum status status = STATUS_OK;
    if (spool->due_us >= 0)
        status = spool->source.retry(spool->source.context, error);
    spool->due_us = -1;
    struct spool_job job = {.id = -1};
    bool found = false;
    if (!status)
        status = spool->source.next(spool->source.context, &job, &found, error);
    if (!status && found) {
        status = start(spool, &job, now_us, error);
        document_destroy(job.document);
    }
    return status;
}

enum status spool_printed(struct spool *spool, const struct device_event *event, int64_t now_us,
                          struct error *error)
{
    if (event->kind != DEVICE_EVENT_PRINTED || event->job != spool->under_way)
        return STATUS_OK;
    spool->under_way = -1;
    if (event->result) {
        log_line(LOG_LEVEL_WARN, "spool", "job %lld: %s", (long long)event->job, event->text);
        pause_after_failure(spool, now_us);
    } else {
        spool->pause_us = PAUSE_FIRST_US;
    }
    enum status status =
        spool->source.done(spool->source.context, event->job, event->result, event->text, error);
    return status ? status : spool_pump(spool, now_us, error);
}

int64_t spool_due(const struct spool *spool)
{
    return spool->under_way >= 0 ? -1 : spool->due_us;
}

bool spool_is_idle(const struct spool *spool)
{
    return spool->under_way < 0 && spool->due_us < 0;
}
