#include "sync/ledger/revocations.h"

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/file.h"
#include "terminal/base/log.h"

#include <stdlib.h>
#include <string.h>

#define HEAD      "holdfast revoked 1\n"
#define LIST_SIZE ((size_t)1 << 20)

static char *list_path(const struct store *store)
{
    struct buf path;
    char *text;

    buf_init(&path, SIZE_MAX - 1);
    INVARIANT(buf_printf(&path, "%s.revoked", store_path(store)) == STATUS_OK);
    text = mem_copy_text(buf_text(&path));
    buf_finish(&path);
    return text;
}

/* --- keeping --- */

static enum status add_lines(struct store_session *session, const char *sql, const char *word,
                             struct buf *list, struct error *error)
{
    const struct store_value most[] = {store_int(REVOCATIONS_MAX / 2)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session, sql, most, 1, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        char hex[HASH_HEX_SIZE];
        size_t length;
        const void *bytes = store_column_blob(session, query, 0, &length);
        if (length > HASH_SIZE)
            return error_set(error, STATUS_CORRUPT, "a %s of the database is damaged", word);
        hex_write(bytes, length, hex);
        status = buf_printf(list, "%s %s\n", word, hex);
        INVARIANT(status == STATUS_OK);
    }
    return status;
}

enum status revocations_keep(struct store *store, struct store_session *session,
                             struct error *error)
{
    char *path = list_path(store);
    struct buf list;
    enum status status;

    buf_init(&list, LIST_SIZE);
    INVARIANT(buf_append_text(&list, HEAD) == STATUS_OK);
    status = add_lines(session,
                       "SELECT hash FROM token WHERE revoked_ms <> 0 ORDER BY revoked_ms DESC "
                       "LIMIT ?1",
                       "token", &list, error);
    if (status == STATUS_OK)
        status = add_lines(session,
                           "SELECT device FROM device WHERE revoked_ms <> 0 "
                           "ORDER BY revoked_ms DESC LIMIT ?1",
                           "device", &list, error);
    if (status == STATUS_OK)
        status = file_write_durable(path, list.data, list.used, 0600, error);
    buf_finish(&list);
    free(path);
    return status;
}

static enum status run_keep(void *context, const struct writer_turn *turn, struct error *error)
{
    return revocations_keep(context, turn->session, error);
}

void revocations_changed(struct store *store, struct writer *writer)
{
    struct writer_job job = {.run = run_keep, .context = store};
    struct error error;

    if (writer_run(writer, &job, &error) != STATUS_OK)
        log_line(LOG_LEVEL_ERROR, "ledger",
                 "the list of what was revoked could not be written, a restore would not know it: "
                 "%s",
                 error.text);
}

/* --- at a start --- */

/* The token may go: another one administers, or it could not anyway. */
static enum status may_go(struct store_session *session, const struct store_value *hash, bool *out,
                          struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = store_query(
        session,
        "SELECT 1 FROM token WHERE hash = ?1 AND (expires_ms <> 0 OR "
        "' ' || scopes || ' ' NOT LIKE '% admin %') UNION ALL "
        "SELECT 1 FROM token WHERE hash <> ?1 AND revoked_ms = 0 AND expires_ms = 0 AND "
        "' ' || scopes || ' ' LIKE '% admin %' LIMIT 1",
        hash, 1, &query, error);

    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status == STATUS_OK && row)
        store_done(session, query);
    *out = row;
    return status;
}

static enum status return_token(struct store_session *session, const char *hex, int64_t now_ms,
                                int64_t *count, struct error *error)
{
    struct hash hash;
    bool goes = false;
    enum status status;

    if (hex_read(hex, hash.bytes, HASH_SIZE) != STATUS_OK)
        return STATUS_OK;
    struct store_value values[] = {store_blob(hash.bytes, HASH_SIZE), store_int(now_ms)};
    status = may_go(session, values, &goes, error);
    if (status != STATUS_OK)
        return status;
    if (!goes) {
        log_line(LOG_LEVEL_WARN, "ledger",
                 "the restored administrator's token had been revoked, and is the only one now: "
                 "add another and revoke it");
        return STATUS_OK;
    }
    return store_run_counted(session,
                             "UPDATE token SET revoked_ms = ?2 WHERE hash = ?1 AND revoked_ms = 0",
                             values, 2, count, error);
}

static enum status return_device(struct store_session *session, const char *hex, int64_t now_ms,
                                 int64_t *count, struct error *error)
{
    struct id device;

    if (hex_read(hex, device.bytes, ID_SIZE) != STATUS_OK)
        return STATUS_OK;
    struct store_value values[] = {store_blob(device.bytes, ID_SIZE), store_int(now_ms)};
    return store_run_counted(session,
                             "UPDATE device SET active = 0, revoked_ms = ?2 WHERE device = ?1 AND "
                             "revoked_ms = 0",
                             values, 2, count, error);
}

static enum status return_line(struct store_session *session, const char *line, int64_t now_ms,
                               int64_t *count, struct error *error)
{
    int64_t changed = 0;
    enum status status = STATUS_OK;

    if (strncmp(line, "token ", 6) == 0)
        status = return_token(session, line + 6, now_ms, &changed, error);
    else if (strncmp(line, "device ", 7) == 0)
        status = return_device(session, line + 7, now_ms, &changed, error);
    *count += changed;
    return status;
}

static enum status return_all(struct store_session *session, char *list, int64_t now_ms,
                              int64_t *count, struct error *error)
{
    enum status status = STATUS_OK;
    char *rest = NULL;

    for (char *line = strtok_r(list, "\n", &rest); line && status == STATUS_OK;
         line = strtok_r(NULL, "\n", &rest))
        status = return_line(session, line, now_ms, count, error);
    return status;
}

enum status revocations_return(struct store *store, struct store_session *session, int64_t now_ms,
                               int64_t *count, struct error *error)
{
    char *path = list_path(store);
    struct buf list;
    enum status status = STATUS_OK;

    *count = 0;
    buf_init(&list, LIST_SIZE);
    if (file_exists(path)) {
        status = file_read(path, &list, error);
        if (status == STATUS_RANGE ||
            (status == STATUS_OK && strncmp(buf_text(&list), HEAD, strlen(HEAD)) != 0)) {
            log_line(LOG_LEVEL_WARN, "ledger", "%s is damaged and names nothing", path);
            status = STATUS_OK;
        } else if (status == STATUS_OK) {
            char *text = mem_copy_text(buf_text(&list));
            status = return_all(session, text + strlen(HEAD), now_ms, count, error);
            free(text);
        }
    }
    buf_finish(&list);
    free(path);
    return status;
}
