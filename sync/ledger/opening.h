/* POST /v1/admin/opening-stock: what a location begins with, received as one document.
 *
 *   {"location":"S01","lines":[{"sku":"A","quantity_milli":6000},...]}
 *
 * Once per location, before or after its first sale: a second one is refused, so that loading a
 * store twice does not double its stock. Quantities come from @supplier into available.
 */
#ifndef HOLDFAST_LEDGER_OPENING_H
#define HOLDFAST_LEDGER_OPENING_H

#include "sync/ledger/writer.h"

#include <jansson.h>

#define OPENING_LINES 100000

/* STATUS_INVALID names the line (from 1) that is malformed, negative, of an unknown item or of one
 * that is not stocked. STATUS_NOT_FOUND: no such location. STATUS_EXISTS: it has had its opening
 * stock. Nothing is half done. */
enum status opening_receive(struct writer *writer, const json_t *request,
                            struct error *error) MUST_USE;

#endif
