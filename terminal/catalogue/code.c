/* From scanned bytes to what to look for. Masks of in-store codes are in code_masks.c. */
#include "terminal/catalogue/code.h"

#include "terminal/catalogue/code_masks.h"
#include "terminal/catalogue/gs1.h"
#include "terminal/money/money.h"

#include <stdlib.h>
#include <string.h>

/* --- The text --- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Line ends and spaces around the data are the scanner's. GS is data. */
static void trim(const char **bytes, size_t *length)
{
    while (*length > 0 && is_space((*bytes)[0])) {
        (*bytes)++;
        (*length)--;
    }
    while (*length > 0 && is_space((*bytes)[*length - 1]))
        (*length)--;
}

static bool is_allowed(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != GS1_SEPARATOR && (bytes[i] < 0x20 || bytes[i] > 0x7E))
            return false;
    return true;
}

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return length > 0;
}

/* The symbology identifiers of ISO/IEC 15424 that change what the data means. */
static enum symbology symbology_of(const char id[3])
{
    static const char *const gs1[] = {"]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1"};
    for (size_t i = 0; i < sizeof gs1 / sizeof gs1[0]; i++)
        if (memcmp(id, gs1[i], 3) == 0)
            return SYMBOLOGY_GS1;
    if (memcmp(id, "]E4", 3) == 0)
        return SYMBOLOGY_EAN8;
    if (memcmp(id, "]E0", 3) == 0 || memcmp(id, "]E3", 3) == 0)
        return SYMBOLOGY_EAN_UPC;
    return id[1] == 'I' ? SYMBOLOGY_ITF : SYMBOLOGY_OTHER;
}

/* Takes "]cm" off the front. ]E3 is EAN-13 with an add-on of two or five digits behind it (issue
 * numbers of magazines): the item is in the first 13. */
static void strip_identifier(const char **bytes, size_t *length, enum symbology *symbology)
{
    const char *id = *bytes;
    if (*length < 4 || id[0] != ']' ||
        !((id[1] >= 'A' && id[1] <= 'Z') || (id[1] >= 'a' && id[1] <= 'z')))
        return;
    *symbology = symbology_of(id);
    *bytes += 3;
    *length -= 3;
    if (memcmp(id, "]E3", 3) == 0 && (*length == 15 || *length == 18))
        *length = 13;
}

/* --- Candidates --- */

static void add_candidate(struct code *code, const char *text, size_t length)
{
    if (length == 0 || length > REFERENCE_CODE_MAX || code->candidate_count == CODE_CANDIDATES_MAX)
        return;
    for (int i = 0; i < code->candidate_count; i++)
        if (strlen(code->candidates[i]) == length && memcmp(code->candidates[i], text, length) == 0)
            return;
    char *out = code->candidates[code->candidate_count++];
    memcpy(out, text, length);
    out[length] = '\0';
}

/* The text, and without leading zeros: a PLU "4011" is printed "04011" on some labels. */
static void add_with_and_without_zeros(struct code *code, const char *text, size_t length)
{
    add_candidate(code, text, length);
    size_t zeros = 0;
    while (zeros + 1 < length && text[zeros] == '0')
        zeros++;
    if (zeros > 0 && all_digits(text, length))
        add_candidate(code, text + zeros, length - zeros);
}

static void take_text(struct code *code)
{
    code->kind = CODE_TEXT;
    size_t length = strlen(code->text);
    if (length < GTIN_DIGITS)
        add_with_and_without_zeros(code, code->text, length);
    else
        add_candidate(code, code->text, length);
}

/* --- GTINs --- */

static void take_gtin(struct code *code, const char gtin[GTIN_SIZE], const struct code_masks *masks)
{
    memcpy(code->gtin, gtin, GTIN_SIZE);
    add_candidate(code, gtin, GTIN_DIGITS);
    code->kind = CODE_GTIN;
    if (!gtin_restricted(gtin))
        return;
    code->kind = CODE_RESTRICTED;
    struct mask_reading reading;
    if (masks == NULL || !code_masks_apply(masks, gtin, &reading))
        return;
    add_candidate(code, reading.zeroed, GTIN_DIGITS);
    add_with_and_without_zeros(code, reading.reference, strlen(reading.reference));
    code->has_price = reading.has_price;
    code->price_minor = reading.has_price ? reading.value : 0;
    code->price_exponent = reading.has_price ? reading.decimals : 0;
    code->has_quantity = reading.has_quantity;
    code->quantity_milli = reading.has_quantity ? reading.value : 0;
    memcpy(code->quantity_unit, reading.unit, sizeof reading.unit);
}

/* True when the digits are a GTIN, in full or as a UPC-E. Eight digits can be both; then the GTIN-8
 * is asked for first, unless the reader says that the symbol was a UPC-E. */
static bool try_digits(struct code *code, const struct code_masks *masks)
{
    size_t length = strlen(code->text);
    char gtin[GTIN_SIZE], expanded[GTIN_SIZE];
    bool full =
        code->symbology != SYMBOLOGY_UPCE && gtin_canonical(code->text, length, gtin) == STATUS_OK;
    bool may_be_short = code->symbology == SYMBOLOGY_UPCE ||
                        (length == 8 && (code->symbology == SYMBOLOGY_UNKNOWN ||
                                         code->symbology == SYMBOLOGY_EAN_UPC));
    bool is_short = may_be_short && gtin_from_upce(code->text, length, expanded) == STATUS_OK;
    if (full)
        take_gtin(code, gtin, masks);
    if (full && is_short)
        add_candidate(code, expanded, GTIN_DIGITS);
    else if (is_short)
        take_gtin(code, expanded, masks);
    return full || is_short;
}

/* --- GS1 --- */

/* Digits with `decimals` of them behind the point, as thousandths; half away from zero. */
static int64_t to_milli(const char *digits, int decimals)
{
    int64_t value = strtoll(digits, NULL, 10); /* at most eight digits */
    for (; decimals < 3; decimals++)
        value *= 10;
    int64_t divisor = 1;
    for (; decimals > 3; decimals--)
        divisor *= 10;
    return (value + divisor / 2) / divisor;
}

static void take_measure(struct code *code, const struct gs1_message *message)
{
    static const struct {
        const char prefix[4];
        const char unit[4];
    } measures[] = {{"310", "kg"}, {"320", "lb"}, {"311", "m"}, {"315", "l"}};
    int decimals = 0;
    for (size_t i = 0; i < sizeof measures / sizeof measures[0] && !code->has_quantity; i++) {
        const char *value = gs1_find_decimal(message, measures[i].prefix, &decimals);
        if (value == NULL)
            continue;
        code->has_quantity = true;
        code->quantity_milli = to_milli(value, decimals);
        memcpy(code->quantity_unit, measures[i].unit, sizeof measures[i].unit);
    }
    const char *count = gs1_find(message, "30");
    if (count == NULL && code->is_content)
        count = gs1_find(message, "37");
    if (count == NULL || code->has_quantity)
        return;
    code->has_quantity = true;
    code->quantity_milli = to_milli(count, 0);
}

static void take_amount(struct code *code, const struct gs1_message *message)
{
    int decimals = 0;
    const char *plain = gs1_find_decimal(message, "392", &decimals);
    const char *value = plain != NULL ? plain : gs1_find_decimal(message, "393", &decimals);
    if (value == NULL)
        return;
    if (plain == NULL) {
        memcpy(code->price_currency, value, 3);
        value += 3;
    }
    code->has_price = true;
    code->price_minor = strtoll(value, NULL, 10); /* at most fifteen digits */
    code->price_exponent = decimals;
}

static void take_element(const struct gs1_message *message, const char *ai, char *out, size_t size)
{
    const char *value = gs1_find(message, ai);
    if (value != NULL && strlen(value) < size)
        memcpy(out, value, strlen(value) + 1);
}

static void take_date(const struct gs1_message *message, const char *ai, int year_now, char out[11])
{
    const char *value = gs1_find(message, ai);
    if (value != NULL && gs1_date(value, year_now, out) != STATUS_OK)
        out[0] = '\0';
}

static void take_message(struct code *code, const struct gs1_message *message, int year_now)
{
    code->kind = CODE_GS1;
    const char *gtin = gs1_find(message, "01");
    if (gtin == NULL) {
        gtin = gs1_find(message, "02");
        code->is_content = gtin != NULL;
    }
    if (gtin != NULL) {
        memcpy(code->gtin, gtin, GTIN_SIZE);
        add_candidate(code, gtin, GTIN_DIGITS);
    } else {
        add_candidate(code, code->text, strlen(code->text));
    }
    take_measure(code, message);
    take_amount(code, message);
    take_element(message, "10", code->lot, sizeof code->lot);
    take_element(message, "21", code->serial, sizeof code->serial);
    take_date(message, gs1_find(message, "17") != NULL ? "17" : "16", year_now, code->expires);
    take_date(message, "15", year_now, code->best_before);
}

/* Whether unmarked text may be tried as an element string: a scanner that sends no identifiers
 * still sends GS, or the text begins with a whole GTIN. */
static bool may_be_elements(const char *text, size_t length)
{
    return length > 16 && text[0] == '0' && text[1] == '1' && gtin_check_valid(text + 2, 14);
}

static enum status take_elements(struct code *code, int year_now, struct error *error)
{
    struct gs1_message message;
    enum status status = gs1_read_elements(code->text, strlen(code->text), &message, error);
    if (status == STATUS_OK)
        take_message(code, &message, year_now);
    return status;
}

static bool try_link(struct code *code, int year_now)
{
    struct gs1_message message;
    if (gs1_read_link(code->text, strlen(code->text), &message, NULL) != STATUS_OK)
        return false;
    take_message(code, &message, year_now);
    return true;
}

enum status code_parse(const char *bytes, size_t length, enum symbology hint,
                       const struct code_masks *masks, int year_now, struct code *out,
                       struct error *error)
{
    memset(out, 0, sizeof *out);
    out->symbology = hint;
    if (length > CODE_BYTES_MAX)
        return error_set(error, STATUS_RANGE, "a code of %zu bytes is too long", length);
    trim(&bytes, &length);
    if (!is_allowed(bytes, length))
        return error_set(error, STATUS_INVALID, "a code holds characters that no item code has");
    strip_identifier(&bytes, &length, &out->symbology);
    if (length == 0)
        return error_set(error, STATUS_INVALID, "an empty code");
    memcpy(out->text, bytes, length);
    bool marked = out->symbology == SYMBOLOGY_GS1 || memchr(bytes, GS1_SEPARATOR, length) != NULL;
    if (marked)
        return take_elements(out, year_now, error);
    if (all_digits(out->text, length) && try_digits(out, masks))
        return STATUS_OK;
    if (try_link(out, year_now))
        return STATUS_OK;
    if (may_be_elements(out->text, length)) {
        add_candidate(out, out->text, length);
        if (take_elements(out, year_now, NULL) == STATUS_OK)
            return STATUS_OK;
    }
    take_text(out);
    return STATUS_OK;
}

enum status code_canonical(const char *given, char out[REFERENCE_CODE_MAX + 1], const char **kind,
                           struct error *error)
{
    size_t length = strlen(given);
    trim(&given, &length);
    if (length == 0 || length > REFERENCE_CODE_MAX)
        return error_set(error, STATUS_RANGE, "a code must have 1 to %d characters",
                         REFERENCE_CODE_MAX);
    if (!is_allowed(given, length) || memchr(given, GS1_SEPARATOR, length) != NULL)
        return error_set(error, STATUS_INVALID, "a code holds characters that no scanner sends");
    if (gtin_canonical(given, length, out) == STATUS_OK) {
        *kind = "gtin";
        return STATUS_OK;
    }
    memcpy(out, given, length);
    out[length] = '\0';
    *kind = "own";
    return STATUS_OK;
}
