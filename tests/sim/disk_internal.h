/* What the parts of the virtual disk share; nobody else includes it.
 *
 *   disk ──► root ──► names ──► file ──► seen      what programs read
 *     │                          │  ──► durable   what a power cut leaves
 *     │                          │  ──► unsynced  every change between the two, in order
 *     │                          └──► opens, range locks, regions of shared memory
 *     └──► processes
 *
 * Every change of a file or a folder carries a number of the machine; what a power cut keeps is a
 * question of numbers (disk_cut.c).
 */
#ifndef HOLDFAST_SIM_DISK_INTERNAL_H
#define HOLDFAST_SIM_DISK_INTERNAL_H

#include "tests/sim/chance.h"
#include "tests/sim/disk.h"
#include "tests/sim/disk_content.h"

#include <sys/stat.h>

/* ---- names --------------------------------------------------------------------------------------
 */

struct name {
    char *text;
    struct file *file; /* holds a reference */
};

struct names {
    struct name *all;
    size_t count, room;
    bool seen; /* the files of this list have a link each */
};

/* A change of a folder that is not synced. Put: `file` under `name`; removed: `name`; renamed:
 * from `name` to `to`, in place of what was there. */
struct name_change {
    uint64_t number;
    enum { NAME_PUT, NAME_REMOVED, NAME_RENAMED } kind;
    char *name, *to;
    struct file *file;
};

/* ---- files --------------------------------------------------------------------------------------
 */

/* A change of a file that is not synced. */
struct change {
    uint64_t number;
    int64_t offset; /* of a cut: the new size */
    size_t length;
    enum { CHANGE_WRITE, CHANGE_ZEROS, CHANGE_CUT } kind;
    size_t bytes; /* of a write: where in `log` */
};

struct range_lock {
    const struct open_file *owner;
    int64_t from, to; /* `to` is not included */
    bool alone;
};

struct file {
    struct disk *disk; /* NULL: of the host, read-only, shared by all */
    uint64_t number;   /* inode */
    uint32_t holders;  /* names and open files */
    uint32_t links;    /* names that programs see */
    int64_t counted;   /* bytes of the disk that it takes: none once it is unlinked and closed */
    unsigned mode;     /* with S_IFREG or S_IFDIR */

    struct content seen, durable;
    struct change *unsynced;
    size_t unsynced_count, unsynced_room;
    char *log;
    size_t log_used, log_room;
    bool fades; /* a sync has failed: what is in memory only goes when nobody has it open */

    struct names seen_names, durable_names; /* of a folder */
    struct name_change *changes;
    size_t change_count, change_room;

    struct open_file *opens;
    struct range_lock *locks;
    size_t lock_count, lock_room;
    char **regions; /* of 32 KiB, when it is a -shm */
    size_t region_count;
    struct shm_node *nodes;
};

/* One open(2) or one SQLite file. */
struct open_file {
    struct disk_process *process;
    struct file *file;
    char *path;                        /* as it was opened */
    bool writes;                       /* opened for writing */
    bool quiet;                        /* no faults: a file of SQLite's own without a name */
    int level;                         /* SQLite's lock on the database */
    struct open_file *next, *previous; /* on the same file */
    struct open_file *next_mine, *previous_mine; /* of the same process */
};

struct disk_process {
    struct disk *disk;
    char *name;
    long number;
    bool dead;
    uint64_t operations, die_at, pause_at;
    enum disk_death how;
    struct open_file *opens;
    struct shm_node *nodes;
    struct disk_process *next;
};

struct disk {
    char *name;
    struct file *root;
    struct disk_process *processes;
    struct disk_faults faults;
    struct {
        char *suffix;
        int count;
    } forced[DISK_CALLS];
    int64_t size; /* 0: without end */
    int64_t used;
    bool lying, took_back;
    uint64_t changes;
    uint64_t next_file, next_number;
};

/* Of the whole program. */
struct disk_state {
    struct disk_host host;
    struct chance chance; /* faults, deaths, power cuts */
    struct chance sqlite; /* xRandomness */
    struct disk_tally tally;
    struct disk_process *current;
    size_t disks;
    long next_process;
};
extern struct disk_state disk_state;

struct disk_process *disk_current(void); /* aborts when nobody was entered */

/* ---- disk_gate.c: whether a call may happen -----------------------------------------------------
 */

enum gate {
    GATE_OPEN,  /* do it */
    GATE_ERROR, /* EIO; nothing happens */
    GATE_SHORT, /* a part of it happens */
    GATE_FULL,  /* a part may happen, then ENOSPC */
    GATE_DYING  /* it may happen, wholly or in part; then call gate_die, and EIO */
};
/* Counts the call. `path` is what faults are chosen by. */
enum gate gate_pass(struct disk_process *process, enum disk_call call, const char *path);
/* A call that no fault is meant for: names and locks. GATE_OPEN, GATE_ERROR or GATE_DYING. */
enum gate gate_pass_plain(struct disk_process *process);
void gate_die(struct disk_process *process);
bool gate_coin(void);
/* Whether SQLite gets the memory that it asks for now. */
bool gate_memory(void);

/* ---- disk_tree.c: names -------------------------------------------------------------------------
 */

struct file *tree_root(struct disk *disk); /* a new one */
void file_hold(struct file *file);
void file_drop(struct file *file); /* frees it when nobody holds it */
/* NULL and errno: ENOENT, ENOTDIR. */
struct file *tree_find(const struct disk *disk, const char *path);
/* The folder that has, or would have, the path's last part; *last points into `path`. */
struct file *tree_folder_of(const struct disk *disk, const char *path, const char **last);
struct file *names_find(const struct names *names, const char *text, size_t length);
struct file *tree_create(struct disk *disk, const char *path, unsigned mode); /* not there yet */
int tree_unlink(struct disk *disk, const char *path);
int tree_rename(struct disk *disk, const char *from, const char *to);
void tree_sync_names(struct file *folder);
/* The folder's names after a power cut: the changes up to `number` happened. */
void tree_cut_names(struct file *folder, uint64_t number);
/* Calls `visit` for every file and folder below, folders before what is in them. */
void tree_walk(struct file *folder, void (*visit)(struct file *file, void *context), void *context);

/* ---- disk_file.c: bytes -------------------------------------------------------------------------
 */

/* The count, or -1 and errno. */
int64_t file_read_at(struct open_file *open, void *bytes, size_t length, int64_t offset);
int64_t file_write_at(struct open_file *open, const void *bytes, size_t length, int64_t offset);
int file_cut(struct open_file *open, int64_t size);
int file_reserve(struct open_file *open, int64_t size);
int file_sync_now(struct open_file *open);
/* After which nothing of it is unsynced. */
void file_settle(struct file *file);
void file_forget_changes(struct file *file);
void file_fade(struct file *file);  /* nobody has it open any more */
void file_count(struct file *file); /* after a change of its size, links or opens */

/* ---- disk_open.c: open files and their locks ----------------------------------------------------
 */

/* As open(2) with these flags; NULL and errno. */
struct open_file *open_path(struct disk_process *process, const char *path, int flags,
                            unsigned mode);
/* Once more, without a name and without a fault. */
struct open_file *open_attach(struct disk_process *process, struct file *file, const char *path,
                              bool writes);
struct open_file *open_unnamed(struct disk_process *process);
void open_close(struct open_file *open);
/* 0, or -1 with EAGAIN. */
int range_lock(struct open_file *open, int64_t from, int64_t to, bool alone);
void range_unlock(struct open_file *open, int64_t from, int64_t to);
bool range_blocked(const struct open_file *open, int64_t from, int64_t to, bool alone);
void open_drop_locks(struct open_file *open);

/* ---- disk_shm.c ---------------------------------------------------------------------------------
 */

struct shm;
int shm_map(struct shm **shm, struct open_file *database, bool readonly, int region, int size,
            bool extend, void volatile **out);
int shm_lock(struct shm *shm, int first, int count, int flags);
void shm_unmap(struct shm **shm, bool remove);
/* What others see of the regions stays as it is, whatever the dead one still writes. */
void shm_keep_for_living(struct disk_process *process);
void shm_free_regions(struct file *file);

/* ---- the two doors ------------------------------------------------------------------------------
 */

const struct fs *disk_calls(void); /* disk_calls.c */
void disk_vfs_register(void);      /* disk_vfs.c */
void disk_memory_install(void);    /* disk_memory.c; before SQLite is used at all */

_Noreturn void disk_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
