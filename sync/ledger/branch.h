/* Forks: entries that differ from those known at their places. They are kept whole and change
 * nothing, until a person decides to take a branch in.
 *
 *   main     1 ── 2 ── 3 ── 4 ── 5                 entry, projected
 *                      └─ 4'── 5'── 6'             branch (epoch, seq, hash), linked by `prev`;
 *                         start, root = hash(4')   one exception `fork` per (epoch, start, root)
 *
 * Applying takes 4'..6' in as entries of their own: their effects are added to the figures, once.
 * The decision is a row of branch_applied (number, up to which seq and head), written in the same
 * transaction; a rebuild reads it and folds the same entries. Applying again adds nothing. When a
 * branch grows after that, its exception is reopened, and applying takes what is new.
 *
 * Own stock at the till that made the branch: its journal holds 4'..6' under the same epoch as the
 * main chain's 4..5, so the epoch's watermark says nothing about them. The row branch_mark
 * (location, device, epoch, hash = root, start, seq) does: a till whose own entry at `start` has
 * that hash counts its moves of this epoch as contained up to start - 1 and, once the branch is
 * applied, up to `seq`, instead of up to the watermark. It is told when the branch comes (seq =
 * start - 1) and when it is applied, by the very transaction that does so. The till that made the
 * main chain has another hash there, and goes by the watermark as ever. Of several marks that match
 * the lowest counts.
 */
#ifndef HOLDFAST_LEDGER_BRANCH_H
#define HOLDFAST_LEDGER_BRANCH_H

#include "sync/ledger/batch.h"
#include "sync/ledger/effect.h"
#include "sync/ledger/epochs.h"
#include "sync/ledger/writer.h"

/* Where a branch begins. */
struct branch_place {
    int64_t start;            /* 0: none */
    char root[HASH_HEX_SIZE]; /* "" of one that an earlier version kept */
};

/* Whether the batch's entry `index` follows a branch that is kept. */
enum status branch_find(struct store_session *session, const struct epoch_row *epoch,
                        const struct batch *batch, int index, struct branch_place *out,
                        struct error *error) MUST_USE;

/* The branch that begins with the batch's entry `index`. */
struct branch_place branch_begins(const struct batch *batch, int index);

/* Keeps the batch's entries from `index` on as (part of) the branch. A new branch gets a finding
 * and its mark. What is kept already stays. */
enum status branch_keep(const struct writer_turn *turn, const struct epoch_row *epoch,
                        const struct batch *batch, int index, const struct branch_place *place,
                        struct error *error) MUST_USE;

/* Takes in what of the branch of this exception was not taken in yet; *applied tells whether that
 * was anything. `who` decided it. STATUS_NOT_FOUND: the branch is not there. */
enum status branch_apply(const struct writer_turn *turn, int64_t exception, const char *who,
                         bool *applied, struct error *error) MUST_USE;

/* Calls `visit` for every entry that was taken in, in order, for the fold. `number` is that of the
 * decision; `effect` is the entry's. */
struct branch_visit {
    enum status (*entry)(void *context, const struct epoch_row *epoch, int64_t number, int64_t seq,
                         const struct effect *effect, struct error *error);
    void *context;
};
enum status branch_each_applied(struct store_session *session, const struct branch_visit *visit,
                                struct error *error) MUST_USE;

/* The seq up to which a branch is applied: start - 1 when it is not. */
enum status branch_applied_seq(struct store_session *session, int64_t epoch,
                               const struct branch_place *place, int64_t *out,
                               struct error *error) MUST_USE;

#endif
