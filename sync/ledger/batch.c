/* Reading and checking a batch of entries. */
#include "sync/ledger/batch.h"

#include "terminal/base/buf.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRIPES_MAX    8
#define STRIPE_ENTRIES 32 /* fewer are not worth a thread */

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    for (int i = 0; batch->frame != NULL && i < batch->frame->count; i++)
        effect_finish(&batch->entries[i].effect);
    frame_free(batch->frame);
    free(batch);
}

/* The entry is of this device, this epoch and this place. */
static enum status check_place(const struct batch *batch, const struct entry_head *head,
                               const struct id *device, int64_t seq, struct error *error)
{
    if (memcmp(head->device.bytes, device->bytes, ID_SIZE) != 0)
        return error_set(error, STATUS_INVALID, "entry %lld is of another device", (long long)seq);
    if (memcmp(head->epoch.bytes, batch->frame->epoch.bytes, ID_SIZE) != 0)
        return error_set(error, STATUS_INVALID, "entry %lld is of another epoch", (long long)seq);
    if (head->seq != seq)
        return error_set(error, STATUS_INVALID, "entry %lld says it is %lld", (long long)seq,
                         (long long)head->seq);
    return STATUS_OK;
}

static enum status check_open(struct batch *batch, const struct frame_entry *raw,
                              const struct batch_sender *sender, struct error *error)
{
    struct entry entry;
    enum status status = entry_parse(raw->bytes, raw->length, &entry, error);

    if (status == STATUS_OK)
        status = epoch_open_get(&entry, &batch->open, error);
    entry_finish(&entry);
    if (status != STATUS_OK)
        return status;
    if (!epoch_key_vouched(&sender->device, &batch->frame->epoch, &batch->open.epoch_key,
                           &batch->open.device_sig, &sender->device_key))
        return error_set(error, STATUS_DENIED, "the device does not vouch for the epoch's key");
    batch->opens = true;
    return STATUS_OK;
}

static enum status read_entry(struct batch *batch, int index, const struct batch_sender *sender,
                              struct json_view *view, struct error *error)
{
    const struct frame_entry *raw = &batch->frame->entries[index];
    struct batch_entry *out = &batch->entries[index];
    int64_t seq = batch->frame->first + index;
    struct entry_view entry;
    enum status status;

    if (raw->damaged) {
        out->hash = raw->hash;
        strcpy(out->kind, "damaged");
        effect_unreadable(&out->effect);
        return STATUS_OK;
    }
    out->hash = entry_hash(raw->bytes, raw->length);
    status = entry_look(view, raw->bytes, raw->length, &entry, error);
    if (status == STATUS_UNSUPPORTED)
        return error_prefix(error, "entry %lld", (long long)seq);
    if (status != STATUS_OK) {
        strcpy(out->kind, "unreadable");
        effect_unreadable(&out->effect);
        return STATUS_OK;
    }
    status = check_place(batch, &entry.head, &sender->device, seq, error);
    if (status == STATUS_OK && seq == 1)
        status = check_open(batch, raw, sender, error);
    out->readable = true;
    out->prev = entry.head.prev;
    strcpy(out->kind, entry.head.kind);
    effect_read(&entry, &out->effect);
    return status;
}

static enum status check_chain(const struct batch *batch, struct error *error)
{
    for (int i = 1; i < batch->frame->count; i++) {
        const struct batch_entry *entry = &batch->entries[i];
        if (entry->readable && !hash_equal(&entry->prev, &batch->entries[i - 1].hash))
            return error_set(error, STATUS_INVALID, "entry %lld does not follow the one before it",
                             (long long)batch->frame->first + i);
    }
    if (batch->frame->first == 1 && !batch->opens)
        return error_set(error, STATUS_INVALID, "the first entry opens no epoch");
    return STATUS_OK;
}

/* Entries first .. first+count-1 of a batch, read by one thread. */
struct stripe {
    struct batch *batch;
    const struct batch_sender *sender;
    int from, to;
    enum status status;
    struct error error;
    pthread_t thread;
    bool started;
};

static void *read_stripe(void *argument)
{
    struct stripe *stripe = argument;
    struct json_view *view = json_view_new();

    for (int i = stripe->from; i < stripe->to && stripe->status == STATUS_OK; i++)
        stripe->status = read_entry(stripe->batch, i, stripe->sender, view, &stripe->error);
    json_view_free(view);
    return NULL;
}

static int stripe_count(int entries)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int most = processors < 1 ? 1 : processors > STRIPES_MAX ? STRIPES_MAX : (int)processors;
    int useful = entries / STRIPE_ENTRIES;

    return useful < 1 ? 1 : useful < most ? useful : most;
}

/* Parsing is most of the work of a batch, and entries are parsed one without the other: they are
 * shared out among the processors. The first mistake in the order of the entries is told. */
static enum status read_entries(struct batch *batch, const struct batch_sender *sender,
                                struct error *error)
{
    struct stripe stripes[STRIPES_MAX];
    int count = stripe_count(batch->frame->count);

    for (int i = 0; i < count; i++) {
        stripes[i] = (struct stripe){.batch = batch,
                                     .sender = sender,
                                     .from = batch->frame->count * i / count,
                                     .to = batch->frame->count * (i + 1) / count};
        if (i > 0)
            stripes[i].started =
                pthread_create(&stripes[i].thread, NULL, read_stripe, &stripes[i]) == 0;
    }
    for (int i = 0; i < count; i++) {
        if (stripes[i].started)
            (void)pthread_join(stripes[i].thread, NULL);
        else
            (void)read_stripe(&stripes[i]);
    }
    for (int i = 0; i < count; i++) {
        if (stripes[i].status != STATUS_OK)
            return error_set(error, stripes[i].status, "%s", stripes[i].error.text);
    }
    return STATUS_OK;
}

enum status batch_read(const char *body, size_t length, const struct batch_sender *sender,
                       struct batch **out, struct error *error)
{
    struct batch *batch = mem_alloc(sizeof *batch);
    enum status status = frame_read(body, length, &batch->frame, error);

    if (status != STATUS_OK)
        batch->frame = NULL;
    if (status == STATUS_OK && batch->frame->first > UINT32_MAX - FRAME_MAX_ENTRIES)
        status = error_set(error, STATUS_RANGE, "an epoch holds at most 2^32 entries");
    if (status == STATUS_OK)
        status = read_entries(batch, sender, error);
    if (status == STATUS_OK)
        status = check_chain(batch, error);
    if (status != STATUS_OK) {
        batch_free(batch);
        return status;
    }
    *out = batch;
    return STATUS_OK;
}

enum status batch_verify(const struct batch *batch, const struct public_key *epoch_key,
                         struct error *error)
{
    int count = batch->frame->count;

    for (int i = 0; i < count; i++) {
        /* Vouched for by what follows: the last one is always checked. */
        if (i < count - 1 &&
            (batch->entries[i].readable || frame_entry_lost(&batch->frame->entries[i])))
            continue;
        if (!entry_signature_valid(&batch->entries[i].hash, &batch->frame->entries[i].signature,
                                   epoch_key))
            return error_set(error, STATUS_DENIED, "the signature of entry %lld does not hold",
                             (long long)batch->frame->first + i);
    }
    return STATUS_OK;
}
