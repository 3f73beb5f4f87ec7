#include "tests/bench/batches.h"

#include "sync/ledger/ingest.h"
#include "sync/protocol/frame.h"
#include "terminal/base/buf.h"
#include "terminal/base/file.h"
#include "terminal/journal/journal.h"
#include "tests/bench/bench.h"

#include <stdlib.h>
#include <string.h>

/* An epoch on its way into bodies. Entries are copied, for the journal only lends them. */
struct cutting {
    struct batches *out;
    struct frame *frame;
    struct id epoch;
};

static enum status end_batch(struct cutting *cutting)
{
    struct batches *out = cutting->out;
    struct frame *frame = cutting->frame;
    struct buf body;
    if (!frame || frame->count == 0)
        return STATUS_OK;
    buf_init(&body, 2 * FRAME_MAX_BYTES);
    enum status status = frame_write(frame, &body);
    for (int i = 0; i < frame->count; i++)
        free((char *)(uintptr_t)frame->entries[i].bytes);
    out->entries += frame->count;
    out->bodies = mem_resize(out->bodies, (out->count + 1) * sizeof *out->bodies);
    out->bodies[out->count++] = (struct batch_body){.bytes = body.data, .length = body.used};
    frame_free(frame);
    cutting->frame = NULL;
    return status;
}

static enum status take_entry(void *context, const struct stored_entry *stored)
{
    struct cutting *cutting = context;
    struct frame_entry entry = {.signature = stored->signature, .length = stored->length};
    char *bytes = mem_alloc(stored->length);
    memcpy(bytes, stored->bytes, stored->length);
    entry.bytes = bytes;
    if (cutting->frame && frame_add(cutting->frame, &entry) == STATUS_OK)
        return STATUS_OK;
    enum status status = end_batch(cutting);
    cutting->frame = frame_new(&cutting->epoch, stored->seq);
    return status ? status : frame_add(cutting->frame, &entry);
}

enum status batches_read(const char *folder, struct batches *out, struct error *error)
{
    struct journal_epoch_info *epochs = NULL;
    struct db *db = NULL;
    size_t count = 0;
    char *path = path_join(folder, "till.db");
    *out = (struct batches){0};
    enum status status = device_read(folder, &out->device, error);
    if (!status)
        status = db_open(path, DB_READER, &db, error);
    if (!status)
        status = journal_epochs(db, &epochs, &count, error);
    for (size_t i = 0; i < count && !status; i++) {
        struct cutting cutting = {.out = out, .epoch = epochs[i].epoch};
        status =
            journal_read(db, &epochs[i].epoch, 0, SIZE_MAX, SIZE_MAX, take_entry, &cutting, error);
        if (!status)
            status = end_batch(&cutting);
    }
    free(epochs);
    db_close(db);
    free(path);
    return status;
}

void batches_finish(struct batches *batches)
{
    for (size_t i = 0; i < batches->count; i++)
        free(batches->bodies[i].bytes);
    free(batches->bodies);
    device_wipe(&batches->device);
}

static enum status ingest_all(const struct batches *batches, struct ledger *ledger,
                              struct store_session *reader, struct taken *taken,
                              struct error *error)
{
    const struct ingest_sender sender = {
        .key = {.device = batches->device.device, .device_key = batches->device.device_key},
        .location = batches->device.location};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batches->count && !status; i++) {
        struct ingest_result result;
        status = ingest_post(ledger->writer, reader, &sender, batches->bodies[i].bytes,
                             batches->bodies[i].length, &result, error);
        if (!status && result.outcome != INGEST_TAKEN)
            status = error_set(error, STATUS_CONFLICT, "batch %zu was not taken", i);
        if (!status && taken)
            status = taken_note(taken, error);
    }
    return status;
}

enum status batches_ingest(const struct batches *batches, const char *location, struct taken *taken,
                           struct effort *out, struct error *error)
{
    const struct ledger_options options = {
        .location = location, .clock = clock_system(), .entropy = entropy_system()};
    struct ledger *ledger = NULL;
    struct store_session *reader = NULL;
    enum status status = ledger_open(&options, &ledger, error);
    if (status)
        return status;
    status = ledger_reader(ledger, &reader, error);
    if (!status && taken)
        status = taken_begin(taken, error);
    *out = effort_begin();
    if (!status)
        status = ingest_all(batches, ledger, reader, taken, error);
    effort_end(out);
    if (taken)
        taken_end(taken);
    ledger_reader_back(ledger, reader);
    ledger_close(ledger);
    return status;
}
