/* The replica file at a till: the reference tables of one location, the search index, and two
 * tables of its own:
 *
 *   meta(key*, value)                                  what the file is: incarnation, location, ...
 *   cursor(scope*, incarnation, position, as_of_ms)    how far each scope has been applied
 *
 * The ledger makes the file (snapshot), the agent keeps it up, the till reads it. replica.current
 * in the data folder names the file in use ("replica-3.db\n") and is replaced atomically; a reader
 * follows the pointer between two operations.
 */
#ifndef HOLDFAST_CATALOGUE_REPLICA_H
#define HOLDFAST_CATALOGUE_REPLICA_H

#include "terminal/base/db.h"
#include "terminal/base/status.h"
#include "terminal/catalogue/reference.h"

#include <stdbool.h>
#include <stdint.h>

#define REPLICA_VERSION   1 /* user_version of the file */
#define REPLICA_POINTER   "replica.current"
#define REPLICA_NAME_SIZE 64

struct replica_cursor {
    char incarnation[33]; /* hex, "" when the scope has no cursor yet */
    int64_t position;
    int64_t as_of_ms;
};

/* Makes an empty replica in an open, empty database: reference tables, meta, cursor, search index,
 * user_version. In a transaction of its own. */
enum status replica_create(struct db *db, struct error *error) MUST_USE;

/* The version of a replica says who can read it; within one, tables may only be added. This adds
 * the reference tables that a file of an earlier program lacks, empty, in a transaction of its own:
 * their rows come with the next snapshot. *grown: there were some. Otherwise nothing is written. */
enum status replica_complete(struct db *db, bool *grown, struct error *error) MUST_USE;

/* That the open database is a replica of this version and holds its tables. STATUS_UNSUPPORTED for
 * another version, STATUS_CORRUPT for a missing table or column. Does not read the rows. */
enum status replica_check(struct db *db, struct error *error) MUST_USE;

/* Cursors and meta; the setters run in the caller's transaction, beside the rows they vouch for. A
 * scope without a cursor answers with position 0 and an empty incarnation. */
enum status replica_cursor(struct db *db, const char *scope, struct replica_cursor *out,
                           struct error *error) MUST_USE;
enum status replica_set_cursor(struct db *db, const char *scope,
                               const struct replica_cursor *cursor, struct error *error) MUST_USE;
/* All cursors that there are, by the names of their scopes. */
typedef void replica_visit_cursor(void *context, const char *scope,
                                  const struct replica_cursor *cursor);
enum status replica_cursors(struct db *db, replica_visit_cursor *visit, void *context,
                            struct error *error) MUST_USE;
/* "" when the key is not there; STATUS_RANGE when the value does not fit. */
enum status replica_meta(struct db *db, const char *key, char *out, size_t size,
                         struct error *error) MUST_USE;
enum status replica_set_meta(struct db *db, const char *key, const char *value,
                             struct error *error) MUST_USE;

/* The pointer. The name must be "replica-" digits ".db": STATUS_CORRUPT otherwise. STATUS_NOT_FOUND
 * when there is no pointer yet. The write is durable when it returns. */
enum status replica_pointer_read(const char *folder, char out[REPLICA_NAME_SIZE],
                                 struct error *error) MUST_USE;
enum status replica_pointer_write(const char *folder, const char *name,
                                  struct error *error) MUST_USE;

/* A reader of the replica of a data folder. One thread. */
struct replica;

/* Opens the file that the pointer names, as DB_READER, and checks it. STATUS_NOT_FOUND: no replica
 * yet; STATUS_BUSY: its owner has not started yet; otherwise as replica_check. */
enum status replica_open_reader(const char *folder, struct replica **out,
                                struct error *error) MUST_USE;

/* A replica over a database that is open already (the agent's or the ledger's own, tests), which is
 * borrowed and outlives it. replica_refresh on it does nothing. */
enum status replica_over(struct db *db, struct replica **out, struct error *error) MUST_USE;

void replica_close(struct replica *replica); /* NULL is fine */

/* Follows the pointer: when it names another file, that one is opened and the old one closed, and
 * *changed is true. Call it between two operations, never inside a transaction. When the new file
 * cannot be opened the old one stays in use and the error is returned. Costs one small file read.
 */
enum status replica_refresh(struct replica *replica, bool *changed, struct error *error) MUST_USE;

/* The database in use. Changes only in replica_refresh: do not keep it across one. */
struct db *replica_db(struct replica *replica);
/* The file's name ("replica-3.db", "" for replica_over). */
const char *replica_name(const struct replica *replica);

#endif
