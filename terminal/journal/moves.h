/* The `moves` member of an entry: double-entry stock. Every move takes a quantity out of one bucket
 * and puts it into another; till and ledger project stock from moves alone.
 *
 *   "moves":[{"line":1,"sku":"A","qty":1000,"from":"S01/available","to":"S01/@customer",
 *             "reason":"sale","cost_scaled":12500}, ...]
 *
 * A bucket is LOCATION/STATUS. Physical statuses are words; a virtual one (goods that left, came,
 * or vanished) starts with '@'. Pure; any thread.
 */
#ifndef HOLDFAST_JOURNAL_MOVES_H
#define HOLDFAST_JOURNAL_MOVES_H

#include "terminal/base/json.h"
#include "terminal/base/json_view.h"
#include "terminal/base/status.h"
#include "terminal/journal/device.h"
#include "terminal/money/money.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STOCK_STATUS_SIZE 17  /* 1 to 16 of a-z and '_', after an optional '@' */
#define SKU_SIZE          129 /* 1 to 128 bytes */
#define MOVE_REASON_SIZE  65  /* 0 to 64 bytes */
#define MOVES_MAX         10000

#define BUCKET_AVAILABLE  "available"
#define BUCKET_RESERVED   "reserved"
#define BUCKET_STAGED     "staged"
#define BUCKET_IN_TRANSIT "in_transit"
#define BUCKET_HOLD       "hold"
#define BUCKET_DAMAGED    "damaged"
#define BUCKET_CUSTOMER   "@customer"
#define BUCKET_SUPPLIER   "@supplier"
#define BUCKET_LOSS       "@loss"

struct bucket {
    char location[LOCATION_ID_SIZE];
    char status[STOCK_STATUS_SIZE];
};

struct stock_move {
    int64_t line; /* id of the entry's line, 0 when of none */
    char sku[SKU_SIZE];
    struct quantity quantity; /* > 0 */
    struct bucket from;
    struct bucket to; /* differs from `from` */
    char reason[MOVE_REASON_SIZE];
    int64_t cost_scaled; /* of one base unit, 1/10,000 minor; < 0: not known, not written */
};

/* A move with the texts copied and no cost; aborts on a text that breaks the rules above, on a
 * quantity <= 0 and on from = to. */
struct stock_move stock_move_make(int64_t line, const char *sku, struct quantity quantity,
                                  const char *from_location, const char *from_status,
                                  const char *to_location, const char *to_status,
                                  const char *reason);

/* Sets entry["moves"]; with count 0 nothing is set. */
void entry_put_moves(json_t *entry, const struct stock_move *moves, size_t count);

struct move_list {
    struct stock_move *items;
    size_t count;
};

/* The moves of a parsed entry (entry.body); none is an empty list and STATUS_OK. STATUS_INVALID:
 * any move breaks the rules. On failure *out is empty. */
enum status entry_get_moves(const json_t *entry, struct move_list *out,
                            struct error *error) MUST_USE;
/* The same of entry_view.body. */
enum status entry_view_moves(const struct json_item *entry, struct move_list *out,
                             struct error *error) MUST_USE;
void move_list_finish(struct move_list *list); /* twice is fine */

/* available, reserved, staged, hold and damaged: goods that stand in the shop. in_transit is
 * between locations and virtual buckets are nowhere. */
bool stock_status_physical(const char *status);

#endif
