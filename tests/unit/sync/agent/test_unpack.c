/* A replica grows out of its part file by slices, while the part file grows itself. */
#include "sync/agent/part_file.h"
#include "sync/agent/replica_files.h"
#include "sync/agent/unpack.h"
#include "sync/protocol/compress.h"
#include "terminal/base/buf.h"
#include "terminal/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTENT ((size_t)5 << 20)

struct scene {
    char folder[64];
    char *plain; /* CONTENT bytes that pack badly */
    struct buf packed;
    struct snapshot_answer manifest;
    int part;
    struct error error;
};

static int start(void **state)
{
    struct scene *scene = mem_alloc(sizeof *scene);
    char path[96], packed[96];
    uint32_t noise = 7;
    int64_t have;

    snprintf(scene->folder, sizeof scene->folder, "/tmp/holdfast-unpack-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    scene->plain = mem_alloc(CONTENT);
    for (size_t i = 0; i < CONTENT; i++) {
        noise = noise * 1664525 + 1013904223;
        scene->plain[i] = (char)(noise >> 24);
    }
    snprintf(path, sizeof path, "%s/plain", scene->folder);
    snprintf(packed, sizeof packed, "%s/packed", scene->folder);
    assert_int_equal(file_write_durable(path, scene->plain, CONTENT, 0600, &scene->error),
                     STATUS_OK);
    assert_int_equal(compress_file(path, packed, 1, 0, &scene->manifest.size,
                                   &scene->manifest.sha256, &scene->error),
                     STATUS_OK);
    buf_init(&scene->packed, 2 * CONTENT);
    assert_int_equal(file_read(packed, &scene->packed, &scene->error), STATUS_OK);
    scene->manifest.unpacked_size = CONTENT;
    assert_int_equal(part_open(scene->folder, "00aa", &scene->part, &have, &scene->error),
                     STATUS_OK);
    *state = scene;
    return 0;
}

static int stop(void **state)
{
    struct scene *scene = *state;
    char command[96];

    close(scene->part);
    snprintf(command, sizeof command, "rm -rf %s", scene->folder);
    assert_int_equal(system(command), 0);
    buf_finish(&scene->packed);
    free(scene->plain);
    free(scene);
    return 0;
}

static void arrive(struct scene *scene, size_t from, size_t to)
{
    assert_int_equal(part_write(scene->part, buf_text(&scene->packed) + from, to - from,
                                (int64_t)from, &scene->error),
                     STATUS_OK);
}

static struct unpack *begin(struct scene *scene)
{
    struct unpack *unpack;

    assert_int_equal(unpack_start(scene->folder, &scene->manifest, &unpack, &scene->error),
                     STATUS_OK);
    return unpack;
}

static bool slice(struct scene *scene, struct unpack *unpack, size_t have)
{
    bool behind;

    assert_int_equal(unpack_slice(unpack, scene->part, (int64_t)have, &behind, &scene->error),
                     STATUS_OK);
    return behind;
}

static bool replica_is(struct scene *scene, int64_t number, const char *content)
{
    char name[REPLICA_NAME_SIZE];
    struct buf read;
    char *path;
    bool same;

    replica_file_name(number, name);
    path = path_join(scene->folder, name);
    buf_init(&read, 2 * CONTENT);
    same = file_read(path, &read, NULL) == STATUS_OK && content && read.used == CONTENT &&
           memcmp(buf_text(&read), content, CONTENT) == 0;
    if (!content)
        same = !file_exists(path);
    buf_finish(&read);
    free(path);
    return same;
}

static void test_unpack__follows_the_part_file_by_slices(void **state)
{
    struct scene *scene = *state;
    struct unpack *unpack = begin(scene);
    int64_t number = unpack_number(unpack);
    size_t size = scene->packed.used;
    int slices = 1;

    arrive(scene, 0, 100);
    assert_false(slice(scene, unpack, 100)); /* all that is there */
    assert_false(slice(scene, unpack, 100));
    arrive(scene, 100, size);
    while (slice(scene, unpack, size))
        slices++;
    assert_true(slices >= 5); /* a mebibyte each at most */
    assert_int_equal(unpack_finish(unpack, &scene->manifest, &scene->error), STATUS_OK);
    assert_true(replica_is(scene, number, scene->plain));
}

static void test_unpack__another_hash_leaves_no_file(void **state)
{
    struct scene *scene = *state;
    struct unpack *unpack = begin(scene);
    int64_t number = unpack_number(unpack);

    arrive(scene, 0, scene->packed.used);
    while (slice(scene, unpack, scene->packed.used))
        continue;
    scene->manifest.sha256.bytes[3] ^= 1;
    assert_int_equal(unpack_finish(unpack, &scene->manifest, &scene->error), STATUS_INVALID);
    assert_true(replica_is(scene, number, NULL));
}

static void test_unpack__content_that_is_cut_short_is_refused(void **state)
{
    struct scene *scene = *state;
    struct unpack *unpack = begin(scene);
    int64_t number = unpack_number(unpack);

    arrive(scene, 0, 5000);
    assert_false(slice(scene, unpack, 5000));
    assert_int_equal(unpack_finish(unpack, &scene->manifest, &scene->error), STATUS_INVALID);
    assert_true(replica_is(scene, number, NULL));
}

static void test_unpack__a_damaged_byte_is_found_and_dropping_leaves_nothing(void **state)
{
    struct scene *scene = *state;
    struct unpack *unpack = begin(scene);
    int64_t number = unpack_number(unpack);
    enum status status = STATUS_OK;
    bool behind = true;

    arrive(scene, 0, scene->packed.used);
    assert_int_equal(part_write(scene->part, "\xff\xff\xff\xff", 4, 4, &scene->error), STATUS_OK);
    while (status == STATUS_OK && behind)
        status =
            unpack_slice(unpack, scene->part, (int64_t)scene->packed.used, &behind, &scene->error);
    assert_true(status == STATUS_INVALID || status == STATUS_RANGE);
    unpack_drop(unpack);
    assert_true(replica_is(scene, number, NULL));
}

static void test_unpack__a_part_file_that_lost_its_end_is_told(void **state)
{
    struct scene *scene = *state;
    struct unpack *unpack = begin(scene);
    bool behind;

    arrive(scene, 0, 100);
    assert_int_equal(unpack_slice(unpack, scene->part, 200, &behind, &scene->error), STATUS_IO);
    unpack_drop(unpack);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(test_unpack__follows_the_part_file_by_slices),
        TEST(test_unpack__another_hash_leaves_no_file),
        TEST(test_unpack__content_that_is_cut_short_is_refused),
        TEST(test_unpack__a_damaged_byte_is_found_and_dropping_leaves_nothing),
        TEST(test_unpack__a_part_file_that_lost_its_end_is_told),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
