/* The till with its screens in this process: T01, signed in, on the sell screen, drawn in memory.
 */
#ifndef HOLDFAST_BENCH_PANEL_H
#define HOLDFAST_BENCH_PANEL_H

#include "tests/bench/bench.h"
#include "ui/app.h"

enum { PANEL_WIDTH = 1920, PANEL_HEIGHT = 1080 };

struct panel {
    struct till *till;
    struct stage *stage;
    struct queue *queue;
    struct pokes *pokes;
    struct app *app;
};

/* panel_close is to be called after a failure, too. */
enum status panel_open(struct bench *bench, const struct shop *shop, struct panel *out,
                       struct error *error) MUST_USE;
void panel_close(struct panel *panel);

/* Runs the loop until nothing is under way. */
void panel_settle(struct panel *panel);

#endif
