/* Inside the workload: what the acts of workload*.c share.
 */
#ifndef HOLDFAST_SIM_WORKLOAD_INTERNAL_H
#define HOLDFAST_SIM_WORKLOAD_INTERNAL_H

#include "tests/sim/workload.h"

int work_draw(struct world *world, int limit); /* 0 .. limit-1 */
const char *work_sku(int item);
/* Nothing is wrong with its disk, and it has all it needs: it must sell. */
bool work_healthy(const struct seat *seat);

/* An operation begins: what must come of it. */
void work_expect(struct seat *seat, enum entry_kind kind, int64_t gross);
void work_expect_move(struct seat *seat, int item, int64_t milli);
/* Goods at the price that the till's replica says, read past the till: adds to what is expected,
 * and says what they come to. */
int64_t work_expect_price(struct seat *seat, int item, int64_t units);
/* After the till's call. False: the till died over it. */
bool work_leave(struct world *world, struct seat *seat);
/* It ended with this status: judged. */
void work_finish(struct world *world, struct seat *seat, enum status status,
                 const struct error *error, bool healthy);

/* ---- workload_lease.c ---- */

void work_load_account(struct world *world, struct seat *seat);
void work_ask_lease(struct world *world, struct seat *seat);
void work_spend_lease(struct world *world, struct seat *seat);
void work_return_lease(struct world *world, struct seat *seat);

/* ---- workload_order.c ---- */

void work_hand_over(struct world *world, struct seat *seat);

/* ---- workload_return.c ---- */

void work_take_back(struct world *world, struct seat *seat);
/* The till died over a return: the mode is still on. */
bool work_returning(const struct seat *seat);
void work_end_return(struct world *world, struct seat *seat);

#endif
