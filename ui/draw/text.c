/* The cache of shaped lines.
 *
 *   buckets[h] ─► entry ─► entry          key: px, weight, paragraph direction, bytes
 *   by last use:  newest ◄─► ... ◄─► oldest
 *
 * An entry is made by a measurement and gets its mask at the first drawing. Invariants: `bytes` is
 * the sum of the entries' costs; an entry used in the current frame is never dropped.
 */
#include "ui/draw/text.h"

#include "terminal/base/buf.h"
#include "terminal/base/text.h"
#include "ui/draw/faces.h"
#include "ui/draw/shape.h"

#include <SDL_ttf.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

struct entry {
    struct entry *next; /* in the bucket */
    struct entry *newer, *older;
    uint64_t hash;
    uint64_t frame; /* last used */
    size_t bytes;
    struct text_font font; /* rtl: the paragraph's */
    int length;
    bool drawn;
    struct text_line line;
    struct mask *mask;
    char string[];
};

struct text {
    struct faces *faces;
    size_t ceiling, bytes, count;
    uint64_t frame;
    struct entry *newest, *oldest;
    struct entry *buckets[BUCKETS];
    long shaped, found;
};

enum status text_create(const char *fonts_file, size_t cache_bytes, struct text **out,
                        struct error *error)
{
    *out = NULL;
    struct faces *faces = NULL;
    enum status status = faces_create(fonts_file, &faces, error);
    if (status != STATUS_OK)
        return status;
    struct text *text = mem_alloc(sizeof *text);
    text->faces = faces;
    text->ceiling = cache_bytes;
    *out = text;
    return STATUS_OK;
}

static void unlink_use(struct text *text, struct entry *entry)
{
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        text->newest = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        text->oldest = entry->newer;
}

static void push_newest(struct text *text, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = text->newest;
    if (text->newest != NULL)
        text->newest->newer = entry;
    else
        text->oldest = entry;
    text->newest = entry;
}

static void drop(struct text *text, struct entry *entry)
{
    struct entry **link = &text->buckets[entry->hash % BUCKETS];
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    unlink_use(text, entry);
    text->bytes -= entry->bytes;
    text->count--;
    mask_free(entry->mask);
    free(entry);
}

void text_free(struct text *text)
{
    if (text == NULL)
        return;
    for (struct entry *entry = text->newest; entry != NULL;) {
        struct entry *older = entry->older;
        mask_free(entry->mask);
        free(entry);
        entry = older;
    }
    faces_free(text->faces);
    free(text);
}

void text_trim(struct text *text)
{
    struct entry *entry = text->oldest;
    while (text->bytes > text->ceiling && entry != NULL && entry->frame < text->frame) {
        struct entry *newer = entry->newer;
        drop(text, entry);
        entry = newer;
    }
    text->frame++;
}

static uint64_t hash_of(struct text_font font, const char *string, int length)
{
    uint64_t hash = 14695981039346656037U;
    hash = (hash ^ ((uint64_t)font.px << 2 | (uint64_t)font.bold << 1 | (uint64_t)font.rtl)) *
           1099511628211U;
    for (int i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)string[i]) * 1099511628211U;
    return hash ^ hash >> 29;
}

static bool matches(const struct entry *entry, uint64_t hash, struct text_font font,
                    const char *string, int length)
{
    return entry->hash == hash && entry->length == length && entry->font.px == font.px &&
           entry->font.bold == font.bold && entry->font.rtl == font.rtl &&
           memcmp(entry->string, string, (size_t)length) == 0;
}

static struct entry *add(struct text *text, uint64_t hash, struct text_font font,
                         const char *string, int length)
{
    struct entry *entry = mem_alloc(sizeof *entry + (size_t)length);
    entry->hash = hash;
    entry->font = font;
    entry->length = length;
    entry->bytes = sizeof *entry + (size_t)length;
    memcpy(entry->string, string, (size_t)length);
    entry->next = text->buckets[hash % BUCKETS];
    text->buckets[hash % BUCKETS] = entry;
    text->bytes += entry->bytes;
    text->count++;
    push_newest(text, entry);
    return entry;
}

static void fill(struct text *text, struct entry *entry, bool draw)
{
    text->shaped++;
    entry->line =
        shape_line(text->faces, entry->font, entry->string, entry->length, entry->font.rtl, draw);
    entry->drawn = draw;
    /* The cast gives back what shape_line made for us to own. */
    entry->mask = (struct mask *)(uintptr_t)entry->line.mask;
    if (entry->mask != NULL) {
        entry->bytes += mask_bytes(entry->mask);
        text->bytes += mask_bytes(entry->mask);
    }
}

/* `font.rtl` is the paragraph's direction here, decided by the caller. */
static struct text_line look_up(struct text *text, struct text_font font, const char *string,
                                int length, bool draw)
{
    uint64_t hash = hash_of(font, string, length);
    struct entry *entry = text->buckets[hash % BUCKETS];
    while (entry != NULL && !matches(entry, hash, font, string, length))
        entry = entry->next;
    if (entry == NULL) {
        entry = add(text, hash, font, string, length);
        fill(text, entry, draw);
    } else {
        unlink_use(text, entry);
        push_newest(text, entry);
        if (draw && !entry->drawn)
            fill(text, entry, true);
        else
            text->found++;
    }
    entry->frame = text->frame;
    return entry->line;
}

static int bounded(const char *string, int length)
{
    size_t bytes = length < 0 ? strlen(string) : (size_t)length;
    return (int)text_cut(string, bytes, TEXT_LENGTH_MAX);
}

struct text_line text_shape(struct text *text, struct text_font font, const char *string,
                            int length)
{
    length = bounded(string, length);
    font.rtl = shape_is_rtl(string, length, font.rtl);
    return look_up(text, font, string, length, true);
}

struct size text_measure(struct text *text, struct text_font font, const char *string, int length)
{
    length = bounded(string, length);
    font.rtl = shape_is_rtl(string, length, font.rtl);
    struct text_line line = look_up(text, font, string, length, false);
    return (struct size){line.width, line.height};
}

int text_height(struct text *text, struct text_font font)
{
    return TTF_FontHeight(faces_font(text->faces, 0, font.px, font.bold));
}

int text_advance_to(struct text *text, struct text_font font, const char *string, int at)
{
    return at <= 0 ? 0 : text_measure(text, font, string, at).w;
}

struct text_line text_shape_piece(struct text *text, struct text_font font, const char *string,
                                  struct text_piece piece)
{
    static const char dots[] = "\xE2\x80\xA6";
    char line[TEXT_LENGTH_MAX + sizeof dots];
    font.rtl = shape_is_rtl(string, bounded(string, -1), font.rtl);
    size_t length = (size_t)bounded(string + piece.start, piece.length);
    memcpy(line, string + piece.start, length);
    if (piece.ellipsis) {
        memcpy(line + length, dots, sizeof dots - 1);
        length += sizeof dots - 1;
    }
    return look_up(text, font, line, (int)length, true);
}

bool text_is_rtl(const char *string, bool fallback)
{
    return shape_is_rtl(string, bounded(string, -1), fallback);
}

bool text_clings(uint32_t character)
{
    return faces_clings(character);
}

struct text_stats text_stats(const struct text *text)
{
    return (struct text_stats){
        .cached_lines = text->count,
        .cached_bytes = text->bytes,
        .shaped = text->shaped,
        .found = text->found,
        .faces_open = faces_open_count(text->faces),
    };
}
