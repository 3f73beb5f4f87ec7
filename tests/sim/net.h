/* The network between agents and the ledger: every call of every agent, and what becomes of it.
 *
 *   agent ── request ──► on the way ──► ledger_handle ──► answer ──► pieces ──► agent
 *               │lost, cut, twice, late        │ long poll          │lost, cut, slow
 *               └ half open: nobody ever hears of it again
 *
 * To the agent it is a transport (sync/agent/transport.h), to the ledger a server.
 */
#ifndef HOLDFAST_SIM_NET_H
#define HOLDFAST_SIM_NET_H

#include "tests/sim/world.h"

struct net;
struct net *net_new(void);
void net_free(struct world *world); /* the world's; its ledger is gone */

/* The seat's agent sends; nothing is kept of the request. */
void net_send(struct world *world, struct seat *seat, const struct transport_request *request);
void net_cancel(struct world *world, struct seat *seat, int64_t call);
/* The agent died: what is on the way may still arrive, no answer is heard. */
void net_agent_gone(struct world *world, struct seat *seat);
/* The ledger died: long polls and answers that were on the way are cut. */
void net_ledger_gone(struct world *world);
/* Long polls that have something to answer now. */
void net_look_at_waits(struct world *world);

/* An EVENT_NET. */
void net_event(struct world *world, int64_t number);

#endif
