#include "ui/stage.h"

#include "terminal/base/buf.h"
#include "terminal/base/file.h"

#include <SDL.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_CACHE = 12 * 1024 * 1024, UM_PER_PX = 252 };

struct stage {
    char *themes; /* ASSETS/themes */
    struct SDL_Window *window;
    struct canvas *canvas;
    struct text *text;
    struct icons *icons;
    struct ui *ui;
    struct ui_setup setup;
    int panel_mm, text_percent;
};

static int guessed_mm(int width)
{
    return (width * UM_PER_PX + 500) / 1000;
}

static enum status measure(struct stage *stage, int width, int height, struct error *error)
{
    struct metrics metrics;
    int panel = stage->panel_mm ? stage->panel_mm : guessed_mm(width);
    enum status status = metrics_init(&metrics, width, height, panel, stage->text_percent, error);

    if (status == STATUS_OK) {
        stage->setup.metrics = metrics;
    }
    return status;
}

static enum status open_parts(struct stage *stage, const struct stage_setup *setup,
                              struct error *error)
{
    char *fonts = path_join(stage->themes, "fonts.json");
    char *icons = path_join(stage->themes, "icons.json");
    enum status status = text_create(fonts, TEXT_CACHE, &stage->text, error);

    if (status == STATUS_OK) {
        status = icons_create(icons, &stage->icons, error);
    }
    if (status == STATUS_OK) {
        status = theme_load(stage->themes, setup->look.theme, &stage->setup.theme, error);
    }
    if (status == STATUS_OK) {
        status = measure(stage, setup->width, setup->height, error);
    }
    if (status == STATUS_OK) {
        status = setup->window
                     ? canvas_create_window(setup->window, &stage->canvas, error)
                     : canvas_create_memory(setup->width, setup->height, &stage->canvas, error);
    }
    free(fonts);
    free(icons);
    return status;
}

enum status stage_create(const struct stage_setup *setup, struct stage **out, struct error *error)
{
    struct stage *stage = mem_alloc(sizeof *stage);

    stage->themes = path_join(setup->assets, "themes");
    stage->window = setup->window;
    stage->panel_mm = setup->panel_mm;
    stage->text_percent = setup->look.text_percent;
    enum status status = open_parts(stage, setup, error);
    if (status != STATUS_OK) {
        stage_free(stage);
        return status;
    }
    stage->setup.text = stage->text;
    stage->setup.icons = stage->icons;
    stage->setup.rtl = setup->rtl;
    stage->ui = ui_create(&stage->setup);
    *out = stage;
    return STATUS_OK;
}

void stage_free(struct stage *stage)
{
    if (!stage) {
        return;
    }
    if (stage->ui) {
        ui_free(stage->ui);
    }
    if (stage->canvas) {
        canvas_free(stage->canvas);
    }
    if (stage->icons) {
        icons_free(stage->icons);
    }
    if (stage->text) {
        text_free(stage->text);
    }
    free(stage->themes);
    free(stage);
}

struct ui *stage_ui(struct stage *stage)
{
    return stage->ui;
}

const struct canvas *stage_canvas(const struct stage *stage)
{
    return stage->canvas;
}

const struct metrics *stage_metrics(const struct stage *stage)
{
    return &stage->setup.metrics;
}

enum status stage_look(struct stage *stage, const struct look *look, bool rtl, struct error *error)
{
    struct theme theme;
    int before = stage->text_percent;
    enum status status = theme_load(stage->themes, look->theme, &theme, error);

    if (status == STATUS_OK) {
        stage->text_percent = look->text_percent;
        status =
            measure(stage, stage->setup.metrics.width_px, stage->setup.metrics.height_px, error);
    }
    if (status != STATUS_OK) {
        stage->text_percent = before;
        return status;
    }
    stage->setup.theme = theme;
    stage->setup.rtl = rtl;
    ui_change(stage->ui, &stage->setup);
    return STATUS_OK;
}

enum status stage_resize(struct stage *stage, int width, int height, int panel_mm,
                         struct error *error)
{
    struct canvas *canvas = NULL;

    stage->panel_mm = panel_mm;
    enum status status = measure(stage, width, height, error);
    if (status == STATUS_OK && !stage->window) {
        status = canvas_create_memory(width, height, &canvas, error);
        if (status == STATUS_OK) {
            canvas_free(stage->canvas);
            stage->canvas = canvas;
        }
    }
    if (status == STATUS_OK) {
        ui_change(stage->ui, &stage->setup);
        canvas_forget(stage->canvas);
    }
    return status;
}

void stage_exposed(struct stage *stage)
{
    canvas_forget(stage->canvas);
}

enum status stage_frame(struct stage *stage, void (*screen)(struct ui *ui, void *context),
                        void *context, int64_t *damage, struct error *error)
{
    ui_run(stage->ui, screen, context);
    enum status status = canvas_draw(stage->canvas, ui_list(stage->ui), damage, error);
    ui_shown(stage->ui);
    return status;
}
