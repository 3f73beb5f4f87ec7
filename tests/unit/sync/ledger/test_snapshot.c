/* Snapshots: complete, true at their positions, kept, swept, served in ranges. */
#include "replica_fixture.h"

#include "terminal/catalogue/search.h"

#include <dirent.h>

static struct snapshot_answer get_snapshot(struct fixture *fixture, const struct device *device)
{
    struct snapshot_answer snapshot;
    struct error error = {0};

    for (;;) {
        struct answer answer = signed_call(fixture, device, "GET", "/v1/snapshot", "", "", 0);
        int status = answer.status;
        if (status == 200)
            must(message_read_snapshot_answer(answer.text, answer.length, &snapshot, &error),
                 &error);
        else if (status != 202 || json_int_or(answer.json, "retry_ms", 0) <= 0)
            fail_msg("%d %s", answer.status, answer.text);
        answer_free(&answer);
        if (status == 200)
            return snapshot;
        snapshots_wait(fixture->ledger->snapshots);
    }
}

/* Fetches the bytes as the agent does, in two ranges, checks and unpacks them. */
static struct db *fetch(struct fixture *fixture, const struct device *device,
                        const struct snapshot_answer *snapshot, const char *name)
{
    char path[128], packed[160], unpacked[160];
    struct ledger_response response;
    struct error error = {0};
    int64_t half = snapshot->size / 2;
    FILE *file;
    struct hash hash;
    struct db *db;

    (void)snprintf(path, sizeof path, "/v1/snapshot/%.64s", snapshot->id);
    (void)snprintf(packed, sizeof packed, "%s/%s.zst", fixture->folder, name);
    (void)snprintf(unpacked, sizeof unpacked, "%s/%s", fixture->folder, name);
    file = fopen(packed, "wb");
    assert_non_null(file);
    for (int part = 0; part < 2; part++) {
        struct entropy entropy = entropy_system();
        struct signature_params params = {.created = fixture->now_ms / 1000};
        struct signed_request about = {
            .method = "GET", .path = path, .query = "", .body_hash = hash_bytes("", 0)};
        struct signature_headers headers;
        char range[64], *bytes;
        struct ledger_request request = {.method = "GET",
                                         .path = path,
                                         .query = "",
                                         .content_digest = headers.digest,
                                         .signature_input = headers.input,
                                         .signature = headers.value,
                                         .range = range};
        if (part == 0)
            (void)snprintf(range, sizeof range, "bytes=0-%lld", (long long)half - 1);
        else
            (void)snprintf(range, sizeof range, "bytes=%lld-", (long long)half);
        signature_nonce(&entropy, params.nonce);
        hex_write(device->id.bytes, ID_SIZE, params.keyid);
        signature_build(&about, &params, &device->secret, &headers);
        ledger_response_init(&response);
        ledger_handle(fixture->ledger, &request, &response);
        assert_int_equal(response.status, 206);
        assert_int_equal(response.file_size, snapshot->size);
        bytes = mem_alloc((size_t)response.length);
        assert_int_equal(pread(response.file, bytes, (size_t)response.length, response.offset),
                         response.length);
        assert_int_equal(fwrite(bytes, 1, (size_t)response.length, file), response.length);
        free(bytes);
        ledger_response_finish(&response);
    }
    assert_int_equal(fclose(file), 0);
    must(compress_unpack_file(packed, unpacked, COMPRESS_FILE_CEILING, NULL, &hash, &error),
         &error);
    assert_true(hash_equal(&hash, &snapshot->sha256));
    assert_true(countersign_snapshot_valid(snapshot->id, &hash, &snapshot->signature,
                                           &fixture->ledger->key));
    must(db_open(unpacked, DB_OWNER_NORMAL, &db, &error), &error);
    must(replica_check(db, &error), &error);
    return db;
}

static struct changes_query cursors_of(struct fixture *fixture, struct db *replica)
{
    struct changes_query query = changes_from(fixture, "S01");
    struct replica_cursor cursor;
    struct error error = {0};

    for (int i = 0; i < query.count; i++) {
        must(replica_cursor(replica, query.cursors[i].scope, &cursor, &error), &error);
        assert_int_equal(strlen(cursor.incarnation), 32);
        assert_int_equal(cursor.as_of_ms, fixture->now_ms);
        query.cursors[i].position = cursor.position;
    }
    return query;
}

static struct device *busy_shop(struct fixture *fixture)
{
    struct device *device;

    admin_put(fixture, SHOP_ROWS);
    admin_put(fixture, "{\"rows\":[{\"t\":\"setting\",\"op\":\"put\",\"row\":{\"location\":\"S02\","
                       "\"key\":\"k\",\"value\":\"other\"}}]}");
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "B", 2000, 100);
    (void)post_ok(fixture, device, 1, 3);
    return device;
}

static void test_snapshot__is_a_true_replica(void **state)
{
    struct fixture *fixture = *state;
    struct device *device = busy_shop(fixture);
    struct snapshot_answer snapshot = get_snapshot(fixture, device);
    struct db *replica = fetch(fixture, device, &snapshot, "replica.db");
    struct search *search = search_open();
    struct search_hit hits[SEARCH_PAGE];
    struct error error = {0};
    size_t found = 0;

    struct changes_query query = cursors_of(fixture, replica);

    /* It was begun when the code was made, and is true at its position: changes bring the rest. */
    (void)catch_up(fixture, device, replica, &query);
    assert_replica_true(fixture, replica, "S01");
    must(search_find(search, replica, "bre", 0, hits, SEARCH_PAGE, &found, &error), &error);
    assert_int_equal(found, 1);
    assert_string_equal(hits[0].sku, "B");
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 4, 1);
    (void)catch_up(fixture, device, replica, &query);
    assert_replica_true(fixture, replica, "S01");
    search_close(search);
    db_close(replica);
    device_free(device);
}

static void test_snapshot__serves_as_long_as_the_feed_reaches(void **state)
{
    struct fixture *fixture = *state;
    struct device *device = busy_shop(fixture);
    struct snapshot_answer first = get_snapshot(fixture, device), again;

    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 4, 1);
    again = get_snapshot(fixture, device);
    assert_string_equal(first.id, again.id);
    /* A start later it is still there. */
    fixture_close(fixture);
    fixture_open(fixture);
    again = get_snapshot(fixture, device);
    assert_string_equal(first.id, again.id);
    run_sql(fixture, "UPDATE feed SET floor = position WHERE scope = 'location:S01'");
    fixture_close(fixture);
    fixture_open(fixture);
    again = get_snapshot(fixture, device);
    assert_string_not_equal(first.id, again.id);
    struct db *replica = fetch(fixture, device, &again, "replica.db");
    assert_replica_true(fixture, replica, "S01");
    db_close(replica);
    device_free(device);
}

/* A second location takes catalogue and index over from the first one's file. */
static void test_snapshot__takes_the_catalogue_from_a_donor(void **state)
{
    struct fixture *fixture = *state;
    struct device *device = busy_shop(fixture);
    struct device *other;
    struct snapshot_answer first = get_snapshot(fixture, device), second;
    struct search *search = search_open();
    struct search_hit hits[SEARCH_PAGE];
    struct error error = {0};
    size_t found = 0;

    admin_put(fixture, "{\"rows\":[{\"t\":\"role\",\"op\":\"put\",\"row\":{\"id\":\"cashier\","
                       "\"name\":\"Cashier\",\"permissions\":\"sell\"}}]}");
    other = device_make(fixture, "S02", "T01"); /* has its snapshot prepared */
    second = get_snapshot(fixture, other);
    assert_string_not_equal(first.id, second.id);
    struct db *replica = fetch(fixture, other, &second, "replica.db");
    assert_replica_true(fixture, replica, "S02");
    must(search_find(search, replica, "bre", 0, hits, SEARCH_PAGE, &found, &error), &error);
    assert_int_equal(found, 1);
    db_close(replica);
    /* With another catalogue nothing is taken over. */
    run_sql(fixture, "UPDATE item SET name = 'Baguette' WHERE sku = 'B'");
    run_sql(fixture, "UPDATE feed SET position = position + 1, floor = position + 1 "
                     "WHERE scope = 'catalogue'");
    fixture_close(fixture);
    fixture_open(fixture);
    second = get_snapshot(fixture, other);
    replica = fetch(fixture, other, &second, "replica2.db");
    assert_replica_true(fixture, replica, "S02");
    must(search_find(search, replica, "bag", 0, hits, SEARCH_PAGE, &found, &error), &error);
    assert_int_equal(found, 1);
    db_close(replica);
    search_close(search);
    device_free(device);
    device_free(other);
}

static int files_in(struct fixture *fixture, const char *suffix)
{
    char path[160];
    int count = 0;
    const struct dirent *file;
    DIR *folder;

    (void)snprintf(path, sizeof path, "%s.snapshots", fixture->db);
    folder = opendir(path);
    assert_non_null(folder);
    while ((file = readdir(folder)) != NULL) {
        size_t length = strlen(file->d_name);
        count +=
            length > strlen(suffix) && strcmp(file->d_name + length - strlen(suffix), suffix) == 0;
    }
    (void)closedir(folder);
    return count;
}

static void touch(struct fixture *fixture, const char *name)
{
    char path[256];
    struct error error = {0};

    (void)snprintf(path, sizeof path, "%s.snapshots/%s", fixture->db, name);
    must(file_write_durable(path, "x", 1, 0600, &error), &error);
}

static void test_snapshot__sweeps_what_a_kill_left(void **state)
{
    struct fixture *fixture = *state;
    struct device *device = busy_shop(fixture);

    (void)get_snapshot(fixture, device);
    fixture_close(fixture);
    touch(fixture, "S01-0011223344556677.db.part");
    touch(fixture, "S01-0011223344556677.zst.part");
    touch(fixture, "S01-0011223344556677.zst");  /* no manifest */
    touch(fixture, "S01-8811223344556677.json"); /* no JSON */
    touch(fixture, "S01-8811223344556677.zst");
    fixture_open(fixture);
    assert_int_equal(files_in(fixture, ".part"), 0);
    assert_int_equal(files_in(fixture, ".zst"), 1);
    assert_int_equal(files_in(fixture, ".json"), 1);
    device_free(device);
}

static void test_snapshot__keeps_the_one_before(void **state)
{
    struct fixture *fixture = *state;
    struct device *device = busy_shop(fixture);
    struct snapshot_answer snapshots[3];

    for (int i = 0; i < 3; i++) {
        snapshots[i] = get_snapshot(fixture, device);
        /* A bulk change of the location raises its floor above every snapshot. */
        run_sql(fixture, "UPDATE feed SET position = position + 1, floor = position + 1 "
                         "WHERE scope = 'location:S01'");
        add_sale(device, "A", 1000, 100); /* the feed learns its floor with the next change */
        (void)post_ok(fixture, device, device->count, 1);
    }
    assert_int_equal(files_in(fixture, ".zst"), 2);
    for (int i = 0; i < 3; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "/v1/snapshot/%.64s", snapshots[i].id);
        struct answer answer = signed_call(fixture, device, "GET", path, "", "", 0);
        assert_int_equal(answer.status, i == 0 ? 404 : 200);
        answer_free(&answer);
    }
    device_free(device);
}

static void test_snapshot__is_the_locations_alone(void **state)
{
    struct fixture *fixture = *state;
    struct device *device = busy_shop(fixture);
    struct device *other = device_make(fixture, "S02", "T01");
    struct snapshot_answer snapshot = get_snapshot(fixture, device);
    char path[128];

    (void)snprintf(path, sizeof path, "/v1/snapshot/%.64s", snapshot.id);
    struct answer answer = signed_call(fixture, other, "GET", path, "", "", 0);
    assert_int_equal(answer.status, 404);
    answer_free(&answer);
    answer = signed_call(fixture, device, "GET", "/v1/snapshot/..%2F..%2Fledger.db", "", "", 0);
    assert_int_equal(answer.status, 404);
    answer_free(&answer);
    device_free(device);
    device_free(other);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_snapshot__is_a_true_replica),
        TEST(test_snapshot__serves_as_long_as_the_feed_reaches),
        TEST(test_snapshot__takes_the_catalogue_from_a_donor),
        TEST(test_snapshot__sweeps_what_a_kill_left),
        TEST(test_snapshot__keeps_the_one_before),
        TEST(test_snapshot__is_the_locations_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
