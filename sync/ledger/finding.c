/* Opening and closing by cause; the history's row and the outgoing event with it. */
#include "sync/ledger/finding.h"

#include "sync/ledger/exceptions.h"
#include "terminal/base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DETAIL_MAX 400 /* bytes, cut at a character */

static void write_cause(const char *kind, const char *cause, char out[FINDING_CAUSE_SIZE])
{
    int length = snprintf(out, FINDING_CAUSE_SIZE, "%s/%s", kind, cause);

    INVARIANT(length > 0 && length < FINDING_CAUSE_SIZE);
}

static void cause_of(const struct finding *finding, char out[FINDING_CAUSE_SIZE])
{
    char place[ID_HEX_SIZE + 24], epoch[ID_HEX_SIZE] = "";

    if (finding->epoch != NULL)
        hex_write(finding->epoch->bytes, ID_SIZE, epoch);
    (void)snprintf(place, sizeof place, "%s/%" PRId64, epoch, finding->seq);
    write_cause(finding->kind, finding->cause != NULL ? finding->cause : place, out);
}

enum status finding_add(struct store_session *session, const struct finding *finding, int64_t at_ms,
                        struct error *error, const char *detail, ...)
{
    char text[1024], cause[FINDING_CAUSE_SIZE];
    struct store_query *query;
    bool opened = false;
    va_list arguments;
    enum status status;

    va_start(arguments, detail);
    (void)vsnprintf(text, sizeof text, detail, arguments);
    va_end(arguments);
    text[text_cut(text, strlen(text), DETAIL_MAX)] = '\0';
    cause_of(finding, cause);
    struct store_value values[] = {
        store_int(at_ms),
        store_text(finding->kind),
        store_text(finding->location),
        finding->epoch == NULL ? store_null() : store_blob(finding->epoch->bytes, ID_SIZE),
        store_int(finding->seq),
        store_text(text),
        store_text(cause),
        store_int(finding->again)};
    status = store_query(
        session,
        "INSERT INTO exception(at_ms, kind, location, epoch, seq, detail, cause, changed_ms) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?1) ON CONFLICT(cause) DO UPDATE SET "
        "state = 'open', assignee = '', changed_ms = excluded.changed_ms, "
        "detail = excluded.detail, seq = excluded.seq "
        "WHERE exception.state = 'settled' AND ?8 = 1 RETURNING id",
        values, 8, &query, error);
    if (status == STATUS_OK)
        status = store_next(session, query, &opened, error);
    if (status != STATUS_OK || !opened)
        return status;
    int64_t id = store_column_int(session, query, 0);
    store_done(session, query);
    return exceptions_note(session, id, "opened", "", text, at_ms, error);
}

enum status finding_over(struct store_session *session, const char *kind, const char *cause,
                         int64_t at_ms, const char *note, struct error *error)
{
    char text[FINDING_CAUSE_SIZE];
    struct store_value values[] = {store_null(), store_int(at_ms), store_text(note)};
    struct store_query *query;
    bool settled = false;
    enum status status;

    write_cause(kind, cause, text);
    values[0] = store_text(text);
    status = store_query(session,
                         "UPDATE exception SET state = 'settled', changed_ms = ?2, note = ?3 "
                         "WHERE cause = ?1 AND state <> 'settled' RETURNING id",
                         values, 3, &query, error);
    if (status == STATUS_OK)
        status = store_next(session, query, &settled, error);
    if (status != STATUS_OK || !settled)
        return status;
    int64_t id = store_column_int(session, query, 0);
    store_done(session, query);
    return exceptions_note(session, id, "settled", "", note, at_ms, error);
}
