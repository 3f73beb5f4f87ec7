/* The fold of everything, compared with the projections. */
#include "sync/ledger/fold.h"

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
