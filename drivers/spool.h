/* Works off the print jobs that sales wrote: one at a time, in order, until each is on paper.
 *
 *   till.db print_job ──next──► spool ──bytes──► printer ──PRINTED──► spool ──done──► till.db
 *
 * The spool owns no job and no file: the job is a row that the sale wrote, and only the till writes
 * it (till_print_next, till_print_done, till_print_retry). It never blocks a sale. Killed at any
 * instant, a job is queued or printing; what was printing may be on paper already, so the source
 * hands it out again marked as a copy. A job that fails is tried again after a pause that doubles
 * up to a minute.
 * The UI's thread only.
 */
#ifndef HOLDFAST_DRIVERS_SPOOL_H
#define HOLDFAST_DRIVERS_SPOOL_H

#include "drivers/device.h"
#include "drivers/profile.h"
#include "terminal/selling/document.h"

#include <stdbool.h>

struct spool_job {
    int64_t id;
    char name[64];             /* letters, digits, '-'; "" for one without a number */
    struct document *document; /* the spool destroys it */
};

/* Where jobs come from and go to. */
struct spool_source {
    /* The oldest queued job, marked as printing durably before it returns. *found is false when
     * there is none. */
    enum status (*next)(void *context, struct spool_job *job, bool *found, struct error *error);
    /* The job is on paper (STATUS_OK), or the attempt failed. */
    enum status (*done)(void *context, int64_t job, enum status result, const char *text,
                        struct error *error);
    /* Queues the failed jobs again. */
    enum status (*retry)(void *context, struct error *error);
    void *context;
};

struct spool;

/* The driver's sink must lead, through the queue, to spool_printed on this thread. */
enum status spool_create(const struct printer_driver *driver, struct printer *printer,
                         const struct profile *profile, struct spool_source source,
                         struct spool **out, struct error *error) MUST_USE;
void spool_destroy(struct spool *spool); /* not the printer; a job under way stays `printing` */

/* Starts the next job when the printer is free. Call after a sale, and when spool_due has come. */
enum status spool_pump(struct spool *spool, int64_t now_us, struct error *error) MUST_USE;

/* The driver reported a job. */
enum status spool_printed(struct spool *spool, const struct device_event *event, int64_t now_us,
                          struct error *error) MUST_USE;

/* When to call spool_pump again though nothing happened: monotonic us, or -1 for never. */
int64_t spool_due(const struct spool *spool);

/* Nothing under way and nothing that waits for a retry. */
bool spool_is_idle(const struct spool *spool);

#endif
