/* holdfast-bench [GROUP|NAME...] [--full] [--json] */
#include "tests/bench/bench.h"
#include "tests/bench/run.h"

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"

#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *group, *name, *purpose;
    bench_run_function *run;
} benches[] = {
    {"terminal", "lookup", "barcode to line with price, beside a bare indexed look-up",
     bench_lookup},
    {"terminal", "search", "search as you type, beside bare FTS5 in row order", bench_search},
    {"terminal", "pixels", "scan to changed pixels, beside a copy of the damaged area",
     bench_pixels},
    {"terminal", "sale", "durable sale, beside append and fdatasync of as many bytes", bench_sale},
    {"terminal", "start", "start to first sale, beside exec and open of the same files",
     bench_start_till},
    {"terminal", "memory", "resident memory and idle CPU of the selling till", bench_memory},
    {"ledger", "import", "import of the catalogue, beside bare inserts", bench_import},
    {"sync", "till", "a new till with all products, beside a file copy", bench_new_till},
    {"sync", "drain", "offline sales drained to the ledger, beside bare inserts", bench_drain},
    {"ledger", "ingest", "entries taken in without a network, beside bare inserts", bench_ingest},
    {"ledger", "growth", "what an entry costs as stores and entries grow in number", bench_growth},
    {"ledger", "postgres", "the same on PostgreSQL, and beside COPY", bench_postgres},
    {"sync", "tills", "2,000 tills waiting on one ledger: memory, idle CPU, a price change",
     bench_tills},
    {"sync", "visible", "sale to the next till, beside a round trip and two commits",
     bench_visible},
};
#define BENCHES (sizeof benches / sizeof benches[0])

static void help(void)
{
    printf("holdfast-bench [--full] [--json] [GROUP|NAME...]\n\nPrints each budget beside its "
           "physical limit, measured in the same run. Groups and their benches:\n\n");
    for (size_t i = 0; i < BENCHES; i++)
        printf("  %-8s %-8s %s\n", benches[i].group, benches[i].name, benches[i].purpose);
    printf(
        "\nThe real catalogue is looked for in $HOLDFAST_DATA (default ../shared/data); without it "
        "an\ninvented one of 20,000 products is used. --full, or HOLDFAST_FULL=1: the long forms.\n"
        "Exit status: 0 when everything could be measured, met or missed; 1 otherwise; 2 usage.\n");
}

/* By its own name or its group's. */
static bool wanted(char *const *names, int count, size_t bench)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], benches[bench].name) == 0 ||
            strcmp(names[i], benches[bench].group) == 0)
            return true;
    return count == 0;
}

static bool known(const char *name)
{
    for (size_t i = 0; i < BENCHES; i++)
        if (strcmp(benches[i].name, name) == 0 || strcmp(benches[i].group, name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    const char *full = getenv("HOLDFAST_FULL");
    struct bench_options options = {.self = argv[0], .full = full && strcmp(full, "1") == 0};
    char *names[32];
    int count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            help();
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("holdfast-bench %s\n", HOLDFAST_VERSION);
            return 0;
        }
        if (strcmp(argv[i], "--full") == 0) {
            options.full = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            options.json = true;
        } else if (known(argv[i]) && count < (int)(sizeof names / sizeof names[0])) {
            names[count++] = argv[i];
        } else {
            fprintf(stderr, "holdfast-bench: '%s' is no bench and no option; see --help\n",
                    argv[i]);
            return 2;
        }
    }
    setlocale(LC_ALL, "C.UTF-8");
    crypto_start();
    struct bench *bench = bench_create(&options);
    int failed = 0;
    for (size_t i = 0; i < BENCHES; i++) {
        struct error error = {0};
        if (!wanted(names, count, i))
            continue;
        if (benches[i].run(bench, &error)) {
            fprintf(stderr, "holdfast-bench: %s: %s\n", benches[i].name, error.text);
            failed = 1;
        }
    }
    bench_destroy(bench);
    return failed;
}
