#include "terminal/catalogue/gs1.h"
#include "terminal/catalogue/gtin.h"
#include "tests/unit/terminal/catalogue/fixture.h"

static struct gs1_message message;
static struct error error;

static enum status elements(const char *text)
{
    return gs1_read_elements(text, strlen(text), &message, &error);
}

static enum status web_link(const char *text)
{
    return gs1_read_link(text, strlen(text), &message, &error);
}

static void assert_value(const char *ai, const char *value)
{
    const char *found = gs1_find(&message, ai);
    assert_non_null(found);
    assert_string_equal(found, value);
}

static void test_gs1__reads_predefined_and_variable(void **state)
{
    (void)state;
    assert_ok(elements("010950600013435210ABC-1\x1d"
                       "17261130310300075021SN_1"));
    assert_int_equal(message.count, 5);
    assert_value("01", "09506000134352");
    assert_value("10", "ABC-1");
    assert_value("17", "261130");
    assert_value("3103", "000750");
    assert_value("21", "SN_1");
    int decimals = 0;
    assert_string_equal(gs1_find_decimal(&message, "310", &decimals), "000750");
    assert_int_equal(decimals, 3);
    assert_null(gs1_find(&message, "15"));
    assert_null(gs1_find_decimal(&message, "320", &decimals));
}

static void test_gs1__separators_are_tolerated_where_not_needed(void **state)
{
    (void)state;
    assert_ok(elements("\x1d"
                       "0109506000134352\x1d"
                       "17261130\x1d"));
    assert_int_equal(message.count, 2);
}

static void test_gs1__refuses_what_is_wrong(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "\x1d",
        "0109506000134353",         /* check digit */
        "010950600013435",          /* too short */
        "010950600013435a",         /* a letter */
        "0109506000134352\x1d\x1d", /* nothing between separators */
        "010950600013435210",       /* empty lot */
        "0109506000134352"
        "10ABCDEFGHIJKLMNOPQRSTU", /* 21 characters */
        "0109506000134352"
        "17261330", /* month 13 */
        "0109506000134352"
        "17260230", /* 30 February */
        "0109506000134352"
        "0400", /* not assigned */
        "0109506000134352"
        "3106000750", /* at most five decimals */
        "0109506000134352"
        "10AB C", /* space is not in CSET 82 */
        "0109506000134352"
        "0109506000134369", /* the same AI, another value */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(elements(wrong[i]), STATUS_INVALID);
    assert_ok(elements("01095060001343520109506000134352"));
    assert_int_equal(message.count, 1);
}

static void test_gs1__link_with_stem_qualifiers_and_query(void **state)
{
    (void)state;
    assert_ok(web_link("https://example.com/some/stem/01/09506000134352/10/AB%2FC/21/12"
                       "?17=261130&3103=000750&utm=x#top"));
    assert_value("01", "09506000134352");
    assert_value("10", "AB/C");
    assert_value("21", "12");
    assert_value("17", "261130");
    assert_value("3103", "000750");
    assert_int_equal(message.count, 5);
    assert_ok(web_link("HTTP://id.gs1.org/01/9506000134352"));
    assert_value("01", "09506000134352");
    assert_ok(web_link("https://id.gs1.org/01/09506000134352/"));
}

static void test_gs1__link_says_what_is_none_and_what_is_wrong(void **state)
{
    (void)state;
    static const char *const none[] = {"https://example.com/",
                                       "https://example.com/01/",
                                       "https://example.com/01/abc",
                                       "ftp://e.com/01/09506000134352",
                                       "https:///01/09506000134352",
                                       "https://",
                                       ""};
    static const char *const wrong[] = {
        "https://e.com/01/09506000134353",           "https://e.com/01/09506000134352/10",
        "https://e.com/01/09506000134352/17/261130", "https://e.com/01/09506000134352?17=261330",
        "https://e.com/01/09506000134352/10/A%2",    "https://e.com/01/09506000134352/10/A%00B",
        "https://e.com/01/09506000134352/10/A%20B"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(web_link(none[i]), STATUS_NOT_FOUND);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(web_link(wrong[i]), STATUS_INVALID);
}

static void test_gs1__dates_choose_their_century(void **state)
{
    (void)state;
    char out[11];
    static const struct {
        const char *value;
        int now;
        const char *date;
    } cases[] = {
        {"261130", 2026, "2026-11-30"}, {"260200", 2026, "2026-02-28"},
        {"280200", 2026, "2028-02-29"}, {"760101", 2026, "2076-01-01"},
        {"770101", 2026, "1977-01-01"}, {"990101", 2026, "1999-01-01"},
        {"480101", 2098, "2148-01-01"}, {"490101", 2098, "2049-01-01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(gs1_date(cases[i].value, cases[i].now, out));
        assert_string_equal(out, cases[i].date);
    }
    assert_int_equal(gs1_date("000229", 2060, out), STATUS_INVALID); /* 2100 is no leap year */
    assert_int_equal(gs1_date("260010", 2026, out), STATUS_INVALID);
    assert_int_equal(gs1_date("2611", 2026, out), STATUS_INVALID);
}

/* --- Against GS1's own table, where it is at hand --- */

/* Appends one component of a specification ("N6,yymmd0", "[X..17]") at its longest or shortest. */
static void add_component(const char *spec, bool longest, char *out)
{
    bool optional = *spec == '[';
    char type = spec[optional];
    const char *number = spec + optional + 1;
    bool range = strncmp(number, "..", 2) == 0;
    int count = atoi(number + (range ? 2 : 0));
    if (!longest)
        count = optional ? 0 : range ? 1 : count;
    char *start = out + strlen(out);
    for (int i = 0; i < count; i++)
        start[i] = strstr(spec, ",zero") != NULL ? '0' : type == 'N' ? '1' : 'A';
    start[count] = '\0';
    if (strstr(spec, ",csum") != NULL && type == 'N')
        start[count - 1] = gtin_check_digit(start, (size_t)count - 1);
}

static void check_dictionary_line(const char *from, const char *to, bool predefined,
                                  char *const *components, int count)
{
    for (int ai = atoi(from); ai <= atoi(to); ai++) {
        char text[256], longer[300];
        for (int longest = 0; longest <= 1; longest++) {
            (void)snprintf(text, sizeof text, "%0*d", (int)strlen(from), ai);
            for (int i = 0; i < count; i++)
                add_component(components[i], longest, text);
            assert_ok(elements(text));
            assert_int_equal(message.count, 1);
            assert_int_equal(strlen(message.elements[0].ai), strlen(from));
        }
        /* Behind a predefined length the next AI begins at once; else a longer value is wrong. */
        (void)snprintf(longer, sizeof longer, "%s%s", text,
                       predefined ? "20"
                                    "11"
                                  : "1");
        assert_int_equal(elements(longer), predefined ? STATUS_OK : STATUS_INVALID);
    }
}

static void test_gs1__table_equals_dictionary(void **state)
{
    (void)state;
    FILE *file = fopen("../shared/data/gs1-syntax-dictionary.txt", "r");
    if (file == NULL) {
        print_message("skipped: ../shared/data/gs1-syntax-dictionary.txt is not here\n");
        skip();
    }
    char line[512];
    int lines = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] < '0' || line[0] > '9')
            continue;
        char *components[8];
        int count = 0;
        bool predefined = false;
        char *save = NULL, *range = strtok_r(line, " ", &save);
        for (char *word = strtok_r(NULL, " ", &save); word != NULL && *word != '#';
             word = strtok_r(NULL, " ", &save)) {
            bool component = strchr("[NXYZ", word[0]) != NULL &&
                             (strpbrk(word, "0123456789") != NULL) && strchr(word, '=') == NULL;
            if (component && count < 8)
                components[count++] = word;
            else if (strspn(word, "*?") == strlen(word))
                predefined = strchr(word, '*') != NULL;
        }
        char *dash = strchr(range, '-');
        if (dash != NULL)
            *dash = '\0';
        check_dictionary_line(range, dash != NULL ? dash + 1 : range, predefined, components,
                              count);
        lines++;
    }
    (void)fclose(file);
    assert_true(lines > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gs1__reads_predefined_and_variable),
        cmocka_unit_test(test_gs1__separators_are_tolerated_where_not_needed),
        cmocka_unit_test(test_gs1__refuses_what_is_wrong),
        cmocka_unit_test(test_gs1__link_with_stem_qualifiers_and_query),
        cmocka_unit_test(test_gs1__link_says_what_is_none_and_what_is_wrong),
        cmocka_unit_test(test_gs1__dates_choose_their_century),
        cmocka_unit_test(test_gs1__table_equals_dictionary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
