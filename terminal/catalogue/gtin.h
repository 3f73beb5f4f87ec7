/* Trade item numbers: GTIN-8, -12, -13 and -14 (GS1 General Specifications, section 3.3 and
 * 7.9 check digit), and UPC-E (section 5.2.2.4). Texts of digits; nothing here reads a scanner.
 *
 * The canonical form is the 14-digit one, padded with zeros on the left, whatever symbol it came
 * from; so a UPC-A scanned as EAN-13 is the same code.
 */
#ifndef HOLDFAST_CATALOGUE_GTIN_H
#define HOLDFAST_CATALOGUE_GTIN_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define GTIN_DIGITS 14
#define GTIN_SIZE   (GTIN_DIGITS + 1)

/* The modulo-10 check digit ('0'..'9') for `length` digits before it; weights 3,1,3,... from the
 * right. All must be digits, length >= 1. */
char gtin_check_digit(const char *digits, size_t length);

/* Whether the last digit is the check digit of those before it; false unless all are digits and
 * there are at least two. */
bool gtin_check_valid(const char *digits, size_t length);

/* 8, 12, 13 or 14 digits with a valid check digit -> canonical. STATUS_INVALID otherwise. */
enum status gtin_canonical(const char *digits, size_t length, char out[GTIN_SIZE]) MUST_USE;

/* UPC-E as 6 digits (number system 0), 7 (with number system 0 or 1) or 8 (with check digit, which
 * must be right) -> canonical. STATUS_INVALID otherwise. */
enum status gtin_from_upce(const char *digits, size_t length, char out[GTIN_SIZE]) MUST_USE;

/* How a canonical GTIN is printed below its bars: 8, 12, 13 or 14 digits. A GTIN-12 is told from a
 * GTIN-13 by its leading zero. Returns the position in `gtin` where it starts. */
size_t gtin_printed(const char gtin[GTIN_SIZE]);

/* Whether a canonical GTIN lies in a range that GS1 leaves to the shop or the region (GTIN-13
 * prefixes 02, 04, 20-29; GTIN-8 prefixes 0 and 2): not unique in the world. */
bool gtin_restricted(const char gtin[GTIN_SIZE]);

#endif
