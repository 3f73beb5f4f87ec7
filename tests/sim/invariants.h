/* The eighteen invariants of the design, each judged in a function of its own, named after its
 * number. Observers (observe.h) gather what is there; here it is compared with the model. A
 * function that finds its invariant broken ends the run by world_fail.
 *
 *    1 told to a person => durable            10 cursors grow, nothing skipped, no part seen
 *    2 acknowledged => survives the ledger    11 a replica equals the ledger at its position
 *    3 each entry once, no gaps               12 on hand = fold of everything, at every instant
 *    4 chains, signatures, heads              13 clock jumps change no total and no order
 *    5 forks and clones never silently merge  14 a healed network drains in bounded steps
 *    6 money adds up                          15 selling waits on nobody
 *    7 buckets sum to zero, balance = fold    16 refused before tender or recorded whole
 *    8 leases granted >= spent + returned     17 same seed => same trace
 *    9 refunded <= sold                       18 no card number, no personal data in entries
 *
 * The seventeenth is judged by who runs the seeds (runner.c): some of them run twice. A till has no
 * way to the network at all (its libraries are not linked to it, CMake sees to that): the fifteenth
 * is about other processes. Memory that runs out ends a program (STYLE), and is a crash here.
 */
#ifndef HOLDFAST_SIM_INVARIANTS_H
#define HOLDFAST_SIM_INVARIANTS_H

#include "tests/sim/world.h"

#include <jansson.h>

void invariant_01_told_is_durable(struct world *world, struct seat *seat, int head);
void invariant_02_acknowledged_survives(struct world *world);
void invariant_03_entry_once_no_gaps(struct world *world, const struct fact *fact,
                                     const struct fact *before);
/* The ledger's chain of an epoch: its head, and how many entries there are. */
void invariant_03_every_place_filled(struct world *world, int64_t head, int64_t entries);
void invariant_04_chain_holds(struct world *world, const struct fact *fact, const char *bytes,
                              size_t length, const struct hash *prev);
/* The till opened another epoch by itself. */
void invariant_05_no_epoch_without_cause(struct world *world, const struct seat *seat);
/* The ledger's head does not follow the one before. */
void invariant_05_no_silent_merge(struct world *world, const struct id *epoch);
void invariant_06_sums_agree(struct world *world, const json_t *entry);
/* The ledger's balance of an item. */
void invariant_07_balance_is_fold(struct world *world, int store, int item, int bucket,
                                  int64_t milli);
void invariant_07_buckets_sum_to_zero(struct world *world, const char *sku, int64_t milli);
/* What the tills of one device have used up of a lease that the ledger told them of (granted 0: it
 * never did). `copied`: there is, or was, another copy of its disk. */
void invariant_08_till_keeps_to_grant(struct world *world, const struct seat *seat,
                                      const char *lease, int64_t granted, int64_t used);
/* Of one lease at the ledger: what it says it granted (0: it does not know the lease), what it told
 * last and at most that it granted (0: never), what entries used up, how many exceptions tell of it
 * that are not settled. */
struct lease_seen {
    const char *lease;
    int64_t granted, told, most, used, exceptions;
    bool copied;    /* its till's disk was */
    bool forgotten; /* by a restored ledger, which may have granted it again */
};
void invariant_08_leases_hold(struct world *world, const struct lease_seen *state);
/* What of an account was promised to nobody, before a request for a lease and after it. */
void invariant_08_grants_what_is_there(struct world *world, int account, int64_t before,
                                       int64_t after);
/* At the end, of a lease that the ledger never refused. */
void invariant_08_forgotten_is_granted_again(struct world *world, const char *lease, int64_t used,
                                             int64_t granted);
void invariant_08_account_is_fold(struct world *world, int account, int64_t shown,
                                  int64_t expected);
/* A till has taken back so much of a line, by all entries that it holds. */
void invariant_09_till_refunds_what_was_sold(struct world *world, const struct seat *seat,
                                             int64_t line, int64_t back, int64_t sold);
/* The same at the ledger, over all tills. */
struct refund_seen {
    int64_t seq, line;
    int64_t shown; /* by its figure */
    int64_t back;  /* by the fold */
    int64_t sold;  /* -1: the sale has not come */
    int64_t exceptions;
    bool was_over;  /* at some look before */
    bool one_alone; /* all of it by one till, of which there was never a copy; and what it sold, or
                       another one, is all there */
    bool forgotten; /* it was restored from a backup: exceptions may be older than what it holds */
};
void invariant_09_refunds_hold(struct world *world, const struct refund_seen *state);
/* By so many entries that the ledger has taken; so many exceptions tell of it. */
void invariant_09_picked_up_once(struct world *world, int order, int handed, int64_t exceptions);
void invariant_10_position_is_next(struct world *world, const char *scope, int64_t before,
                                   int64_t after);
void invariant_10_cursor_grows(struct world *world, const struct seat *seat, const char *scope,
                               int64_t before, int64_t after);
void invariant_11_replica_equals_ledger(struct world *world, const struct seat *seat,
                                        const char *scope, int64_t position, uint64_t ledger,
                                        uint64_t replica);
void invariant_12_on_hand_is_fold(struct world *world, const struct seat *seat, int item,
                                  int64_t shown, int64_t expected);
void invariant_13_order_without_clock(struct world *world, const struct fact *fact,
                                      const struct fact *before);
/* An agent makes another call. */
void invariant_14_retries_are_bounded(struct world *world, struct seat *seat);
void invariant_15_selling_waits_on_nobody(struct world *world, const struct seat *seat);
/* What became of an operation: status as the person was told, what is on the journal since. */
void invariant_16_whole_or_not_at_all(struct world *world, const struct seat *seat,
                                      enum status status, int found);
/* Money was handed over, and there was no room for the sale. `pauses` before: who stood in the
 * middle of it may have lost the room to others. */
void invariant_16_room_after_tender(struct world *world, const struct seat *seat, uint64_t pauses);
void invariant_18_no_card_number(struct world *world, const char *bytes, size_t length,
                                 const json_t *entry);

#endif
