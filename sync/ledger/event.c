/* One SELECT, one INSERT. Ids only grow: the newest row is never pruned. */
#include "sync/ledger/event.h"

#include "terminal/base/json.h"

#include <stdio.h>

#define EVENT_MAX ((size_t)1 << 20)

enum status event_wanted(struct store_session *session, const char *kind, bool *out,
                         struct error *error)
{
    char pattern[64];
    struct store_value values[1];
    int64_t found = 0;
    enum status status;

    (void)snprintf(pattern, sizeof pattern, "%% %s %%", kind);
    values[0] = store_text(pattern);
    status = store_one_int(session,
                           "SELECT 1 FROM webhook WHERE removed_ms = 0 AND "
                           "(events LIKE ?1 OR events = ' * ') LIMIT 1",
                           values, 1, 0, &found, error);
    *out = found != 0;
    return status;
}

enum status event_add(struct store_session *session, int64_t at_ms, const char *kind,
                      const char *location, const json_t *body, struct error *error)
{
    struct buf text;
    bool wanted;
    enum status status = event_wanted(session, kind, &wanted, error);

    if (status != STATUS_OK || !wanted)
        return status;
    buf_init(&text, EVENT_MAX);
    if (json_write(body, &text) != STATUS_OK) {
        buf_finish(&text);
        return STATUS_OK; /* larger than any receiver takes: it is asked for, not told */
    }
    struct store_value values[] = {store_int(at_ms), store_text(kind), store_text(location),
                                   store_text_n(text.data, text.used)};
    status = store_run(session,
                       "INSERT INTO event(id, at_ms, kind, location, body) "
                       "SELECT coalesce(max(id), 0) + 1, ?1, ?2, ?3, ?4 FROM event",
                       values, 4, error);
    buf_finish(&text);
    return status;
}
