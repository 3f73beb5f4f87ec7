/* One function per screen, each in the file of its name, and the parts that several share.
 */
#ifndef HOLDFAST_SCREENS_SCREENS_H
#define HOLDFAST_SCREENS_SCREENS_H

#include "ui/screens/desk.h"

/* A form that stands alone in the middle of a card: a column, closed by form_end. */
void form_begin(struct desk *desk);
void form_end(struct desk *desk);

/* The whole frame for the present state: what the app gives to ui_run (context: struct desk). */
void screens_show(struct ui *ui, void *desk);

void starting_show(struct desk *desk);
void sign_in_show(struct desk *desk);
void shift_open_show(struct desk *desk);
void change_show(struct desk *desk);
void receipts_show(struct desk *desk);
void shift_close_show(struct desk *desk);
void status_show(struct desk *desk);

/* Beside the cart. */
void sell_pane(struct desk *desk);
void tender_pane(struct desk *desk);
void more_pane(struct desk *desk);
void parked_pane(struct desk *desk);
void discount_pane(struct desk *desk);
void return_pane(struct desk *desk);
void drawer_pane(struct desk *desk);

/* Parts. */
void strip_show(struct desk *desk);
void cart_show(struct desk *desk, enum screen screen);
/* Inside the card that holds the search; closes it. */
void products_show(struct desk *desk);
/* Whether a field was touched and wants keys on the screen. They begin with the page of this name,
 * "" for the first; "shift" for what lies behind the first one's shift key, where names begin. */
bool keyboard_wanted(struct desk *desk, const char *field, const char *page);
/* These keys, in a card of the width that is there, for the field of the last keyboard_wanted. They
 * stand below what is being typed and found, and take the place of what cannot be used meanwhile.
 * Ids: "keyboard/q", "keyboard/back", "keyboard/space", "keyboard/done", "keyboard/shift" and
 * "keyboard/page-digits", after the pages. */
void keyboard_show(struct desk *desk);
/* Tiles of articles in a grid; ids are "PREFIX/SKU". `chosen` becomes the SKU pressed. */
void tiles_show(struct desk *desk, const char *prefix, const struct tile_view *tiles, int count,
                char chosen[KEY_SIZE]);
void line_pad_show(struct desk *desk);
void ask_show(struct desk *desk);
void unknown_show(struct desk *desk, const struct line_view *line);
void approval_show(struct desk *desk);
void confirm_show(struct desk *desk);

/* The heading of a pane with its way back (key Escape). True when "back" was pressed. */
bool pane_head(struct desk *desk, const char *title, const char *back);
/* Chips to choose one of a few reasons; answers the index chosen so far. */
int reason_chips(struct desk *desk, const char *id, const char *const *reasons, int count,
                 int chosen, const char *key);
/* The notice as a banner, where a screen has no cart. Takes its place only while there is one. */
void notice_show(struct desk *desk);
/* One line of a table: what it is, and its figure at the end. */
void figure_row(struct desk *desk, const char *label, const char *value, bool strong);
/* Why nothing goes to head office or comes from there: what it means to the person here, and below
 * it the agent's own line for whoever mends it. Nothing while all is well. */
void trouble_show(struct desk *desk);
/* Whether it is of the kind that does not pass by itself. */
bool trouble_grave(const struct desk *desk);
/* Persons to choose from and the keys for the PIN. True when the PIN should be checked. */
bool pin_entry_show(struct desk *desk, struct pin_entry *entry, const char *skip,
                    const char *action);
void pin_entry_start(struct desk *desk, struct pin_entry *entry);

#endif
