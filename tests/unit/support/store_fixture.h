/* A small shop on the disk, as a till finds it: device.json, replica-1.db, replica.current. For
 * tests and benches; made in a temporary folder of its own, without a ledger.
 *
 * Location S01 "Harbour Street", GBP, Europe/London, prices include tax, cash rounded to 1. Tax
 * classes: standard 20 % (A), reduced 5 % (B), zero (Z). All prices in pounds:
 *
 *   CRACKERS   2.40 gtin 5018374350015      SOAP      5.50        TEA   3.95      BOOK 3.80 zero
 *   CANDLE    12.50                         EGGS      3.20 zero   NEWS  2.80 zero FUEL 1.99 reduced
 *   WATER      0.95 gtin 5449000000996, deposit BOTTLE 0.25; pack "case" of 24 for 20.00, own code
 *              CASE-WATER
 *   APPLES     2.90 per kg, weighed, zero, PLU 4011
 *   SCARF     38.00 groups SCARF-M (Moss) and SCARF-R (Rust)
 *   WRAP       open price                   BAG       0.20, not stocked
 *   HONEY      5.20 blocked                 TOY       9.99 recalled
 *   WINE       8.00 from 18, sold 08:00 to 22:00
 *   PILLS      1.50 at most 2 a sale        NOPRICE   no price    NOTAX 1.00 without a tax rate
 *   HAMPER    20.00 kit of TEA (40 %) and 2 SOAP (60 %)
 *   PENCIL     0.333333 (scaled 333,333)    to try rounding
 *
 * 100 of each stocked item are on hand. Staff, PIN and badge: C1 Amira (cashier) 1111 BADGE-C1;
 * M1 Morgan (manager, everything) 2222 BADGE-M1; N1 Noor (may only sell) 3333.
 */
#ifndef HOLDFAST_TESTS_STORE_FIXTURE_H
#define HOLDFAST_TESTS_STORE_FIXTURE_H

#include "terminal/base/clock.h"
#include "terminal/base/crypto.h"
#include "terminal/base/db.h"
#include "terminal/journal/device.h"

#include <stdint.h>

/* Time that stands still unless a test moves it: 2026-11-21T14:36Z at the start. */
struct store_clock {
    int64_t wall_ms;
    int64_t monotonic_us;
};
#define STORE_NOON INT64_C(1795271760000)

struct store {
    char folder[96];
    struct db *replica; /* open as its owner: a reader waits without one */
    struct db *sync;    /* sync.db, likewise, once something was put into it: within one process
                           SQLite's shared memory is read-only for all if a reader came first */
    struct device_identity identity;
    struct public_key ledger_key;
    struct secret_key ledger_secret;
    struct store_clock clock;
};

/* Makes the shop in a new folder below `parent` (NULL: /tmp). Aborts on any failure. */
void store_make(struct store *store, const char *parent);
/* The same in a folder that is there, and empty. */
void store_make_in(struct store *store, const char *folder);
/* Closes it and removes the folder. */
void store_remove(struct store *store);

/* Puts or deletes one row of a reference table, durable, search index included. */
void store_put(struct store *store, const char *table, const char *json_row);
void store_delete(struct store *store, const char *table, const char *json_key);
/* Adds `count` plain items X00001, X00002, ... at 1.00 with GTINs of their own. */
void store_add_items(struct store *store, int count);

/* The fixture's clock for till_options, and a deterministic source of random bytes. */
struct clock store_clock(struct store *store);
struct entropy store_entropy(uint64_t *seed);

/* sync.db as the agent keeps it: its owner's connection, a countersigned head, and a value of
 * agent_state. */
struct db *store_sync(struct store *store);
void store_acknowledge(struct store *store, const struct id *epoch, int64_t seq,
                       const struct hash *hash);
void store_agent_state(struct store *store, const char *key, const char *value);

/* Copies the file `name` of the folder, with its -wal, to `to` in the same folder, or back. */
void store_copy_file(const struct store *store, const char *name, const char *to);

#endif
