/* Frozen disks: a list of paths with their pages, which are shared until somebody writes.
 */
#include "tests/sim/disk_internal.h"

#include "terminal/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct frozen {
    char *path;
    unsigned mode;
    struct content content;
};

struct disk_image {
    struct frozen *all; /* folders before what is in them */
    size_t count, room;
};

static bool is_shared_memory(const char *name)
{
    size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, "-shm") == 0;
}

static void freeze(struct disk_image *image, const char *path, const struct file *file)
{
    struct frozen *frozen;

    if (image->count == image->room) {
        image->room = image->room == 0 ? 16 : 2 * image->room;
        image->all = mem_resize(image->all, image->room * sizeof *image->all);
    }
    frozen = &image->all[image->count++];
    *frozen = (struct frozen){.path = mem_copy_text(path), .mode = file->mode};
    content_copy(&frozen->content, &file->seen);
}

static void freeze_folder(struct disk_image *image, const char *path, const struct file *folder)
{
    for (size_t i = 0; i < folder->seen_names.count; i++) {
        const struct name *name = &folder->seen_names.all[i];
        size_t size = strlen(path) + strlen(name->text) + 2;
        char *full = mem_alloc(size);

        (void)snprintf(full, size, "%s/%s", path, name->text);
        if (!is_shared_memory(name->text))
            freeze(image, full, name->file);
        if (S_ISDIR(name->file->mode))
            freeze_folder(image, full, name->file);
        free(full);
    }
}

struct disk_image *disk_freeze(const struct disk *disk)
{
    struct disk_image *image = mem_alloc(sizeof *image);

    freeze_folder(image, "", disk->root);
    return image;
}

void disk_image_release(struct disk_image *image)
{
    if (image == NULL)
        return;
    for (size_t i = 0; i < image->count; i++) {
        free(image->all[i].path);
        content_finish(&image->all[i].content);
    }
    free(image->all);
    free(image);
}

static void put_content(struct file *file, const struct content *content)
{
    content_copy(&file->seen, content);
    content_copy(&file->durable, content);
    file_count(file);
    file_forget_changes(file);
}

static void thaw(struct disk *disk, const struct frozen *frozen)
{
    struct file *file = tree_create(disk, frozen->path, frozen->mode);

    if (file == NULL)
        disk_misused("an image with a file in no folder: %s", frozen->path);
    put_content(file, &frozen->content);
}

static void sync_names(struct file *file, void *context)
{
    (void)context;
    if (S_ISDIR(file->mode))
        tree_sync_names(file);
}

void disk_restore(struct disk *disk, const struct disk_image *image)
{
    if (disk->processes != NULL)
        disk_misused("%s is restored under a process", disk->name);
    if (disk->root != NULL)
        file_drop(disk->root);
    disk->root = tree_root(disk);
    for (size_t i = 0; image != NULL && i < image->count; i++)
        thaw(disk, &image->all[i]);
    tree_walk(disk->root, sync_names, NULL);
}

void disk_restore_file(struct disk *disk, const struct disk_image *image, const char *path)
{
    const char *last;
    struct file *folder;

    if (disk->processes != NULL)
        disk_misused("a file of %s is restored under a process", disk->name);
    if (tree_find(disk, path) != NULL && tree_unlink(disk, path) != 0)
        disk_misused("a folder can't be restored: %s", path);
    for (size_t i = 0; i < image->count; i++) {
        if (strcmp(image->all[i].path, path) == 0)
            thaw(disk, &image->all[i]);
    }
    folder = tree_folder_of(disk, path, &last);
    if (folder != NULL)
        tree_sync_names(folder);
}
