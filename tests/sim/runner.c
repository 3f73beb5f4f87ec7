/* fork, and two pipes per child: the numbers of seeds go in, their reports come out. A child ends
 * when no number comes any more.
 */
#include "tests/sim/runner.h"

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX     64
#define TWICE        100        /* each so many-th seed is run twice, in processes of their own */
#define KEPT_BYTES   (64 << 20) /* of freed memory, instead of giving it back and asking again */
#define SODIUM_DRAWS 1000       /* the purpose of its stream */

/* ---- libsodium's own random numbers -------------------------------------------------------------
 */

static struct chance sodium_chance;

static const char *random_name(void)
{
    return "holdfast-sim";
}

static void random_fill(void *const bytes, const size_t length)
{
    chance_fill(&sodium_chance, bytes, length);
}

static uint32_t random_number(void)
{
    return (uint32_t)chance_next(&sodium_chance);
}

static struct randombytes_implementation random_of_seed = {
    .implementation_name = random_name, .random = random_number, .buf = random_fill};

void runner_install(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    sodium_chance = chance_start(0, SODIUM_DRAWS);
    (void)randombytes_set_implementation(&random_of_seed);
    (void)json_object_seed(1);
    crypto_start();
    log_set_level(LOG_LEVEL_ERROR);
    disk_install();
}

/* ---- one seed -----------------------------------------------------------------------------------
 */

static int64_t cpu_us(void)
{
    struct timespec used;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

void runner_seed(uint64_t seed, bool shown, struct seed_report *out)
{
    struct world *world = mem_alloc(sizeof *world);
    int64_t start = cpu_us();

    sodium_chance = chance_start(seed, SODIUM_DRAWS);
    world_init(world, seed, shown);
    world_run(world);
    *out = (struct seed_report){.seed = seed,
                                .trace_hash = world->trace.hash,
                                .fault_count = world_fault_count(world),
                                .steps = world->steps,
                                .operations = world->operations,
                                .entries = world->model.count,
                                .failure = world->failure};
    memcpy(out->faults, world->faults, sizeof out->faults);
    world_finish(world);
    free(world);
    out->cpu_us = cpu_us() - start;
}

/* ---- many ---------------------------------------------------------------------------------------
 */

struct child {
    pid_t pid;     /* 0: none */
    int ask, hear; /* pipes to and from it */
    uint64_t seed; /* that it works at; 0: none */
    int left;      /* seeds until it has done its share */
};

struct crew {
    struct child children[JOBS_MAX];
    int jobs, per_process;
    bool well; /* every process has ended well */
};

/* As another process runs it; 0 when it came to no end. */
static uint64_t trace_of(uint64_t seed)
{
    struct seed_report report;
    uint64_t hash = 0;
    int ends[2];
    int made = pipe(ends);
    pid_t pid;

    INVARIANT(made == 0);
    pid = fork();
    INVARIANT(pid >= 0);
    if (pid == 0) {
        runner_seed(seed, false, &report);
        _exit(write(ends[1], &report.trace_hash, sizeof hash) == (ssize_t)sizeof hash ? 0 : 1);
    }
    (void)close(ends[1]);
    if (read(ends[0], &hash, sizeof hash) != (ssize_t)sizeof hash)
        hash = 0;
    (void)close(ends[0]);
    (void)waitpid(pid, NULL, 0);
    return hash;
}

/* The same seed, the same trace: whatever of the host gets in makes another one. */
static void run_twice(uint64_t seed, struct seed_report *out)
{
    uint64_t hash = trace_of(seed);

    runner_seed(seed, false, out);
    if (out->failure.invariant != 0 || out->trace_hash == hash)
        return;
    out->failure.invariant = 17;
    (void)snprintf(out->failure.text, sizeof out->failure.text,
                   "another run of this seed was another one");
}

static _Noreturn void work(int ask, int hear)
{
    struct seed_report report;
    uint64_t seed;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC), said = dup(STDERR_FILENO);
    bool good = true;

    (void)dup2(nowhere, STDERR_FILENO); /* what the product logs about its bad day */
    while (good && read(ask, &seed, sizeof seed) == (ssize_t)sizeof seed) {
        if (seed % TWICE == 0)
            run_twice(seed, &report);
        else
            runner_seed(seed, false, &report);
        good = write(hear, &report, sizeof report) == (ssize_t)sizeof report;
    }
    (void)dup2(said, STDERR_FILENO); /* and what a sanitizer finds when all is over */
    exit(good ? 0 : 1);
}

static void start(struct crew *crew, struct child *child)
{
    int ask[2], hear[2];
    int made = pipe(ask) == 0 ? pipe(hear) : -1;

    INVARIANT(made == 0);
    (void)fflush(NULL);
    child->pid = fork();
    INVARIANT(child->pid >= 0);
    if (child->pid == 0) {
        /* Of the others nothing may stay open: their end is known by that. */
        for (int i = 0; i < crew->jobs; i++) {
            if (crew->children[i].pid > 0) {
                (void)close(crew->children[i].ask);
                (void)close(crew->children[i].hear);
            }
        }
        (void)close(ask[1]);
        (void)close(hear[0]);
        work(ask[0], hear[1]);
    }
    (void)close(ask[0]);
    (void)close(hear[1]);
    child->ask = ask[1];
    child->hear = hear[0];
    child->left = crew->per_process;
}

static void give(struct crew *crew, struct child *child, uint64_t seed)
{
    if (child->pid == 0)
        start(crew, child);
    child->seed = seed;
    child->left--;
    /* One that is gone is heard of by its silence. */
    ssize_t written = write(child->ask, &seed, sizeof seed);
    (void)written;
}

/* Waits for the end of a child that is asked for nothing more: how it ended. */
static int end(struct child *child)
{
    int status = 0;

    (void)close(child->ask);
    (void)close(child->hear);
    (void)waitpid(child->pid, &status, 0);
    *child = (struct child){0};
    return status;
}

static void end_in_order(struct crew *crew, struct child *child)
{
    crew->well = end(child) == 0 && crew->well;
}

/* The report, or what became of the child instead. */
static void collect(struct crew *crew, struct child *child, struct seed_report *out)
{
    ssize_t got = read(child->hear, out, sizeof *out);
    uint64_t seed = child->seed;

    child->seed = 0;
    if (got == (ssize_t)sizeof *out) {
        if (child->left == 0 || out->failure.invariant != 0)
            end_in_order(crew, child);
        return;
    }
    int status = end(child);
    memset(out, 0, sizeof *out);
    out->seed = seed;
    out->failure.invariant = -1;
    (void)snprintf(out->failure.text, sizeof out->failure.text, "the process died by signal %d",
                   WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

bool runner_seeds(uint64_t first, uint64_t last, int jobs, int per_process,
                  bool (*done)(void *context, const struct seed_report *report), void *context)
{
    struct crew crew = {
        .jobs = jobs > JOBS_MAX ? JOBS_MAX : jobs, .per_process = per_process, .well = true};
    struct pollfd waits[JOBS_MAX];
    uint64_t next = first;
    bool going = true, working = true;

    (void)signal(SIGPIPE, SIG_IGN);
    while (working) {
        working = false;
        for (int i = 0; i < crew.jobs; i++) {
            struct child *child = &crew.children[i];
            if (child->seed == 0 && going && next <= last)
                give(&crew, child, next++);
            waits[i] = (struct pollfd){.fd = child->seed > 0 ? child->hear : -1, .events = POLLIN};
            working = working || child->seed > 0;
        }
        if (working)
            (void)poll(waits, (nfds_t)crew.jobs, -1);
        for (int i = 0; working && i < crew.jobs; i++) {
            struct seed_report report;
            if (waits[i].revents == 0)
                continue;
            collect(&crew, &crew.children[i], &report);
            going = done(context, &report) && going;
        }
    }
    for (int i = 0; i < crew.jobs; i++) {
        if (crew.children[i].pid > 0)
            end_in_order(&crew, &crew.children[i]);
    }
    return crew.well;
}
