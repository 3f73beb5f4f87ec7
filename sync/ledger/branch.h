/* Forks: entries that differ from those known at their places, kept whole and not applied. */
#ifndef HOLDFAST_LEDGER_BRANCH_H
#define HOLDFAST_LEDGER_BRANCH_H

#include "sync/ledger/batch.h"
#include "sync/ledger/epochs.h"
#include "sync/ledger/writer.h"

/* Whether the batch's entry `index` follows a branch that is kept; *start is the branch's first
 * seq then, 0 otherwise. */
enum status branch_find(struct store_session *session, const struct epoch_row *epoch,
                        const struct batch *batch, int index, int64_t *start,
                        struct error *error) MUST_USE;

/* Keeps the batch's entries from `index` on as (part of) the branch that began at seq `start`. A
 * new branch gets a finding. What is kept already stays. */
enum status branch_keep(const struct writer_turn *turn, const struct epoch_row *epoch,
                        const struct batch *batch, int index, int64_t start,
                        struct error *error) MUST_USE;

#endif
