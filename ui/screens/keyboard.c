/* Keys on the screen, for a panel without a keyboard. The grid has two cells for each key of the
 * longest row, so that shorter rows stand in the middle:
 *
 *     q   w   e   r   t   y   u   i   o   p
 *       a   s   d   f   g   h   j   k   l
 *    shift  z   x   c   v   b   n   m   back
 *     123  ABC         space         done
 *
 * Done only puts the keys away: what was found stays, and nothing is sold by it. */
#include "ui/screens/screens.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = KEY_LAYOUT_ROWS * (KEY_LAYOUT_KEYS + 2) + KEY_LAYOUT_PAGES + 2, PAGE_CELLS = 3 };

/* The keys of one page, in reading order, and what each does. */
struct board {
    struct ui_pad_key keys[KEYS_MAX];
    const char *types[KEYS_MAX]; /* NULL: not a letter */
    int leads_to[KEYS_MAX];      /* a page, or -1 */
    int count;
    int back, done;
    bool small; /* narrow keys do not grow with large type; their letters would touch the edges */
};

static struct ui_pad_key *add(struct board *board, int span)
{
    struct ui_pad_key *key = &board->keys[board->count];

    board->leads_to[board->count++] = -1;
    *key = (struct ui_pad_key){.span = span};
    return key;
}

static void add_blank(struct board *board, int span)
{
    if (span > 0) {
        add(board, span)->blank = true;
    }
}

static void add_letters(struct board *board, const struct key_layout_row *row)
{
    for (int i = 0; i < row->count; i++) {
        struct ui_pad_key *key = add(board, 2);

        key->label = row->keys[i];
        key->letter = true;
        key->word = board->small;
        board->types[board->count - 1] = row->keys[i];
    }
}

/* Shift and backspace at the sides of the last letters. */
static void add_last_row(struct board *board, const struct key_layout_page *page, int cells)
{
    const struct key_layout_row *row = &page->rows[KEY_LAYOUT_ROWS - 1];
    int side = (cells - 2 * row->count) / 2;

    if (page->shift >= 0) {
        struct ui_pad_key *shift = add(board, side);
        shift->label = tr("Capital letters");
        shift->icon = "up";
        shift->name = "shift";
        shift->on = page->once;
        board->leads_to[board->count - 1] = page->shift;
    } else {
        add_blank(board, side);
    }
    add_letters(board, row);
    struct ui_pad_key *back = add(board, side);
    back->label = tr("Delete the last letter");
    back->icon = "backspace";
    back->name = "back";
    board->back = board->count - 1;
}

static void add_foot(struct desk *desk, struct board *board, int cells)
{
    const struct keyboard *keyboard = &desk->keyboard;
    const struct key_layout *layout = &keyboard->layout;
    const struct key_layout_page *now = &layout->pages[keyboard->page];
    int done = cells > 20 ? 6 : 5, left = cells - done;

    for (int i = 0; i < layout->count; i++) {
        const struct key_layout_page *page = &layout->pages[i];
        bool here = i == keyboard->page || (now->once && i == now->shift);
        if (here || !*page->label) {
            continue;
        }
        struct ui_pad_key *key = add(board, PAGE_CELLS);
        key->label = page->label;
        key->name = ui_id(desk->ui, "page-%s", page->name);
        key->word = true;
        board->leads_to[board->count - 1] = i;
        left -= PAGE_CELLS;
    }
    struct ui_pad_key *space = add(board, left);
    space->label = tr("Space");
    space->name = "space";
    space->word = true;
    board->types[board->count - 1] = " ";
    struct ui_pad_key *key = add(board, done);
    key->label = tr("Done");
    key->name = "done";
    key->word = true;
    board->done = board->count - 1;
}

static void make_board(struct desk *desk, struct board *board, int cells)
{
    const struct key_layout_page *page = &desk->keyboard.layout.pages[desk->keyboard.page];

    for (int i = 0; i < KEY_LAYOUT_ROWS - 1; i++) {
        int side = (cells - 2 * page->rows[i].count) / 2;
        add_blank(board, side);
        add_letters(board, &page->rows[i]);
        add_blank(board, side);
    }
    add_last_row(board, page, cells);
    add_foot(desk, board, cells);
}

static int first_page(const struct key_layout *layout, const char *wanted)
{
    int page =
        strcmp(wanted, "shift") == 0 ? layout->pages[0].shift : key_layout_page(layout, wanted);

    return page < 0 ? 0 : page;
}

bool keyboard_wanted(struct desk *desk, const char *field, const char *page)
{
    struct keyboard *keyboard = &desk->keyboard;
    const char *touched = ui_touched_field(desk->ui);

    if (keyboard->layout.count == 0 || strcmp(touched, field) != 0) {
        if (strcmp(keyboard->field, field) == 0) {
            keyboard->field[0] = '\0';
        }
        return false;
    }
    if (strcmp(keyboard->field, field) != 0) {
        keyboard->page = first_page(&keyboard->layout, page);
        snprintf(keyboard->field, sizeof keyboard->field, "%s", field);
    }
    if (keyboard->page >= keyboard->layout.count) {
        keyboard->page = 0;
    }
    return true;
}

static void press(struct desk *desk, const struct board *board, int key)
{
    struct keyboard *keyboard = &desk->keyboard;
    const struct key_layout_page *page = &keyboard->layout.pages[keyboard->page];

    if (key == board->done) {
        ui_unfocus(desk->ui);
    } else if (key == board->back) {
        ui_field_backspace(desk->ui, keyboard->field);
    } else if (board->leads_to[key] >= 0) {
        keyboard->page = board->leads_to[key];
    } else if (board->types[key]) {
        ui_field_insert(desk->ui, keyboard->field, board->types[key]);
        if (page->once && page->shift >= 0) {
            keyboard->page = page->shift;
        }
    }
}

void keyboard_show(struct desk *desk)
{
    struct ui *ui = desk->ui;
    struct board board = {0};
    int cells = 2 * key_layout_width(&desk->keyboard.layout);
    float height = ui_portrait(ui) ? 18 : ui_height_mm(ui) > 220 ? 15 : 11.5f;

    board.small = desk_room(desk) < 250;
    make_board(desk, &board, cells);
    ui_card(ui,
            (struct ui_box){.pad_mm = 2, .id = "keys", .label = tr("Keyboard"), .key = "Ctrl+L"});
    int key = ui_keypad(ui, "keyboard",
                        &(struct ui_keypad){
                            .keys = board.keys,
                            .count = board.count,
                            .columns = cells,
                            .key_mm = height,
                        });
    ui_end(ui);
    if (key >= 0) {
        press(desk, &board, key);
    }
}
