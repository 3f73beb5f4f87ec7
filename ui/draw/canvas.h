/* Where a draw list becomes pixels: the surface of a window, or a surface in memory. Both are
 * products with one contract; tests, screenshots and the customer's display use the second.
 *
 * A frame redraws only the damage: the cells whose hash changed since the frame before, gathered
 * into rectangles. Redrawing the damage gives the very pixels of a full redraw.
 * The UI's thread only.
 */
#ifndef HOLDFAST_DRAW_CANVAS_H
#define HOLDFAST_DRAW_CANVAS_H

#include "terminal/base/status.h"
#include "ui/draw/geometry.h"
#include "ui/draw/list.h"

#include <stdint.h>

struct canvas;
struct SDL_Window;

/* A canvas in memory; needs neither SDL_Init nor a video driver. */
enum status canvas_create_memory(int width, int height, struct canvas **out,
                                 struct error *error) MUST_USE;
/* The canvas of a window, which must outlive it. Call canvas_hints before SDL_Init. */
enum status canvas_create_window(struct SDL_Window *window, struct canvas **out,
                                 struct error *error) MUST_USE;
void canvas_free(struct canvas *canvas);

/* Sets SDL's hints for software surfaces and separate touch and mouse events. */
void canvas_hints(void);

/* In pixels; of a window, as it is now. */
struct size canvas_size(const struct canvas *canvas);

/* Draws what differs from the frame before and shows it. *damage is the number of pixels redrawn;
 * 0 when nothing changed. A window that was resized is drawn whole. STATUS_IO when the window's
 * surface is lost; the next frame tries again and draws all of it. */
enum status canvas_draw(struct canvas *canvas, struct draw_list *list, int64_t *damage,
                        struct error *error) MUST_USE;

/* The rectangles of the last canvas_draw: at most CANVAS_RECTS, disjoint, on cell borders. */
enum { CANVAS_RECTS = 64 };
const struct rect *canvas_damage(const struct canvas *canvas, int *count);

/* The next frame is drawn whole: call it when a window was exposed or changed its size, and when
 * the display woke up. */
void canvas_forget(struct canvas *canvas);

/* 0xRRGGBB of one pixel, inside the canvas. */
uint32_t canvas_pixel(const struct canvas *canvas, int x, int y);
/* Writes a PNG file. */
enum status canvas_save(const struct canvas *canvas, const char *path,
                        struct error *error) MUST_USE;

#endif
