/* What a person did, free of SDL. Events come from SDL (sdl_input.h) or from a script; the widgets
 * cannot tell the difference.
 *
 * Keys are names: "F12", "Enter", "Escape", "Tab", "Backspace", "Delete", "Left", "Ctrl+P",
 * "Alt+Shift+F2" (modifiers in the order Ctrl, Alt, Shift; letters upper case; keys of the number
 * block by what they mean: "Enter", "7"). A single printable character as a shortcut ("7", "+",
 * "*") is matched by the text a key press produced, whatever the layout of the keyboard.
 */
#ifndef HOLDFAST_WIDGETS_INPUT_H
#define HOLDFAST_WIDGETS_INPUT_H

#include <stdint.h>

enum ui_input_kind {
    UI_INPUT_DOWN,    /* finger or left button: x, y, pointer */
    UI_INPUT_MOVE,    /* x, y, pointer; of a mouse without button too */
    UI_INPUT_UP,      /* x, y, pointer */
    UI_INPUT_CANCEL,  /* the gesture was taken away: pointer */
    UI_INPUT_WHEEL,   /* x, y; wheel in notches, away from the user is positive */
    UI_INPUT_KEY,     /* key */
    UI_INPUT_TEXT,    /* text: UTF-8, committed by keyboard or input method */
    UI_INPUT_COMPOSE, /* text: what the input method holds so far, "" ends it */
    UI_INPUT_TICK     /* time passed: only while ui_wait_ms says so */
};

enum { UI_KEY_SIZE = 32, UI_TEXT_SIZE = 64 };

struct ui_input {
    enum ui_input_kind kind;
    int64_t at_ms; /* monotonic */
    int x, y;      /* pixels */
    int64_t pointer;
    int wheel;
    char key[UI_KEY_SIZE];
    char text[UI_TEXT_SIZE];
};

#endif
