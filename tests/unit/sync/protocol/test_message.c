/* Every message out and in again, and a table of malformed ones per reader.
 */
#include "sync/protocol/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID_HEX  "00112233445566778899aabbccddeeff"
#define HEX64   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX128  HEX64 HEX64
#define CEILING 100000

static struct id an_id(void)
{
    struct id id;

    assert_int_equal(hex_read(ID_HEX, id.bytes, ID_SIZE), STATUS_OK);
    return id;
}

static struct head a_head(int64_t seq)
{
    struct head head = {.epoch = an_id(), .seq = seq};

    memset(head.hash.bytes, 0xAA, HASH_SIZE);
    memset(head.countersig.bytes, 0xAA, SIGNATURE_SIZE);
    return head;
}

static void test_message__enrolment(void **state)
{
    struct enroll_request request = {.code = "AB12-CD34"};
    struct enroll_request request_read;
    struct enroll_answer answer = {
        .device = an_id(), .till = "T01", .location = "S01", .incarnation = an_id(), .time_ms = 17};
    struct enroll_answer answer_read;
    struct buf text;
    struct error error;

    (void)state;
    buf_init(&text, CEILING);
    memset(request.device_key.bytes, 0xAA, PUBLIC_KEY_SIZE);
    assert_int_equal(message_write_enroll_request(&request, &text), STATUS_OK);
    assert_string_equal(buf_text(&text), "{\"code\":\"AB12-CD34\",\"device_key\":\"" HEX64 "\"}");
    assert_int_equal(message_read_enroll_request(buf_text(&text), text.used, &request_read, &error),
                     STATUS_OK);
    assert_memory_equal(&request, &request_read, sizeof request);
    buf_clear(&text);
    memset(answer.ledger_key.bytes, 0xAA, PUBLIC_KEY_SIZE);
    assert_int_equal(message_write_enroll_answer(&answer, &text), STATUS_OK);
    assert_string_equal(buf_text(&text),
                        "{\"device\":\"" ID_HEX "\",\"till\":\"T01\",\"location\":\"S01\","
                        "\"incarnation\":\"" ID_HEX "\",\"ledger_key\":\"" HEX64
                        "\",\"time_ms\":17}");
    assert_int_equal(message_read_enroll_answer(buf_text(&text), text.used, &answer_read, &error),
                     STATUS_OK);
    assert_memory_equal(&answer, &answer_read, sizeof answer);
    buf_finish(&text);
}

static void test_message__device(void **state)
{
    struct head heads[3] = {a_head(1), a_head(500), a_head(INT64_MAX)};
    struct device_answer answer = {
        .incarnation = an_id(), .time_ms = 99, .count = 3, .heads = heads};
    struct device_answer read;
    struct buf text;
    struct error error;

    (void)state;
    buf_init(&text, CEILING);
    assert_int_equal(message_write_device_answer(&answer, &text), STATUS_OK);
    assert_int_equal(message_read_device_answer(buf_text(&text), text.used, &read, &error),
                     STATUS_OK);
    assert_int_equal(read.count, 3);
    assert_int_equal(read.time_ms, 99);
    for (int i = 0; i < 3; i++)
        assert_int_equal(read.heads[i].seq, heads[i].seq);
    assert_memory_equal(read.heads[2].countersig.bytes, heads[2].countersig.bytes, SIGNATURE_SIZE);
    message_finish_device_answer(&read);
    buf_clear(&text);
    answer.count = 0;
    assert_int_equal(message_write_device_answer(&answer, &text), STATUS_OK);
    assert_int_equal(message_read_device_answer(buf_text(&text), text.used, &read, &error),
                     STATUS_OK);
    assert_int_equal(read.count, 0);
    buf_finish(&text);
}

static void test_message__journal_and_snapshot(void **state)
{
    struct journal_answer journal = {a_head(42), 7};
    struct journal_answer journal_read;
    struct snapshot_answer snapshot = {.id = "s-1.db", .size = 10, .unpacked_size = 100};
    struct snapshot_answer snapshot_read;
    struct buf text;
    struct error error;

    (void)state;
    buf_init(&text, CEILING);
    assert_int_equal(message_write_journal_answer(&journal, &text), STATUS_OK);
    assert_string_equal(buf_text(&text), "{\"epoch\":\"" ID_HEX "\",\"seq\":42,\"hash\":\"" HEX64
                                         "\",\"countersig\":\"" HEX128 "\",\"time_ms\":7}");
    assert_int_equal(message_read_journal_answer(buf_text(&text), text.used, &journal_read, &error),
                     STATUS_OK);
    assert_int_equal(journal_read.head.seq, 42);
    buf_clear(&text);
    assert_int_equal(message_write_snapshot_answer(&snapshot, &text), STATUS_OK);
    assert_int_equal(
        message_read_snapshot_answer(buf_text(&text), text.used, &snapshot_read, &error),
        STATUS_OK);
    assert_string_equal(snapshot_read.id, "s-1.db");
    assert_int_equal(snapshot_read.unpacked_size, 100);
    buf_finish(&text);
}

static void test_message__malformed_ones_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"epoch\":1}",
        "{\"epoch\":\"" ID_HEX "\",\"seq\":0,\"hash\":\"" HEX64 "\",\"countersig\":\"" HEX128
        "\",\"time_ms\":7}",
        "{\"epoch\":\"" ID_HEX "\",\"seq\":1,\"hash\":\"aa\",\"countersig\":\"" HEX128
        "\",\"time_ms\":7}",
        "{\"epoch\":\"" ID_HEX "\",\"seq\":1,\"hash\":\"" HEX64 "\",\"countersig\":\"" HEX128 "\"}",
        "{\"epoch\":\"" ID_HEX "\",\"seq\":1.0,\"hash\":\"" HEX64 "\",\"countersig\":\"" HEX128
        "\",\"time_ms\":7}",
        "{\"id\":\"../x\",\"size\":1,\"sha256\":\"" HEX64 "\",\"sig\":\"" HEX128
        "\",\"unpacked_size\":1}",
        "{\"id\":\"x\",\"size\":0,\"sha256\":\"" HEX64 "\",\"sig\":\"" HEX128
        "\",\"unpacked_size\":1}",
        "{\"id\":\"x\",\"size\":1,\"sha256\":\"" HEX64 "\",\"sig\":\"" HEX128
        "\",\"unpacked_size\":-1}",
        "{\"code\":\"\",\"device_key\":\"" HEX64 "\"}",
        "{\"code\":\"0123456789012345678901234567890123456789012345678901234567890123456789\","
        "\"device_key\":\"" HEX64 "\"}",
        "{\"incarnation\":\"" ID_HEX "\",\"time_ms\":1,\"epochs\":[{}]}",
        "{\"incarnation\":\"" ID_HEX "\",\"time_ms\":1,\"epochs\":{}}",
        "{\"incarnation\":\"" ID_HEX "\",\"time_ms\":1,\"scopes\":[{\"scope\":\"x\","
        "\"position\":1,\"rows\":[]}]}",
        "{\"incarnation\":\"" ID_HEX "\",\"time_ms\":1,\"scopes\":[{\"scope\":\"staff\","
        "\"position\":-1,\"rows\":[]}]}",
        "{\"incarnation\":\"" ID_HEX "\",\"time_ms\":1,\"scopes\":[{\"scope\":\"staff\","
        "\"position\":1,\"rows\":[]},{\"scope\":\"staff\",\"position\":1,\"rows\":[]}]}",
        "{\"incarnation\":\"" ID_HEX "\",\"time_ms\":1,\"scopes\":[{\"scope\":\"location:\","
        "\"position\":1,\"rows\":[]}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct enroll_request enroll;
        struct enroll_answer enrolled;
        struct device_answer device;
        struct journal_answer journal;
        struct snapshot_answer snapshot;
        struct changes_answer changes;
        struct error error;
        size_t length = strlen(bad[i]);

        if (message_read_enroll_request(bad[i], length, &enroll, &error) == STATUS_OK ||
            message_read_enroll_answer(bad[i], length, &enrolled, &error) == STATUS_OK ||
            message_read_device_answer(bad[i], length, &device, &error) == STATUS_OK ||
            message_read_journal_answer(bad[i], length, &journal, &error) == STATUS_OK ||
            message_read_snapshot_answer(bad[i], length, &snapshot, &error) == STATUS_OK ||
            message_read_changes_answer(bad[i], length, &changes, &error) == STATUS_OK)
            fail_msg("taken: %s", bad[i]);
    }
}

static void test_message__changes_query(void **state)
{
    struct changes_query query = {
        .incarnation = an_id(),
        .wait_s = 25,
        .count = 3,
        .cursors = {{"catalogue", 17}, {"location:S 0/1", 0}, {"staff", INT64_MAX / 100}}};
    struct changes_query read;
    struct buf text;
    struct error error;

    (void)state;
    buf_init(&text, CEILING);
    assert_int_equal(message_write_changes_query(&query, &text), STATUS_OK);
    assert_string_equal(buf_text(&text), "incarnation=" ID_HEX "&wait=25&catalogue=17&"
                                         "location%3AS%200%2F1=0&staff=92233720368547758");
    assert_int_equal(message_read_changes_query(buf_text(&text), &read, &error), STATUS_OK);
    assert_memory_equal(&query, &read, sizeof query);
    assert_int_equal(
        message_read_changes_query("location:S01=4&incarnation=" ID_HEX, &read, &error), STATUS_OK);
    assert_string_equal(read.cursors[0].scope, "location:S01");
    buf_finish(&text);
}

static void test_message__malformed_queries_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "wait=1",
        "incarnation=",
        "incarnation=" ID_HEX "00",
        "incarnation=" ID_HEX "&wait=61",
        "incarnation=" ID_HEX "&wait=-1",
        "incarnation=" ID_HEX "&wait=",
        "incarnation=" ID_HEX "&catalogue",
        "incarnation=" ID_HEX "&catalogue=x",
        "incarnation=" ID_HEX "&catalogue=1&catalogue=2",
        "incarnation=" ID_HEX "&orders=1",
        "incarnation=" ID_HEX "&location:=1",
        "incarnation=" ID_HEX "&location%3=1",
        "incarnation=" ID_HEX "&location%3AS%00=1",
        "incarnation=" ID_HEX "&catalogue=9999999999999999999",
        "incarnation=" ID_HEX "&location:01234567890123456789012345678901234567890123456789012345"
        "6789012345678901234567890123456789=1",
    };
    struct changes_query query;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (message_read_changes_query(bad[i], &query, &error) != STATUS_INVALID)
            fail_msg("taken: %s", bad[i]);
    }
}

static void test_message__a_query_has_so_many_scopes(void **state)
{
    struct changes_query query;
    struct buf text;
    struct error error;

    (void)state;
    buf_init(&text, CEILING);
    assert_int_equal(buf_append_text(&text, "incarnation=" ID_HEX), STATUS_OK);
    for (int i = 1; i <= MESSAGE_MAX_SCOPES + 1; i++) {
        enum status wanted = i <= MESSAGE_MAX_SCOPES ? STATUS_OK : STATUS_INVALID;
        assert_int_equal(buf_printf(&text, "&location:S%02d=1", i), STATUS_OK);
        assert_int_equal(message_read_changes_query(buf_text(&text), &query, &error), wanted);
    }
    assert_int_equal(query.count, MESSAGE_MAX_SCOPES);
    buf_finish(&text);
}

static void test_message__changes_stream(void **state)
{
    const struct id incarnation = an_id();
    const char *row = "{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"A\"}}";
    struct changes_writer writer;
    struct changes_answer answer;
    struct buf text;
    struct error error;

    (void)state;
    buf_init(&text, CEILING);
    assert_int_equal(message_changes_start(&writer, &text, &incarnation, 5), STATUS_OK);
    assert_int_equal(message_changes_scope_start(&writer, "catalogue"), STATUS_OK);
    assert_int_equal(message_changes_row(&writer, row, strlen(row)), STATUS_OK);
    assert_int_equal(message_changes_row(&writer, row, strlen(row)), STATUS_OK);
    assert_int_equal(message_changes_scope_end(&writer, 8), STATUS_OK);
    assert_int_equal(message_changes_scope_start(&writer, "location:S01"), STATUS_OK);
    assert_int_equal(message_changes_scope_end(&writer, 9), STATUS_OK);
    assert_int_equal(message_changes_end(&writer, true), STATUS_OK);
    assert_int_equal(message_read_changes_answer(buf_text(&text), text.used, &answer, &error),
                     STATUS_OK);
    assert_true(answer.more);
    assert_int_equal(answer.count, 2);
    assert_int_equal(json_array_size(answer.scopes[0].rows), 2);
    assert_int_equal(answer.scopes[0].position, 8);
    assert_string_equal(answer.scopes[1].scope, "location:S01");
    assert_int_equal(json_array_size(answer.scopes[1].rows), 0);
    message_finish_changes_answer(&answer);
    buf_finish(&text);
}

static void test_message__refusals(void **state)
{
    struct refusal gap = {.code = "gap", .message = "a hole", .expected = 12, .time_ms = 3};
    struct refusal read;
    struct buf text;

    (void)state;
    buf_init(&text, CEILING);
    assert_int_equal(message_write_refusal(&gap, &text), STATUS_OK);
    assert_string_equal(buf_text(&text),
                        "{\"error\":\"gap\",\"message\":\"a hole\",\"expected\":12,\"time_ms\":3}");
    assert_int_equal(message_read_refusal(buf_text(&text), text.used, &read), STATUS_OK);
    assert_memory_equal(&gap, &read, sizeof gap);
    assert_int_equal(message_read_refusal("<html>", 6, &read), STATUS_INVALID);
    assert_string_equal(read.code, "");
    assert_int_equal(message_read_refusal("{\"error\":7,\"expected\":-4}", 25, &read), STATUS_OK);
    assert_int_equal(read.expected, 0);
    buf_finish(&text);
}

static void test_countersign__binds_every_part(void **state)
{
    const struct entropy entropy = entropy_system();
    struct id device = an_id();
    struct head head = a_head(5);
    struct head changed;
    struct public_key key;
    struct secret_key secret;
    struct hash hash = hash_bytes("x", 1);
    struct signature signature;

    (void)state;
    key_pair(&entropy, &key, &secret);
    countersign_head(&device, &head, &secret);
    assert_true(countersign_head_valid(&device, &head, &key));
    changed = head;
    changed.seq++;
    assert_false(countersign_head_valid(&device, &changed, &key));
    changed = head;
    changed.hash.bytes[0] ^= 1;
    assert_false(countersign_head_valid(&device, &changed, &key));
    changed = head;
    changed.epoch.bytes[0] ^= 1;
    assert_false(countersign_head_valid(&device, &changed, &key));
    device.bytes[0] ^= 1;
    assert_false(countersign_head_valid(&device, &head, &key));

    signature = countersign_snapshot("s1", &hash, &secret);
    assert_true(countersign_snapshot_valid("s1", &hash, &signature, &key));
    assert_false(countersign_snapshot_valid("s2", &hash, &signature, &key));
    assert_false(countersign_snapshot_valid("", &hash, &signature, &key));
    assert_false(countersign_snapshot_valid("a/b", &hash, &signature, &key));
    hash.bytes[0] ^= 1;
    assert_false(countersign_snapshot_valid("s1", &hash, &signature, &key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message__enrolment),
        cmocka_unit_test(test_message__device),
        cmocka_unit_test(test_message__journal_and_snapshot),
        cmocka_unit_test(test_message__malformed_ones_are_refused),
        cmocka_unit_test(test_message__changes_query),
        cmocka_unit_test(test_message__malformed_queries_are_refused),
        cmocka_unit_test(test_message__a_query_has_so_many_scopes),
        cmocka_unit_test(test_message__changes_stream),
        cmocka_unit_test(test_message__refusals),
        cmocka_unit_test(test_countersign__binds_every_part),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
