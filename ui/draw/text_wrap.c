/* Breaking a string into lines.
 *
 * A string is a row of words; a word is what may not be broken, with the spaces that follow it. In
 * CJK text every character is a word. Words are measured one by one (the cache knows most of them),
 * and a line is measured as a whole before it is taken, because kerning and shaping make a line
 * not quite the sum of its words.
 */
#include "ui/draw/text.h"

#include "terminal/base/text.h"

#include <string.h>

enum { HYPHEN = '-', SOFT_BREAK = 0x200B };

static bool is_space(uint32_t c)
{
    return c == ' ' || c == '\t' || c == 0x3000 || c == SOFT_BREAK;
}

static bool is_cjk(uint32_t c)
{
    return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7FF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF00 && c <= 0xFFEF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

/* Closing signs and small kana may not begin a line (JIS X 4051, the common ones). */
static bool stays_behind(uint32_t c)
{
    static const uint32_t signs[] = {0x3001, 0x3002, 0xFF0C, 0xFF0E, 0x30FB, 0xFF1A, 0xFF1B,
                                     0xFF1F, 0xFF01, 0x300D, 0x300F, 0xFF09, 0x3011, 0x30FC,
                                     0x3083, 0x3085, 0x3087, 0x3063, 0x30C3, 0x30E3, 0x30E5,
                                     0x30E7, ')',    ']',    ',',    '.',    '%'};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (signs[i] == c)
            return true;
    return false;
}

struct word {
    int start, end; /* without spaces */
    int next;       /* where the following word starts */
    bool line_ends; /* a new line follows */
};

static uint32_t peek(const char *string, int length, int at)
{
    size_t here = (size_t)at;
    return at < length ? text_next(string, (size_t)length, &here) : 0;
}

static int after(const char *string, int length, int at)
{
    size_t here = (size_t)at;
    text_next(string, (size_t)length, &here);
    return (int)here;
}

/* "70 %" and "5 €" stay together, although a plain space was typed. */
static bool sign_follows(const char *string, int length, int at)
{
    uint32_t sign = peek(string, length, after(string, length, at));
    return sign == '%' || sign == 0x20AC;
}

static struct word next_word(const char *string, int length, int at)
{
    struct word word = {at, at, at, false};
    while (word.end < length) {
        uint32_t c = peek(string, length, word.end);
        if ((is_space(c) && !sign_follows(string, length, word.end)) || c == '\n')
            break;
        word.end = after(string, length, word.end);
        uint32_t following = peek(string, length, word.end);
        bool breaks = c == HYPHEN || is_cjk(c) || is_cjk(following);
        if (breaks && !stays_behind(following))
            break;
    }
    word.next = word.end;
    while (word.next < length && is_space(peek(string, length, word.next)))
        word.next = after(string, length, word.next);
    if (peek(string, length, word.next) == '\n') {
        word.next++;
        word.line_ends = true;
    }
    return word;
}

static int width_of(struct text *text, struct text_font font, const char *string, int start,
                    int end)
{
    return end > start ? text_measure(text, font, string + start, end - start).w : 0;
}

/* The longest part from `start` that fits, by halving; at least one character. */
static int fitting(struct text *text, struct text_font font, const char *string, int start, int end,
                   int width)
{
    int low = after(string, end, start);
    int high = end;
    while (low < high) {
        int middle = start + (int)text_cut(string + start, (size_t)(end - start),
                                           (size_t)((low + high + 1) / 2 - start));
        if (middle <= low)
            middle = after(string, end, low);
        if (width_of(text, font, string, start, middle) <= width)
            low = middle;
        else
            high = (int)text_cut(string, (size_t)end, (size_t)middle - 1);
    }
    return low;
}

/* Where a line that starts at `start` ends, and where the next begins. */
static struct text_piece take_line(struct text *text, struct text_font font, const char *string,
                                   int length, int start, int width, int *next)
{
    struct word word = next_word(string, length, start);
    int end = word.end;
    *next = word.next;
    if (width_of(text, font, string, start, end) > width) {
        end = fitting(text, font, string, start, word.end, width);
        if (end < word.end)
            *next = end;
        return (struct text_piece){start, end - start, false};
    }
    while (!word.line_ends && word.next < length) {
        word = next_word(string, length, word.next);
        if (width_of(text, font, string, start, word.end) > width)
            break;
        end = word.end;
        *next = word.next;
    }
    return (struct text_piece){start, end - start, false};
}

/* The last line, with its ellipsis, cut between characters. */
static struct text_piece cut_line(struct text *text, struct text_font font, const char *string,
                                  int length, int start, int width)
{
    int dots = text_measure(text, font, "\xE2\x80\xA6", 3).w;
    int stop = start;
    while (stop < length && string[stop] != '\n')
        stop++;
    int room = width - dots - 1; /* widths are rounded: the sum may be one more */
    int end = stop > start ? fitting(text, font, string, start, stop, room) : start;
    if (width_of(text, font, string, start, end) > room)
        end = start;
    while (end > start && string[end - 1] == ' ')
        end--;
    return (struct text_piece){start, end - start, true};
}

int text_wrap(struct text *text, struct text_font font, const char *string, int width,
              struct text_piece *pieces, int max)
{
    int length = (int)text_cut(string, strlen(string), TEXT_LENGTH_MAX);
    if (max == 1 && memchr(string, '\n', (size_t)length) == NULL &&
        width_of(text, font, string, 0, length) <= width) {
        pieces[0] = (struct text_piece){0, length, false};
        return length > 0;
    }
    int count = 0;
    int at = 0;
    while (at < length && count < max) {
        int next = length;
        pieces[count] = take_line(text, font, string, length, at, width, &next);
        if (count == max - 1 && next < length)
            pieces[count] = cut_line(text, font, string, length, at, width);
        count++;
        at = next;
    }
    return count;
}

int text_word_width(struct text *text, struct text_font font, const char *string)
{
    int length = (int)text_cut(string, strlen(string), TEXT_LENGTH_MAX);
    int widest = 0;
    for (int at = 0; at < length;) {
        struct word word = next_word(string, length, at);
        int width = width_of(text, font, string, word.start, word.end);
        if (width > widest)
            widest = width;
        at = word.next > at ? word.next : after(string, length, at);
    }
    return widest;
}
