#include "terminal/journal/epoch.h"

#include "terminal/journal/acked.h"
#include "tests/unit/terminal/journal/journal_fixture.h"

static struct epoch_open an_open(void)
{
    struct epoch_open open = {
        .location = "S01",
        .till = "T01",
        .has_parent = true,
        .parent = {.seq = 12},
        .reason = EPOCH_REASON_RESTORED,
        .perpetual = {.sales_minor = 100, .returns_minor = 20, .sales = 3, .returns = 1}};
    memset(open.epoch_key.bytes, 1, PUBLIC_KEY_SIZE);
    memset(open.device_sig.bytes, 2, SIGNATURE_SIZE);
    memset(open.parent.epoch.bytes, 3, ID_SIZE);
    memset(open.parent.hash.bytes, 4, HASH_SIZE);
    return open;
}

static struct entry as_entry(const struct epoch_open *open, const struct hash *prev)
{
    struct entry entry = {
        .head = {.seq = 1, .hlc = 1, .business_date = "2026-11-21", .kind = "epoch_open"}};
    entry.head.prev = *prev;
    entry.body = entry_start(&entry.head);
    epoch_open_put(entry.body, open);
    return entry;
}

static void test_epoch__open_comes_back_as_put(void **state)
{
    struct epoch_open open = an_open(), read;
    struct entry entry = as_entry(&open, &open.parent.hash);
    (void)state;
    assert_int_equal(epoch_open_get(&entry, &read, NULL), STATUS_OK);
    assert_memory_equal(&read, &open, sizeof open);
    entry_finish(&entry);
    open.has_parent = false;
    memset(&open.parent, 0, sizeof open.parent);
    entry = as_entry(&open, &open.parent.hash);
    assert_true(json_is_null(json_object_get(entry.body, "parent")));
    assert_int_equal(epoch_open_get(&entry, &read, NULL), STATUS_OK);
    assert_memory_equal(&read, &open, sizeof open);
    entry_finish(&entry);
}

static void test_epoch__prev_must_be_the_parents_hash(void **state)
{
    struct epoch_open open = an_open(), read;
    struct hash zeros = {{0}};
    struct entry entry = as_entry(&open, &zeros);
    (void)state;
    assert_int_equal(epoch_open_get(&entry, &read, NULL), STATUS_CONFLICT);
    entry_finish(&entry);
    open.has_parent = false;
    entry = as_entry(&open, &open.parent.hash);
    assert_int_equal(epoch_open_get(&entry, &read, NULL), STATUS_CONFLICT);
    entry_finish(&entry);
}

static void test_epoch__broken_open_is_refused(void **state)
{
    static const char *const keys[] = {"location", "till",   "epoch_key", "device_sig",
                                       "parent",   "reason", "perpetual"};
    struct epoch_open open = an_open(), read;
    struct entry entry;
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        entry = as_entry(&open, &open.parent.hash);
        assert_int_equal(json_object_del(entry.body, keys[i]), 0);
        assert_int_equal(epoch_open_get(&entry, &read, NULL), STATUS_INVALID);
        entry_finish(&entry);
    }
    entry = as_entry(&open, &open.parent.hash);
    entry.head.seq = 2;
    assert_int_equal(epoch_open_get(&entry, &read, NULL), STATUS_INVALID);
    entry.head.seq = 1;
    memcpy(entry.head.kind, "sale", 5);
    assert_int_equal(epoch_open_get(&entry, &read, NULL), STATUS_INVALID);
    entry_finish(&entry);
}

static void test_epoch__key_follows_from_device_and_epoch(void **state)
{
    struct fixture fixture = {0};
    struct public_key one, again, other;
    struct secret_key secret, same, different;
    struct id epoch = {{1}}, second = {{2}};
    (void)state;
    fixture_identity(&fixture);
    epoch_keys(&fixture.identity.device_secret, &epoch, &one, &secret);
    epoch_keys(&fixture.identity.device_secret, &epoch, &again, &same);
    epoch_keys(&fixture.identity.device_secret, &second, &other, &different);
    assert_memory_equal(&one, &again, sizeof one);
    assert_memory_equal(&secret, &same, sizeof secret);
    assert_memory_not_equal(&one, &other, sizeof one);
    epoch_keys(&fixture.ledger_secret, &epoch, &other, &different);
    assert_memory_not_equal(&one, &other, sizeof one);
}

static void test_epoch__device_vouches_for_this_key_only(void **state)
{
    struct fixture fixture = {0};
    struct device_identity *identity = &fixture.identity;
    struct id epoch = {{1}};
    struct public_key key;
    struct secret_key secret;
    struct signature signature;
    (void)state;
    fixture_identity(&fixture);
    epoch_keys(&identity->device_secret, &epoch, &key, &secret);
    signature = epoch_key_sign(&identity->device, &epoch, &key, &identity->device_secret);
    assert_true(
        epoch_key_vouched(&identity->device, &epoch, &key, &signature, &identity->device_key));
    epoch.bytes[15] ^= 1;
    assert_false(
        epoch_key_vouched(&identity->device, &epoch, &key, &signature, &identity->device_key));
    epoch.bytes[15] ^= 1;
    key.bytes[0] ^= 1;
    assert_false(
        epoch_key_vouched(&identity->device, &epoch, &key, &signature, &identity->device_key));
    key.bytes[0] ^= 1;
    assert_false(
        epoch_key_vouched(&identity->device, &epoch, &key, &signature, &fixture.ledger_key));
}

/* The texts are a promise to the other side: spelled out here once more. */
static void test_epoch__signed_texts_are_as_promised(void **state)
{
    struct fixture fixture = {0};
    struct id device, epoch;
    struct chain_point head = {.seq = 42};
    struct public_key key;
    struct signature signature;
    static const char epoch_text[] =
        "holdfast epoch 1\n11111111111111111111111111111111\n22222222222222222222222222222222\n"
        "3333333333333333333333333333333333333333333333333333333333333333";
    static const char head_text[] =
        "holdfast head 1\n11111111111111111111111111111111\n22222222222222222222222222222222\n42\n"
        "4444444444444444444444444444444444444444444444444444444444444444";
    (void)state;
    fixture_identity(&fixture);
    memset(&device, 0x11, sizeof device);
    memset(&epoch, 0x22, sizeof epoch);
    memset(&key, 0x33, sizeof key);
    memset(&head.hash, 0x44, sizeof head.hash);
    head.epoch = epoch;
    signature = epoch_key_sign(&device, &epoch, &key, &fixture.identity.device_secret);
    assert_true(signature_valid(&signature, epoch_text, sizeof epoch_text - 1,
                                &fixture.identity.device_key));
    signature = head_countersign(&device, &head, &fixture.ledger_secret);
    assert_true(signature_valid(&signature, head_text, sizeof head_text - 1, &fixture.ledger_key));
    assert_true(head_countersigned(&device, &head, &signature, &fixture.ledger_key));
    head.seq = 43;
    assert_false(head_countersigned(&device, &head, &signature, &fixture.ledger_key));
}

static void test_epoch__tag_is_the_first_fifteen_bits(void **state)
{
    char tag[EPOCH_TAG_SIZE];
    (void)state;
    epoch_tag(&(struct id){{0}}, tag);
    assert_string_equal(tag, "000");
    epoch_tag(&(struct id){{0xff, 0xff, 0xff}}, tag);
    assert_string_equal(tag, "ZZZ");
    epoch_tag(&(struct id){{0x9c, 0xee}}, tag); /* 10011 10011 10111 */
    assert_string_equal(tag, "KKQ");
}

/* ---- acked heads ---- */

static struct db *sync_db(struct folder *folder)
{
    struct db *db;
    struct db_migration steps[1] = {{acked_schema}};
    char *path = path_join(folder->path, "sync.db");
    assert_int_equal(db_open(path, DB_OWNER_FULL, &db, NULL), STATUS_OK);
    assert_int_equal(db_migrate(db, steps, 1, NULL), STATUS_OK);
    free(path);
    return db;
}

static void put_head(struct fixture *fixture, struct db *db, uint8_t epoch, int64_t seq)
{
    struct acked_head head = {.head = {.epoch = {{epoch}}, .seq = seq}};
    head.head.hash.bytes[0] = (uint8_t)seq;
    head.countersig =
        head_countersign(&fixture->identity.device, &head.head, &fixture->ledger_secret);
    assert_int_equal(acked_put(db, &fixture->identity.device, &head, NULL), STATUS_OK);
}

static void test_acked__last_changed_is_last_and_unsigned_is_left_out(void **state)
{
    struct fixture fixture = {0};
    struct folder folder = folder_make();
    struct db *db = sync_db(&folder);
    struct acked_head one;
    struct chain_point *points = NULL;
    size_t count = 9;
    (void)state;
    fixture_identity(&fixture);
    assert_int_equal(acked_list(db, &fixture.identity.device, &fixture.ledger_key, &points, &count,
                                &fixture.error),
                     STATUS_OK);
    assert_int_equal(count, 0);
    assert_null(points);
    put_head(&fixture, db, 2, 5);
    put_head(&fixture, db, 3, 7);
    put_head(&fixture, db, 5, 1);
    put_head(&fixture, db, 2, 4);
    assert_int_equal(db_exec(db, "UPDATE acked SET seq = 8 WHERE seq = 7", NULL), STATUS_OK);
    assert_int_equal(acked_list(db, &fixture.identity.device, &fixture.ledger_key, &points, &count,
                                &fixture.error),
                     STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(points[0].epoch.bytes[0], 5);
    assert_int_equal(points[1].epoch.bytes[0], 2);
    assert_int_equal(points[1].seq, 4);
    free(points);
    assert_int_equal(acked_get(db, &fixture.identity.device, &(struct id){{5}}, &one, NULL),
                     STATUS_OK);
    assert_int_equal(one.head.seq, 1);
    assert_int_equal(acked_get(db, &fixture.identity.device, &(struct id){{6}}, &one, NULL),
                     STATUS_NOT_FOUND);
    db_close(db);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epoch__open_comes_back_as_put),
        cmocka_unit_test(test_epoch__prev_must_be_the_parents_hash),
        cmocka_unit_test(test_epoch__broken_open_is_refused),
        cmocka_unit_test(test_epoch__key_follows_from_device_and_epoch),
        cmocka_unit_test(test_epoch__device_vouches_for_this_key_only),
        cmocka_unit_test(test_epoch__signed_texts_are_as_promised),
        cmocka_unit_test(test_epoch__tag_is_the_first_fifteen_bits),
        cmocka_unit_test(test_acked__last_changed_is_last_and_unsigned_is_left_out),
    };
    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
