/* One question to the ledger, by what stands in the options. */
#ifndef HOLDFAST_ADMIN_ASK_H
#define HOLDFAST_ADMIN_ASK_H

#include "sync/admin/options.h"
#include "terminal/base/buf.h"

#include <jansson.h>

#define ASK_ANSWER_MOST ((size_t)256 << 20)
#define ASK_OPTIONS     "url token-file ca " /* for options_check; more names may follow */

/* GET of the target; a POST of `body`, or of the file `upload`, when one of them is given. The
 * answer is appended as it came. */
enum status ask_ledger(const struct options *options, const char *target, const json_t *body,
                       const char *upload, struct buf *answer, struct error *error) MUST_USE;

/* The same for answers that are JSON without decimals: *out is the caller's. */
enum status ask_ledger_json(const struct options *options, const char *target, const json_t *body,
                            json_t **out, struct error *error) MUST_USE;

#endif
