/* The shift: from the float to the Z. Table `shift`, at most one row open.
 *
 *   shift ─ opened_ms, opened_by, opening_float, entry (its shift_open), sums (JSON), closed
 *
 * The sums grow in the very transaction of each entry. Closing computes them once more from the
 * signed entries since `entry`; they must be the same.
 */
#ifndef HOLDFAST_SELLING_SHIFT_H
#define HOLDFAST_SELLING_SHIFT_H

#include "terminal/base/db.h"
#include "terminal/people/people.h"
#include "terminal/selling/sums.h"

struct shift {
    int64_t shift; /* 0: none is open */
    int64_t opened_ms;
    char opened_by[STAFF_ID_SIZE];
    int64_t opening_float;
    int64_t entry; /* epoch number << 40 | seq */
    struct sums sums;
};

/* The open shift; out->shift is 0 when there is none. */
enum status shift_load(struct db *db, struct shift *out, struct error *error) MUST_USE;

/* The number of the next shift: one above the last. */
enum status shift_next(struct db *db, int64_t *out, struct error *error) MUST_USE;

/* Within the transaction of their entries. */
enum status shift_insert(struct db *db, const struct shift *shift, struct error *error) MUST_USE;
enum status shift_store_sums(struct db *db, const struct shift *shift,
                             struct error *error) MUST_USE;
enum status shift_mark_closed(struct db *db, int64_t shift, struct error *error) MUST_USE;

/* What should be in the drawer: float + cash + paid in - paid out. STATUS_RANGE. */
enum status shift_expected(const struct shift *shift, int64_t *out, struct error *error) MUST_USE;

/* The sums of the shift, from the entries of the journal since its shift_open. */
enum status shift_recompute(struct db *db, const struct shift *shift, struct sums *out,
                            struct error *error) MUST_USE;

#endif
