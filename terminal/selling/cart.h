/* A sale that is being put together: its lines, its tenders, and what was said about it.
 *
 *   lines ── ready, unknown, removed (stays for the journal); linked charges name their line
 *   tenders ── taken, reversed
 *
 * In memory; cart_store.h puts it on the disk. Functions change the cart and check its rules; after
 * a failure the caller goes back to the copy it made (cart_copy) before. Ids of lines and tenders
 * are never used twice in a cart.
 */
#ifndef HOLDFAST_SELLING_CART_H
#define HOLDFAST_SELLING_CART_H

#include "terminal/base/json.h"
#include "terminal/people/lease.h"
#include "terminal/people/people.h"
#include "terminal/pricing/settle.h"
#include "terminal/pricing/totals.h"
#include "terminal/selling/view.h"

#define CART_LINES           PRICING_LINES
#define CART_BYTES           ((size_t)120 * 1024) /* of its rows; an entry of it is below 256 KiB */
#define REASON_SIZE          129
#define CONDITION_SIZE       17
#define TENDER_REFERENCE     65
#define LOT_SIZE             21
#define PSEUDONYM_SIZE       65
#define CONDITION_RESTOCK    "restock"
#define CONDITION_DAMAGED    "damaged"
#define PRICE_FROM_LIST      "list"
#define PRICE_FROM_OVERRIDE  "override"
#define PRICE_FROM_OPEN      "open"
#define PRICE_FROM_LABEL     "label"
#define PRICE_FROM_REFERENCE "reference"
#define PRICE_FROM_ORIGINAL  "original" /* what was paid for the line that is taken back */

struct cart_line {
    int64_t id;
    bool unknown; /* a code nobody knows: no price, no totals */
    bool removed;
    bool weighed;
    bool stocked;
    bool charge; /* a linked charge: follows linked_to, takes no cart discount */
    bool is_kit;
    char sku[KEY_SIZE];
    char name[NAME_SIZE];
    char code[TILL_CODE_SIZE];
    char category[KEY_SIZE];
    char tax_class[KEY_SIZE];
    char unit[KEY_SIZE];
    char pack[KEY_SIZE];
    char pack_label[NAME_SIZE];
    int64_t quantity; /* entered, thousandths; negative: a return */
    int64_t factor;   /* base thousandths in one entered unit */
    int64_t tare;
    int64_t price, per; /* of the base quantity, struct price */
    char price_from[KEY_SIZE];
    char list[KEY_SIZE];
    char tax_code[KEY_SIZE];
    char treatment[KEY_SIZE];
    int64_t rate_ppm;
    bool discount_percent;
    int64_t discount; /* ppm or minor units */
    char discount_reason[REASON_SIZE];
    char approved_by[STAFF_ID_SIZE]; /* who let the override or discount through, "" for nobody */
    int64_t linked_to;               /* line id, 0 for none */
    int64_t linked_per;              /* quantity of this per base unit of that line */
    int64_t max_per_sale;
    char lot[LOT_SIZE];
    char serial[LOT_SIZE];
    char reason[REASON_SIZE]; /* of a return or an override */
    char condition[CONDITION_SIZE];
    char removed_by[STAFF_ID_SIZE];
    char account[ACCOUNT_ID_SIZE];   /* a gift card that is sold: the account it loads; or "" */
    char origin_device[ID_HEX_SIZE]; /* of the sold line that is taken back (refund.h) */
    char origin_epoch[ID_HEX_SIZE];
    int64_t origin_seq; /* 0: none is named */
    int64_t origin_line;
    int64_t origin_sold;   /* base thousandths */
    bool origin_paid;      /* what was paid for it is known, and goes back by its parts */
    int64_t origin_amount; /* in the price's sense; 0 unless origin_paid, as the next one */
    int64_t origin_tax;
    int64_t origin_before; /* base thousandths of it that were taken back before this line */
};

struct cart_tender {
    int64_t id;
    bool cash;
    bool reversed;
    int64_t amount; /* handed over; negative: paid out */
    char reference[TENDER_REFERENCE];
    char account[ACCOUNT_ID_SIZE]; /* paid from this value account, or "" */
    char lease[ID_HEX_SIZE];       /* ... by this lease; "" when paid back into it */
};

struct cart {
    int64_t id; /* 0: not on the disk yet */
    int64_t started_ms;
    int64_t next_line;
    int64_t next_tender;
    bool tax_included;
    bool discount_percent;
    int64_t discount;
    char discount_reason[REASON_SIZE];
    char discount_approved_by[STAFF_ID_SIZE];
    char note[REASON_SIZE];
    char customer[PSEUDONYM_SIZE];
    int64_t confirmed_age;
    char return_reason[REASON_SIZE]; /* "" when the return mode is off */
    char return_condition[CONDITION_SIZE];
    char return_approved_by[STAFF_ID_SIZE];
    int64_t selected; /* line id; not kept on the disk */
    int64_t armed;    /* not kept on the disk */
    bool parked;
    char label[NAME_SIZE];
    char parked_by[STAFF_ID_SIZE];
    int64_t parked_ms;
    int64_t parked_total;
    int64_t parked_lines;
    struct cart_tender tenders[CART_TENDERS];
    int64_t tender_count;
    struct cart_line *lines; /* in the order they were added, removed ones too */
    int count;
    int capacity;
};

void cart_init(struct cart *cart, bool tax_included);
void cart_finish(struct cart *cart);
/* Empty again, as after cart_init; keeps the memory of the lines. */
void cart_clear(struct cart *cart, bool tax_included);
/* A deep copy. `out` is initialised, and keeps the memory of its lines where that is enough. */
void cart_copy(const struct cart *cart, struct cart *out);

/* Lines that stand (not removed), unknown ones too; of these the unknown. */
int cart_standing(const struct cart *cart);
int cart_unsettled(const struct cart *cart);
bool cart_has_tenders(const struct cart *cart); /* that are not reversed */

/* A line that stands, NULL when there is none of this id. */
struct cart_line *cart_line_find(struct cart *cart, int64_t id);
/* A zeroed line at the end with a new id and factor 1000; NULL when the cart is full. Valid until
 * the next one is added. */
struct cart_line *cart_line_add(struct cart *cart);

struct quantity cart_line_base(const struct cart_line *line);

/* How much of an item stands in the cart, base quantity of sold lines. */
struct quantity cart_item_sum(const struct cart *cart, const char *sku);

/* The contracts of till_cart_*; see till_sell.h. */
enum status cart_quantity(struct cart *cart, int64_t id, struct quantity quantity,
                          struct error *error) MUST_USE;
enum status cart_price(struct cart *cart, int64_t id, struct money price, const char *reason,
                       const char *approved_by, struct error *error) MUST_USE;
enum status cart_remove(struct cart *cart, int64_t id, const char *staff,
                        struct error *error) MUST_USE;
enum status cart_line_discount(struct cart *cart, int64_t id, struct pricing_discount discount,
                               const char *reason, const char *approved_by,
                               struct error *error) MUST_USE;
enum status cart_discount(struct cart *cart, struct pricing_discount discount, const char *reason,
                          const char *approved_by, struct error *error) MUST_USE;

/* Brings the quantities of the charges linked to a line in step with it. */
enum status cart_links_follow(struct cart *cart, const struct cart_line *line,
                              struct error *error) MUST_USE;

/* Goes back to `before`, but keeps tenders and ids, and lines added since as removed. */
void cart_undo(struct cart *cart, const struct cart *before, const char *staff);

/* "cash amount, at most ..." see till_sell.h. The settlement is of the cart before. */
enum status cart_tender_cash(struct cart *cart, struct money amount,
                             const struct settlement *settlement, struct error *error) MUST_USE;
enum status cart_tender_card(struct cart *cart, struct money amount, const char *reference,
                             const struct settlement *settlement, struct error *error) MUST_USE;
/* Paid from an account by one lease, or, negative, paid back into it without. What the lease has
 * left is for the caller to know. */
enum status cart_tender_account(struct cart *cart, struct money amount, const char *account,
                                const struct id *lease, const struct settlement *settlement,
                                struct error *error) MUST_USE;
enum status cart_tender_reverse(struct cart *cart, int64_t id, struct error *error) MUST_USE;

#define TENDER_CASH    "cash"
#define TENDER_CARD    "card"
#define TENDER_ACCOUNT "account"
const char *cart_tender_type(const struct cart_tender *tender); /* one of these */

/* The line is a gift card that loads `account`; "" takes that back. STATUS_NOT_FOUND: no such line.
 * STATUS_INVALID: no account's id; or the line is a return, a charge, a kit, stocked, or not
 * settled. */
enum status cart_line_account(struct cart *cart, int64_t id, const char *account,
                              struct error *error) MUST_USE;

/* Copies a text, cut at a character boundary. */
void copy_text(char *out, size_t size, const char *text);

#endif
