/* What people do to disks: backups put back, disks copied into a second machine, and what rots.
 */
#ifndef HOLDFAST_SIM_RESTORES_H
#define HOLDFAST_SIM_RESTORES_H

#include "tests/sim/world.h"

/* A backup of the seat's disk, or of the ledger's, is made now and then. */
void restores_backup_seat(struct world *world, struct seat *seat);
void restores_backup_ledger(struct world *world);

void restores_strike(struct world *world, struct seat *seat, enum fault fault);

#endif
