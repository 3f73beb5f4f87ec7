/* The journal body: round trips and a table of what must be refused.
 */
#include "sync/protocol/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EPOCH "0123456789abcdef0123456789abcdef"
#define HEX64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SIG   HEX64 HEX64

static struct id epoch(void)
{
    struct id id;

    assert_int_equal(hex_read(EPOCH, id.bytes, ID_SIZE), STATUS_OK);
    return id;
}

static void test_frame__round_trip_with_damaged_and_sides(void **state)
{
    struct id id = epoch();
    struct frame *frame = frame_new(&id, 101);
    struct frame *read = NULL;
    struct frame_entry entry = {.bytes = "{\"v\":1}", .length = 7};
    struct buf body;
    struct error error;

    (void)state;
    memset(entry.signature.bytes, 0xAA, SIGNATURE_SIZE);
    assert_int_equal(frame_add(frame, &entry), STATUS_OK);
    entry.damaged = true;
    memset(entry.hash.bytes, 0xAA, HASH_SIZE);
    assert_int_equal(frame_add(frame, &entry), STATUS_OK);
    assert_int_equal(frame_add_side(frame, "{\"pseudonym\":\"x\"}", 17), STATUS_OK);
    buf_init(&body, FRAME_MAX_BYTES);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    assert_string_equal(buf_text(&body),
                        "{\"epoch\":\"" EPOCH "\",\"first\":101,\"count\":2}\n" SIG
                        " {\"v\":1}\n!" SIG " " HEX64 "\n+{\"pseudonym\":\"x\"}\n");
    assert_int_equal(frame_read(buf_text(&body), body.used, &read, &error), STATUS_OK);
    assert_memory_equal(read->epoch.bytes, id.bytes, ID_SIZE);
    assert_int_equal(read->first, 101);
    assert_int_equal(read->clock_ms, 0);
    assert_int_equal(read->count, 2);
    assert_int_equal(read->entries[0].length, 7);
    assert_memory_equal(read->entries[0].bytes, "{\"v\":1}", 7);
    assert_false(read->entries[0].damaged);
    assert_true(read->entries[1].damaged);
    assert_memory_equal(read->entries[1].hash.bytes, entry.hash.bytes, HASH_SIZE);
    assert_int_equal(read->sides, 1);
    assert_int_equal(read->side[0].length, 17);
    frame_free(read);
    frame_free(frame);
    buf_finish(&body);
}

static void test_frame__tells_the_senders_clock(void **state)
{
    struct id id = epoch();
    struct frame *frame = frame_new(&id, 7);
    struct frame *read = NULL;
    struct frame_entry entry = {.bytes = "{}", .length = 2};
    struct buf body;
    struct error error;

    (void)state;
    assert_int_equal(frame_add(frame, &entry), STATUS_OK);
    frame->clock_ms = INT64_MAX;
    buf_init(&body, FRAME_MAX_BYTES);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    assert_non_null(strstr(buf_text(&body), ",\"clock_ms\":9223372036854775807}\n"));
    assert_int_equal(frame_read(buf_text(&body), body.used, &read, &error), STATUS_OK);
    assert_true(read->clock_ms == INT64_MAX);
    frame_free(read);
    frame_free(frame);
    buf_finish(&body);
}

static void test_frame__what_breaks_the_rules_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n" SIG " {}",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":2}\n" SIG " {}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n" SIG " {}\n" SIG " {}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n" SIG "  \n\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n" SIG "\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n" SIG " \n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\nAA" HEX64 " {}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":0,\"count\":1}\n" SIG " {}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":-3,\"count\":1}\n" SIG " {}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":0}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":501}\n" SIG " {}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1.5,\"count\":1}\n" SIG " {}\n",
        "{\"epoch\":\"0123\",\"first\":1,\"count\":1}\n" SIG " {}\n",
        "{\"first\":1,\"count\":1}\n" SIG " {}\n",
        "[]\n" SIG " {}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n!" SIG "\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n!" SIG " " HEX64 "00\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n" SIG " {}\n-{}\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n" SIG " {}\n+\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n" SIG " {}\n\n",
        "{\"epoch\":\"" EPOCH "\",\"first\":1,\"count\":1}\n+{}\n" SIG " {}\n",
    };
    struct frame *frame = NULL;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (frame_read(bad[i], strlen(bad[i]), &frame, &error) != STATUS_INVALID)
            fail_msg("taken: %s", bad[i]);
        assert_null(frame);
    }
}

/* A body of `count` entries and `sides` side records, each of so many bytes. */
struct shape {
    int64_t first;
    int count;
    size_t entry;
    int sides;
    size_t side;
};

static void put_filler(struct buf *body, const char *lead, size_t length)
{
    assert_int_equal(buf_append_text(body, lead), STATUS_OK);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(buf_append_byte(body, 'x'), STATUS_OK);
    assert_int_equal(buf_append_byte(body, '\n'), STATUS_OK);
}

static void write_shape(const struct shape *shape, struct buf *body)
{
    buf_init(body, 2 * FRAME_MAX_BYTES);
    assert_int_equal(buf_printf(body, "{\"epoch\":\"" EPOCH "\",\"first\":%lld,\"count\":%d}\n",
                                (long long)shape->first, shape->count),
                     STATUS_OK);
    for (int i = 0; i < shape->count; i++)
        put_filler(body, SIG " ", shape->entry);
    for (int i = 0; i < shape->sides; i++)
        put_filler(body, "+", shape->side);
}

static bool is_taken(const struct shape *shape)
{
    struct buf body;
    struct frame *frame;
    struct error error;
    enum status status;

    write_shape(shape, &body);
    status = frame_read(buf_text(&body), body.used, &frame, &error);
    if (status != STATUS_OK)
        assert_int_equal(status, STATUS_INVALID);
    frame_free(frame);
    buf_finish(&body);
    return status == STATUS_OK;
}

/* Each bound is taken; one more is not, though nobody who writes frames sends it. */
static void test_frame__reads_up_to_its_bounds_and_no_further(void **state)
{
    static const struct {
        struct shape most, beyond;
    } bounds[] = {
        {{1, FRAME_MAX_ENTRIES, 2, 0, 0}, {1, FRAME_MAX_ENTRIES + 1, 2, 0, 0}},
        {{1, 1, 2, FRAME_MAX_SIDES, 2}, {1, 1, 2, FRAME_MAX_SIDES + 1, 2}},
        {{1, 1, FRAME_MAX_ENTRY, 0, 0}, {1, 1, FRAME_MAX_ENTRY + 1, 0, 0}},
        {{1, 1, 2, 1, FRAME_MAX_SIDE}, {1, 1, 2, 1, FRAME_MAX_SIDE + 1}},
        {{INT64_MAX - FRAME_MAX_ENTRIES, 1, 2, 0, 0}, {INT64_MAX - 499, 1, 2, 0, 0}},
    };
    struct shape whole = {1, 4, 200000, 1, 2};
    struct buf body;

    (void)state;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if (!is_taken(&bounds[i].most))
            fail_msg("bound %zu is refused", i);
        if (is_taken(&bounds[i].beyond))
            fail_msg("more than bound %zu is taken", i);
    }
    write_shape(&whole, &body);
    whole.entry += (FRAME_MAX_BYTES - body.used) / 4;
    whole.side += (FRAME_MAX_BYTES - body.used) % 4;
    buf_finish(&body);
    assert_true(is_taken(&whole));
    whole.side++;
    assert_false(is_taken(&whole));
}

static void test_frame__is_cut_at_the_number_of_entries(void **state)
{
    struct id id = epoch();
    struct frame *frame = frame_new(&id, 1);
    struct frame_entry entry = {.bytes = "{}", .length = 2};

    (void)state;
    for (int i = 0; i < FRAME_MAX_ENTRIES; i++)
        assert_int_equal(frame_add(frame, &entry), STATUS_OK);
    assert_int_equal(frame_add(frame, &entry), STATUS_RANGE);
    assert_int_equal(frame->count, FRAME_MAX_ENTRIES);
    frame_free(frame);
}

static void test_frame__never_grows_beyond_what_is_read_back(void **state)
{
    struct id id = epoch();
    struct frame *frame = frame_new(&id, INT64_MAX - FRAME_MAX_ENTRIES);
    struct frame *read = NULL;
    char *bytes = mem_alloc(FRAME_MAX_ENTRY);
    struct frame_entry entry = {.bytes = bytes, .length = FRAME_MAX_ENTRY};
    struct buf body;
    struct error error;

    (void)state;
    memset(bytes, 'x', FRAME_MAX_ENTRY);
    while (frame_add(frame, &entry) == STATUS_OK) {
    }
    assert_int_equal(frame->count, 3);
    entry.length = 1000;
    while (frame_add(frame, &entry) == STATUS_OK) {
    }
    entry.length = 1;
    while (frame_add(frame, &entry) == STATUS_OK) {
    }
    buf_init(&body, FRAME_MAX_BYTES);
    assert_int_equal(frame_write(frame, &body), STATUS_OK);
    assert_int_equal(frame_read(buf_text(&body), body.used, &read, &error), STATUS_OK);
    assert_int_equal(read->count, frame->count);
    entry.length = FRAME_MAX_ENTRY + 1;
    assert_int_equal(frame_add(frame, &entry), STATUS_RANGE);
    frame_free(read);
    frame_free(frame);
    buf_finish(&body);
    free(bytes);
}

static void test_frame__an_entry_with_a_line_end_is_not_written(void **state)
{
    struct id id = epoch();
    struct frame *frame = frame_new(&id, 1);
    struct frame_entry entry = {.bytes = "{\n}", .length = 3};
    struct buf body;

    (void)state;
    buf_init(&body, FRAME_MAX_BYTES);
    assert_int_equal(frame_write(frame, &body), STATUS_INVALID);
    assert_int_equal(frame_add(frame, &entry), STATUS_OK);
    assert_int_equal(frame_write(frame, &body), STATUS_INVALID);
    frame_free(frame);
    buf_finish(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame__round_trip_with_damaged_and_sides),
        cmocka_unit_test(test_frame__tells_the_senders_clock),
        cmocka_unit_test(test_frame__what_breaks_the_rules_is_refused),
        cmocka_unit_test(test_frame__reads_up_to_its_bounds_and_no_further),
        cmocka_unit_test(test_frame__is_cut_at_the_number_of_entries),
        cmocka_unit_test(test_frame__never_grows_beyond_what_is_read_back),
        cmocka_unit_test(test_frame__an_entry_with_a_line_end_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
