/* Open files, and locks of byte ranges: each belongs to the open file that took it, conflicts with
 * those of every other, and is gone when that is closed or its process has died.
 */
#include "tests/sim/disk_internal.h"

#include "terminal/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_FOLDER                                                                                \
    "/usr/share/zoneinfo/" /* the same for every machine: read once from the host                  \
                            */
#define HOST_FILES 32

static struct open_file *failed(int cause)
{
    errno = cause;
    return NULL;
}

struct open_file *open_attach(struct disk_process *process, struct file *file, const char *path,
                              bool writes)
{
    struct open_file *open = mem_alloc(sizeof *open);

    open->process = process;
    open->file = file;
    open->path = mem_copy_text(path);
    open->writes = writes;
    open->next = file->opens;
    if (file->opens != NULL)
        file->opens->previous = open;
    file->opens = open;
    file_hold(file);
    open->next_mine = process->opens;
    if (process->opens != NULL)
        process->opens->previous_mine = open;
    process->opens = open;
    file_count(file);
    return open;
}

/* ---- files of the host --------------------------------------------------------------------------
 */

static void read_host_file(const char *path, struct file *file)
{
    FILE *stream = fopen(path, "rbe");
    char bytes[4096];
    size_t got;

    while (stream != NULL && (got = fread(bytes, 1, sizeof bytes, stream)) > 0)
        content_write(&file->seen, bytes, got, file->seen.size);
    if (stream != NULL)
        (void)fclose(stream);
    file->mode = stream != NULL ? S_IFREG | 0444 : 0;
}

static struct open_file *open_host_file(struct disk_process *process, const char *path)
{
    static struct {
        char *path;
        struct file file;
    } known[HOST_FILES];
    size_t i = 0;

    while (i < HOST_FILES && known[i].path != NULL && strcmp(known[i].path, path) != 0)
        i++;
    if (i == HOST_FILES)
        disk_misused("more than %d files of the host: %s", HOST_FILES, path);
    if (known[i].path == NULL) {
        known[i].path = mem_copy_text(path);
        known[i].file.holders = 1;
        read_host_file(path, &known[i].file);
    }
    struct open_file *open = known[i].file.mode != 0
                                 ? open_attach(process, &known[i].file, path, false)
                                 : failed(ENOENT);
    if (open != NULL)
        open->quiet = true;
    return open;
}

/* ---- opening ------------------------------------------------------------------------------------
 */

static struct file *create_or_find(struct disk *disk, const char *path, int flags, unsigned mode)
{
    struct file *file = tree_find(disk, path);

    if (file == NULL && errno == ENOENT && (flags & O_CREAT) != 0)
        return tree_create(disk, path, S_IFREG | (mode & 0777));
    if (file != NULL && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) {
        errno = EEXIST;
        return NULL;
    }
    return file;
}

struct open_file *open_path(struct disk_process *process, const char *path, int flags,
                            unsigned mode)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    struct open_file *open;
    struct file *file;
    enum gate gate;

    if (strncmp(path, HOST_FOLDER, strlen(HOST_FOLDER)) == 0)
        return open_host_file(process, path);
    gate = gate_pass(process, DISK_OPEN, path);
    if (gate == GATE_DYING) {
        if (gate_coin())
            (void)create_or_find(process->disk, path, flags, mode);
        gate_die(process);
    }
    if (gate != GATE_OPEN)
        return failed(gate == GATE_ERROR && !process->dead && gate_coin() ? EMFILE : EIO);
    file = create_or_find(process->disk, path, flags, mode);
    if (file == NULL)
        return NULL;
    if (S_ISDIR(file->mode) && writes)
        return failed(EISDIR);
    open = open_attach(process, file, path, writes);
    if ((flags & O_TRUNC) != 0 && writes && file_cut(open, 0) != 0) {
        open_close(open);
        return failed(EIO);
    }
    return open;
}

struct open_file *open_unnamed(struct disk_process *process)
{
    struct file *file = mem_alloc(sizeof *file);
    struct open_file *open;

    file->disk = process->disk;
    file->mode = S_IFREG | 0600;
    open = open_attach(process, file, "(unnamed)", true);
    open->quiet = true;
    return open;
}

void open_close(struct open_file *open)
{
    struct file *file = open->file;

    open_drop_locks(open);
    if (open->previous != NULL)
        open->previous->next = open->next;
    else
        file->opens = open->next;
    if (open->next != NULL)
        open->next->previous = open->previous;
    if (open->previous_mine != NULL)
        open->previous_mine->next_mine = open->next_mine;
    else
        open->process->opens = open->next_mine;
    if (open->next_mine != NULL)
        open->next_mine->previous_mine = open->previous_mine;
    free(open->path);
    free(open);
    if (file->opens == NULL)
        file_fade(file);
    file_count(file);
    file_drop(file);
}

/* ---- locks --------------------------------------------------------------------------------------
 */

bool range_blocked(const struct open_file *open, int64_t from, int64_t to, bool alone)
{
    const struct file *file = open->file;

    for (size_t i = 0; i < file->lock_count; i++) {
        const struct range_lock *lock = &file->locks[i];
        if (lock->owner != open && lock->from < to && from < lock->to && (alone || lock->alone))
            return true;
    }
    return false;
}

void range_unlock(struct open_file *open, int64_t from, int64_t to)
{
    struct file *file = open->file;

    for (size_t i = 0; i < file->lock_count;) {
        const struct range_lock *lock = &file->locks[i];
        if (lock->owner != open || lock->from >= to || from >= lock->to) {
            i++;
            continue;
        }
        if (lock->from < from || lock->to > to)
            disk_misused("a part of a locked range is unlocked: %s", open->path);
        file->locks[i] = file->locks[--file->lock_count];
    }
}

int range_lock(struct open_file *open, int64_t from, int64_t to, bool alone)
{
    struct file *file = open->file;

    if (range_blocked(open, from, to, alone)) {
        errno = EAGAIN;
        return -1;
    }
    range_unlock(open, from, to);
    if (file->lock_count == file->lock_room) {
        file->lock_room = file->lock_room == 0 ? 8 : 2 * file->lock_room;
        file->locks = mem_resize(file->locks, file->lock_room * sizeof *file->locks);
    }
    file->locks[file->lock_count++] =
        (struct range_lock){.owner = open, .from = from, .to = to, .alone = alone};
    return 0;
}

void open_drop_locks(struct open_file *open)
{
    range_unlock(open, 0, INT64_MAX);
    open->level = SQLITE_LOCK_NONE;
}
