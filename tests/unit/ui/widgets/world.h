/* A screen with a list, a field, a keypad, buttons and a sheet, and a hand that touches and types.
 */
#ifndef HOLDFAST_TEST_WORLD_H
#define HOLDFAST_TEST_WORLD_H

#include "tests/unit/ui/widgets/stage.h"

enum { W = 1000, H = 600, SLOP = 16 /* 4 mm at 4 px/mm */ };

struct shown {
    int pay, item, park, digit, sheet_keep, dismissed, shortcut, edits;
    bool blocked, sheet, many;
    char digits[32], typed[32], done[64];
};

static inline void items(struct ui *ui, struct shown *shown)
{
    ui_list_begin(
        ui, "list",
        &(struct ui_list){
            .key = "F2", .label = "Lines", .item_mm = 13, .rows = shown->many ? 1000 : 0});
    int first = 0;
    int last = 20;
    if (shown->many)
        ui_list_sight(ui, &first, &last);
    for (int i = first; i < last; i++) {
        if (ui_item(ui, ui_id(ui, "item/%d", i), &(struct ui_item){.label = "Item"}))
            shown->item = i + 1;
        ui_text(ui, "Item", (struct ui_text){.weight = 1});
        ui_end(ui);
    }
    ui_end(ui);
}

static inline void screen(struct ui *ui, void *context)
{
    static const struct ui_pad_key keys[] = {
        {.label = "7", .key = "7"}, {.label = "8", .key = "8"}, {.label = "9", .key = "9"}};
    struct shown *shown = context;
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    ui_column(ui, (struct ui_box){.weight = 1});
    items(ui, shown);
    ui_end(ui);
    ui_column(ui, (struct ui_box){.weight = 1, .gap_mm = 2});
    enum ui_edit edit = ui_field(ui, "search", &(struct ui_field){.hint = "Search", .key = "F1"});
    shown->edits += edit == UI_EDIT_CHANGED;
    if (edit == UI_EDIT_DONE)
        snprintf(shown->done, sizeof shown->done, "%s", ui_field_text(ui, "search"));
    int digit = ui_keypad(ui, "pad", &(struct ui_keypad){.keys = keys, .count = 3, .columns = 3});
    if (digit >= 0) {
        shown->digit++;
        strncat(shown->digits, keys[digit].label, 1);
    }
    shown->park += ui_button(ui, "park", &(struct ui_button){.label = "Park", .key = "F5"});
    shown->pay += ui_button(
        ui, "pay",
        &(struct ui_button){
            .label = "Pay", .kind = UI_PRIMARY, .key = "F12", .disabled = shown->blocked});
    ui_end(ui);
    ui_end(ui);
    if (shown->sheet) {
        shown->dismissed +=
            ui_sheet(ui, "sheet", &(struct ui_sheet){.title = "?", .dismiss = true});
        shown->sheet_keep +=
            ui_button(ui, "keep", &(struct ui_button){.label = "Keep", .key = "F5"});
        ui_end(ui);
    }
    shown->shortcut += ui_shortcut(ui, "Ctrl+F9");
    strncat(shown->typed, ui_typed(ui), 8);
}

struct world {
    struct ui *ui;
    struct shown shown;
    int64_t now;
};

static inline void run(struct world *world)
{
    ui_run(world->ui, screen, &world->shown);
}

static inline struct world *open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->ui = stage_ui(*state, W, H, false);
    world->now = 1000;
    run(world);
    return world;
}

static inline void close_world(struct world *world)
{
    ui_free(world->ui);
    free(world);
}

static inline bool pointer(struct world *world, enum ui_input_kind kind, int x, int y)
{
    struct ui_input input = {.kind = kind, .at_ms = world->now, .x = x, .y = y, .pointer = 1};
    bool wanted = ui_feed(world->ui, &input);
    run(world);
    return wanted;
}

static inline void key(struct world *world, const char *name)
{
    ui_key(world->ui, name);
    run(world);
}

static inline struct rect rect_of(const struct world *world, const char *id)
{
    const struct ui_node *node = ui_node(world->ui, id);
    assert_non_null(node);
    return node->rect;
}

#endif
