#include "ui/widgets/sdl_input.h"

#include <SDL.h>
#include <stdio.h>
#include <string.h>

/* SDL's names that differ from ours. */
static const struct {
    SDL_Keycode code;
    const char *name;
} names[] = {
    {SDLK_RETURN, "Enter"},        {SDLK_KP_ENTER, "Enter"}, {SDLK_ESCAPE, "Escape"},
    {SDLK_BACKSPACE, "Backspace"}, {SDLK_DELETE, "Delete"},  {SDLK_TAB, "Tab"},
    {SDLK_SPACE, "Space"},         {SDLK_PAGEUP, "PageUp"},  {SDLK_PAGEDOWN, "PageDown"},
    {SDLK_PRINTSCREEN, "Print"},   {SDLK_INSERT, "Insert"},  {SDLK_LEFT, "Left"},
    {SDLK_RIGHT, "Right"},         {SDLK_UP, "Up"},          {SDLK_DOWN, "Down"},
    {SDLK_HOME, "Home"},           {SDLK_END, "End"},
};

static const char *key_name(SDL_Keycode code)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return names[i].name;
    return SDL_GetKeyName(code);
}

static bool is_function_key(SDL_Keycode code)
{
    return (code >= SDLK_F1 && code <= SDLK_F12) || (code >= SDLK_F13 && code <= SDLK_F24);
}

static bool is_named(SDL_Keycode code)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return true;
    return is_function_key(code);
}

/* Printable keys alone come as text; with Ctrl or Alt they are shortcuts. AltGr writes text. */
static bool key(const SDL_KeyboardEvent *event, struct ui_input *out)
{
    Uint16 mod = event->keysym.mod;
    SDL_Keycode code = event->keysym.sym;
    bool ctrl = (mod & KMOD_CTRL) != 0;
    bool alt = (mod & KMOD_LALT) != 0;
    bool shift = (mod & KMOD_SHIFT) != 0;
    if (!is_named(code) && ((!ctrl && !alt) || (mod & KMOD_MODE) != 0 || code >= 0x110000))
        return false;
    out->kind = UI_INPUT_KEY;
    int length = snprintf(out->key, sizeof out->key, "%s%s%s%s", ctrl ? "Ctrl+" : "",
                          alt ? "Alt+" : "", shift ? "Shift+" : "", key_name(code));
    return length > 0 && (size_t)length < sizeof out->key;
}

static void text(enum ui_input_kind kind, const char *string, struct ui_input *out)
{
    out->kind = kind;
    snprintf(out->text, sizeof out->text, "%s", string);
}

static bool mouse(const SDL_MouseButtonEvent *event, enum ui_input_kind kind, struct ui_input *out)
{
    out->kind = kind;
    out->x = event->x;
    out->y = event->y;
    out->pointer = -1;
    return event->button == SDL_BUTTON_LEFT && event->which != SDL_TOUCH_MOUSEID;
}

static bool finger(const SDL_TouchFingerEvent *event, enum ui_input_kind kind, struct size window,
                   struct ui_input *out)
{
    out->kind = kind;
    out->x = (int)(event->x * (float)window.w);
    out->y = (int)(event->y * (float)window.h);
    out->pointer = event->fingerId;
    return true;
}

bool sdl_input(const union SDL_Event *event, struct size window, struct ui_input *out)
{
    memset(out, 0, sizeof *out);
    out->at_ms = event->common.timestamp;
    switch (event->type) {
    case SDL_KEYDOWN:
        return key(&event->key, out);
    case SDL_TEXTINPUT:
        text(UI_INPUT_TEXT, event->text.text, out);
        return true;
    case SDL_TEXTEDITING:
        text(UI_INPUT_COMPOSE, event->edit.text, out);
        return true;
    case SDL_MOUSEBUTTONDOWN:
        return mouse(&event->button, UI_INPUT_DOWN, out);
    case SDL_MOUSEBUTTONUP:
        return mouse(&event->button, UI_INPUT_UP, out);
    case SDL_MOUSEMOTION:
        out->kind = UI_INPUT_MOVE;
        out->x = event->motion.x;
        out->y = event->motion.y;
        out->pointer = -1;
        return event->motion.which != SDL_TOUCH_MOUSEID;
    case SDL_MOUSEWHEEL:
        out->kind = UI_INPUT_WHEEL;
        out->x = event->wheel.mouseX;
        out->y = event->wheel.mouseY;
        out->wheel =
            event->wheel.direction == SDL_MOUSEWHEEL_FLIPPED ? -event->wheel.y : event->wheel.y;
        return out->wheel != 0;
    case SDL_FINGERDOWN:
        return finger(&event->tfinger, UI_INPUT_DOWN, window, out);
    case SDL_FINGERMOTION:
        return finger(&event->tfinger, UI_INPUT_MOVE, window, out);
    case SDL_FINGERUP:
        return finger(&event->tfinger, UI_INPUT_UP, window, out);
    default:
        return false;
    }
}
