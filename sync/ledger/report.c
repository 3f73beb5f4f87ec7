/* Reports as JSON. */
#include "sync/ledger/report.h"

#include "terminal/base/json.h"
#include "terminal/base/text.h"
#include "terminal/journal/device.h"

#include <stdlib.h>
#include <string.h>

/* The member `key` of an object, made as an object when it is not there. Borrowed. */
static json_t *member(json_t *object, const char *key)
{
    json_t *found = json_object_get(object, key);

    if (found == NULL) {
        found = json_object();
        json_put(object, key, found);
    }
    return found;
}

static void count(json_t *object, const char *key, int64_t add)
{
    json_put_int(object, key, json_int_or(object, key, 0) + add);
}

static void add_total(json_t *to, struct store_session *session, struct store_query *query)
{
    const char *currency = store_column_text(session, query, 1);

    count(to, "entries", store_column_int(session, query, 2));
    count(to, "sales", store_column_int(session, query, 3));
    count(to, "returns", store_column_int(session, query, 4));
    member(to, "gross_minor");
    if (currency[0] != '\0')
        count(member(to, "gross_minor"), currency, store_column_int(session, query, 5));
}

enum status report_totals(struct store_session *session, struct buf *out, struct error *error)
{
    json_t *totals = json_object();
    json_t *locations = json_object();
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT location, currency, entries, sales, returns, gross_minor FROM total "
                    "ORDER BY location, currency",
                    NULL, 0, &query, error);

    count(totals, "entries", 0);
    count(totals, "sales", 0);
    count(totals, "returns", 0);
    member(totals, "gross_minor");
    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        add_total(totals, session, query);
        add_total(member(locations, store_column_text(session, query, 0)), session, query);
    }
    json_put(totals, "locations", locations);
    if (status == STATUS_OK)
        status = json_write(totals, out);
    json_decref(totals);
    return status;
}

/* A JSON string is made by the JSON writer, a number from its integer. */
static enum status write_text(struct buf *out, const char *text)
{
    json_t *value = json_string(text);
    char *quoted;
    enum status status;

    INVARIANT(value != NULL);
    quoted = json_dumps(value, JSON_ENCODE_ANY);
    INVARIANT(quoted != NULL);
    status = buf_append_text(out, quoted);
    free(quoted);
    json_decref(value);
    return status;
}

static const char *const told_statuses[] = {"available", "reserved", "in_transit", "damaged"};
#define TOLD_COUNT (sizeof told_statuses / sizeof told_statuses[0])

/* One location's object, while its rows come by. */
struct stock_writer {
    struct buf *out;
    char location[LOCATION_ID_SIZE];
    int64_t told[TOLD_COUNT];
    struct buf others; /* ,"hold":1 ... */
    bool any;
};

static enum status end_location(struct stock_writer *writer)
{
    enum status status = STATUS_OK;
    char number[DECIMAL_SIZE];

    if (writer->location[0] == '\0')
        return STATUS_OK;
    if (writer->any)
        status = buf_append_text(writer->out, ",");
    if (status == STATUS_OK)
        status = write_text(writer->out, writer->location);
    for (size_t i = 0; i < TOLD_COUNT && status == STATUS_OK; i++) {
        decimal_write(writer->told[i], 3, number);
        status =
            buf_printf(writer->out, "%s\"%s\":%s", i == 0 ? ":{" : ",", told_statuses[i], number);
        writer->told[i] = 0;
    }
    if (status == STATUS_OK)
        status = buf_append(writer->out, buf_text(&writer->others), writer->others.used);
    if (status == STATUS_OK)
        status = buf_append_text(writer->out, "}");
    buf_clear(&writer->others);
    writer->any = true;
    return status;
}

static enum status add_balance(struct stock_writer *writer, const char *location,
                               const char *stock_status, int64_t quantity)
{
    enum status status = STATUS_OK;
    char number[DECIMAL_SIZE];

    if (strcmp(location, writer->location) != 0) {
        status = end_location(writer);
        (void)snprintf(writer->location, sizeof writer->location, "%s", location);
    }
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < TOLD_COUNT; i++) {
        if (strcmp(stock_status, told_statuses[i]) == 0) {
            writer->told[i] = quantity;
            return STATUS_OK;
        }
    }
    if (quantity == 0)
        return STATUS_OK;
    decimal_write(quantity, 3, number);
    return buf_printf(&writer->others, ",\"%s\":%s", stock_status, number);
}

static enum status write_balances(struct store_session *session, const char *sku,
                                  struct stock_writer *writer, struct error *error)
{
    struct store_value values[] = {store_text(sku)};
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT l.location, s.status, s.quantity_milli FROM "
                    "(SELECT location FROM location UNION SELECT location FROM total "
                    "UNION SELECT location FROM document) l "
                    "JOIN stock s ON s.location = l.location AND s.sku = ?1 "
                    "WHERE substr(s.status, 1, 1) <> '@' ORDER BY l.location, s.status",
                    values, 1, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row)
        status =
            add_balance(writer, store_column_text(session, query, 0),
                        store_column_text(session, query, 1), store_column_int(session, query, 2));
    return status == STATUS_OK ? end_location(writer) : status;
}

enum status report_stock(struct store_session *session, const char *sku, struct buf *out,
                         struct error *error)
{
    struct store_value values[] = {store_text(sku)};
    struct stock_writer writer = {.out = out};
    int64_t known = 0;
    enum status status =
        store_one_int(session, "SELECT 1 FROM item WHERE sku = ?1", values, 1, 0, &known, error);

    buf_init(&writer.others, 4096);
    if (status == STATUS_OK)
        status = buf_append_text(out, "{\"sku\":");
    if (status == STATUS_OK)
        status = write_text(out, sku);
    if (status == STATUS_OK)
        status = buf_append_text(out, ",\"locations\":{");
    if (status == STATUS_OK)
        status = write_balances(session, sku, &writer, error);
    if (status == STATUS_OK)
        status = buf_append_text(out, "}}");
    buf_finish(&writer.others);
    if (status == STATUS_OK && known == 0 && !writer.any)
        return error_set(error, STATUS_NOT_FOUND, "there is no item with this SKU");
    return status;
}
