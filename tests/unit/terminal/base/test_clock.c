#include "terminal/base/clock.h"
#include "terminal/base/zone.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void expect_stamp(int64_t seconds, const char *zone, const char *stamp, int offset)
{
    struct local_time time = local_time_at(seconds * 1000, zone);
    char text[LOCAL_STAMP_SIZE];
    local_stamp(&time, text);
    assert_string_equal(text, stamp);
    assert_int_equal(time.utc_offset_min, offset);
}

static void test_zone__london_changes_at_one_utc(void **state)
{
    (void)state;
    expect_stamp(1774745999, "Europe/London", "2026-03-29T00:59", 0);
    expect_stamp(1774746000, "Europe/London", "2026-03-29T02:00", 60);
    expect_stamp(1792889999, "Europe/London", "2026-10-25T01:59", 60);
    expect_stamp(1792890000, "Europe/London", "2026-10-25T01:00", 0);
    /* Long after the last transition that any file lists: by the footer's rule. */
    expect_stamp(3415568399, "Europe/London", "2078-03-27T00:59", 0);
    expect_stamp(3415568400, "Europe/London", "2078-03-27T02:00", 60);
}

static void test_zone__new_york_changes_at_two_local(void **state)
{
    (void)state;
    expect_stamp(1772953199, "America/New_York", "2026-03-08T01:59", -300);
    expect_stamp(1772953200, "America/New_York", "2026-03-08T03:00", -240);
    expect_stamp(1793512799, "America/New_York", "2026-11-01T01:59", -240);
    expect_stamp(1793512800, "America/New_York", "2026-11-01T01:00", -300);
}

static void test_zone__unknown_is_utc(void **state)
{
    (void)state;
    static const char *const unknown[] = {
        "",
        "Mars/Olympus",
        "/etc/passwd",
        "../../../etc/passwd",
        "Europe/../Europe/London",
        "Europe",
        "zone.tab",
        "tzdata.zi",
        "right/Europe/London",
        "Europe/London\n",
        "A_name_that_is_longer_than_any_zone_of_the_world_may_be_/x"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        expect_stamp(1785585600, unknown[i], "2026-08-01T12:00", 0);
}

static const char *const zones[] = {
    "Europe/London",
    "America/New_York",
    "Australia/Sydney",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Tehran",
    "Africa/Cairo",
    "Antarctica/Troll",
    "America/Nuuk",
    "Asia/Gaza",
    "Pacific/Kiritimati",
    "Asia/Tokyo",
    "America/Asuncion",
    "Europe/Moscow",
    "America/Scoresbysund",
    "Etc/GMT-14",
    "Pacific/Chatham",
    "UTC",
    "America/Argentina/Buenos_Aires",
};

/* The C library reads the same files with other code: it is the model. */
static void test_zone__agrees_with_the_c_library(void **state)
{
    (void)state;
    uint64_t random = 42;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        assert_int_equal(setenv("TZ", zones[i], 1), 0);
        tzset();
        for (int n = 0; n < 5000; n++) {
            /* From 1973, when every offset is in whole minutes, to 2150. */
            int64_t seconds = 94694400 + (int64_t)(next_random(&random) % 5585500000U);
            time_t when = (time_t)seconds;
            struct tm wanted;
            assert_non_null(localtime_r(&when, &wanted));
            struct local_time got = local_time_at(seconds * 1000 + 999, zones[i]);
            if (got.year != wanted.tm_year + 1900 || got.month != wanted.tm_mon + 1 ||
                got.day != wanted.tm_mday || got.hour != wanted.tm_hour ||
                got.minute != wanted.tm_min || got.second != wanted.tm_sec ||
                got.weekday != wanted.tm_wday || got.utc_offset_min * 60 != wanted.tm_gmtoff)
                fail_msg("%s at %lld", zones[i], (long long)seconds);
        }
    }
    assert_int_equal(unsetenv("TZ"), 0);
}

static void *ask_everywhere(void *context)
{
    int64_t *sum = context;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
            *sum += local_time_at(1785585600000, zones[i]).utc_offset_min;
    }
    return NULL;
}

static void test_zone__threads_agree(void **state)
{
    (void)state;
    pthread_t threads[4];
    int64_t sums[4] = {0};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_everywhere, &sums[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(sums[i], sums[0]);
}

static void test_zone_rule__all_forms(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        int64_t seconds;
        int32_t offset;
    } cases[] = {
        {"UTC0", 0, 0},
        {"<+0545>-5:45", 0, 20700},
        {"EST5EDT,M3.2.0,M11.1.0", 1772953199, -18000},
        {"EST5EDT,M3.2.0,M11.1.0", 1772953200, -14400},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", 1785585600, 3600},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", 1767225600, 0},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", 1767225600, 39600},
        {"XXX3EDT4,0/0,J365/23", 1767225600, -14400},
        {"AAA0BBB,J60,J300", 1772330399, 0},
        {"AAA0BBB,J60,J300", 1772330400, 3600},
        {"AAA0BBB,J60,J300", 1835488799, 0}, /* a leap year: J60 is 1 March in each */
        {"AAA0BBB,J60,J300", 1835488800, 3600},
        {"AAA0BBB,59,300", 1835402399, 0}, /* and 59 is 29 February */
        {"AAA0BBB,59,300", 1835402400, 3600},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1785585600, -3600},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t offset = 1;
        assert_true(zone_rule_offset(cases[i].rule, cases[i].seconds, &offset));
        if (offset != cases[i].offset)
            fail_msg("%s: %d", cases[i].rule, offset);
    }
}

static void test_zone_rule__malformed_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "GMT",
                                        "GM0",
                                        "<GMT0",
                                        "GMT168",
                                        "GMT0x",
                                        "GMT0BST",
                                        "GMT0BST,M3.5.0",
                                        "GMT0BST,M3.5.0,",
                                        "GMT0BST,M13.1.0,M3.5.0",
                                        "GMT0BST,M3.6.0,M10.5.0",
                                        "GMT0BST,M3.5.7,M10.5.0",
                                        "GMT0BST,J0,J5",
                                        "GMT0BST,366,5",
                                        "GMT0BST,M3.5.0/,M10.5.0",
                                        "GMT0BST,M3.5.0,M10.5.0x",
                                        "GMT99999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int32_t offset;
        if (zone_rule_offset(wrong[i], 0, &offset))
            fail_msg("%s", wrong[i]);
    }
}

static void test_date__days_and_dates_are_inverse(void **state)
{
    (void)state;
    int64_t year = 0;
    int month = 0;
    int day = 0;
    int64_t last_year = -401;
    for (int64_t days = -865625; days < 3000000; days++) { /* -400 to 10183 */
        date_from_days(days, &year, &month, &day);
        assert_true(year >= last_year && month >= 1 && month <= 12 && day >= 1 && day <= 31);
        assert_int_equal(days_from_date(year, month, day), days);
        last_year = year;
    }
    assert_int_equal(days_from_date(1970, 1, 1), 0);
    assert_int_equal(days_from_date(2000, 3, 1), 11017);
}

static void test_stamp__is_fixed_width_at_every_time(void **state)
{
    (void)state;
    char text[UTC_STAMP_SIZE];
    utc_stamp(1795251901123, text);
    assert_string_equal(text, "2026-11-21T09:05:01.123Z");
    utc_stamp(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    utc_stamp(INT64_MAX, text);
    assert_string_equal(text, "9999-12-30T23:59:59.999Z");
    utc_stamp(INT64_MIN, text);
    assert_string_equal(text, "0001-01-02T00:00:00.000Z");
    char date[LOCAL_DATE_SIZE];
    struct local_time time = local_time_at(INT64_MAX, "Pacific/Kiritimati");
    local_date(&time, date);
    assert_string_equal(date, "9999-12-31");
}

static void test_hlc__follows_the_wall_clock(void **state)
{
    (void)state;
    assert_int_equal(hlc_next(0, 1000), 1000 << 16);
    assert_int_equal(hlc_next(1000 << 16, 1001), 1001 << 16);
}

static void test_hlc__grows_through_every_jump(void **state)
{
    (void)state;
    static const int64_t jumps[] = {0,        3600000, -3600000, INT64_MAX, INT64_MIN,
                                    86400000, -1,      1,        0,         INT64_MAX};
    int64_t last = 0;
    uint64_t random = 7;
    for (int i = 0; i < 100000; i++) {
        int64_t jump = jumps[next_random(&random) % (sizeof jumps / sizeof jumps[0])];
        int64_t wall = jump == INT64_MAX || jump == INT64_MIN ? jump : 1795251901123 + jump;
        int64_t next = hlc_next(last, wall);
        assert_true(next > last);
        last = next;
    }
}

static void test_hlc__same_millisecond_counts_up(void **state)
{
    (void)state;
    int64_t last = hlc_next(0, 5000);
    for (int64_t i = 1; i < 70000; i++) { /* past the counter's 16 bits too */
        assert_int_equal(hlc_next(last, 5000), last + 1);
        last = hlc_next(last, 5000);
    }
    assert_int_equal(hlc_next(last, 4000), last + 1);
}

static void test_clock__system_clock_runs(void **state)
{
    (void)state;
    struct clock clock = clock_system();
    assert_true(clock_wall_ms(&clock) > 1700000000000);
    int64_t before = clock_monotonic_us(&clock);
    assert_true(clock_monotonic_us(&clock) >= before);
}

static void test_clock__a_date_is_a_day_there_is(void **state)
{
    static const char *const days[] = {"2026-11-21", "2026-02-28", "2024-02-29", "2000-02-29",
                                       "2026-12-31"};
    static const char *const others[] = {"2026-02-31", "2026-02-29", "1900-02-29",  "2026-1-1",
                                         "2026-00-10", "2026-13-01", "2026-11-00",  "2026-11-31",
                                         "2026/11/21", "26-11-2026", "2026-11-21T", "",
                                         "2026-11-2x", "+026-11-21", " 2026-11-1"};
    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        assert_true(local_date_valid(days[i], strlen(days[i])));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(local_date_valid(others[i], strlen(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__a_date_is_a_day_there_is),
        cmocka_unit_test(test_zone__threads_agree),
        cmocka_unit_test(test_zone__london_changes_at_one_utc),
        cmocka_unit_test(test_zone__new_york_changes_at_two_local),
        cmocka_unit_test(test_zone__unknown_is_utc),
        cmocka_unit_test(test_zone__agrees_with_the_c_library),
        cmocka_unit_test(test_zone_rule__all_forms),
        cmocka_unit_test(test_zone_rule__malformed_is_refused),
        cmocka_unit_test(test_date__days_and_dates_are_inverse),
        cmocka_unit_test(test_stamp__is_fixed_width_at_every_time),
        cmocka_unit_test(test_hlc__follows_the_wall_clock),
        cmocka_unit_test(test_hlc__grows_through_every_jump),
        cmocka_unit_test(test_hlc__same_millisecond_counts_up),
        cmocka_unit_test(test_clock__system_clock_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
