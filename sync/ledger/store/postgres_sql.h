/* The ledger's SQL, as PostgreSQL takes it. */
#ifndef HOLDFAST_LEDGER_POSTGRES_SQL_H
#define HOLDFAST_LEDGER_POSTGRES_SQL_H

#include "terminal/base/buf.h"

/* A statement: `?1` becomes `$1`, INTEGER becomes BIGINT, the prefix `source.` of a copy goes;
 * quoted texts stay. New memory. */
char *postgres_sql(const char *sql);

/* INSERT INTO table(columns) VALUES(...) as a binary COPY FROM STDIN. New memory. */
char *postgres_copy_sql(const char *insert);

/* Statements of a schema step, in the part of SQLite's DDL that schema.h names, translated and
 * appended. STATUS_UNSUPPORTED, with the word in question, for anything beyond that. */
enum status postgres_ddl(const char *ddl, struct buf *out, struct error *error) MUST_USE;

/* What the translated steps and the writer call; in a transaction, before the first step. */
const char *postgres_ddl_prelude(void);

#endif
