/* Writing what was heard, finding the silent, marking the rates; and a till's clock. */
#include "sync/ledger/watch_chores.h"

#include "sync/ledger/epochs.h"
#include "sync/ledger/finding.h"
#include "sync/ledger/store/incarnation.h"
#include "sync/ledger/store/meta.h"
#include "terminal/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS    INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
#define HLC_BITS  16

static enum status write_heard(const struct writer_turn *turn, const struct chores *chores,
                               struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < chores->heard_count && status == STATUS_OK; i++) {
        struct store_value values[] = {store_blob(chores->heard[i].device.bytes, ID_SIZE),
                                       store_int(chores->heard[i].at_ms)};
        status = store_run(turn->session,
                           "INSERT INTO heard(device, at_ms) VALUES(?1, ?2) ON CONFLICT(device) "
                           "DO UPDATE SET at_ms = excluded.at_ms",
                           values, 2, error);
    }
    return status;
}

/* --- silent tills --- */

struct till {
    struct id device;
    char name[TILL_NAME_SIZE];
    char location[LOCATION_ID_SIZE];
    int64_t heard_ms;
    int64_t minutes; /* 0: never silent */
};

static int64_t read_minutes(const char *text)
{
    int64_t minutes;

    if (text[0] == '\0' || decimal_read(text, 0, &minutes) != STATUS_OK || minutes < 0 ||
        minutes > INT64_C(1000000))
        return WATCH_SILENT_MINUTES;
    return minutes;
}

/* *changed_ms: when its exception was changed last; 0 without one. */
static enum status read_exception(const struct writer_turn *turn, const char *device, bool *settled,
                                  int64_t *changed_ms, struct error *error)
{
    char cause[FINDING_CAUSE_SIZE];
    struct store_value values[1];
    struct store_query *query;
    bool row = false;
    enum status status;

    (void)snprintf(cause, sizeof cause, "silent_till/%s", device);
    values[0] = store_text(cause);
    *settled = true;
    *changed_ms = 0;
    status = store_query(turn->session, "SELECT state, changed_ms FROM exception WHERE cause = ?1",
                         values, 1, &query, error);
    if (status == STATUS_OK)
        status = store_next(turn->session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    *settled = strcmp(store_column_text(turn->session, query, 0), "settled") == 0;
    *changed_ms = store_column_int(turn->session, query, 1);
    store_done(turn->session, query);
    return STATUS_OK;
}

static enum status judge_till(const struct writer_turn *turn, const struct chores *chores,
                              const struct till *till, struct error *error)
{
    char device[ID_HEX_SIZE];
    struct finding finding = {
        .kind = "silent_till", .location = till->location, .cause = device, .again = true};
    int64_t since = till->heard_ms > chores->started_ms ? till->heard_ms : chores->started_ms,
            changed_ms;
    bool silent = till->minutes > 0 && turn->now_ms - since > till->minutes * MINUTE_MS;
    bool settled;
    enum status status;

    hex_write(till->device.bytes, ID_SIZE, device);
    status = read_exception(turn, device, &settled, &changed_ms, error);
    if (status != STATUS_OK || silent == !settled)
        return status;
    if (!silent)
        return finding_over(turn->session, "silent_till", device, turn->now_ms,
                            "the till speaks again", error);
    if (changed_ms > till->heard_ms)
        return STATUS_OK; /* settled by a person, and silent ever since */
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "till %s was not heard of for %" PRId64 " minutes", till->name,
                       (turn->now_ms - since) / MINUTE_MS);
}

static enum status find_silent(const struct writer_turn *turn, const struct chores *chores,
                               struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(turn->session,
                    "SELECT d.device, d.till, d.location, coalesce(h.at_ms, d.enrolled_ms), "
                    "coalesce(s.value, '') FROM device d LEFT JOIN heard h ON h.device = d.device "
                    "LEFT JOIN setting s ON s.location = d.location AND "
                    "s.key = 'silent_till_minutes' WHERE d.active = 1 AND d.revoked_ms = 0",
                    NULL, 0, &query, error);

    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        struct till till = {.heard_ms = store_column_int(turn->session, query, 3),
                            .minutes = read_minutes(store_column_text(turn->session, query, 4))};
        size_t length;
        const void *device = store_column_blob(turn->session, query, 0, &length);
        if (length == ID_SIZE)
            memcpy(till.device.bytes, device, ID_SIZE);
        (void)snprintf(till.name, sizeof till.name, "%s",
                       store_column_text(turn->session, query, 1));
        (void)snprintf(till.location, sizeof till.location, "%s",
                       store_column_text(turn->session, query, 2));
        status = judge_till(turn, chores, &till, error);
        if (status != STATUS_OK)
            store_done(turn->session, query);
    }
    return status;
}

/* --- rates of sale --- */

/* All locations together, once a day. The first mark of an item takes all that it sold for a day's
 * worth: too careful for a day rather than not careful. */
static enum status mark_rates(const struct writer_turn *turn, struct error *error)
{
    char text[META_VALUE_SIZE];
    int64_t marked_ms = 0, days;
    enum status status = meta_get(turn->session, "rates_marked", text, error);

    if (status == STATUS_OK && text[0] != '\0' && decimal_read(text, 0, &marked_ms) != STATUS_OK)
        marked_ms = 0;
    if (status != STATUS_OK ||
        (turn->now_ms - marked_ms < DAY_MS && marked_ms <= turn->now_ms + DAY_MS))
        return status;
    days = marked_ms == 0 || marked_ms > turn->now_ms ? 1 : (turn->now_ms - marked_ms) / DAY_MS;
    struct store_value values[] = {store_int(turn->now_ms), store_int(days)};
    status = store_run(turn->session,
                       "INSERT INTO sale_rate(location, sku, marked_ms, sold_milli, per_day_milli) "
                       "SELECT location, sku, ?1, quantity_milli, CASE WHEN quantity_milli > 0 "
                       "THEN quantity_milli ELSE 0 END FROM stock WHERE status = '@customer' "
                       "ON CONFLICT(location, sku) DO UPDATE SET marked_ms = excluded.marked_ms, "
                       "sold_milli = excluded.sold_milli, per_day_milli = CASE WHEN "
                       "excluded.sold_milli > sale_rate.sold_milli THEN (excluded.sold_milli - "
                       "sale_rate.sold_milli) / ?2 ELSE 0 END",
                       values, 2, error);
    (void)snprintf(text, sizeof text, "%" PRId64, turn->now_ms);
    return status == STATUS_OK ? meta_set(turn->session, "rates_marked", text, error) : status;
}

/* --- the job --- */

static enum status run_chores(void *context, const struct writer_turn *turn, struct error *error)
{
    struct chores *chores = context;
    enum status status = write_heard(turn, chores, error);

    if (status == STATUS_OK)
        status = find_silent(turn, chores, error);
    if (status == STATUS_OK)
        status = mark_rates(turn, error);
    return status == STATUS_OK ? incarnation_renew(chores->store, turn->session, &chores->entropy,
                                                   chores->stamp, error)
                               : status;
}

enum status chores_run(struct writer *writer, struct chores *chores, struct error *error)
{
    struct writer_job job = {.run = run_chores, .context = chores};
    enum status status = writer_run(writer, &job, error);

    return status == STATUS_OK ? incarnation_renewed(chores->store, chores->stamp, error) : status;
}

/* --- clocks --- */

enum status watch_skew(const struct writer_turn *turn, const struct epoch_row *epoch,
                       int64_t clock_ms, struct error *error)
{
    char device[ID_HEX_SIZE];
    struct finding finding = {.kind = "skew",
                              .location = epoch->location,
                              .epoch = &epoch->epoch,
                              .seq = epoch->seq,
                              .cause = device,
                              .again = true};
    int64_t ahead = clock_ms == 0 ? 0 : clock_ms - turn->now_ms;
    int64_t entries = (epoch->hlc >> HLC_BITS) - turn->now_ms;

    hex_write(epoch->device.bytes, ID_SIZE, device);
    if (ahead > WATCH_SKEW_MS || ahead < -WATCH_SKEW_MS)
        return finding_add(turn->session, &finding, turn->now_ms, error,
                           "the till's clock is %" PRId64 " s %s",
                           (ahead < 0 ? -ahead : ahead) / 1000, ahead < 0 ? "behind" : "ahead");
    if (entries > WATCH_SKEW_MS)
        return finding_add(turn->session, &finding, turn->now_ms, error,
                           "entries are dated %" PRId64 " s ahead", entries / 1000);
    return STATUS_OK;
}
