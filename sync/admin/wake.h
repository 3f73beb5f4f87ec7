/* A database at rest, made readable: a reader needs the owner's -shm file, which is not there when
 * a folder was copied without it or another tool closed the file last.
 */
#ifndef HOLDFAST_ADMIN_WAKE_H
#define HOLDFAST_ADMIN_WAKE_H

#include "terminal/base/db.h"

/* Opens `folder`/`name` as a reader. When only the -shm is missing and nobody owns the file, its
 * exclusive lock (that of `owned`: "till.db", or "sync.db" for the agent's files) is taken for as
 * long as it takes to open and close it as its owner would. Nothing in it changes.
 * STATUS_NOT_FOUND: no such file. STATUS_BUSY: its owner is about to open it. */
enum status open_at_rest(const char *folder, const char *name, const char *owned, struct db **out,
                         struct error *error) MUST_USE;

/* The same for the replica that replica.current names, so that replica_open_reader can open it. */
enum status wake_replica(const char *folder, struct error *error) MUST_USE;

#endif
