/* Full jitter. Nothing is kept but a count. */
#include "sync/agent/backoff.h"

int64_t backoff_fail(struct backoff *backoff, const struct entropy *entropy, int64_t floor_ms)
{
    int64_t span = BACKOFF_BASE_MS;
    uint64_t random = 0;

    for (int i = 0; i < backoff->failures && span < BACKOFF_CAP_MS; i++)
        span *= 2;
    if (span > BACKOFF_CAP_MS)
        span = BACKOFF_CAP_MS;
    if (backoff->failures < 1000)
        backoff->failures++;
    entropy_fill(entropy, &random, sizeof random);
    return (floor_ms > 0 ? floor_ms : 0) + (int64_t)(random % (uint64_t)(span + 1));
}

void backoff_reset(struct backoff *backoff)
{
    backoff->failures = 0;
}
