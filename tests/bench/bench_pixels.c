/* Scan to changed pixels: from the scanner's event on the queue to the frame that shows the line,
 * through the very loop, screens and canvas of the till, in memory; the cart is on the disk by
 * then. Beside it one copy of the pixels that were redrawn.
 */
#include "tests/bench/panel.h"
#include "tests/bench/shop.h"

#include "terminal/base/buf.h"
#include "terminal/till_sell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCANS = 600, TRIES = 2 * SCANS, CART_MAX = 25, PIXEL = 4, LINE_BYTES = 300 };

struct screens {
    uint8_t *from, *to; /* two of them, for the copy */
    const struct shop *shop;
    struct samples ours, copy, disk;
    double pixels;
};

/* Copies the damage of the last frame from one screen to another. */
static double copy_damage(const struct panel *panel, struct screens *screens, int64_t *pixels)
{
    int count;
    const struct rect *rects = canvas_damage(stage_canvas(panel->stage), &count);
    double start = now_us();
    *pixels = 0;
    for (int i = 0; i < count; i++) {
        struct rect rect = rects[i];
        for (int y = rect.y; y < rect.y + rect.h; y++) {
            size_t at = ((size_t)y * PANEL_WIDTH + (size_t)rect.x) * PIXEL;
            memcpy(screens->to + at, screens->from + at, (size_t)rect.w * PIXEL);
        }
        *pixels += (int64_t)rect.w * rect.h;
    }
    return now_us() - start;
}

static enum status scan(struct panel *panel, struct screens *screens, struct error *error)
{
    const char *code = shop_product(screens->shop, shop_random(screens->shop), PRODUCT_GTIN);
    struct event event = {.kind = EVENT_SCAN, .device = "scanner", .scan_length = strlen(code)};
    int64_t redrawn;
    int before = till_cart(panel->till)->count;
    memcpy(event.scan, code, event.scan_length);
    bench_disturbed();
    double start = now_us();
    if (!queue_post(panel->queue, &event))
        return error_set(error, STATUS_FULL, "the queue is full");
    panel_settle(panel);
    double us = now_us() - start, copied_us = copy_damage(panel, screens, &redrawn);
    bool disturbed = bench_disturbed();
    double disk_us = bench_append_sync(screens->shop->folder, LINE_BYTES);
    if (redrawn == 0 || till_cart(panel->till)->count == before)
        return error_set(error, STATUS_INVALID, "the scan of %s changed nothing", code);
    if (disturbed)
        return STATUS_OK;
    samples_add(&screens->ours, us);
    samples_add(&screens->copy, copied_us);
    samples_add(&screens->disk, disk_us);
    screens->pixels += (double)redrawn;
    return STATUS_OK;
}

static enum status measure(struct panel *panel, struct screens *screens, struct error *error)
{
    enum status status = STATUS_OK;
    panel_settle(panel);
    for (int i = 0; i < TRIES && screens->ours.count < SCANS && !status; i++) {
        status = scan(panel, screens, error);
        if (!status && till_cart(panel->till)->count == CART_MAX) {
            status = till_cart_discard(panel->till, "bench", error);
            app_touch(panel->app);
            panel_settle(panel);
        }
    }
    return status;
}

static void report(struct bench *bench, struct screens *screens)
{
    char what[96];
    double share = 100 * screens->pixels / (double)screens->ours.count;
    snprintf(what, sizeof what, "scan to changed pixels, %dx%d, %.0f%% redrawn, p50", PANEL_WIDTH,
             PANEL_HEIGHT, share / (PANEL_WIDTH * PANEL_HEIGHT));
    bench_below(bench, "pixels", what, samples_at(&screens->ours, 0.5) / 1e3,
                samples_at(&screens->copy, 0.5) / 1e3, "ms", 5, "<= 5 ms");
    bench_below(bench, "pixels", "scan to changed pixels, p99",
                samples_at(&screens->ours, 0.99) / 1e3, samples_at(&screens->copy, 0.99) / 1e3,
                "ms", 5, "<= 5 ms");
    bench_below(bench, "pixels", "of it: beside one append + fdatasync, p99",
                samples_at(&screens->ours, 0.99) / 1e3, samples_at(&screens->disk, 0.99) / 1e3,
                "ms", 1e9, "(no budget)");
}

enum status bench_pixels(struct bench *bench, struct error *error)
{
    struct shop *shop;
    struct panel panel;
    enum status status = bench_shop(bench, &shop, error);
    if (status)
        return status;
    struct screens screens = {.from = mem_alloc((size_t)PANEL_WIDTH * PANEL_HEIGHT * PIXEL),
                              .to = mem_alloc((size_t)PANEL_WIDTH * PANEL_HEIGHT * PIXEL),
                              .shop = shop};
    status = panel_open(bench, shop, &panel, error);
    if (!status)
        status = measure(&panel, &screens, error);
    panel_close(&panel);
    if (!status)
        report(bench, &screens);
    samples_finish(&screens.ours);
    samples_finish(&screens.copy);
    samples_finish(&screens.disk);
    free(screens.from);
    free(screens.to);
    return status;
}
