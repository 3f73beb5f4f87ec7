#include "terminal/selling/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct document *sample(void)
{
    const char *const cells[] = {"A", "20%", "1.00"};
    const int weights[] = {1, 2, 3};
    struct document *document = document_create(DOCUMENT_RECEIPT, "en-GB", "T01-K7Q-000012");

    document_drawer(document);
    document_text(document, "Harbour\x1bStreet", ALIGN_CENTER, true, 2);
    document_pair(document, "2 × 2.40", "4.80", false, 1, 1);
    document_columns(document, cells, weights, 3, true);
    document_rule(document);
    document_qr(document, "HF1:T01");
    document_feed(document, 3);
    document_cut(document);
    return document;
}

static void test_document__reads_back_what_it_wrote(void **unused)
{
    struct document *document = sample(), *again;
    struct error error;
    struct buf first, second;

    (void)unused;
    buf_init(&first, DOCUMENT_BYTES);
    buf_init(&second, DOCUMENT_BYTES);
    assert_int_equal(document_write(document, &first), STATUS_OK);
    assert_int_equal(document_read(buf_text(&first), first.used, &again, &error), STATUS_OK);
    assert_int_equal(document_write(again, &second), STATUS_OK);
    assert_string_equal(buf_text(&first), buf_text(&second));
    assert_int_equal(document_count(again), 8);
    assert_string_equal(document_block(again, 1)->text, "Harbour Street");
    assert_int_equal(document_block(again, 3)->cell_count, 3);
    document_destroy(document);
    document_destroy(again);
    buf_finish(&first);
    buf_finish(&second);
}

static void test_document__a_copy_says_so_twice_and_opens_no_drawer(void **unused)
{
    struct document *document = sample(), *copy = document_copy_of(document);
    int marks = 0, drawers = 0;

    (void)unused;
    for (size_t i = 0; i < document_count(copy); i++) {
        const struct document_block *block = document_block(copy, i);

        marks += block->type == BLOCK_TEXT && strcmp(block->text, "COPY") == 0;
        drawers += block->type == BLOCK_DRAWER;
    }
    assert_int_equal(marks, 2);
    assert_int_equal(drawers, 0);
    assert_int_equal(document_kind(copy), DOCUMENT_COPY);
    assert_string_equal(document_number(copy), "T01-K7Q-000012");
    document_destroy(document);
    document_destroy(copy);
}

static void test_document__refuses_what_breaks_the_form(void **unused)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"v\":2,\"kind\":\"receipt\",\"locale\":\"en\",\"number\":\"\",\"blocks\":[]}",
        "{\"v\":1,\"kind\":\"poem\",\"locale\":\"en\",\"number\":\"\",\"blocks\":[]}",
        "{\"v\":1,\"kind\":\"receipt\",\"locale\":\"en\",\"number\":\"\",\"blocks\":[1]}",
        "{\"v\":1,\"kind\":\"receipt\",\"locale\":\"en\",\"number\":\"\",\"blocks\":"
        "[{\"t\":\"feed\",\"n\":21}]}",
        "{\"v\":1,\"kind\":\"receipt\",\"locale\":\"en\",\"number\":\"\",\"blocks\":"
        "[{\"t\":\"columns\",\"cells\":[\"A\"],\"weights\":[0]}]}",
        "{\"v\":1,\"kind\":\"receipt\",\"locale\":\"en\",\"number\":\"\",\"blocks\":"
        "[{\"t\":\"columns\",\"cells\":[\"A\",\"B\"],\"weights\":[1]}]}",
        "{\"v\":1,\"kind\":\"receipt\",\"locale\":\"en\",\"number\":\"\",\"blocks\":"
        "[{\"t\":\"text\"}]}",
    };
    struct document *document;
    struct error error;

    (void)unused;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(document_read(bad[i], strlen(bad[i]), &document, &error), STATUS_INVALID);
        assert_null(document);
    }
}

static void test_document__skips_blocks_of_a_later_version(void **unused)
{
    static const char text[] = "{\"v\":1,\"kind\":\"x\",\"locale\":\"ar-EG\",\"number\":\"\","
                               "\"blocks\":[{\"t\":\"hologram\"},{\"t\":\"rule\"}]}";
    struct document *document;
    struct error error;

    (void)unused;
    assert_int_equal(document_read(text, strlen(text), &document, &error), STATUS_OK);
    assert_int_equal(document_count(document), 1);
    assert_true(document_is_rtl(document));
    document_destroy(document);
}

static void test_document__has_a_ceiling(void **unused)
{
    struct document *document = document_create(DOCUMENT_TEST, "en", "");

    (void)unused;
    for (int i = 0; i < DOCUMENT_BLOCKS + 10; i++)
        document_rule(document);
    assert_int_equal(document_count(document), DOCUMENT_BLOCKS);
    document_destroy(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document__reads_back_what_it_wrote),
        cmocka_unit_test(test_document__a_copy_says_so_twice_and_opens_no_drawer),
        cmocka_unit_test(test_document__refuses_what_breaks_the_form),
        cmocka_unit_test(test_document__skips_blocks_of_a_later_version),
        cmocka_unit_test(test_document__has_a_ceiling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
