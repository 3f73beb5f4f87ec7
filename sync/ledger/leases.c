/* The tables lease (what was granted) and lease_use (what entries say of it). */
#include "sync/ledger/leases.h"

#include "sync/ledger/alerts.h"
#include "sync/ledger/finding.h"
#include "terminal/catalogue/reference.h"
#include "terminal/journal/device.h"
#include "terminal/money/money.h"

#include <stdio.h>
#include <string.h>

#define OVERSPENT "lease_overspent" /* finding.h */

/* What of a lease of the outer query's row is used. */
#define USED                                                                                       \
    "(coalesce((SELECT CAST(sum(u.spent) AS INTEGER) FROM lease_use u WHERE u.lease = "            \
    "lease.lease), 0) + coalesce((SELECT u.returned FROM lease_use u WHERE u.lease = "             \
    "lease.lease AND u.device = lease.device), 0))"

enum status leases_outstanding(struct store_session *session, const char *kind, const char *subject,
                               const char *where, int64_t *out, struct error *error)
{
    struct store_value values[] = {store_text(kind), store_text(subject), store_text(where)};

    return store_one_int(
        session,
        "SELECT CAST(coalesce(sum(CASE WHEN o.rest > 0 THEN o.rest ELSE 0 END), 0) AS INTEGER) "
        "FROM (SELECT lease.granted - " USED " AS rest FROM lease WHERE lease.kind = ?1 "
        "AND lease.subject = ?2 AND lease.closed = 0 AND "
        "CASE WHEN lease.kind = 'value' THEN lease.currency ELSE lease.location END = ?3) o",
        values, 3, 0, out, error);
}

/* --- how one stands --- */

struct standing {
    int64_t granted, used;
    int64_t foreign; /* devices that used it and do not hold it */
    bool own;        /* the device that is asked about holds it */
    char location[LOCATION_ID_SIZE];
    bool found;
};

static enum status read_standing(const struct writer_turn *turn, const char *lease,
                                 const char *device, struct standing *out, struct error *error)
{
    struct store_value values[] = {store_text(lease)};
    struct store_query *query;
    enum status status =
        store_query(turn->session,
                    "SELECT lease.granted, " USED ", lease.location, "
                    "(SELECT count(*) FROM lease_use u WHERE u.lease = lease.lease AND "
                    "u.device <> lease.device), lease.device FROM lease WHERE lease.lease = ?1",
                    values, 1, &query, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = store_next(turn->session, query, &out->found, error);
    if (status != STATUS_OK || !out->found)
        return status;
    out->granted = store_column_int(turn->session, query, 0);
    out->used = store_column_int(turn->session, query, 1);
    (void)snprintf(out->location, sizeof out->location, "%s",
                   store_column_text(turn->session, query, 2));
    out->foreign = store_column_int(turn->session, query, 3);
    out->own = strcmp(store_column_text(turn->session, query, 4), device) == 0;
    store_done(turn->session, query);
    return STATUS_OK;
}

/* It was granted again, after entries had used it: what was told of it holds no more, unless they
 * used more than that. */
static enum status settle(const struct writer_turn *turn, const char *lease, const char *device,
                          struct error *error)
{
    struct standing standing;
    enum status status = read_standing(turn, lease, device, &standing, error);

    if (status != STATUS_OK || standing.used > standing.granted || standing.foreign > 0)
        return status;
    return finding_over(turn->session, OVERSPENT, lease, turn->now_ms,
                        "granted again: this ledger was put back to an earlier state", error);
}

/* --- granting --- */

struct asking {
    const struct lease_ask *ask;
    struct lease_answer *grant;
    enum status refusal; /* STATUS_OK: granted */
    const char *why;
};

static enum status refuse(struct asking *asking, enum status status, const char *why)
{
    asking->refusal = status;
    asking->why = why;
    return STATUS_OK;
}

static void read_grant(struct store_session *session, struct store_query *query,
                       struct lease_answer *out)
{
    enum status status = hex_read(store_column_text(session, query, 0), out->lease.bytes, ID_SIZE);

    if (status == STATUS_OK)
        status = hex_read(store_column_text(session, query, 1), out->request.bytes, ID_SIZE);
    INVARIANT(status == STATUS_OK);
    (void)snprintf(out->kind, sizeof out->kind, "%s", store_column_text(session, query, 2));
    (void)snprintf(out->subject, sizeof out->subject, "%s", store_column_text(session, query, 3));
    (void)snprintf(out->currency, sizeof out->currency, "%s", store_column_text(session, query, 4));
    out->amount = store_column_int(session, query, 5);
    out->left = out->amount - store_column_int(session, query, 6);
    out->left = out->left < 0 ? 0 : out->left;
}

/* The answer that this request got before. */
static enum status find_grant(const struct writer_turn *turn, const struct lease_ask *ask,
                              struct lease_answer *out, bool *found, struct error *error)
{
    char device[ID_HEX_SIZE], request[ID_HEX_SIZE];
    struct store_value values[2];
    struct store_query *query;
    enum status status;

    *found = false;
    hex_write(ask->device.bytes, ID_SIZE, device);
    hex_write(ask->request.request.bytes, ID_SIZE, request);
    values[0] = store_text(device);
    values[1] = store_text(request);
    status =
        store_query(turn->session,
                    "SELECT lease, request, kind, subject, currency, granted, " USED " FROM lease "
                    "WHERE device = ?1 AND request = ?2",
                    values, 2, &query, error);
    if (status == STATUS_OK)
        status = store_next(turn->session, query, found, error);
    if (status != STATUS_OK || !*found)
        return status;
    read_grant(turn->session, query, out);
    store_done(turn->session, query);
    return STATUS_OK;
}

/* What there is of the subject, before any lease. */
static enum status whole_of(const struct writer_turn *turn, const struct lease_ask *ask,
                            int64_t *out, struct error *error)
{
    struct store_value values[] = {store_text(ask->request.subject),
                                   store_text(ask->request.currency)};
    struct stock_rule rule;
    enum status status;

    if (strcmp(ask->request.kind, LEASE_KIND_VALUE) == 0)
        return store_one_int(turn->session,
                             "SELECT balance_minor FROM account WHERE account = ?1 AND "
                             "currency = ?2",
                             values, 2, 0, out, error);
    values[1] = store_text(ask->location);
    status = store_one_int(turn->session,
                           "SELECT quantity_milli FROM stock WHERE sku = ?1 AND location = ?2 AND "
                           "status = 'available'",
                           values, 2, 0, out, error);
    if (status == STATUS_OK)
        status = alerts_rule(turn->session, ask->location, ask->request.subject, &rule, error);
    *out -= status == STATUS_OK ? rule.safety_milli : 0;
    return status;
}

/* What entries say of a lease that is not known: forgotten, or from somewhere else. */
static enum status used_before(const struct writer_turn *turn, const char *lease,
                               const char *device, int64_t *out, struct error *error)
{
    struct store_value values[] = {store_text(lease), store_text(device)};

    return store_one_int(
        turn->session,
        "SELECT CAST(coalesce(sum(spent + CASE WHEN device = ?2 THEN returned ELSE 0 END), 0) AS "
        "INTEGER) FROM lease_use WHERE lease = ?1",
        values, 2, 0, out, error);
}

/* What of the subject is promised to nobody; below zero when more is promised than is there. */
static enum status unpromised(const struct writer_turn *turn, const struct lease_ask *ask,
                              int64_t *out, struct error *error)
{
    bool value = strcmp(ask->request.kind, LEASE_KIND_VALUE) == 0;
    int64_t outstanding = 0;
    enum status status = whole_of(turn, ask, out, error);

    if (status == STATUS_OK)
        status =
            leases_outstanding(turn->session, ask->request.kind, ask->request.subject,
                               value ? ask->request.currency : ask->location, &outstanding, error);
    *out -= outstanding;
    return status;
}

static enum status add_lease(const struct writer_turn *turn, const struct lease_ask *ask,
                             const struct lease_answer *grant, int64_t used, struct error *error)
{
    char lease[ID_HEX_SIZE], device[ID_HEX_SIZE], request[ID_HEX_SIZE];

    hex_write(grant->lease.bytes, ID_SIZE, lease);
    hex_write(ask->device.bytes, ID_SIZE, device);
    hex_write(ask->request.request.bytes, ID_SIZE, request);
    struct store_value values[] = {store_text(lease),
                                   store_text(device),
                                   store_text(request),
                                   store_text(ask->request.kind),
                                   store_text(ask->request.subject),
                                   store_text(ask->request.currency),
                                   store_text(ask->location),
                                   store_int(grant->amount),
                                   store_int(turn->now_ms),
                                   store_int(used >= grant->amount)};
    return store_run(turn->session,
                     "INSERT INTO lease(lease, device, request, kind, subject, currency, location, "
                     "granted, granted_ms, closed) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                     values, 10, error);
}

static enum status grant_new(struct asking *asking, const struct writer_turn *turn,
                             struct error *error)
{
    const struct lease_ask *ask = asking->ask;
    struct lease_answer *grant = asking->grant;
    char lease[ID_HEX_SIZE], device[ID_HEX_SIZE];
    int64_t rest = 0, used = 0;
    enum status status = unpromised(turn, ask, &rest, error);

    grant->lease = lease_id_of(&ask->device, &ask->request.request);
    hex_write(grant->lease.bytes, ID_SIZE, lease);
    hex_write(ask->device.bytes, ID_SIZE, device);
    if (status == STATUS_OK)
        status = used_before(turn, lease, device, &used, error);
    if (status != STATUS_OK)
        return status;
    if (rest < 0 || rest + used < ask->request.least)
        return refuse(asking, STATUS_CONFLICT,
                      rest <= 0 ? "nothing is left to grant" : "less is left than is wanted");
    grant->request = ask->request.request;
    grant->amount = ask->request.amount < rest + used ? ask->request.amount : rest + used;
    grant->left = grant->amount > used ? grant->amount - used : 0;
    memcpy(grant->kind, ask->request.kind, sizeof grant->kind);
    memcpy(grant->subject, ask->request.subject, sizeof grant->subject);
    memcpy(grant->currency, ask->request.currency, sizeof grant->currency);
    status = add_lease(turn, ask, grant, used, error);
    return status == STATUS_OK && used > 0 ? settle(turn, lease, device, error) : status;
}

static enum status run_ask(void *context, const struct writer_turn *turn, struct error *error)
{
    struct asking *asking = context;
    const struct lease_request *request = &asking->ask->request;
    bool found;
    enum status status = find_grant(turn, asking->ask, asking->grant, &found, error);

    asking->refusal = STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (!found)
        return grant_new(asking, turn, error);
    return strcmp(asking->grant->kind, request->kind) == 0 &&
                   strcmp(asking->grant->subject, request->subject) == 0
               ? STATUS_OK
               : refuse(asking, STATUS_EXISTS, "the request was for another subject");
}

static enum status check_ask(const struct lease_ask *ask, struct error *error)
{
    bool value = strcmp(ask->request.kind, LEASE_KIND_VALUE) == 0;
    struct currency currency;

    if (!value && strcmp(ask->request.kind, LEASE_KIND_STOCK) != 0)
        return error_set(error, STATUS_INVALID, "kind: value or stock");
    if (value && !effect_id_sound(ask->request.subject, EFFECT_ACCOUNT_MAX))
        return error_set(error, STATUS_INVALID, "subject: no account's id");
    if (!value &&
        (ask->request.subject[0] == '\0' || strlen(ask->request.subject) > REFERENCE_KEY_MAX))
        return error_set(error, STATUS_INVALID, "subject: no SKU");
    if (value ? currency_find(ask->request.currency, &currency) != STATUS_OK
              : ask->request.currency[0] != '\0')
        return error_set(error, STATUS_INVALID, "currency: an account has one, stock has none");
    if (ask->request.amount <= 0 || ask->request.amount > EFFECT_MONEY_MAX)
        return error_set(error, STATUS_INVALID, "amount: more than nothing");
    return STATUS_OK;
}

enum status leases_ask(struct writer *writer, const struct lease_ask *ask, struct lease_answer *out,
                       struct error *error)
{
    struct asking asking = {.ask = ask, .grant = out};
    struct writer_job job = {.run = run_ask, .context = &asking};
    enum status status = check_ask(ask, error);

    if (status == STATUS_OK)
        status = writer_run(writer, &job, error);
    if (status == STATUS_OK && asking.refusal != STATUS_OK)
        status = error_set(error, asking.refusal, "%s", asking.why);
    return status;
}

enum status leases_of_device(struct store_session *session, const struct id *device,
                             struct lease_answer *out, int max, int *count, struct error *error)
{
    char hex[ID_HEX_SIZE];
    struct store_value values[] = {store_null(), store_int(max)};
    struct store_query *query;
    bool row = false;
    enum status status;

    *count = 0;
    hex_write(device->bytes, ID_SIZE, hex);
    values[0] = store_text(hex);
    status =
        store_query(session,
                    "SELECT lease, request, kind, subject, currency, granted, " USED " FROM lease "
                    "WHERE device = ?1 AND closed = 0 ORDER BY granted_ms, lease LIMIT ?2",
                    values, 2, &query, error);
    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row)
        read_grant(session, query, &out[(*count)++]);
    return status;
}

/* --- use --- */

/* One exception, and another look by a person only when it begins anew: what had been told was
 * settled, and now it goes beyond. */
enum status leases_judge(const struct writer_turn *turn, const char *lease, const char *device,
                         const int64_t before[2], const int64_t after[2], struct error *error)
{
    struct standing standing;
    struct store_value values[] = {store_text(lease)};
    struct finding finding = {.kind = OVERSPENT, .cause = lease};
    enum status status = read_standing(turn, lease, device, &standing, error);
    int64_t grown = after[0] - before[0] + (standing.own ? after[1] - before[1] : 0);

    finding.location = standing.location;
    if (status != STATUS_OK)
        return status;
    if (!standing.found)
        return finding_add(turn->session, &finding, turn->now_ms, error,
                           "lease %s was never granted here; device %s used it", lease, device);
    if (standing.used >= standing.granted)
        status = store_run(turn->session, "UPDATE lease SET closed = 1 WHERE lease = ?1", values, 1,
                           error);
    if (status == STATUS_OK && standing.used > standing.granted) {
        finding.again = standing.used - grown <= standing.granted;
        return finding_add(turn->session, &finding, turn->now_ms, error,
                           "lease %s: %lld granted, %lld spent and returned", lease,
                           (long long)standing.granted, (long long)standing.used);
    }
    if (status != STATUS_OK || standing.foreign == 0)
        return status;
    finding.again = !standing.own && before[0] + before[1] == 0;
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "lease %s was used by device %s, which does not hold it", lease, device);
}

/* What a lease is of, and where. */
struct subject {
    char kind[LEASE_KIND_SIZE];
    char subject[LEASE_SUBJECT_SIZE];
    char currency[LEASE_CURRENCY_SIZE];
    char location[LOCATION_ID_SIZE];
    bool found;
};

static enum status read_subject(const struct writer_turn *turn, const char *lease,
                                struct subject *out, struct error *error)
{
    struct store_value values[] = {store_text(lease)};
    struct store_query *query;
    enum status status = store_query(
        turn->session, "SELECT kind, subject, currency, location FROM lease WHERE lease = ?1",
        values, 1, &query, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = store_next(turn->session, query, &out->found, error);
    if (status != STATUS_OK || !out->found)
        return status;
    (void)snprintf(out->kind, sizeof out->kind, "%s", store_column_text(turn->session, query, 0));
    (void)snprintf(out->subject, sizeof out->subject, "%s",
                   store_column_text(turn->session, query, 1));
    (void)snprintf(out->currency, sizeof out->currency, "%s",
                   store_column_text(turn->session, query, 2));
    (void)snprintf(out->location, sizeof out->location, "%s",
                   store_column_text(turn->session, query, 3));
    store_done(turn->session, query);
    return STATUS_OK;
}

static bool took_from_account(const struct effect *effect, const struct subject *subject,
                              int64_t amount)
{
    const char *texts = effect->texts.data;
    int64_t taken = 0; /* of each account at most EFFECT_MONEY_MAX an item */

    for (size_t i = 0; i < effect->count && taken < amount; i++) {
        const struct posting *posting = &effect->postings[i];
        if (posting->figure == FIGURE_ACCOUNT && posting->sum[0] < 0 &&
            strcmp(texts + posting->key[0], subject->subject) == 0 &&
            strcmp(texts + posting->key[1], subject->currency) == 0)
            taken -= posting->sum[0];
    }
    return taken >= amount;
}

static bool moved_item(const struct effect *effect, const struct subject *subject)
{
    for (size_t i = 0; i < effect->moves.count; i++) {
        if (strcmp(effect->moves.items[i].sku, subject->subject) == 0)
            return true;
    }
    return false;
}

static enum status match_use(const struct writer_turn *turn, const struct effect *effect,
                             const struct posting *use, struct error *error)
{
    const char *lease = effect->texts.data + use->key[0];
    struct finding finding = {.kind = OVERSPENT, .cause = lease, .again = true};
    struct subject subject;
    enum status status = read_subject(turn, lease, &subject, error);

    if (status != STATUS_OK || !subject.found)
        return status;
    if (strcmp(subject.kind, LEASE_KIND_VALUE) == 0
            ? took_from_account(effect, &subject, use->sum[0])
            : moved_item(effect, &subject))
        return STATUS_OK;
    finding.location = subject.location;
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "lease %s on %s was used for something else", lease, subject.subject);
}

enum status leases_match(const struct writer_turn *turn, const struct effect *effect,
                         struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < effect->count && status == STATUS_OK; i++) {
        const struct posting *posting = &effect->postings[i];
        if (posting->figure == FIGURE_LEASE_USE && posting->sum[0] > 0)
            status = match_use(turn, effect, posting, error);
    }
    return status;
}

enum status leases_refold(const struct writer_turn *turn, struct error *error)
{
    return store_run(turn->session,
                     "UPDATE lease SET closed = CASE WHEN granted <= " USED " THEN 1 ELSE 0 END",
                     NULL, 0, error);
}
