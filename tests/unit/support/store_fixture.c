#include "tests/unit/support/store_fixture.h"

#include "terminal/base/file.h"
#include "terminal/base/json.h"
#include "terminal/catalogue/replica.h"
#include "terminal/catalogue/search.h"
#include "terminal/journal/acked.h"
#include "terminal/people/lease.h"
#include "terminal/people/people.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void ok(enum status status, const struct error *error)
{
    if (status != STATUS_OK) {
        fprintf(stderr, "fixture: %s: %s\n", status_name(status), error->text);
        abort();
    }
}

/* ---- time and chance ------------------------------------------------------------------------ */

static int64_t wall(void *context)
{
    return ((struct store_clock *)context)->wall_ms;
}

static int64_t monotonic(void *context)
{
    return ((struct store_clock *)context)->monotonic_us;
}

struct clock store_clock(struct store *store)
{
    return (struct clock){.wall_ms = wall, .monotonic_us = monotonic, .context = &store->clock};
}

/* splitmix64 */
static void fill(void *context, void *bytes, size_t length)
{
    uint64_t *seed = context;

    for (size_t i = 0; i < length; i++) {
        uint64_t z = (*seed += 0x9E3779B97F4A7C15u);

        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        ((uint8_t *)bytes)[i] = (uint8_t)(z ^ (z >> 31));
    }
}

struct entropy store_entropy(uint64_t *seed)
{
    return (struct entropy){.fill = fill, .context = seed};
}

/* ---- rows ----------------------------------------------------------------------------------- */

struct rows {
    struct reference_writer *writer;
    struct search_writer *search;
};

static void change(struct rows *rows, const char *table_name, const char *text, bool deleted)
{
    const struct reference_table *table = reference_table_find(table_name);
    struct reference_row row;
    struct error error = {0};
    json_t *json = NULL;

    INVARIANT(table != NULL);
    ok(json_read(text, strlen(text), &json, &error), &error);
    ok(reference_row_from_json(table, json, deleted, &row, &error), &error);
    if (deleted)
        ok(reference_delete(rows->writer, &row, &error), &error);
    else
        ok(reference_put(rows->writer, &row, &error), &error);
    if (strcmp(table_name, "item") == 0 || strcmp(table_name, "item_code") == 0)
        ok(search_put_item(rows->search, json_text_or(json, "sku", ""), &error), &error);
    json_decref(json);
}

static void open_rows(struct store *store, struct rows *rows)
{
    struct error error = {0};

    ok(reference_writer_open(store->replica, &rows->writer, &error), &error);
    ok(search_writer_open(store->replica, &rows->search, &error), &error);
    ok(db_begin(store->replica, &error), &error);
}

static void close_rows(struct store *store, struct rows *rows)
{
    struct error error = {0};

    ok(db_commit(store->replica, &error), &error);
    reference_writer_close(rows->writer);
    search_writer_close(rows->search);
}

void store_put(struct store *store, const char *table, const char *json_row)
{
    struct rows rows;

    open_rows(store, &rows);
    change(&rows, table, json_row, false);
    close_rows(store, &rows);
}

void store_delete(struct store *store, const char *table, const char *json_key)
{
    struct rows rows;

    open_rows(store, &rows);
    change(&rows, table, json_key, true);
    close_rows(store, &rows);
}

void store_add_items(struct store *store, int count)
{
    struct rows rows;
    char text[256];

    open_rows(store, &rows);
    for (int i = 1; i <= count; i++) {
        snprintf(text, sizeof text, "{\"sku\":\"X%05d\",\"name\":\"Extra item number %d\"}", i, i);
        change(&rows, "item", text, false);
        snprintf(text, sizeof text,
                 "{\"list\":\"base\",\"sku\":\"X%05d\",\"price_scaled\":1000000}", i);
        change(&rows, "price", text, false);
        snprintf(text, sizeof text,
                 "{\"code\":\"X-%05d\",\"sku\":\"X%05d\",\"given\":\"X-%05d\","
                 "\"kind\":\"own\"}",
                 i, i, i);
        change(&rows, "item_code", text, false);
    }
    close_rows(store, &rows);
}

struct row_text {
    const char *table, *json;
};

static const struct row_text base_rows[] = {
    {"location",
     "{\"location\":\"S01\",\"name\":\"Harbour Street\",\"legal_name\":\"Harbour Trading Ltd\","
     "\"address\":\"1 Harbour Street\\nFalmouth TR11 3AA\",\"tax_id\":\"GB123456789\","
     "\"timezone\":\"Europe/London\",\"currency\":\"GBP\",\"tax_list\":\"uk\",\"tax_included\":1,"
     "\"cash_round_minor\":1,\"receipt_footer\":\"Thank you\"}"},
    {"tax_rate", "{\"tax_list\":\"uk\",\"tax_class\":\"standard\",\"code\":\"A\","
                 "\"name\":\"Standard\",\"rate_ppm\":200000}"},
    {"tax_rate", "{\"tax_list\":\"uk\",\"tax_class\":\"reduced\",\"code\":\"B\","
                 "\"name\":\"Reduced\",\"rate_ppm\":50000}"},
    {"tax_rate", "{\"tax_list\":\"uk\",\"tax_class\":\"zero\",\"code\":\"Z\",\"name\":\"Zero\","
                 "\"rate_ppm\":0}"},
    {"price_list", "{\"list\":\"base\",\"currency\":\"GBP\",\"priority\":0,\"tax_included\":1}"},
    {"category", "{\"id\":\"pantry\",\"name\":\"Pantry\",\"colour\":\"#2E7D57\",\"position\":1}"},
    {"category", "{\"id\":\"drinks\",\"name\":\"Drinks\",\"colour\":\"#0B4F8A\",\"position\":2}"},
    {"item_code", "{\"code\":\"05018374350015\",\"sku\":\"CRACKERS\","
                  "\"given\":\"5018374350015\",\"kind\":\"gtin\"}"},
    {"item_code", "{\"code\":\"05449000000996\",\"sku\":\"WATER\",\"given\":\"5449000000996\","
                  "\"kind\":\"gtin\"}"},
    {"item_code", "{\"code\":\"CASE-WATER\",\"sku\":\"WATER\",\"given\":\"CASE-WATER\","
                  "\"kind\":\"own\",\"pack\":\"case\"}"},
    {"item_code", "{\"code\":\"4011\",\"sku\":\"APPLES\",\"given\":\"4011\",\"kind\":\"plu\"}"},
    {"item_pack", "{\"sku\":\"WATER\",\"pack\":\"case\",\"factor_milli\":24000,"
                  "\"label\":\"case of 24\"}"},
    {"price", "{\"list\":\"base\",\"sku\":\"WATER\",\"pack\":\"case\",\"price_scaled\":20000000}"},
    {"item_link", "{\"sku\":\"WATER\",\"linked_sku\":\"BOTTLE\",\"quantity_milli\":1000,"
                  "\"kind\":\"deposit\"}"},
    {"kit_component", "{\"sku\":\"HAMPER\",\"component\":\"TEA\",\"quantity_milli\":1000,"
                      "\"share_ppm\":400000}"},
    {"kit_component", "{\"sku\":\"HAMPER\",\"component\":\"SOAP\",\"quantity_milli\":2000,"
                      "\"share_ppm\":600000}"},
    {"favourite", "{\"location\":\"S01\",\"position\":1,\"sku\":\"CRACKERS\"}"},
    {"favourite", "{\"location\":\"S01\",\"position\":2,\"sku\":\"APPLES\"}"},
    {"setting", "{\"location\":\"S01\",\"key\":\"lock_after_s\",\"value\":\"300\"}"},
    {"role", "{\"id\":\"cashier\",\"name\":\"Cashier\",\"permissions\":"
             "\"sell return void shift_open shift_close x_report no_sale\"}"},
    {"role", "{\"id\":\"manager\",\"name\":\"Manager\",\"permissions\":"
             "\"sell return discount price_override void no_sale shift_open shift_close x_report "
             "paid_in_out adjust unlock approve settings\"}"},
    {"role", "{\"id\":\"seller\",\"name\":\"Seller\",\"permissions\":\"sell\"}"},
};

struct item_row {
    const char *sku, *name, *tax_class;
    int64_t price;    /* scaled, 0 none */
    const char *more; /* further members of the item's row */
};

static const struct item_row items[] = {
    {"CRACKERS", "Sea Salt Crackers 200 g", "standard", 2400000, ",\"category\":\"pantry\""},
    {"CANDLE", "Beeswax Candle, tall", "standard", 12500000, ""},
    {"WATER", "Sparkling Water 500 ml", "standard", 950000, ",\"category\":\"drinks\""},
    {"BOTTLE", "Bottle deposit", "standard", 250000, ",\"stocked\":0"},
    {"APPLES", "Cox Apples, loose", "zero", 2900000,
     ",\"unit\":\"kg\",\"price_mode\":\"weighed\",\"category\":\"pantry\""},
    {"SCARF", "Wool Scarf", "standard", 38000000, ""},
    {"SCARF-M", "Wool Scarf, Moss", "standard", 38000000,
     ",\"variant_of\":\"SCARF\",\"variant_label\":\"Moss\""},
    {"SCARF-R", "Wool Scarf, Rust", "standard", 38000000,
     ",\"variant_of\":\"SCARF\",\"variant_label\":\"Rust\""},
    {"WRAP", "Gift wrapping", "standard", 0, ",\"price_mode\":\"open\",\"stocked\":0"},
    {"HONEY", "Honey, clear", "zero", 5200000,
     ",\"state\":\"blocked\",\"state_reason\":\"New label is missing\""},
    {"TOY", "Rattle", "standard", 9990000,
     ",\"state\":\"recalled\",\"state_reason\":\"Loose parts\""},
    {"WINE", "Red Wine", "standard", 8000000, ",\"min_age\":18,\"sale_from\":480,\"sale_to\":1320"},
    {"PILLS", "Paracetamol", "standard", 1500000, ",\"max_per_sale_milli\":2000"},
    {"NOPRICE", "Thing without a price", "standard", 0, ""},
    {"NOTAX", "Thing without a tax rate", "unheard-of", 1000000, ""},
    {"HAMPER", "Hamper", "standard", 20000000, ",\"is_kit\":1"},
    {"TEA", "Tea, Assam 80", "standard", 3950000, ",\"popularity\":5"},
    {"SOAP", "Soap, Lavender", "standard", 5500000, ""},
    {"EGGS", "Eggs, free range", "zero", 3200000, ""},
    {"NEWS", "Newspaper", "zero", 2800000, ",\"popularity\":9"},
    {"BOOK", "Tide tables", "zero", 3800000, ""},
    {"FUEL", "Firelighters", "reduced", 1990000, ""},
    {"BAG", "Carrier Bag", "standard", 200000, ",\"stocked\":0"},
    {"PENCIL", "Pencil", "standard", 333333, ""},
};

static void put_item(struct rows *rows, const struct item_row *item)
{
    char text[512];

    snprintf(text, sizeof text, "{\"sku\":\"%s\",\"name\":\"%s\",\"tax_class\":\"%s\"%s}",
             item->sku, item->name, item->tax_class, item->more);
    change(rows, "item", text, false);
    if (item->price != 0) {
        snprintf(text, sizeof text, "{\"list\":\"base\",\"sku\":\"%s\",\"price_scaled\":%lld}",
                 item->sku, (long long)item->price);
        change(rows, "price", text, false);
    }
    if (strstr(item->more, "\"stocked\":0") == NULL) {
        snprintf(text, sizeof text,
                 "{\"location\":\"S01\",\"sku\":\"%s\",\"status\":\"available\","
                 "\"quantity_milli\":100000}",
                 item->sku);
        change(rows, "stock", text, false);
    }
}

static void put_person(struct rows *rows, const char *id, const char *name, const char *role,
                       const char *pin, const char *badge)
{
    struct pin_cost cheap = {.operations = 1, .memory = 8192};
    struct error error = {0};
    char hash[PIN_HASH_SIZE], text[512];

    ok(pin_hash(pin, cheap, hash), &error);
    snprintf(text, sizeof text,
             "{\"id\":\"%s\",\"name\":\"%s\",\"role\":\"%s\",\"pin_hash\":\"%s\","
             "\"badge\":\"%s\"}",
             id, name, role, hash, badge);
    change(rows, "staff", text, false);
}

static void put_cursors(struct store *store)
{
    static const char *const scopes[] = {"catalogue", "prices", "staff", "customers",
                                         "location:S01"};
    struct replica_cursor cursor = {.position = 7, .as_of_ms = STORE_NOON - 60000};
    struct error error = {0};

    hex_write(store->identity.incarnation.bytes, ID_SIZE, cursor.incarnation);
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++)
        ok(replica_set_cursor(store->replica, scopes[i], &cursor, &error), &error);
}

static void fill_replica(struct store *store)
{
    struct rows rows;

    open_rows(store, &rows);
    for (size_t i = 0; i < sizeof base_rows / sizeof base_rows[0]; i++)
        if (strcmp(base_rows[i].table, "item_code") != 0)
            change(&rows, base_rows[i].table, base_rows[i].json, false);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        put_item(&rows, &items[i]);
    for (size_t i = 0; i < sizeof base_rows / sizeof base_rows[0]; i++)
        if (strcmp(base_rows[i].table, "item_code") == 0)
            change(&rows, base_rows[i].table, base_rows[i].json, false);
    put_person(&rows, "C1", "Amira K.", "cashier", "1111", "BADGE-C1");
    put_person(&rows, "M1", "Morgan B.", "manager", "2222", "BADGE-M1");
    put_person(&rows, "N1", "Noor S.", "seller", "3333", "");
    put_cursors(store);
    close_rows(store, &rows);
}

/* ---- the folder ------------------------------------------------------------------------------ */

static void make_identity(struct store *store)
{
    struct device_identity *identity = &store->identity;
    struct entropy entropy = entropy_system();
    struct error error = {0};

    key_pair(&entropy, &store->ledger_key, &store->ledger_secret);
    identity->device = id_random(&entropy);
    identity->incarnation = id_random(&entropy);
    key_pair(&entropy, &identity->device_key, &identity->device_secret);
    identity->ledger_key = store->ledger_key;
    snprintf(identity->till, sizeof identity->till, "T01");
    snprintf(identity->location, sizeof identity->location, "S01");
    snprintf(identity->url, sizeof identity->url, "http://127.0.0.1:8080");
    ok(device_write(store->folder, identity, &error), &error);
}

void store_make(struct store *store, const char *parent)
{
    char folder[sizeof store->folder];

    snprintf(folder, sizeof folder, "%s/holdfast-store-XXXXXX", parent == NULL ? "/tmp" : parent);
    INVARIANT(mkdtemp(folder) != NULL);
    store_make_in(store, folder);
}

void store_make_in(struct store *store, const char *folder)
{
    struct error error = {0};
    char *path;

    memset(store, 0, sizeof *store);
    crypto_start();
    store->clock = (struct store_clock){.wall_ms = STORE_NOON, .monotonic_us = 1};
    snprintf(store->folder, sizeof store->folder, "%s", folder);
    make_identity(store);
    path = path_join(store->folder, "replica-1.db");
    ok(db_open(path, DB_OWNER_NORMAL, &store->replica, &error), &error);
    free(path);
    ok(replica_create(store->replica, &error), &error);
    fill_replica(store);
    ok(replica_pointer_write(store->folder, "replica-1.db", &error), &error);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    return remove(path);
}

void store_remove(struct store *store)
{
    db_close(store->replica);
    db_close(store->sync);
    (void)nftw(store->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- sync.db --------------------------------------------------------------------------------- */

struct db *store_sync(struct store *store)
{
    static const char state_table[] =
        "CREATE TABLE IF NOT EXISTS agent_state(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID";
    struct error error = {0};
    struct db_migration steps[] = {{acked_schema}, {lease_grant_schema}};
    char *path = path_join(store->folder, "sync.db");

    if (store->sync == NULL) {
        ok(db_open(path, DB_OWNER_FULL, &store->sync, &error), &error);
        ok(db_migrate(store->sync, steps, 2, &error), &error);
        ok(db_exec(store->sync, state_table, &error), &error);
    }
    free(path);
    return store->sync;
}

void store_acknowledge(struct store *store, const struct id *epoch, int64_t seq,
                       const struct hash *hash)
{
    struct acked_head head = {.head = {.epoch = *epoch, .seq = seq, .hash = *hash}};
    struct error error = {0};
    struct db *db = store_sync(store);

    head.countersig = head_countersign(&store->identity.device, &head.head, &store->ledger_secret);
    ok(acked_put(db, &store->identity.device, &head, &error), &error);
}

void store_agent_state(struct store *store, const char *key, const char *value)
{
    struct error error = {0};
    struct db_statement *statement;
    struct db *db = store_sync(store);

    ok(db_prepare(db, "INSERT OR REPLACE INTO agent_state(key, value) VALUES(?, ?)", &statement,
                  &error),
       &error);
    db_bind_text(statement, 1, key);
    db_bind_text(statement, 2, value);
    ok(db_run(statement, &error), &error);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void copy_one(const struct store *store, const char *name, const char *to,
                     const char *suffix)
{
    struct error error = {0};
    struct buf bytes;
    char from_path[256], to_path[256];

    snprintf(from_path, sizeof from_path, "%s/%s%s", store->folder, name, suffix);
    snprintf(to_path, sizeof to_path, "%s/%s%s", store->folder, to, suffix);
    if (!file_exists(from_path)) {
        (void)unlink(to_path);
        return;
    }
    buf_init(&bytes, (size_t)256 << 20);
    ok(file_read(from_path, &bytes, &error), &error);
    ok(file_write_durable(to_path, bytes.data == NULL ? "" : bytes.data, bytes.used, 0600, &error),
       &error);
    buf_finish(&bytes);
}

void store_copy_file(const struct store *store, const char *name, const char *to)
{
    copy_one(store, name, to, "");
    copy_one(store, name, to, "-wal");
}
