/* The stage: fonts, icons, theme, widgets and the canvas they are shown on; a window, or memory.
 */
#ifndef HOLDFAST_UI_STAGE_H
#define HOLDFAST_UI_STAGE_H

#include "ui/draw/canvas.h"
#include "ui/screens/desk.h"

struct SDL_Window;
struct stage;

struct stage_setup {
    const char *assets;        /* the folder with themes/ */
    struct SDL_Window *window; /* NULL: memory of width x height */
    int width, height;         /* pixels */
    int panel_mm;              /* width of the panel; 0: as if it had 3.97 px/mm */
    struct look look;
    bool rtl;
};

enum status stage_create(const struct stage_setup *setup, struct stage **out,
                         struct error *error) MUST_USE;
void stage_free(struct stage *stage);

struct ui *stage_ui(struct stage *stage);
const struct canvas *stage_canvas(const struct stage *stage);
const struct metrics *stage_metrics(const struct stage *stage);

/* Theme, text scale and direction from the next frame on. What cannot be loaded leaves the look as
 * it was. */
enum status stage_look(struct stage *stage, const struct look *look, bool rtl,
                       struct error *error) MUST_USE;
/* Another size. A window was resized already; memory is made anew. */
enum status stage_resize(struct stage *stage, int width, int height, int panel_mm,
                         struct error *error) MUST_USE;
/* The window has to be drawn whole. */
void stage_exposed(struct stage *stage);

/* Builds, draws and shows one frame. *damage: pixels redrawn. */
enum status stage_frame(struct stage *stage, void (*screen)(struct ui *ui, void *context),
                        void *context, int64_t *damage, struct error *error) MUST_USE;

#endif
