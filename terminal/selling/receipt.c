/* From top to bottom: shop, number and time, lines, total and tenders, tax, what the fiscal device
 * said, the shop's farewell, the code.
 */
#include "terminal/selling/receipt.h"

#include "terminal/selling/cart.h"
#include "terminal/selling/fiscal.h"
#include "terminal/selling/receipt_head.h"
#include "terminal/selling/tr.h"

#include <stdio.h>
#include <string.h>

#define LINE_TEXT (NAME_SIZE + 2 * LOCALE_TEXT_SIZE)

static int64_t number(const json_t *object, const char *key)
{
    return json_int_or(object, key, 0);
}

static bool cash_moved(const json_t *entry)
{
    size_t index;
    json_t *tender;

    json_array_foreach(json_object_get(entry, "tenders"), index, tender)
    {
        if (strcmp(json_text_or(tender, "type", ""), "cash") == 0 &&
            strcmp(json_text_or(tender, "state", ""), "taken") == 0)
            return true;
    }
    return false;
}

/* "2 x £2.40", "0.742 kg x £2.90/kg", "1 case of 24 (24) x £20.00": only when it says something. */
static void put_quantity(struct document *document, const struct receipt_shop *shop,
                         const json_t *line)
{
    struct quantity quantity = {number(line, "qty")};
    struct quantity factor = {json_int_or(line, "factor", QUANTITY_ONE)};
    struct price price = {number(line, "price"), json_int_or(line, "per", QUANTITY_ONE)};
    const char *unit = json_text_or(line, "unit", "each");
    const char *pack = json_text_or(line, "pack", "");
    bool each = strcmp(unit, "each") == 0;
    char count[LOCALE_TEXT_SIZE], amount[LOCALE_TEXT_SIZE], text[LINE_TEXT];
    struct money pack_price;

    if (each && pack[0] == '\0' && quantity.milli == QUANTITY_ONE)
        return;
    locale_quantity(shop->format, quantity, count);
    if (pack[0] != '\0') {
        if (price_extend(price, factor, &pack_price) != STATUS_OK)
            return;
        locale_money(shop->format, pack_price, amount);
        (void)snprintf(text, sizeof text, "%s %s × %s", count, pack, amount);
    } else if (strcmp(json_text_or(line, "price_from", ""), "label") == 0) {
        (void)snprintf(text, sizeof text, "%s %s", count, unit);
    } else {
        locale_price(shop->format, price, amount);
        (void)snprintf(text, sizeof text, each ? "%s × %s" : "%s %s × %s/%s", count,
                       each ? amount : unit, amount, unit);
    }
    document_pair(document, text, "", false, 1, 1);
}

static void put_discounts(struct document *document, const struct receipt_shop *shop,
                          const json_t *line)
{
    size_t index;
    json_t *discount;

    json_array_foreach(json_object_get(line, "discounts"), index, discount)
    {
        char amount[LOCALE_TEXT_SIZE];
        const char *rule = json_text_or(discount, "rule", "");

        locale_money(shop->format, (struct money){-number(discount, "amount")}, amount);
        document_pair(document, rule[0] == '\0' ? tr("Discount") : rule, amount, false, 1, 1);
    }
}

static void put_line(struct document *document, const struct receipt_shop *shop, const json_t *line)
{
    const json_t *tax = json_array_get(json_object_get(line, "tax"), 0);
    char amount[LOCALE_TEXT_SIZE], end[LOCALE_TEXT_SIZE + KEY_SIZE], text[LINE_TEXT];
    bool charge = number(line, "linked_to") != 0;
    const char *name = json_text_or(line, "name", "");

    if (name[0] == '\0')
        name = json_text_or(line, "code", json_text_or(line, "sku", ""));
    locale_amount(shop->format, (struct money){number(line, "gross")}, amount);
    (void)snprintf(end, sizeof end, "%s %s", amount, json_text_or(tax, "code", ""));
    document_pair(document, name, end, false, 1, charge ? 1 : 0);
    put_quantity(document, shop, line);
    put_discounts(document, shop, line);
    if (number(line, "base") < 0 && !charge) {
        (void)snprintf(text, sizeof text, "%s %s", tr("Return:"), json_text_or(line, "reason", ""));
        document_pair(document, text, "", false, 1, 1);
    }
}

static void put_tender(struct document *document, const struct receipt_shop *shop,
                       const json_t *tender)
{
    const char *type = json_text_or(tender, "type", "");
    const char *name = strcmp(type, TENDER_CASH) == 0      ? tr("Cash")
                       : strcmp(type, TENDER_ACCOUNT) == 0 ? tr("Account")
                                                           : tr("Card");
    const char *reference = json_text_or(tender, "reference", "");
    char label[128];

    if (reference[0] == '\0')
        reference = json_text_or(tender, "account", "");
    if (strcmp(json_text_or(tender, "state", ""), "taken") != 0)
        return;
    (void)snprintf(label, sizeof label, reference[0] == '\0' ? "%s%s" : "%s %s", name, reference);
    receipt_put_amount(document, shop, label, number(tender, "amount"), false, 1);
}

static void put_money(struct document *document, const struct receipt_shop *shop,
                      const json_t *entry)
{
    size_t index;
    json_t *tender;

    document_rule(document);
    if (number(entry, "tax_included") == 0) {
        receipt_put_amount(document, shop, tr("Net"), number(entry, "net"), false, 1);
        receipt_put_amount(document, shop, tr("Tax"), number(entry, "tax"), false, 1);
    }
    receipt_put_amount(document, shop, tr("Total"), number(entry, "gross"), true, 2);
    if (number(entry, "rounding") != 0)
        receipt_put_amount(document, shop, tr("Rounding"), number(entry, "rounding"), false, 1);
    json_array_foreach(json_object_get(entry, "tenders"), index, tender)
    {
        put_tender(document, shop, tender);
    }
    if (number(entry, "change") != 0)
        receipt_put_amount(document, shop, tr("Change"), number(entry, "change"), true, 1);
}

static void put_rates(struct document *document, const struct receipt_shop *shop,
                      const json_t *entry)
{
    size_t index;
    json_t *rate;

    document_rule(document);
    receipt_put_rate_heading(document);
    json_array_foreach(json_object_get(entry, "rates"), index, rate)
    {
        receipt_put_rate(document, shop, json_text_or(rate, "code", ""), number(rate, "rate"),
                         number(rate, "net"), number(rate, "tax"), number(rate, "gross"));
    }
}

static void put_fiscal(struct document *document, const json_t *entry)
{
    const json_t *fiscal = json_object_get(entry, "fiscal");
    size_t index;
    json_t *line;

    if (strcmp(json_text_or(fiscal, "failed", ""), "") != 0)
        document_text(document, tr("The fiscal device did not answer."), ALIGN_CENTER, true, 1);
    json_array_foreach(json_object_get(fiscal, "receipt"), index, line)
    {
        if (index < FISCAL_RECEIPT_LINES && json_is_string(line))
            document_text(document, json_string_value(line), ALIGN_CENTER, false, 1);
    }
    if (json_text_or(fiscal, "qr", "")[0] != '\0')
        document_qr(document, json_text_or(fiscal, "qr", ""));
}

struct document *receipt_document(const struct receipt_shop *shop, const json_t *entry,
                                  const char *code, const char *note)
{
    const char *receipt = json_text_or(entry, "receipt", "");
    struct document *document = document_create(DOCUMENT_RECEIPT, shop->location->locale, receipt);
    size_t index;
    json_t *line;

    if (cash_moved(entry))
        document_drawer(document);
    receipt_put_head(document, shop);
    receipt_put_time(document, shop, receipt, number(entry, "hlc") >> 16);
    receipt_put_who(document, shop);
    if (strcmp(json_text_or(entry, "type", ""), "return") == 0)
        document_text(document, tr("RETURN"), ALIGN_CENTER, true, 2);
    document_rule(document);
    json_array_foreach(json_object_get(entry, "lines"), index, line)
    {
        put_line(document, shop, line);
    }
    put_money(document, shop, entry);
    put_rates(document, shop, entry);
    put_fiscal(document, entry);
    document_rule(document);
    if (note[0] != '\0')
        document_text(document, note, ALIGN_START, false, 1);
    receipt_put_lines(document, shop->location->receipt_footer);
    if (code[0] != '\0')
        document_qr(document, code);
    receipt_put_end(document);
    return document;
}

/* ---- the code ---------------------------------------------------------------------------- */

void receipt_code(const char *receipt, const char *hash_hex, char out[RECEIPT_CODE_SIZE])
{
    (void)snprintf(out, RECEIPT_CODE_SIZE, RECEIPT_CODE_MARK "%s:%.16s", receipt, hash_hex);
    for (char *at = out + strlen(RECEIPT_CODE_MARK) + strlen(receipt); *at != '\0'; at++) {
        if (*at >= 'a' && *at <= 'f')
            *at = (char)(*at - 'a' + 'A');
    }
}

/* till - three letters or digits - at least six digits */
static bool is_number(const char *text)
{
    const char *counter = strrchr(text, '-');
    size_t digits = counter == NULL ? 0 : strspn(counter + 1, "0123456789");

    return counter != NULL && digits >= 6 && counter[1 + digits] == '\0' && counter - text >= 5 &&
           counter[-4] == '-' && strspn(counter - 3, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") >= 3;
}

enum status receipt_code_read(const char *code, char out[TILL_RECEIPT_SIZE])
{
    size_t length;

    if (strncmp(code, RECEIPT_CODE_MARK, strlen(RECEIPT_CODE_MARK)) == 0)
        code += strlen(RECEIPT_CODE_MARK);
    length = strcspn(code, ":");
    if (length >= TILL_RECEIPT_SIZE)
        return STATUS_INVALID;
    memcpy(out, code, length);
    out[length] = '\0';
    return is_number(out) ? STATUS_OK : STATUS_INVALID;
}
