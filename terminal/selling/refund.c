#include "terminal/selling/refund.h"

#include "terminal/journal/entry.h"
#include "terminal/journal/journal.h"

#include <string.h>

const char refund_schema[] =
    "CREATE TABLE refund(epoch TEXT NOT NULL, seq INTEGER NOT NULL, line INTEGER NOT NULL,"
    "  back_number INTEGER NOT NULL, back_seq INTEGER NOT NULL, back_line INTEGER NOT NULL,"
    "  quantity INTEGER NOT NULL CHECK (quantity > 0),"
    "  PRIMARY KEY(epoch, seq, line, back_number, back_seq, back_line)) WITHOUT ROWID;"
    "CREATE TRIGGER refund_update BEFORE UPDATE ON refund"
    " BEGIN SELECT RAISE(ABORT, 'refunds are append-only'); END;"
    "CREATE TRIGGER refund_delete BEFORE DELETE ON refund"
    " BEGIN SELECT RAISE(ABORT, 'refunds are append-only'); END;";

/* ---- what was sold ------------------------------------------------------------------------------
 */

struct reading {
    int64_t seq;
    struct entry entry;
    bool found;
};

static enum status take_entry(void *context, const struct stored_entry *stored)
{
    struct reading *reading = context;
    struct hash actual = entry_hash(stored->bytes, stored->length);

    if (stored->seq == reading->seq && hash_equal(&actual, &stored->hash))
        reading->found =
            entry_parse(stored->bytes, stored->length, &reading->entry, NULL) == STATUS_OK;
    return STATUS_CANCELLED;
}

/* The entry at that place, to be finished by the caller. */
static enum status read_entry(struct db *db, const struct id *epoch, int64_t seq, struct entry *out,
                              struct error *error)
{
    struct reading reading = {.seq = seq};
    enum status status = journal_read(db, epoch, seq - 1, 1, SIZE_MAX, take_entry, &reading, error);

    if (status != STATUS_OK)
        return status;
    if (!reading.found)
        return error_set(error, STATUS_NOT_FOUND, "entry %lld is not here, or can't be read",
                         (long long)seq);
    *out = reading.entry;
    return STATUS_OK;
}

static void read_sold(const json_t *body, const json_t *line, struct refund_sold *out)
{
    const json_t *tax = json_array_get(json_object_get(line, "tax"), 0);

    memset(out, 0, sizeof *out);
    copy_text(out->sku, sizeof out->sku, json_text_or(line, "sku", ""));
    copy_text(out->name, sizeof out->name, json_text_or(line, "name", ""));
    out->base.milli = json_int_or(line, "base", 0);
    out->amount.minor = json_int_or(line, "amount", 0);
    out->tax_included = json_int_or(body, "tax_included", 0) != 0;
    copy_text(out->tax_code, sizeof out->tax_code, json_text_or(tax, "code", ""));
    copy_text(out->treatment, sizeof out->treatment, json_text_or(tax, "treatment", ""));
    out->rate_ppm = json_int_or(tax, "rate", 0);
    out->tax.minor = json_int_or(tax, "tax", 0);
}

/* Lines of linked charges come back with their goods. */
static bool sells(const struct entry *entry, const json_t *line)
{
    int64_t base = json_int_or(line, "base", 0);

    return strcmp(entry->head.kind, "sale") == 0 && base > 0 && base <= QUANTITY_MAX &&
           json_int_or(line, "linked_to", 0) == 0;
}

enum status refund_sold(struct db *db, const struct refund_origin *origin, struct refund_sold *out,
                        struct error *error)
{
    struct entry entry;
    json_t *line;
    size_t i;
    bool found = false;
    enum status status = read_entry(db, &origin->epoch, origin->seq, &entry, error);

    if (status != STATUS_OK)
        return status;
    json_array_foreach(json_object_get(entry.body, "lines"), i, line)
    {
        if (found || json_int_or(line, "id", 0) != origin->line || !sells(&entry, line))
            continue;
        found = true;
        read_sold(entry.body, line, out);
    }
    entry_finish(&entry);
    return found ? STATUS_OK
                 : error_set(error, STATUS_INVALID, "entry %lld sold nothing by line %lld",
                             (long long)origin->seq, (long long)origin->line);
}

/* ---- what was taken back ------------------------------------------------------------------------
 */

static enum status taken_back(struct db *db, const char *epoch, int64_t seq, int64_t line,
                              int64_t *out, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db,
                                    "SELECT sum(quantity) FROM refund"
                                    " WHERE epoch = ?1 AND seq = ?2 AND line = ?3",
                                    &statement, error);

    *out = 0;
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, epoch);
    db_bind_int(statement, 2, seq);
    db_bind_int(statement, 3, line);
    return db_one_int(statement, 0, out, error);
}

enum status refund_lines(struct db *db, const struct id *device, const struct id *epoch,
                         int64_t seq, struct refund_line *out, int max, int *count,
                         struct error *error)
{
    char hex[ID_HEX_SIZE];
    struct entry entry;
    json_t *line;
    size_t i;
    enum status status = read_entry(db, epoch, seq, &entry, error);

    *count = 0;
    if (status != STATUS_OK)
        return status;
    hex_write(epoch->bytes, ID_SIZE, hex);
    json_array_foreach(json_object_get(entry.body, "lines"), i, line)
    {
        struct refund_line *sold = &out[*count];
        if (status != STATUS_OK || *count == max || !sells(&entry, line))
            continue;
        sold->origin = (struct refund_origin){
            .device = *device, .epoch = *epoch, .seq = seq, .line = json_int_or(line, "id", 0)};
        read_sold(entry.body, line, &sold->sold);
        status = taken_back(db, hex, seq, sold->origin.line, &sold->back.milli, error);
        (*count)++;
    }
    entry_finish(&entry);
    return status;
}

static bool same_origin(const struct cart_line *a, const struct cart_line *b)
{
    return a->origin_seq == b->origin_seq && a->origin_line == b->origin_line &&
           strcmp(a->origin_epoch, b->origin_epoch) == 0;
}

static bool is_linked(const struct cart_line *line)
{
    return !line->removed && line->origin_seq > 0;
}

enum status refund_place(struct db *db, struct cart *cart, struct error *error)
{
    enum status status = STATUS_OK;

    for (int i = 0; status == STATUS_OK && i < cart->count; i++) {
        struct cart_line *line = &cart->lines[i];

        if (!is_linked(line))
            continue;
        status = taken_back(db, line->origin_epoch, line->origin_seq, line->origin_line,
                            &line->origin_before, error);
        for (int j = 0; j < i; j++) {
            if (is_linked(&cart->lines[j]) && same_origin(line, &cart->lines[j]))
                line->origin_before -= cart_line_base(&cart->lines[j]).milli; /* negative */
        }
    }
    return status;
}

enum status refund_holds(struct db *db, const struct cart *cart, struct error *error)
{
    for (int i = 0; i < cart->count; i++) {
        const struct cart_line *line = &cart->lines[i];
        int64_t back = 0;
        enum status status;

        if (!is_linked(line))
            continue;
        status =
            taken_back(db, line->origin_epoch, line->origin_seq, line->origin_line, &back, error);
        for (int j = 0; status == STATUS_OK && j < cart->count; j++) {
            if (is_linked(&cart->lines[j]) && same_origin(line, &cart->lines[j]))
                back -= cart_line_base(&cart->lines[j]).milli; /* returns are negative */
        }
        if (status == STATUS_OK && back > line->origin_sold)
            status =
                error_set(error, STATUS_CONFLICT,
                          "line %lld: more would be taken back than was sold", (long long)line->id);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ---- the cart -----------------------------------------------------------------------------------
 */

/* What was paid, as a price of one base unit where that is exact. */
static enum status price_paid(const struct refund_sold *sold, struct cart_line *line)
{
    int64_t whole, unit;

    if (multiply_divide(sold->amount.minor, PRICE_SCALE, 1, &whole) != STATUS_OK)
        return STATUS_RANGE;
    line->price = whole;
    line->per = sold->base.milli;
    if (__builtin_mul_overflow(whole, QUANTITY_ONE, &unit) == 0 && unit % sold->base.milli == 0) {
        line->price = unit / sold->base.milli;
        line->per = QUANTITY_ONE;
    }
    return STATUS_OK;
}

/* What was paid, whatever the list says today, and its tax. */
static enum status price_as_sold(const struct cart *cart, struct cart_line *line,
                                 const struct refund_sold *sold, struct error *error)
{
    if (sold->tax_included != cart->tax_included)
        return STATUS_OK;
    if (sold->amount.minor < 0 || sold->tax.minor < 0 ||
        (sold->tax_included && sold->tax.minor > sold->amount.minor) ||
        price_paid(sold, line) != STATUS_OK)
        return error_set(error, STATUS_RANGE, "line %lld: price", (long long)line->id);
    copy_text(line->price_from, sizeof line->price_from, PRICE_FROM_ORIGINAL);
    copy_text(line->tax_code, sizeof line->tax_code, sold->tax_code);
    copy_text(line->treatment, sizeof line->treatment, sold->treatment);
    line->rate_ppm = sold->rate_ppm;
    line->origin_paid = true;
    line->origin_amount = sold->amount.minor;
    line->origin_tax = sold->tax.minor;
    return STATUS_OK;
}

enum status refund_link(struct cart *cart, int64_t id, const struct refund_origin *origin,
                        const struct refund_sold *sold, struct quantity told, struct error *error)
{
    struct cart_line *line = cart_line_find(cart, id);

    if (line == NULL)
        return error_set(error, STATUS_NOT_FOUND, "the cart has no line %lld", (long long)id);
    if (line->quantity >= 0 || line->unknown || line->linked_to != 0)
        return error_set(error, STATUS_INVALID, "line %lld is no return", (long long)id);
    if (origin->seq < 1 || origin->line < 1)
        return error_set(error, STATUS_INVALID, "that is no line of a sale");
    if (sold != NULL && strcmp(sold->sku, line->sku) != 0)
        return error_set(error, STATUS_INVALID, "line %lld: another item was sold", (long long)id);
    if (sold == NULL && (told.milli <= 0 || told.milli > QUANTITY_MAX))
        return error_set(error, STATUS_RANGE, "line %lld: how much was sold", (long long)id);
    hex_write(origin->device.bytes, ID_SIZE, line->origin_device);
    hex_write(origin->epoch.bytes, ID_SIZE, line->origin_epoch);
    line->origin_seq = origin->seq;
    line->origin_line = origin->line;
    line->origin_sold = sold == NULL ? told.milli : sold->base.milli;
    line->origin_paid = false;
    line->origin_amount = line->origin_tax = line->origin_before = 0;
    line->discount = 0;
    line->discount_percent = false;
    line->discount_reason[0] = '\0';
    return sold == NULL ? STATUS_OK : price_as_sold(cart, line, sold, error);
}

/* ---- the entry ----------------------------------------------------------------------------------
 */

void refund_put(json_t *object, const struct cart_line *line)
{
    json_t *original;

    if (line->origin_seq == 0)
        return;
    original = json_object();
    json_put_text(original, "device", line->origin_device);
    json_put_text(original, "epoch", line->origin_epoch);
    json_put_int(original, "seq", line->origin_seq);
    json_put_int(original, "line", line->origin_line);
    json_put(object, "original", original);
}

enum status refund_record(struct db *db, int64_t epoch_number, int64_t seq, const struct cart *cart,
                          struct error *error)
{
    enum status status = STATUS_OK;

    for (int i = 0; status == STATUS_OK && i < cart->count; i++) {
        const struct cart_line *line = &cart->lines[i];
        struct db_statement *statement;

        if (!is_linked(line))
            continue;
        status = db_prepare(db,
                            "INSERT INTO refund(epoch, seq, line, back_number, back_seq,"
                            " back_line, quantity) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                            &statement, error);
        if (status != STATUS_OK)
            return status;
        db_bind_text(statement, 1, line->origin_epoch);
        db_bind_int(statement, 2, line->origin_seq);
        db_bind_int(statement, 3, line->origin_line);
        db_bind_int(statement, 4, epoch_number);
        db_bind_int(statement, 5, seq);
        db_bind_int(statement, 6, line->id);
        db_bind_int(statement, 7, -cart_line_base(line).milli);
        status = db_run(statement, error);
    }
    return status;
}

enum status refund_recorded(struct db *db, int64_t epoch_number, int64_t seq, const json_t *line,
                            bool *linked, bool *same, struct error *error)
{
    const json_t *original = json_object_get(line, "original");
    struct db_statement *statement;
    bool row = false;
    enum status status;

    *linked = json_is_object(original);
    *same = true;
    if (!*linked)
        return STATUS_OK;
    status = db_prepare(db,
                        "SELECT quantity FROM refund WHERE epoch = ?1 AND seq = ?2 AND line = ?3"
                        " AND back_number = ?4 AND back_seq = ?5 AND back_line = ?6",
                        &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, json_text_or(original, "epoch", ""));
    db_bind_int(statement, 2, json_int_or(original, "seq", 0));
    db_bind_int(statement, 3, json_int_or(original, "line", 0));
    db_bind_int(statement, 4, epoch_number);
    db_bind_int(statement, 5, seq);
    db_bind_int(statement, 6, json_int_or(line, "id", 0));
    status = db_step(statement, &row, error);
    *same = status == STATUS_OK && row && db_int(statement, 0) == -json_int_or(line, "base", 0);
    db_reset(statement);
    return status;
}

enum status refund_records(struct db *db, int64_t *out, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db, "SELECT count(*) FROM refund", &statement, error);

    *out = 0;
    return status == STATUS_OK ? db_one_int(statement, 0, out, error) : status;
}
