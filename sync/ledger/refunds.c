/* Reading what a line sold from the entry that sold it. */
#include "sync/ledger/refunds.h"

#include "sync/ledger/effect.h"
#include "sync/ledger/finding.h"
#include "sync/ledger/store/schema.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>

struct original {
    struct id epoch;
    int64_t seq, line;
};

static bool read_original(const char *text, struct original *out)
{
    char hex[ID_HEX_SIZE], *end;

    if (strlen(text) != ORIGINAL_SIZE - 1)
        return false;
    memcpy(hex, text, sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    if (hex_read(hex, out->epoch.bytes, ID_SIZE) != STATUS_OK)
        return false;
    out->seq = strtoll(text + 2 * ID_SIZE + 1, &end, 10);
    if (*end != '/')
        return false;
    out->line = strtoll(end + 1, &end, 10);
    return *end == '\0';
}

/* What a line of these bytes sold, in base quantity; *most is raised to it. */
static void raise_sold(const char *bytes, size_t length, int64_t line, int64_t *most)
{
    struct entry entry;
    json_t *item;
    size_t index;

    if (bytes == NULL || entry_parse(bytes, length, &entry, NULL) != STATUS_OK)
        return;
    json_array_foreach(json_object_get(entry.body, "lines"), index, item)
    {
        int64_t base = json_int_or(item, "base", 0);
        if (strcmp(entry.head.kind, "sale") == 0 && json_int_or(item, "id", 0) == line &&
            base > *most)
            *most = base;
    }
    entry_finish(&entry);
}

/* *most is -1 when there is no entry at the place yet. */
static enum status sold_of(struct store_session *session, const struct epoch_row *epoch,
                           const struct original *original, int64_t *most, struct error *error)
{
    struct store_value values[] = {store_int(schema_entry_id(epoch->number, original->seq)),
                                   store_int(epoch->number), store_int(original->seq)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session,
                                     "SELECT bytes FROM entry WHERE id = ?1 UNION ALL "
                                     "SELECT bytes FROM branch WHERE epoch = ?2 AND seq = ?3",
                                     values, 3, &query, error);

    *most = -1;
    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        size_t length;
        const char *bytes = store_column_blob(session, query, 0, &length);
        if (*most < 0)
            *most = 0;
        raise_sold(bytes, length, original->line, most);
    }
    return status;
}

static enum status judge_line(const struct writer_turn *turn, const struct epoch_row *epoch,
                              const char *text, const struct original *original, int64_t refunded,
                              struct error *error)
{
    struct finding finding = {.kind = "refund_over_sale",
                              .location = epoch->location,
                              .epoch = &epoch->epoch,
                              .seq = original->seq,
                              .cause = text};
    char most[DECIMAL_SIZE], back[DECIMAL_SIZE];
    int64_t sold;
    enum status status = sold_of(turn->session, epoch, original, &sold, error);

    /* Still to come: refunds_arrived looks again. */
    if (status != STATUS_OK || sold < 0 || refunded <= sold)
        return status;
    decimal_write(sold, 3, most);
    decimal_write(refunded, 3, back);
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "of line %lld %s was sold and %s refunded", (long long)original->line, most,
                       back);
}

enum status refunds_judge(const struct writer_turn *turn, const char *original,
                          int64_t quantity_milli, struct error *error)
{
    struct original place = {.seq = 0};
    struct epoch_row epoch;
    enum status status;

    INVARIANT(read_original(original, &place));
    status = epochs_find(turn->session, &place.epoch, &epoch, error);
    if (status != STATUS_OK || epoch.number == 0)
        return status;
    return judge_line(turn, &epoch, original, &place, quantity_milli, error);
}

enum status refunds_arrived(const struct writer_turn *turn, const struct epoch_row *epoch,
                            int64_t first, int64_t last, struct error *error)
{
    char hex[ID_HEX_SIZE], from[ORIGINAL_SIZE], to[ORIGINAL_SIZE];
    struct store_value values[2];
    struct store_query *query;
    bool row = false;
    enum status status;

    hex_write(epoch->epoch.bytes, ID_SIZE, hex);
    effect_original(hex, first, 0, from);
    effect_original(hex, last + 1, 0, to);
    values[0] = store_text(from);
    values[1] = store_text(to);
    status = store_query(turn->session,
                         "SELECT original, quantity_milli FROM refunded "
                         "WHERE original >= ?1 AND original < ?2 ORDER BY original",
                         values, 2, &query, error);
    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        const char *text = store_column_text(turn->session, query, 0);
        struct original place = {.seq = 0};
        INVARIANT(read_original(text, &place));
        status =
            judge_line(turn, epoch, text, &place, store_column_int(turn->session, query, 1), error);
        if (status != STATUS_OK)
            store_done(turn->session, query);
    }
    return status;
}
