/* holdfast-sim: many tills, several shops, a ledger, one seed. See README.md. */
#include "tests/sim/disk.h"
#include "tests/sim/plants.h"
#include "tests/sim/runner.h"
#include "tests/sim/template.h"

#include "terminal/base/buf.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PLANT_SEEDS       400 /* a planted fault is found within so many, or is not found */
#define SEEDS_PER_PROCESS 200

static const char usage[] =
    "usage: holdfast-sim --seeds A-B [--jobs N] [--json]   every seed from A to B\n"
    "       holdfast-sim --seeds A-B --hashes              a line for each: seed, hash of its "
    "trace\n"
    "       holdfast-sim --seed N [--trace]                one seed, with every event\n"
    "       holdfast-sim --plants [--seeds A-B]            each planted fault until it is found\n"
    "       holdfast-sim --plant NAME (--seeds A-B | --seed N [--trace])\n"
    "       holdfast-sim --list                            the planted faults\n"
    "       holdfast-sim --help | --version\n"
    "--alone: each seed in a process of its own, instead of many one after the other.\n"
    "Exit status: 0 when every invariant held (with --plants: when every plant was found).\n";

struct options {
    uint64_t first, last;
    bool has_seeds, one, trace, json, plants, hashes, alone;
    int jobs;
    const char *plant;
};

/* ---- many seeds ---- */

struct totals {
    uint64_t seeds, failed;
    uint64_t faults[FAULTS];
    uint64_t fault_count, least, least_seed, steps, operations, entries;
    int64_t cpu_us;
    uint64_t digest; /* of all trace hashes, in no order */
    bool quiet;
    const char *plant;
    struct seed_report first_failure;
};

static void say_failure(const struct seed_report *report, const char *plant)
{
    printf("seed %" PRIu64 " FAILED: invariant %d: %s\n  replay: holdfast-sim --seed %" PRIu64
           " --trace%s%s\n",
           report->seed, report->failure.invariant, report->failure.text, report->seed,
           plant == NULL ? "" : " --plant ", plant == NULL ? "" : plant);
    (void)fflush(stdout);
}

static bool add_report(void *context, const struct seed_report *report)
{
    struct totals *totals = context;

    totals->seeds++;
    totals->fault_count += report->fault_count;
    totals->steps += report->steps;
    totals->operations += report->operations;
    totals->entries += report->entries;
    totals->cpu_us += report->cpu_us;
    totals->digest += report->trace_hash;
    for (int i = 0; i < FAULTS; i++)
        totals->faults[i] += report->faults[i];
    if (report->failure.invariant != 0) {
        if (totals->failed++ == 0)
            totals->first_failure = *report;
        if (!totals->quiet)
            say_failure(report, totals->plant);
    } else if (totals->least_seed == 0 || report->fault_count < totals->least) {
        totals->least = report->fault_count;
        totals->least_seed = report->seed;
    }
    return true;
}

static void print_totals(const struct totals *totals, double seconds)
{
    double seeds = totals->seeds == 0 ? 1 : (double)totals->seeds;

    for (int i = 0; i < FAULTS; i++)
        printf("%-36s %10" PRIu64 "\n", fault_words((enum fault)i), totals->faults[i]);
    printf("%" PRIu64 " seeds, %" PRIu64 " failed; %.1f s, %.1f ms of processor each\n",
           totals->seeds, totals->failed, seconds, (double)totals->cpu_us / 1000 / seeds);
    printf("per seed: %.0f faults (least %" PRIu64 ", seed %" PRIu64
           "), %.0f operations, %.0f entries, %.0f steps\n",
           (double)totals->fault_count / seeds, totals->least, totals->least_seed,
           (double)totals->operations / seeds, (double)totals->entries / seeds,
           (double)totals->steps / seeds);
    printf("trace %016" PRIx64 "\n", totals->digest);
}

static void print_json(const struct totals *totals, double seconds)
{
    json_t *faults = json_object(), *report;
    char digest[17];

    for (int i = 0; i < FAULTS; i++)
        (void)json_object_set_new(faults, fault_words((enum fault)i),
                                  json_integer((json_int_t)totals->faults[i]));
    (void)snprintf(digest, sizeof digest, "%016" PRIx64, totals->digest);
    report = json_pack("{s:I,s:I,s:I,s:I,s:f,s:s,s:o}", "seeds", (json_int_t)totals->seeds,
                       "failed", (json_int_t)totals->failed, "faults_least",
                       (json_int_t)totals->least, "cpu_us", (json_int_t)totals->cpu_us, "seconds",
                       seconds, "trace", digest, "faults", faults);
    (void)json_dumpf(report, stdout, JSON_COMPACT);
    (void)putchar('\n');
    json_decref(report);
}

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What a plant keeps for later would come out in the next seed. */
static int per_process(const struct options *options)
{
    return options->plant == NULL && !options->alone ? SEEDS_PER_PROCESS : 1;
}

static int run_many(const struct options *options)
{
    struct totals totals = {.plant = options->plant};
    double start = now_s();

    bool well = runner_seeds(options->first, options->last, options->jobs, per_process(options),
                             add_report, &totals);
    if (options->json)
        print_json(&totals, now_s() - start);
    else
        print_totals(&totals, now_s() - start);
    return totals.failed == 0 && well ? 0 : 1;
}

static int run_one(const struct options *options)
{
    struct seed_report report;

    runner_seed(options->first, options->trace, &report);
    printf("seed %" PRIu64 ": trace %016" PRIx64 ", %" PRIu64 " faults, %" PRIu64
           " operations, %" PRIu64 " entries, %" PRIu64 " steps, %.1f ms\n",
           report.seed, report.trace_hash, report.fault_count, report.operations, report.entries,
           report.steps, (double)report.cpu_us / 1000);
    if (report.failure.invariant == 0)
        return 0;
    printf("FAILED: invariant %d: %s\n", report.failure.invariant, report.failure.text);
    return 1;
}

/* ---- hashes of traces ---- */

struct hashes {
    uint64_t first;
    uint64_t *all;
};

static bool add_hash(void *context, const struct seed_report *report)
{
    struct hashes *hashes = context;

    hashes->all[report->seed - hashes->first] = report->trace_hash;
    if (report->failure.invariant != 0)
        say_failure(report, NULL);
    return true;
}

static int run_hashes(const struct options *options)
{
    size_t count = (size_t)(options->last - options->first + 1);
    struct hashes hashes = {options->first, mem_alloc(count * sizeof *hashes.all)};
    bool well = runner_seeds(options->first, options->last, options->jobs, per_process(options),
                             add_hash, &hashes);

    for (size_t i = 0; i < count; i++)
        printf("%" PRIu64 " %016" PRIx64 "\n", options->first + i, hashes.all[i]);
    free(hashes.all);
    return well ? 0 : 1;
}

/* ---- planted faults ---- */

struct hunt {
    uint64_t tried;
    struct seed_report found;
};

static bool hunt_on(void *context, const struct seed_report *report)
{
    struct hunt *hunt = context;

    hunt->tried++;
    if (report->failure.invariant != 0 && hunt->found.failure.invariant == 0)
        hunt->found = *report;
    return hunt->found.failure.invariant == 0;
}

static int run_plants(const struct options *options)
{
    int count, missed = 0;
    const struct plant *plants = plants_list(&count);

    for (int i = 0; i < count; i++) {
        struct hunt hunt = {0};
        if (options->plant != NULL && strcmp(options->plant, plants[i].name) != 0)
            continue;
        (void)plant_choose(plants[i].name);
        (void)runner_seeds(options->first, options->last, options->jobs, 1, hunt_on, &hunt);
        if (hunt.found.failure.invariant == 0) {
            missed++;
            printf("%-28s NOT FOUND in %" PRIu64 " seeds\n", plants[i].name, hunt.tried);
        } else {
            printf("%-28s found after %" PRIu64 " seeds (seed %" PRIu64 "), by invariant %d: %s\n",
                   plants[i].name, hunt.tried, hunt.found.seed, hunt.found.failure.invariant,
                   hunt.found.failure.text);
        }
        (void)fflush(stdout);
    }
    return missed == 0 ? 0 : 1;
}

static int list_plants(void)
{
    int count;
    const struct plant *plants = plants_list(&count);

    for (int i = 0; i < count; i++)
        printf("%-28s %s\n", plants[i].name, plants[i].what);
    return 0;
}

/* ---- the command line ---- */

static bool read_seeds(const char *text, struct options *options)
{
    char *end;

    options->first = strtoull(text, &end, 10);
    options->last = options->first;
    if (*end == '-')
        options->last = strtoull(end + 1, &end, 10);
    options->has_seeds =
        *end == '\0' && end != text && options->first > 0 && options->last >= options->first;
    return options->has_seeds;
}

static int wrong(const char *what)
{
    (void)fprintf(stderr, "holdfast-sim: %s\n%s", what, usage);
    return 2;
}

static int run(struct options *options)
{
    if (options->plant != NULL && !plant_choose(options->plant))
        return wrong("there is no such plant: see --list");
    if (!options->has_seeds && options->plants) {
        options->first = 1;
        options->last = PLANT_SEEDS;
    } else if (!options->has_seeds) {
        return wrong("say --seeds A-B or --seed N");
    }
    runner_install();
    template_make();
    if (options->plants)
        return run_plants(options);
    if (options->hashes)
        return run_hashes(options);
    if (!options->one)
        return run_many(options);
    return run_one(options);
}

int main(int count, char **arguments)
{
    static const struct option words[] = {{"seeds", required_argument, NULL, 's'},
                                          {"seed", required_argument, NULL, 'o'},
                                          {"jobs", required_argument, NULL, 'j'},
                                          {"plant", required_argument, NULL, 'p'},
                                          {"plants", no_argument, NULL, 'P'},
                                          {"list", no_argument, NULL, 'l'},
                                          {"trace", no_argument, NULL, 't'},
                                          {"hashes", no_argument, NULL, 'H'},
                                          {"alone", no_argument, NULL, 'a'},
                                          {"json", no_argument, NULL, 'J'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
    struct options options = {.jobs = (int)sysconf(_SC_NPROCESSORS_ONLN)};
    int word;

    while ((word = getopt_long(count, arguments, "", words, NULL)) >= 0) {
        switch (word) {
        case 's':
        case 'o':
            options.one = word == 'o';
            if (!read_seeds(optarg, &options))
                return wrong("seeds are numbers from 1");
            break;
        case 'j':
            options.jobs = atoi(optarg);
            break;
        case 'p':
            options.plant = optarg;
            break;
        case 'P':
            options.plants = true;
            break;
        case 'l':
            return list_plants();
        case 't':
            options.trace = true;
            break;
        case 'H':
            options.hashes = true;
            break;
        case 'a':
            options.alone = true;
            break;
        case 'J':
            options.json = true;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return 0;
        case 'v':
            puts("holdfast-sim " HOLDFAST_VERSION);
            return 0;
        default:
            return wrong("unknown option");
        }
    }
    if (optind < count || options.jobs < 1)
        return wrong("unknown argument");
    return run(&options);
}
