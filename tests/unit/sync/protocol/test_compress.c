/* zstd with bounds: what goes in comes out, and what lies is refused.
 */
#include "sync/protocol/compress.h"
#include "terminal/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/test-compress-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[96];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void pattern(char *bytes, size_t length, unsigned seed)
{
    for (size_t i = 0; i < length; i++) {
        seed = seed * 1103515245U + 12345U;
        bytes[i] = (char)('a' + (seed >> 16) % 26);
    }
}

static void round_trip(size_t length)
{
    char *bytes = mem_alloc(length + 1);
    struct buf packed;
    struct buf plain;
    struct error error;

    pattern(bytes, length, (unsigned)length);
    buf_init(&packed, COMPRESS_BODY_CEILING);
    buf_init(&plain, COMPRESS_BODY_CEILING);
    assert_int_equal(compress_bytes(bytes, length, &packed), STATUS_OK);
    assert_int_equal(compress_unpack(buf_text(&packed), packed.used, &plain, &error), STATUS_OK);
    assert_int_equal(plain.used, length);
    assert_memory_equal(buf_text(&plain), bytes, length);
    buf_finish(&packed);
    buf_finish(&plain);
    free(bytes);
}

static void test_compress__round_trips_every_size(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 131071, 131072, 131073, 262144, 1000000, 4000000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        round_trip(sizes[i]);
}

/* 64 MiB of zeros pack into a few kilobytes. */
static void test_compress__bomb_stops_at_the_ceiling(void **state)
{
    size_t length = (size_t)64 << 20;
    char *zeros = mem_alloc(length);
    struct buf packed;
    struct buf plain;
    struct error error;

    (void)state;
    buf_init(&packed, COMPRESS_BODY_CEILING);
    buf_init(&plain, COMPRESS_BODY_CEILING);
    assert_int_equal(compress_bytes(zeros, length, &packed), STATUS_OK);
    assert_true(packed.used < 65536);
    assert_int_equal(compress_unpack(buf_text(&packed), packed.used, &plain, &error), STATUS_RANGE);
    assert_true(plain.used <= COMPRESS_BODY_CEILING);
    buf_finish(&packed);
    buf_finish(&plain);
    free(zeros);
}

static void test_compress__bomb_stops_at_the_ratio(void **state)
{
    size_t length = (size_t)256 << 20;
    char *zeros = mem_alloc(length);
    struct buf packed;
    struct buf plain;
    struct error error;

    (void)state;
    buf_init(&packed, COMPRESS_BODY_CEILING);
    buf_init(&plain, COMPRESS_IMPORT_CEILING);
    assert_int_equal(compress_bytes(zeros, length, &packed), STATUS_OK);
    assert_int_equal(compress_unpack(buf_text(&packed), packed.used, &plain, &error), STATUS_RANGE);
    assert_non_null(strstr(error.text, "not believed"));
    assert_true(plain.used < length / 2);
    buf_finish(&packed);
    buf_finish(&plain);
    free(zeros);
}

static void test_compress__a_window_that_is_too_large_is_refused(void **state)
{
    size_t length = (size_t)9 << 20;
    char *bytes = mem_alloc(length);
    size_t bound = ZSTD_compressBound(length);
    void *packed = mem_alloc(bound);
    ZSTD_CCtx *packer = ZSTD_createCCtx();
    struct buf plain;
    struct error error;
    size_t size;

    (void)state;
    pattern(bytes, length, 7);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(packer, ZSTD_c_windowLog, 27)));
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(packer, ZSTD_c_contentSizeFlag, 0)));
    {
        ZSTD_inBuffer in = {bytes, length, 0};
        ZSTD_outBuffer out = {packed, bound, 0};
        /* Streamed: with the size known the library would choose a smaller window. */
        assert_false(ZSTD_isError(ZSTD_compressStream2(packer, &out, &in, ZSTD_e_continue)));
        assert_int_equal(ZSTD_compressStream2(packer, &out, &in, ZSTD_e_end), 0);
        size = out.pos;
    }
    buf_init(&plain, COMPRESS_IMPORT_CEILING);
    assert_int_equal(compress_unpack(packed, size, &plain, &error), STATUS_INVALID);
    assert_int_equal(plain.used, 0);
    buf_finish(&plain);
    (void)ZSTD_freeCCtx(packer);
    free(packed);
    free(bytes);
}

/* A frame of one plain byte that asks for a window of 2^log bytes, and eighths of that (RFC 8878
 * section 3.1.1.1.2). */
static void window_frame(int log, int eighths, unsigned char out[10])
{
    static const unsigned char frame[10] = {0x28, 0xB5, 0x2F, 0xFD, 0, 0, 0x09, 0, 0, 'a'};

    memcpy(out, frame, sizeof frame);
    out[5] = (unsigned char)((log - 10) << 3 | eighths);
}

static enum status unpack_to_file(const unsigned char frame[10])
{
    char *path = path_join(folder, "window");
    struct unpacker *unpacker;
    struct error error;
    enum status status;

    assert_int_equal(unpacker_create(path, 100, &unpacker, &error), STATUS_OK);
    status = unpacker_take(unpacker, frame, 10, &error);
    unpacker_drop(unpacker);
    free(path);
    return status;
}

static void test_compress__windows_end_where_the_header_says(void **state)
{
    unsigned char frame[10];
    struct buf plain;
    struct error error;

    (void)state;
    buf_init(&plain, 100);
    window_frame(23, 0, frame);
    assert_int_equal(compress_unpack(frame, sizeof frame, &plain, &error), STATUS_OK);
    assert_string_equal(buf_text(&plain), "a");
    window_frame(23, 1, frame);
    assert_int_equal(compress_unpack(frame, sizeof frame, &plain, &error), STATUS_INVALID);
    window_frame(27, 0, frame);
    assert_int_equal(unpack_to_file(frame), STATUS_OK);
    window_frame(27, 1, frame);
    assert_int_equal(unpack_to_file(frame), STATUS_INVALID);
    buf_finish(&plain);
}

static void test_compress__damage_is_found(void **state)
{
    char bytes[5000];
    struct buf packed;
    struct buf plain;
    struct error error;

    (void)state;
    pattern(bytes, sizeof bytes, 3);
    buf_init(&packed, COMPRESS_BODY_CEILING);
    buf_init(&plain, COMPRESS_BODY_CEILING);
    assert_int_equal(compress_bytes(bytes, sizeof bytes, &packed), STATUS_OK);
    for (size_t cut = 0; cut < packed.used; cut += 97) {
        buf_clear(&plain);
        assert_int_equal(compress_unpack(buf_text(&packed), cut, &plain, &error), STATUS_INVALID);
    }
    buf_clear(&plain);
    assert_int_equal(compress_unpack("no zstd at all", 14, &plain, &error), STATUS_INVALID);
    assert_int_equal(buf_append_text(&packed, "tail"), STATUS_OK);
    buf_clear(&plain);
    assert_int_equal(compress_unpack(buf_text(&packed), packed.used, &plain, &error),
                     STATUS_INVALID);
    buf_finish(&packed);
    buf_finish(&plain);
}

static void test_compress__frames_in_a_row_are_one_content(void **state)
{
    struct buf packed;
    struct buf plain;
    struct error error;

    (void)state;
    buf_init(&packed, COMPRESS_BODY_CEILING);
    buf_init(&plain, COMPRESS_BODY_CEILING);
    assert_int_equal(compress_bytes("one ", 4, &packed), STATUS_OK);
    assert_int_equal(compress_bytes("two", 3, &packed), STATUS_OK);
    assert_int_equal(compress_unpack(buf_text(&packed), packed.used, &plain, &error), STATUS_OK);
    assert_string_equal(buf_text(&plain), "one two");
    buf_finish(&packed);
    buf_finish(&plain);
}

static char *write_sample(size_t length)
{
    char *path = path_join(folder, "plain");
    char *bytes = mem_alloc(length + 1);

    pattern(bytes, length, 11);
    assert_int_equal(file_write_durable(path, bytes, length, 0600, NULL), STATUS_OK);
    free(bytes);
    return path;
}

static void test_compress__files_round_trip_with_their_hash(void **state)
{
    size_t length = 3000001;
    char *plain = write_sample(length);
    char *packed = path_join(folder, "packed");
    char *again = path_join(folder, "again");
    struct hash sealed;
    struct hash seen;
    struct buf a;
    struct buf b;
    struct error error;
    int64_t size = 0;
    int64_t unpacked = 0;

    (void)state;
    assert_int_equal(compress_file(plain, packed, 3, 2, &size, &sealed, &error), STATUS_OK);
    assert_int_equal(compress_unpack_file(packed, again, (int64_t)length, &unpacked, &seen, &error),
                     STATUS_OK);
    assert_true(hash_equal(&sealed, &seen));
    assert_int_equal(unpacked, length);
    buf_init(&a, length + 1);
    buf_init(&b, length + 1);
    assert_int_equal(file_read(plain, &a, &error), STATUS_OK);
    assert_int_equal(file_read(again, &b, &error), STATUS_OK);
    assert_int_equal(a.used, b.used);
    assert_memory_equal(buf_text(&a), buf_text(&b), a.used);
    buf_clear(&a);
    assert_int_equal(file_read(packed, &a, &error), STATUS_OK);
    assert_int_equal(a.used, size);
    seen = hash_bytes(buf_text(&a), a.used);
    assert_true(hash_equal(&sealed, &seen));
    buf_finish(&a);
    buf_finish(&b);
    free(plain);
    free(packed);
    free(again);
}

static void test_compress__a_file_beyond_its_ceiling_leaves_nothing(void **state)
{
    char *plain = write_sample(500000);
    char *packed = path_join(folder, "packed");
    char *again = path_join(folder, "again");
    struct error error;

    (void)state;
    assert_int_equal(compress_file(plain, packed, 3, 0, NULL, NULL, &error), STATUS_OK);
    assert_int_equal(compress_unpack_file(packed, again, 499999, NULL, NULL, &error), STATUS_RANGE);
    assert_false(file_exists(again));
    assert_int_equal(truncate(packed, 1000), 0);
    assert_int_equal(compress_unpack_file(packed, again, 500000, NULL, NULL, &error),
                     STATUS_INVALID);
    assert_false(file_exists(again));
    assert_int_equal(compress_unpack_file("/no/such/file", again, 1, NULL, NULL, &error),
                     STATUS_IO);
    free(plain);
    free(packed);
    free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compress__round_trips_every_size),
        cmocka_unit_test(test_compress__bomb_stops_at_the_ceiling),
        cmocka_unit_test(test_compress__bomb_stops_at_the_ratio),
        cmocka_unit_test(test_compress__a_window_that_is_too_large_is_refused),
        cmocka_unit_test_setup_teardown(test_compress__windows_end_where_the_header_says,
                                        make_folder, remove_folder),
        cmocka_unit_test(test_compress__damage_is_found),
        cmocka_unit_test(test_compress__frames_in_a_row_are_one_content),
        cmocka_unit_test_setup_teardown(test_compress__files_round_trip_with_their_hash,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_compress__a_file_beyond_its_ceiling_leaves_nothing,
                                        make_folder, remove_folder),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
