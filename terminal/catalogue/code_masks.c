/* Masks of in-store codes.
 *
 *   pattern  0 2 I I I I I V P P P P C
 *   digits   0 2 1 2 3 4 5 9 2 8 7 5 7
 *            └ ┴ literal   │ └─┴─┴─┘ 28.75
 *              reference 12345, verifier 9 of "2875"
 */
#include "terminal/catalogue/code_masks.h"

#include "terminal/base/file.h"
#include "terminal/base/json.h"

#include <stdlib.h>
#include <string.h>

#define MASKS_MAX      64
#define MASK_FILE_MAX  65536
#define PATTERN_LENGTH 13

struct mask {
    char pattern[PATTERN_LENGTH + 1];
    int decimals;
    char variable; /* 'P', 'W', 'N', or 0 */
};

struct code_masks {
    size_t count;
    struct mask masks[MASKS_MAX];
};

/* --- Verifiers --- */

enum weighting { TWO_MINUS, THREE, FIVE_PLUS, FIVE_MINUS };

/* digit x 2, minus its tens; x 3; x 5, plus its tens; x 5, minus its tens: the units of each. */
static int weighted(int digit, enum weighting weighting)
{
    int product;
    switch (weighting) {
    case TWO_MINUS:
        product = digit * 2;
        return (product - product / 10 + 10) % 10;
    case THREE:
        return digit * 3 % 10;
    case FIVE_PLUS:
        product = digit * 5;
        return (product + product / 10) % 10;
    case FIVE_MINUS:
        product = digit * 5;
        return (product - product / 10 + 10) % 10;
    }
    return 0;
}

char mask_price_verifier(const char *digits, size_t count)
{
    static const enum weighting four[] = {TWO_MINUS, TWO_MINUS, THREE, FIVE_MINUS};
    static const enum weighting five[] = {FIVE_PLUS, TWO_MINUS, FIVE_MINUS, FIVE_PLUS, TWO_MINUS};
    INVARIANT(count == 4 || count == 5);
    int sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weighted(digits[i] - '0', count == 4 ? four[i] : five[i]);
    if (count == 4)
        return (char)('0' + sum * 3 % 10);
    int wanted = (10 - sum % 10) % 10;
    int digit = 0;
    while (digit < 9 && weighted(digit, FIVE_MINUS) != wanted)
        digit++;
    return (char)('0' + digit);
}

/* --- Reading the file --- */

/* One run of each letter, so that its digits are one number. */
static bool is_one_run(const char *pattern, char letter)
{
    const char *first = strchr(pattern, letter);
    if (first == NULL)
        return true;
    size_t run = 0;
    while (first[run] == letter)
        run++;
    return strchr(first + run, letter) == NULL;
}

static size_t count_of(const char *pattern, char letter)
{
    size_t count = 0;
    for (; *pattern != '\0'; pattern++)
        count += *pattern == letter;
    return count;
}

static const char *fault_of(struct mask *mask)
{
    const char *pattern = mask->pattern;
    if (strlen(pattern) != PATTERN_LENGTH || strspn(pattern, "0123456789IPWNVXC") != PATTERN_LENGTH)
        return "the pattern must be 13 of 0-9 I P W N V X C";
    if (pattern[PATTERN_LENGTH - 1] != 'C' || count_of(pattern, 'C') != 1)
        return "C must be the last letter, and only there";
    if (pattern[0] != '0' && pattern[0] != '2')
        return "the pattern must begin with 0 or 2";
    size_t prices = count_of(pattern, 'P'), weights = count_of(pattern, 'W');
    size_t pieces = count_of(pattern, 'N'), verifiers = count_of(pattern, 'V');
    if ((prices > 0) + (weights > 0) + (pieces > 0) > 1)
        return "only one of P, W and N may be used";
    if (verifiers > 1 || (verifiers == 1 && prices != 4 && prices != 5))
        return "V verifies four or five P";
    if (!is_one_run(pattern, 'I') || !is_one_run(pattern, 'P') || !is_one_run(pattern, 'W') ||
        !is_one_run(pattern, 'N') || count_of(pattern, 'I') == 0)
        return "I, P, W and N must be one run each, I at least one";
    mask->variable = prices > 0 ? 'P' : weights > 0 ? 'W' : pieces > 0 ? 'N' : '\0';
    int most = mask->variable == 'P' ? 4 : mask->variable == 'W' ? 3 : 0;
    return mask->decimals <= most ? NULL : "too many decimals";
}

static enum status read_mask(const json_t *json, size_t index, struct mask *out,
                             struct error *error)
{
    const char *pattern;
    int64_t decimals = 0;
    enum status status = json_want_text(json, "pattern", PATTERN_LENGTH, &pattern, error);
    if (status == STATUS_OK && json_object_get(json, "decimals") != NULL)
        status = json_want_int(json, "decimals", 0, 9, &decimals, error);
    if (status != STATUS_OK)
        return status;
    memcpy(out->pattern, pattern, strlen(pattern) + 1);
    out->decimals = (int)decimals;
    const char *fault = fault_of(out);
    return fault == NULL ? STATUS_OK
                         : error_set(error, STATUS_INVALID, "mask %zu: %s", index + 1, fault);
}

enum status code_masks_read(const char *json, size_t length, struct code_masks **out,
                            struct error *error)
{
    json_t *root = NULL, *array = NULL;
    enum status status = json_read(json, length, &root, error);
    if (status != STATUS_OK)
        return status;
    struct code_masks *masks = mem_alloc(sizeof *masks);
    status = json_want_array(root, "masks", MASKS_MAX, &array, error);
    for (size_t i = 0; status == STATUS_OK && i < json_array_size(array); i++) {
        status = read_mask(json_array_get(array, i), i, &masks->masks[i], error);
        masks->count = i + 1;
    }
    json_decref(root);
    if (status == STATUS_OK)
        *out = masks;
    else
        code_masks_destroy(masks);
    return status;
}

enum status code_masks_load(const char *path, struct code_masks **out, struct error *error)
{
    struct buf text;
    buf_init(&text, MASK_FILE_MAX);
    enum status status = file_read(path, &text, error);
    if (status == STATUS_OK)
        status = code_masks_read(buf_text(&text), text.used, out, error);
    buf_finish(&text);
    return status;
}

void code_masks_destroy(struct code_masks *masks)
{
    free(masks);
}

/* --- Applying --- */

static bool fits(const struct mask *mask, const char *digits)
{
    char verifier = '\0';
    const char *prices = NULL;
    for (size_t i = 0; i < PATTERN_LENGTH; i++) {
        char letter = mask->pattern[i];
        if (letter >= '0' && letter <= '9' && letter != digits[i])
            return false;
        if (letter == 'V')
            verifier = digits[i];
        if (letter == 'P' && prices == NULL)
            prices = digits + i;
    }
    return verifier == '\0' ||
           verifier == mask_price_verifier(prices, count_of(mask->pattern, 'P'));
}

static void read_digits(const struct mask *mask, const char *digits, struct mask_reading *out)
{
    size_t reference = 0;
    out->zeroed[0] = '0';
    for (size_t i = 0; i < PATTERN_LENGTH - 1; i++) {
        char letter = mask->pattern[i];
        bool variable = letter == 'P' || letter == 'W' || letter == 'N' || letter == 'V';
        out->zeroed[i + 1] = variable ? '0' : digits[i];
        if (letter == 'I')
            out->reference[reference++] = digits[i];
        else if (letter == mask->variable)
            out->value = out->value * 10 + (digits[i] - '0');
    }
    out->zeroed[GTIN_DIGITS - 1] = gtin_check_digit(out->zeroed, GTIN_DIGITS - 1);
}

bool code_masks_apply(const struct code_masks *masks, const char gtin[GTIN_SIZE],
                      struct mask_reading *out)
{
    memset(out, 0, sizeof *out);
    const struct mask *mask = NULL;
    for (size_t i = 0; i < masks->count && mask == NULL; i++)
        if (gtin[0] == '0' && fits(&masks->masks[i], gtin + 1))
            mask = &masks->masks[i];
    if (mask == NULL)
        return false;
    read_digits(mask, gtin + 1, out);
    out->has_price = mask->variable == 'P';
    out->has_quantity = mask->variable == 'W' || mask->variable == 'N';
    out->decimals = mask->decimals;
    for (int i = mask->decimals; out->has_quantity && i < 3; i++)
        out->value *= 10;
    if (mask->variable == 'W')
        memcpy(out->unit, "kg", 3);
    return true;
}
