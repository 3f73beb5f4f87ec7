/* What goes up, and how far it is. Reads till.db; writes sync.db (through sync_db.h) and nothing
 * else.
 *
 * Of each epoch it keeps in memory only a position, which is the ledger's word:
 *
 *   sent   the ledger holds everything up to here durably (a countersigned head said so), or, for a
 *          branch, took it aside
 *
 * Killed before the answer: the head is asked for at the next start, and entries the ledger got are
 * skipped by it when they come twice. Killed between answer and sync.db: the same.
 */
#include "sync/agent/uplink.h"
#include "sync/agent/batch.h"
#include "terminal/base/file.h"
#include "terminal/base/fs.h"
#include "terminal/base/log.h"
#include "terminal/journal/acked.h"
#include "terminal/journal/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TILL_DB "till.db"

struct position {
    struct id epoch;
    struct public_key key;
    int64_t local; /* seq of the last entry here */
    int64_t sent;
    bool known;       /* `sent` is the ledger's word */
    bool blocked;     /* a fork that the ledger does not take */
    bool examining;   /* the ledger's head is not in the local chain */
    int64_t damaged;  /* this entry is to go as damaged; 0: none */
    int64_t rests_at; /* `local` when nothing sound could be sent: rests until it grows, or until
                         the next heads */
};

struct uplink {
    char *path;
    struct device_identity identity;
    struct sync_db *sync;
    struct db *db;
    ino_t inode;
    struct position *positions;
    size_t count;
    struct head *heads; /* the ledger's, for epochs that are not here yet */
    int head_count;
    size_t most_entries; /* of a batch */
    size_t max_entries;  /* of one now; halved by uplink_smaller */
    struct batch batch;  /* what is out; count 0 when nothing */
    struct batch ahead;  /* what was built to follow it; count 0 when nothing */
    int64_t last_gap;
    bool examined; /* see uplink_examined */
    int64_t clock_ms;
    char text[96];
};

struct uplink *uplink_create(const char *folder, const struct device_identity *identity, int batch,
                             struct sync_db *sync)
{
    struct uplink *uplink = mem_alloc(sizeof *uplink);

    INVARIANT(batch >= 1 && batch <= FRAME_MAX_ENTRIES);
    uplink->path = path_join(folder, TILL_DB);
    uplink->identity = *identity;
    uplink->sync = sync;
    uplink->most_entries = (size_t)batch;
    uplink->max_entries = uplink->most_entries;
    return uplink;
}

void uplink_destroy(struct uplink *uplink)
{
    if (!uplink)
        return;
    db_close(uplink->db);
    device_wipe(&uplink->identity);
    free(uplink->positions);
    free(uplink->heads);
    free(uplink->path);
    free(uplink);
}

static struct position *find(struct uplink *uplink, const struct id *epoch)
{
    for (size_t i = 0; i < uplink->count; i++) {
        if (memcmp(uplink->positions[i].epoch.bytes, epoch->bytes, ID_SIZE) == 0)
            return &uplink->positions[i];
    }
    return NULL;
}

/* Opens till.db, or opens it anew when another file has taken its place (a restored backup). */
static enum status open_till(struct uplink *uplink, struct error *error)
{
    struct stat now;

    if (fs_stat(uplink->path, &now) != 0) {
        db_close(uplink->db);
        uplink->db = NULL;
        return error_set(error, STATUS_NOT_FOUND, "there is no till.db yet");
    }
    if (uplink->db && now.st_ino == uplink->inode)
        return STATUS_OK;
    db_close(uplink->db);
    uplink->db = NULL;
    uplink->ahead.count = 0;
    uplink->inode = now.st_ino;
    return db_open(uplink->path, DB_READER, &uplink->db, error);
}

enum status uplink_till(struct uplink *uplink, struct db **out, struct error *error)
{
    enum status status = open_till(uplink, error);

    *out = status == STATUS_OK ? uplink->db : NULL;
    return status;
}

enum status uplink_newest_epoch(struct uplink *uplink, struct id *out, struct error *error)
{
    struct journal_epoch_ref *epochs = NULL;
    size_t count = 0;
    enum status status = open_till(uplink, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = journal_epoch_refs(uplink->db, &epochs, &count, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        if (memcmp(epochs[i].device.bytes, uplink->identity.device.bytes, ID_SIZE) == 0)
            *out = epochs[i].epoch;
    }
    free(epochs);
    return status;
}

enum status uplink_marks(struct uplink *uplink, struct lease_mark **out, size_t *count,
                         struct error *error)
{
    enum status status = STATUS_OK;

    *out = mem_alloc((uplink->count + 1) * sizeof **out);
    *count = 0;
    for (size_t i = 0; status == STATUS_OK && i < uplink->count; i++) {
        const struct position *position = &uplink->positions[i];
        struct lease_mark *mark = &(*out)[(*count)++];
        struct sync_branch branch = {0};

        *mark = (struct lease_mark){position->epoch, position->sent};
        if (position->examining)
            status = sync_db_branch(uplink->sync, &position->epoch, &branch, error);
        if (branch.fork_seq > 0 && branch.fork_seq <= mark->seq)
            mark->seq = branch.fork_seq - 1;
    }
    return status;
}

/* How far the ledger is in an epoch that was not in the list so far. */
static enum status place(struct uplink *uplink, struct position *position, struct error *error)
{
    enum journal_standing standing = JOURNAL_UNKNOWN;
    struct sync_branch branch;
    enum status status;

    position->sent = 0;
    position->known = true;
    for (int i = 0; i < uplink->head_count; i++) {
        const struct head *head = &uplink->heads[i];
        const struct chain_point point = {head->epoch, head->seq, head->hash};

        if (memcmp(head->epoch.bytes, position->epoch.bytes, ID_SIZE) != 0)
            continue;
        status = journal_compare(uplink->db, &point, &standing, error);
        if (status != STATUS_OK)
            return status;
        if (standing == JOURNAL_HOLDS) {
            position->sent = head->seq;
            return STATUS_OK;
        }
        position->examining = true;
    }
    if (!position->examining)
        return STATUS_OK;
    status = sync_db_branch(uplink->sync, &position->epoch, &branch, error);
    if (status == STATUS_OK)
        position->sent = branch.examined;
    return status;
}

/* Brings the list up to the epochs of till.db. */
static enum status refresh(struct uplink *uplink, struct error *error)
{
    struct journal_epoch_info *epochs = NULL;
    size_t count = 0;
    enum status status = open_till(uplink, error);

    if (status == STATUS_OK)
        status = journal_epochs(uplink->db, &epochs, &count, error);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct position *position = find(uplink, &epochs[i].epoch);

        if (memcmp(epochs[i].device.bytes, uplink->identity.device.bytes, ID_SIZE) != 0)
            continue;
        if (!position) {
            uplink->positions =
                mem_resize(uplink->positions, (uplink->count + 1) * sizeof *uplink->positions);
            position = &uplink->positions[uplink->count++];
            memset(position, 0, sizeof *position);
            position->epoch = epochs[i].epoch;
            position->key = epochs[i].epoch_key;
        }
        position->local = epochs[i].head_seq;
        if (!position->known)
            status = place(uplink, position, error);
    }
    free(epochs);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        db_close(uplink->db);
        uplink->db = NULL;
    }
    return status;
}

enum status uplink_recall(struct uplink *uplink, struct error *error)
{
    struct chain_point *held = NULL;
    size_t count = 0;
    enum status status = acked_list(sync_db_database(uplink->sync), &uplink->identity.device,
                                    &uplink->identity.ledger_key, &held, &count, error);

    if (status == STATUS_OK && count > 0) {
        uplink->heads = mem_alloc(count * sizeof *uplink->heads);
        uplink->head_count = (int)count;
        for (size_t i = 0; i < count; i++)
            uplink->heads[i] =
                (struct head){.epoch = held[i].epoch, .seq = held[i].seq, .hash = held[i].hash};
    }
    free(held);
    return status;
}

enum status uplink_heads(struct uplink *uplink, const struct head *heads, int count, bool *restored,
                         struct error *error)
{
    enum status status;

    *restored = false;
    free(uplink->heads);
    uplink->heads = NULL;
    uplink->head_count = count;
    if (count > 0) {
        uplink->heads = mem_alloc((size_t)count * sizeof *heads);
        memcpy(uplink->heads, heads, (size_t)count * sizeof *heads);
    }
    uplink->count = 0;
    uplink->batch.count = 0;
    uplink->ahead.count = 0;
    uplink->last_gap = 0;
    status = sync_db_put_heads(uplink->sync, &uplink->identity.device, heads, count, error);
    if (status != STATUS_OK)
        return status;
    status = refresh(uplink, error);
    for (size_t i = 0; i < uplink->count; i++)
        *restored = *restored || uplink->positions[i].examining;
    /* Without a till.db, or while its owner has yet to start, there is nothing to compare. */
    return status == STATUS_NOT_FOUND || status == STATUS_BUSY ? STATUS_OK : status;
}

enum status uplink_look(struct uplink *uplink, int64_t *queue, struct error *error)
{
    enum status status = refresh(uplink, error);

    *queue = 0;
    for (size_t i = 0; status == STATUS_OK && i < uplink->count; i++) {
        const struct position *position = &uplink->positions[i];
        if (position->local > position->sent)
            *queue += position->local - position->sent;
    }
    return status;
}

int64_t uplink_oldest_ms(struct uplink *uplink)
{
    for (size_t i = 0; uplink->db && i < uplink->count; i++) {
        const struct position *position = &uplink->positions[i];
        int64_t at_ms = 0;

        if (position->local <= position->sent)
            continue;
        if (journal_entry_ms(uplink->db, &position->epoch, position->sent + 1, &at_ms, NULL) !=
            STATUS_OK)
            return 0;
        return at_ms;
    }
    return 0;
}

static bool can_send(const struct position *position)
{
    return position->known && !position->blocked && position->sent < position->local &&
           position->local != position->rests_at;
}

static struct batch_limits limits_of(const struct uplink *uplink, const struct position *position)
{
    return (struct batch_limits){.entries = uplink->max_entries,
                                 .damaged = position->damaged,
                                 .key = &position->key,
                                 .clock_ms = uplink->clock_ms};
}

void uplink_clock(struct uplink *uplink, int64_t wall_ms)
{
    uplink->clock_ms = wall_ms;
}

enum status uplink_build(struct uplink *uplink, struct buf *body, bool *any, struct error *error)
{
    enum status corrupt = STATUS_OK;
    /* The positions are kept while the file does not open: it may have been replaced, or unread. */
    enum status opened = open_till(uplink, error);

    *any = false;
    INVARIANT(uplink->batch.count == 0);
    if (opened != STATUS_OK)
        return opened;
    for (size_t i = 0; i < uplink->count; i++) {
        struct position *position = &uplink->positions[i];
        const struct batch_limits limits = limits_of(uplink, position);
        enum status status;

        if (!can_send(position))
            continue;
        status = batch_build(uplink->db, &position->epoch, position->sent, &limits, &uplink->batch,
                             body, error);
        if (status == STATUS_OK) {
            *any = true;
            return STATUS_OK;
        }
        uplink->batch.count = 0;
        if (status != STATUS_CORRUPT)
            return status;
        /* What nobody vouches for yet must not hold up other epochs. */
        position->rests_at = position->local;
        corrupt = status;
    }
    return corrupt;
}

/* The first position that has something to send, in the order in which epochs go up. */
static const struct position *first_waiting(const struct uplink *uplink)
{
    for (size_t i = 0; i < uplink->count; i++) {
        const struct position *position = &uplink->positions[i];
        if (can_send(position))
            return position;
    }
    return NULL;
}

bool uplink_build_ahead(struct uplink *uplink, struct buf *body)
{
    const struct position *position = first_waiting(uplink);
    struct batch_limits limits;
    struct error error;

    uplink->ahead.count = 0;
    if (!uplink->db || uplink->batch.count == 0 || !position ||
        position != find(uplink, &uplink->batch.epoch) || position->damaged != 0 ||
        uplink->batch.last >= position->local)
        return false;
    limits = limits_of(uplink, position);
    if (batch_build(uplink->db, &position->epoch, uplink->batch.last, &limits, &uplink->ahead, body,
                    &error) != STATUS_OK)
        uplink->ahead.count = 0;
    return uplink->ahead.count > 0;
}

bool uplink_take_ahead(struct uplink *uplink)
{
    const struct position *position = first_waiting(uplink);
    bool next = uplink->ahead.count > 0 && uplink->batch.count == 0 && position &&
                position == find(uplink, &uplink->ahead.epoch) && position->damaged == 0 &&
                position->sent == uplink->ahead.first - 1;

    if (next)
        uplink->batch = uplink->ahead;
    uplink->ahead.count = 0;
    return next;
}

bool uplink_agreed(struct uplink *uplink)
{
    const struct position *position = find(uplink, &uplink->batch.epoch);

    return uplink->batch.count > 0 && position && position->sent > 0 && !position->examining;
}

bool uplink_waiting(const struct uplink *uplink)
{
    return first_waiting(uplink) != NULL;
}

/* The batch is done with: the next one may be twice as large again. */
static void batch_done(struct uplink *uplink)
{
    uplink->batch.count = 0;
    uplink->last_gap = 0;
    uplink->max_entries *= 2;
    if (uplink->max_entries > uplink->most_entries)
        uplink->max_entries = uplink->most_entries;
}

bool uplink_examined(struct uplink *uplink)
{
    bool examined = uplink->examined;

    uplink->examined = false;
    return examined;
}

static enum status keep_examined(struct uplink *uplink, struct position *position, int64_t fork_seq,
                                 int64_t taken, struct error *error)
{
    struct sync_branch branch;
    enum status status = sync_db_branch(uplink->sync, &position->epoch, &branch, error);

    if (status != STATUS_OK)
        return status;
    branch.examined = position->sent;
    uplink->examined = uplink->examined || position->sent >= position->local;
    if (fork_seq > 0 && (branch.fork_seq == 0 || fork_seq < branch.fork_seq))
        branch.fork_seq = fork_seq;
    if (taken > branch.taken)
        branch.taken = taken;
    return sync_db_put_branch(uplink->sync, &position->epoch, &branch, error);
}

enum status uplink_taken(struct uplink *uplink, const struct journal_answer *answer,
                         struct error *error)
{
    const struct batch *batch = &uplink->batch;
    const struct head *head = &answer->head;
    struct position *position = find(uplink, &batch->epoch);
    enum status status;

    INVARIANT(batch->count > 0 && position);
    if (memcmp(head->epoch.bytes, batch->epoch.bytes, ID_SIZE) != 0)
        return error_set(error, STATUS_CONFLICT, "the ledger answered for another epoch");
    if (!countersign_head_valid(&uplink->identity.device, head, &uplink->identity.ledger_key))
        return error_set(error, STATUS_DENIED, "the ledger's countersignature is wrong");
    if (head->seq < batch->first)
        return error_set(error, STATUS_CONFLICT,
                         "the ledger took %" PRId64 " entries, but not those that were sent",
                         head->seq);
    if (head->seq == batch->last && !hash_equal(&head->hash, &batch->last_hash))
        return error_set(error, STATUS_CONFLICT,
                         "the ledger acknowledged another entry %" PRId64 " than was sent",
                         head->seq);
    status = sync_db_put_heads(uplink->sync, &uplink->identity.device, head, 1, error);
    if (status != STATUS_OK)
        return status;
    position->sent = head->seq < batch->last ? head->seq : batch->last;
    position->damaged = 0;
    if (position->examining)
        status = keep_examined(uplink, position, 0, 0, error);
    batch_done(uplink);
    return status;
}

void uplink_gap(struct uplink *uplink, int64_t expected, bool *again)
{
    struct position *position = find(uplink, &uplink->batch.epoch);

    INVARIANT(uplink->batch.count > 0 && position);
    *again = expected < 1 || expected > position->local || expected == uplink->batch.first ||
             expected == uplink->last_gap;
    if (!*again) {
        position->sent = expected - 1;
        uplink->last_gap = expected;
    }
    uplink->batch.count = 0;
}

enum status uplink_fork(struct uplink *uplink, int64_t seq, int64_t taken, bool *blocked,
                        struct error *error)
{
    struct position *position = find(uplink, &uplink->batch.epoch);
    int64_t first = uplink->batch.first;
    int64_t last = uplink->batch.last;

    INVARIANT(uplink->batch.count > 0 && position);
    *blocked = taken < first || seq < 1;
    position->blocked = *blocked;
    position->damaged = 0;
    if (!*blocked)
        position->sent = taken < last ? taken : last;
    batch_done(uplink);
    return keep_examined(uplink, position, seq, taken, error);
}

static bool others_wait(const struct uplink *uplink, const struct position *than)
{
    for (size_t i = 0; i < uplink->count; i++) {
        if (&uplink->positions[i] != than && can_send(&uplink->positions[i]))
            return true;
    }
    return false;
}

void uplink_smaller(struct uplink *uplink, bool *single, bool *damaged)
{
    struct position *position = find(uplink, &uplink->batch.epoch);
    int64_t suspect = uplink->batch.last;

    INVARIANT(uplink->batch.count > 0 && position);
    /* A batch of one may be longer: it goes on until an entry vouches for what is lost. */
    *single = uplink->batch.count == 1 || uplink->max_entries == 1;
    *damaged = false;
    /* While till.db does not open, nothing can be said against the entry. */
    if (*single && position->damaged == 0 && uplink->db &&
        !batch_entry_sound(uplink->db, &position->epoch, &position->key, suspect)) {
        position->damaged = suspect;
        *damaged = true;
    }
    /* What the ledger won't have must not hold up other epochs either. */
    if (*single && !*damaged && others_wait(uplink, position))
        position->rests_at = position->local;
    uplink->max_entries = (size_t)uplink->batch.count / 2;
    if (*single || uplink->max_entries < 1)
        uplink->max_entries = 1;
    uplink->batch.count = 0;
}

void uplink_lost(struct uplink *uplink)
{
    uplink->batch.count = 0;
}

const char *uplink_batch_text(struct uplink *uplink)
{
    (void)snprintf(uplink->text, sizeof uplink->text, "entries %" PRId64 " to %" PRId64,
                   uplink->batch.first, uplink->batch.last);
    return uplink->text;
}
