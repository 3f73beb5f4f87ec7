/* A layout is taken whole or not at all: half a keyboard is worse than none. */
#include "ui/screens/key_layout.h"

#include "terminal/base/file.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LAYOUT_BYTES = 16 * 1024 };

static enum status read_row(const char *text, struct key_layout_row *row, struct error *error)
{
    while (*text) {
        size_t length = strcspn(text, " ");

        if (row->count == KEY_LAYOUT_KEYS || length == 0 || length >= KEY_LAYOUT_KEY ||
            !text_is_utf8(text, length)) {
            return error_set(error, STATUS_INVALID, "keyboard: row \"%.40s\"", text);
        }
        memcpy(row->keys[row->count++], text, length);
        text += length;
        text += *text == ' ';
    }
    return STATUS_OK;
}

static enum status read_page(const json_t *json, struct key_layout_page *page, struct error *error)
{
    json_t *rows;
    const char *name = json_text_or(json, "name", ""), *label = json_text_or(json, "label", "");
    enum status status = json_want_array(json, "rows", KEY_LAYOUT_ROWS, &rows, error);

    if (status != STATUS_OK) {
        return status;
    }
    if (*name == '\0' || strlen(name) >= KEY_LAYOUT_NAME || strlen(label) >= KEY_LAYOUT_NAME ||
        json_array_size(rows) != KEY_LAYOUT_ROWS) {
        return error_set(error, STATUS_INVALID, "keyboard: page \"%.40s\"", name);
    }
    snprintf(page->name, sizeof page->name, "%s", name);
    snprintf(page->label, sizeof page->label, "%s", label);
    page->once = json_int_or(json, "once", 0) != 0;
    for (size_t i = 0; status == STATUS_OK && i < KEY_LAYOUT_ROWS; i++) {
        const char *row = json_string_value(json_array_get(rows, i));
        status = row && *row ? read_row(row, &page->rows[i], error)
                             : error_set(error, STATUS_INVALID, "keyboard: page \"%s\"", name);
    }
    return status;
}

static enum status read_pages(const json_t *pages, struct key_layout *out, struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < json_array_size(pages); i++) {
        status = read_page(json_array_get(pages, i), &out->pages[out->count++], error);
    }
    for (int i = 0; status == STATUS_OK && i < out->count; i++) {
        const char *shift = json_text_or(json_array_get(pages, (size_t)i), "shift", "");

        out->pages[i].shift = key_layout_page(out, shift);
        if (*shift && out->pages[i].shift < 0) {
            status = error_set(error, STATUS_INVALID, "keyboard: no page \"%.40s\"", shift);
        }
    }
    for (int i = 0; status == STATUS_OK && i < out->count; i++) {
        if (out->pages[i].rows[KEY_LAYOUT_ROWS - 1].count + 2 > key_layout_width(out)) {
            status = error_set(error, STATUS_INVALID,
                               "keyboard: page \"%s\": no room for backspace", out->pages[i].name);
        }
    }
    return status;
}

enum status key_layout_read(const char *bytes, size_t length, struct key_layout *out,
                            struct error *error)
{
    json_t *json = NULL, *pages;

    memset(out, 0, sizeof *out);
    enum status status = json_read(bytes, length, &json, error);
    if (status == STATUS_OK) {
        status = json_want_array(json, "pages", KEY_LAYOUT_PAGES, &pages, error);
    }
    if (status == STATUS_OK) {
        status = json_array_size(pages) > 0
                     ? read_pages(pages, out, error)
                     : error_set(error, STATUS_INVALID, "keyboard: no pages");
    }
    json_decref(json);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

static enum status load_file(const char *assets, const char *language, struct key_layout *out,
                             struct error *error)
{
    char name[48];
    struct buf bytes;

    snprintf(name, sizeof name, "keyboards/%.*s.json", (int)strcspn(language, "-_"), language);
    char *path = path_join(assets, name);
    buf_init(&bytes, KEY_LAYOUT_BYTES);
    enum status status = file_read(path, &bytes, error);
    if (status == STATUS_OK) {
        status = key_layout_read(bytes.data, bytes.used, out, error);
    }
    buf_finish(&bytes);
    free(path);
    return status;
}

enum status key_layout_load(const char *assets, const char *language, struct key_layout *out,
                            struct error *error)
{
    memset(out, 0, sizeof *out);
    enum status status = load_file(assets, language, out, error);
    return status == STATUS_NOT_FOUND ? load_file(assets, "en", out, error) : status;
}

int key_layout_page(const struct key_layout *layout, const char *name)
{
    for (int i = 0; i < layout->count; i++) {
        if (strcmp(layout->pages[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int key_layout_width(const struct key_layout *layout)
{
    int width = 0;

    for (int page = 0; page < layout->count; page++) {
        for (int row = 0; row < KEY_LAYOUT_ROWS; row++) {
            int count = layout->pages[page].rows[row].count;
            width = count > width ? count : width;
        }
    }
    return width;
}
