/* Reading the journal from any connection: short transactions, borrowed bytes.
 */
#include "terminal/journal/entry.h"
#include "terminal/journal/journal.h"
#include "terminal/journal/journal_rows.h"

#include <stdlib.h>
#include <string.h>

/* A read transaction unless the caller has one; *mine tells who ends it. */
static enum status begin_reading(struct db *db, bool *mine, struct error *error)
{
    *mine = !db_in_transaction(db);
    return *mine ? db_begin_read(db, error) : STATUS_OK;
}

static void end_reading(struct db *db, bool mine)
{
    if (mine)
        db_rollback(db);
}

static enum status fill_info(struct db *db, const struct epoch_row *row,
                             struct journal_epoch_info *out, struct error *error)
{
    struct entry_row last;
    bool found = false;
    enum status status;

    *out = (struct journal_epoch_info){.number = row->number,
                                       .device = row->device,
                                       .epoch = row->epoch,
                                       .epoch_key = row->epoch_key};
    status = rows_last_seq(db, row->number, &out->head_seq, error);
    if (status != STATUS_OK || out->head_seq == 0)
        return status;
    status = rows_entry(db, row->number, out->head_seq, &last, &found, error);
    if (status == STATUS_OK && found) {
        out->head_hash = last.stored.hash;
        rows_entry_done(&last);
    }
    return status;
}

static enum status read_infos(struct db *db, struct journal_epoch_info **out, size_t *count,
                              struct error *error)
{
    struct epoch_row *rows = NULL;
    struct journal_epoch_info *infos = NULL;
    enum status status = rows_epochs(db, &rows, count, error);

    if (status == STATUS_OK && *count > 0)
        infos = mem_alloc(*count * sizeof *infos);
    for (size_t i = 0; status == STATUS_OK && i < *count; i++)
        status = fill_info(db, &rows[i], &infos[i], error);
    free(rows);
    if (status != STATUS_OK) {
        free(infos);
        *count = 0;
        return status;
    }
    *out = infos;
    return STATUS_OK;
}

enum status journal_epochs(struct db *db, struct journal_epoch_info **out, size_t *count,
                           struct error *error)
{
    bool mine;
    enum status status = begin_reading(db, &mine, error);

    *out = NULL;
    *count = 0;
    if (status != STATUS_OK)
        return status;
    status = read_infos(db, out, count, error);
    end_reading(db, mine);
    return status;
}

enum status journal_epoch_refs(struct db *db, struct journal_epoch_ref **out, size_t *count,
                               struct error *error)
{
    struct epoch_row *rows = NULL;
    enum status status;

    *out = NULL;
    *count = 0;
    status = rows_epochs(db, &rows, count, error);
    if (status != STATUS_OK)
        return status;
    *out = *count > 0 ? mem_alloc(*count * sizeof **out) : NULL;
    for (size_t i = 0; i < *count; i++)
        (*out)[i] = (struct journal_epoch_ref){
            .number = rows[i].number, .device = rows[i].device, .epoch = rows[i].epoch};
    free(rows);
    return STATUS_OK;
}

static enum status visit_entries(struct db_statement *statement, size_t max_bytes,
                                 journal_visit *visit, void *context, struct error *error)
{
    size_t given = 0;
    bool row = false;
    enum status status;

    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        struct entry_row entry;
        rows_take_entry(statement, &entry);
        if (given > 0 && (given >= max_bytes || entry.stored.length > max_bytes - given))
            break;
        given += entry.stored.length;
        status = visit(context, &entry.stored);
        if (status != STATUS_OK)
            break;
    }
    db_reset(statement);
    return status == STATUS_CANCELLED ? STATUS_OK : status;
}

static enum status read_entries(struct db *db, const struct id *epoch, int64_t after_seq,
                                size_t max_entries, size_t max_bytes, journal_visit *visit,
                                void *context, struct error *error)
{
    struct db_statement *statement;
    int64_t number = 0;
    enum status status = rows_epoch_number(db, epoch, &number, error);

    if (status == STATUS_OK)
        status = db_prepare(db,
                            "SELECT id, hash, signature, bytes FROM entry"
                            " WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
                            &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, entry_key(number, after_seq));
    db_bind_int(statement, 2, entry_key(number, SEQ_MASK));
    db_bind_int(statement, 3, max_entries > INT64_MAX ? INT64_MAX : (int64_t)max_entries);
    return visit_entries(statement, max_bytes, visit, context, error);
}

enum status journal_read(struct db *db, const struct id *epoch, int64_t after_seq,
                         size_t max_entries, size_t max_bytes, journal_visit *visit, void *context,
                         struct error *error)
{
    bool mine;
    enum status status = begin_reading(db, &mine, error);

    if (status != STATUS_OK)
        return status;
    status = read_entries(db, epoch, after_seq, max_entries, max_bytes, visit, context, error);
    end_reading(db, mine);
    return status;
}

static enum status take_ms(void *context, const struct stored_entry *stored)
{
    int64_t *at_ms = context;
    struct entry_head head;

    if (entry_read_head(stored->bytes, stored->length, &head, NULL) == STATUS_OK)
        *at_ms = head.hlc >> 16;
    return STATUS_OK;
}

enum status journal_entry_ms(struct db *db, const struct id *epoch, int64_t seq, int64_t *out,
                             struct error *error)
{
    *out = 0;
    return journal_read(db, epoch, seq - 1, 1, ENTRY_MAX_BYTES, take_ms, out, error);
}

static enum status read_sides(struct db *db, const struct id *epoch, int64_t first, int64_t last,
                              journal_visit_side *visit, void *context, struct error *error)
{
    struct db_statement *statement;
    int64_t number = 0;
    bool row = false;
    enum status status = rows_epoch_number(db, epoch, &number, error);

    if (status == STATUS_OK)
        status = db_prepare(db,
                            "SELECT id, body FROM side WHERE id >= ?1 AND id <= ?2"
                            " ORDER BY id, pseudonym",
                            &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, entry_key(number, first));
    db_bind_int(statement, 2, entry_key(number, last));
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        status = visit(context, db_int(statement, 0) & SEQ_MASK, db_text(statement, 1));
        if (status != STATUS_OK)
            break;
    }
    db_reset(statement);
    return status == STATUS_CANCELLED ? STATUS_OK : status;
}

enum status journal_read_side(struct db *db, const struct id *epoch, int64_t first, int64_t last,
                              journal_visit_side *visit, void *context, struct error *error)
{
    bool mine;
    enum status status = begin_reading(db, &mine, error);

    if (status != STATUS_OK)
        return status;
    status = read_sides(db, epoch, first, last, visit, context, error);
    end_reading(db, mine);
    return status;
}

/* An entry whose row was destroyed is known by the next one's word, where that one is whole. */
static enum status look_behind(struct db *db, int64_t number, const struct chain_point *acked,
                               enum journal_standing *out, struct error *error)
{
    struct entry_row row;
    struct entry_head head;
    struct hash actual;
    bool found = false;
    enum status status = rows_entry(db, number, acked->seq + 1, &row, &found, error);

    *out = JOURNAL_BEHIND;
    if (status != STATUS_OK || !found)
        return status;
    actual = entry_hash(row.stored.bytes, row.stored.length);
    if (hash_equal(&actual, &row.stored.hash) &&
        entry_read_head(row.stored.bytes, row.stored.length, &head, NULL) == STATUS_OK)
        *out = hash_equal(&head.prev, &acked->hash) ? JOURNAL_HOLDS : JOURNAL_DIFFERS;
    rows_entry_done(&row);
    return STATUS_OK;
}

static enum status compare(struct db *db, const struct chain_point *acked,
                           enum journal_standing *out, struct error *error)
{
    struct entry_row row;
    int64_t number = 0;
    bool found = false;
    enum status status = rows_epoch_number(db, &acked->epoch, &number, error);

    if (status == STATUS_NOT_FOUND) {
        *out = JOURNAL_UNKNOWN;
        return STATUS_OK;
    }
    if (status == STATUS_OK && (acked->seq < 1 || acked->seq > ENTRY_MAX_SEQ))
        return error_set(error, STATUS_INVALID, "a head with an impossible seq");
    if (status == STATUS_OK)
        status = rows_entry(db, number, acked->seq, &row, &found, error);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return look_behind(db, number, acked, out, error);
    *out = hash_equal(&row.stored.hash, &acked->hash) ? JOURNAL_HOLDS : JOURNAL_DIFFERS;
    rows_entry_done(&row);
    return STATUS_OK;
}

enum status journal_compare(struct db *db, const struct chain_point *acked,
                            enum journal_standing *out, struct error *error)
{
    bool mine;
    enum status status = begin_reading(db, &mine, error);

    if (status != STATUS_OK)
        return status;
    status = compare(db, acked, out, error);
    end_reading(db, mine);
    return status;
}
