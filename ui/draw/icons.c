/* Icons from a font, cached as masks in a small table. Names and code points are data.
 */
#include "ui/draw/icons.h"

#include "terminal/base/file.h"
#include "terminal/base/json.h"

#include <SDL_ttf.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 512, NAME_SIZE = 24, CACHE_MAX = 512, FILE_MAX = 64 * 1024, SIZES_MAX = 12 };

struct icon_name {
    char name[NAME_SIZE];
    uint32_t character; /* 0: unknown, drawn as an empty square */
    bool mirror;
};

struct icon {
    const struct icon_name *name;
    int px;
    bool turned;
    struct mask *mask;
};

struct icons {
    char *font_file;
    struct icon_name names[NAMES_MAX];
    int name_count;
    struct icon cache[CACHE_MAX];
    int cached;
    struct {
        int px;
        TTF_Font *font;
    } fonts[SIZES_MAX];
    int font_count;
};

static const struct icon_name unknown = {"", 0, false};

static enum status read_names(const json_t *file, struct icons *icons, struct error *error)
{
    json_t *list = NULL;
    enum status status = json_want_object(file, "icons", &list, error);
    if (status != STATUS_OK)
        return status;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(list, name, value)
    {
        const char *text = json_string_value(value);
        char *rest = NULL;
        unsigned long character = text == NULL ? 0 : strtoul(text, &rest, 16);
        if (character == 0 || character > 0x10FFFF || strlen(name) >= NAME_SIZE ||
            icons->name_count == NAMES_MAX)
            return error_set(error, STATUS_INVALID, "icon %s is no code point", name);
        struct icon_name *icon = &icons->names[icons->name_count++];
        memcpy(icon->name, name, strlen(name) + 1);
        icon->character = (uint32_t)character;
        icon->mirror = strcmp(rest, " mirror") == 0;
    }
    return STATUS_OK;
}

static TTF_Font *font_at(struct icons *icons, int px)
{
    for (int i = 0; i < icons->font_count; i++)
        if (icons->fonts[i].px == px)
            return icons->fonts[i].font;
    TTF_Font *font = TTF_OpenFont(icons->font_file, px);
    if (font == NULL)
        return NULL;
    TTF_SetFontHinting(font, TTF_HINTING_LIGHT);
    if (icons->font_count == SIZES_MAX)
        TTF_CloseFont(icons->fonts[--icons->font_count].font);
    icons->fonts[icons->font_count].px = px;
    icons->fonts[icons->font_count++].font = font;
    return font;
}

static enum status open_font(const json_t *file, struct icons *icons, struct error *error)
{
    const char *path = NULL;
    enum status status = json_want_text(file, "font", 512, &path, error);
    if (status != STATUS_OK)
        return status;
    if (!file_exists(path))
        return error_set(error, STATUS_NOT_FOUND, "%s is missing; install the package %s", path,
                         json_text_or(file, "package", "?"));
    icons->font_file = mem_copy_text(path);
    if (font_at(icons, 24) == NULL)
        return error_set(error, STATUS_CORRUPT, "%s: %s", path, TTF_GetError());
    return STATUS_OK;
}

enum status icons_create(const char *icons_file, struct icons **out, struct error *error)
{
    *out = NULL;
    if (TTF_Init() != 0)
        return error_set(error, STATUS_IO, "SDL_ttf: %s", TTF_GetError());
    struct icons *icons = mem_alloc(sizeof *icons);
    struct error here = {0};
    struct buf bytes;
    buf_init(&bytes, FILE_MAX);
    json_t *file = NULL;
    enum status status = file_read(icons_file, &bytes, &here);
    if (status == STATUS_OK)
        status = json_read(bytes.data, bytes.used, &file, &here);
    if (status == STATUS_OK)
        status = read_names(file, icons, &here);
    if (status == STATUS_OK)
        status = open_font(file, icons, &here);
    json_decref(file);
    buf_finish(&bytes);
    if (status != STATUS_OK) {
        icons_free(icons);
        return error_set(error, status, "icons: %s", here.text);
    }
    *out = icons;
    return STATUS_OK;
}

void icons_free(struct icons *icons)
{
    if (icons == NULL)
        return;
    for (int i = 0; i < icons->cached; i++)
        mask_free(icons->cache[i].mask);
    for (int i = 0; i < icons->font_count; i++)
        TTF_CloseFont(icons->fonts[i].font);
    free(icons->font_file);
    free(icons);
    TTF_Quit();
}

static const struct icon_name *find(const struct icons *icons, const char *name)
{
    for (int i = 0; i < icons->name_count; i++)
        if (strcmp(icons->names[i].name, name) == 0)
            return &icons->names[i];
    return &unknown;
}

bool icons_has(const struct icons *icons, const char *name)
{
    return find(icons, name) != &unknown;
}

static struct mask *empty_square(int px)
{
    struct mask *mask = mask_create(px, px);
    for (int y = 0; y < px; y++)
        for (int x = 0; x < px; x++)
            if (x == 0 || y == 0 || x == px - 1 || y == px - 1)
                mask->coverage[y * px + x] = 255;
    mask_seal(mask);
    return mask;
}

/* The glyph, put in the middle of its square; turned round for right-to-left reading. */
static struct mask *rasterise(struct icons *icons, const struct icon_name *name, int px,
                              bool turned)
{
    TTF_Font *font = name->character == 0 ? NULL : font_at(icons, px);
    SDL_Surface *glyph = font == NULL ? NULL
                                      : TTF_RenderGlyph32_Blended(font, name->character,
                                                                  (SDL_Color){255, 255, 255, 255});
    if (glyph == NULL)
        return empty_square(px);
    struct mask *mask = mask_create(px, px);
    int left = (px - glyph->w) / 2;
    int top = (px - glyph->h) / 2;
    for (int y = 0; y < glyph->h; y++) {
        const uint32_t *row = (const uint32_t *)glyph->pixels + (ptrdiff_t)y * (glyph->pitch / 4);
        for (int x = 0; x < glyph->w; x++) {
            int u = turned ? px - 1 - (x + left) : x + left;
            int v = y + top;
            if (u >= 0 && v >= 0 && u < px && v < px)
                mask->coverage[v * px + u] = (uint8_t)(row[x] >> 24);
        }
    }
    SDL_FreeSurface(glyph);
    mask_seal(mask);
    return mask;
}

const struct mask *icons_get(struct icons *icons, const char *name, int px, bool rtl)
{
    px = px < 6 ? 6 : px > 256 ? 256 : px;
    const struct icon_name *known = find(icons, name);
    bool turned = rtl && known->mirror;
    for (int i = 0; i < icons->cached; i++) {
        const struct icon *icon = &icons->cache[i];
        if (icon->name == known && icon->px == px && icon->turned == turned)
            return icon->mask;
    }
    /* A frame never shows that many different icons: icons_trim empties the table at three
     * quarters. */
    if (icons->cached == CACHE_MAX)
        return icons->cache[CACHE_MAX - 1].mask;
    struct icon *icon = &icons->cache[icons->cached++];
    *icon = (struct icon){known, px, turned, rasterise(icons, known, px, turned)};
    return icon->mask;
}

void icons_trim(struct icons *icons)
{
    if (icons->cached < CACHE_MAX * 3 / 4)
        return;
    for (int i = 0; i < icons->cached; i++)
        mask_free(icons->cache[i].mask);
    icons->cached = 0;
}
