/* A desk over a till of the demo store, without window, threads or real time. Include it in one
 * file per test program.
 */
#ifndef HOLDFAST_TESTS_SCREEN_FIXTURE_H
#define HOLDFAST_TESTS_SCREEN_FIXTURE_H

#include "tests/unit/ui/screens/demo_folder.h"
#include "ui/screens/screens.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
    char folder[64];
    struct till *till;
    struct text *text;
    struct icons *icons;
    struct ui *ui;
    struct desk *desk;
    int64_t wall_ms, monotonic_us;
    int good_tones, bad_tones, recorded;
    bool pin_waits;
};

static int64_t fixture_wall(void *context)
{
    return ((struct fixture *)context)->wall_ms;
}

static int64_t fixture_monotonic(void *context)
{
    return ((struct fixture *)context)->monotonic_us;
}

static void fixture_check_pin(void *context, struct pin_check *check)
{
    pin_check_run(check);
    ((struct fixture *)context)->pin_waits = true;
}

static void fixture_sound(void *context, enum tone tone)
{
    struct fixture *fixture = context;

    *(tone == TONE_LINE ? &fixture->good_tones : &fixture->bad_tones) += 1;
}

static void fixture_recorded(void *context)
{
    ((struct fixture *)context)->recorded++;
}

static void fixture_look(void *context)
{
    (void)context;
}

static void fixture_speak(void *context, const char *language)
{
    (void)context;
    (void)language;
}

/* One frame, and what it started. */
static void show(struct fixture *fixture)
{
    ui_run(fixture->ui, screens_show, fixture->desk);
    if (fixture->pin_waits) {
        fixture->pin_waits = false;
        desk_pin_checked(fixture->desk);
        ui_run(fixture->ui, screens_show, fixture->desk);
    }
}

static void press(struct fixture *fixture, const char *id)
{
    const struct ui_node *node = ui_node(fixture->ui, id);

    if (!node) {
        fail_msg("%s is not there on screen %s", id, screen_name(desk_screen(fixture->desk)));
    }
    assert_int_equal(ui_press(fixture->ui, id, node->role), STATUS_OK);
    show(fixture);
}

static void keys(struct fixture *fixture, const char *digits)
{
    for (; *digits; digits++) {
        char one[2] = {*digits, '\0'};
        ui_key(fixture->ui, one);
        show(fixture);
    }
}

static void scan(struct fixture *fixture, const char *code)
{
    desk_scan(fixture->desk, (const uint8_t *)code, strlen(code));
    show(fixture);
}

static const char *says(struct fixture *fixture, const char *id)
{
    const struct ui_node *node = ui_node(fixture->ui, id);

    return node ? *node->value ? node->value : node->label : "(not there)";
}

static void assert_says(struct fixture *fixture, const char *id, const char *text)
{
    const struct ui_node *node = ui_node(fixture->ui, id);

    if (!node || !(strstr(node->label, text) || strstr(node->value, text))) {
        fail_msg("%s says \"%s\", not \"%s\"", id, says(fixture, id), text);
    }
}

static void assert_screen(struct fixture *fixture, enum screen screen)
{
    desk_update(fixture->desk);
    assert_string_equal(screen_name(desk_screen(fixture->desk)), screen_name(screen));
}

static void sign_in(struct fixture *fixture, const char *id, const char *pin)
{
    char item[80];

    snprintf(item, sizeof item, "person/%s", id);
    press(fixture, item);
    keys(fixture, pin);
    press(fixture, "pin-go");
}

static int fixture_start(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    struct clock clock = {fixture_wall, fixture_monotonic, fixture};
    struct ui_setup setup = {0};
    struct error error = {0};

    crypto_start();
    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/holdfast-screens-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    demo_folder(fixture->folder, "assets/demo", "T01", "S01");
    fixture->wall_ms = 1795262400000; /* 2026-11-21, noon */
    fixture->monotonic_us = 1000000000;
    struct till_options options = {.folder = fixture->folder,
                                   .program = "test",
                                   .mode = TILL_WRITER,
                                   .clock = clock,
                                   .entropy = entropy_system()};
    assert_int_equal(till_open(&options, &fixture->till, &error), STATUS_OK);
    assert_int_equal(text_create("assets/themes/fonts.json", 4 << 20, &fixture->text, &error),
                     STATUS_OK);
    assert_int_equal(icons_create("assets/themes/icons.json", &fixture->icons, &error), STATUS_OK);
    assert_int_equal(theme_load("assets/themes", "light", &setup.theme, &error), STATUS_OK);
    assert_int_equal(metrics_init(&setup.metrics, 1366, 768, 344, 100, &error), STATUS_OK);
    setup.text = fixture->text;
    setup.icons = fixture->icons;
    fixture->ui = ui_create(&setup);
    struct desk_host host = {fixture,          fixture_check_pin, fixture_sound,
                             fixture_recorded, fixture_look,      fixture_speak};
    struct look look = {.language = "en", .theme = "light", .text_percent = 100};
    fixture->desk = desk_create(fixture->till, fixture->ui, clock, host, look);
    show(fixture);
    *state = fixture;
    return 0;
}

/* Signed in, a shift open with a float of 100. */
static int fixture_selling(void **state)
{
    fixture_start(state);
    sign_in(*state, "P01", "1234");
    keys(*state, "100");
    press(*state, "pad/do");
    return 0;
}

static int fixture_stop(void **state)
{
    struct fixture *fixture = *state;
    char command[128];

    desk_free(fixture->desk);
    ui_free(fixture->ui);
    icons_free(fixture->icons);
    text_free(fixture->text);
    till_close(fixture->till);
    snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
    assert_int_equal(system(command), 0);
    free(fixture);
    return 0;
}

#endif
