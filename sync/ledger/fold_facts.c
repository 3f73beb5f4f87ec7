/* What is no sum, and yet made from entries and requests: compared both ways by texts. (fold.h) */
#include "sync/ledger/fold.h"

#include "sync/ledger/branch.h"
#include "sync/ledger/orders.h"
#include "terminal/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FACT_SIZE 512

/* Texts that should be there against texts that are. */
struct facts {
    struct fold *fold;
    const char *what;
    struct text_set *expected;
    int64_t expected_count, stored_count;
};

static void facts_init(struct facts *facts, struct fold *fold, const char *what)
{
    *facts = (struct facts){.fold = fold, .what = what, .expected = text_set_new()};
}

static void expect(struct facts *facts, const char *text)
{
    facts->expected_count += text_set_add(facts->expected, text, strlen(text));
}

static void meet(struct facts *facts, const char *text)
{
    facts->stored_count++;
    if (!text_set_has(facts->expected, text, strlen(text)))
        fold_differ(facts->fold, facts->what, text, 1, 0);
}

static void facts_finish(struct facts *facts)
{
    if (facts->stored_count != facts->expected_count)
        fold_differ(facts->fold, facts->what, "count", facts->stored_count, facts->expected_count);
    text_set_free(facts->expected);
}

/* A row of `columns` texts and numbers joined: all columns as text, blobs as hex. */
static void join(struct store_session *session, struct store_query *query, const char *types,
                 char out[FACT_SIZE])
{
    size_t used = 0;

    for (int i = 0; types[i] != '\0'; i++) {
        char hex[2 * HASH_SIZE + 1] = "";
        size_t length, room = FACT_SIZE - used;
        if (types[i] == 'b') {
            const void *bytes = store_column_blob(session, query, i, &length);
            if (length <= HASH_SIZE)
                hex_write(bytes, length, hex);
            used += (size_t)snprintf(out + used, room, "/%s", hex);
        } else if (types[i] == 't') {
            used += (size_t)snprintf(out + used, room, "/%s", store_column_text(session, query, i));
        } else {
            used += (size_t)snprintf(out + used, room, "/%" PRId64,
                                     store_column_int(session, query, i));
        }
        INVARIANT(used < FACT_SIZE);
    }
}

/* Every row of a query, joined, to one of the two. */
static enum status each(struct facts *facts, const char *sql, const char *types,
                        void (*take)(struct facts *facts, const char *text), struct error *error)
{
    struct store_session *session = facts->fold->session;
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session, sql, NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        char text[FACT_SIZE];
        join(session, query, types, text);
        take(facts, text);
    }
    return status;
}

/* Two queries that must give the same rows. */
static enum status same(struct fold *fold, const char *what, const char *expected,
                        const char *expected_types, const char *stored, const char *stored_types,
                        struct error *error)
{
    struct facts facts;
    enum status status;

    facts_init(&facts, fold, what);
    status = each(&facts, expected, expected_types, expect, error);
    if (status == STATUS_OK)
        status = each(&facts, stored, stored_types, meet, error);
    facts_finish(&facts);
    return status;
}

static enum status compare_suspense(struct fold *fold, struct error *error)
{
    struct store_session *session = fold->session;
    struct store_query *query;
    int64_t stored = 0;
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT entry, ordinal, sku, quantity_milli, from_location, from_status, "
                    "to_location, to_status FROM suspense",
                    NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        struct bucket from, to;
        char text[FOLD_SUSPENDED_SIZE];
        (void)snprintf(from.location, sizeof from.location, "%s",
                       store_column_text(session, query, 4));
        (void)snprintf(from.status, sizeof from.status, "%s", store_column_text(session, query, 5));
        (void)snprintf(to.location, sizeof to.location, "%s", store_column_text(session, query, 6));
        (void)snprintf(to.status, sizeof to.status, "%s", store_column_text(session, query, 7));
        fold_suspended_text(store_column_int(session, query, 0),
                            store_column_int(session, query, 1),
                            store_column_text(session, query, 2),
                            store_column_int(session, query, 3), &from, &to, text);
        stored++;
        if (!text_set_has(fold->suspended, text, strlen(text)))
            fold_differ(fold, "suspense", text, 1, 0);
    }
    if (status == STATUS_OK && stored != fold->suspended_count)
        fold_differ(fold, "suspense", "count", stored, fold->suspended_count);
    return status;
}

/* lease_use was compared as a figure: what is closed follows from it. */
static enum status compare_leases(struct fold *fold, struct error *error)
{
    int64_t wrong = 0;
    enum status status = store_one_int(
        fold->session,
        "SELECT count(*) FROM lease l WHERE l.closed <> CASE WHEN l.granted <= "
        "coalesce((SELECT CAST(sum(u.spent) AS INTEGER) FROM lease_use u WHERE u.lease = l.lease), "
        "0) + coalesce((SELECT u.returned FROM lease_use u WHERE u.lease = l.lease AND "
        "u.device = l.device), 0) THEN 1 ELSE 0 END",
        NULL, 0, 0, &wrong, error);

    if (status == STATUS_OK && wrong != 0)
        fold_differ(fold, "lease", "closed", wrong, 0);
    return status;
}

/* order_mark was compared as a figure: states follow from it and the requests. */
static enum status compare_states(struct fold *fold, struct error *error)
{
    struct store_session *session = fold->session;
    struct store_query *query;
    bool row = false;
    enum status status = store_query(
        session,
        "SELECT p.id, p.state, r.cancelled_ms, coalesce(m.picked, 0), coalesce(m.staged, 0), "
        "coalesce(m.handed_over, 0), coalesce(m.refused, 0), coalesce(m.returned, 0) "
        "FROM pickup_order p JOIN order_request r ON r.channel = p.channel AND r.id = p.id "
        "LEFT JOIN order_mark m ON m.channel = p.channel AND m.id = p.id",
        NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        int64_t sums[5];
        for (int i = 0; i < 5; i++)
            sums[i] = store_column_int(session, query, 3 + i);
        if (strcmp(store_column_text(session, query, 1),
                   orders_state(sums, store_column_int(session, query, 2))) != 0)
            fold_differ(fold, "order state", store_column_text(session, query, 0), 1, 0);
    }
    return status;
}

static void expect_lines(struct facts *facts, const char *channel, const char *id,
                         const json_t *body)
{
    size_t index;
    json_t *line;

    json_array_foreach(json_object_get(body, "lines"), index, line)
    {
        char text[FACT_SIZE];
        (void)snprintf(text, sizeof text, "/%s/%s/%s/%" PRId64 "/%s/%" PRId64,
                       json_text_or(body, "location", ""), channel, id,
                       json_int_or(line, "line", 0), json_text_or(line, "sku", ""),
                       json_int_or(line, "quantity_milli", 0));
        expect(facts, text);
    }
}

static enum status compare_lines(struct fold *fold, struct error *error)
{
    struct store_session *session = fold->session;
    struct store_query *query;
    struct facts facts;
    bool row = false;
    enum status status =
        store_query(session, "SELECT channel, id, body FROM order_request", NULL, 0, &query, error);

    facts_init(&facts, fold, "order line");
    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        const char *body = store_column_text(session, query, 2);
        json_t *request = NULL;
        if (json_read(body, strlen(body), &request, NULL) == STATUS_OK)
            expect_lines(&facts, store_column_text(session, query, 0),
                         store_column_text(session, query, 1), request);
        json_decref(request);
    }
    if (status == STATUS_OK)
        status =
            each(&facts, "SELECT location, channel, id, line, sku, quantity_milli FROM pickup_line",
                 "tttiti", meet, error);
    facts_finish(&facts);
    return status;
}

enum status fold_compare_facts(struct fold *fold, struct error *error)
{
    enum status status = compare_suspense(fold, error);

    if (status == STATUS_OK)
        status = same(fold, "watermark", FOLD_WATERMARKS, "tbbi",
                      "SELECT location, device, epoch, seq FROM watermark", "ttti", error);
    if (status == STATUS_OK)
        status = same(fold, "branch mark", FOLD_BRANCH_MARKS, "tbbtii",
                      "SELECT location, device, epoch, hash, start, seq FROM branch_mark", "ttttii",
                      error);
    if (status == STATUS_OK)
        status = compare_leases(fold, error);
    if (status == STATUS_OK)
        status = same(fold, "order", "SELECT location, channel, id, placed_ms FROM order_request",
                      "ttti", "SELECT location, channel, id, placed_ms FROM pickup_order", "ttti",
                      error);
    if (status == STATUS_OK)
        status = compare_lines(fold, error);
    return status == STATUS_OK ? compare_states(fold, error) : status;
}
