/* What the ledger watches beside the entries: tills that fall silent, journals that were lost, and
 * how fast items sell.
 *
 *   every authenticated request ─► heard (memory) ─► table heard, every WATCH_PERIOD_MS
 *   409 gap, again and again    ─► exception gap; settled by itself when the gap is filled
 *   every WATCH_PERIOD_MS       ─► exception silent_till, settled by itself when the till speaks;
 *                                  marks of sale_rate, once a day (availability.h); and the boot
 *                                  stamp is renewed (store/incarnation.h)
 *
 * A till is silent when it was not heard of for longer than its location's setting
 * silent_till_minutes (60 when there is none, 0: never), while this ledger ran. One that a person
 * has settled is opened again only after the till had spoken.
 */
#ifndef HOLDFAST_LEDGER_WATCH_H
#define HOLDFAST_LEDGER_WATCH_H

#include "sync/ledger/writer.h"
#include "terminal/base/clock.h"
#include "terminal/base/crypto.h"
#include "terminal/journal/device.h"

#define WATCH_PERIOD_MS      30000
#define WATCH_GAP_ANSWERS    5 /* of the same gap to the same epoch */
#define WATCH_SILENT_MINUTES 60

struct watch;
/* With `threaded` a thread of its own does what is due; else the owner calls watch_work. `session`
 * is looked at in this call only. Borrows the store and the writer. */
enum status watch_open(struct store *store, struct store_session *session, struct writer *writer,
                       const struct clock *clock, const struct entropy *entropy, bool threaded,
                       struct watch **out, struct error *error) MUST_USE;
void watch_close(struct watch *watch); /* NULL is fine */

/* A device has proven who it is. Any thread; never blocks on the disk. */
void watch_heard(struct watch *watch, const struct id *device);

/* A device was told that entries from `expected` on are missing. Any thread. */
enum status watch_gap(struct watch *watch, const struct id *epoch, const char *location,
                      int64_t expected, struct error *error) MUST_USE;
/* The epoch's entries are there up to `seq`. Any thread. */
enum status watch_filled(struct watch *watch, const struct id *epoch, int64_t seq,
                         struct error *error) MUST_USE;

/* Without a thread: does what is due. False when nothing was. */
bool watch_work(struct watch *watch);
/* Does it now, due or not: for tests, and at a stop. */
enum status watch_run(struct watch *watch, struct error *error) MUST_USE;

/* The clock of a till as its entries tell it: skew of more than five minutes is a finding, told
 * again when it was settled and is still so. `clock_ms` is the till's own wall clock as it sent
 * them (0: it did not say); `hlc` the latest of its entries, which must not be ahead. */
#define WATCH_SKEW_MS 300000
struct epoch_row;
enum status watch_skew(const struct writer_turn *turn, const struct epoch_row *epoch,
                       int64_t clock_ms, struct error *error) MUST_USE;

#endif
