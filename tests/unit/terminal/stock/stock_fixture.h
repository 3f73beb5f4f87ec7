/* A till with moves and a replica beside it.
 */
#ifndef HOLDFAST_TESTS_STOCK_FIXTURE_H
#define HOLDFAST_TESTS_STOCK_FIXTURE_H

#include "terminal/catalogue/replica.h"
#include "terminal/stock/stock.h"
#include "tests/unit/terminal/journal/journal_fixture.h"

struct shop {
    struct fixture *till;
    struct db *replica; /* the agent's connection */
    struct db *reader;  /* the till's */
    int files;
    struct error error;
};

static inline void shop_ok(struct shop *shop, enum status status)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), shop->error.text);
}

/* A fresh, empty replica file takes the place of the one in use. */
static inline void shop_new_replica(struct shop *shop)
{
    char name[32];
    char *path;
    db_close(shop->reader);
    db_close(shop->replica);
    (void)snprintf(name, sizeof name, "replica-%d.db", ++shop->files);
    path = path_join(shop->till->folder.path, name);
    shop_ok(shop, db_open(path, DB_OWNER_NORMAL, &shop->replica, &shop->error));
    shop_ok(shop, replica_create(shop->replica, &shop->error));
    shop_ok(shop, db_open(path, DB_READER, &shop->reader, &shop->error));
    free(path);
}

static inline struct shop *shop_make(void)
{
    struct shop *shop = mem_alloc(sizeof *shop);
    shop->till = fixture_make(stock_schema);
    shop_new_replica(shop);
    return shop;
}

static inline void shop_free(struct shop *shop)
{
    db_close(shop->reader);
    db_close(shop->replica);
    fixture_free(shop->till);
    free(shop);
}

/* Appends an entry with these moves, in the open transaction. */
static inline void shop_append(struct shop *shop, const struct stock_move *moves, size_t count)
{
    struct fixture *till = shop->till;
    json_t *entry = fixture_start(till, "adjust");
    entry_put_moves(entry, moves, count);
    fixture_ok(till, journal_append(till->journal, entry, NULL, NULL, &till->error));
    fixture_ok(till, stock_record(till->db, journal_epoch_number(till->journal),
                                  journal_head(till->journal).seq, moves, count, &till->error));
    json_decref(entry);
}

static inline void shop_commit(struct shop *shop, const struct stock_move *moves, size_t count)
{
    fixture_ok(shop->till, db_begin(shop->till->db, &shop->till->error));
    shop_append(shop, moves, count);
    fixture_ok(shop->till, journal_commit(shop->till->journal, &shop->till->error));
}

static inline struct stock_move shop_sale(const char *sku, int64_t milli)
{
    return stock_move_make(1, sku, (struct quantity){milli}, "S01", BUCKET_AVAILABLE, "S01",
                           BUCKET_CUSTOMER, "sale");
}

static inline void shop_put_stock(struct shop *shop, const char *sku, const char *status,
                                  int64_t milli)
{
    struct db_statement *statement;
    shop_ok(shop, db_prepare(shop->replica,
                             "INSERT OR REPLACE INTO stock(location, sku, status, quantity_milli)"
                             " VALUES('S01', ?1, ?2, ?3)",
                             &statement, &shop->error));
    db_bind_text(statement, 1, sku);
    db_bind_text(statement, 2, status);
    db_bind_int(statement, 3, milli);
    shop_ok(shop, db_run(statement, &shop->error));
}

static inline void shop_put_mark(struct shop *shop, const struct id *epoch, int64_t seq)
{
    struct db_statement *statement;
    char device[ID_HEX_SIZE], hex[ID_HEX_SIZE];
    hex_write(shop->till->identity.device.bytes, ID_SIZE, device);
    hex_write(epoch->bytes, ID_SIZE, hex);
    shop_ok(shop, db_prepare(shop->replica,
                             "INSERT OR REPLACE INTO watermark(location, device, epoch, seq)"
                             " VALUES('S01', ?1, ?2, ?3)",
                             &statement, &shop->error));
    db_bind_text(statement, 1, device);
    db_bind_text(statement, 2, hex);
    db_bind_int(statement, 3, seq);
    shop_ok(shop, db_run(statement, &shop->error));
}

static inline struct stock_level shop_level(struct shop *shop, const char *sku)
{
    struct stock_level level;
    shop_ok(shop, stock_of(shop->till->db, shop->reader, "S01", sku, &level, &shop->error));
    return level;
}

#endif
