/* The gate that every call goes through: is the process alive, is it its last call, is it hit by a
 * fault. All chance that is not a power cut's is drawn here or for what is decided here.
 */
#include "tests/sim/disk_internal.h"

#include <string.h>

bool gate_coin(void)
{
    return (chance_next(&disk_state.chance) & 1) != 0;
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), end = strlen(suffix);

    return length >= end && strcmp(text + length - end, suffix) == 0;
}

static bool hit(uint32_t ppm, uint64_t *tally)
{
    if (!chance_hit(&disk_state.chance, ppm))
        return false;
    (*tally)++;
    return true;
}

static enum gate by_chance(const struct disk_faults *faults, enum disk_call call)
{
    struct disk_tally *tally = &disk_state.tally;

    switch (call) {
    case DISK_READ:
        if (hit(faults->read_error, &tally->read_errors))
            return GATE_ERROR;
        return hit(faults->short_read, &tally->short_reads) ? GATE_SHORT : GATE_OPEN;
    case DISK_WRITE:
        if (hit(faults->write_error, &tally->write_errors))
            return GATE_ERROR;
        return hit(faults->full, &tally->full) ? GATE_FULL : GATE_OPEN;
    case DISK_SYNC:
        return hit(faults->sync_error, &tally->sync_errors) ? GATE_ERROR : GATE_OPEN;
    default:
        return hit(faults->open_error, &tally->open_errors) ? GATE_ERROR : GATE_OPEN;
    }
}

static bool forced(struct disk *disk, enum disk_call call, const char *path)
{
    uint64_t *const tallies[DISK_CALLS] = {[DISK_READ] = &disk_state.tally.read_errors,
                                           [DISK_WRITE] = &disk_state.tally.write_errors,
                                           [DISK_SYNC] = &disk_state.tally.sync_errors,
                                           [DISK_OPEN] = &disk_state.tally.open_errors};

    if (disk->forced[call].count == 0 || !ends_with(path, disk->forced[call].suffix))
        return false;
    disk->forced[call].count--;
    (*tallies[call])++;
    return true;
}

bool gate_memory(void)
{
    const struct disk_process *process = disk_state.current;

    return process == NULL || process->disk->faults.memory == 0 ||
           !hit(process->disk->faults.memory, &disk_state.tally.memory);
}

static void pause_here(struct disk_process *process)
{
    const struct disk_host *host = &disk_state.host;

    process->pause_at = 0;
    if (host->pause != NULL)
        host->pause(host->context, process);
    if (disk_state.current != process)
        disk_misused("%s goes on without having been entered", process->name);
}

enum gate gate_pass_plain(struct disk_process *process)
{
    if (process->dead)
        return GATE_ERROR;
    process->operations++;
    disk_state.tally.operations++;
    if (process->pause_at > 0 && process->operations >= process->pause_at)
        pause_here(process);
    if (process->dead)
        return GATE_ERROR;
    if (process->die_at > 0 && process->operations >= process->die_at)
        return GATE_DYING;
    return GATE_OPEN;
}

enum gate gate_pass(struct disk_process *process, enum disk_call call, const char *path)
{
    struct disk *disk = process->disk;
    enum gate gate = gate_pass_plain(process);

    if (gate != GATE_OPEN)
        return gate;
    if (forced(disk, call, path))
        return GATE_ERROR;
    if (disk->faults.only != NULL && !ends_with(path, disk->faults.only))
        return GATE_OPEN;
    return by_chance(&disk->faults, call);
}

void gate_die(struct disk_process *process)
{
    if (process->how == DISK_DEATH_POWER)
        disk_power_cut(process->disk);
    else
        disk_kill(process);
}
