/* A run of holdfast-bench: its report, its temporary folder, its shop. */
#ifndef HOLDFAST_BENCH_RUN_H
#define HOLDFAST_BENCH_RUN_H

#include "tests/bench/bench.h"

struct bench_options {
    const char *self; /* argv[0] */
    bool full, json;
};

struct bench *bench_create(const struct bench_options *options);
/* Stops what was started and removes the folder. */
void bench_destroy(struct bench *bench);

#endif
