/* Parameters of a query as strangers write them. */
#include "sync/ledger/query.h"

#include "terminal/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 8

static void test_query__values_are_decoded(void **state)
{
    static const struct {
        const char *query, *wanted;
    } cases[] = {
        {"sku=A", "A"},
        {"a=1&sku=A&b=2", "A"},
        {"sku=A&sku=B", "A"}, /* the first one */
        {"sku=%41%2f%2B+", "A/++"},
        {"sku=%C3%A4", "\xC3\xA4"},
        {"sku=1234567", "1234567"}, /* with its NUL it just fits */
        {"sku=%31234567", "1234567"},
        {"sku=a=b", "a=b"},
        {"", ""},
        {"sku", ""},
        {"sku=", ""},
        {"skux=A", ""},
        {"xsku=A", ""},
        {"SKU=A", ""},
        {"&&=&%&a&", ""},
    };
    struct error error;
    char value[ROOM];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strcpy(value, "before");
        assert_int_equal(query_value(cases[i].query, "sku", value, sizeof value, &error),
                         STATUS_OK);
        assert_string_equal(value, cases[i].wanted);
    }
}

static void test_query__what_is_no_text_is_refused(void **state)
{
    static const struct {
        const char *query;
        enum status wanted;
    } cases[] = {
        {"sku=%", STATUS_INVALID},        {"sku=%4", STATUS_INVALID},
        {"sku=%&b=1", STATUS_INVALID},    {"sku=%4&1=1", STATUS_INVALID},
        {"sku=%G1", STATUS_INVALID},      {"sku=%1G", STATUS_INVALID},
        {"sku=%00", STATUS_INVALID},      {"sku=A%00B", STATUS_INVALID},
        {"sku=%FF", STATUS_INVALID},      {"sku=%C3", STATUS_INVALID},
        {"sku=\xC3(", STATUS_INVALID},    {"sku=12345678", STATUS_RANGE},
        {"sku=1234567%38", STATUS_RANGE}, {"sku=12345678901234567890", STATUS_RANGE},
    };
    struct error error;
    char *value = mem_alloc(ROOM); /* of its own: what writes beyond it is seen */

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum status status = query_value(cases[i].query, "sku", value, ROOM, &error);
        if (status != cases[i].wanted)
            fail_msg("%s: %s", cases[i].query, status_name(status));
    }
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query__values_are_decoded),
        cmocka_unit_test(test_query__what_is_no_text_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
