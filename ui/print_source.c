#include "ui/print_source.h"

#include <stdio.h>

static enum status next(void *context, struct spool_job *job, bool *found, struct error *error)
{
    struct print_job_view view;
    enum status status = till_print_next(context, &view, &job->document, error);

    *found = status == STATUS_OK;
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        job->id = view.id;
        snprintf(job->name, sizeof job->name, "%s", view.number);
    }
    return status;
}

static enum status done(void *context, int64_t job, enum status result, const char *text,
                        struct error *error)
{
    return till_print_done(context, job, result == STATUS_OK, text, error);
}

static enum status retry(void *context, struct error *error)
{
    return till_print_retry(context, 0, error);
}

struct spool_source print_source(struct till *till)
{
    return (struct spool_source){.next = next, .done = done, .retry = retry, .context = till};
}
