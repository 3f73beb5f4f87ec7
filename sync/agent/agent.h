/* The sync agent as a state machine: agent_step(state, event) -> actions.
 *
 *                 ┌────────────────────────── agent ───────────────────────────┐
 *   till.db  ───► │ uplink    ──► POST /v1/journal                             │
 *                 │ leases    ──► POST /v1/leases                              │
 *                 │ hello     ──► GET /v1/device       gate: nothing else is   │
 *                 │                                    sent before it answered │
 *   replica-N ◄── │ downlink  ──► GET /v1/changes      long poll               │
 *                 │ snapshot  ──► GET /v1/snapshot...  resumable               │
 *   sync.db   ◄── │ heads, leases, incarnation, state                          │
 *                 └────────────────────────────────────────────────────────────┘
 *
 * It knows no socket and no clock: time comes with every event, requests leave as actions, and
 * the random bytes come from `entropy`. What it does touch is the data folder: it reads till.db
 * and is the only writer of sync.db and of the replica files.
 *
 * The five flows have one request each at most (the uplink two: see flow_uplink.c), and each its
 * own backoff; a refused upload never holds up a download, nor the other way round.
 *
 * The agent may be dropped at any instruction (killed) and made anew from the folder: nothing is
 * lost and nothing is applied twice. In particular:
 *   - an entry is known to be acknowledged only by a countersigned head of the ledger's, asked for
 *     at every start; sending one twice is harmless (deduplication is the ledger's, for ever);
 *   - rows, cursor and watermark are one transaction of the replica;
 *   - a new replica is complete, checked, on the disk and caught up before the pointer names it.
 *
 * One thread.
 */
#ifndef HOLDFAST_AGENT_AGENT_H
#define HOLDFAST_AGENT_AGENT_H

#include "sync/agent/transport.h"
#include "sync/protocol/frame.h"
#include "terminal/base/crypto.h"
#include "terminal/base/log.h"
#include "terminal/base/status.h"
#include "terminal/journal/device.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent;

struct agent_options {
    const char *folder;                     /* the till's data folder */
    const struct device_identity *identity; /* copied */
    struct entropy entropy;
    int wait_s; /* how long a change poll may hang, 0 to 60; 25 is usual */
    int batch;  /* entries that go up at once, 1 to FRAME_MAX_ENTRIES */
};

/* Takes sync.db.lock, opens sync.db and the current replica, clears away what an earlier run left
 * half done. Sends nothing: hand it AGENT_STARTED next. STATUS_BUSY: another agent runs.
 * STATUS_UNSUPPORTED: files of a later version. */
enum status agent_create(const struct agent_options *options, struct agent **out,
                         struct error *error) MUST_USE;
/* Closes the files and gives the lock back; writes nothing. NULL is fine. Requests that are still
 * out must not be reported to it any more. */
void agent_destroy(struct agent *agent);

enum agent_event_kind {
    AGENT_STARTED,
    AGENT_TICK,        /* the time that AGENT_WAIT named has come (earlier or later is fine) */
    AGENT_POKED,       /* the till said something: see `poke` */
    AGENT_ANSWERED,    /* a call's whole answer */
    AGENT_CHUNK,       /* the next piece of a streamed 200 or 206 body */
    AGENT_PROGRESS,    /* bytes of a collected body moved */
    AGENT_UNREACHABLE, /* no answer: name not resolved, refused, TLS, cut off, body too large */
    AGENT_STOPPED      /* the last event: writes that nobody asks the ledger any more */
};

enum agent_poke {
    AGENT_POKE_ENTRIES, /* the journal grew */
    AGENT_POKE_REPLICA, /* the till uses the replica that the pointer names */
    AGENT_POKE_STATE    /* anything else: look at everything */
};

struct agent_event {
    enum agent_event_kind kind;
    int64_t wall_ms; /* always: wall time, may jump */
    int64_t mono_ms; /* always: monotonic */
    enum agent_poke poke;
    int64_t call;
    int status;        /* ANSWERED, CHUNK: the HTTP status */
    int64_t retry_ms;  /* ANSWERED: asked for by Retry-After; 0: not */
    bool packed;       /* ANSWERED: the body is zstd */
    const char *bytes; /* ANSWERED: the collected body; CHUNK: the piece. Borrowed */
    size_t length;
    int64_t offset;  /* CHUNK: where the piece belongs in the file (Content-Range counted on) */
    const char *why; /* UNREACHABLE: one line */
};

enum agent_action_kind { AGENT_SEND, AGENT_CANCEL, AGENT_POKE_TILL, AGENT_LOG, AGENT_WAIT };

struct agent_action {
    enum agent_action_kind kind;
    struct transport_request request; /* SEND; borrowed until the next agent_step */
    int64_t call;                     /* CANCEL */
    const char *word;                 /* POKE_TILL: "rows", "replica" or "state" */
    enum log_level level;             /* LOG */
    char text[320];                   /* LOG */
    int64_t mono_ms;                  /* WAIT: the next AGENT_TICK is due then */
};

/* A list that the caller owns and agent_step refills. There is always exactly one WAIT in it, the
 * last item. */
struct agent_actions {
    struct agent_action *items;
    size_t count;
    size_t capacity;
};
void agent_actions_finish(struct agent_actions *actions);

/* Takes one event and says what to do, in order. Never fails: what goes wrong is logged, written to
 * agent_state in plain words, and tried again. Takes as long as its disk work takes: a slice of a
 * snapshot, a batch of entries or of changes; only bringing a new replica to the disk in the end
 * has no bound of its own. */
void agent_step(struct agent *agent, const struct agent_event *event,
                struct agent_actions *actions);

/* What there is to know, for --once, --status and tests. */
struct agent_view {
    bool online;        /* the last question was answered */
    bool hello;         /* the ledger told its heads since the start or the last cut */
    int64_t queue;      /* entries not acknowledged; -1 while till.db can't be read */
    bool till_known;    /* there is a till.db */
    bool has_replica;   /* replica.current names a usable file */
    bool up_to_date;    /* the last change answer said that there was no more */
    int64_t failures;   /* questions without an answer since the last one with */
    const char *reason; /* "" or why something does not go on, in plain words */
    int64_t ledger_ms;  /* the ledger's time at the last event, as far as known */
};
void agent_look(const struct agent *agent, struct agent_view *out);

/* Nothing is left to send or to fetch: what the ledger made of the last batch has come back too. */
bool agent_drained(const struct agent *agent);

#endif
