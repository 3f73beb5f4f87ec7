/* What the widget tests share: fonts and icons opened once, a ui of a given size, and the screen
 * run until it rests.
 */
#ifndef HOLDFAST_TEST_STAGE_H
#define HOLDFAST_TEST_STAGE_H

#include "ui/widgets/ui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct stage {
    struct text *text;
    struct icons *icons;
};

static inline int stage_open(void **state)
{
    struct error error = {0};
    struct stage *stage = calloc(1, sizeof *stage);
    if (text_create("assets/themes/fonts.json", 8 << 20, &stage->text, &error) != STATUS_OK ||
        icons_create("assets/themes/icons.json", &stage->icons, &error) != STATUS_OK) {
        print_error("%s\n", error.text);
        return -1;
    }
    *state = stage;
    return 0;
}

static inline int stage_close(void **state)
{
    struct stage *stage = *state;
    icons_free(stage->icons);
    text_free(stage->text);
    free(stage);
    return 0;
}

static inline struct ui_setup stage_setup(const struct stage *stage, int width, int height,
                                          bool rtl)
{
    struct ui_setup setup = {.text = stage->text, .icons = stage->icons, .rtl = rtl};
    struct error error = {0};
    assert_int_equal(theme_load("assets/themes", "light", &setup.theme, &error), STATUS_OK);
    /* 4 px/mm, so that tests can count. */
    assert_int_equal(metrics_init(&setup.metrics, width, height, width / 4, 100, &error),
                     STATUS_OK);
    return setup;
}

static inline struct ui *stage_ui(const struct stage *stage, int width, int height, bool rtl)
{
    struct ui_setup setup = stage_setup(stage, width, height, rtl);
    return ui_create(&setup);
}

#endif
