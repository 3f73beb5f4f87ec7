/* A program that is stopped (SIGSTOP) in the middle of a call, with all the locks that it holds,
 * while everybody else goes on: the till while its agent writes a replica, the agent while its till
 * records a sale. One at a time.
 */
#ifndef HOLDFAST_SIM_PAUSES_H
#define HOLDFAST_SIM_PAUSES_H

#include "tests/sim/world.h"

/* The host's `pause` (disk.h): the rest of the world runs until this program goes on. */
void pauses_host(void *context, struct disk_process *process);
/* The node's next call is to be stopped at one of its first `most` file operations, if it makes so
 * many. */
void pauses_arm(struct world *world, struct node *node, uint64_t most);

#endif
