/* The price list that an import writes to. */
#ifndef HOLDFAST_LEDGER_IMPORT_LIST_H
#define HOLDFAST_LEDGER_IMPORT_LIST_H

#include "sync/ledger/rows.h"
#include "terminal/money/money.h"

/* The list's currency. A `base` that is not there yet is made, in the asked currency or the first
 * location's, with or without tax as that location's prices are. `asked` may be "".
 * STATUS_NOT_FOUND: no such list, or no currency to be had. STATUS_CONFLICT: the list is in another
 * currency than the asked. STATUS_INVALID: the asked one is none. */
enum status import_list_find(struct rows *rows, const struct writer_turn *turn, const char *list,
                             const char *asked, struct currency *out, struct error *error) MUST_USE;

#endif
