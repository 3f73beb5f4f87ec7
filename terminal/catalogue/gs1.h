/* GS1 element strings (GS1 General Specifications, sections 3 and 7.8) and GS1 Digital Link URIs
 * (GS1 Digital Link Standard: URI Syntax 1.4): bytes -> a list of (application identifier, value).
 *
 * Values are checked for length and characters by the AI's format; the check digit of AI 00, 01,
 * 02, 03 and the calendar of date AIs too. An unknown AI makes the whole message invalid: its
 * length cannot be known.
 */
#ifndef HOLDFAST_CATALOGUE_GS1_H
#define HOLDFAST_CATALOGUE_GS1_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GS1_SEPARATOR    '\x1d' /* FNC1 inside a message, as scanners send it */
#define GS1_ELEMENTS_MAX 32
#define GS1_VALUE_SIZE   91 /* the longest value of any AI and a NUL */

struct gs1_element {
    char ai[5];
    char value[GS1_VALUE_SIZE];
};

struct gs1_message {
    int count;
    struct gs1_element elements[GS1_ELEMENTS_MAX];
};

/* An element string without its symbology identifier; a leading FNC1 (GS) is skipped. The same AI
 * twice with the same value is taken once, with another value refused. STATUS_INVALID. */
enum status gs1_read_elements(const char *bytes, size_t length, struct gs1_message *out,
                              struct error *error) MUST_USE;

/* http(s)://host/any/stem/01/GTIN/10/LOT?17=261130 . The GTIN may have 8, 12, 13 or 14 digits and
 * is given with 14. Query keys that are no AIs are skipped. STATUS_NOT_FOUND when it is not a
 * Digital Link with a primary key 01; STATUS_INVALID when it is one but a value breaks its rules.
 */
enum status gs1_read_link(const char *bytes, size_t length, struct gs1_message *out,
                          struct error *error) MUST_USE;

/* The value of an AI, NULL when it is not there. Borrowed. */
const char *gs1_find(const struct gs1_message *message, const char *ai);

/* The value of an AI whose fourth digit is the number of decimals ("310" finds 3100..3105): the
 * value and *decimals; NULL when none is there. */
const char *gs1_find_decimal(const struct gs1_message *message, const char *prefix, int *decimals);

/* YYMMDD -> "YYYY-MM-DD", with the century of section 7.12 relative to `year_now`, and day 00 as
 * the last of the month. STATUS_INVALID for what is no date. */
enum status gs1_date(const char *value, int year_now, char out[11]) MUST_USE;

#endif
