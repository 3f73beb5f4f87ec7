/* Entries into a frame. Only reads.
 *
 * The bytes that journal_read lends live until its visitor returns, so they are copied into one
 * block as large as a body may be; the frame borrows from there until it is written.
 *
 * What each row of till.db becomes:
 *
 *   bytes and signature agree               the entry (a wrong recorded hash does not matter)
 *   recorded hash and signature agree       damaged, with that hash
 *   bytes and recorded hash agree           the entry; whoever follows vouches for it
 *   nothing agrees, or there is no row      lost, with the hash that the next entry's `prev` says
 *
 * The last two are never the last of a batch: it ends with an entry whose signature holds, and goes
 * on beyond the limit until there is one.
 */
#include "sync/agent/batch.h"
#include "terminal/base/log.h"
#include "terminal/journal/entry.h"
#include "terminal/journal/journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct collecting {
    struct frame *frame;
    struct batch *batch;
    const struct batch_limits *limits;
    char *block;
    size_t used;
    int64_t side_seq; /* the entry whose side records are being added */
    int side_start;   /* frame->sides before the first of them */
    bool side_full;
};

/* What may travel as an entry: it was signed so, and it fits the frame's form. */
static bool fits_frame(const struct stored_entry *stored)
{
    return stored->length > 0 && stored->length <= FRAME_MAX_ENTRY &&
           !memchr(stored->bytes, '\n', stored->length);
}

static struct frame_entry judge_row(const struct collecting *collecting,
                                    const struct stored_entry *stored)
{
    const struct public_key *key = collecting->limits->key;
    struct frame_entry entry = {.signature = stored->signature, .hash = stored->hash};
    struct hash actual = entry_hash(stored->bytes, stored->length);
    bool same = hash_equal(&actual, &stored->hash);
    bool whole = fits_frame(stored) && stored->seq != collecting->limits->damaged;

    if (whole && (same || entry_signature_valid(&actual, &stored->signature, key))) {
        entry.hash = actual;
        return entry;
    }
    entry.damaged = true;
    if (!entry_signature_valid(&entry.hash, &entry.signature, key)) {
        entry.hash = (struct hash){{0}};
        entry.signature = (struct signature){{0}};
    }
    return entry;
}

/* The hash of the entry before this one, by its own word; zeros when it can't be read. */
static struct hash hash_before(const struct stored_entry *stored, const struct frame_entry *judged)
{
    struct hash unknown = {{0}};
    struct entry_head head;

    if (judged->damaged || entry_read_head(stored->bytes, stored->length, &head, NULL) != STATUS_OK)
        return unknown;
    return head.prev;
}

static enum status add_lost(struct collecting *collecting)
{
    struct frame_entry lost = {.damaged = true};
    struct batch *batch = collecting->batch;

    if (frame_add(collecting->frame, &lost) != STATUS_OK)
        return STATUS_CANCELLED;
    batch->last++;
    batch->count++;
    return STATUS_OK;
}

static enum status take_entry(void *context, const struct stored_entry *stored)
{
    struct collecting *collecting = context;
    struct frame *frame = collecting->frame;
    struct batch *batch = collecting->batch;
    struct frame_entry entry = judge_row(collecting, stored);
    bool enough = batch->count + 1 >= (int)collecting->limits->entries;

    while (batch->last + 1 < stored->seq) {
        if (add_lost(collecting) != STATUS_OK)
            return STATUS_CANCELLED;
    }
    if (!entry.damaged && collecting->used + stored->length > FRAME_MAX_BYTES)
        return STATUS_CANCELLED;
    if (!entry.damaged) {
        entry.bytes = collecting->block + collecting->used;
        entry.length = stored->length;
        memcpy(collecting->block + collecting->used, stored->bytes, stored->length);
    }
    if (frame_add(frame, &entry) != STATUS_OK)
        return STATUS_CANCELLED;
    if (batch->count > 0 && frame_entry_lost(&frame->entries[batch->count - 1]))
        frame->entries[batch->count - 1].hash = hash_before(stored, &entry);
    collecting->used += entry.length;
    batch->last = stored->seq;
    batch->count++;
    return enough && entry_signature_valid(&entry.hash, &entry.signature, collecting->limits->key)
               ? STATUS_CANCELLED
               : STATUS_OK;
}

/* The batch ends with an entry whose own signature holds; what follows it waits for the next. */
static void end_vouched(struct collecting *collecting)
{
    struct frame *frame = collecting->frame;
    struct batch *batch = collecting->batch;

    while (batch->count > 0 && !entry_signature_valid(&frame->entries[batch->count - 1].hash,
                                                      &frame->entries[batch->count - 1].signature,
                                                      collecting->limits->key)) {
        batch->count--;
        batch->last--;
    }
    frame->count = batch->count;
    if (batch->count > 0)
        batch->last_hash = frame->entries[batch->count - 1].hash;
}

/* Side records that do not fit push out their own entry and all behind it, to the next batch. */
static enum status take_side(void *context, int64_t seq, const char *json)
{
    struct collecting *collecting = context;
    struct frame *frame = collecting->frame;
    size_t length = strlen(json);
    char *copy;

    if (seq != collecting->side_seq) {
        collecting->side_seq = seq;
        collecting->side_start = frame->sides;
    }
    if (length > FRAME_MAX_SIDE) {
        log_line(LOG_LEVEL_ERROR, "agent",
                 "a side record of entry %" PRId64 " is too large to send", seq);
        return STATUS_OK;
    }
    copy = mem_alloc(length + 1);
    memcpy(copy, json, length + 1);
    if (frame_add_side(frame, copy, length) == STATUS_OK)
        return STATUS_OK;
    free(copy);
    collecting->side_full = true;
    return STATUS_CANCELLED;
}

static void free_sides(struct frame *frame, int from)
{
    for (int i = from; i < frame->sides; i++)
        free((char *)(uintptr_t)frame->side[i].json);
    frame->sides = from;
}

/* Cuts the batch before the entry whose side records did not fit; a single entry keeps what fits.
 */
static void cut_for_sides(struct collecting *collecting)
{
    struct frame *frame = collecting->frame;
    struct batch *batch = collecting->batch;

    if (collecting->side_seq == batch->first) {
        log_line(LOG_LEVEL_ERROR, "agent", "entry %" PRId64 " has more side records than fit",
                 batch->first);
        batch->last = batch->first;
    } else {
        free_sides(frame, collecting->side_start);
        batch->last = collecting->side_seq - 1;
    }
    batch->count = (int)(batch->last - batch->first + 1);
    frame->count = batch->count;
}

/* Reads on; where SQLite says that the file is malformed, place after place is tried until one
 * reads again, and those between are lost. */
static enum status read_around(struct db *till_db, struct collecting *collecting,
                               struct error *error)
{
    struct batch *batch = collecting->batch;
    int64_t after = batch->last;
    enum status status;

    do {
        status = journal_read(till_db, &batch->epoch, after, FRAME_MAX_ENTRIES, FRAME_MAX_BYTES,
                              take_entry, collecting, error);
        after = (after > batch->last ? after : batch->last) + 1;
    } while (status == STATUS_CORRUPT && after <= batch->last + FRAME_MAX_ENTRIES);
    return status;
}

static enum status collect(struct db *till_db, struct collecting *collecting, struct error *error)
{
    struct batch *batch = collecting->batch;
    enum status status = read_around(till_db, collecting, error);

    if (status == STATUS_OK)
        end_vouched(collecting);
    if (status != STATUS_OK || batch->count == 0)
        return status;
    status = journal_read_side(till_db, &batch->epoch, batch->first, batch->last, take_side,
                               collecting, error);
    if (status == STATUS_OK && collecting->side_full) {
        cut_for_sides(collecting);
        end_vouched(collecting);
    }
    return status;
}

enum status batch_build(struct db *till_db, const struct id *epoch, int64_t after,
                        const struct batch_limits *limits, struct batch *out, struct buf *body,
                        struct error *error)
{
    struct collecting collecting = {.batch = out, .limits = limits};
    enum status status = db_begin_read(till_db, error);

    *out = (struct batch){.epoch = *epoch, .first = after + 1, .last = after};
    if (status != STATUS_OK)
        return status;
    collecting.frame = frame_new(epoch, after + 1);
    collecting.frame->clock_ms = limits->clock_ms;
    collecting.block = mem_resize(NULL, FRAME_MAX_BYTES);
    status = collect(till_db, &collecting, error);
    db_rollback(till_db);
    if (status == STATUS_OK && out->count == 0)
        status = error_set(error, STATUS_CORRUPT,
                           "entry %" PRId64 " is damaged in till.db, and no entry after it vouches "
                           "for it yet",
                           after + 1);
    if (status == STATUS_OK && frame_write(collecting.frame, body) != STATUS_OK)
        status = error_set(error, STATUS_RANGE, "the batch from %" PRId64 " can't be written",
                           after + 1);
    free_sides(collecting.frame, 0);
    frame_free(collecting.frame);
    free(collecting.block);
    return status;
}

struct soundness {
    const struct public_key *key;
    int64_t seq;
    bool sound;
};

static enum status judge(void *context, const struct stored_entry *stored)
{
    struct soundness *soundness = context;
    struct hash hash = entry_hash(stored->bytes, stored->length);
    struct entry_head head;

    if (stored->seq != soundness->seq ||
        entry_read_head(stored->bytes, stored->length, &head, NULL) != STATUS_OK)
        return STATUS_CANCELLED;
    soundness->sound = hash_equal(&hash, &stored->hash) &&
                       entry_signature_valid(&hash, &stored->signature, soundness->key);
    return STATUS_CANCELLED;
}

bool batch_entry_sound(struct db *till_db, const struct id *epoch, const struct public_key *key,
                       int64_t seq)
{
    struct soundness soundness = {key, seq, false};

    /* A read that fails says nothing against the entry. */
    if (journal_read(till_db, epoch, seq - 1, 1, ENTRY_MAX_BYTES, judge, &soundness, NULL) !=
        STATUS_OK)
        return true;
    return soundness.sound;
}
