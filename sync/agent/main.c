/* holdfast-sync: brings a till's sales to the ledger and the ledger's catalogue to the till.
 * Exit status: 0 done, 1 it could not be done (one line says why), 2 wrong usage.
 */
#include "sync/agent/loop.h"
#include "sync/agent/sync_db.h"
#include "terminal/base/clock.h"
#include "terminal/base/crypto.h"
#include "terminal/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void help(void)
{
    printf("holdfast-sync - brings sales to the ledger and the catalogue to the till\n\n"
           "  holdfast-sync --data DIR            runs until it is told to stop\n"
           "  holdfast-sync --data DIR --once     until nothing is left to send or to fetch\n"
           "  holdfast-sync --data DIR --status   what the agent last knew; --json for programs\n"
           "  --help  --version\n\n"
           "DIR is a till's data folder, made by holdfast-admin enroll.\n");
}

/* A time, and how long ago it was by this computer's clock. */
static void print_time(const char *what, int64_t ms)
{
    struct clock clock = clock_system();
    int64_t age_s = (clock_wall_ms(&clock) - ms) / 1000;
    char stamp[UTC_STAMP_SIZE];

    if (ms <= 0)
        return;
    utc_stamp(ms, stamp);
    printf("%-12s %s", what, stamp);
    if (age_s >= 86400)
        printf(" (%" PRId64 " d %" PRId64 " h ago)", age_s / 86400, age_s % 86400 / 3600);
    else if (age_s >= 3600)
        printf(" (%" PRId64 " h %" PRId64 " min ago)", age_s / 3600, age_s % 3600 / 60);
    else if (age_s >= 60)
        printf(" (%" PRId64 " min ago)", age_s / 60);
    else if (age_s >= 0)
        printf(" (%" PRId64 " s ago)", age_s);
    printf("\n");
}

static void print_scopes(const json_t *scopes)
{
    const json_t *scope;
    size_t i;

    json_array_foreach(scopes, i, scope)
    {
        print_time(json_text_or(scope, "scope", ""), json_int_or(scope, "as_of_ms", 0));
    }
}

static void print_status(const json_t *report)
{
    const json_t *queue = json_object_get(report, "queue");
    const char *reason = json_text_or(report, "reason", "");
    const char *last = json_text_or(report, "last_error", "");

    printf("%-12s %s\n", "ledger", json_bool_or(report, "online", false) ? "online" : "offline");
    print_time("since", json_int_or(report, "since_ms", 0));
    print_time("last answer", json_int_or(report, "last_ok_ms", 0));
    if (json_is_integer(queue))
        printf("%-12s %" PRId64 " entries\n", "to send", (int64_t)json_integer_value(queue));
    print_time("oldest", json_int_or(report, "oldest_ms", 0));
    print_scopes(json_object_get(report, "scopes"));
    if (json_object_get(report, "bytes_sent"))
        printf("%-12s %" PRId64 " bytes sent, %" PRId64 " received\n", "line",
               json_int_or(report, "bytes_sent", 0), json_int_or(report, "bytes_received", 0));
    if (json_bool_or(report, "fetching_snapshot", false))
        printf("%-12s being fetched\n", "snapshot");
    if (reason[0] != '\0')
        printf("%-12s %s\n", "because", reason);
    if (last[0] != '\0')
        printf("%-12s %s\n", "last error", last);
}

static enum status report_status(const char *folder, bool as_json, struct error *error)
{
    struct buf text;
    json_t *report = NULL;
    enum status status;

    buf_init(&text, (size_t)4 << 20);
    status = sync_db_report(folder, &text, error);
    if (status == STATUS_OK)
        status = json_read(buf_text(&text), text.used, &report, error);
    if (status == STATUS_OK && as_json)
        printf("%s\n", buf_text(&text));
    else if (status == STATUS_OK)
        print_status(report);
    json_decref(report);
    buf_finish(&text);
    return status;
}

int main(int count, char **arguments)
{
    struct loop_options options = {0};
    bool want_status = false;
    bool as_json = false;
    struct error error;
    enum status status;

    for (int i = 1; i < count; i++) {
        const char *word = arguments[i];

        if (strcmp(word, "--help") == 0) {
            help();
            return 0;
        }
        if (strcmp(word, "--version") == 0) {
            printf("holdfast-sync %s\n", HOLDFAST_VERSION);
            return 0;
        }
        if (strcmp(word, "--once") == 0) {
            options.once = true;
        } else if (strcmp(word, "--status") == 0) {
            want_status = true;
        } else if (strcmp(word, "--json") == 0) {
            as_json = true;
        } else if (strcmp(word, "--data") == 0 && i + 1 < count) {
            options.folder = arguments[++i];
        } else {
            fprintf(stderr, "holdfast-sync: %s is not understood; see --help\n", word);
            return 2;
        }
    }
    if (!options.folder) {
        fprintf(stderr, "holdfast-sync: say which folder: --data DIR\n");
        return 2;
    }
    (void)umask(0077); /* the replica holds PIN hashes: its owner's alone */
    crypto_start();
    status =
        want_status ? report_status(options.folder, as_json, &error) : loop_run(&options, &error);
    if (status != STATUS_OK) {
        fprintf(stderr, "holdfast-sync: %s\n", error.text);
        return 1;
    }
    return 0;
}
