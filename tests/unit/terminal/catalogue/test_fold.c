#include "terminal/base/text.h"
#include "terminal/catalogue/fold.h"
#include "tests/unit/terminal/catalogue/fixture.h"

static void assert_folds(bool index, const char *text, const char *wanted)
{
    struct fold *fold = fold_create();
    struct buf out;
    buf_init(&out, 8192);
    assert_ok(index ? fold_index_words(fold, text, strlen(text), &out)
                    : fold_words(fold, text, strlen(text), &out));
    assert_string_equal(buf_text(&out), wanted);
    buf_finish(&out);
    fold_destroy(fold);
}

static void test_fold__case_accents_and_ligatures(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Crème BRÛLÉE, d'Œuf", "creme brulee d oeuf"},
        {"Straße Smørrebrød Łódź Đorđe", "strasse smorrebrod lodz dorde"},
        {"Ægir æbler œil ŒUF", "aegir aebler oeil oeuf"},
        {"İstanbul ılık ISI", "istanbul ilik isi"},
        {"e\xcc\x81t\xc3\xa9", "ete"}, /* combining and precomposed */
        {"Þórr ð Ħ Ŧ", "thorr d h t"},
        {"ﬁn Ｆｕｌｌ ①② x²", "fin full 12 x2"},
        {"Ёж й", "еж и"},
        {"Ἀθῆναι ΣΟΦΟΣ σοφος", "αθηναι σοφοσ σοφοσ"},
        {"ẞ", "ss"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_folds(false, cases[i][0], cases[i][1]);
}

static void test_fold__other_scripts_keep_their_letters(void **state)
{
    (void)state;
    assert_folds(false, "قَهْوَة", "قهوة");   /* vowel marks go */
    assert_folds(false, "قهــوة", "قهوة"); /* tatweel goes */
    assert_folds(false, "أحمد إلى آخر", "احمد الى اخر");
    assert_folds(false, "शहद दूध", "शहद दूध"); /* vowel signs stay */
    assert_folds(false, "שָׁלוֹם", "שלום");
}

static void test_fold__signs_end_words(void **state)
{
    (void)state;
    assert_folds(false, "7up 33cl, 1,5l 100% (bio)/eau", "7up 33cl 1 5l 100 bio eau");
    assert_folds(false, "", "");
    assert_folds(false, " .,;*\"'(){}[]^~+-:", "");
    assert_folds(false, "AND OR NOT NEAR", "and or not near");
    assert_folds(false,
                 "a\xff"
                 "b\xc3",
                 "a b");
    assert_folds(false, "soft\xc2\xadhyphen zero\xe2\x80\x8bwidth", "softhyphen zerowidth");
}

static void test_fold__index_joins_what_people_leave_out(void **state)
{
    (void)state;
    assert_folds(true, "Kellogg's", "kellogg s kelloggs");
    assert_folds(true, "Kellogg’s", "kellogg s kelloggs");
    assert_folds(true, "Coca-Cola light", "coca cola cocacola light");
    assert_folds(true, "M&M", "m m mm");
    assert_folds(true, "l'eau - vive", "l eau leau vive");
    assert_folds(true, "pot-au-feu", "pot au feu potaufeu");
    assert_folds(false, "Coca-Cola", "coca cola");
}

static void test_fold__scripts_without_spaces_are_found_anywhere(void **state)
{
    (void)state;
    assert_folds(true, "可口可乐", "可口可乐 口可乐 可乐 乐");
    assert_folds(false, "可口可乐", "可口可乐");
    assert_folds(true, "可乐330ml", "可乐 乐 330ml");
    assert_folds(false, "一二三四五六七八九十", "一二三四五六七八 九十");
}

static void test_fold__long_words_are_cut(void **state)
{
    (void)state;
    assert_folds(false, "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwx");
    assert_folds(false, "ééééééééééééééééééééééééééééé", "eeeeeeeeeeeeeeeeeeeeeeee");
}

/* Folding what is folded changes nothing, and whatever comes in, UTF-8 comes out. */
static void test_fold__is_idempotent_on_anything(void **state)
{
    (void)state;
    struct fold *fold = fold_create();
    struct dice dice = {0x9E3779B97F4A7C15U};
    struct buf in, once, twice;
    buf_init(&in, 4096);
    buf_init(&once, 65536);
    buf_init(&twice, 65536);
    for (int i = 0; i < 20000; i++) {
        buf_clear(&in);
        for (int length = dice_below(&dice, 12); length > 0; length--) {
            uint32_t c = (uint32_t)dice_below(&dice, dice_below(&dice, 2) == 0 ? 0x500 : 0x1F000);
            if (dice_below(&dice, 20) == 0)
                assert_ok(buf_append_byte(&in, (uint8_t)(0x80 + dice_below(&dice, 128))));
            else
                assert_ok(text_append_char(&in, c == 0 ? 'a' : c));
        }
        buf_clear(&once);
        buf_clear(&twice);
        assert_ok(fold_words(fold, buf_text(&in), in.used, &once));
        assert_true(text_is_utf8(buf_text(&once), once.used));
        assert_ok(fold_words(fold, buf_text(&once), once.used, &twice));
        assert_string_equal(buf_text(&once), buf_text(&twice));
    }
    buf_finish(&in);
    buf_finish(&once);
    buf_finish(&twice);
    fold_destroy(fold);
}

static void test_fold__ceiling_refuses(void **state)
{
    (void)state;
    struct fold *fold = fold_create();
    struct buf out;
    buf_init(&out, 4);
    assert_int_equal(fold_words(fold, "abc def", 7, &out), STATUS_RANGE);
    buf_finish(&out);
    fold_destroy(fold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold__case_accents_and_ligatures),
        cmocka_unit_test(test_fold__other_scripts_keep_their_letters),
        cmocka_unit_test(test_fold__signs_end_words),
        cmocka_unit_test(test_fold__index_joins_what_people_leave_out),
        cmocka_unit_test(test_fold__scripts_without_spaces_are_found_anywhere),
        cmocka_unit_test(test_fold__long_words_are_cut),
        cmocka_unit_test(test_fold__is_idempotent_on_anything),
        cmocka_unit_test(test_fold__ceiling_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
