/* The descriptors, and SQL made from them. */
#include "sync/ledger/figure.h"

#include "terminal/base/buf.h"

#include <stdlib.h>

#define SQL_MAX ((size_t)64 << 10)

static const struct figure_table tables[FIGURES] = {
    [FIGURE_STOCK] = {"stock",
                      3,
                      1,
                      {"location", "sku", "status"},
                      {"quantity_milli"},
                      true,
                      "SELECT location, sku, status, quantity_milli FROM stock",
                      "DELETE FROM stock"},
    [FIGURE_TOTAL] = {"total",
                      2,
                      4,
                      {"location", "currency"},
                      {"entries", "sales", "returns", "gross_minor"},
                      false,
                      "SELECT location, currency, entries, sales, returns, gross_minor FROM total",
                      "DELETE FROM total"},
    [FIGURE_MONEY] = {"money",
                      4,
                      2,
                      {"location", "business_date", "currency", "what"},
                      {"amount_minor", "count"},
                      false,
                      "SELECT location, business_date, currency, what, amount_minor, count "
                      "FROM money",
                      "DELETE FROM money"},
    [FIGURE_ACCOUNT] = {"account",
                        2,
                        1,
                        {"account", "currency"},
                        {"balance_minor"},
                        true,
                        "SELECT account, currency, balance_minor FROM account",
                        "DELETE FROM account"},
    [FIGURE_LEASE_USE] = {"lease_use",
                          2,
                          2,
                          {"lease", "device"},
                          {"spent", "returned"},
                          true,
                          "SELECT lease, device, spent, returned FROM lease_use",
                          "DELETE FROM lease_use"},
    [FIGURE_CUSTOMER_TOTAL] = {"customer_total",
                               2,
                               3,
                               {"customer", "currency"},
                               {"sales", "returns", "gross_minor"},
                               false,
                               "SELECT customer, currency, sales, returns, gross_minor "
                               "FROM customer_total",
                               "DELETE FROM customer_total"},
    [FIGURE_CUSTOMER_FACT] = {"customer_fact",
                              5,
                              1,
                              {"customer", "stamp", "op", "group_id", "hash"},
                              {"count"},
                              true,
                              "SELECT customer, stamp, op, group_id, hash, count "
                              "FROM customer_fact",
                              "DELETE FROM customer_fact"},
    [FIGURE_REFUNDED] = {"refunded",
                         1,
                         1,
                         {"original"},
                         {"quantity_milli"},
                         true,
                         "SELECT original, quantity_milli FROM refunded",
                         "DELETE FROM refunded"},
    [FIGURE_ORDER_MARK] = {"order_mark",
                           2,
                           5,
                           {"channel", "id"},
                           {"picked", "staged", "handed_over", "refused", "returned"},
                           true,
                           "SELECT channel, id, picked, staged, handed_over, refused, returned "
                           "FROM order_mark",
                           "DELETE FROM order_mark"},
    [FIGURE_ORDER_HANDED] = {"order_handed",
                             3,
                             1,
                             {"channel", "id", "sku"},
                             {"quantity_milli"},
                             true,
                             "SELECT channel, id, sku, quantity_milli FROM order_handed",
                             "DELETE FROM order_handed"},
};

/* SQLite makes a table in memory for what a statement returns: the more rows share one, the less a
 * row costs. A few forms only, for each stays prepared. */
static const int row_counts[] = {FIGURE_ROWS_MAX, 32, 1};
#define ROW_COUNTS (sizeof row_counts / sizeof row_counts[0])

struct figure_sql {
    char *add[FIGURES][ROW_COUNTS]; /* NULL: not wanted yet */
};

const struct figure_table *figure_table(enum figure figure)
{
    return &tables[figure];
}

static enum status put_list(struct buf *sql, const char *const *names, int count, bool first)
{
    enum status status = STATUS_OK;

    for (int i = 0; i < count && status == STATUS_OK; i++)
        status = buf_printf(sql, "%s%s", first && i == 0 ? "" : ", ", names[i]);
    return status;
}

/* (?1, ?2, ...), (...) */
static enum status put_rows(struct buf *sql, int columns, int rows)
{
    enum status status = STATUS_OK;

    for (int i = 0; i < columns * rows && status == STATUS_OK; i++) {
        const char *before = i % columns != 0 ? ", " : i == 0 ? "(" : "), (";
        status = buf_printf(sql, "%s?%d", before, i + 1);
    }
    return status == STATUS_OK ? buf_append_text(sql, ")") : status;
}

/* On a row that is there, its sums grow by the new ones. */
static enum status put_growth(struct buf *sql, const struct figure_table *table)
{
    enum status status = STATUS_OK;

    for (int i = 0; i < table->sums && status == STATUS_OK; i++)
        status = buf_printf(sql, "%s%s = %s.%s + excluded.%s", i == 0 ? "" : ", ", table->sum[i],
                            table->name, table->sum[i], table->sum[i]);
    return status;
}

static enum status write_sql(struct buf *sql, const struct figure_table *table, int rows)
{
    enum status status = buf_printf(sql, "INSERT INTO %s(", table->name);

    if (status == STATUS_OK)
        status = put_list(sql, table->key, table->keys, true);
    if (status == STATUS_OK)
        status = put_list(sql, table->sum, table->sums, false);
    if (status == STATUS_OK)
        status = buf_append_text(sql, ") VALUES ");
    if (status == STATUS_OK)
        status = put_rows(sql, table->keys + table->sums, rows);
    if (status == STATUS_OK)
        status = buf_append_text(sql, " ON CONFLICT(");
    if (status == STATUS_OK)
        status = put_list(sql, table->key, table->keys, true);
    if (status == STATUS_OK)
        status = buf_append_text(sql, ") DO UPDATE SET ");
    if (status == STATUS_OK)
        status = put_growth(sql, table);
    if (status != STATUS_OK || !table->judged)
        return status;
    status = buf_append_text(sql, " RETURNING ");
    if (status == STATUS_OK)
        status = put_list(sql, table->key, table->keys, true);
    return status == STATUS_OK ? put_list(sql, table->sum, table->sums, false) : status;
}

static char *make_sql(const struct figure_table *table, int rows)
{
    struct buf sql;
    char *text;
    enum status status;

    buf_init(&sql, SQL_MAX);
    status = write_sql(&sql, table, rows);
    INVARIANT(status == STATUS_OK);
    text = mem_copy_text(buf_text(&sql));
    buf_finish(&sql);
    return text;
}

struct figure_sql *figure_sql_new(void)
{
    return mem_alloc(sizeof(struct figure_sql));
}

void figure_sql_free(struct figure_sql *sql)
{
    if (sql == NULL)
        return;
    for (int i = 0; i < FIGURES; i++) {
        for (size_t form = 0; form < ROW_COUNTS; form++)
            free(sql->add[i][form]);
    }
    free(sql);
}

const char *figure_sql_add(struct figure_sql *sql, enum figure figure, int count, int *rows)
{
    size_t form = 0;

    INVARIANT(count > 0);
    while (row_counts[form] > count)
        form++;
    *rows = row_counts[form];
    if (sql->add[figure][form] == NULL)
        sql->add[figure][form] = make_sql(&tables[figure], row_counts[form]);
    return sql->add[figure][form];
}
