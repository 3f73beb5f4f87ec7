/* The system's clocks, the hybrid logical clock, and civil time.
 *
 * Civil fields and utc_offset_min always agree: an offset with seconds (only before 1972) is cut
 * to whole minutes first. Times outside the years 1 to 9999 are held at their edge, because every
 * stamp has four digits of year.
 */
#include "terminal/base/clock.h"

#include "terminal/base/status.h"
#include "terminal/base/zone.h"

#include <time.h>

#define FIRST_MS    (ZONE_FIRST * 1000)
#define LAST_MS     (ZONE_LAST * 1000 + 999)
#define DAY_SECONDS 86400
#define HLC_BITS    16

static int64_t system_wall_ms(void *context)
{
    (void)context;
    struct timespec now;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    INVARIANT(result == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_monotonic_us(void *context)
{
    (void)context;
    struct timespec now;
    int result = clock_gettime(CLOCK_MONOTONIC, &now);
    INVARIANT(result == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct clock clock_system(void)
{
    return (struct clock){
        .wall_ms = system_wall_ms, .monotonic_us = system_monotonic_us, .context = NULL};
}

int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->wall_ms(clock->context);
}

int64_t clock_monotonic_us(const struct clock *clock)
{
    return clock->monotonic_us(clock->context);
}

int64_t hlc_next(int64_t last, int64_t wall_ms)
{
    INVARIANT(last < INT64_MAX);
    /* A wall clock that lies about the far future must not use up the range for ever. */
    if (wall_ms < 0)
        wall_ms = 0;
    if (wall_ms > LAST_MS >> 1)
        wall_ms = LAST_MS >> 1;
    int64_t now = wall_ms << HLC_BITS;
    return now > last ? now : last + 1;
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    int64_t quotient = value / by;
    return value % by < 0 ? quotient - 1 : quotient;
}

static int64_t held(int64_t wall_ms)
{
    if (wall_ms < FIRST_MS)
        return FIRST_MS;
    return wall_ms > LAST_MS ? LAST_MS : wall_ms;
}

static struct local_time civil(int64_t utc_seconds, int offset_min)
{
    int64_t local = utc_seconds + (int64_t)offset_min * 60;
    int64_t days = floor_divide(local, DAY_SECONDS);
    int second = (int)(local - days * DAY_SECONDS);
    struct local_time time = {
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
        .weekday = (int)(((days + 4) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
        .utc_offset_min = offset_min,
    };
    int64_t year;
    date_from_days(days, &year, &time.month, &time.day);
    time.year = (int)year;
    return time;
}

struct local_time local_time_at(int64_t wall_ms, const char *zone)
{
    int64_t seconds = floor_divide(held(wall_ms), 1000);
    return civil(seconds, zone_offset(zone, seconds) / 60);
}

/* `width` decimal digits of a number that has no more; no terminator. */
static char *put_digits(char *out, int value, int width)
{
    for (int i = width - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + width;
}

static char *put_date(char *out, const struct local_time *time)
{
    out = put_digits(out, time->year, 4);
    *out++ = '-';
    out = put_digits(out, time->month, 2);
    *out++ = '-';
    return put_digits(out, time->day, 2);
}

static char *put_minute(char *out, const struct local_time *time)
{
    out = put_date(out, time);
    *out++ = 'T';
    out = put_digits(out, time->hour, 2);
    *out++ = ':';
    return put_digits(out, time->minute, 2);
}

void local_stamp(const struct local_time *time, char out[LOCAL_STAMP_SIZE])
{
    *put_minute(out, time) = '\0';
}

void local_date(const struct local_time *time, char out[LOCAL_DATE_SIZE])
{
    *put_date(out, time) = '\0';
}

static int read_digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++)
        value = 10 * value + text[i] - '0';
    return value;
}

bool local_date_valid(const char *text, size_t length)
{
    static const char form[] = "dddd-dd-dd";
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (length != sizeof form - 1)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i])
            return false;
    }
    int year = read_digits(text, 4), month = read_digits(text + 5, 2);
    int day = read_digits(text + 8, 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

void utc_stamp(int64_t wall_ms, char out[UTC_STAMP_SIZE])
{
    int64_t ms = held(wall_ms);
    int64_t seconds = floor_divide(ms, 1000);
    struct local_time time = civil(seconds, 0);
    char *end = put_minute(out, &time);
    *end++ = ':';
    end = put_digits(end, time.second, 2);
    *end++ = '.';
    end = put_digits(end, (int)(ms - seconds * 1000), 3);
    *end++ = 'Z';
    *end = '\0';
}
