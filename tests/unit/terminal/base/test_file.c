#include "terminal/base/file.h"

#include "tests/unit/terminal/base/folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

static int make(void **state)
{
    struct folder *folder = mem_alloc(sizeof *folder);
    *folder = folder_make();
    *state = folder;
    return 0;
}

static int clear(void **state)
{
    folder_remove(*state);
    free(*state);
    return 0;
}

static const char *root(void **state)
{
    return ((struct folder *)*state)->path;
}

static void expect_content(const char *path, const char *wanted)
{
    struct buf buf;
    struct error error;
    buf_init(&buf, 1000000);
    assert_int_equal(file_read(path, &buf, &error), STATUS_OK);
    assert_string_equal(buf_text(&buf), wanted);
    buf_finish(&buf);
}

static int count_files(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int count = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    assert_int_equal(closedir(folder), 0);
    return count;
}

static void test_file__durable_write_replaces_the_whole(void **state)
{
    char *path = path_join(root(state), "device.json");
    struct error error;
    assert_false(file_exists(path));
    assert_int_equal(file_write_durable(path, "a long first text", 17, 0600, &error), STATUS_OK);
    expect_content(path, "a long first text");
    assert_int_equal(file_write_durable(path, "short", 5, 0600, &error), STATUS_OK);
    expect_content(path, "short");
    assert_int_equal(file_write_durable(path, NULL, 0, 0600, &error), STATUS_OK);
    expect_content(path, "");
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(count_files(root(state)), 1);
    free(path);
}

static void test_file__failed_write_leaves_the_old_and_no_rest(void **state)
{
    char *path = path_join(root(state), "device.json");
    struct error error;
    assert_int_equal(file_write_durable(path, "old", 3, 0600, &error), STATUS_OK);
    /* The disk "fills" after 1000 bytes, in a child so that the limit ends with it. */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit = {1000, 1000};
        (void)signal(SIGXFSZ, SIG_IGN);
        static char bytes[5000];
        bool refused = setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                       file_write_durable(path, bytes, sizeof bytes, 0600, &error) == STATUS_IO;
        _exit(refused ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    expect_content(path, "old");
    assert_int_equal(count_files(root(state)), 1);
    free(path);
}

static void test_file__errors_name_what_is_wrong(void **state)
{
    char *path = path_join(root(state), "gone/file");
    struct error error;
    struct buf buf;
    buf_init(&buf, 10);
    assert_int_equal(buf_append_text(&buf, "kept"), STATUS_OK);
    assert_int_equal(file_read(path, &buf, &error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "gone/file"));
    assert_int_equal(file_write_durable(path, "x", 1, 0600, &error), STATUS_NOT_FOUND);
    assert_int_equal(file_sync(path, &error), STATUS_NOT_FOUND);
    assert_int_equal(file_read(root(state), &buf, &error), STATUS_IO); /* a folder */
    assert_string_equal(buf_text(&buf), "kept");
    buf_finish(&buf);
    free(path);
}

static void test_file__read_stops_at_the_ceiling(void **state)
{
    char *path = path_join(root(state), "large");
    static char bytes[200000];
    memset(bytes, 'x', sizeof bytes);
    struct error error;
    assert_int_equal(file_write_durable(path, bytes, sizeof bytes, 0644, &error), STATUS_OK);
    struct buf buf;
    buf_init(&buf, sizeof bytes - 1);
    assert_int_equal(file_read(path, &buf, &error), STATUS_RANGE);
    assert_int_equal(buf.used, 0);
    buf_finish(&buf);
    buf_init(&buf, sizeof bytes);
    assert_int_equal(file_read(path, &buf, &error), STATUS_OK);
    assert_int_equal(buf.used, sizeof bytes);
    buf_finish(&buf);
    free(path);
}

static void test_file__folders_are_made_with_their_parents(void **state)
{
    char *path = path_join(root(state), "a/b/c");
    char *file = path_join(path, "f");
    struct error error;
    assert_int_equal(file_make_folder(path, 0750, &error), STATUS_OK);
    assert_int_equal(file_make_folder(path, 0750, &error), STATUS_OK);
    assert_int_equal(file_sync(path, &error), STATUS_OK);
    assert_int_equal(file_write_durable(file, "x", 1, 0600, &error), STATUS_OK);
    assert_int_equal(file_make_folder(file, 0750, &error), STATUS_EXISTS);
    free(file);
    free(path);
}

static void test_path__join_puts_one_slash(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "/b"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = path_join(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        free(path);
    }
}

static void take_in_child(const char *folder)
{
    struct lock *lock = NULL;
    INVARIANT(lock_take(folder, "till.db", "holdfast", &lock, NULL) == STATUS_OK);
}

static void test_lock__second_process_is_told_who_holds_it(void **state)
{
    pid_t child = child_after(take_in_child, root(state));
    struct lock *lock = NULL;
    struct error error;
    assert_int_equal(lock_take(root(state), "till.db", "holdfast-admin", &lock, &error),
                     STATUS_BUSY);
    assert_null(lock);
    char wanted[100];
    (void)snprintf(wanted, sizeof wanted, "till.db is in use by holdfast (pid %ld)", (long)child);
    assert_string_equal(error.text, wanted);
    /* Another database of the folder is another right. */
    assert_int_equal(lock_take(root(state), "sync.db", "holdfast-sync", &lock, &error), STATUS_OK);
    lock_release(lock);
    child_kill(child);
}

static void test_lock__ends_with_a_killed_process(void **state)
{
    pid_t child = child_after(take_in_child, root(state));
    struct lock *lock = NULL;
    struct error error;
    assert_int_equal(lock_take(root(state), "till.db", "second", &lock, &error), STATUS_BUSY);
    child_kill(child);
    assert_int_equal(lock_take(root(state), "till.db", "second", &lock, &error), STATUS_OK);
    lock_release(lock);
}

static void test_lock__is_exclusive_within_a_process_too(void **state)
{
    struct lock *first = NULL;
    struct lock *second = NULL;
    struct error error;
    assert_int_equal(lock_take(root(state), "till.db", "one", &first, &error), STATUS_OK);
    assert_int_equal(lock_take(root(state), "till.db", "two", &second, &error), STATUS_BUSY);
    assert_non_null(strstr(error.text, "one"));
    lock_release(first);
    assert_int_equal(lock_take(root(state), "till.db", "two", &second, &error), STATUS_OK);
    lock_release(second);
    lock_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file__durable_write_replaces_the_whole, make, clear),
        cmocka_unit_test_setup_teardown(test_file__failed_write_leaves_the_old_and_no_rest, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_file__errors_name_what_is_wrong, make, clear),
        cmocka_unit_test_setup_teardown(test_file__read_stops_at_the_ceiling, make, clear),
        cmocka_unit_test_setup_teardown(test_file__folders_are_made_with_their_parents, make,
                                        clear),
        cmocka_unit_test(test_path__join_puts_one_slash),
        cmocka_unit_test_setup_teardown(test_lock__second_process_is_told_who_holds_it, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_lock__ends_with_a_killed_process, make, clear),
        cmocka_unit_test_setup_teardown(test_lock__is_exclusive_within_a_process_too, make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
