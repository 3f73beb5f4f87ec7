/* What every seed starts from, made once per program by the real programs on a quiet network: a
 * ledger with three shops, enrolled tills, their first replicas. Kept as disk images.
 */
#ifndef HOLDFAST_SIM_TEMPLATE_H
#define HOLDFAST_SIM_TEMPLATE_H

#include "terminal/journal/device.h"
#include "tests/sim/world.h"

#define TEMPLATE_STAFF "M1"
#define TEMPLATE_PIN   "2222"
#define TEMPLATE_LIST  "base"

/* Once, before any seed. Aborts when the programs do not even do that. */
void template_make(void);

/* The world's disks, from the template; how many stores and tills is drawn from the seed. */
void template_seats(struct world *world);

/* Who an enrolled till is. */
const struct device_identity *template_identity(int till);

/* Asks the ledger as head office does; returns the HTTP status, 0 when the ledger died over it. */
int template_admin(struct world *world, const char *path, const char *body);

/* The rows of a price, as POST /v1/admin/reference takes them. */
void template_price_rows(int item, int64_t minor, char *out, size_t size);

#endif
