/* Real invoices, rung up as this till would have sold them.
 *
 *   file ─► rows ─► sorted by invoice, in the order in which invoices first appear
 *        ─► per invoice: a sale or a return, and an adjust entry for negative lines elsewhere
 *
 * The reference of an entry is "csv:INVOICE" ("csv:INVOICE:adjust" for the correction), unique on
 * the till for ever: a run that was killed is simply run again. Beside each commit the same number
 * of bytes is appended to a scratch file and fdatasynced: the physical limit, in the same run.
 */
#include "sync/admin/commands.h"
#include "terminal/base/file.h"
#include "terminal/base/table_text.h"
#include "terminal/base/text.h"
#include "terminal/till_replay.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    INVOICE_SIZE = 40,
    SKU_SIZE = 65,
    FILE_MOST = 512 << 20,
    ENTRY_BYTES_PER_LINE = 400, /* what the scratch file is given for a line */
    ENTRY_BYTES_HEAD = 1200
};

struct row {
    char invoice[INVOICE_SIZE];
    char sku[SKU_SIZE];
    struct quantity quantity;
    struct price price;
    size_t first; /* position of the invoice's first row */
    size_t at;    /* own position */
};

struct rows {
    struct row *items;
    size_t count, room;
};

struct replay {
    struct till *till;
    struct clock clock;
    json_t *skipped; /* reason -> lines */
    int64_t invoices, sales, returns, adjusts, lines, known, gross;
    int64_t *commit_us, *sync_us;
    size_t timed, timed_room;
    int scratch;
};

static void skip(struct replay *replay, const char *reason)
{
    json_t *count = json_object_get(replay->skipped, reason);
    json_object_set_new(replay->skipped, reason,
                        json_integer(count ? json_integer_value(count) + 1 : 1));
}

/* ---- reading -------------------------------------------------------------------------------- */

struct columns {
    int invoice, sku, quantity, price;
};

static bool copy_field(const struct table_text *table, int column, char *out, size_t size)
{
    if ((size_t)column >= table->count)
        return false;
    const struct table_field *field = &table->fields[column];
    if (field->length == 0 || field->length >= size || !text_is_utf8(field->bytes, field->length))
        return false;
    memcpy(out, field->bytes, field->length);
    out[field->length] = '\0';
    return true;
}

/* NULL, or the reason why the row is skipped. */
static const char *take_row(const struct table_text *table, const struct columns *columns,
                            int exponent, struct row *out)
{
    char number[DECIMAL_SIZE];
    if (!copy_field(table, columns->invoice, out->invoice, sizeof out->invoice))
        return "bad invoice number";
    if (!copy_field(table, columns->sku, out->sku, sizeof out->sku))
        return "bad stock code";
    if (!copy_field(table, columns->quantity, number, sizeof number) ||
        decimal_read(number, 3, &out->quantity.milli))
        return "bad quantity";
    if (out->quantity.milli == 0)
        return "quantity 0";
    if (!copy_field(table, columns->price, number, sizeof number) ||
        decimal_read(number, exponent + 4, &out->price.scaled))
        return "bad price";
    if (out->price.scaled < 0)
        return "negative price";
    if (out->invoice[0] == 'C' && out->quantity.milli > 0)
        return "positive quantity on a return";
    out->price.per_milli = QUANTITY_ONE;
    return NULL;
}

static enum status find_columns(struct table_text *table, struct columns *out, struct error *error)
{
    bool more;
    enum status status = table_text_next(table, &more, error);
    if (status)
        return status;
    if (!more)
        return error_set(error, STATUS_INVALID, "the file is empty");
    static const char *const names[] = {"InvoiceNo", "StockCode", "Quantity", "UnitPrice"};
    int *const places[] = {&out->invoice, &out->sku, &out->quantity, &out->price};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((*places[i] = table_text_column(table, names[i])) < 0)
            return error_set(error, STATUS_INVALID, "line 1: the column %s is missing", names[i]);
    return STATUS_OK;
}

static int by_invoice(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    int order = strcmp(one->invoice, other->invoice);
    return order ? order : one->at < other->at ? -1 : 1;
}

static int by_first(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    if (one->first != other->first)
        return one->first < other->first ? -1 : 1;
    return one->at < other->at ? -1 : one->at > other->at;
}

static void group(struct rows *rows)
{
    if (rows->count == 0)
        return;
    qsort(rows->items, rows->count, sizeof rows->items[0], by_invoice);
    for (size_t i = 0; i < rows->count; i++) {
        bool same = i > 0 && strcmp(rows->items[i].invoice, rows->items[i - 1].invoice) == 0;
        rows->items[i].first = same ? rows->items[i - 1].first : rows->items[i].at;
    }
    qsort(rows->items, rows->count, sizeof rows->items[0], by_first);
}

static enum status read_rows(struct replay *replay, const struct buf *file, struct rows *rows,
                             struct error *error)
{
    struct table_text table;
    struct columns columns;
    struct error ignored;
    int exponent = till_currency(replay->till)->exponent;
    table_text_init(&table, buf_text(file), file->used);
    enum status status = find_columns(&table, &columns, error);
    while (!status) {
        bool more;
        bool sound = table_text_next(&table, &more, &ignored) == STATUS_OK;
        if (!more)
            break;
        if (rows->count == rows->room) {
            rows->room = rows->room ? 2 * rows->room : 4096;
            rows->items = mem_resize(rows->items, rows->room * sizeof rows->items[0]);
        }
        struct row *row = &rows->items[rows->count];
        row->at = rows->count;
        const char *reason = sound ? take_row(&table, &columns, exponent, row) : "bad record";
        if (reason)
            skip(replay, reason);
        else
            rows->count++;
    }
    table_text_finish(&table);
    if (!status)
        group(rows);
    return status;
}

/* ---- ringing up ----------------------------------------------------------------------------- */

/* What a commit of so many lines costs at least: append and fdatasync of as many bytes. */
static void time_limit(struct replay *replay, int64_t commit_us, int lines)
{
    static char bytes[ENTRY_BYTES_HEAD];
    int64_t start = clock_monotonic_us(&replay->clock);
    for (int left = ENTRY_BYTES_HEAD + lines * ENTRY_BYTES_PER_LINE; left > 0;) {
        ssize_t wrote =
            write(replay->scratch, bytes, left < (int)sizeof bytes ? (size_t)left : sizeof bytes);
        if (wrote <= 0)
            return;
        left -= (int)wrote;
    }
    if (fdatasync(replay->scratch) != 0)
        return;
    if (replay->timed == replay->timed_room) {
        replay->timed_room = replay->timed_room ? 2 * replay->timed_room : 1024;
        replay->commit_us = mem_resize(replay->commit_us, replay->timed_room * sizeof(int64_t));
        replay->sync_us = mem_resize(replay->sync_us, replay->timed_room * sizeof(int64_t));
    }
    replay->commit_us[replay->timed] = commit_us;
    replay->sync_us[replay->timed++] = clock_monotonic_us(&replay->clock) - start;
}

static enum status is_known(struct replay *replay, const char *reference, bool *known,
                            struct error *error)
{
    enum status status = till_replay_known(replay->till, reference, known, error);
    if (!status && *known)
        replay->known++;
    return status;
}

/* Drops the rows whose item nobody knows, and says how many stay. */
static enum status keep_known(struct replay *replay, struct row *rows, size_t *count,
                              struct error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        struct tile_view tile;
        enum status status = till_item(replay->till, rows[i].sku, &tile, error);
        if (status == STATUS_NOT_FOUND) {
            skip(replay, "unknown item");
            continue;
        }
        if (status)
            return status;
        rows[kept++] = rows[i];
    }
    *count = kept;
    return STATUS_OK;
}

static enum status ring_up_sale(struct replay *replay, const char *invoice, const struct row *rows,
                                size_t count, struct error *error)
{
    char reference[INVOICE_SIZE + 16];
    snprintf(reference, sizeof reference, "csv:%s", invoice);
    bool known;
    enum status status = is_known(replay, reference, &known, error);
    if (status || known)
        return status;
    struct replay_line *lines = mem_alloc(count * sizeof *lines);
    int64_t gross = 0;
    for (size_t i = 0; !status && i < count; i++) {
        struct money amount;
        lines[i] = (struct replay_line){.sku = rows[i].sku,
                                        .quantity = rows[i].quantity,
                                        .has_price = true,
                                        .price = rows[i].price,
                                        .reason = rows[i].quantity.milli < 0 ? "return" : NULL};
        status = price_extend(rows[i].price, rows[i].quantity, &amount);
        if (!status)
            gross += amount.minor;
    }
    struct replay_sale sale = {.reference = reference,
                               .staff = "",
                               .customer = "",
                               .lines = lines,
                               .count = (int)count,
                               .tender = "cash"};
    int64_t start = clock_monotonic_us(&replay->clock);
    if (!status)
        status = till_replay_sale(replay->till, &sale, NULL, error);
    else
        error_set(error, status, "an amount does not fit");
    int64_t took = clock_monotonic_us(&replay->clock) - start;
    free(lines);
    if (status) {
        error_prefix(error, "invoice %s: ", invoice);
        return status;
    }
    *(invoice[0] == 'C' ? &replay->returns : &replay->sales) += 1;
    replay->lines += (int64_t)count;
    replay->gross += gross;
    time_limit(replay, took, (int)count);
    return STATUS_OK;
}

static enum status ring_up_adjust(struct replay *replay, const char *invoice,
                                  const struct row *rows, size_t count, struct error *error)
{
    char reference[INVOICE_SIZE + 16];
    snprintf(reference, sizeof reference, "csv:%s:adjust", invoice);
    bool known;
    enum status status = is_known(replay, reference, &known, error);
    if (status || known)
        return status;
    struct adjust_line *lines = mem_alloc(count * sizeof *lines);
    for (size_t i = 0; i < count; i++)
        lines[i] = (struct adjust_line){.sku = rows[i].sku, .quantity = rows[i].quantity};
    status = till_replay_adjust(replay->till, reference, "", lines, (int)count,
                                "adjusted on the invoice", error);
    free(lines);
    if (status) {
        error_prefix(error, "invoice %s: ", invoice);
        return status;
    }
    replay->adjusts++;
    replay->lines += (int64_t)count;
    return STATUS_OK;
}

/* The rows of one invoice: what is sold or returned, and what is a correction, each in one entry.
 */
static enum status ring_up(struct replay *replay, struct row *rows, size_t count,
                           struct error *error)
{
    char invoice[INVOICE_SIZE];
    strcpy(invoice, rows[0].invoice);
    replay->invoices++;
    enum status status = keep_known(replay, rows, &count, error);
    struct row *adjusted = mem_alloc((count + 1) * sizeof *adjusted);
    size_t sold = 0, corrections = 0;
    for (size_t i = 0; !status && i < count; i++) {
        if (invoice[0] != 'C' && rows[i].quantity.milli < 0)
            adjusted[corrections++] = rows[i];
        else
            rows[sold++] = rows[i];
    }
    if (!status && sold > 0)
        status = ring_up_sale(replay, invoice, rows, sold, error);
    if (!status && corrections > 0)
        status = ring_up_adjust(replay, invoice, adjusted, corrections, error);
    free(adjusted);
    return status;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

static json_t *percentiles(int64_t *values, size_t count)
{
    if (count == 0)
        return json_pack("{s:i,s:i}", "p50", 0, "p99", 0);
    qsort(values, count, sizeof values[0], by_value);
    return json_pack("{s:I,s:I}", "p50", (json_int_t)values[count / 2], "p99",
                     (json_int_t)values[count * 99 / 100]);
}

static void report(const struct replay *replay, bool as_json)
{
    json_t *commit = percentiles(replay->commit_us, replay->timed);
    json_t *limit = percentiles(replay->sync_us, replay->timed);
    json_t *object = json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:O,s:I,s:o,s:o}", "invoices", (json_int_t)replay->invoices,
        "sales", (json_int_t)replay->sales, "returns", (json_int_t)replay->returns, "adjusts",
        (json_int_t)replay->adjusts, "lines", (json_int_t)replay->lines, "already_there",
        (json_int_t)replay->known, "skipped", replay->skipped, "gross_minor",
        (json_int_t)replay->gross, "commit_us", commit, "fdatasync_us", limit);
    if (as_json) {
        print_json(object);
    } else {
        printf("%" PRId64 " invoices: %" PRId64 " sales, %" PRId64 " returns, %" PRId64
               " adjustments of %" PRId64 " lines, %" PRId64 " there already; gross %" PRId64
               " minor units\n",
               replay->invoices, replay->sales, replay->returns, replay->adjusts, replay->lines,
               replay->known, replay->gross);
        const char *reason;
        json_t *count;
        json_object_foreach(replay->skipped, reason, count)
        {
            printf("  skipped: %" PRId64 " lines, %s\n", (int64_t)json_integer_value(count),
                   reason);
        }
    }
    json_decref(object);
}

static enum status run(struct replay *replay, const char *path, struct error *error)
{
    struct buf file;
    struct rows rows = {0};
    buf_init(&file, FILE_MOST);
    enum status status = file_read(path, &file, error);
    if (!status && (status = read_rows(replay, &file, &rows, error)))
        error_prefix(error, "%s: ", path);
    for (size_t at = 0; !status && at < rows.count;) {
        size_t end = at;
        while (end < rows.count && rows.items[end].first == rows.items[at].first)
            end++;
        status = ring_up(replay, rows.items + at, end - at, error);
        at = end;
    }
    free(rows.items);
    buf_finish(&file);
    return status;
}

enum status command_replay(const struct options *options, const char *const *arguments, int count,
                           struct error *error)
{
    const char *data;
    enum status status;
    if ((status = options_check(options, "data", error)) ||
        (status = options_want(options, "data", &data, error)))
        return status;
    if (count != 1)
        return error_set(error, STATUS_INVALID, "say which file of invoices");

    struct replay replay = {.clock = clock_system(), .skipped = json_object(), .scratch = -1};
    struct till_options how = {.folder = data,
                               .program = "holdfast-admin",
                               .mode = TILL_WRITER,
                               .clock = clock_system(),
                               .entropy = entropy_system()};
    status = till_open(&how, &replay.till, error);
    if (!status && till_phase(replay.till) != TILL_READY)
        status = error_set(error, STATUS_NOT_FOUND,
                           "%s has no catalogue yet: run holdfast-sync --once first", data);
    if (!status) {
        replay.scratch = open(data, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
        if (replay.scratch < 0)
            status = error_set(error, STATUS_IO, "%s: no scratch file can be made there", data);
    }
    if (!status)
        status = run(&replay, arguments[0], error);
    if (!status)
        report(&replay, options->json);
    if (replay.scratch >= 0)
        close(replay.scratch);
    till_close(replay.till);
    json_decref(replay.skipped);
    free(replay.commit_us);
    free(replay.sync_us);
    return status;
}
