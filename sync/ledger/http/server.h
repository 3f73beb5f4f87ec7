/* HTTP in front of the handler: libmicrohttpd with epoll.
 *
 *   epoll thread   reads requests, sends answers; nothing else
 *     complete request ─► connection suspended ─► pool ─► ledger_handle ─► resumed with the answer
 *     nothing new      ─► stays suspended in `waits` ─► pool ─► ledger_continue ─► resumed
 *
 * Ceilings: connections, in all and of one address, bytes of a body (by path and authorization,
 * before it is read), bytes of all bodies and answers together, requests of one address (limits.h),
 * seconds of silence, and of everything that a peer is waited for (deadlines.h). Stopping: no new
 * connections, waiting questions are answered, requests in work are finished, then the rest is
 * closed.
 */
#ifndef HOLDFAST_LEDGER_SERVER_H
#define HOLDFAST_LEDGER_SERVER_H

#include "sync/ledger/http/listener.h"
#include "sync/ledger/ledger.h"

#define SERVER_CONNECTIONS    4096
#define SERVER_WORKERS        8
#define SERVER_PATIENCE_S     30
#define SERVER_PER_ADDRESS    2048
#define SERVER_BODIES_CEILING ((size_t)256 << 20) /* of all calls together, beside one import */
#define SERVER_STOP_S         10

struct server_options {
    const char *listen;
    const char *tls_cert; /* PEM files, both or none; borrowed until the server stops */
    const char *tls_key;
    int patience_s; /* how long a silent or slow peer is waited for; 0: SERVER_PATIENCE_S */
    size_t bodies;  /* bytes of all bodies together; 0: SERVER_BODIES_CEILING */
};

struct server;

/* Listens and serves; `name` receives the address with its port. Borrows the ledger. */
enum status server_start(struct ledger *ledger, const struct server_options *options,
                         struct server **out, char name[LISTENER_NAME_SIZE],
                         struct error *error) MUST_USE;
/* Reads certificate and key again; who connects from then on is shown the new ones. A pair that
 * can't be used changes nothing. STATUS_OK without TLS. One thread at a time. */
enum status server_renew(struct server *server, struct error *error) MUST_USE;
void server_stop(struct server *server); /* NULL is fine */

#endif
