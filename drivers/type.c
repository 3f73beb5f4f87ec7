/* A line is cut into runs: by FriBidi's levels in visual order, then by the first face that has
 * the characters. Each run is shaped by HarfBuzz with its direction and guessed script.
 *
 *   logical text ─► levels ─► visual runs ─► faces ─► glyphs ─► dots (FreeType, 1 bit)
 */
#include "drivers/type.h"

#include "terminal/base/buf.h"
#include "terminal/base/text.h"

#include <fribidi.h>
#include <ft2build.h>
#include <hb-ft.h>
#include <hb.h>
#include <stdlib.h>
#include FT_FREETYPE_H

#define TYPE_LINE_MAX 2048 /* characters of one line */

static const struct {
    const char *regular, *bold, *package;
} faces[] = {
    {"/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
     "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf", "fonts-noto-core"},
    {"/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf",
     "/usr/share/fonts/truetype/noto/NotoSansArabic-Bold.ttf", "fonts-noto-core"},
    {"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
     "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", "fonts-noto-cjk"},
    {"/usr/share/fonts/truetype/noto/NotoSansHebrew-Regular.ttf",
     "/usr/share/fonts/truetype/noto/NotoSansHebrew-Bold.ttf", "fonts-noto-core"},
    {"/usr/share/fonts/truetype/noto/NotoSansThai-Regular.ttf",
     "/usr/share/fonts/truetype/noto/NotoSansThai-Bold.ttf", "fonts-noto-core"},
    {"/usr/share/fonts/truetype/noto/NotoSansDevanagari-Regular.ttf",
     "/usr/share/fonts/truetype/noto/NotoSansDevanagari-Bold.ttf", "fonts-noto-core"},
    {"/usr/share/fonts/truetype/noto/NotoSansMono-Regular.ttf",
     "/usr/share/fonts/truetype/noto/NotoSansMono-Bold.ttf", "fonts-noto-mono"},
};
#define FACES     ((int)(sizeof faces / sizeof faces[0]))
#define FACE_MONO (FACES - 1)

struct type {
    FT_Library library;
    FT_Face open[sizeof faces / sizeof faces[0]][2]; /* regular, bold */
    bool tried[sizeof faces / sizeof faces[0]][2];
    hb_buffer_t *shaped;
};

static FT_Face face_of(struct type *type, int index, bool bold)
{
    FT_Face *face = &type->open[index][bold];
    if (!type->tried[index][bold]) {
        type->tried[index][bold] = true;
        const char *path = bold ? faces[index].bold : faces[index].regular;
        if (FT_New_Face(type->library, path, 0, face) != 0)
            *face = NULL;
    }
    return *face;
}

enum status type_create(struct type **out, struct error *error)
{
    struct type *type = mem_alloc(sizeof *type);
    if (FT_Init_FreeType(&type->library) != 0) {
        free(type);
        return error_set(error, STATUS_IO, "FreeType does not start");
    }
    type->shaped = hb_buffer_create();
    if (!face_of(type, 0, false) || !face_of(type, 0, true)) {
        type_destroy(type);
        return error_set(error, STATUS_NOT_FOUND, "%s is missing: install %s", faces[0].regular,
                         faces[0].package);
    }
    *out = type;
    return STATUS_OK;
}

void type_destroy(struct type *type)
{
    if (!type)
        return;
    hb_buffer_destroy(type->shaped);
    for (int i = 0; i < FACES; i++)
        for (int bold = 0; bold < 2; bold++)
            if (type->open[i][bold])
                FT_Done_Face(type->open[i][bold]);
    FT_Done_FreeType(type->library);
    free(type);
}

/* The first face that has the character; the Latin one when none has. */
static int face_for(struct type *type, struct type_style style, uint32_t character)
{
    if (style.mono) {
        FT_Face mono = face_of(type, FACE_MONO, style.bold);
        if (mono && FT_Get_Char_Index(mono, character))
            return FACE_MONO;
    }
    for (int i = 0; i < FACE_MONO; i++) {
        FT_Face face = face_of(type, i, style.bold);
        if (face && FT_Get_Char_Index(face, character))
            return i;
    }
    return 0;
}

static bool is_neutral(uint32_t character)
{
    FriBidiCharType kind = fribidi_get_bidi_type(character);
    return kind == FRIBIDI_TYPE_NSM || kind == FRIBIDI_TYPE_WS || character == 0x200D;
}

/* Draws or measures one shaped run; returns its advance. */
static int run_draw(struct type *type, FT_Face face, struct type_style style,
                    const uint32_t *characters, int count, bool rtl, struct bitmap *onto, int x,
                    int y)
{
    FT_Set_Pixel_Sizes(face, 0, (FT_UInt)style.pixels);
    hb_font_t *font = hb_ft_font_create_referenced(face);
    hb_ft_font_set_load_flags(font, FT_LOAD_TARGET_MONO);
    hb_buffer_t *shaped = type->shaped;
    hb_buffer_clear_contents(shaped);
    hb_buffer_add_utf32(shaped, characters, count, 0, count);
    hb_buffer_set_direction(shaped, rtl ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
    hb_buffer_guess_segment_properties(shaped);
    hb_shape(font, shaped, NULL, 0);

    unsigned glyphs;
    const hb_glyph_info_t *info = hb_buffer_get_glyph_infos(shaped, &glyphs);
    const hb_glyph_position_t *position = hb_buffer_get_glyph_positions(shaped, &glyphs);
    int64_t pen = 0;
    for (unsigned i = 0; i < glyphs; i++) {
        if (onto && FT_Load_Glyph(face, info[i].codepoint,
                                  FT_LOAD_RENDER | FT_LOAD_TARGET_MONO | FT_LOAD_MONOCHROME) == 0) {
            FT_GlyphSlot slot = face->glyph;
            int left = x + (int)((pen + position[i].x_offset) / 64) + slot->bitmap_left;
            int top = y + style.pixels - (int)(position[i].y_offset / 64) - slot->bitmap_top;
            for (unsigned row = 0; row < slot->bitmap.rows; row++)
                for (unsigned column = 0; column < slot->bitmap.width; column++)
                    if (slot->bitmap.buffer[(int)row * slot->bitmap.pitch + (int)(column / 8)] &
                        (0x80 >> (column % 8)))
                        bitmap_set(onto, left + (int)column, top + (int)row);
        }
        pen += position[i].x_advance;
    }
    hb_font_destroy(font);
    return (int)((pen + 32) / 64);
}

/* Runs of one face inside a run of one direction, in visual order. */
static int level_draw(struct type *type, struct type_style style, const uint32_t *characters,
                      int count, bool rtl, struct bitmap *onto, int x, int y)
{
    int starts[TYPE_LINE_MAX + 1], chosen[TYPE_LINE_MAX], runs = 0;
    for (int i = 0; i < count; i++) {
        int face = runs > 0 && is_neutral(characters[i]) ? chosen[runs - 1]
                                                         : face_for(type, style, characters[i]);
        if (runs == 0 || face != chosen[runs - 1]) {
            starts[runs] = i;
            chosen[runs++] = face;
        }
    }
    starts[runs] = count;
    int pen = 0;
    for (int i = 0; i < runs; i++) {
        int run = rtl ? runs - 1 - i : i;
        pen +=
            run_draw(type, face_of(type, chosen[run], style.bold), style, characters + starts[run],
                     starts[run + 1] - starts[run], rtl, onto, x + pen, y);
    }
    return pen;
}

static int line_draw(struct type *type, struct type_style style, const char *text, size_t length,
                     struct bitmap *onto, int x, int y)
{
    FriBidiChar characters[TYPE_LINE_MAX];
    int count = 0;
    for (size_t at = 0; at < length && count < TYPE_LINE_MAX;)
        characters[count++] = text_next(text, length, &at);
    if (count == 0)
        return 0;

    FriBidiCharType types[TYPE_LINE_MAX];
    FriBidiBracketType brackets[TYPE_LINE_MAX];
    FriBidiLevel levels[TYPE_LINE_MAX];
    FriBidiParType base = style.rtl ? FRIBIDI_PAR_RTL : FRIBIDI_PAR_LTR;
    fribidi_get_bidi_types(characters, count, types);
    fribidi_get_bracket_types(characters, count, types, brackets);
    FriBidiLevel top = fribidi_get_par_embedding_levels_ex(types, brackets, count, &base, levels);
    INVARIANT(top > 0);

    /* Rule L2 of UAX 9, on runs: reverse from the highest level down to the lowest odd one. */
    int starts[TYPE_LINE_MAX + 1], order[TYPE_LINE_MAX], runs = 0;
    for (int i = 0; i < count; i++)
        if (i == 0 || levels[i] != levels[i - 1])
            starts[runs++] = i;
    starts[runs] = count;
    for (int i = 0; i < runs; i++)
        order[i] = i;
    for (FriBidiLevel level = top; level >= 1; level--)
        for (int i = 0; i < runs; i++) {
            int end = i;
            while (end < runs && levels[starts[order[end]]] >= level)
                end++;
            for (int a = i, b = end - 1; a < b; a++, b--) {
                int swap = order[a];
                order[a] = order[b];
                order[b] = swap;
            }
            if (end > i)
                i = end;
        }
    int pen = 0;
    for (int i = 0; i < runs; i++) {
        int run = order[i];
        pen += level_draw(type, style, characters + starts[run], starts[run + 1] - starts[run],
                          levels[starts[run]] % 2 == 1, onto, x + pen, y);
    }
    return pen;
}

int type_width(struct type *type, struct type_style style, const char *text, size_t length)
{
    return line_draw(type, style, text, length, NULL, 0, 0);
}

void type_draw(struct type *type, struct type_style style, const char *text, size_t length,
               struct bitmap *onto, int x, int y)
{
    line_draw(type, style, text, length, onto, x, y);
}
