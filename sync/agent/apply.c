/* Changes into a replica.
 *
 *   one answer ──► BEGIN ─┬─ rows of scope 1 ─ cursor 1
 *                         ├─ rows of scope 2 ─ cursor 2      the watermark is one of these rows
 *                         └─ search words of the items touched
 *                  COMMIT      before: all of the old state; after: all of the new
 *
 * Killed before the commit the same question is asked again; after it the cursor has moved. The
 * file runs with synchronous=NORMAL: a power cut may take the last transactions back, whole ones.
 */
#include "sync/agent/apply.h"
#include "sync/agent/replica_files.h"
#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/catalogue/reference.h"
#include "terminal/catalogue/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCOPES 5

struct apply {
    struct db *db;
    struct reference_writer *writer;
    struct search_writer *search;
    int64_t number;
    bool grown;
    char scopes[SCOPES][MESSAGE_SCOPE_SIZE];
};

enum status apply_open(const char *folder, int64_t number, const char *location, struct apply **out,
                       struct error *error)
{
    static const char *const words[] = {"catalogue", "prices", "staff", "customers"};
    struct apply *apply = mem_alloc(sizeof *apply);
    char name[REPLICA_NAME_SIZE];
    char *path;
    enum status status;

    *out = NULL;
    apply->number = number;
    for (int i = 0; i < SCOPES - 1; i++)
        (void)snprintf(apply->scopes[i], MESSAGE_SCOPE_SIZE, "%s", words[i]);
    (void)snprintf(apply->scopes[SCOPES - 1], MESSAGE_SCOPE_SIZE, "location:%s", location);
    replica_file_name(number, name);
    path = path_join(folder, name);
    if (file_exists(path))
        status = db_open(path, DB_OWNER_NORMAL, &apply->db, error);
    else
        status = error_set(error, STATUS_CORRUPT, "%s is not there", name);
    free(path);
    if (status == STATUS_OK)
        status = replica_complete(apply->db, &apply->grown, error);
    if (status == STATUS_OK)
        status = replica_check(apply->db, error);
    if (status == STATUS_OK)
        status = reference_writer_open(apply->db, &apply->writer, error);
    if (status == STATUS_OK)
        status = search_writer_open(apply->db, &apply->search, error);
    if (status != STATUS_OK) {
        apply_close(apply);
        return status;
    }
    *out = apply;
    return STATUS_OK;
}

void apply_close(struct apply *apply)
{
    if (!apply)
        return;
    search_writer_close(apply->search);
    reference_writer_close(apply->writer);
    db_close(apply->db);
    free(apply);
}

int64_t apply_number(const struct apply *apply)
{
    return apply->number;
}

bool apply_grown(const struct apply *apply)
{
    return apply->grown;
}

enum status apply_query(struct apply *apply, int wait_s, struct changes_query *out,
                        struct error *error)
{
    char incarnation[33] = "";

    memset(out, 0, sizeof *out);
    out->wait_s = wait_s;
    for (int i = 0; i < SCOPES; i++) {
        struct replica_cursor cursor;
        enum status status = replica_cursor(apply->db, apply->scopes[i], &cursor, error);

        if (status != STATUS_OK)
            return status;
        if (incarnation[0] == '\0')
            memcpy(incarnation, cursor.incarnation, sizeof incarnation);
        memcpy(out->cursors[i].scope, apply->scopes[i], MESSAGE_SCOPE_SIZE);
        if (strcmp(cursor.incarnation, incarnation) == 0)
            out->cursors[i].position = cursor.position;
    }
    out->count = SCOPES;
    if (hex_read(incarnation, out->incarnation.bytes, ID_SIZE) != STATUS_OK)
        return error_set(error, STATUS_CORRUPT, "the replica's cursors have no incarnation");
    return STATUS_OK;
}

/* The SKUs whose search words may have changed, each once at the end. */
struct touched {
    char **skus;
    size_t count;
    size_t capacity;
};

static void touch(struct touched *touched, const struct reference_value *sku)
{
    char *copy;

    if (sku->length == 0)
        return;
    if (touched->count == touched->capacity) {
        touched->capacity = touched->capacity ? 2 * touched->capacity : 64;
        touched->skus = mem_resize(touched->skus, touched->capacity * sizeof *touched->skus);
    }
    copy = mem_alloc(sku->length + 1);
    memcpy(copy, sku->text, sku->length);
    touched->skus[touched->count++] = copy;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status index_touched(struct apply *apply, struct touched *touched, struct error *error)
{
    enum status status = STATUS_OK;

    if (touched->count > 0)
        qsort(touched->skus, touched->count, sizeof *touched->skus, compare_texts);
    for (size_t i = 0; i < touched->count && status == STATUS_OK; i++) {
        if (i == 0 || strcmp(touched->skus[i], touched->skus[i - 1]) != 0)
            status = search_put_item(apply->search, touched->skus[i], error);
    }
    return status;
}

static void touched_finish(struct touched *touched)
{
    for (size_t i = 0; i < touched->count; i++)
        free(touched->skus[i]);
    free(touched->skus);
}

/* Notes the items that a row of `item` or `item_code` is about: for a code also the one that it
 * belonged to until now. */
static enum status note_touched(struct apply *apply, const struct reference_row *row,
                                struct touched *touched, struct error *error)
{
    int sku = reference_column_find(row->table, "sku");
    struct reference_row old = *row;
    enum status status;

    if (strcmp(row->table->name, "item") == 0) {
        touch(touched, &row->values[sku]);
        return STATUS_OK;
    }
    if (strcmp(row->table->name, "item_code") != 0)
        return STATUS_OK;
    touch(touched, &row->values[sku]);
    status = reference_get(apply->writer, &old, error);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK)
        touch(touched, &old.values[sku]);
    return status;
}

static void skip_row(struct apply_result *result, const char *why)
{
    if (result->skipped++ == 0)
        (void)snprintf(result->first_skipped, sizeof result->first_skipped, "%.190s", why);
}

static enum status apply_row(struct apply *apply, const char *scope, const json_t *change,
                             struct touched *touched, struct apply_result *result,
                             struct error *error)
{
    struct reference_row row;
    char row_scope[REFERENCE_SCOPE_SIZE];
    struct error why;
    bool deleted = false;
    enum status status = reference_change_from_json(change, &row, &deleted, &why);

    if (status != STATUS_OK) {
        skip_row(result, why.text);
        return STATUS_OK;
    }
    reference_scope(&row, row_scope);
    if (strcmp(row_scope, scope) != 0) {
        skip_row(result, "a row came in another scope than its own");
        return STATUS_OK;
    }
    status = note_touched(apply, &row, touched, error);
    if (status == STATUS_OK)
        status = deleted ? reference_delete(apply->writer, &row, error)
                         : reference_put(apply->writer, &row, error);
    if (status == STATUS_OK)
        result->rows++;
    return status;
}

static enum status apply_scope(struct apply *apply, const struct scope_cursor *asked,
                               const struct changes_answer *answer, struct touched *touched,
                               struct apply_result *result, struct error *error)
{
    struct replica_cursor cursor;
    const struct scope_changes *changes = NULL;
    bool further;
    enum status status = replica_cursor(apply->db, asked->scope, &cursor, error);

    for (int i = 0; i < answer->count; i++) {
        if (strcmp(answer->scopes[i].scope, asked->scope) == 0)
            changes = &answer->scopes[i];
    }
    /* Rows follow the position that was asked for: from any other cursor they would leave a hole.
     */
    further = changes && changes->position > asked->position && cursor.position == asked->position;
    for (size_t i = 0; status == STATUS_OK && further && i < json_array_size(changes->rows); i++)
        status = apply_row(apply, asked->scope, json_array_get(changes->rows, i), touched, result,
                           error);
    if (status != STATUS_OK)
        return status;
    hex_write(answer->incarnation.bytes, ID_SIZE, cursor.incarnation);
    if (further)
        cursor.position = changes->position;
    if (!answer->more && answer->time_ms > cursor.as_of_ms)
        cursor.as_of_ms = answer->time_ms;
    return replica_set_cursor(apply->db, asked->scope, &cursor, error);
}

enum status apply_changes(struct apply *apply, const struct changes_query *asked,
                          const struct changes_answer *answer, struct apply_result *result,
                          struct error *error)
{
    struct touched touched = {0};
    enum status status;

    memset(result, 0, sizeof *result);
    if (memcmp(asked->incarnation.bytes, answer->incarnation.bytes, ID_SIZE) != 0)
        return error_set(error, STATUS_CONFLICT, "the ledger has another incarnation");
    status = db_begin(apply->db, error);
    if (status != STATUS_OK)
        return status;
    for (int i = 0; status == STATUS_OK && i < asked->count; i++)
        status = apply_scope(apply, &asked->cursors[i], answer, &touched, result, error);
    if (status == STATUS_OK)
        status = index_touched(apply, &touched, error);
    touched_finish(&touched);
    if (status == STATUS_OK)
        return db_commit(apply->db, error);
    db_rollback(apply->db);
    return status;
}

enum status apply_watermark(struct apply *apply, const struct id *device, const struct id *epoch,
                            int64_t *out, struct error *error)
{
    struct db_statement *statement;
    char hex[2][ID_HEX_SIZE];
    enum status status =
        db_prepare(apply->db, "SELECT max(seq) FROM watermark WHERE device = ?1 AND epoch = ?2",
                   &statement, error);

    *out = 0;
    if (status != STATUS_OK)
        return status;
    hex_write(device->bytes, ID_SIZE, hex[0]);
    hex_write(epoch->bytes, ID_SIZE, hex[1]);
    db_bind_text(statement, 1, hex[0]);
    db_bind_text(statement, 2, hex[1]);
    return db_one_int(statement, 0, out, error);
}

enum status apply_settle(struct apply *apply, struct error *error)
{
    int result = sqlite3_wal_checkpoint_v2(db_handle(apply->db), NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                           NULL, NULL);

    if (result != SQLITE_OK)
        return db_error(apply->db, result, "checkpoint", error);
    return file_sync(sqlite3_db_filename(db_handle(apply->db), "main"), error);
}

enum status apply_reaches(struct apply *apply, struct apply *other, bool *out, struct error *error)
{
    *out = true;
    for (int i = 0; i < SCOPES; i++) {
        struct replica_cursor mine;
        struct replica_cursor theirs;
        enum status status = replica_cursor(apply->db, apply->scopes[i], &mine, error);

        if (status == STATUS_OK)
            status = replica_cursor(other->db, other->scopes[i], &theirs, error);
        if (status != STATUS_OK)
            return status;
        if (strcmp(mine.incarnation, theirs.incarnation) == 0 && mine.position < theirs.position)
            *out = false;
    }
    return STATUS_OK;
}
