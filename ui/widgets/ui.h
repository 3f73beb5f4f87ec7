/* The widgets: immediate inside, retained at the edges.
 *
 * A screen is one function of state, run for every frame:
 *
 *     static void sell(struct ui *ui, void *context)
 *     {
 *         struct state *state = context;
 *         ui_column(ui, (struct ui_box){.pad_mm = 2, .gap_mm = 2});
 *         ui_row(ui, (struct ui_box){.weight = 1, .gap_mm = 2});
 *         ...
 *         ui_end(ui);
 *         if (ui_button(ui, "pay", &(struct ui_button){.label = "Pay £54.60", .key = "F12",
 *                                                      .kind = UI_PRIMARY, .why = state->why}))
 *             state_pay(state);
 *         ui_end(ui);
 *     }
 *     ui_run(ui, sell, &state);          when ui_feed or the program's own state asks for a frame
 *     canvas_draw(canvas, ui_list(ui), &damage, &error);
 *     ui_shown(ui);
 *
 * ui_feed only queues; each build takes one event and resolves it against the tree before.
 *
 * How it works. Calls between ui_begin and ui_finish build a tree; ui_finish lays it out, makes the
 * draw list and the semantic list. Input is resolved against the tree of the frame before, so a
 * widget answers "pressed" in the frame after the press, exactly once. Because the state then
 * changes while the tree is being built, ui_run builds the screen again until nothing more fires;
 * only the last tree is shown.
 *
 * Ids are text, unique in the frame, stable over frames: they keep focus, scroll and typed text,
 * and tests press by them. Make ids of rows from what the row is ("line/7"), not from its place.
 * All text arguments are copied; NULL is "".
 *
 * Layout. Rows and columns place their children along the main axis: children with a weight share
 * what the others leave, to the pixel; all sizes in millimetres are minima and grow with their
 * content, unless the child has a weight (then its content decides only if there is no room at
 * all). Across, children fill the box (UI_STRETCH). START is where reading starts: in
 * right-to-left languages rows, icons, bars and alignments turn round by themselves.
 * Default sizes: button 15 mm, primary 19 mm, field 15 mm, item of a list 13 mm, chip 12 mm.
 *
 * Misuse (ui_end too often, an id twice in one frame is left to the audit) stops the program.
 * The UI's thread only. Nothing here blocks.
 */
#ifndef HOLDFAST_WIDGETS_UI_H
#define HOLDFAST_WIDGETS_UI_H

#include "terminal/base/status.h"
#include "ui/draw/icons.h"
#include "ui/draw/list.h"
#include "ui/draw/metrics.h"
#include "ui/draw/text.h"
#include "ui/draw/theme.h"
#include "ui/widgets/input.h"
#include "ui/widgets/semantics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ui;

/* ---- life ------------------------------------------------------------------------------- */

struct ui_setup {
    struct text *text;   /* borrowed, must outlive the ui */
    struct icons *icons; /* borrowed, must outlive the ui */
    struct theme theme;
    struct metrics metrics;
    bool rtl;
};

struct ui *ui_create(const struct ui_setup *setup);
void ui_free(struct ui *ui);
/* Another theme, size, text scale or direction from the next frame on. Focus, scroll and typed
 * text stay. */
void ui_change(struct ui *ui, const struct ui_setup *setup);

/* What the screen may ask. Sizes of the whole screen. */
bool ui_rtl(const struct ui *ui);
bool ui_portrait(const struct ui *ui);
float ui_width_mm(const struct ui *ui);
float ui_height_mm(const struct ui *ui);
int ui_text_percent(const struct ui *ui); /* 100..150: a screen may take fewer columns */

/* ---- a frame ---------------------------------------------------------------------------- */

/* Builds the screen until nothing fires any more (at most 16 times), then lays out and draws into
 * the list. After it, ui_list and ui_nodes show this frame. */
void ui_run(struct ui *ui, void (*screen)(struct ui *ui, void *context), void *context);

/* The steps of ui_run. ui_finish returns true when a widget fired: build again before showing. */
void ui_begin(struct ui *ui);
bool ui_finish(struct ui *ui);

struct draw_list *ui_list(struct ui *ui);
/* After the list was drawn: lets text and icons trim their caches. */
void ui_shown(struct ui *ui);

/* ---- input ------------------------------------------------------------------------------ */

/* Takes one event. True when a frame is needed. Events queue up (the oldest of more than 256 are
 * lost): each is resolved by one build, against what the event before it brought about. */
bool ui_feed(struct ui *ui, const struct ui_input *input);
/* Milliseconds until a UI_INPUT_TICK is wanted (kinetic scrolling), or -1: sleep. 0 when queued
 * events are left: run again. */
int ui_wait_ms(const struct ui *ui);
/* True while a text field has the focus: the program then turns SDL's text input on. The
 * rectangle is the caret's, for the window of the input method. */
bool ui_wants_text(const struct ui *ui, struct rect *caret);

/* For tests and scripts, against the last frame. STATUS_NOT_FOUND: no such id with that role;
 * STATUS_DENIED: disabled, or behind a sheet; STATUS_CONFLICT: scrolled out of sight in a list
 * (ui_reveal brings it back). On success a frame is needed. */
enum status ui_press(struct ui *ui, const char *id, enum ui_role role) MUST_USE;
enum status ui_type(struct ui *ui, const char *id, const char *text) MUST_USE; /* into a field */
bool ui_key(struct ui *ui,
            const char *key); /* as UI_INPUT_KEY or UI_INPUT_TEXT; ui_feed's answer */

/* Focus: "" when nothing has it. ui_focus takes effect in the next build; an id that is not there
 * then leaves the focus where it was. */
const char *ui_focused(const struct ui *ui);
void ui_focus(struct ui *ui, const char *id);
/* Nothing has the focus any more, at once: keys go to shortcuts again. */
void ui_unfocus(struct ui *ui);
/* The list that holds this item scrolls until the item is seen, in the next build. */
void ui_reveal(struct ui *ui, const char *item_id);

/* A string that lives until the frame after next: ui_id(ui, "line/%d", n). */
const char *ui_id(struct ui *ui, const char *format, ...) PRINTF_LIKE(2, 3);

/* The text between Unicode isolates: amounts, numbers and names put into a translated sentence
 * keep their own order in right-to-left languages (UAX 9). Lives as ui_id's. */
const char *ui_isolate(struct ui *ui, const char *text);

/* A shortcut without a widget (digits on the sell screen, F-keys of hidden menus). True when it
 * was pressed. Widgets of the same frame that declare the key come first. */
bool ui_shortcut(struct ui *ui, const char *key);
/* Printable text that no field, widget or ui_shortcut before it took, one character per build; ""
 * when none. Call it last. */
const char *ui_typed(struct ui *ui);

/* ---- boxes ------------------------------------------------------------------------------ */

enum ui_align { UI_DEFAULT, UI_START, UI_CENTER, UI_END_EDGE, UI_STRETCH, UI_BASELINE };

enum ui_surface {
    UI_PLAIN,    /* nothing drawn */
    UI_PAGE,     /* the page's colour, square */
    UI_CARD,     /* SURFACE, radius 2.5 mm */
    UI_STRIP,    /* SURFACE, square, with a line below: the status strip */
    UI_WELL,     /* SUNKEN, radius 2.5 mm */
    UI_OUTLINED, /* SURFACE with an edge, radius 2.5 mm */
    UI_MARKED    /* SELECTED, radius 2.5 mm */
};

struct ui_box {
    float width_mm, height_mm;        /* minima */
    int weight;                       /* share of what is left along the parent's main axis */
    float pad_mm, pad_x_mm, pad_y_mm; /* inside; x and y add to pad */
    float gap_mm;                     /* between children */
    enum ui_align align;              /* children across the main axis; default: stretch */
    enum ui_align justify; /* children along it, when none has a weight; default: start */
    enum ui_surface surface;
    bool mirror;       /* rows: children in reverse order (the left hand's cart) */
    bool wrap;         /* rows: children that do not fit continue on a next line */
    int columns;       /* ui_grid */
    const char *id;    /* a named group in the semantic list; optional */
    const char *label; /* of the group */
    const char *key;   /* moves the focus to the first target inside */
};

/* Each is closed by ui_end. */
void ui_row(struct ui *ui, struct ui_box box);
void ui_column(struct ui *ui, struct ui_box box);
/* Cells of equal size, `columns` per row, filled in reading order; rows share the height by equal
 * parts when the grid has more than it needs. */
void ui_grid(struct ui *ui, struct ui_box box);
/* A column with UI_CARD. */
void ui_card(struct ui *ui, struct ui_box box);
void ui_end(struct ui *ui);

void ui_spacer(struct ui *ui, int weight); /* takes a share, shows nothing */
void ui_gap(struct ui *ui, float mm);      /* a fixed empty stretch along the main axis */
void ui_separator(struct ui *ui);          /* a hairline across the main axis */

/* ---- showing ---------------------------------------------------------------------------- */

enum ui_tone { UI_INK, UI_INK2, UI_GOOD, UI_WARN, UI_BAD, UI_INFO };

struct ui_text {
    enum text_style style;
    enum ui_tone tone;
    enum ui_align align; /* START (default), CENTER, END_EDGE: amounts stand at the end */
    int lines;           /* wraps to at most this many; 0 and 1: one line, cut with an ellipsis */
    bool shrink;         /* rather a smaller size (to 60 %) than an ellipsis: totals */
    bool keep;           /* never narrower than its text: amounts */
    bool may_cut;        /* an ellipsis is no fault here (names from the catalogue) */
    float width_mm;      /* minimum at 100 % text, grows with its scale: columns of figures */
    int weight;
    const char *id;    /* default: none; text without an id is found by its label */
    const char *label; /* what the figure means, for the semantic list: "Total" */
};
void ui_text(struct ui *ui, const char *string, struct ui_text text);

void ui_icon(struct ui *ui, const char *name, enum ui_tone tone, float mm); /* mm 0: 5.3 */

/* Icon and text on a rounded ground of the tone: "Selling offline since 14:02". `plain` leaves the
 * ground out when all is well. */
struct ui_pill {
    const char *text, *icon;
    enum ui_tone tone;
    bool plain;
    bool strong; /* bold and small: states in lists */
    int lines;   /* as in ui_text */
    int weight;
    const char *id; /* optional */
};
void ui_pill(struct ui *ui, const struct ui_pill *pill);
/* A pill over the whole width of its parent: trouble on a screen. */
void ui_banner(struct ui *ui, const struct ui_pill *pill);

void ui_progress(struct ui *ui, const char *id, int permille, const char *label);

/* Square modules, dark where the byte is 1, with a quiet zone of four; black on white in every
 * theme so that phones read it: QR codes. `side` modules a side. */
void ui_modules(struct ui *ui, const char *id, const char *label, const uint8_t *modules, int side,
                float mm);

/* ---- pressing --------------------------------------------------------------------------- */

enum ui_kind { UI_NORMAL, UI_PRIMARY, UI_QUIET, UI_DANGER, UI_LINK };

/* Fires on release within 4 mm of the touch, over the button itself. */
struct ui_button {
    const char *label, *icon;
    const char *badge; /* a small count after the label: "3" */
    enum ui_kind kind;
    const char *key;
    bool disabled;
    const char *why; /* what is missing: disables the button and is shown as its label */
    bool on;         /* toggles and chips: chosen */
    bool icon_only;  /* the label is for the semantic list alone */
    bool large;      /* label in heading size: notes of money */
    bool compact;    /* a primary among others in a row: label in number size */
    float width_mm, height_mm;
    int weight;
};
/* All answer true in the one build after they were pressed. */
bool ui_button(struct ui *ui, const char *id, const struct ui_button *button);
bool ui_toggle(struct ui *ui, const char *id, const struct ui_button *button); /* a switch: on */
bool ui_chip(struct ui *ui, const char *id, const struct ui_button *button);   /* 12 mm, regular */

/* Joined buttons of which one is chosen. Returns the index pressed, or -1. The ids of the parts
 * are "ID/0", "ID/1", ...; or "ID/NAME" where `name` is given. */
struct ui_option {
    const char *name, *label, *icon, *key, *badge;
    bool disabled;
};
int ui_segments(struct ui *ui, const char *id, const struct ui_option *options, int count,
                int chosen, int weight);
/* The same as chips in a row that wraps. `key` moves the focus among them. */
int ui_chips(struct ui *ui, const char *id, const struct ui_option *options, int count, int chosen,
             const char *key);

/* An article: name above, price and stock note below, the category's colour at the start. Tiles
 * need a group with a key around them (ui_grid with .id and .key), or a key each. */
struct ui_tile {
    const char *name, *price, *note, *note_icon;
    enum ui_tone note_tone;
    int category; /* 0: none, else 1..THEME_CATEGORIES */
    const char *key;
    bool disabled;
};
bool ui_tile(struct ui *ui, const char *id, const struct ui_tile *tile);

/* ---- lists ------------------------------------------------------------------------------ */

/* A column that scrolls: by finger with momentum, wheel, Page Up and Down, and by focus.
 * With `rows` > 0 all items are `item_mm` high and only those in sight need to be built:
 *     int first, last;
 *     ui_list_begin(ui, "lines", &(struct ui_list){.rows = n, .item_mm = 13, ...});
 *     ui_list_sight(ui, &first, &last);
 *     for (int i = first; i < last; i++) { if (ui_item(ui, ui_id(ui, "line/%d", i), ...)) ...; }
 *     ui_end(ui);
 * The focus moves through all of them: items out of sight are scrolled to first.
 * A single child with a weight (a grid of tiles) fills the list when there is room, and scrolls
 * when there is not. */
struct ui_list {
    struct ui_box box; /* weight is 1 unless given; height is the space, not the content */
    int rows;
    float item_mm;
    const char *key;   /* moves the focus into the list */
    const char *label; /* for the semantic list */
    const char *empty; /* shown in the middle when it has no items */
    bool stick_to_end; /* new items at the end come into sight, unless the person scrolled away */
};
void ui_list_begin(struct ui *ui, const char *id, const struct ui_list *list);
void ui_list_sight(struct ui *ui, int *first, int *last);
/* A row of a list with `rows` comes into sight in the next build. */
void ui_list_reveal(struct ui *ui, const char *id, int row);

/* One item: a row that is pressed as a whole, 13 mm, with a line below. The children follow, then
 * ui_end. Buttons inside it are targets of their own. */
struct ui_item {
    const char *label; /* for the semantic list: what the row is */
    const char *value;
    bool selected;     /* ground and a bar of 1 mm at the start */
    enum ui_tone tone; /* WARN, BAD: the ground and bar of that tone (an unknown code) */
    bool still;        /* only shown, cannot be pressed: heads, receipts */
    float height_mm;
    float gap_mm; /* default 2 */
    const char *key;
};
bool ui_item(struct ui *ui, const char *id, const struct ui_item *item);

/* ---- entering --------------------------------------------------------------------------- */

enum ui_edit { UI_EDIT_NONE, UI_EDIT_CHANGED, UI_EDIT_DONE }; /* DONE: Enter */

struct ui_field {
    const char *hint; /* shown while it is empty; also its name, unless `label` */
    const char *label;
    const char *icon;
    const char *key; /* moves the focus here */
    bool secret;     /* PIN: dots */
    bool digits;     /* takes digits, point and comma only */
    bool disabled;
    int max_bytes; /* 0: 120 */
    float width_mm;
    int weight;
};
/* The text stays with the id. Touching the field, or its key, gives it the focus; Escape gives it
 * up. ui_field_text is borrowed until the next build. */
enum ui_edit ui_field(struct ui *ui, const char *id, const struct ui_field *field);
const char *ui_field_text(const struct ui *ui, const char *id);
void ui_field_set(struct ui *ui, const char *id, const char *text);

/* For keys on the screen. The field that was touched and still has the focus, "" for none; typing
 * with hardware keys ends it. While a finger is down it stays, so that nothing moves under it; and
 * a touch on empty ground does not end it. */
const char *ui_touched_field(const struct ui *ui);
/* As typed with keys, at the caret; the field's next build answers CHANGED. */
void ui_field_insert(struct ui *ui, const char *id, const char *text);
void ui_field_backspace(struct ui *ui, const char *id);

/* A label and a value that a keypad fills, in a frame; `active` has the brand's edge. True when
 * it was pressed. */
struct ui_readout {
    const char *label, *value, *key;
    bool active;
    int weight;
};
bool ui_readout(struct ui *ui, const char *id, const struct ui_readout *readout);

/* Keys in a grid, filled in reading order (never mirrored: digits run left to right everywhere).
 * They act when touched, not when released. Returns the index of the key pressed, or -1. The id
 * of a key is "ID/NAME", NAME being `name` or else the label. */
struct ui_pad_key {
    const char *label, *icon, *name;
    const char *key; /* the keyboard's: "7", ".", "Backspace" */
    int span;        /* columns; 0 is 1 */
    bool on;         /* the chosen mode: Quantity, Price, Discount */
    bool word;       /* label in button size, not in digit size */
    bool letter;     /* label in heading size (with `word`: in button size), rather smaller than
                        wider: many keys in a row */
    bool blank;      /* an empty place, no key */
    enum ui_kind kind;
    bool disabled;
};
struct ui_keypad {
    const struct ui_pad_key *keys;
    int count, columns;
    int weight;
    float key_mm; /* height; default 18, at least */
};
int ui_keypad(struct ui *ui, const char *id, const struct ui_keypad *keypad);

/* A pad to sign on, with finger or pen. CHANGED when a stroke has ended. The points stay with the
 * id until ui_signature_clear, at most 4,096: micrometres from the pad's upper left corner;
 * `starts` begins a stroke. Borrowed until the next build. */
struct ui_signature {
    const char *label, *key;
    float height_mm; /* default 30 */
    int weight;
};
struct ui_point {
    int x_um, y_um;
    bool starts;
};
enum ui_edit ui_signature(struct ui *ui, const char *id, const struct ui_signature *signature);
size_t ui_signature_points(const struct ui *ui, const char *id, const struct ui_point **points);
void ui_signature_clear(struct ui *ui, const char *id);

/* ---- over everything -------------------------------------------------------------------- */

/* A modal sheet in the middle; the screen behind is dimmed, cannot be pressed, and gives up the
 * focus. Call it after the screen, at the outermost level; the children follow, then ui_end.
 * Escape, or a press outside, answers true where `dismiss` allows it. */
struct ui_sheet {
    const char *title;
    float width_mm; /* default 120 */
    bool dismiss;
};
bool ui_sheet(struct ui *ui, const char *id, const struct ui_sheet *sheet);

#endif
