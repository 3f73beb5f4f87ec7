/* What can be asked of a till's data folder, and enrolling one. Everything here only reads, as a
 * stranger to the till and its agent: it never hinders them, and they need not run.
 */
#include "sync/admin/commands.h"
#include "sync/admin/wake.h"
#include "sync/agent/enroll.h"
#include "terminal/base/file.h"
#include "terminal/base/text.h"
#include "terminal/catalogue/catalogue.h"
#include "terminal/catalogue/search.h"
#include "terminal/journal/acked.h"
#include "terminal/journal/device.h"
#include "terminal/journal/verify.h"
#include "terminal/stock/stock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOUND_MAX = 50 };

static enum status one_argument(int count, const char *what, struct error *error)
{
    return count == 1 ? STATUS_OK : error_set(error, STATUS_INVALID, "say %s", what);
}

enum status command_enroll(const struct options *options, const char *const *arguments, int count,
                           struct error *error)
{
    (void)arguments;
    const char *data, *url, *code;
    const char *said[] = {options_get(options, "ca"), options_get(options, "tls-pin"),
                          options_get(options, "proxy")};
    struct line line = {.ca = (char *)(uintptr_t)said[0],
                        .pin = (char *)(uintptr_t)said[1],
                        .proxy = (char *)(uintptr_t)said[2]};
    enum status status;
    if (count != 0)
        return error_set(error, STATUS_INVALID, "enroll takes no arguments but options");
    if ((status = options_check(options, "data url code ca tls-pin proxy", error)) ||
        (status = options_want(options, "data", &data, error)) ||
        (status = options_want(options, "url", &url, error)) ||
        (status = options_want(options, "code", &code, error)))
        return status;
    if ((status = file_make_folder(data, 0700, error)) ||
        (status = enroll(data, url, code, &line, error)))
        return status;
    struct device_identity identity;
    if ((status = device_read(data, &identity, error)))
        return status;
    char device[ID_HEX_SIZE];
    hex_write(identity.device.bytes, ID_SIZE, device);
    if (options->json) {
        json_t *report = json_pack("{s:s,s:s,s:s}", "device", device, "till", identity.till,
                                   "location", identity.location);
        print_json(report);
        json_decref(report);
    } else {
        printf("enrolled as till %s of %s\n", identity.till, identity.location);
    }
    device_wipe(&identity);
    return STATUS_OK;
}

/* ---- find ----------------------------------------------------------------------------------- */

struct finder {
    struct device_identity identity;
    struct replica *replica;
    struct catalogue *catalogue;
    struct search *search;
    struct price_context context;
    int year;
};

static void finder_close(struct finder *finder)
{
    search_close(finder->search);
    catalogue_close(finder->catalogue);
    replica_close(finder->replica);
    device_wipe(&finder->identity);
}

static enum status finder_open(const char *data, struct finder *out, struct error *error)
{
    *out = (struct finder){0};
    enum status status;
    if ((status = device_read(data, &out->identity, error)) ||
        (status = wake_replica(data, error)) ||
        (status = replica_open_reader(data, &out->replica, error)) ||
        (status = catalogue_open(out->replica, out->identity.location, &out->catalogue, error))) {
        finder_close(out);
        return status;
    }
    out->search = search_open();
    struct clock clock = clock_system();
    struct local_time now =
        local_time_at(clock_wall_ms(&clock), catalogue_location(out->catalogue)->timezone);
    out->year = now.year;
    out->context = price_context_at(&now);
    return STATUS_OK;
}

static enum status add_found(struct finder *finder, const struct found_item *found, json_t *results,
                             struct error *error)
{
    char gtin[REFERENCE_CODE_MAX + 1] = "";
    struct item_code codes[16];
    size_t count = 0;
    enum status status =
        catalogue_codes(finder->catalogue, found->item.sku, codes, 16, &count, error);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++)
        if (strcmp(codes[i].kind, "gtin") == 0 &&
            (!gtin[0] || strcmp(codes[i].code, found->code) == 0))
            strcpy(gtin, codes[i].given);
    struct money price = {0};
    if (found->has_price) {
        status = price_extend(found->price.price, found->factor, &price);
        if (status)
            return error_set(error, status, "the price of %s does not fit", found->item.sku);
    }
    json_t *row =
        json_pack("{s:s,s:s,s:s}", "sku", found->item.sku, "gtin", gtin, "name", found->item.name);
    json_object_set_new(row, "price_minor",
                        found->has_price ? json_integer(price.minor) : json_null());
    json_array_append_new(results, row);
    return STATUS_OK;
}

static bool is_listed(const json_t *results, const char *sku)
{
    size_t index;
    json_t *row;
    json_array_foreach((json_t *)results, index, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "sku")), sku) == 0)
            return true;
    }
    return false;
}

/* The product of this very code or SKU first, then what search finds. */
static enum status find(struct finder *finder, const char *query, json_t *results,
                        struct error *error)
{
    struct code code;
    struct found_item found;
    enum status status =
        code_parse(query, strlen(query), SYMBOLOGY_UNKNOWN, NULL, finder->year, &code, error);
    if (!status) {
        status = catalogue_find_code(finder->catalogue, &code, &finder->context, &found, error);
        if (!status)
            status = add_found(finder, &found, results, error);
        if (status && status != STATUS_NOT_FOUND)
            return status;
    }
    struct search_hit hits[FOUND_MAX];
    size_t count = 0;
    status = search_find(finder->search, catalogue_db(finder->catalogue), query, 0, hits, FOUND_MAX,
                         &count, error);
    for (size_t i = 0; !status && i < count && json_array_size(results) < FOUND_MAX; i++) {
        if (is_listed(results, hits[i].sku))
            continue;
        status =
            catalogue_find_sku(finder->catalogue, hits[i].sku, &finder->context, &found, error);
        if (!status)
            status = add_found(finder, &found, results, error);
        if (status == STATUS_NOT_FOUND)
            status = STATUS_OK; /* the replica moved on between the two looks */
    }
    return status;
}

static enum status find_and_print(struct finder *finder, const char *query, bool as_json,
                                  struct error *error)
{
    json_t *results = json_array();
    enum status status = find(finder, query, results, error);
    if (!status && as_json) {
        json_t *report = json_pack("{s:O}", "results", results);
        print_json(report);
        json_decref(report);
    } else if (!status) {
        size_t index;
        json_t *row;
        json_array_foreach(results, index, row)
        {
            char price[DECIMAL_SIZE] = "-";
            const json_t *minor = json_object_get(row, "price_minor");
            if (json_is_integer(minor))
                money_write((struct money){json_integer_value(minor)},
                            &catalogue_location(finder->catalogue)->currency, price);
            printf("%-20s %-14s %10s  %s\n", json_string_value(json_object_get(row, "sku")),
                   json_string_value(json_object_get(row, "gtin")), price,
                   json_string_value(json_object_get(row, "name")));
        }
    }
    json_decref(results);
    return status;
}

/* Many queries, one a line, each answered by a line of JSON. */
static enum status find_batch(struct finder *finder, const char *path, struct error *error)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return error_set(error, STATUS_NOT_FOUND, "%s: cannot be read", path);
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    enum status status = STATUS_OK;
    while (!status && (length = getline(&line, &room, file)) >= 0) {
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        status = find_and_print(finder, line, true, error);
    }
    free(line);
    fclose(file);
    return status;
}

enum status command_find(const struct options *options, const char *const *arguments, int count,
                         struct error *error)
{
    const char *data, *batch = options_get(options, "batch");
    enum status status;
    if ((status = options_check(options, "data batch", error)) ||
        (status = options_want(options, "data", &data, error)) ||
        (!batch && (status = one_argument(count, "what to find, as one argument", error))))
        return status;
    struct finder finder;
    if ((status = finder_open(data, &finder, error)))
        return status;
    status = batch ? find_batch(&finder, batch, error)
                   : find_and_print(&finder, arguments[0], options->json, error);
    finder_close(&finder);
    return status;
}

/* ---- stock ---------------------------------------------------------------------------------- */

static void print_stock(const char *sku, const struct stock_level *level, bool as_json)
{
    char as_of[UTC_STAMP_SIZE] = "never";
    if (level->as_of_ms)
        utc_stamp(level->as_of_ms, as_of);
    if (as_json) {
        json_t *report = json_pack("{s:s,s:o,s:o,s:o,s:s,s:I}", "sku", sku, "on_hand",
                                   json_milli(level->on_hand.milli), "confirmed",
                                   json_milli(level->confirmed.milli), "pending",
                                   json_milli(level->pending.milli), "as_of", as_of, "watermark",
                                   (json_int_t)level->watermark);
        print_json(report);
        json_decref(report);
        return;
    }
    char on_hand[DECIMAL_SIZE], confirmed[DECIMAL_SIZE], pending[DECIMAL_SIZE];
    decimal_write(level->on_hand.milli, 3, on_hand);
    decimal_write(level->confirmed.milli, 3, confirmed);
    decimal_write(level->pending.milli, 3, pending);
    printf("%s: %s on hand = %s as of %s, %s not yet confirmed\n", sku, on_hand, confirmed, as_of,
           pending);
}

enum status command_till_stock(const struct options *options, const char *const *arguments,
                               int count, struct error *error)
{
    const char *data;
    enum status status;
    if ((status = options_check(options, "data", error)) ||
        (status = options_want(options, "data", &data, error)) ||
        (status = one_argument(count, "a SKU", error)))
        return status;
    struct device_identity identity;
    if ((status = device_read(data, &identity, error)))
        return status;
    char *path = path_join(data, "till.db");
    struct db *till = NULL;
    struct replica *replica = NULL;
    struct stock_level level;
    /* A till that never sold has no journal yet, and nothing of its own to count. */
    if (file_exists(path))
        status = open_at_rest(data, "till.db", "till.db", &till, error);
    if (!status)
        status = wake_replica(data, error);
    if (!status)
        status = replica_open_reader(data, &replica, error);
    if (!status) {
        struct item item;
        struct catalogue *catalogue;
        status = catalogue_open(replica, identity.location, &catalogue, error);
        if (!status) {
            status = catalogue_item(catalogue, arguments[0], &item, error);
            if (status == STATUS_NOT_FOUND)
                error_set(error, status, "no item has the SKU '%s'", arguments[0]);
            catalogue_close(catalogue);
        }
    }
    if (!status)
        status =
            stock_of(till, replica_db(replica), identity.location, arguments[0], &level, error);
    if (!status)
        print_stock(arguments[0], &level, options->json);
    replica_close(replica);
    db_close(till);
    free(path);
    device_wipe(&identity);
    return status;
}

/* ---- verify --------------------------------------------------------------------------------- */

/* The countersigned heads, when the agent has left any. */
static enum status read_acked(const char *data, const struct device_identity *identity,
                              struct chain_point **out, size_t *count, struct error *error)
{
    char *path = path_join(data, "sync.db");
    struct db *db = NULL;
    enum status status = STATUS_OK;
    *out = NULL;
    *count = 0;
    if (file_exists(path)) {
        status = open_at_rest(data, "sync.db", "sync.db", &db, error);
        if (!status)
            status = acked_list(db, &identity->device, &identity->ledger_key, out, count, error);
    }
    db_close(db);
    free(path);
    return status;
}

static void print_verified(const struct journal_report *report, bool as_json)
{
    int64_t entries = 0;
    const struct epoch_report *last = &report->epochs[report->count - 1];
    char device[ID_HEX_SIZE], epoch[ID_HEX_SIZE], head[HASH_HEX_SIZE];
    json_t *faults = json_array();
    for (size_t i = 0; i < report->count; i++) {
        const struct epoch_report *one = &report->epochs[i];
        entries += one->entries;
        hex_write(one->epoch.bytes, ID_SIZE, epoch);
        for (size_t j = 0; j < one->fault_count; j++)
            json_array_append_new(
                faults, json_pack("{s:s,s:I,s:s}", "kind", fault_name(one->faults[j].kind), "seq",
                                  (json_int_t)one->faults[j].seq, "epoch", epoch));
    }
    hex_write(last->device.bytes, ID_SIZE, device);
    hex_write(last->epoch.bytes, ID_SIZE, epoch);
    hex_write(last->head.hash.bytes, HASH_SIZE, head);
    if (as_json) {
        json_t *object =
            json_pack("{s:s,s:s,s:I,s:s,s:b,s:O}", "device", device, "epoch", epoch, "entries",
                      (json_int_t)entries, "head", head, "ok", report->ok, "faults", faults);
        print_json(object);
        json_decref(object);
    } else {
        printf("device %s, epoch %s: %" PRId64 " entries, head %s: %s\n", device, epoch, entries,
               head, report->ok ? "whole" : "NOT WHOLE");
        size_t index;
        json_t *fault;
        json_array_foreach(faults, index, fault)
        {
            printf("  %s at entry %" PRId64 " of epoch %s\n",
                   json_string_value(json_object_get(fault, "kind")),
                   (int64_t)json_integer_value(json_object_get(fault, "seq")),
                   json_string_value(json_object_get(fault, "epoch")));
        }
    }
    json_decref(faults);
}

enum status command_verify(const struct options *options, const char *const *arguments, int count,
                           struct error *error)
{
    (void)arguments;
    const char *data;
    enum status status;
    if (count != 0)
        return error_set(error, STATUS_INVALID, "verify takes no arguments");
    if ((status = options_check(options, "data", error)) ||
        (status = options_want(options, "data", &data, error)))
        return status;
    struct device_identity identity;
    if ((status = device_read(data, &identity, error)))
        return status;
    char *path = path_join(data, "till.db");
    struct db *db = NULL;
    struct chain_point *acked = NULL;
    size_t acked_count = 0;
    struct journal_report report = {0};
    if (!file_exists(path))
        status = error_set(error, STATUS_NOT_FOUND, "%s: there is no journal yet", path);
    else
        status = open_at_rest(data, "till.db", "till.db", &db, error);
    if (!status)
        status = read_acked(data, &identity, &acked, &acked_count, error);
    if (!status) {
        struct verify_options how = {
            .device_key = &identity.device_key, .acked = acked, .acked_count = acked_count};
        status = journal_verify(db, &how, &report, error);
    }
    if (!status && report.count == 0)
        status = error_set(error, STATUS_NOT_FOUND, "%s: there is no journal yet", path);
    if (!status) {
        print_verified(&report, options->json);
        if (!report.ok) {
            status = STATUS_CORRUPT;
            error->text[0] = '\0';
        }
    }
    journal_report_finish(&report);
    free(acked);
    db_close(db);
    free(path);
    device_wipe(&identity);
    return status;
}
