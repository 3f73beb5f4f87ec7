/* Summing entries, and writing sums: many rows a statement. */
#include "sync/ledger/projection.h"

#include "sync/ledger/event.h"
#include "sync/ledger/judge.h"
#include "sync/ledger/known.h"
#include "sync/ledger/leases.h"
#include "sync/ledger/store/schema.h"
#include "terminal/catalogue/reference.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No figure goes beyond this: an engine's own sum of two that do not would not be seen to overflow.
 * Half of what int64 holds. */
#define FIGURE_MAX (INT64_MAX / 2)

struct finding projection_finding(const struct projection_place *place,
                                  char cause[FINDING_CAUSE_SIZE])
{
    struct finding finding = {
        .location = place->epoch->location, .epoch = &place->epoch->epoch, .seq = place->seq};

    if (place->branch != 0) {
        (void)snprintf(cause, FINDING_CAUSE_SIZE, "branch %" PRId64 "/%" PRId64, place->branch,
                       place->seq);
        finding.cause = cause;
    }
    return finding;
}

/* Entries of applied branches have ids of their own, below zero. */
static int64_t entry_id(const struct projection_place *place)
{
    return place->branch == 0 ? schema_entry_id(place->epoch->number, place->seq)
                              : -schema_entry_id(place->branch, place->seq);
}

static enum status suspend(const struct writer_turn *turn, const struct stock_move *move,
                           size_t ordinal, const struct projection_place *place,
                           struct error *error)
{
    char cause[FINDING_CAUSE_SIZE];
    struct finding finding = projection_finding(place, cause);
    struct store_value values[] = {store_int(entry_id(place)),      store_int((int64_t)ordinal),
                                   store_text(move->sku),           store_int(move->quantity.milli),
                                   store_text(move->from.location), store_text(move->from.status),
                                   store_text(move->to.location),   store_text(move->to.status)};
    enum status status =
        store_run(turn->session,
                  "INSERT INTO suspense(entry, ordinal, sku, quantity_milli, from_location, "
                  "from_status, to_location, to_status) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                  values, 8, error);

    if (status != STATUS_OK)
        return status;
    finding.kind = "suspense";
    finding.cause = move->sku;
    finding.again = true;
    return finding_add(turn->session, &finding, turn->now_ms, error, "sku %s", move->sku);
}

static enum status add_moves(const struct writer_turn *turn, struct tally *tally,
                             const struct effect *effect, const struct projection_place *place,
                             struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < effect->moves.count && status == STATUS_OK; i++) {
        const struct stock_move *move = &effect->moves.items[i];
        bool known;
        status = known_item(turn->known, turn->session, move->sku, &known, error);
        if (status == STATUS_OK && !known)
            status = suspend(turn, move, i, place, error);
        else if (status == STATUS_OK)
            status = tally_move(tally, move->sku, move->quantity.milli, &move->from, &move->to);
    }
    return status;
}

/* The location that a move touches and the till does not stand in, or NULL. */
static const char *foreign_location(const struct effect *effect, const char *location)
{
    for (size_t i = 0; i < effect->moves.count; i++) {
        const struct stock_move *move = &effect->moves.items[i];
        if (strcmp(move->from.location, location) != 0)
            return move->from.location;
        if (strcmp(move->to.location, location) != 0)
            return move->to.location;
    }
    return NULL;
}

/* A till speaks for itself and moves the stock of its own shop; anything else is accepted, for it
 * may have happened, and told. Once per entry. */
static enum status note_foreign(const struct writer_turn *turn, const struct effect *effect,
                                const struct projection_place *place, struct error *error)
{
    const struct epoch_row *epoch = place->epoch;
    const char *other = foreign_location(effect, epoch->location);
    bool named = (effect->location[0] != '\0' && strcmp(effect->location, epoch->location) != 0) ||
                 (effect->till[0] != '\0' && strcmp(effect->till, epoch->till) != 0);
    char cause[FINDING_CAUSE_SIZE];
    struct finding finding = projection_finding(place, cause);

    finding.kind = "location";
    if (named)
        return finding_add(turn->session, &finding, turn->now_ms, error,
                           "says it was made at %s, till %s", effect->location, effect->till);
    if (other == NULL)
        return STATUS_OK;
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "moves stock of %s, another location than the till's", other);
}

/* Entries of a chain never go back in time: the clock that made them never does. */
static enum status note_order(const struct writer_turn *turn, const struct effect *effect,
                              const struct projection_place *place, struct error *error)
{
    struct epoch_row *epoch = place->epoch;
    char cause[FINDING_CAUSE_SIZE], hex[ID_HEX_SIZE];
    struct finding finding = projection_finding(place, cause);
    bool back = effect->hlc <= epoch->hlc;

    if (effect->hlc == 0 || place->branch != 0)
        return STATUS_OK;
    if (!back) {
        epoch->hlc = effect->hlc;
        return STATUS_OK;
    }
    hex_write(epoch->epoch.bytes, ID_SIZE, hex);
    (void)snprintf(cause, sizeof cause, "%s/order", hex);
    finding.kind = "skew";
    finding.cause = cause;
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "entry %" PRId64 " is not later than the one before it", place->seq);
}

/* What a posting of `total` says of a sale, as an event. */
static enum status tell_sale(const struct writer_turn *turn, const struct effect *effect,
                             const struct posting *total, const struct projection_place *place,
                             struct error *error)
{
    const struct epoch_row *epoch = place->epoch;
    json_t *body = json_object();
    enum status status;

    json_put_text(body, "location", epoch->location);
    json_put_hex(body, "device", epoch->device.bytes, ID_SIZE);
    json_put_hex(body, "epoch", epoch->epoch.bytes, ID_SIZE);
    json_put_int(body, "seq", place->seq);
    json_put_text(body, "type", total->sum[2] != 0 ? "return" : "sale");
    json_put_text(body, "currency", effect->texts.data + total->key[1]);
    json_put_int(body, "gross_minor", total->sum[3]);
    status = event_add(turn->session, turn->now_ms, "sale", epoch->location, body, error);
    json_decref(body);
    return status;
}

static enum status tell_sales(const struct writer_turn *turn, const struct effect *effect,
                              const struct projection_place *place, struct error *error)
{
    struct known_events wanted;
    enum status status = known_wanted(turn->known, turn->session, &wanted, error);

    for (size_t i = 0; i < effect->count && wanted.sale && status == STATUS_OK; i++) {
        const struct posting *posting = &effect->postings[i];
        if (posting->figure == FIGURE_TOTAL && posting->sum[1] + posting->sum[2] != 0)
            status = tell_sale(turn, effect, posting, place, error);
    }
    return status;
}

enum status projection_add(const struct writer_turn *turn, struct tally *tally,
                           const struct effect *effect, const struct projection_place *place,
                           struct error *error)
{
    enum status status = add_moves(turn, tally, effect, place, error);

    if (status == STATUS_OK)
        status = note_foreign(turn, effect, place, error);
    if (status == STATUS_OK)
        status = note_order(turn, effect, place, error);
    if (status == STATUS_OK)
        status = leases_match(turn, effect, error);
    if (status == STATUS_OK)
        status = tell_sales(turn, effect, place, error);
    if (status == STATUS_OK && effect->card_number) {
        char cause[FINDING_CAUSE_SIZE];
        struct finding finding = projection_finding(place, cause);
        finding.kind = "card_number";
        status = finding_add(turn->session, &finding, turn->now_ms, error,
                             "a text of the entry looks like a card number");
    }
    if (status == STATUS_OK && effect->oddity != NULL) {
        char cause[FINDING_CAUSE_SIZE];
        struct finding finding = projection_finding(place, cause);
        finding.kind = effect->oddity;
        status = finding_add(turn->session, &finding, turn->now_ms, error, "%s", effect->detail);
    }
    if (status != STATUS_OK)
        return status;
    status = effect_tally(effect, place->epoch->location, tally);
    return status == STATUS_OK ? status : error_set(error, status, "a sum is too large");
}

/* --- writing sums --- */

/* One figure's rows on their way into the table. */
struct writing {
    const struct writer_turn *turn;
    const struct tally *tally;
    enum figure figure;
    bool judge;
    json_t *told; /* physical stock that changed, by location; NULL when nobody wants it */
    struct store_value values[FIGURE_ROWS_MAX * (FIGURE_KEYS + FIGURE_SUMS)];
    int count; /* of values */
};

static enum status read_row(const struct writing *writing, struct store_query *query,
                            struct judged *out, struct error *error)
{
    const struct figure_table *table = figure_table(writing->figure);
    struct store_session *session = writing->turn->session;
    const int64_t *added;

    out->figure = writing->figure;
    for (int i = 0; i < table->keys; i++)
        out->key[i] = store_column_text(session, query, i);
    added = tally_sums(writing->tally, writing->figure, out->key);
    INVARIANT(added != NULL);
    for (int i = 0; i < table->sums; i++) {
        out->after[i] = store_column_int(session, query, table->keys + i);
        if (out->after[i] > FIGURE_MAX || out->after[i] < -FIGURE_MAX)
            return error_set(error, STATUS_RANGE, "the %s of %s is too large", table->name,
                             out->key[0]);
        out->before[i] = out->after[i] - added[i];
    }
    return STATUS_OK;
}

/* For the event: {"S01":[{"sku","status","quantity_milli"},...]}. */
static void note_stock(const struct writing *writing, const struct judged *judged)
{
    json_t *item, *list;

    if (writing->told == NULL || writing->figure != FIGURE_STOCK || judged->key[2][0] == '@')
        return;
    list = json_object_get(writing->told, judged->key[0]);
    if (list == NULL) {
        list = json_array();
        json_put(writing->told, judged->key[0], list);
    }
    item = json_object();
    json_put_text(item, "sku", judged->key[1]);
    json_put_text(item, "status", judged->key[2]);
    json_put_int(item, "quantity_milli", judged->after[0]);
    json_add(list, item);
}

static enum status tell_stock_changed(const struct writing *writing, struct error *error)
{
    const struct writer_turn *turn = writing->turn;
    enum status status = STATUS_OK;
    const char *location;
    json_t *items;

    if (writing->told == NULL)
        return STATUS_OK;
    json_object_foreach(writing->told, location, items)
    {
        json_t *body = json_object();
        json_put_text(body, "location", location);
        json_put(body, "items", json_incref(items));
        if (status == STATUS_OK)
            status = event_add(turn->session, turn->now_ms, "stock.changed", location, body, error);
        json_decref(body);
    }
    return status;
}

/* One statement, with the values of as many rows as it takes. */
static enum status write_rows(const struct writing *writing, const char *sql,
                              const struct store_value *values, int count, struct error *error)
{
    const struct figure_table *table = figure_table(writing->figure);
    struct store_session *session = writing->turn->session;
    struct store_query *query;
    bool row = false;
    enum status status;

    if (!table->judged)
        return store_run(session, sql, values, count, error);
    status = store_query(session, sql, values, count, &query, error);
    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        struct judged judged;
        status = read_row(writing, query, &judged, error);
        if (status == STATUS_OK)
            note_stock(writing, &judged);
        if (status == STATUS_OK && writing->judge)
            status = judge_figure(writing->turn, &judged, error);
        if (status != STATUS_OK)
            store_done(session, query);
    }
    return status;
}

/* What has been gathered, in as few statements as there are forms for. */
static enum status flush_rows(struct writing *writing, struct error *error)
{
    struct figure_sql *figures = known_figures(writing->turn->known);
    const struct figure_table *table = figure_table(writing->figure);
    int width = table->keys + table->sums, at = 0;
    enum status status = STATUS_OK;

    while (at < writing->count && status == STATUS_OK) {
        int rows;
        const char *sql =
            figure_sql_add(figures, writing->figure, (writing->count - at) / width, &rows);
        status = write_rows(writing, sql, writing->values + at, rows * width, error);
        at += rows * width;
    }
    writing->count = 0;
    return status;
}

static bool is_zero(const struct tally_cell *cell)
{
    for (int i = 0; i < figure_table(cell->figure)->sums; i++) {
        if (cell->sum[i] != 0)
            return false;
    }
    return true;
}

static enum status gather_row(struct writing *writing, const struct tally_cell *cell,
                              struct error *error)
{
    const struct figure_table *table = figure_table(cell->figure);

    for (int i = 0; i < table->keys; i++)
        writing->values[writing->count++] = store_text(cell->key[i]);
    for (int i = 0; i < table->sums; i++) {
        if (cell->sum[i] > FIGURE_MAX || cell->sum[i] < -FIGURE_MAX)
            return error_set(error, STATUS_RANGE, "a sum of %s is too large", table->name);
        writing->values[writing->count++] = store_int(cell->sum[i]);
    }
    return writing->count == (table->keys + table->sums) * FIGURE_ROWS_MAX
               ? flush_rows(writing, error)
               : STATUS_OK;
}

/* Figure by figure, each in the order of its keys. */
static enum status write_cells(struct writing *writing, struct error *error)
{
    struct tally_cell *cells = tally_sorted(writing->tally);
    size_t count = tally_cells(writing->tally);
    enum status status = STATUS_OK;

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (cells[i].figure != writing->figure)
            status = flush_rows(writing, error);
        writing->figure = cells[i].figure;
        if (status == STATUS_OK && !is_zero(&cells[i]))
            status = gather_row(writing, &cells[i], error);
    }
    free(cells);
    return status == STATUS_OK ? flush_rows(writing, error) : status;
}

/* Modulo 2^64: what is taken is given. */
static uint64_t stock_sum(const struct tally *tally)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < tally_cells(tally); i++) {
        struct tally_cell cell = tally_cell(tally, i);
        if (cell.figure == FIGURE_STOCK)
            sum += (uint64_t)cell.sum[0];
    }
    return sum;
}

static enum status write_tally(const struct writer_turn *turn, const struct tally *tally,
                               bool judge, struct error *error)
{
    struct writing *writing = mem_alloc(sizeof *writing);
    struct known_events wanted = {false, false};
    enum status status =
        judge ? known_wanted(turn->known, turn->session, &wanted, error) : STATUS_OK;

    INVARIANT(stock_sum(tally) == 0);
    writing->told = wanted.stock ? json_object() : NULL;
    writing->turn = turn;
    writing->tally = tally;
    writing->judge = judge;
    if (status == STATUS_OK)
        status = write_cells(writing, error);
    if (status == STATUS_OK)
        status = tell_stock_changed(writing, error);
    json_decref(writing->told);
    free(writing);
    return status;
}

enum status projection_apply(const struct writer_turn *turn, const struct tally *tally,
                             struct error *error)
{
    return write_tally(turn, tally, true, error);
}

enum status projection_write(const struct writer_turn *turn, const struct tally *tally,
                             struct error *error)
{
    return write_tally(turn, tally, false, error);
}

enum status projection_watermark(const struct writer_turn *turn, const struct epoch_row *epoch,
                                 struct error *error)
{
    char device_hex[ID_HEX_SIZE], epoch_hex[ID_HEX_SIZE];
    struct reference_row row;
    enum status status;

    hex_write(epoch->device.bytes, ID_SIZE, device_hex);
    hex_write(epoch->epoch.bytes, ID_SIZE, epoch_hex);
    struct store_value values[] = {store_text(epoch->location), store_text(device_hex),
                                   store_text(epoch_hex), store_int(epoch->seq)};
    status = store_run(turn->session,
                       "INSERT INTO watermark(location, device, epoch, seq) "
                       "VALUES(?1, ?2, ?3, ?4) ON CONFLICT(location, device, epoch) "
                       "DO UPDATE SET seq = excluded.seq",
                       values, 4, error);
    if (status != STATUS_OK)
        return status;
    reference_row_init(&row, reference_table_find("watermark"));
    reference_row_set_text(&row, "location", epoch->location);
    reference_row_set_text(&row, "device", device_hex);
    reference_row_set_text(&row, "epoch", epoch_hex);
    reference_row_set_int(&row, "seq", epoch->seq);
    feed_add_row(turn->feed, &row, false);
    return STATUS_OK;
}
