/* X and Z, slips, the test page. The figures of a report are the shift's sums, name by name.
 */
#include "terminal/selling/receipt_head.h"
#include "terminal/selling/tr.h"

#include <stdio.h>
#include <string.h>

static void put_count(struct document *document, const struct receipt_shop *shop, const char *label,
                      int64_t count)
{
    char text[LOCALE_TEXT_SIZE];

    locale_integer(shop->format, count, text);
    document_pair(document, label, text, false, 1, 0);
}

static void put_sum(struct document *document, const struct receipt_shop *shop,
                    const struct shift *shift, const char *label, const char *name)
{
    receipt_put_amount(document, shop, label, sums_get(&shift->sums, name), false, 1);
}

static void put_rates(struct document *document, const struct receipt_shop *shop,
                      const struct shift *shift)
{
    struct sum_rate rates[CART_RATES];
    int count = sums_rates(&shift->sums, rates);

    document_rule(document);
    receipt_put_rate_heading(document);
    for (int i = 0; i < count; i++)
        receipt_put_rate(document, shop, rates[i].code, rates[i].rate_ppm, rates[i].net,
                         rates[i].tax, rates[i].gross);
}

static void put_drawer(struct document *document, const struct receipt_shop *shop,
                       const struct shift *shift, const int64_t *counted)
{
    int64_t expected;

    document_rule(document);
    receipt_put_amount(document, shop, tr("Opening float"), shift->opening_float, false, 1);
    put_sum(document, shop, shift, tr("Cash taken"), "cash");
    put_sum(document, shop, shift, tr("Paid in"), "paid_in");
    receipt_put_amount(document, shop, tr("Paid out"), -sums_get(&shift->sums, "paid_out"), false,
                       1);
    if (shift_expected(shift, &expected, NULL) != STATUS_OK)
        return;
    receipt_put_amount(document, shop, tr("Expected in the drawer"), expected, true, 1);
    if (counted == NULL)
        return;
    receipt_put_amount(document, shop, tr("Counted"), *counted, true, 1);
    receipt_put_amount(document, shop, tr("Difference"), *counted - expected, true, 1);
}

struct document *shift_document(const struct receipt_shop *shop, const struct shift *shift,
                                int64_t now_ms, const int64_t *counted)
{
    struct document *document =
        document_create(counted == NULL ? DOCUMENT_X : DOCUMENT_Z, shop->location->locale, "");
    char title[2 * LOCALE_TEXT_SIZE], number[LOCALE_TEXT_SIZE];

    receipt_put_head(document, shop);
    locale_integer(shop->format, shift->shift, number);
    (void)snprintf(title, sizeof title, "%s %s", counted == NULL ? tr("X report") : tr("Z report"),
                   number);
    document_text(document, title, ALIGN_CENTER, true, 2);
    receipt_put_time(document, shop, tr("From"), shift->opened_ms);
    receipt_put_time(document, shop, tr("To"), now_ms);
    receipt_put_who(document, shop);
    document_rule(document);
    put_count(document, shop, tr("Sales"), sums_get(&shift->sums, "sales"));
    put_sum(document, shop, shift, tr("Sold"), "sales_gross");
    put_count(document, shop, tr("Returns"), sums_get(&shift->sums, "returns"));
    receipt_put_amount(document, shop, tr("Returned"), -sums_get(&shift->sums, "returns_gross"),
                       false, 1);
    put_sum(document, shop, shift, tr("Discounts"), "discounts");
    put_sum(document, shop, shift, tr("Rounding"), "rounding");
    put_count(document, shop, tr("Cancelled"), sums_get(&shift->sums, "cancelled"));
    put_count(document, shop, tr("Drawer opened without sale"), sums_get(&shift->sums, "no_sales"));
    document_rule(document);
    put_sum(document, shop, shift, tr("Cash"), "cash");
    put_sum(document, shop, shift, tr("Card"), "card");
    if (sums_get(&shift->sums, "account") != 0)
        put_sum(document, shop, shift, tr("Account"), "account");
    put_rates(document, shop, shift);
    put_drawer(document, shop, shift, counted);
    receipt_put_end(document);
    return document;
}

struct document *slip_document(const struct receipt_shop *shop, int64_t now_ms, const char *title,
                               struct money amount, const char *reason)
{
    struct document *document = document_create(DOCUMENT_RECEIPT, shop->location->locale, "");

    document_drawer(document);
    receipt_put_head(document, shop);
    receipt_put_time(document, shop, "", now_ms);
    receipt_put_who(document, shop);
    document_rule(document);
    receipt_put_amount(document, shop, title, amount.minor, true, 2);
    document_text(document, reason, ALIGN_START, false, 1);
    receipt_put_end(document);
    return document;
}

struct document *drawer_document(const struct receipt_shop *shop)
{
    struct document *document = document_create(DOCUMENT_DRAWER, shop->location->locale, "");

    document_drawer(document);
    return document;
}

struct document *test_document(const struct receipt_shop *shop, int64_t now_ms)
{
    static const char sample[] = "äöüß éèñ € £ ¥ Ωλ العربية 日本語";
    const char *const cells[] = {"A", "B", "C", "D"};
    const int weights[] = {1, 1, 1, 1};
    struct document *document = document_create(DOCUMENT_TEST, shop->location->locale, "");

    receipt_put_head(document, shop);
    document_text(document, tr("Printer test"), ALIGN_CENTER, true, 2);
    receipt_put_time(document, shop, shop->till, now_ms);
    document_text(document, sample, ALIGN_START, false, 1);
    document_columns(document, cells, weights, 4, false);
    receipt_put_amount(document, shop, tr("Total"), 123456, true, 2);
    document_qr(document, "HOLDFAST");
    receipt_put_end(document);
    return document;
}
