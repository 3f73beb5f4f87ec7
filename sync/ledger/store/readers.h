/* Reading sessions, lent out one per thread and kept for the next. Thread-safe. */
#ifndef HOLDFAST_LEDGER_READERS_H
#define HOLDFAST_LEDGER_READERS_H

#include "sync/ledger/store/store.h"

#define READERS_MAX         32
#define READERS_PATIENCE_MS 5000

struct readers;
struct readers *readers_new(struct store *store); /* borrows the store */
void readers_free(struct readers *readers);       /* all are back; NULL is fine */
/* Waits for a while when READERS_MAX are lent, or when the engine gives no further session though
 * some are lent: STATUS_BUSY after READERS_PATIENCE_MS. */
enum status readers_take(struct readers *readers, struct store_session **out,
                         struct error *error) MUST_USE;
void readers_give(struct readers *readers, struct store_session *session);

#endif
