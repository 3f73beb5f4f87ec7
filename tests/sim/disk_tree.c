/* Folders: what is called how now, and what will be after a power cut.
 *
 * A folder's names are two lists, seen and durable, and the changes between them. A sync copies the
 * first over the second; a power cut applies the first so many changes to the second, and makes
 * that the seen one.
 */
#include "tests/sim/disk_internal.h"

#include "terminal/base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct file *file_new(struct disk *disk, unsigned mode)
{
    struct file *file = mem_alloc(sizeof *file);

    file->disk = disk;
    file->number = ++disk->next_file;
    file->mode = mode;
    file->seen_names.seen = true;
    return file;
}

struct file *tree_root(struct disk *disk)
{
    struct file *root = file_new(disk, S_IFDIR | 0755);

    root->holders = 1;
    return root;
}

void file_hold(struct file *file)
{
    file->holders++;
}

/* ---- lists of names -----------------------------------------------------------------------------
 */

static size_t names_index(const struct names *names, const char *text, size_t length)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strncmp(names->all[i].text, text, length) == 0 && names->all[i].text[length] == '\0')
            return i;
    }
    return SIZE_MAX;
}

struct file *names_find(const struct names *names, const char *text, size_t length)
{
    size_t index = names_index(names, text, length);

    return index == SIZE_MAX ? NULL : names->all[index].file;
}

static void link_file(const struct names *names, struct file *file)
{
    file_hold(file);
    if (names->seen) {
        file->links++;
        file_count(file);
    }
}

static void unlink_file(const struct names *names, struct file *file)
{
    if (names->seen) {
        file->links--;
        file_count(file);
    }
    file_drop(file);
}

static void names_put(struct names *names, const char *text, struct file *file)
{
    size_t index = names_index(names, text, strlen(text));

    link_file(names, file);
    if (index != SIZE_MAX) {
        unlink_file(names, names->all[index].file);
        names->all[index].file = file;
        return;
    }
    if (names->count == names->room) {
        names->room = names->room == 0 ? 8 : 2 * names->room;
        names->all = mem_resize(names->all, names->room * sizeof *names->all);
    }
    names->all[names->count++] = (struct name){mem_copy_text(text), file};
}

static void names_remove(struct names *names, const char *text)
{
    size_t index = names_index(names, text, strlen(text));
    struct name gone;

    if (index == SIZE_MAX)
        return;
    gone = names->all[index];
    names->count--;
    memmove(names->all + index, names->all + index + 1,
            (names->count - index) * sizeof *names->all);
    free(gone.text);
    unlink_file(names, gone.file);
}

static void names_clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->all[i].text);
        unlink_file(names, names->all[i].file);
    }
    names->count = 0;
}

static void names_copy(struct names *to, const struct names *from)
{
    struct names old = *to;

    *to = (struct names){.seen = old.seen};
    for (size_t i = 0; i < from->count; i++)
        names_put(to, from->all[i].text, from->all[i].file);
    names_clear(&old);
    free(old.all);
}

/* ---- changes ------------------------------------------------------------------------------------
 */

static void change_finish(struct name_change *change)
{
    free(change->name);
    free(change->to);
    if (change->file != NULL)
        file_drop(change->file);
}

static void forget_changes(struct file *folder)
{
    for (size_t i = 0; i < folder->change_count; i++)
        change_finish(&folder->changes[i]);
    folder->change_count = 0;
}

static struct name_change *change_new(struct file *folder, const char *name)
{
    struct name_change *change;

    if (folder->change_count == folder->change_room) {
        folder->change_room = folder->change_room == 0 ? 8 : 2 * folder->change_room;
        folder->changes =
            mem_resize(folder->changes, folder->change_room * sizeof *folder->changes);
    }
    change = &folder->changes[folder->change_count++];
    *change =
        (struct name_change){.number = ++folder->disk->next_number, .name = mem_copy_text(name)};
    return change;
}

static void change_apply(struct names *names, const struct name_change *change)
{
    struct file *file;

    switch (change->kind) {
    case NAME_PUT:
        names_put(names, change->name, change->file);
        return;
    case NAME_REMOVED:
        names_remove(names, change->name);
        return;
    case NAME_RENAMED:
        file = names_find(names, change->name, strlen(change->name));
        if (file == NULL)
            disk_misused("a rename without a file: %s", change->name);
        names_put(names, change->to, file);
        names_remove(names, change->name);
        return;
    }
}

void tree_sync_names(struct file *folder)
{
    if (folder->change_count == 0)
        return;
    names_copy(&folder->durable_names, &folder->seen_names);
    forget_changes(folder);
}

void tree_cut_names(struct file *folder, uint64_t number)
{
    for (size_t i = 0; i < folder->change_count; i++) {
        if (folder->changes[i].number <= number)
            change_apply(&folder->durable_names, &folder->changes[i]);
        else
            disk_state.tally.names_lost++;
    }
    forget_changes(folder);
    names_copy(&folder->seen_names, &folder->durable_names);
}

void file_drop(struct file *file)
{
    if (--file->holders > 0)
        return;
    if (file->opens != NULL || file->nodes != NULL)
        disk_misused("a file is freed that is open");
    file_forget_changes(file);
    content_finish(&file->seen);
    content_finish(&file->durable);
    file_count(file);
    forget_changes(file);
    names_clear(&file->seen_names);
    names_clear(&file->durable_names);
    shm_free_regions(file);
    free(file->seen_names.all);
    free(file->durable_names.all);
    free(file->changes);
    free(file->unsynced);
    free(file->log);
    free(file->locks);
    free(file);
}

/* ---- paths --------------------------------------------------------------------------------------
 */

static const char *skip_slashes(const char *path)
{
    while (*path == '/')
        path++;
    return path;
}

static struct file *not_found(int cause)
{
    errno = cause;
    return NULL;
}

struct file *tree_folder_of(const struct disk *disk, const char *path, const char **last)
{
    struct file *folder = disk->root;

    if (path[0] != '/')
        disk_misused("not an absolute path: %s", path);
    path = skip_slashes(path);
    for (;;) {
        size_t length = strcspn(path, "/");
        const char *rest = skip_slashes(path + length);
        if (!S_ISDIR(folder->mode))
            return not_found(ENOTDIR);
        if (*rest == '\0') {
            *last = path;
            return folder;
        }
        folder = names_find(&folder->seen_names, path, length);
        if (folder == NULL)
            return not_found(ENOENT);
        path = rest;
    }
}

struct file *tree_find(const struct disk *disk, const char *path)
{
    const char *last;
    struct file *folder = tree_folder_of(disk, path, &last);
    struct file *file;

    if (folder == NULL || *last == '\0')
        return folder;
    file = names_find(&folder->seen_names, last, strcspn(last, "/"));
    return file != NULL ? file : not_found(ENOENT);
}

struct file *tree_create(struct disk *disk, const char *path, unsigned mode)
{
    const char *last;
    struct file *folder = tree_folder_of(disk, path, &last);
    struct file *file;
    struct name_change *change;

    if (folder == NULL)
        return NULL;
    file = file_new(disk, mode);
    file->holders = 1; /* the change's */
    change = change_new(folder, last);
    change->kind = NAME_PUT;
    change->file = file;
    change_apply(&folder->seen_names, change);
    return file;
}

int tree_unlink(struct disk *disk, const char *path)
{
    const char *last;
    const struct file *file = tree_find(disk, path);
    struct name_change *change;
    struct file *folder;

    if (file == NULL)
        return -1;
    if (S_ISDIR(file->mode)) {
        errno = EISDIR;
        return -1;
    }
    folder = tree_folder_of(disk, path, &last);
    change = change_new(folder, last);
    change->kind = NAME_REMOVED;
    change_apply(&folder->seen_names, change);
    return 0;
}

int tree_rename(struct disk *disk, const char *from, const char *to)
{
    const char *last, *last_to;
    struct file *folder, *folder_to;
    struct name_change *change;

    if (tree_find(disk, from) == NULL)
        return -1;
    folder = tree_folder_of(disk, from, &last);
    folder_to = tree_folder_of(disk, to, &last_to);
    if (folder_to == NULL)
        return -1;
    if (folder != folder_to) {
        errno = EXDEV;
        return -1;
    }
    if (strcmp(last, last_to) == 0)
        return 0;
    change = change_new(folder, last);
    change->kind = NAME_RENAMED;
    change->to = mem_copy_text(last_to);
    change_apply(&folder->seen_names, change);
    return 0;
}

void tree_walk(struct file *folder, void (*visit)(struct file *file, void *context), void *context)
{
    visit(folder, context);
    for (size_t i = 0; i < folder->seen_names.count; i++) {
        struct file *file = folder->seen_names.all[i].file;
        if (S_ISDIR(file->mode))
            tree_walk(file, visit, context);
        else
            visit(file, context);
    }
}
