/* The calls of the store interface: each hands on to the engine. */
#include "sync/ledger/store/store.h"

#include "terminal/base/crypto.h"
#include "terminal/base/text.h"

#include <string.h>
#include <time.h>

struct store_value store_null(void)
{
    return (struct store_value){.type = STORE_NULL};
}

struct store_value store_int(int64_t number)
{
    return (struct store_value){.type = STORE_INT, .number = number};
}

struct store_value store_text(const char *text)
{
    return store_text_n(text, strlen(text));
}

struct store_value store_text_n(const char *text, size_t length)
{
    return (struct store_value){.type = STORE_TEXT, .bytes = text, .length = length};
}

struct store_value store_blob(const void *bytes, size_t length)
{
    return (struct store_value){.type = STORE_BLOB, .bytes = bytes, .length = length};
}

/* The path of "sqlite:PATH", or NULL. */
static const char *sqlite_location(const char *location)
{
    return strncmp(location, "sqlite:", 7) == 0 && location[7] != '\0' ? location + 7 : NULL;
}

static bool is_postgres(const char *location)
{
    return strncmp(location, "postgresql://", 13) == 0 || strncmp(location, "postgres://", 11) == 0;
}

/* The location is not repeated: it may hold a password. */
static enum status unknown_engine(struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED,
                     "the database is not known: write sqlite:PATH or postgresql://...");
}

enum status store_open(const char *location, bool create, struct store **out, struct error *error)
{
    const char *path = sqlite_location(location);

    if (is_postgres(location))
        return store_postgres_open(location, create, out, error);
    return path == NULL ? unknown_engine(error) : store_sqlite_open(path, create, out, error);
}

enum status store_backup(const char *location, const char *to, struct error *error)
{
    const char *path = sqlite_location(location);

    if (is_postgres(location))
        return store_postgres_backup(location, to, error);
    return path == NULL ? unknown_engine(error) : store_sqlite_backup(path, to, error);
}

enum status store_restore(const char *location, const char *from, struct error *error)
{
    const char *path = sqlite_location(location);

    if (is_postgres(location))
        return store_postgres_restore(location, from, error);
    return path == NULL ? unknown_engine(error) : store_sqlite_restore(path, from, error);
}

void store_close(struct store *store)
{
    if (store != NULL)
        store->methods->close(store);
}

enum status store_session_open(struct store *store, enum store_role role,
                               struct store_session **out, struct error *error)
{
    return store->methods->session_open(store, role, out, error);
}

void store_session_close(struct store_session *session)
{
    if (session != NULL)
        session->methods->session_close(session);
}

enum status store_begin(struct store_session *session, struct error *error)
{
    return session->methods->begin(session, error);
}

enum status store_begin_read(struct store_session *session, struct error *error)
{
    return session->methods->begin_read(session, error);
}

enum status store_commit(struct store_session *session, struct error *error)
{
    return session->methods->commit(session, error);
}

void store_rollback(struct store_session *session)
{
    session->methods->rollback(session);
}

/* What every engine can keep: PostgreSQL knows no NUL in a text, and no text that is not UTF-8. */
static enum status check_texts(const struct store_value *values, int count, struct error *error)
{
    for (int i = 0; i < count; i++) {
        const struct store_value *value = &values[i];
        if (value->type != STORE_TEXT || value->length == 0)
            continue;
        if (memchr(value->bytes, '\0', value->length) != NULL)
            return error_set(error, STATUS_INVALID, "a text holds a NUL");
        if (!text_is_utf8(value->bytes, value->length))
            return error_set(error, STATUS_INVALID, "a text is not UTF-8");
    }
    return STATUS_OK;
}

enum status store_run(struct store_session *session, const char *sql,
                      const struct store_value *values, int count, struct error *error)
{
    enum status status = check_texts(values, count, error);

    return status == STATUS_OK ? session->methods->run(session, sql, values, count, NULL, error)
                               : status;
}

enum status store_run_counted(struct store_session *session, const char *sql,
                              const struct store_value *values, int count, int64_t *changed,
                              struct error *error)
{
    enum status status = check_texts(values, count, error);

    return status == STATUS_OK ? session->methods->run(session, sql, values, count, changed, error)
                               : status;
}

enum status store_insert_many(struct store_session *session, const char *sql,
                              const struct store_value *values, int columns, int rows,
                              struct error *error)
{
    enum status status = check_texts(values, columns * rows, error);

    if (status == STATUS_OK && session->methods->insert_many != NULL)
        return session->methods->insert_many(session, sql, values, columns, rows, error);
    for (int i = 0; i < rows && status == STATUS_OK; i++)
        status = session->methods->run(session, sql, values + (ptrdiff_t)i * columns, columns, NULL,
                                       error);
    return status;
}

enum status store_query(struct store_session *session, const char *sql,
                        const struct store_value *values, int count, struct store_query **out,
                        struct error *error)
{
    enum status status = check_texts(values, count, error);

    return status == STATUS_OK ? session->methods->query(session, sql, values, count, out, error)
                               : status;
}

enum status store_next(struct store_session *session, struct store_query *query, bool *row,
                       struct error *error)
{
    return session->methods->next(query, row, error);
}

void store_done(struct store_session *session, struct store_query *query)
{
    session->methods->done(query);
}

int64_t store_column_int(struct store_session *session, struct store_query *query, int column)
{
    return session->methods->column_int(query, column);
}

const char *store_column_text(struct store_session *session, struct store_query *query, int column)
{
    return session->methods->column_text(query, column);
}

const void *store_column_blob(struct store_session *session, struct store_query *query, int column,
                              size_t *length)
{
    return session->methods->column_blob(query, column, length);
}

enum status store_one_int(struct store_session *session, const char *sql,
                          const struct store_value *values, int count, int64_t fallback,
                          int64_t *out, struct error *error)
{
    struct store_query *query;
    enum status status = store_query(session, sql, values, count, &query, error);
    bool row = false;

    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK)
        return status;
    *out = row ? store_column_int(session, query, 0) : fallback;
    store_done(session, query);
    return STATUS_OK;
}

enum status store_size(struct store_session *session, int64_t *out, struct error *error)
{
    return store_one_int(session, session->methods->size_sql, NULL, 0, 0, out, error);
}

void store_pause(int attempt)
{
    struct entropy entropy = entropy_system();
    uint32_t random;
    uint32_t longest_us = UINT32_C(4000) << (attempt < 7 ? attempt : 7);

    entropy_fill(&entropy, &random, sizeof random);
    random %= longest_us;
    (void)nanosleep(&(struct timespec){.tv_nsec = (long)random * 1000}, NULL);
}

enum status store_copy(struct store *store, struct db *target, const struct store_copy *copies,
                       int count, struct error *error)
{
    return store->methods->copy(store, target, copies, count, error);
}

const char *store_path(const struct store *store)
{
    return store->methods->path(store);
}
