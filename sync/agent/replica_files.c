/* Finding and clearing replica files.
 *
 * "Nobody has it open" is asked of SQLite: a connection that has read from a WAL database keeps a
 * shared lock on the file until it is closed, and leaving WAL mode needs that lock alone. So
 * `PRAGMA journal_mode=DELETE` succeeds exactly when no till has the file open. A till that read
 * the pointer just before and opens just after finds no file, and follows the pointer again.
 */
#include "sync/agent/replica_files.h"
#include "terminal/base/buf.h"
#include "terminal/base/file.h"
#include "terminal/base/fs.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t replica_number(const char *name)
{
    const char *digits = name + 8;
    size_t length;

    if (strncmp(name, "replica-", 8) != 0)
        return 0;
    length = strspn(digits, "0123456789");
    if (length == 0 || length > 18 || digits[0] == '0' || strcmp(digits + length, ".db") != 0)
        return 0;
    return strtoll(digits, NULL, 10);
}

void replica_file_name(int64_t number, char out[REPLICA_NAME_SIZE])
{
    (void)snprintf(out, REPLICA_NAME_SIZE, "replica-%" PRId64 ".db", number);
}

struct numbers {
    int64_t *all;
    size_t count;
};

static void take_number(void *visitor, const char *name)
{
    struct numbers *numbers = visitor;
    int64_t number = replica_number(name);

    if (number == 0)
        return;
    numbers->all = mem_resize(numbers->all, (numbers->count + 1) * sizeof *numbers->all);
    numbers->all[numbers->count++] = number;
}

/* The numbers of the files in the folder, as new memory. */
static enum status list_numbers(const char *folder, int64_t **out, size_t *count,
                                struct error *error)
{
    struct numbers numbers = {NULL, 0};
    enum status status = STATUS_OK;

    if (fs_list(folder, take_number, &numbers) != 0) {
        status = error_set(error, STATUS_IO, "%s: %s", folder, strerror(errno));
        free(numbers.all);
        numbers = (struct numbers){NULL, 0};
    }
    *out = numbers.all;
    *count = numbers.count;
    return status;
}

enum status replica_next_number(const char *folder, int64_t *out, struct error *error)
{
    char name[REPLICA_NAME_SIZE];
    int64_t *numbers;
    size_t count;
    int64_t highest = 0;
    enum status status = list_numbers(folder, &numbers, &count, error);

    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        highest = numbers[i] > highest ? numbers[i] : highest;
    free(numbers);
    if (replica_pointer_read(folder, name, NULL) == STATUS_OK && replica_number(name) > highest)
        highest = replica_number(name);
    *out = highest + 1;
    return STATUS_OK;
}

void replica_remove(const char *folder, int64_t number)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
    char name[REPLICA_NAME_SIZE];
    char *path;

    replica_file_name(number, name);
    path = path_join(folder, name);
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct buf file;

        buf_init(&file, 8192);
        if (buf_printf(&file, "%s%s", path, tails[i]) == STATUS_OK)
            (void)fs_unlink(buf_text(&file));
        buf_finish(&file);
    }
    free(path);
}

/* Whether no connection but ours is on the file. */
static bool unused(const char *folder, int64_t number)
{
    char name[REPLICA_NAME_SIZE];
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    char *path;
    bool alone = false;

    replica_file_name(number, name);
    path = path_join(folder, name);
    if (sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(handle, "PRAGMA journal_mode=DELETE", -1, &statement, NULL) ==
            SQLITE_OK) {
        int result = sqlite3_step(statement);
        if (result == SQLITE_ROW)
            alone = strcmp((const char *)sqlite3_column_text(statement, 0), "delete") == 0;
        else
            alone = result == SQLITE_NOTADB || result == SQLITE_CORRUPT;
    }
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
    free(path);
    return alone;
}

enum status replica_sweep(const char *folder, int64_t current, int64_t making, int *left,
                          struct error *error)
{
    int64_t *numbers;
    size_t count;
    enum status status = list_numbers(folder, &numbers, &count, error);

    *left = 0;
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == current || numbers[i] == making)
            continue;
        if (numbers[i] > current || unused(folder, numbers[i]))
            replica_remove(folder, numbers[i]);
        else
            (*left)++;
    }
    free(numbers);
    return STATUS_OK;
}
