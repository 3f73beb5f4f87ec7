/* The fold of everything, compared with the projections, or written over them. */
#include "sync/ledger/document.h"
#include "sync/ledger/projection.h"
#include "sync/ledger/schema.h"
#include "sync/protocol/compress.h"

#include <stdio.h>
#include <string.h>

struct fold {
    struct tally *tally;
    int64_t suspended;
    struct projection_report *report;
};

static void differ(struct projection_report *report, const char *what, const char *where,
                   const char *which, int64_t stored, int64_t folded)
{
    if (report->differences++ == 0)
        (void)snprintf(report->first, sizeof report->first, "%s %s %.100s: %lld, entries say %lld",
                       what, where, which, (long long)stored, (long long)folded);
}

static enum status fold_moves(struct store_session *session, struct fold *fold,
                              const struct effect *effect, struct error *error)
{
    for (size_t i = 0; i < effect->moves.count; i++) {
        const struct stock_move *move = &effect->moves.items[i];
        struct store_value values[] = {store_text(move->sku)};
        int64_t known;
        enum status status = store_one_int(session, "SELECT 1 FROM item WHERE sku = ?1", values, 1,
                                           0, &known, error);
        if (status == STATUS_OK && known == 0)
            fold->suspended++;
        else if (status == STATUS_OK)
            status =
                tally_move(fold->tally, move->sku, move->quantity.milli, &move->from, &move->to);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status fold_entry(struct store_session *session, struct fold *fold, const char *bytes,
                              size_t length, const char *location, struct error *error)
{
    struct entry entry;
    struct effect effect = {.total.entries = 1};
    enum status status;

    if (bytes != NULL && entry_parse(bytes, length, &entry, NULL) == STATUS_OK) {
        effect_read(&entry, &effect);
        entry_finish(&entry);
    }
    (void)snprintf(effect.total.location, sizeof effect.total.location, "%s", location);
    status = fold_moves(session, fold, &effect, error);
    if (status == STATUS_OK)
        status = tally_total_add(fold->tally, &effect.total);
    effect_finish(&effect);
    return status;
}

static enum status fold_entries(struct store_session *session, struct fold *fold,
                                struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session,
                                     "SELECT p.location, e.bytes FROM entry e "
                                     "JOIN epoch p ON p.number = e.id >> 32 ORDER BY e.id",
                                     NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        size_t length;
        const char *bytes = store_column_blob(session, query, 1, &length);
        fold->report->entries++;
        status =
            fold_entry(session, fold, bytes, length, store_column_text(session, query, 0), error);
    }
    return status;
}

static enum status fold_document(struct store_session *session, struct store_query *query,
                                 struct tally *tally, struct error *error)
{
    struct bucket from = {0}, to = {0};
    struct buf lines;
    size_t length;
    const void *packed = store_column_blob(session, query, 3, &length);
    enum status status;

    (void)snprintf(from.location, sizeof from.location, "%s", store_column_text(session, query, 0));
    (void)snprintf(from.status, sizeof from.status, "%s", store_column_text(session, query, 1));
    to = from;
    (void)snprintf(to.status, sizeof to.status, "%s", store_column_text(session, query, 2));
    buf_init(&lines, COMPRESS_IMPORT_CEILING);
    status = compress_unpack(packed, length, &lines, error);
    if (status == STATUS_OK)
        status = document_tally(tally, buf_text(&lines), lines.used, &from, &to, error);
    buf_finish(&lines);
    return status;
}

static enum status fold_documents(struct store_session *session, struct tally *tally,
                                  struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(session, "SELECT location, from_status, to_status, lines FROM document", NULL,
                    0, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row)
        status = fold_document(session, query, tally, error);
    return status;
}

static enum status compare_stock(struct store_session *session, struct fold *fold,
                                 struct error *error)
{
    struct store_query *query;
    int64_t stored = 0, folded = 0;
    bool row = false;
    enum status status = store_query(
        session, "SELECT location, status, sku, quantity_milli FROM stock", NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        const char *location = store_column_text(session, query, 0);
        const char *sku = store_column_text(session, query, 2);
        int64_t quantity = store_column_int(session, query, 3);
        int64_t expected =
            tally_delta(fold->tally, location, store_column_text(session, query, 1), sku);
        stored += quantity != 0;
        if (quantity != expected)
            differ(fold->report, "stock", location, sku, quantity, expected);
    }
    for (size_t i = 0; i < tally_cells(fold->tally); i++)
        folded += tally_cell(fold->tally, i).delta_milli != 0;
    fold->report->balances = stored;
    if (status == STATUS_OK && stored != folded)
        differ(fold->report, "balances", "", "count", stored, folded);
    return status;
}

static void compare_total(struct fold *fold, const struct tally_total *stored)
{
    struct tally_total folded = {0};

    for (size_t i = 0; i < tally_totals(fold->tally); i++) {
        const struct tally_total *total = tally_total(fold->tally, i);
        if (strcmp(total->location, stored->location) == 0 &&
            strcmp(total->currency, stored->currency) == 0)
            folded = *total;
    }
    if (stored->entries != folded.entries)
        differ(fold->report, "entries", stored->location, "", stored->entries, folded.entries);
    if (stored->sales != folded.sales)
        differ(fold->report, "sales", stored->location, "", stored->sales, folded.sales);
    if (stored->returns != folded.returns)
        differ(fold->report, "returns", stored->location, "", stored->returns, folded.returns);
    if (stored->gross_minor != folded.gross_minor)
        differ(fold->report, "gross", stored->location, stored->currency, stored->gross_minor,
               folded.gross_minor);
}

static enum status compare_totals(struct store_session *session, struct fold *fold,
                                  struct error *error)
{
    struct store_query *query;
    int64_t rows = 0;
    bool row = false;
    enum status status = store_query(
        session, "SELECT location, currency, entries, sales, returns, gross_minor FROM total", NULL,
        0, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        struct tally_total total = {.entries = store_column_int(session, query, 2),
                                    .sales = store_column_int(session, query, 3),
                                    .returns = store_column_int(session, query, 4),
                                    .gross_minor = store_column_int(session, query, 5)};
        (void)snprintf(total.location, sizeof total.location, "%s",
                       store_column_text(session, query, 0));
        (void)snprintf(total.currency, sizeof total.currency, "%s",
                       store_column_text(session, query, 1));
        compare_total(fold, &total);
        rows++;
    }
    if (status == STATUS_OK && rows != (int64_t)tally_totals(fold->tally))
        differ(fold->report, "totals", "", "count", rows, (int64_t)tally_totals(fold->tally));
    return status;
}

static enum status fold_all(struct store_session *session, struct fold *fold, struct error *error)
{
    enum status status = fold_entries(session, fold, error);

    return status == STATUS_OK ? fold_documents(session, fold->tally, error) : status;
}

enum status projection_check(struct store_session *session, struct projection_report *out,
                             struct error *error)
{
    struct fold fold = {.tally = tally_new(), .report = out};
    int64_t suspended = 0;
    enum status status;

    memset(out, 0, sizeof *out);
    status = store_begin_read(session, error);
    if (status == STATUS_OK) {
        status = fold_all(session, &fold, error);
        if (status == STATUS_OK)
            status = compare_stock(session, &fold, error);
        if (status == STATUS_OK)
            status = compare_totals(session, &fold, error);
        if (status == STATUS_OK)
            status = store_one_int(session, "SELECT count(*) FROM suspense", NULL, 0, 0, &suspended,
                                   error);
        if (status == STATUS_OK && suspended != fold.suspended)
            differ(out, "suspense", "", "count", suspended, fold.suspended);
        store_rollback(session);
    }
    tally_free(fold.tally);
    return status;
}

/* Suspended moves are told apart by their item being unknown, which the fold has just decided
 * anew: rows that wait for a known item are dropped, the fold has applied them. */
enum status projection_repair(const struct writer_turn *turn, struct error *error)
{
    struct projection_report report = {0};
    struct fold fold = {.tally = tally_new(), .report = &report};
    struct store_query *query;
    bool row = false;
    enum status status = fold_all(turn->session, &fold, error);

    if (status == STATUS_OK)
        status = store_query(turn->session, "SELECT DISTINCT location FROM stock", NULL, 0, &query,
                             error);
    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        char scope[MESSAGE_SCOPE_SIZE];
        (void)snprintf(scope, sizeof scope, "location:%s",
                       store_column_text(turn->session, query, 0));
        feed_add_bulk(turn->feed, scope);
    }
    if (status == STATUS_OK)
        status = store_run(turn->session, "DELETE FROM stock", NULL, 0, error);
    if (status == STATUS_OK)
        status = store_run(turn->session, "DELETE FROM total", NULL, 0, error);
    if (status == STATUS_OK)
        status =
            store_run(turn->session, "DELETE FROM suspense WHERE sku IN (SELECT sku FROM item)",
                      NULL, 0, error);
    if (status == STATUS_OK)
        status = projection_apply(turn, fold.tally, error);
    tally_free(fold.tally);
    return status;
}
