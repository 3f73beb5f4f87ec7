/* The walk over one epoch's rows: pure, no database; for verify.c only.
 */
#ifndef HOLDFAST_JOURNAL_VERIFY_WALK_H
#define HOLDFAST_JOURNAL_VERIFY_WALK_H

#include "terminal/journal/journal_rows.h"
#include "terminal/journal/verify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A head that somebody remembers. */
struct point {
    int64_t seq;
    struct hash hash;
    bool differs; /* a row that is otherwise sound stands there with another hash */
};

/* A sound entry at another's place. */
struct misplaced {
    int64_t place;
    int64_t claims;
};

struct walk {
    int64_t number;
    struct id epoch;
    struct id device;
    struct public_key key;
    const struct public_key *device_key;
    int64_t chain_seq; /* the head that `chain` knows of, 0 when it has none */

    int64_t expected; /* the next place */
    bool linked;      /* `link` is known */
    struct hash link;
    int64_t last_hlc; /* 0: not known */
    int64_t start;
    int64_t checked;
    struct chain_point head;

    bool has_parent;
    struct chain_point parent;
    bool parent_differs;

    struct point *points;
    size_t point_count;
    struct misplaced *misplaced;
    size_t misplaced_count;
    struct journal_fault *faults;
    size_t fault_count; /* all; at most VERIFY_MAX_FAULTS are kept */
};

void walk_init(struct walk *walk, int64_t number, const struct public_key *device_key);
void walk_add_point(struct walk *walk, int64_t seq, const struct hash *hash);
/* The first row to come is that of `start`. */
void walk_begin(struct walk *walk, int64_t start);
void walk_row(struct walk *walk, const struct entry_row *row);
/* Settles points and parent, and moves the result to *out. `before`: the epochs reported so far. */
void walk_end(struct walk *walk, const struct journal_report *before, struct epoch_report *out);
void walk_finish(struct walk *walk);

void walk_fault(struct walk *walk, enum fault_kind kind, int64_t seq, int64_t count);

#endif
