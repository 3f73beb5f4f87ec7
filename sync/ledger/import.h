/* POST /v1/admin/import: a catalogue file into items, codes, packs and prices.
 *
 * Records that break a rule are rejected, each with its line and reason; the others go in. An item
 * that is there already is updated in what the file's columns say. A large file raises the feed's
 * floor instead of telling every row.
 *
 * A file goes in by turns, in its order, so that sales need not wait for all of it: each turn is
 * one transaction of IMPORT_TURN records, each record whole, with its codes, prices and stock. An
 * import that was cut short has put in the turns before; the same file again puts in all of it, and
 * receives stock only from where it was cut: of each item once. One import runs at a time.
 */
#ifndef HOLDFAST_LEDGER_IMPORT_H
#define HOLDFAST_LEDGER_IMPORT_H

#include "sync/ledger/rows.h"
#include "sync/ledger/writer.h"
#include "terminal/base/buf.h"
#include "terminal/journal/device.h"

#define IMPORT_TURN            1000
#define IMPORT_REJECTIONS_TOLD 1000000
#define IMPORT_TEXT_TOLD       120 /* bytes of a rejected record */

struct import_options {
    char list[REFERENCE_KEY_MAX + 1];      /* price list; "base" is made when it is not there */
    char currency[4];                      /* of a list that is made; "" = the first location's */
    char stock_location[LOCATION_ID_SIZE]; /* "" = no stock */
    int64_t stock_milli;                   /* received of each item */
};

struct import_rejection {
    int64_t line;
    char *reason;
    char *text;
};

struct import_result {
    int64_t rows;
    int64_t imported;
    int64_t rejected;
    struct import_rejection *rejections; /* the first IMPORT_REJECTIONS_TOLD */
    size_t told;
};

/* STATUS_INVALID: the file as a whole can't be imported. STATUS_NOT_FOUND: no such list, location,
 * or no currency to make `base` with. STATUS_CONFLICT: the list is in another currency. Free the
 * result with import_finish in any case. */
enum status import_run(struct writer *writer, struct rows *rows,
                       const struct import_options *options, const char *bytes, size_t length,
                       struct import_result *out, struct error *error) MUST_USE;
void import_finish(struct import_result *result);

/* "S01=100" or "S01=0.5". */
enum status import_read_stock(const char *text, struct import_options *out,
                              struct error *error) MUST_USE;

#endif
