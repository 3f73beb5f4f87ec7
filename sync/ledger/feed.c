/* The change feed. In memory: the committed mark of every scope, so that a waiting reader is
 * answered without a query. change.id = feed.number << 40 | position.
 */
#include "sync/ledger/feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define POSITION_BITS 40

struct scope_mark {
    char scope[MESSAGE_SCOPE_SIZE];
    struct feed_mark mark;
};

struct feed {
    pthread_mutex_t mutex;
    struct scope_mark *marks;
    size_t count;
    void (*grown)(void *context);
    void *context;
};

/* Rows of one scope; `mark` is filled by feed_publish. */
struct draft_scope {
    char scope[MESSAGE_SCOPE_SIZE];
    struct buf body;
    size_t rows;
    bool bulk;
    struct feed_mark mark;
};

struct feed_draft {
    struct draft_scope *scopes;
    size_t count;
    size_t capacity;
};

static struct scope_mark *find_mark(struct feed *feed, const char *scope)
{
    for (size_t i = 0; i < feed->count; i++) {
        if (strcmp(feed->marks[i].scope, scope) == 0)
            return &feed->marks[i];
    }
    return NULL;
}

static void set_mark(struct feed *feed, const char *scope, struct feed_mark mark)
{
    struct scope_mark *known = find_mark(feed, scope);

    if (known == NULL) {
        feed->marks = mem_resize(feed->marks, (feed->count + 1) * sizeof *feed->marks);
        known = &feed->marks[feed->count++];
        memset(known, 0, sizeof *known);
        INVARIANT(strlen(scope) < sizeof known->scope);
        strcpy(known->scope, scope);
    }
    known->mark = mark;
}

enum status feed_open(struct store_session *session, void (*grown)(void *context), void *context,
                      struct feed **out, struct error *error)
{
    struct feed *feed = mem_alloc(sizeof *feed);
    struct store_query *query;
    bool row = false;
    enum status status;

    (void)pthread_mutex_init(&feed->mutex, NULL);
    feed->grown = grown;
    feed->context = context;
    status =
        store_query(session, "SELECT scope, position, floor FROM feed", NULL, 0, &query, error);
    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        struct feed_mark mark = {.position = store_column_int(session, query, 1),
                                 .floor = store_column_int(session, query, 2)};
        set_mark(feed, store_column_text(session, query, 0), mark);
    }
    if (status != STATUS_OK) {
        feed_close(feed);
        return status;
    }
    *out = feed;
    return STATUS_OK;
}

void feed_close(struct feed *feed)
{
    if (feed == NULL)
        return;
    (void)pthread_mutex_destroy(&feed->mutex);
    free(feed->marks);
    free(feed);
}

void feed_set_grown(struct feed *feed, void (*grown)(void *context), void *context)
{
    (void)pthread_mutex_lock(&feed->mutex);
    feed->grown = grown;
    feed->context = context;
    (void)pthread_mutex_unlock(&feed->mutex);
}

struct feed_draft *feed_draft_new(void)
{
    return mem_alloc(sizeof(struct feed_draft));
}

void feed_draft_free(struct feed_draft *draft)
{
    if (draft == NULL)
        return;
    for (size_t i = 0; i < draft->capacity; i++)
        buf_finish(&draft->scopes[i].body);
    free(draft->scopes);
    free(draft);
}

/* The buffers stay for the next transaction. */
void feed_draft_clear(struct feed_draft *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        buf_clear(&draft->scopes[i].body);
        draft->scopes[i].rows = 0;
        draft->scopes[i].bulk = false;
    }
    draft->count = 0;
}

static struct draft_scope *draft_scope(struct feed_draft *draft, const char *scope)
{
    struct draft_scope *found;

    for (size_t i = 0; i < draft->count; i++) {
        if (strcmp(draft->scopes[i].scope, scope) == 0)
            return &draft->scopes[i];
    }
    if (draft->count == draft->capacity) {
        draft->scopes = mem_resize(draft->scopes, (draft->capacity + 1) * sizeof *draft->scopes);
        buf_init(&draft->scopes[draft->capacity++].body, FEED_BULK_BYTES);
    }
    found = &draft->scopes[draft->count++];
    INVARIANT(strlen(scope) < sizeof found->scope);
    strcpy(found->scope, scope);
    found->rows = 0;
    found->bulk = false;
    return found;
}

void feed_add(struct feed_draft *draft, const char *scope, const char *row, size_t length)
{
    struct draft_scope *to = draft_scope(draft, scope);

    if (to->bulk)
        return;
    INVARIANT(memchr(row, '\n', length) == NULL);
    if (to->rows == FEED_BULK_ROWS || buf_append(&to->body, row, length) != STATUS_OK ||
        buf_append_byte(&to->body, '\n') != STATUS_OK) {
        to->bulk = true;
        return;
    }
    to->rows++;
}

void feed_add_row(struct feed_draft *draft, const struct reference_row *row, bool deleted)
{
    char scope[REFERENCE_SCOPE_SIZE];
    json_t *change;
    struct buf text;
    enum status status;

    reference_scope(row, scope);
    if (draft_scope(draft, scope)->bulk)
        return;
    change = reference_change_to_json(row, deleted);
    buf_init(&text, SIZE_MAX - 1);
    status = json_write(change, &text);
    INVARIANT(status == STATUS_OK);
    feed_add(draft, scope, text.data, text.used);
    buf_finish(&text);
    json_decref(change);
}

void feed_add_bulk(struct feed_draft *draft, const char *scope)
{
    draft_scope(draft, scope)->bulk = true;
}

static int compare_scopes(const void *a, const void *b)
{
    return strcmp(((const struct draft_scope *)a)->scope, ((const struct draft_scope *)b)->scope);
}

static int64_t change_id(int64_t number, int64_t position)
{
    return number << POSITION_BITS | position;
}

/* Raises the floor to `floor` and drops what can't be asked for any more. */
static enum status raise_floor(struct store_session *session, int64_t number, int64_t old_floor,
                               int64_t floor, struct error *error)
{
    struct store_value range[] = {store_int(change_id(number, old_floor)),
                                  store_int(change_id(number, floor))};
    struct store_value values[] = {store_int(number), store_int(floor), store_int(0)};
    int64_t dropped = 0;
    enum status status = store_one_int(
        session, "SELECT coalesce(sum(length(body)), 0) FROM change WHERE id > ?1 AND id <= ?2",
        range, 2, 0, &dropped, error);

    if (status == STATUS_OK)
        status =
            store_run(session, "DELETE FROM change WHERE id > ?1 AND id <= ?2", range, 2, error);
    values[2] = store_int(dropped);
    if (status == STATUS_OK)
        status =
            store_run(session, "UPDATE feed SET floor = ?2, bytes = bytes - ?3 WHERE number = ?1",
                      values, 3, error);
    return status;
}

static enum status publish_scope(struct draft_scope *scope, struct store_session *session,
                                 struct error *error)
{
    size_t length = scope->bulk ? 0 : scope->body.used;
    struct store_value values[] = {store_text(scope->scope), store_int((int64_t)length)};
    struct store_query *query;
    int64_t number, bytes;
    bool row = false;
    enum status status = store_query(
        session,
        "INSERT INTO feed(scope, position, floor, bytes) VALUES(?1, 1, 0, ?2) "
        "ON CONFLICT(scope) DO UPDATE SET position = feed.position + 1, bytes = feed.bytes + ?2 "
        "RETURNING number, position, floor, bytes",
        values, 2, &query, error);

    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK)
        return status;
    INVARIANT(row);
    number = store_column_int(session, query, 0);
    scope->mark.position = store_column_int(session, query, 1);
    scope->mark.floor = store_column_int(session, query, 2);
    bytes = store_column_int(session, query, 3);
    store_done(session, query);

    int64_t floor = scope->mark.floor;
    if (scope->bulk) {
        floor = scope->mark.position;
    } else {
        struct store_value change[] = {store_int(change_id(number, scope->mark.position)),
                                       store_blob(scope->body.data, length)};
        status =
            store_run(session, "INSERT INTO change(id, body) VALUES(?1, ?2)", change, 2, error);
        if (scope->mark.position - floor > FEED_KEEP_TRANSACTIONS || bytes > FEED_KEEP_BYTES)
            floor += (scope->mark.position - floor) / 2;
    }
    if (status == STATUS_OK && floor != scope->mark.floor)
        status = raise_floor(session, number, scope->mark.floor, floor, error);
    scope->mark.floor = floor;
    return status;
}

/* Counters are taken in the order of their names: two transactions never wait for each other in a
 * circle. */
enum status feed_publish(struct feed_draft *draft, struct store_session *session,
                         struct error *error)
{
    enum status status = STATUS_OK;

    if (draft->count > 1)
        qsort(draft->scopes, draft->count, sizeof *draft->scopes, compare_scopes);
    for (size_t i = 0; i < draft->count && status == STATUS_OK; i++) {
        if (draft->scopes[i].rows > 0 || draft->scopes[i].bulk)
            status = publish_scope(&draft->scopes[i], session, error);
    }
    return status;
}

void feed_published(struct feed *feed, const struct feed_draft *draft)
{
    void (*grown)(void *context);
    void *context;

    if (draft->count == 0)
        return;
    (void)pthread_mutex_lock(&feed->mutex);
    for (size_t i = 0; i < draft->count; i++) {
        if (draft->scopes[i].rows > 0 || draft->scopes[i].bulk)
            set_mark(feed, draft->scopes[i].scope, draft->scopes[i].mark);
    }
    grown = feed->grown;
    context = feed->context;
    (void)pthread_mutex_unlock(&feed->mutex);
    if (grown != NULL)
        grown(context);
}

struct feed_mark feed_mark(struct feed *feed, const char *scope)
{
    struct feed_mark mark = {0};
    const struct scope_mark *known;

    (void)pthread_mutex_lock(&feed->mutex);
    known = find_mark(feed, scope);
    if (known != NULL)
        mark = known->mark;
    (void)pthread_mutex_unlock(&feed->mutex);
    return mark;
}

bool feed_has_news(struct feed *feed, const struct changes_query *query)
{
    for (int i = 0; i < query->count; i++) {
        if (feed_mark(feed, query->cursors[i].scope).position != query->cursors[i].position)
            return true;
    }
    return false;
}

static enum status stored_mark(struct store_session *session, const char *scope, int64_t *number,
                               struct feed_mark *mark, struct error *error)
{
    struct store_value values[] = {store_text(scope)};
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(session, "SELECT number, position, floor FROM feed WHERE scope = ?1", values, 1,
                    &query, error);

    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    *number = store_column_int(session, query, 0);
    mark->position = store_column_int(session, query, 1);
    mark->floor = store_column_int(session, query, 2);
    store_done(session, query);
    return STATUS_OK;
}

static enum status write_rows(struct changes_writer *writer, const char *body, size_t length)
{
    enum status status = STATUS_OK;

    while (length > 0 && status == STATUS_OK) {
        const char *end = memchr(body, '\n', length);
        size_t row = end == NULL ? length : (size_t)(end - body);
        status = message_changes_row(writer, body, row);
        length -= end == NULL ? row : row + 1;
        body = end == NULL ? body + row : end + 1;
    }
    return status;
}

/* The scope's transactions after `cursor`, until the answer is long enough. */
static enum status answer_scope(struct store_session *session, struct changes_writer *writer,
                                const struct scope_cursor *cursor, bool *more, struct error *error)
{
    struct feed_mark mark = {0};
    struct store_query *query = NULL;
    int64_t number = 0, at = cursor->position;
    bool row = false;
    enum status status = stored_mark(session, cursor->scope, &number, &mark, error);

    if (status != STATUS_OK)
        return status;
    if (at < mark.floor || at > mark.position)
        return error_set(error, STATUS_NOT_FOUND, "take a snapshot: %s begins after %lld",
                         cursor->scope, (long long)mark.floor);
    if (at == mark.position)
        return STATUS_OK;
    if (writer->out->used >= FEED_ANSWER_BYTES) {
        *more = true;
        return STATUS_OK;
    }
    struct store_value range[] = {store_int(change_id(number, at)),
                                  store_int(change_id(number, mark.position))};
    status = message_changes_scope_start(writer, cursor->scope);
    if (status == STATUS_OK)
        status =
            store_query(session, "SELECT body FROM change WHERE id > ?1 AND id <= ?2 ORDER BY id",
                        range, 2, &query, error);
    while (status == STATUS_OK && writer->out->used < FEED_ANSWER_BYTES &&
           (status = store_next(session, query, &row, error)) == STATUS_OK && row) {
        size_t length;
        const char *body = store_column_blob(session, query, 0, &length);
        status = write_rows(writer, body, length);
        at++;
    }
    if (status != STATUS_OK)
        return status;
    if (row)
        store_done(session, query);
    INVARIANT(row || at == mark.position);
    *more = *more || at < mark.position;
    return message_changes_scope_end(writer, at);
}

enum status feed_answer(struct store_session *session, const struct changes_query *query,
                        const struct id *incarnation, int64_t time_ms, struct buf *out,
                        struct error *error)
{
    struct changes_writer writer;
    bool more = false;
    enum status status = message_changes_start(&writer, out, incarnation, time_ms);

    if (status == STATUS_OK)
        status = store_begin_read(session, error);
    if (status != STATUS_OK)
        return status;
    for (int i = 0; i < query->count && status == STATUS_OK; i++)
        status = answer_scope(session, &writer, &query->cursors[i], &more, error);
    store_rollback(session);
    return status == STATUS_OK ? message_changes_end(&writer, more) : status;
}
