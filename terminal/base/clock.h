/* Time, handed in. Nothing in terminal/ asks the system itself.
 *
 * Wall time is milliseconds since 1970-01-01T00:00Z and may jump; monotonic time is microseconds
 * from an unspecified start and never goes back. The hybrid logical clock orders entries of a
 * device: (wall ms << 16 | counter), always greater than the last, whatever the wall clock does.
 */
#ifndef HOLDFAST_BASE_CLOCK_H
#define HOLDFAST_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *context);
    int64_t (*monotonic_us)(void *context);
    void *context;
};

struct clock clock_system(void);
int64_t clock_wall_ms(const struct clock *clock);
int64_t clock_monotonic_us(const struct clock *clock);

/* The next value after `last` at wall time `wall_ms`. */
int64_t hlc_next(int64_t last, int64_t wall_ms);

/* A wall time in a place: civil fields, and the offset from UTC in minutes. */
struct local_time {
    int year, month, day, hour, minute, second;
    int weekday; /* 0 Sunday */
    int utc_offset_min;
};

/* `zone` is an IANA name ("Europe/London"); an unknown one is read as UTC. Thread-safe, touches
 * no environment. The fields minus the offset are always the time that was given: an offset with
 * seconds (before 1972) is cut to whole minutes. Times outside the years 1 to 9999 are held at the
 * edge. */
struct local_time local_time_at(int64_t wall_ms, const char *zone);

#define LOCAL_STAMP_SIZE 17
/* "2026-11-21T09:05": sorts as text; how valid-from and valid-to of lists are written. */
void local_stamp(const struct local_time *time, char out[LOCAL_STAMP_SIZE]);

#define LOCAL_DATE_SIZE 11
void local_date(const struct local_time *time, char out[LOCAL_DATE_SIZE]); /* "2026-11-21" */
/* Whether that is a day there is, written in this form: neither 2026-02-31 nor 2026-1-1 is. */
bool local_date_valid(const char *text, size_t length);

#define UTC_STAMP_SIZE 25
void utc_stamp(int64_t wall_ms, char out[UTC_STAMP_SIZE]); /* "2026-11-21T09:05:01.123Z" */

#endif
