/* The till's loop, screens and canvas as main wires them, without devices. */
#include "tests/bench/panel.h"

#include "tests/bench/shop.h"
#include "ui/language.h"

#include <stdlib.h>

enum status panel_open(struct bench *bench, const struct shop *shop, struct panel *out,
                       struct error *error)
{
    struct look look = {.theme = "light", .text_percent = 100};
    char *assets = bench_program(bench, "../share/holdfast");
    struct stage_setup setup = {
        .assets = assets, .width = PANEL_WIDTH, .height = PANEL_HEIGHT, .look = look};
    *out = (struct panel){0};
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
    return STATUS_OK;
}

void panel_close(struct panel *panel)
{
    app_free(panel->app);
    pokes_free(panel->pokes);
    stage_free(panel->stage);
    till_close(panel->till);
    queue_free(panel->queue);
}

void panel_settle(struct panel *panel)
{
    do {
        app_step(panel->app, 0);
    } while (!app_is_quiet(panel->app));
}
