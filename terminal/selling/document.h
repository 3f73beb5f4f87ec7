/* A document for paper, free of any device: what the till writes into a print job, and what every
 * printer driver, the file printer and the receipt preview on screen read.
 *
 *   {"v":1,"kind":"receipt","locale":"en-GB","direction":"ltr","number":"T01-K7Q-000012","blocks":[
 *     {"t":"text","s":"Harbour Street","align":"center","bold":1,"size":2},
 *     {"t":"pair","l":"2 x 2.40","r":"4.80","bold":0,"size":1,"indent":1},
 *     {"t":"columns","cells":["A","20%","1.00","0.20","1.20"],"weights":[1,2,3,3,3],"bold":0},
 *     {"t":"rule"}, {"t":"qr","s":"..."}, {"t":"feed","n":1}, {"t":"cut"}, {"t":"drawer"}]}
 *
 * Texts are UTF-8 in logical order, already translated and formatted; a driver measures, wraps and
 * aligns them. Nothing in them is a command: control characters are replaced by spaces when a
 * block is added or read. "start" is left in an "ltr" document and right in an "rtl" one; the `l`
 * of a pair stands at the start. In `columns` the first cell is start-aligned, the others end.
 * A document has at most DOCUMENT_BLOCKS blocks and DOCUMENT_BYTES of JSON.
 */
#ifndef HOLDFAST_SELLING_DOCUMENT_H
#define HOLDFAST_SELLING_DOCUMENT_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define DOCUMENT_BLOCKS  4000
#define DOCUMENT_BYTES   (512 * 1024)
#define DOCUMENT_TEXT    2048 /* bytes of one text */
#define DOCUMENT_COLUMNS 8

enum document_kind {
    DOCUMENT_RECEIPT,
    DOCUMENT_COPY,
    DOCUMENT_X,
    DOCUMENT_Z,
    DOCUMENT_TEST,
    DOCUMENT_DRAWER /* no paper: the drawer is opened, nothing else (a no-sale) */
};
enum document_block_type {
    BLOCK_TEXT,
    BLOCK_PAIR,
    BLOCK_COLUMNS,
    BLOCK_RULE,
    BLOCK_QR,
    BLOCK_FEED,
    BLOCK_CUT,
    BLOCK_DRAWER
};
enum document_align { ALIGN_START, ALIGN_CENTER, ALIGN_END };

/* Which fields count depends on the type; the others are zero. Texts are owned by the document. */
struct document_block {
    enum document_block_type type;
    const char *text;                    /* TEXT, QR; the start side of a PAIR */
    const char *end_text;                /* the end side of a PAIR */
    const char *cells[DOCUMENT_COLUMNS]; /* COLUMNS */
    int weights[DOCUMENT_COLUMNS];       /* COLUMNS: shares of the width, each > 0 */
    int cell_count;                      /* COLUMNS: 1..DOCUMENT_COLUMNS */
    enum document_align align;           /* TEXT */
    bool bold;                           /* TEXT, PAIR, COLUMNS */
    int size;                            /* TEXT, PAIR: 1 or 2 (double width and height) */
    int indent;                          /* PAIR: 0..4 steps of two characters */
    int lines;                           /* FEED: 1..20 */
};

struct document;

/* An empty document. `locale` as "en-GB"; its direction follows from the language. */
struct document *document_create(enum document_kind kind, const char *locale, const char *number);
void document_destroy(struct document *document); /* NULL is fine */

enum document_kind document_kind(const struct document *document);
const char *document_locale(const struct document *document);
const char *document_number(const struct document *document); /* "" for none */
bool document_is_rtl(const struct document *document);
size_t document_count(const struct document *document);
/* Borrowed until the document changes; index < count. */
const struct document_block *document_block(const struct document *document, size_t index);

/* Building. Texts are copied and cleaned, and cut at DOCUMENT_TEXT. Past DOCUMENT_BLOCKS nothing
 * more is added (a receipt of that length is refused long before, by the cart's ceiling). */
void document_text(struct document *document, const char *text, enum document_align align,
                   bool bold, int size);
void document_pair(struct document *document, const char *start, const char *end, bool bold,
                   int size, int indent);
void document_columns(struct document *document, const char *const *cells, const int *weights,
                      int count, bool bold);
void document_rule(struct document *document);
void document_qr(struct document *document, const char *text);
void document_feed(struct document *document, int lines);
void document_cut(struct document *document);
void document_drawer(struct document *document);

/* JSON of the form above, appended. STATUS_RANGE at the buffer's ceiling. */
enum status document_write(const struct document *document, struct buf *out) MUST_USE;

/* The document of a print job. Bytes are not trusted: unknown block types are skipped, everything
 * else that breaks the form is STATUS_INVALID. *out is owned by the caller. */
enum status document_read(const char *bytes, size_t length, struct document **out,
                          struct error *error) MUST_USE;

/* The same document as a copy: kind DOCUMENT_COPY, "COPY" in large letters at the top and before
 * the cut, and without its drawer block. The original is unchanged; *out is owned by the caller. */
struct document *document_copy_of(const struct document *document);

#endif
