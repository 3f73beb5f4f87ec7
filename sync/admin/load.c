/* `load FOLDER`: a store kept as files. Every *.json holds {"rows":[...]} of the reference tables
 * and all of them are one request; staff.tsv holds people with plain PINs, hashed here. Rows of
 * `stock` are a location's opening stock: the ledger books them as moves, once per location.
 */
#include "sync/admin/commands.h"
#include "sync/admin/rows.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"
#include "terminal/base/table_text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 64 << 20, STAFF_COLUMNS = 6 };

static int is_rows_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

static bool is_stock(const json_t *row)
{
    return strcmp(json_text_or(row, "t", ""), "stock") == 0;
}

/* Rows go to `rows`, opening stock to `stock`: location -> lines. */
static void sort_rows(const json_t *loaded, json_t *rows, json_t *stock)
{
    size_t index;
    json_t *one;
    json_array_foreach((json_t *)loaded, index, one)
    {
        if (!is_stock(one)) {
            json_array_append(rows, one);
            continue;
        }
        const json_t *row = json_object_get(one, "row");
        const char *location = json_text_or(row, "location", "");
        json_t *lines = json_object_get(stock, location);
        if (!lines) {
            lines = json_array();
            json_object_set_new(stock, location, lines);
        }
        json_array_append_new(lines, json_pack("{s:s,s:I}", "sku", json_text_or(row, "sku", ""),
                                               "quantity_milli",
                                               (json_int_t)json_int_or(row, "quantity_milli", 0)));
    }
}

static enum status load_file(const char *path, json_t *everything, json_t *stock,
                             struct error *error)
{
    struct buf file;
    json_t *root = NULL, *rows;
    buf_init(&file, FILE_MOST);
    enum status status = file_read(path, &file, error);
    if (!status)
        status = json_read(buf_text(&file), file.used, &root, error);
    if (!status)
        status = json_want_array(root, "rows", 1000000, &rows, error);
    if (status)
        error_prefix(error, "%s: ", path);
    else
        sort_rows(rows, everything, stock);
    json_decref(root);
    buf_finish(&file);
    return status;
}

static enum status load_person(const struct table_text *table, json_t *rows, struct error *error)
{
    char words[STAFF_COLUMNS][160];
    if (table->count != STAFF_COLUMNS)
        return error_set(error, STATUS_INVALID, "%zu columns instead of %d", table->count,
                         STAFF_COLUMNS);
    for (size_t i = 0; i < STAFF_COLUMNS; i++) {
        if (table->fields[i].length >= sizeof words[i])
            return error_set(error, STATUS_INVALID, "a column is too long");
        snprintf(words[i], sizeof words[i], "%.*s", (int)table->fields[i].length,
                 table->fields[i].bytes);
    }
    struct staff_words person = {.id = words[0],
                                 .name = words[1],
                                 .role = words[2],
                                 .pin = words[3],
                                 .badge = words[4],
                                 .language = words[5]};
    return staff_rows(&person, rows, error);
}

static enum status load_staff(const char *path, json_t *rows, struct error *error)
{
    struct buf file;
    struct table_text table;
    buf_init(&file, FILE_MOST);
    enum status status = file_read(path, &file, error);
    table_text_init(&table, buf_text(&file), file.used);
    table.delimiter = '\t';
    for (bool more = true; !status;) {
        status = table_text_next(&table, &more, error);
        if (!more)
            break;
        if (!status && table.raw[0] != '#')
            status = load_person(&table, rows, error);
        if (status)
            error_prefix(error, "%s: line %lld: ", path, (long long)table.line);
    }
    table_text_finish(&table);
    buf_finish(&file);
    return status;
}

enum status command_load(const struct options *options, const char *const *arguments, int count,
                         struct error *error)
{
    enum status status = options_check(options, "url token-file ca", error);
    if (status)
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say which folder");
    struct dirent **names = NULL;
    int found = scandir(arguments[0], &names, is_rows_file, alphasort);
    if (found <= 0)
        return error_set(error, STATUS_NOT_FOUND, "%s: no folder with *.json files", arguments[0]);
    json_t *rows = json_array(), *stock = json_object();
    for (int i = 0; i < found; i++) {
        char *path = path_join(arguments[0], names[i]->d_name);
        if (!status)
            status = load_file(path, rows, stock, error);
        free(path);
        free(names[i]);
    }
    free(names);
    char *staff = path_join(arguments[0], "staff.tsv");
    if (!status && file_exists(staff))
        status = load_staff(staff, rows, error);
    free(staff);
    if (!status)
        status = post_rows(options, rows, error);
    const char *location;
    json_t *lines;
    json_object_foreach(stock, location, lines)
    {
        if (!status)
            status = post_opening_stock(options, location, lines, error);
    }
    if (!status && options->json)
        printf("{\"rows\":%zu}\n", json_array_size(rows));
    else if (!status)
        printf("%zu rows are known to the ledger\n", json_array_size(rows));
    json_decref(stock);
    json_decref(rows);
    return status;
}
