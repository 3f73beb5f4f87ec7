/* holdfast-hooks: carries webhooks from the ledger to their receivers, until SIGTERM. Exit status:
 * 0 done, 1 it could not be done (one line says why), 2 wrong usage.
 */
#include "sync/hooks/deliver.h"
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/file.h"
#include "terminal/base/log.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define IDLE_MS     1000 /* between rounds in which nothing was taken */
#define LEDGER_MS   5000 /* after a round in which the ledger did not answer */
#define TOKEN_BYTES 512

struct options {
    const char *url, *token_file, *ca;
    bool once, allow_private;
};

static void help(void)
{
    printf("holdfast-hooks - carries webhooks from the ledger to their receivers\n\n"
           "  holdfast-hooks --url U --token-file F [--ca F] [--log text|json]\n"
           "      the token has the scope hooks; run one such program for a ledger\n"
           "      --allow-private   receivers may have addresses that are not public\n"
           "      --once            one round, then end\n"
           "  --help  --version\n");
}

/* False when a word is not understood; a line has said so. */
static bool read_options(int count, char **arguments, struct options *options)
{
    for (int i = 1; i < count; i++) {
        const char *name = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        const char **place = strcmp(name, "--url") == 0          ? &options->url
                             : strcmp(name, "--token-file") == 0 ? &options->token_file
                             : strcmp(name, "--ca") == 0         ? &options->ca
                                                                 : NULL;
        if (strcmp(name, "--once") == 0) {
            options->once = true;
        } else if (strcmp(name, "--allow-private") == 0) {
            options->allow_private = true;
        } else if (strcmp(name, "--log") == 0 && value != NULL &&
                   (strcmp(value, "json") == 0 || strcmp(value, "text") == 0)) {
            log_set_format(value[0] == 'j' ? LOG_JSON : LOG_TEXT);
            i++;
        } else if (place != NULL && value != NULL) {
            *place = value;
            i++;
        } else {
            fprintf(stderr, "holdfast-hooks: %s is not understood; see --help\n", name);
            return false;
        }
    }
    if (options->url == NULL || options->token_file == NULL) {
        fprintf(stderr, "holdfast-hooks: --url and --token-file are needed\n");
        return false;
    }
    return true;
}

static enum status read_token(const char *path, struct buf *out, struct error *error)
{
    enum status status = file_read(path, out, error);

    while (status == STATUS_OK && out->used > 0 && out->data[out->used - 1] <= ' ')
        out->data[--out->used] = '\0';
    return status;
}

/* Waits, unless SIGTERM or SIGINT has come: then true. */
static bool told_to_stop(const sigset_t *signals, int64_t wait_ms)
{
    struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};

    return sigtimedwait(signals, NULL, &wait) > 0;
}

/* Rounds follow at once while something is taken: a long queue drains. */
static enum status run(struct deliverer *deliverer, bool once, struct error *error)
{
    sigset_t signals;
    int carried, taken;
    enum status status;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    do {
        status = deliver_round(deliverer, &carried, &taken, error);
        if (status != STATUS_OK && !once)
            log_line(LOG_LEVEL_WARN, "hooks", "the ledger: %s", error->text);
    } while (!once && !told_to_stop(&signals, status != STATUS_OK ? LEDGER_MS
                                              : taken > 0         ? 0
                                                                  : IDLE_MS));
    return once ? status : STATUS_OK;
}

int main(int count, char **arguments)
{
    struct options options = {0};
    struct deliverer *deliverer = NULL;
    struct buf token;
    struct error error = {0};
    enum status status;

    if (count > 1 && strcmp(arguments[1], "--help") == 0) {
        help();
        return 0;
    }
    if (count > 1 && strcmp(arguments[1], "--version") == 0) {
        printf("holdfast-hooks %s\n", HOLDFAST_VERSION);
        return 0;
    }
    if (!read_options(count, arguments, &options))
        return 2;
    (void)signal(SIGPIPE, SIG_IGN);
    crypto_start();
    buf_init(&token, TOKEN_BYTES);
    status = read_token(options.token_file, &token, &error);
    if (status == STATUS_OK) {
        struct deliver_options about = {.url = options.url,
                                        .token = buf_text(&token),
                                        .ca = options.ca,
                                        .allow_private = options.allow_private};
        status = deliver_open(&about, &deliverer, &error);
    }
    if (token.data != NULL)
        secret_wipe(token.data, token.used);
    buf_finish(&token);
    if (status == STATUS_OK)
        status = run(deliverer, options.once, &error);
    deliver_close(deliverer);
    if (status != STATUS_OK)
        fprintf(stderr, "holdfast-hooks: %s\n", error.text);
    return status == STATUS_OK ? 0 : 1;
}
