#include "sync/agent/unpack.h"

#include "sync/agent/part_file.h"
#include "sync/agent/replica_files.h"
#include "sync/protocol/compress.h"
#include "terminal/base/buf.h"
#include "terminal/base/file.h"

#include <stdlib.h>

#define PIECE        ((size_t)1 << 17)
#define SLICE_PIECES 8

struct unpack {
    char *folder;
    int64_t number;
    struct unpacker *unpacker;
    void *piece;
};

enum status unpack_start(const char *folder, const struct snapshot_answer *manifest,
                         struct unpack **out, struct error *error)
{
    struct unpacker *unpacker = NULL;
    char name[REPLICA_NAME_SIZE];
    int64_t number = 0;
    char *path;
    enum status status = replica_next_number(folder, &number, error);

    if (status != STATUS_OK)
        return status;
    replica_file_name(number, name);
    path = path_join(folder, name);
    status = unpacker_create(path, manifest->unpacked_size, &unpacker, error);
    free(path);
    if (status != STATUS_OK)
        return status;
    *out = mem_alloc(sizeof **out);
    (*out)->folder = mem_copy_text(folder);
    (*out)->number = number;
    (*out)->unpacker = unpacker;
    (*out)->piece = mem_alloc(PIECE);
    return STATUS_OK;
}

int64_t unpack_number(const struct unpack *unpack)
{
    return unpack->number;
}

enum status unpack_slice(struct unpack *unpack, int part, int64_t have, bool *behind,
                         struct error *error)
{
    int64_t at = unpacker_taken(unpack->unpacker);
    enum status status = STATUS_OK;

    for (int i = 0; i < SLICE_PIECES && status == STATUS_OK && at < have; i++) {
        size_t length = have - at < (int64_t)PIECE ? (size_t)(have - at) : PIECE;

        status = part_read(part, unpack->piece, length, at, error);
        if (status == STATUS_OK)
            status = unpacker_take(unpack->unpacker, unpack->piece, length, error);
        at = unpacker_taken(unpack->unpacker);
    }
    *behind = at < have;
    return status;
}

enum status unpack_finish(struct unpack *unpack, const struct snapshot_answer *manifest,
                          struct error *error)
{
    struct hash hash;
    int64_t size = 0;
    enum status status = unpacker_finish(unpack->unpacker, &size, &hash, error);

    unpack->unpacker = NULL;
    if (status == STATUS_OK && !hash_equal(&hash, &manifest->sha256))
        status = error_set(error, STATUS_INVALID, "the hash is another");
    if (status == STATUS_OK && size != manifest->unpacked_size)
        status = error_set(error, STATUS_INVALID, "the size is another");
    if (status == STATUS_OK)
        unpack_leave(unpack);
    else
        unpack_drop(unpack);
    return status;
}

void unpack_drop(struct unpack *unpack)
{
    if (unpack)
        replica_remove(unpack->folder, unpack->number);
    unpack_leave(unpack);
}

void unpack_leave(struct unpack *unpack)
{
    if (!unpack)
        return;
    unpacker_drop(unpack->unpacker);
    free(unpack->piece);
    free(unpack->folder);
    free(unpack);
}
