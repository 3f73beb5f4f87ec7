/* What was revoked stays revoked when a backup is put back.
 *
 *   PATH.revoked   "holdfast revoked 1", then lines "token <hash>" and "device <id>": a copy of
 *                  what the database says, made anew after every change and at every start
 *
 * Every start revokes what the list names and the database does not, before anybody is let in: the
 * database was put back. One token is spared: the last that may administer and does not expire, or
 * nobody could make another; the log says so. A crash between the database's commit and the list's
 * leaves the list one change behind: a revocation is listed at the next start, a device whose
 * reinstatement was not answered yet is revoked again. On another machine there is no list: there,
 * people look at the tokens and devices themselves.
 */
#ifndef HOLDFAST_LEDGER_REVOCATIONS_H
#define HOLDFAST_LEDGER_REVOCATIONS_H

#include "sync/ledger/writer.h"

#include <stdint.h>

/* Writes the list by the database, durably. At most REVOCATIONS_MAX lines: the latest. */
#define REVOCATIONS_MAX 10000
enum status revocations_keep(struct store *store, struct store_session *session,
                             struct error *error) MUST_USE;
/* The same, after a change, in a turn of the writer. What it could not write is logged: the change
 * itself stands. */
void revocations_changed(struct store *store, struct writer *writer);

/* At a start: revokes what the list names and the database does not; *count of them. A list that is
 * not there, or is damaged, names nothing (the log tells of damage). */
enum status revocations_return(struct store *store, struct store_session *session, int64_t now_ms,
                               int64_t *count, struct error *error) MUST_USE;

#endif
