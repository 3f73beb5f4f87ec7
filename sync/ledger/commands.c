/* What each command does. */
#include "sync/ledger/commands.h"

#include "sync/ledger/http/server.h"
#include "sync/ledger/ledger.h"
#include "sync/ledger/projection.h"
#include "terminal/base/log.h"
#include "terminal/base/text.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* The signals that are taken by wait_for_signal, and by nobody else. */
static sigset_t own_signals(void)
{
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    return signals;
}

/* The log's file was moved away, or the certificate was renewed. */
static void look_again(struct server *server)
{
    struct error error;

    log_reopen();
    if (server_renew(server, &error) != STATUS_OK)
        log_line(LOG_LEVEL_ERROR, "ledger", "the certificate stays as it was: %s", error.text);
}

static void wait_for_signal(struct server *server)
{
    sigset_t signals = own_signals();
    int signal = 0;

    while (sigwait(&signals, &signal) == 0 && signal == SIGHUP)
        look_again(server);
}

static void block_signals(void)
{
    sigset_t signals = own_signals();

    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* From the first signal on: the next one, or the alarm, kills as a signal does. */
static void stop_in_time(void)
{
    sigset_t signals = own_signals();

    log_line(LOG_LEVEL_INFO, "ledger", "stopping");
    (void)pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    (void)alarm(COMMANDS_STOP_S);
}

static enum status start_log(const struct command_options *options, struct error *error)
{
    const char *level = options->log_level == NULL ? "info" : options->log_level;
    const char *format = options->log == NULL ? "text" : options->log;

    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return error_set(error, STATUS_INVALID, "--log is text or json");
    if (strcmp(level, "debug") != 0 && strcmp(level, "info") != 0 && strcmp(level, "warn") != 0)
        return error_set(error, STATUS_INVALID, "--log-level is debug, info or warn");
    log_set_format(format[0] == 'j' ? LOG_JSON : LOG_TEXT);
    log_set_level(level[0] == 'd'   ? LOG_LEVEL_DEBUG
                  : level[0] == 'i' ? LOG_LEVEL_INFO
                                    : LOG_LEVEL_WARN);
    return options->log_file == NULL ? STATUS_OK : log_open(options->log_file, error);
}

static enum status read_patience(const char *text, int *out, struct error *error)
{
    int64_t seconds = 0;

    if (text != NULL &&
        (decimal_read(text, 0, &seconds) != STATUS_OK || seconds < 1 || seconds > 3600))
        return error_set(error, STATUS_INVALID, "--patience is 1 to 3600 seconds");
    *out = (int)seconds;
    return STATUS_OK;
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

    if (status == STATUS_OK)
        status = start_log(options, error);
    if (status == STATUS_OK)
        status = read_patience(options->patience, &serving.patience_s, error);
    if (status != STATUS_OK)
        return status;
    about.limited = true;
    block_signals();
    status = ledger_open(&about, &ledger, error);
    if (status != STATUS_OK)
        return status;
    status = server_start(ledger, &serving, &server, name, error);
    if (status == STATUS_OK) {
        printf("listening on %s\n", name);
        (void)fflush(stdout);
        wait_for_signal(server);
        stop_in_time();
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
