/* The virtual disks of a simulation: many machines in one process, all files in memory.
 *
 *   struct disk            one machine's disk: a tree of folders and files
 *   struct disk_process    one program on that machine: open files, locks, shared memory
 *   struct disk_image      a frozen copy of a disk: template, backup, what a clone starts from
 *
 * disk_install() puts it under everything: the file calls of terminal/base/fs.h, and SQLite, whose
 * default VFS it becomes. Whatever the product opens, it opens on the disk of the process that was
 * entered last; an open file or connection stays with the process that opened it.
 *
 * What a file system promises, and no more:
 *
 *   write        is seen by every process of the machine at once; survives the death of its process
 *   sync         a file's bytes and size survive a power cut; not its name
 *   sync folder  its names (created, renamed, removed) survive a power cut
 *   power cut    what was not synced: lost, kept, kept up to some moment, or any part of it in any
 *                order, torn at 512 or 4096 bytes; a file that grew may hold zeros there. Names:
 *                the changes of each folder up to some moment, a rename whole or not at all
 *   process dies its locks go; its shared memory stays as it was while the file is there
 *
 * Names of one folder may be renamed, not from one folder to another (EXDEV); no links.
 *
 * Locks are those of Linux: byte ranges owned by the open file. A SQLite connection has its own, as
 * on a real kernel two programs have; the wal-index of a database is shared by all that map it, and
 * a program that opened it read-only is told so (SQLITE_READONLY), exactly as by SQLite's own VFS.
 *
 * Everything is determined by the seed and the calls: no time, no randomness and no address of the
 * host enters. Single-threaded. What the simulation does wrong (an unknown path, a disk taken away
 * under a living process) aborts.
 */
#ifndef HOLDFAST_SIM_DISK_H
#define HOLDFAST_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk;
struct disk_process;
struct disk_image;

/* ---- the program and a seed ---------------------------------------------------------------------
 */

/* What the disk asks of its surroundings. Each may be NULL: time stands at the epoch, sleep and
 * pause return at once. `sleep` (SQLite waits for a lock) and `pause` (disk_pause_at) may let other
 * processes run, even kill this one, and must enter it again. */
struct disk_host {
    int64_t (*wall_ms)(void *context);
    void (*sleep)(void *context, struct disk_process *process, int64_t microseconds);
    void (*pause)(void *context, struct disk_process *process);
    void *context;
};

/* Once per program, before any database is opened and any file touched. */
void disk_install(void);
/* A simulation starts: no disk may be there. SQLite's own random numbers begin anew with it. */
void disk_begin(uint64_t seed, const struct disk_host *host);

/* ---- machines -----------------------------------------------------------------------------------
 */

/* An empty disk, or one with the content of `image`. `name` is for traces; not NULL. */
struct disk *disk_create(const char *name, const struct disk_image *image);
void disk_destroy(struct disk *disk); /* no process may be left; NULL is fine */

/* A copy of what the machine's programs see now, as if it had been shut down in order: cheap, pages
 * are shared until one side writes. Shared memory is not part of it. */
struct disk_image *disk_freeze(const struct disk *disk);
void disk_image_release(struct disk_image *image); /* NULL is fine */
/* The whole content replaced: a backup put back, a disk of another machine put in. No process may
 * be left. Files get new inode numbers. */
void disk_restore(struct disk *disk, const struct disk_image *image);
/* One file out of an image, or away where the image has none. Durable at once. */
void disk_restore_file(struct disk *disk, const struct disk_image *image, const char *path);

/* ---- processes ----------------------------------------------------------------------------------
 */

/* `name` is for traces and lock messages. */
struct disk_process *disk_process_start(struct disk *disk, const char *name);
/* Everything that follows is this process's doing; NULL: nobody may touch a file. Returns the one
 * before. */
struct disk_process *disk_enter(struct disk_process *process);
/* Dies now, as by SIGKILL: its locks are gone, every later call of it fails (EIO), and nothing it
 * still does to shared memory, while it is torn down, is seen by others. Between death and
 * disk_process_end no other process of the machine may run. */
void disk_kill(struct disk_process *process);
/* Dies at its n-th file operation from now (1: the next), counting reads, writes, syncs, opens,
 * locks and names: by SIGKILL, or with the whole machine as by disk_power_cut. That operation may
 * still have happened, wholly or in part: the process never learns. 0: no longer. */
enum disk_death { DISK_DEATH_KILL, DISK_DEATH_POWER };
void disk_die_at(struct disk_process *process, uint64_t operations, enum disk_death how);
/* Before its n-th file operation from now, in the middle of whatever it does and with all the locks
 * that it holds, the host's `pause` is called once: a program that is stopped there. 0: no longer.
 */
void disk_pause_at(struct disk_process *process, uint64_t operations);
bool disk_dead(const struct disk_process *process);
uint64_t disk_operations(const struct disk_process *process); /* so far */
/* After everything that it had open was closed (dead or alive). Aborts when a file or connection
 * is still open: a leak of the product, or of the simulation. */
void disk_process_end(struct disk_process *process);

/* All processes of the machine die at once and what was not synced is decided by chance. */
void disk_power_cut(struct disk *disk);

/* ---- faults -------------------------------------------------------------------------------------
 */

/* How often, in a million calls. All zero at first. */
struct disk_faults {
    uint32_t read_error;  /* EIO */
    uint32_t short_read;  /* fewer bytes than asked for, to file calls; SQLite gets its EIO */
    uint32_t write_error; /* EIO; a part may have been written */
    uint32_t sync_error;  /* EIO; the bytes are not on the disk and will not be by another sync:
                             they are seen until the power is cut, or until all have closed it */
    uint32_t full;        /* ENOSPC on a write that grows a file; a part may have been written */
    uint32_t open_error;  /* EIO or EMFILE */
    uint32_t memory;      /* SQLite asks for memory and gets none */
    const char *only;     /* ends of the names that can be hit ("till.db-wal"); NULL: all */
};
void disk_set_faults(struct disk *disk, const struct disk_faults *faults); /* `only` is borrowed */
/* The next call of this kind on a file whose path ends in `suffix` fails, `count` times. */
enum disk_call { DISK_READ, DISK_WRITE, DISK_SYNC, DISK_OPEN, DISK_CALLS };
void disk_fail_next(struct disk *disk, enum disk_call call, const char *suffix, int count);

/* The disk's size in bytes; 0: without end. Smaller than what is used is fine: nothing can grow
 * until something was removed. A file's size counts in whole pages of 4096. */
void disk_set_size(struct disk *disk, int64_t bytes);
int64_t disk_used(const struct disk *disk);

/* The syncs of this disk lie from now on: they answer "done" and do nothing. */
void disk_set_lying(struct disk *disk, bool lying);

/* Damage to what lies on the disk, seen by every later read. False: no such file, or shorter. */
bool disk_flip(struct disk *disk, const char *path, int64_t offset, uint8_t mask);
/* Looks for the bytes in a file and flips a bit of them at `at`. False: not found. */
bool disk_flip_in(struct disk *disk, const char *path, const void *bytes, size_t length, size_t at);

/* ---- looking on ---------------------------------------------------------------------------------
 */

/* -1: no such file. */
int64_t disk_file_size(const struct disk *disk, const char *path);
/* Whether, since it was last asked, a file that all had closed lost what a failed sync had left in
 * memory only. */
bool disk_took_back(struct disk *disk);
/* Grows with every byte written to a file and every file cut or grown. */
uint64_t disk_changes(const struct disk *disk);
/* A number of what the machine's programs see: names, sizes, bytes. The same on every host. */
uint64_t disk_digest(const struct disk *disk);

/* How often each fault has really happened since disk_begin, on all disks. */
struct disk_tally {
    uint64_t read_errors, short_reads, write_errors, sync_errors, full, open_errors, memory;
    uint64_t kills, power_cuts;
    uint64_t writes_lost, writes_torn, writes_kept; /* unsynced, at power cuts */
    uint64_t names_lost, flips, lies;
    uint64_t operations;
};
const struct disk_tally *disk_tally(void);

#endif
