/* The daemon and the life of its calls.
 *
 *   CALL_NEW ─ headers ─► CALL_READING ─ body ─► CALL_WORKING (suspended) ─► CALL_ANSWERED
 *
 * While a call is CALL_WORKING its connection is suspended: libmicrohttpd leaves it alone, and the
 * call belongs to the pool or to `waits`. At any other time it belongs to the epoll thread.
 */
#include "sync/ledger/http/server.h"

#include "sync/ledger/http/call.h"
#include "sync/ledger/http/certificate.h"
#include "terminal/base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SPARE_DESCRIPTORS 128
#define CONNECTION_MEMORY ((size_t)16 << 10)

struct server {
    struct ledger *ledger;
    struct deadlines *deadlines;
    int patience_s;
    size_t bodies; /* ceiling of body_bytes */
    struct MHD_Daemon *daemon;
    struct pool *pool;
    struct waits *waits;
    int listening;
    struct certificate *certificate; /* NULL: plain HTTP */
    atomic_bool stopping;
    atomic_size_t body_bytes;

    pthread_mutex_t mutex;
    pthread_cond_t idle;
    int64_t calls;   /* begun and not completed */
    int64_t working; /* of those, in the pool's or the waits' hands */
};

/* What this call holds of all bodies, from now on; false when that is too much. */
static bool count_bytes(struct call *call, size_t bytes)
{
    struct server *server = call->server;
    size_t before = call->counted;

    call->counted = bytes;
    metrics_add(server->ledger->metrics, METRIC_BODY_BYTES, (int64_t)bytes - (int64_t)before);
    (void)atomic_fetch_sub(&server->body_bytes, before);
    return atomic_fetch_add(&server->body_bytes, bytes) + bytes <= server->bodies;
}

static struct call *call_of_task(struct pool_task *task)
{
    return (struct call *)((char *)task - offsetof(struct call, task));
}

static struct call *call_of_wait(struct wait_entry *entry)
{
    return (struct call *)((char *)entry - offsetof(struct call, wait));
}

/* Once resumed, the call is the epoll thread's and may be gone at once. */
static void answered(struct call *call)
{
    struct server *server = call->server;

    call->state = CALL_ANSWERED;
    deadline_transfer(server->deadlines, call->deadline,
                      call->response.file >= 0 ? call->response.length
                                               : (int64_t)call->response.body.used);
    MHD_resume_connection(call->connection);
    (void)pthread_mutex_lock(&server->mutex);
    if (--server->working == 0)
        (void)pthread_cond_broadcast(&server->idle);
    (void)pthread_mutex_unlock(&server->mutex);
}

/* False once the server is stopping: no work begins any more. */
static bool begin_work(struct server *server)
{
    bool may;

    (void)pthread_mutex_lock(&server->mutex);
    may = !atomic_load(&server->stopping);
    server->working += may;
    (void)pthread_mutex_unlock(&server->mutex);
    return may;
}

static void continue_task(struct pool_task *task)
{
    struct call *call = call_of_task(task);

    ledger_continue(call->server->ledger, call->wait.wait, &call->response);
    answered(call);
}

/* From the waits' thread: the answer itself is the pool's work. */
static void wait_is_over(struct wait_entry *entry)
{
    struct call *call = call_of_wait(entry);

    metrics_add(call->server->ledger->metrics, METRIC_WAITS, -1);
    call->task.run = continue_task;
    pool_submit(call->server->pool, &call->task);
}

static void handle_task(struct pool_task *task)
{
    struct call *call = call_of_task(task);

    ledger_handle(call->server->ledger, &call->request, &call->response);
    if (call->response.wait == NULL) {
        answered(call);
        return;
    }
    call->wait.wait = call->response.wait;
    call->wait.over = wait_is_over;
    call->response.wait = NULL;
    metrics_add(call->server->ledger->metrics, METRIC_WAITS, 1);
    waits_add(call->server->waits, &call->wait);
}

static void on_cut_off(void *context)
{
    const struct server *server = context;

    metrics_add(server->ledger->metrics, METRIC_CUT_OFF, 1);
}

/* Its handshake has not begun. */
static void show_certificate(struct server *server, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    if (info != NULL)
        certificate_show(server->certificate, info->tls_session);
}

/* A connection comes or goes; what is kept of it is its deadline. */
static void on_connection(void *context, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    const union MHD_ConnectionInfo *info;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *slot = deadlines_add(server->deadlines, info->connect_fd);
        if (server->certificate != NULL)
            show_certificate(server, connection);
        metrics_add(server->ledger->metrics, METRIC_CONNECTIONS, 1);
    } else if (*slot != NULL) {
        deadlines_remove(server->deadlines, *slot);
        *slot = NULL;
        metrics_add(server->ledger->metrics, METRIC_CONNECTIONS, -1);
    }
}

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct server *server = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct call *call = call_new(server, target);

    call->deadline = info->socket_context;
    (void)pthread_mutex_lock(&server->mutex);
    server->calls++;
    (void)pthread_mutex_unlock(&server->mutex);
    return call;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct server *server = context;
    struct call *call = *slot;

    (void)connection;
    (void)code;
    if (call == NULL)
        return;
    *slot = NULL;
    deadline_headers(server->deadlines, call->deadline); /* of the next request */
    count_bytes(call, 0);
    call_free(call);
    (void)pthread_mutex_lock(&server->mutex);
    if (--server->calls == 0)
        (void)pthread_cond_broadcast(&server->idle);
    (void)pthread_mutex_unlock(&server->mutex);
}

/* Before a handler: counted apart. */
static enum MHD_Result refuse(struct call *call, int status, const char *code, const char *message)
{
    metrics_add(call->server->ledger->metrics, METRIC_REFUSED, 1);
    ledger_refuse(call->server->ledger, status, code, message, &call->response);
    return call_send(call, true);
}

static bool too_many_requests(struct server *server, struct MHD_Connection *connection)
{
    struct ledger *ledger = server->ledger;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info == NULL ? NULL : info->client_addr;

    return ledger->limits != NULL && address != NULL &&
           limits_take_address(ledger->limits, address, clock_monotonic_us(&ledger->clock)) > 0;
}

/* The body as announced; chunked ones announce nothing. False for what is no number. */
static bool announced_length(struct MHD_Connection *connection, size_t *out)
{
    const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    size_t digits = text == NULL ? 0 : strspn(text, "0123456789");

    *out = 0;
    if (text == NULL)
        return true;
    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return false;
    *out = (size_t)strtoull(text, NULL, 10);
    return true;
}

static enum MHD_Result begin_call(struct call *call, struct MHD_Connection *connection,
                                  const char *method)
{
    struct server *server = call->server;
    size_t announced, ceiling;

    call_read_headers(call, connection, method);
    call->state = CALL_READING;
    if (atomic_load(&server->stopping))
        return refuse(call, 503, "busy", "the ledger is stopping");
    if (too_many_requests(server, connection)) {
        metrics_add(server->ledger->metrics, METRIC_LIMITED, 1);
        return refuse(call, 429, "busy", "too many requests");
    }
    ceiling = ledger_body_ceiling(server->ledger, &call->request);
    if (!announced_length(connection, &announced) || announced > ceiling)
        return refuse(call, 413, "range", "the body is too large for this path");
    buf_init(&call->body, ceiling);
    deadline_transfer(server->deadlines, call->deadline,
                      (int64_t)(announced > 0 ? announced : ceiling));
    return MHD_YES;
}

/* Bytes that came. A chunked body beyond its ceiling can't be answered any more: it is cut off. */
static enum MHD_Result read_body(struct call *call, const char *bytes, size_t *length)
{
    bool large = call->body.ceiling > SERVER_BODIES_CEILING / 4; /* an administrator's import */

    if (buf_append(&call->body, bytes, *length) != STATUS_OK)
        return MHD_NO;
    if (!large && !count_bytes(call, call->counted + *length))
        return MHD_NO;
    *length = 0;
    return MHD_YES;
}

/* An answer stays in memory until it is read; the request's own body is let go first. */
static bool hold_answer(struct call *call)
{
    size_t used = call->response.body.used;

    buf_finish(&call->body);
    return count_bytes(call, used < SERVER_BODIES_CEILING / 4 ? used : 0);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *length, void **slot)
{
    struct server *server = context;
    struct call *call = *slot;

    (void)url;
    (void)version;
    switch (call->state) {
    case CALL_NEW:
        return begin_call(call, connection, method);
    case CALL_READING:
        if (*length > 0)
            return read_body(call, bytes, length);
        if (!begin_work(server))
            return refuse(call, 503, "busy", "the ledger is stopping");
        call->request.body = call->body.data;
        call->request.length = call->body.used;
        call->state = CALL_WORKING;
        deadline_none(server->deadlines, call->deadline);
        call->task.run = handle_task;
        MHD_suspend_connection(connection);
        pool_submit(server->pool, &call->task);
        return MHD_YES;
    case CALL_ANSWERED:
        if (!hold_answer(call)) {
            ledger_response_finish(&call->response);
            ledger_response_init(&call->response);
            return refuse(call, 503, "busy", "too many answers are on their way");
        }
        return call_send(call, atomic_load(&server->stopping));
    case CALL_WORKING:
        break;
    }
    return MHD_YES;
}

/* As many descriptors as connections need, and no more connections than descriptors allow. */
static unsigned raise_descriptors(void)
{
    struct rlimit limit;
    rlim_t wanted = SERVER_CONNECTIONS + SPARE_DESCRIPTORS;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 512;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted)
        return SERVER_CONNECTIONS;
    return limit.rlim_cur > 2 * SPARE_DESCRIPTORS ? (unsigned)(limit.rlim_cur - SPARE_DESCRIPTORS)
                                                  : SPARE_DESCRIPTORS;
}

static enum status open_certificate(const struct server_options *options, struct server *server,
                                    struct error *error)
{
    if ((options->tls_cert == NULL) != (options->tls_key == NULL))
        return error_set(error, STATUS_INVALID, "TLS needs a certificate and its key");
    if (options->tls_cert == NULL)
        return STATUS_OK;
    return certificate_open(options->tls_cert, options->tls_key, &server->certificate, error);
}

static struct MHD_Daemon *start_daemon(struct server *server)
{
    bool tls = server->certificate != NULL;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     (tls ? (unsigned)MHD_USE_TLS : 0);
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(intptr_t)certificate_none},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(intptr_t)CERTIFICATE_PRIORITIES},
        {MHD_OPTION_END, 0, NULL}};

    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, server->listening,
        MHD_OPTION_CONNECTION_LIMIT, raise_descriptors(), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)server->patience_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)SERVER_PER_ADDRESS, MHD_OPTION_ARRAY,
        tls ? secure : none, MHD_OPTION_END);
}

static void server_free(struct server *server)
{
    certificate_close(server->certificate);
    (void)pthread_cond_destroy(&server->idle);
    (void)pthread_mutex_destroy(&server->mutex);
    free(server);
}

enum status server_start(struct ledger *ledger, const struct server_options *options,
                         struct server **out, char name[LISTENER_NAME_SIZE], struct error *error)
{
    struct server *server = mem_alloc(sizeof *server);
    enum status status;

    server->ledger = ledger;
    server->listening = -1;
    server->patience_s = options->patience_s > 0 ? options->patience_s : SERVER_PATIENCE_S;
    server->bodies = options->bodies > 0 ? options->bodies : SERVER_BODIES_CEILING;
    (void)pthread_mutex_init(&server->mutex, NULL);
    (void)pthread_cond_init(&server->idle, NULL);
    status = open_certificate(options, server, error);
    if (status == STATUS_OK)
        status = listener_open(options->listen, &server->listening, name, error);
    if (status != STATUS_OK) {
        server_free(server);
        return status;
    }
    server->pool = pool_start(SERVER_WORKERS);
    server->waits = waits_start(ledger);
    server->deadlines = deadlines_start(server->patience_s, on_cut_off, server);
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        waits_end_all(server->waits);
        waits_stop(server->waits);
        pool_stop(server->pool);
        deadlines_stop(server->deadlines);
        (void)close(server->listening);
        server_free(server);
        return error_set(error, STATUS_INVALID, "the HTTP server does not start%s",
                         options->tls_cert == NULL ? "" : ": look at certificate and key");
    }
    *out = server;
    return STATUS_OK;
}

enum status server_renew(struct server *server, struct error *error)
{
    return server->certificate == NULL ? STATUS_OK : certificate_renew(server->certificate, error);
}

/* Until what is in work is finished, however long; and until the answers are sent, but not for
 * longer than SERVER_STOP_S: a peer may have stopped reading. */
static void wait_for_calls(struct server *server)
{
    struct timespec until;

    (void)pthread_mutex_lock(&server->mutex);
    while (server->working > 0)
        (void)pthread_cond_wait(&server->idle, &server->mutex);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SERVER_STOP_S;
    while (server->calls > 0 && pthread_cond_timedwait(&server->idle, &server->mutex, &until) == 0)
        continue;
    (void)pthread_mutex_unlock(&server->mutex);
}

void server_stop(struct server *server)
{
    if (server == NULL)
        return;
    (void)pthread_mutex_lock(&server->mutex);
    atomic_store(&server->stopping, true);
    (void)pthread_mutex_unlock(&server->mutex);
    (void)MHD_quiesce_daemon(server->daemon);
    (void)close(server->listening);
    waits_end_all(server->waits);
    wait_for_calls(server);
    /* Nobody is suspended now, as it must be when the daemon stops. Whoever is still sending or
     * receiving is cut off. */
    waits_stop(server->waits);
    pool_stop(server->pool);
    MHD_stop_daemon(server->daemon);
    deadlines_stop(server->deadlines);
    server_free(server);
}
