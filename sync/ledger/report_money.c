/* The day's money of a location, as plain JSON. (report.h)
 *
 * Decimals are written as text: the report is put together by hand from parts that the JSON writer
 * makes. Rows come in the order of date, currency and what; sums are kept beside them. */
#include "sync/ledger/availability.h"
#include "sync/ledger/report.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"
#include "terminal/money/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 4096
#define TEXT_MAX  ((size_t)16 << 20)

/* One figure of one day, or of all. */
struct line {
    char date[LOCAL_DATE_SIZE];
    char currency[4];
    char what[64];
    int64_t minor, count;
};

struct money_report {
    const struct report_money_query *query;
    char currency[4]; /* the location's */
    struct buf out;
    struct line *sums;
    size_t count;
    char date[LOCAL_DATE_SIZE], group[4]; /* that are open in the text */
};

/* Every piece fits: the report has a ceiling of its own. */
static void put(struct buf *out, const char *text)
{
    enum status status = buf_append_text(out, text);
    INVARIANT(status == STATUS_OK);
}

static void put_quoted(struct buf *out, const char *text)
{
    json_t *value = json_string(text);
    char *quoted = value == NULL ? NULL : json_dumps(value, JSON_ENCODE_ANY);

    put(out, quoted == NULL ? "\"\"" : quoted);
    free(quoted);
    json_decref(value);
}

/* ,"gross":{"minor":1250,"amount":12.50,"count":1} */
static void put_line(struct buf *out, const struct line *line, bool first)
{
    struct currency currency;
    char amount[MONEY_TEXT_SIZE];
    enum status status;

    if (currency_find(line->currency, &currency) != STATUS_OK)
        currency = (struct currency){.code = "", .exponent = 2};
    money_write((struct money){line->minor}, &currency, amount);
    put(out, first ? "" : ",");
    put_quoted(out, line->what);
    status = buf_printf(out, ":{\"minor\":%" PRId64 ",\"amount\":%s,\"count\":%" PRId64 "}",
                        line->minor, amount, line->count);
    INVARIANT(status == STATUS_OK);
}

static void add_sum(struct money_report *report, const struct line *line)
{
    struct line *sum = NULL;

    for (size_t i = 0; i < report->count && sum == NULL; i++) {
        if (strcmp(report->sums[i].currency, line->currency) == 0 &&
            strcmp(report->sums[i].what, line->what) == 0)
            sum = &report->sums[i];
    }
    if (sum == NULL && report->count < LINES_MAX) {
        report->sums[report->count++] = *line;
    } else if (sum != NULL) {
        sum->minor += line->minor; /* each is far below what a sum of days could overflow */
        sum->count += line->count;
    }
}

static void close_group(struct money_report *report)
{
    put(&report->out, report->group[0] == '\0' ? "" : "}");
    report->group[0] = '\0';
}

static void close_date(struct money_report *report)
{
    close_group(report);
    put(&report->out, report->date[0] == '\0' ? "" : "}");
    report->date[0] = '\0';
}

/* Opens what the line belongs to. */
static bool open_groups(struct money_report *report, const struct line *line)
{
    bool first_date = report->date[0] == '\0';

    if (strcmp(report->date, line->date) != 0) {
        close_date(report);
        put(&report->out, first_date ? "{\"date\":" : ",{\"date\":");
        put_quoted(&report->out, line->date);
        memcpy(report->date, line->date, sizeof report->date);
    }
    if (strcmp(report->group, line->currency) == 0)
        return false;
    close_group(report);
    put(&report->out, ",");
    put_quoted(&report->out, line->currency);
    put(&report->out, ":{");
    memcpy(report->group, line->currency, sizeof report->group);
    return true;
}

static enum status read_currency(struct store_session *session, struct money_report *report,
                                 struct error *error)
{
    struct store_value values[] = {store_text(report->query->location)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session, "SELECT currency FROM location WHERE location = ?1",
                                     values, 1, &query, error);

    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return error_set(error, STATUS_NOT_FOUND, "there is no such location");
    (void)snprintf(report->currency, sizeof report->currency, "%s",
                   store_column_text(session, query, 0));
    store_done(session, query);
    return STATUS_OK;
}

/* What names no currency counts in the location's: that is decided here, in the order. */
static enum status read_lines(struct store_session *session, struct money_report *report,
                              struct error *error)
{
    const struct report_money_query *asked = report->query;
    struct store_value values[] = {store_text(asked->location), store_text(asked->from),
                                   store_text(asked->to), store_text(report->currency)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(
        session,
        "SELECT business_date, CASE WHEN currency = '' THEN ?4 ELSE currency END AS money_of, "
        "what, CAST(sum(amount_minor) AS INTEGER), CAST(sum(count) AS INTEGER) FROM money "
        "WHERE location = ?1 AND (?2 = '' OR business_date >= ?2) AND "
        "(?3 = '' OR business_date <= ?3) GROUP BY business_date, money_of, what "
        "ORDER BY business_date, money_of, what LIMIT 20000",
        values, 4, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        struct line line = {.minor = store_column_int(session, query, 3),
                            .count = store_column_int(session, query, 4)};
        (void)snprintf(line.date, sizeof line.date, "%s", store_column_text(session, query, 0));
        (void)snprintf(line.currency, sizeof line.currency, "%s",
                       store_column_text(session, query, 1));
        (void)snprintf(line.what, sizeof line.what, "%s", store_column_text(session, query, 2));
        put_line(&report->out, &line, open_groups(report, &line));
        add_sum(report, &line);
    }
    close_date(report);
    return status;
}

static int compare_lines(const void *a, const void *b)
{
    const struct line *one = a, *two = b;
    int order = strcmp(one->currency, two->currency);

    return order != 0 ? order : strcmp(one->what, two->what);
}

static void put_sums(struct money_report *report)
{
    qsort(report->sums, report->count, sizeof *report->sums, compare_lines);
    put(&report->out, "],\"sums\":{");
    for (size_t i = 0; i < report->count; i++) {
        const struct line *line = &report->sums[i];
        bool first = i == 0 || strcmp(line->currency, report->sums[i - 1].currency) != 0;
        if (first) {
            put(&report->out, i == 0 ? "" : "},");
            put_quoted(&report->out, line->currency);
            put(&report->out, ":{");
        }
        put_line(&report->out, line, first);
    }
    put(&report->out, report->count == 0 ? "}" : "}}");
}

static enum status write_report(struct store_session *session, struct money_report *report,
                                struct error *error)
{
    int64_t heard_ms = 0;
    enum status status;

    put(&report->out, "{\"location\":");
    put_quoted(&report->out, report->query->location);
    put(&report->out, ",\"from\":");
    put_quoted(&report->out, report->query->from);
    put(&report->out, ",\"to\":");
    put_quoted(&report->out, report->query->to);
    put(&report->out, ",\"business_dates\":[");
    status = read_lines(session, report, error);
    if (status == STATUS_OK)
        status = availability_heard(session, report->query->location, report->query->now_ms,
                                    &heard_ms, error);
    put_sums(report);
    return status == STATUS_OK ? buf_printf(&report->out, ",\"as_of_ms\":%" PRId64 "}", heard_ms)
                               : status;
}

enum status report_money(struct store_session *session, const struct report_money_query *query,
                         struct buf *out, struct error *error)
{
    struct money_report report = {.query = query,
                                  .sums = mem_alloc(LINES_MAX * sizeof(struct line))};
    enum status status = store_begin_read(session, error);

    buf_init(&report.out, TEXT_MAX);
    if (status == STATUS_OK) {
        status = read_currency(session, &report, error);
        if (status == STATUS_OK)
            status = write_report(session, &report, error);
        store_rollback(session);
    }
    if (status == STATUS_OK)
        status = buf_append(out, report.out.data, report.out.used);
    buf_finish(&report.out);
    free(report.sums);
    return status;
}
