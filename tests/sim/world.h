/* A chain of shops on one virtual clock: machines, the programs on them, and the events to come.
 *
 *   seat 0: till + agent ─┐
 *   seat 1: till + agent ─┼── net ── ledger            one event at a time, the earliest first
 *   seat 2: (a clone)    ─┘
 *
 * Everything that happens is an event; everything random is drawn from the world's own streams.
 * Time stands still while an event is worked off. All programs are the real ones: what is not real
 * is the clock, the network (net.h) and the disk (disk.h).
 */
#ifndef HOLDFAST_SIM_WORLD_H
#define HOLDFAST_SIM_WORLD_H

#include "sync/agent/agent.h"
#include "sync/ledger/ledger.h"
#include "terminal/till.h"
#include "tests/sim/chance.h"
#include "tests/sim/disk.h"
#include "tests/sim/model.h"
#include "tests/sim/trace.h"

#include <stdbool.h>
#include <stdint.h>

#define SIM_STORES   3
#define SIM_TILLS    4 /* enrolled */
#define SIM_SEATS    7 /* with clones */
#define SIM_ITEMS    10
#define SIM_START_MS INT64_C(1795000000000)
#define TILL_FOLDER  "/till"
#define LEDGER_PATH  "/ledger/ledger.db"

/* Each kind is counted as often as it has really happened. */
enum fault {
    FAULT_REQUEST_LOST,
    FAULT_REQUEST_CUT,
    FAULT_REQUEST_TWICE,
    FAULT_REQUEST_LATE, /* arrives after its sender gave up or died */
    FAULT_ANSWER_LOST,
    FAULT_ANSWER_CUT,
    FAULT_HALF_OPEN,
    FAULT_SLOW,
    FAULT_REORDERED,
    FAULT_PARTITION,
    FAULT_PARTED_CALL,
    FAULT_POKE_LOST,
    FAULT_KILL_TILL,
    FAULT_KILL_AGENT,
    FAULT_KILL_LEDGER,
    FAULT_CRASH_TILL, /* at a counted file operation */
    FAULT_CRASH_AGENT,
    FAULT_CRASH_LEDGER,
    FAULT_POWER_TILL,
    FAULT_POWER_LEDGER,
    FAULT_STOP_TILL,
    FAULT_STOP_AGENT,
    FAULT_STOP_LEDGER,
    FAULT_PAUSE_TILL, /* stopped in the middle of a call */
    FAULT_PAUSE_AGENT,
    FAULT_CLOCK_FORTH,
    FAULT_CLOCK_BACK,
    FAULT_DISK_READ,
    FAULT_DISK_WRITE,
    FAULT_DISK_SYNC,
    FAULT_DISK_FULL,
    FAULT_DISK_OPEN,
    FAULT_MEMORY,
    FAULT_WRITES_LOST,
    FAULT_WRITES_TORN,
    FAULT_TILL_RESTORED,
    FAULT_TILL_CLONED,
    FAULT_LEDGER_RESTORED,
    FAULT_ENTRY_DAMAGED,
    FAULT_ENTRY_LOST,
    FAULTS
};
const char *fault_words(enum fault fault);

struct machine {
    char name[16];
    struct disk *disk;
    int64_t wall_off_ms; /* of its wall clock */
    struct chance entropy;
    struct disk_faults faults; /* as set now */
    bool small;                /* its disk has hardly any room left */
};

/* A program on a machine. */
struct node {
    struct machine *machine;
    struct disk_process *process; /* NULL: not running */
    int generation;               /* of the process; events of an earlier one are void */
    int64_t stopped_until;        /* SIGSTOP; 0: runs */
    int64_t start_at;             /* of the start that is due; 0: none */
    uint64_t armed, armed_at;     /* it dies after so many file operations; 0: it does not */
    enum disk_death death;
    uint64_t pause_in; /* it is stopped after so many file operations of its next call; 0: not */
    bool paused;       /* it stands in the middle of a call */
};

/* What a person at the till last asked for, until it is known what became of it. */
struct operation {
    bool pending;
    bool paused; /* the till was stopped in the middle of it */
    bool died;   /* the till did not survive it */
    int left;    /* the entry that a dying till left behind it, if its log is believed; 0: none */
    struct sale_expected expected;
};

struct seat {
    int index;
    int store;
    struct machine machine;
    struct node till_node, agent_node;
    struct till *till;
    struct agent *agent;
    struct agent_actions actions;
    int64_t agent_due;
    int64_t tick_at; /* of the tick that is in the queue; 0: none */
    int origin;      /* the enrolled till that it is, or was copied from */
    bool retired;    /* switched off for good */
    bool copied;     /* its disk was put back to an earlier state, or is another machine's, too */
    int failed_starts;
    int64_t slept_us; /* of its till, by busy handlers, since the operation began */
    int64_t turn_at;  /* of the person at the till */
    bool parted;      /* from the network */
    bool shift_open;
    int64_t drawer; /* cash that must be in it */
    bool drawer_known;
    bool tampered; /* an entry on its disk was destroyed */
    bool backup_tampered;
    struct disk_image *backup;
    struct operation operation;
    struct journal_model journal;
    struct replica_seen seen;
    int64_t references; /* given out */
    int64_t minute;     /* since when its agent's calls are counted */
    int calls;
    uint32_t turns;
};

enum event_kind {
    EVENT_TILL_TURN,
    EVENT_TILL_POKED,
    EVENT_AGENT_TICK,
    EVENT_AGENT_POKED,
    EVENT_START_TILL,
    EVENT_START_AGENT,
    EVENT_START_LEDGER,
    EVENT_LEDGER_WORK,
    EVENT_NET,
    EVENT_FAULT,
    EVENT_END_OF_FAULT,
    EVENT_OFFICE
};

struct event {
    int64_t at;
    uint64_t order;
    enum event_kind kind;
    int seat;
    int generation;
    int64_t argument;
};

struct failure {
    int invariant; /* 0: none has failed */
    char text[320];
};

struct plan; /* faults.h */
struct net;  /* net.h */

struct world {
    uint64_t seed;
    int64_t now_ms; /* since the start */
    uint64_t orders;
    struct event *queue; /* a heap */
    size_t queued, room;
    struct trace trace;
    struct chance chance_work, chance_net, chance_fault, chance_office, chance_time;

    int stores, seats;
    struct seat seat[SIM_SEATS];
    struct machine office; /* the ledger's machine */
    struct node ledger_node;
    struct ledger *ledger;
    char token[72];
    char answer[4096]; /* the last one to head office */
    int failed_starts;
    int tampered;        /* entries destroyed on tills' disks */
    bool has_backup;     /* of the ledger, on its disk */
    bool ledger_rewound; /* a backup was put back, and it has not opened since */
    bool working;        /* an EVENT_LEDGER_WORK is in the queue */
    bool pausing;        /* a program stands in the middle of a call */

    struct net *net;
    struct plan *plan;
    struct model model;
    bool healed;
    int64_t healed_at;
    uint64_t faults[FAULTS];
    uint64_t steps, operations, sales;
    uint64_t power_cuts; /* of the disks, as far as noted */
    struct failure failure;
};

/* From the template (template.h), at time 0, nothing running. */
void world_init(struct world *world, uint64_t seed, bool shown);
/* Its programs are gone and its disks too, whatever they were in the middle of. */
void world_finish(struct world *world);

void world_schedule(struct world *world, int64_t at_ms, enum event_kind kind, int seat,
                    int generation, int64_t argument);
/* Works off the next event. False: the queue is empty. */
bool world_step(struct world *world);
/* Everything until the end: faults, healing, draining, the last comparison. */
void world_run(struct world *world);

void world_fault(struct world *world, enum fault fault);
uint64_t world_fault_count(const struct world *world);

/* The first failure ends the run. */
void world_fail(struct world *world, int invariant, const char *format, ...) PRINTF_LIKE(3, 4);

struct clock machine_clock(struct machine *machine);
struct entropy machine_entropy(struct machine *machine);

/* The host behind disk_begin. */
struct disk_host world_host(struct world *world);

/* The world that the clocks ask: there is one at a time. */
extern struct world *world_now;

#endif
