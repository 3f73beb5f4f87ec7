/* zstd (RFC 8878), with bounds on what is unpacked.
 *
 * Bytes from the network name their own unpacked size, and lie. So unpacking stops, with
 * STATUS_RANGE, as soon as more than the ceiling comes out, or when the output passes
 * COMPRESS_FREE_BYTES and is more than COMPRESS_RATIO_MAX times the input read so far. A frame that
 * asks for a window beyond 8 MiB (bodies) or 128 MiB (files) is refused before anything is
 * allocated for it. Several frames in a row are one content (RFC 8878 section 3.1); the input must
 * end where a frame ends.
 *
 * Thread-safe: each call has its own context.
 */
#ifndef HOLDFAST_PROTOCOL_COMPRESS_H
#define HOLDFAST_PROTOCOL_COMPRESS_H

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPRESS_BODY_CEILING   ((size_t)8 << 20)   /* unpacked body of any call but the import */
#define COMPRESS_IMPORT_CEILING ((size_t)512 << 20) /* unpacked body of POST /v1/admin/import */
#define COMPRESS_FILE_CEILING   ((int64_t)64 << 30) /* unpacked snapshot */
#define COMPRESS_RATIO_MAX      2000
#define COMPRESS_FREE_BYTES     ((int64_t)8 << 20)
#define COMPRESS_WORTHWHILE     1024 /* shorter bodies travel as they are */

/* Appends the packed bytes (level 3). STATUS_RANGE at the buffer's ceiling. */
enum status compress_bytes(const void *bytes, size_t length, struct buf *out) MUST_USE;

/* Appends the unpacked bytes. STATUS_RANGE at the buffer's ceiling or the ratio; STATUS_INVALID
 * when it is not zstd, is damaged or cut short. What was appended before a failure stays in *out
 * and is worthless. */
enum status compress_unpack(const void *bytes, size_t length, struct buf *out,
                            struct error *error) MUST_USE;

/* Packs a file into another (created or truncated, mode 0600, not fsynced: call file_sync).
 * `level` 1..19; `workers` threads beside the caller (0: none, or when the library has none).
 * *size and *hash describe the packed file; either may be NULL. */
enum status compress_file(const char *from, const char *to, int level, int workers, int64_t *size,
                          struct hash *hash, struct error *error) MUST_USE;

/* Unpacks a content that comes in pieces into a file (created or truncated, mode 0600, not
 * fsynced), with memory for the window only. */
struct unpacker;
enum status unpacker_create(const char *to, int64_t ceiling, struct unpacker **out,
                            struct error *error) MUST_USE;
/* STATUS_RANGE beyond `ceiling` bytes or the ratio, STATUS_INVALID when damaged, STATUS_FULL,
 * STATUS_IO. After a failure there is only unpacker_drop. */
enum status unpacker_take(struct unpacker *unpacker, const void *packed, size_t length,
                          struct error *error) MUST_USE;
int64_t unpacker_taken(const struct unpacker *unpacker); /* packed bytes so far */
/* Ends it, whatever comes back: STATUS_INVALID when the content is cut short. *size: bytes of the
 * file; *hash: SHA-256 of the packed bytes; either may be NULL. */
enum status unpacker_finish(struct unpacker *unpacker, int64_t *size, struct hash *hash,
                            struct error *error) MUST_USE;
/* Ends it before its time. The file stays, worthless. NULL is fine. */
void unpacker_drop(struct unpacker *unpacker);

/* Unpacks a file into another by an unpacker, in one pass. Failures are the unpacker's and those of
 * reading; the half-written target is removed then. */
enum status compress_unpack_file(const char *from, const char *to, int64_t ceiling, int64_t *size,
                                 struct hash *hash, struct error *error) MUST_USE;

#endif
