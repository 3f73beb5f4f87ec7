/* Looking at what the programs hold, without being noticed: journals, replicas and the ledger's
 * tables are read and handed to the model and to the invariants.
 */
#ifndef HOLDFAST_SIM_OBSERVE_H
#define HOLDFAST_SIM_OBSERVE_H

#include "sync/ledger/handle.h"
#include "tests/sim/world.h"

/* ---- observe_till.c ---- */

/* The till has just opened: everything on its journal. */
void observe_opened(struct world *world, struct seat *seat);
/* Of a physical status; -1: none that the model follows. */
int observe_bucket(const char *status);
/* New entries of a running till. Returns how many of them are no epoch_open. */
int observe_till(struct world *world, struct seat *seat);
/* The newest entry against what the person asked for. */
void observe_expected(struct world *world, struct seat *seat);
/* What became of the operation that is pending. */
void observe_settle(struct world *world, struct seat *seat);
/* The disk of a till that does not run (its agent may): what will be there when it starts. */
void observe_disk(struct world *world, struct seat *seat);

/* ---- observe_replica.c ---- */

/* When the replica moved since the last look: cursors and rows. */
void observe_replica(struct world *world, struct seat *seat);
/* The ledger's word that the till's replica holds about its shop: a position of the location's
 * feed; -1: none that the model knows. */
int64_t observe_position(struct world *world, struct seat *seat);
/* What a till answered about an item, while its replica went from one position to another: it must
 * be true of one of them. */
void observe_answer(struct world *world, struct seat *seat, int item, int64_t shown, int64_t from,
                    int64_t to);
/* What the till shows as on hand, against model_on_hand. At rest it must have been told of every
 * fork. */
void observe_on_hand(struct world *world, struct seat *seat, int item, bool at_rest);

/* ---- observe_ledger.c ---- */

void observe_ledger_opened(struct world *world);
/* After a request, with what it acknowledged. */
void observe_request(struct world *world, const struct ledger_request *request,
                     const struct ledger_response *response);
void observe_ledger(struct world *world);

/* One number over all rows of a scope's tables, in `db` or through a session of the ledger. */
uint64_t observe_scope_db(struct db *db, int scope);
uint64_t observe_scope_ledger(struct store_session *session, int scope);
const char *observe_scope_name(int scope);

#endif
