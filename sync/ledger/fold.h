/* The fold of everything: every entry, applied branch and document anew. Internal to rebuild.c and
 * fold*.c. A fold costs the whole ledger; nothing but a rebuild makes one.
 */
#ifndef HOLDFAST_LEDGER_FOLD_H
#define HOLDFAST_LEDGER_FOLD_H

#include "sync/ledger/projection.h"
#include "sync/ledger/text_set.h"

struct fold_suspended {
    int64_t entry, ordinal;
    struct stock_move move;
};

struct fold {
    struct store_session *session;
    struct tally *tally;            /* all figures */
    struct text_set *suspended;     /* a text per suspended move */
    struct text_set *items;         /* that are known to be known */
    struct json_view *view;         /* of the entry that is folded */
    struct fold_suspended *waiting; /* the same, to be written again */
    int64_t suspended_count;
    struct projection_report *report;
};

void fold_init(struct fold *fold, struct store_session *session, struct projection_report *report);
void fold_finish(struct fold *fold);

/* In the caller's transaction. */
enum status fold_all(struct fold *fold, struct error *error) MUST_USE;

/* Compares what is no figure: suspense, watermarks, marks of branches, closed leases, orders. */
enum status fold_compare_facts(struct fold *fold, struct error *error) MUST_USE;

/* What the marks should be, from what is kept: (location, device, epoch, seq), and (location,
 * device, epoch, root, start, seq). Ids are blobs here and hex there. */
#define FOLD_WATERMARKS "SELECT location, device, epoch, seq FROM epoch WHERE seq > 0"
#define FOLD_BRANCH_MARKS                                                                          \
    "SELECT p.location, p.device, p.epoch, b.root, b.start, coalesce(a.seq, b.start - 1) "         \
    "FROM branch b JOIN epoch p ON p.number = b.epoch "                                            \
    "LEFT JOIN branch_applied a ON a.epoch = b.epoch AND a.start = b.start AND a.hash = b.hash "   \
    "WHERE b.root <> '' AND b.seq = b.start"

/* Notes a difference. */
void fold_differ(struct fold *fold, const char *what, const char *which, int64_t stored,
                 int64_t folded);

#define FOLD_SUSPENDED_SIZE 512
/* The text of a suspended move. */
void fold_suspended_text(int64_t entry, int64_t ordinal, const char *sku, int64_t quantity_milli,
                         const struct bucket *from, const struct bucket *to,
                         char out[FOLD_SUSPENDED_SIZE]);

#endif
