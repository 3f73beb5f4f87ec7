/* `document` stands last in the row: looking for a job's state does not read it. Printed jobs are
 * pruned, so that a walk over the table stays short.
 */
#include "terminal/selling/print_job.h"

#include "terminal/base/buf.h"
#include "terminal/selling/cart.h"

#include <string.h>

static const char *const state_names[] = {"queued", "printing", "printed", "failed"};

#define VIEW_COLUMNS "id, state, attempts, uncertain, created_ms, number, last_error"

struct print_job_row {
    int64_t created_ms;
    const char *number, *copy_of;
    int64_t entry; /* 0: the document is its own */
    const char *note, *document;
};

static void read_view(struct db_statement *statement, struct print_job_view *out)
{
    memset(out, 0, sizeof *out);
    out->id = db_int(statement, 0);
    for (int i = 0; i < 4; i++) {
        if (strcmp(db_text(statement, 1), state_names[i]) == 0)
            out->state = (enum print_state)i;
    }
    out->attempts = (int)db_int(statement, 2);
    out->uncertain = db_int(statement, 3) != 0;
    out->created_ms = db_int(statement, 4);
    copy_text(out->number, sizeof out->number, db_text(statement, 5));
    copy_text(out->last_error, sizeof out->last_error, db_text(statement, 6));
}

static enum status insert_job(struct db *db, const struct print_job_row *row, int64_t *id,
                              struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db,
                                    "INSERT INTO print_job(created_ms, state, number, copy_of,"
                                    " attempts, uncertain, last_error, entry, note, document)"
                                    " VALUES(?, 'queued', ?, ?, 0, 0, '', ?, ?, ?)",
                                    &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, row->created_ms);
    db_bind_text(statement, 2, row->number);
    db_bind_text(statement, 3, row->copy_of);
    db_bind_int(statement, 4, row->entry);
    db_bind_text(statement, 5, row->note);
    db_bind_text(statement, 6, row->document);
    status = db_run(statement, error);
    if (status == STATUS_OK)
        *id = sqlite3_last_insert_rowid(db_handle(db));
    return status;
}

enum status print_job_add(struct db *db, int64_t now_ms, const struct document *document,
                          const char *copy_of, int64_t *id, struct error *error)
{
    struct print_job_row row = {
        .created_ms = now_ms, .number = document_number(document), .copy_of = copy_of, .note = ""};
    struct buf text;
    enum status status;

    buf_init(&text, DOCUMENT_BYTES);
    status = document_write(document, &text);
    if (status != STATUS_OK)
        (void)error_set(error, status, "the document is too large");
    row.document = buf_text(&text);
    if (status == STATUS_OK)
        status = insert_job(db, &row, id, error);
    buf_finish(&text);
    return status;
}

enum status print_job_add_sale(struct db *db, int64_t now_ms, const char *number, int64_t entry,
                               const char *note, int64_t *id, struct error *error)
{
    struct print_job_row row = {.created_ms = now_ms,
                                .number = number,
                                .copy_of = "",
                                .entry = entry,
                                .note = note,
                                .document = ""};

    return insert_job(db, &row, id, error);
}

/* What the row says, or what its entry says. */
static enum status read_document(struct db_statement *statement,
                                 const struct print_job_maker *maker, struct document **out,
                                 struct error *error)
{
    const char *text = db_text(statement, 0);

    if (text[0] == '\0')
        return maker->make(maker->context, db_int(statement, 1), db_text(statement, 2), out, error);
    return document_read(text, strlen(text), out, error);
}

enum status print_job_document(struct db *db, const struct print_job_maker *maker, int64_t id,
                               struct document **out, struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(db, "SELECT document, entry, note FROM print_job WHERE id = ?",
                                    &statement, error);

    *out = NULL;
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, id);
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && !row)
        status = error_set(error, STATUS_NOT_FOUND, "no print job %lld", (long long)id);
    else if (status == STATUS_OK)
        status = read_document(statement, maker, out, error);
    db_reset(statement);
    return status;
}

static enum status set_state(struct db *db, int64_t id, enum print_state state,
                             enum print_state from, int more_attempts, const char *message,
                             struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db,
                   "UPDATE print_job SET state = ?, attempts = attempts + ?, last_error = ?,"
                   " uncertain = CASE WHEN ?1 = 'printed' THEN 0 ELSE uncertain END"
                   " WHERE id = ? AND state = ?",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, state_names[state]);
    db_bind_int(statement, 2, more_attempts);
    db_bind_text(statement, 3, message);
    db_bind_int(statement, 4, id);
    db_bind_text(statement, 5, state_names[from]);
    return db_run(statement, error);
}

/* A document that does not read can never be printed: it fails, the next one is looked at. */
static enum status open_document(struct db *db, const struct print_job_maker *maker,
                                 struct print_job_view *job, struct document **document,
                                 struct error *error)
{
    struct document *original;
    enum status status = print_job_document(db, maker, job->id, document, error);

    if (status != STATUS_OK || !job->uncertain)
        return status;
    original = *document;
    *document = document_copy_of(original);
    document_destroy(original);
    return STATUS_OK;
}

enum status print_job_next(struct db *db, const struct print_job_maker *maker,
                           struct print_job_view *out, struct document **document,
                           struct error *error)
{
    *document = NULL;
    for (;;) {
        struct db_statement *statement;
        bool row = false;
        enum status status = db_prepare(db,
                                        "SELECT " VIEW_COLUMNS " FROM print_job"
                                        " WHERE state = 'queued' ORDER BY id LIMIT 1",
                                        &statement, error);

        if (status != STATUS_OK)
            return status;
        status = db_step(statement, &row, error);
        if (status == STATUS_OK && row)
            read_view(statement, out);
        db_reset(statement);
        if (status != STATUS_OK)
            return status;
        if (!row)
            return error_set(error, STATUS_NOT_FOUND, "nothing to print");
        status = open_document(db, maker, out, document, error);
        if (status == STATUS_OK) {
            out->state = PRINT_PRINTING;
            out->attempts++;
            return set_state(db, out->id, PRINT_PRINTING, PRINT_QUEUED, 1, "", error);
        }
        if (status != STATUS_INVALID && status != STATUS_NOT_FOUND)
            return status;
        status = set_state(db, out->id, PRINT_FAILED, PRINT_QUEUED, 1, "unreadable", error);
        if (status != STATUS_OK)
            return status;
    }
}

enum status print_job_done(struct db *db, int64_t id, bool printed, const char *message,
                           struct error *error)
{
    char text[NAME_SIZE];

    copy_text(text, sizeof text, message == NULL ? "" : message);
    return set_state(db, id, printed ? PRINT_PRINTED : PRINT_FAILED, PRINT_PRINTING, 0, text,
                     error);
}

enum status print_job_retry(struct db *db, int64_t id, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db,
                                    "UPDATE print_job SET state = 'queued', uncertain = 1"
                                    " WHERE state = 'failed' AND (?1 = 0 OR id = ?1)",
                                    &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, id);
    return db_run(statement, error);
}

enum status print_job_list(struct db *db, struct print_job_view *out, int max, int *count,
                           struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(db,
                                    "SELECT " VIEW_COLUMNS " FROM print_job"
                                    " ORDER BY state = 'printed', id DESC LIMIT ?",
                                    &statement, error);

    *count = 0;
    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, max);
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row)
        read_view(statement, &out[(*count)++]);
    return status;
}

enum status print_job_recover(struct db *db, struct error *error)
{
    return db_exec(
        db, "UPDATE print_job SET state = 'queued', uncertain = 1 WHERE state = 'printing'", error);
}

enum status print_job_counts(struct db *db, int64_t *waiting, int64_t *failed, struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(db,
                                    "SELECT coalesce(sum(state IN ('queued', 'printing')), 0),"
                                    " coalesce(sum(state = 'failed'), 0) FROM print_job",
                                    &statement, error);

    *waiting = *failed = 0;
    if (status != STATUS_OK)
        return status;
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && row) {
        *waiting = db_int(statement, 0);
        *failed = db_int(statement, 1);
    }
    db_reset(statement);
    return status;
}

enum status print_job_prune(struct db *db, int keep, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db,
                                    "DELETE FROM print_job WHERE state = 'printed' AND id <"
                                    " (SELECT min(id) FROM (SELECT id FROM print_job"
                                    "  WHERE state = 'printed' ORDER BY id DESC LIMIT ?))",
                                    &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_int(statement, 1, keep);
    return db_run(statement, error);
}
