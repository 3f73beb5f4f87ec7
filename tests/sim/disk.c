/* Machines, processes, and what is asked of a disk from outside.
 */
#include "tests/sim/disk_internal.h"

#include "terminal/base/buf.h"
#include "terminal/base/fs.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PURPOSE_FAULTS = 0xD15C, PURPOSE_SQLITE = 0x5317 };

struct disk_state disk_state;

_Noreturn void disk_misused(const char *format, ...)
{
    va_list arguments;

    (void)fprintf(stderr, "virtual disk: ");
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    abort();
}

struct disk_process *disk_current(void)
{
    if (disk_state.current == NULL)
        disk_misused("a file is touched, but no process was entered");
    return disk_state.current;
}

void disk_install(void)
{
    disk_memory_install();
    fs_install(disk_calls());
    disk_vfs_register();
}

void disk_begin(uint64_t seed, const struct disk_host *host)
{
    if (disk_state.disks > 0)
        disk_misused("%zu disks are left of the simulation before", disk_state.disks);
    disk_state = (struct disk_state){.chance = chance_start(seed, PURPOSE_FAULTS),
                                     .sqlite = chance_start(seed, PURPOSE_SQLITE)};
    if (host != NULL)
        disk_state.host = *host;
    sqlite3_randomness(0, NULL); /* forgets its state: the next number is made of xRandomness */
}

/* ---- machines -----------------------------------------------------------------------------------
 */

struct disk *disk_create(const char *name, const struct disk_image *image)
{
    struct disk *disk = mem_alloc(sizeof *disk);

    disk->name = mem_copy_text(name);
    disk_restore(disk, image);
    disk_state.disks++;
    return disk;
}

void disk_destroy(struct disk *disk)
{
    if (disk == NULL)
        return;
    if (disk->processes != NULL)
        disk_misused("%s is taken away from %s", disk->name, disk->processes->name);
    file_drop(disk->root);
    for (int call = 0; call < DISK_CALLS; call++)
        free(disk->forced[call].suffix);
    free(disk->name);
    free(disk);
    disk_state.disks--;
}

/* ---- processes ----------------------------------------------------------------------------------
 */

struct disk_process *disk_process_start(struct disk *disk, const char *name)
{
    struct disk_process *process = mem_alloc(sizeof *process);

    process->disk = disk;
    process->name = mem_copy_text(name);
    process->number = ++disk_state.next_process;
    process->next = disk->processes;
    disk->processes = process;
    return process;
}

struct disk_process *disk_enter(struct disk_process *process)
{
    struct disk_process *before = disk_state.current;

    disk_state.current = process;
    return before;
}

void disk_kill(struct disk_process *process)
{
    if (process->dead)
        return;
    process->dead = true;
    process->die_at = 0;
    disk_state.tally.kills++;
    shm_keep_for_living(process);
    for (struct open_file *open = process->opens; open != NULL; open = open->next_mine)
        open_drop_locks(open);
}

void disk_die_at(struct disk_process *process, uint64_t operations, enum disk_death how)
{
    process->die_at = operations == 0 ? 0 : process->operations + operations;
    process->how = how;
}

void disk_pause_at(struct disk_process *process, uint64_t operations)
{
    process->pause_at = operations == 0 ? 0 : process->operations + operations;
}

bool disk_dead(const struct disk_process *process)
{
    return process->dead;
}

uint64_t disk_operations(const struct disk_process *process)
{
    return process->operations;
}

void disk_process_end(struct disk_process *process)
{
    struct disk_process **at = &process->disk->processes;

    for (const struct open_file *open = process->opens; open != NULL; open = open->next_mine)
        (void)fprintf(stderr, "virtual disk: still open: %s\n", open->path);
    if (process->opens != NULL)
        disk_misused("%s on %s ends with open files", process->name, process->disk->name);
    while (*at != process)
        at = &(*at)->next;
    *at = process->next;
    if (disk_state.current == process)
        disk_state.current = NULL;
    free(process->name);
    free(process);
}

/* ---- faults -------------------------------------------------------------------------------------
 */

void disk_set_faults(struct disk *disk, const struct disk_faults *faults)
{
    disk->faults = *faults;
}

void disk_fail_next(struct disk *disk, enum disk_call call, const char *suffix, int count)
{
    free(disk->forced[call].suffix);
    disk->forced[call].suffix = mem_copy_text(suffix);
    disk->forced[call].count = count;
}

void disk_set_size(struct disk *disk, int64_t bytes)
{
    disk->size = bytes;
}

int64_t disk_used(const struct disk *disk)
{
    return disk->used;
}

void disk_set_lying(struct disk *disk, bool lying)
{
    disk->lying = lying;
}

bool disk_flip(struct disk *disk, const char *path, int64_t offset, uint8_t mask)
{
    struct file *file = tree_find(disk, path);
    uint8_t byte;

    if (file == NULL || content_read(&file->seen, &byte, 1, offset) != 1)
        return false;
    byte ^= mask;
    content_write(&file->seen, &byte, 1, offset);
    if (offset < file->durable.size)
        content_write(&file->durable, &byte, 1, offset);
    disk_state.tally.flips++;
    return true;
}

bool disk_flip_in(struct disk *disk, const char *path, const void *bytes, size_t length, size_t at)
{
    const struct file *file = tree_find(disk, path);
    size_t size = file != NULL ? (size_t)file->seen.size : 0;
    char *all = mem_alloc(size + 1);
    const char *found;
    bool flipped;

    if (size > 0)
        (void)content_read(&file->seen, all, size, 0);
    found = memmem(all, size, bytes, length);
    flipped = found != NULL && disk_flip(disk, path, found - all + (int64_t)at,
                                         (uint8_t)(1u << chance_below(&disk_state.chance, 8)));
    free(all);
    return flipped;
}

/* ---- looking on ---------------------------------------------------------------------------------
 */

int64_t disk_file_size(const struct disk *disk, const char *path)
{
    const struct file *file = tree_find(disk, path);

    return file != NULL ? file->seen.size : -1;
}

bool disk_took_back(struct disk *disk)
{
    bool took = disk->took_back;

    disk->took_back = false;
    return took;
}

static uint64_t digest_text(const char *text, uint64_t before)
{
    uint64_t sum = before;

    for (; *text != '\0'; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    return sum;
}

static uint64_t digest_folder(const struct file *folder, uint64_t before)
{
    uint64_t sum = before;

    for (size_t i = 0; i < folder->seen_names.count; i++) {
        const struct name *name = &folder->seen_names.all[i];
        sum = digest_text(name->text, sum) ^ name->file->mode;
        sum = S_ISDIR(name->file->mode) ? digest_folder(name->file, sum)
                                        : content_digest(&name->file->seen, sum);
    }
    return sum;
}

uint64_t disk_digest(const struct disk *disk)
{
    return digest_folder(disk->root, UINT64_C(0xCBF29CE484222325));
}

uint64_t disk_changes(const struct disk *disk)
{
    return disk->changes;
}

const struct disk_tally *disk_tally(void)
{
    return &disk_state.tally;
}
