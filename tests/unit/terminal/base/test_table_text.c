#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/base/table_text.h"

#include <stdlib.h>
#include <string.h>

static void read_ok(struct table_text *table)
{
    bool more = false;
    struct error error;
    assert_int_equal(table_text_next(table, &more, &error), STATUS_OK);
    assert_true(more);
}

static void read_bad(struct table_text *table, int64_t line)
{
    bool more = false;
    struct error error;
    assert_int_equal(table_text_next(table, &more, &error), STATUS_INVALID);
    assert_true(more);
    assert_int_equal(table->line, line);
}

static void read_end(struct table_text *table)
{
    bool more = true;
    struct error error;
    assert_int_equal(table_text_next(table, &more, &error), STATUS_OK);
    assert_false(more);
}

static void expect(const struct table_text *table, size_t index, const char *text)
{
    assert_true(index < table->count);
    assert_int_equal(table->fields[index].length, strlen(text));
    assert_memory_equal(table->fields[index].bytes, text, strlen(text));
}

static void start(struct table_text *table, const char *text)
{
    table_text_init(table, text, strlen(text));
}

static void test_table_text__reads_csv_with_quotes(void **state)
{
    (void)state;
    struct table_text table;
    start(&table,
          "\xEF\xBB\xBFsku,Name,price\r\n1,\"a \"\"b\"\", c\",2.50\r\n\r\n2,\"x\ny\",\n3,,4");
    read_ok(&table);
    assert_int_equal(table_text_column(&table, "name"), 1);
    assert_int_equal(table_text_column(&table, "gtin"), -1);
    read_ok(&table);
    assert_int_equal(table.line, 2);
    assert_int_equal(table.count, 3);
    expect(&table, 1, "a \"b\", c");
    expect(&table, 2, "2.50");
    read_ok(&table);
    assert_int_equal(table.line, 4);
    expect(&table, 1, "x\ny");
    assert_int_equal(table.count, 3);
    expect(&table, 2, "");
    read_ok(&table);
    assert_int_equal(table.line, 6);
    expect(&table, 2, "4");
    read_end(&table);
    table_text_finish(&table);
}

static void test_table_text__tsv_has_no_quotes(void **state)
{
    (void)state;
    struct table_text table;
    start(&table, "gtin\tname\n1\t\"half a quote\n2\ta, b\n");
    read_ok(&table);
    read_ok(&table);
    expect(&table, 1, "\"half a quote");
    read_ok(&table);
    expect(&table, 1, "a, b");
    read_end(&table);
    table_text_finish(&table);
}

static void test_table_text__goes_on_behind_a_bad_record(void **state)
{
    (void)state;
    struct table_text table;
    start(&table, "a,b\n\"x\"y,1\n2,3\n\"open,4\n5,6\n");
    read_ok(&table);
    read_bad(&table, 2);
    read_ok(&table);
    expect(&table, 0, "2");
    read_bad(&table, 4);
    assert_memory_equal(table.raw, "\"open,4", table.raw_length);
    read_ok(&table);
    expect(&table, 1, "6");
    read_end(&table);
    table_text_finish(&table);
}

static void test_table_text__several_doubled_quotes_stay_apart(void **state)
{
    (void)state;
    struct table_text table;
    start(&table, "\"a\"\"a\",\"b\"\"b\",\"\"\"\"\n");
    read_ok(&table);
    expect(&table, 0, "a\"a");
    expect(&table, 1, "b\"b");
    expect(&table, 2, "\"");
    table_text_finish(&table);
}

static void test_table_text__refuses_too_many_fields(void **state)
{
    (void)state;
    char wide[2 * TABLE_TEXT_FIELDS + 2];
    memset(wide, ',', sizeof wide);
    wide[sizeof wide - 1] = '\0';
    struct table_text table;
    start(&table, wide);
    read_bad(&table, 1);
    read_end(&table);
    table_text_finish(&table);
}

/* Whatever records are written, they are read again. */
static void test_table_text__reads_what_was_written(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 300; round++) {
        char text[4096] = "";
        char cells[8][4][8];
        for (int row = 0; row < 8; row++)
            for (int column = 0; column < 4; column++) {
                char *cell = cells[row][column];
                int length = rand() % 7;
                for (int i = 0; i < length; i++)
                    cell[i] = "ab\",\n "[rand() % 6];
                cell[length] = '\0';
                if (column == 0 && length == 0)
                    strcpy(cell, "x");
                strcat(text, column ? ",\"" : "\"");
                for (const char *c = cell; *c; c++)
                    strcat(text, *c == '"' ? "\"\"" : (char[]){*c, '\0'});
                strcat(text, column == 3 ? "\"\r\n" : "\"");
            }
        struct table_text table;
        start(&table, text);
        for (int row = 0; row < 8; row++) {
            read_ok(&table);
            assert_int_equal(table.count, 4);
            for (size_t column = 0; column < 4; column++)
                expect(&table, column, cells[row][column]);
        }
        read_end(&table);
        table_text_finish(&table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_text__reads_csv_with_quotes),
        cmocka_unit_test(test_table_text__tsv_has_no_quotes),
        cmocka_unit_test(test_table_text__goes_on_behind_a_bad_record),
        cmocka_unit_test(test_table_text__several_doubled_quotes_stay_apart),
        cmocka_unit_test(test_table_text__refuses_too_many_fields),
        cmocka_unit_test(test_table_text__reads_what_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
