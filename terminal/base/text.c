/* UTF-8 by the table of well-formed byte sequences (The Unicode Standard 15, table 3-7):
 *
 *   first      second     third     fourth
 *   00..7F
 *   C2..DF     80..BF
 *   E0         A0..BF     80..BF              no overlong forms
 *   E1..EC     80..BF     80..BF
 *   ED         80..9F     80..BF              no surrogates
 *   EE..EF     80..BF     80..BF
 *   F0         90..BF     80..BF    80..BF    no overlong forms
 *   F1..F3     80..BF     80..BF    80..BF
 *   F4         80..8F     80..BF    80..BF    nothing beyond U+10FFFF
 *
 * What breaks the table is replaced by one U+FFFD per maximal subpart (section 3.9).
 */
#include "terminal/base/text.h"

#include <string.h>

#define REPLACEMENT 0xFFFDU

struct decoded {
    uint32_t character;
    size_t length; /* bytes of the character, or of the malformed subpart */
    bool valid;
};

struct lead {
    size_t length;     /* 0 for a byte that starts nothing */
    uint8_t low, high; /* bounds of the second byte */
};

static struct lead lead_of(uint8_t byte)
{
    if (byte < 0x80)
        return (struct lead){1, 0, 0};
    if (byte < 0xC2 || byte > 0xF4)
        return (struct lead){0, 0, 0};
    if (byte < 0xE0)
        return (struct lead){2, 0x80, 0xBF};
    if (byte < 0xF0)
        return (struct lead){3, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF};
    return (struct lead){4, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF};
}

/* `length` > 0. */
static struct decoded decode(const char *text, size_t length)
{
    const uint8_t *bytes = (const uint8_t *)text;
    struct lead lead = lead_of(bytes[0]);
    if (lead.length == 1)
        return (struct decoded){bytes[0], 1, true};
    if (lead.length == 0)
        return (struct decoded){REPLACEMENT, 1, false};
    uint32_t character = bytes[0] & (0x7FU >> lead.length);
    for (size_t i = 1; i < lead.length; i++) {
        uint8_t low = i == 1 ? lead.low : 0x80;
        uint8_t high = i == 1 ? lead.high : 0xBF;
        if (i == length || bytes[i] < low || bytes[i] > high)
            return (struct decoded){REPLACEMENT, i, false};
        character = character << 6 | (bytes[i] & 0x3FU);
    }
    return (struct decoded){character, lead.length, true};
}

bool text_is_utf8(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        struct decoded next = decode(bytes + at, length - at);
        if (!next.valid || next.character == 0)
            return false;
        at += next.length;
    }
    return true;
}

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

enum status text_clean(const char *bytes, size_t length, struct buf *out)
{
    size_t before = out->used;
    size_t at = 0;
    while (at < length) {
        uint32_t character = text_next(bytes, length, &at);
        enum status status = text_append_char(out, is_control(character) ? ' ' : character);
        if (status != STATUS_OK) {
            out->used = before;
            if (out->data != NULL)
                out->data[before] = '\0';
            return status;
        }
    }
    return STATUS_OK;
}

size_t text_cut(const char *text, size_t length, size_t max)
{
    if (length <= max)
        return length;
    /* A character has at most three bytes after its first; more of them is not UTF-8. */
    for (size_t back = 0; back <= 3 && back <= max; back++) {
        if (((uint8_t)text[max - back] & 0xC0) != 0x80)
            return max - back;
    }
    return max;
}

uint32_t text_next(const char *text, size_t length, size_t *at)
{
    if (*at >= length)
        return 0;
    struct decoded next = decode(text + *at, length - *at);
    *at += next.length;
    return next.character;
}

enum status text_append_char(struct buf *out, uint32_t character)
{
    if (character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF))
        character = REPLACEMENT;
    uint8_t bytes[4];
    size_t length;
    if (character < 0x80) {
        bytes[0] = (uint8_t)character;
        length = 1;
    } else if (character < 0x800) {
        bytes[0] = (uint8_t)(0xC0 | character >> 6);
        length = 2;
    } else if (character < 0x10000) {
        bytes[0] = (uint8_t)(0xE0 | character >> 12);
        length = 3;
    } else {
        bytes[0] = (uint8_t)(0xF0 | character >> 18);
        length = 4;
    }
    for (size_t i = 1; i < length; i++)
        bytes[i] = (uint8_t)(0x80 | (character >> (6 * (length - 1 - i)) & 0x3F));
    return buf_append(out, bytes, length);
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* *value = *value * 10 - digit. Downwards, because int64 reaches further there. */
static bool take_digit(int64_t *value, int digit)
{
    return !__builtin_mul_overflow(*value, (int64_t)10, value) &&
           !__builtin_sub_overflow(*value, (int64_t)digit, value);
}

enum status decimal_read(const char *text, int decimals, int64_t *out)
{
    INVARIANT(decimals >= 0 && decimals <= 18);
    const char *at = text;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (!is_digit(*at))
        return STATUS_INVALID;
    int64_t value = 0;
    bool fits = true;
    for (; is_digit(*at); at++)
        fits = fits && take_digit(&value, *at - '0');
    int missing = decimals;
    if (*at == '.') {
        at++;
        if (!is_digit(*at))
            return STATUS_INVALID;
        for (; is_digit(*at) && missing > 0; at++, missing--)
            fits = fits && take_digit(&value, *at - '0');
    }
    if (*at != '\0')
        return STATUS_INVALID;
    for (; missing > 0; missing--)
        fits = fits && take_digit(&value, 0);
    if (!fits || (!negative && value == INT64_MIN))
        return STATUS_RANGE;
    *out = negative ? value : -value;
    return STATUS_OK;
}

void decimal_write(int64_t scaled, int decimals, char out[DECIMAL_SIZE])
{
    INVARIANT(decimals >= 0 && decimals <= 18);
    /* Written backwards: fraction without its trailing zeros, point, whole part, sign. */
    char digits[DECIMAL_SIZE];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    uint64_t rest = scaled < 0 ? 0 - (uint64_t)scaled : (uint64_t)scaled;
    bool fraction = false;
    for (int i = 0; i < decimals; i++, rest /= 10) {
        fraction = fraction || rest % 10 != 0;
        if (fraction)
            digits[--at] = (char)('0' + rest % 10);
    }
    if (fraction)
        digits[--at] = '.';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (scaled < 0)
        digits[--at] = '-';
    memcpy(out, digits + at, sizeof digits - at);
}
