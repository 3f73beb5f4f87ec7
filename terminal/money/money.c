/* Whole-number arithmetic for money. Every product is taken in 128 bits and rounded once, by
 * `divide_rounded` (half away from zero, which is what shops and tax offices call commercial
 * rounding); every result is checked on its way back to 64 bits.
 *
 * Signs are split off first and put back last: that alone makes each function odd, so that a
 * return is to the last unit the opposite of its sale.
 */
#include "terminal/money/money.h"

#include "terminal/base/buf.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAX_RATE_PPM 10000000

__extension__ typedef unsigned __int128 wide;

static wide magnitude(int64_t value)
{
    return value < 0 ? (wide)0 - (wide)value : (wide)value;
}

/* -magnitude or magnitude as int64. */
static enum status narrow(bool negative, wide value, int64_t *out)
{
    wide limit = negative ? (wide)INT64_MAX + 1 : (wide)INT64_MAX;
    if (value > limit)
        return STATUS_RANGE;
    *out = negative ? (int64_t)(0 - (uint64_t)value) : (int64_t)value;
    return STATUS_OK;
}

/* Half away from zero, on magnitudes. numerator <= 2^126 and divisor < 2^127: no overflow. */
static wide divide_rounded(wide numerator, wide divisor)
{
    return (2 * numerator + divisor) / (2 * divisor);
}

enum status money_add(struct money a, struct money b, struct money *out)
{
    int64_t sum;
    if (__builtin_add_overflow(a.minor, b.minor, &sum))
        return STATUS_RANGE;
    out->minor = sum;
    return STATUS_OK;
}

enum status money_subtract(struct money a, struct money b, struct money *out)
{
    int64_t difference;
    if (__builtin_sub_overflow(a.minor, b.minor, &difference))
        return STATUS_RANGE;
    out->minor = difference;
    return STATUS_OK;
}

enum status quantity_add(struct quantity a, struct quantity b, struct quantity *out)
{
    int64_t sum;
    if (__builtin_add_overflow(a.milli, b.milli, &sum))
        return STATUS_RANGE;
    out->milli = sum;
    return STATUS_OK;
}

struct money money_negate(struct money a)
{
    INVARIANT(a.minor != INT64_MIN);
    return (struct money){-a.minor};
}

int money_compare(struct money a, struct money b)
{
    return (a.minor > b.minor) - (a.minor < b.minor);
}

enum status multiply_divide(int64_t a, int64_t b, int64_t c, int64_t *out)
{
    INVARIANT(c > 0);
    wide result = divide_rounded(magnitude(a) * magnitude(b), (wide)c);
    return narrow((a < 0) != (b < 0), result, out);
}

enum status price_extend(struct price price, struct quantity quantity, struct money *out)
{
    if (price.per_milli <= 0)
        return STATUS_INVALID;
    wide product = magnitude(price.scaled) * magnitude(quantity.milli);
    wide result = divide_rounded(product, (wide)price.per_milli * PRICE_SCALE);
    return narrow((price.scaled < 0) != (quantity.milli < 0), result, &out->minor);
}

static bool rate_allowed(int32_t rate_ppm)
{
    return rate_ppm >= 0 && rate_ppm <= MAX_RATE_PPM;
}

enum status tax_inside(struct money gross, int32_t rate_ppm, struct money *tax)
{
    if (!rate_allowed(rate_ppm))
        return STATUS_INVALID;
    return multiply_divide(gross.minor, rate_ppm, (int64_t)RATE_ONE + rate_ppm, &tax->minor);
}

enum status tax_on_top(struct money net, int32_t rate_ppm, struct money *tax)
{
    if (!rate_allowed(rate_ppm))
        return STATUS_INVALID;
    return multiply_divide(net.minor, rate_ppm, RATE_ONE, &tax->minor);
}

enum status cash_round(struct money amount, int64_t step, struct money *rounded,
                       struct money *difference)
{
    if (step <= 0)
        return STATUS_INVALID;
    wide multiple = divide_rounded(magnitude(amount.minor), magnitude(step)) * magnitude(step);
    struct money result;
    enum status status = narrow(amount.minor < 0, multiple, &result.minor);
    if (status != STATUS_OK)
        return status;
    status = money_subtract(result, amount, difference);
    if (status == STATUS_OK)
        *rounded = result;
    return status;
}

struct remainder {
    wide rest;
    size_t index;
};

/* Larger remainders first, earlier indexes first among equals. */
static int compare_remainders(const void *left, const void *right)
{
    const struct remainder *a = left;
    const struct remainder *b = right;
    if (a->rest != b->rest)
        return a->rest < b->rest ? 1 : -1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Puts the rounded-down parts (as magnitudes with the sign of total) and gives each missing unit
 * to a larger remainder. A weight of zero has no remainder and never gets one. */
static enum status allocate(struct money total, const int64_t *weights, size_t count, wide sum,
                            struct remainder *remainders, struct money *parts)
{
    bool negative = total.minor < 0;
    wide left = magnitude(total.minor);
    for (size_t i = 0; i < count; i++) {
        wide product = magnitude(total.minor) * magnitude(weights[i]);
        remainders[i] = (struct remainder){product % sum, i};
        enum status status = narrow(negative, product / sum, &parts[i].minor);
        if (status != STATUS_OK)
            return status;
        left -= product / sum;
    }
    INVARIANT(left < count);
    qsort(remainders, count, sizeof *remainders, compare_remainders);
    for (size_t i = 0; i < (size_t)left; i++)
        parts[remainders[i].index].minor += negative ? -1 : 1;
    return STATUS_OK;
}

enum status money_allocate(struct money total, const int64_t *weights, size_t count,
                           struct money *parts)
{
    INVARIANT(count > 0);
    wide sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (weights[i] < 0)
            return STATUS_INVALID;
        sum += magnitude(weights[i]);
    }
    if (sum == 0) {
        for (size_t i = 0; i < count; i++)
            parts[i] = (struct money){0};
        parts[0] = total;
        return STATUS_OK;
    }
    struct remainder *remainders = mem_alloc(count * sizeof *remainders);
    enum status status = allocate(total, weights, count, sum, remainders, parts);
    free(remainders);
    return status;
}

/* ISO 4217, list one: the codes whose minor unit is not a hundredth. */
static const struct currency uncommon[] = {
    {"BIF", 0}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0}, {"ISK", 0}, {"JPY", 0}, {"KMF", 0},
    {"KRW", 0}, {"PYG", 0}, {"RWF", 0}, {"UGX", 0}, {"UYI", 0}, {"VND", 0}, {"VUV", 0},
    {"XAF", 0}, {"XOF", 0}, {"XPF", 0}, {"BHD", 3}, {"IQD", 3}, {"JOD", 3}, {"KWD", 3},
    {"LYD", 3}, {"OMR", 3}, {"TND", 3}, {"CLF", 4}, {"UYW", 4},
};

enum status currency_find(const char *code, struct currency *out)
{
    for (size_t i = 0; i < 3; i++) {
        if (code[i] < 'A' || code[i] > 'Z')
            return STATUS_INVALID;
    }
    if (code[3] != '\0')
        return STATUS_INVALID;
    *out = (struct currency){.exponent = 2};
    memcpy(out->code, code, 4);
    for (size_t i = 0; i < sizeof uncommon / sizeof uncommon[0]; i++) {
        if (strcmp(uncommon[i].code, code) == 0)
            out->exponent = uncommon[i].exponent;
    }
    return STATUS_OK;
}

enum status money_read(const char *text, const struct currency *currency, struct money *out)
{
    return decimal_read(text, currency->exponent, &out->minor);
}

void money_write(struct money amount, const struct currency *currency, char out[MONEY_TEXT_SIZE])
{
    INVARIANT(currency->exponent >= 0 && currency->exponent <= 8);
    char digits[MONEY_TEXT_SIZE];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    uint64_t rest = amount.minor < 0 ? 0 - (uint64_t)amount.minor : (uint64_t)amount.minor;
    for (int i = 0; i < currency->exponent; i++, rest /= 10)
        digits[--at] = (char)('0' + rest % 10);
    if (currency->exponent > 0)
        digits[--at] = '.';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (amount.minor < 0)
        digits[--at] = '-';
    memcpy(out, digits + at, sizeof digits - at);
}
