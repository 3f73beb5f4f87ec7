/* The bytes of one file: read, written, synced. Each change goes into what programs see at once,
 * and into the log of what is not synced; a sync makes the pages of the log durable.
 */
#include "tests/sim/disk_internal.h"

#include "terminal/base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX ((size_t)8 << 20) /* then the kernel writes it back by itself */

static int64_t room_of(int64_t size)
{
    return (size + DISK_PAGE - 1) / DISK_PAGE * DISK_PAGE;
}

void file_count(struct file *file)
{
    int64_t bytes = file->links > 0 || file->opens != NULL ? room_of(file->seen.size) : 0;

    if (file->disk != NULL)
        file->disk->used += bytes - file->counted;
    file->counted = bytes;
}

static int failed(int cause)
{
    errno = cause;
    return -1;
}

/* ---- the log ------------------------------------------------------------------------------------
 */

void file_forget_changes(struct file *file)
{
    file->unsynced_count = 0;
    file->log_used = 0;
}

static struct change *log_change(struct file *file)
{
    struct change *change;

    if (file->unsynced_count == file->unsynced_room) {
        file->unsynced_room = file->unsynced_room == 0 ? 16 : 2 * file->unsynced_room;
        file->unsynced = mem_resize(file->unsynced, file->unsynced_room * sizeof *file->unsynced);
    }
    change = &file->unsynced[file->unsynced_count++];
    *change = (struct change){.number = ++file->disk->next_number};
    return change;
}

static bool all_zeros(const char *bytes, size_t length)
{
    return length >= DISK_PAGE && bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static void log_write(struct file *file, const void *bytes, size_t length, int64_t offset)
{
    struct change *change = log_change(file);

    change->offset = offset;
    change->length = length;
    change->kind = bytes == NULL ? CHANGE_ZEROS : CHANGE_WRITE;
    change->bytes = file->log_used;
    if (bytes == NULL)
        return;
    if (file->log_used + length > file->log_room) {
        file->log_room = 2 * (file->log_used + length);
        file->log = mem_resize(file->log, file->log_room);
    }
    memcpy(file->log + file->log_used, bytes, length);
    file->log_used += length;
}

void file_settle(struct file *file)
{
    for (size_t i = 0; i < file->unsynced_count; i++) {
        const struct change *change = &file->unsynced[i];
        int64_t end = change->offset + (int64_t)change->length;
        if (change->kind == CHANGE_CUT)
            end = file->durable.size > file->seen.size ? file->durable.size : file->seen.size;
        if (end > change->offset)
            content_share(&file->durable, &file->seen, change->offset, end - change->offset);
    }
    content_resize(&file->durable, file->seen.size);
    file_forget_changes(file);
}

/* ---- calls --------------------------------------------------------------------------------------
 */

int64_t file_read_at(struct open_file *open, void *bytes, size_t length, int64_t offset)
{
    enum gate gate = open->quiet ? GATE_OPEN : gate_pass(open->process, DISK_READ, open->path);

    if (gate == GATE_DYING)
        gate_die(open->process);
    if (gate == GATE_DYING || gate == GATE_ERROR)
        return failed(EIO);
    if (gate == GATE_SHORT && length > 1)
        length = 1 + (size_t)chance_below(&disk_state.chance, length - 1);
    return (int64_t)content_read(&open->file->seen, bytes, length, offset);
}

static void put_bytes(struct file *file, const void *bytes, size_t length, int64_t offset)
{
    if (length == 0)
        return;
    file->disk->changes++;
    content_write(&file->seen, bytes, length, offset);
    file_count(file);
    log_write(file, bytes, length, offset);
    if (file->log_used > LOG_MAX)
        file_settle(file);
}

/* So many bytes of the write fit on the disk. */
static size_t fitting(const struct file *file, size_t length, int64_t offset)
{
    const struct disk *disk = file->disk;
    int64_t room;

    if (disk->size == 0 || room_of(offset + (int64_t)length) <= room_of(file->seen.size))
        return length;
    room = disk->size - disk->used;
    room = room_of(file->seen.size) + (room > 0 ? room / DISK_PAGE * DISK_PAGE : 0) - offset;
    if (room >= (int64_t)length)
        return length;
    return room > 0 ? (size_t)room : 0;
}

static int64_t write_fitting(struct open_file *open, const void *bytes, size_t length,
                             int64_t offset)
{
    size_t fits = fitting(open->file, length, offset);

    if (fits < length)
        disk_state.tally.full++;
    if (fits == 0 && length > 0)
        return failed(ENOSPC);
    put_bytes(open->file, bytes, fits, offset);
    return (int64_t)fits;
}

static void write_some(struct open_file *open, const void *bytes, size_t length, int64_t offset)
{
    switch (chance_below(&disk_state.chance, 3)) {
    case 0:
        return;
    case 1:
        length = (size_t)chance_below(&disk_state.chance, length + 1);
        break;
    default:
        break;
    }
    put_bytes(open->file, bytes, fitting(open->file, length, offset), offset);
}

int64_t file_write_at(struct open_file *open, const void *bytes, size_t length, int64_t offset)
{
    enum gate gate = open->quiet ? GATE_OPEN : gate_pass(open->process, DISK_WRITE, open->path);
    const void *content = bytes;

    if (content != NULL && all_zeros(content, length))
        content = NULL;
    switch (gate) {
    case GATE_OPEN:
        return write_fitting(open, content, length, offset);
    case GATE_FULL:
        write_some(open, content, length / 2, offset);
        return failed(ENOSPC);
    case GATE_DYING:
        write_some(open, content, length, offset);
        gate_die(open->process);
        return failed(EIO);
    case GATE_ERROR:
    case GATE_SHORT:
        if (!open->process->dead)
            write_some(open, content, length, offset);
        return failed(EIO);
    }
    return failed(EIO);
}

static void cut_now(struct file *file, int64_t size)
{
    struct change *change;

    if (size == file->seen.size)
        return;
    change = log_change(file);
    file->disk->changes++;
    change->kind = CHANGE_CUT;
    change->offset = size;
    content_resize(&file->seen, size);
    file_count(file);
}

int file_cut(struct open_file *open, int64_t size)
{
    enum gate gate = open->quiet ? GATE_OPEN : gate_pass(open->process, DISK_WRITE, open->path);

    if (gate == GATE_OPEN || gate == GATE_FULL || (gate == GATE_DYING && gate_coin()))
        cut_now(open->file, size);
    if (gate == GATE_DYING)
        gate_die(open->process);
    return gate == GATE_OPEN || gate == GATE_FULL ? 0 : failed(EIO);
}

int file_reserve(struct open_file *open, int64_t size)
{
    enum gate gate = gate_pass(open->process, DISK_WRITE, open->path);
    struct file *file = open->file;
    bool fits = size <= file->seen.size ||
                fitting(file, (size_t)(size - file->seen.size), file->seen.size) ==
                    (size_t)(size - file->seen.size);

    if (gate == GATE_DYING) {
        if (fits && gate_coin() && size > file->seen.size)
            cut_now(file, size);
        gate_die(open->process);
    }
    if (gate == GATE_DYING || gate == GATE_ERROR)
        return failed(EIO);
    if (gate == GATE_FULL || !fits)
        return failed(ENOSPC);
    if (size > file->seen.size)
        cut_now(file, size);
    return 0;
}

/* As on Linux: the pages count as written from now on, so that the next sync passes them over. They
 * are still in memory until the power is gone; or only for as long as somebody has the file open.
 */
static void lose_dirty_pages(struct file *file)
{
    content_resize(&file->durable, file->seen.size);
    file_forget_changes(file);
    file->fades = gate_coin();
}

void file_fade(struct file *file)
{
    struct content left = {0};

    if (!file->fades)
        return;
    content_copy(&left, &file->durable);
    for (size_t i = 0; i < file->unsynced_count; i++) {
        const struct change *change = &file->unsynced[i];
        if (change->kind != CHANGE_CUT)
            content_share(&left, &file->seen, change->offset, (int64_t)change->length);
    }
    content_resize(&left, file->seen.size);
    content_finish(&file->seen);
    file->seen = left;
    file->fades = false;
    file->disk->took_back = true;
}

static void sync_whole(struct file *file)
{
    if (file->disk->lying) {
        disk_state.tally.lies++;
        return;
    }
    if (S_ISDIR(file->mode))
        tree_sync_names(file);
    else
        file_settle(file);
}

int file_sync_now(struct open_file *open)
{
    enum gate gate = open->quiet ? GATE_OPEN : gate_pass(open->process, DISK_SYNC, open->path);

    if (gate == GATE_OPEN) {
        sync_whole(open->file);
        return 0;
    }
    if (gate == GATE_DYING) {
        if (gate_coin())
            sync_whole(open->file);
        gate_die(open->process);
    } else if (!open->process->dead && !S_ISDIR(open->file->mode)) {
        lose_dirty_pages(open->file);
    }
    return failed(EIO);
}
