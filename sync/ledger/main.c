/* holdfast-ledger: the central service. Exit status: 0 done, 1 it could not be done (one line says
 * why), 2 wrong usage.
 */
#include "sync/ledger/commands.h"
#include "terminal/base/crypto.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void help(void)
{
    printf(
        "holdfast-ledger - the shops' central ledger\n\n"
        "  holdfast-ledger init    --db DB --token-file F\n"
        "      makes a database, and writes the administrator's token to F\n"
        "  holdfast-ledger serve   --db DB --listen 127.0.0.1:PORT\n"
        "      [--tls-cert F --tls-key F]   until SIGTERM; port 0 takes a free one\n"
        "      [--log text|json] [--log-level debug|info|warn] [--log-file F]\n"
        "      [--patience SECONDS]   how long a slow peer is waited for\n"
        "      a second SIGTERM ends at once; SIGHUP opens the log's file anew and reads\n"
        "      certificate and key again\n"
        "  holdfast-ledger backup  --db DB --to FILE\n"
        "      a consistent copy, also while it is served\n"
        "  holdfast-ledger restore --db DB --from FILE\n"
        "      puts a backup back; the ledger then takes a new incarnation\n"
        "  holdfast-ledger rebuild --db DB [--repair]\n"
        "      computes stock and totals anew from all entries and compares\n"
        "DB is sqlite:PATH, or postgresql://USER@HOST/NAME as libpq takes it; a backup of either\n"
        "is restored into either\n"
        "  --help  --version\n");
}

static const struct {
    const char *name;
    enum status (*run)(const struct command_options *options, struct error *error);
} commands[] = {
    {"init", command_init},       {"serve", command_serve},     {"backup", command_backup},
    {"restore", command_restore}, {"rebuild", command_rebuild},
};

/* The place for the value of an option, NULL when it is not known. */
static const char **option_value(struct command_options *options, const char *name)
{
    const struct {
        const char *name;
        const char **value;
    } known[] = {
        {"--db", &options->location},         {"--token-file", &options->token_file},
        {"--listen", &options->listen},       {"--tls-cert", &options->tls_cert},
        {"--tls-key", &options->tls_key},     {"--to", &options->to},
        {"--from", &options->from},           {"--log", &options->log},
        {"--log-level", &options->log_level}, {"--log-file", &options->log_file},
        {"--patience", &options->patience},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) == 0)
            return known[i].value;
    }
    return NULL;
}

/* False when a word is not understood; a line has said so. */
static bool read_options(int count, char **arguments, struct command_options *options)
{
    for (int i = 2; i < count; i++) {
        const char **value = option_value(options, arguments[i]);
        if (strcmp(arguments[i], "--repair") == 0) {
            options->repair = true;
        } else if (value != NULL && i + 1 < count) {
            *value = arguments[++i];
        } else {
            fprintf(stderr, "holdfast-ledger: %s is not understood; see --help\n", arguments[i]);
            return false;
        }
    }
    if (options->location == NULL) {
        fprintf(stderr,
                "holdfast-ledger: say which database: --db sqlite:PATH or postgresql://...\n");
        return false;
    }
    return true;
}

int main(int count, char **arguments)
{
    struct command_options options = {0};
    const char *name = count > 1 ? arguments[1] : "";
    struct error error;

    if (strcmp(name, "--help") == 0) {
        help();
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("holdfast-ledger %s\n", HOLDFAST_VERSION);
        return 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        enum status status;
        if (strcmp(commands[i].name, name) != 0)
            continue;
        if (!read_options(count, arguments, &options))
            return 2;
        (void)umask(0077); /* databases, keys and receipts are their owner's */
        (void)signal(SIGPIPE, SIG_IGN);
        crypto_start();
        status = commands[i].run(&options, &error);
        if (status != STATUS_OK)
            fprintf(stderr, "holdfast-ledger: %s\n", error.text);
        return status == STATUS_OK ? 0 : 1;
    }
    fprintf(stderr, "holdfast-ledger: '%s' is not a command; see --help\n", name);
    return 2;
}
