/* The writer against the printer in memory: what a document says is what comes out on paper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drivers/escpos.h"
#include "drivers/layout.h"
#include "drivers/paper.h"
#include "drivers/text_form.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>

static struct type *type;

static int setup(void **state)
{
    (void)state;
    struct error error;
    return type_create(&type, &error) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    type_destroy(type);
    return 0;
}

static struct document *receipt(const char *locale)
{
    struct document *document = document_create(DOCUMENT_RECEIPT, locale, "T01-K7Q-000012");
    document_text(document, "Harbour Street", ALIGN_CENTER, true, 2);
    document_pair(document, "2 x Sea Salt Crackers 200 g", "£4.80", false, 1, 0);
    document_rule(document);
    document_columns(document, (const char *[]){"A", "20%", "£4.00", "£0.80", "£4.80"},
                     (int[]){1, 2, 3, 3, 3}, 5, false);
    document_qr(document, "HF1:T01-K7Q-000012");
    document_feed(document, 1);
    document_cut(document);
    document_drawer(document);
    return document;
}

static void print(const struct document *document, const struct profile *profile,
                  struct paper *paper, struct buf *bytes)
{
    struct error error = {0};
    buf_init(bytes, ESCPOS_BYTES_MAX);
    assert_int_equal(escpos_write(document, profile, type, 0x1A2B3, bytes, &error), STATUS_OK);
    paper_init(paper, profile->width_dots);
    enum status status =
        paper_print(paper, type, (const uint8_t *)bytes->data, bytes->used, &error);
    if (status)
        fail_msg("%s", error.text);
}

static void test_paper__shows_what_the_document_says(void **state)
{
    (void)state;
    struct profile profile = profile_default();
    struct document *document = receipt("en-GB");
    struct paper paper;
    struct buf bytes;
    print(document, &profile, &paper, &bytes);
    assert_non_null(strstr(buf_text(&paper.text), "     Harbour Street"));
    assert_non_null(
        strstr(buf_text(&paper.text), "2 x Sea Salt Crackers 200 g                £4.80\n"));
    assert_non_null(strstr(buf_text(&paper.text), "£4.80\n"));
    assert_int_equal(paper.cuts, 1);
    assert_int_equal(paper.drawer_pulses, 1);
    assert_int_equal(paper.codes, 1);
    assert_string_equal(paper.proof, "A2B3");
    assert_true(paper.dots.height > 200);
    paper_finish(&paper);
    buf_finish(&bytes);
    document_destroy(document);
}

/* Function 48 of GS ( H and the drawer's pulse, byte for byte. */
static void test_escpos__ends_with_the_request_for_proof(void **state)
{
    (void)state;
    struct profile profile = profile_default();
    struct document *document = receipt("en-GB");
    struct paper paper;
    struct buf bytes;
    print(document, &profile, &paper, &bytes);
    static const uint8_t tail[] = {0x1B, 'p', 0,   25,  100, 0x1D, '(', 'H',
                                   6,    0,   '0', '0', 'A', '2',  'B', '3'};
    assert_memory_equal(bytes.data + bytes.used - sizeof tail, tail, sizeof tail);
    static const uint8_t head[] = {0x1B, '@', 0x1D, '(', 'D', 3, 0, 20, 1, 0};
    assert_memory_equal(bytes.data, head, sizeof head);
    paper_finish(&paper);
    buf_finish(&bytes);
    document_destroy(document);
}

static int dots_between(const struct bitmap *dots, int from_x, int to_x)
{
    int count = 0;
    for (int y = 0; y < dots->height; y++)
        for (int x = from_x; x < to_x; x++)
            count += bitmap_get(dots, x, y);
    return count;
}

/* What the code page lacks is drawn, never replaced by '?'; in Arabic the sides change. */
static void test_escpos__draws_what_the_code_page_lacks(void **state)
{
    (void)state;
    struct profile profile = profile_default();
    static const char *const names[] = {"شاي أخضر", "緑茶 100 g", "Ελιές", "Ŝokolado"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct document *document = document_create(DOCUMENT_RECEIPT, i ? "en-GB" : "ar-EG", "");
        document_text(document, names[i], ALIGN_START, false, 1);
        struct paper paper;
        struct buf bytes;
        print(document, &profile, &paper, &bytes);
        assert_null(memchr(buf_text(&paper.text), '?', paper.text.used));
        int left = dots_between(&paper.dots, 0, 288), right = dots_between(&paper.dots, 288, 576);
        if (i == 0)
            assert_true(right > 100 && left == 0);
        else
            assert_true(left > 100 && right == 0);
        paper_finish(&paper);
        buf_finish(&bytes);
        document_destroy(document);
    }
}

/* No text, whatever is in it, becomes a command. */
static void test_escpos__no_text_becomes_a_command(void **state)
{
    (void)state;
    struct profile profile = profile_default();
    srand(11);
    for (int round = 0; round < 400; round++) {
        char text[40];
        size_t length = (size_t)(rand() % 39);
        for (size_t i = 0; i < length; i++)
            text[i] = (char)(rand() % 3 ? rand() % 256 : "\x1B@\x1D(kp\n\x10\x04\x7F"[rand() % 10]);
        text[length] = '\0';
        struct document *document = document_create(DOCUMENT_RECEIPT, "en-GB", "");
        document_text(document, text, ALIGN_START, false, 1);
        document_pair(document, text, "1.00", false, 1, 0);
        struct paper paper;
        struct buf bytes;
        print(document, &profile, &paper, &bytes);
        assert_int_equal(paper.drawer_pulses, 0);
        assert_int_equal(paper.cuts, 0);
        assert_int_equal(paper.codes, 0);
        paper_finish(&paper);
        buf_finish(&bytes);
        document_destroy(document);
    }
}

static void test_paper__refuses_what_it_does_not_know(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x1B", "\x1BZ", "\x1D(k\x09", "\x1Dv0", "\x07", "a\x10\x04"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct paper paper;
        struct error error;
        paper_init(&paper, 576);
        assert_int_equal(paper_print(&paper, type, (const uint8_t *)bad[i], strlen(bad[i]), &error),
                         STATUS_INVALID);
        paper_finish(&paper);
    }
}

static int count_bytes(void *context, const char *text, size_t length)
{
    (void)context;
    (void)text;
    return (int)length;
}

static void add_character(char *text, char character)
{
    size_t length = strlen(text);
    text[length] = character;
    text[length + 1] = '\0';
}

/* Whatever the texts and widths: every character is there once, in order, and inside the line. */
static void test_layout__loses_nothing_and_stays_inside(void **state)
{
    (void)state;
    srand(5);
    for (int round = 0; round < 2000; round++) {
        char start[80], end[30];
        size_t start_length = (size_t)(rand() % 79), end_length = (size_t)(rand() % 29);
        for (size_t i = 0; i < start_length; i++)
            start[i] = (char)(rand() % 5 ? 'a' + rand() % 26 : ' ');
        for (size_t i = 0; i < end_length; i++)
            end[i] = (char)('0' + rand() % 10);
        start[start_length] = end[end_length] = '\0';
        struct document_block block = {
            .type = BLOCK_PAIR, .text = start, .end_text = end, .size = 1};
        struct layout_measure measure = {
            .width = count_bytes, .line = 16 + rand() % 33, .gap = 1, .indent = 2};
        struct layout layout;
        layout_init(&layout);
        bool rtl = rand() % 2;
        layout_block(&layout, &block, rtl, &measure);
        char seen[2][80] = {"", ""};
        for (size_t i = 0; i < layout.count; i++) {
            const struct layout_piece *piece = &layout.pieces[i];
            assert_true(piece->x >= 0 && piece->x + (int)piece->length <= measure.line);
            for (size_t j = 0; j < layout.count; j++)
                if (j != i && layout.pieces[j].row == piece->row && layout.pieces[j].length > 0 &&
                    piece->length > 0)
                    assert_true(layout.pieces[j].x >= piece->x + (int)piece->length ||
                                layout.pieces[j].x + (int)layout.pieces[j].length <= piece->x);
            char *into = seen[piece->text >= end && piece->text < end + sizeof end];
            for (size_t c = 0; c < piece->length; c++)
                if (piece->text[c] != ' ')
                    add_character(into, piece->text[c]);
        }
        char wanted[80] = "";
        for (size_t i = 0; i < start_length; i++)
            if (start[i] != ' ')
                add_character(wanted, start[i]);
        assert_string_equal(seen[0], wanted);
        assert_string_equal(seen[1], end);
        layout_finish(&layout);
    }
}

static void test_text_form__is_what_a_terminal_shows(void **state)
{
    (void)state;
    struct document *document = receipt("en-GB");
    struct buf text;
    buf_init(&text, 1 << 16);
    assert_int_equal(text_form_write(document, 32, &text), STATUS_OK);
    assert_string_equal(buf_text(&text), "         Harbour Street\n"
                                         "2 x Sea Salt Crackers 200  £4.80\n"
                                         "g\n"
                                         "--------------------------------\n"
                                         "A   20%   £4.00   £0.80    £4.80\n"
                                         "HF1:T01-K7Q-000012\n"
                                         "\n");
    buf_finish(&text);
    document_destroy(document);
}

static void test_code_page__goes_both_ways(void **state)
{
    (void)state;
    for (int byte = 0x20; byte < 256; byte++) {
        uint32_t character = code_page_character((uint8_t)byte);
        if (byte != 0x7F && character != 0xFFFD)
            assert_int_equal(code_page_byte(character), byte);
    }
    assert_int_equal(code_page_byte(0x20AC), 0x80);
    assert_int_equal(code_page_byte(0x0416), -1);
    assert_int_equal(code_page_byte(0x1B), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paper__shows_what_the_document_says),
        cmocka_unit_test(test_escpos__ends_with_the_request_for_proof),
        cmocka_unit_test(test_escpos__draws_what_the_code_page_lacks),
        cmocka_unit_test(test_escpos__no_text_becomes_a_command),
        cmocka_unit_test(test_paper__refuses_what_it_does_not_know),
        cmocka_unit_test(test_layout__loses_nothing_and_stays_inside),
        cmocka_unit_test(test_text_form__is_what_a_terminal_shows),
        cmocka_unit_test(test_code_page__goes_both_ways),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
