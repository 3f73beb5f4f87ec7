/* Lists, steps and their history. */
#include "sync/ledger/exceptions.h"

#include "sync/ledger/branch.h"
#include "sync/ledger/event.h"
#include "terminal/base/crypto.h"
#include "terminal/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 500

/* --- looking --- */

#define COLUMNS                                                                                    \
    "id, at_ms, kind, location, epoch, seq, detail, state, assignee, changed_ms, note FROM "       \
    "exception "

static json_t *exception_json(struct store_session *session, struct store_query *query)
{
    json_t *exception = json_object();
    size_t length;
    const void *epoch = store_column_blob(session, query, 4, &length);

    json_put_int(exception, "id", store_column_int(session, query, 0));
    json_put_int(exception, "at_ms", store_column_int(session, query, 1));
    json_put_text(exception, "kind", store_column_text(session, query, 2));
    json_put_text(exception, "location", store_column_text(session, query, 3));
    if (length == ID_SIZE)
        json_put_hex(exception, "epoch", epoch, length);
    json_put_int(exception, "seq", store_column_int(session, query, 5));
    json_put_text(exception, "detail", store_column_text(session, query, 6));
    json_put_text(exception, "state", store_column_text(session, query, 7));
    json_put_text(exception, "assignee", store_column_text(session, query, 8));
    json_put_int(exception, "changed_ms", store_column_int(session, query, 9));
    json_put_text(exception, "note", store_column_text(session, query, 10));
    return exception;
}

static enum status count_state(struct store_session *session, const char *state, json_t *report,
                               struct error *error)
{
    struct store_value values[] = {store_text(state)};
    int64_t count = 0;
    enum status status = store_one_int(session, "SELECT count(*) FROM exception WHERE state = ?1",
                                       values, 1, 0, &count, error);

    json_put_int(report, state, count);
    return status;
}

/* "" is what is not settled, "all" is all. */
static enum status list_rows(struct store_session *session, int64_t after, const char *state,
                             json_t *list, struct error *error)
{
    struct store_value values[] = {store_int(after), store_text(state), store_int(LIST_MAX)};
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT " COLUMNS "WHERE id > ?1 AND (state = ?2 OR ?2 = 'all' OR "
                    "(?2 = '' AND state <> 'settled')) ORDER BY id LIMIT ?3",
                    values, 3, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row)
        json_add(list, exception_json(session, query));
    return status;
}

enum status exceptions_list(struct store_session *session, int64_t after, const char *state,
                            struct buf *out, struct error *error)
{
    json_t *report = json_object(), *list = json_array();
    enum status status = count_state(session, "open", report, error);

    if (status == STATUS_OK)
        status = count_state(session, "assigned", report, error);
    if (status == STATUS_OK)
        status = list_rows(session, after, state, list, error);
    json_put(report, "exceptions", list);
    if (status == STATUS_OK)
        status = json_write(report, out);
    json_decref(report);
    return status;
}

static enum status read_history(struct store_session *session, int64_t id, json_t *list,
                                struct error *error)
{
    struct store_value values[] = {store_int(id)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(
        session,
        "SELECT at_ms, op, who, note FROM exception_history WHERE exception = ?1 ORDER BY id",
        values, 1, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        json_t *step = json_object();
        json_put_int(step, "at_ms", store_column_int(session, query, 0));
        json_put_text(step, "op", store_column_text(session, query, 1));
        json_put_text(step, "who", store_column_text(session, query, 2));
        json_put_text(step, "note", store_column_text(session, query, 3));
        json_add(list, step);
    }
    return status;
}

enum status exceptions_show(struct store_session *session, int64_t id, struct buf *out,
                            struct error *error)
{
    struct store_value values[] = {store_int(id)};
    struct store_query *query;
    json_t *exception, *history;
    bool row = false;
    enum status status =
        store_query(session, "SELECT " COLUMNS "WHERE id = ?1", values, 1, &query, error);

    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return error_set(error, STATUS_NOT_FOUND, "there is no such exception");
    exception = exception_json(session, query);
    store_done(session, query);
    history = json_array();
    status = read_history(session, id, history, error);
    json_put(exception, "history", history);
    if (status == STATUS_OK)
        status = json_write(exception, out);
    json_decref(exception);
    return status;
}

/* --- steps --- */

static enum status tell_wanted(struct store_session *session, int64_t id, const char *event,
                               const char *op, const char *who, int64_t at_ms, struct error *error)
{
    struct store_value values[] = {store_int(id)};
    struct store_query *query;
    json_t *body = json_object();
    bool row = false;
    enum status status =
        store_query(session, "SELECT kind, location, detail FROM exception WHERE id = ?1", values,
                    1, &query, error);

    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    json_put_int(body, "id", id);
    if (status == STATUS_OK && row) {
        char *location = mem_copy_text(store_column_text(session, query, 1));
        json_put_text(body, "kind", store_column_text(session, query, 0));
        json_put_text(body, "location", location);
        if (strcmp(op, "opened") == 0) {
            json_put_text(body, "detail", store_column_text(session, query, 2));
        } else {
            json_put_text(body, "op", op);
            json_put_text(body, "who", who);
        }
        store_done(session, query);
        status = event_add(session, at_ms, event, location, body, error);
        free(location);
    }
    json_decref(body);
    return status;
}

static enum status tell(struct store_session *session, int64_t id, const char *op, const char *who,
                        int64_t at_ms, struct error *error)
{
    const char *event = strcmp(op, "opened") == 0 ? "exception.opened" : "exception.changed";
    bool wanted;
    enum status status = event_wanted(session, event, &wanted, error);

    if (status != STATUS_OK || !wanted)
        return status;
    return tell_wanted(session, id, event, op, who, at_ms, error);
}

enum status exceptions_note(struct store_session *session, int64_t id, const char *op,
                            const char *who, const char *note, int64_t at_ms, struct error *error)
{
    struct store_value values[] = {store_int(id), store_int(at_ms), store_text(op), store_text(who),
                                   store_text(note)};
    enum status status = store_run(session,
                                   "INSERT INTO exception_history(exception, at_ms, op, who, note) "
                                   "VALUES(?1, ?2, ?3, ?4, ?5)",
                                   values, 5, error);

    return status == STATUS_OK ? tell(session, id, op, who, at_ms, error) : status;
}

enum op { OP_ASSIGN, OP_SETTLE, OP_REOPEN, OP_APPLY };
static const char *const op_words[] = {"assign", "settle", "reopen", "apply"};
static const char *const op_done[] = {"assigned", "settled", "reopened", "applied"};
static const char *const op_states[] = {"assigned", "settled", "open", "settled"};

struct change {
    int64_t id;
    enum op op;
    const char *to, *note, *who;
    enum status refusal; /* STATUS_OK: done */
    const char *why;
};

static enum status refuse(struct change *change, enum status status, const char *why)
{
    change->refusal = status;
    change->why = why;
    return STATUS_OK;
}

struct standing {
    char state[16];
    char assignee[EXCEPTION_ASSIGNEE_MAX + 1];
    bool found, fork;
};

static enum status read_standing(const struct writer_turn *turn, int64_t id, struct standing *out,
                                 struct error *error)
{
    struct store_value values[] = {store_int(id)};
    struct store_query *query;
    enum status status =
        store_query(turn->session, "SELECT state, assignee, kind FROM exception WHERE id = ?1",
                    values, 1, &query, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = store_next(turn->session, query, &out->found, error);
    if (status != STATUS_OK || !out->found)
        return status;
    (void)snprintf(out->state, sizeof out->state, "%s", store_column_text(turn->session, query, 0));
    (void)snprintf(out->assignee, sizeof out->assignee, "%s",
                   store_column_text(turn->session, query, 1));
    out->fork = strcmp(store_column_text(turn->session, query, 2), "fork") == 0;
    store_done(turn->session, query);
    return STATUS_OK;
}

static enum status write_state(const struct writer_turn *turn, const struct change *change,
                               struct error *error)
{
    struct store_value values[] = {store_int(change->id), store_text(op_states[change->op]),
                                   store_text(change->op == OP_ASSIGN ? change->to : ""),
                                   store_int(turn->now_ms), store_text(change->note)};
    enum status status = store_run(turn->session,
                                   "UPDATE exception SET state = ?2, assignee = ?3, "
                                   "changed_ms = ?4, note = ?5 WHERE id = ?1",
                                   values, 5, error);

    if (status != STATUS_OK)
        return status;
    return exceptions_note(turn->session, change->id, op_done[change->op], change->who,
                           change->op == OP_ASSIGN ? change->to : change->note, turn->now_ms,
                           error);
}

static enum status run_change(void *context, const struct writer_turn *turn, struct error *error)
{
    struct change *change = context;
    struct standing standing;
    bool applied = false;
    enum status status = read_standing(turn, change->id, &standing, error);

    change->refusal = STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (!standing.found)
        return refuse(change, STATUS_NOT_FOUND, "there is no such exception");
    if (change->op == OP_ASSIGN && strcmp(standing.state, "settled") == 0)
        return refuse(change, STATUS_CONFLICT, "it is settled: reopen it first");
    if (change->op == OP_APPLY && !standing.fork)
        return refuse(change, STATUS_CONFLICT, "only a fork's branch can be applied");
    if (change->op == OP_APPLY)
        status = branch_apply(turn, change->id, change->who, &applied, error);
    if (status != STATUS_OK)
        return status;
    if (!applied && strcmp(standing.state, op_states[change->op]) == 0 &&
        (change->op != OP_ASSIGN || strcmp(standing.assignee, change->to) == 0))
        return STATUS_OK; /* it is so already */
    return write_state(turn, change, error);
}

static enum status read_change(const json_t *request, struct change *out, struct error *error)
{
    const char *op;
    int at = 0;
    enum status status = json_want_text(request, "op", 16, &op, error);

    if (status != STATUS_OK)
        return status;
    while (at < 4 && strcmp(op, op_words[at]) != 0)
        at++;
    if (at == 4)
        return error_set(error, STATUS_INVALID, "op: assign, settle, reopen or apply");
    out->op = (enum op)at;
    out->note = out->to = "";
    if (out->op == OP_ASSIGN)
        status = json_want_text(request, "to", EXCEPTION_ASSIGNEE_MAX, &out->to, error);
    if (status == STATUS_OK && json_object_get(request, "note") != NULL)
        status = json_want_text(request, "note", EXCEPTION_NOTE_MAX, &out->note, error);
    if (status == STATUS_OK && out->op == OP_ASSIGN && out->to[0] == '\0')
        status = error_set(error, STATUS_INVALID, "to: say to whom");
    return status;
}

enum status exceptions_change(struct writer *writer, int64_t id, const json_t *request,
                              const char *who, struct error *error)
{
    struct change change = {.id = id, .who = who};
    struct writer_job job = {.run = run_change, .context = &change};
    enum status status = read_change(request, &change, error);

    if (status == STATUS_OK)
        status = writer_run(writer, &job, error);
    if (status == STATUS_OK && change.refusal != STATUS_OK)
        status = error_set(error, change.refusal, "%s", change.why);
    return status;
}
