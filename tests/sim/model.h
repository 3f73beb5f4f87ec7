/* What must be true, kept beside the programs in plain structures and written from the design's
 * words: which entries exist, which of them a person or the ledger was told of, what they move, and
 * what the ledger's figures must therefore be.
 *
 *   record ── prev ──► record          every entry that any till ever wrote, found by its hash;
 *     │                                a clone's entries branch off where the clone did
 *     └─ effect: stock deltas, money
 *
 *   fold over the ledger's heads  =  its stock and totals
 *   fold at a position            =  the replicas that stand there
 */
#ifndef HOLDFAST_SIM_MODEL_H
#define HOLDFAST_SIM_MODEL_H

#include "terminal/base/crypto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_STORES   3
#define MODEL_ITEMS    10
#define MODEL_LINES    4
#define MODEL_EPOCHS   32
#define MODEL_ACCOUNTS 3
#define MODEL_USES     4 /* of leases, by one entry */
#define MODEL_SOLD     2 /* lines of one entry */
#define MODEL_BUCKETS  3
#define MODEL_ORDERS   24
#define MODEL_PEOPLE   3 /* customers, by pseudonym */

enum { BUCKET_OF_AVAILABLE, BUCKET_OF_DAMAGED, BUCKET_OF_RESERVED };

enum entry_kind {
    KIND_EPOCH_OPEN,
    KIND_SALE,
    KIND_RETURN,
    KIND_ADJUST,
    KIND_CANCELLED,
    KIND_SHIFT_OPEN,
    KIND_SHIFT_CLOSE,
    KIND_PAID_IN,
    KIND_PAID_OUT,
    KIND_NO_SALE,
    KIND_LEASE_RETURN,
    KIND_HAND_OVER,
    KIND_OTHER
};

/* One item's change of a physical bucket of the till's own location. */
struct stock_delta {
    int item;
    int bucket;
    int64_t milli;
};

/* What one entry uses up of a lease. */
struct lease_used {
    char lease[ID_HEX_SIZE];
    int64_t amount; /* spent or given back */
};

/* A line that sold something. */
struct sold_line_seen {
    int64_t line;
    int item; /* -1: none of the catalogue's */
    int64_t milli, amount;
};

/* The sold line that a return takes back. */
struct taken_back {
    struct id epoch;
    int64_t seq; /* 0: none is named */
    int64_t line;
    int64_t milli;
};

/* What the ledger granted a till, as it told it. */
struct grant {
    char lease[ID_HEX_SIZE];
    int64_t amount; /* as told last */
    int64_t most;   /* as ever told: one that was forgotten may be granted again, and smaller */
    bool forgotten; /* a restored ledger did not know it; it may be granted again since */
    bool absent;    /* the ledger did not know it at the last look */
    bool refused;   /* it was asked for again since then, in vain */
    struct id request;
};

/* Of a sold line more was taken back than was sold, as the ledger saw it once. */
struct overdrawn {
    struct id epoch;
    int64_t seq, line;
};

/* An order of a channel, as head office knows it. */
struct order_seen {
    int store, item;
    int64_t milli;
    bool told;              /* it was answered, under this incarnation */
    bool placed, cancelled; /* at the ledger */
};

/* Goods at their list price, which head office may change while the till stands in mid-call: they
 * are sold at the price before that, or at the one after. */
struct priced {
    int item;
    int64_t units;
    int64_t before, after; /* minor units a unit */
};

/* What an operation at the till should write. */
struct sale_expected {
    enum entry_kind kind;
    int64_t gross; /* minor units, of sales and returns; -1: not known beforehand */
    struct priced priced[MODEL_LINES]; /* that are in it, in the order in which they are priced */
    int priced_count;
    struct stock_delta deltas[MODEL_LINES];
    int count;
    int64_t cash; /* into the drawer */
    struct taken_back back;
    int overrides; /* lines at a price that a person gave */
    char reference[40];
    char receipt[48]; /* as told to the person; "" when nothing was told */
};

struct fact {
    struct hash hash;
    int prev; /* index; -1: none, or not known */
    struct id epoch;
    int64_t seq;
    int64_t hlc;
    int store;
    int seat; /* that wrote it */
    enum entry_kind kind;
    int64_t gross;
    struct stock_delta deltas[MODEL_LINES];
    int count;
    int64_t accounts[MODEL_ACCOUNTS]; /* what it adds to their balances */
    struct lease_used uses[MODEL_USES];
    int use_count;
    struct sold_line_seen sold[MODEL_SOLD];
    int sold_count;
    struct taken_back back;
    int overrides;
    int order;          /* that it hands over; -1: none */
    int customer;       /* -1: none */
    bool tampered;      /* it was destroyed on a till's disk */
    bool damaged;       /* and the ledger took it as damaged: it moves nothing */
    uint16_t gone;      /* where its row is gone: a bit for each seat's disk, and its backup */
    uint16_t spoilt;    /* where its bytes are others */
    bool aside_lost;    /* without its bytes */
    int64_t aside_from; /* seq with which its branch begins */
    int64_t aside;      /* since this position of its location the ledger keeps it as a branch; 0 */
};
#define FACT_ON_DISK(seat)   ((uint16_t)(1U << (seat)))
#define FACT_IN_BACKUP(seat) ((uint16_t)(1U << ((seat) + 8)))

/* An epoch, as one copy of a till holds it, or as the ledger does. */
struct epoch_head {
    struct id epoch;
    int head; /* record; -1: none */
};

/* A till's journal as it must be on its disk. */
struct journal_model {
    struct epoch_head epochs[MODEL_EPOCHS];
    int count;
    int told;      /* the newest record that a person was told of; -1 none */
    bool rewound;  /* restored or cloned since it last opened: what is on the disk counts */
    bool may_open; /* another epoch may be opened, for it was restored, or has a clone */
    bool watched;  /* what is on the disk was looked at since the last change */
};

/* What a till's replica showed when it was last looked at. */
struct replica_seen {
    bool any;
    char incarnation[33];
    int64_t positions[5];
    int64_t compared[5]; /* the positions at which rows were compared */
    const void *db;
    int64_t version;
};

/* The ledger at one position of a location's feed. */
struct fold {
    int64_t stock[MODEL_ITEMS][MODEL_BUCKETS];
    struct epoch_head heads[MODEL_EPOCHS];
    int count;
};

/* All that a scope ever said at a position, as one number. */
struct scope_point {
    int64_t position;
    uint64_t digest;
    struct fold fold; /* of locations */
};
struct scope_history {
    struct scope_point *points;
    size_t count;
};

enum { SCOPE_CATALOGUE, SCOPE_PRICES, SCOPE_STAFF, SCOPE_CUSTOMERS, SCOPE_LOCATION };
#define MODEL_SCOPES (SCOPE_LOCATION + MODEL_STORES)

struct model {
    struct fact *facts;
    size_t count, room;
    int *slots; /* by hash; -1: free */
    size_t slot_count;

    /* The ledger. */
    struct id incarnation;
    struct epoch_head heads[MODEL_EPOCHS]; /* as it holds them */
    int head_count;
    struct epoch_head acked[MODEL_EPOCHS]; /* as it told anyone */
    int acked_count;
    int64_t branch_count; /* entries that it keeps aside */
    struct grant *grants; /* every one that it told of */
    size_t grant_count;
    struct order_seen orders[MODEL_ORDERS];
    int order_count;
    struct overdrawn *overdrawn; /* since it opened under this incarnation */
    size_t overdrawn_count;
    uint64_t seen_changes;              /* of the office's disk, at the last look at the ledger */
    int64_t unpromised[MODEL_ACCOUNTS]; /* of each account, at the last look at promises */
    bool leases_asked;                  /* since then */
    bool promises_moved; /* heads, branches or grants have changed since the last look at them */
    int64_t stock[MODEL_STORES][MODEL_ITEMS][MODEL_BUCKETS];
    int64_t opening[MODEL_STORES][MODEL_ITEMS];
    int64_t entries[MODEL_STORES], sales[MODEL_STORES], returns[MODEL_STORES], gross[MODEL_STORES];
    struct scope_history scopes[MODEL_SCOPES];
};

void model_init(struct model *model);
void model_finish(struct model *model);
/* `to` is not initialised yet. */
void model_copy(struct model *to, const struct model *from);
/* The record of a hash; -1: none. */
int model_find(const struct model *model, const struct hash *hash);
/* Adds one; the hash is new. */
int model_add(struct model *model, const struct fact *fact);
/* Whether `ancestor` is `record` or lies before it. */
bool model_descends(const struct model *model, int record, int ancestor);

struct epoch_head *model_head(struct epoch_head *heads, int *count, const struct id *epoch);
const struct epoch_head *model_head_find(const struct epoch_head *heads, int count,
                                         const struct id *epoch);

/* The ledger's head of an epoch moved: folds what came. False: the new head does not follow the
 * old one. */
bool model_advance(struct model *model, const struct id *epoch, int record);
/* The ledger's fold from nothing, after its heads were set anew. */
void model_refold(struct model *model);

/* The order came to the ledger, or was cancelled there: what it reserves is moved. */
void model_place(struct model *model, struct order_seen *order);
void model_cancel(struct model *model, struct order_seen *order);

/* Visits every entry that the ledger has taken into its chains, but for damaged ones. */
void model_each_taken(const struct model *model,
                      void (*visit)(void *context, const struct fact *fact), void *context);

/* A head and everything behind it were acknowledged. */
void model_acknowledge(struct model *model, const struct id *epoch, int record);

/* The point at a position; NULL: never seen. */
const struct scope_point *scope_point(const struct scope_history *history, int64_t position);
struct scope_point *scope_point_add(struct scope_history *history, int64_t position);
/* Forgets what is above the position (a restored ledger counts anew from there). */
void scope_forget(struct scope_history *history);

/* What is destroyed on the place `from` (of the two above) is so on `to`, and nothing else. */
void model_copy_damage(struct model *model, uint16_t from, uint16_t to);

/* Where the till's own chain of an epoch leaves the ledger's, at that fold: the record; -1: it does
 * not. */
int model_fork(const struct model *model, const struct fold *fold, const struct epoch_head *own);

/* What a till must show as on hand, when the ledger's word has come to it up to `point`: what all
 * entries moved that the ledger counts there, and what its own entries moved that it does not:
 *
 *   main chain    own entries behind the ledger's head. One that the ledger took as damaged moves
 *                 nothing from the moment on that its place is passed: the goods left the shelf,
 *                 nobody can read how many any more, and the exception asks a person to count.
 *                 Until then the till, which kept the moves beside the entry, goes on counting it.
 *   branch        all own entries from its first one on: the ledger keeps them aside and counts
 *                 none, the till knows what it sold. Until the ledger's word of the branch has
 *                 come, a till can't know that it forked: it goes by the main chain's head. The
 *                 same when the branch's first entry was destroyed here together with the next
 *                 one: no hash is left that says whose branch it is.
 */
int64_t model_on_hand(const struct model *model, const struct scope_point *point,
                      const struct journal_model *journal, int seat, int store, int item);
/* Whether the till can know, at that point, of every fork in its journal. */
bool model_forks_told(const struct model *model, const struct scope_point *point,
                      const struct journal_model *journal, int seat);

#endif
