#include "terminal/people/people.h"

#include "terminal/catalogue/replica.h"
#include "tests/unit/terminal/base/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW    INT64_C(1795251600000)
#define SECOND INT64_C(1000)

struct desk {
    struct folder folder;
    struct db *till;
    struct db *replica;
    struct error error;
};

static void desk_ok(struct desk *desk, enum status status)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), desk->error.text);
}

static void put_person(struct desk *desk, const char *id, const char *name, const char *role,
                       const char *pin, const char *badge, int active)
{
    /* libsodium's least cost: the tests look at our rules, not at Argon2's. */
    struct pin_cost cheap = {.operations = 1, .memory = 8192};
    char hash[PIN_HASH_SIZE] = "";
    struct db_statement *statement;
    if (pin[0] != '\0')
        desk_ok(desk, pin_hash(pin, cheap, hash));
    desk_ok(desk, db_prepare(desk->replica,
                             "INSERT OR REPLACE INTO staff(id, name, role, pin_hash, badge,"
                             " language, active) VALUES(?1, ?2, ?3, ?4, ?5, 'en', ?6)",
                             &statement, &desk->error));
    db_bind_text(statement, 1, id);
    db_bind_text(statement, 2, name);
    db_bind_text(statement, 3, role);
    db_bind_text(statement, 4, hash);
    db_bind_text(statement, 5, badge);
    db_bind_int(statement, 6, active);
    desk_ok(desk, db_run(statement, &desk->error));
}

static void open_till(struct desk *desk)
{
    struct db_migration steps[1] = {{people_schema}};
    char *path = path_join(desk->folder.path, "till.db");
    desk_ok(desk, db_open(path, DB_OWNER_FULL, &desk->till, &desk->error));
    desk_ok(desk, db_migrate(desk->till, steps, 1, &desk->error));
    free(path);
}

static int make(void **state)
{
    struct desk *desk = mem_alloc(sizeof *desk);
    crypto_start();
    desk->folder = folder_make();
    char *path = path_join(desk->folder.path, "replica-1.db");
    open_till(desk);
    desk_ok(desk, db_open(path, DB_OWNER_NORMAL, &desk->replica, &desk->error));
    desk_ok(desk, replica_create(desk->replica, &desk->error));
    free(path);
    desk_ok(desk, db_exec(desk->replica,
                          "INSERT INTO role(id, name, permissions) VALUES"
                          "('cashier', 'Cashier', 'sell return x_report'),"
                          "('manager', 'Manager', 'sell unlock approve flying')",
                          &desk->error));
    put_person(desk, "S-1", "Zoe", "cashier", "1234", "B1", 1);
    put_person(desk, "S-2", "Ann", "manager", "9999", "B2", 1);
    put_person(desk, "S-3", "Gone", "manager", "1111", "B3", 0);
    put_person(desk, "S-4", "New", "unknown", "", "", 1);
    *state = desk;
    return 0;
}

static int clear(void **state)
{
    struct desk *desk = *state;
    db_close(desk->till);
    db_close(desk->replica);
    folder_remove(&desk->folder);
    free(desk);
    return 0;
}

static enum status sign_in(struct desk *desk, const char *id, const char *pin, int64_t now_ms,
                           int64_t *retry_ms)
{
    struct staff staff;
    enum status status =
        people_sign_in(desk->till, desk->replica, id, pin, now_ms, &staff, retry_ms, &desk->error);
    if (status == STATUS_OK)
        assert_string_equal(staff.id, id);
    else if (pin[0] != '\0')
        assert_null(strstr(desk->error.text, pin));
    return status;
}

static void test_people__words_become_permissions(void **state)
{
    (void)state;
    assert_int_equal(permissions_parse(""), 0);
    assert_int_equal(permissions_parse("sell"), PERMISSION_SELL);
    assert_int_equal(permissions_parse("  sell   void "), PERMISSION_SELL | PERMISSION_VOID);
    assert_int_equal(permissions_parse("sel sells Sell sell,void"), 0);
    assert_int_equal(permissions_parse("settings no_such approve"),
                     PERMISSION_SETTINGS | PERMISSION_APPROVE);
    assert_int_equal(permissions_parse("sell return discount price_override void no_sale"
                                       " shift_open shift_close x_report paid_in_out adjust unlock"
                                       " approve settings"),
                     PERMISSION_ALL);
    for (uint32_t i = 0; i < PERMISSION_COUNT; i++)
        assert_int_equal(permissions_parse(permission_word((enum permission)(1u << i))), 1u << i);
}

static void test_people__list_is_active_staff_by_name(void **state)
{
    struct desk *desk = *state;
    struct staff *list = NULL;
    size_t count = 0;
    desk_ok(desk, people_list(desk->replica, &list, &count, &desk->error));
    assert_int_equal(count, 3);
    assert_string_equal(list[0].id, "S-2");
    assert_string_equal(list[1].id, "S-4");
    assert_string_equal(list[2].id, "S-1");
    assert_true(list[0].has_pin);
    assert_false(list[1].has_pin);
    free(list);
    desk_ok(desk, db_exec(desk->replica, "DELETE FROM staff", &desk->error));
    desk_ok(desk, people_list(desk->replica, &list, &count, &desk->error));
    assert_int_equal(count, 0);
    assert_null(list);
}

static void test_people__role_decides_what_one_may(void **state)
{
    struct desk *desk = *state;
    struct staff staff;
    desk_ok(desk, people_find(desk->replica, "S-1", &staff, &desk->error));
    assert_true(people_may(&staff, PERMISSION_SELL));
    assert_true(people_may(&staff, PERMISSION_X_REPORT));
    assert_false(people_may(&staff, PERMISSION_UNLOCK));
    desk_ok(desk, people_find(desk->replica, "S-4", &staff, &desk->error));
    for (uint32_t i = 0; i < PERMISSION_COUNT; i++) {
        assert_false(people_may(&staff, (enum permission)(1u << i)));
        assert_false(people_may(NULL, (enum permission)(1u << i)));
    }
}

static void test_people__only_active_persons_are_found(void **state)
{
    struct desk *desk = *state;
    struct staff staff;
    int64_t retry;
    assert_int_equal(people_find(desk->replica, "S-3", &staff, &desk->error), STATUS_NOT_FOUND);
    assert_int_equal(people_find(desk->replica, "s-1", &staff, &desk->error), STATUS_NOT_FOUND);
    assert_int_equal(people_by_badge(desk->replica, "B3", &staff, &desk->error), STATUS_NOT_FOUND);
    assert_int_equal(sign_in(desk, "S-3", "1111", NOW, &retry), STATUS_NOT_FOUND);
    assert_int_equal(sign_in(desk, "nobody", "1111", NOW, &retry), STATUS_NOT_FOUND);
}

static void test_people__badge_names_one_person(void **state)
{
    struct desk *desk = *state;
    struct staff staff;
    desk_ok(desk, people_by_badge(desk->replica, "B2", &staff, &desk->error));
    assert_string_equal(staff.id, "S-2");
    assert_int_equal(people_by_badge(desk->replica, "", &staff, &desk->error), STATUS_NOT_FOUND);
    put_person(desk, "S-5", "Twin", "cashier", "", "B2", 1);
    assert_int_equal(people_by_badge(desk->replica, "B2", &staff, &desk->error), STATUS_CONFLICT);
}

static void test_people__right_pin_signs_in(void **state)
{
    struct desk *desk = *state;
    struct staff staff;
    int64_t retry = 7;
    desk_ok(desk, people_sign_in(desk->till, desk->replica, "S-1", "1234", NOW, &staff, &retry,
                                 &desk->error));
    assert_string_equal(staff.name, "Zoe");
    assert_string_equal(staff.role, "cashier");
    assert_string_equal(staff.language, "en");
    assert_int_equal(retry, 0);
    assert_int_equal(sign_in(desk, "S-1", "9999", NOW, &retry), STATUS_DENIED);
    assert_int_equal(sign_in(desk, "S-1", "", NOW, &retry), STATUS_DENIED);
    assert_int_equal(sign_in(desk, "S-4", "", NOW, &retry), STATUS_DENIED);
}

static void test_people__fifth_wrong_pin_locks_and_the_delay_grows(void **state)
{
    static const int64_t delays[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    struct desk *desk = *state;
    int64_t retry, now = NOW;
    for (int i = 1; i <= 4; i++) {
        assert_int_equal(sign_in(desk, "S-1", "0000", now, &retry), STATUS_DENIED);
        assert_int_equal(retry, 0);
    }
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        assert_int_equal(sign_in(desk, "S-1", "0000", now, &retry), STATUS_DENIED);
        assert_int_equal(retry, delays[i] * SECOND);
        assert_int_equal(sign_in(desk, "S-1", "1234", now + 1, &retry), STATUS_BUSY);
        assert_int_equal(retry, delays[i] * SECOND - 1);
        now += delays[i] * SECOND;
        assert_int_equal(sign_in(desk, "S-1", "1234", now - 1, &retry), STATUS_BUSY);
        assert_int_equal(retry, 1);
    }
    desk_ok(desk, sign_in(desk, "S-1", "1234", now, &retry));
    for (int i = 1; i <= 4; i++) { /* counted from the start again */
        assert_int_equal(sign_in(desk, "S-1", "0000", now, &retry), STATUS_DENIED);
        assert_int_equal(retry, 0);
    }
}

static void lock_out(struct desk *desk, const char *id)
{
    int64_t retry = 0;
    for (int i = 1; i <= PIN_FREE_FAILURES; i++)
        assert_int_equal(sign_in(desk, id, "0000", NOW, &retry), STATUS_DENIED);
    assert_int_equal(retry, 30 * SECOND);
}

static void test_people__lock_is_for_one_person_and_outlives_the_till(void **state)
{
    struct desk *desk = *state;
    int64_t retry;
    lock_out(desk, "S-1");
    desk_ok(desk, sign_in(desk, "S-2", "9999", NOW, &retry));
    db_close(desk->till);
    open_till(desk);
    assert_int_equal(sign_in(desk, "S-1", "1234", NOW + 1, &retry), STATUS_BUSY);
    desk_ok(desk, people_locked(desk->till, "S-1", NOW + SECOND, &retry, &desk->error));
    assert_int_equal(retry, 29 * SECOND);
    desk_ok(desk, people_locked(desk->till, "S-2", NOW, &retry, &desk->error));
    assert_int_equal(retry, 0);
}

static void test_people__killed_before_the_check_the_try_counts(void **state)
{
    struct desk *desk = *state;
    struct pin_attempt attempt;
    int64_t retry;
    for (int i = 1; i <= PIN_FREE_FAILURES; i++)
        desk_ok(desk, people_attempt_start(desk->till, desk->replica, "S-1", NOW, &attempt, &retry,
                                           &desk->error));
    db_close(desk->till); /* never finished */
    open_till(desk);
    assert_int_equal(sign_in(desk, "S-1", "1234", NOW + 1, &retry), STATUS_BUSY);
}

static void test_people__clock_set_back_never_lengthens_a_lock(void **state)
{
    struct desk *desk = *state;
    int64_t retry;
    lock_out(desk, "S-1");
    desk_ok(desk, people_locked(desk->till, "S-1", NOW - 86400 * SECOND, &retry, &desk->error));
    assert_int_equal(retry, 30 * SECOND);
}

static void test_people__steps_wipe_the_hash(void **state)
{
    struct desk *desk = *state;
    static const char wiped[PIN_HASH_SIZE];
    struct pin_attempt attempt;
    int64_t retry;
    desk_ok(desk, people_attempt_start(desk->till, desk->replica, "S-1", NOW, &attempt, &retry,
                                       &desk->error));
    assert_int_equal(attempt.failures, 1);
    assert_true(people_attempt_check(&attempt, "1234"));
    assert_false(people_attempt_check(&attempt, "12345"));
    desk_ok(desk, people_attempt_finish(desk->till, &attempt, true, NOW, &retry, &desk->error));
    assert_memory_equal(attempt.hash, wiped, sizeof wiped);
    assert_string_equal(attempt.staff.id, "S-1");
}

static void test_people__manager_lifts_a_lock_but_not_their_own(void **state)
{
    struct desk *desk = *state;
    struct staff manager, cashier;
    int64_t retry;
    desk_ok(desk, people_find(desk->replica, "S-2", &manager, &desk->error));
    desk_ok(desk, people_find(desk->replica, "S-1", &cashier, &desk->error));
    lock_out(desk, "S-1");
    lock_out(desk, "S-2");
    assert_int_equal(people_lift(desk->till, &cashier, "S-2", &desk->error), STATUS_DENIED);
    assert_int_equal(people_lift(desk->till, NULL, "S-1", &desk->error), STATUS_DENIED);
    assert_int_equal(people_lift(desk->till, &manager, "S-2", &desk->error), STATUS_DENIED);
    assert_int_equal(sign_in(desk, "S-1", "1234", NOW, &retry), STATUS_BUSY);
    desk_ok(desk, people_lift(desk->till, &manager, "S-1", &desk->error));
    desk_ok(desk, sign_in(desk, "S-1", "1234", NOW, &retry));
    assert_int_equal(sign_in(desk, "S-2", "9999", NOW, &retry), STATUS_BUSY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_people__words_become_permissions),
        CASE(test_people__list_is_active_staff_by_name),
        CASE(test_people__role_decides_what_one_may),
        CASE(test_people__only_active_persons_are_found),
        CASE(test_people__badge_names_one_person),
        CASE(test_people__right_pin_signs_in),
        CASE(test_people__fifth_wrong_pin_locks_and_the_delay_grows),
        CASE(test_people__lock_is_for_one_person_and_outlives_the_till),
        CASE(test_people__killed_before_the_check_the_try_counts),
        CASE(test_people__clock_set_back_never_lengthens_a_lock),
        CASE(test_people__steps_wipe_the_hash),
        CASE(test_people__manager_lifts_a_lock_but_not_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
