/* Damage, and the two places where pixels live.
 *
 *   list ─► hashes per cell ─► cells that differ ─► rectangles ─► paint ─► show
 *                  │                 ▲
 *                  └── kept ─────────┘ next frame
 *
 * A window's surface is painted directly when its pixels are 0xXXRRGGBB, which is what X11 and
 * Wayland give; otherwise a shadow of our own is painted and the damage copied.
 * Invariant: what a cell shows belongs to the hash that is kept for it, or `whole` is set.
 */
#include "ui/draw/canvas.h"

#include "ui/draw/paint.h"

#include "terminal/base/buf.h"

#include <SDL.h>
#include <SDL_image.h>
#include <stdlib.h>
#include <string.h>

struct canvas {
    SDL_Window *window;   /* NULL in memory */
    SDL_Surface *own;     /* the memory canvas, or the window's shadow; may be NULL for a window */
    SDL_Surface *surface; /* what is painted */
    struct corners *corners;
    uint64_t *hashes; /* of the frame that is shown */
    int columns, rows;
    struct size size; /* of the surface when it was last painted */
    bool whole;
    struct rect damage[CANVAS_RECTS];
    int damage_count;
};

static enum status sdl_failed(struct error *error, const char *what)
{
    return error_set(error, STATUS_IO, "canvas: %s: %s", what, SDL_GetError());
}

void canvas_hints(void)
{
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    SDL_SetHint(SDL_HINT_TOUCH_MOUSE_EVENTS, "0");
    SDL_SetHint(SDL_HINT_MOUSE_TOUCH_EVENTS, "0");
}

static struct canvas *create(void)
{
    struct canvas *canvas = mem_alloc(sizeof *canvas);
    canvas->corners = corners_create();
    canvas->whole = true;
    return canvas;
}

static SDL_Surface *own_surface(int width, int height)
{
    return SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_XRGB8888);
}

enum status canvas_create_memory(int width, int height, struct canvas **out, struct error *error)
{
    *out = NULL;
    if (width < 1 || height < 1 || width > 16384 || height > 16384)
        return error_set(error, STATUS_INVALID, "canvas: %dx%d is no size", width, height);
    SDL_Surface *surface = own_surface(width, height);
    if (surface == NULL)
        return sdl_failed(error, "no surface");
    struct canvas *canvas = create();
    canvas->own = surface;
    canvas->surface = surface;
    canvas->size = (struct size){width, height};
    *out = canvas;
    return STATUS_OK;
}

static bool paintable(const SDL_Surface *surface)
{
    Uint32 format = surface->format->format;
    return (format == SDL_PIXELFORMAT_XRGB8888 || format == SDL_PIXELFORMAT_ARGB8888) &&
           surface->pitch % 4 == 0;
}

/* SDL gives a new surface after a resize; asking each frame is how one learns of it. */
static enum status window_surface(struct canvas *canvas, struct error *error)
{
    SDL_Surface *surface = SDL_GetWindowSurface(canvas->window);
    if (surface == NULL) {
        canvas->surface = NULL;
        return sdl_failed(error, "the window has no surface");
    }
    if (paintable(surface)) {
        canvas->surface = surface;
        return STATUS_OK;
    }
    if (canvas->own == NULL || canvas->own->w != surface->w || canvas->own->h != surface->h) {
        SDL_FreeSurface(canvas->own);
        canvas->own = own_surface(surface->w, surface->h);
    }
    canvas->surface = canvas->own;
    return canvas->own == NULL ? sdl_failed(error, "no shadow surface") : STATUS_OK;
}

enum status canvas_create_window(struct SDL_Window *window, struct canvas **out,
                                 struct error *error)
{
    struct canvas *canvas = create();
    canvas->window = window;
    enum status status = window_surface(canvas, error);
    if (status != STATUS_OK) {
        canvas_free(canvas);
        *out = NULL;
        return status;
    }
    *out = canvas;
    return STATUS_OK;
}

void canvas_free(struct canvas *canvas)
{
    if (canvas == NULL)
        return;
    SDL_FreeSurface(canvas->own);
    corners_free(canvas->corners);
    free(canvas->hashes);
    free(canvas);
}

struct size canvas_size(const struct canvas *canvas)
{
    struct size size = canvas->size;
    if (canvas->window != NULL)
        SDL_GetWindowSizeInPixels(canvas->window, &size.w, &size.h);
    return size;
}

void canvas_forget(struct canvas *canvas)
{
    canvas->whole = true;
}

const struct rect *canvas_damage(const struct canvas *canvas, int *count)
{
    *count = canvas->damage_count;
    return canvas->damage;
}

static struct rect cell_rect(const struct canvas *canvas, int x, int y, int cells)
{
    struct rect rect = {x * DRAW_CELL, y * DRAW_CELL, cells * DRAW_CELL, DRAW_CELL};
    return rect_cut(rect, (struct rect){0, 0, canvas->size.w, canvas->size.h});
}

/* A run of cells joins the rectangle above when that has the same left and right. A
 * count of CANVAS_RECTS + 1 means: too many, take one around all. */
static void add_damage(struct canvas *canvas, struct rect run)
{
    for (int i = canvas->damage_count - 1; i >= 0; i--) {
        struct rect *rect = &canvas->damage[i];
        if (rect->x == run.x && rect->w == run.w && rect->y + rect->h == run.y) {
            rect->h += run.h;
            return;
        }
    }
    if (canvas->damage_count < CANVAS_RECTS)
        canvas->damage[canvas->damage_count++] = run;
    else
        canvas->damage_count = CANVAS_RECTS + 1;
}

static void gather(struct canvas *canvas, const uint64_t *hashes)
{
    canvas->damage_count = 0;
    struct rect all = {0, 0, 0, 0};
    for (int y = 0; y < canvas->rows; y++) {
        size_t row = (size_t)y * (size_t)canvas->columns;
        int x = 0;
        while (x < canvas->columns) {
            if (hashes[row + (size_t)x] == canvas->hashes[row + (size_t)x]) {
                x++;
                continue;
            }
            int start = x;
            while (x < canvas->columns &&
                   hashes[row + (size_t)x] != canvas->hashes[row + (size_t)x])
                x++;
            struct rect run = cell_rect(canvas, start, y, x - start);
            all = rect_join(all, run);
            if (canvas->damage_count <= CANVAS_RECTS)
                add_damage(canvas, run);
        }
    }
    if (canvas->damage_count > CANVAS_RECTS) {
        canvas->damage[0] = all;
        canvas->damage_count = 1;
    }
}

static void find_damage(struct canvas *canvas, struct draw_list *list)
{
    int columns = 0;
    int rows = 0;
    const uint64_t *hashes = draw_hash(list, &columns, &rows);
    size_t bytes = (size_t)columns * (size_t)rows * sizeof *hashes;
    if (columns != canvas->columns || rows != canvas->rows) {
        canvas->hashes = mem_resize(canvas->hashes, bytes);
        canvas->columns = columns;
        canvas->rows = rows;
        canvas->whole = true;
    }
    if (canvas->whole) {
        canvas->damage[0] = (struct rect){0, 0, canvas->size.w, canvas->size.h};
        canvas->damage_count = 1;
    } else {
        gather(canvas, hashes);
    }
    memcpy(canvas->hashes, hashes, bytes);
}

/* Painting may start at the last opaque fill that covers all of the rectangle. */
static size_t first_visible(const struct draw_list *list, struct rect rect)
{
    for (size_t i = draw_count(list); i-- > 0;) {
        const struct draw_command *command = draw_at(list, i);
        if (command->kind == DRAW_FILL && command->colour.a == 255 &&
            rect_contains(command->clip, rect))
            return i;
    }
    return SIZE_MAX;
}

static void paint_rect(struct pixels pixels, const struct draw_list *list, struct rect rect,
                       struct corners *corners)
{
    size_t first = first_visible(list, rect);
    if (first == SIZE_MAX) {
        struct draw_command black = {.rect = rect, .clip = rect, .colour = {0, 0, 0, 255}};
        paint(pixels, &black, rect, corners);
        first = 0;
    }
    for (size_t i = first; i < draw_count(list); i++)
        paint(pixels, draw_at(list, i), rect, corners);
}

static enum status show(struct canvas *canvas, struct error *error)
{
    SDL_Rect rects[CANVAS_RECTS];
    SDL_Surface *target = SDL_GetWindowSurface(canvas->window);
    if (target == NULL)
        return sdl_failed(error, "the window has no surface");
    for (int i = 0; i < canvas->damage_count; i++) {
        struct rect r = canvas->damage[i];
        rects[i] = (SDL_Rect){r.x, r.y, r.w, r.h};
        if (canvas->surface != target &&
            SDL_BlitSurface(canvas->surface, &rects[i], target, &rects[i]) != 0)
            return sdl_failed(error, "copying");
    }
    if (SDL_UpdateWindowSurfaceRects(canvas->window, rects, canvas->damage_count) != 0)
        return sdl_failed(error, "showing");
    return STATUS_OK;
}

enum status canvas_draw(struct canvas *canvas, struct draw_list *list, int64_t *damage,
                        struct error *error)
{
    *damage = 0;
    if (canvas->window != NULL) {
        enum status status = window_surface(canvas, error);
        if (status != STATUS_OK)
            return status;
    }
    const SDL_Surface *surface = canvas->surface;
    if (surface == NULL)
        return error_set(error, STATUS_IO, "canvas: there is no surface");
    if (surface->w != canvas->size.w || surface->h != canvas->size.h) {
        canvas->size = (struct size){surface->w, surface->h};
        canvas->whole = true;
    }
    find_damage(canvas, list);
    if (canvas->damage_count == 0)
        return STATUS_OK;
    struct pixels pixels = {surface->pixels, surface->w, surface->h, surface->pitch / 4};
    for (int i = 0; i < canvas->damage_count; i++) {
        paint_rect(pixels, list, canvas->damage[i], canvas->corners);
        *damage += (int64_t)canvas->damage[i].w * canvas->damage[i].h;
    }
    enum status status = canvas->window == NULL ? STATUS_OK : show(canvas, error);
    canvas->whole = status != STATUS_OK;
    return status;
}

uint32_t canvas_pixel(const struct canvas *canvas, int x, int y)
{
    const uint32_t *first = canvas->surface->pixels;
    return first[(ptrdiff_t)y * (canvas->surface->pitch / 4) + x] & 0xFFFFFF;
}

enum status canvas_save(const struct canvas *canvas, const char *path, struct error *error)
{
    if (canvas->surface == NULL || IMG_SavePNG(canvas->surface, path) != 0)
        return error_set(error, STATUS_IO, "canvas: %s: %s", path, SDL_GetError());
    return STATUS_OK;
}
