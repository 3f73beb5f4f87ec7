/* What the till says of its way to head office: online, not sent, held up, and why. */
#include "tests/unit/ui/screens/screen_fixture.h"

#include "terminal/base/db.h"

static void say(struct fixture *fixture, struct db *db, const char *key, const char *value)
{
    struct db_statement *statement;
    struct error error = {0};
    bool changed;

    assert_int_equal(
        db_prepare(db, "INSERT OR REPLACE INTO agent_state VALUES(?, ?)", &statement, &error),
        STATUS_OK);
    db_bind_text(statement, 1, key);
    db_bind_text(statement, 2, value);
    assert_int_equal(db_run(statement, &error), STATUS_OK);
    assert_int_equal(till_refresh(fixture->till, &changed, &error), STATUS_OK);
    show(fixture);
}

/* sync.db as a running agent has it. */
static struct db *agent_starts(struct fixture *fixture)
{
    struct error error = {0};
    struct db *db;
    char path[128];

    snprintf(path, sizeof path, "%s/sync.db", fixture->folder);
    assert_int_equal(db_open(path, DB_OWNER_FULL, &db, &error), STATUS_OK);
    assert_int_equal(
        db_exec(db, "CREATE TABLE agent_state(key TEXT PRIMARY KEY, value TEXT)", &error),
        STATUS_OK);
    say(fixture, db, "online", "1");
    say(fixture, db, "last_ok_ms", "1795262400000");
    return db;
}

static void test_status__what_holds_it_up_is_said_in_words(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = agent_starts(fixture);

    assert_says(fixture, "sync", "Online, sending 2");
    press(fixture, "status");
    assert_null(ui_node(fixture->ui, "trouble"));
    assert_non_null(ui_node_saying(fixture->ui, "The oldest of these"));

    say(fixture, db, "trouble", "revoked");
    say(fixture, db, "reason", "a line for whoever mends it");
    assert_says(fixture, "trouble", "shut this till out");
    assert_says(fixture, "sync", "2 not sent, see Status");
    assert_non_null(ui_node_saying(fixture->ui, "a line for whoever mends it"));

    fixture->desk->look.text_percent = 150; /* no room for more */
    show(fixture);
    assert_string_equal(says(fixture, "sync"), "2 not sent");
    fixture->desk->look.text_percent = 100;

    say(fixture, db, "trouble", "no_answer");
    assert_says(fixture, "trouble", "Nothing is lost");
    assert_says(fixture, "sync", "Online, sending 2"); /* it passes by itself */
    say(fixture, db, "trouble", "");
    assert_null(ui_node(fixture->ui, "trouble"));
    db_close(db);
}

static void test_status__an_agent_that_died_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = agent_starts(fixture);

    fixture->wall_ms += 100000;
    show(fixture);
    assert_says(fixture, "sync", "Online");
    fixture->wall_ms += 100000;
    show(fixture);
    assert_says(fixture, "sync", "Selling offline since");
    scan(fixture, "9520000010010"); /* which hinders nobody */
    assert_int_equal(till_cart(fixture->till)->count, 1);
    press(fixture, "status");
    assert_screen(fixture, SCREEN_STATUS);
    assert_says(fixture, "trouble", "The sync program has stopped");
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_status__what_holds_it_up_is_said_in_words,
                                        fixture_selling, fixture_stop),
        cmocka_unit_test_setup_teardown(test_status__an_agent_that_died_is_noticed, fixture_selling,
                                        fixture_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
