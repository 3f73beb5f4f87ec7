/* Files: whole reads with a ceiling, durable writes, and the exclusive lock of a writer.
 */
#ifndef HOLDFAST_BASE_FILE_H
#define HOLDFAST_BASE_FILE_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends the whole file; STATUS_RANGE when it is larger than the buffer's ceiling. */
enum status file_read(const char *path, struct buf *out, struct error *error) MUST_USE;

/* Replaces the file as a whole: temporary file, fsync, rename, fsync of the folder. Durable when
 * it returns STATUS_OK; at every instant either the old or the new content is there. `mode` as
 * for open(2). */
enum status file_write_durable(const char *path, const void *bytes, size_t length, unsigned mode,
                               struct error *error) MUST_USE;

enum status file_sync(const char *path, struct error *error) MUST_USE; /* a file or a folder */
/* With the parents that are missing; durable. Fine when it is there already; STATUS_EXISTS when
 * something else has the name. */
enum status file_make_folder(const char *path, unsigned mode, struct error *error) MUST_USE;
bool file_exists(const char *path);

/* "folder/name" as new memory. */
char *path_join(const char *folder, const char *name);

/* The exclusive right to write one database of a data folder. An advisory lock on an open file
 * (F_OFD_SETLK): it ends with the process, however that ends. The file holds the program's name
 * and pid for the message of the one that comes second, and stays when the lock is released. A
 * child that is forked without exec shares it. */
struct lock;
/* STATUS_BUSY: "till.db is in use by holdfast (pid 123)". */
enum status lock_take(const char *folder, const char *database, const char *program,
                      struct lock **out, struct error *error) MUST_USE;
void lock_release(struct lock *lock);

#endif
