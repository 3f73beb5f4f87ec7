/* fork, a pipe per child, wait. */
#include "tests/sim/runner.h"

#include "terminal/base/buf.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64
#define TWICE    25 /* each so many-th seed is run twice, in processes of their own */

struct child {
    pid_t pid;
    int pipe;
    uint64_t seed;
};

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

    world_init(world, seed, shown);
    world_run(world);
    *out = (struct seed_report){.seed = seed,
                                .trace_hash = world->trace.hash,
                                .fault_count = world_fault_count(world),
                                .steps = world->steps,
                                .operations = world->operations,
                                .entries = world->model.count,
                                .cpu_us = cpu_us() - start,
                                .failure = world->failure};
    memcpy(out->faults, world->faults, sizeof out->faults);
}

static void start(struct child *child, uint64_t seed, bool twice);
static void collect(struct child *child, struct seed_report *out);

/* As another process runs it. */
static uint64_t trace_of(uint64_t seed)
{
    struct seed_report report;
    struct child child;

    start(&child, seed, false);
    collect(&child, &report);
    return report.trace_hash;
}

/* The same seed, the same trace: whatever of the host gets in makes another one. */
static void run_twice(uint64_t seed, struct seed_report *out)
{
    uint64_t trace = trace_of(seed);

    runner_seed(seed, false, out);
    if (out->failure.invariant != 0 || out->trace_hash == trace)
        return;
    out->failure.invariant = 17;
    (void)snprintf(out->failure.text, sizeof out->failure.text,
                   "another run of this seed was another one");
}

static void start(struct child *child, uint64_t seed, bool twice)
{
    int ends[2];
    int made = pipe(ends);

    INVARIANT(made == 0);
    (void)fflush(NULL);
    child->seed = seed;
    child->pid = fork();
    INVARIANT(child->pid >= 0);
    if (child->pid == 0) {
        struct seed_report report;
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)close(ends[0]);
        (void)dup2(nowhere, STDERR_FILENO); /* what the product logs about its bad day */
        if (twice)
            run_twice(seed, &report);
        else
            runner_seed(seed, false, &report);
        ssize_t written = write(ends[1], &report, sizeof report);
        _exit(written == (ssize_t)sizeof report ? 0 : 1);
    }
    (void)close(ends[1]);
    child->pipe = ends[0];
}

/* The report, or what became of the child instead. */
static void collect(struct child *child, struct seed_report *out)
{
    ssize_t got = read(child->pipe, out, sizeof *out);
    int status = 0;

    (void)close(child->pipe);
    (void)waitpid(child->pid, &status, 0);
    if (got == (ssize_t)sizeof *out)
        return;
    memset(out, 0, sizeof *out);
    out->seed = child->seed;
    out->failure.invariant = -1;
    (void)snprintf(out->failure.text, sizeof out->failure.text, "the process died by signal %d",
                   WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

void runner_seeds(uint64_t first, uint64_t last, int jobs,
                  bool (*done)(void *context, const struct seed_report *report), void *context)
{
    struct child children[JOBS_MAX];
    struct pollfd waits[JOBS_MAX];
    uint64_t next = first;
    bool going = true;
    int running = 0;

    if (jobs > JOBS_MAX)
        jobs = JOBS_MAX;
    while (running > 0 || (going && next <= last)) {
        while (running < jobs && going && next <= last) {
            start(&children[running++], next, next % TWICE == 0);
            next++;
        }
        for (int i = 0; i < running; i++)
            waits[i] = (struct pollfd){.fd = children[i].pipe, .events = POLLIN};
        (void)poll(waits, (nfds_t)running, -1);
        for (int i = running; i-- > 0;) {
            struct seed_report report;
            if (waits[i].revents == 0)
                continue;
            collect(&children[i], &report);
            children[i] = children[--running];
            going = done(context, &report) && going;
        }
    }
}
