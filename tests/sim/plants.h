/* Faults put in on purpose: a simulation that does not find them proves nothing.
 *
 * Each breaks one promise of the product the way a plausible mistake would, by standing in for one
 * of its functions at link time (ld --wrap; the list is in tests/CMakeLists.txt). The product's own
 * files know nothing of it, and without a chosen plant every stand-in only passes the call on.
 */
#ifndef HOLDFAST_SIM_PLANTS_H
#define HOLDFAST_SIM_PLANTS_H

#include <stdbool.h>

struct plant {
    const char *name;
    const char *what;
};
const struct plant *plants_list(int *count);
/* For every world of this program but the template's. False: no such plant. */
bool plant_choose(const char *name);

enum plant_number {
    PLANT_NONE,
    PLANT_ACK_BEFORE_COMMIT,
    PLANT_NO_DEDUPLICATION,
    PLANT_CURSOR_BEFORE_ROWS,
    PLANT_WATERMARK_APART,
    PLANT_LATE_COMMIT_SKIPPED,
    PLANT_SYNC_OFF,
    PLANT_RETRY_UNBOUNDED,
    PLANT_POISON_BLOCKS,
    PLANT_CLONE_MERGED,
    PLANT_COUNTER_REUSED,
    PLANT_LEASE_RETURNED_TWICE,
    PLANT_CLOCK_FOR_ORDER,
    PLANT_TOLD_BEFORE_COMMIT,
    PLANT_LOG_BELIEVED,
    PLANT_INCARNATION_KEPT,
    PLANT_REFUNDS_FORGOTTEN,
    PLANT_REFUNDS_UNTOLD,
    PLANT_CARD_NUMBER_TAKEN,
    PLANT_OVERRIDE_UNTOLD,
    PLANT_PAID_IN_LOST,
    PLANT_VERIFY_BLIND,
    PLANT_CURSOR_SET_BACK,
    PLANT_COMMIT_DENIED,
    PLANT_JOURNAL_FIRST,
    PLANT_REPLICA_OWNED,
    PLANT_ROOM_FORGOTTEN,
    PLANT_PICKUP_UNTOLD,
    PLANT_GAP_TAKEN,
    PLANT_HOST_CLOCK,
    PLANTS
};
/* Whether it is chosen, in a world that is not the template's. */
bool planted(enum plant_number plant);

/* Declares what stands in for a function of the product, with the function's own type, and the
 * function itself: our_NAME and real_NAME. */
#define STAND_IN(name)                                                                             \
    __typeof__(name) real_##name __asm__("__real_" #name), our_##name __asm__("__wrap_" #name)

#endif
