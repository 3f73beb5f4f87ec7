/* People at the tills: what they do, and what must come of it.
 */
#ifndef HOLDFAST_SIM_WORKLOAD_H
#define HOLDFAST_SIM_WORKLOAD_H

#include "tests/sim/world.h"

/* One thing that the person at this till does, and the next turn. */
void workload_turn(struct world *world, struct seat *seat);
/* The till has opened: sign in. */
void workload_started(struct world *world, struct seat *seat);
/* The operation stands on the journal: what the model takes from it. */
void workload_stands(struct world *world, struct seat *seat);

#endif
