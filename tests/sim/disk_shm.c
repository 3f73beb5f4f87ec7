/* The wal-index of a database: memory that all connections of all processes share, and its locks.
 *
 *   database-shm (struct file) ──► regions of 32 KiB
 *      └──► nodes: one for each process that has it open ──► read-only? attached?
 *                 └──► struct shm: one for each connection, owner of its locks
 *
 * It follows SQLite's own for unix (os_unix.c; https://www.sqlite.org/walformat.html, 2.2): lock n
 * is byte 120 + n of the file, byte 128 is the "dead man's switch" that every node holds shared;
 * who finds it free empties the file first, if it may write. A node that may not reads alone
 * (SQLITE_READONLY_CANTINIT) until somebody has it.
 *
 * A dead process still runs until it is torn down, and SQLite then writes to memory it has mapped.
 * What the regions hold at its death is kept and put back when its last connection is closed.
 */
#include "tests/sim/disk_internal.h"

#include "terminal/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_BASE   120
#define DEAD_SWITCH 128
#define REGION      32768

struct shm_node {
    struct disk_process *process;
    struct file *file;
    struct open_file *open; /* holds the dead man's switch */
    bool readonly, unlocked;
    size_t connections;
    char **kept; /* copies of the regions, of a dead process */
    size_t kept_count;
    struct shm_node *next, *next_mine;
};

struct shm {
    struct shm_node *node;
    struct open_file *open; /* owner of this connection's locks */
};

/* ---- nodes --------------------------------------------------------------------------------------
 */

static struct shm_node *find_node(const struct disk_process *process, const struct file *file)
{
    struct shm_node *node = file->nodes;

    while (node != NULL && node->process != process)
        node = node->next;
    return node;
}

static char *shm_path(const struct open_file *database)
{
    size_t size = strlen(database->path) + sizeof "-shm";
    char *path = mem_alloc(size);

    (void)snprintf(path, size, "%s-shm", database->path);
    return path;
}

static void clear_regions(struct file *file)
{
    for (size_t i = 0; i < file->region_count; i++)
        memset(file->regions[i], 0, REGION);
}

static int attach(struct shm_node *node)
{
    node->unlocked = false;
    if (!range_blocked(node->open, DEAD_SWITCH, DEAD_SWITCH + 1, true)) {
        if (node->readonly) {
            node->unlocked = true;
            return SQLITE_READONLY_CANTINIT;
        }
        clear_regions(node->file);
    }
    if (range_lock(node->open, DEAD_SWITCH, DEAD_SWITCH + 1, false) != 0)
        return SQLITE_BUSY;
    return SQLITE_OK;
}

static void unlink_node(struct shm_node *node)
{
    struct shm_node **at = &node->file->nodes;

    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    at = &node->process->nodes;
    while (*at != node)
        at = &(*at)->next_mine;
    *at = node->next_mine;
}

static struct shm_node *node_new(struct open_file *open, bool readonly)
{
    struct shm_node *node = mem_alloc(sizeof *node);

    *node = (struct shm_node){.process = open->process,
                              .file = open->file,
                              .open = open,
                              .readonly = readonly,
                              .next = open->file->nodes,
                              .next_mine = open->process->nodes};
    open->file->nodes = node;
    open->process->nodes = node;
    return node;
}

/* What others see is what was there at the death. */
static void put_back(struct shm_node *node)
{
    for (size_t i = 0; i < node->kept_count; i++) {
        memcpy(node->file->regions[i], node->kept[i], REGION);
        free(node->kept[i]);
    }
    free(node->kept);
}

static void node_close(struct shm_node *node)
{
    unlink_node(node);
    put_back(node);
    open_close(node->open);
    free(node);
}

void shm_keep_for_living(struct disk_process *process)
{
    for (struct shm_node *node = process->nodes; node != NULL; node = node->next_mine) {
        node->kept_count = node->file->region_count;
        node->kept = mem_alloc((node->kept_count + 1) * sizeof *node->kept);
        for (size_t i = 0; i < node->kept_count; i++) {
            node->kept[i] = mem_resize(NULL, REGION);
            memcpy(node->kept[i], node->file->regions[i], REGION);
        }
    }
}

void shm_free_regions(struct file *file)
{
    for (size_t i = 0; i < file->region_count; i++)
        free(file->regions[i]);
    free(file->regions);
}

/* ---- connections --------------------------------------------------------------------------------
 */

static struct shm *connect_to(struct shm_node *node)
{
    struct shm *shm = mem_alloc(sizeof *shm);

    shm->node = node;
    shm->open = open_attach(node->process, node->file, node->open->path, !node->readonly);
    node->connections++;
    return shm;
}

/* As SQLite: CANTINIT leaves it open, to be asked again. */
static int shm_open(struct open_file *database, bool readonly, struct shm **out)
{
    char *path = shm_path(database);
    const struct file *file = tree_find(database->process->disk, path);
    struct shm_node *node = file != NULL ? find_node(database->process, file) : NULL;
    int result = SQLITE_OK;

    if (node == NULL) {
        struct open_file *open =
            open_path(database->process, path, readonly ? O_RDONLY : O_RDWR | O_CREAT, 0644);
        if (open == NULL)
            result = SQLITE_CANTOPEN;
        else
            node = node_new(open, readonly);
        if (node != NULL)
            result = attach(node);
        if (node != NULL && result != SQLITE_OK && result != SQLITE_READONLY_CANTINIT)
            node_close(node);
    } else if (node->unlocked) {
        result = attach(node);
    }
    free(path);
    if (result == SQLITE_OK || result == SQLITE_READONLY_CANTINIT)
        *out = connect_to(node);
    return result;
}

static void want_region(struct file *file, size_t region)
{
    while (file->region_count <= region) {
        file->regions = mem_resize(file->regions, (file->region_count + 1) * sizeof *file->regions);
        file->regions[file->region_count++] = mem_alloc(REGION);
    }
}

int shm_map(struct shm **shm, struct open_file *database, bool readonly, int region, int size,
            bool extend, void volatile **out)
{
    struct shm_node *node;
    int result = SQLITE_OK;

    *out = NULL;
    if (size != REGION)
        disk_misused("a wal-index of pages of %d bytes", size);
    if (gate_pass_plain(database->process) == GATE_DYING)
        gate_die(database->process);
    if (database->process->dead)
        return SQLITE_IOERR_SHMMAP;
    if (*shm == NULL)
        result = shm_open(database, readonly, shm);
    else if ((*shm)->node->unlocked)
        result = attach((*shm)->node);
    if (result != SQLITE_OK)
        return result;
    node = (*shm)->node;
    if ((size_t)region >= node->file->region_count && extend)
        want_region(node->file, (size_t)region);
    if ((size_t)region < node->file->region_count)
        *out = node->file->regions[region];
    return node->readonly ? SQLITE_READONLY : SQLITE_OK;
}

int shm_lock(struct shm *shm, int first, int count, int flags)
{
    int64_t from = LOCK_BASE + first, to = from + count;
    struct disk_process *process;
    enum gate gate;

    if (shm == NULL)
        return SQLITE_IOERR_SHMLOCK; /* not attached */
    process = shm->open->process;
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        range_unlock(shm->open, from, to);
        return SQLITE_OK;
    }
    gate = gate_pass_plain(process);
    if (gate == GATE_DYING)
        gate_die(process);
    if (gate != GATE_OPEN)
        return SQLITE_IOERR_SHMLOCK;
    return range_lock(shm->open, from, to, (flags & SQLITE_SHM_EXCLUSIVE) != 0) == 0 ? SQLITE_OK
                                                                                     : SQLITE_BUSY;
}

void shm_unmap(struct shm **shm, bool remove)
{
    struct shm *gone = *shm;
    struct shm_node *node;

    if (gone == NULL)
        return;
    *shm = NULL;
    node = gone->node;
    if (--node->connections == 0) {
        if (remove && !node->process->dead)
            (void)tree_unlink(node->process->disk, node->open->path);
        node_close(node);
    }
    open_close(gone->open);
    free(gone);
}
