/* What the writer remembers of tables that it alone writes, so that an entry costs no look-up:
 * items that exist, whether any stock rule exists, the statements that add to figures.
 *
 * Belongs to the writing thread. Whatever may have changed under it is forgotten: after a rollback,
 * and by whoever deletes an item or puts a stock rule.
 */
#ifndef HOLDFAST_LEDGER_KNOWN_H
#define HOLDFAST_LEDGER_KNOWN_H

#include "sync/ledger/figure.h"
#include "sync/ledger/store/store.h"

struct known;
struct known *known_new(void);
void known_free(struct known *known); /* NULL is fine; its session is not used after that */
void known_forget(struct known *known);
/* A transaction begins: what others may change between two is asked anew. */
void known_begin(struct known *known);

/* Whether the catalogue has the item. Only what is there is remembered. */
enum status known_item(struct known *known, struct store_session *session, const char *sku,
                       bool *out, struct error *error) MUST_USE;

/* Whether any location has a stock rule at all. */
enum status known_rules(struct known *known, struct store_session *session, bool *out,
                        struct error *error) MUST_USE;

/* Which of the frequent events any webhook wants, as of this transaction: asked once in each. */
struct known_events {
    bool sale, stock;
};
enum status known_wanted(struct known *known, struct store_session *session,
                         struct known_events *out, struct error *error) MUST_USE;

struct figure_sql *known_figures(const struct known *known);

#endif
