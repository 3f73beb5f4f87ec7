#include "tests/unit/terminal/base/folder.h"
#include "tests/unit/terminal/catalogue/fixture.h"

struct files {
    struct folder folder;
    struct db *owners[3];
    struct error error;
};

static int make(void **state)
{
    struct files *files = mem_alloc(sizeof *files);
    files->folder = folder_make();
    *state = files;
    return 0;
}

static int clear(void **state)
{
    struct files *files = *state;
    for (int i = 0; i < 3; i++)
        db_close(files->owners[i]);
    folder_remove(&files->folder);
    free(files);
    return 0;
}

static void make_file(struct files *files, int number, const char *location)
{
    char name[64], sql[200];
    (void)snprintf(name, sizeof name, "replica-%d.db", number);
    char *path = path_join(files->folder.path, name);
    assert_ok(db_open(path, DB_OWNER_NORMAL, &files->owners[number], &files->error));
    free(path);
    assert_ok(replica_create(files->owners[number], &files->error));
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO location(location,currency,name) VALUES('S01','GBP','%s')",
                   location);
    assert_ok(db_exec(files->owners[number], sql, &files->error));
}

static void test_replica__reader_follows_the_pointer(void **state)
{
    struct files *files = *state;
    struct error *error = &files->error;
    struct replica *replica = NULL;
    struct catalogue *catalogue;
    bool changed;
    assert_int_equal(replica_open_reader(files->folder.path, &replica, error), STATUS_NOT_FOUND);
    make_file(files, 1, "Old");
    make_file(files, 2, "New");
    assert_ok(replica_pointer_write(files->folder.path, "replica-1.db", error));
    assert_ok(replica_open_reader(files->folder.path, &replica, error));
    assert_ok(catalogue_open(replica, "S01", &catalogue, error));
    assert_string_equal(catalogue_location(catalogue)->name, "Old");
    assert_ok(catalogue_refresh(catalogue, &changed, error));
    assert_false(changed);
    assert_ok(replica_pointer_write(files->folder.path, "replica-2.db", error));
    assert_ok(catalogue_refresh(catalogue, &changed, error));
    assert_true(changed);
    assert_string_equal(replica_name(replica), "replica-2.db");
    assert_string_equal(catalogue_location(catalogue)->name, "New");
    catalogue_close(catalogue);
    replica_close(replica);
}

static void test_replica__keeps_the_old_file_when_the_new_is_bad(void **state)
{
    struct files *files = *state;
    struct error *error = &files->error;
    struct replica *replica;
    bool changed;
    make_file(files, 1, "Old");
    make_file(files, 2, "New");
    assert_ok(replica_pointer_write(files->folder.path, "replica-1.db", error));
    assert_ok(replica_open_reader(files->folder.path, &replica, error));
    assert_ok(db_exec(files->owners[2], "PRAGMA user_version=99", error));
    assert_ok(replica_pointer_write(files->folder.path, "replica-2.db", error));
    assert_int_equal(replica_refresh(replica, &changed, error), STATUS_UNSUPPORTED);
    assert_string_equal(replica_name(replica), "replica-1.db");
    assert_ok(replica_pointer_write(files->folder.path, "replica-7.db", error));
    assert_int_equal(replica_refresh(replica, &changed, error), STATUS_NOT_FOUND);
    struct catalogue *catalogue;
    assert_ok(catalogue_open(replica, "S01", &catalogue, error));
    assert_string_equal(catalogue_location(catalogue)->name, "Old");
    catalogue_close(catalogue);
    replica_close(replica);
}

static void test_replica__pointer_cannot_leave_the_folder(void **state)
{
    struct files *files = *state;
    static const char *const wrong[] = {
        "../replica-1.db\n", "replica-.db\n",   "replica-1.db2\n", "/etc/passwd\n", "\n", "",
        "replica-1a.db\n",   "replica-1.db/x\n"};
    char *path = path_join(files->folder.path, REPLICA_POINTER), name[REPLICA_NAME_SIZE];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_ok(file_write_durable(path, wrong[i], strlen(wrong[i]), 0644, &files->error));
        assert_int_equal(replica_pointer_read(files->folder.path, name, &files->error),
                         STATUS_CORRUPT);
    }
    free(path);
}

static void test_replica__check_names_what_is_missing(void **state)
{
    struct files *files = *state;
    static const char *const wrong[] = {"DROP TABLE price", "DROP TABLE search",
                                        "ALTER TABLE item DROP COLUMN is_kit", "DROP TABLE cursor"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct db *db;
        assert_ok(db_open(":memory:", DB_OWNER_NORMAL, &db, &files->error));
        assert_int_equal(replica_check(db, &files->error), STATUS_UNSUPPORTED);
        assert_ok(replica_create(db, &files->error));
        assert_ok(replica_check(db, &files->error));
        assert_ok(db_exec(db, wrong[i], &files->error));
        assert_int_equal(replica_check(db, &files->error), STATUS_CORRUPT);
        db_close(db);
    }
}

static void test_replica__cursors_and_meta(void **state)
{
    struct fixture *fixture = *state;
    struct error *error = &fixture->error;
    struct replica_cursor cursor = {.position = 9};
    char value[8];
    int64_t position;
    assert_ok(replica_cursor(fixture->db, "prices", &cursor, error));
    assert_int_equal(cursor.position, 0);
    assert_string_equal(cursor.incarnation, "");
    cursor = (struct replica_cursor){"0123456789abcdef0123456789abcdef", 41, 1795000000000};
    assert_ok(replica_set_cursor(fixture->db, "prices", &cursor, error));
    cursor.position = 42;
    assert_ok(replica_set_cursor(fixture->db, "prices", &cursor, error));
    struct replica_cursor read;
    assert_ok(replica_cursor(fixture->db, "prices", &read, error));
    assert_memory_equal(&read, &cursor, sizeof read);
    assert_ok(catalogue_prices_position(fixture->catalogue, &position, error));
    assert_int_equal(position, 42);
    assert_ok(replica_meta(fixture->db, "k", value, sizeof value, error));
    assert_string_equal(value, "");
    assert_ok(replica_set_meta(fixture->db, "k", "1234567", error));
    assert_ok(replica_meta(fixture->db, "k", value, sizeof value, error));
    assert_string_equal(value, "1234567");
    assert_int_equal(replica_meta(fixture->db, "k", value, 7, error), STATUS_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_replica__reader_follows_the_pointer, make, clear),
        cmocka_unit_test_setup_teardown(test_replica__keeps_the_old_file_when_the_new_is_bad, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_replica__pointer_cannot_leave_the_folder, make, clear),
        cmocka_unit_test_setup_teardown(test_replica__check_names_what_is_missing, make, clear),
        FIXTURE_TEST(test_replica__cursors_and_meta),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
