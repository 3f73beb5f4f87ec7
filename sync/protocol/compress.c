/* zstd by its streaming calls, so that every bound is looked at between two blocks.
 *
 * One loop serves memory and files: a `source` gives packed bytes, a `sink` takes unpacked ones.
 *
 *   source ──► ZSTD_decompressStream ──► bounds ──► sink
 *
 * Nothing here is durable: who writes a file calls file_sync.
 */
#include "sync/protocol/compress.h"
#include "terminal/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define LEVEL             3
#define BODY_WINDOW_LOG   23
#define FILE_WINDOW_LOG   27
#define FILE_BLOCK        ((size_t)1 << 17)
#define WRITE_AHEAD       ((int64_t)8 << 20)
#define INPUT_RATIO_GRACE 4096 /* a few bytes of header say nothing about the ratio */

enum status compress_bytes(const void *bytes, size_t length, struct buf *out)
{
    size_t bound = ZSTD_compressBound(length);
    void *packed = mem_alloc(bound);
    size_t size = ZSTD_compress(packed, bound, bytes, length, LEVEL);
    enum status status = STATUS_RANGE;

    if (!ZSTD_isError(size))
        status = buf_append(out, packed, size);
    free(packed);
    return status;
}

/* What came out so far, held against its bounds. */
struct bounds {
    int64_t taken;   /* packed bytes */
    int64_t given;   /* unpacked bytes */
    int64_t ceiling; /* of given */
};

static enum status bounds_check(const struct bounds *bounds, struct error *error)
{
    if (bounds->given > bounds->ceiling)
        return error_set(error, STATUS_RANGE, "zstd: more than %lld bytes come out",
                         (long long)bounds->ceiling);
    if (bounds->given > COMPRESS_FREE_BYTES &&
        bounds->given / COMPRESS_RATIO_MAX > bounds->taken + INPUT_RATIO_GRACE)
        return error_set(error, STATUS_RANGE, "zstd: %lld bytes out of %lld are not believed",
                         (long long)bounds->given, (long long)bounds->taken);
    return STATUS_OK;
}

static ZSTD_DCtx *decoder_new(int window_log)
{
    ZSTD_DCtx *decoder = ZSTD_createDCtx();

    INVARIANT(decoder);
    INVARIANT(!ZSTD_isError(ZSTD_DCtx_setParameter(decoder, ZSTD_d_windowLogMax, window_log)));
    return decoder;
}

/* Takes what unpacked bytes come out. */
typedef enum status sink_take(void *context, const void *bytes, size_t length, struct error *error);

/* Feeds one piece of packed input. *hint is 0 when a frame has just ended. */
static enum status unpack_piece(ZSTD_DCtx *decoder, const void *bytes, size_t length, void *block,
                                struct bounds *bounds, size_t *hint, sink_take *take, void *context,
                                struct error *error)
{
    ZSTD_inBuffer in = {bytes, length, 0};
    bool filled = false;

    while (in.pos < in.size || filled) {
        ZSTD_outBuffer out = {block, FILE_BLOCK, 0};
        size_t before = in.pos;
        enum status status;

        *hint = ZSTD_decompressStream(decoder, &out, &in);
        if (ZSTD_isError(*hint))
            return error_set(error, STATUS_INVALID, "zstd: %s", ZSTD_getErrorName(*hint));
        bounds->taken += (int64_t)(in.pos - before);
        bounds->given += (int64_t)out.pos;
        status = bounds_check(bounds, error);
        if (status == STATUS_OK && out.pos > 0)
            status = take(context, block, out.pos, error);
        if (status != STATUS_OK)
            return status;
        /* A full block may leave more inside even when the input is used up. */
        filled = out.pos == out.size && *hint != 0;
    }
    return STATUS_OK;
}

static enum status take_into_buffer(void *context, const void *bytes, size_t length,
                                    struct error *error)
{
    if (buf_append(context, bytes, length) != STATUS_OK)
        return error_set(error, STATUS_RANGE, "zstd: the content is larger than allowed");
    return STATUS_OK;
}

enum status compress_unpack(const void *bytes, size_t length, struct buf *out, struct error *error)
{
    struct bounds bounds = {0, 0, (int64_t)(out->ceiling - out->used)};
    ZSTD_DCtx *decoder = decoder_new(BODY_WINDOW_LOG);
    void *block = mem_resize(NULL, FILE_BLOCK);
    size_t hint = 1;
    enum status status =
        unpack_piece(decoder, bytes, length, block, &bounds, &hint, take_into_buffer, out, error);

    if (status == STATUS_OK && hint != 0)
        status = error_set(error, STATUS_INVALID, "zstd: the content is cut short");
    free(block);
    (void)ZSTD_freeDCtx(decoder);
    return status;
}

static enum status io_error(const char *path, struct error *error)
{
    int cause = errno;

    return error_set(error, cause == ENOSPC ? STATUS_FULL : STATUS_IO, "%s: %s", path,
                     strerror(cause));
}

struct source {
    const char *path;
    int fd;
    int64_t offset; /* of what comes next */
};

struct target {
    const char *path;
    int fd;
    int64_t written;
    int64_t handed; /* so much the disk was asked to write already */
};

/* Lets the disk begin at once, so that the fsync to come finds little left. */
static void hand_to_disk(struct target *target, size_t length)
{
    target->written += (int64_t)length;
    if (target->written - target->handed < WRITE_AHEAD)
        return;
    fs_sync_soon(target->fd, target->handed, target->written - target->handed);
    target->handed = target->written;
}

static enum status take_into_file(void *context, const void *bytes, size_t length,
                                  struct error *error)
{
    struct target *target = context;

    if (!fs_write_all(target->fd, bytes, length, target->written))
        return io_error(target->path, error);
    hand_to_disk(target, length);
    return STATUS_OK;
}

static enum status read_piece(struct source *source, void *block, size_t *length,
                              struct error *error)
{
    ssize_t got = fs_pread(source->fd, block, FILE_BLOCK, source->offset);

    if (got < 0)
        return io_error(source->path, error);
    source->offset += got;
    *length = (size_t)got;
    return STATUS_OK;
}

static enum status open_source(const char *path, struct source *in, struct error *error)
{
    *in = (struct source){.path = path};
    in->fd = fs_open(path, O_RDONLY, 0);
    return in->fd < 0 ? io_error(path, error) : STATUS_OK;
}

static enum status open_target(const char *path, struct target *out, struct error *error)
{
    *out = (struct target){.path = path};
    out->fd = fs_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    return out->fd < 0 ? io_error(path, error) : STATUS_OK;
}

/* One that failed is removed. */
static enum status close_target(struct target *out, enum status status, struct error *error)
{
    if (fs_close(out->fd) != 0 && status == STATUS_OK)
        status = io_error(out->path, error);
    if (status != STATUS_OK)
        (void)fs_unlink(out->path);
    return status;
}

struct unpacker {
    char *path;
    struct target out;
    struct bounds bounds;
    struct hash_stream hash; /* of the packed bytes */
    ZSTD_DCtx *decoder;
    void *block;
    size_t hint; /* 0: a frame has just ended */
};

enum status unpacker_create(const char *to, int64_t ceiling, struct unpacker **out,
                            struct error *error)
{
    struct unpacker *unpacker = mem_alloc(sizeof *unpacker);
    enum status status;

    unpacker->path = mem_copy_text(to);
    status = open_target(unpacker->path, &unpacker->out, error);
    if (status != STATUS_OK) {
        free(unpacker->path);
        free(unpacker);
        *out = NULL;
        return status;
    }
    unpacker->bounds.ceiling = ceiling;
    hash_start(&unpacker->hash);
    unpacker->decoder = decoder_new(FILE_WINDOW_LOG);
    unpacker->block = mem_resize(NULL, FILE_BLOCK);
    unpacker->hint = 1;
    *out = unpacker;
    return STATUS_OK;
}

enum status unpacker_take(struct unpacker *unpacker, const void *packed, size_t length,
                          struct error *error)
{
    hash_update(&unpacker->hash, packed, length);
    return unpack_piece(unpacker->decoder, packed, length, unpacker->block, &unpacker->bounds,
                        &unpacker->hint, take_into_file, &unpacker->out, error);
}

int64_t unpacker_taken(const struct unpacker *unpacker)
{
    return unpacker->bounds.taken;
}

enum status unpacker_finish(struct unpacker *unpacker, int64_t *size, struct hash *hash,
                            struct error *error)
{
    enum status status = STATUS_OK;

    if (unpacker->hint != 0)
        status = error_set(error, STATUS_INVALID, "zstd: the content is cut short");
    if (status == STATUS_OK && size)
        *size = unpacker->bounds.given;
    if (status == STATUS_OK && hash)
        *hash = hash_end(&unpacker->hash);
    if (fs_close(unpacker->out.fd) != 0 && status == STATUS_OK)
        status = io_error(unpacker->path, error);
    unpacker->out.fd = -1;
    unpacker_drop(unpacker);
    return status;
}

void unpacker_drop(struct unpacker *unpacker)
{
    if (!unpacker)
        return;
    if (unpacker->out.fd >= 0)
        (void)fs_close(unpacker->out.fd);
    (void)ZSTD_freeDCtx(unpacker->decoder);
    free(unpacker->block);
    free(unpacker->path);
    free(unpacker);
}

enum status compress_unpack_file(const char *from, const char *to, int64_t ceiling, int64_t *size,
                                 struct hash *hash, struct error *error)
{
    struct unpacker *unpacker = NULL;
    struct source in;
    void *packed;
    size_t length = 0;
    enum status status = open_source(from, &in, error);

    if (status != STATUS_OK)
        return status;
    packed = mem_resize(NULL, FILE_BLOCK);
    status = unpacker_create(to, ceiling, &unpacker, error);
    do {
        if (status == STATUS_OK)
            status = read_piece(&in, packed, &length, error);
        if (status == STATUS_OK)
            status = unpacker_take(unpacker, packed, length, error);
    } while (status == STATUS_OK && length > 0);
    if (status == STATUS_OK)
        status = unpacker_finish(unpacker, size, hash, error);
    else
        unpacker_drop(unpacker);
    if (status != STATUS_OK)
        (void)fs_unlink(to);
    free(packed);
    (void)fs_close(in.fd);
    return status;
}

/* What packing a file goes through. */
struct packing {
    ZSTD_CCtx *packer;
    struct target *out;
    struct hash_stream hash;
    int64_t size;
    void *block;
};

static enum status pack_piece(struct packing *packing, const void *bytes, size_t length, bool last,
                              struct error *error)
{
    ZSTD_inBuffer in = {bytes, length, 0};
    bool done = false;

    while (!done) {
        ZSTD_outBuffer out = {packing->block, FILE_BLOCK, 0};
        size_t left =
            ZSTD_compressStream2(packing->packer, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        enum status status;

        if (ZSTD_isError(left))
            return error_set(error, STATUS_IO, "zstd: %s", ZSTD_getErrorName(left));
        hash_update(&packing->hash, packing->block, out.pos);
        packing->size += (int64_t)out.pos;
        status = take_into_file(packing->out, packing->block, out.pos, error);
        if (status != STATUS_OK)
            return status;
        done = last ? left == 0 : in.pos == in.size;
    }
    return STATUS_OK;
}

static enum status pack_stream(struct source *in, struct packing *packing, struct error *error)
{
    void *plain = mem_resize(NULL, FILE_BLOCK);
    size_t length = 0;
    enum status status;

    do {
        status = read_piece(in, plain, &length, error);
        if (status == STATUS_OK)
            status = pack_piece(packing, plain, length, length == 0, error);
    } while (status == STATUS_OK && length > 0);
    free(plain);
    return status;
}

enum status compress_file(const char *from, const char *to, int level, int workers, int64_t *size,
                          struct hash *hash, struct error *error)
{
    struct packing packing = {0};
    struct hash packed_hash;
    struct target out = {.path = to, .fd = -1};
    struct source in;
    enum status status = open_source(from, &in, error);

    if (status != STATUS_OK)
        return status;
    status = open_target(to, &out, error);
    if (status != STATUS_OK) {
        (void)fs_close(in.fd);
        return status;
    }
    packing.packer = ZSTD_createCCtx();
    INVARIANT(packing.packer);
    packing.out = &out;
    packing.block =
        mem_resize(NULL, ZSTD_CStreamOutSize() > FILE_BLOCK ? ZSTD_CStreamOutSize() : FILE_BLOCK);
    hash_start(&packing.hash);
    (void)ZSTD_CCtx_setParameter(packing.packer, ZSTD_c_compressionLevel, level);
    (void)ZSTD_CCtx_setParameter(packing.packer, ZSTD_c_checksumFlag, 1);
    /* Refused by a library built without threads: then it packs in this thread. */
    (void)ZSTD_CCtx_setParameter(packing.packer, ZSTD_c_nbWorkers, workers);
    status = pack_stream(&in, &packing, error);
    packed_hash = hash_end(&packing.hash);
    (void)fs_close(in.fd);
    status = close_target(&out, status, error);
    if (status == STATUS_OK && size)
        *size = packing.size;
    if (status == STATUS_OK && hash)
        *hash = packed_hash;
    free(packing.block);
    (void)ZSTD_freeCCtx(packing.packer);
    return status;
}
