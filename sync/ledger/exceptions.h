/* The life of an exception: what a person does with a finding.
 *
 *             assign                settle
 *   open ───────────────► assigned ────────► settled
 *    │ └──────────────────── settle ────────────▲ │
 *    └◄────────────── reopen (a person, or the condition came back)
 *
 * Every step is a row of exception_history: who (the name of the token; "" is the ledger itself),
 * when, what, and the note. A fork's exception can be applied besides (branch.h).
 */
#ifndef HOLDFAST_LEDGER_EXCEPTIONS_H
#define HOLDFAST_LEDGER_EXCEPTIONS_H

#include "sync/ledger/writer.h"
#include "terminal/base/buf.h"

#include <jansson.h>

#define EXCEPTION_NOTE_MAX     500 /* bytes */
#define EXCEPTION_ASSIGNEE_MAX 64

/* POST /v1/exceptions/ID. {"op":"assign","to":"who"} {"op":"settle","note":"why"} {"op":"reopen"}
 * {"op":"apply"}; each may bring a note. Repeating what is so already changes nothing and is fine.
 * STATUS_NOT_FOUND: no such exception. STATUS_CONFLICT: assigning what is settled, applying what is
 * no fork. STATUS_INVALID: the request. `who` is the token's name. */
enum status exceptions_change(struct writer *writer, int64_t id, const json_t *request,
                              const char *who, struct error *error) MUST_USE;

/* Appends {"open":n,"assigned":n,"exceptions":[{"id","at_ms","kind","location","epoch","seq",
 * "detail","state","assignee","changed_ms","note"}]}: those beyond id `after`, in order, at most
 * 500; with `state` ("open", "assigned", "settled", "all"; "" is all that are not settled). */
enum status exceptions_list(struct store_session *session, int64_t after, const char *state,
                            struct buf *out, struct error *error) MUST_USE;

/* One of them with "history":[{"at_ms","op","who","note"}]. STATUS_NOT_FOUND. */
enum status exceptions_show(struct store_session *session, int64_t id, struct buf *out,
                            struct error *error) MUST_USE;

/* Adds a step to the history, and tells who listens (event.h). For finding.c. */
enum status exceptions_note(struct store_session *session, int64_t id, const char *op,
                            const char *who, const char *note, int64_t at_ms,
                            struct error *error) MUST_USE;

#endif
