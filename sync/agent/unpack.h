/* The replica file that grows out of a part file, a slice at a time: nothing else waits for a
 * catalogue of a gigabyte, and most of the work is done while the rest is still on its way.
 *
 *   part file  ──► slice ──► unpacker ──► replica-(N+1).db
 *
 * Nothing here is durable. Killed anywhere: the numbered file is nobody's, the next start removes
 * it and unpacks again from the part's first byte. The bytes are the ledger's own when their hash
 * is the signed one (and zstd's checksum of what came out of them holds): the file is not read
 * again.
 */
#ifndef HOLDFAST_AGENT_UNPACK_H
#define HOLDFAST_AGENT_UNPACK_H

#include "sync/protocol/message.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct unpack;

/* Takes the next number of the folder for the file. */
enum status unpack_start(const char *folder, const struct snapshot_answer *manifest,
                         struct unpack **out, struct error *error) MUST_USE;
int64_t unpack_number(const struct unpack *unpack);

/* One slice of what the part file has between here and `have` bytes: a few ten milliseconds at
 * most. *behind: there is more. STATUS_INVALID, STATUS_RANGE: the bytes are damaged. STATUS_FULL,
 * STATUS_IO. After a failure there is only unpack_drop. */
enum status unpack_slice(struct unpack *unpack, int part, int64_t have, bool *behind,
                         struct error *error) MUST_USE;

/* All bytes were taken. Ends it, whatever comes back; the file is removed on failure.
 * STATUS_INVALID: hash or size are not the manifest's. */
enum status unpack_finish(struct unpack *unpack, const struct snapshot_answer *manifest,
                          struct error *error) MUST_USE;

void unpack_drop(struct unpack *unpack);  /* ends it and removes the file; NULL is fine */
void unpack_leave(struct unpack *unpack); /* ends it, touches nothing; NULL is fine */

#endif
