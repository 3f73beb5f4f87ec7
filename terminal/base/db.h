/* SQLite as Holdfast uses it: one owner that writes, readers that can never hinder it.
 *
 * An owner opens read-write, in WAL mode, with NO_CKPT_ON_CLOSE, a bounded WAL, a finite busy
 * timeout and mmap off. A reader of another program's file opens `?mode=ro&readonly_shm=1` and
 * keeps its transactions short. It reads at once also when the owner was stopped at any point, in
 * the middle of WAL recovery too: see db_vfs.h. A missing -shm means that the owner has not started
 * yet (STATUS_BUSY), never that the reader may create it; so does a file without any table. A file
 * that is not there at all is STATUS_NOT_FOUND.
 *
 * An owner that opens a database first writes its log once more and syncs it: after a failed sync
 * (of an earlier run, too) the disk may lack what every program still reads; see db_log.c. So after
 * STATUS_IO: close, open, look what is there, and that is durable.
 *
 * A database belongs to one thread at a time.
 */
#ifndef HOLDFAST_BASE_DB_H
#define HOLDFAST_BASE_DB_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum db_role {
    DB_OWNER_FULL,   /* creates, writes; synchronous=FULL: a commit is durable when it returns */
    DB_OWNER_NORMAL, /* creates, writes; synchronous=NORMAL: atomic, durable at checkpoints */
    DB_READER        /* another program's file */
};

struct db;
struct db_statement;

/* One step of a schema's history. Step n brings a database from user_version n-1 to n. */
struct db_migration {
    const char *sql;
};

enum status db_open(const char *path, enum db_role role, struct db **out,
                    struct error *error) MUST_USE;
void db_close(struct db *db); /* NULL is fine; finalises every cached statement */

/* Room for pages in memory, instead of SQLite's 2000 KiB. */
enum status db_set_cache(struct db *db, int kib, struct error *error) MUST_USE;

/* Brings the schema to version `count`, each step one transaction. STATUS_UNSUPPORTED when the
 * file is of a later version than this program knows. */
enum status db_migrate(struct db *db, const struct db_migration *steps, int count,
                       struct error *error) MUST_USE;

/* user_version of an open database. */
enum status db_version(struct db *db, int *out, struct error *error) MUST_USE;

enum status db_exec(struct db *db, const char *sql, struct error *error) MUST_USE;

/* Write transactions take the lock at once (BEGIN IMMEDIATE); read transactions fix what they see
 * at the first read. They do not nest. */
enum status db_begin(struct db *db, struct error *error) MUST_USE;
enum status db_begin_read(struct db *db, struct error *error) MUST_USE;
/* Rolls back when it fails. After STATUS_IO (memory that was lacking counts as that here) nobody
 * knows: what is rolled back may be in the log, and come back with the next recovery. */
enum status db_commit(struct db *db, struct error *error) MUST_USE;
/* Fine when none is open. What can't be rolled back for want of memory is not there for anybody:
 * the next call ends it first, or fails with STATUS_FULL. */
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/* A statement prepared once per literal and kept until db_close; it arrives reset and unbound.
 * Borrowed. The cache goes by the pointer and compares its text: use literals, never built text,
 * for each new text stays. STATUS_INVALID when SQLite refuses it. */
enum status db_prepare(struct db *db, const char *sql, struct db_statement **out,
                       struct error *error) MUST_USE;

/* Binding, from index 1. Texts and blobs are not copied: they must live until the next reset.
 * These abort on an index that the statement lacks. */
void db_bind_int(struct db_statement *statement, int index, int64_t value);
void db_bind_text(struct db_statement *statement, int index, const char *text);
void db_bind_text_n(struct db_statement *statement, int index, const char *text, size_t length);
void db_bind_blob(struct db_statement *statement, int index, const void *bytes, size_t length);
void db_bind_null(struct db_statement *statement, int index);

/* *row tells whether a row is there. After the last row, or an error, the statement is reset. */
enum status db_step(struct db_statement *statement, bool *row, struct error *error) MUST_USE;
/* Steps to the end; for statements that return nothing. */
enum status db_run(struct db_statement *statement, struct error *error) MUST_USE;
void db_reset(struct db_statement *statement); /* ends a select that was not read to its end */

/* The one number that a statement gives: the first column of its first row, `fallback` when that is
 * NULL, or there is no row, or it fails. The statement is reset. */
enum status db_one_int(struct db_statement *statement, int64_t fallback, int64_t *out,
                       struct error *error) MUST_USE;

int64_t db_int(struct db_statement *statement, int column);      /* from 0 */
const char *db_text(struct db_statement *statement, int column); /* "" for NULL; until next step */
const void *db_blob(struct db_statement *statement, int column, size_t *length);
bool db_is_null(struct db_statement *statement, int column);
int db_column_count(struct db_statement *statement);
int64_t db_changes(struct db *db); /* rows changed by the last statement */

/* Another value when another program has committed since the last call; only good for comparing,
 * with this connection's own values. 0 when it can't be read now. */
int64_t db_data_version(struct db *db);

/* The handle beneath, for what only one module needs (backup, checkpoint, FTS). A reader's is
 * borrowed until its next statement. */
sqlite3 *db_handle(struct db *db);

/* Maps SQLite's result to a status and fills *error with `what` and SQLite's message:
 *
 *   BUSY, LOCKED, PROTOCOL           STATUS_BUSY         FULL, NOMEM       STATUS_FULL
 *   CORRUPT, NOTADB                  STATUS_CORRUPT      IOERR, CANTOPEN   STATUS_IO
 *   READONLY, PERM, AUTH             STATUS_DENIED       INTERRUPT         STATUS_CANCELLED
 *   CONSTRAINT: unique, primary key  STATUS_EXISTS       TOOBIG            STATUS_RANGE
 *   CONSTRAINT: a trigger's RAISE    STATUS_DENIED       anything else     STATUS_INVALID
 *   CONSTRAINT: check, not null, foreign key, type       STATUS_INVALID
 *
 * Where the process has no file descriptor or no memory left, the text says so, and never that
 * there is no such database or no owner: what could not be opened for that is not at fault. */
enum status db_error(struct db *db, int result, const char *what, struct error *error);

#endif
