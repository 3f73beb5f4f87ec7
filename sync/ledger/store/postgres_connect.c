/* Connections, waiting, errors. */
#include "sync/ledger/store/postgres_connect.h"

#include "terminal/base/buf.h"
#include "terminal/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 64
#define TEXT_OF(x)     TEXT_OF_(x)
#define TEXT_OF_(x)    #x

/* --- Errors --- */

static enum status status_of(const char *state)
{
    static const struct {
        const char *prefix;
        enum status status;
    } map[] = {
        {"40001", STATUS_BUSY},      {"40P01", STATUS_BUSY},     {"55P03", STATUS_BUSY},
        {"53300", STATUS_BUSY},      {"57P03", STATUS_BUSY},     {"23505", STATUS_EXISTS},
        {"P0001", STATUS_DENIED},    {"42501", STATUS_DENIED},   {"28", STATUS_DENIED},
        {"25006", STATUS_DENIED},    {"53", STATUS_FULL},        {"22001", STATUS_RANGE},
        {"22003", STATUS_RANGE},     {"54", STATUS_RANGE},       {"57014", STATUS_CANCELLED},
        {"08", STATUS_IO},           {"57P0", STATUS_IO},        {"58", STATUS_IO},
        {"25P03", STATUS_IO},        {"XX001", STATUS_CORRUPT},  {"XX002", STATUS_CORRUPT},
        {"3D000", STATUS_NOT_FOUND}, {"HF001", STATUS_CONFLICT},
    };

    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
        if (strncmp(map[i].prefix, state, strlen(map[i].prefix)) == 0)
            return map[i].status;
    return STATUS_INVALID;
}

enum status postgres_error(PGconn *conn, const PGresult *result, struct error *error)
{
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    size_t length;

    if (text == NULL)
        text = PQerrorMessage(conn);
    length = strcspn(text, "\n");
    if (length == 0)
        return error_set(error, STATUS_IO, "PostgreSQL: the connection is lost");
    return error_set(error, state == NULL ? STATUS_IO : status_of(state), "PostgreSQL: %.*s",
                     (int)length, text);
}

/* --- Waiting --- */

/* Until there is something to read, sending what is queued. */
static bool wait_for_input(PGconn *conn)
{
    struct pollfd watched = {.fd = PQsocket(conn)};
    int left = PQflush(conn);
    int ready;

    if (left < 0 || watched.fd < 0)
        return false;
    watched.events = left > 0 ? POLLIN | POLLOUT : POLLIN;
    do {
        ready = poll(&watched, 1, POSTGRES_SILENCE_MS);
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return false; /* silent for too long: a hung server is as good as none */
    if ((watched.revents & (POLLIN | POLLERR | POLLHUP)) == 0)
        return true;
    return PQconsumeInput(conn) == 1;
}

bool postgres_answer(PGconn *conn, PGresult **out)
{
    *out = NULL;
    while (PQisBusy(conn) == 1) {
        if (!wait_for_input(conn))
            return false;
    }
    *out = PQgetResult(conn);
    if (PQstatus(conn) == CONNECTION_OK)
        return true;
    PQclear(*out);
    *out = NULL;
    return false;
}

bool postgres_alive(PGconn *conn)
{
    struct pollfd watched = {.fd = PQsocket(conn), .events = POLLIN};

    /* A server that goes away says a last word before the end of its stream. */
    for (int i = 0; i < 4 && PQstatus(conn) == CONNECTION_OK; i++) {
        if (poll(&watched, 1, 0) <= 0)
            return true;
        if (PQconsumeInput(conn) != 1)
            return false;
        (void)PQisBusy(conn); /* looks at what was read */
    }
    return PQstatus(conn) == CONNECTION_OK;
}

enum status postgres_exec(PGconn *conn, const char *sql, ExecStatusType wanted, PGresult **out,
                          struct error *error)
{
    PGresult *result = NULL, *last = NULL;
    enum status status = STATUS_OK;

    if (out != NULL)
        *out = NULL;
    if (PQsendQuery(conn, sql) != 1)
        return postgres_error(conn, NULL, error);
    for (;;) {
        if (!postgres_answer(conn, &result)) {
            PQclear(last);
            return postgres_error(conn, NULL, error);
        }
        if (result == NULL)
            break;
        PQclear(last);
        last = result;
        if (PQresultStatus(result) == PGRES_COPY_IN || PQresultStatus(result) == PGRES_COPY_OUT)
            break;
    }
    if (PQresultStatus(last) != wanted)
        status = postgres_error(conn, last, error);
    if (status == STATUS_OK && out != NULL)
        *out = last;
    else
        PQclear(last);
    return status;
}

static bool wait_for_room(PGconn *conn)
{
    struct pollfd watched = {.fd = PQsocket(conn), .events = POLLIN | POLLOUT};
    int ready;

    do {
        ready = poll(&watched, 1, POSTGRES_SILENCE_MS);
    } while (ready < 0 && errno == EINTR);
    return ready > 0 && ((watched.revents & POLLIN) == 0 || PQconsumeInput(conn) == 1) &&
           PQflush(conn) >= 0;
}

enum status postgres_put(PGconn *conn, const void *bytes, size_t length, struct error *error)
{
    int sent;

    (void)PQsetnonblocking(conn, 1);
    while ((sent = PQputCopyData(conn, bytes, (int)length)) == 0) {
        if (!wait_for_room(conn))
            return postgres_error(conn, NULL, error);
    }
    return sent == 1 ? STATUS_OK : postgres_error(conn, NULL, error);
}

enum status postgres_put_end(PGconn *conn, struct error *error)
{
    enum status status = STATUS_OK;
    PGresult *result;
    int sent;

    while ((sent = PQputCopyEnd(conn, NULL)) == 0) {
        if (!wait_for_room(conn))
            return postgres_error(conn, NULL, error);
    }
    if (sent != 1)
        return postgres_error(conn, NULL, error);
    for (;;) {
        if (!postgres_answer(conn, &result))
            return postgres_error(conn, NULL, error);
        if (result == NULL)
            return status;
        if (PQresultStatus(result) != PGRES_COMMAND_OK && status == STATUS_OK)
            status = postgres_error(conn, result, error);
        PQclear(result);
    }
}

/* --- Connecting --- */

struct parameters {
    const char *names[PARAMETERS_MAX];
    const char *values[PARAMETERS_MAX];
    int count;
};

static void put(struct parameters *parameters, const char *name, const char *value)
{
    for (int i = 0; i < parameters->count; i++)
        if (strcmp(parameters->names[i], name) == 0)
            return; /* the first one counts */
    INVARIANT(parameters->count < PARAMETERS_MAX - 1);
    parameters->names[parameters->count] = name;
    parameters->values[parameters->count++] = value;
}

static PQconninfoOption *parse(const char *uri, struct error *error)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(uri, &why);

    if (options == NULL)
        (void)error_set(error, STATUS_INVALID, "database: %.*s",
                        why == NULL ? 0 : (int)strcspn(why, "\n"), why == NULL ? "" : why);
    PQfreemem(why);
    return options;
}

static void put_all(struct parameters *parameters, const PQconninfoOption *options)
{
    for (; options->keyword != NULL; options++)
        if (options->val != NULL)
            put(parameters, options->keyword, options->val);
}

/* A session that is not answered for half a minute is dead for both sides. */
static void put_defaults(struct parameters *parameters, const char *application)
{
    put(parameters, "connect_timeout", TEXT_OF(POSTGRES_CONNECT_S));
    put(parameters, "client_encoding", "UTF8");
    put(parameters, "application_name", application);
    put(parameters, "keepalives_idle", "15");
    put(parameters, "keepalives_interval", "5");
    put(parameters, "keepalives_count", "3");
    put(parameters, "tcp_user_timeout", "30000");
}

static void ignore_notice(void *context, const char *message)
{
    (void)context;
    log_line(LOG_LEVEL_DEBUG, "postgres", "%.*s", (int)strcspn(message, "\n"), message);
}

/* A time-out that the URI or the role set stays. jit costs more than it saves on short statements.
 */
static const char settings[] =
    "SELECT set_config('synchronous_commit', 'on', false)"
    "  WHERE current_setting('synchronous_commit') IN ('off', 'local');"
    "SELECT set_config('statement_timeout', '" TEXT_OF(
        POSTGRES_STATEMENT_MS) "', false)"
                               "  WHERE current_setting('statement_timeout') = '0';"
                               "SELECT set_config('lock_timeout', '" TEXT_OF(
                                   POSTGRES_LOCK_MS) "', false)"
                                                     "  WHERE current_setting('lock_timeout') = "
                                                     "'0';"
                                                     "SELECT "
                                                     "set_config('idle_in_transaction_session_"
                                                     "timeout', '300000', false)"
                                                     "  WHERE "
                                                     "current_setting('idle_in_transaction_session_"
                                                     "timeout') = '0';"
                                                     "SET client_min_messages = warning; SET "
                                                     "standard_conforming_strings = on; SET jit = "
                                                     "off";

static enum status prepare_session(PGconn *conn, struct error *error)
{
    const char *encoding = PQparameterStatus(conn, "server_encoding");

    (void)PQsetNoticeProcessor(conn, ignore_notice, NULL);
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return error_set(error, STATUS_INVALID, "the database's encoding is %s: it must be UTF8",
                         encoding == NULL ? "not known" : encoding);
    return postgres_exec(conn, settings, PGRES_COMMAND_OK, NULL, error);
}

/* Failures to connect carry no SQLSTATE in libpq 15; the text is for people, and in their language.
 */
enum status postgres_connect(const char *uri, const char *application, PGconn **out,
                             struct error *error)
{
    struct parameters parameters = {.count = 0};
    PQconninfoOption *options = parse(uri, error);
    enum status status = STATUS_OK;
    PGconn *conn;

    if (options == NULL)
        return STATUS_INVALID;
    put_all(&parameters, options);
    put_defaults(&parameters, application);
    conn = PQconnectdbParams(parameters.names, parameters.values, 0);
    PQconninfoFree(options);
    if (PQstatus(conn) != CONNECTION_OK)
        status = postgres_error(conn, NULL, error);
    if (status == STATUS_OK)
        status = prepare_session(conn, error);
    if (status != STATUS_OK) {
        PQfinish(conn);
        return status;
    }
    *out = conn;
    return STATUS_OK;
}

enum status postgres_database_name(const char *uri, char **out, struct error *error)
{
    PQconninfoOption *options = parse(uri, error);

    if (options == NULL)
        return STATUS_INVALID;
    *out = mem_copy_text("");
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (strcmp(option->keyword, "dbname") != 0 || option->val == NULL)
            continue;
        free(*out);
        *out = mem_copy_text(option->val);
    }
    PQconninfoFree(options);
    return STATUS_OK;
}

PGconn *postgres_connect_other(const char *uri, const char *database)
{
    struct parameters parameters = {.count = 0};
    PQconninfoOption *options = parse(uri, NULL);
    PGconn *conn;

    if (options == NULL)
        return NULL;
    put(&parameters, "dbname", database);
    put_all(&parameters, options);
    put_defaults(&parameters, "holdfast-ledger init");
    conn = PQconnectdbParams(parameters.names, parameters.values, 0);
    PQconninfoFree(options);
    return conn;
}
