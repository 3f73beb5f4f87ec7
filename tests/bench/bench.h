/* holdfast-bench: every budget beside its physical limit, measured in the same run.
 *
 * A bench measures the product and its limit in turn, and reports both; the ratio is what counts,
 * for machines differ and are shared. Nothing is asserted: a missed budget is printed as missed.
 */
#ifndef HOLDFAST_BENCH_BENCH_H
#define HOLDFAST_BENCH_BENCH_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of the report. Times in microseconds unless `unit` says otherwise. */
struct bench_line {
    const char *name;   /* "sale" */
    char what[96];      /* "durable sale of 3 lines, p50" */
    double measured;    /* of the product */
    double limit;       /* the physical limit; 0 when there is none */
    const char *unit;   /* "us", "ms", "MiB", "rows/s", "%" */
    const char *budget; /* "<= 1.5 x limit" */
    bool met;
};

struct bench;

/* Reports a line. */
void bench_report(struct bench *bench, const struct bench_line *line);

/* Budgets of the usual forms: `times` the limit, or a ceiling of its own. */
void bench_at_most(struct bench *bench, const char *name, const char *what, double measured,
                   double limit, const char *unit, double times, const char *budget);
void bench_at_least(struct bench *bench, const char *name, const char *what, double measured,
                    double limit, const char *unit, double times, const char *budget);
void bench_below(struct bench *bench, const char *name, const char *what, double measured,
                 double limit, const char *unit, double ceiling, const char *budget);

/* A shop made once per run by the real programs: a ledger with the real catalogue (or, without it,
 * an invented one of 20,000 products), and the till T01 with its replica. */
struct shop {
    char folder[64];
    char till[96];  /* T01's data folder; its person is P01 with PIN 1234 */
    char first[96]; /* T00's, where only the programs themselves sell */
    char url[64];
    char token[96]; /* the token's file */
    char products[128];
    int64_t product_count;
    double import_s, first_sync_s; /* the second with the preparation of the snapshot */
    int ledger_pid;
};
/* Builds it at the first call. STATUS_*, with one line, when a program fails. */
enum status bench_shop(struct bench *bench, struct shop **out, struct error *error) MUST_USE;

/* Where this program's neighbours are: "DIR/holdfast-ledger". New memory. */
char *bench_program(const struct bench *bench, const char *name);
/* A temporary folder of this run. */
const char *bench_folder(const struct bench *bench);
bool bench_full(const struct bench *bench); /* --full: the long forms */

/* Starts a program (NULL-ended arguments, the first is its path); its stdout is discarded, or
 * captured (at most 64 KiB) when `output` is given and the program is waited for. */
enum status bench_run(char *const *arguments, char *output, size_t size,
                      struct error *error) MUST_USE;
enum status bench_start(char *const *arguments, int *pid, int *out_fd,
                        struct error *error) MUST_USE;
void bench_stop(int pid); /* SIGTERM, then waits */

/* Samples and their percentiles. */
struct samples {
    double *values;
    size_t count, room;
};
void samples_add(struct samples *samples, double value);
double samples_at(struct samples *samples, double share); /* 0.5, 0.99; sorts */
void samples_finish(struct samples *samples);

double now_us(void);

/* How long something took, and the processor time of all threads of this process meanwhile, which
 * grows little with what else the machine does. */
struct effort {
    double wall_s, cpu_s;
};
struct effort effort_begin(void);
void effort_end(struct effort *effort);

/* Whether another process was given this thread's CPU since the last call. What computes without
 * waiting is not measured across that: such a sample, of the product and of its limit, is left out
 * and taken anew, or p99 would be the machine's load. */
bool bench_disturbed(void);

/* The same sequence in every run. */
uint64_t bench_random(void);

/* Appends `length` bytes to a scratch file in `folder` and fdatasyncs: microseconds. */
double bench_append_sync(const char *folder, size_t length);

/* Measures, and reports with bench_report. */
typedef enum status bench_run_function(struct bench *bench, struct error *error);
bench_run_function bench_lookup;
bench_run_function bench_search;
bench_run_function bench_sale;
bench_run_function bench_start_till;
bench_run_function bench_memory;
bench_run_function bench_import;
bench_run_function bench_new_till;
bench_run_function bench_drain;
bench_run_function bench_tills;
bench_run_function bench_ingest;
bench_run_function bench_growth;
bench_run_function bench_postgres;
bench_run_function bench_visible;
bench_run_function bench_pixels;

#endif
