/* UTF-8 text from outside: checking, cleaning, cutting and folding.
 */
#ifndef HOLDFAST_BASE_TEXT_H
#define HOLDFAST_BASE_TEXT_H

#include "terminal/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 (Unicode 15, table 3-7) without NUL. */
bool text_is_utf8(const char *bytes, size_t length);

/* Appends the text with every malformed sequence replaced by U+FFFD (one per maximal subpart) and
 * control characters (C0, DEL, C1) by a space. STATUS_RANGE at the ceiling: the buffer is as
 * before. */
enum status text_clean(const char *bytes, size_t length, struct buf *out) MUST_USE;

/* The longest prefix of at most `max` bytes that ends on a character boundary. */
size_t text_cut(const char *text, size_t length, size_t max);

/* Decodes the character at *at and moves on, past all of a malformed sequence, which gives U+FFFD.
 * 0 at the end. */
uint32_t text_next(const char *text, size_t length, size_t *at);
enum status text_append_char(struct buf *out, uint32_t character) MUST_USE;

/* A decimal with at most `decimals` digits after the point, as an integer scaled by 10^decimals:
 * "1.25" with 3 is 1250. Optional sign; a digit on both sides of a point; no spaces, no exponent,
 * no floating point. 0 <= decimals <= 18. STATUS_INVALID, or STATUS_RANGE when it does not fit. */
enum status decimal_read(const char *text, int decimals, int64_t *out) MUST_USE;

#define DECIMAL_SIZE 32
/* The plain decimal without trailing zeros: 1250 with 3 is "1.25", 100000 is "100". */
void decimal_write(int64_t scaled, int decimals, char out[DECIMAL_SIZE]);

#endif
