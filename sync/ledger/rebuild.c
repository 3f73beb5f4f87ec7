/* The fold of everything, compared with the projections, or written over them. */
#include "sync/ledger/customers.h"
#include "sync/ledger/fold.h"
#include "sync/ledger/leases.h"
#include "sync/ledger/orders.h"
#include "terminal/base/log.h"

#include <stdio.h>
#include <string.h>

static bool cell_zero(const struct tally_cell *cell)
{
    for (int i = 0; i < figure_table(cell->figure)->sums; i++) {
        if (cell->sum[i] != 0)
            return false;
    }
    return true;
}

/* One stored row against the fold; whether any of its sums is not zero. */
static bool compare_row(struct fold *fold, enum figure figure, struct store_query *query)
{
    const struct figure_table *table = figure_table(figure);
    const char *key[FIGURE_KEYS];
    const int64_t *folded;
    char which[160] = "";
    bool stored = false;

    for (int i = 0; i < table->keys; i++) {
        size_t used = strlen(which);
        key[i] = store_column_text(fold->session, query, i);
        (void)snprintf(which + used, sizeof which - used, "%s%s", i == 0 ? "" : " ", key[i]);
    }
    folded = tally_sums(fold->tally, figure, key);
    for (int i = 0; i < table->sums; i++) {
        int64_t value = store_column_int(fold->session, query, table->keys + i);
        int64_t expected = folded == NULL ? 0 : folded[i];
        stored = stored || value != 0;
        if (value != expected) {
            char what[64];
            (void)snprintf(what, sizeof what, "%s.%s", table->name, table->sum[i]);
            fold_differ(fold, what, which, value, expected);
        }
    }
    return stored;
}

/* Both ways: each stored row is compared, and there are as many rows that are not zero. */
static enum status compare_figure(struct fold *fold, enum figure figure, struct error *error)
{
    const struct figure_table *table = figure_table(figure);
    struct store_query *query;
    int64_t stored = 0, folded = 0;
    bool row = false;
    enum status status = store_query(fold->session, table->select, NULL, 0, &query, error);

    while (status == STATUS_OK &&
           (status = store_next(fold->session, query, &row, error)) == STATUS_OK && row)
        stored += compare_row(fold, figure, query);
    for (size_t i = 0; i < tally_cells(fold->tally); i++) {
        struct tally_cell cell = tally_cell(fold->tally, i);
        folded += cell.figure == figure && !cell_zero(&cell);
    }
    if (figure == FIGURE_STOCK)
        fold->report->balances = stored;
    if (status == STATUS_OK && stored != folded)
        fold_differ(fold, table->name, "rows", stored, folded);
    return status;
}

enum status projection_check(struct store_session *session, struct projection_report *out,
                             struct error *error)
{
    struct fold fold;
    enum status status;

    memset(out, 0, sizeof *out);
    status = store_begin_read(session, error);
    if (status != STATUS_OK)
        return status;
    fold_init(&fold, session, out);
    status = fold_all(&fold, error);
    for (int figure = 0; figure < FIGURES && status == STATUS_OK; figure++)
        status = compare_figure(&fold, (enum figure)figure, error);
    if (status == STATUS_OK)
        status = fold_compare_facts(&fold, error);
    store_rollback(session);
    fold_finish(&fold);
    return status;
}

/* --- repair --- */

/* The tills can't be told row by row: every location that has stock takes a snapshot. */
static enum status tell_locations(const struct writer_turn *turn, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(turn->session, "SELECT DISTINCT location FROM stock", NULL, 0, &query, error);

    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        char scope[MESSAGE_SCOPE_SIZE];
        (void)snprintf(scope, sizeof scope, "location:%s",
                       store_column_text(turn->session, query, 0));
        feed_add_bulk(turn->feed, scope);
    }
    return status;
}

/* Everything that follows from the figures. Suspended moves are told apart by their item being
 * unknown, which the fold has just decided anew: rows that wait for a known item are dropped. */
static enum status write_facts(const struct writer_turn *turn, struct error *error)
{
    enum status status = store_run(
        turn->session, "DELETE FROM suspense WHERE sku IN (SELECT sku FROM item)", NULL, 0, error);

    if (status == STATUS_OK)
        status = leases_refold(turn, error);
    if (status == STATUS_OK)
        status = orders_refold(turn, error);
    return status == STATUS_OK ? customers_refold(turn, error) : status;
}

enum status projection_repair(const struct writer_turn *turn, struct error *error)
{
    struct projection_report report = {0};
    struct fold fold;
    enum status status;

    fold_init(&fold, turn->session, &report);
    status = fold_all(&fold, error);
    if (status == STATUS_OK)
        status = tell_locations(turn, error);
    for (int figure = 0; figure < FIGURES && status == STATUS_OK; figure++)
        status = store_run(turn->session, figure_table((enum figure)figure)->clear, NULL, 0, error);
    if (status == STATUS_OK)
        status = projection_write(turn, fold.tally, error);
    if (status == STATUS_OK)
        status = write_facts(turn, error);
    fold_finish(&fold);
    return status;
}

static enum status run_refold(void *context, const struct writer_turn *turn, struct error *error)
{
    int64_t wanted = 0, entries = 0;
    enum status status =
        store_one_int(turn->session, "SELECT 1 FROM ledger_meta WHERE key = 'refold'", NULL, 0, 0,
                      &wanted, error);

    (void)context;
    if (status != STATUS_OK || wanted == 0)
        return status;
    status =
        store_one_int(turn->session, "SELECT 1 FROM entry LIMIT 1", NULL, 0, 0, &entries, error);
    if (status == STATUS_OK && entries != 0) {
        log_line(LOG_LEVEL_INFO, "ledger", "every figure is made anew from the entries");
        status = projection_repair(turn, error);
    }
    return status == STATUS_OK
               ? store_run(turn->session, "DELETE FROM ledger_meta WHERE key = 'refold'", NULL, 0,
                           error)
               : status;
}

enum status projection_refold(struct writer *writer, struct error *error)
{
    struct writer_job job = {.run = run_refold};

    return writer_run(writer, &job, error);
}
