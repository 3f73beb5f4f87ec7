/* What a scanner or a keyboard gave, understood: from bytes to the codes to look for.
 *
 *   bytes ─► trim, length, allow-list ─► AIM identifier stripped ─► one of
 *            GTIN-8/12/13/14 · UPC-E · in-store code with price or weight (masks)
 *            GS1 element string · GS1 Digital Link · any other text (PLU, own code)
 *        ─► struct code: candidates in the order in which item_code is asked, and what the symbol
 *            says beside (weight, price, lot, serial, dates, count)
 *
 * The bytes are a stranger's: at most CODE_BYTES_MAX, printable ASCII and GS only. Nothing here
 * reads a database; terminal/catalogue/catalogue.h finds the item.
 */
#ifndef HOLDFAST_CATALOGUE_CODE_H
#define HOLDFAST_CATALOGUE_CODE_H

#include "terminal/base/status.h"
#include "terminal/catalogue/gtin.h"
#include "terminal/catalogue/reference.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_BYTES_MAX      512
#define CODE_CANDIDATES_MAX 5

/* What the reader knows about the symbol. An AIM identifier in the bytes ("]E0", ISO/IEC 15424)
 * says more and wins. */
enum symbology {
    SYMBOLOGY_UNKNOWN,
    SYMBOLOGY_EAN_UPC, /* EAN-13, UPC-A, or UPC-E sent as 12 or 13 digits */
    SYMBOLOGY_EAN8,
    SYMBOLOGY_UPCE, /* sent in its short form */
    SYMBOLOGY_ITF,
    SYMBOLOGY_GS1,  /* GS1-128, DataBar, GS1 DataMatrix, GS1 QR: an element string */
    SYMBOLOGY_OTHER /* Code 39, Code 128, QR, ...: free text */
};

enum code_kind {
    CODE_GTIN,       /* a GTIN with a valid check digit, unique in the world */
    CODE_RESTRICTED, /* a GTIN of a range left to the shop; perhaps with embedded price or weight */
    CODE_GS1,        /* an element string or a Digital Link */
    CODE_TEXT        /* everything else: a PLU, the shop's own code, a receipt number */
};

struct code {
    enum code_kind kind;
    enum symbology symbology;
    char text[CODE_BYTES_MAX + 1]; /* as scanned: without AIM identifier and line ends */

    /* Texts to look for in item_code.code, best first; at least one unless `text` is longer than a
     * code may be (then it can only be something else, a customer's card for instance). */
    int candidate_count;
    char candidates[CODE_CANDIDATES_MAX][REFERENCE_CODE_MAX + 1];

    char gtin[GTIN_SIZE]; /* canonical, "" when there is none */

    /* What the symbol says beside the item. Zero or "" when it says nothing. */
    bool has_quantity; /* quantity_milli thousandths of quantity_unit */
    int64_t quantity_milli;
    char quantity_unit[4]; /* "kg", "lb", "m", "l"; "" for pieces */
    bool has_price;        /* the total to pay for this piece, in minor units of the currency */
    int64_t price_minor;
    int price_exponent; /* digits of the minor unit that price_minor was given in: 2 for pence */
    char price_currency[4]; /* ISO 4217 digits ("826"), "" when the code does not name one */
    char lot[21];
    char serial[21];
    char expires[11];     /* "2026-11-30": use by (17), else sell by (16) */
    char best_before[11]; /* (15) */
    bool is_content;      /* AI 02: a logistic unit that contains items of this GTIN */
};

/* Masks of in-store codes, from assets/barcode-masks.json:
 *
 *   {"v":1,"masks":[{"name":"price, 4 digits","pattern":"02IIIIIVPPPPC","decimals":2}, ...]}
 *
 * A pattern has 13 letters for the 13 digits of an EAN-13 (a UPC-A begins with 0): a digit stands
 * for itself, I item reference, P price, W weight in kg, N pieces, V price verifier (GS1 General
 * Specifications 7.9, four and five digit price), X anything, C the check digit (always the last).
 * `decimals` is the number of decimals of P (0..4) or W (0..3) or N (0). The first pattern that
 * fits is taken; a verifier that is wrong makes it not fit. */
struct code_masks;

/* At most 64 masks. STATUS_INVALID names the mask and the reason. */
enum status code_masks_read(const char *json, size_t length, struct code_masks **out,
                            struct error *error) MUST_USE;
enum status code_masks_load(const char *path, struct code_masks **out,
                            struct error *error) MUST_USE;
void code_masks_destroy(struct code_masks *masks); /* NULL is fine */

/* Understands `bytes`. `masks` may be NULL (no embedded data). `year_now` decides the century of
 * dates. STATUS_INVALID: empty, characters that are not allowed, or a symbol that claims to be GS1
 * (by its AIM identifier or the hint) but is not well formed. STATUS_RANGE: longer than
 * CODE_BYTES_MAX. A wrong check digit is no error: it makes a CODE_TEXT.
 *
 * Candidates, in order:
 *   GTIN         the 14 digits; then, for 8 digits that are also a UPC-E, the expanded one
 *   restricted   the 14 digits; the 14 digits with the variable part zeroed and a new check digit;
 *                the item reference; the item reference without leading zeros
 *   GS1          the GTIN (AI 01, else 02); when nothing marked the text as GS1, the text first
 *   text         the text; when it is 13 or fewer digits, the same without leading zeros
 */
enum status code_parse(const char *bytes, size_t length, enum symbology hint,
                       const struct code_masks *masks, int year_now, struct code *out,
                       struct error *error) MUST_USE;

/* How item_code.code is made from what a person entered or a file says (`given`): a GTIN becomes
 * its 14 digits, everything else stays as it is. *kind is "gtin" or "own". */
enum status code_canonical(const char *given, char out[REFERENCE_CODE_MAX + 1], const char **kind,
                           struct error *error) MUST_USE;

#endif
