/* The end: whether all has come to rest, and whether everything agrees then. */
#ifndef HOLDFAST_SIM_CHECK_H
#define HOLDFAST_SIM_CHECK_H

#include "tests/sim/world.h"

/* Nothing is left to send, to fetch or to work off anywhere. */
bool check_drained(struct world *world);
/* It did not come to rest in the bound: says what is still open. */
void check_drain_failed(struct world *world);
/* The full comparison. */
void check_end(struct world *world);

#endif
