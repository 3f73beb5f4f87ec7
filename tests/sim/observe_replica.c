/* The replica as the till reads it, against what the ledger was at that position. */
#include "tests/sim/invariants.h"
#include "tests/sim/node.h"
#include "tests/sim/observe.h"

#include "terminal/base/buf.h"
#include "terminal/catalogue/replica.h"
#include "terminal/stock/stock.h"
#include "terminal/till_internal.h"

#include <stdio.h>
#include <string.h>

#define TABLES_MAX 40

const char *observe_scope_name(int scope)
{
    static const char *const names[MODEL_SCOPES] = {"catalogue",   "prices",       "staff",
                                                    "customers",   "location:S01", "location:S02",
                                                    "location:S03"};

    return names[scope];
}

/* The text that reads all rows of a reference table in order; kept for ever. */
static const char *rows_of(int index)
{
    static char *texts[TABLES_MAX];
    const struct reference_table *table = reference_table_at(index);
    struct buf sql;
    enum status status;

    INVARIANT(index < TABLES_MAX);
    if (texts[index] != NULL)
        return texts[index];
    buf_init(&sql, 8192);
    status = buf_append_text(&sql, "SELECT ");
    if (status == STATUS_OK)
        status = reference_columns(table, &sql);
    if (status == STATUS_OK)
        status =
            buf_printf(&sql, " FROM %s WHERE %s%s ORDER BY 1", table->name,
                       table->scope == REFERENCE_LOCATION ? "location = ?1" : "?1 = ?1",
                       strcmp(table->name, "stock") == 0 ? " AND substr(status, 1, 1) <> '@'" : "");
    for (int i = 2; status == STATUS_OK && i <= table->key_count; i++)
        status = buf_printf(&sql, ", %d", i);
    INVARIANT(status == STATUS_OK);
    texts[index] = mem_copy_text(buf_text(&sql));
    buf_finish(&sql);
    return texts[index];
}

static bool in_scope(const struct reference_table *table, int scope)
{
    static const enum reference_scope_kind kinds[] = {REFERENCE_CATALOGUE, REFERENCE_PRICES,
                                                      REFERENCE_STAFF, REFERENCE_CUSTOMERS};

    return scope < SCOPE_LOCATION ? table->scope == kinds[scope]
                                  : table->scope == REFERENCE_LOCATION;
}

static const char *location_of(int scope)
{
    return scope < SCOPE_LOCATION ? "" : observe_scope_name(scope) + strlen("location:");
}

static uint64_t add_text(uint64_t hash, const char *text)
{
    return trace_bytes(hash, text, strlen(text) + 1);
}

static uint64_t table_of_db(uint64_t hash, struct db *db, int index, int scope)
{
    const struct reference_table *table = reference_table_at(index);
    struct db_statement *statement;
    bool row;

    if (db_prepare(db, rows_of(index), &statement, NULL) != STATUS_OK)
        return hash;
    db_bind_text(statement, 1, location_of(scope));
    while (db_step(statement, &row, NULL) == STATUS_OK && row) {
        for (int i = 0; i < table->column_count; i++)
            hash = add_text(hash, db_text(statement, i));
    }
    db_reset(statement);
    return hash;
}

uint64_t observe_scope_db(struct db *db, int scope)
{
    uint64_t hash = TRACE_START;

    for (int i = 0; i < reference_table_count(); i++) {
        if (in_scope(reference_table_at(i), scope))
            hash = table_of_db(hash, db, i, scope);
    }
    return hash;
}

static uint64_t table_of_ledger(uint64_t hash, struct store_session *session, int index, int scope)
{
    const struct reference_table *table = reference_table_at(index);
    struct store_value location = store_text(location_of(scope));
    struct store_query *query;
    bool row;

    if (store_query(session, rows_of(index), &location, 1, &query, NULL) != STATUS_OK)
        return hash;
    while (store_next(session, query, &row, NULL) == STATUS_OK && row) {
        for (int i = 0; i < table->column_count; i++)
            hash = add_text(hash, store_column_text(session, query, i));
    }
    return hash;
}

uint64_t observe_scope_ledger(struct store_session *session, int scope)
{
    uint64_t hash = TRACE_START;

    for (int i = 0; i < reference_table_count(); i++) {
        if (in_scope(reference_table_at(i), scope))
            hash = table_of_ledger(hash, session, i, scope);
    }
    return hash;
}

/* The till's scopes: four shared ones, and its own location's. */
static int scope_of(const struct seat *seat, int index)
{
    return index < SCOPE_LOCATION ? index : SCOPE_LOCATION + seat->store;
}

static void look_at_scope(struct world *world, struct seat *seat, struct db *db, int index)
{
    int scope = scope_of(seat, index);
    const char *name = observe_scope_name(scope);
    struct replica_cursor cursor;
    char incarnation[ID_HEX_SIZE];
    const struct scope_point *point;

    if (replica_cursor(db, name, &cursor, NULL) != STATUS_OK)
        return;
    if (seat->seen.any && strcmp(cursor.incarnation, seat->seen.incarnation) == 0)
        invariant_10_cursor_grows(world, seat, name, seat->seen.positions[index], cursor.position);
    hex_write(world->model.incarnation.bytes, ID_SIZE, incarnation);
    point = strcmp(cursor.incarnation, incarnation) == 0
                ? scope_point(&world->model.scopes[scope], cursor.position)
                : NULL;
    if (point != NULL && cursor.position != seat->seen.compared[index]) {
        invariant_11_replica_equals_ledger(world, seat, name, cursor.position, point->digest,
                                           observe_scope_db(db, scope));
        seat->seen.compared[index] = cursor.position;
    }
    seat->seen.positions[index] = cursor.position;
    if (index == SCOPE_LOCATION)
        (void)snprintf(seat->seen.incarnation, sizeof seat->seen.incarnation, "%s",
                       cursor.incarnation);
}

void observe_replica(struct world *world, struct seat *seat)
{
    struct db *db;
    int64_t version;

    if (seat->till == NULL || seat->till->catalogue == NULL)
        return;
    node_look(&seat->till_node);
    db = catalogue_db(seat->till->catalogue);
    version = db_data_version(db);
    if (db != seat->seen.db || version != seat->seen.version) {
        if (db_begin_read(db, NULL) == STATUS_OK) {
            for (int i = 0; i <= SCOPE_LOCATION; i++)
                look_at_scope(world, seat, db, i);
            db_rollback(db);
        }
        seat->seen.any = true;
        seat->seen.db = db;
        seat->seen.version = version;
    }
    node_look_end(&seat->till_node);
}

/* The ledger's word that has come to the till's replica; NULL: none of this incarnation, or of a
 * moment that nobody saw. */
static const struct scope_point *point_of(const struct world *world, const struct seat *seat,
                                          struct db *db)
{
    int scope = SCOPE_LOCATION + seat->store;
    struct replica_cursor cursor;
    char incarnation[ID_HEX_SIZE];

    hex_write(world->model.incarnation.bytes, ID_SIZE, incarnation);
    if (replica_cursor(db, observe_scope_name(scope), &cursor, NULL) != STATUS_OK ||
        strcmp(cursor.incarnation, incarnation) != 0)
        return NULL;
    return scope_point(&world->model.scopes[scope], cursor.position);
}

int64_t observe_position(struct world *world, struct seat *seat)
{
    const struct scope_point *point;

    if (seat->till == NULL || seat->till->catalogue == NULL || seat->till->db == NULL)
        return -1;
    node_look(&seat->till_node);
    point = point_of(world, seat, catalogue_db(seat->till->catalogue));
    node_look_end(&seat->till_node);
    return point == NULL ? -1 : point->position;
}

static int64_t expected_at(const struct world *world, const struct seat *seat, int item,
                           const struct scope_point *point)
{
    return model_on_hand(&world->model, point, &seat->journal, seat->index, seat->store, item);
}

void observe_answer(struct world *world, struct seat *seat, int item, int64_t shown, int64_t from,
                    int64_t to)
{
    const struct scope_history *history = &world->model.scopes[SCOPE_LOCATION + seat->store];
    int64_t expected = shown;

    for (size_t i = 0; i < history->count; i++) {
        const struct scope_point *point = &history->points[i];
        if (point->position < from || point->position > to)
            continue;
        expected = expected_at(world, seat, item, point);
        if (expected == shown)
            return;
    }
    invariant_12_on_hand_is_fold(world, seat, item, shown, expected);
}

void observe_on_hand(struct world *world, struct seat *seat, int item, bool at_rest)
{
    struct stock_level level;
    char sku[16], location[16];
    const struct scope_point *point;
    struct db *db;

    if (seat->till == NULL || seat->till->catalogue == NULL || seat->till->db == NULL)
        return;
    (void)snprintf(sku, sizeof sku, "I%d", item);
    (void)snprintf(location, sizeof location, "S%02d", seat->store + 1);
    node_look(&seat->till_node);
    db = catalogue_db(seat->till->catalogue);
    point = point_of(world, seat, db);
    if (point != NULL && at_rest &&
        !model_forks_told(&world->model, point, &seat->journal, seat->index))
        world_fail(world, 12, "%s: nobody has told it that it forked", seat->machine.name);
    if (point != NULL && stock_of(seat->till->db, db, location, sku, &level, NULL) == STATUS_OK)
        invariant_12_on_hand_is_fold(world, seat, item, level.on_hand.milli,
                                     expected_at(world, seat, item, point));
    node_look_end(&seat->till_node);
}
