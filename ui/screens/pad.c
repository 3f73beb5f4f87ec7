/* A pad holds at most nine digits before the point, so that no amount overflows. */
#include "ui/screens/pad.h"

#include "terminal/base/text.h"
#include "terminal/money/locale.h"

#include <stdio.h>
#include <string.h>

enum { PAD_WHOLE = 9 };

static void add_digit(struct pad *pad, char digit, int decimals)
{
    size_t length = strlen(pad->text);
    const char *point = strchr(pad->text, '.');
    size_t whole = point ? (size_t)(point - pad->text) : length;

    if (point ? length - whole - 1 >= (size_t)decimals : whole >= PAD_WHOLE) {
        return;
    }
    if (strcmp(pad->text, "0") == 0) {
        length = 0;
    }
    pad->text[length] = digit;
    pad->text[length + 1] = '\0';
}

void pad_press(struct pad *pad, const char *key, int decimals)
{
    size_t length = strlen(pad->text);

    if (*key == '<') {
        if (length > 0) {
            pad->text[length - 1] = '\0';
        }
    } else if (*key == '.') {
        if (decimals > 0 && !strchr(pad->text, '.') && length + 2 < sizeof pad->text) {
            snprintf(pad->text + length, sizeof pad->text - length, "%s", length ? "." : "0.");
        }
    } else {
        for (; *key >= '0' && *key <= '9'; key++) {
            add_digit(pad, *key, decimals);
        }
    }
}

void pad_clear(struct pad *pad)
{
    pad->text[0] = '\0';
}

/* The text without a point that has nothing behind it. */
static bool typed(const struct pad *pad, char out[sizeof pad->text])
{
    size_t length = strlen(pad->text);

    snprintf(out, sizeof pad->text, "%s", pad->text);
    if (length > 0 && out[length - 1] == '.') {
        out[length - 1] = '\0';
    }
    return length > 0;
}

bool pad_money(const struct desk *desk, const struct pad *pad, struct money *out)
{
    char text[sizeof pad->text];

    return typed(pad, text) && money_read(text, till_currency(desk->till), out) == STATUS_OK;
}

bool pad_milli(const struct pad *pad, int64_t *out)
{
    char text[sizeof pad->text];

    return typed(pad, text) && decimal_read(text, 3, out) == STATUS_OK;
}

void pad_set_money(const struct desk *desk, struct pad *pad, struct money amount)
{
    char text[MONEY_TEXT_SIZE];

    money_write(amount, till_currency(desk->till), text);
    snprintf(pad->text, sizeof pad->text, "%.13s", text);
}

const char *pad_money_text(struct desk *desk, const struct pad *pad)
{
    struct money amount;

    return pad_money(desk, pad, &amount) ? desk_money(desk, amount) : "";
}

const char *pad_mark(struct desk *desk, struct pad *pad, int decimals)
{
    char mark[LOCALE_TEXT_SIZE];

    locale_decimal_mark(till_format(desk->till), mark);
    if (ui_shortcut(desk->ui, *mark == ',' ? "." : ",")) {
        pad_press(pad, ".", decimals);
    }
    return ui_id(desk->ui, "%s", mark);
}

/* Three columns as on a telephone's keys, and the primary action below. */
static bool keys_above_primary(struct desk *desk, const char *id, struct pad *pad,
                               const struct pad_keys *keys, const char *mark)
{
    static const char *const pressed[] = {"7", "8", "9", "4", "5", "6",
                                          "1", "2", "3", ".", "0", "<"};
    struct ui *ui = desk->ui;
    bool whole = keys->decimals == 0;
    const struct ui_pad_key all[] = {
        {.label = "7", .key = "7"},
        {.label = "8", .key = "8"},
        {.label = "9", .key = "9"},
        {.label = "4", .key = "4"},
        {.label = "5", .key = "5"},
        {.label = "6", .key = "6"},
        {.label = "1", .key = "1"},
        {.label = "2", .key = "2"},
        {.label = "3", .key = "3"},
        {.label = whole ? "00" : mark, .name = "point", .key = whole ? "Ctrl+0" : mark},
        {.label = "0", .key = "0"},
        {.label = tr("Delete the last digit"),
         .icon = "backspace",
         .name = "back",
         .key = "Backspace"}};

    ui_column(ui, (struct ui_box){.weight = keys->weight, .gap_mm = 3});
    int key = ui_keypad(
        ui, id,
        &(struct ui_keypad){.keys = all, .count = 12, .columns = 3, .weight = keys->weight});
    bool done = ui_button(ui, ui_id(ui, "%s/do", id),
                          &(struct ui_button){.label = keys->action,
                                              .why = keys->disabled ? keys->action : NULL,
                                              .kind = UI_PRIMARY,
                                              .key = "Enter"});
    ui_end(ui);
    if (key >= 0) {
        pad_press(pad, whole && key == 9 ? "00" : pressed[key], keys->decimals);
    }
    return done;
}

/* Four columns; the action is one of the keys, because the primary action stands elsewhere. */
static bool keys_with_action(struct desk *desk, const char *id, struct pad *pad,
                             const struct pad_keys *keys, const char *mark)
{
    static const char *const pressed[] = {"7",  "8", "9", "<", "4", "5", "6",
                                          "00", "1", "2", "3", ".", "0"};
    const struct ui_pad_key all[] = {
        {.label = "7", .key = "7"},
        {.label = "8", .key = "8"},
        {.label = "9", .key = "9"},
        {.label = tr("Delete the last digit"),
         .icon = "backspace",
         .name = "back",
         .key = "Backspace"},
        {.label = "4", .key = "4"},
        {.label = "5", .key = "5"},
        {.label = "6", .key = "6"},
        {.label = "00", .name = "00", .key = "Ctrl+0"},
        {.label = "1", .key = "1"},
        {.label = "2", .key = "2"},
        {.label = "3", .key = "3"},
        {.label = mark, .name = "point", .key = mark, .disabled = keys->decimals == 0},
        {.label = "0", .key = "0", .span = 2},
        {.label = keys->action,
         .name = "do",
         .key = "Enter",
         .span = 2,
         .word = true,
         .disabled = keys->disabled}};
    int key = ui_keypad(
        desk->ui, id,
        &(struct ui_keypad){.keys = all, .count = 14, .columns = 4, .weight = keys->weight});

    if (key >= 0 && key < 13) {
        pad_press(pad, pressed[key], keys->decimals);
    }
    return key == 13;
}

bool pad_keys(struct desk *desk, const char *id, struct pad *pad, const struct pad_keys *keys)
{
    const char *mark = pad_mark(desk, pad, keys->decimals);

    return keys->kind == UI_PRIMARY ? keys_above_primary(desk, id, pad, keys, mark)
                                    : keys_with_action(desk, id, pad, keys, mark);
}
