/* Which deliveries are due, built and signed. */
#include "sync/ledger/webhooks.h"
#include "terminal/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES 32
#define SCAN_MAX     1000 /* events that are looked through for one delivery */
#define HEADER_SIZE  (32 + HASH_HEX_SIZE)

/* A live webhook whose time has come. */
struct due {
    char name[WEBHOOK_NAME_SIZE];
    char url[WEBHOOK_URL_SIZE];
    char events[260];
    uint8_t secret[SECRET_BYTES];
    int64_t position;
    bool alone; /* it failed: one event at a time */
};

/* What was found for one. */
struct found {
    json_t *events; /* owned */
    int64_t first, last;
    int64_t seen; /* the last event that was looked at */
    size_t bytes;
    bool full;
};

static bool read_due(struct store_session *reader, struct store_query *query, struct due *due)
{
    size_t length;
    const void *secret = store_column_blob(reader, query, 3, &length);

    if (length != SECRET_BYTES || strlen(store_column_text(reader, query, 0)) >= sizeof due->name ||
        strlen(store_column_text(reader, query, 1)) >= sizeof due->url ||
        strlen(store_column_text(reader, query, 2)) >= sizeof due->events)
        return false;
    memcpy(due->secret, secret, length);
    strcpy(due->name, store_column_text(reader, query, 0));
    strcpy(due->url, store_column_text(reader, query, 1));
    strcpy(due->events, store_column_text(reader, query, 2));
    due->position = store_column_int(reader, query, 4);
    due->alone = store_column_int(reader, query, 5) > 0;
    return true;
}

static enum status load_due(struct store_session *reader, int64_t now_ms, struct due *all,
                            int *count, struct error *error)
{
    struct store_value values[] = {store_int(now_ms)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(reader,
                                     "SELECT name, url, events, secret, position, tries "
                                     "FROM webhook WHERE removed_ms = 0 AND next_ms <= ?1 "
                                     "ORDER BY name",
                                     values, 1, &query, error);

    *count = 0;
    while (status == STATUS_OK && *count < WEBHOOKS_MAX &&
           (status = store_next(reader, query, &row, error)) == STATUS_OK && row)
        *count += read_due(reader, query, &all[*count]);
    if (row)
        store_done(reader, query);
    return status;
}

static bool wants(const struct due *due, const char *kind)
{
    char word[80];

    (void)snprintf(word, sizeof word, " %s ", kind);
    return strcmp(due->events, " * ") == 0 || strstr(due->events, word) != NULL;
}

/* Adds the event in the row, or sees that it does not fit any more. */
static void take_event(struct store_session *reader, struct store_query *query,
                       const struct due *due, struct found *found)
{
    const char *body = store_column_text(reader, query, 4);
    size_t count = json_array_size(found->events);
    json_t *event, *content;

    if (!wants(due, store_column_text(reader, query, 2))) {
        found->seen = store_column_int(reader, query, 0);
        return;
    }
    found->full = count > 0 && (due->alone || count >= WEBHOOK_EVENTS ||
                                found->bytes + strlen(body) > WEBHOOK_BYTES);
    if (found->full)
        return;
    found->bytes += strlen(body);
    found->seen = found->last = store_column_int(reader, query, 0);
    if (count == 0)
        found->first = found->last;
    event = json_object();
    json_put_int(event, "id", found->last);
    json_put_int(event, "at_ms", store_column_int(reader, query, 1));
    json_put_text(event, "kind", store_column_text(reader, query, 2));
    json_put_text(event, "location", store_column_text(reader, query, 3));
    content = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
    json_put(event, "body", content == NULL ? json_object() : content);
    json_add(found->events, event);
}

static enum status find_events(struct store_session *reader, const struct due *due,
                               struct found *found, struct error *error)
{
    struct store_value values[] = {store_int(due->position), store_int(SCAN_MAX)};
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(reader,
                    "SELECT id, at_ms, kind, location, body FROM event WHERE id > ?1 "
                    "ORDER BY id LIMIT ?2",
                    values, 2, &query, error);

    *found = (struct found){.events = json_array(), .seen = due->position};
    while (status == STATUS_OK && !found->full &&
           (status = store_next(reader, query, &row, error)) == STATUS_OK && row)
        take_event(reader, query, due, found);
    if (row)
        store_done(reader, query);
    return status;
}

static void sign(const struct due *due, int64_t now_ms, const struct buf *body, char *out,
                 size_t size)
{
    struct buf text;
    struct hash hash;
    char hex[HASH_HEX_SIZE];
    enum status status;

    buf_init(&text, SIZE_MAX - 1);
    status = buf_printf(&text, "%lld.", (long long)(now_ms / 1000));
    if (status == STATUS_OK)
        status = buf_append(&text, body->data, body->used);
    INVARIANT(status == STATUS_OK);
    hash = hmac_bytes(due->secret, SECRET_BYTES, text.data, text.used);
    hex_write(hash.bytes, HASH_SIZE, hex);
    (void)snprintf(out, size, "t=%lld,v1=%s", (long long)(now_ms / 1000), hex);
    buf_finish(&text);
}

/* The delivery, from what was found. */
static enum status build(const struct due *due, const struct found *found, int64_t now_ms,
                         json_t *deliveries, struct error *error)
{
    json_t *content = json_object(), *delivery;
    char signature[HEADER_SIZE];
    struct buf body;
    enum status status;

    buf_init(&body, 4 * WEBHOOK_BYTES + ((size_t)2 << 20));
    json_put_text(content, "webhook", due->name);
    json_put_int(content, "first", found->first);
    json_put_int(content, "last", found->last);
    json_put(content, "events", json_incref(found->events));
    status = json_write(content, &body);
    json_decref(content);
    if (status == STATUS_OK) {
        sign(due, now_ms, &body, signature, sizeof signature);
        delivery = json_object();
        json_put_text(delivery, "webhook", due->name);
        json_put_text(delivery, "url", due->url);
        json_put_int(delivery, "first", found->first);
        json_put_int(delivery, "last", found->last);
        json_put_text(delivery, "signature", signature);
        json_put_text(delivery, "body", buf_text(&body));
        json_add(deliveries, delivery);
    } else {
        status = error_set(error, status, "a delivery is too large");
    }
    buf_finish(&body);
    return status;
}

/* Nothing in the way was wanted: the position follows, so that events can be pruned. */
struct passing {
    const struct due *due;
    int64_t seen;
};

static enum status run_pass(void *context, const struct writer_turn *turn, struct error *error)
{
    const struct passing *passing = context;
    struct store_value values[] = {store_text(passing->due->name),
                                   store_int(passing->due->position), store_int(passing->seen)};

    return store_run(turn->session,
                     "UPDATE webhook SET position = ?3 WHERE name = ?1 AND position = ?2", values,
                     3, error);
}

static enum status add_one(struct writer *writer, struct store_session *reader,
                           const struct due *due, int64_t now_ms, json_t *deliveries,
                           struct error *error)
{
    struct found found;
    enum status status = find_events(reader, due, &found, error);

    if (status == STATUS_OK && json_array_size(found.events) > 0) {
        status = build(due, &found, now_ms, deliveries, error);
    } else if (status == STATUS_OK && found.seen > due->position) {
        struct passing passing = {.due = due, .seen = found.seen};
        struct writer_job job = {.run = run_pass, .context = &passing};
        status = writer_run(writer, &job, error);
    }
    json_decref(found.events);
    return status;
}

enum status webhooks_due(struct writer *writer, struct store_session *reader, int64_t now_ms,
                         struct buf *out, struct error *error)
{
    struct due *all = mem_alloc(WEBHOOKS_MAX * sizeof *all);
    json_t *answer = json_object(), *deliveries = json_array();
    int count = 0;
    enum status status = load_due(reader, now_ms, all, &count, error);

    for (int i = 0; i < count && status == STATUS_OK; i++)
        status = add_one(writer, reader, &all[i], now_ms, deliveries, error);
    json_put(answer, "deliveries", deliveries);
    if (status == STATUS_OK && json_write(answer, out) != STATUS_OK)
        status = error_set(error, STATUS_RANGE, "the answer is too large");
    json_decref(answer);
    secret_wipe(all, WEBHOOKS_MAX * sizeof *all);
    free(all);
    return status;
}
