/* Which life of the database this is.
 *
 *   PATH       ledger_meta: incarnation, boot ─┐ agree, or the database is not the one that this
 *   PATH.boot  the same boot stamp             ─┘ folder served last: restored from a backup
 *
 * A restored ledger has forgotten what it once acknowledged, and numbers its feed anew from there.
 * So it takes a new incarnation: cursors of the old one are answered with 410, and tills send again
 * what the restored ledger lacks. The stamp changes at every start, every clean stop, and every
 * half minute between; a backup carries a stamp that agrees with nothing. What can't be told: a raw
 * copy that is younger than the stamp, and a machine put back as a whole, sidecar and all. There,
 * tills whose acknowledged heads are missing find it out.
 */
#ifndef HOLDFAST_LEDGER_INCARNATION_H
#define HOLDFAST_LEDGER_INCARNATION_H

#include "sync/ledger/store/store.h"
#include "terminal/base/crypto.h"

#define INCARNATION_BACKUP_STAMP "backup"

/* Compares the stamps, takes a new incarnation when they disagree (not for a database that was
 * never served), and makes a new stamp. Durable. *changed tells that the incarnation is new. */
enum status incarnation_start(struct store *store, struct store_session *writer,
                              const struct entropy *entropy, struct id *out, bool *changed,
                              struct error *error) MUST_USE;

/* A new stamp at a clean stop: a copy of the file made while it was served is told from it. */
enum status incarnation_stop(struct store *store, struct store_session *writer,
                             const struct entropy *entropy, struct error *error) MUST_USE;

/* A new stamp in the middle of serving, in the caller's transaction; the sidecar names both until
 * incarnation_renewed, which is called after the commit. */
enum status incarnation_renew(struct store *store, struct store_session *writer,
                              const struct entropy *entropy, char stamp[ID_HEX_SIZE],
                              struct error *error) MUST_USE;
enum status incarnation_renewed(struct store *store, const char *stamp,
                                struct error *error) MUST_USE;

#endif
