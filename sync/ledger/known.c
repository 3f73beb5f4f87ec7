/* Sets in memory, bounded. */
#include "sync/ledger/known.h"

#include "sync/ledger/text_set.h"
#include "terminal/base/buf.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 200000 /* then it begins anew */

struct known {
    struct figure_sql *figures;
    struct text_set *items;
    int item_count;
    bool rules_asked, rules;
    bool events_asked;
    struct known_events events;
};

struct known *known_new(void)
{
    struct known *known = mem_alloc(sizeof *known);

    known->figures = figure_sql_new();
    known->items = text_set_new();
    return known;
}

void known_free(struct known *known)
{
    if (known == NULL)
        return;
    text_set_free(known->items);
    figure_sql_free(known->figures);
    free(known);
}

void known_forget(struct known *known)
{
    known->rules_asked = false;
    known->events_asked = false;
    if (known->item_count == 0)
        return;
    text_set_free(known->items);
    known->items = text_set_new();
    known->item_count = 0;
}

void known_begin(struct known *known)
{
    known->events_asked = false;
}

enum status known_wanted(struct known *known, struct store_session *session,
                         struct known_events *out, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = STATUS_OK;

    if (known->events_asked) {
        *out = known->events;
        return STATUS_OK;
    }
    known->events = (struct known_events){false, false};
    status = store_query(session, "SELECT events FROM webhook WHERE removed_ms = 0", NULL, 0,
                         &query, error);
    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        const char *events = store_column_text(session, query, 0);
        bool all = strcmp(events, " * ") == 0;
        known->events.sale = known->events.sale || all || strstr(events, " sale ") != NULL;
        known->events.stock =
            known->events.stock || all || strstr(events, " stock.changed ") != NULL;
    }
    known->events_asked = status == STATUS_OK;
    *out = known->events;
    return status;
}

enum status known_item(struct known *known, struct store_session *session, const char *sku,
                       bool *out, struct error *error)
{
    struct store_value values[] = {store_text(sku)};
    size_t length = strlen(sku);
    int64_t found = 0;
    enum status status;

    *out = text_set_has(known->items, sku, length);
    if (*out)
        return STATUS_OK;
    status =
        store_one_int(session, "SELECT 1 FROM item WHERE sku = ?1", values, 1, 0, &found, error);
    if (status != STATUS_OK || found == 0)
        return status;
    if (known->item_count == ITEMS_MAX)
        known_forget(known);
    known->item_count += text_set_add(known->items, sku, length);
    *out = true;
    return STATUS_OK;
}

enum status known_rules(struct known *known, struct store_session *session, bool *out,
                        struct error *error)
{
    int64_t found = 0;
    enum status status = STATUS_OK;

    if (!known->rules_asked)
        status =
            store_one_int(session, "SELECT 1 FROM stock_rule LIMIT 1", NULL, 0, 0, &found, error);
    if (status == STATUS_OK && !known->rules_asked) {
        known->rules = found != 0;
        known->rules_asked = true;
    }
    *out = known->rules;
    return status;
}

struct figure_sql *known_figures(const struct known *known)
{
    return known->figures;
}
