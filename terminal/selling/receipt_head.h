/* The parts that every document of a shop shares. For receipt.c and report.c. */
#ifndef HOLDFAST_SELLING_RECEIPT_HEAD_H
#define HOLDFAST_SELLING_RECEIPT_HEAD_H

#include "terminal/selling/receipt.h"

/* Name, legal name, address, tax id, the shop's own lines. */
void receipt_put_head(struct document *document, const struct receipt_shop *shop);
/* "21 Nov 2026 14:36 +00:00" on one side, `start` on the other. */
void receipt_put_time(struct document *document, const struct receipt_shop *shop, const char *start,
                      int64_t at_ms);
/* Till and person. */
void receipt_put_who(struct document *document, const struct receipt_shop *shop);
/* A text of several lines, each centred. */
void receipt_put_lines(struct document *document, const char *text);
/* A label and an amount. */
void receipt_put_amount(struct document *document, const struct receipt_shop *shop,
                        const char *label, int64_t minor, bool bold, int size);
/* The table of rates: code, rate, net, tax, gross. The first call of a table writes its heading. */
void receipt_put_rate_heading(struct document *document);
void receipt_put_rate(struct document *document, const struct receipt_shop *shop, const char *code,
                      int64_t rate_ppm, int64_t net, int64_t tax, int64_t gross);
void receipt_put_end(struct document *document);

#endif
