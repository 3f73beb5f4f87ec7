/* Leases out and in again; malformed ones; a device answer of a ledger that knows of none.
 */
#include "sync/protocol/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ID_A "00112233445566778899aabbccddeeff"
#define ID_B "ffeeddccbbaa99887766554433221100"

static struct id id_of(const char *hex)
{
    struct id id;

    assert_int_equal(hex_read(hex, id.bytes, ID_SIZE), STATUS_OK);
    return id;
}

static struct lease_answer an_answer(void)
{
    return (struct lease_answer){.lease = id_of(ID_A),
                                 .request = id_of(ID_B),
                                 .kind = "value",
                                 .subject = "GC-1",
                                 .currency = "GBP",
                                 .amount = 2000,
                                 .left = 1500};
}

static void test_message_lease__out_and_in(void **state)
{
    const struct lease_request request = {.request = id_of(ID_B),
                                          .kind = "stock",
                                          .subject = "TEA \xC3\xA9",
                                          .amount = 3000,
                                          .least = 1};
    struct lease_request whole = request, request_read;
    struct lease_answer answer = an_answer();
    struct lease_answer answer_read;
    struct buf text;
    struct error error;

    (void)state;
    buf_init(&text, 4096);
    assert_int_equal(message_write_lease_request(&request, &text), STATUS_OK);
    assert_string_equal(buf_text(&text),
                        "{\"request\":\"" ID_B "\",\"kind\":\"stock\",\"subject\":\"TEA \xC3\xA9\","
                        "\"amount\":3000,\"currency\":\"\"}");
    assert_int_equal(message_read_lease_request(buf_text(&text), text.used, &request_read, &error),
                     STATUS_OK);
    assert_memory_equal(&request, &request_read, sizeof request);
    buf_clear(&text);
    whole.least = 3000;
    assert_int_equal(message_write_lease_request(&whole, &text), STATUS_OK);
    assert_non_null(strstr(buf_text(&text), ",\"least\":3000}"));
    assert_int_equal(message_read_lease_request(buf_text(&text), text.used, &request_read, &error),
                     STATUS_OK);
    assert_memory_equal(&whole, &request_read, sizeof whole);
    buf_clear(&text);
    answer.time_ms = 17;
    assert_int_equal(message_write_lease_answer(&answer, &text), STATUS_OK);
    assert_string_equal(buf_text(&text),
                        "{\"lease\":\"" ID_A "\",\"request\":\"" ID_B "\",\"kind\":\"value\","
                        "\"subject\":\"GC-1\",\"amount\":2000,\"currency\":\"GBP\",\"left\":1500,"
                        "\"time_ms\":17}");
    assert_int_equal(message_read_lease_answer(buf_text(&text), text.used, &answer_read, &error),
                     STATUS_OK);
    assert_memory_equal(&answer, &answer_read, sizeof answer);
    buf_finish(&text);
}

static void test_message_lease__device_answer_tells_them(void **state)
{
    struct lease_answer leases[2] = {an_answer(), an_answer()};
    struct device_answer answer = {.incarnation = id_of(ID_A), .time_ms = 5};
    struct device_answer read;
    struct buf text;
    struct error error;

    (void)state;
    buf_init(&text, 4096);
    assert_int_equal(message_write_device_answer(&answer, &text), STATUS_OK);
    assert_null(strstr(buf_text(&text), "leases"));
    assert_int_equal(message_read_device_answer(buf_text(&text), text.used, &read, &error),
                     STATUS_OK);
    assert_false(read.tells_leases);
    message_finish_device_answer(&read);
    buf_clear(&text);
    answer.tells_leases = true;
    answer.lease_count = 2;
    answer.leases = leases;
    leases[1].left = 0;
    assert_int_equal(message_write_device_answer(&answer, &text), STATUS_OK);
    assert_int_equal(message_read_device_answer(buf_text(&text), text.used, &read, &error),
                     STATUS_OK);
    assert_true(read.tells_leases);
    assert_int_equal(read.lease_count, 2);
    assert_memory_equal(read.leases, leases, sizeof leases);
    message_finish_device_answer(&read);
    buf_finish(&text);
}

#define REQUEST(kind, currency, amount)                                                            \
    "{\"request\":\"" ID_A "\",\"kind\":\"" kind "\",\"subject\":\"A\",\"amount\":" amount         \
    ",\"currency\":\"" currency "\"}"
#define ANSWER(amount, left)                                                                       \
    "{\"lease\":\"" ID_A "\",\"request\":\"" ID_A "\",\"kind\":\"stock\",\"subject\":\"A\","       \
    "\"amount\":" amount ",\"currency\":\"\",\"left\":" left "}"

static void test_message_lease__malformed_ones_are_refused(void **state)
{
    static const char *const requests[] = {
        "{}",
        REQUEST("value", "", "1"),
        REQUEST("stock", "GBP", "1"),
        REQUEST("gold", "GBP", "1"),
        REQUEST("value", "GBPX", "1"),
        REQUEST("value", "GBP", "0"),
        REQUEST("value", "GBP", "-1"),
        "{\"request\":\"" ID_A "\",\"kind\":\"stock\",\"subject\":\"\",\"amount\":1,"
        "\"currency\":\"\"}",
        REQUEST("value", "GBP", "5,\"least\":6"),
        REQUEST("value", "GBP", "5,\"least\":0"),
        REQUEST("value", "GBP", "5,\"least\":\"5\""),
    };
    static const char *const answers[] = {"[]", ANSWER("1", "2"), ANSWER("1", "-1"),
                                          ANSWER("0", "0")};
    struct lease_request request;
    struct lease_answer answer;
    struct error error;

    (void)state;
    assert_int_equal(message_read_lease_request(REQUEST("value", "GBP", "1"),
                                                strlen(REQUEST("value", "GBP", "1")), &request,
                                                &error),
                     STATUS_OK);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        if (message_read_lease_request(requests[i], strlen(requests[i]), &request, &error) ==
            STATUS_OK)
            fail_msg("taken: %s", requests[i]);
    }
    assert_int_equal(
        message_read_lease_answer(ANSWER("1", "1"), strlen(ANSWER("1", "1")), &answer, &error),
        STATUS_OK);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (message_read_lease_answer(answers[i], strlen(answers[i]), &answer, &error) == STATUS_OK)
            fail_msg("taken: %s", answers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_lease__out_and_in),
        cmocka_unit_test(test_message_lease__device_answer_tells_them),
        cmocka_unit_test(test_message_lease__malformed_ones_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
