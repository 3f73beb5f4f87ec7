#include "terminal/selling/receipt_head.h"

#include "terminal/selling/tr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE_COLUMNS 5

static const int rate_weights[RATE_COLUMNS] = {2, 3, 4, 4, 4};

void receipt_put_lines(struct document *document, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        char line[256];

        copy_text(line, length + 1 < sizeof line ? length + 1 : sizeof line, text);
        document_text(document, line, ALIGN_CENTER, false, 1);
        text += length + (text[length] == '\n');
    }
}

void receipt_put_head(struct document *document, const struct receipt_shop *shop)
{
    const struct location *location = shop->location;
    char line[NAME_SIZE + KEY_SIZE];

    document_text(document, location->name, ALIGN_CENTER, true, 2);
    if (location->legal_name[0] != '\0' && strcmp(location->legal_name, location->name) != 0)
        document_text(document, location->legal_name, ALIGN_CENTER, false, 1);
    receipt_put_lines(document, location->address);
    if (location->tax_id[0] != '\0') {
        (void)snprintf(line, sizeof line, "%s %s", tr("Tax no."), location->tax_id);
        document_text(document, line, ALIGN_CENTER, false, 1);
    }
    receipt_put_lines(document, location->receipt_header);
    document_rule(document);
}

void receipt_put_time(struct document *document, const struct receipt_shop *shop, const char *start,
                      int64_t at_ms)
{
    struct local_time at = local_time_at(at_ms, shop->location->timezone);
    char date[LOCALE_TEXT_SIZE], time[LOCALE_TEXT_SIZE], line[2 * LOCALE_TEXT_SIZE + 16];
    int offset = at.utc_offset_min < 0 ? -at.utc_offset_min : at.utc_offset_min;

    locale_date(shop->format, &at, date);
    locale_clock(shop->format, &at, time);
    (void)snprintf(line, sizeof line, "%s %s %c%02d:%02d", date, time,
                   at.utc_offset_min < 0 ? '-' : '+', offset / 60, offset % 60);
    document_pair(document, start, line, false, 1, 0);
}

void receipt_put_who(struct document *document, const struct receipt_shop *shop)
{
    char till[64];

    (void)snprintf(till, sizeof till, "%s %s", tr("Till"), shop->till);
    document_pair(document, till, shop->staff_name, false, 1, 0);
}

void receipt_put_amount(struct document *document, const struct receipt_shop *shop,
                        const char *label, int64_t minor, bool bold, int size)
{
    char amount[LOCALE_TEXT_SIZE];

    locale_money(shop->format, (struct money){minor}, amount);
    document_pair(document, label, amount, bold, size, 0);
}

void receipt_put_rate_heading(struct document *document)
{
    const char *const cells[RATE_COLUMNS] = {"", tr("Rate"), tr("Net"), tr("Tax"), tr("Gross")};

    document_columns(document, cells, rate_weights, RATE_COLUMNS, true);
}

void receipt_put_rate(struct document *document, const struct receipt_shop *shop, const char *code,
                      int64_t rate_ppm, int64_t net, int64_t tax, int64_t gross)
{
    char texts[4][LOCALE_TEXT_SIZE];
    const char *const cells[RATE_COLUMNS] = {code, texts[0], texts[1], texts[2], texts[3]};

    locale_rate(shop->format, (int32_t)rate_ppm, texts[0]);
    locale_amount(shop->format, (struct money){net}, texts[1]);
    locale_amount(shop->format, (struct money){tax}, texts[2]);
    locale_amount(shop->format, (struct money){gross}, texts[3]);
    document_columns(document, cells, rate_weights, RATE_COLUMNS, false);
}

void receipt_put_end(struct document *document)
{
    document_feed(document, 3);
    document_cut(document);
}
