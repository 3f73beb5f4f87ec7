/* The owner hands a job over under the mutex; the thread takes it, writes, and tells the sink.
 *
 *   print() ──► job ──► thread: bytes ─► NAME.escpos, paper ─► NAME.png ──► sink(PRINTED)
 *
 * Killed between the two files: the bytes are there and the job is not reported, so the spool
 * prints it again, as a copy, under the next free name.
 */
#include "drivers/printer_file.h"

#include "drivers/escpos.h"
#include "drivers/paper.h"
#include "terminal/base/file.h"
#include "terminal/base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 64
#define PAPER_MARGIN    24

struct job {
    int64_t id;
    char name[NAME_MAX_LENGTH + 1];
    struct buf bytes;
};

struct printer {
    char *folder;
    struct device_sink sink;
    struct type *type; /* the thread's */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping; /* under the mutex, as all below */
    bool busy;
    bool waiting;
    struct job job;
};

static void tell(struct printer *printer, int64_t job, enum status result, const char *text)
{
    struct device_event event = {.kind = DEVICE_EVENT_PRINTED,
                                 .device = printer_file_driver.name,
                                 .state = result ? DEVICE_ATTENTION : DEVICE_READY,
                                 .text = text,
                                 .job = job,
                                 .result = result};
    printer->sink.post(printer->sink.context, &event);
}

/* "folder/NAME.suffix", with "-2", "-3" ... when NAME was printed before. */
static char *free_path(const struct printer *printer, const char *name, int attempt,
                       const char *suffix)
{
    char file[NAME_MAX_LENGTH + 32];
    if (attempt == 1)
        snprintf(file, sizeof file, "%s.%s", name, suffix);
    else
        snprintf(file, sizeof file, "%s-%d.%s", name, attempt, suffix);
    return path_join(printer->folder, file);
}

static enum status write_bytes(struct printer *printer, const struct job *job, int *attempt,
                               struct error *error)
{
    for (*attempt = 1;; ++*attempt) {
        char *path = free_path(printer, job->name, *attempt, "escpos");
        bool taken = file_exists(path);
        enum status status =
            taken ? STATUS_OK
                  : file_write_durable(path, buf_text(&job->bytes), job->bytes.used, 0644, error);
        free(path);
        if (!taken)
            return status;
    }
}

static enum status write_picture(struct printer *printer, const struct job *job, int attempt,
                                 struct error *error)
{
    struct paper paper;
    struct buf png;
    paper_init(&paper, profile_default().width_dots);
    buf_init(&png, (size_t)32 << 20);
    enum status status = paper_print(&paper, printer->type, (const uint8_t *)job->bytes.data,
                                     job->bytes.used, error);
    if (!status && paper.dots.height > 0)
        status = bitmap_png(&paper.dots, PAPER_MARGIN, &png, error);
    if (!status && png.used > 0) {
        char *path = free_path(printer, job->name, attempt, "png");
        status = file_write_durable(path, png.data, png.used, 0644, error);
        free(path);
    }
    buf_finish(&png);
    paper_finish(&paper);
    return status;
}

static void *work(void *context)
{
    struct printer *printer = context;
    pthread_mutex_lock(&printer->mutex);
    while (!printer->stopping || printer->waiting) {
        if (!printer->waiting) {
            pthread_cond_wait(&printer->wake, &printer->mutex);
            continue;
        }
        struct job job = printer->job;
        printer->waiting = false;
        pthread_mutex_unlock(&printer->mutex);

        struct error error = {0};
        int attempt;
        enum status status = write_bytes(printer, &job, &attempt, &error);
        if (!status)
            status = write_picture(printer, &job, attempt, &error);
        buf_finish(&job.bytes);

        pthread_mutex_lock(&printer->mutex);
        printer->busy = false;
        pthread_mutex_unlock(&printer->mutex);
        tell(printer, job.id, status, status ? error.text : "");
        pthread_mutex_lock(&printer->mutex);
    }
    pthread_mutex_unlock(&printer->mutex);
    return NULL;
}

static enum status create(const char *where, struct device_sink sink, struct printer **out,
                          struct error *error)
{
    enum status status = file_make_folder(where, 0755, error);
    if (status)
        return status;
    struct printer *printer = mem_alloc(sizeof *printer);
    status = type_create(&printer->type, error);
    if (status) {
        free(printer);
        return status;
    }
    printer->folder = mem_copy_text(where);
    printer->sink = sink;
    pthread_mutex_init(&printer->mutex, NULL);
    pthread_cond_init(&printer->wake, NULL);
    INVARIANT(pthread_create(&printer->thread, NULL, work, printer) == 0);
    struct device_event ready = {.kind = DEVICE_EVENT_STATE,
                                 .device = printer_file_driver.name,
                                 .state = DEVICE_READY,
                                 .text = ""};
    sink.post(sink.context, &ready);
    *out = printer;
    return STATUS_OK;
}

static bool name_is_plain(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= NAME_MAX_LENGTH &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
               length;
}

static enum status print(struct printer *printer, int64_t id, const char *name,
                         const uint8_t *bytes, size_t length, struct error *error)
{
    if (!name_is_plain(name))
        return error_set(error, STATUS_INVALID, "a print job's name has letters, digits and '-'");
    struct buf copy;
    buf_init(&copy, ESCPOS_BYTES_MAX);
    enum status status = buf_append(&copy, bytes, length);
    if (status)
        return error_set(error, status, "the print job is larger than %zu bytes", copy.ceiling);
    pthread_mutex_lock(&printer->mutex);
    if (printer->busy) {
        status = error_set(error, STATUS_BUSY, "the printer is printing another job");
    } else {
        printer->busy = printer->waiting = true;
        printer->job = (struct job){.id = id, .bytes = copy};
        strcpy(printer->job.name, name);
        pthread_cond_signal(&printer->wake);
    }
    pthread_mutex_unlock(&printer->mutex);
    if (status)
        buf_finish(&copy);
    return status;
}

/* A drawer on a file: a line in a log that a test or a person can read. */
static enum status open_drawer(struct printer *printer, struct error *error)
{
    char *path = path_join(printer->folder, "drawer.log");
    FILE *file = fopen(path, "a");
    free(path);
    if (!file)
        return error_set(error, STATUS_IO, "%s/drawer.log cannot be written", printer->folder);
    fputs("open\n", file);
    fclose(file);
    return STATUS_OK;
}

static void destroy(struct printer *printer)
{
    pthread_mutex_lock(&printer->mutex);
    printer->stopping = true;
    pthread_cond_signal(&printer->wake);
    pthread_mutex_unlock(&printer->mutex);
    pthread_join(printer->thread, NULL);
    pthread_cond_destroy(&printer->wake);
    pthread_mutex_destroy(&printer->mutex);
    type_destroy(printer->type);
    free(printer->folder);
    free(printer);
}

const struct printer_driver printer_file_driver = {
    .name = "printer:file",
    .create = create,
    .print = print,
    .open_drawer = open_drawer,
    .destroy = destroy,
};
