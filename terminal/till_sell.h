/* The till, part two: from a code to a receipt number. See till.h for the rules of all calls.
 *
 * There is one open cart. Every change of it, and every tender, is on the disk when the call
 * returns: after a power cut it is back, line by line. Any call here without a person signed in, or
 * while locked, is STATUS_DENIED (scanning into the cart stays possible while locked); without a
 * replica STATUS_BUSY.
 */
#ifndef HOLDFAST_TILL_SELL_H
#define HOLDFAST_TILL_SELL_H

#include "terminal/catalogue/code.h"
#include "terminal/catalogue/item.h"
#include "terminal/selling/view.h"
#include "terminal/till.h"

/* ---- looking things up (no one needs to be signed in) -------------------------------------- */

struct stock_view {
    bool stocked;            /* false: a service or fee, no figure */
    struct quantity on_hand; /* replica + own moves after its watermark */
    struct quantity unsent;  /* the own part of it, net */
    int64_t as_of_ms;        /* when the ledger confirmed the rest; 0 unknown */
};

struct tile_view {
    char sku[KEY_SIZE];
    char name[NAME_SIZE];
    char unit[KEY_SIZE];
    char colour[KEY_SIZE]; /* of its category, "#2E7D57" or "" */
    enum price_mode price_mode;
    bool has_price; /* false: open price, or no list has one */
    struct price price;
    int variants; /* > 0: choose one of them */
    bool blocked; /* or recalled */
    struct stock_view stock;
};

struct category_view {
    char id[KEY_SIZE];
    char name[NAME_SIZE];
    char colour[KEY_SIZE];
};

/* Each fills at most `max` rows and sets *count. Orders are defined: favourites and categories by
 * position, the rest by popularity, then name, then SKU. `offset` skips rows. */
enum status till_categories(struct till *till, struct category_view *out, int max, int *count,
                            struct error *error) MUST_USE;
enum status till_favourites(struct till *till, struct tile_view *out, int max, int *count,
                            struct error *error) MUST_USE;
enum status till_grid(struct till *till, const char *category, int offset, struct tile_view *out,
                      int max, int *count, struct error *error) MUST_USE;
enum status till_search(struct till *till, const char *typed, struct tile_view *out, int max,
                        int *count, struct error *error) MUST_USE;
enum status till_variants(struct till *till, const char *sku, struct tile_view *out, int max,
                          int *count, struct error *error) MUST_USE;
/* One item. STATUS_NOT_FOUND. */
enum status till_item(struct till *till, const char *sku, struct tile_view *out,
                      struct error *error) MUST_USE;

struct pack_view {
    char pack[KEY_SIZE];
    char label[NAME_SIZE]; /* "case of 24" */
};
/* The packs an item is sold in beside the single unit, the smallest first. None for an item that
 * is not there. */
enum status till_packs(struct till *till, const char *sku, struct pack_view *out, int max,
                       int *count, struct error *error) MUST_USE;

/* ---- into the cart -------------------------------------------------------------------------- */

/* A scanned or typed code (bytes from a stranger, see code.h; what is refused there comes back as
 * SCAN_UNKNOWN without a line). `hint` is what the reader knows, else SYMBOLOGY_UNKNOWN.
 * Uses up the armed multiplier. An item already in the cart at the same price
 * grows its line, which is selected; linked charges follow. Tenders taken stay. */
enum status till_scan(struct till *till, const char *code, enum symbology hint,
                      struct scan_result *out, struct error *error) MUST_USE;

/* As till_scan, with what was asked for. For an item that is blocked the outcome is SCAN_BLOCKED
 * however it is asked. An open price on an item with a fixed price needs "price_override". */
enum status till_add(struct till *till, const struct add_request *request, struct scan_result *out,
                     struct error *error) MUST_USE;

/* The cart as it stands, with totals. Never NULL. Borrowed, see view.h. */
const struct cart_view *till_cart(struct till *till);

/* STATUS_NOT_FOUND for a line that is not there. Lines of linked charges follow their line and
 * can't be changed themselves (STATUS_INVALID). */
enum status till_cart_select(struct till *till, int line, struct error *error) MUST_USE;
/* 0 disarms. STATUS_RANGE above ARM_MAX. */
enum status till_cart_arm(struct till *till, int multiplier, struct error *error) MUST_USE;
/* A positive amount in entered units (packs; kg of a weighed line); its sign follows the line.
 * STATUS_RANGE above QUANTITY_MAX; STATUS_INVALID for a fraction of what is sold by the piece;
 * STATUS_CONFLICT above the item's maximum per sale. */
enum status till_cart_quantity(struct till *till, int line, struct quantity quantity,
                               struct error *error) MUST_USE;
/* Sells the line in another pack ("" for the single unit): the same number of them, at the list's
 * price for the pack; an overridden price goes, a discount stays. STATUS_NOT_FOUND: no such line or
 * pack; STATUS_INVALID: weighed, a charge, an unknown code, or priced by its label; otherwise as
 * till_cart_quantity. */
enum status till_cart_pack(struct till *till, int line, const char *pack,
                           struct error *error) MUST_USE;
/* Price of one entered unit. Permission "price_override"; reason is kept in the entry. */
enum status till_cart_price(struct till *till, int line, struct money price, const char *reason,
                            struct error *error) MUST_USE;
/* The line leaves the cart, with its linked charges, and stays in the entry as removed.
 * Permission "void" (every role that sells should have it). */
enum status till_cart_remove(struct till *till, int line, struct error *error) MUST_USE;
/* Takes back the last change of the cart (not of the tenders). STATUS_NOT_FOUND: nothing to undo.
 * The journal keeps what was removed by undo as removed. */
enum status till_cart_undo(struct till *till, struct error *error) MUST_USE;

/* Settling an unknown code, in place: this sale only. */
enum status till_cart_settle_item(struct till *till, int line, const char *sku,
                                  struct scan_result *out, struct error *error) MUST_USE;
enum status till_cart_settle_price(struct till *till, int line, struct money price,
                                   const char *name, const char *tax_class,
                                   struct error *error) MUST_USE;
enum status till_cart_settle_out(struct till *till, int line, struct error *error) MUST_USE;

/* Return mode: what is scanned or added next goes in as a return, until switched off (reason "")
 * or the cart ends. Permission "return". condition: "restock" or "damaged". */
enum status till_cart_returning(struct till *till, const char *reason, const char *condition,
                                struct error *error) MUST_USE;

/* A line of a sale, by its receipt. */
struct sold_line {
    struct refund_origin origin;
    char sku[KEY_SIZE];
    char name[NAME_SIZE];
    struct quantity sold; /* base units */
    struct quantity back; /* of these, taken back by this till so far */
    struct money amount;  /* that was paid for it, in the price's sense */
};
/* What a sale of this till sold, without linked charges, in its order. STATUS_NOT_FOUND: no such
 * receipt on this journal, or its entry can't be read any more. */
enum status till_sold_lines(struct till *till, const char *receipt, struct sold_line *out, int max,
                            int *count, struct error *error) MUST_USE;
/* The return line takes back that line of a sale (entry "original"). Is the sale on this journal,
 * the price paid and its tax go back; else today's price, and `sold` says how much the receipt
 * shows (base units). From then on, and in every later change of the cart, STATUS_CONFLICT: more
 * would be taken back than was sold, by all returns of this till. STATUS_NOT_FOUND: no such line;
 * STATUS_INVALID: no return, a linked charge, another item; or the entry sold nothing so.
 * Permission "return". */
enum status till_cart_take_back(struct till *till, int line, const struct refund_origin *origin,
                                struct quantity sold, struct error *error) MUST_USE;

/* A percentage, or an amount in the price's sense (pricing/totals.h); an amount takes at most what
 * is there. Permission "discount", a reason is required; a zero discount takes it away. Linked
 * charges and returns take no share of a cart discount. A new one replaces the old. */
enum status till_cart_line_discount(struct till *till, int line, struct pricing_discount discount,
                                    const char *reason, struct error *error) MUST_USE;
enum status till_cart_discount(struct till *till, struct pricing_discount discount,
                               const char *reason, struct error *error) MUST_USE;

enum status till_cart_note(struct till *till, const char *note, struct error *error) MUST_USE;
/* A pseudonym, never a name. "" takes it away. */
enum status till_cart_customer(struct till *till, const char *pseudonym,
                               struct error *error) MUST_USE;

struct parked_view {
    int64_t id;
    char label[NAME_SIZE]; /* as given, or "" */
    char staff[KEY_SIZE];
    int64_t parked_ms;
    int lines;
    struct money total;
};
/* The open cart is put aside and an empty one is there. STATUS_CONFLICT while tenders stand on it;
 * STATUS_INVALID when it is empty. Parked carts stay until recalled or discarded. */
enum status till_cart_park(struct till *till, const char *label, struct error *error) MUST_USE;
enum status till_parked(struct till *till, struct parked_view *out, int max, int *count,
                        struct error *error) MUST_USE;
/* STATUS_CONFLICT when the open cart has lines: park it first. */
enum status till_cart_recall(struct till *till, int64_t id, struct error *error) MUST_USE;
/* The cart is given up: entry "cancelled" when it had lines. STATUS_CONFLICT while tenders stand
 * on it. Permission "void". */
enum status till_cart_discard(struct till *till, const char *reason, struct error *error) MUST_USE;

/* ---- tender --------------------------------------------------------------------------------- */

/* Asked before the first tender: is everything settled, is a shift open, is there room on the disk
 * for the sale (it is reserved now)? STATUS_INVALID: nothing in the cart, or codes to settle;
 * STATUS_CONFLICT: no shift is open, or more would be taken back than was sold; STATUS_RANGE: too
 * long for one entry; STATUS_FULL. The tender calls ask it themselves. */
enum status till_tender_check(struct till *till, struct error *error) MUST_USE;

/* The amounts on the cash keys: exact (rounded as cash is), then the next notes of the currency,
 * ascending, no doubles. *count = 0 when nothing is to be taken. */
enum status till_quick_cash(struct till *till, struct money *out, int max, int *count,
                            struct error *error) MUST_USE;

/* Cash handed over (positive), or paid out of the drawer (negative, exactly what is due).
 * STATUS_RANGE for zero, for more than 1,000 times what is due, and for paying out too much. */
enum status till_tender_cash(struct till *till, struct money amount, struct error *error) MUST_USE;
/* An external card terminal said yes: at most what is to pay (no change on cards); negative for a
 * refund to the card. reference: the slip's, at most 64 characters; runs of 12 digits and more are
 * refused (STATUS_INVALID): no card number is ever stored. */
enum status till_tender_card(struct till *till, struct money amount, const char *reference,
                             struct error *error) MUST_USE;
/* The tender no longer counts; it stays in the entry as reversed. */
enum status till_tender_reverse(struct till *till, int tender, struct error *error) MUST_USE;

struct sale_result {
    char receipt[TILL_RECEIPT_SIZE];
    char sku_last[KEY_SIZE];
    int64_t seq;
    int64_t print_job;
    struct money total; /* net + tax */
    struct money rounding;
    struct money paid;
    struct money change; /* to be given back, >= 0 */
    bool drawer;         /* cash moved */
    int64_t at_ms;
};

/* One transaction: journal entry, stock moves, receipt number, shift sums, perpetual totals, print
 * job; the open cart is empty afterwards. When it returns STATUS_OK the sale survives a power cut,
 * and only then may change be shown, the drawer be opened or anything be printed.
 * STATUS_CONFLICT: not covered yet. STATUS_FULL: nothing recorded, the cart and its tenders stand.
 * After STATUS_IO the file was reopened and verified: if the sale is there after all, the result is
 * STATUS_OK; else the cart stands. */
enum status till_sale_commit(struct till *till, struct sale_result *out,
                             struct error *error) MUST_USE;

/* The last sale of this till, also after a restart. STATUS_NOT_FOUND. */
enum status till_last_sale(struct till *till, struct sale_result *out,
                           struct error *error) MUST_USE;

#endif
