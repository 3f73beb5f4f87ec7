/* Applying tallies. A balance is read, added to with a check, and written: an engine's own
 * arithmetic may not see an overflow. */
#include "sync/ledger/projection.h"

#include "terminal/base/text.h"
#include "terminal/catalogue/reference.h"

#include <stdlib.h>
#include <string.h>

#define ROW_MAX 2048

static enum status item_known(struct store_session *session, const char *sku, bool *out,
                              struct error *error)
{
    struct store_value values[] = {store_text(sku)};
    int64_t known = 0;
    enum status status =
        store_one_int(session, "SELECT 1 FROM item WHERE sku = ?1", values, 1, 0, &known, error);

    *out = known != 0;
    return status;
}

static enum status suspend(const struct writer_turn *turn, const struct stock_move *move,
                           int64_t entry_id, size_t ordinal, const struct finding *place,
                           struct error *error)
{
    struct finding finding = *place;
    struct store_value values[] = {store_int(entry_id),
                                   store_int((int64_t)ordinal),
                                   store_text(move->sku),
                                   store_int(move->quantity.milli),
                                   store_text(move->from.location),
                                   store_text(move->from.status),
                                   store_text(move->to.location),
                                   store_text(move->to.status)};
    enum status status =
        store_run(turn->session,
                  "INSERT INTO suspense(entry, ordinal, sku, quantity_milli, from_location, "
                  "from_status, to_location, to_status) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                  values, 8, error);

    finding.kind = "unknown_item";
    return status == STATUS_OK
               ? finding_add(turn->session, &finding, turn->now_ms, error, "sku %s", move->sku)
               : status;
}

/* A till moves the stock of its own shop; anything else is accepted, for it may have happened, and
 * told. Once per entry. */
static enum status note_foreign(const struct writer_turn *turn, const struct effect *effect,
                                const char *location, const struct finding *place,
                                struct error *error)
{
    for (size_t i = 0; i < effect->moves.count; i++) {
        const struct stock_move *move = &effect->moves.items[i];
        const char *other =
            strcmp(move->from.location, location) != 0 ? move->from.location : move->to.location;
        if (strcmp(other, location) != 0) {
            struct finding finding = *place;
            finding.kind = "location";
            return finding_add(turn->session, &finding, turn->now_ms, error,
                               "moves stock of %s, another location than the till's", other);
        }
    }
    return STATUS_OK;
}

enum status projection_add(const struct writer_turn *turn, struct tally *tally,
                           const struct effect *effect, int64_t entry_id, const char *location,
                           const struct finding *place, struct error *error)
{
    struct tally_total total = effect->total;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < effect->moves.count && status == STATUS_OK; i++) {
        const struct stock_move *move = &effect->moves.items[i];
        bool known;
        status = item_known(turn->session, move->sku, &known, error);
        if (status == STATUS_OK && !known)
            status = suspend(turn, move, entry_id, i, place, error);
        else if (status == STATUS_OK)
            status = tally_move(tally, move->sku, move->quantity.milli, &move->from, &move->to);
    }
    if (status == STATUS_OK)
        status = note_foreign(turn, effect, location, place, error);
    if (status == STATUS_OK && effect->oddity != NULL) {
        struct finding finding = *place;
        finding.kind = effect->oddity;
        status = finding_add(turn->session, &finding, turn->now_ms, error, "%s", effect->detail);
    }
    INVARIANT(strlen(location) < sizeof total.location);
    strcpy(total.location, location);
    return status == STATUS_OK ? tally_total_add(tally, &total) : status;
}

static bool plain_json(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
            return false;
    }
    return true;
}

/* By far the most frequent row: written straight where no byte needs an escape. */
static void tell_stock(struct feed_draft *feed, const struct tally_cell *cell, int64_t quantity)
{
    struct reference_row row;
    char scope[REFERENCE_SCOPE_SIZE];
    char text[ROW_MAX];
    int length;

    if (!plain_json(cell->location) || !plain_json(cell->sku) || !plain_json(cell->status)) {
        reference_row_init(&row, reference_table_find("stock"));
        reference_row_set_text(&row, "location", cell->location);
        reference_row_set_text(&row, "sku", cell->sku);
        reference_row_set_text(&row, "status", cell->status);
        reference_row_set_int(&row, "quantity_milli", quantity);
        feed_add_row(feed, &row, false);
        return;
    }
    (void)snprintf(scope, sizeof scope, "location:%s", cell->location);
    length = snprintf(text, sizeof text,
                      "{\"t\":\"stock\",\"op\":\"put\",\"row\":{\"location\":\"%s\",\"sku\":\"%s\","
                      "\"status\":\"%s\",\"quantity_milli\":%lld}}",
                      cell->location, cell->sku, cell->status, (long long)quantity);
    INVARIANT(length > 0 && (size_t)length < sizeof text);
    feed_add(feed, scope, text, (size_t)length);
}

static enum status write_balance(const struct writer_turn *turn, const struct tally_cell *cell,
                                 int64_t quantity, struct error *error)
{
    struct store_value values[] = {store_text(cell->location), store_text(cell->sku),
                                   store_text(cell->status), store_int(quantity)};

    return store_run(turn->session,
                     "INSERT INTO stock(location, sku, status, quantity_milli) "
                     "VALUES(?1, ?2, ?3, ?4) ON CONFLICT(location, sku, status) "
                     "DO UPDATE SET quantity_milli = excluded.quantity_milli",
                     values, 4, error);
}

static enum status apply_cell(const struct writer_turn *turn, const struct tally_cell *cell,
                              struct error *error)
{
    struct store_value key[] = {store_text(cell->location), store_text(cell->sku),
                                store_text(cell->status)};
    int64_t before, after;
    char quantity[DECIMAL_SIZE];
    enum status status = store_one_int(
        turn->session,
        "SELECT quantity_milli FROM stock WHERE location = ?1 AND sku = ?2 AND status = ?3", key, 3,
        0, &before, error);

    if (status != STATUS_OK)
        return status;
    if (__builtin_add_overflow(before, cell->delta_milli, &after))
        return error_set(error, STATUS_RANGE, "the stock of %s is too large", cell->sku);
    status = write_balance(turn, cell, after, error);
    if (status != STATUS_OK || cell->status[0] == '@')
        return status;
    tell_stock(turn->feed, cell, after);
    if (before < 0 || after >= 0)
        return STATUS_OK;
    decimal_write(after, 3, quantity);
    return finding_add(turn->session,
                       &(struct finding){.kind = "negative_stock", .location = cell->location},
                       turn->now_ms, error, "sku %s %s is %s", cell->sku, cell->status, quantity);
}

static enum status apply_total(const struct writer_turn *turn, const struct tally_total *total,
                               struct error *error)
{
    struct store_value values[] = {store_text(total->location), store_text(total->currency),
                                   store_int(total->entries),   store_int(total->sales),
                                   store_int(total->returns),   store_int(total->gross_minor)};
    int64_t gross;
    enum status status = store_one_int(
        turn->session, "SELECT gross_minor FROM total WHERE location = ?1 AND currency = ?2",
        values, 2, 0, &gross, error);

    if (status != STATUS_OK)
        return status;
    if (__builtin_add_overflow(gross, total->gross_minor, &gross))
        return error_set(error, STATUS_RANGE, "the total of %s is too large", total->location);
    values[5] = store_int(gross);
    return store_run(turn->session,
                     "INSERT INTO total(location, currency, entries, sales, returns, gross_minor) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(location, currency) DO UPDATE SET "
                     "entries = total.entries + excluded.entries, "
                     "sales = total.sales + excluded.sales, "
                     "returns = total.returns + excluded.returns, "
                     "gross_minor = excluded.gross_minor",
                     values, 6, error);
}

enum status projection_apply(const struct writer_turn *turn, const struct tally *tally,
                             struct error *error)
{
    uint64_t sum = 0; /* modulo 2^64: what is taken is given */
    enum status status = STATUS_OK;

    for (size_t i = 0; i < tally_cells(tally); i++)
        sum += (uint64_t)tally_cell(tally, i).delta_milli;
    INVARIANT(sum == 0);
    for (size_t i = 0; i < tally_cells(tally) && status == STATUS_OK; i++) {
        struct tally_cell cell = tally_cell(tally, i);
        if (cell.delta_milli != 0)
            status = apply_cell(turn, &cell, error);
    }
    for (size_t i = 0; i < tally_totals(tally) && status == STATUS_OK; i++)
        status = apply_total(turn, tally_total(tally, i), error);
    return status;
}

enum status projection_watermark(const struct writer_turn *turn, const char *location,
                                 const struct id *device, const struct id *epoch, int64_t seq,
                                 struct error *error)
{
    char device_hex[ID_HEX_SIZE], epoch_hex[ID_HEX_SIZE];
    struct reference_row row;
    enum status status;

    hex_write(device->bytes, ID_SIZE, device_hex);
    hex_write(epoch->bytes, ID_SIZE, epoch_hex);
    struct store_value values[] = {store_text(location), store_text(device_hex),
                                   store_text(epoch_hex), store_int(seq)};
    status = store_run(turn->session,
                       "INSERT INTO watermark(location, device, epoch, seq) "
                       "VALUES(?1, ?2, ?3, ?4) ON CONFLICT(location, device, epoch) "
                       "DO UPDATE SET seq = excluded.seq",
                       values, 4, error);
    if (status != STATUS_OK)
        return status;
    reference_row_init(&row, reference_table_find("watermark"));
    reference_row_set_text(&row, "location", location);
    reference_row_set_text(&row, "device", device_hex);
    reference_row_set_text(&row, "epoch", epoch_hex);
    reference_row_set_int(&row, "seq", seq);
    feed_add_row(turn->feed, &row, false);
    return STATUS_OK;
}

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
        status = projection_apply(turn, tally, error);
    if (status == STATUS_OK)
        status =
            store_run(turn->session, "DELETE FROM suspense WHERE sku IN (SELECT sku FROM item)",
                      NULL, 0, error);
    tally_free(tally);
    return status;
}
