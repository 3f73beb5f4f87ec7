/* Groups of digits, and windows over them that begin and end at groups.
 *
 *   "card 4111 1111-1111.1111 12/29"   groups 4111 1111 1111 1111 12 29
 *         └─────── 16 ──────┘          first window that is a number
 */
#include "terminal/base/card.h"

#include "terminal/base/text.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LONGEST    19
#define GAP_MOST   3 /* separators between two groups */
#define DEPTH_MOST 64

/* What the networks begin with, and how long their numbers are. */
static const struct {
    int digits; /* of the prefix */
    int low, high;
    int shortest, longest;
} networks[] = {
    {1, 4, 4, 13, 19},       /* Visa */
    {2, 51, 55, 16, 16},     /* Mastercard */
    {4, 2221, 2720, 16, 16}, /* Mastercard */
    {2, 34, 34, 15, 15},     /* American Express */
    {2, 37, 37, 15, 15},     /* American Express */
    {3, 300, 305, 14, 19},   /* Diners */
    {2, 36, 36, 14, 19},     /* Diners */
    {2, 38, 39, 14, 19},     /* Diners */
    {4, 3528, 3589, 16, 19}, /* JCB */
    {2, 50, 50, 13, 19},     /* Maestro */
    {2, 56, 69, 13, 19},     /* Maestro, Discover, UnionPay, RuPay */
    {4, 2200, 2204, 16, 19}, /* Mir */
};

static bool network_gives(const char *digits, int count)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        int prefix = 0;
        for (int j = 0; j < networks[i].digits; j++)
            prefix = prefix * 10 + digits[j];
        if (prefix >= networks[i].low && prefix <= networks[i].high &&
            count >= networks[i].shortest && count <= networks[i].longest)
            return true;
    }
    return false;
}

/* ISO/IEC 7812-1 annex B: every second digit from the right counts twice. */
static bool luhn(const char *digits, int count)
{
    int sum = 0;

    for (int i = 0; i < count; i++) {
        int digit = (unsigned char)digits[count - 1 - i];
        if (i % 2 == 1)
            digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
    }
    return sum % 10 == 0;
}

/* The value of a decimal digit of any script that has shops, or -1. */
static int digit_of(uint32_t character)
{
    static const uint32_t zeros[] = {'0',    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66,
                                     0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50,
                                     0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10};

    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++) {
        if (character >= zeros[i] && character <= zeros[i] + 9)
            return (int)(character - zeros[i]);
    }
    return -1;
}

static bool separates(uint32_t character)
{
    return character == ' ' || character == '-' || character == '.' || character == '/' ||
           character == '_' || character == '\t' || character == 0xA0 || character == 0xAD ||
           (character >= 0x2000 && character <= 0x2015) || character == 0x202F ||
           character == 0x2212 || character == 0x3000 || character == 0xFF0D;
}

/* The digits before here, the last LONGEST of them, and at which of them groups begin. */
struct window {
    char digits[LONGEST + 1];
    bool starts[LONGEST + 1];
    int count;
};

static void add_digit(struct window *window, int digit, bool starts)
{
    if (window->count == LONGEST) {
        memmove(window->digits, window->digits + 1, LONGEST - 1);
        memmove(window->starts, window->starts + 1, (LONGEST - 1) * sizeof window->starts[0]);
        window->count--;
    }
    window->digits[window->count] = (char)digit;
    window->starts[window->count++] = starts;
}

/* At the end of a group: whether some groups up to here make a number. */
static bool ends_number(const struct window *window)
{
    for (int start = 0; start + CARD_NUMBER_SHORTEST <= window->count; start++) {
        int count = window->count - start;
        if (window->starts[start] && network_gives(window->digits + start, count) &&
            luhn(window->digits + start, count))
            return true;
    }
    return false;
}

/* Whether there are enough digits at all, or what may be some of another script. */
static bool enough_digits(const char *text)
{
    int count = 0;

    for (; *text != '\0' && count < CARD_NUMBER_SHORTEST; text++)
        count += (*text >= '0' && *text <= '9') || (unsigned char)*text >= 0xC0;
    return count == CARD_NUMBER_SHORTEST;
}

/* An id, a key, a hash or a signature of ours: 16, 32 or 64 bytes. */
static bool hex_of_machines(const char *text, size_t length)
{
    return (length == 32 || length == 64 || length == 128) &&
           strspn(text, "0123456789abcdefABCDEF") == length;
}

bool card_number_like(const char *text)
{
    size_t length, at = 0;
    struct window window = {.count = 0};
    int gap = GAP_MOST + 1; /* separators since the last digit; more: nothing goes on */

    if (!enough_digits(text))
        return false;
    length = strlen(text);
    if (hex_of_machines(text, length))
        return false;
    while (at < length) {
        uint32_t character = text_next(text, length, &at);
        int digit = digit_of(character);
        if (digit >= 0) {
            if (gap > GAP_MOST)
                window.count = 0;
            add_digit(&window, digit, gap > 0);
            gap = 0;
            continue;
        }
        if (gap == 0 && ends_number(&window))
            return true;
        gap = separates(character) ? gap + 1 : GAP_MOST + 1;
    }
    return gap == 0 && ends_number(&window);
}

bool card_number_exempt(const char *key)
{
    static const char *const keys[] = {"code",       "given",  "sku",   "variant_of", "component",
                                       "linked_sku", "item",   "badge", "lot",        "serial",
                                       "receipt",    "tax_id", "id",    "url"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i], key) == 0)
            return true;
    }
    return false;
}

static bool look_in(const json_t *value, int depth)
{
    const char *key;
    json_t *member;
    size_t index;

    if (json_is_string(value))
        return card_number_like(json_string_value(value));
    if (depth == DEPTH_MOST)
        return false;
    json_array_foreach(value, index, member)
    {
        if (look_in(member, depth + 1))
            return true;
    }
    json_object_foreach((json_t *)value, key, member)
    {
        if (card_number_like(key) || (!card_number_exempt(key) && look_in(member, depth + 1)))
            return true;
    }
    return false;
}

bool card_number_in(const json_t *value)
{
    return look_in(value, 0);
}

/* A shorter text holds no number: most are, and need not be looked at. */
static bool long_and_like(const char *text, uint32_t length)
{
    return length >= CARD_NUMBER_SHORTEST && card_number_like(text);
}

bool card_number_in_view(const struct json_item *value)
{
    if (json_view_is(value, JSON_ITEM_TEXT))
        return long_and_like(value->value.text, value->length);
    for (const struct json_item *item = json_view_first(value); item != NULL;
         item = json_view_next(value, item)) {
        bool worth =
            item->type == JSON_ITEM_TEXT ? item->length >= CARD_NUMBER_SHORTEST : item->span > 1;
        if (long_and_like(item->key, item->key_length) ||
            (worth && !card_number_exempt(item->key) && card_number_in_view(item)))
            return true;
    }
    return false;
}
