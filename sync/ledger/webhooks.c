/* Subscriptions, and what becomes of deliveries. What is due is webhooks_due.c's. */
#include "sync/ledger/webhooks.h"

#include "sync/ledger/finding.h"
#include "terminal/base/json.h"

#include <stdio.h>
#include <string.h>

#define SECRET_BYTES   32
#define BACKOFF_MOST_S 3600
#define EVENTS_SIZE    256

struct subscription {
    const char *name, *url;
    char events[EVENTS_SIZE]; /* " word word " */
    uint8_t secret[SECRET_BYTES];
    enum { ADDED, TAKEN, FULL } outcome;
};

/* The host is this computer's own name or number. */
static bool loopback(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(host, names[i], length) == 0 && strchr("/:", host[length]) != NULL)
            return true;
    }
    return false;
}

static enum status check_url(const char *url, struct error *error)
{
    size_t length = strlen(url);

    if (length >= WEBHOOK_URL_SIZE || strcspn(url, " \t\r\n#\"\\@") != length)
        return error_set(error, STATUS_INVALID, "the url is too long, or has what no url has");
    if (strncmp(url, "https://", 8) == 0 && strchr("/?:", url[8]) == NULL)
        return STATUS_OK;
    if (strncmp(url, "http://", 7) == 0 && loopback(url + 7))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "a webhook's url is https://HOST/...");
}

/* Words of small letters and points, or one "*"; kept between spaces. */
static enum status read_events(const char *text, char out[EVENTS_SIZE], struct error *error)
{
    size_t used = 0;

    out[used++] = ' ';
    for (text += strspn(text, " ,"); *text != '\0'; text += strspn(text, " ,")) {
        size_t length = strcspn(text, " ,");
        bool all = length == 1 && text[0] == '*' && used == 1;
        if ((!all && strspn(text, "abcdefghijklmnopqrstuvwxyz.") < length) ||
            used + length + 2 > EVENTS_SIZE)
            return error_set(error, STATUS_INVALID, "events are words as sale, stock.low or *");
        memcpy(out + used, text, length);
        used += length;
        out[used++] = ' ';
        text += length;
    }
    out[used] = '\0';
    return used > 1 ? STATUS_OK : error_set(error, STATUS_INVALID, "say which events");
}

static bool name_valid(const char *name)
{
    size_t length =
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    return length > 0 && length < WEBHOOK_NAME_SIZE && name[length] == '\0';
}

static enum status run_add(void *context, const struct writer_turn *turn, struct error *error)
{
    struct subscription *one = context;
    struct store_value values[] = {store_text(one->name), store_text(one->url),
                                   store_text(one->events), store_blob(one->secret, SECRET_BYTES),
                                   store_int(turn->now_ms)};
    int64_t count = 0, added = 0;
    enum status status =
        store_one_int(turn->session, "SELECT count(*) FROM webhook WHERE removed_ms = 0", NULL, 0,
                      0, &count, error);

    one->outcome = count >= WEBHOOKS_MAX ? FULL : ADDED;
    if (status != STATUS_OK || one->outcome == FULL)
        return status;
    status = store_run(turn->session, "DELETE FROM webhook WHERE name = ?1 AND removed_ms > 0",
                       values, 1, error);
    if (status == STATUS_OK)
        status = store_run_counted(
            turn->session,
            "INSERT INTO webhook(name, url, events, secret, created_ms, position) "
            "SELECT ?1, ?2, ?3, ?4, ?5, COALESCE(MAX(id), 0) FROM event WHERE 1 = 1 "
            "ON CONFLICT DO NOTHING",
            values, 5, &added, error);
    if (added == 0)
        one->outcome = TAKEN;
    return status;
}

enum status webhooks_add(struct writer *writer, const struct entropy *entropy, const char *name,
                         const char *url, const char *events, char secret[WEBHOOK_SECRET_SIZE],
                         struct error *error)
{
    struct subscription one = {.name = name, .url = url};
    struct writer_job job = {.run = run_add, .context = &one};
    enum status status = STATUS_OK;

    if (!name_valid(name))
        status = error_set(error, STATUS_INVALID,
                           "a webhook's name is 1 to %d letters, digits, '-', '_' or '.'",
                           WEBHOOK_NAME_SIZE - 1);
    if (status == STATUS_OK)
        status = check_url(url, error);
    if (status == STATUS_OK)
        status = read_events(events, one.events, error);
    if (status != STATUS_OK)
        return status;
    entropy_fill(entropy, one.secret, sizeof one.secret);
    hex_write(one.secret, sizeof one.secret, secret);
    status = writer_run(writer, &job, error);
    secret_wipe(one.secret, sizeof one.secret);
    if (status == STATUS_OK && one.outcome == TAKEN)
        return error_set(error, STATUS_EXISTS, "there is a webhook %s already", name);
    if (status == STATUS_OK && one.outcome == FULL)
        return error_set(error, STATUS_CONFLICT, "there are %d webhooks already", WEBHOOKS_MAX);
    return status;
}

/* What every live webhook has, or nobody wants, but never the newest: ids only grow. */
static enum status prune(struct store_session *session, struct error *error)
{
    return store_run(session,
                     "DELETE FROM event WHERE id < (SELECT MAX(id) FROM event) AND id <= "
                     "(SELECT COALESCE(MIN(position), 9223372036854775807) FROM webhook "
                     "WHERE removed_ms = 0)",
                     NULL, 0, error);
}

struct removal {
    const char *name;
    int64_t changed;
};

static enum status run_remove(void *context, const struct writer_turn *turn, struct error *error)
{
    struct removal *removal = context;
    struct store_value values[] = {store_text(removal->name), store_int(turn->now_ms)};
    enum status status = store_run_counted(
        turn->session, "UPDATE webhook SET removed_ms = ?2 WHERE name = ?1 AND removed_ms = 0",
        values, 2, &removal->changed, error);

    return status == STATUS_OK ? prune(turn->session, error) : status;
}

enum status webhooks_remove(struct writer *writer, const char *name, struct error *error)
{
    struct removal removal = {.name = name};
    struct writer_job job = {.run = run_remove, .context = &removal};
    enum status status = writer_run(writer, &job, error);

    if (status == STATUS_OK && removal.changed == 0)
        return error_set(error, STATUS_NOT_FOUND, "there is no such webhook");
    return status;
}

enum status webhooks_list(struct store_session *reader, struct buf *out, struct error *error)
{
    static const char *const numbers[] = {"created_ms", "position", "waiting", "delivered",
                                          "dead",       "tries",    "next_ms", "last_status"};
    json_t *answer = json_object(), *list = json_array();
    struct store_query *query;
    bool row = false;
    enum status status = store_query(
        reader,
        "SELECT name, url, events, created_ms, position, "
        "(SELECT count(*) FROM event WHERE id > position), delivered, dead, tries, next_ms, "
        "last_status FROM webhook WHERE removed_ms = 0 ORDER BY name",
        NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(reader, query, &row, error)) == STATUS_OK &&
           row) {
        json_t *one = json_object();
        json_put_text(one, "name", store_column_text(reader, query, 0));
        json_put_text(one, "url", store_column_text(reader, query, 1));
        json_put_text(one, "events", store_column_text(reader, query, 2));
        for (int i = 0; i < (int)(sizeof numbers / sizeof numbers[0]); i++)
            json_put_int(one, numbers[i], store_column_int(reader, query, 3 + i));
        json_add(list, one);
    }
    json_put(answer, "webhooks", list);
    if (status == STATUS_OK && json_write(answer, out) != STATUS_OK)
        status = error_set(error, STATUS_RANGE, "the answer is too large");
    json_decref(answer);
    return status;
}

/* ---- what became of a delivery --------------------------------------------------------------- */

struct report {
    const char *name;
    int64_t first, last;
    int http_status;
    uint32_t chance; /* which part of the backoff */
    bool found;
};

static enum status delivered(const struct report *report, const struct writer_turn *turn,
                             struct error *error)
{
    struct store_value values[] = {store_text(report->name), store_int(report->last),
                                   store_int(report->http_status)};
    enum status status =
        store_run(turn->session,
                  "UPDATE webhook SET delivered = delivered + 1, position = ?2, tries = 0, "
                  "next_ms = 0, last_status = ?3 WHERE name = ?1",
                  values, 3, error);

    return status == STATUS_OK ? prune(turn->session, error) : status;
}

static enum status give_up(const struct report *report, const struct writer_turn *turn,
                           struct error *error)
{
    /* One for each webhook, however much it does not take: that is told by webhooks, too. */
    struct finding finding = {
        .kind = "webhook", .location = "", .cause = report->name, .again = true};
    struct store_value values[] = {store_text(report->name), store_int(report->last),
                                   store_int(report->http_status)};
    enum status status =
        store_run(turn->session,
                  "UPDATE webhook SET dead = dead + 1, position = ?2, tries = 0, next_ms = 0, "
                  "last_status = ?3 WHERE name = ?1",
                  values, 3, error);

    if (status == STATUS_OK)
        status =
            finding_add(turn->session, &finding, turn->now_ms, error,
                        "webhook %s did not take event %lld in %d tries (last answer %d)",
                        report->name, (long long)report->first, WEBHOOK_TRIES, report->http_status);
    return status == STATUS_OK ? prune(turn->session, error) : status;
}

/* Full jitter: a random part of a time that doubles. */
static int64_t backoff_ms(int64_t tries, uint32_t chance)
{
    int64_t most_s = tries < 12 ? INT64_C(1) << tries : BACKOFF_MOST_S;

    most_s = most_s > BACKOFF_MOST_S ? BACKOFF_MOST_S : most_s;
    return (int64_t)(chance % (uint64_t)(most_s * 1000)) + 1;
}

static enum status failed(const struct report *report, const struct writer_turn *turn,
                          int64_t tries, struct error *error)
{
    struct store_value values[] = {store_text(report->name), store_int(tries),
                                   store_int(turn->now_ms + backoff_ms(tries, report->chance)),
                                   store_int(report->http_status)};

    return store_run(turn->session,
                     "UPDATE webhook SET tries = ?2, next_ms = ?3, last_status = ?4 "
                     "WHERE name = ?1",
                     values, 4, error);
}

static enum status run_report(void *context, const struct writer_turn *turn, struct error *error)
{
    struct report *report = context;
    struct store_value values[] = {store_text(report->name)};
    int64_t tries = -1, position = 0;
    enum status status =
        store_one_int(turn->session, "SELECT tries FROM webhook WHERE name = ?1 AND removed_ms = 0",
                      values, 1, -1, &tries, error);

    if (status == STATUS_OK)
        status = store_one_int(turn->session, "SELECT position FROM webhook WHERE name = ?1",
                               values, 1, 0, &position, error);
    report->found = tries >= 0;
    if (status != STATUS_OK || !report->found || position >= report->first)
        return status; /* told before */
    if (report->http_status >= 200 && report->http_status <= 299)
        return delivered(report, turn, error);
    /* Only a single event is given up: which one of several it was is not known. */
    if (tries + 1 >= WEBHOOK_TRIES && report->first == report->last)
        return give_up(report, turn, error);
    return failed(report, turn, tries + 1, error);
}

enum status webhooks_report(struct writer *writer, const struct entropy *entropy, const char *name,
                            int64_t first, int64_t last, int http_status, struct error *error)
{
    struct report report = {.name = name, .first = first, .last = last, .http_status = http_status};
    struct writer_job job = {.run = run_report, .context = &report};
    enum status status;

    if (first < 1 || last < first)
        return error_set(error, STATUS_INVALID, "first and last are not those of a delivery");
    entropy_fill(entropy, &report.chance, sizeof report.chance);
    status = writer_run(writer, &job, error);
    if (status == STATUS_OK && !report.found)
        return error_set(error, STATUS_NOT_FOUND, "there is no such webhook");
    return status;
}
