/* A model of figures that knows nothing of tallies: sums under names, and what an entry means to
 * them, kept until the entry counts. */
#ifndef HOLDFAST_TEST_FIGURES_MODEL_H
#define HOLDFAST_TEST_FIGURES_MODEL_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 200 /* of "stock|S01|A|available#0" */

struct sum {
    char name[NAME_SIZE];
    int64_t value;
    bool met;
};

struct model {
    struct sum *sums;
    size_t count;
};

static inline struct sum *model_sum(struct model *model, const char *name)
{
    for (size_t i = 0; i < model->count; i++) {
        if (strcmp(model->sums[i].name, name) == 0)
            return &model->sums[i];
    }
    model->sums = mem_resize(model->sums, (model->count + 1) * sizeof *model->sums);
    struct sum *sum = &model->sums[model->count++];
    memset(sum, 0, sizeof *sum);
    (void)snprintf(sum->name, sizeof sum->name, "%s", name);
    return sum;
}

/* What one entry means, kept until it counts. */
struct meaning {
    struct sum *parts;
    size_t count;
};

static inline void PRINTF_LIKE(3, 4)
    mean(struct meaning *meaning, int64_t value, const char *name, ...)
{
    va_list arguments;

    meaning->parts = mem_resize(meaning->parts, (meaning->count + 1) * sizeof *meaning->parts);
    struct sum *part = &meaning->parts[meaning->count++];
    memset(part, 0, sizeof *part);
    part->value = value;
    va_start(arguments, name);
    (void)vsnprintf(part->name, sizeof part->name, name, arguments);
    va_end(arguments);
}

static inline void take_in(struct model *model, struct meaning *meaning)
{
    for (size_t i = 0; i < meaning->count; i++)
        model_sum(model, meaning->parts[i].name)->value += meaning->parts[i].value;
    free(meaning->parts);
    *meaning = (struct meaning){0};
}

static inline void mean_move(struct meaning *meaning, const char *sku, int64_t milli,
                             const char *location, const char *from, const char *to)
{
    mean(meaning, -milli, "stock|%s|%s|%s#0", location, sku, from);
    mean(meaning, milli, "stock|%s|%s|%s#0", location, sku, to);
}

#endif
