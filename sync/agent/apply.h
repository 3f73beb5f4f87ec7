/* One replica file, opened to be kept up: changes go in, rows and cursor in one transaction.
 */
#ifndef HOLDFAST_AGENT_APPLY_H
#define HOLDFAST_AGENT_APPLY_H

#include "sync/protocol/message.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct apply;

/* Opens replica-<number>.db of the folder as its owner, adds tables that a file of an earlier
 * program lacks, and checks that it is a replica of this version for this location.
 * STATUS_UNSUPPORTED, STATUS_CORRUPT: it is not (fetch a snapshot). */
enum status apply_open(const char *folder, int64_t number, const char *location, struct apply **out,
                       struct error *error) MUST_USE;
void apply_close(struct apply *apply); /* NULL is fine */

int64_t apply_number(const struct apply *apply);
bool apply_grown(const struct apply *apply); /* tables were added when it was opened */

/* The cursors of the five scopes of the location. The incarnation is that of the first cursor;
 * scopes of another one are asked from 0 (which the ledger answers with 410 when it must). */
enum status apply_query(struct apply *apply, int wait_s, struct changes_query *out,
                        struct error *error) MUST_USE;

struct apply_result {
    int64_t rows;    /* applied */
    int64_t skipped; /* rows that this version does not understand, or that break their rules */
    char first_skipped[200];
};

/* Applies an answer to the very question `asked`: every scope's rows and its new position, and the
 * search index, in one transaction. Scopes that are not further than the cursor are left alone (a
 * repeated answer does nothing). When the answer says that there is no more, every asked scope
 * becomes "as of" the answer's time. Atomic; durable at the next checkpoint of SQLite's (losing the
 * tail costs a question, for cursor and rows are lost together).
 * STATUS_CONFLICT: another incarnation than asked: nothing is applied. A row that can't be read is
 * skipped and counted: one bad row never stops those behind it. */
enum status apply_changes(struct apply *apply, const struct changes_query *asked,
                          const struct changes_answer *answer, struct apply_result *result,
                          struct error *error) MUST_USE;

/* The last entry of this device's epoch that the rows contain; 0 when they say nothing of it. */
enum status apply_watermark(struct apply *apply, const struct id *device, const struct id *epoch,
                            int64_t *out, struct error *error) MUST_USE;

/* Puts all that was applied into the main file and fsyncs it. */
enum status apply_settle(struct apply *apply, struct error *error) MUST_USE;

/* Whether `apply` is at least as far as `other` in every scope of the same incarnation. */
enum status apply_reaches(struct apply *apply, struct apply *other, bool *out,
                          struct error *error) MUST_USE;

#endif
