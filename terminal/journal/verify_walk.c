/* Judging rows one after the other. At most one fault is laid at a row's door.
 */
#include "terminal/journal/verify_walk.h"

#include <stdlib.h>
#include <string.h>

void walk_init(struct walk *walk, int64_t number, const struct public_key *device_key)
{
    *walk = (struct walk){.number = number, .device_key = device_key};
}

void walk_finish(struct walk *walk)
{
    free(walk->points);
    free(walk->misplaced);
    free(walk->faults);
    *walk = (struct walk){0};
}

static bool has_fault_at(const struct walk *walk, int64_t seq)
{
    for (size_t i = 0; i < walk->fault_count && i < VERIFY_MAX_FAULTS; i++) {
        if (walk->faults[i].seq == seq)
            return true;
    }
    return false;
}

void walk_fault(struct walk *walk, enum fault_kind kind, int64_t seq, int64_t count)
{
    if (has_fault_at(walk, seq))
        return;
    if (walk->fault_count < VERIFY_MAX_FAULTS) {
        walk->faults = mem_resize(walk->faults, (walk->fault_count + 1) * sizeof *walk->faults);
        walk->faults[walk->fault_count] =
            (struct journal_fault){.kind = kind, .seq = seq, .count = count};
    }
    walk->fault_count++;
}

void walk_add_point(struct walk *walk, int64_t seq, const struct hash *hash)
{
    walk->points = mem_resize(walk->points, (walk->point_count + 1) * sizeof *walk->points);
    walk->points[walk->point_count++] = (struct point){.seq = seq, .hash = *hash};
}

void walk_begin(struct walk *walk, int64_t start)
{
    walk->start = start;
    walk->expected = start;
    walk->head.epoch = walk->epoch;
}

/* Notes a sound entry at another's place; the second of a swapped pair is no fault of its own. */
static void misplace(struct walk *walk, int64_t place, int64_t claims)
{
    for (size_t i = 0; i < walk->misplaced_count; i++) {
        if (walk->misplaced[i].place == claims && walk->misplaced[i].claims == place)
            return;
    }
    if (walk->misplaced_count < VERIFY_MAX_FAULTS) {
        walk->misplaced =
            mem_resize(walk->misplaced, (walk->misplaced_count + 1) * sizeof *walk->misplaced);
        walk->misplaced[walk->misplaced_count++] =
            (struct misplaced){.place = place, .claims = claims};
    }
    walk_fault(walk, FAULT_ORDER, place, 1);
}

/* Bytes and hash disagree: altered. Whichever of the two the signature still vouches for is what
 * the next entry was linked to. */
static void judge_altered(struct walk *walk, const struct entry_row *row,
                          const struct hash *computed)
{
    const struct stored_entry *stored = &row->stored;

    walk_fault(walk, FAULT_ALTERED, stored->seq, 1);
    walk->linked = true;
    if (entry_signature_valid(&stored->hash, &stored->signature, &walk->key))
        walk->link = stored->hash;
    else if (entry_signature_valid(computed, &stored->signature, &walk->key))
        walk->link = *computed;
    else
        walk->linked = false;
    walk->last_hlc = 0;
}

/* A sound entry at place 1 is the epoch_open that introduces this key. */
static void judge_opening(struct walk *walk, const struct stored_entry *stored)
{
    struct entry entry;
    struct epoch_open open;
    enum status status = entry_parse(stored->bytes, stored->length, &entry, NULL);

    if (status == STATUS_OK)
        status = epoch_open_get(&entry, &open, NULL);
    entry_finish(&entry);
    if (status == STATUS_CONFLICT) {
        walk_fault(walk, FAULT_FORK, 1, 1);
    } else if (status != STATUS_OK) {
        walk_fault(walk, FAULT_ALTERED, 1, 1);
    } else if (memcmp(open.epoch_key.bytes, walk->key.bytes, PUBLIC_KEY_SIZE) != 0 ||
               !epoch_key_vouched(&walk->device, &walk->epoch, &open.epoch_key, &open.device_sig,
                                  walk->device_key)) {
        walk_fault(walk, FAULT_SIGNATURE, 1, 1);
    } else {
        walk->has_parent = open.has_parent;
        walk->parent = open.parent;
    }
}

/* An entry of this epoch, signed and at its place: does it follow the last one? */
static void judge_link(struct walk *walk, const struct stored_entry *stored,
                       const struct entry_head *head)
{
    if (head->seq == 1)
        judge_opening(walk, stored);
    else if (walk->linked && !hash_equal(&head->prev, &walk->link))
        walk_fault(walk, FAULT_FORK, head->seq, 1);
    else if (walk->last_hlc >= head->hlc)
        walk_fault(walk, FAULT_ORDER, head->seq, 1);
}

/* Bytes, hash and signature agree. Gives true when it is the entry of this place. */
static bool judge_sound(struct walk *walk, const struct entry_row *row)
{
    const struct stored_entry *stored = &row->stored;
    struct entry_head head;
    bool mine = entry_read_head(stored->bytes, stored->length, &head, NULL) == STATUS_OK &&
                memcmp(head.device.bytes, walk->device.bytes, ID_SIZE) == 0 &&
                memcmp(head.epoch.bytes, walk->epoch.bytes, ID_SIZE) == 0;
    bool placed = mine && head.seq == stored->seq;

    if (!mine)
        walk_fault(walk, FAULT_ALTERED, stored->seq, 1); /* no till of ours signs such a thing */
    else if (!placed)
        misplace(walk, stored->seq, head.seq);
    else
        judge_link(walk, stored, &head);
    walk->linked = placed;
    walk->link = stored->hash;
    walk->last_hlc = placed ? head.hlc : 0;
    return placed;
}

static bool judge(struct walk *walk, const struct entry_row *row)
{
    const struct stored_entry *stored = &row->stored;
    struct hash computed = entry_hash(stored->bytes, stored->length);

    if (!hash_equal(&computed, &stored->hash)) {
        judge_altered(walk, row, &computed);
        return false;
    }
    if (!entry_signature_valid(&stored->hash, &stored->signature, &walk->key)) {
        walk_fault(walk, FAULT_SIGNATURE, stored->seq, 1);
        walk->linked = false;
        walk->last_hlc = 0;
        return false;
    }
    return judge_sound(walk, row);
}

void walk_row(struct walk *walk, const struct entry_row *row)
{
    int64_t place = row->stored.seq;

    walk->checked++;
    if (place < 1) {
        walk_fault(walk, FAULT_ORDER, place, 1); /* places begin with 1 */
        return;
    }
    if (place > walk->expected) {
        walk_fault(walk, FAULT_GAP, walk->expected, place - walk->expected);
        walk->linked = false;
    }
    walk->expected = place + 1;
    walk->head.seq = place;
    walk->head.hash = row->stored.hash;
    if (!judge(walk, row))
        return;
    for (size_t i = 0; i < walk->point_count; i++) {
        if (walk->points[i].seq == place && !hash_equal(&walk->points[i].hash, &row->stored.hash))
            walk->points[i].differs = true;
    }
}

static bool forked_before(const struct journal_fault *faults, size_t count, int64_t seq)
{
    for (size_t i = 0; i < count && i < VERIFY_MAX_FAULTS; i++) {
        if (faults[i].kind == FAULT_FORK && faults[i].seq <= seq)
            return true;
    }
    return false;
}

static int by_point_seq(const void *a, const void *b)
{
    const struct point *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int by_fault_seq(const void *a, const void *b)
{
    const struct journal_fault *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* A remembered head that is not there is a gap at the end; one with another hash is a fork, unless
 * the histories parted, as said already, before it. */
static void settle_points(struct walk *walk)
{
    int64_t last = walk->expected - 1;
    int64_t furthest = last;

    if (walk->point_count > 0)
        qsort(walk->points, walk->point_count, sizeof *walk->points, by_point_seq);
    for (size_t i = 0; i < walk->point_count; i++) {
        const struct point *point = &walk->points[i];
        if (point->seq > furthest)
            furthest = point->seq;
        if (point->differs && !forked_before(walk->faults, walk->fault_count, point->seq))
            walk_fault(walk, FAULT_FORK, point->seq, 1);
    }
    if (furthest > last)
        walk_fault(walk, FAULT_GAP, last + 1, furthest - last);
}

/* The head that `chain` knows of is the last row, or something was planted behind it. */
static void settle_chain(struct walk *walk)
{
    int64_t last = walk->expected - 1;

    if (walk->fault_count > 0)
        return;
    if (walk->chain_seq == 0)
        walk_fault(walk, FAULT_ALTERED, last > 0 ? last : 1, 1);
    else if (walk->chain_seq < last)
        walk_fault(walk, FAULT_ALTERED, walk->chain_seq + 1, 1);
}

/* The parent's row has another hash than the epoch was opened upon; if the parent's own report says
 * that the row is at fault, that is all there is to say. */
static void settle_parent(struct walk *walk, const struct journal_report *before)
{
    if (!walk->parent_differs)
        return;
    for (size_t i = 0; i < before->count; i++) {
        const struct epoch_report *parent = &before->epochs[i];
        if (memcmp(parent->epoch.bytes, walk->parent.epoch.bytes, ID_SIZE) == 0 && !parent->ok)
            return;
    }
    walk_fault(walk, FAULT_FORK, 1, 1);
}

void walk_end(struct walk *walk, const struct journal_report *before, struct epoch_report *out)
{
    settle_points(walk);
    settle_chain(walk);
    settle_parent(walk, before);
    if (walk->fault_count > 0 && walk->fault_count <= VERIFY_MAX_FAULTS)
        qsort(walk->faults, walk->fault_count, sizeof *walk->faults, by_fault_seq);
    *out = (struct epoch_report){.number = walk->number,
                                 .device = walk->device,
                                 .epoch = walk->epoch,
                                 .entries = walk->start - 1 + walk->checked,
                                 .checked = walk->checked,
                                 .head = walk->head,
                                 .ok = walk->fault_count == 0,
                                 .faults = walk->faults,
                                 .fault_count = walk->fault_count};
    walk->faults = NULL; /* the report's now */
    walk->fault_count = 0;
}
