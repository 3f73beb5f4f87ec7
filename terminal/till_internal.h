/* What the files of the till share; nobody else includes it.
 *
 *   till.c          open, close, refresh, recover, idle
 *   till_database.c till.db itself
 *   till_status.c   the strip
 *   till_verify.c   figures, verify
 *   till_people.c   signing in, permissions, approvals
 *   till_look.c     tiles, search, categories
 *   till_scan.c     codes and items into the cart
 *   till_cart.c     changes of the cart
 *   till_park.c     carts put aside, taken up, given up
 *   till_tender.c   tenders, the disk reserve
 *   till_sale.c     the commit of a sale
 *   till_write.c    the transaction of every entry
 *   till_shift.c    shift and drawer
 *   till_adjust.c   stock corrections
 *   till_refund.c   returns that name the sale
 *   till_lease.c    promises of the ledger: asked for, spent, given back
 *   till_paper.c    print jobs, receipts
 *   till_replay.c   prepared sales
 */
#ifndef HOLDFAST_TILL_INTERNAL_H
#define HOLDFAST_TILL_INTERNAL_H

#include <sys/types.h>

#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/catalogue/catalogue.h"
#include "terminal/catalogue/search.h"
#include "terminal/journal/journal.h"
#include "terminal/selling/cart_add.h"
#include "terminal/selling/cart_store.h"
#include "terminal/selling/receipt.h"
#include "terminal/selling/receipt_number.h"
#include "terminal/selling/refund.h"
#include "terminal/selling/sale.h"
#include "terminal/selling/shift.h"
#include "terminal/till_day.h"

#define UNDO_MAX      16
#define TILL_DATABASE "till.db"
#define SYNC_DATABASE "sync.db"
#define SETTING_SIZE  256
#define FOLD_COMMITS  64               /* commits between two folds of the write-ahead log */
#define WAL_PAGES     4000             /* fold it even when there is never a moment for it */
#define LOG_BYTES     ((off_t)4 << 20) /* of the log, written over again and again */
#define PRINTED_JOBS  200              /* kept for "reprint the last" */
#define RESERVE_FILE  "till.reserve"
#define RESERVE_BYTES ((int64_t)8 << 20)

struct till {
    /* handed in */
    char *folder;
    char *program;
    char *masks_path;
    enum till_mode mode;
    struct clock clock;
    struct entropy entropy;
    const struct fiscal *fiscal;

    /* files */
    struct lock *lock;
    struct device_identity identity;
    struct db *db;
    struct db *sync_db;      /* NULL while the agent has never run */
    struct journal *journal; /* NULL in a reader */
    struct replica *replica; /* NULL: none yet */
    struct catalogue *catalogue;
    struct search *search;
    struct code_masks *masks;
    int64_t replica_version; /* data_version as last seen: rows changed when it differs */
    int64_t sync_version;
    int commits; /* since the log was folded back */
    bool disk_low;

    /* the location's writing */
    struct locale_format *format;
    struct currency currency;
    char locale[KEY_SIZE];

    /* the person */
    bool signed_in;
    bool locked;
    struct staff staff;
    char role_name[NAME_SIZE];
    enum permission denied;
    enum permission granted; /* by granted_by, for one call */
    char granted_by[STAFF_ID_SIZE];

    /* the open cart and what follows from it */
    struct cart cart;
    int64_t sold_cart;          /* its rows go with the next change; 0 none */
    struct prepared *ready;     /* the covered cart's sale, worked out already; NULL */
    struct cart undo[UNDO_MAX]; /* the first undo_count are pasts, the others empty */
    int undo_count;
    struct cart spare; /* empty: memory for the next copy */
    struct figures figures;
    struct line_view *lines; /* PRICING_LINES */
    struct cart_view view;
    struct shift shift;

    /* the strip */
    int64_t unsent_sales;
    struct chain_point unsent_acked; /* what unsent_sales was counted against */
    int64_t unsent_head;
    int64_t unsent_oldest; /* key of the first entry not sent, and when it was written */
    int64_t unsent_oldest_ms;

    char setting[SETTING_SIZE];
    char sync_words[SETTING_SIZE]; /* till_status's */
};

/* ---- till_database.c ---- */
/* Opens till.db (a writer makes and migrates it); closing closes the journal on it too. */
enum status till_open_database(struct till *till, struct error *error) MUST_USE;
void till_close_database(struct till *till);
/* Folds the write-ahead log back when enough was written: a few milliseconds, at a moment when
 * nobody pays. */
void till_fold_log(struct till *till);

/* ---- till.c ---- */
/* A commit failed and the disk can't be trusted: closes the database, opens it again, verifies the
 * journal's head, loads the cart. Returns the status of that. */
enum status till_recover(struct till *till, struct error *error) MUST_USE;
/* For a status that a write returned: recovers when the disk failed; returns the same status. */
enum status till_after(struct till *till, enum status status, struct error *error) MUST_USE;
/* STATUS_UNSUPPORTED in a reader. Tries to open a till.db again that did not after a fault. */
enum status till_want_writer(struct till *till, struct error *error) MUST_USE;
/* STATUS_BUSY without a replica, STATUS_IO while till.db does not open. */
enum status till_want_replica(const struct till *till, struct error *error) MUST_USE;
/* Loads the open cart and the shift from the database. */
enum status till_load(struct till *till, struct error *error) MUST_USE;
int64_t till_wall(const struct till *till);
const char *till_staff_id(const struct till *till); /* "" when nobody is signed in */

/* ---- till_people.c ---- */
/* STATUS_DENIED unless the person signed in, or a grant, holds it. approved_by ("" for nobody) may
 * be NULL; a grant is used up by it. */
enum status till_want(struct till *till, enum permission permission,
                      char approved_by[STAFF_ID_SIZE], struct error *error) MUST_USE;

/* ---- till_cart.c ---- */
/* A change of the cart: begin makes the copy to go back to; end makes the figures, writes the rows
 * and keeps the copy for undo (when `undoable`), or goes back to it when `status` or the writing
 * failed. */
void till_change_begin(struct till *till, struct cart *before);
enum status till_change_end(struct till *till, struct cart *before, enum status status,
                            bool undoable, struct error *error) MUST_USE;
/* Goes back without writing anything: the outcome was not an added line. */
void till_change_drop(struct till *till, struct cart *before);
void till_forget_undo(struct till *till);
/* Figures and view from the cart as it is. */
enum status till_refigure(struct till *till, struct error *error) MUST_USE;
struct add_moment till_moment(struct till *till);

/* ---- till_tender.c ---- */
/* Makes sure that the reserve is on the disk; STATUS_FULL. */
enum status till_reserve(struct till *till, struct error *error) MUST_USE;
/* Gives the reserve back to the file system, for the commit that needs it now. */
void till_release_reserve(struct till *till);

/* STATUS_DENIED unless a person is signed in and the till is not locked; in a reader
 * STATUS_UNSUPPORTED, without a replica STATUS_BUSY. */
enum status till_want_open(struct till *till, struct error *error) MUST_USE;
/* The open cart becomes an empty one, in memory. */
void till_empty_cart(struct till *till);

/* ---- till_lease.c ---- */
/* Whether the leases still hold what this cart uses up of them. STATUS_CONFLICT: one holds less;
 * STATUS_BUSY: the ledger has to be heard first. */
enum status till_leases_hold(struct till *till, const struct lease_use *uses, size_t count,
                             struct error *error) MUST_USE;

/* ---- till_write.c ---- */
struct receipt_shop till_shop(struct till *till, const char *staff_name);

/* One entry and everything that is written with it, in one transaction. Zero what does not apply.
 */
struct record {
    const char *kind;
    const char *staff;
    const json_t *body;             /* the members after the head */
    const struct perpetual *totals; /* after it; NULL unchanged */
    const struct stock_move *moves; /* as put into the body */
    size_t move_count;
    const struct lease_use *leases; /* as put into the body */
    size_t lease_count;
    const char *reference;         /* NULL or "": none */
    const struct cart *taken_back; /* its lines may name what they take back; NULL none */
    int64_t delete_cart;           /* a cart that ends with it, 0 none */
    struct shift *shift;           /* its sums are stored; NULL none */
    bool open_shift;               /* `shift` is a new row; its `entry` is filled in */
    bool close_shift;
    struct receipt_row *receipt; /* its entry, at_ms and print_job are filled in */
    bool print_receipt;          /* a print job of it, with `note` */
    const char *note;
    struct document *document; /* a print job of its own */
    /* filled in */
    int64_t at_ms;
    int64_t seq;
};
/* Durable when it returns STATUS_OK. STATUS_FULL: the reserve was given up and it did not help;
 * nothing is recorded. STATUS_IO, STATUS_CORRUPT: the file was reopened and verified, and the entry
 * is not there. STATUS_EXISTS: the reference is known. */
enum status till_write(struct till *till, struct record *record, struct error *error) MUST_USE;

/* ---- till_sale.c ---- */
/* The sale of any settled cart; see struct record for what of it is stored. `shift` NULL: shift 0.
 * Fills *row. */
struct selling {
    const struct cart *cart;
    const struct figures *figures;
    const char *staff;
    const char *reference;
    struct shift *shift;
    bool print;
};
/* Works out the open cart's sale when it is covered, so that the commit has little left to do; a
 * later change, or any entry, makes it void. Never fails: the commit works it out itself then. */
void till_ready_make(struct till *till);
/* sale_fits for the open cart. */
enum status till_sale_fits(struct till *till, struct error *error) MUST_USE;
void till_ready_drop(struct till *till);
enum status till_sell(struct till *till, const struct selling *selling, struct receipt_row *row,
                      int64_t *seq, struct error *error) MUST_USE;

/* ---- till_cart.c ---- */
/* Entry "cancelled" for the open cart, if it ever had a line, and an empty one. */
enum status till_cancel_cart(struct till *till, const char *reason, struct error *error) MUST_USE;
/* The name of the cart for the fiscal device. */
void till_cart_name(const struct till *till, char out[64]);

#endif
