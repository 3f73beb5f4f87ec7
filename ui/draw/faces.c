/* Faces are listed in a file, in order of preference; face 0 is the house's own.
 *
 *   faces   [0 Noto Sans] [1 Arabic] [2 CJK] [3 Hebrew] ...      what exists
 *   fonts   {face, px, bold} -> TTF_Font, at most OPEN_MAX       what is open, by last use
 *   probes  face -> TTF_Font at 16 px, regular                   asked "do you have U+xxxx?"
 *   found   character -> face                                    what was answered, 2,048 slots
 *
 * A probe is opened when a character first needs its face, so a till that sells in one alphabet
 * opens no other.
 */
#include "ui/draw/faces.h"

#include "terminal/base/file.h"
#include "terminal/base/json.h"

#include <SDL_ttf.h>
#include <hb.h>
#include <stdlib.h>
#include <string.h>

enum {
    FACES_MAX = 96,
    OPEN_MAX = 40,
    FOUND_SLOTS = 2048,
    FILE_MAX = 64 * 1024,
    SCRIPTS_MAX = 8,
    PROBE_PX = 16
};

#define SCRIPT_SYMBOLS 0x5A73796DU /* Zsym */

struct face {
    char *regular, *bold;
    long index;
    uint32_t scripts[SCRIPTS_MAX];
    int script_count;
    TTF_Font *probe;
    bool broken;
};

struct open_font {
    int face, px;
    bool bold;
    TTF_Font *font;
    uint64_t used;
};

struct found {
    uint32_t character;
    int16_t face; /* valid when character is set */
};

struct faces {
    struct face faces[FACES_MAX];
    int count;
    struct open_font open[OPEN_MAX];
    int open_count;
    uint64_t clock;
    struct found found[FOUND_SLOTS];
};

static uint32_t tag(const char *text)
{
    return (uint32_t)(uint8_t)text[0] << 24 | (uint32_t)(uint8_t)text[1] << 16 |
           (uint32_t)(uint8_t)text[2] << 8 | (uint8_t)text[3];
}

static void read_scripts(const char *text, struct face *face)
{
    while (strlen(text) >= 4 && face->script_count < SCRIPTS_MAX) {
        face->scripts[face->script_count++] = tag(text);
        text += 4;
        while (*text == ' ')
            text++;
    }
}

static enum status read_face(const json_t *item, struct face *face, struct error *error)
{
    const char *regular = NULL;
    const char *bold = NULL;
    enum status status = json_want_text(item, "regular", 512, &regular, error);
    if (status == STATUS_OK)
        status = json_want_text(item, "bold", 512, &bold, error);
    if (status != STATUS_OK)
        return status;
    const char *missing = !file_exists(regular) ? regular : !file_exists(bold) ? bold : NULL;
    if (missing != NULL)
        return error_set(error, STATUS_NOT_FOUND, "%s: %s is missing; install the package %s",
                         json_text_or(item, "name", "?"), missing,
                         json_text_or(item, "package", "?"));
    face->regular = mem_copy_text(regular);
    face->bold = mem_copy_text(bold);
    face->index = (long)json_int_or(item, "index", 0);
    read_scripts(json_text_or(item, "scripts", ""), face);
    return STATUS_OK;
}

static enum status read_faces(const json_t *file, struct faces *faces, struct error *error)
{
    json_t *list = NULL;
    enum status status = json_want_array(file, "faces", FACES_MAX, &list, error);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct error here = {0};
        status = read_face(item, &faces->faces[faces->count], &here);
        if (status == STATUS_OK)
            faces->count++;
        else if (status != STATUS_NOT_FOUND || json_bool_or(item, "required", false))
            return error_set(error, status, "%s", here.text);
    }
    if (faces->count == 0)
        return error_set(error, STATUS_INVALID, "no face is listed");
    return STATUS_OK;
}

static enum status start_ttf(struct error *error)
{
    if (TTF_Init() != 0)
        return error_set(error, STATUS_IO, "SDL_ttf: %s", TTF_GetError());
    int major = 0;
    int minor = 0;
    int patch = 0;
    TTF_GetHarfBuzzVersion(&major, &minor, &patch);
    if (major == 0) {
        TTF_Quit();
        return error_set(error, STATUS_UNSUPPORTED, "SDL_ttf was built without HarfBuzz");
    }
    return STATUS_OK;
}

enum status faces_create(const char *fonts_file, struct faces **out, struct error *error)
{
    *out = NULL;
    enum status status = start_ttf(error);
    if (status != STATUS_OK)
        return status;
    struct faces *faces = mem_alloc(sizeof *faces);
    struct error here = {0};
    struct buf bytes;
    buf_init(&bytes, FILE_MAX);
    json_t *file = NULL;
    status = file_read(fonts_file, &bytes, &here);
    if (status == STATUS_OK)
        status = json_read(bytes.data, bytes.used, &file, &here);
    if (status == STATUS_OK)
        status = read_faces(file, faces, &here);
    if (status == STATUS_OK && faces_font(faces, 0, PROBE_PX, false) == NULL)
        status =
            error_set(&here, STATUS_CORRUPT, "%s: %s", faces->faces[0].regular, TTF_GetError());
    json_decref(file);
    buf_finish(&bytes);
    if (status != STATUS_OK) {
        faces_free(faces);
        return error_set(error, status, "fonts: %s", here.text);
    }
    *out = faces;
    return STATUS_OK;
}

void faces_free(struct faces *faces)
{
    if (faces == NULL)
        return;
    for (int i = 0; i < faces->open_count; i++)
        TTF_CloseFont(faces->open[i].font);
    for (int i = 0; i < faces->count; i++) {
        if (faces->faces[i].probe != NULL)
            TTF_CloseFont(faces->faces[i].probe);
        free(faces->faces[i].regular);
        free(faces->faces[i].bold);
    }
    free(faces);
    TTF_Quit();
}

static TTF_Font *open_file(const struct face *face, int px, bool bold)
{
    TTF_Font *font = TTF_OpenFontIndex(bold ? face->bold : face->regular, px, face->index);
    if (font != NULL) {
        TTF_SetFontHinting(font, TTF_HINTING_LIGHT_SUBPIXEL);
        TTF_SetFontKerning(font, 1);
    }
    return font;
}

static struct open_font *free_slot(struct faces *faces)
{
    if (faces->open_count < OPEN_MAX)
        return &faces->open[faces->open_count++];
    struct open_font *oldest = &faces->open[0];
    for (int i = 1; i < OPEN_MAX; i++)
        if (faces->open[i].used < oldest->used)
            oldest = &faces->open[i];
    TTF_CloseFont(oldest->font);
    return oldest;
}

TTF_Font *faces_font(struct faces *faces, int face, int px, bool bold)
{
    for (int i = 0; i < faces->open_count; i++) {
        struct open_font *open = &faces->open[i];
        if (open->face == face && open->px == px && open->bold == bold) {
            open->used = ++faces->clock;
            return open->font;
        }
    }
    if (faces->faces[face].broken)
        return NULL;
    TTF_Font *font = open_file(&faces->faces[face], px, bold);
    if (font == NULL) {
        faces->faces[face].broken = face != 0;
        return NULL;
    }
    struct open_font *slot = free_slot(faces);
    *slot = (struct open_font){face, px, bold, font, ++faces->clock};
    return font;
}

int faces_open_count(const struct faces *faces)
{
    return faces->open_count;
}

uint32_t faces_script(uint32_t character)
{
    return (uint32_t)hb_unicode_script(hb_unicode_funcs_get_default(), character);
}

bool faces_script_is_shared(uint32_t script)
{
    return script == HB_SCRIPT_COMMON || script == HB_SCRIPT_INHERITED ||
           script == HB_SCRIPT_UNKNOWN;
}

bool faces_clings(uint32_t character)
{
    switch (hb_unicode_general_category(hb_unicode_funcs_get_default(), character)) {
    case HB_UNICODE_GENERAL_CATEGORY_NON_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_ENCLOSING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_SPACING_MARK:
    case HB_UNICODE_GENERAL_CATEGORY_FORMAT:
        return true;
    default:
        return false;
    }
}

static bool has(struct faces *faces, int index, uint32_t character)
{
    struct face *face = &faces->faces[index];
    if (face->probe == NULL && !face->broken) {
        face->probe = open_file(face, PROBE_PX, false);
        face->broken = face->probe == NULL;
    }
    return face->probe != NULL && TTF_GlyphIsProvided32(face->probe, character) != 0;
}

static bool serves(const struct face *face, uint32_t script)
{
    for (int i = 0; i < face->script_count; i++)
        if (face->scripts[i] == script)
            return true;
    return false;
}

/* The face of the script first; for signs the first faces, which are the common ones, then the
 * faces of symbols. Faces of other scripts are not asked: opening them all takes too long. */
static int search(struct faces *faces, uint32_t character, uint32_t script)
{
    for (int i = 0; i < faces->count; i++)
        if (serves(&faces->faces[i], script) && has(faces, i, character))
            return i;
    for (int i = 0; i < faces->count && i < 3; i++)
        if (has(faces, i, character))
            return i;
    for (int i = 0; i < faces->count; i++)
        if (serves(&faces->faces[i], SCRIPT_SYMBOLS) && has(faces, i, character))
            return i;
    return 0;
}

int faces_find(struct faces *faces, uint32_t character, uint32_t script, int now)
{
    bool stays = now >= 0 && (faces_script_is_shared(script) || serves(&faces->faces[now], script));
    if (stays && has(faces, now, character))
        return now;
    struct found *slot = &faces->found[(character * 2654435761U) % FOUND_SLOTS];
    if (slot->character != character)
        *slot = (struct found){character, (int16_t)search(faces, character, script)};
    return slot->face;
}
