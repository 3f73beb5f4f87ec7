/* The products: favourites, categories, what a search found; tiles in a list that scrolls. */
#include "ui/screens/screens.h"
#include "ui/screens/selling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void load(struct desk *desk)
{
    struct shelf *shelf = &desk->shelf;
    struct error error = {0};
    enum status status;

    shelf->stale = false;
    if (shelf->category_count == 0 &&
        till_categories(desk->till, shelf->categories, SHELF_CATEGORIES, &shelf->category_count,
                        &error) != STATUS_OK) {
        shelf->category_count = 0;
    }
    if (*shelf->typed) {
        status = till_search(desk->till, shelf->typed, shelf->tiles, 50, &shelf->count, &error);
    } else if (*shelf->category) {
        status = till_grid(desk->till, shelf->category, shelf->offset, shelf->tiles, SHELF_TILES,
                           &shelf->count, &error);
    } else {
        status = till_favourites(desk->till, shelf->tiles, SHELF_TILES, &shelf->count, &error);
    }
    if (status != STATUS_OK) {
        shelf->count = 0;
        desk_fail(desk, TR_MARK("The products could not be read."), status, &error);
    }
    shelf->more = *shelf->category && !*shelf->typed && shelf->count == SHELF_TILES;
}

static void category_chips(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct shelf *shelf = &desk->shelf;
    struct ui_option options[SHELF_CATEGORIES + 1] = {
        {.name = "favourites", .label = tr("Favourites")}};
    int chosen = *shelf->typed ? -1 : 0;

    for (int i = 0; i < shelf->category_count; i++) {
        options[i + 1] = (struct ui_option){.name = shelf->categories[i].id,
                                            .label = tr(shelf->categories[i].name)};
        if (!*shelf->typed && strcmp(shelf->category, shelf->categories[i].id) == 0) {
            chosen = i + 1;
        }
    }
    int pressed = ui_chips(ui, "category", options, shelf->category_count + 1, chosen, "F10");
    if (pressed >= 0) {
        snprintf(shelf->category, sizeof shelf->category, "%s",
                 pressed == 0 ? "" : shelf->categories[pressed - 1].id);
        shelf->typed[0] = '\0';
        ui_field_set(ui, "search", "");
        shelf->offset = 0;
        shelf->stale = true;
        ui_unfocus(ui); /* out of the search: digits mean quantities again */
    }
}

/* What a person wants to know before promising one: how many, and how old that figure is. */
static void stock_note(struct desk *desk, const struct tile_view *tile, struct ui_tile *out)
{
    struct ui *ui = desk->ui;
    const struct stock_view *stock = &tile->stock;

    if (tile->blocked) {
        out->note = tr("blocked");
        out->note_icon = "none";
        out->note_tone = UI_BAD;
    } else if (tile->variants > 0) {
        out->note = ui_id(ui, tr_count("%d variant", "%d variants", (unsigned long)tile->variants),
                          tile->variants);
    } else if (!stock->stocked) {
        out->note = "";
    } else if (stock->on_hand.milli <= 0) {
        out->note = tr("none");
        out->note_icon = "none";
        out->note_tone = UI_BAD;
    } else {
        struct quantity shown = stock->on_hand;
        if (strcmp(tile->unit, "each") != 0) {
            /* A tenth of a kilogram is as true as a shelf of apples gets. */
            shown.milli = (shown.milli + 50) / 100 * 100;
        }
        out->note = desk_quantity(desk, shown);
        if (strcmp(tile->unit, "each") != 0) {
            out->note = ui_id(ui, "%s %s", out->note, tile->unit);
        }
        if (!desk->status.online && stock->as_of_ms != 0) {
            out->note = ui_id(ui, "%s · %s", out->note, desk_clock(desk, stock->as_of_ms));
        }
    }
}

static int category_colour(const char *colour)
{
    long number = strtol(colour, NULL, 10);

    return number >= 1 && number <= THEME_CATEGORIES ? (int)number : 0;
}

static bool product_tile(struct desk *desk, const struct tile_view *tile, const char *prefix)
{
    struct ui_tile out = {
        .name = tile->name, .category = category_colour(tile->colour), .note_tone = UI_INK2};

    if (tile->has_price) {
        out.price = desk_price(desk, tile->price, tile->unit);
    } else {
        out.price = tile->price_mode == PRICE_OPEN ? tr("any amount") : tr("no price");
    }
    stock_note(desk, tile, &out);
    return ui_tile(desk->ui, ui_id(desk->ui, "%s/%s", prefix, tile->sku), &out);
}

/* Rows of `columns` tiles; empty places keep the last row's tiles at their width. */
void tiles_show(struct desk *desk, const char *prefix, const struct tile_view *tiles, int count,
                char chosen[KEY_SIZE])
{
    struct ui *ui = desk->ui;
    float scale = (float)desk->look.text_percent / 100;
    float width = ui_width_mm(ui) * (ui_portrait(ui) ? 1.0f : 0.59f) - 6;
    int columns = (int)(width / (38.5f * (scale > 1.2f ? 1.25f : 1.0f)));

    columns = columns < 2 ? 2 : columns;
    ui_grid(ui, (struct ui_box){.columns = columns, .gap_mm = 2});
    for (int i = 0; i < count; i++) {
        if (product_tile(desk, &tiles[i], prefix)) {
            snprintf(chosen, KEY_SIZE, "%s", tiles[i].sku);
        }
    }
    for (int i = count; i < columns; i++) {
        ui_spacer(ui, 1);
    }
    ui_end(ui);
}

static void pages(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct shelf *shelf = &desk->shelf;

    if (!shelf->more && shelf->offset == 0) {
        return;
    }
    ui_row(ui, (struct ui_box){.gap_mm = 2});
    if (ui_button(ui, "page/back",
                  &(struct ui_button){.label = tr("Earlier"),
                                      .icon = "previous",
                                      .weight = 1,
                                      .key = "Ctrl+PageUp",
                                      .disabled = shelf->offset == 0})) {
        shelf->offset -= SHELF_TILES;
        shelf->stale = true;
    }
    if (ui_button(ui, "page/next",
                  &(struct ui_button){.label = tr("Further"),
                                      .icon = "next",
                                      .weight = 1,
                                      .key = "Ctrl+PageDown",
                                      .disabled = !shelf->more})) {
        shelf->offset += SHELF_TILES;
        shelf->stale = true;
    }
    ui_end(ui);
}

static void linking(struct desk *desk)
{
    struct ui *ui = desk->ui;

    ui_row(ui, (struct ui_box){.gap_mm = 3, .align = UI_CENTER});
    ui_text(ui, ui_id(ui, tr("Touch the article that is %s"), desk_code(desk, desk->ask.code)),
            (struct ui_text){.style = TEXT_HEADING, .weight = 1, .lines = 2});
    if (ui_button(ui, "link/back",
                  &(struct ui_button){.label = tr("Back"), .icon = "back", .key = "Escape"})) {
        selling_drop(desk);
    }
    ui_end(ui);
}

void products_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct shelf *shelf = &desk->shelf;
    char chosen[KEY_SIZE] = "";

    if (shelf->stale) {
        load(desk);
    }
    if (desk->ask.kind == ASK_LINK) {
        linking(desk);
    }
    category_chips(desk);
    ui_end(ui);
    ui_list_begin(ui, "tiles",
                  &(struct ui_list){.key = "Ctrl+T",
                                    .label = tr("Products"),
                                    .empty = *shelf->typed ? tr("Nothing is called like this.")
                                                           : tr("No products here yet.")});
    if (shelf->count > 0) {
        tiles_show(desk, "tile", shelf->tiles, shelf->count, chosen);
        pages(desk);
    }
    ui_end(ui);
    if (keyboard_wanted(desk, "search", "")) {
        keyboard_show(desk);
    }
    if (*chosen) {
        selling_choose(desk, chosen);
    }
}
