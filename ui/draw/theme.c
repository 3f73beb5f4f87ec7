/* A theme is a small JSON file; contrast follows WCAG 2.2, "relative luminance" and "contrast
 * ratio". Luminance is the only place where colours are taken as light instead of bytes.
 */
#include "ui/draw/theme.h"

#include "terminal/base/file.h"
#include "terminal/base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THEME_FILE_MAX = 16 * 1024 };

static const char *const token_names[THEME_TOKENS] = {
    [THEME_PAGE] = "page",
    [THEME_SURFACE] = "surface",
    [THEME_SUNKEN] = "sunken",
    [THEME_PRESSED] = "pressed",
    [THEME_INK] = "ink",
    [THEME_INK2] = "ink2",
    [THEME_LINE] = "line",
    [THEME_EDGE] = "edge",
    [THEME_BRAND] = "brand",
    [THEME_ON_BRAND] = "on_brand",
    [THEME_BRAND_PRESSED] = "brand_pressed",
    [THEME_SELECTED] = "selected",
    [THEME_WARN] = "warn",
    [THEME_WARN_GROUND] = "warn_ground",
    [THEME_BAD] = "bad",
    [THEME_BAD_GROUND] = "bad_ground",
    [THEME_INFO] = "info",
    [THEME_INFO_GROUND] = "info_ground",
    [THEME_FOCUS] = "focus",
    [THEME_SCRIM] = "scrim",
};

const char *theme_token_name(enum theme_token token)
{
    return token_names[token];
}

static bool read_colour(const char *text, struct colour *out)
{
    size_t length = strlen(text);
    if ((length != 6 && length != 8) || strspn(text, "0123456789abcdefABCDEF") != length)
        return false;
    unsigned long value = strtoul(text, NULL, 16);
    if (length == 6)
        value = value << 8 | 0xFF;
    *out = (struct colour){(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                           (uint8_t)value};
    return true;
}

static enum status read_tokens(const json_t *file, struct theme *theme, struct error *error)
{
    json_t *colours = NULL;
    enum status status = json_want_object(file, "colours", &colours, error);
    if (status != STATUS_OK)
        return status;
    for (int i = 0; i < THEME_TOKENS; i++) {
        const char *text = NULL;
        status = json_want_text(colours, token_names[i], 8, &text, error);
        if (status != STATUS_OK)
            return status;
        if (!read_colour(text, &theme->colours[i]))
            return error_set(error, STATUS_INVALID, "%s: no colour: %s", token_names[i], text);
        if (theme->colours[i].a != 255 && i != THEME_SCRIM)
            return error_set(error, STATUS_INVALID, "%s: only scrim may be translucent",
                             token_names[i]);
    }
    return STATUS_OK;
}

static enum status read_categories(const json_t *file, struct theme *theme, struct error *error)
{
    json_t *categories = NULL;
    enum status status = json_want_array(file, "categories", THEME_CATEGORIES, &categories, error);
    if (status != STATUS_OK)
        return status;
    if (json_array_size(categories) != THEME_CATEGORIES)
        return error_set(error, STATUS_INVALID, "categories: %d wanted", THEME_CATEGORIES);
    for (size_t i = 0; i < THEME_CATEGORIES; i++) {
        const char *text = json_string_value(json_array_get(categories, i));
        if (text == NULL || !read_colour(text, &theme->categories[i]))
            return error_set(error, STATUS_INVALID, "categories: item %zu is no colour", i);
    }
    return STATUS_OK;
}

static enum status read_theme(const json_t *file, struct theme *theme, struct error *error)
{
    const char *name = NULL;
    int64_t border = 0;
    enum status status = json_want_text(file, "name", sizeof theme->name - 1, &name, error);
    if (status != STATUS_OK)
        return status;
    status = json_want_int(file, "border_px", 1, 8, &border, error);
    if (status != STATUS_OK)
        return status;
    snprintf(theme->name, sizeof theme->name, "%s", name);
    theme->border_px = (int)border;
    status = read_tokens(file, theme, error);
    return status == STATUS_OK ? read_categories(file, theme, error) : status;
}

enum status theme_load(const char *folder, const char *name, struct theme *theme,
                       struct error *error)
{
    struct error here = {0};
    char path[1024];
    int written = snprintf(path, sizeof path, "%s/%s.json", folder, name);
    if (written < 0 || (size_t)written >= sizeof path || strchr(name, '/') != NULL)
        return error_set(error, STATUS_INVALID, "theme: a bad name: %s", name);

    struct buf bytes;
    buf_init(&bytes, THEME_FILE_MAX);
    json_t *file = NULL;
    struct theme read = {0};
    enum status status = file_read(path, &bytes, &here);
    if (status == STATUS_OK)
        status = json_read(bytes.data, bytes.used, &file, &here);
    if (status == STATUS_OK)
        status = read_theme(file, &read, &here);
    if (status == STATUS_OK)
        *theme = read;
    else if (error != NULL) {
        *error = here;
        error_prefix(error, "theme %s", path);
    }
    json_decref(file);
    buf_finish(&bytes);
    return status;
}

static double channel(uint8_t byte)
{
    double value = byte / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double luminance(struct colour colour)
{
    return 0.2126 * channel(colour.r) + 0.7152 * channel(colour.g) + 0.0722 * channel(colour.b);
}

int theme_contrast(struct colour a, struct colour b)
{
    double first = luminance(a) + 0.05;
    double second = luminance(b) + 0.05;
    double ratio = first > second ? first / second : second / first;
    return (int)(ratio * 100.0); /* downwards: a limit is met or it is not */
}
