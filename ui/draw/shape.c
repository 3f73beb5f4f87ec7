/* From bytes to a mask.
 *
 *   bytes ─► characters ─► levels (UAX 9, FriBidi) ─► runs of one level, script and face,
 *   put in visual order (rule L2) ─► SDL_ttf renders each, in logical order with its direction
 *   ─► coverage laid side by side on one baseline ─► cropped to what has ink
 */
#include "ui/draw/shape.h"

#include "terminal/base/text.h"

#include <SDL_ttf.h>
#include <assert.h>
#include <fribidi.h>
#include <stdlib.h>
#include <string.h>

/* A character, its place and its properties. */
struct sign {
    uint32_t character;
    uint32_t script;
    FriBidiLevel level;
    int face;
};

struct run {
    int start, end; /* signs */
    FriBidiLevel level;
    uint32_t script;
    int face;
    SDL_Surface *surface;
    int width, rise; /* rise: rows that stand above the font's ascent */
    int x;
};

struct line {
    struct sign *signs;
    int count;
    struct run *runs;
    int run_count;
};

static uint32_t printable(uint32_t character)
{
    if (character < 0x20 || (character >= 0x7F && character < 0xA0))
        return ' ';
    if (character == 0xFEFF || character == 0x2028 || character == 0x2029)
        return ' ';
    return character;
}

static int decode(const char *string, int length, struct sign *signs)
{
    int count = 0;
    for (size_t at = 0; at < (size_t)length;)
        signs[count++].character = printable(text_next(string, (size_t)length, &at));
    return count;
}

bool shape_is_rtl(const char *string, int length, bool fallback_rtl)
{
    for (size_t at = 0; at < (size_t)length;) {
        FriBidiCharType type = fribidi_get_bidi_type(text_next(string, (size_t)length, &at));
        if (FRIBIDI_IS_STRONG(type))
            return FRIBIDI_IS_RTL(type) != 0;
    }
    return fallback_rtl;
}

/* Left-to-right throughout: no right-to-left letter, no control of order. */
static bool plain(const struct sign *signs, int count)
{
    for (int i = 0; i < count; i++)
        if (signs[i].character >= 0x0590)
            return false;
    return true;
}

static void set_levels(struct sign *signs, int count, bool rtl)
{
    if (!rtl && plain(signs, count)) {
        for (int i = 0; i < count; i++)
            signs[i].level = 0;
        return;
    }
    FriBidiChar *characters = mem_alloc((size_t)count * sizeof *characters);
    FriBidiCharType *types = mem_alloc((size_t)count * sizeof *types);
    FriBidiBracketType *brackets = mem_alloc((size_t)count * sizeof *brackets);
    FriBidiLevel *levels = mem_alloc((size_t)count * sizeof *levels);
    for (int i = 0; i < count; i++)
        characters[i] = signs[i].character;
    fribidi_get_bidi_types(characters, count, types);
    fribidi_get_bracket_types(characters, count, types, brackets);
    FriBidiParType base = rtl ? FRIBIDI_PAR_RTL : FRIBIDI_PAR_LTR;
    if (fribidi_get_par_embedding_levels_ex(types, brackets, count, &base, levels) == 0)
        memset(levels, rtl ? 1 : 0, (size_t)count * sizeof *levels);
    for (int i = 0; i < count; i++)
        signs[i].level = levels[i];
    free(levels);
    free(brackets);
    free(types);
    free(characters);
}

/* Shared signs take the script before them, or, at the start, the first after them. */
static void set_scripts(struct sign *signs, int count)
{
    uint32_t script = 0x4C61746EU; /* Latn */
    for (int i = 0; i < count; i++) {
        uint32_t own = faces_script(signs[i].character);
        if (!faces_script_is_shared(own)) {
            script = own;
            break;
        }
    }
    for (int i = 0; i < count; i++) {
        uint32_t own = faces_script(signs[i].character);
        if (!faces_script_is_shared(own))
            script = own;
        signs[i].script = script;
    }
}

static void set_faces(struct faces *faces, struct sign *signs, int count)
{
    int face = -1;
    for (int i = 0; i < count; i++) {
        if (i == 0 || !faces_clings(signs[i].character)) {
            uint32_t own = faces_script(signs[i].character);
            bool sign = faces_script_is_shared(own);
            face = faces_find(faces, signs[i].character, own, sign ? face : -1);
        }
        signs[i].face = face;
    }
}

static void split(struct line *line)
{
    for (int i = 0; i < line->count; i++) {
        const struct sign *sign = &line->signs[i];
        struct run *last = line->run_count > 0 ? &line->runs[line->run_count - 1] : NULL;
        if (last != NULL && last->level == sign->level && last->face == sign->face &&
            last->script == sign->script) {
            last->end = i + 1;
            continue;
        }
        line->runs[line->run_count++] = (struct run){.start = i,
                                                     .end = i + 1,
                                                     .level = sign->level,
                                                     .script = sign->script,
                                                     .face = sign->face};
    }
}

/* UAX 9, L2: from the highest level down to the lowest odd one, turn round each stretch. */
static void reorder(struct line *line)
{
    FriBidiLevel highest = 0;
    for (int i = 0; i < line->run_count; i++)
        if (line->runs[i].level > highest)
            highest = line->runs[i].level;
    for (FriBidiLevel level = highest; level > 0; level--) {
        for (int i = 0; i < line->run_count; i++) {
            int end = i;
            while (end < line->run_count && line->runs[end].level >= level)
                end++;
            for (int a = i, b = end - 1; a < b; a++, b--) {
                struct run turned = line->runs[a];
                line->runs[a] = line->runs[b];
                line->runs[b] = turned;
            }
            if (end > i)
                i = end;
        }
    }
}

/* Bidi controls have done their work in the levels; no face needs to know them. */
static bool orders(uint32_t c)
{
    return c == 0x200E || c == 0x200F || c == 0x061C || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

static char *run_text(const struct line *line, const struct run *run, char *out)
{
    struct buf text;
    buf_init(&text, (size_t)TEXT_LENGTH_MAX * 4);
    for (int i = run->start; i < run->end; i++)
        if (!orders(line->signs[i].character) &&
            text_append_char(&text, line->signs[i].character) != STATUS_OK)
            break;
    size_t length = text.used;
    memcpy(out, buf_text(&text), length + 1);
    buf_finish(&text);
    return out;
}

/* Rows that hang over the ascent: SDL_ttf makes the surface higher, and the top row has ink then.
 */
static int rise_of(SDL_Surface *surface, int font_height)
{
    if (surface == NULL || surface->h <= font_height)
        return 0;
    const uint32_t *row = surface->pixels;
    for (int x = 0; x < surface->w; x++)
        if (row[x] >> 24 != 0)
            return surface->h - font_height;
    return 0;
}

/* SDL_ttf gives the larger of advance and ink, so that "0000" is a pixel wider than "1111" and
 * columns of figures tremble. A space has no ink: with one behind, the advance is what remains.
 * `string` has room for it. */
static int advance_of(TTF_Font *font, char *string)
{
    size_t length = strlen(string);
    int with = 0;
    int space = 0;
    memcpy(string + length, " ", 2);
    bool failed =
        TTF_SizeUTF8(font, string, &with, NULL) != 0 || TTF_SizeUTF8(font, " ", &space, NULL) != 0;
    string[length] = '\0';
    return failed || length == 0 ? 0 : with - space;
}

static void shape_run(struct faces *faces, struct text_font font, const struct line *line,
                      struct run *run, char *scratch, bool draw)
{
    TTF_Font *open = faces_font(faces, run->face, font.px, font.bold);
    if (open == NULL)
        open = faces_font(faces, 0, font.px, font.bold);
    if (open == NULL)
        return;
    const char script[5] = {(char)(run->script >> 24), (char)(run->script >> 16),
                            (char)(run->script >> 8), (char)run->script, '\0'};
    TTF_SetFontScriptName(open, script);
    TTF_SetFontDirection(open, run->level % 2 == 1 ? TTF_DIRECTION_RTL : TTF_DIRECTION_LTR);
    char *string = run_text(line, run, scratch);
    run->width = advance_of(open, string);
    if (draw && run->width > 0)
        run->surface = TTF_RenderUTF8_Blended(open, string, (SDL_Color){255, 255, 255, 255});
    /* Rows are aligned by baselines: a face with a lower ascent than the first starts lower. */
    run->rise = rise_of(run->surface, TTF_FontHeight(open)) + TTF_FontAscent(open);
}

static struct rect ink_of(const struct line *line, int baseline)
{
    struct rect all = {0, 0, 0, 0};
    for (int i = 0; i < line->run_count; i++) {
        const struct run *run = &line->runs[i];
        const SDL_Surface *s = run->surface;
        if (s == NULL)
            continue;
        int top = s->h;
        int bottom = 0;
        for (int y = 0; y < s->h; y++) {
            const uint32_t *row = (const uint32_t *)s->pixels + (ptrdiff_t)y * (s->pitch / 4);
            int x = 0;
            while (x < s->w && row[x] >> 24 == 0)
                x++;
            if (x == s->w)
                continue;
            if (y < top)
                top = y;
            bottom = y + 1;
        }
        all = rect_join(all, (struct rect){run->x, baseline - run->rise + top, s->w, bottom - top});
    }
    return all;
}

static struct mask *lay_out(const struct line *line, struct rect ink, int baseline)
{
    struct mask *mask = mask_create(ink.w, ink.h);
    for (int i = 0; i < line->run_count; i++) {
        const struct run *run = &line->runs[i];
        const SDL_Surface *s = run->surface;
        for (int y = 0; s != NULL && y < s->h; y++) {
            int row_y = baseline - run->rise + y - ink.y;
            if (row_y < 0 || row_y >= ink.h)
                continue;
            const uint32_t *row = (const uint32_t *)s->pixels + (ptrdiff_t)y * (s->pitch / 4);
            uint8_t *out = mask->coverage + (ptrdiff_t)row_y * ink.w;
            for (int x = 0; x < s->w; x++) {
                int at = run->x - ink.x + x;
                uint32_t ink_here = row[x] >> 24;
                if (ink_here == 0 || at < 0 || at >= ink.w)
                    continue; /* a run of spaces may lie outside what has ink */
                uint32_t sum = out[at] + ink_here;
                out[at] = (uint8_t)(sum > 255 ? 255 : sum);
            }
        }
    }
    mask_seal(mask);
    return mask;
}

static struct text_line measure_line(struct faces *faces, struct text_font font, struct line *line,
                                     char *scratch, bool draw)
{
    TTF_Font *first = faces_font(faces, 0, font.px, font.bold);
    struct text_line out = {.height = TTF_FontHeight(first), .baseline = TTF_FontAscent(first)};
    for (int i = 0; i < line->run_count; i++) {
        line->runs[i].x = out.width;
        shape_run(faces, font, line, &line->runs[i], scratch, draw);
        out.width += line->runs[i].width;
    }
    return out;
}

struct text_line shape_line(struct faces *faces, struct text_font font, const char *string,
                            int length, bool rtl, bool draw)
{
    assert(length >= 0 && length <= TEXT_LENGTH_MAX + 8);
    struct line line = {
        .signs = mem_alloc(((size_t)length + 1) * sizeof *line.signs),
        .runs = mem_alloc(((size_t)length + 1) * sizeof *line.runs),
    };
    char *scratch = mem_alloc((size_t)length * 4 + 2);
    line.count = decode(string, length, line.signs);
    set_levels(line.signs, line.count, rtl);
    set_scripts(line.signs, line.count);
    set_faces(faces, line.signs, line.count);
    split(&line);
    reorder(&line);
    struct text_line out = measure_line(faces, font, &line, scratch, draw);
    struct rect ink = ink_of(&line, out.baseline);
    if (draw && !rect_empty(ink)) {
        out.mask = lay_out(&line, ink, out.baseline);
        out.offset_x = ink.x;
        out.offset_y = ink.y;
    }
    for (int i = 0; i < line.run_count; i++)
        SDL_FreeSurface(line.runs[i].surface);
    free(scratch);
    free(line.runs);
    free(line.signs);
    return out;
}
