/* GTIN arithmetic on texts of digits. */
#include "terminal/catalogue/gtin.h"

#include <string.h>

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return length > 0;
}

char gtin_check_digit(const char *digits, size_t length)
{
    INVARIANT(all_digits(digits, length));
    unsigned sum = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned weight = (length - i) % 2 == 1 ? 3 : 1;
        sum += weight * (unsigned)(digits[i] - '0');
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

bool gtin_check_valid(const char *digits, size_t length)
{
    return length >= 2 && all_digits(digits, length) &&
           gtin_check_digit(digits, length - 1) == digits[length - 1];
}

enum status gtin_canonical(const char *digits, size_t length, char out[GTIN_SIZE])
{
    if (length != 8 && (length < 12 || length > GTIN_DIGITS))
        return STATUS_INVALID;
    if (!gtin_check_valid(digits, length))
        return STATUS_INVALID;
    memset(out, '0', GTIN_DIGITS - length);
    memcpy(out + GTIN_DIGITS - length, digits, length);
    out[GTIN_DIGITS] = '\0';
    return STATUS_OK;
}

/* The last of the six digits says where the zeros were left out (General Specifications, table of
 * the UPC-E encoding):
 *
 *   d1 d2 d3 d4 d5 d6    UPC-A without number system and check digit
 *   a  b  c  d  e  0..2  a b d6 0 0  0 0 c d e
 *   a  b  c  d  e  3     a b c 0 0   0 0 0 d e
 *   a  b  c  d  e  4     a b c d 0   0 0 0 0 e
 *   a  b  c  d  e  5..9  a b c d e   0 0 0 0 d6
 */
static void expand_upce(const char six[6], char ten[10])
{
    char last = six[5];
    memset(ten, '0', 10);
    memcpy(ten, six, 2);
    if (last <= '2') {
        ten[2] = last;
        memcpy(ten + 7, six + 2, 3);
    } else if (last == '3') {
        ten[2] = six[2];
        memcpy(ten + 8, six + 3, 2);
    } else if (last == '4') {
        memcpy(ten + 2, six + 2, 2);
        ten[9] = six[4];
    } else {
        memcpy(ten + 2, six + 2, 3);
        ten[9] = last;
    }
}

enum status gtin_from_upce(const char *digits, size_t length, char out[GTIN_SIZE])
{
    if (length < 6 || length > 8 || !all_digits(digits, length))
        return STATUS_INVALID;
    char upca[12];
    upca[0] = length == 6 ? '0' : digits[0];
    if (upca[0] > '1')
        return STATUS_INVALID;
    expand_upce(length == 6 ? digits : digits + 1, upca + 1);
    upca[11] = gtin_check_digit(upca, 11);
    if (length == 8 && digits[7] != upca[11])
        return STATUS_INVALID;
    return gtin_canonical(upca, sizeof upca, out);
}

size_t gtin_printed(const char gtin[GTIN_SIZE])
{
    if (gtin[0] != '0')
        return 0;
    if (strncmp(gtin, "000000", 6) == 0)
        return 6;
    return gtin[1] == '0' ? 2 : 1;
}

bool gtin_restricted(const char gtin[GTIN_SIZE])
{
    if (strncmp(gtin, "000000", 6) == 0)
        return gtin[6] == '0' || gtin[6] == '2';
    if (gtin[0] != '0')
        return false;
    return gtin[1] == '2' || (gtin[1] == '0' && (gtin[2] == '2' || gtin[2] == '4'));
}
