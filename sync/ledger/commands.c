/* What each command does. */
#include "sync/ledger/commands.h"

#include "sync/ledger/ledger.h"
#include "sync/ledger/projection.h"
#include "sync/ledger/server.h"
#include "terminal/base/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static struct ledger_options system_options(const char *location)
{
    return (struct ledger_options){
        .location = location, .clock = clock_system(), .entropy = entropy_system()};
}

static enum status need(const char *value, const char *option, struct error *error)
{
    return value != NULL ? STATUS_OK : error_set(error, STATUS_INVALID, "%s is needed", option);
}

enum status command_init(const struct command_options *options, struct error *error)
{
    struct ledger_options ledger = system_options(options->location);
    enum status status = need(options->token_file, "--token-file", error);

    return status == STATUS_OK ? ledger_init(&ledger, options->token_file, error) : status;
}

/* SIGTERM and SIGINT are blocked in every thread, and taken here. */
static void wait_for_signal(void)
{
    sigset_t signals;
    int signal = 0;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigwait(&signals, &signal);
}

static void block_signals(void)
{
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

enum status command_serve(const struct command_options *options, struct error *error)
{
    struct ledger_options about = system_options(options->location);
    struct server_options serving = {
        .listen = options->listen, .tls_cert = options->tls_cert, .tls_key = options->tls_key};
    char name[LISTENER_NAME_SIZE];
    struct ledger *ledger;
    struct server *server;
    enum status status = need(options->listen, "--listen", error);

    if (status != STATUS_OK)
        return status;
    block_signals();
    status = ledger_open(&about, &ledger, error);
    if (status != STATUS_OK)
        return status;
    status = server_start(ledger, &serving, &server, name, error);
    if (status == STATUS_OK) {
        printf("listening on %s\n", name);
        (void)fflush(stdout);
        wait_for_signal();
        server_stop(server);
    }
    ledger_close(ledger);
    return status;
}

enum status command_backup(const struct command_options *options, struct error *error)
{
    enum status status = need(options->to, "--to", error);

    return status == STATUS_OK ? store_backup(options->location, options->to, error) : status;
}

enum status command_restore(const struct command_options *options, struct error *error)
{
    enum status status = need(options->from, "--from", error);

    return status == STATUS_OK ? store_restore(options->location, options->from, error) : status;
}

static enum status repair_job(void *context, const struct writer_turn *turn, struct error *error)
{
    (void)context;
    return projection_repair(turn, error);
}

static enum status check_or_repair(struct ledger *ledger, bool repair, struct error *error)
{
    struct writer_job job = {.run = repair_job};
    struct projection_report report;
    struct store_session *reader;
    enum status status = ledger_reader(ledger, &reader, error);

    if (status != STATUS_OK)
        return status;
    status = projection_check(reader, &report, error);
    ledger_reader_back(ledger, reader);
    if (status != STATUS_OK)
        return status;
    printf("%lld entries, %lld balances, %lld differences\n", (long long)report.entries,
           (long long)report.balances, (long long)report.differences);
    if (report.differences == 0)
        return STATUS_OK;
    if (!repair)
        return error_set(error, STATUS_CORRUPT, "%s", report.first);
    status = writer_run(ledger->writer, &job, error);
    if (status == STATUS_OK)
        printf("repaired\n");
    return status;
}

enum status command_rebuild(const struct command_options *options, struct error *error)
{
    struct ledger_options about = system_options(options->location);
    struct ledger *ledger;
    enum status status = ledger_open(&about, &ledger, error);

    if (status != STATUS_OK)
        return status;
    status = check_or_repair(ledger, options->repair, error);
    ledger_close(ledger);
    return status;
}
