/* The POSIX TZ rule of a zone file's footer (POSIX.1-2017, section 8.3, with the wider hours of
 * RFC 8536, section 3.3.1):
 *
 *   std offset [dst [offset] , start [/time] , end [/time]]
 *
 * Offsets count west of Greenwich there, and east of it in our results. Summer time may be the
 * smaller offset (Dublin) and may run over the turn of the year (Sydney).
 */
#include "terminal/base/status.h"
#include "terminal/base/zone.h"

#include <string.h>

#define DAY_SECONDS 86400

enum day_kind {
    DAY_JULIAN,  /* Jn: 1..365, 29 February never counted */
    DAY_COUNTED, /* n: 0..365 */
    DAY_OF_MONTH /* Mm.w.d: week w (5 = last) of month m, weekday d */
};

struct change {
    enum day_kind kind;
    int day, month, week;
    int32_t seconds; /* of the local time before the change */
};

struct rule {
    int32_t standard, summer; /* seconds east */
    bool has_summer;
    struct change start, end;
};

int64_t days_from_date(int64_t year, int month, int day)
{
    /* Years that start in March put the leap day last: the days before a month are then regular,
     * and 400 years are 146,097 days. */
    int64_t shifted = month > 2 ? year : year - 1;
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t in_era = shifted - era * 400;
    int64_t month_from_march = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era = in_era * 365 + in_era / 4 - in_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void date_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t from_march = days + 719468; /* days from 0000-03-01 */
    int64_t era = (from_march >= 0 ? from_march : from_march - 146096) / 146097;
    int64_t day_of_era = from_march - era * 146097;
    int64_t in_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * in_era + in_era / 4 - in_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *year = era * 400 + in_era + (*month <= 2 ? 1 : 0);
}

static bool is_letter(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* "GMT" or "<+0330>". */
static bool skip_name(const char **at)
{
    const char *start = *at;
    if (**at == '<') {
        const char *end = strchr(start, '>');
        if (end == NULL)
            return false;
        *at = end + 1;
        return true;
    }
    while (is_letter(**at))
        (*at)++;
    return *at - start >= 3;
}

static bool read_number(const char **at, int max, int *out)
{
    if (!is_digit(**at))
        return false;
    int value = 0;
    for (; is_digit(**at); (*at)++) {
        value = value * 10 + (**at - '0');
        if (value > max)
            return false;
    }
    *out = value;
    return true;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(const char **at, int32_t *out)
{
    int sign = **at == '-' ? -1 : 1;
    if (**at == '-' || **at == '+')
        (*at)++;
    int hours;
    int minutes = 0;
    int seconds = 0;
    if (!read_number(at, 167, &hours))
        return false;
    if (**at == ':') {
        (*at)++;
        if (!read_number(at, 59, &minutes))
            return false;
        if (**at == ':') {
            (*at)++;
            if (!read_number(at, 59, &seconds))
                return false;
        }
    }
    *out = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool read_month_day(const char **at, struct change *out)
{
    out->kind = DAY_OF_MONTH;
    if (!read_number(at, 12, &out->month) || out->month < 1 || *(*at)++ != '.')
        return false;
    if (!read_number(at, 5, &out->week) || out->week < 1 || *(*at)++ != '.')
        return false;
    return read_number(at, 6, &out->day);
}

static bool read_change(const char **at, struct change *out)
{
    if (**at != ',')
        return false;
    (*at)++;
    *out = (struct change){.kind = DAY_COUNTED, .seconds = 2 * 3600};
    bool valid;
    if (**at == 'M') {
        (*at)++;
        valid = read_month_day(at, out);
    } else if (**at == 'J') {
        (*at)++;
        out->kind = DAY_JULIAN;
        valid = read_number(at, 365, &out->day) && out->day >= 1;
    } else {
        valid = read_number(at, 365, &out->day);
    }
    if (!valid || **at != '/')
        return valid;
    (*at)++;
    return read_time(at, &out->seconds);
}

static bool read_rule(const char *text, struct rule *out)
{
    *out = (struct rule){0};
    const char *at = text;
    if (!skip_name(&at) || !read_time(&at, &out->standard))
        return false;
    out->standard = -out->standard;
    if (*at == '\0')
        return true;
    out->has_summer = true;
    out->summer = out->standard + 3600;
    if (!skip_name(&at))
        return false;
    if (*at != ',') {
        if (!read_time(&at, &out->summer))
            return false;
        out->summer = -out->summer;
    }
    return read_change(&at, &out->start) && read_change(&at, &out->end) && *at == '\0';
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t day_of_change(const struct change *change, int64_t year)
{
    int64_t first = days_from_date(year, 1, 1);
    if (change->kind == DAY_COUNTED)
        return first + change->day;
    if (change->kind == DAY_JULIAN)
        return first + change->day - 1 + (is_leap(year) && change->day >= 60 ? 1 : 0);
    int64_t month_start = days_from_date(year, change->month, 1);
    int64_t month_end = change->month == 12 ? days_from_date(year + 1, 1, 1)
                                            : days_from_date(year, change->month + 1, 1);
    int64_t weekday = ((month_start + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = month_start + (change->day - weekday + 7) % 7 + 7 * (change->week - 1);
    while (day >= month_end)
        day -= 7;
    return day;
}

bool zone_rule_offset(const char *text, int64_t utc_seconds, int32_t *out)
{
    INVARIANT(utc_seconds >= ZONE_FIRST && utc_seconds <= ZONE_LAST);
    struct rule rule;
    if (!read_rule(text, &rule))
        return false;
    *out = rule.standard;
    if (!rule.has_summer)
        return true;
    int64_t local = utc_seconds + rule.standard;
    int64_t year;
    int month;
    int day;
    date_from_days((local >= 0 ? local : local - (DAY_SECONDS - 1)) / DAY_SECONDS, &year, &month,
                   &day);
    int64_t start =
        day_of_change(&rule.start, year) * DAY_SECONDS + rule.start.seconds - rule.standard;
    int64_t end = day_of_change(&rule.end, year) * DAY_SECONDS + rule.end.seconds - rule.summer;
    bool summer = start < end ? utc_seconds >= start && utc_seconds < end
                              : utc_seconds >= start || utc_seconds < end;
    if (summer)
        *out = rule.summer;
    return true;
}
