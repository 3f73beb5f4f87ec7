/* Where the letters stand on the screen's keys: ASSETS/keyboards/LANGUAGE.json.
 *
 *   {"v":1,"pages":[
 *     {"name":"letters","label":"ABC","shift":"capitals","rows":["q w e ...","a s d ...","..."]},
 *     {"name":"capitals","shift":"letters","once":1,"rows":[...]},
 *     {"name":"digits","label":"123","rows":[...]}]}
 *
 * The first page is shown first. A page with a label has a key that leads to it on every other
 * page; "shift" is the page behind the shift key, and a page with "once" goes back there after one
 * letter. A row is up to twelve keys from left to right (in every language: that is how keys are
 * engraved), parted by spaces; a key is the text it types. The last row also holds shift and
 * backspace: it is at least two keys shorter than the longest.
 */
#ifndef HOLDFAST_SCREENS_KEY_LAYOUT_H
#define HOLDFAST_SCREENS_KEY_LAYOUT_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    KEY_LAYOUT_PAGES = 6,
    KEY_LAYOUT_ROWS = 3,
    KEY_LAYOUT_KEYS = 12,
    KEY_LAYOUT_NAME = 16, /* bytes of names and labels */
    KEY_LAYOUT_KEY = 16   /* bytes of a key */
};

struct key_layout_row {
    int count;
    char keys[KEY_LAYOUT_KEYS][KEY_LAYOUT_KEY];
};

struct key_layout_page {
    char name[KEY_LAYOUT_NAME], label[KEY_LAYOUT_NAME];
    int shift; /* index of the page behind it, -1 none */
    bool once;
    struct key_layout_row rows[KEY_LAYOUT_ROWS];
};

struct key_layout {
    int count;
    struct key_layout_page pages[KEY_LAYOUT_PAGES];
};

/* Reads the layout of a language ("de", "de-AT"), or English where it has none. STATUS_NOT_FOUND,
 * STATUS_INVALID: *out has no pages then. */
enum status key_layout_load(const char *assets, const char *language, struct key_layout *out,
                            struct error *error) MUST_USE;
/* The same from the bytes of a file. */
enum status key_layout_read(const char *bytes, size_t length, struct key_layout *out,
                            struct error *error) MUST_USE;

/* The page of this name, -1 for none. */
int key_layout_page(const struct key_layout *layout, const char *name);
/* Keys in the longest row of all pages. */
int key_layout_width(const struct key_layout *layout);

#endif
