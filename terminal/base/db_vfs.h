/* How a reader of another program's database takes part in its WAL: SQLite's own file access, with
 * another answer where SQLite would wait for the owner. Registered once, under DB_VFS_READER; only
 * for connections that are opened read-only with `readonly_shm=1`.
 *
 * An owner that stands still (stopped, swapped out, in a debugger) can hold any lock of the
 * wal-index for as long as it likes. With this VFS a read transaction begins, or is refused, within
 * a few milliseconds all the same:
 *
 *   the owner stands still ...              a reader ...
 *   --------------------------------------  ----------------------------------------------------
 *   before or inside WAL recovery           that is new reads "alone": see below;
 *                                           that has the wal-index mapped gets at once
 *                                           SQLITE_READONLY_RECOVERY: open it anew (db.c does)
 *   while it attaches to the -shm           as above; it can only be a new one
 *   while it moves a read mark              takes other locks that protect it as well
 *   anywhere else                           never noticed it
 *
 * Alone: SQLite builds a wal-index of its own from the WAL, under locks that keep the owner from
 * checkpointing and from starting the WAL over. Each transaction first looks whether the shared
 * wal-index is whole again, and uses it then; until then it sees every commit in the WAL.
 * A WAL of nothing but its header, as an owner leaves it that dies there, is none.
 */
#ifndef HOLDFAST_BASE_DB_VFS_H
#define HOLDFAST_BASE_DB_VFS_H

#define DB_VFS_READER "holdfast-reader"

/* Registers it; further calls do nothing. Any thread. */
void db_vfs_register(void);

#endif
