/* The three programs, each started, killed and spoken to as its main file would. Where a program
 * dies (by its own countdown, a kill, a power cut) its memory goes through the product's own close
 * functions, whose file calls then fail; it is started again after a while.
 */
#ifndef HOLDFAST_SIM_NODE_H
#define HOLDFAST_SIM_NODE_H

#include "sync/ledger/handle.h"
#include "tests/sim/world.h"

/* ---- node.c: what all have in common ---- */

/* A process of the node on its machine; void events of earlier ones. */
void node_begin(struct node *node, const char *name);
/* Programs act between these two. False: it did not survive. */
void node_enter(struct node *node);
bool node_leave(struct node *node);
/* Looking at the node's files with its own connections, without faults and off the countdown. */
void node_look(struct node *node);
void node_look_end(struct node *node);
/* It is to die at its n-th file operation from now. */
void node_arm(struct node *node, uint64_t operations, enum disk_death how);
/* It has died, and does not stand in the middle of a call. */
bool node_is_dead(const struct node *node);
/* The power may have gone in what the seat's programs just did: the agent's files are synced at
 * their checkpoints only, so its replica may have gone back. */
void seat_note_power(struct world *world, struct seat *seat);
/* Programs of a seat that are dead are buried, and started again some time. */
void seat_bury(struct world *world, struct seat *seat);

/* ---- node_till.c ---- */

void till_node_start(struct world *world, struct seat *seat);
void till_node_end(struct world *world, struct seat *seat);  /* in order */
void till_node_close(struct seat *seat);                     /* its memory and its process */
void till_node_bury(struct world *world, struct seat *seat); /* when it is dead */
void till_node_poked(struct world *world, struct seat *seat, int generation);
bool till_node_ready(const struct world *world, const struct seat *seat);

/* ---- node_agent.c ---- */

void agent_node_start(struct world *world, struct seat *seat);
void agent_node_end(struct world *world, struct seat *seat);
void agent_node_close(struct world *world, struct seat *seat);
void agent_node_bury(struct world *world, struct seat *seat);
void agent_node_tick(struct world *world, struct seat *seat, int generation);
void agent_node_poked(struct world *world, struct seat *seat, int generation, enum agent_poke poke);
/* Something came of a call. */
void agent_node_event(struct world *world, struct seat *seat, struct agent_event *event);

/* ---- node_ledger.c ---- */

void ledger_node_start(struct world *world);
void ledger_node_end(struct world *world);
void ledger_node_close(struct world *world);
void ledger_node_bury(struct world *world);
void ledger_node_work(struct world *world);
/* False: it died over it; there is no response. */
bool ledger_node_handle(struct world *world, const struct ledger_request *request,
                        struct ledger_response *response);
bool ledger_node_continue(struct world *world, struct ledger_wait *wait,
                          struct ledger_response *response);
ssize_t ledger_node_read(struct world *world, int file, void *bytes, size_t length, int64_t offset);
void ledger_node_finish_response(struct world *world, struct ledger_response *response);

#endif
