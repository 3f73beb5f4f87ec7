/* What is left when the power goes.
 *
 * Every unsynced change has a number. For each unit of the disk a number N is drawn, and the unit
 * holds what the changes up to N made of it. So a unit is always something that it once was, as a
 * page cache writes it; and what the units are is drawn too:
 *
 *   the machine     everything stopped at one moment
 *   a file          files were written back one by one
 *   4096, 512 bytes any part of a file, in any order: writes torn and reordered
 *
 * Names are units by folder. A size grows with the changes that are kept; at times also with some
 * that are not, and then zeros are there.
 */
#include "tests/sim/disk_internal.h"

#include <string.h>

struct cut {
    uint64_t salt;
    uint64_t last;    /* the machine's last number */
    uint64_t machine; /* N of the machine */
    enum { UNIT_MACHINE, UNIT_FILE, UNIT_PAGE, UNIT_SECTOR } unit;
};

static uint64_t draw_number(struct chance *chance, uint64_t last)
{
    switch (chance_below(chance, 4)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    default:
        return chance_below(chance, last + 1);
    }
}

/* A number drawn among those that the file's own changes have, else nearly all of a quiet file
 * would be lost or kept as a whole. */
static uint64_t number_in(const struct cut *cut, const struct file *file, uint64_t unit)
{
    struct chance chance = chance_start(cut->salt ^ unit, file->number);
    uint64_t drawn = draw_number(&chance, file->unsynced_count);

    if (cut->unit == UNIT_MACHINE)
        return cut->machine;
    if (drawn == 0 || file->unsynced_count == 0)
        return 0;
    return drawn > file->unsynced_count ? UINT64_MAX : file->unsynced[drawn - 1].number;
}

static uint64_t number_of_file(const struct cut *cut, const struct file *file)
{
    return number_in(cut, file, UINT64_MAX);
}

/* How many bytes of the write were kept. */
static size_t keep_write(const struct cut *cut, struct file *file, const struct change *change)
{
    const char *bytes = change->kind == CHANGE_WRITE ? file->log + change->bytes : NULL;
    int64_t unit = cut->unit == UNIT_SECTOR ? 512 : DISK_PAGE;
    int64_t at = change->offset, end = at + (int64_t)change->length;
    size_t kept = 0;

    if (cut->unit == UNIT_MACHINE || cut->unit == UNIT_FILE)
        unit = INT64_MAX;
    while (at < end) {
        int64_t rest = end - at, in_unit = unit - at % unit;
        size_t part = (size_t)(rest < in_unit ? rest : in_unit);
        uint64_t number = unit == INT64_MAX ? number_of_file(cut, file)
                                            : number_in(cut, file, (uint64_t)(at / unit));
        if (change->number <= number) {
            content_write(&file->durable,
                          bytes == NULL ? NULL : bytes + (size_t)(at - change->offset), part, at);
            kept += part;
        }
        at += (int64_t)part;
    }
    return kept;
}

static void cut_bytes(const struct cut *cut, struct file *file)
{
    struct disk_tally *tally = &disk_state.tally;
    struct chance chance = chance_start(cut->salt, file->number + cut->last);
    int64_t longest = 0;

    for (size_t i = 0; i < file->unsynced_count; i++) {
        const struct change *change = &file->unsynced[i];
        if (change->kind == CHANGE_CUT) {
            if (change->number <= number_of_file(cut, file))
                content_resize(&file->durable, change->offset);
            continue;
        }
        size_t kept = keep_write(cut, file, change);
        if (kept == change->length)
            tally->writes_kept++;
        else if (kept == 0)
            tally->writes_lost++;
        else
            tally->writes_torn++;
        longest = change->offset + (int64_t)change->length;
    }
    if (longest > file->durable.size && chance_below(&chance, 4) == 0)
        content_resize(&file->durable, longest);
    file_forget_changes(file);
    content_copy(&file->seen, &file->durable);
    file->fades = false;
    file_count(file);
}

static void find_first(struct file *file, void *context)
{
    uint64_t *first = context;

    if (file->unsynced_count > 0 && file->unsynced[0].number < *first)
        *first = file->unsynced[0].number;
    if (file->change_count > 0 && file->changes[0].number < *first)
        *first = file->changes[0].number;
}

static uint64_t draw_moment(struct disk *disk)
{
    uint64_t first = disk->next_number, drawn;

    tree_walk(disk->root, find_first, &first);
    drawn = draw_number(&disk_state.chance, disk->next_number - first + 1);
    return drawn == 0 || drawn == UINT64_MAX ? drawn : first - 1 + drawn;
}

static void cut_file(struct file *file, void *context)
{
    const struct cut *cut = context;
    struct chance chance = chance_start(cut->salt, file->number);

    if (!S_ISDIR(file->mode)) {
        cut_bytes(cut, file);
        return;
    }
    if (cut->unit == UNIT_MACHINE || file->change_count == 0) {
        tree_cut_names(file, cut->machine);
        return;
    }
    uint64_t drawn = draw_number(&chance, file->change_count);
    if (drawn > 0)
        drawn = drawn > file->change_count ? UINT64_MAX : file->changes[drawn - 1].number;
    tree_cut_names(file, drawn);
}

void disk_power_cut(struct disk *disk)
{
    struct cut cut = {.salt = chance_next(&disk_state.chance), .last = disk->next_number};

    cut.unit = (int)chance_below(&disk_state.chance, 4);
    cut.machine = draw_moment(disk);
    for (struct disk_process *process = disk->processes; process; process = process->next) {
        if (!process->dead)
            disk_kill(process);
    }
    disk_state.tally.power_cuts++;
    tree_walk(disk->root, cut_file, &cut);
}
