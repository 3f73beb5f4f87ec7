/* Writing what the fold says over the projections. (projection.h) */
#include "sync/ledger/customers.h"
#include "sync/ledger/fold.h"
#include "sync/ledger/leases.h"
#include "sync/ledger/orders.h"
#include "terminal/base/log.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 6

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

static enum status write_suspense(const struct writer_turn *turn, const struct fold *fold,
                                  struct error *error)
{
    enum status status = store_run(turn->session, "DELETE FROM suspense", NULL, 0, error);

    for (int64_t i = 0; i < fold->suspended_count && status == STATUS_OK; i++) {
        const struct stock_move *move = &fold->waiting[i].move;
        struct store_value values[] = {store_int(fold->waiting[i].entry),
                                       store_int(fold->waiting[i].ordinal),
                                       store_text(move->sku),
                                       store_int(move->quantity.milli),
                                       store_text(move->from.location),
                                       store_text(move->from.status),
                                       store_text(move->to.location),
                                       store_text(move->to.status)};
        status = store_run(turn->session,
                           "INSERT INTO suspense(entry, ordinal, sku, quantity_milli, "
                           "from_location, from_status, to_location, to_status) "
                           "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8",
                           values, 8, error);
    }
    return status;
}

/* One row of `types` (t text, i number, b bytes that are written as hex) into another table. */
static enum status copy_row(const struct writer_turn *turn, struct store_query *query,
                            const char *types, const char *into, struct error *error)
{
    struct store_value values[COLUMNS_MAX];
    char hex[COLUMNS_MAX][HASH_HEX_SIZE];
    int count = (int)strlen(types);

    INVARIANT(count <= COLUMNS_MAX);
    for (int i = 0; i < count; i++) {
        size_t length;
        const void *bytes;
        if (types[i] == 'i') {
            values[i] = store_int(store_column_int(turn->session, query, i));
        } else if (types[i] == 't') {
            values[i] = store_text(store_column_text(turn->session, query, i));
        } else {
            bytes = store_column_blob(turn->session, query, i, &length);
            if (length > HASH_SIZE)
                return error_set(error, STATUS_CORRUPT, "an epoch's row is damaged");
            hex_write(bytes, length, hex[i]);
            values[i] = store_text(hex[i]);
        }
    }
    return store_run(turn->session, into, values, count, error);
}

static enum status copy_rows(const struct writer_turn *turn, const char *from, const char *types,
                             const char *into, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = store_query(turn->session, from, NULL, 0, &query, error);

    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        status = copy_row(turn, query, types, into, error);
        if (status != STATUS_OK)
            store_done(turn->session, query);
    }
    return status;
}

static enum status write_marks(const struct writer_turn *turn, struct error *error)
{
    enum status status = store_run(turn->session, "DELETE FROM watermark", NULL, 0, error);

    if (status == STATUS_OK)
        status = copy_rows(turn, FOLD_WATERMARKS, "tbbi",
                           "INSERT INTO watermark(location, device, epoch, seq) "
                           "SELECT ?1, ?2, ?3, ?4",
                           error);
    if (status == STATUS_OK)
        status = store_run(turn->session, "DELETE FROM branch_mark", NULL, 0, error);
    if (status == STATUS_OK)
        status = copy_rows(turn, FOLD_BRANCH_MARKS, "tbbtii",
                           "INSERT INTO branch_mark(location, device, epoch, hash, start, seq) "
                           "SELECT ?1, ?2, ?3, ?4, ?5, ?6",
                           error);
    return status;
}

/* Everything that follows from the figures and the rest of what is kept. */
static enum status write_facts(const struct writer_turn *turn, const struct fold *fold,
                               struct error *error)
{
    enum status status = write_suspense(turn, fold, error);

    if (status == STATUS_OK)
        status = write_marks(turn, error);
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
        status = write_facts(turn, &fold, error);
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
