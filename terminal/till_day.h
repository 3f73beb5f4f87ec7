/* The till, part three: people, the shift and its reports, the drawer, stock corrections, paper.
 * See till.h for the rules of all calls.
 */
#ifndef HOLDFAST_TILL_DAY_H
#define HOLDFAST_TILL_DAY_H

#include "terminal/people/people.h"
#include "terminal/selling/document.h"
#include "terminal/selling/print_job.h"
#include "terminal/till_sell.h"

/* ---- people --------------------------------------------------------------------------------- */

struct staff_view {
    char id[KEY_SIZE];
    char name[NAME_SIZE];
    char role[NAME_SIZE];               /* the role's name */
    char language[STAFF_LANGUAGE_SIZE]; /* "" for the location's */
    uint32_t permissions;               /* a set of enum permission */
    int64_t locked_until_ms;            /* wall time; 0: may try */
};
/* Active people, by name. */
enum status till_staff(struct till *till, struct staff_view *out, int max, int *count,
                       struct error *error) MUST_USE;

/* Whose badge is this code? Also while nobody is signed in. STATUS_NOT_FOUND: no badge. */
enum status till_badge(struct till *till, const char *code, char staff[KEY_SIZE],
                       struct error *error) MUST_USE;

/* A PIN check takes a tenth of a second and 64 MiB: run it on a worker.
 *   till_pin_begin (till's thread) -> pin_check_run (any thread) -> till_pin_* (till's thread)
 * The PIN is wiped by pin_check_run, the hash by the last call. */
struct pin_check {
    struct pin_attempt attempt;
    char pin[16];
    bool done;
    bool matches;
};
/* STATUS_NOT_FOUND: no such person. STATUS_BUSY: locked out after wrong PINs (people.h; kept over
 * restarts, lifted by time or by "unlock"). STATUS_INVALID: not 4..12 digits. STATUS_DENIED: the
 * person has no PIN. The try is counted, durably, before anything is checked. */
enum status till_pin_begin(struct till *till, const char *staff, const char *pin,
                           struct pin_check *out, struct error *error) MUST_USE;
void pin_check_run(struct pin_check *check);
/* With a finished check: signs in (and unlocks). STATUS_DENIED: wrong PIN, counted; then
 * till_denied() is 0. Whoever was signed in before is signed out; the cart stays. */
enum status till_sign_in(struct till *till, struct pin_check *check, struct error *error) MUST_USE;
void till_sign_out(struct till *till);
/* The person stays, the screen is locked: the cart is kept and scans still go into it. */
void till_lock(struct till *till);

/* Whether the person signed in holds the permission. */
bool till_may(const struct till *till, enum permission permission);
/* With a finished check of another person: grants `permission` for the next call that wants it,
 * once. The entry names both. STATUS_DENIED: wrong PIN, the same person, or that person lacks the
 * permission or "approve". till_approval_drop forgets an unused grant. */
enum status till_approve(struct till *till, struct pin_check *check, enum permission permission,
                         struct error *error) MUST_USE;
void till_approval_drop(struct till *till);
/* Lifts another person's lock-out. Permission "unlock". */
enum status till_staff_unlock(struct till *till, const char *staff, struct error *error) MUST_USE;

/* ---- the shift ------------------------------------------------------------------------------ */

struct shift_view {
    int64_t shift;
    int64_t opened_ms;
    char opened_by[KEY_SIZE];
    struct money opening_float;
    int64_t sales, returns, cancelled, no_sales; /* counts */
    struct money sales_gross, returns_gross;     /* both >= 0 */
    struct money discounts, rounding;
    struct money cash_taken; /* cash tenders minus change; negative tenders included */
    struct money card_taken;
    struct money paid_in, paid_out;
    struct money expected;              /* in the drawer: float + cash_taken + paid_in - paid_out */
    struct rate_view rates[CART_RATES]; /* their codes are in this struct: do not copy it */
    int rate_count;
    char rate_codes[CART_RATES][KEY_SIZE];
};

/* STATUS_CONFLICT: one is open. Permission "shift_open". */
enum status till_shift_open(struct till *till, struct money opening_float,
                            struct error *error) MUST_USE;
/* The open shift's figures, from the shift sums. STATUS_NOT_FOUND: none is open. */
enum status till_shift(struct till *till, struct shift_view *out, struct error *error) MUST_USE;
/* The same, printed (no effect on the journal). Permission "x_report". */
enum status till_shift_x(struct till *till, struct shift_view *out, struct error *error) MUST_USE;
/* Closes with the drawer's count: the sums are computed once more from the entries and must be the
 * same (a difference stops the program: nothing may be closed on wrong figures). The Z is in the
 * entry and printed. STATUS_CONFLICT: the open cart has lines or tenders. Permission
 * "shift_close". Parked carts do not hinder. */
enum status till_shift_close(struct till *till, struct money counted, struct shift_view *out,
                             struct money *difference, struct error *error) MUST_USE;

/* Amount > 0, reason required, permission "paid_in_out"; opens the drawer by a print job. */
enum status till_paid_in(struct till *till, struct money amount, const char *reason,
                         struct error *error) MUST_USE;
enum status till_paid_out(struct till *till, struct money amount, const char *reason,
                          struct error *error) MUST_USE;
/* Opens the drawer (by a print job). Permission "no_sale", reason required. */
enum status till_no_sale(struct till *till, const char *reason, struct error *error) MUST_USE;

/* ---- stock ---------------------------------------------------------------------------------- */

struct adjust_line {
    const char *sku;
    struct quantity quantity; /* base units; negative: lost, positive: found */
};
/* Entry "adjust". Permission "adjust", reason required; reference as in till_replay.h, or "". */
enum status till_adjust(struct till *till, const struct adjust_line *lines, int count,
                        const char *reason, const char *reference, struct error *error) MUST_USE;

/* ---- paper ---------------------------------------------------------------------------------- */

/* The oldest queued job, marked as printing (durable). STATUS_NOT_FOUND: none. *document is owned
 * by the caller. A job that was printing when the till stopped is queued again, uncertain. */
enum status till_print_next(struct till *till, struct print_job_view *out,
                            struct document **document, struct error *error) MUST_USE;
/* The printer proved it (printed), or not: failed jobs wait for till_print_retry. A late report
 * for a job that is not printing is ignored. `message` goes to last_error. */
enum status till_print_done(struct till *till, int64_t job, bool printed, const char *message,
                            struct error *error) MUST_USE;
/* Queues a failed job again; 0: all of them. */
enum status till_print_retry(struct till *till, int64_t job, struct error *error) MUST_USE;
/* Newest first: what waits or failed, then what was printed. */
enum status till_print_jobs(struct till *till, struct print_job_view *out, int max, int *count,
                            struct error *error) MUST_USE;
enum status till_print_test(struct till *till, struct error *error) MUST_USE;

struct receipt_view {
    char receipt[TILL_RECEIPT_SIZE];
    int64_t seq;
    int64_t at_ms;
    struct money total;
    bool is_return;
    char staff[KEY_SIZE];
};
/* Receipts of this till, newest first; `number_part` "" or a part of the number. */
enum status till_receipts(struct till *till, const char *number_part, int offset,
                          struct receipt_view *out, int max, int *count,
                          struct error *error) MUST_USE;
/* The receipt as it was printed, rebuilt from its entry when its job is gone; owned by the
 * caller. STATUS_NOT_FOUND. For the preview and for "show as QR" (its QR block). */
enum status till_receipt(struct till *till, const char *number, struct document **out,
                         struct error *error) MUST_USE;
/* Queues a print job of it, marked COPY. *job may be NULL. */
enum status till_reprint(struct till *till, const char *number, int64_t *job,
                         struct error *error) MUST_USE;

#endif
