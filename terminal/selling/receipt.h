/* The receipt of a sale, from its journal entry: what is printed is what was signed. And the
 * reports of a shift. Texts are translated by tr(), amounts written by the location's locale.
 */
#ifndef HOLDFAST_SELLING_RECEIPT_H
#define HOLDFAST_SELLING_RECEIPT_H

#include "terminal/base/json.h"
#include "terminal/catalogue/catalogue.h"
#include "terminal/money/locale.h"
#include "terminal/selling/document.h"
#include "terminal/selling/shift.h"

/* Who prints, and in which writing. All borrowed. */
struct receipt_shop {
    const struct location *location;
    struct locale_format *format;
    const char *till;
    const char *staff_name; /* of the person on the receipt, or their id */
};

/* `entry`: the whole parsed object of kind "sale". `code`: the text of its symbol, "" for none;
 * `note`: the cart's note, "" for none. Opens the drawer when cash moved. Owned by the caller. */
struct document *receipt_document(const struct receipt_shop *shop, const json_t *entry,
                                  const char *code, const char *note);

#define RECEIPT_CODE_SIZE 96
#define RECEIPT_CODE_MARK "HF1:"
/* The text of a receipt's symbol: "HF1:T01-K7Q-000012:" and the first 16 digits of the entry's
 * hash in capitals, by which any till can see that it was not made up once it knows the entry. */
void receipt_code(const char *number, const char *hash_hex, char out[RECEIPT_CODE_SIZE]);
/* The number in such a code (or the bare number). STATUS_INVALID when it is none. */
enum status receipt_code_read(const char *code, char out[TILL_RECEIPT_SIZE]) MUST_USE;

/* X or Z. counted NULL for an X; otherwise the drawer's count, and the difference is printed. */
struct document *shift_document(const struct receipt_shop *shop, const struct shift *shift,
                                int64_t now_ms, const int64_t *counted);

/* A slip with one amount and its reason (paid in, paid out); opens the drawer. */
struct document *slip_document(const struct receipt_shop *shop, int64_t now_ms, const char *title,
                               struct money amount, const char *reason);
/* Opens the drawer, prints nothing. */
struct document *drawer_document(const struct receipt_shop *shop);
struct document *test_document(const struct receipt_shop *shop, int64_t now_ms);

#endif
