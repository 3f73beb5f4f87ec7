/* The ledger as a whole: its store, its keys, and the parts that work on them. No sockets here:
 * server.h puts them in front of handle.h.
 *
 *   handle ──► ingest, rows, import, enroll ──► writer ──► store (one writing session)
 *          ──► feed, snapshots, reports     ──► readers ─► store (sessions lent out)
 *          ◄── verifier, snapshot builder: threads of their own, or ledger_work
 */
#ifndef HOLDFAST_LEDGER_LEDGER_H
#define HOLDFAST_LEDGER_LEDGER_H

#include "sync/ledger/feed.h"
#include "sync/ledger/limits.h"
#include "sync/ledger/metrics.h"
#include "sync/ledger/nonces.h"
#include "sync/ledger/request_log.h"
#include "sync/ledger/rows.h"
#include "sync/ledger/snapshot.h"
#include "sync/ledger/store/store.h"
#include "sync/ledger/tokens.h"
#include "sync/ledger/verifier.h"
#include "sync/ledger/watch.h"
#include "sync/ledger/writer.h"
#include "terminal/base/clock.h"
#include "terminal/base/crypto.h"

#include <stdbool.h>
#include <stdint.h>

struct readers;

struct ledger_options {
    const char *location; /* as store_open takes it */
    struct clock clock;
    struct entropy entropy;
    bool limited;     /* limits.h; a service that strangers reach wants them */
    bool inline_work; /* no thread is started: the caller turns to ledger_work, see there */
};

/* Fields are read by the parts of this folder; nobody changes them after ledger_open. */
struct ledger {
    struct clock clock;
    struct entropy entropy;
    struct store *store;
    struct store_session *writing; /* the writer's; others go through it */
    struct writer *writer;
    struct readers *readers;
    struct feed *feed;
    struct rows *rows;
    struct nonces *nonces;
    struct tokens *tokens;
    struct limits *limits; /* NULL: nobody is limited */
    struct metrics *metrics;
    struct request_log *requests;
    struct snapshots *snapshots;
    struct verifier *verifier;
    struct watch *watch;
    struct id incarnation;
    struct public_key key;
    struct secret_key secret;
};

/* Creates a database with fresh keys, and writes the administrator's token to `token_path` (mode
 * 0600). STATUS_EXISTS when one of them is there already. */
enum status ledger_init(const struct ledger_options *options, const char *token_path,
                        struct error *error) MUST_USE;

/* Opens for serving: schema, incarnation, threads. STATUS_BUSY when another process has it. */
enum status ledger_open(const struct ledger_options *options, struct ledger **out,
                        struct error *error) MUST_USE;
/* Ends the threads and closes; no request may be in work. NULL is fine. */
void ledger_close(struct ledger *ledger);

/* With options.inline_work: one step of what the threads would do beside the requests, a slice of
 * the verifier, one snapshot, or what is watched (watch.h). True while there may be more to do.
 * Blocks on the disk. */
bool ledger_work(struct ledger *ledger);

int64_t ledger_now_ms(const struct ledger *ledger);

/* Lends a reading session to the calling thread. */
enum status ledger_reader(struct ledger *ledger, struct store_session **out,
                          struct error *error) MUST_USE;
void ledger_reader_back(struct ledger *ledger, struct store_session *session); /* NULL is fine */

#endif
