#include "tests/unit/terminal/catalogue/fixture.h"

/* A value for a column that keeps its rules and differs from its default. */
static json_t *sample(const struct reference_table *table, const struct reference_column *column)
{
    if (column->type == REFERENCE_INT)
        return json_integer(column->max < 1000 ? column->max : column->min + 7);
    switch (column->form) {
    case REFERENCE_WORDS:
        return json_stringn(column->words, strcspn(column->words, " "));
    case REFERENCE_STAMP:
        return json_string(strcmp(column->name, "valid_to") == 0 ? "2027-01-01T00:00"
                                                                 : "2026-02-28T23:59");
    case REFERENCE_HEX_ID:
        return json_string("0123456789abcdef0123456789abcdef");
    case REFERENCE_CURRENCY:
        return json_string("CHF");
    case REFERENCE_LINES:
        return json_string("one\ntwo \xc3\xa9 \"quoted\" \\");
    case REFERENCE_PLAIN:
        break;
    }
    if (strcmp(table->name, "item_code") == 0 && strcmp(column->name, "code") == 0)
        return json_string("04006381333931");
    return json_string("K\xc3\xa9' \xe2\x82\xac");
}

static json_t *sample_row(const struct reference_table *table)
{
    json_t *row = json_object();
    for (int i = 0; i < table->column_count; i++)
        json_put(row, table->columns[i].name, sample(table, &table->columns[i]));
    return row;
}

static void select_row(struct fixture *fixture, const struct reference_table *table,
                       struct reference_row *row, struct db_statement **statement)
{
    static char sql[32][512]; /* a statement's text must outlive the database */
    char *text = sql[table - reference_table_at(0)];
    struct buf columns;
    bool found;
    buf_init(&columns, 400);
    assert_ok(reference_columns(table, &columns));
    (void)snprintf(text, 512, "SELECT %s FROM %s", buf_text(&columns), table->name);
    buf_finish(&columns);
    assert_ok(db_prepare(fixture->db, text, statement, &fixture->error));
    assert_ok(db_step(*statement, &found, &fixture->error));
    assert_true(found);
    reference_row_read(table, *statement, 0, row);
}

static void test_reference__every_table_goes_round(void **state)
{
    struct fixture *fixture = *state;
    assert_ok(db_exec(fixture->db, "DELETE FROM location", &fixture->error));
    for (int i = 0; i < reference_table_count(); i++) {
        const struct reference_table *table = reference_table_at(i);
        json_t *json = sample_row(table);
        struct reference_row row, stored, gone;
        bool deleted;
        assert_ok(reference_row_from_json(table, json, false, &row, &fixture->error));
        assert_ok(reference_put(fixture->writer, &row, &fixture->error));
        struct db_statement *statement;
        select_row(fixture, table, &stored, &statement);
        json_t *change = reference_change_to_json(&stored, false);
        db_reset(statement);
        assert_true(json_equal(json_object_get(change, "row"), json));
        assert_ok(reference_change_from_json(change, &row, &deleted, &fixture->error));
        assert_false(deleted);
        json_t *again = reference_row_to_json(&row, false);
        assert_true(json_equal(again, json));
        json_t *removal = reference_change_to_json(&row, true);
        assert_int_equal(json_object_size(json_object_get(removal, "row")), table->key_count);
        assert_ok(reference_change_from_json(removal, &gone, &deleted, &fixture->error));
        assert_true(deleted);
        assert_ok(reference_delete(fixture->writer, &gone, &fixture->error));
        assert_int_equal(reference_get(fixture->writer, &gone, &fixture->error), STATUS_NOT_FOUND);
        json_decref(removal);
        json_decref(again);
        json_decref(change);
        json_decref(json);
    }
}

static void test_reference__put_replaces_and_get_gives(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "item", "{'sku':'A','name':'First','min_age':18,'popularity':3}");
    fixture_put(fixture, "item", "{'sku':'A','name':'Second'}");
    fixture_put(fixture, "item", "{'sku':'a','name':'Other'}"); /* SKUs compare byte for byte */
    struct reference_row row;
    reference_row_init(&row, reference_table_find("item"));
    reference_row_set_text(&row, "sku", "A");
    assert_ok(reference_get(fixture->writer, &row, &fixture->error));
    assert_int_equal(row.values[1].length, 6);
    assert_memory_equal(row.values[1].text, "Second", 6);
    assert_int_equal(row.values[reference_column_find(row.table, "min_age")].number, 0);
    assert_int_equal(row.values[reference_column_find(row.table, "stocked")].number, 1);
    assert_int_equal(row.values[reference_column_find(row.table, "sale_from")].number, -1);
}

static void test_reference__missing_takes_default_unknown_is_ignored(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "item", "{'sku':'A','colour_of_next_year':'mauve'}");
    struct item item;
    assert_ok(catalogue_item(fixture->catalogue, "A", &item, &fixture->error));
    assert_string_equal(item.tax_class, "standard");
    assert_string_equal(item.unit, "each");
    assert_int_equal(item.price_mode, PRICE_FIXED);
    assert_int_equal(item.state, ITEM_ACTIVE);
    assert_true(item.stocked);
}

static void refuse(const char *table, const char *row, enum status wanted)
{
    char text[8192];
    struct error error = {0};
    struct reference_row parsed;
    json_t *json = NULL;
    (void)snprintf(text, sizeof text, "%s", row);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    assert_ok(json_read(text, strlen(text), &json, &error));
    error.text[0] = '\0';
    enum status status =
        reference_row_from_json(reference_table_find(table), json, false, &parsed, &error);
    if (status != wanted)
        print_error("%s %s: %s\n", table, row, error.text);
    assert_int_equal(status, wanted);
    assert_true(strlen(error.text) > 0 && strchr(error.text, '\n') == NULL);
    json_decref(json);
}

static void test_reference__hostile_rows_are_refused(void **state)
{
    (void)state;
    char text[4000], fill[2100];
    memset(fill, 'x', sizeof fill);
    fill[65] = '\0';
    (void)snprintf(text, sizeof text, "{'sku':'%s'}", fill);
    refuse("item", text, STATUS_RANGE);
    fill[65] = 'x';
    fill[256] = '\0';
    (void)snprintf(text, sizeof text, "{'sku':'A','name':'%s'}", fill);
    refuse("item", text, STATUS_RANGE);
    refuse("item", "[]", STATUS_INVALID);
    refuse("item", "{}", STATUS_INVALID);
    refuse("item", "{'sku':''}", STATUS_INVALID);
    refuse("item", "{'sku':5}", STATUS_INVALID);
    refuse("item", "{'sku':null}", STATUS_INVALID);
    refuse("item", "{'sku':'A','name':'bell \\u0007'}", STATUS_INVALID);
    refuse("item", "{'sku':'A','name':'two\\nlines'}", STATUS_INVALID);
    refuse("item", "{'sku':'A','name':'c1 \\u0085'}", STATUS_INVALID);
    refuse("item", "{'sku':'A','stocked':2}", STATUS_RANGE);
    refuse("item", "{'sku':'A','stocked':true}", STATUS_INVALID);
    refuse("item", "{'sku':'A','stocked':'1'}", STATUS_INVALID);
    refuse("item", "{'sku':'A','price_mode':'free'}", STATUS_INVALID);
    refuse("item", "{'sku':'A','price_mode':'fixed open'}", STATUS_INVALID);
    refuse("item", "{'sku':'A','price_mode':''}", STATUS_INVALID);
    refuse("item", "{'sku':'A','state':'activ'}", STATUS_INVALID);
    refuse("item", "{'sku':'A','min_age':-1}", STATUS_RANGE);
    refuse("item", "{'sku':'A','sale_from':1441}", STATUS_RANGE);
    refuse("item_code", "{'code':'4006381333931','sku':'A'}", STATUS_INVALID);
    refuse("item_code", "{'code':'04006381333932','sku':'A'}", STATUS_INVALID);
    refuse("item_code", "{'code':'04006381333931'}", STATUS_INVALID);
    refuse("item_pack", "{'sku':'A','pack':'case','factor_milli':0}", STATUS_RANGE);
    refuse("item_pack", "{'sku':'A','pack':'','factor_milli':1000}", STATUS_INVALID);
    refuse("price", "{'list':'base','sku':'A','price_scaled':-1}", STATUS_RANGE);
    refuse("price", "{'list':'base','sku':'A','per_milli':0}", STATUS_RANGE);
    refuse("price", "{'list':'base','sku':'A','valid_from':'2026-11-21'}", STATUS_INVALID);
    refuse("price", "{'list':'base','sku':'A','valid_from':'2026-02-29T00:00'}", STATUS_INVALID);
    refuse("price", "{'list':'base','sku':'A','valid_from':'2026-11-21T24:00'}", STATUS_INVALID);
    refuse("price", "{'list':'base','sku':'A','valid_from':'2026-11-21 09:00'}", STATUS_INVALID);
    refuse("price",
           "{'list':'b','sku':'A','valid_from':'2026-11-21T09:00','valid_to':'2026-11-21T09:00'}",
           STATUS_INVALID);
    refuse("price_list", "{'list':'base','currency':'eur'}", STATUS_INVALID);
    refuse("price_list", "{'list':'base','currency':'EURO'}", STATUS_RANGE);
    refuse("tax_rate", "{'tax_list':'UK','tax_class':'s','rate_ppm':10000001}", STATUS_RANGE);
    refuse("watermark", "{'location':'S01','device':'XYZ','epoch':''}", STATUS_INVALID);
    refuse("location", "{'location':''}", STATUS_INVALID);
}

static void test_reference__changes_of_a_later_version_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
    } cases[] = {
        {"{\"t\":\"hologram\",\"op\":\"put\",\"row\":{}}", STATUS_UNSUPPORTED},
        {"{\"t\":\"item\",\"op\":\"merge\",\"row\":{\"sku\":\"A\"}}", STATUS_UNSUPPORTED},
        {"{\"t\":\"item\",\"op\":\"put\"}", STATUS_INVALID},
        {"{\"t\":\"item\",\"op\":\"put\",\"row\":[]}", STATUS_INVALID},
        {"{\"op\":\"put\",\"row\":{}}", STATUS_INVALID},
        {"{\"t\":\"item\",\"op\":\"del\",\"row\":{\"name\":\"A\"}}", STATUS_INVALID},
        {"{\"t\":\"item\",\"op\":\"del\",\"row\":{\"sku\":\"A\",\"stocked\":99}}", STATUS_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *json = NULL;
        struct reference_row row;
        struct error error;
        bool deleted;
        assert_ok(json_read(cases[i].text, strlen(cases[i].text), &json, &error));
        assert_int_equal(reference_change_from_json(json, &row, &deleted, &error), cases[i].status);
        json_decref(json);
    }
}

static void test_reference__scope_follows_from_table_and_location(void **state)
{
    (void)state;
    static const char *const wanted[][2] = {{"item", "catalogue"},     {"item_code", "catalogue"},
                                            {"price", "prices"},       {"tax_rate", "prices"},
                                            {"role", "staff"},         {"customer", "customers"},
                                            {"stock", "location:S01"}, {"setting", "location:S01"}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        char scope[REFERENCE_SCOPE_SIZE];
        struct reference_row row;
        reference_row_init(&row, reference_table_find(wanted[i][0]));
        row.values[0] = (struct reference_value){"S01xxx", 3, 0};
        reference_scope(&row, scope);
        assert_string_equal(scope, wanted[i][1]);
    }
}

static void test_reference__copy_takes_one_location(void **state)
{
    struct fixture *fixture = *state;
    struct error *error = &fixture->error;
    fixture_put(fixture, "item", "{'sku':'A','name':'Apple'}");
    fixture_put(fixture, "location", "{'location':'S02','currency':'GBP'}");
    fixture_put(fixture, "stock",
                "{'location':'S01','sku':'A','status':'available','quantity_milli':5000}");
    fixture_put(fixture, "stock",
                "{'location':'S02','sku':'A','status':'available','quantity_milli':9000}");
    assert_ok(db_exec(fixture->db, "ATTACH ':memory:' AS snap", error));
    /* The copy runs from the attached side: a second set of tables, filled from the first. */
    struct db *target;
    assert_ok(db_open(":memory:", DB_OWNER_NORMAL, &target, error));
    assert_ok(reference_create(target, error));
    assert_ok(db_exec(target, "ATTACH ':memory:' AS source", error));
    for (int i = 0; i < reference_table_count(); i++) {
        const char *name = reference_table_at(i)->name;
        char *sql =
            sqlite3_mprintf("SELECT replace(sql,'CREATE TABLE %s(','CREATE TABLE source.%s(')"
                            " FROM main.sqlite_schema WHERE name='%s'",
                            name, name, name);
        sqlite3_stmt *statement;
        assert_int_equal(sqlite3_prepare_v2(db_handle(fixture->db), sql, -1, &statement, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_ok(db_exec(target, (const char *)sqlite3_column_text(statement, 0), error));
        (void)sqlite3_finalize(statement);
        sqlite3_free(sql);
    }
    assert_ok(db_exec(target,
                      "INSERT INTO source.item(sku) VALUES('A'),('B');"
                      "INSERT INTO source.stock(location,sku,status,quantity_milli) VALUES"
                      "('S01','A','available',5000),('S02','A','available',9000)",
                      error));
    assert_ok(reference_copy(target, "source", "S01", error));
    struct db_statement *statement;
    bool row;
    assert_ok(db_prepare(target,
                         "SELECT (SELECT count(*) FROM main.item),count(*),sum(quantity_milli)"
                         " FROM main.stock",
                         &statement, error));
    assert_ok(db_step(statement, &row, error));
    assert_int_equal(db_int(statement, 0), 2);
    assert_int_equal(db_int(statement, 1), 1);
    assert_int_equal(db_int(statement, 2), 5000);
    db_reset(statement);
    db_close(target);
}

static void test_reference__damaged_text_is_cleaned_for_json(void **state)
{
    struct fixture *fixture = *state;
    assert_ok(db_exec(fixture->db, "INSERT INTO item(sku,name) VALUES('A',CAST(x'41ff42' AS TEXT))",
                      &fixture->error));
    struct reference_row row;
    reference_row_init(&row, reference_table_find("item"));
    reference_row_set_text(&row, "sku", "A");
    assert_ok(reference_get(fixture->writer, &row, &fixture->error));
    json_t *json = reference_row_to_json(&row, false);
    assert_string_equal(json_text_or(json, "name", ""), "A\xef\xbf\xbd"
                                                        "B");
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_reference__every_table_goes_round),
        FIXTURE_TEST(test_reference__put_replaces_and_get_gives),
        FIXTURE_TEST(test_reference__missing_takes_default_unknown_is_ignored),
        cmocka_unit_test(test_reference__hostile_rows_are_refused),
        cmocka_unit_test(test_reference__changes_of_a_later_version_are_told_apart),
        cmocka_unit_test(test_reference__scope_follows_from_table_and_location),
        FIXTURE_TEST(test_reference__copy_takes_one_location),
        FIXTURE_TEST(test_reference__damaged_text_is_cleaned_for_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
