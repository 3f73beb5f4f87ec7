/* A receipt document as plain text, for terminals and logs of people: columns of characters.
 */
#ifndef HOLDFAST_DRIVERS_TEXT_FORM_H
#define HOLDFAST_DRIVERS_TEXT_FORM_H

#include "terminal/base/buf.h"
#include "terminal/selling/document.h"

/* Appends UTF-8 lines of at most `columns` cells (16..200; wide characters count two, combining
 * ones none), without spaces at their ends. QR codes appear as their text. */
enum status text_form_write(const struct document *document, int columns, struct buf *out) MUST_USE;

#endif
