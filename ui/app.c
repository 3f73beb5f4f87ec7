/* The loop. `dirty` is the one reason for a frame; `look_dirty` says that language, theme or size
 * of text have to follow first. Times to wake up for are gathered in next_wake. */
#include "ui/app.h"

#include "terminal/base/buf.h"
#include "terminal/base/log.h"
#include "ui/language.h"
#include "ui/look_file.h"
#include "ui/screens/screens.h"
#include "ui/widgets/sdl_input.h"

#include <SDL.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REFRESH_MS = 5000, /* a lost poke costs at most this */
    IDLE_MS = 1000,    /* of quiet before the till's housekeeping */
    LONGEST_WAIT_MS = 60 * 1000
};

struct app {
    struct app_setup setup;
    struct desk *desk;
    bool dirty, look_dirty, quit, pump;
    int64_t refresh_at, idle_at, minute, last_touch; /* ms, monotonic; the minute is of wall time */
    pthread_t checker;
    bool checking;
    struct pin_check *check;
    struct look kept; /* as in the file */
};

static int64_t now_ms(const struct app *app)
{
    return clock_monotonic_us(&app->setup.clock) / 1000;
}

/* ---- what the screens ask for ---------------------------------------------------------------- */

static void *check_pin_thread(void *context)
{
    struct app *app = context;
    struct event event = {.kind = EVENT_PIN};

    pin_check_run(app->check);
    queue_post(app->setup.queue, &event);
    return NULL;
}

static void check_pin(void *context, struct pin_check *check)
{
    struct app *app = context;

    INVARIANT(!app->checking);
    app->check = check;
    app->checking = true;
    INVARIANT(pthread_create(&app->checker, NULL, check_pin_thread, app) == 0);
}

static void play(void *context, enum tone tone)
{
    struct app *app = context;

    if (app->setup.sound && !(app->desk->look.mute && tone == TONE_LINE)) {
        sound_play(app->setup.sound, tone);
    }
}

static void recorded(void *context)
{
    struct app *app = context;

    pokes_send(app->setup.pokes, "entries");
    app->pump = true;
}

static void look_changed(void *context)
{
    struct app *app = context;

    app->look_dirty = true;
    app->dirty = true;
}

static void speak(void *context, const char *language)
{
    struct app *app = context;

    language_set(*language ? language : desk_language(app->desk));
}

/* ---- life ------------------------------------------------------------------------------------ */

struct app *app_create(const struct app_setup *setup)
{
    struct app *app = mem_alloc(sizeof *app);
    struct desk_host host = {.context = app,
                             .check_pin = check_pin,
                             .sound = play,
                             .recorded = recorded,
                             .look_changed = look_changed,
                             .speak = speak};

    app->setup = *setup;
    app->desk = desk_create(setup->till, stage_ui(setup->stage), setup->clock, host, setup->look);
    app->kept = app->desk->look;
    app->dirty = app->look_dirty = app->pump = true;
    app->last_touch = now_ms(app);
    app->refresh_at = now_ms(app) + REFRESH_MS;
    app->idle_at = -1;
    return app;
}

void app_free(struct app *app)
{
    if (!app) {
        return;
    }
    if (app->checking) {
        pthread_join(app->checker, NULL);
    }
    desk_free(app->desk);
    free(app);
}

struct desk *app_desk(struct app *app)
{
    return app->desk;
}

struct stage *app_stage(struct app *app)
{
    return app->setup.stage;
}

struct ui *app_ui(struct app *app)
{
    return stage_ui(app->setup.stage);
}

void app_look_changed(struct app *app)
{
    look_changed(app);
}

void app_touch(struct app *app)
{
    app->dirty = true;
    app->last_touch = now_ms(app);
    app->idle_at = app->last_touch + IDLE_MS;
}

bool app_is_quiet(const struct app *app)
{
    return !app->checking && !app->dirty;
}

enum status app_resize(struct app *app, int width, int height, int panel_mm, struct error *error)
{
    app->dirty = true;
    return stage_resize(app->setup.stage, width, height, panel_mm, error);
}

/* ---- events ---------------------------------------------------------------------------------- */

static enum light light_of(enum device_state state)
{
    switch (state) {
    case DEVICE_READY:
        return LIGHT_READY;
    case DEVICE_MISSING:
        return LIGHT_NONE;
    default:
        return LIGHT_TROUBLE;
    }
}

static void printed(struct app *app, const struct event *event)
{
    struct error error = {0};
    struct device_event told = {.kind = DEVICE_EVENT_PRINTED,
                                .device = event->device,
                                .text = event->text,
                                .job = event->job,
                                .result = event->result};

    if (app->setup.spool &&
        spool_printed(app->setup.spool, &told, clock_monotonic_us(&app->setup.clock), &error) !=
            STATUS_OK) {
        log_line(LOG_LEVEL_WARN, "app", "spool: %s", error.text);
    }
    desk_printed(app->desk, event->job, event->result == STATUS_OK, event->text);
    app->pump = true;
}

static void take_event(struct app *app, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SCAN:
        app_touch(app);
        desk_scan(app->desk, event->scan, event->scan_length);
        break;
    case EVENT_STATE:
        desk_device(app->desk, strncmp(event->device, "printer", 7) == 0, light_of(event->state),
                    event->text);
        break;
    case EVENT_PRINTED:
        printed(app, event);
        break;
    case EVENT_POKE:
        app->refresh_at = now_ms(app);
        return;
    case EVENT_PIN:
        pthread_join(app->checker, NULL);
        app->checking = false;
        desk_pin_checked(app->desk);
        break;
    case EVENT_QUIT:
        app->quit = true;
        break;
    }
    app->dirty = true;
}

static void window_changed(struct app *app)
{
    struct error error = {0};
    struct size size = {0};

    SDL_GetWindowSize(app->setup.window, &size.w, &size.h);
    if (app_resize(app, size.w, size.h, 0, &error) != STATUS_OK) {
        log_line(LOG_LEVEL_WARN, "app", "%s", error.text);
    }
}

static void take_sdl(struct app *app, const SDL_Event *event)
{
    struct ui_input input = {0};
    struct size size = canvas_size(stage_canvas(app->setup.stage));

    if (event->type == SDL_QUIT) {
        app->quit = true;
    } else if (event->type == SDL_WINDOWEVENT) {
        if (event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED) {
            window_changed(app);
        } else if (event->window.event == SDL_WINDOWEVENT_EXPOSED) {
            stage_exposed(app->setup.stage);
            app->dirty = true;
        }
    } else if (sdl_input(event, size, &input)) {
        app->last_touch = now_ms(app);
        app->idle_at = app->last_touch + IDLE_MS;
        app->dirty |= ui_feed(app_ui(app), &input);
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

static int64_t lock_after_ms(struct app *app)
{
    long minutes = strtol(till_setting(app->setup.till, "lock_minutes", "0"), NULL, 10);

    return minutes > 0 && minutes < 24 * 60 ? minutes * 60 * 1000 : 0;
}

static void sooner(int64_t *wait, int64_t at, int64_t now)
{
    int64_t left = at - now;

    if (left < *wait) {
        *wait = left < 0 ? 0 : left;
    }
}

/* Milliseconds until something is due by itself. */
static int64_t until_due(struct app *app)
{
    int64_t now = now_ms(app), wait = LONGEST_WAIT_MS;
    int64_t wall = clock_wall_ms(&app->setup.clock);
    int64_t lock = lock_after_ms(app);
    int ticks = ui_wait_ms(app_ui(app));

    if (ticks >= 0) {
        sooner(&wait, now + ticks, now);
    }
    sooner(&wait, app->refresh_at, now);
    if (app->idle_at >= 0) {
        sooner(&wait, app->idle_at, now);
    }
    if (lock > 0 && *app->desk->status.staff && !app->desk->status.locked) {
        sooner(&wait, app->last_touch + lock, now);
    }
    if (app->setup.spool && spool_due(app->setup.spool) >= 0) {
        sooner(&wait, spool_due(app->setup.spool) / 1000 + 1, now);
    }
    sooner(&wait, now + 60000 - wall % 60000, now); /* the clock in the strip */
    return wait;
}

static void do_what_is_due(struct app *app)
{
    int64_t now = now_ms(app);
    int64_t minute = clock_wall_ms(&app->setup.clock) / 60000;
    int64_t lock = lock_after_ms(app);
    struct error error = {0};

    if (now >= app->refresh_at) {
        app->refresh_at = now + REFRESH_MS;
        struct till_status before = app->desk->status;
        bool changed = desk_refresh(app->desk);
        const struct till_status *after = &app->desk->status;
        app->dirty |= changed || before.online != after->online || before.unsent != after->unsent ||
                      before.prints_failed != after->prints_failed;
    }
    if (minute != app->minute) {
        app->minute = minute;
        app->dirty = true;
    }
    if (lock > 0 && now - app->last_touch >= lock) {
        app->last_touch = now;
        desk_lock(app->desk);
        app->dirty = true;
    }
    if (app->idle_at >= 0 && now >= app->idle_at) {
        app->idle_at = -1;
        till_idle(app->setup.till);
    }
    if (app->setup.spool) {
        int64_t due = spool_due(app->setup.spool);
        int64_t now_us = clock_monotonic_us(&app->setup.clock);
        if (app->pump || (due >= 0 && now_us >= due)) {
            app->pump = false;
            if (spool_pump(app->setup.spool, now_us, &error) != STATUS_OK) {
                log_line(LOG_LEVEL_WARN, "app", "spool: %s", error.text);
            }
        }
    }
    if (ui_wait_ms(app_ui(app)) >= 0) {
        /* The same clock as the time stamps of SDL's events. */
        struct ui_input tick = {.kind = UI_INPUT_TICK, .at_ms = (int64_t)SDL_GetTicks64()};
        app->dirty |= ui_feed(app_ui(app), &tick);
    }
}

static bool same_look(const struct look *a, const struct look *b)
{
    return strcmp(a->language, b->language) == 0 && strcmp(a->theme, b->theme) == 0 &&
           a->text_percent == b->text_percent && a->mute == b->mute &&
           a->left_handed == b->left_handed;
}

static void keep_look(struct app *app)
{
    struct error error = {0};
    const struct look *look = &app->desk->look;

    if (!app->setup.look_path || same_look(look, &app->kept)) {
        return;
    }
    app->kept = *look;
    if (look_write(app->setup.look_path, look, &error) != STATUS_OK) {
        log_line(LOG_LEVEL_WARN, "app", "the look is not kept: %s", error.text);
    }
}

static void apply_look(struct app *app)
{
    struct error error = {0};
    const char *language = desk_language(app->desk);

    app->look_dirty = false;
    language_set(language);
    if (app->setup.assets && key_layout_load(app->setup.assets, language,
                                             &app->desk->keyboard.layout, &error) != STATUS_OK) {
        log_line(LOG_LEVEL_WARN, "app", "no keys on the screen: %s", error.text);
    }
    if (stage_look(app->setup.stage, &app->desk->look, language_is_rtl(language), &error) !=
        STATUS_OK) {
        log_line(LOG_LEVEL_WARN, "app", "the look stays as it was: %s", error.text);
    }
    keep_look(app);
}

static void show(struct app *app)
{
    struct error error = {0};
    int64_t damage = 0;

    do {
        if (app->look_dirty) {
            apply_look(app);
        }
        app->dirty = false;
        if (stage_frame(app->setup.stage, screens_show, app->desk, &damage, &error) != STATUS_OK) {
            log_line(LOG_LEVEL_WARN, "app", "%s", error.text);
            stage_exposed(app->setup.stage);
        }
    } while (app->look_dirty);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void wait_for_events(struct app *app, int64_t wait_ms)
{
    SDL_Event event;

    if (!app->setup.window) {
        queue_wait(app->setup.queue, (int)wait_ms);
        return;
    }
    int got = wait_ms > 0 ? SDL_WaitEventTimeout(&event, (int)wait_ms) : SDL_PollEvent(&event);
    for (; got; got = SDL_PollEvent(&event)) {
        take_sdl(app, &event);
    }
}

bool app_step(struct app *app, int wait_ms)
{
    struct event event;
    int64_t wait = until_due(app);

    if (app->dirty || (app->pump && app->setup.spool)) {
        wait = 0;
    } else if (wait_ms >= 0 && wait_ms < wait) {
        wait = wait_ms;
    }
    wait_for_events(app, wait);
    while (!app->quit && queue_take(app->setup.queue, &event)) {
        take_event(app, &event);
    }
    do_what_is_due(app);
    if (app->dirty) {
        show(app);
    }
    return !app->quit;
}

void app_run(struct app *app)
{
    while (app_step(app, -1)) {
    }
}
