#include "terminal/journal/device.h"

#include "tests/unit/terminal/journal/journal_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

struct enrolled {
    struct folder folder;
    char *path;
    struct fixture maker; /* only its identity */
    struct error error;
};

static int make(void **state)
{
    struct enrolled *enrolled = mem_alloc(sizeof *enrolled);
    crypto_start();
    enrolled->folder = folder_make();
    enrolled->path = path_join(enrolled->folder.path, DEVICE_FILE);
    fixture_identity(&enrolled->maker);
    *state = enrolled;
    return 0;
}

static int clear(void **state)
{
    struct enrolled *enrolled = *state;
    folder_remove(&enrolled->folder);
    free(enrolled->path);
    free(enrolled);
    return 0;
}

static enum status write_it(struct enrolled *enrolled)
{
    return device_write(enrolled->folder.path, &enrolled->maker.identity, &enrolled->error);
}

static enum status read_it(struct enrolled *enrolled, struct device_identity *out)
{
    return device_read(enrolled->folder.path, out, &enrolled->error);
}

/* Writes the file anew with one piece of text exchanged. */
static void exchange(struct enrolled *enrolled, const char *from, const char *to)
{
    struct buf text, changed;
    const char *at;
    buf_init(&text, 65536);
    buf_init(&changed, 65536);
    assert_int_equal(file_read(enrolled->path, &text, NULL), STATUS_OK);
    at = strstr(text.data, from);
    assert_non_null(at);
    assert_int_equal(buf_append(&changed, text.data, (size_t)(at - text.data)), STATUS_OK);
    assert_int_equal(buf_append_text(&changed, to), STATUS_OK);
    assert_int_equal(buf_append_text(&changed, at + strlen(from)), STATUS_OK);
    assert_int_equal(
        file_write_durable(enrolled->path, changed.data, changed.used, 0600, &enrolled->error),
        STATUS_OK);
    buf_finish(&text);
    buf_finish(&changed);
}

static void test_device__comes_back_as_written(void **state)
{
    struct enrolled *enrolled = *state;
    struct device_identity read;
    assert_int_equal(write_it(enrolled), STATUS_OK);
    assert_int_equal(read_it(enrolled, &read), STATUS_OK);
    assert_memory_equal(&read.device, &enrolled->maker.identity.device, ID_SIZE);
    assert_memory_equal(&read.incarnation, &enrolled->maker.identity.incarnation, ID_SIZE);
    assert_memory_equal(&read.device_key, &enrolled->maker.identity.device_key, PUBLIC_KEY_SIZE);
    assert_memory_equal(&read.device_secret, &enrolled->maker.identity.device_secret,
                        SECRET_KEY_SIZE);
    assert_memory_equal(&read.ledger_key, &enrolled->maker.identity.ledger_key, PUBLIC_KEY_SIZE);
    assert_string_equal(read.till, "T01");
    assert_string_equal(read.location, "S01");
    assert_string_equal(read.url, "http://127.0.0.1:8080");
}

static void test_device__file_is_for_its_owner_only(void **state)
{
    struct enrolled *enrolled = *state;
    struct stat about;
    mode_t old = umask(0);
    assert_int_equal(write_it(enrolled), STATUS_OK);
    (void)umask(old);
    assert_int_equal(stat(enrolled->path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
}

static void test_device__readable_secret_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
    struct enrolled *enrolled = *state;
    struct device_identity read;
    assert_int_equal(write_it(enrolled), STATUS_OK);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(enrolled->path, modes[i]), 0);
        assert_int_equal(read_it(enrolled, &read), STATUS_DENIED);
    }
    assert_int_equal(chmod(enrolled->path, 0400), 0);
    assert_int_equal(read_it(enrolled, &read), STATUS_OK);
}

static void test_device__link_and_absence_are_told_apart(void **state)
{
    struct enrolled *enrolled = *state;
    struct device_identity read;
    char *other = path_join(enrolled->folder.path, "other.json");
    assert_int_equal(read_it(enrolled, &read), STATUS_NOT_FOUND);
    assert_int_equal(write_it(enrolled), STATUS_OK);
    assert_int_equal(rename(enrolled->path, other), 0);
    assert_int_equal(symlink(other, enrolled->path), 0);
    assert_int_equal(read_it(enrolled, &read), STATUS_DENIED);
    free(other);
}

static void test_device__pipe_is_refused_before_it_is_read(void **state)
{
    struct enrolled *enrolled = *state;
    struct device_identity read;
    assert_int_equal(mkfifo(enrolled->path, 0600), 0);
    (void)alarm(20); /* reading it would wait for ever */
    assert_int_equal(read_it(enrolled, &read), STATUS_DENIED);
    (void)alarm(0);
}

static void test_device__identity_is_never_overwritten(void **state)
{
    struct enrolled *enrolled = *state;
    assert_int_equal(write_it(enrolled), STATUS_OK);
    assert_int_equal(write_it(enrolled), STATUS_EXISTS);
}

static void test_device__malformed_file_is_refused_and_gives_nothing(void **state)
{
    static const struct {
        const char *from, *to;
        enum status status;
    } cases[] = {
        {"{\"v\":1", "{\"v\":2", STATUS_UNSUPPORTED},
        {"{\"v\":1", "{\"w\":1", STATUS_INVALID},
        {"\"device\":\"", "\"device\":\"zz", STATUS_INVALID},
        {"\"till\":\"T01\"", "\"till\":\"\"", STATUS_INVALID},
        {"\"till\":\"T01\"", "\"till\":\"T 1\"", STATUS_INVALID},
        {"\"till\":\"T01\"", "\"till\":\"12345678901234567\"", STATUS_INVALID},
        {"\"location\":\"S01\"", "\"location\":\"S/1\"", STATUS_INVALID},
        {"\"url\":\"http:", "\"url\":\"ftp:", STATUS_INVALID},
        {":8080\"", ":8080/\"", STATUS_INVALID},
        {"\"incarnation\"", "\"incarnatio\"", STATUS_INVALID},
        {"\"ledger_key\":\"", "\"ledger_key\":\"00", STATUS_INVALID},
        {"\"device_key\":\"", "\"device_keys\":\"", STATUS_INVALID},
        {"}", "", STATUS_INVALID},
    };
    static const struct device_identity nothing;
    struct enrolled *enrolled = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct device_identity read;
        (void)unlink(enrolled->path);
        assert_int_equal(write_it(enrolled), STATUS_OK);
        exchange(enrolled, cases[i].from, cases[i].to);
        assert_int_equal(read_it(enrolled, &read), cases[i].status);
        assert_memory_equal(&read, &nothing, sizeof read);
    }
}

static void test_device__secret_of_another_key_is_refused(void **state)
{
    struct enrolled *enrolled = *state;
    struct device_identity read;
    char old[KEY_HEX_SIZE], other[KEY_HEX_SIZE];
    struct public_key key;
    struct secret_key secret;
    struct entropy entropy = fixture_entropy(&enrolled->maker);
    assert_int_equal(write_it(enrolled), STATUS_OK);
    key_pair(&entropy, &key, &secret);
    hex_write(enrolled->maker.identity.device_key.bytes, PUBLIC_KEY_SIZE, old);
    hex_write(key.bytes, PUBLIC_KEY_SIZE, other);
    exchange(enrolled, old, other);
    assert_int_equal(read_it(enrolled, &read), STATUS_INVALID);
    (void)unlink(enrolled->path);
    enrolled->maker.identity.device_key = key;
    assert_int_equal(write_it(enrolled), STATUS_INVALID);
}

static void test_device__bad_names_are_not_written(void **state)
{
    struct enrolled *enrolled = *state;
    memcpy(enrolled->maker.identity.till, "T/1", 4);
    assert_int_equal(write_it(enrolled), STATUS_INVALID);
    memcpy(enrolled->maker.identity.till, "T01", 4);
    memcpy(enrolled->maker.identity.url, "http://", 8);
    assert_int_equal(write_it(enrolled), STATUS_INVALID);
    assert_false(file_exists(enrolled->path));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_device__comes_back_as_written),
        CASE(test_device__file_is_for_its_owner_only),
        CASE(test_device__readable_secret_is_refused),
        CASE(test_device__link_and_absence_are_told_apart),
        CASE(test_device__pipe_is_refused_before_it_is_read),
        CASE(test_device__identity_is_never_overwritten),
        CASE(test_device__malformed_file_is_refused_and_gives_nothing),
        CASE(test_device__secret_of_another_key_is_refused),
        CASE(test_device__bad_names_are_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
