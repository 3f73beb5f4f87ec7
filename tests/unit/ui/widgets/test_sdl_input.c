#include "ui/widgets/sdl_input.h"

#include <SDL.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct size window = {1000, 600};

static bool key(SDL_Keycode code, Uint16 mod, struct ui_input *out)
{
    SDL_Event event = {.key = {.type = SDL_KEYDOWN, .timestamp = 77}};
    event.key.keysym.sym = code;
    event.key.keysym.mod = mod;
    return sdl_input(&event, window, out);
}

static void test_sdl_input__keys_have_our_names(void **state)
{
    static const struct {
        SDL_Keycode code;
        Uint16 mod;
        const char *name;
    } keys[] = {
        {SDLK_RETURN, 0, "Enter"},
        {SDLK_KP_ENTER, KMOD_NUM, "Enter"},
        {SDLK_F12, 0, "F12"},
        {SDLK_TAB, KMOD_LSHIFT, "Shift+Tab"},
        {SDLK_p, KMOD_LCTRL, "Ctrl+P"},
        {SDLK_F2, KMOD_LALT | KMOD_RSHIFT, "Alt+Shift+F2"},
        {SDLK_PAGEDOWN, 0, "PageDown"},
        {SDLK_BACKSPACE, KMOD_RCTRL, "Ctrl+Backspace"},
        {SDLK_ESCAPE, KMOD_CAPS, "Escape"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct ui_input input;
        assert_true(key(keys[i].code, keys[i].mod, &input));
        assert_int_equal(input.kind, UI_INPUT_KEY);
        assert_string_equal(input.key, keys[i].name);
        assert_int_equal(input.at_ms, 77);
    }
}

static void test_sdl_input__printable_keys_come_as_text_only(void **state)
{
    (void)state;
    struct ui_input input;
    assert_false(key(SDLK_7, 0, &input));
    assert_false(key(SDLK_a, KMOD_LSHIFT, &input));
    assert_false(key(SDLK_KP_7, KMOD_NUM, &input));
    assert_false(key(SDLK_LSHIFT, KMOD_LSHIFT, &input));
    assert_false(key(SDLK_q, KMOD_MODE | KMOD_LCTRL, &input)); /* AltGr+Q writes @ */
    SDL_Event event = {.text = {.type = SDL_TEXTINPUT}};
    memcpy(event.text.text, "é", 3);
    assert_true(sdl_input(&event, window, &input));
    assert_int_equal(input.kind, UI_INPUT_TEXT);
    assert_string_equal(input.text, "é");
}

static void test_sdl_input__fingers_are_scaled_to_the_window(void **state)
{
    (void)state;
    struct ui_input input;
    SDL_Event event = {.tfinger = {.type = SDL_FINGERDOWN, .x = 0.5F, .y = 0.25F, .fingerId = 9}};
    assert_true(sdl_input(&event, window, &input));
    assert_int_equal(input.kind, UI_INPUT_DOWN);
    assert_int_equal(input.x, 500);
    assert_int_equal(input.y, 150);
    assert_int_equal(input.pointer, 9);
}

static void test_sdl_input__other_buttons_and_made_up_mice_are_ignored(void **state)
{
    (void)state;
    struct ui_input input;
    SDL_Event event = {.button = {.type = SDL_MOUSEBUTTONDOWN, .button = SDL_BUTTON_RIGHT}};
    assert_false(sdl_input(&event, window, &input));
    event.button.button = SDL_BUTTON_LEFT;
    assert_true(sdl_input(&event, window, &input));
    event.button.which = SDL_TOUCH_MOUSEID;
    assert_false(sdl_input(&event, window, &input));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sdl_input__keys_have_our_names),
        cmocka_unit_test(test_sdl_input__printable_keys_come_as_text_only),
        cmocka_unit_test(test_sdl_input__fingers_are_scaled_to_the_window),
        cmocka_unit_test(test_sdl_input__other_buttons_and_made_up_mice_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
