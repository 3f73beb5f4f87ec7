/* SQL made from descriptors. */
#include "sync/ledger/rows.h"

#include "sync/ledger/alerts.h"
#include "sync/ledger/known.h"
#include "sync/ledger/projection.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_MAX 32

struct table_sql {
    char *put;
    char *get;
    char *remove;
};

struct rows {
    struct table_sql tables[TABLES_MAX]; /* by index of reference_table_at */
    pthread_mutex_t importing;
    pthread_mutex_t mutex;
    char **texts; /* rows_sql */
    size_t text_count;
};

static char *take_text(struct buf *sql)
{
    char *text = mem_copy_text(buf_text(sql));

    buf_finish(sql);
    return text;
}

static char *put_sql(const struct reference_table *table)
{
    struct buf sql;
    enum status status;

    buf_init(&sql, 16384);
    status = buf_printf(&sql, "INSERT INTO %s(", table->name);
    if (status == STATUS_OK)
        status = reference_columns(table, &sql);
    for (int i = 0; i < table->column_count && status == STATUS_OK; i++)
        status = buf_printf(&sql, "%s?%d", i == 0 ? ") VALUES(" : ", ", i + 1);
    for (int i = 0; i < table->key_count && status == STATUS_OK; i++)
        status = buf_printf(&sql, "%s%s", i == 0 ? ") ON CONFLICT(" : ", ", table->columns[i].name);
    if (status == STATUS_OK && table->key_count == table->column_count)
        status = buf_append_text(&sql, ") DO NOTHING");
    for (int i = table->key_count; i < table->column_count && status == STATUS_OK; i++)
        status = buf_printf(&sql, "%s%s = excluded.%s",
                            i == table->key_count ? ") DO UPDATE SET " : ", ",
                            table->columns[i].name, table->columns[i].name);
    INVARIANT(status == STATUS_OK);
    return take_text(&sql);
}

/* SELECT columns or DELETE, FROM table WHERE key = ... */
static char *key_sql(const struct reference_table *table, bool select)
{
    struct buf sql;
    enum status status;

    buf_init(&sql, 16384);
    status = buf_append_text(&sql, select ? "SELECT " : "DELETE");
    if (status == STATUS_OK && select)
        status = reference_columns(table, &sql);
    if (status == STATUS_OK)
        status = buf_printf(&sql, " FROM %s", table->name);
    for (int i = 0; i < table->key_count && status == STATUS_OK; i++)
        status = buf_printf(&sql, "%s%s = ?%d", i == 0 ? " WHERE " : " AND ",
                            table->columns[i].name, i + 1);
    INVARIANT(status == STATUS_OK);
    return take_text(&sql);
}

struct rows *rows_new(void)
{
    struct rows *rows = mem_alloc(sizeof *rows);

    INVARIANT(reference_table_count() <= TABLES_MAX);
    (void)pthread_mutex_init(&rows->importing, NULL);
    (void)pthread_mutex_init(&rows->mutex, NULL);
    for (int i = 0; i < reference_table_count(); i++) {
        rows->tables[i].put = put_sql(reference_table_at(i));
        rows->tables[i].remove = key_sql(reference_table_at(i), false);
        rows->tables[i].get = key_sql(reference_table_at(i), true);
    }
    return rows;
}

void rows_free(struct rows *rows)
{
    if (rows == NULL)
        return;
    for (int i = 0; i < TABLES_MAX; i++) {
        free(rows->tables[i].put);
        free(rows->tables[i].get);
        free(rows->tables[i].remove);
    }
    for (size_t i = 0; i < rows->text_count; i++)
        free(rows->texts[i]);
    free(rows->texts);
    (void)pthread_mutex_destroy(&rows->importing);
    (void)pthread_mutex_destroy(&rows->mutex);
    free(rows);
}

const char *rows_sql(struct rows *rows, const char *sql)
{
    const char *found = NULL;

    (void)pthread_mutex_lock(&rows->mutex);
    for (size_t i = 0; i < rows->text_count && found == NULL; i++) {
        if (strcmp(rows->texts[i], sql) == 0)
            found = rows->texts[i];
    }
    if (found == NULL) {
        rows->texts = mem_resize(rows->texts, (rows->text_count + 1) * sizeof *rows->texts);
        found = rows->texts[rows->text_count++] = mem_copy_text(sql);
    }
    (void)pthread_mutex_unlock(&rows->mutex);
    return found;
}

void rows_import_begin(struct rows *rows)
{
    (void)pthread_mutex_lock(&rows->importing);
}

void rows_import_end(struct rows *rows)
{
    (void)pthread_mutex_unlock(&rows->importing);
}

static const struct table_sql *sql_of(const struct rows *rows, const struct reference_table *table)
{
    int index = 0;

    while (reference_table_at(index) != table)
        index++;
    return &rows->tables[index];
}

static void row_values(const struct reference_row *row, int count, struct store_value *values)
{
    for (int i = 0; i < count; i++) {
        const struct reference_value *value = &row->values[i];
        values[i] = row->table->columns[i].type == REFERENCE_TEXT
                        ? store_text_n(value->text, value->length)
                        : store_int(value->number);
    }
}

enum status rows_put(struct rows *rows, const struct writer_turn *turn,
                     const struct reference_row *row, bool tell, struct error *error)
{
    struct store_value values[REFERENCE_COLUMNS_MAX];
    enum status status;

    row_values(row, row->table->column_count, values);
    status = store_run(turn->session, sql_of(rows, row->table)->put, values,
                       row->table->column_count, error);
    if (status == STATUS_OK && tell)
        feed_add_row(turn->feed, row, false);
    return status;
}

enum status rows_tell(struct rows *rows, const struct writer_turn *turn,
                      const struct reference_row *row, struct error *error)
{
    const struct reference_table *table = row->table;
    struct reference_row stored = {.table = table};
    struct store_value values[REFERENCE_COLUMNS_MAX];
    struct store_query *query;
    bool found = false;
    enum status status;

    row_values(row, table->key_count, values);
    status = store_query(turn->session, sql_of(rows, table)->get, values, table->key_count, &query,
                         error);
    if (status == STATUS_OK)
        status = store_next(turn->session, query, &found, error);
    if (status != STATUS_OK)
        return status;
    INVARIANT(found);
    for (int i = 0; i < table->column_count; i++) {
        struct reference_value *value = &stored.values[i];
        if (table->columns[i].type == REFERENCE_INT) {
            value->number = store_column_int(turn->session, query, i);
        } else {
            value->text = store_column_text(turn->session, query, i);
            value->length = strlen(value->text);
        }
    }
    feed_add_row(turn->feed, &stored, false);
    store_done(turn->session, query);
    return STATUS_OK;
}

enum status rows_delete(struct rows *rows, const struct writer_turn *turn,
                        const struct reference_row *row, bool tell, struct error *error)
{
    struct store_value values[REFERENCE_COLUMNS_MAX];
    enum status status;

    row_values(row, row->table->key_count, values);
    status = store_run(turn->session, sql_of(rows, row->table)->remove, values,
                       row->table->key_count, error);
    if (status == STATUS_OK && tell)
        feed_add_row(turn->feed, row, true);
    return status;
}

struct change_list {
    struct rows *rows;
    struct reference_row *rows_read;
    bool *deleted;
    size_t count;
};

static bool is_projected(const char *table)
{
    static const char *const projected[] = {"stock", "watermark", "pickup_order", "pickup_line",
                                            "branch_mark"};

    for (size_t i = 0; i < sizeof projected / sizeof projected[0]; i++) {
        if (strcmp(table, projected[i]) == 0)
            return true;
    }
    return false;
}

static enum status read_change(const json_t *change, struct reference_row *row, bool *deleted,
                               struct error *error)
{
    enum status status = reference_change_from_json(change, row, deleted, error);

    if (status == STATUS_OK && is_projected(row->table->name))
        status = error_set(error, STATUS_DENIED, "%s is made from entries alone", row->table->name);
    return status;
}

static enum status check_deletion(const struct writer_turn *turn, const struct reference_row *row,
                                  struct error *error)
{
    struct store_value values[] = {store_text_n(row->values[0].text, row->values[0].length)};
    int64_t moved = 0;
    enum status status;

    if (strcmp(row->table->name, "item") != 0)
        return STATUS_OK;
    status = store_one_int(turn->session, "SELECT 1 FROM stock WHERE sku = ?1 LIMIT 1", values, 1,
                           0, &moved, error);
    if (status == STATUS_OK && moved != 0)
        status = error_set(error, STATUS_CONFLICT, "item %.*s has stock: block it instead",
                           (int)row->values[0].length, row->values[0].text);
    return status;
}

static char *text_of_value(const struct reference_value *value)
{
    char *text = mem_alloc(value->length + 1);

    memcpy(text, value->text, value->length);
    return text;
}

/* What is low depends on it from now on, not from the next move on. */
static enum status judge_rule(const struct writer_turn *turn, const struct reference_row *row,
                              struct error *error)
{
    char *location, *sku;
    enum status status;

    if (strcmp(row->table->name, "stock_rule") != 0)
        return STATUS_OK;
    location = text_of_value(&row->values[0]);
    sku = text_of_value(&row->values[1]);
    status = alerts_rule_changed(turn, location, sku, error);
    free(location);
    free(sku);
    return status;
}

static enum status run_changes(void *context, const struct writer_turn *turn, struct error *error)
{
    struct change_list *list = context;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < list->count && status == STATUS_OK; i++) {
        const struct reference_row *row = &list->rows_read[i];
        if (!list->deleted[i]) {
            status = rows_put(list->rows, turn, row, true, error);
        } else {
            status = check_deletion(turn, row, error);
            if (status == STATUS_OK)
                status = rows_delete(list->rows, turn, row, true, error);
        }
        if (status == STATUS_OK)
            status = judge_rule(turn, row, error);
    }
    known_forget(turn->known); /* an item may have gone, a stock rule come */
    return status == STATUS_OK ? projection_resolve(turn, error) : status;
}

enum status rows_apply(struct rows *rows, struct writer *writer, const json_t *list,
                       struct error *error)
{
    struct change_list changes = {.rows = rows, .count = json_array_size(list)};
    struct writer_job job = {.run = run_changes, .context = &changes};
    enum status status = STATUS_OK;

    changes.rows_read = mem_alloc((changes.count + 1) * sizeof *changes.rows_read);
    changes.deleted = mem_alloc((changes.count + 1) * sizeof *changes.deleted);
    for (size_t i = 0; i < changes.count && status == STATUS_OK; i++) {
        status =
            read_change(json_array_get(list, i), &changes.rows_read[i], &changes.deleted[i], error);
        if (status != STATUS_OK)
            (void)error_prefix(error, "row %zu", i + 1);
    }
    if (status == STATUS_OK)
        status = writer_run(writer, &job, error);
    free(changes.rows_read);
    free(changes.deleted);
    return status;
}
