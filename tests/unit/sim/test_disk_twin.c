/* The virtual disk beside a real folder: the same calls, drawn by chance, get the same answers.
 */
#include "tests/sim/chance.h"
#include "tests/sim/disk.h"

#include "tests/unit/terminal/base/folder.h"

#include "terminal/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILES 4
#define LONG  20000

/* The virtual files, and the real ones of the same numbers. */
struct twin {
    char root[64];
    int virtual_files[FILES], real_files[FILES]; /* -1: closed */
};

static void name_of(const struct twin *twin, bool real, uint64_t number, char out[128])
{
    (void)snprintf(out, 128, "%s/%s%c", real ? twin->root : "", number < 3 ? "" : "folder/",
                   (char)('a' + (int)number));
}

static int error_after(int64_t result)
{
    return result < 0 ? errno : 0;
}

static void open_one(struct twin *twin, struct chance *chance)
{
    static const int flags[] = {O_RDWR | O_CREAT, O_RDWR, O_RDWR | O_CREAT | O_EXCL,
                                O_RDWR | O_CREAT | O_TRUNC, O_RDONLY};
    uint64_t slot = chance_below(chance, FILES), number = chance_below(chance, 6);
    int flag = flags[chance_below(chance, 5)];
    char path[128];

    if (twin->virtual_files[slot] >= 0)
        return;
    name_of(twin, false, number, path);
    int one = fs_open(path, flag, 0600), one_error = error_after(one);
    name_of(twin, true, number, path);
    int other = open(path, flag, 0600);
    assert_int_equal(one_error, error_after(other));
    twin->virtual_files[slot] = one;
    twin->real_files[slot] = other;
}

static void close_one(struct twin *twin, struct chance *chance)
{
    uint64_t slot = chance_below(chance, FILES);

    if (twin->virtual_files[slot] < 0)
        return;
    assert_int_equal(fs_close(twin->virtual_files[slot]), 0);
    (void)close(twin->real_files[slot]);
    twin->virtual_files[slot] = -1;
}

static void write_one(const struct twin *twin, struct chance *chance)
{
    static char bytes[LONG];
    uint64_t slot = chance_below(chance, FILES);
    size_t length = (size_t)chance_below(chance, LONG);
    off_t offset = (off_t)chance_below(chance, LONG);

    if (twin->virtual_files[slot] < 0)
        return;
    memset(bytes, (int)chance_below(chance, 4), length);
    int64_t one = fs_pwrite(twin->virtual_files[slot], bytes, length, offset);
    int one_error = error_after(one);
    int64_t other = pwrite(twin->real_files[slot], bytes, length, offset);
    assert_int_equal(one_error, error_after(other));
    assert_int_equal(one, other);
}

static void read_one(const struct twin *twin, struct chance *chance)
{
    static char first[LONG], second[LONG];
    uint64_t slot = chance_below(chance, FILES);
    size_t length = (size_t)chance_below(chance, LONG);
    off_t offset = (off_t)chance_below(chance, LONG);
    struct stat one, other;

    if (twin->virtual_files[slot] < 0)
        return;
    assert_int_equal(fs_fstat(twin->virtual_files[slot], &one), 0);
    assert_int_equal(fstat(twin->real_files[slot], &other), 0);
    assert_int_equal(one.st_size, other.st_size);
    assert_int_equal(one.st_mode, other.st_mode);
    ssize_t got = fs_pread(twin->virtual_files[slot], first, length, offset);
    assert_int_equal(got, pread(twin->real_files[slot], second, length, offset));
    if (got > 0)
        assert_memory_equal(first, second, (size_t)got);
}

static void cut_one(const struct twin *twin, struct chance *chance)
{
    uint64_t slot = chance_below(chance, FILES);
    off_t size = (off_t)chance_below(chance, 2 * LONG);

    if (twin->virtual_files[slot] < 0)
        return;
    if (chance_below(chance, 2) == 0) {
        int one = fs_truncate(twin->virtual_files[slot], size), one_error = error_after(one);
        assert_int_equal(one_error, error_after(ftruncate(twin->real_files[slot], size)));
        return;
    }
    int one = fs_allocate(twin->virtual_files[slot], size + 1);
    assert_int_equal(error_after(one), posix_fallocate(twin->real_files[slot], 0, size + 1));
}

static void change_name(const struct twin *twin, struct chance *chance)
{
    uint64_t from = chance_below(chance, 6), to = chance_below(chance, 6);
    char first[128], second[128];
    int one, one_error;

    if ((from < 3) != (to < 3))
        return; /* from folder to folder: not offered */
    name_of(twin, false, from, first);
    name_of(twin, false, to, second);
    switch (chance_below(chance, 3)) {
    case 0:
        one = fs_rename(first, second);
        one_error = error_after(one);
        name_of(twin, true, from, first);
        name_of(twin, true, to, second);
        assert_int_equal(one_error, error_after(rename(first, second)));
        return;
    case 1:
        one = fs_unlink(first);
        one_error = error_after(one);
        name_of(twin, true, from, first);
        assert_int_equal(one_error, error_after(unlink(first)));
        return;
    default:
        one = fs_mkdir("/folder", 0700);
        one_error = error_after(one);
        (void)snprintf(first, sizeof first, "%s/folder", twin->root);
        assert_int_equal(one_error, error_after(mkdir(first, 0700)));
        return;
    }
}

static void lock_one(const struct twin *twin, struct chance *chance)
{
    uint64_t slot = chance_below(chance, FILES);
    enum fs_lock kind = (enum fs_lock)chance_below(chance, 3);
    struct flock range = {.l_type = kind == FS_UNLOCK        ? F_UNLCK
                                    : kind == FS_LOCK_SHARED ? F_RDLCK
                                                             : F_WRLCK,
                          .l_start = (off_t)chance_below(chance, 4),
                          .l_len = 1};

    if (twin->virtual_files[slot] < 0)
        return;
    int one = fs_lock(twin->virtual_files[slot], kind, range.l_start, 1);
    int one_error = error_after(one);
    assert_int_equal(one_error, error_after(fcntl(twin->real_files[slot], F_OFD_SETLK, &range)));
}

static void count_name(void *visitor, const char *name)
{
    unsigned *sum = visitor;

    for (; *name != '\0'; name++)
        *sum += (unsigned char)*name;
}

static void list_both(const struct twin *twin)
{
    unsigned one = 0, other = 0;
    DIR *folder = opendir(twin->root);
    const struct dirent *entry;

    assert_int_equal(fs_list("/", count_name, &one), 0);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.')
            count_name(&other, entry->d_name);
    }
    (void)closedir(folder);
    assert_int_equal(one, other);
}

static void run_twin(uint64_t seed, int steps)
{
    static void (*const moves[])(const struct twin *, struct chance *) = {
        write_one, write_one, read_one, read_one, cut_one, change_name, lock_one};
    struct chance chance = chance_start(seed, 0);
    struct folder folder = folder_make();
    struct twin twin = {.virtual_files = {-1, -1, -1, -1}};
    struct disk_process *process;
    struct disk *disk;

    disk_begin(seed, NULL);
    disk = disk_create("twin", NULL);
    process = disk_process_start(disk, "twin");
    (void)disk_enter(process);
    (void)snprintf(twin.root, sizeof twin.root, "%s", folder.path);
    for (int i = 0; i < steps; i++) {
        uint64_t move = chance_below(&chance, 10);
        if (move == 0)
            close_one(&twin, &chance);
        else if (move < 3)
            open_one(&twin, &chance);
        else
            moves[move - 3](&twin, &chance);
        list_both(&twin);
    }
    for (int i = 0; i < FILES; i++) {
        if (twin.virtual_files[i] < 0)
            continue;
        assert_int_equal(fs_close(twin.virtual_files[i]), 0);
        (void)close(twin.real_files[i]);
    }
    disk_process_end(process);
    disk_destroy(disk);
    folder_remove(&folder);
}

static void test_disk__answers_as_a_real_folder_does(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++)
        run_twin(seed, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk__answers_as_a_real_folder_does),
    };
    disk_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
