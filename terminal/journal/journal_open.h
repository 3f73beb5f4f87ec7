/* Finding or opening the current epoch; for the journal's own files only.
 */
#ifndef HOLDFAST_JOURNAL_JOURNAL_OPEN_H
#define HOLDFAST_JOURNAL_JOURNAL_OPEN_H

#include "terminal/journal/journal.h"
#include "terminal/journal/journal_rows.h"

struct journal_opened {
    int64_t number;
    struct id epoch;
    bool anew; /* opened by this very call */
};

/* As journal_open says: the last epoch of the device, or a new one when it must be; with its head
 * checked. */
enum status journal_find_epoch(struct db *db, const struct journal_options *options,
                               struct journal_opened *out, struct chain_row *chain,
                               struct error *error) MUST_USE;

#endif
