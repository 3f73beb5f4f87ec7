/* Application identifiers: their table, and the two syntaxes in which they arrive.
 *
 * An element string is AI value AI value ...; a value of an AI whose length is not predefined ends
 * at FNC1 (GS) or at the end:
 *
 *   01 09506000134352  10 ABC-1 <GS>  17 261130
 *   └── predefined ──┘ └─ variable ─┘ └ predefined ┘
 */
#include "terminal/catalogue/gs1.h"

#include "terminal/catalogue/gtin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the characters of a value may be (General Specifications, section 7.11). */
enum charset { CSET_DIGITS, CSET_82, CSET_39, CSET_BASE64 };

enum extra { EXTRA_NONE, EXTRA_CHECK_DIGIT, EXTRA_DATE };

/* `head` digits, then `tail_min` to `tail_max` characters of `tail`. */
struct rule {
    int first, last; /* AIs */
    int digits;      /* of the AI */
    bool predefined; /* length known to every scanner: no FNC1 after it */
    int head;
    int tail_min, tail_max;
    enum charset tail;
    enum extra extra;
};

/* The AIs of the General Specifications, release 26, section 3.2. */
static const struct rule rules[] = {
    {0, 0, 2, true, 18, 0, 0, CSET_DIGITS, EXTRA_CHECK_DIGIT},
    {1, 3, 2, true, 14, 0, 0, CSET_DIGITS, EXTRA_CHECK_DIGIT},
    {10, 10, 2, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {11, 13, 2, true, 6, 0, 0, CSET_DIGITS, EXTRA_DATE},
    {15, 17, 2, true, 6, 0, 0, CSET_DIGITS, EXTRA_DATE},
    {20, 20, 2, true, 2, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {21, 22, 2, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {235, 235, 3, false, 0, 1, 28, CSET_82, EXTRA_NONE},
    {240, 241, 3, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {242, 242, 3, false, 0, 1, 6, CSET_DIGITS, EXTRA_NONE},
    {243, 243, 3, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {250, 251, 3, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {253, 253, 3, false, 13, 0, 17, CSET_82, EXTRA_CHECK_DIGIT},
    {254, 254, 3, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {255, 255, 3, false, 13, 0, 12, CSET_DIGITS, EXTRA_CHECK_DIGIT},
    {30, 30, 2, false, 0, 1, 8, CSET_DIGITS, EXTRA_NONE},
    {3100, 3169, 4, true, 6, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {3200, 3379, 4, true, 6, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {3400, 3579, 4, true, 6, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {3600, 3699, 4, true, 6, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {37, 37, 2, false, 0, 1, 8, CSET_DIGITS, EXTRA_NONE},
    {3900, 3909, 4, false, 0, 1, 15, CSET_DIGITS, EXTRA_NONE},
    {3910, 3919, 4, false, 3, 1, 15, CSET_DIGITS, EXTRA_NONE},
    {3920, 3929, 4, false, 0, 1, 15, CSET_DIGITS, EXTRA_NONE},
    {3930, 3939, 4, false, 3, 1, 15, CSET_DIGITS, EXTRA_NONE},
    {3940, 3943, 4, false, 4, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {3950, 3955, 4, false, 6, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {400, 401, 3, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {402, 402, 3, false, 17, 0, 0, CSET_DIGITS, EXTRA_CHECK_DIGIT},
    {403, 403, 3, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {410, 417, 3, true, 13, 0, 0, CSET_DIGITS, EXTRA_CHECK_DIGIT},
    {420, 420, 3, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {421, 421, 3, false, 3, 1, 9, CSET_82, EXTRA_NONE},
    {422, 422, 3, false, 3, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {423, 423, 3, false, 3, 0, 12, CSET_DIGITS, EXTRA_NONE},
    {424, 424, 3, false, 3, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {425, 425, 3, false, 3, 0, 12, CSET_DIGITS, EXTRA_NONE},
    {426, 426, 3, false, 3, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {427, 427, 3, false, 0, 1, 3, CSET_82, EXTRA_NONE},
    {4300, 4301, 4, false, 0, 1, 35, CSET_82, EXTRA_NONE},
    {4302, 4306, 4, false, 0, 1, 70, CSET_82, EXTRA_NONE},
    {4307, 4307, 4, false, 0, 2, 2, CSET_82, EXTRA_NONE},
    {4308, 4308, 4, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {4309, 4309, 4, false, 20, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {4310, 4311, 4, false, 0, 1, 35, CSET_82, EXTRA_NONE},
    {4312, 4316, 4, false, 0, 1, 70, CSET_82, EXTRA_NONE},
    {4317, 4317, 4, false, 0, 2, 2, CSET_82, EXTRA_NONE},
    {4318, 4318, 4, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {4319, 4319, 4, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {4320, 4320, 4, false, 0, 1, 35, CSET_82, EXTRA_NONE},
    {4321, 4323, 4, false, 1, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {4324, 4325, 4, false, 10, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {4326, 4326, 4, false, 6, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {4330, 4333, 4, false, 6, 0, 1, CSET_82, EXTRA_NONE},
    {7001, 7001, 4, false, 13, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {7002, 7002, 4, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {7003, 7003, 4, false, 10, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {7004, 7004, 4, false, 0, 1, 4, CSET_DIGITS, EXTRA_NONE},
    {7005, 7005, 4, false, 0, 1, 12, CSET_82, EXTRA_NONE},
    {7006, 7006, 4, false, 6, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {7007, 7007, 4, false, 6, 0, 6, CSET_DIGITS, EXTRA_NONE},
    {7008, 7008, 4, false, 0, 1, 3, CSET_82, EXTRA_NONE},
    {7009, 7009, 4, false, 0, 1, 10, CSET_82, EXTRA_NONE},
    {7010, 7010, 4, false, 0, 1, 2, CSET_82, EXTRA_NONE},
    {7011, 7011, 4, false, 6, 0, 4, CSET_DIGITS, EXTRA_NONE},
    {7020, 7022, 4, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {7023, 7023, 4, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {7030, 7039, 4, false, 3, 1, 27, CSET_82, EXTRA_NONE},
    {7040, 7040, 4, false, 1, 3, 3, CSET_82, EXTRA_NONE},
    {7041, 7041, 4, false, 0, 1, 4, CSET_82, EXTRA_NONE},
    {710, 717, 3, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {7230, 7239, 4, false, 0, 3, 30, CSET_82, EXTRA_NONE},
    {7240, 7240, 4, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {7241, 7241, 4, false, 2, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {7242, 7242, 4, false, 0, 1, 25, CSET_82, EXTRA_NONE},
    {7250, 7250, 4, false, 8, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {7251, 7251, 4, false, 12, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {7252, 7252, 4, false, 1, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {7253, 7254, 4, false, 0, 1, 40, CSET_82, EXTRA_NONE},
    {7255, 7255, 4, false, 0, 1, 10, CSET_82, EXTRA_NONE},
    {7256, 7256, 4, false, 0, 1, 90, CSET_82, EXTRA_NONE},
    {7257, 7257, 4, false, 0, 1, 70, CSET_82, EXTRA_NONE},
    {7258, 7258, 4, false, 0, 3, 3, CSET_82, EXTRA_NONE},
    {7259, 7259, 4, false, 0, 1, 40, CSET_82, EXTRA_NONE},
    {8001, 8001, 4, false, 14, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {8002, 8002, 4, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {8003, 8003, 4, false, 14, 0, 16, CSET_82, EXTRA_CHECK_DIGIT},
    {8004, 8004, 4, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {8005, 8005, 4, false, 6, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {8006, 8006, 4, false, 18, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {8007, 8007, 4, false, 0, 1, 34, CSET_82, EXTRA_NONE},
    {8008, 8008, 4, false, 8, 0, 4, CSET_DIGITS, EXTRA_NONE},
    {8009, 8009, 4, false, 0, 1, 50, CSET_82, EXTRA_NONE},
    {8010, 8010, 4, false, 0, 1, 30, CSET_39, EXTRA_NONE},
    {8011, 8011, 4, false, 0, 1, 12, CSET_DIGITS, EXTRA_NONE},
    {8012, 8012, 4, false, 0, 1, 20, CSET_82, EXTRA_NONE},
    {8013, 8014, 4, false, 0, 1, 25, CSET_82, EXTRA_NONE},
    {8017, 8018, 4, false, 18, 0, 0, CSET_DIGITS, EXTRA_CHECK_DIGIT},
    {8019, 8019, 4, false, 0, 1, 10, CSET_DIGITS, EXTRA_NONE},
    {8020, 8020, 4, false, 0, 1, 25, CSET_82, EXTRA_NONE},
    {8026, 8026, 4, false, 18, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {8030, 8030, 4, false, 0, 1, 90, CSET_BASE64, EXTRA_NONE},
    {8040, 8041, 4, false, 15, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {8042, 8042, 4, false, 32, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {8043, 8043, 4, false, 18, 0, 2, CSET_DIGITS, EXTRA_NONE},
    {8110, 8110, 4, false, 0, 1, 70, CSET_82, EXTRA_NONE},
    {8111, 8111, 4, false, 4, 0, 0, CSET_DIGITS, EXTRA_NONE},
    {8112, 8112, 4, false, 0, 1, 70, CSET_82, EXTRA_NONE},
    {8200, 8200, 4, false, 0, 1, 70, CSET_82, EXTRA_NONE},
    {90, 90, 2, false, 0, 1, 30, CSET_82, EXTRA_NONE},
    {91, 99, 2, false, 0, 1, 90, CSET_82, EXTRA_NONE},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_digit(text[i]))
            return false;
    return true;
}

/* The number in the first `digits` characters, -1 when they are not all digits. */
static int number_of(const char *text, size_t length, int digits)
{
    if (length < (size_t)digits || !all_digits(text, (size_t)digits))
        return -1;
    int number = 0;
    for (int i = 0; i < digits; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

/* Of measures the third digit says what, the fourth how many decimals: at most five. */
static bool is_assigned(const struct rule *rule, int ai)
{
    return !(rule->first >= 3100 && rule->first < 3700) || ai % 10 <= 5;
}

/* No AI is the beginning of another, so the first rule that fits is the one. */
static const struct rule *find_rule(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        int ai = number_of(text, length, rules[i].digits);
        if (ai >= rules[i].first && ai <= rules[i].last && is_assigned(&rules[i], ai))
            return &rules[i];
    }
    return NULL;
}

static bool is_in_charset(char c, enum charset charset)
{
    bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
    if (c == '\0')
        return false;
    switch (charset) {
    case CSET_DIGITS:
        return is_digit(c);
    case CSET_82:
        return is_digit(c) || upper || lower || strchr("!\"%&'()*+,-./:;<=>?_", c) != NULL;
    case CSET_39:
        return is_digit(c) || upper || strchr("#-/", c) != NULL;
    case CSET_BASE64:
        return is_digit(c) || upper || lower || strchr("-_=", c) != NULL;
    }
    return false;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

enum status gs1_date(const char *value, int year_now, char out[11])
{
    if (strlen(value) != 6 || !all_digits(value, 6) || year_now < 1000 || year_now > 9900)
        return STATUS_INVALID;
    int two = number_of(value, 6, 2), month = number_of(value + 2, 4, 2);
    int day = number_of(value + 4, 2, 2);
    int century = year_now / 100 * 100;
    int ahead = two - year_now % 100;
    int year = century + two + (ahead >= 51 ? -100 : ahead <= -50 ? 100 : 0);
    if (month < 1 || month > 12 || day > days_of_month(year, month))
        return STATUS_INVALID;
    if (day == 0)
        day = days_of_month(year, month);
    char text[40];
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
    memcpy(out, text, 10);
    out[10] = '\0';
    return STATUS_OK;
}

static bool value_is_valid(const struct rule *rule, const char *value, size_t length)
{
    size_t head = (size_t)rule->head;
    if (length < head + (size_t)rule->tail_min || length > head + (size_t)rule->tail_max)
        return false;
    if (!all_digits(value, head))
        return false;
    for (size_t i = head; i < length; i++)
        if (!is_in_charset(value[i], rule->tail))
            return false;
    if (rule->extra == EXTRA_CHECK_DIGIT)
        return gtin_check_valid(value, head);
    if (rule->extra != EXTRA_DATE)
        return true;
    char date[7], ignored[11];
    memcpy(date, value, 6);
    date[6] = '\0';
    return gs1_date(date, 2000, ignored) == STATUS_OK; /* 2000: a leap year is given its day */
}

/* Adds a checked element. The same AI again must say the same. */
static bool add_element(struct gs1_message *out, const char *ai, int digits, const char *value,
                        size_t length)
{
    struct gs1_element *element = &out->elements[out->count];
    if (out->count == GS1_ELEMENTS_MAX || length >= GS1_VALUE_SIZE)
        return false;
    memcpy(element->ai, ai, (size_t)digits);
    element->ai[digits] = '\0';
    memcpy(element->value, value, length);
    element->value[length] = '\0';
    const char *before = gs1_find(out, element->ai);
    if (before != NULL)
        return strcmp(before, element->value) == 0;
    out->count++;
    return true;
}

enum status gs1_read_elements(const char *bytes, size_t length, struct gs1_message *out,
                              struct error *error)
{
    out->count = 0;
    size_t at = length > 0 && bytes[0] == GS1_SEPARATOR ? 1 : 0;
    if (at == length)
        return error_set(error, STATUS_INVALID, "an empty GS1 element string");
    while (at < length) {
        const char *ai = bytes + at;
        const struct rule *rule = find_rule(ai, length - at);
        if (rule == NULL)
            return error_set(error, STATUS_INVALID, "no known GS1 identifier at byte %zu", at);
        at += (size_t)rule->digits;
        const char *end = memchr(bytes + at, GS1_SEPARATOR, length - at);
        size_t size = end != NULL ? (size_t)(end - bytes) - at : length - at;
        if (rule->predefined && size > (size_t)rule->head)
            size = (size_t)rule->head;
        if (!value_is_valid(rule, bytes + at, size) ||
            !add_element(out, ai, rule->digits, bytes + at, size))
            return error_set(error, STATUS_INVALID, "GS1 identifier %.*s has a wrong value",
                             rule->digits, ai);
        at += size;
        if (at < length && bytes[at] == GS1_SEPARATOR)
            at++;
    }
    return STATUS_OK;
}

const char *gs1_find(const struct gs1_message *message, const char *ai)
{
    for (int i = 0; i < message->count; i++)
        if (strcmp(message->elements[i].ai, ai) == 0)
            return message->elements[i].value;
    return NULL;
}

const char *gs1_find_decimal(const struct gs1_message *message, const char *prefix, int *decimals)
{
    for (int i = 0; i < message->count; i++) {
        const struct gs1_element *element = &message->elements[i];
        if (strlen(element->ai) != 4 || strncmp(element->ai, prefix, 3) != 0)
            continue;
        *decimals = element->ai[3] - '0';
        return element->value;
    }
    return NULL;
}

/* --- Digital Link --- */

struct slice {
    const char *text;
    size_t length;
};

/* Cuts the part before the next of `marks` off the front of *rest; the mark goes with it. */
static struct slice cut(struct slice *rest, const char *marks)
{
    struct slice part = {rest->text, 0};
    while (part.length < rest->length && strchr(marks, rest->text[part.length]) == NULL)
        part.length++;
    size_t skip = part.length < rest->length ? part.length + 1 : part.length;
    rest->text += skip;
    rest->length -= skip;
    return part;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoding (RFC 3986, section 2.1). False when it is broken or too long for a value. */
static bool decode(struct slice in, char out[GS1_VALUE_SIZE], size_t *length)
{
    *length = 0;
    for (size_t i = 0; i < in.length; i++) {
        char c = in.text[i];
        if (c == '%') {
            int high = in.length - i < 3 ? -1 : hex_value(in.text[i + 1]);
            int low = high < 0 ? -1 : hex_value(in.text[i + 2]);
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (*length == GS1_VALUE_SIZE - 1)
            return false;
        out[(*length)++] = c;
    }
    return true;
}

static bool add_link_pair(struct gs1_message *out, struct slice key, struct slice in)
{
    char value[GS1_VALUE_SIZE];
    size_t length;
    const struct rule *rule = find_rule(key.text, key.length);
    return rule != NULL && decode(in, value, &length) && value_is_valid(rule, value, length) &&
           add_element(out, key.text, rule->digits, value, length);
}

static bool is_ai(struct slice key)
{
    const struct rule *rule = find_rule(key.text, key.length);
    return rule != NULL && (size_t)rule->digits == key.length;
}

/* Shorter GTINs were allowed by earlier releases; they are padded. */
static bool add_link_gtin(struct gs1_message *out, struct slice value)
{
    char gtin[GTIN_SIZE];
    return gtin_canonical(value.text, value.length, gtin) == STATUS_OK &&
           add_element(out, "01", 2, gtin, GTIN_DIGITS);
}

/* Moves *path behind "/01/" and gives the segment after it. */
static bool find_primary_key(struct slice *path, struct slice *gtin)
{
    while (path->length > 0) {
        struct slice segment = cut(path, "/");
        if (segment.length != 2 || memcmp(segment.text, "01", 2) != 0)
            continue;
        struct slice rest = *path;
        *gtin = cut(&rest, "/");
        if (gtin->length < 8 || gtin->length > GTIN_DIGITS || !all_digits(gtin->text, gtin->length))
            continue;
        *path = rest;
        return true;
    }
    return false;
}

static bool after_scheme(const char *bytes, size_t length, struct slice *rest)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t size = strlen(schemes[i]);
        if (length <= size || strncasecmp(bytes, schemes[i], size) != 0)
            continue;
        *rest = (struct slice){bytes + size, length - size};
        return true;
    }
    return false;
}

/* Only the qualifiers of a GTIN may follow it in the path, each with a value. */
static bool read_qualifiers(struct gs1_message *out, struct slice path)
{
    while (path.length > 0) {
        struct slice key = cut(&path, "/");
        struct slice value = cut(&path, "/");
        bool qualifier =
            (key.length == 2 && (memcmp(key.text, "22", 2) == 0 || memcmp(key.text, "10", 2) == 0 ||
                                 memcmp(key.text, "21", 2) == 0)) ||
            (key.length == 3 && memcmp(key.text, "235", 3) == 0);
        if (!qualifier || !add_link_pair(out, key, value))
            return false;
    }
    return true;
}

static bool read_attributes(struct gs1_message *out, struct slice query)
{
    while (query.length > 0) {
        struct slice pair = cut(&query, "&;");
        struct slice key = cut(&pair, "=");
        if (is_ai(key) && !add_link_pair(out, key, pair))
            return false;
    }
    return true;
}

enum status gs1_read_link(const char *bytes, size_t length, struct gs1_message *out,
                          struct error *error)
{
    out->count = 0;
    struct slice rest, gtin;
    if (!after_scheme(bytes, length, &rest))
        return error_set(error, STATUS_NOT_FOUND, "not a web address");
    struct slice before_fragment = cut(&rest, "#");
    struct slice path = cut(&before_fragment, "?");
    struct slice query = before_fragment;
    struct slice host = cut(&path, "/");
    if (host.length == 0 || !find_primary_key(&path, &gtin))
        return error_set(error, STATUS_NOT_FOUND, "not a GS1 Digital Link of a trade item");
    if (!add_link_gtin(out, gtin))
        return error_set(error, STATUS_INVALID, "the GTIN of a Digital Link is wrong");
    if (!read_qualifiers(out, path) || !read_attributes(out, query))
        return error_set(error, STATUS_INVALID, "a value of a Digital Link is wrong");
    return STATUS_OK;
}
