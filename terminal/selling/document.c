/* Blocks in one growing array; every text is memory of the document's own.
 */
#include "terminal/selling/document.h"

#include "terminal/base/json.h"
#include "terminal/base/text.h"
#include "terminal/selling/tr.h"

#include <stdlib.h>
#include <string.h>

#define LOCALE_SIZE 32
#define NUMBER_SIZE 64

struct document {
    enum document_kind kind;
    char locale[LOCALE_SIZE];
    char number[NUMBER_SIZE];
    struct document_block *blocks;
    size_t count, capacity;
};

static const char *const kind_names[] = {"receipt", "copy", "x", "z", "test", "drawer"};
static const char *const type_names[] = {"text", "pair", "columns", "rule",
                                         "qr",   "feed", "cut",     "drawer"};
static const char *const align_names[] = {"start", "center", "end"};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static int name_find(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

/* A copy with control characters as spaces and broken UTF-8 replaced, cut at `max` bytes. */
static char *clean_copy(const char *text, size_t max)
{
    struct buf clean;
    size_t length = strlen(text);
    char *copy;

    length = text_cut(text, length, max);
    buf_init(&clean, 4 * DOCUMENT_TEXT);
    if (text_clean(text, length, &clean) != STATUS_OK)
        buf_clear(&clean);
    copy = mem_copy_text(buf_text(&clean));
    copy[text_cut(copy, strlen(copy), max)] = '\0';
    buf_finish(&clean);
    return copy;
}

static void copy_field(char *out, size_t size, const char *text)
{
    char *clean = clean_copy(text, size - 1);

    memcpy(out, clean, strlen(clean) + 1);
    free(clean);
}

struct document *document_create(enum document_kind kind, const char *locale, const char *number)
{
    struct document *document = mem_alloc(sizeof *document);

    document->kind = kind;
    copy_field(document->locale, sizeof document->locale, locale);
    copy_field(document->number, sizeof document->number, number);
    return document;
}

static void block_finish(struct document_block *block)
{
    free((char *)block->text);
    free((char *)block->end_text);
    for (int i = 0; i < block->cell_count; i++)
        free((char *)block->cells[i]);
}

void document_destroy(struct document *document)
{
    if (document == NULL)
        return;
    for (size_t i = 0; i < document->count; i++)
        block_finish(&document->blocks[i]);
    free(document->blocks);
    free(document);
}

enum document_kind document_kind(const struct document *document)
{
    return document->kind;
}

const char *document_locale(const struct document *document)
{
    return document->locale;
}

const char *document_number(const struct document *document)
{
    return document->number;
}

/* Languages written from right to left (Unicode CLDR, characterOrder). */
bool document_is_rtl(const struct document *document)
{
    static const char *const languages[] = {"ar", "he", "fa", "ur", "ps", "sd", "yi", "dv", "ug"};
    char language[3] = {document->locale[0],
                        document->locale[0] == '\0' ? '\0' : document->locale[1], '\0'};

    return name_find(languages, COUNT_OF(languages), language) >= 0;
}

size_t document_count(const struct document *document)
{
    return document->count;
}

const struct document_block *document_block(const struct document *document, size_t index)
{
    INVARIANT(index < document->count);
    return &document->blocks[index];
}

/* A new zeroed block at the end, NULL past the ceiling. */
static struct document_block *block_add(struct document *document, enum document_block_type type)
{
    struct document_block *block;

    if (document->count == DOCUMENT_BLOCKS)
        return NULL;
    if (document->count == document->capacity) {
        document->capacity = document->capacity == 0 ? 64 : 2 * document->capacity;
        document->blocks =
            mem_resize(document->blocks, document->capacity * sizeof document->blocks[0]);
    }
    block = &document->blocks[document->count++];
    memset(block, 0, sizeof *block);
    block->type = type;
    return block;
}

static int within(int value, int min, int max)
{
    return value < min ? min : value > max ? max : value;
}

void document_text(struct document *document, const char *text, enum document_align align,
                   bool bold, int size)
{
    struct document_block *block = block_add(document, BLOCK_TEXT);

    if (block == NULL)
        return;
    block->text = clean_copy(text, DOCUMENT_TEXT);
    block->align = align;
    block->bold = bold;
    block->size = within(size, 1, 2);
}

void document_pair(struct document *document, const char *start, const char *end, bool bold,
                   int size, int indent)
{
    struct document_block *block = block_add(document, BLOCK_PAIR);

    if (block == NULL)
        return;
    block->text = clean_copy(start, DOCUMENT_TEXT);
    block->end_text = clean_copy(end, DOCUMENT_TEXT);
    block->bold = bold;
    block->size = within(size, 1, 2);
    block->indent = within(indent, 0, 4);
}

void document_columns(struct document *document, const char *const *cells, const int *weights,
                      int count, bool bold)
{
    struct document_block *block = block_add(document, BLOCK_COLUMNS);

    if (block == NULL)
        return;
    block->cell_count = within(count, 1, DOCUMENT_COLUMNS);
    for (int i = 0; i < block->cell_count; i++) {
        block->cells[i] = clean_copy(cells[i], DOCUMENT_TEXT);
        block->weights[i] = within(weights[i], 1, 100);
    }
    block->bold = bold;
}

void document_rule(struct document *document)
{
    (void)block_add(document, BLOCK_RULE);
}

void document_qr(struct document *document, const char *text)
{
    struct document_block *block = block_add(document, BLOCK_QR);

    if (block != NULL)
        block->text = clean_copy(text, DOCUMENT_TEXT);
}

void document_feed(struct document *document, int lines)
{
    struct document_block *block = block_add(document, BLOCK_FEED);

    if (block != NULL)
        block->lines = within(lines, 1, 20);
}

void document_cut(struct document *document)
{
    (void)block_add(document, BLOCK_CUT);
}

void document_drawer(struct document *document)
{
    (void)block_add(document, BLOCK_DRAWER);
}

static void write_columns(const struct document_block *block, json_t *object)
{
    json_t *cells = json_array();
    json_t *weights = json_array();

    for (int i = 0; i < block->cell_count; i++) {
        json_add(cells, json_string(block->cells[i]));
        json_add(weights, json_integer(block->weights[i]));
    }
    json_put(object, "cells", cells);
    json_put(object, "weights", weights);
    json_put_int(object, "bold", block->bold);
}

static json_t *block_to_json(const struct document_block *block)
{
    json_t *object = json_object();

    json_put_text(object, "t", type_names[block->type]);
    if (block->type == BLOCK_TEXT) {
        json_put_text(object, "s", block->text);
        json_put_text(object, "align", align_names[block->align]);
        json_put_int(object, "bold", block->bold);
        json_put_int(object, "size", block->size);
    } else if (block->type == BLOCK_PAIR) {
        json_put_text(object, "l", block->text);
        json_put_text(object, "r", block->end_text);
        json_put_int(object, "bold", block->bold);
        json_put_int(object, "size", block->size);
        json_put_int(object, "indent", block->indent);
    } else if (block->type == BLOCK_COLUMNS) {
        write_columns(block, object);
    } else if (block->type == BLOCK_QR) {
        json_put_text(object, "s", block->text);
    } else if (block->type == BLOCK_FEED) {
        json_put_int(object, "n", block->lines);
    }
    return object;
}

enum status document_write(const struct document *document, struct buf *out)
{
    json_t *object = json_object();
    json_t *blocks = json_array();
    enum status status;

    json_put_int(object, "v", 1);
    json_put_text(object, "kind", kind_names[document->kind]);
    json_put_text(object, "locale", document->locale);
    json_put_text(object, "direction", document_is_rtl(document) ? "rtl" : "ltr");
    json_put_text(object, "number", document->number);
    for (size_t i = 0; i < document->count; i++)
        json_add(blocks, block_to_json(&document->blocks[i]));
    json_put(object, "blocks", blocks);
    status = json_write(object, out);
    json_decref(object);
    return status;
}

static enum status read_columns(const json_t *object, struct document *document,
                                struct error *error)
{
    json_t *cells, *weights;
    const char *texts[DOCUMENT_COLUMNS];
    int shares[DOCUMENT_COLUMNS];
    size_t count;

    if (json_want_array(object, "cells", DOCUMENT_COLUMNS, &cells, error) != STATUS_OK ||
        json_want_array(object, "weights", DOCUMENT_COLUMNS, &weights, error) != STATUS_OK)
        return error->status;
    count = json_array_size(cells);
    if (count == 0 || json_array_size(weights) != count)
        return error_set(error, STATUS_INVALID, "columns: cells and weights differ in number");
    for (size_t i = 0; i < count; i++) {
        const json_t *share = json_array_get(weights, i);

        texts[i] = json_string_value(json_array_get(cells, i));
        if (texts[i] == NULL || !json_is_integer(share) || json_integer_value(share) < 1 ||
            json_integer_value(share) > 100)
            return error_set(error, STATUS_INVALID,
                             "columns: a cell is no text or a weight is bad");
        shares[i] = (int)json_integer_value(share);
    }
    document_columns(document, texts, shares, (int)count,
                     json_bool_or(object, "bold", false) || json_int_or(object, "bold", 0) != 0);
    return STATUS_OK;
}

static enum status read_text(const json_t *object, struct document *document, struct error *error)
{
    const char *text;
    int align = name_find(align_names, COUNT_OF(align_names),
                          json_text_or(object, "align", align_names[0]));

    if (json_want_text(object, "s", DOCUMENT_TEXT, &text, error) != STATUS_OK)
        return error->status;
    if (align < 0)
        return error_set(error, STATUS_INVALID, "text: unknown alignment");
    document_text(document, text, (enum document_align)align, json_int_or(object, "bold", 0) != 0,
                  json_int_or(object, "size", 1) == 2 ? 2 : 1);
    return STATUS_OK;
}

static enum status read_pair(const json_t *object, struct document *document, struct error *error)
{
    const char *start, *end;
    int64_t indent = json_int_or(object, "indent", 0);

    if (json_want_text(object, "l", DOCUMENT_TEXT, &start, error) != STATUS_OK ||
        json_want_text(object, "r", DOCUMENT_TEXT, &end, error) != STATUS_OK)
        return error->status;
    document_pair(document, start, end, json_int_or(object, "bold", 0) != 0,
                  json_int_or(object, "size", 1) == 2 ? 2 : 1,
                  indent < 0 || indent > 4 ? 0 : (int)indent);
    return STATUS_OK;
}

static enum status read_block(const json_t *object, struct document *document, struct error *error)
{
    int type = name_find(type_names, COUNT_OF(type_names), json_text_or(object, "t", ""));
    const char *text;
    int64_t lines;

    switch (type) {
    case BLOCK_TEXT:
        return read_text(object, document, error);
    case BLOCK_PAIR:
        return read_pair(object, document, error);
    case BLOCK_COLUMNS:
        return read_columns(object, document, error);
    case BLOCK_QR:
        if (json_want_text(object, "s", DOCUMENT_TEXT, &text, error) != STATUS_OK)
            return error->status;
        document_qr(document, text);
        return STATUS_OK;
    case BLOCK_FEED:
        if (json_want_int(object, "n", 1, 20, &lines, error) != STATUS_OK)
            return error->status;
        document_feed(document, (int)lines);
        return STATUS_OK;
    case BLOCK_RULE:
    case BLOCK_CUT:
    case BLOCK_DRAWER:
        (void)block_add(document, (enum document_block_type)type);
        return STATUS_OK;
    default:
        return STATUS_OK; /* of a later version */
    }
}

static enum status read_blocks(const json_t *object, struct document *document, struct error *error)
{
    json_t *blocks, *block;
    size_t index;

    if (json_want_array(object, "blocks", DOCUMENT_BLOCKS, &blocks, error) != STATUS_OK)
        return error->status;
    json_array_foreach(blocks, index, block)
    {
        if (!json_is_object(block))
            return error_set(error, STATUS_INVALID, "document: block %zu is no object", index);
        if (read_block(block, document, error) != STATUS_OK)
            return error_prefix(error, "document: block %zu", index);
    }
    return STATUS_OK;
}

enum status document_read(const char *bytes, size_t length, struct document **out,
                          struct error *error)
{
    struct error local;
    json_t *object = NULL;
    const char *locale, *number;
    int kind;
    enum status status;

    *out = NULL;
    if (error == NULL)
        error = &local;
    if (length > DOCUMENT_BYTES)
        return error_set(error, STATUS_INVALID, "document: too large");
    status = json_read(bytes, length, &object, error);
    if (status != STATUS_OK)
        return status == STATUS_RANGE ? error_set(error, STATUS_INVALID, "document: %s", "numbers")
                                      : status;
    kind = name_find(kind_names, COUNT_OF(kind_names), json_text_or(object, "kind", ""));
    if (!json_is_object(object) || json_int_or(object, "v", 0) != 1 || kind < 0)
        status = error_set(error, STATUS_INVALID, "document: not a document of version 1");
    if (status == STATUS_OK)
        status = json_want_text(object, "locale", LOCALE_SIZE - 1, &locale, error);
    if (status == STATUS_OK)
        status = json_want_text(object, "number", NUMBER_SIZE - 1, &number, error);
    if (status == STATUS_OK) {
        *out = document_create((enum document_kind)kind, locale, number);
        status = read_blocks(object, *out, error);
    }
    if (status != STATUS_OK) {
        document_destroy(*out);
        *out = NULL;
    }
    json_decref(object);
    return status;
}

static void copy_block(struct document *copy, const struct document_block *block)
{
    switch (block->type) {
    case BLOCK_TEXT:
        document_text(copy, block->text, block->align, block->bold, block->size);
        break;
    case BLOCK_PAIR:
        document_pair(copy, block->text, block->end_text, block->bold, block->size, block->indent);
        break;
    case BLOCK_COLUMNS:
        document_columns(copy, block->cells, block->weights, block->cell_count, block->bold);
        break;
    case BLOCK_QR:
        document_qr(copy, block->text);
        break;
    case BLOCK_FEED:
        document_feed(copy, block->lines);
        break;
    case BLOCK_CUT:
        document_text(copy, tr("COPY"), ALIGN_CENTER, true, 2);
        document_cut(copy);
        break;
    case BLOCK_RULE:
        document_rule(copy);
        break;
    case BLOCK_DRAWER:
        break;
    }
}

struct document *document_copy_of(const struct document *document)
{
    struct document *copy = document_create(DOCUMENT_COPY, document->locale, document->number);

    document_text(copy, tr("COPY"), ALIGN_CENTER, true, 2);
    for (size_t i = 0; i < document->count; i++)
        copy_block(copy, &document->blocks[i]);
    return copy;
}
