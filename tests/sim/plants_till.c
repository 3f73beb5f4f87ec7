/* The plants that break the till: what it refuses, what it records beside an entry, what it says of
 * itself.
 */
#include "tests/sim/plants.h"

#include "sync/ledger/orders.h"
#include "sync/ledger/refunds.h"
#include "terminal/base/card.h"
#include "terminal/catalogue/catalogue.h"
#include "terminal/catalogue/replica.h"
#include "terminal/journal/verify.h"
#include "terminal/selling/refund.h"
#include "terminal/selling/sums.h"
#include "terminal/stock/stock.h"
#include "tests/sim/chance.h"

#include <string.h>

#define HANDED_OVER 2 /* in the sums of the figure order_mark */

/* One call in `every` of those that are planted. */
static bool now_and_then(uint64_t every)
{
    static struct chance chance = {0x7E11};

    return chance_below(&chance, every) == 0;
}

/* ---- returns --------------------------------------------------------------------------------- */

STAND_IN(refund_holds);
STAND_IN(refunds_judge);
STAND_IN(orders_judge);
STAND_IN(orders_judge_handed);

enum status our_refund_holds(struct db *db, const struct cart *cart, struct error *error)
{
    return planted(PLANT_REFUNDS_FORGOTTEN) ? STATUS_OK : real_refund_holds(db, cart, error);
}

enum status our_refunds_judge(const struct writer_turn *turn, const char *original,
                              int64_t quantity_milli, struct error *error)
{
    return planted(PLANT_REFUNDS_UNTOLD)
               ? STATUS_OK
               : real_refunds_judge(turn, original, quantity_milli, error);
}

enum status our_orders_judge(const struct writer_turn *turn, const char *channel, const char *id,
                             const int64_t *sums, struct error *error)
{
    return planted(PLANT_PICKUP_UNTOLD) && sums[HANDED_OVER] > 1
               ? STATUS_OK
               : real_orders_judge(turn, channel, id, sums, error);
}

enum status our_orders_judge_handed(const struct writer_turn *turn, const char *channel,
                                    const char *id, const char *sku, int64_t quantity_milli,
                                    struct error *error)
{
    return planted(PLANT_PICKUP_UNTOLD)
               ? STATUS_OK
               : real_orders_judge_handed(turn, channel, id, sku, quantity_milli, error);
}

/* ---- what stands on the journal, and beside it ----------------------------------------------- */

STAND_IN(card_number_like);
STAND_IN(cart_price);
STAND_IN(sums_get);
STAND_IN(journal_verify);

bool our_card_number_like(const char *text)
{
    return !planted(PLANT_CARD_NUMBER_TAKEN) && real_card_number_like(text);
}

enum status our_cart_price(struct cart *cart, int64_t id, struct money price, const char *reason,
                           const char *approved_by, struct error *error)
{
    enum status status = real_cart_price(cart, id, price, reason, approved_by, error);

    if (status == STATUS_OK && planted(PLANT_OVERRIDE_UNTOLD))
        copy_text(cart_line_find(cart, id)->price_from, KEY_SIZE, PRICE_FROM_LIST);
    return status;
}

int64_t our_sums_get(const struct sums *sums, const char *name)
{
    return planted(PLANT_PAID_IN_LOST) && strcmp(name, "paid_in") == 0 ? 0
                                                                       : real_sums_get(sums, name);
}

enum status our_journal_verify(struct db *db, const struct verify_options *options,
                               struct journal_report *out, struct error *error)
{
    enum status status = real_journal_verify(db, options, out, error);

    if (status == STATUS_OK && planted(PLANT_VERIFY_BLIND)) {
        journal_report_finish(out);
        memset(out, 0, sizeof *out);
        out->ok = true;
    }
    return status;
}

/* ---- the replica ----------------------------------------------------------------------------- */

STAND_IN(replica_set_cursor);
STAND_IN(stock_of_each);
STAND_IN(catalogue_refresh);

/* Opened to write (our_db_open), and nobody else may write meanwhile. */
enum status our_catalogue_refresh(struct catalogue *catalogue, bool *changed, struct error *error)
{
    struct db *db = catalogue_db(catalogue);

    if (planted(PLANT_REPLICA_OWNED) && db_begin(db, error) == STATUS_OK)
        db_rollback(db);
    return real_catalogue_refresh(catalogue, changed, error);
}

/* The journal's part is that of the question before, about any item. */
enum status our_stock_of_each(struct db *till_db, struct db *replica_db, const char *location,
                              const char *const *skus, size_t count, struct stock_level *out,
                              struct error *error)
{
    static int64_t before;
    enum status status = real_stock_of_each(till_db, replica_db, location, skus, count, out, error);

    for (size_t i = 0; status == STATUS_OK && i < count && planted(PLANT_JOURNAL_FIRST); i++) {
        int64_t pending = out[i].pending.milli;
        out[i].on_hand.milli = out[i].confirmed.milli + before;
        before = pending;
    }
    return status;
}

/* To before the last rows that it had. */
enum status our_replica_set_cursor(struct db *db, const char *scope,
                                   const struct replica_cursor *cursor, struct error *error)
{
    struct replica_cursor earlier = *cursor;

    if (planted(PLANT_CURSOR_SET_BACK) && cursor->position > 2 && now_and_then(40))
        earlier.position -= 2;
    return real_replica_set_cursor(db, scope, &earlier, error);
}
