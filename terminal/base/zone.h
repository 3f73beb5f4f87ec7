/* Offsets of IANA time zones, from the compiled files of the system (RFC 8536, version 2 and up).
 *
 * Private to terminal/base; others use local_time_at.
 */
#ifndef HOLDFAST_BASE_ZONE_H
#define HOLDFAST_BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Days from 1970-01-01 of a civil date, and back. Proleptic Gregorian. */
int64_t days_from_date(int64_t year, int month, int day);
void date_from_days(int64_t days, int64_t *year, int *month, int *day);

/* Times have a year of four digits with a day of room for any offset: 0001-01-02T00:00Z to
 * 9999-12-30T23:59:59Z, in seconds since 1970. Both offsets below are asked for no other. */
#define ZONE_FIRST (-62135510400)
#define ZONE_LAST  253402214399

/* Seconds east of UTC in `zone` at `utc_seconds` since 1970; 0 for a zone that is unknown or whose
 * file cannot be read. A zone is read once and kept. Thread-safe. */
int32_t zone_offset(const char *zone, int64_t utc_seconds);

/* The offset by a POSIX TZ rule ("GMT0BST,M3.5.0/1,M10.5.0"): false when the rule is malformed. */
bool zone_rule_offset(const char *rule, int64_t utc_seconds, int32_t *out);

#endif
