/* The lines of a stock document, as they are stored: `sku TAB milli LF`, packed with zstd. */
#ifndef HOLDFAST_LEDGER_DOCUMENT_H
#define HOLDFAST_LEDGER_DOCUMENT_H

#include "sync/ledger/tally.h"

#include <stddef.h>

/* Adds every line as a move from one bucket to the other. STATUS_CORRUPT for a line that is none;
 * STATUS_RANGE when a sum does not fit. */
enum status document_tally(struct tally *tally, const char *lines, size_t length,
                           const struct bucket *from, const struct bucket *to,
                           struct error *error) MUST_USE;

#endif
