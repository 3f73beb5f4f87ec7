/* The query of a request. */
#ifndef HOLDFAST_LEDGER_QUERY_H
#define HOLDFAST_LEDGER_QUERY_H

#include "terminal/base/status.h"

#include <stddef.h>

/* The value of a parameter, percent-decoded ('+' stands for itself). Empty when it is not there;
 * STATUS_RANGE when it does not fit, STATUS_INVALID when it is not well formed or not UTF-8. */
enum status query_value(const char *query, const char *name, char *out, size_t size,
                        struct error *error) MUST_USE;

#endif
