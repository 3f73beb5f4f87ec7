/* Scan to changed pixels: from the scanner's event on the queue to the frame that shows the line,
 * through the very loop, screens and canvas of the till, in memory; the cart is on the disk by
 * then. Beside it one copy of the pixels that were redrawn.
 */
#include "tests/bench/shop.h"

#include "terminal/base/file.h"
#include "terminal/till_sell.h"
#include "ui/app.h"
#include "ui/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCANS = 600, TRIES = 2 * SCANS, CART_MAX = 25, WIDTH = 1920, HEIGHT = 1080, PIXEL = 4 };

struct panel {
    struct till *till;
    struct stage *stage;
    struct queue *queue;
    struct pokes *pokes;
    struct app *app;
    uint8_t *from, *to; /* two screens */
};

static enum status open_panel(struct bench *bench, const struct shop *shop, struct panel *out,
                              struct error *error)
{
    struct look look = {.theme = "light", .text_percent = 100};
    char *assets = bench_program(bench, "../share/holdfast");
    struct stage_setup setup = {.assets = assets, .width = WIDTH, .height = HEIGHT, .look = look};
    enum status status = shop_open_till(shop->till, &out->till, error);
    language_start(assets);
    if (!status)
        status = stage_create(&setup, &out->stage, error);
    free(assets);
    if (status)
        return status;
    out->queue = queue_create(NULL, NULL);
    status = pokes_create(shop->till, out->queue, &out->pokes, error);
    if (status)
        return status;
    out->app = app_create(&(struct app_setup){.till = out->till,
                                              .stage = out->stage,
                                              .queue = out->queue,
                                              .pokes = out->pokes,
                                              .clock = clock_system(),
                                              .look = look});
    out->from = mem_alloc((size_t)WIDTH * HEIGHT * PIXEL);
    out->to = mem_alloc((size_t)WIDTH * HEIGHT * PIXEL);
    return STATUS_OK;
}

static void close_panel(struct panel *panel)
{
    app_free(panel->app);
    pokes_free(panel->pokes);
    stage_free(panel->stage);
    till_close(panel->till);
    queue_free(panel->queue);
    free(panel->from);
    free(panel->to);
}

static void settle(struct panel *panel)
{
    do {
        app_step(panel->app, 0);
    } while (!app_is_quiet(panel->app));
}

/* Copies the damage of the last frame from one screen to another. */
static double copy_damage(struct panel *panel, int64_t *pixels)
{
    int count;
    const struct rect *rects = canvas_damage(stage_canvas(panel->stage), &count);
    double start = now_us();
    *pixels = 0;
    for (int i = 0; i < count; i++) {
        struct rect rect = rects[i];
        for (int y = rect.y; y < rect.y + rect.h; y++) {
            size_t at = ((size_t)y * WIDTH + (size_t)rect.x) * PIXEL;
            memcpy(panel->to + at, panel->from + at, (size_t)rect.w * PIXEL);
        }
        *pixels += (int64_t)rect.w * rect.h;
    }
    return now_us() - start;
}

static enum status scan(struct panel *panel, const char *code, struct samples *ours,
                        struct samples *limit, double *pixels, struct error *error)
{
    struct event event = {.kind = EVENT_SCAN, .device = "scanner", .scan_length = strlen(code)};
    int64_t redrawn;
    int before = till_cart(panel->till)->count;
    memcpy(event.scan, code, event.scan_length);
    bench_disturbed();
    double start = now_us();
    if (!queue_post(panel->queue, &event))
        return error_set(error, STATUS_FULL, "the queue is full");
    settle(panel);
    double us = now_us() - start, copied_us = copy_damage(panel, &redrawn);
    if (!bench_disturbed()) {
        samples_add(ours, us);
        samples_add(limit, copied_us);
        *pixels += (double)redrawn;
    }
    if (redrawn == 0 || till_cart(panel->till)->count == before)
        return error_set(error, STATUS_INVALID, "the scan of %s changed nothing", code);
    return STATUS_OK;
}

static enum status measure(struct panel *panel, const struct shop *shop, struct samples *ours,
                           struct samples *limit, double *pixels, struct error *error)
{
    enum status status = STATUS_OK;
    settle(panel);
    for (int i = 0; i < TRIES && ours->count < SCANS && !status; i++) {
        const char *code = shop_product(shop, shop_random(shop), PRODUCT_GTIN);
        status = scan(panel, code, ours, limit, pixels, error);
        if (!status && till_cart(panel->till)->count == CART_MAX) {
            status = till_cart_discard(panel->till, "bench", error);
            app_touch(panel->app);
            settle(panel);
        }
    }
    return status;
}

enum status bench_pixels(struct bench *bench, struct error *error)
{
    struct shop *shop;
    struct panel panel = {0};
    struct samples ours = {0}, limit = {0};
    double pixels = 0;
    char what[96];
    enum status status = bench_shop(bench, &shop, error);
    if (status)
        return status;
    status = open_panel(bench, shop, &panel, error);
    if (!status)
        status = measure(&panel, shop, &ours, &limit, &pixels, error);
    close_panel(&panel);
    if (!status) {
        bench_below(bench, "pixels", "scan to changed pixels, 1920x1080, p50",
                    samples_at(&ours, 0.5) / 1e3, samples_at(&limit, 0.5) / 1e3, "ms", 5,
                    "<= 5 ms");
        snprintf(what, sizeof what, "scan to changed pixels, p99 (%.0f%% redrawn)",
                 100 * pixels / (double)ours.count / (WIDTH * HEIGHT));
        bench_below(bench, "pixels", what, samples_at(&ours, 0.99) / 1e3,
                    samples_at(&limit, 0.99) / 1e3, "ms", 5, "<= 5 ms");
    }
    samples_finish(&ours);
    samples_finish(&limit);
    return status;
}
