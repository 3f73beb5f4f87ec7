/* What db.c and db_statement.c share; nobody else includes it.
 */
#ifndef HOLDFAST_BASE_DB_INTERNAL_H
#define HOLDFAST_BASE_DB_INTERNAL_H

#include "terminal/base/db.h"

#include <stddef.h>

/* What a parameter of a reader's statement holds; the bytes are the caller's. */
struct db_binding {
    enum { BOUND_NULL, BOUND_INT, BOUND_TEXT, BOUND_BLOB } kind;
    int64_t number;
    const void *bytes;
    size_t length;
};

struct db_statement {
    sqlite3_stmt *handle;
    struct db *db;
    const char *key;             /* the address that was asked for */
    char *text;                  /* what was there then */
    struct db_binding *bindings; /* NULL unless a reader's with parameters */
};

struct db {
    sqlite3 *handle;
    char *path;
    bool reader;
    bool reopening;
    bool abandoned;  /* a transaction that could not be rolled back, for want of memory */
    uint32_t opened; /* how often */
    int cache_kib;   /* 0: SQLite's own */
    struct db_statement **slots; /* power of two, at most half full */
    size_t slot_count;
    size_t statement_count;
};

/* After `result` ended a reader's call that had read nothing yet: when the wal-index it has mapped
 * is not usable, opens the connection anew (db_vfs.h says why) with every statement as it was, and
 * returns true: the call is to be made again, once. */
bool db_reopens(struct db *db, int result);

/* Before anything else is done: what is abandoned ends now, or nothing is done. */
enum status db_end_abandoned(struct db *db, struct error *error) MUST_USE;

/* An owner's log, before its first commit: see db_log.c. STATUS_IO: what is in it may be lost. */
enum status db_log_write_again(struct db *db, enum db_role role, struct error *error) MUST_USE;

void db_statements_init(struct db *db);
void db_statements_finish(struct db *db);
/* Prepares and binds every statement again on db->handle. False: none was touched. */
bool db_statements_move(struct db *db);

#endif
