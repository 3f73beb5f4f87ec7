/* Selling: search above, and below it one frame that shows the products, the keypad of the touched
 * line, or the question that waits. */
#include "ui/screens/screens.h"
#include "ui/screens/selling.h"

#include <stdio.h>
#include <string.h>

/* Enter in the search: a code that was typed is a code; one hit is meant. */
static void take_search(struct desk *desk)
{
    struct shelf *shelf = &desk->shelf;
    size_t digits = strspn(shelf->typed, "0123456789");

    if (!*shelf->typed) {
        return;
    }
    if (digits >= 4 && shelf->typed[digits] == '\0' && desk->ask.kind != ASK_LINK) {
        selling_scan(desk, shelf->typed);
    } else if (shelf->count > 0) {
        selling_choose(desk, shelf->tiles[0].sku);
    } else {
        return;
    }
    ui_field_set(desk->ui, "search", "");
    ui_unfocus(desk->ui);
    shelf->typed[0] = '\0';
    shelf->stale = true;
}

static void search(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct shelf *shelf = &desk->shelf;
    enum ui_edit edit =
        ui_field(ui, "search",
                 &(struct ui_field){.hint = desk_room(desk) > 250 ? tr("Search, or type a code")
                                                                  : tr("Search"),
                                    .icon = "search",
                                    .key = "F2",
                                    .weight = 1,
                                    .max_bytes = (int)sizeof shelf->typed - 1});

    if (edit != UI_EDIT_NONE) {
        snprintf(shelf->typed, sizeof shelf->typed, "%s", ui_field_text(ui, "search"));
        shelf->stale = true;
        shelf->offset = 0;
        desk->pad.shown = false;
    }
    if (edit == UI_EDIT_DONE) {
        take_search(desk);
    }
}

static void bar(struct desk *desk)
{
    struct ui *ui = desk->ui;
    bool icons = desk_room(desk) > 250;
    const struct ui_option options[] = {
        {.name = "products",
         .label = tr("Products"),
         .icon = icons ? "products" : NULL,
         .key = "F3"},
        {.name = "keypad", .label = tr("Keypad"), .icon = icons ? "keypad" : NULL, .key = "F4"}};
    int chosen = desk->pad.shown ? 1 : 0;

    ui_row(ui, (struct ui_box){.gap_mm = 2});
    search(desk);
    int pressed = ui_segments(ui, "pane", options, 2, chosen, 0);
    if (pressed >= 0) {
        desk->pad.shown = pressed == 1;
    }
    ui_end(ui);
}

/* Digits open the keypad, from anywhere on this screen. */
static void digits(struct desk *desk)
{
    static const char *const keys[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

    for (int i = 0; i < 10; i++) {
        if (ui_shortcut(desk->ui, keys[i])) {
            desk->pad = (struct line_pad){.shown = true, .reason = -1, .percent = true};
            const struct line_view *line = selling_selected(desk);
            desk->pad.line = line ? line->id : 0;
            snprintf(desk->pad.pad.text, sizeof desk->pad.pad.text, "%s", keys[i]);
        }
    }
}

void sell_pane(struct desk *desk)
{
    struct ui *ui = desk->ui;
    const struct line_view *line = selling_selected(desk);
    enum ask_kind asking;

    ui_card(ui, (struct ui_box){.pad_mm = 2, .gap_mm = 2});
    bar(desk);
    asking = desk->ask.kind;
    if (asking == ASK_LINK || keyboard_wanted(desk, "search", "") ||
        (asking == ASK_NONE && !desk->pad.shown && !(line && line->state == LINE_UNKNOWN))) {
        products_show(desk); /* goes on in the card of the bar, and closes it */
        digits(desk);
        return;
    }
    ui_end(ui);
    bool tight = desk_room(desk) < 250;
    ui_card(ui, (struct ui_box){.weight = 1, .pad_mm = tight ? 2 : 4, .gap_mm = tight ? 2 : 3});
    if (asking != ASK_NONE) {
        ask_show(desk);
    } else if (line && line->state == LINE_UNKNOWN) {
        unknown_show(desk, line);
    } else {
        line_pad_show(desk);
    }
    ui_end(ui);
    if (asking == ASK_SETTLE_PRICE && keyboard_wanted(desk, "settle-name", "shift")) {
        keyboard_show(desk);
    }
}
