/* ICU formatters, opened once. Numbers go to ICU as decimal text, never as a double; a date's
 * double (UDate) counts whole milliseconds and touches no amount.
 */
#include "terminal/money/locale.h"

#include "terminal/base/buf.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/udat.h>
#include <unicode/uloc.h>
#include <unicode/unum.h>
#include <unicode/ustring.h>

#define PRICE_EXTRA 4 /* decimals that a price has beyond its currency's */

struct locale_format {
    struct currency currency;
    int64_t whole; /* minor units of one: 100 for GBP */
    UNumberFormat *money;
    UNumberFormat *money_short;
    UNumberFormat *amount;
    UNumberFormat *price;
    UNumberFormat *quantity;
    UNumberFormat *integer;
    UNumberFormat *rate;
    UDateFormat *clock;
    UDateFormat *date;
    UCalendar *calendar; /* proleptic fields in UTC: local time is formatted as if it were */
};

static UNumberFormat *open_number(const char *locale, UNumberFormatStyle style, int min_fraction,
                                  int max_fraction, UErrorCode *code)
{
    UNumberFormat *number = unum_open(style, NULL, 0, locale, NULL, code);
    if (U_FAILURE(*code))
        return NULL;
    unum_setAttribute(number, UNUM_MIN_FRACTION_DIGITS, min_fraction);
    unum_setAttribute(number, UNUM_MAX_FRACTION_DIGITS, max_fraction);
    return number;
}

static UNumberFormat *open_currency(const char *locale, const struct currency *currency,
                                    int min_fraction, int max_fraction, UErrorCode *code)
{
    UNumberFormat *number = open_number(locale, UNUM_CURRENCY, 0, 0, code);
    if (number == NULL)
        return NULL;
    UChar symbol[4];
    u_uastrcpy(symbol, currency->code);
    unum_setTextAttribute(number, UNUM_CURRENCY_CODE, symbol, 3, code);
    /* The code brings its own digits along: ours come after it. */
    unum_setAttribute(number, UNUM_MIN_FRACTION_DIGITS, min_fraction);
    unum_setAttribute(number, UNUM_MAX_FRACTION_DIGITS, max_fraction);
    return number;
}

static void open_numbers(struct locale_format *format, const char *locale, UErrorCode *code)
{
    const struct currency *currency = &format->currency;
    int digits = currency->exponent;
    format->money = open_currency(locale, currency, digits, digits, code);
    format->money_short = open_currency(locale, currency, 0, 0, code);
    format->price = open_currency(locale, currency, digits, digits + PRICE_EXTRA, code);
    format->amount = open_number(locale, UNUM_DECIMAL, digits, digits, code);
    format->quantity = open_number(locale, UNUM_DECIMAL, 0, 3, code);
    format->integer = open_number(locale, UNUM_DECIMAL, 0, 0, code);
    format->rate = open_number(locale, UNUM_PERCENT, 0, 4, code);
}

static void open_dates(struct locale_format *format, const char *locale, UErrorCode *code)
{
    static const UChar utc[] = {'U', 'T', 'C', 0};
    format->clock = udat_open(UDAT_SHORT, UDAT_NONE, locale, utc, 3, NULL, 0, code);
    format->date = udat_open(UDAT_NONE, UDAT_MEDIUM, locale, utc, 3, NULL, 0, code);
    format->calendar = ucal_open(utc, 3, locale, UCAL_GREGORIAN, code);
}

/* ICU would quietly take the environment's locale for a name it does not know. */
static bool locale_known(const struct locale_format *format, const char *locale)
{
    UErrorCode code = U_ZERO_ERROR;
    const char *valid = unum_getLocaleByType(format->integer, ULOC_VALID_LOCALE, &code);
    char wanted[ULOC_LANG_CAPACITY];
    char found[ULOC_LANG_CAPACITY];
    (void)uloc_getLanguage(locale, wanted, sizeof wanted, &code);
    (void)uloc_getLanguage(valid, found, sizeof found, &code);
    return U_SUCCESS(code) && wanted[0] != '\0' && strcmp(wanted, found) == 0;
}

enum status locale_format_create(const char *locale, const struct currency *currency,
                                 struct locale_format **out, struct error *error)
{
    struct locale_format *format = mem_alloc(sizeof *format);
    format->currency = *currency;
    format->whole = 1;
    for (int i = 0; i < currency->exponent; i++)
        format->whole *= 10;
    UErrorCode code = U_ZERO_ERROR;
    open_numbers(format, locale, &code);
    open_dates(format, locale, &code);
    enum status status = STATUS_OK;
    if (U_FAILURE(code))
        status = error_set(error, STATUS_INVALID, "locale %.40s: %s", locale, u_errorName(code));
    else if (!locale_known(format, locale))
        status = error_set(error, STATUS_INVALID, "unknown locale %.40s", locale);
    if (status != STATUS_OK) {
        locale_format_destroy(format);
        return status;
    }
    *out = format;
    return STATUS_OK;
}

static void close_number(UNumberFormat *number)
{
    if (number != NULL)
        unum_close(number);
}

void locale_format_destroy(struct locale_format *format)
{
    if (format == NULL)
        return;
    close_number(format->money);
    close_number(format->money_short);
    close_number(format->price);
    close_number(format->amount);
    close_number(format->quantity);
    close_number(format->integer);
    close_number(format->rate);
    if (format->clock != NULL)
        udat_close(format->clock);
    if (format->date != NULL)
        udat_close(format->date);
    if (format->calendar != NULL)
        ucal_close(format->calendar);
    free(format);
}

static void write_utf8(const UChar *text, int32_t length, char out[LOCALE_TEXT_SIZE])
{
    char wide[4 * LOCALE_TEXT_SIZE];
    int32_t used = 0;
    UErrorCode code = U_ZERO_ERROR;
    u_strToUTF8(wide, (int32_t)sizeof wide, &used, text, length, &code);
    INVARIANT(U_SUCCESS(code));
    size_t cut = text_cut(wide, (size_t)used, LOCALE_TEXT_SIZE - 1);
    memcpy(out, wide, cut);
    out[cut] = '\0';
}

static void write_decimal(UNumberFormat *number, const char *decimal, char out[LOCALE_TEXT_SIZE])
{
    UChar text[LOCALE_TEXT_SIZE];
    UErrorCode code = U_ZERO_ERROR;
    int32_t length = unum_formatDecimal(number, decimal, (int32_t)strlen(decimal), text,
                                        LOCALE_TEXT_SIZE, NULL, &code);
    INVARIANT(U_SUCCESS(code) && length <= LOCALE_TEXT_SIZE);
    write_utf8(text, length, out);
}

static void write_scaled(UNumberFormat *number, int64_t value, int decimals,
                         char out[LOCALE_TEXT_SIZE])
{
    char decimal[DECIMAL_SIZE];
    decimal_write(value, decimals, decimal);
    write_decimal(number, decimal, out);
}

void locale_money(struct locale_format *format, struct money amount, char out[LOCALE_TEXT_SIZE])
{
    write_scaled(format->money, amount.minor, format->currency.exponent, out);
}

void locale_amount(struct locale_format *format, struct money amount, char out[LOCALE_TEXT_SIZE])
{
    write_scaled(format->amount, amount.minor, format->currency.exponent, out);
}

void locale_money_short(struct locale_format *format, struct money amount,
                        char out[LOCALE_TEXT_SIZE])
{
    bool whole = amount.minor % format->whole == 0;
    write_scaled(whole ? format->money_short : format->money, amount.minor,
                 format->currency.exponent, out);
}

void locale_price(struct locale_format *format, struct price price, char out[LOCALE_TEXT_SIZE])
{
    write_scaled(format->price, price.scaled, format->currency.exponent + PRICE_EXTRA, out);
}

void locale_quantity(struct locale_format *format, struct quantity quantity,
                     char out[LOCALE_TEXT_SIZE])
{
    write_scaled(format->quantity, quantity.milli, 3, out);
}

void locale_integer(struct locale_format *format, int64_t value, char out[LOCALE_TEXT_SIZE])
{
    write_scaled(format->integer, value, 0, out);
}

void locale_rate(struct locale_format *format, int32_t rate_ppm, char out[LOCALE_TEXT_SIZE])
{
    write_scaled(format->rate, rate_ppm, 6, out);
}

static void write_date(struct locale_format *format, const UDateFormat *date,
                       const struct local_time *time, char out[LOCALE_TEXT_SIZE])
{
    UChar text[LOCALE_TEXT_SIZE];
    UErrorCode code = U_ZERO_ERROR;
    ucal_clear(format->calendar);
    ucal_setDateTime(format->calendar, time->year, time->month - 1, time->day, time->hour,
                     time->minute, time->second, &code);
    UDate when = ucal_getMillis(format->calendar, &code);
    int32_t length = udat_format(date, when, text, LOCALE_TEXT_SIZE, NULL, &code);
    INVARIANT(U_SUCCESS(code) && length <= LOCALE_TEXT_SIZE);
    write_utf8(text, length, out);
}

void locale_clock(struct locale_format *format, const struct local_time *time,
                  char out[LOCALE_TEXT_SIZE])
{
    write_date(format, format->clock, time, out);
}

void locale_date(struct locale_format *format, const struct local_time *time,
                 char out[LOCALE_TEXT_SIZE])
{
    write_date(format, format->date, time, out);
}

void locale_decimal_mark(struct locale_format *format, char out[LOCALE_TEXT_SIZE])
{
    UChar text[LOCALE_TEXT_SIZE];
    UErrorCode code = U_ZERO_ERROR;
    int32_t length = unum_getSymbol(format->amount, UNUM_DECIMAL_SEPARATOR_SYMBOL, text,
                                    LOCALE_TEXT_SIZE, &code);
    INVARIANT(U_SUCCESS(code) && length <= LOCALE_TEXT_SIZE);
    write_utf8(text, length, out);
}
