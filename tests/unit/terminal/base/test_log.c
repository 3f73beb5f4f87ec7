#include "terminal/base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char caught[8192];

/* Sends stderr into a pipe while one line is written. */
static void catch_line(enum log_level level, const char *text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    log_line(level, "unit", "%s", text);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    ssize_t got = read(ends[0], caught, sizeof caught - 1);
    caught[got > 0 ? got : 0] = '\0';
    (void)close(ends[0]);
}

static void test_log__line_has_stamp_level_module_and_text(void **state)
{
    (void)state;
    catch_line(LOG_LEVEL_WARN, "drawer is open");
    assert_int_equal(caught[4], '-');
    assert_int_equal(caught[10], 'T');
    assert_int_equal(caught[19], 'Z');
    assert_string_equal(caught + 20, " warn unit: drawer is open\n");
}

static void test_log__control_characters_cannot_forge_a_line(void **state)
{
    (void)state;
    catch_line(LOG_LEVEL_ERROR, "a\n2026 error fake: \x1B[31m");
    assert_string_equal(caught + 20, " error unit: a?2026 error fake: ?[31m\n");
}

static void test_log__below_the_level_nothing_is_written(void **state)
{
    (void)state;
    catch_line(LOG_LEVEL_DEBUG, "quiet");
    assert_string_equal(caught, "");
    log_set_level(LOG_LEVEL_DEBUG);
    catch_line(LOG_LEVEL_DEBUG, "loud");
    assert_string_equal(caught + 20, " debug unit: loud\n");
    log_set_level(LOG_LEVEL_INFO);
}

static void test_log__long_line_is_cut_at_its_limit(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    catch_line(LOG_LEVEL_INFO, text);
    assert_int_equal(strlen(caught), 1000);
    assert_int_equal(caught[999], '\n');
}

static void test_log__json_says_the_same_as_fields(void **state)
{
    (void)state;
    log_set_format(LOG_JSON);
    catch_line(LOG_LEVEL_WARN, "a \"quoted\"\nline \\ \xC3\xA9 \xFF");
    log_set_format(LOG_TEXT);
    assert_memory_equal(caught, "{\"time\":\"", 9);
    assert_string_equal(caught + 33, "\",\"level\":\"warn\",\"module\":\"unit\",\"message\":"
                                     "\"a \\\"quoted\\\"\\u000aline \\\\ \xC3\xA9 \\ufffd\"}\n");
}

static void test_log__an_event_has_its_fields_or_is_cut_between_them(void **state)
{
    char text[990], path[] = "/tmp/holdfast-log-XXXXXX";
    const struct log_field fields[] = {{"a", "x\"y", 0}, {"none", "", 0}, {"n", NULL, -5}};
    const struct log_field large[] = {{"long", text, 0}, {"n", NULL, 7}};
    struct error error;
    int fd = mkstemp(path);

    (void)state;
    memset(text, '"', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(log_open(path, &error), STATUS_OK);
    log_set_format(LOG_JSON);
    log_event(LOG_LEVEL_INFO, "unit", "one", fields, 3);
    assert_int_equal(unlink(path), 0);
    log_reopen();
    log_event(LOG_LEVEL_INFO, "unit", "two", large, 2);
    log_set_format(LOG_TEXT);
    caught[read(fd, caught, sizeof caught - 1)] = '\0';
    assert_non_null(strstr(caught, "\"message\":\"one\",\"a\":\"x\\\"y\",\"n\":-5}\n"));
    assert_null(strstr(caught, "two")); /* the file was moved away, and is left alone */
    (void)close(fd);
    fd = open(path, O_RDONLY);
    caught[read(fd, caught, sizeof caught - 1)] = '\0';
    assert_non_null(strstr(caught, "\"message\":\"two\",\"n\":7}\n"));
    (void)close(fd);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log__line_has_stamp_level_module_and_text),
        cmocka_unit_test(test_log__control_characters_cannot_forge_a_line),
        cmocka_unit_test(test_log__below_the_level_nothing_is_written),
        cmocka_unit_test(test_log__long_line_is_cut_at_its_limit),
        cmocka_unit_test(test_log__json_says_the_same_as_fields),
        cmocka_unit_test(test_log__an_event_has_its_fields_or_is_cut_between_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
