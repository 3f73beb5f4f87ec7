/* Stock and accounts here; the rest at the modules that own the tables. */
#include "sync/ledger/judge.h"

#include "sync/ledger/alerts.h"
#include "sync/ledger/customers.h"
#include "sync/ledger/finding.h"
#include "sync/ledger/leases.h"
#include "sync/ledger/orders.h"
#include "sync/ledger/refunds.h"
#include "terminal/base/text.h"
#include "terminal/catalogue/reference.h"
#include "terminal/journal/moves.h"

#include <stdio.h>
#include <string.h>

#define ROW_MAX 2048

static bool plain_json(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
            return false;
    }
    return true;
}

/* The most that a replica takes (reference_tables.c); beyond it nobody counts. */
#define TOLD_MAX INT64_C(1000000000000000)

/* By far the most frequent row: written straight where no byte needs an escape. */
static void tell_stock(struct feed_draft *feed, const char *location, const char *sku,
                       const char *status, int64_t quantity)
{
    struct reference_row row;
    char scope[REFERENCE_SCOPE_SIZE];
    char text[ROW_MAX];
    int length;

    if (!plain_json(location) || !plain_json(sku) || !plain_json(status)) {
        reference_row_init(&row, reference_table_find("stock"));
        reference_row_set_text(&row, "location", location);
        reference_row_set_text(&row, "sku", sku);
        reference_row_set_text(&row, "status", status);
        reference_row_set_int(&row, "quantity_milli", quantity);
        feed_add_row(feed, &row, false);
        return;
    }
    (void)snprintf(scope, sizeof scope, "location:%s", location);
    length = snprintf(text, sizeof text,
                      "{\"t\":\"stock\",\"op\":\"put\",\"row\":{\"location\":\"%s\",\"sku\":\"%s\","
                      "\"status\":\"%s\",\"quantity_milli\":%lld}}",
                      location, sku, status, (long long)quantity);
    INVARIANT(length > 0 && (size_t)length < sizeof text);
    feed_add(feed, scope, text, (size_t)length);
}

static enum status note_negative(const struct writer_turn *turn, const struct judged *judged,
                                 struct error *error)
{
    const char *const *key = judged->key;
    bool available = strcmp(key[2], BUCKET_AVAILABLE) == 0;
    char quantity[DECIMAL_SIZE], cause[FINDING_CAUSE_SIZE];
    struct finding finding = {.kind = available ? "oversell" : "negative_stock",
                              .location = key[0],
                              .cause = cause,
                              .again = true};

    decimal_write(judged->after[0], 3, quantity);
    (void)snprintf(cause, sizeof cause, "%s/%s%s%s", key[0], key[1], available ? "" : "/",
                   available ? "" : key[2]);
    return finding_add(turn->session, &finding, turn->now_ms, error, "sku %s %s is %s", key[1],
                       key[2], quantity);
}

static enum status judge_stock(const struct writer_turn *turn, const struct judged *judged,
                               struct error *error)
{
    const char *const *key = judged->key;
    enum status status = STATUS_OK;

    if (key[2][0] == '@')
        return STATUS_OK;
    tell_stock(turn->feed, key[0], key[1], key[2],
               judged->after[0] > TOLD_MAX    ? TOLD_MAX
               : judged->after[0] < -TOLD_MAX ? -TOLD_MAX
                                              : judged->after[0]);
    if (judged->before[0] >= 0 && judged->after[0] < 0)
        status = note_negative(turn, judged, error);
    if (status == STATUS_OK && strcmp(key[2], BUCKET_AVAILABLE) == 0)
        status = alerts_judge(turn, key[0], key[1], judged->before[0], judged->after[0], error);
    return status;
}

static enum status judge_account(const struct writer_turn *turn, const struct judged *judged,
                                 struct error *error)
{
    char cause[FINDING_CAUSE_SIZE];
    struct finding finding = {.kind = "account", .location = "", .cause = cause, .again = true};

    if (judged->before[0] < 0 || judged->after[0] >= 0)
        return STATUS_OK;
    (void)snprintf(cause, sizeof cause, "%s/%s", judged->key[0], judged->key[1]);
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "account %s is at %lld minor units of %s", judged->key[0],
                       (long long)judged->after[0], judged->key[1]);
}

enum status judge_figure(const struct writer_turn *turn, const struct judged *judged,
                         struct error *error)
{
    switch (judged->figure) {
    case FIGURE_STOCK:
        return judge_stock(turn, judged, error);
    case FIGURE_ACCOUNT:
        return judge_account(turn, judged, error);
    case FIGURE_LEASE_USE:
        return leases_judge(turn, judged->key[0], judged->key[1], judged->before, judged->after,
                            error);
    case FIGURE_REFUNDED:
        return refunds_judge(turn, judged->key[0], judged->after[0], error);
    case FIGURE_ORDER_MARK:
        return orders_judge(turn, judged->key[0], judged->key[1], judged->after, error);
    case FIGURE_ORDER_HANDED:
        return orders_judge_handed(turn, judged->key[0], judged->key[1], judged->key[2],
                                   judged->after[0], error);
    case FIGURE_CUSTOMER_FACT:
        return customers_judge(turn, judged->key[0], error);
    default:
        return STATUS_OK;
    }
}
