/* The transaction of one journal post. */
#include "sync/ledger/ingest.h"

#include "sync/ledger/branch.h"
#include "sync/ledger/customers.h"
#include "sync/ledger/epochs.h"
#include "sync/ledger/finding.h"
#include "sync/ledger/projection.h"
#include "sync/ledger/refunds.h"
#include "sync/ledger/store/schema.h"
#include "sync/ledger/watch.h"

#include "terminal/base/buf.h"

#include <stdlib.h>
#include <string.h>

/* How far back a sender is sent whose fork can't be linked to what is known. */
#define FORK_STEP 100

struct post {
    const struct ingest_sender *sender;
    struct batch *batch;
    struct tally *tally;
    struct ingest_result result;
    bool foreign; /* the epoch is another device's */
};

static enum status note_odd_open(const struct writer_turn *turn, const struct post *post,
                                 struct error *error)
{
    const struct epoch_open *open = &post->batch->open;
    struct finding finding = {
        .location = open->location, .epoch = &post->batch->frame->epoch, .seq = 1};
    struct store_value values[] = {store_blob(open->parent.epoch.bytes, ID_SIZE),
                                   store_int(open->parent.seq)};
    struct store_value device = store_blob(post->sender->key.device.bytes, ID_SIZE);
    int64_t beyond = 0, epochs = 0;
    enum status status = STATUS_OK;

    if (strcmp(open->location, post->sender->location) != 0) {
        finding.kind = "location";
        status = finding_add(turn->session, &finding, turn->now_ms, error,
                             "the device was enrolled for %s", post->sender->location);
    }
    if (status == STATUS_OK)
        status = store_one_int(turn->session, "SELECT count(*) FROM epoch WHERE device = ?1",
                               &device, 1, 0, &epochs, error);
    if (status != STATUS_OK || epochs <= 1)
        return status;
    /* A till opens an epoch once, unless it was restored, cloned or lost its journal: each time a
     * person should know, for what it never sent may be gone. */
    finding.kind = "restored";
    if (!open->has_parent)
        return finding_add(turn->session, &finding, turn->now_ms, error,
                           "the till began anew, without the journal it had");
    status = store_one_int(turn->session,
                           "SELECT (SELECT count(*) FROM epoch WHERE epoch = ?1 AND seq > ?2) + "
                           "(SELECT count(*) FROM epoch WHERE parent = ?1) - 1",
                           values, 2, 0, &beyond, error);
    if (status != STATUS_OK)
        return status;
    if (beyond <= 0)
        return finding_add(turn->session, &finding, turn->now_ms, error,
                           "the till opened a new epoch after entry %lld",
                           (long long)open->parent.seq);
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "continues an epoch from entry %lld, which has gone on",
                       (long long)open->parent.seq);
}

/* The epoch's row, made by its first entry. row->number stays 0 when it is not known. */
static enum status load_epoch(const struct writer_turn *turn, struct post *post,
                              struct epoch_row *row, struct error *error)
{
    const struct frame *frame = post->batch->frame;
    enum status status = epochs_find(turn->session, &frame->epoch, row, error);

    if (status != STATUS_OK)
        return status;
    if (row->number != 0) {
        post->foreign = memcmp(row->device.bytes, post->sender->key.device.bytes, ID_SIZE) != 0;
        return STATUS_OK;
    }
    if (!post->batch->opens)
        return STATUS_OK;
    status = epochs_add(turn->session, &frame->epoch, &post->sender->key.device, &post->batch->open,
                        turn->now_ms, row, error);
    return status == STATUS_OK ? note_odd_open(turn, post, error) : status;
}

/* An entry that was lost together with the next one: nobody knows its hash. */
static bool nameless(const struct hash *hash)
{
    static const struct hash none;

    return hash_equal(hash, &none);
}

/* The first index whose entry is not known: count when all are. *forks tells that it is one that
 * differs from what is known at its place. A place where one side has lost the name says nothing:
 * it is passed when the two agree behind it, and belongs to the fork when they do not. */
static enum status skip_known(const struct writer_turn *turn, const struct post *post,
                              const struct epoch_row *row, int *index, bool *forks,
                              struct error *error)
{
    const struct frame *frame = post->batch->frame;
    bool differs = false;
    int agreed = 0;

    for (int i = 0; i < frame->count && frame->first + i <= row->seq && !differs; i++) {
        const struct hash *sent = &post->batch->entries[i].hash;
        struct hash known;
        bool found;
        enum status status =
            epochs_entry_hash(turn->session, row->number, frame->first + i, &known, &found, error);
        if (status != STATUS_OK)
            return status;
        INVARIANT(found);
        if (hash_equal(&known, sent))
            agreed = i + 1;
        else
            differs = !nameless(&known) && !nameless(sent);
    }
    *index = agreed;
    *forks = agreed < frame->count && frame->first + agreed <= row->seq;
    return STATUS_OK;
}

/* Whether the batch's first entry follows the main chain at its place. */
static enum status follows_main(const struct writer_turn *turn, const struct post *post,
                                const struct epoch_row *row, bool *out, struct error *error)
{
    const struct batch_entry *first = &post->batch->entries[0];
    int64_t before = post->batch->frame->first - 1;
    struct hash known = {{0}};
    bool found = true;
    enum status status = STATUS_OK;

    *out = true;
    if (before == 0)
        return STATUS_OK; /* another epoch_open: a branch from the very start */
    if (before == row->seq)
        known = row->hash;
    else
        status = epochs_entry_hash(turn->session, row->number, before, &known, &found, error);
    /* What can't be read names no entry before it. At its place in the order it is taken. */
    *out = found && (!first->readable || hash_equal(&first->prev, &known));
    return status;
}

/* What follows the main chain's end and can't be read may as well follow a branch that is kept up
 * to there: the entry before it tells, so it has to come once more, with that one. */
static enum status may_be_either(const struct writer_turn *turn, const struct post *post,
                                 const struct epoch_row *row, bool *out, struct error *error)
{
    struct store_value values[] = {store_int(row->number), store_int(row->seq)};
    int64_t kept = 0;
    enum status status = STATUS_OK;

    if (!post->batch->entries[0].readable && post->batch->frame->first == row->seq + 1)
        status = store_one_int(turn->session, "SELECT 1 FROM branch WHERE epoch = ?1 AND seq = ?2",
                               values, 2, 0, &kept, error);
    *out = kept != 0;
    return status;
}

static enum status add_sides(const struct writer_turn *turn, const struct post *post,
                             const struct epoch_row *row, struct error *error)
{
    const struct frame *frame = post->batch->frame;
    enum status status = STATUS_OK;

    for (int i = 0; i < frame->sides && status == STATUS_OK; i++)
        status = customers_keep_side(turn, row->number, frame->side[i].json, frame->side[i].length,
                                     error);
    return status;
}

static enum status take_fork(const struct writer_turn *turn, struct post *post,
                             const struct epoch_row *row, int index, bool linked,
                             struct error *error)
{
    const struct frame *frame = post->batch->frame;
    bool readable = post->batch->entries[index].readable;
    struct branch_place place = {.start = 0};
    enum status status = STATUS_OK;

    post->result.outcome = INGEST_FORK;
    if (!linked || (index == 0 && !readable))
        status = branch_find(turn->session, row, post->batch, index, &place, error);
    if (status != STATUS_OK)
        return status;
    if (place.start == 0 && linked)
        place = branch_begins(post->batch, index);
    if (place.start == 0) {
        post->result.seq = frame->first;
        post->result.taken = frame->first > FORK_STEP ? frame->first - 1 - FORK_STEP : 0;
        return STATUS_OK;
    }
    post->result.seq = place.start;
    post->result.taken = frame->first + frame->count - 1;
    status = branch_keep(turn, row, post->batch, index, &place, error);
    if (status == STATUS_OK)
        status = add_sides(turn, post, row, error); /* they are not sent again */
    return status == STATUS_OK
               ? refunds_arrived(turn, row, frame->first + index, post->result.taken, error)
               : status;
}

#define ENTRY_COLUMNS 6

static void put_entry_row(const struct writer_turn *turn, const struct post *post,
                          const struct epoch_row *row, int index,
                          struct store_value values[ENTRY_COLUMNS])
{
    const struct frame_entry *raw = &post->batch->frame->entries[index];
    const struct batch_entry *entry = &post->batch->entries[index];

    values[0] = store_int(schema_entry_id(row->number, post->batch->frame->first + index));
    values[1] = store_int(turn->now_ms);
    values[2] = store_text(entry->kind);
    values[3] = store_blob(entry->hash.bytes, HASH_SIZE);
    values[4] = store_blob(raw->signature.bytes, SIGNATURE_SIZE);
    values[5] = raw->damaged ? store_null() : store_blob(raw->bytes, raw->length);
}

/* The entries from `index` on, as they came. */
static enum status keep_entries(const struct writer_turn *turn, const struct post *post,
                                const struct epoch_row *row, int index, struct error *error)
{
    int count = post->batch->frame->count - index;
    struct store_value *values = mem_alloc((size_t)count * ENTRY_COLUMNS * sizeof *values);
    enum status status;

    for (int i = 0; i < count; i++)
        put_entry_row(turn, post, row, index + i, values + (ptrdiff_t)i * ENTRY_COLUMNS);
    status = store_insert_many(turn->session,
                               "INSERT INTO entry(id, received_ms, kind, hash, signature, bytes) "
                               "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                               values, ENTRY_COLUMNS, count, error);
    free(values);
    return status;
}

static enum status sum_entry(const struct writer_turn *turn, struct post *post,
                             struct epoch_row *row, int index, struct error *error)
{
    struct batch_entry *entry = &post->batch->entries[index];
    struct projection_place place = {.epoch = row, .seq = post->batch->frame->first + index};
    struct finding finding = {.kind = entry->kind,
                              .location = row->location,
                              .epoch = &post->batch->frame->epoch,
                              .seq = place.seq};
    enum status status = STATUS_OK;

    if (!entry->readable)
        status = finding_add(turn->session, &finding, turn->now_ms, error, "entry %lld is %s",
                             (long long)place.seq, entry->kind);
    return status == STATUS_OK ? projection_add(turn, post->tally, &entry->effect, &place, error)
                               : status;
}

static enum status add_entries(const struct writer_turn *turn, struct post *post,
                               struct epoch_row *row, int index, struct error *error)
{
    const struct frame *frame = post->batch->frame;
    enum status status = keep_entries(turn, post, row, index, error);

    for (int i = index; i < frame->count && status == STATUS_OK; i++)
        status = sum_entry(turn, post, row, i, error);
    if (status == STATUS_OK)
        status = projection_apply(turn, post->tally, error);
    row->seq = frame->first + frame->count - 1;
    row->hash = post->batch->entries[frame->count - 1].hash;
    if (status == STATUS_OK)
        status = epochs_set_head(turn->session, row, error);
    if (status == STATUS_OK)
        status = projection_watermark(turn, row, error);
    if (status == STATUS_OK)
        status = refunds_arrived(turn, row, frame->first + index, row->seq, error);
    return status == STATUS_OK ? watch_skew(turn, row, frame->clock_ms, error) : status;
}

static enum status run_post(void *context, const struct writer_turn *turn, struct error *error)
{
    struct post *post = context;
    const struct frame *frame = post->batch->frame;
    struct epoch_row row;
    int index;
    bool forks, follows = true, either = false;
    enum status status = load_epoch(turn, post, &row, error);

    memset(&post->result, 0, sizeof post->result);
    tally_clear(post->tally);
    if (status != STATUS_OK || post->foreign)
        return status;
    status = skip_known(turn, post, &row, &index, &forks, error);
    if (status == STATUS_OK && index == 0 && row.number != 0)
        status = follows_main(turn, post, &row, &follows, error);
    if (status == STATUS_OK && row.number != 0)
        status = may_be_either(turn, post, &row, &either, error);
    if (status != STATUS_OK)
        return status;
    if (either) {
        post->result.outcome = INGEST_GAP;
        post->result.expected = row.seq;
        return STATUS_OK;
    }
    if (row.number == 0 || (!follows && frame->first > row.seq + 1)) {
        struct branch_place place = {0};
        if (row.number != 0)
            status = branch_find(turn->session, &row, post->batch, 0, &place, error);
        if (status == STATUS_OK && place.start != 0)
            return take_fork(turn, post, &row, 0, false, error);
        post->result.outcome = INGEST_GAP;
        post->result.expected = row.seq + 1;
        return status;
    }
    if (forks || !follows)
        return take_fork(turn, post, &row, index, index > 0 || follows, error);
    if (index < frame->count)
        status = add_entries(turn, post, &row, index, error);
    if (status == STATUS_OK)
        status = add_sides(turn, post, &row, error);
    post->result.outcome = INGEST_TAKEN;
    post->result.head = (struct head){.epoch = frame->epoch, .seq = row.seq, .hash = row.hash};
    return status;
}

/* The key that signs this epoch's entries: known, or brought by the batch itself. */
static enum status epoch_key(struct store_session *reader, const struct batch *batch,
                             struct public_key *out, bool *known, struct error *error)
{
    struct epoch_row row;
    enum status status = epochs_find(reader, &batch->frame->epoch, &row, error);

    *known = row.number != 0 || batch->opens;
    *out = row.number != 0 ? row.key : batch->open.epoch_key;
    return status;
}

enum status ingest_post(struct writer *writer, struct store_session *reader,
                        const struct ingest_sender *sender, const char *body, size_t length,
                        struct ingest_result *out, struct error *error)
{
    struct post post = {.sender = sender};
    struct writer_job job = {.run = run_post, .context = &post};
    struct public_key key;
    bool known = false;
    enum status status = batch_read(body, length, &sender->key, &post.batch, error);

    if (status != STATUS_OK)
        return status;
    status = epoch_key(reader, post.batch, &key, &known, error);
    if (status == STATUS_OK && known)
        status = batch_verify(post.batch, &key, error);
    if (status == STATUS_OK && !known) {
        *out = (struct ingest_result){.outcome = INGEST_GAP, .expected = 1};
    } else if (status == STATUS_OK) {
        post.tally = tally_new();
        status = writer_run(writer, &job, error);
        tally_free(post.tally);
        if (status == STATUS_OK && post.foreign)
            status = error_set(error, STATUS_DENIED, "the epoch is another device's");
        *out = post.result;
    }
    out->head.epoch = post.batch->frame->epoch;
    batch_free(post.batch);
    return status;
}
