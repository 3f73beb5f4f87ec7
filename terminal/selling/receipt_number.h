/* Receipt numbers and external references that this till has given or taken: table `receipt`, by
 * epoch and counter, and table `reference`.
 *
 *   T01-K7Q-000012      till - tag of the epoch - counter, dense from 1 within the epoch
 */
#ifndef HOLDFAST_SELLING_RECEIPT_NUMBER_H
#define HOLDFAST_SELLING_RECEIPT_NUMBER_H

#include "terminal/base/db.h"
#include "terminal/people/people.h"
#include "terminal/selling/view.h"

struct receipt_row {
    int64_t key;   /* epoch number << 40 | counter */
    int64_t entry; /* epoch number << 40 | seq */
    char number[TILL_RECEIPT_SIZE];
    int64_t at_ms;
    int64_t total, rounding, paid, change;
    bool cash;
    bool is_return;
    char staff[STAFF_ID_SIZE];
    int64_t print_job; /* 0: none */
    char sku_last[KEY_SIZE];
    int64_t cart; /* that ended with it, 0 none: its rows are gone, or no longer mean anything */
};
#define ENTRY_KEY(epoch_number, seq) ((epoch_number) << 40 | (seq))
#define ENTRY_KEY_NUMBER(key)        ((key) >> 40)
#define ENTRY_KEY_SEQ(key)           ((key) & (((int64_t)1 << 40) - 1))

/* The next number of this epoch: out->key and out->number. Within the transaction of the sale. */
enum status receipt_next(struct db *db, const char *till, int64_t epoch_number,
                         const char *epoch_tag, struct receipt_row *out,
                         struct error *error) MUST_USE;
/* The cart that ended with the last sale of an interactive cart, 0 none. */
enum status receipt_last_cart(struct db *db, int64_t *out, struct error *error) MUST_USE;

/* STATUS_EXISTS when the number was given before (never). */
enum status receipt_insert(struct db *db, const struct receipt_row *row,
                           struct error *error) MUST_USE;
/* By number; "" is the last of all. A few key look-ups: the counter says the place.
 * STATUS_NOT_FOUND. */
enum status receipt_find(struct db *db, const char *number, struct receipt_row *out,
                         struct error *error) MUST_USE;
/* Newest first, those whose number contains `part`. */
enum status receipt_list(struct db *db, const char *part, int offset, struct receipt_row *out,
                         int max, int *count, struct error *error) MUST_USE;

/* STATUS_EXISTS when the reference is known. */
enum status reference_insert(struct db *db, const char *reference, int64_t entry,
                             struct error *error) MUST_USE;
enum status reference_known(struct db *db, const char *reference, bool *known,
                            struct error *error) MUST_USE;

#endif
