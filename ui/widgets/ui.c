/* Life, frames, memory.
 *
 *   frames[0]  arena, tree, semantic list  ─┐ one is being built,
 *   frames[1]  arena, tree, semantic list  ─┘ the other is the frame before
 *
 * Kept state (scroll, text) is a list by id; what was not built for KEPT_FRAMES frames is forgotten
 * except typed text, which a screen may come back to.
 */
#include "ui/widgets/tree.h"

#include "terminal/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024, BUILDS_MAX = 64, KEPT_FRAMES = 10000 };

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    max_align_t data[];
};

void *arena_alloc(struct ui *ui, size_t size)
{
    struct arena *arena = &ui->frames[ui->current].arena;
    size = (size + 15) & ~(size_t)15;
    if (arena->block == NULL || arena->block->size - arena->block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        struct arena_block *block = mem_alloc(sizeof *block + room);
        block->older = arena->block;
        block->size = room;
        arena->block = block;
    }
    void *memory = (char *)arena->block->data + arena->block->used;
    arena->block->used += size;
    memset(memory, 0, size);
    return memory;
}

static void arena_free(struct arena *arena)
{
    while (arena->block != NULL) {
        struct arena_block *older = arena->block->older;
        free(arena->block);
        arena->block = older;
    }
}

/* Keeps one block, so that a quiet screen allocates nothing. */
static void arena_clear(struct arena *arena)
{
    while (arena->block != NULL && arena->block->older != NULL) {
        struct arena_block *older = arena->block->older;
        free(arena->block);
        arena->block = older;
    }
    if (arena->block != NULL)
        arena->block->used = 0;
}

const char *arena_text(struct ui *ui, const char *text)
{
    if (text == NULL || *text == '\0')
        return "";
    size_t size = strlen(text) + 1;
    return memcpy(arena_alloc(ui, size), text, size);
}

const char *ui_id(struct ui *ui, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    INVARIANT(length >= 0);
    size_t size = (size_t)length + 1;
    char *text = arena_alloc(ui, size);
    va_start(arguments, format);
    vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return text;
}

const char *ui_isolate(struct ui *ui, const char *text)
{
    static const char first[] = "\xE2\x81\xA8"; /* FSI */
    static const char last[] = "\xE2\x81\xA9";  /* PDI */
    size_t size = strlen(text) + sizeof first + sizeof last;
    char *out = arena_alloc(ui, size);
    snprintf(out, size, "%s%s%s", first, text, last);
    return out;
}

struct ui *ui_create(const struct ui_setup *setup)
{
    struct ui *ui = mem_alloc(sizeof *ui);
    ui->setup = *setup;
    ui->list = draw_list_create();
    return ui;
}

void ui_free(struct ui *ui)
{
    if (ui == NULL)
        return;
    draw_list_free(ui->list);
    for (int i = 0; i < 2; i++) {
        arena_free(&ui->frames[i].arena);
        free(ui->frames[i].nodes);
    }
    while (ui->kept != NULL) {
        struct kept *next = ui->kept->next;
        signature_free(ui->kept);
        free(ui->kept);
        ui->kept = next;
    }
    free(ui);
}

void ui_change(struct ui *ui, const struct ui_setup *setup)
{
    ui->setup = *setup;
}

bool ui_rtl(const struct ui *ui)
{
    return ui->setup.rtl;
}

bool ui_portrait(const struct ui *ui)
{
    return ui->setup.metrics.height_px > ui->setup.metrics.width_px;
}

float ui_width_mm(const struct ui *ui)
{
    return metrics_mm(&ui->setup.metrics, ui->setup.metrics.width_px);
}

float ui_height_mm(const struct ui *ui)
{
    return metrics_mm(&ui->setup.metrics, ui->setup.metrics.height_px);
}

int ui_text_percent(const struct ui *ui)
{
    return ui->setup.metrics.text_percent;
}

int px(const struct ui *ui, float mm)
{
    return metrics_px(&ui->setup.metrics, mm);
}

int border_px(const struct ui *ui)
{
    return metrics_px(&ui->setup.metrics, (float)ui->setup.theme.border_px * 0.252F);
}

struct colour token(const struct ui *ui, enum theme_token which)
{
    return ui->setup.theme.colours[which];
}

struct colour tone_ink(const struct ui *ui, enum ui_tone tone)
{
    static const enum theme_token inks[] = {THEME_INK,  THEME_INK2, THEME_BRAND,
                                            THEME_WARN, THEME_BAD,  THEME_INFO};
    return token(ui, inks[tone]);
}

struct colour tone_ground(const struct ui *ui, enum ui_tone tone)
{
    static const enum theme_token grounds[] = {THEME_SUNKEN,     THEME_SUNKEN,
                                               THEME_SELECTED,   THEME_WARN_GROUND,
                                               THEME_BAD_GROUND, THEME_INFO_GROUND};
    return token(ui, grounds[tone]);
}

struct text_font font_of(const struct ui *ui, enum text_style style)
{
    return (struct text_font){.px = metrics_text_px(&ui->setup.metrics, style),
                              .bold = metrics_text_bold(style),
                              .rtl = ui->setup.rtl};
}

struct kept *kept_find(const struct ui *ui, const char *id)
{
    for (struct kept *kept = ui->kept; kept != NULL; kept = kept->next)
        if (strcmp(kept->id, id) == 0)
            return kept;
    return NULL;
}

struct kept *kept_get(struct ui *ui, const char *id)
{
    struct kept *kept = kept_find(ui, id);
    if (kept == NULL) {
        kept = mem_alloc(sizeof *kept);
        set_id(kept->id, id);
        kept->reveal = -1;
        kept->next = ui->kept;
        ui->kept = kept;
    }
    kept->frame = ui->frame_number;
    return kept;
}

static void forget_unused(struct ui *ui)
{
    struct kept **link = &ui->kept;
    while (*link != NULL) {
        struct kept *kept = *link;
        if (kept->frame + KEPT_FRAMES < ui->frame_number && kept->text[0] == '\0' &&
            kept->signature == NULL && ui->touch.list != kept && ui->touch.signature != kept) {
            *link = kept->next;
            free(kept);
        } else {
            link = &kept->next;
        }
    }
}

bool fired_press(struct ui *ui, const char *id)
{
    if (ui->fired != FIRED_PRESS || ui->fired_taken || strcmp(ui->fired_id, id) != 0)
        return false;
    ui->fired_taken = true;
    ui->changed = true;
    return true;
}

bool ui_shortcut(struct ui *ui, const char *key)
{
    if ((ui->fired != FIRED_KEY && ui->fired != FIRED_TEXT) || ui->fired_taken ||
        strcmp(ui->fired_id, key) != 0)
        return false;
    ui->fired_taken = true;
    ui->changed = true;
    return true;
}

const char *ui_typed(struct ui *ui)
{
    if (ui->fired != FIRED_TEXT || ui->fired_taken)
        return "";
    ui->fired_taken = true;
    ui->changed = true;
    return ui->fired_id;
}

void ui_begin(struct ui *ui)
{
    ui->fired = FIRED_NONE;
    ui->fired_taken = false;
    ui->changed = false;
    if (input_left(ui))
        input_resolve(ui);

    ui->frame_number++;
    ui->current = 1 - ui->current;
    struct frame *frame = &ui->frames[ui->current];
    arena_clear(&frame->arena);
    frame->sheet = NULL;
    frame->count = 0;
    ui->depth = 0;
    ui->next_group = 0;
    frame->root = node_open(ui, NODE_COLUMN, &(struct ui_box){.surface = UI_PAGE});
    frame->root->least_w = ui->setup.metrics.width_px;
    frame->root->least_h = ui->setup.metrics.height_px;
}

bool ui_finish(struct ui *ui)
{
    INVARIANT(ui->depth == 1); /* every box was closed */
    ui->depth = 0;
    struct frame *frame = &ui->frames[ui->current];
    layout_tree(ui, frame);
    draw_list_clear(ui->list, ui->setup.metrics.width_px, ui->setup.metrics.height_px);
    render_tree(ui, frame);
    if (ui->want_focus[0] != '\0') {
        const struct ui_node *node = frame_find(frame, ui->want_focus);
        if (node != NULL && in_reach(node)) {
            focus_set(ui, ui->want_focus, true);
            ui->changed = true;
        }
        ui->want_focus[0] = '\0';
    }
    if (ui->frame_number % 1024 == 0)
        forget_unused(ui);
    return ui->changed || input_left(ui);
}

void ui_run(struct ui *ui, void (*screen)(struct ui *ui, void *context), void *context)
{
    bool again = true;
    for (int i = 0; i < BUILDS_MAX && again; i++) {
        ui_begin(ui);
        screen(ui, context);
        again = ui_finish(ui);
    }
}

struct draw_list *ui_list(struct ui *ui)
{
    return ui->list;
}

void ui_shown(struct ui *ui)
{
    text_trim(ui->setup.text);
    icons_trim(ui->setup.icons);
}
