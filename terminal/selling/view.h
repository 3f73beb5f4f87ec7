/* What the layers above see of a sale: plain structs to read, never to change.
 *
 * Pointers in them are borrowed from the till: valid until the next call that changes the cart
 * (every till_cart_*, till_scan, till_tender_*, till_sale_* and till_refresh). Amounts are of the
 * location's currency. "In the price's sense" means: tax included where prices include it.
 */
#ifndef HOLDFAST_SELLING_VIEW_H
#define HOLDFAST_SELLING_VIEW_H

#include "terminal/base/crypto.h"
#include "terminal/catalogue/code.h"
#include "terminal/catalogue/item.h"
#include "terminal/money/money.h"
#include "terminal/pricing/totals.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TILL_CODE_SIZE    (REFERENCE_CODE_MAX + 1)
#define TILL_RECEIPT_SIZE 48
#define ARM_MAX           999
#define QUANTITY_MAX      (999999LL * QUANTITY_ONE) /* of one line, in base units */
#define LINE_DISCOUNTS    4 /* shares shown per line: its own, the cart's, promotions */
#define CART_RATES        12
#define CART_TENDERS      16

enum line_state {
    LINE_READY,
    LINE_UNKNOWN /* a code nobody knows: bars payment until settled */
};

struct discount_view {
    const char *label;   /* the reason given, or the rule's name */
    struct money amount; /* what is taken off, positive for goods sold */
    bool of_cart;        /* this line's share of a discount on the whole cart */
};

struct line_view {
    int id; /* stable for the life of the cart, also in the journal entry */
    enum line_state state;
    const char *sku;  /* "" while unknown, and for an open-price line without item */
    const char *name; /* "" while unknown: the screen says "Unknown code" and shows `code` */
    const char *code; /* as scanned, "" when chosen by hand */
    const char *unit; /* "each", "kg", ... of the base unit */
    const char *pack; /* "" or the pack's label ("case of 24") */
    struct quantity quantity; /* as entered: 2 cases, 0.742 kg; negative for a return */
    struct quantity base;     /* in base units: 48 each */
    struct price price;       /* per `per_milli` thousandths of the base unit */
    struct money pack_price;  /* price of one entered unit (one case), rounded */
    struct money gross;       /* before discounts, in the price's sense */
    struct money amount;      /* after discounts, in the price's sense */
    struct discount_view discounts[LINE_DISCOUNTS];
    int discount_count;
    int linked_to; /* id of the line this charge belongs to, 0 for none */
    bool weighed;
    bool is_return;
    bool price_overridden;
    bool open_price;
    bool selected;
    const char *reason;    /* of the return or override, "" for none */
    const char *condition; /* of returned goods: "restock", "damaged", "" for a sale */
};

struct tender_view {
    int id;
    const char *type;      /* "cash", "card", "account" */
    const char *reference; /* of the terminal's slip; the account; "" for cash */
    struct money amount;   /* handed over; negative = paid out */
    bool reversed;
};

struct rate_view {
    const char *code; /* "A" */
    int32_t rate_ppm;
    struct money net, tax, gross;
};

struct cart_view {
    const struct line_view *lines; /* in the order they were added */
    int count;
    int selected;  /* id of the selected line, 0 for none */
    int unsettled; /* lines that bar payment */
    int armed;     /* multiplier for the next scan, 0 for none */
    int64_t items; /* how many things: packs count as packs, a weighed line as one */
    bool tax_included;
    struct money net, tax, total; /* total = net + tax, before cash rounding */
    struct money saved;           /* all discounts together */
    struct rate_view rates[CART_RATES];
    int rate_count;
    struct tender_view tenders[CART_TENDERS]; /* reversed ones too, in order */
    int tender_count;
    struct money paid;     /* sum of the tenders that stand */
    struct money to_pay;   /* what is missing by card; negative: to be paid out; 0 when covered */
    struct money cash_due; /* what is missing when the rest is settled in cash (rounded) */
    struct money change;   /* back to the customer when everything is covered */
    bool covered;          /* the tenders settle the sale: till_sale_commit will take it */
    bool can_undo;
    bool has_discount; /* on the whole cart */
    const char *discount_reason;
    const char *note;
    const char *customer; /* pseudonym, "" for none */
};

/* Which line of which sale: what a return takes back. */
struct refund_origin {
    struct id device, epoch;
    int64_t seq, line;
};

/* ---- into the cart (till_scan, till_add) --------------------------------------------------- */

enum scan_outcome {
    SCAN_ADDED,         /* `line` is the line; with merged set it was there already */
    SCAN_UNKNOWN,       /* `line` is a line of LINE_UNKNOWN: it bars payment */
    SCAN_BLOCKED,       /* blocked or recalled: not added; `reason` says why */
    SCAN_HOURS,         /* may not be sold at this hour; `reason` "22:00-06:00" */
    SCAN_AGE,           /* not added: confirm that the customer is `min_age`, then till_add */
    SCAN_LIMIT,         /* not added: more than `limit` per sale */
    SCAN_NEEDS_PRICE,   /* not added: ask for the price, then till_add */
    SCAN_NEEDS_WEIGHT,  /* not added: weigh, then till_add */
    SCAN_NEEDS_VARIANT, /* not added: choose among till_variants(sku) */
    SCAN_NO_PRICE,      /* not added: no list has a price today; an open price is allowed */
    SCAN_CART_FULL,     /* not added: the cart holds its most; pay or park */
    SCAN_RECEIPT,       /* a receipt's code: `receipt` is its number */
    SCAN_BADGE          /* a person's badge: `staff` */
};

struct scan_result {
    enum scan_outcome outcome;
    int line;    /* id, 0 when nothing was added */
    bool merged; /* the quantity of a line grew */
    char sku[KEY_SIZE];
    char name[NAME_SIZE];
    char code[TILL_CODE_SIZE]; /* as understood; cleaned of what can't be shown */
    char unit[KEY_SIZE];
    char pack[KEY_SIZE]; /* pack of the code, for till_add */
    char reason[NAME_SIZE];
    char receipt[TILL_RECEIPT_SIZE];
    char staff[KEY_SIZE];
    struct quantity tare; /* to be taken off by whoever reads the scale */
    int min_age;
    struct quantity limit;
    struct price price; /* of a weighed item, so that the screen can show it */
};

/* What is to be added by hand, or once more with what was asked for. */
struct add_request {
    const char *sku;          /* NULL: an open-price line without item; then `name`, `tax_class` */
    const char *code;         /* as scanned, or NULL */
    const char *pack;         /* NULL or "": the base unit */
    struct quantity quantity; /* in packs; net weight; 0: the armed multiplier, or one */
    bool has_price;
    struct money price; /* of one unit (one kg, one pack); for open prices */
    bool age_confirmed; /* holds for the rest of the cart, for this age and below */
    const char *name;
    const char *tax_class; /* NULL: "standard" */
};

#endif
