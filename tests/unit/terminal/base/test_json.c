#include "terminal/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_refused(const char *bytes, size_t length, const char *why)
{
    struct error error = {0};
    json_t *value = NULL;
    enum status status = json_read(bytes, length, &value, &error);
    if (status != STATUS_INVALID || strstr(error.text, why) == NULL)
        fail_msg("%.*s: %s \"%s\"", (int)length, bytes, status_name(status), error.text);
    assert_null(value);
}

static void refuse(const char *text, const char *why)
{
    expect_refused(text, strlen(text), why);
}

static json_t *read_text(const char *text)
{
    struct error error = {0};
    json_t *value = NULL;
    if (json_read(text, strlen(text), &value, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

static void test_json__refuses_duplicate_keys(void **state)
{
    (void)state;
    refuse("{\"a\":1,\"a\":2}", "twice");
    refuse("[{\"b\":{\"a\":1,\"c\":2,\"a\":1}}]", "twice");
}

static void test_json__refuses_real_numbers(void **state)
{
    (void)state;
    refuse("{\"a\":1.5}", "real number");
    refuse("{\"a\":1.0}", "real number");
    refuse("[1e3]", "real number");
    refuse("[1E3]", "real number");
    refuse("[-0.0]", "real number");
    refuse("[1e999999]", "real number");
    json_decref(read_text("[\"1.5e3 E\",true,false,null,\"\\\"1.5\",\"\\\\\"]"));
}

static void test_json__refuses_integers_beyond_int64(void **state)
{
    (void)state;
    refuse("[9223372036854775808]", "64 bits");
    refuse("[-9223372036854775809]", "64 bits");
    json_t *value = read_text("[9223372036854775807,-9223372036854775808]");
    assert_true(json_integer_value(json_array_get(value, 0)) == INT64_MAX);
    assert_true(json_integer_value(json_array_get(value, 1)) == INT64_MIN);
    json_decref(value);
}

static void test_json__refuses_text_that_is_not_utf8(void **state)
{
    (void)state;
    refuse("[\"\xFF\"]", "UTF-8");
    refuse("[\"\xC0\x80\"]", "UTF-8");
    refuse("[\"\xED\xA0\x80\"]", "UTF-8");
    refuse("[\"\\uD800\"]", "");
    refuse("{\"\xE2\x82\":1}", "UTF-8");
}

static void test_json__refuses_nul(void **state)
{
    (void)state;
    refuse("[\"a\\u0000b\"]", "NUL");
    refuse("{\"a\\u0000\":1}", "NUL");
    expect_refused("[\"a\0b\"]", 7, "");
    expect_refused("[1]\0", 4, "");
}

static void test_json__refuses_nesting_deeper_than_32(void **state)
{
    (void)state;
    char text[80] = {0};
    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    json_decref(read_text(text));
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    refuse(text, "deeper");
    json_decref(read_text("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]"));
    char bomb[100000];
    memset(bomb, '[', sizeof bomb);
    expect_refused(bomb, sizeof bomb, "deeper");
}

static void test_json__refuses_what_is_not_one_document(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",         "{",       "{\"a\":}", "[1,]", "[1] x", "1",
                                        "\"text\"", "{'a':1}", "[01]",     "[+1]", "[1",    "[\"a",
                                        "[\"\\",    "nul",     "[tru]",    "{}{}", "[NaN]", "]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refuse(wrong[i], "");
}

static void test_json__an_error_never_quotes_the_input(void **state)
{
    (void)state;
    struct error error = {0};
    json_t *value;
    const char *text = "{\"customer\":\"Jane Doe\" \"phone\":1}";
    assert_int_equal(json_read(text, strlen(text), &value, &error), STATUS_INVALID);
    assert_null(strstr(error.text, "Jane"));
    assert_null(strstr(error.text, "phone"));
    text = "{\"secret-key\":1,\"secret-key\":2}";
    assert_int_equal(json_read(text, strlen(text), &value, &error), STATUS_INVALID);
    assert_null(strstr(error.text, "secret"));
}

static void test_json__writes_compact_in_order_of_insertion(void **state)
{
    (void)state;
    json_t *object = json_object();
    json_put_int(object, "zeta", INT64_MIN);
    json_put_text(object, "alpha", "\xE2\x82\xAC \"q\" \\ / \n");
    json_t *array = json_array();
    json_add(array, json_integer(3));
    json_add(array, json_null());
    json_put(object, "list", array);
    uint8_t bytes[3] = {0xDE, 0xAD, 0x01};
    json_put_hex(object, "hex", bytes, 3);
    struct buf out;
    buf_init(&out, 1000);
    assert_int_equal(json_write(object, &out), STATUS_OK);
    assert_string_equal(buf_text(&out), "{\"zeta\":-9223372036854775808,"
                                        "\"alpha\":\"\xE2\x82\xAC \\\"q\\\" \\\\ / \\n\","
                                        "\"list\":[3,null],\"hex\":\"dead01\"}");
    buf_finish(&out);
    json_decref(object);
}

static void test_json__what_is_read_is_written_the_same(void **state)
{
    (void)state;
    const char *text = "{\"b\":[1,-2,{\"z\":\"\xC3\xA9\",\"a\":true}],\"a\":null,\"\":{},\"c\":[]}";
    json_t *value = read_text(text);
    struct buf out;
    buf_init(&out, 1000);
    assert_int_equal(json_write(value, &out), STATUS_OK);
    assert_string_equal(buf_text(&out), text);
    buf_finish(&out);
    json_decref(value);
}

/* Every byte that a text may hold, every kind of value, by the library's own dump as the model. */
static void test_json__writes_the_bytes_that_jansson_dumps(void **state)
{
    (void)state;
    char every[128];
    for (int i = 0; i < 128; i++)
        every[i] = (char)i;
    json_t *value = json_pack("{s:s%,s:s,s:s,s:{},s:[],s:[i,I,I,i],s:[b,b,n],s:[[[{s:[s]}]]]}",
                              "all", every, sizeof every, "\x7F \"quoted\" \\ \n key", "", "text",
                              "caf\xC3\xA9 \xF0\x9D\x84\x9E \xE2\x80\xA8", "o", "a", "numbers", 0,
                              (json_int_t)INT64_MAX, (json_int_t)INT64_MIN, -10, "words", 1, 0,
                              "deep", "k", "v");
    assert_non_null(value);
    char *model = json_dumps(value, JSON_COMPACT);
    struct buf out;
    buf_init(&out, 4000);
    assert_int_equal(json_write(value, &out), STATUS_OK);
    assert_string_equal(buf_text(&out), model);
    buf_finish(&out);
    free(model);
    json_decref(value);
}

/* Escapes at every distance from the ends of what is gathered at a time. */
static void test_json__writes_long_texts_whole(void **state)
{
    (void)state;
    char text[5000];
    for (size_t period = 1; period < 9; period++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = i % period == 0 ? '\x01' : 'x';
        json_t *value = json_pack("[s%]", text, sizeof text);
        char *model = json_dumps(value, JSON_COMPACT);
        struct buf out;
        buf_init(&out, 6 * sizeof text + 4);
        assert_int_equal(json_write(value, &out), STATUS_OK);
        assert_string_equal(buf_text(&out), model);
        buf_finish(&out);
        free(model);
        json_decref(value);
    }
}

static void test_json__write_stops_at_the_ceiling_and_takes_back(void **state)
{
    (void)state;
    json_t *value = read_text("{\"key\":[1,2,3]}");
    for (size_t ceiling = 1; ceiling < 18; ceiling++) {
        struct buf out;
        buf_init(&out, ceiling);
        assert_int_equal(buf_append_byte(&out, '>'), STATUS_OK);
        enum status wanted = ceiling >= 16 ? STATUS_OK : STATUS_RANGE;
        assert_int_equal(json_write(value, &out), wanted);
        assert_string_equal(buf_text(&out), wanted == STATUS_OK ? ">{\"key\":[1,2,3]}" : ">");
        buf_finish(&out);
    }
    json_decref(value);
}

static void test_json__wanted_members_are_checked(void **state)
{
    (void)state;
    json_t *value =
        read_text("{\"n\":5,\"t\":\"text\",\"h\":\"00ffAA\",\"l\":[1,2],\"o\":{\"x\":1}}");
    struct error error;
    int64_t number = 0;
    assert_int_equal(json_want_int(value, "n", 5, 5, &number, &error), STATUS_OK);
    assert_int_equal(number, 5);
    assert_int_equal(json_want_int(value, "n", 6, 9, &number, &error), STATUS_INVALID);
    assert_int_equal(json_want_int(value, "n", 0, 4, &number, &error), STATUS_INVALID);
    assert_int_equal(json_want_int(value, "t", 0, 9, &number, &error), STATUS_INVALID);
    assert_int_equal(json_want_int(value, "gone", 0, 9, &number, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "gone"));
    const char *text = NULL;
    assert_int_equal(json_want_text(value, "t", 4, &text, &error), STATUS_OK);
    assert_string_equal(text, "text");
    assert_int_equal(json_want_text(value, "t", 3, &text, &error), STATUS_INVALID);
    assert_int_equal(json_want_text(value, "n", 9, &text, &error), STATUS_INVALID);
    uint8_t bytes[3];
    assert_int_equal(json_want_hex(value, "h", bytes, 3, &error), STATUS_OK);
    assert_int_equal(bytes[1], 0xFF);
    assert_int_equal(json_want_hex(value, "h", bytes, 2, &error), STATUS_INVALID);
    assert_int_equal(json_want_hex(value, "t", bytes, 2, &error), STATUS_INVALID);
    json_t *part = NULL;
    assert_int_equal(json_want_array(value, "l", 2, &part, &error), STATUS_OK);
    assert_int_equal(json_want_array(value, "l", 1, &part, &error), STATUS_INVALID);
    assert_int_equal(json_want_array(value, "o", 9, &part, &error), STATUS_INVALID);
    assert_int_equal(json_want_object(value, "o", &part, &error), STATUS_OK);
    assert_int_equal(json_want_object(part, "x", &part, &error), STATUS_INVALID);
    json_decref(value);
}

static void test_json__optional_members_have_fallbacks(void **state)
{
    (void)state;
    json_t *value = read_text("{\"n\":5,\"t\":\"text\",\"b\":true}");
    assert_int_equal(json_int_or(value, "n", 9), 5);
    assert_int_equal(json_int_or(value, "t", 9), 9);
    assert_int_equal(json_int_or(NULL, "n", 9), 9);
    assert_string_equal(json_text_or(value, "t", "-"), "text");
    assert_string_equal(json_text_or(value, "n", "-"), "-");
    assert_true(json_bool_or(value, "b", false));
    assert_true(json_bool_or(value, "x", true));
    assert_false(json_bool_or(value, "n", false));
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__refuses_duplicate_keys),
        cmocka_unit_test(test_json__refuses_real_numbers),
        cmocka_unit_test(test_json__refuses_integers_beyond_int64),
        cmocka_unit_test(test_json__refuses_text_that_is_not_utf8),
        cmocka_unit_test(test_json__refuses_nul),
        cmocka_unit_test(test_json__refuses_nesting_deeper_than_32),
        cmocka_unit_test(test_json__refuses_what_is_not_one_document),
        cmocka_unit_test(test_json__an_error_never_quotes_the_input),
        cmocka_unit_test(test_json__writes_compact_in_order_of_insertion),
        cmocka_unit_test(test_json__what_is_read_is_written_the_same),
        cmocka_unit_test(test_json__writes_the_bytes_that_jansson_dumps),
        cmocka_unit_test(test_json__writes_long_texts_whole),
        cmocka_unit_test(test_json__write_stops_at_the_ceiling_and_takes_back),
        cmocka_unit_test(test_json__wanted_members_are_checked),
        cmocka_unit_test(test_json__optional_members_have_fallbacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
