/* The snapshot that is being fetched: packed bytes in `snapshot-<id>.part` of the data folder.
 *
 * Bytes are not fsynced as they come: after a power cut the tail may be wrong, the hash says so,
 * and the fetch starts over. After a mere kill it goes on where it was.
 */
#ifndef HOLDFAST_AGENT_PART_FILE_H
#define HOLDFAST_AGENT_PART_FILE_H

#include "terminal/base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Opens or creates the part file of this snapshot; *have: bytes that are there. */
enum status part_open(const char *folder, const char *id, int *fd, int64_t *have,
                      struct error *error) MUST_USE;
/* Writes all of it at `offset`. STATUS_FULL, STATUS_IO. */
enum status part_write(int fd, const char *bytes, size_t length, int64_t offset,
                       struct error *error) MUST_USE;
/* Exactly `length` bytes that are there. STATUS_IO, also when they are not. */
enum status part_read(int fd, void *bytes, size_t length, int64_t offset,
                      struct error *error) MUST_USE;
/* Cuts it to nothing. */
enum status part_clear(int fd, struct error *error) MUST_USE;
/* The path as new memory. */
char *part_path(const char *folder, const char *id);
/* Removes every part file but that of `id` (NULL: every one). */
void part_sweep(const char *folder, const char *id);

#endif
