/* Commands of one frame, and their hash per cell.
 *
 *   commands  c0 c1 c2 ...                    cells   h h h h
 *   each folds its own hash, in order,  ──►           h h h h     FNV-1a, 64 bits
 *   into every cell that it touches                   h h h h
 */
#include "ui/draw/list.h"

#include "terminal/base/buf.h"

#include <stdlib.h>
#include <string.h>

struct draw_list {
    struct draw_command *commands;
    size_t count, capacity;
    struct rect screen, clip;
    uint64_t *cells;
    size_t cell_capacity;
};

static const uint64_t fnv_start = 14695981039346656037U;
static const uint64_t fnv_prime = 1099511628211U;

struct draw_list *draw_list_create(void)
{
    return mem_alloc(sizeof(struct draw_list));
}

void draw_list_free(struct draw_list *list)
{
    if (list == NULL)
        return;
    free(list->commands);
    free(list->cells);
    free(list);
}

void draw_list_clear(struct draw_list *list, int width, int height)
{
    list->count = 0;
    list->screen = (struct rect){0, 0, width, height};
    list->clip = list->screen;
}

struct rect draw_clip(struct draw_list *list, struct rect clip)
{
    struct rect before = list->clip;
    list->clip = rect_cut(clip, list->screen);
    return before;
}

static void add(struct draw_list *list, struct draw_command command)
{
    command.clip = rect_cut(command.rect, list->clip);
    if (rect_empty(command.clip) || command.colour.a == 0)
        return;
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 256 : list->capacity * 2;
        list->commands = mem_resize(list->commands, list->capacity * sizeof *list->commands);
    }
    list->commands[list->count++] = command;
}

void draw_fill(struct draw_list *list, struct rect rect, struct colour colour)
{
    add(list, (struct draw_command){.kind = DRAW_FILL, .rect = rect, .colour = colour});
}

static int fitting_radius(struct rect rect, int radius)
{
    int half = (rect.w < rect.h ? rect.w : rect.h) / 2;
    if (radius > half)
        radius = half;
    if (radius > CORNER_MAX)
        radius = CORNER_MAX;
    return radius < 0 ? 0 : radius;
}

void draw_round(struct draw_list *list, struct rect rect, int radius, unsigned corners,
                struct colour colour)
{
    radius = fitting_radius(rect, radius);
    if (radius == 0 || corners == 0) {
        draw_fill(list, rect, colour);
        return;
    }
    add(list, (struct draw_command){.kind = DRAW_ROUND,
                                    .rect = rect,
                                    .colour = colour,
                                    .radius = radius,
                                    .corners = corners});
}

void draw_ring(struct draw_list *list, struct rect rect, int radius, unsigned corners, int border,
               struct colour colour)
{
    if (border <= 0)
        return;
    if (2 * border >= rect.w || 2 * border >= rect.h) {
        draw_round(list, rect, radius, corners, colour);
        return;
    }
    radius = fitting_radius(rect, radius);
    add(list, (struct draw_command){.kind = DRAW_ROUND,
                                    .rect = rect,
                                    .colour = colour,
                                    .radius = radius,
                                    .border = border,
                                    .corners = radius == 0 ? 0 : corners});
}

void draw_mask(struct draw_list *list, const struct mask *mask, int x, int y, struct colour colour)
{
    if (mask == NULL || mask->coverage == NULL)
        return;
    add(list,
        (struct draw_command){
            .kind = DRAW_MASK, .rect = {x, y, mask->w, mask->h}, .colour = colour, .mask = mask});
}

size_t draw_count(const struct draw_list *list)
{
    return list->count;
}

const struct draw_command *draw_at(const struct draw_list *list, size_t index)
{
    return &list->commands[index];
}

static uint64_t fold(uint64_t hash, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        hash ^= value >> (8 * i) & 0xFF;
        hash *= fnv_prime;
    }
    return hash;
}

static uint64_t two(int a, int b)
{
    return (uint64_t)(uint32_t)a << 32 | (uint32_t)b;
}

static uint64_t command_hash(const struct draw_command *command)
{
    const struct colour *c = &command->colour;
    uint64_t hash = fnv_start;
    hash = fold(hash, two(command->rect.x, command->rect.y));
    hash = fold(hash, two(command->rect.w, command->rect.h));
    hash = fold(hash, two(command->clip.x, command->clip.y));
    hash = fold(hash, two(command->clip.w, command->clip.h));
    hash = fold(hash, (uint64_t)c->r << 24 | (uint64_t)c->g << 16 | (uint64_t)c->b << 8 | c->a |
                          (uint64_t)command->kind << 32 | (uint64_t)command->corners << 40);
    hash = fold(hash, two(command->radius, command->border));
    return fold(hash, command->mask == NULL ? 0 : command->mask->digest);
}

const uint64_t *draw_hash(struct draw_list *list, int *columns, int *rows)
{
    *columns = (list->screen.w + DRAW_CELL - 1) / DRAW_CELL;
    *rows = (list->screen.h + DRAW_CELL - 1) / DRAW_CELL;
    size_t cells = (size_t)*columns * (size_t)*rows;
    if (cells > list->cell_capacity) {
        list->cells = mem_resize(list->cells, cells * sizeof *list->cells);
        list->cell_capacity = cells;
    }
    for (size_t i = 0; i < cells; i++)
        list->cells[i] = fnv_start;
    for (size_t i = 0; i < list->count; i++) {
        const struct draw_command *command = &list->commands[i];
        uint64_t hash = command_hash(command);
        int right = (command->clip.x + command->clip.w - 1) / DRAW_CELL;
        int bottom = (command->clip.y + command->clip.h - 1) / DRAW_CELL;
        for (int y = command->clip.y / DRAW_CELL; y <= bottom; y++) {
            uint64_t *row = list->cells + (size_t)y * (size_t)*columns;
            for (int x = command->clip.x / DRAW_CELL; x <= right; x++)
                row[x] = (row[x] ^ hash) * fnv_prime;
        }
    }
    return list->cells;
}
