/* What an entry means to the ledger's figures, read from its bytes alone. Pure; any thread.
 *
 *   moves                     stock, and of a hand-over what left with the customer
 *   sale                      total, money, customer_total, refunded
 *   paid_in paid_out
 *   shift_close               money
 *   accounts, leases          account, lease_use         (members of any kind)
 *   lease_return              lease_use
 *   order                     order_mark, order_handed   (kinds pickup_*)
 *   customer                  customer_fact
 *   training                  nothing at all
 *
 * Every entry counts once in `total`, an unreadable one too.
 */
#ifndef HOLDFAST_LEDGER_EFFECT_H
#define HOLDFAST_LEDGER_EFFECT_H

#include "sync/ledger/tally.h"
#include "terminal/base/buf.h"
#include "terminal/base/status.h"
#include "terminal/journal/entry.h"
#include "terminal/journal/moves.h"

/* One move, and one sum of money in minor units, is at most this, so that no sum of a business's
 * life leaves int64. */
#define EFFECT_MOVE_MAX  INT64_C(100000000000)
#define EFFECT_MONEY_MAX INT64_C(1000000000000)

#define EFFECT_ACCOUNT_MAX  32 /* bytes of an account's id */
#define EFFECT_CUSTOMER_MAX 64 /* of a customer's pseudonym */
#define EFFECT_ORDER_MAX    64 /* of a channel, and of an order's id */
#define ORIGINAL_SIZE       51 /* "epoch hex/seq/line" with its NUL */

/* What is added to a row of a figure. Keys are offsets into the effect's texts; EFFECT_HERE stands
 * for the location of the entry's epoch. */
#define EFFECT_HERE UINT32_MAX
struct posting {
    enum figure figure;
    uint32_t key[FIGURE_KEYS];
    int64_t sum[FIGURE_SUMS];
};

struct effect {
    struct move_list moves; /* empty when broken */
    struct posting *postings;
    size_t count, capacity;
    struct buf texts;
    int64_t hlc;        /* 0 when unreadable */
    const char *oddity; /* kind of finding ("moves", "sale", "account", ...), or NULL */
    const char *detail; /* one line to it; static text */
    bool card_number;   /* a text looks like one (terminal/base/card.h) */
    /* Where the entry says it was made; "" when it does not. */
    char location[LOCATION_ID_SIZE];
    char till[TILL_NAME_SIZE];
};

/* Never fails: what breaks its rules is told as an oddity, and the sound part is taken. */
void effect_read(const struct entry_view *entry, struct effect *out);
/* Of an entry that cannot be read: it counts as one. */
void effect_unreadable(struct effect *out);
void effect_finish(struct effect *effect); /* twice is fine */

/* Adds everything but the moves. STATUS_RANGE when a sum does not fit. */
enum status effect_tally(const struct effect *effect, const char *location,
                         struct tally *tally) MUST_USE;

/* The key of `refunded` for a line of an entry. */
void effect_original(const char *epoch_hex, int64_t seq, int64_t line, char out[ORIGINAL_SIZE]);

/* Ids that may become keys: 1 to `max` of [A-Za-z0-9._-], and no run of 12 digits, which could be
 * a payment card's number. */
bool effect_id_sound(const char *id, size_t max);

/* --- for effect_sale.c and effect_trade.c --- */

/* The first oddity stays. */
void effect_odd(struct effect *effect, const char *kind, const char *detail);
/* Adds a posting; `keys` as many as the figure has, NULL for "here". */
void effect_post(struct effect *effect, enum figure figure, const char *const *keys,
                 const int64_t *sums);
/* An amount of money of the day: nothing when it is zero. */
void effect_money(struct effect *effect, const struct entry_view *entry, const char *currency,
                  const char *what, int64_t amount);
void effect_read_sale(const struct entry_view *entry, struct effect *out);
void effect_read_trade(const struct entry_view *entry, struct effect *out);

#endif
