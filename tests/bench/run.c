#include "tests/bench/run.h"

#include "terminal/base/buf.h"
#include "terminal/base/file.h"
#include "tests/bench/shop.h"

#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct bench {
    bool full, json;
    char programs[PATH_MAX];
    char folder[64];
    bool has_shop;
    struct shop shop;
    bool headed;
};

struct bench *bench_create(const struct bench_options *options)
{
    struct bench *bench = mem_alloc(sizeof *bench);
    bench->full = options->full;
    bench->json = options->json;
    ssize_t length = readlink("/proc/self/exe", bench->programs, sizeof bench->programs - 1);
    INVARIANT(length > 0);
    bench->programs[length] = '\0';
    char *folder = dirname(bench->programs);
    memmove(bench->programs, folder, strlen(folder) + 1);
    strcpy(bench->folder, "/tmp/holdfast-bench-XXXXXX");
    INVARIANT(mkdtemp(bench->folder));
    return bench;
}

void bench_destroy(struct bench *bench)
{
    if (bench->has_shop)
        bench_stop(bench->shop.ledger_pid);
    char *remove[] = {"/bin/rm", "-rf", bench->folder, NULL};
    struct error error;
    if (bench_run(remove, NULL, 0, &error))
        fprintf(stderr, "holdfast-bench: %s stays: %s\n", bench->folder, error.text);
    free(bench);
}

const char *bench_folder(const struct bench *bench)
{
    return bench->folder;
}

bool bench_full(const struct bench *bench)
{
    return bench->full;
}

char *bench_program(const struct bench *bench, const char *name)
{
    return path_join(bench->programs, name);
}

enum status bench_shop(struct bench *bench, struct shop **out, struct error *error)
{
    if (!bench->has_shop) {
        enum status status = shop_make(bench, &bench->shop, error);
        if (status)
            return status;
        bench->has_shop = true;
    }
    *out = &bench->shop;
    return STATUS_OK;
}

/* ---- the report ------------------------------------------------------------------------------ */

void bench_report(struct bench *bench, const struct bench_line *line)
{
    double ratio = line->limit > 0 ? line->measured / line->limit : 0;
    if (bench->json) {
        json_t *row =
            json_pack("{s:s,s:s,s:f,s:f,s:f,s:s,s:s,s:b}", "name", line->name, "what", line->what,
                      "measured", line->measured, "limit", line->limit, "ratio", ratio, "unit",
                      line->unit, "budget", line->budget, "met", line->met);
        char *text = json_dumps(row, JSON_COMPACT | JSON_REAL_PRECISION(6));
        puts(text);
        free(text);
        json_decref(row);
        return;
    }
    if (!bench->headed)
        printf("%-52s %12s %12s %7s  %-24s\n", "what", "measured", "limit", "ratio", "budget");
    bench->headed = true;
    char limit[32] = "-", times[32] = "-";
    if (line->limit > 0) {
        snprintf(limit, sizeof limit, "%.1f", line->limit);
        snprintf(times, sizeof times, "%.2f", ratio);
    }
    printf("%-52s %9.1f %-2s %12s %7s  %-24s %s\n", line->what, line->measured, line->unit, limit,
           times, line->budget, line->met ? "met" : "MISSED");
    fflush(stdout);
}

static void report(struct bench *bench, const char *name, const char *what, double measured,
                   double limit, const char *unit, const char *budget, bool met)
{
    struct bench_line line = {.name = name,
                              .measured = measured,
                              .limit = limit,
                              .unit = unit,
                              .budget = budget,
                              .met = met};
    snprintf(line.what, sizeof line.what, "%s", what);
    bench_report(bench, &line);
}

void bench_at_most(struct bench *bench, const char *name, const char *what, double measured,
                   double limit, const char *unit, double times, const char *budget)
{
    report(bench, name, what, measured, limit, unit, budget, measured <= times * limit);
}

void bench_at_least(struct bench *bench, const char *name, const char *what, double measured,
                    double limit, const char *unit, double times, const char *budget)
{
    report(bench, name, what, measured, limit, unit, budget, measured >= times * limit);
}

void bench_below(struct bench *bench, const char *name, const char *what, double measured,
                 double limit, const char *unit, double ceiling, const char *budget)
{
    report(bench, name, what, measured, limit, unit, budget, measured <= ceiling);
}

/* ---- processes ------------------------------------------------------------------------------- */

enum status bench_start(char *const *arguments, int *pid, int *out_fd, struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(error, STATUS_IO, "no pipe");
    fflush(NULL);
    *pid = fork();
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* nothing outlives a bench that was stopped */
        int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        if (!getenv("HOLDFAST_BENCH_LOUD"))
            dup2(nowhere, STDERR_FILENO);
        execv(arguments[0], arguments);
        _exit(127);
    }
    close(ends[1]);
    if (*pid < 0) {
        close(ends[0]);
        return error_set(error, STATUS_IO, "no new process");
    }
    *out_fd = ends[0];
    return STATUS_OK;
}

void bench_stop(int pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

enum status bench_run(char *const *arguments, char *output, size_t size, struct error *error)
{
    int pid, fd, result;
    enum status status = bench_start(arguments, &pid, &fd, error);
    if (status)
        return status;
    char sink[4096];
    size_t used = 0;
    ssize_t length;
    while ((length = read(fd, sink, sizeof sink)) > 0)
        for (ssize_t i = 0; i < length && output && used + 1 < size; i++)
            output[used++] = sink[i];
    if (output)
        output[used] = '\0';
    close(fd);
    waitpid(pid, &result, 0);
    if (!WIFEXITED(result) || WEXITSTATUS(result) != 0)
        return error_set(error, STATUS_IO, "%s ended with %d", arguments[0],
                         WIFEXITED(result) ? WEXITSTATUS(result) : -WTERMSIG(result));
    return STATUS_OK;
}

/* ---- samples --------------------------------------------------------------------------------- */

void samples_add(struct samples *samples, double value)
{
    if (samples->count == samples->room) {
        samples->room = samples->room ? 2 * samples->room : 1024;
        samples->values = mem_resize(samples->values, samples->room * sizeof(double));
    }
    samples->values[samples->count++] = value;
}

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

double samples_at(struct samples *samples, double share)
{
    if (samples->count == 0)
        return 0;
    qsort(samples->values, samples->count, sizeof(double), by_value);
    size_t index = (size_t)(share * (double)samples->count);
    return samples->values[index < samples->count ? index : samples->count - 1];
}

void samples_finish(struct samples *samples)
{
    free(samples->values);
    *samples = (struct samples){0};
}

double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

struct effort effort_begin(void)
{
    return (struct effort){.wall_s = now_us() / 1e6, .cpu_s = processor_us() / 1e6};
}

void effort_end(struct effort *effort)
{
    effort->wall_s = now_us() / 1e6 - effort->wall_s;
    effort->cpu_s = processor_us() / 1e6 - effort->cpu_s;
}

bool bench_disturbed(void)
{
    static long before;
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    bool changed = usage.ru_nivcsw != before;
    before = usage.ru_nivcsw;
    return changed;
}

uint64_t bench_random(void)
{
    static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

double bench_append_sync(const char *folder, size_t length)
{
    static int fd = -1;
    static char bytes[4096];
    if (fd < 0)
        fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    INVARIANT(fd >= 0);
    double start = now_us();
    while (length > 0) {
        size_t part = length < sizeof bytes ? length : sizeof bytes;
        INVARIANT(write(fd, bytes, part) == (ssize_t)part);
        length -= part;
    }
    INVARIANT(fdatasync(fd) == 0);
    return now_us() - start;
}
