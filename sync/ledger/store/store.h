/* Where the ledger keeps its rows: one interface, one implementation per database engine.
 *
 *   store ──► session (writer, exactly one)      begin .. run/query .. commit
 *         ──► session (reader, one per worker)   begin_read .. query .. commit
 *
 * SQL lives in the modules that own the tables and is written once for all engines: parameters are
 * `?1`, `?2`, ...; upserts are INSERT .. ON CONFLICT .. DO UPDATE; whole numbers are 64 bits wide,
 * hashes and keys are blobs, texts are UTF-8 without NUL (STATUS_INVALID), compared byte for byte.
 * A parameter and its column are of one type, and a comparison is no number. What engines do not
 * share (schema, bulk copy, backup, who may open the database) is a method.
 *
 * A session belongs to one thread at a time. Statement texts must be literals: they are prepared
 * once per session and found again by their address.
 */
#ifndef HOLDFAST_LEDGER_STORE_H
#define HOLDFAST_LEDGER_STORE_H

#include "terminal/base/db.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_type { STORE_NULL, STORE_INT, STORE_TEXT, STORE_BLOB };

/* A parameter. Bytes are borrowed until the statement has been run, or its query is done. */
struct store_value {
    enum store_type type;
    int64_t number;
    const void *bytes;
    size_t length;
};

struct store_value store_null(void);
struct store_value store_int(int64_t number);
struct store_value store_text(const char *text);
struct store_value store_text_n(const char *text, size_t length);
struct store_value store_blob(const void *bytes, size_t length);

enum store_role { STORE_WRITER, STORE_READER };

struct store;
struct store_session;
struct store_query; /* rows of one statement, while it is read */

/* One table's part of a copy into a replica file. `select` names the ledger's tables with the
 * prefix `source.`. `columns` is the column list of the target, or NULL when the select is
 * `SELECT * FROM source.T` of a table that has the same definition in both files: an engine may
 * then copy it without looking into the rows. */
struct store_copy {
    const char *into;
    const char *columns;
    const char *select;
    const struct store_value *values;
    int count;
};

/* What an engine implements. */
struct store_methods {
    /* All sessions are closed before. Frees the store. */
    void (*close)(struct store *store);
    /* There is at most one STORE_WRITER at a time; readers see committed transactions only and
     * never hinder the writer. */
    enum status (*session_open)(struct store *store, enum store_role role,
                                struct store_session **out, struct error *error);
    void (*session_close)(struct store_session *session);
    /* Transactions do not nest. A read transaction sees one state of the database from its first
     * query on. commit is durable when it returns STATUS_OK, and rolls back when it fails. An
     * engine that may have to repeat a transaction answers STATUS_BUSY: the caller repeats it. */
    enum status (*begin)(struct store_session *session, struct error *error);
    enum status (*begin_read)(struct store_session *session, struct error *error);
    enum status (*commit)(struct store_session *session, struct error *error);
    void (*rollback)(struct store_session *session);
    /* A statement without rows. `changed`, when not NULL, receives the number of rows changed. An
     * engine across a network may queue the statement when `changed` is NULL and report its
     * failure with a later call, at the latest with commit. */
    enum status (*run)(struct store_session *session, const char *sql,
                       const struct store_value *values, int count, int64_t *changed,
                       struct error *error);
    /* store_insert_many. NULL: the engine is as fast with one `run` per row. */
    enum status (*insert_many)(struct store_session *session, const char *sql,
                               const struct store_value *values, int columns, int rows,
                               struct error *error);
    /* A statement with rows. The same text is not queried again before it is done. An engine across
     * a network holds the rest of the rows in memory when another statement comes between: a large
     * table is read in pages (WHERE id > ?1 ORDER BY id LIMIT 1000) if rows are looked up. */
    enum status (*query)(struct store_session *session, const char *sql,
                         const struct store_value *values, int count, struct store_query **out,
                         struct error *error);
    enum status (*next)(struct store_query *query, bool *row, struct error *error);
    void (*done)(struct store_query *query);
    int64_t (*column_int)(struct store_query *query, int column);
    const char *(*column_text)(struct store_query *query, int column);
    const void *(*column_blob)(struct store_query *query, int column, size_t *length);
    /* Copies rows into `target` (no transaction open there) from one state of the ledger. */
    enum status (*copy)(struct store *store, struct db *target, const struct store_copy *copies,
                        int count, struct error *error);
    /* Where files that belong to the database live beside it ("/var/lib/ledger.db"). */
    const char *(*path)(const struct store *store);
    /* A query of one number: the bytes that the database takes on its disk. */
    const char *size_sql;
};

struct store {
    const struct store_methods *methods;
};

struct store_session {
    const struct store_methods *methods;
};

/* `location` is "sqlite:PATH", or libpq's URI "postgresql://...". With `create` a new database is
 * made (STATUS_EXISTS when there is one); without, STATUS_NOT_FOUND when there is none. The store
 * is this process's alone until it is closed: STATUS_BUSY when another process has it. */
enum status store_open(const char *location, bool create, struct store **out,
                       struct error *error) MUST_USE;
void store_close(struct store *store); /* NULL is fine */

enum status store_session_open(struct store *store, enum store_role role,
                               struct store_session **out, struct error *error) MUST_USE;
void store_session_close(struct store_session *session); /* NULL is fine */

enum status store_begin(struct store_session *session, struct error *error) MUST_USE;
enum status store_begin_read(struct store_session *session, struct error *error) MUST_USE;
enum status store_commit(struct store_session *session, struct error *error) MUST_USE;
void store_rollback(struct store_session *session);

enum status store_run(struct store_session *session, const char *sql,
                      const struct store_value *values, int count, struct error *error) MUST_USE;
enum status store_run_counted(struct store_session *session, const char *sql,
                              const struct store_value *values, int count, int64_t *changed,
                              struct error *error) MUST_USE;

/* Many rows by one INSERT INTO table(columns) VALUES(?1, ?2, ...) with a parameter per column and
 * nothing else: the values row by row. In a transaction; a row that is there already fails it. What
 * `run` would do row by row, without a statement per row where the engine has a way (COPY): the
 * fastest way in for rows that are new. */
enum status store_insert_many(struct store_session *session, const char *sql,
                              const struct store_value *values, int columns, int rows,
                              struct error *error) MUST_USE;

/* Rows are read with store_next until *row is false; store_done ends it early (and is harmless
 * after the end). Columns count from 0; text and blob are borrowed until the next step. */
enum status store_query(struct store_session *session, const char *sql,
                        const struct store_value *values, int count, struct store_query **out,
                        struct error *error) MUST_USE;
enum status store_next(struct store_session *session, struct store_query *query, bool *row,
                       struct error *error) MUST_USE;
void store_done(struct store_session *session, struct store_query *query);
int64_t store_column_int(struct store_session *session, struct store_query *query, int column);
const char *store_column_text(struct store_session *session, struct store_query *query, int column);
const void *store_column_blob(struct store_session *session, struct store_query *query, int column,
                              size_t *length);

/* The first column of the first row; `fallback` when there is no row. */
enum status store_one_int(struct store_session *session, const char *sql,
                          const struct store_value *values, int count, int64_t fallback,
                          int64_t *out, struct error *error) MUST_USE;

/* The bytes that the whole database takes on its disk. */
enum status store_size(struct store_session *session, int64_t *out, struct error *error) MUST_USE;

/* Waits before the repetition number `attempt` (from 0) of a transaction that was STATUS_BUSY: a
 * random time of up to 4 ms, 8 ms, 16 ms, ... 512 ms. */
void store_pause(int attempt);

enum status store_copy(struct store *store, struct db *target, const struct store_copy *copies,
                       int count, struct error *error) MUST_USE;
const char *store_path(const struct store *store);

/* A consistent copy of the whole database into a new file, also while another process serves it.
 * The copy is durable when this returns. STATUS_EXISTS when `to` is there already. */
enum status store_backup(const char *location, const char *to, struct error *error) MUST_USE;

/* Replaces the whole content by that of a backup, in one transaction, or creates the database from
 * it. STATUS_BUSY while a process serves it, or has `from` open: a second writer of a log that is
 * in use could destroy it. STATUS_CORRUPT or STATUS_INVALID when `from` is not a sound ledger
 * database, or is this database itself, by whatever name; with nothing changed. */
enum status store_restore(const char *location, const char *from, struct error *error) MUST_USE;

/* The PostgreSQL engine: store_postgres.c and store_postgres_backup.c; `uri` is libpq's. Its backup
 * is a SQLite file, too: what one engine backed up can be restored into the other. */
enum status store_postgres_open(const char *uri, bool create, struct store **out,
                                struct error *error) MUST_USE;
enum status store_postgres_backup(const char *uri, const char *to, struct error *error) MUST_USE;
enum status store_postgres_restore(const char *uri, const char *from, struct error *error) MUST_USE;

/* The SQLite engine: store_sqlite.c and store_sqlite_backup.c. */
enum status store_sqlite_open(const char *path, bool create, struct store **out,
                              struct error *error) MUST_USE;
enum status store_sqlite_backup(const char *path, const char *to, struct error *error) MUST_USE;
enum status store_sqlite_restore(const char *path, const char *from, struct error *error) MUST_USE;
/* Opens a backup to be restored. STATUS_NOT_FOUND; STATUS_BUSY while anybody has it open;
 * STATUS_CORRUPT or STATUS_INVALID unless it is sound, and a ledger of a version that this program
 * knows. Closing leaves it one file as it was. */
enum status store_sqlite_backup_open(const char *from, struct db **out,
                                     struct error *error) MUST_USE;
void store_sqlite_backup_close(struct db *backup, const char *from); /* NULL is fine */

#endif
