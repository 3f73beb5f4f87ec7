/* The journal read from its first entry to its last: that the chain is whole (journal/verify.h),
 * and that what stands beside the entries follows from them: perpetual totals, receipt numbers,
 * moves, what was spent of leases, what was taken back of which sale.
 */
#include "terminal/till_internal.h"

#include "terminal/journal/acked.h"
#include "terminal/journal/verify.h"
#include "terminal/selling/accounts.h"
#include "terminal/stock/stock.h"

#include <stdlib.h>
#include <string.h>

#define READ_ENTRIES 500
#define READ_BYTES   ((size_t)4 << 20)

/* What one item gained or lost in this shop, by one move. */
struct delta {
    char sku[SKU_SIZE];
    int64_t milli;
};

struct walk {
    struct till *till;
    struct error *error;
    int64_t epoch_number;
    int64_t last_seq;
    size_t read; /* in this call of journal_read */
    int64_t entries;
    struct perpetual totals;
    struct delta *deltas; /* NULL: not collected */
    size_t delta_count, delta_room;
    bool collect;
    int64_t lease_uses;
    int64_t refunds;
};

static int64_t into_shop(const struct bucket *bucket, const char *location)
{
    return strcmp(bucket->location, location) == 0 && stock_status_physical(bucket->status);
}

static enum status collect_moves(struct walk *walk, const json_t *body)
{
    struct move_list moves;
    const char *location = walk->till->identity.location;
    enum status status = entry_get_moves(body, &moves, walk->error);

    for (size_t i = 0; status == STATUS_OK && i < moves.count; i++) {
        const struct stock_move *move = &moves.items[i];
        int64_t sign = into_shop(&move->to, location) - into_shop(&move->from, location);

        if (walk->delta_count == walk->delta_room) {
            walk->delta_room = walk->delta_room == 0 ? 1024 : 2 * walk->delta_room;
            walk->deltas = mem_resize(walk->deltas, walk->delta_room * sizeof walk->deltas[0]);
        }
        walk->deltas[walk->delta_count].milli = sign * move->quantity.milli;
        copy_text(walk->deltas[walk->delta_count++].sku, SKU_SIZE, move->sku);
    }
    if (status == STATUS_OK)
        move_list_finish(&moves);
    return status;
}

static enum status check_leases(struct walk *walk, const struct entry *entry)
{
    struct lease_use uses[CART_TENDERS];
    size_t count;
    bool same = true;
    enum status status =
        accounts_uses_of_entry(entry->head.kind, entry->body, uses, &count, walk->error);

    for (size_t i = 0; status == STATUS_OK && i < count; i++, walk->lease_uses++) {
        status = lease_recorded(walk->till->db, walk->epoch_number, entry->head.seq, &uses[i],
                                &same, walk->error);
        if (status == STATUS_OK && !same)
            status = error_set(walk->error, STATUS_CORRUPT,
                               "entry %lld: what it spent of a lease is recorded otherwise",
                               (long long)entry->head.seq);
    }
    return status;
}

static void add_line(struct perpetual *totals, const json_t *line)
{
    int64_t total = 0;
    size_t index;
    json_t *tax;

    json_array_foreach(json_object_get(line, "tax"), index, tax)
    {
        total += json_int_or(tax, "net", 0) + json_int_or(tax, "tax", 0);
    }
    if (json_int_or(line, "base", 0) < 0)
        totals->returns_minor -= total;
    else
        totals->sales_minor += total;
}

static enum status check_receipt(struct walk *walk, const char *number, int64_t seq)
{
    struct receipt_row row;
    enum status status = receipt_find(walk->till->db, number, &row, walk->error);

    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && row.entry != ENTRY_KEY(walk->epoch_number, seq)))
        return error_set(walk->error, STATUS_CORRUPT, "receipt %s is not that of entry %lld",
                         number, (long long)seq);
    return status;
}

static enum status check_refunds(struct walk *walk, const struct entry *entry)
{
    enum status status = STATUS_OK;
    size_t index;
    json_t *line;

    json_array_foreach(json_object_get(entry->body, "lines"), index, line)
    {
        bool linked = false, same = true;
        if (status == STATUS_OK)
            status = refund_recorded(walk->till->db, walk->epoch_number, entry->head.seq, line,
                                     &linked, &same, walk->error);
        if (status == STATUS_OK && !same)
            status = error_set(walk->error, STATUS_CORRUPT,
                               "entry %lld: what it takes back is recorded otherwise",
                               (long long)entry->head.seq);
        walk->refunds += linked;
    }
    return status;
}

static enum status check_sale(struct walk *walk, const struct entry *entry)
{
    const json_t *body = entry->body;
    struct perpetual said;
    int64_t sum = json_int_or(body, "net", 0) + json_int_or(body, "tax", 0);
    int64_t settled = sum + json_int_or(body, "rounding", 0) + json_int_or(body, "change", 0);
    size_t index;
    json_t *part;

    json_array_foreach(json_object_get(body, "lines"), index, part)
    {
        add_line(&walk->totals, part);
    }
    if (strcmp(json_text_or(body, "type", ""), "return") == 0)
        walk->totals.returns++;
    else
        walk->totals.sales++;
    json_array_foreach(json_object_get(body, "tenders"), index, part)
    {
        if (strcmp(json_text_or(part, "state", ""), "taken") == 0)
            settled -= json_int_or(part, "amount", 0);
    }
    if (settled != 0 || sum != json_int_or(body, "gross", 0))
        return error_set(walk->error, STATUS_CORRUPT, "entry %lld: its sums do not agree",
                         (long long)entry->head.seq);
    if (perpetual_get(body, &said, walk->error) != STATUS_OK ||
        memcmp(&said, &walk->totals, sizeof said) != 0)
        return error_set(walk->error, STATUS_CORRUPT, "entry %lld: perpetual totals",
                         (long long)entry->head.seq);
    return check_receipt(walk, json_text_or(body, "receipt", ""), entry->head.seq);
}

static enum status visit(void *context, const struct stored_entry *stored)
{
    struct walk *walk = context;
    struct entry entry;
    enum status status = entry_parse(stored->bytes, stored->length, &entry, walk->error);

    if (status != STATUS_OK)
        return error_set(walk->error, STATUS_CORRUPT, "entry %lld does not read",
                         (long long)stored->seq);
    walk->last_seq = stored->seq;
    walk->read++;
    walk->entries++;
    if (strcmp(entry.head.kind, "epoch_open") == 0)
        status = perpetual_get(entry.body, &walk->totals, walk->error);
    else if (strcmp(entry.head.kind, "sale") == 0)
        status = check_sale(walk, &entry);
    if (status == STATUS_OK && walk->collect)
        status = collect_moves(walk, entry.body);
    if (status == STATUS_OK && walk->collect)
        status = check_leases(walk, &entry);
    if (status == STATUS_OK && walk->collect && strcmp(entry.head.kind, "sale") == 0)
        status = check_refunds(walk, &entry);
    entry_finish(&entry);
    return status;
}

static enum status walk_all(struct walk *walk, const struct journal_epoch_info *epochs,
                            size_t count)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        walk->epoch_number = epochs[i].number;
        walk->last_seq = 0;
        do {
            walk->read = 0;
            status = journal_read(walk->till->db, &epochs[i].epoch, walk->last_seq, READ_ENTRIES,
                                  READ_BYTES, visit, walk, walk->error);
        } while (status == STATUS_OK && walk->read > 0);
    }
    return status;
}

static int by_sku(const void *a, const void *b)
{
    return strcmp(((const struct delta *)a)->sku, ((const struct delta *)b)->sku);
}

/* Without a replica, stock_of is the sum of all own moves: it must be what the entries say. */
static enum status check_moves(struct walk *walk)
{
    if (walk->delta_count > 0)
        qsort(walk->deltas, walk->delta_count, sizeof walk->deltas[0], by_sku);
    for (size_t i = 0; i < walk->delta_count;) {
        struct stock_level level;
        const char *sku = walk->deltas[i].sku;
        int64_t sum = 0;
        enum status status =
            stock_of(walk->till->db, NULL, walk->till->identity.location, sku, &level, walk->error);

        if (status != STATUS_OK)
            return status;
        for (; i < walk->delta_count && strcmp(walk->deltas[i].sku, sku) == 0; i++)
            sum += walk->deltas[i].milli;
        if (level.pending.milli != sum)
            return error_set(walk->error, STATUS_CORRUPT, "the moves of %s are not the entries'",
                             sku);
    }
    return STATUS_OK;
}

static enum status check_lease_records(struct walk *walk)
{
    int64_t records;
    enum status status = lease_records(walk->till->db, &records, walk->error);

    if (status == STATUS_OK && records != walk->lease_uses)
        status = error_set(walk->error, STATUS_CORRUPT,
                           "what was spent of leases is not what the entries say");
    return status;
}

static enum status check_refund_records(struct walk *walk)
{
    int64_t records;
    enum status status = refund_records(walk->till->db, &records, walk->error);

    if (status == STATUS_OK && records != walk->refunds)
        status = error_set(walk->error, STATUS_CORRUPT,
                           "what was taken back is not what the entries say");
    return status;
}

static enum status check_chain(struct till *till, int64_t *checked, struct error *error)
{
    struct journal_report report;
    struct verify_options options = {.device_key = &till->identity.device_key};
    struct chain_point *acked = NULL;
    enum status status;

    if (till->sync_db != NULL &&
        acked_list(till->sync_db, &till->identity.device, &till->identity.ledger_key, &acked,
                   &options.acked_count, NULL) != STATUS_OK)
        options.acked_count = 0;
    options.acked = acked;
    status = journal_verify(till->db, &options, &report, error);
    free(acked);
    if (status != STATUS_OK)
        return status;
    *checked = 0;
    for (size_t i = 0; i < report.count; i++) {
        const struct epoch_report *epoch = &report.epochs[i];

        *checked += epoch->checked;
        if (!epoch->ok && status == STATUS_OK)
            status = error_set(error, STATUS_CORRUPT, "epoch %lld: %s at entry %lld",
                               (long long)epoch->number, fault_name(epoch->faults[0].kind),
                               (long long)epoch->faults[0].seq);
    }
    journal_report_finish(&report);
    return status;
}

static enum status walk_journal(struct till *till, bool collect, struct walk *walk,
                                struct till_figures *figures, struct error *error)
{
    struct journal_epoch_info *epochs;
    size_t count;
    enum status status = journal_epochs(till->db, &epochs, &count, error);

    *walk = (struct walk){.till = till, .error = error, .collect = collect};
    if (status == STATUS_OK)
        status = walk_all(walk, epochs, count);
    if (status == STATUS_OK && count > 0 && figures != NULL) {
        hex_write(epochs[count - 1].epoch.bytes, ID_SIZE, figures->epoch_hex);
        hex_write(epochs[count - 1].head_hash.bytes, HASH_SIZE, figures->head_hex);
        figures->head_seq = epochs[count - 1].head_seq;
    }
    free(epochs);
    return status;
}

enum status till_verify(struct till *till, int64_t *checked, struct error *error)
{
    struct walk walk;
    struct error local;
    enum status status;

    if (error == NULL)
        error = &local;
    *checked = 0;
    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    status = check_chain(till, checked, error);
    if (status != STATUS_OK)
        return status;
    status = walk_journal(till, true, &walk, NULL, error);
    if (status == STATUS_OK)
        status = check_moves(&walk);
    if (status == STATUS_OK)
        status = check_lease_records(&walk);
    if (status == STATUS_OK)
        status = check_refund_records(&walk);
    free(walk.deltas);
    return status;
}

enum status till_figures(struct till *till, struct till_figures *out, struct error *error)
{
    struct walk walk;
    struct error local;
    enum status status;

    if (error == NULL)
        error = &local;
    memset(out, 0, sizeof *out);
    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    status = walk_journal(till, false, &walk, out, error);
    out->entries = walk.entries;
    out->sales = walk.totals.sales;
    out->returns = walk.totals.returns;
    out->sales_minor = walk.totals.sales_minor;
    out->returns_minor = walk.totals.returns_minor;
    return status;
}
