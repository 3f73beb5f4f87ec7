/* Carrying webhooks from the ledger to their receivers: one round is
 *
 *   ledger: what is due? ─► POST to every receiver at the same time ─► ledger: what became of each
 *
 * Nothing is kept here: whatever is killed in between is due again (at least once). Receivers are
 * asked over https with verified certificates; http only for this very computer. Redirects are not
 * followed, no proxy is used, and an address that is not public (this computer, private,
 * link-local, multicast) is refused when it is connected to, whatever the name resolves to, unless
 * `allow_private` says that receivers stand in the house.
 */
#ifndef HOLDFAST_HOOKS_DELIVER_H
#define HOLDFAST_HOOKS_DELIVER_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <sys/socket.h>

#define DELIVER_ANSWER_MS   10000
#define DELIVER_ANSWER_MOST 65536 /* bytes of an answer that are read, and thrown away */

struct deliver_options {
    const char *url;    /* the ledger's */
    const char *token;  /* of the scope hooks */
    const char *ca;     /* for the ledger and the receivers, or NULL: the system's */
    bool allow_private; /* receivers may have addresses that are not public */
};

struct deliverer;
enum status deliver_open(const struct deliver_options *options, struct deliverer **out,
                         struct error *error) MUST_USE;
void deliver_close(struct deliverer *deliverer); /* NULL is fine */

/* One round; blocks for DELIVER_ANSWER_MS at most, beside the ledger's own answers. *carried: how
 * many deliveries there were, *taken: how many of them were taken. A failure is the ledger's. */
enum status deliver_round(struct deliverer *deliverer, int *carried, int *taken,
                          struct error *error) MUST_USE;

/* Whether anybody on the internet may have this address (RFC 6890 and what it lists). */
bool deliver_address_public(const struct sockaddr *address);

#endif
