/* Inside the agent: what its flows share. Nobody outside of sync/agent includes this.
 *
 *   agent.c         step: hands events to flows, deadlines, what is due next
 *   flows.c         requests, refusals, backoff, the ledger's time, agent_state
 *   flow_hello.c    GET /v1/device            gate for the others
 *   flow_uplink.c   POST /v1/journal
 *   flow_changes.c  GET /v1/changes           into the current replica, or the one being made
 *   flow_snapshot.c GET /v1/snapshot, /v1/snapshot/ID, and the change of the pointer
 *   flow_leases.c   POST /v1/leases           what the till wishes; what a ledger has forgotten
 */
#ifndef HOLDFAST_AGENT_FLOWS_H
#define HOLDFAST_AGENT_FLOWS_H

#include "sync/agent/agent.h"
#include "sync/agent/apply.h"
#include "sync/agent/backoff.h"
#include "sync/agent/leases_again.h"
#include "sync/agent/sync_db.h"
#include "sync/agent/unpack.h"
#include "sync/agent/uplink.h"
#include "sync/protocol/message.h"
#include "terminal/journal/sync_trouble.h"
#include "terminal/people/lease.h"

#include <stdbool.h>
#include <stdint.h>

/* FLOW_AHEAD is the uplink's second call: only out while the first is. */
enum flow { FLOW_HELLO, FLOW_UPLINK, FLOW_AHEAD, FLOW_CHANGES, FLOW_SNAPSHOT, FLOW_LEASES, FLOWS };

#define REASON_SIZE    256
#define LOOK_EVERY_MS  5000  /* at the journal, for a poke that was lost */
#define SWEEP_EVERY_MS 30000 /* at old replica files */

/* One flow: at most one call is out. */
struct flow_state {
    int64_t call; /* 0: none */
    int64_t total_deadline;
    int64_t stall_deadline;
    int64_t stall_ms;
    struct backoff backoff;
    int64_t not_before;       /* mono_ms */
    int clock_retries;        /* in a row */
    char reason[REASON_SIZE]; /* "" and SYNC_WELL: it goes on */
    enum sync_trouble trouble;
};

enum snapshot_stage {
    SNAPSHOT_NONE,     /* not wanted */
    SNAPSHOT_WANTED,   /* ask for a manifest */
    SNAPSHOT_FETCHING, /* the manifest is kept; bytes come, or are to be asked for, and unpacked */
    SNAPSHOT_CATCHING  /* `next` is unpacked and takes changes before the pointer moves */
};

struct snapshot_state {
    enum snapshot_stage stage;
    struct snapshot_answer manifest;
    int part;              /* file descriptor, -1 when closed */
    int64_t have;          /* bytes in the part file */
    struct unpack *unpack; /* FETCHING: what was unpacked of them so far, or NULL */
    int64_t call_start;    /* `have` when the call that is out was made */
    int64_t asked_first;   /* mono_ms of the first "not yet"; 0: none */
    int useless;           /* whole fetches in a row that led to nothing */
    bool asking;           /* the call that is out is for the manifest */
};

struct lease_state {
    bool look;          /* the till may have written a wish */
    bool any;           /* sync.db holds answers */
    bool told_again;    /* the ledger is to be asked anew what is left */
    struct id epoch;    /* open at the till when the greeting was sent; zeros unknown */
    struct id asked_in; /* ... when the call that is out was */
    struct lease_wish asked;
    bool asked_again; /* it is no new wish: `again`'s */
    struct leases_again again;
};

struct agent {
    char *folder;
    struct device_identity identity;
    struct entropy entropy;
    int wait_s;
    struct sync_db *sync;
    struct uplink *uplink;
    struct apply *current; /* NULL: none is usable */
    struct apply *next;
    struct snapshot_state snapshot;
    struct lease_state lease;

    struct agent_actions *actions; /* of this step */
    int64_t wall_ms;
    int64_t mono_ms;
    struct buf body; /* of requests; lives until the next step */
    struct buf packed;
    struct buf wish;
    struct buf ahead_body; /* of the batch after the one that is out */
    struct buf ahead_packed;
    bool ahead_built;
    int64_t ahead_at; /* mono_ms when it is to be built; INT64_MAX: not now */
    int64_t batch_ms; /* mono_ms when the batch became the one that is out */
    bool batch_quick; /* the last one was answered well, and soon */
    struct buf query;
    struct buf path;
    int64_t last_call;
    int64_t retry_ms; /* of the answer at hand: what Retry-After asked for */
    struct flow_state flows[FLOWS];

    bool started;
    bool hello;
    bool online;
    int64_t since_ms;
    int64_t failures;
    int64_t last_ok_written_ms;
    bool time_known;
    int64_t ledger_ms_at; /* the ledger's time when ... */
    int64_t mono_at;      /* ... this was ours */
    int64_t clock_off_ms;
    int64_t queue;
    int64_t queue_kept; /* as it stands in sync.db */
    int64_t queue_kept_at;
    int64_t bytes_sent, bytes_received; /* bodies, since the start */
    bool till_known;
    bool look_due;
    int64_t look_at;
    int64_t sweep_at;
    int old_files;
    bool up_to_date;
    struct head last_head;      /* acknowledged last in this run; seq 0: none */
    bool head_back;             /* the replica's rows contain it, or there is none */
    struct changes_query asked; /* of the change call that is out */
    char reason_shown[REASON_SIZE];
};

/* ---- flows.c ---- */

/* What a flow asks. Texts and body live until the end of the step. */
struct question {
    const char *method;
    const char *path;
    const char *query;
    const char *content_type; /* NULL without a body */
    const void *body;
    size_t body_length;
    bool packed;
    bool stream;
    int64_t range_from;
    int64_t total_ms; /* 0: no limit but progress */
    int64_t stall_ms;
};
void flow_send(struct agent *agent, enum flow flow, const struct question *question);

/* The call that is out is forgotten and cancelled. */
void flow_cancel(struct agent *agent, enum flow flow);

/* The call that is out of `from`, with its deadlines, is `flow`'s now. */
void flow_take_over(struct agent *agent, enum flow flow, enum flow from);

/* Something went wrong: the text is for a person; tried again after a backoff of at least
 * `floor_ms`. */
void flow_fail(struct agent *agent, enum flow flow, enum sync_trouble trouble, int64_t floor_ms,
               const char *format, ...) PRINTF_LIKE(5, 6);
/* All went well: the backoff and the reason are gone. */
void flow_good(struct agent *agent, enum flow flow);

/* An answer that is no answer of the flow's own: 4xx, 5xx, or a body that can't be read. Learns the
 * time; a wrong clock is put right and the flow goes on at once. */
void flow_refused(struct agent *agent, enum flow flow, int status, const struct refusal *refusal);

bool flow_ready(const struct agent *agent, enum flow flow); /* none is out, and it is time */

void agent_log(struct agent *agent, enum log_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);
void agent_poke_till(struct agent *agent, const char *word);
void agent_learn_time(struct agent *agent, int64_t ledger_ms);
int64_t agent_ledger_ms(const struct agent *agent);
void agent_set_online(struct agent *agent, bool online);
/* Nobody asks the ledger now: at the start until it has answered, and after the end. */
void agent_keep_silent(struct agent *agent);
/* A failed write of agent_state is logged and costs nothing else. */
void agent_keep(struct agent *agent, const char *key, const char *value);

/* ---- the flows: start what is due; take an answer (body unpacked) ---- */

void hello_advance(struct agent *agent);
void hello_answer(struct agent *agent, int status, const char *body, size_t length);

void uplink_advance(struct agent *agent);
void uplink_answer(struct agent *agent, int status, const char *body, size_t length);
void uplink_unanswered(struct agent *agent);
/* The batch that went ahead was answered, or not, before the one it follows: it counts as not sent.
 */
void uplink_ahead_over(struct agent *agent);
void uplink_cancel(struct agent *agent);

void changes_advance(struct agent *agent);
/* Looks whether what the ledger made of the last acknowledged entry is in the replica in use. */
void changes_note_head(struct agent *agent);
void changes_answer(struct agent *agent, int status, const char *body, size_t length);

enum status leases_open(struct agent *agent, struct error *error) MUST_USE; /* at the start */
void leases_close(struct agent *agent);
/* Another life of the ledger greets. */
void leases_forget(struct agent *agent);
/* The greeting is about to be sent; its answer is here. Leases that an answer does not tell have
 * nothing left, in the epoch in which it was asked for, until they are granted again. */
void leases_before_hello(struct agent *agent);
enum status leases_told(struct agent *agent, const struct device_answer *answer,
                        struct error *error) MUST_USE;
/* After each look at the journal: a new epoch makes what was told before void. */
void leases_look(struct agent *agent);
void leases_advance(struct agent *agent);
/* What is to be asked for before entries go up; never for longer than the answers take. */
bool leases_go_first(const struct agent *agent);
bool leases_busy(const struct agent *agent); /* there is something to ask for */
void leases_answer(struct agent *agent, int status, const char *body, size_t length);

enum status snapshot_open(struct agent *agent, struct error *error) MUST_USE; /* at the start */
void snapshot_close(struct agent *agent);
void snapshot_want(struct agent *agent, const char *why);
/* The same, and the replica in use is no measure for the new one: the ledger that made it has gone
 * back in time, or the file lacks rows behind its cursors. Durable: a kill does not forget it. */
enum status snapshot_void(struct agent *agent, const char *why, struct error *error) MUST_USE;
void snapshot_advance(struct agent *agent);
bool snapshot_busy(const struct agent *agent); /* has a slice to unpack: the next step at once */
void snapshot_chunk(struct agent *agent, const struct agent_event *event);
void snapshot_answer(struct agent *agent, int status, const char *body, size_t length);
/* After each answer that was applied to `next`: moves the pointer when it is far enough. */
void snapshot_caught_up(struct agent *agent, bool more);
void snapshot_sweep(struct agent *agent);

#endif
