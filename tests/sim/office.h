/* Head office: prices, items and what else changes at the ledger while the shops sell. */
#ifndef HOLDFAST_SIM_OFFICE_H
#define HOLDFAST_SIM_OFFICE_H

#include "tests/sim/world.h"

void office_turn(struct world *world);

#endif
