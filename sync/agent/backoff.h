/* When to try again: exponential backoff with full jitter, so that a thousand tills that lost the
 * same ledger do not come back in the same second.
 *
 *   delay = random in [floor, floor + min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2^failures)]
 */
#ifndef HOLDFAST_AGENT_BACKOFF_H
#define HOLDFAST_AGENT_BACKOFF_H

#include "terminal/base/crypto.h"

#include <stdint.h>

#define BACKOFF_BASE_MS 500
#define BACKOFF_CAP_MS  60000

struct backoff {
    int failures; /* in a row */
};

/* Counts one failure and gives the delay in ms. `floor_ms`: what the other side asked for. */
int64_t backoff_fail(struct backoff *backoff, const struct entropy *entropy, int64_t floor_ms);
void backoff_reset(struct backoff *backoff);

#endif
