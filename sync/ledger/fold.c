/* Folding, page by page: an engine across a network would otherwise hold the whole answer. */
#include "sync/ledger/fold.h"

#include "sync/ledger/branch.h"
#include "sync/ledger/document.h"
#include "sync/ledger/store/schema.h"
#include "sync/protocol/compress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fold_init(struct fold *fold, struct store_session *session, struct projection_report *report)
{
    *fold = (struct fold){.session = session,
                          .tally = tally_new(),
                          .suspended = text_set_new(),
                          .items = text_set_new(),
                          .view = json_view_new(),
                          .report = report};
}

void fold_finish(struct fold *fold)
{
    tally_free(fold->tally);
    text_set_free(fold->suspended);
    text_set_free(fold->items);
    json_view_free(fold->view);
    free(fold->waiting);
}

void fold_differ(struct fold *fold, const char *what, const char *which, int64_t stored,
                 int64_t folded)
{
    if (fold->report->differences++ == 0)
        (void)snprintf(fold->report->first, sizeof fold->report->first,
                       "%s %.150s: %" PRId64 ", entries say %" PRId64, what, which, stored, folded);
}

void fold_suspended_text(int64_t entry, int64_t ordinal, const char *sku, int64_t quantity_milli,
                         const struct bucket *from, const struct bucket *to,
                         char out[FOLD_SUSPENDED_SIZE])
{
    (void)snprintf(out, FOLD_SUSPENDED_SIZE, "%" PRId64 "/%" PRId64 "/%s/%" PRId64 "/%s/%s/%s/%s",
                   entry, ordinal, sku, quantity_milli, from->location, from->status, to->location,
                   to->status);
}

static enum status item_known(struct fold *fold, const char *sku, bool *out, struct error *error)
{
    struct store_value values[] = {store_text(sku)};
    int64_t known = 0;
    enum status status;

    *out = text_set_has(fold->items, sku, strlen(sku));
    if (*out)
        return STATUS_OK;
    status = store_one_int(fold->session, "SELECT 1 FROM item WHERE sku = ?1", values, 1, 0, &known,
                           error);
    *out = known != 0;
    if (*out)
        (void)text_set_add(fold->items, sku, strlen(sku));
    return status;
}

static void keep_waiting(struct fold *fold, int64_t entry, int64_t ordinal,
                         const struct stock_move *move)
{
    size_t count = (size_t)fold->suspended_count++;

    if ((count & (count + 1)) == 0) /* room for 1, 3, 7, ... */
        fold->waiting = mem_resize(fold->waiting, (2 * count + 1) * sizeof *fold->waiting);
    fold->waiting[count] =
        (struct fold_suspended){.entry = entry, .ordinal = ordinal, .move = *move};
}

static enum status fold_effect(struct fold *fold, const struct effect *effect, int64_t entry,
                               const char *location, struct error *error)
{
    enum status status = effect_tally(effect, location, fold->tally);

    for (size_t i = 0; i < effect->moves.count && status == STATUS_OK; i++) {
        const struct stock_move *move = &effect->moves.items[i];
        char text[FOLD_SUSPENDED_SIZE];
        bool known;
        status = item_known(fold, move->sku, &known, error);
        if (status == STATUS_OK && known) {
            status =
                tally_move(fold->tally, move->sku, move->quantity.milli, &move->from, &move->to);
        } else if (status == STATUS_OK) {
            fold_suspended_text(entry, (int64_t)i, move->sku, move->quantity.milli, &move->from,
                                &move->to, text);
            (void)text_set_add(fold->suspended, text, strlen(text));
            keep_waiting(fold, entry, (int64_t)i, move);
        }
    }
    return status;
}

static enum status fold_entry(struct fold *fold, int64_t id, const char *location,
                              const char *bytes, size_t length, struct error *error)
{
    struct entry_view entry;
    struct effect effect;
    enum status status;

    fold->report->entries++;
    if (bytes != NULL && entry_look(fold->view, bytes, length, &entry, NULL) == STATUS_OK)
        effect_read(&entry, &effect);
    else
        effect_unreadable(&effect);
    status = fold_effect(fold, &effect, id, location, error);
    effect_finish(&effect);
    return status;
}

/* Entries after *id; *id is 0 when there were none. */
static enum status fold_page(struct fold *fold, int64_t *id, struct error *error)
{
    struct store_value values[] = {store_int(*id)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(fold->session,
                                     "SELECT e.id, p.location, e.bytes FROM entry e "
                                     "JOIN epoch p ON p.number = (e.id >> 32) "
                                     "WHERE e.id > ?1 ORDER BY e.id LIMIT 1000",
                                     values, 1, &query, error);

    *id = 0;
    while (status == STATUS_OK &&
           (status = store_next(fold->session, query, &row, error)) == STATUS_OK && row) {
        size_t length;
        const char *bytes = store_column_blob(fold->session, query, 2, &length);
        *id = store_column_int(fold->session, query, 0);
        status =
            fold_entry(fold, *id, store_column_text(fold->session, query, 1), bytes, length, error);
        if (status != STATUS_OK)
            store_done(fold->session, query);
    }
    return status;
}

static enum status fold_branch_entry(void *context, const struct epoch_row *epoch, int64_t number,
                                     int64_t seq, const struct effect *effect, struct error *error)
{
    struct fold *fold = context;

    fold->report->entries++;
    return fold_effect(fold, effect, -schema_entry_id(number, seq), epoch->location, error);
}

static enum status fold_document(struct fold *fold, struct store_query *query, struct error *error)
{
    struct bucket from = {0}, to = {0};
    struct buf lines;
    size_t length;
    const void *packed = store_column_blob(fold->session, query, 4, &length);
    enum status status;

    (void)snprintf(from.location, sizeof from.location, "%s",
                   store_column_text(fold->session, query, 1));
    (void)snprintf(from.status, sizeof from.status, "%s",
                   store_column_text(fold->session, query, 2));
    to = from;
    (void)snprintf(to.status, sizeof to.status, "%s", store_column_text(fold->session, query, 3));
    buf_init(&lines, COMPRESS_IMPORT_CEILING);
    status = compress_unpack(packed, length, &lines, error);
    if (status == STATUS_OK)
        status = document_tally(fold->tally, buf_text(&lines), lines.used, &from, &to, error);
    buf_finish(&lines);
    return status;
}

/* Documents after *id; *id is 0 when there were none. */
static enum status fold_documents(struct fold *fold, int64_t *id, struct error *error)
{
    struct store_value values[] = {store_int(*id)};
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(fold->session,
                    "SELECT id, location, from_status, to_status, lines FROM document "
                    "WHERE id > ?1 ORDER BY id LIMIT 100",
                    values, 1, &query, error);

    *id = 0;
    while (status == STATUS_OK &&
           (status = store_next(fold->session, query, &row, error)) == STATUS_OK && row) {
        *id = store_column_int(fold->session, query, 0);
        status = fold_document(fold, query, error);
        if (status != STATUS_OK)
            store_done(fold->session, query);
    }
    return status;
}

enum status fold_all(struct fold *fold, struct error *error)
{
    struct branch_visit visit = {.entry = fold_branch_entry, .context = fold};
    int64_t id = 0;
    enum status status;

    do
        status = fold_page(fold, &id, error);
    while (status == STATUS_OK && id != 0);
    if (status == STATUS_OK)
        status = branch_each_applied(fold->session, &visit, error);
    id = 0;
    while (status == STATUS_OK) {
        status = fold_documents(fold, &id, error);
        if (id == 0)
            break;
    }
    return status;
}
