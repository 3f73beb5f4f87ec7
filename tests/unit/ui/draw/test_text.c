#include "ui/draw/icons.h"
#include "ui/draw/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char fonts[] = "assets/themes/fonts.json";
static const struct text_font body = {.px = 17};

static int set_up(void **state)
{
    struct text *text = NULL;
    struct error error = {0};
    if (text_create(fonts, 64 * 1024, &text, &error) != STATUS_OK) {
        print_error("%s\n", error.text);
        return -1;
    }
    *state = text;
    return 0;
}

static int tear_down(void **state)
{
    text_free(*state);
    return 0;
}

static void test_text__lines_of_one_style_have_one_height(void **state)
{
    static const char *const strings[] = {"Pay", "ادفع", "支払う", "จ่าย", "ỆṶ", "", "(5)"};
    struct text *text = *state;
    int height = text_height(text, body);
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        struct text_line line = text_shape(text, body, strings[i], -1);
        assert_int_equal(line.height, height);
        struct size size = text_measure(text, body, strings[i], -1);
        assert_int_equal(size.w, line.width);
    }
}

static void test_text__digits_are_tabular(void **state)
{
    struct text *text = *state;
    int width = text_measure(text, body, "0000", -1).w;
    assert_int_equal(text_measure(text, body, "1111", -1).w, width);
    assert_int_equal(text_measure(text, body, "7418", -1).w, width);
}

static void test_text__cache_finds_and_stays_in_its_bound(void **state)
{
    struct text *text = *state;
    text_shape(text, body, "Sea Salt Crackers", -1);
    struct text_stats first = text_stats(text);
    struct text_line again = text_shape(text, body, "Sea Salt Crackers", -1);
    assert_non_null(again.mask);
    assert_int_equal(text_stats(text).shaped, first.shaped);
    assert_int_equal(text_stats(text).found, first.found + 1);

    for (int i = 0; i < 3000; i++) {
        char name[32];
        snprintf(name, sizeof name, "Article %d", i);
        text_shape(text, body, name, -1);
        if (i % 50 == 49) {
            text_trim(text);
            text_trim(text);
            assert_true(text_stats(text).cached_bytes <= 64 * 1024);
        }
    }
}

static void test_text__trim_keeps_what_the_frame_uses(void **state)
{
    struct text *text = *state;
    for (int i = 0; i < 400; i++) {
        char name[32];
        snprintf(name, sizeof name, "Article %d", i);
        text_shape(text, body, name, -1);
    }
    size_t used = text_stats(text).cached_bytes;
    assert_true(used > 64 * 1024);
    text_trim(text); /* ends the frame that used them: nothing may go yet */
    assert_int_equal(text_stats(text).cached_bytes, used);
    text_trim(text);
    assert_true(text_stats(text).cached_bytes <= 64 * 1024);
}

static int wrap(struct text *text, const char *string, int width, int max,
                struct text_piece *pieces)
{
    return text_wrap(text, body, string, width, pieces, max);
}

static void test_text__wraps_at_words_within_the_width(void **state)
{
    static const char string[] = "Selling goes on. Nothing is lost, and 37 sales are sent later.";
    struct text *text = *state;
    struct text_piece pieces[16];
    for (int width = 80; width < 500; width += 7) {
        int count = wrap(text, string, width, 16, pieces);
        int at = 0;
        for (int i = 0; i < count; i++) {
            struct text_line line = text_shape_piece(text, body, string, pieces[i]);
            assert_true(line.width <= width);
            assert_false(pieces[i].ellipsis);
            assert_true(pieces[i].start >= at);
            for (int k = at; k < pieces[i].start; k++)
                assert_int_equal(string[k], ' ');
            at = pieces[i].start + pieces[i].length;
        }
        assert_int_equal(at, sizeof string - 1);
    }
}

static void test_text__breaks_lines_where_told_and_between_cjk(void **state)
{
    struct text *text = *state;
    struct text_piece pieces[8];
    assert_int_equal(wrap(text, "one\ntwo", 1000, 8, pieces), 2);
    assert_int_equal(pieces[1].start, 4);

    static const char tea[] = "緑茶ほうじ茶。";
    int count = wrap(text, tea, 17 * 3 + 2, 8, pieces);
    assert_int_equal(count, 3);
    assert_int_equal(pieces[0].length, 9); /* three characters */
    /* The full stop may not begin a line: it takes the character before it along. */
    assert_int_equal(pieces[2].start + pieces[2].length, sizeof tea - 1);
    assert_true(pieces[2].length >= 6);
}

static void test_text__percent_stays_with_its_number(void **state)
{
    struct text *text = *state;
    struct text_piece pieces[4];
    static const char name[] = "Dark Chocolate 70 %";
    int width = text_measure(text, body, "Dark Chocolate 70", -1).w + 2;
    assert_int_equal(wrap(text, name, width, 4, pieces), 2);
    assert_memory_equal(name + pieces[1].start, "70 %", 4);
}

static void test_text__cuts_with_an_ellipsis(void **state)
{
    static const char string[] = "Sourdough Loaf with a very long name";
    struct text *text = *state;
    struct text_piece pieces[2];
    int whole = text_measure(text, body, string, -1).w;
    assert_int_equal(wrap(text, string, whole, 1, pieces), 1);
    assert_false(pieces[0].ellipsis);
    for (int width = 20; width < whole; width += 5) {
        assert_int_equal(wrap(text, string, width, 1, pieces), 1);
        assert_true(pieces[0].ellipsis);
        assert_true(text_shape_piece(text, body, string, pieces[0]).width <= width);
    }
    assert_int_equal(wrap(text, string, whole / 3, 2, pieces), 2);
    assert_false(pieces[0].ellipsis);
    assert_true(pieces[1].ellipsis);
}

static void test_text__splits_a_word_that_is_too_wide(void **state)
{
    struct text *text = *state;
    struct text_piece pieces[8];
    static const char word[] = "Donaudampfschifffahrtsgesellschaft";
    int count = wrap(text, word, 100, 8, pieces);
    assert_true(count > 2);
    int total = 0;
    for (int i = 0; i < count; i++)
        total += pieces[i].length;
    assert_int_equal(total, sizeof word - 1);
    assert_true(text_word_width(text, body, word) > 100);
}

/* Does `part` appear in `line` at column x (of the line box)? */
static bool shows_at(const struct text_line *line, const struct text_line *part, int x)
{
    for (int v = 0; v < part->mask->h; v++)
        for (int u = 0; u < part->mask->w; u++) {
            int line_x = x + part->offset_x + u - line->offset_x;
            int line_y = part->offset_y + v - line->offset_y;
            uint8_t here = 0;
            if (line_x >= 0 && line_y >= 0 && line_x < line->mask->w && line_y < line->mask->h)
                here = line->mask->coverage[line_y * line->mask->w + line_x];
            if (here != part->mask->coverage[v * part->mask->w + u])
                return false;
        }
    return true;
}

static void test_text__mixed_directions_stand_in_visual_order(void **state)
{
    struct text *text = *state;
    struct text_line latin = text_shape(text, body, "abc", -1);
    struct text_line hebrew_first = text_shape(text, body, "שלוםabc", -1);
    struct text_line latin_first = text_shape(text, body, "abc שלום", -1);
    assert_true(shows_at(&latin_first, &latin, 0));
    assert_true(shows_at(&hebrew_first, &latin, 0)); /* the later word stands at the left */

    struct text_font rtl = {.px = 17, .rtl = true};
    struct text_line hebrew = text_shape(text, rtl, "שלום", -1);
    assert_true(shows_at(&latin_first, &hebrew, latin_first.width - hebrew.width));
    assert_true(shows_at(&hebrew_first, &hebrew, hebrew_first.width - hebrew.width));
}

static void test_text__digits_run_left_to_right_in_arabic(void **state)
{
    struct text *text = *state;
    struct text_line number = text_shape(text, body, "£54.60", -1);
    struct text_line sentence = text_shape(text, body, "ادفع \u2068£54.60\u2069", -1);
    assert_true(shows_at(&sentence, &number, 0));
}

static void test_text__arabic_letters_join(void **state)
{
    struct text *text = *state;
    /* Joined, the word is narrower than its letters standing alone. */
    int joined = text_measure(text, body, "بببب", -1).w;
    int alone = 4 * text_measure(text, body, "ب", -1).w;
    assert_true(joined < alone);
}

static void test_text__direction_is_that_of_the_first_strong_character(void **state)
{
    (void)state;
    assert_true(text_is_rtl("123 שלום abc", false));
    assert_false(text_is_rtl("123 abc שלום", true));
    assert_true(text_is_rtl("123", true));
    assert_false(text_is_rtl("123", false));
}

static void test_text__falls_back_to_another_face_or_a_box(void **state)
{
    static const char *const names[] = {"緑茶",    "한국어",  "ไทย",  "हिन्दी", "עברית",
                                        "ქართული", "Հայերեն", "አማርኛ", "தமிழ்",  "✓ ★"};
    struct text *text = *state;
    struct text_line box = text_shape(text, body, "\U000F0000", -1); /* private use: in no face */
    assert_non_null(box.mask);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct text_line line = text_shape(text, body, names[i], -1);
        assert_non_null(line.mask);
        assert_false(shows_at(&line, &box, 0));
    }
}

static void test_text__anything_at_all_is_drawn_without_failing(void **state)
{
    struct text *text = *state;
    uint64_t seed = 99;
    for (int i = 0; i < 400; i++) {
        char bytes[80];
        size_t length = 1 + (size_t)(seed >> 40) % 60;
        for (size_t k = 0; k < length; k++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            bytes[k] = (char)(i % 2 == 0 ? (int)(seed >> 33) : 0xD8 + (int)(seed >> 33) % 4);
            if (bytes[k] == '\0')
                bytes[k] = '\n';
        }
        bytes[length] = '\0';
        struct text_line line = text_shape(text, body, bytes, -1);
        assert_true(line.width >= 0);
        struct text_piece pieces[4];
        text_wrap(text, body, bytes, 60, pieces, 4);
        text_trim(text);
    }
    char *huge = malloc(200000);
    memset(huge, 'w', 199999);
    huge[199999] = '\0';
    assert_true(text_measure(text, body, huge, -1).w > 0);
    free(huge);
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void test_text__missing_face_names_its_package(void **state)
{
    (void)state;
    struct text *text = NULL;
    struct error error = {0};
    char path[] = "/tmp/holdfast-fonts-XXXXXX";
    close(mkstemp(path));
    write_file(path, "{\"faces\":[{\"name\":\"Noto Sans\",\"package\":\"fonts-noto-core\","
                     "\"required\":true,\"regular\":\"/nowhere/a.ttf\",\"bold\":\"/nowhere/b.ttf\"}"
                     "]}");
    assert_int_equal(text_create(path, 1000, &text, &error), STATUS_NOT_FOUND);
    assert_null(text);
    assert_non_null(strstr(error.text, "/nowhere/a.ttf"));
    assert_non_null(strstr(error.text, "install the package fonts-noto-core"));
    write_file(path, "{\"font\":\"/nowhere/i.ttf\",\"package\":\"fonts-icons\",\"icons\":{}}");
    struct icons *icons = NULL;
    assert_int_equal(icons_create(path, &icons, &error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "fonts-icons"));
    unlink(path);
}

static void test_icons__turn_only_where_they_point(void **state)
{
    (void)state;
    struct icons *icons = NULL;
    struct error error = {0};
    assert_int_equal(icons_create("assets/themes/icons.json", &icons, &error), STATUS_OK);
    const struct mask *back = icons_get(icons, "back", 24, false);
    const struct mask *turned = icons_get(icons, "back", 24, true);
    assert_ptr_equal(icons_get(icons, "back", 24, false), back);
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < 24; x++)
            assert_int_equal(back->coverage[y * 24 + x], turned->coverage[y * 24 + 23 - x]);
    assert_int_equal(icons_get(icons, "search", 24, true)->digest,
                     icons_get(icons, "search", 24, false)->digest);
    assert_false(icons_has(icons, "no such icon"));
    assert_int_equal(icons_get(icons, "no such icon", 24, false)->coverage[0], 255);
    icons_free(icons);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_text__lines_of_one_style_have_one_height),
        TEST(test_text__digits_are_tabular),
        TEST(test_text__cache_finds_and_stays_in_its_bound),
        TEST(test_text__trim_keeps_what_the_frame_uses),
        TEST(test_text__wraps_at_words_within_the_width),
        TEST(test_text__breaks_lines_where_told_and_between_cjk),
        TEST(test_text__percent_stays_with_its_number),
        TEST(test_text__cuts_with_an_ellipsis),
        TEST(test_text__splits_a_word_that_is_too_wide),
        TEST(test_text__mixed_directions_stand_in_visual_order),
        TEST(test_text__digits_run_left_to_right_in_arabic),
        TEST(test_text__arabic_letters_join),
        TEST(test_text__direction_is_that_of_the_first_strong_character),
        TEST(test_text__falls_back_to_another_face_or_a_box),
        TEST(test_text__anything_at_all_is_drawn_without_failing),
        cmocka_unit_test(test_text__missing_face_names_its_package),
        cmocka_unit_test(test_icons__turn_only_where_they_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
