/* Journals in: exactly once, whatever is repeated, late, forked or damaged. Crowds and kills:
 * test_ingest_endures.c. */
#include "ledger_fixture.h"

#include "sync/ledger/verifier.h"

static struct fixture *shop(void **state)
{
    admin_put(*state, SHOP_ROWS);
    return *state;
}

/* Posts a frame as it is. */
static struct answer post_frame(struct fixture *fixture, const struct device *device,
                                const struct frame *frame)
{
    struct buf body;
    struct answer answer;

    buf_init(&body, (size_t)2 << 20);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    answer = signed_call(fixture, device, "POST", "/v1/journal", "", body.data, body.used);
    buf_finish(&body);
    return answer;
}

static struct frame_entry frame_entry_of(const struct sealed_entry *entry)
{
    return (struct frame_entry){
        .signature = entry->signature, .bytes = entry->bytes, .length = entry->length};
}

static void assert_refusal(struct answer answer, int status, const char *code, const char *key,
                           int64_t number)
{
    if (answer.status != status || strcmp(json_text_or(answer.json, "error", ""), code) != 0 ||
        (key != NULL && json_int_or(answer.json, key, 0) != number))
        fail_msg("%d %s instead of %d %s", answer.status, answer.text, status, code);
    answer_free(&answer);
}

static int64_t findings(struct fixture *fixture, const char *kind)
{
    struct store_session *reader;
    struct error error = {0};
    int64_t count = 0;
    struct store_value values[] = {store_text(kind)};

    must(ledger_reader(fixture->ledger, &reader, &error), &error);
    must(store_one_int(reader, "SELECT count(*) FROM exception WHERE kind = ?1", values, 1, 0,
                       &count, &error),
         &error);
    ledger_reader_back(fixture->ledger, reader);
    return count;
}

static int64_t stock_of(struct fixture *fixture, const char *sku, const char *status)
{
    struct store_session *reader;
    struct error error = {0};
    int64_t quantity = 0;
    struct store_value values[] = {store_text(sku), store_text(status)};

    must(ledger_reader(fixture->ledger, &reader, &error), &error);
    must(store_one_int(reader,
                       "SELECT sum(quantity_milli) FROM stock WHERE sku = ?1 AND status = ?2",
                       values, 2, 0, &quantity, &error),
         &error);
    ledger_reader_back(fixture->ledger, reader);
    return quantity;
}

static void test_ingest__takes_a_batch_and_projects_it(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    add_sale(device, "A", 2000, 500);
    add_sale(device, "A", -500, -100);
    assert_int_equal(post_ok(fixture, device, 1, 3), 3);
    assert_int_equal(stock_of(fixture, "A", "available"), -1500);
    assert_int_equal(stock_of(fixture, "A", "@customer"), 1500);
    assert_int_equal(query_int(fixture, "SELECT seq FROM watermark"), 3);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 3);
    assert_projections_true(fixture);
    device_free(device);
}

static void test_ingest__skips_what_it_knows(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    for (int i = 0; i < 9; i++)
        add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 1, 5), 5);
    int64_t position = feed_mark(fixture->ledger->feed, "location:S01").position;
    assert_int_equal(post_ok(fixture, device, 2, 3), 5);
    assert_int_equal(feed_mark(fixture->ledger->feed, "location:S01").position, position);
    assert_int_equal(post_ok(fixture, device, 3, 8), 10);
    assert_int_equal(stock_of(fixture, "A", "@customer"), 9000);
    assert_projections_true(fixture);
    device_free(device);
}

static void test_ingest__tells_a_gap(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    for (int i = 0; i < 9; i++)
        add_sale(device, "A", 1000, 100);
    assert_refusal(post_entries(fixture, device, 2, 2), 409, "gap", "expected", 1);
    assert_int_equal(post_ok(fixture, device, 1, 3), 3);
    assert_refusal(post_entries(fixture, device, 5, 2), 409, "gap", "expected", 4);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 3);
    device_free(device);
}

/* Any order, any repetition: the same end. */
static void test_ingest__is_exactly_once(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    static const char *const skus[] = {"A", "B", "C\"q"};
    int64_t expected[3] = {0}, gross = 0;
    int acked = 0;

    srand(20261121);
    add_open(device, NULL);
    for (int i = 0; i < 300; i++) {
        int which = rand() % 3;
        int64_t quantity = (rand() % 2001) - 1000;
        if (quantity == 0)
            quantity = 1;
        expected[which] -= quantity;
        gross += quantity;
        add_sale(device, skus[which], quantity, quantity);
    }
    while (acked < device->count) {
        int first = 1 + rand() % device->count;
        int count = 1 + rand() % 40;
        if (rand() % 3 == 0)
            first = acked + 1;
        if (first + count - 1 > device->count)
            count = device->count - first + 1;
        if (first > acked + 1) {
            assert_refusal(post_entries(fixture, device, first, count), 409, "gap", "expected",
                           acked + 1);
            continue;
        }
        acked = first + count - 1 > acked ? first + count - 1 : acked;
        assert_int_equal(post_ok(fixture, device, first, count), acked);
        fixture->now_ms += 1000;
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stock_of(fixture, skus[i], "available"), expected[i]);
        assert_int_equal(stock_of(fixture, skus[i], "@customer"), -expected[i]);
    }
    assert_int_equal(query_int(fixture, "SELECT sum(gross_minor) FROM total"), gross);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 301);
    assert_int_equal(query_int(fixture, "SELECT sum(entries) FROM total"), 301);
    assert_projections_true(fixture);
    device_free(device);
}

/* Two histories from entry 4 on: the second is kept aside, whole, and changes nothing. */
static void test_ingest__keeps_a_fork_as_a_branch(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct device *clone = mem_alloc(sizeof *clone);

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "A", 1000, 100);
    *clone = *device; /* shares the first three entries */
    add_sale(device, "A", 1000, 100);
    for (int i = 0; i < 6; i++)
        add_sale(clone, "B", 1000, 777);
    assert_int_equal(post_ok(fixture, device, 1, 4), 4);
    /* From before the fork, then from where `taken` says, then again. */
    assert_refusal(post_entries(fixture, clone, 2, 4), 409, "fork", "seq", 4);
    assert_refusal(post_entries(fixture, clone, 4, 2), 409, "fork", "taken", 5);
    assert_refusal(post_entries(fixture, clone, 6, 4), 409, "fork", "taken", 9);
    assert_refusal(post_entries(fixture, clone, 6, 4), 409, "fork", "seq", 4);
    /* The branch has passed the main chain: still a fork, not a continuation. */
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM branch"), 6);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM branch WHERE start = 4"), 6);
    assert_int_equal(findings(fixture, "fork"), 1);
    assert_int_equal(stock_of(fixture, "B", "@customer"), 0);
    /* The main chain goes on. */
    add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 5, 1), 5);
    assert_projections_true(fixture);
    for (int i = 3; i < clone->count; i++)
        sealed_entry_finish(&clone->entries[i]);
    free(clone);
    device_free(device);
}

/* A sender that begins in the middle of an unknown history is sent back until it links. */
static void test_ingest__sends_a_fork_back_until_it_links(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct device *clone = mem_alloc(sizeof *clone);
    int64_t next = 301, seq = 0;

    add_open(device, NULL);
    *clone = *device;
    for (int i = 0; i < 400; i++) {
        add_sale(device, "A", 1000, 100);
        add_sale(clone, "B", 1000, 100);
    }
    assert_int_equal(post_ok(fixture, device, 1, 300), 300);
    for (int round = 0; round < 20 && next <= clone->count; round++) {
        int count = clone->count - (int)next + 1 > 120 ? 120 : clone->count - (int)next + 1;
        struct answer answer = post_entries(fixture, clone, next, count);
        assert_int_equal(answer.status, 409);
        assert_string_equal(json_text_or(answer.json, "error", ""), "fork");
        next = json_int_or(answer.json, "taken", 0) + 1;
        seq = json_int_or(answer.json, "seq", 0);
        answer_free(&answer);
    }
    assert_int_equal(next, clone->count + 1);
    assert_int_equal(seq, 2);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM branch"), 400);
    for (int i = 1; i < clone->count; i++)
        sealed_entry_finish(&clone->entries[i]);
    free(clone);
    device_free(device);
}

static void test_ingest__files_damaged_entries_and_goes_on(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct frame *frame;

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "A", 1000, 100);
    frame = frame_new(&device->epoch, 1);
    for (int i = 0; i < 4; i++) {
        struct frame_entry raw = frame_entry_of(&device->entries[i]);
        if (i == 2)
            raw = (struct frame_entry){.signature = device->entries[2].signature,
                                       .hash = device->entries[2].hash,
                                       .damaged = true};
        assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    }
    struct answer answer = post_frame(fixture, device, frame);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    assert_int_equal(stock_of(fixture, "A", "@customer"), 2000);
    assert_int_equal(findings(fixture, "damaged"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 4);
    assert_projections_true(fixture);
    frame_free(frame);
    device_free(device);
}

/* A lost entry has no signature: the one after it vouches for its hash. At the end of a batch
 * nobody does. */
static void test_ingest__files_lost_entries_when_the_next_vouches(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct frame_entry lost = {.damaged = true};
    struct frame *frame;

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 1, 1), 1);
    lost.hash = device->entries[1].hash;
    frame = frame_new(&device->epoch, 2);
    assert_int_equal(frame_add(frame, &lost), STATUS_OK);
    assert_refusal(post_frame(fixture, device, frame), 403, "denied", NULL, 0);
    struct frame_entry next = frame_entry_of(&device->entries[2]);
    assert_int_equal(frame_add(frame, &next), STATUS_OK);
    struct answer answer = post_frame(fixture, device, frame);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    assert_int_equal(findings(fixture, "damaged"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 3);
    assert_projections_true(fixture);
    frame_free(frame);
    frame = frame_new(&device->epoch, 2);
    lost.hash.bytes[3] ^= 1; /* another hash than the next one names */
    assert_int_equal(frame_add(frame, &lost), STATUS_OK);
    assert_int_equal(frame_add(frame, &next), STATUS_OK);
    assert_refusal(post_frame(fixture, device, frame), 400, "invalid", NULL, 0);
    frame_free(frame);
    device_free(device);
}

static void test_ingest__refuses_forged_damage(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct frame *frame;
    struct frame_entry damaged;

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 1, 1), 1);
    frame = frame_new(&device->epoch, 2);
    damaged = (struct frame_entry){.signature = device->entries[1].signature,
                                   .hash = device->entries[1].hash,
                                   .damaged = true};
    damaged.hash.bytes[5] ^= 1;
    assert_int_equal(frame_add(frame, &damaged), STATUS_OK);
    assert_refusal(post_frame(fixture, device, frame), 403, "denied", NULL, 0);
    frame_free(frame);
    device_free(device);
}

/* What is well signed and yet no entry of ours is kept, and told; the next one follows it. */
static void test_ingest__keeps_what_it_cannot_read(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct frame *frame;
    static const char strange[] = "{\"v\":1,\"strange\":true}";
    struct frame_entry raw = {.bytes = strange, .length = sizeof strange - 1};
    struct hash hash = entry_hash(strange, sizeof strange - 1);

    add_open(device, NULL);
    assert_int_equal(post_ok(fixture, device, 1, 1), 1);
    raw.signature = sign_bytes(hash.bytes, HASH_SIZE, &device->epoch_secret);
    frame = frame_new(&device->epoch, 2);
    assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    struct answer answer = post_frame(fixture, device, frame);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    assert_int_equal(findings(fixture, "unreadable"), 1);
    assert_projections_true(fixture);
    raw.signature.bytes[3] ^= 1;
    frame_free(frame);
    frame = frame_new(&device->epoch, 3);
    assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    assert_refusal(post_frame(fixture, device, frame), 403, "denied", NULL, 0);
    frame_free(frame);
    device_free(device);
}

static void test_ingest__suspends_unknown_items_until_they_are_known(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    add_sale(device, "NEW", 3000, 100);
    add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 1, 3), 3);
    assert_int_equal(findings(fixture, "suspense"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM suspense"), 1);
    assert_int_equal(stock_of(fixture, "NEW", "@customer"), 0);
    assert_projections_true(fixture);
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"NEW\","
                       "\"name\":\"New\"}}]}");
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM suspense"), 0);
    assert_int_equal(stock_of(fixture, "NEW", "@customer"), 3000);
    assert_projections_true(fixture);
    device_free(device);
}

static void test_ingest__accepts_odd_sales_with_a_finding(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    json_t *entry, *moves = json_array(), *move = json_object();

    add_open(device, NULL);
    entry = next_entry(device, "sale");
    put_sale(entry, "S01", "A", 1000, 100);
    json_put_int(entry, "change", 5); /* the sums do not agree */
    seal_entry(device, entry);
    entry = next_entry(device, "adjust");
    json_put_text(move, "sku", "A");
    json_put_int(move, "qty", -5); /* never negative */
    json_add(moves, move);
    json_put(entry, "moves", moves);
    seal_entry(device, entry);
    entry = next_entry(device, "sale"); /* nothing in it at all */
    seal_entry(device, entry);
    assert_int_equal(post_ok(fixture, device, 1, 4), 4);
    assert_int_equal(findings(fixture, "sale"), 2);
    assert_int_equal(findings(fixture, "moves"), 1);
    assert_int_equal(stock_of(fixture, "A", "@customer"), 1000);
    assert_projections_true(fixture);
    device_free(device);
}

static void test_ingest__tells_stock_below_zero_once(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 2);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 3, 1);
    assert_int_equal(findings(fixture, "oversell"), 1);
    device_free(device);
}

static void test_ingest__refuses_a_chain_that_does_not_hold(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct device *other = device_make(fixture, "S01", "T02");
    struct frame *frame;
    struct frame_entry raw;

    add_open(device, NULL);
    add_open(other, NULL);
    for (int i = 0; i < 3; i++)
        add_sale(device, "A", 1000, 100);
    /* A wrong last signature. */
    device->entries[3].signature.bytes[0] ^= 1;
    assert_refusal(post_entries(fixture, device, 1, 4), 403, "denied", NULL, 0);
    device->entries[3].signature.bytes[0] ^= 1;
    /* One left out: the places do not fit. */
    frame = frame_new(&device->epoch, 1);
    for (int i = 0; i < 4; i++) {
        raw = frame_entry_of(&device->entries[i]);
        if (i != 1)
            assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    }
    assert_refusal(post_frame(fixture, device, frame), 400, "invalid", NULL, 0);
    frame_free(frame);
    /* Another device's entries under this device's name; and an epoch that is another's. */
    assert_refusal(post_entries(fixture, other, 1, 1), 200, "", NULL, 0);
    frame = frame_new(&other->epoch, 1);
    raw = frame_entry_of(&other->entries[0]);
    assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    assert_refusal(post_frame(fixture, device, frame), 400, "invalid", NULL, 0);
    frame_free(frame);
    assert_refusal(signed_call(fixture, device, "POST", "/v1/journal", "", "garbage", 7), 400,
                   "invalid", NULL, 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 1);
    device_free(device);
    device_free(other);
}

static void test_ingest__wants_the_device_to_vouch_for_the_key(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct device *thief = device_make(fixture, "S01", "T02");
    struct secret_key own = device->secret;

    device->secret = thief->secret; /* vouched for by another device's key */
    add_open(device, NULL);
    device->secret = own;
    assert_refusal(post_entries(fixture, device, 1, 1), 403, "denied", NULL, 0);
    device_free(device);
    device_free(thief);
}

/* Whoever has seen a till's entry, and not its keys, could have it lost before the till sends
 * it. */
static void test_ingest__takes_nothing_for_another_device(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct device *thief = device_make(fixture, "S01", "T02");
    struct frame *frame = frame_new(&device->epoch, 2);
    struct frame_entry lost;

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 1, 1), 1);
    lost = (struct frame_entry){.damaged = true,
                                .hash = device->entries[1].hash,
                                .signature = device->entries[1].signature};
    assert_int_equal(frame_add(frame, &lost), STATUS_OK);
    assert_refusal(post_frame(fixture, thief, frame), 403, "denied", NULL, 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 1);
    assert_int_equal(post_ok(fixture, device, 2, 1), 2);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry WHERE kind = 'sale'"), 1);
    frame_free(frame);
    device_free(device);
    device_free(thief);
}

static void test_ingest__marks_an_epoch_that_forks_from_its_parent(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct device *restored = mem_alloc(sizeof *restored);
    struct entropy entropy = entropy_system();

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    add_sale(device, "A", 1000, 100);
    assert_int_equal(post_ok(fixture, device, 1, 3), 3);
    *restored = *device;
    restored->count = 0;
    restored->epoch = id_random(&entropy);
    epoch_keys(&restored->secret, &restored->epoch, &restored->epoch_key, &restored->epoch_secret);
    add_open(restored, &(struct chain_point){
                           .epoch = device->epoch, .seq = 2, .hash = device->entries[1].hash});
    add_sale(restored, "B", 1000, 100);
    assert_int_equal(post_ok(fixture, restored, 1, 2), 2);
    assert_int_equal(findings(fixture, "restored"), 1);
    assert_int_equal(stock_of(fixture, "B", "@customer"), 1000);
    assert_projections_true(fixture);
    device_free(restored);
    device_free(device);
}

static void test_ingest__keeps_side_records_once(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct frame *frame;
    struct frame_entry raw;

    add_open(device, NULL);
    frame = frame_new(&device->epoch, 1);
    raw = frame_entry_of(&device->entries[0]);
    assert_int_equal(frame_add(frame, &raw), STATUS_OK);
    assert_int_equal(frame_add_side(frame, "{\"ref\":\"c1\"}", 12), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        struct answer answer = post_frame(fixture, device, frame);
        assert_int_equal(answer.status, 200);
        answer_free(&answer);
    }
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM side_record"), 1);
    frame_free(frame);
    device_free(device);
}

/* One wrong signature inside a batch whose last one is good: taken, then found. */
static void test_ingest__finds_bad_signatures_in_the_background(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");

    add_open(device, NULL);
    for (int i = 0; i < 5; i++)
        add_sale(device, "A", 1000, 100);
    device->entries[2].signature.bytes[7] ^= 1;
    assert_int_equal(post_ok(fixture, device, 1, 6), 6);
    verifier_wait(fixture->ledger->verifier);
    assert_int_equal(findings(fixture, "signature"), 1);
    assert_int_equal(query_int(fixture, "SELECT verified FROM epoch"), 6);
    assert_int_equal(query_int(fixture, "SELECT seq FROM exception WHERE kind = 'signature'"), 3);
    device_free(device);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_ingest__takes_a_batch_and_projects_it),
        TEST(test_ingest__skips_what_it_knows),
        TEST(test_ingest__tells_a_gap),
        TEST(test_ingest__is_exactly_once),
        TEST(test_ingest__keeps_a_fork_as_a_branch),
        TEST(test_ingest__sends_a_fork_back_until_it_links),
        TEST(test_ingest__files_damaged_entries_and_goes_on),
        TEST(test_ingest__files_lost_entries_when_the_next_vouches),
        TEST(test_ingest__refuses_forged_damage),
        TEST(test_ingest__keeps_what_it_cannot_read),
        TEST(test_ingest__suspends_unknown_items_until_they_are_known),
        TEST(test_ingest__accepts_odd_sales_with_a_finding),
        TEST(test_ingest__tells_stock_below_zero_once),
        TEST(test_ingest__refuses_a_chain_that_does_not_hold),
        TEST(test_ingest__wants_the_device_to_vouch_for_the_key),
        TEST(test_ingest__takes_nothing_for_another_device),
        TEST(test_ingest__marks_an_epoch_that_forks_from_its_parent),
        TEST(test_ingest__keeps_side_records_once),
        TEST(test_ingest__finds_bad_signatures_in_the_background),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
