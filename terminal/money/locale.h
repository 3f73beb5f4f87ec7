/* Amounts, quantities, dates and times in a person's own writing: ICU, made once per locale.
 *
 * One formatter belongs to one thread. `locale` is an ICU/BCP 47 name ("en-GB", "de-DE", "ar-EG").
 * Digits follow the locale; text outputs are UTF-8, NUL-terminated and at most LOCALE_TEXT_SIZE.
 */
#ifndef HOLDFAST_MONEY_LOCALE_H
#define HOLDFAST_MONEY_LOCALE_H

#include "terminal/base/clock.h"
#include "terminal/money/money.h"

#define LOCALE_TEXT_SIZE 96

struct locale_format;

/* STATUS_INVALID for a locale whose language ICU does not know; an unknown region is fine. */
enum status locale_format_create(const char *locale, const struct currency *currency,
                                 struct locale_format **out, struct error *error) MUST_USE;
void locale_format_destroy(struct locale_format *format);

/* "£54.60", "54,60 €". Negative amounts carry the locale's minus. */
void locale_money(struct locale_format *format, struct money amount, char out[LOCALE_TEXT_SIZE]);
/* Without the symbol: "54.60". */
void locale_amount(struct locale_format *format, struct money amount, char out[LOCALE_TEXT_SIZE]);
/* Whole notes without decimals: "£20"; with them when they are not zero. */
void locale_money_short(struct locale_format *format, struct money amount,
                        char out[LOCALE_TEXT_SIZE]);
/* A unit price, with as many extra decimals as it needs (at most four more). */
void locale_price(struct locale_format *format, struct price price, char out[LOCALE_TEXT_SIZE]);
/* "2", "0.742" */
void locale_quantity(struct locale_format *format, struct quantity quantity,
                     char out[LOCALE_TEXT_SIZE]);
/* A whole number with grouping, and a rate as a percentage ("20%", "5.5%"). */
void locale_integer(struct locale_format *format, int64_t value, char out[LOCALE_TEXT_SIZE]);
void locale_rate(struct locale_format *format, int32_t rate_ppm, char out[LOCALE_TEXT_SIZE]);
/* "14:36", "21 Nov 2026" */
void locale_clock(struct locale_format *format, const struct local_time *time,
                  char out[LOCALE_TEXT_SIZE]);
void locale_date(struct locale_format *format, const struct local_time *time,
                 char out[LOCALE_TEXT_SIZE]);
/* The decimal separator, for a keypad's label: "." or ",". */
void locale_decimal_mark(struct locale_format *format, char out[LOCALE_TEXT_SIZE]);

#endif
