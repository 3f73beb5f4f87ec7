/* The store on PostgreSQL: a database of its own, one writing session, any number of readers.
 *
 *   writer   BEGIN REPEATABLE READ · turn + 1 where the owner is this process · ... · COMMIT
 *   reader   BEGIN REPEATABLE READ READ ONLY · ...
 *
 * One process serves a database, by an advisory lock that its writing session holds: positions of
 * the feed, known items and totals are remembered in that process, and would be stale in a second
 * one. The lock goes with the connection. So each transaction also counts `turn`, on condition that
 * the owner is still this process: whatever happened to the lock, a ledger that was given up
 * commits nothing. The same count tells what became of a commit whose answer was lost: the database
 * has either counted it or not.
 *
 * What a server may do to a transaction by itself (a serialization failure, a deadlock) is
 * STATUS_BUSY: the writer repeats it. A session that is lost is STATUS_IO once, and connected again
 * at the next begin.
 *
 * Files beside the database (snapshots, boot stamp) are in a folder of this machine:
 *
 *   $STATE_DIRECTORY or $XDG_STATE_HOME/holdfast-ledger or ~/.local/state/holdfast-ledger
 *       /<system identifier of the cluster>-<number of the database>/ledger...
 *
 * A database that is restored by PostgreSQL's own means into another cluster or under another
 * number finds no boot stamp there, and an older state of the same one finds one that disagrees:
 * both take a new incarnation (see incarnation.h). So does a ledger that moves to another machine.
 */
#include "sync/ledger/store/store.h"

#include "sync/ledger/store/postgres_connect.h"
#include "sync/ledger/store/postgres_copy.h"
#include "sync/ledger/store/postgres_link.h"
#include "sync/ledger/store/postgres_schema.h"
#include "sync/ledger/store/postgres_value.h"
#include "terminal/base/file.h"
#include "terminal/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long a lost commit is asked after: a server that crashed needs some seconds to recover. */
#define RESOLVE_TRIES 100
#define RESOLVE_PAUSE (INT64_C(100) * 1000 * 1000)

#define COPY_FROM_ROWS 16

static const char begin_write[] = "BEGIN ISOLATION LEVEL REPEATABLE READ";
static const char begin_read[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
static const char count_turn[] = "SELECT holdfast_turn(?1)";

struct store_postgres {
    struct store base;
    char *uri;
    char *path;
    struct link *link; /* the writer's; holds the lock from store_open to store_close */
    bool has_writer;
    char owner[POSTGRES_OWNER_SIZE];
    int64_t turn;    /* of the last transaction that is known to be committed */
    int64_t counted; /* what the database said when it was connected to */
};

struct session_postgres {
    struct store_session base;
    struct store_postgres *store;
    struct link *link;
    enum store_role role;
    bool writes; /* in this transaction */
};

static const struct store_methods postgres_methods;

static struct session_postgres *as_session(struct store_session *session)
{
    return (struct session_postgres *)session;
}

static struct link_query *as_query(struct store_query *query)
{
    return (struct link_query *)query;
}

/* --- Store and sessions --- */

/* With each connection of the writer, the first one and later ones. */
static enum status own_database(void *context, PGconn *conn, struct error *error)
{
    struct store_postgres *store = context;
    bool first = store->owner[0] == '\0';
    enum status status = postgres_lock(conn, error);

    if (status == STATUS_OK && first)
        status = postgres_schema_migrate(conn, error);
    return status == STATUS_OK ? postgres_own(conn, store->owner, &store->counted, error) : status;
}

static void postgres_close(struct store *base)
{
    struct store_postgres *store = (struct store_postgres *)base;

    link_close(store->link);
    free(store->uri);
    free(store->path);
    free(store);
}

static enum status postgres_session_open(struct store *base, enum store_role role,
                                         struct store_session **out, struct error *error)
{
    static const struct link_start nothing = {.run = NULL};
    struct store_postgres *store = (struct store_postgres *)base;
    struct session_postgres *session;
    struct link *link = store->link;

    if (role == STORE_WRITER) {
        INVARIANT(!store->has_writer);
        store->has_writer = true;
    } else {
        enum status status =
            link_open(store->uri, "holdfast-ledger reader", &nothing, &link, error);
        if (status != STATUS_OK)
            return status;
    }
    session = mem_alloc(sizeof *session);
    session->base.methods = &postgres_methods;
    session->store = store;
    session->link = link;
    session->role = role;
    *out = &session->base;
    return STATUS_OK;
}

static void postgres_session_close(struct store_session *base)
{
    struct session_postgres *session = as_session(base);

    if (session->role == STORE_WRITER)
        session->store->has_writer = false;
    else
        link_close(session->link);
    free(session);
}

/* --- Transactions --- */

/* A connection, when no transaction needs the one that was. */
static enum status be_ready(struct session_postgres *session, struct error *error)
{
    bool fresh;
    enum status status = link_ready(session->link, &fresh, error);

    if (status == STATUS_OK && fresh && session->role == STORE_WRITER)
        session->store->turn = session->store->counted;
    return status;
}

static enum status postgres_begin(struct store_session *base, struct error *error)
{
    struct session_postgres *session = as_session(base);
    struct store_value owner[] = {store_text(session->store->owner)};
    enum status status = be_ready(session, error);

    INVARIANT(session->role == STORE_WRITER);
    if (status != STATUS_OK)
        return status;
    session->writes = true;
    status = link_begin(session->link, begin_write, error);
    if (status == STATUS_OK)
        status = link_run(session->link, count_turn, owner, 1, NULL, error);
    if (status != STATUS_OK)
        link_reset(session->link);
    return status;
}

static enum status postgres_begin_read(struct store_session *base, struct error *error)
{
    struct session_postgres *session = as_session(base);
    enum status status = be_ready(session, error);

    session->writes = false;
    return status == STATUS_OK ? link_begin(session->link, begin_read, error) : status;
}

/* The connection went while the commit was under way: asks a new one what became of it. */
static enum status resolve(struct session_postgres *session, struct error *error)
{
    const struct timespec pause = {.tv_nsec = RESOLVE_PAUSE};
    struct store_postgres *store = session->store;
    struct error latest;
    enum status status = STATUS_IO;
    bool fresh;

    for (int i = 0; i < RESOLVE_TRIES && (status == STATUS_IO || status == STATUS_BUSY); i++) {
        if (i > 0)
            (void)nanosleep(&pause, NULL);
        status = link_ready(session->link, &fresh, &latest);
    }
    if (status != STATUS_OK)
        return error_set(error, STATUS_IO, "it is not known what became of a commit: %s",
                         latest.text);
    if (store->counted == store->turn + 1)
        return STATUS_OK;
    store->turn = store->counted;
    return error_set(error, STATUS_IO, "the database was lost before the commit");
}

static enum status postgres_commit(struct store_session *base, struct error *error)
{
    struct session_postgres *session = as_session(base);
    bool writes = session->writes, known;
    enum status status = link_commit(session->link, writes, &known, error);

    if (status != STATUS_OK)
        link_reset(session->link);
    if (status != STATUS_OK && writes && !known)
        status = resolve(session, error);
    if (status == STATUS_OK && writes)
        session->store->turn++;
    return status;
}

static void postgres_rollback(struct store_session *base)
{
    link_reset(as_session(base)->link);
}

/* --- Statements --- */

static enum status postgres_run(struct store_session *base, const char *sql,
                                const struct store_value *values, int count, int64_t *changed,
                                struct error *error)
{
    struct session_postgres *session = as_session(base);
    enum status status = link_in_transaction(session->link) ? STATUS_OK : be_ready(session, error);

    return status == STATUS_OK ? link_run(session->link, sql, values, count, changed, error)
                               : status;
}

/* A COPY has round trips of its own: a few rows are sooner there as statements. */
static enum status postgres_insert_many(struct store_session *base, const char *sql,
                                        const struct store_value *values, int columns, int rows,
                                        struct error *error)
{
    struct link *link = as_session(base)->link;
    enum status status = STATUS_OK;

    if (rows >= COPY_FROM_ROWS)
        return link_copy(link, sql, values, columns, rows, error);
    for (int i = 0; i < rows && status == STATUS_OK; i++)
        status = postgres_run(base, sql, values + (ptrdiff_t)i * columns, columns, NULL, error);
    return status;
}

static enum status postgres_query(struct store_session *base, const char *sql,
                                  const struct store_value *values, int count,
                                  struct store_query **out, struct error *error)
{
    struct session_postgres *session = as_session(base);
    struct link_query *query;
    enum status status = link_in_transaction(session->link) ? STATUS_OK : be_ready(session, error);

    if (status == STATUS_OK)
        status = link_query(session->link, sql, values, count, &query, error);
    if (status == STATUS_OK)
        *out = (struct store_query *)query;
    return status;
}

static enum status postgres_next(struct store_query *query, bool *row, struct error *error)
{
    return link_next(as_query(query), row, error);
}

static void postgres_done(struct store_query *query)
{
    link_done(as_query(query));
}

static int64_t postgres_column_int(struct store_query *query, int column)
{
    return value_int(link_row(as_query(query)), column);
}

static const char *postgres_column_text(struct store_query *query, int column)
{
    return PQgetvalue(link_row(as_query(query)), 0, column); /* "" for NULL */
}

static const void *postgres_column_blob(struct store_query *query, int column, size_t *length)
{
    const PGresult *row = link_row(as_query(query));

    *length = (size_t)PQgetlength(row, 0, column);
    return PQgetisnull(row, 0, column) ? NULL : PQgetvalue(row, 0, column);
}

static enum status postgres_copy(struct store *base, struct db *target,
                                 const struct store_copy *copies, int count, struct error *error)
{
    struct store_postgres *store = (struct store_postgres *)base;
    PGconn *conn;
    enum status status = postgres_connect(store->uri, "holdfast-ledger snapshot", &conn, error);

    if (status != STATUS_OK)
        return status;
    status = postgres_copy_out(conn, target, copies, count, error);
    PQfinish(conn);
    return status;
}

static const char *postgres_path(const struct store *base)
{
    return ((const struct store_postgres *)base)->path;
}

static const struct store_methods postgres_methods = {
    .close = postgres_close,
    .session_open = postgres_session_open,
    .session_close = postgres_session_close,
    .begin = postgres_begin,
    .begin_read = postgres_begin_read,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .run = postgres_run,
    .insert_many = postgres_insert_many,
    .query = postgres_query,
    .next = postgres_next,
    .done = postgres_done,
    .column_int = postgres_column_int,
    .column_text = postgres_column_text,
    .column_blob = postgres_column_blob,
    .copy = postgres_copy,
    .path = postgres_path,
    .size_sql = "SELECT pg_database_size(current_database())",
};

/* --- Opening --- */

static enum status state_folder(struct buf *out, struct error *error)
{
    const char *directory = getenv("STATE_DIRECTORY"); /* systemd's StateDirectory= */
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (directory != NULL && directory[0] == '/')
        return buf_printf(out, "%.*s", (int)strcspn(directory, ":"), directory);
    if (state != NULL && state[0] == '/')
        return buf_printf(out, "%s/holdfast-ledger", state);
    if (home != NULL && home[0] == '/')
        return buf_printf(out, "%s/.local/state/holdfast-ledger", home);
    return error_set(
        error, STATUS_INVALID,
        "neither STATE_DIRECTORY nor XDG_STATE_HOME nor HOME says where to keep files");
}

static enum status make_path(PGconn *conn, char **out, struct error *error)
{
    struct buf folder;
    PGresult *result = NULL;
    enum status status;

    buf_init(&folder, 4096);
    status = state_folder(&folder, error);
    if (status == STATUS_OK)
        status = postgres_exec(conn,
                               "SELECT c.system_identifier, d.oid FROM pg_control_system() c, "
                               "pg_database d WHERE d.datname = current_database()",
                               PGRES_TUPLES_OK, &result, error);
    if (status == STATUS_OK)
        status = buf_printf(&folder, "/%s-%s", PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
    PQclear(result);
    if (status == STATUS_OK && !file_exists(buf_text(&folder)))
        status = file_make_folder(buf_text(&folder), 0750, error);
    if (status == STATUS_OK)
        *out = path_join(buf_text(&folder), "ledger");
    buf_finish(&folder);
    return status;
}

static void warn_of_server(PGconn *conn)
{
    int64_t unsafe = 0;

    if (postgres_number(conn, "SELECT (current_setting('fsync') = 'off')::int", &unsafe, NULL) ==
            STATUS_OK &&
        unsafe != 0)
        log_line(LOG_LEVEL_WARN, "postgres",
                 "the server runs with fsync off: a power cut loses what was acknowledged");
}

/* Whether there is a ledger, and where its files are. */
static enum status look_at(struct store_postgres *store, bool create, struct error *error)
{
    PGconn *conn;
    int version;
    enum status status = postgres_connect(store->uri, "holdfast-ledger", &conn, error);

    if (status != STATUS_OK)
        return status;
    status = postgres_schema_version(conn, &version, error);
    if (status == STATUS_OK && create && version > 0)
        status = error_set(error, STATUS_EXISTS, "database %s holds a ledger already", PQdb(conn));
    if (status == STATUS_OK && !create && version == 0)
        status = error_set(error, STATUS_NOT_FOUND, "there is no ledger in database %s: run init",
                           PQdb(conn));
    if (status == STATUS_OK)
        status = make_path(conn, &store->path, error);
    if (status == STATUS_OK)
        warn_of_server(conn);
    PQfinish(conn);
    return status;
}

enum status store_postgres_open(const char *uri, bool create, struct store **out,
                                struct error *error)
{
    struct store_postgres *store = mem_alloc(sizeof *store);
    struct link_start start = {.run = own_database, .context = store};
    enum status status = create ? postgres_create_database(uri, error) : STATUS_OK;

    store->base.methods = &postgres_methods;
    store->uri = mem_copy_text(uri);
    if (status == STATUS_OK)
        status = look_at(store, create, error);
    if (status == STATUS_OK)
        status = link_open(uri, "holdfast-ledger writer", &start, &store->link, error);
    if (status != STATUS_OK) {
        postgres_close(&store->base);
        return status;
    }
    store->turn = store->counted;
    *out = &store->base;
    return STATUS_OK;
}
