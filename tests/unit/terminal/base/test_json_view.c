/* The flat reader against json_read: the same documents, the same values, the same words. */
#include "terminal/base/json_view.h"

#include "terminal/base/card.h"
#include "terminal/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct json_view *view, *other;

static int make_views(void **state)
{
    (void)state;
    view = json_view_new();
    other = json_view_new();
    return 0;
}

static int free_views(void **state)
{
    (void)state;
    json_view_free(view);
    json_view_free(other);
    return 0;
}

static void expect_equal(const struct json_item *a, const struct json_item *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->span, b->span);
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->key_length, b->key_length);
    assert_string_equal(a->key, b->key);
    if (a->type == JSON_ITEM_TEXT)
        assert_string_equal(a->value.text, b->value.text);
    if (a->type == JSON_ITEM_INT)
        assert_true(a->value.number == b->value.number);
}

/* Both readers of the same bytes. */
static bool expect_same(const char *bytes, size_t length)
{
    struct error error = {0}, tree_error = {0};
    const struct json_item *items = NULL;
    json_t *tree = NULL;
    enum status status = json_read(bytes, length, &tree, &tree_error);

    assert_int_equal(json_view_read(view, bytes, length, &items, &error), status);
    assert_string_equal(error.text, tree_error.text);
    if (status != STATUS_OK)
        return false;
    const struct json_item *expected = json_view_of(other, tree, JSON_VIEW_ALL);
    for (uint32_t i = 0; i < expected->span; i++)
        expect_equal(&items[i], &expected[i]);
    assert_int_equal(card_number_in_view(items), card_number_in(tree));
    json_decref(tree);
    return true;
}

static void test_json_view__reads_what_json_read_reads(void **state)
{
    static const char *const documents[] = {
        "{}",
        "[]",
        "{\"\":0}",
        "[[],{},[{}]]",
        "[0,-1,1,999999999999999999,1000000000000000000]",
        "[9223372036854775807,-9223372036854775808]",
        "[9223372036854775808]",
        "[-0]",
        "[-]",
        "[01]",
        "[1.5]",
        "[1e3]",
        "[1E3]",
        "[+1]",
        "[ 1 ,\t2\r\n]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[true,false,null]",
        "[truefalse]",
        "[tru]",
        "[nullx]",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
        "{\"aXb\":1,\"aYb\":2,\"aXb\":3}",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":}",
        "{\"a\" :1}",
        "[\"\\n\\u00e9\\\\\\\"\"]",
        "[\"a\nb\"]",
        "[\"\x7F\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8D\x8E\"]",
        "[\"\xC0\x80\"]",
        "[\"\xED\xA0\x80\"]",
        "[\"\xF4\x90\x80\x80\"]",
        "{\"\xC3\xA9\":1,\"\xC3\xA8\":2}",
        "[\"\\u0000\"]",
        "[\"a",
        "[",
        "{",
        "{\"a\":",
        "",
        "1",
        "\"a\"",
        "null",
        "[1]x",
        "[1]]",
        "{\"a\":1}{}",
        " [1]",
        "[1]\n",
        "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "{\"note\":\"4111 1111 1111 1111\"}",
        "{\"4111111111111111\":1}",
        "{\"sku\":\"4111111111111111\"}",
        "{\"original\":{\"x\":\"4111111111111111\"},\"b\":[{\"c\":[\"4111-1111-1111-1111\"]}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        (void)expect_same(documents[i], strlen(documents[i]));
    (void)expect_same("[\"a\0b\"]", 7);
    (void)expect_same("[1]\0", 4);
    (void)expect_same("\0", 1);
}

static const char entry[] =
    "{\"v\":1,\"device\":\"00112233445566778899aabbccddeeff\",\"seq\":17,\"kind\":\"sale\","
    "\"lines\":["
    "{\"id\":1,\"sku\":\"5000112637922\",\"name\":\"Cr\xC3\xA8me "
    "12\",\"qty\":-1000,\"tax\":[{\"rate\":"
    "200000,\"net\":0}],\"kit\":[],\"original\":null},{\"id\":2,\"sku\":\"A\",\"linked\":true}],"
    "\"moves\":[{\"from\":\"S01/available\",\"to\":\"S01/@customer\"}],\"change\":0}";

/* Every document that differs from an entry by one byte: put in, left out, or another. */
static void test_json_view__agrees_on_every_entry_with_one_wrong_byte(void **state)
{
    static const char bytes[] = "\"\\{}[]:,-019eE.t n\xC3\x80\x01";
    size_t length = sizeof entry - 1, sound = 0;
    char changed[sizeof entry + 1];

    (void)state;
    assert_true(expect_same(entry, length));
    for (size_t at = 0; at < length; at++) {
        memcpy(changed, entry, at);
        memcpy(changed + at, entry + at + 1, length - at);
        sound += expect_same(changed, length - 1);
        (void)expect_same(entry, at);
        for (size_t i = 0; i < sizeof bytes; i++) {
            memcpy(changed, entry, length + 1);
            changed[at] = bytes[i];
            sound += expect_same(changed, length);
            memcpy(changed + at + 1, entry + at, length - at);
            sound += expect_same(changed, length + 1);
        }
    }
    assert_true(sound > length);
}

static void test_json_view__members_are_found_and_walked_in_order(void **state)
{
    const struct json_item *root, *line;
    const char *text;
    int64_t number = 0;
    struct error error = {0};
    int count = 0;

    (void)state;
    assert_int_equal(json_view_read(view, entry, sizeof entry - 1, &root, &error), STATUS_OK);
    const struct json_item *lines = json_view_array(root, "lines");
    for (line = json_view_first(lines); line != NULL; line = json_view_next(lines, line))
        assert_int_equal(json_view_int_or(line, "id", 0), ++count);
    assert_int_equal(count, 2);
    assert_int_equal(lines->length, 2);
    assert_null(json_view_first(json_view_array(json_view_first(lines), "kit")));
    assert_null(json_view_array(root, "kind"));
    assert_null(json_view_get(lines, "id"));
    assert_null(json_view_get(NULL, "id"));
    assert_string_equal(json_view_text_or(root, "kind", ""), "sale");
    assert_string_equal(json_view_text_or(root, "seq", "none"), "none");
    assert_int_equal(json_view_int_or(root, "kind", -7), -7);
    assert_int_equal(json_view_want_int(root, "seq", 1, 17, &number, &error), STATUS_OK);
    assert_int_equal(number, 17);
    assert_int_equal(json_view_want_int(root, "seq", 1, 16, &number, &error), STATUS_INVALID);
    assert_string_equal(error.text, "member \"seq\" is out of bounds");
    assert_int_equal(json_view_want_text(root, "kind", 3, &text, &error), STATUS_INVALID);
    assert_string_equal(error.text, "member \"kind\" is too long");
    uint8_t id[16];
    assert_int_equal(json_view_want_hex(root, "device", id, 16, &error), STATUS_OK);
    assert_int_equal(id[15], 0xFF);
    assert_int_equal(json_view_want_hex(root, "kind", id, 16, &error), STATUS_INVALID);
}

static void test_json_view__of_a_tree_goes_as_deep_as_it_is_told(void **state)
{
    struct error error = {0};
    json_t *tree = NULL;

    (void)state;
    assert_int_equal(json_read(entry, sizeof entry - 1, &tree, &error), STATUS_OK);
    const struct json_item *root = json_view_of(view, tree, 1);
    assert_int_equal(root->span, 1 + root->length);
    assert_null(json_view_first(json_view_array(root, "lines")));
    assert_int_equal(json_view_int_or(root, "seq", 0), 17);
    json_decref(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_view__reads_what_json_read_reads),
        cmocka_unit_test(test_json_view__agrees_on_every_entry_with_one_wrong_byte),
        cmocka_unit_test(test_json_view__members_are_found_and_walked_in_order),
        cmocka_unit_test(test_json_view__of_a_tree_goes_as_deep_as_it_is_told),
    };
    return cmocka_run_group_tests(tests, make_views, free_views);
}
