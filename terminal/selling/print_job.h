/* What waits for paper. Table `print_job`; the sale writes its job in its own transaction.
 *
 * A job of a sale names its entry and has no document yet: it is made from the signed entry when
 * the job is taken up, so that a sale writes its lines once. Whoever takes jobs hands in how.
 *
 *   queued ──next──► printing ──done──► printed      (kept a while for "reprint the last")
 *     ▲                 │ └─────────► failed ──retry──► queued
 *     └──── restart ────┘   uncertain: it may have come out
 */
#ifndef HOLDFAST_SELLING_PRINT_JOB_H
#define HOLDFAST_SELLING_PRINT_JOB_H

#include "terminal/base/db.h"
#include "terminal/selling/document.h"
#include "terminal/selling/view.h"

enum print_state { PRINT_QUEUED, PRINT_PRINTING, PRINT_PRINTED, PRINT_FAILED };

struct print_job_view {
    int64_t id;
    enum print_state state;
    int attempts;   /* begun so far, this one included */
    bool uncertain; /* begun before and never reported: what comes out may be the second one, so
                       its document is already marked COPY and has no drawer block */
    int64_t created_ms;
    char number[TILL_RECEIPT_SIZE];
    char last_error[NAME_SIZE];
};

/* Inserts a queued job, in the caller's transaction. `copy_of`: the receipt it repeats, or "". */
enum status print_job_add(struct db *db, int64_t now_ms, const struct document *document,
                          const char *copy_of, int64_t *id, struct error *error) MUST_USE;

/* Inserts a queued job for the receipt `number` of a sale, whose document follows from `entry`
 * (epoch number << 40 | seq) and the cart's note. */
enum status print_job_add_sale(struct db *db, int64_t now_ms, const char *number, int64_t entry,
                               const char *note, int64_t *id, struct error *error) MUST_USE;

/* Makes the document of a sale's entry. *out is owned by the caller. */
struct print_job_maker {
    enum status (*make)(void *context, int64_t entry, const char *note, struct document **out,
                        struct error *error);
    void *context;
};

/* The contracts of till_print_*; see till_day.h. Each is one transaction of the caller's. */
enum status print_job_next(struct db *db, const struct print_job_maker *maker,
                           struct print_job_view *out, struct document **document,
                           struct error *error) MUST_USE;
enum status print_job_done(struct db *db, int64_t id, bool printed, const char *message,
                           struct error *error) MUST_USE;
enum status print_job_retry(struct db *db, int64_t id, struct error *error) MUST_USE;
enum status print_job_list(struct db *db, struct print_job_view *out, int max, int *count,
                           struct error *error) MUST_USE;

/* Jobs that were printing when the till stopped: queued again, uncertain. */
enum status print_job_recover(struct db *db, struct error *error) MUST_USE;
/* How many wait (queued or printing), and how many failed. */
enum status print_job_counts(struct db *db, int64_t *waiting, int64_t *failed,
                             struct error *error) MUST_USE;
/* The document of a job. STATUS_NOT_FOUND when the job is gone. */
enum status print_job_document(struct db *db, const struct print_job_maker *maker, int64_t id,
                               struct document **out, struct error *error) MUST_USE;
/* Deletes printed jobs but the last `keep`. */
enum status print_job_prune(struct db *db, int keep, struct error *error) MUST_USE;

#endif
