/* What waits for items to become known, and is applied when they are. (projection.h) */
#include "sync/ledger/projection.h"

#include <string.h>

/* Copies a text column into a bounded field; what stands there was bounded when it was written. */
static void copy_column(struct store_session *session, struct store_query *query, int column,
                        char *out, size_t size)
{
    const char *text = store_column_text(session, query, column);

    INVARIANT(strlen(text) < size);
    strcpy(out, text);
}

static enum status tally_suspense(struct store_session *session, struct tally *tally,
                                  struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT s.sku, s.quantity_milli, s.from_location, s.from_status, "
                    "s.to_location, s.to_status FROM suspense s JOIN item i ON i.sku = s.sku",
                    NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        struct bucket from, to;
        copy_column(session, query, 2, from.location, sizeof from.location);
        copy_column(session, query, 3, from.status, sizeof from.status);
        copy_column(session, query, 4, to.location, sizeof to.location);
        copy_column(session, query, 5, to.status, sizeof to.status);
        status = tally_move(tally, store_column_text(session, query, 0),
                            store_column_int(session, query, 1), &from, &to);
    }
    return status;
}

/* The cause is gone: the items are known. */
static enum status settle(const struct writer_turn *turn, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = store_query(
        turn->session, "SELECT DISTINCT s.sku FROM suspense s JOIN item i ON i.sku = s.sku", NULL,
        0, &query, error);

    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        status = finding_over(turn->session, "suspense", store_column_text(turn->session, query, 0),
                              turn->now_ms, "the item is known", error);
        if (status != STATUS_OK)
            store_done(turn->session, query);
    }
    return status;
}

enum status projection_resolve(const struct writer_turn *turn, struct error *error)
{
    struct tally *tally;
    enum status status;
    int64_t waiting;

    status =
        store_one_int(turn->session, "SELECT 1 FROM suspense LIMIT 1", NULL, 0, 0, &waiting, error);
    if (status != STATUS_OK || waiting == 0)
        return status;
    tally = tally_new();
    status = tally_suspense(turn->session, tally, error);
    if (status == STATUS_OK)
        status = settle(turn, error);
    if (status == STATUS_OK)
        status = projection_apply(turn, tally, error);
    if (status == STATUS_OK)
        status =
            store_run(turn->session, "DELETE FROM suspense WHERE sku IN (SELECT sku FROM item)",
                      NULL, 0, error);
    tally_free(tally);
    return status;
}
