/* What goes wrong, and how often. Each seed draws its own plan: some kinds of faults are off, the
 * others more or less frequent, so that every seed is another kind of bad day.
 */
#ifndef HOLDFAST_SIM_FAULTS_H
#define HOLDFAST_SIM_FAULTS_H

#include "tests/sim/world.h"

#define FAULTS_LEAST     200 /* of a seed */
#define OPERATIONS_LEAST 60
#define DRAIN_STEPS      6000

enum rate { RATE_HALF_OPEN };

struct plan;
struct plan *faults_none(void);
void faults_plan(struct world *world);

/* The network asks: does this happen to this call? Counts it. */
bool faults_net(struct world *world, enum fault fault);
bool faults_chance(struct world *world, enum rate rate);
/* How long something is on its way. */
int64_t faults_delay(struct world *world);
/* How long a dead program stays dead. */
int64_t faults_pause(struct world *world);
/* A program starts: perhaps it is to die at some file operation. */
void faults_arm(struct world *world, struct node *node, enum fault fault);

/* An EVENT_FAULT: one of the plan's, and when the next one comes. */
void faults_next(struct world *world);
/* An EVENT_END_OF_FAULT. */
void faults_end(struct world *world, int64_t argument);

bool faults_enough(const struct world *world);
/* The storm is over: everything runs, nothing fails any more. */
void faults_heal(struct world *world);

#endif
