/* Icons by name, from an icon font (Debian: fonts-material-design-icons-iconfont) named in
 * assets/themes/icons.json:
 *
 *   { "font": "/usr/.../MaterialIcons-Regular.ttf", "package": "fonts-...",
 *     "icons": { "pause": "E034", "back": "E5C4 mirror", ... } }
 *
 * `mirror` marks those that point along the line of reading and turn in right-to-left languages.
 * The UI's thread only.
 */
#ifndef HOLDFAST_DRAW_ICONS_H
#define HOLDFAST_DRAW_ICONS_H

#include "terminal/base/status.h"
#include "ui/draw/mask.h"

#include <stdbool.h>

struct icons;

enum status icons_create(const char *icons_file, struct icons **out, struct error *error) MUST_USE;
void icons_free(struct icons *icons);

bool icons_has(const struct icons *icons, const char *name);

/* The icon in a square of `px` (6..256). An unknown name is an empty square with a border, so that
 * a mistake is seen, not hidden. Borrowed until icons_free; 512 (icon, size) pairs are kept, then
 * all are dropped at the next icons_trim. */
const struct mask *icons_get(struct icons *icons, const char *name, int px, bool rtl);
void icons_trim(struct icons *icons);

#endif
