/* Keeping branches: the table `branch`, (epoch, seq, hash) linked backwards by the entries' own
 * `prev`. Taking them in: branch_apply.c. */
#include "sync/ledger/branch.h"

#include "sync/ledger/finding.h"
#include "terminal/catalogue/reference.h"

#include <stdio.h>
#include <string.h>

/* An entry that can't be read names none before it: it follows the branch that is kept up to its
 * place, if there is exactly one. */
static enum status find_unreadable(struct store_session *session, const struct epoch_row *epoch,
                                   int64_t seq, struct branch_place *out, struct error *error)
{
    struct store_value values[] = {store_int(epoch->number), store_int(seq - 1)};
    struct store_query *query;
    int found = 0;
    bool row = false;
    enum status status = store_query(
        session, "SELECT DISTINCT start, root FROM branch WHERE epoch = ?1 AND seq = ?2", values, 2,
        &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        found++;
        out->start = store_column_int(session, query, 0);
        (void)snprintf(out->root, sizeof out->root, "%s", store_column_text(session, query, 1));
    }
    if (found != 1)
        memset(out, 0, sizeof *out);
    return status;
}

enum status branch_find(struct store_session *session, const struct epoch_row *epoch,
                        const struct batch *batch, int index, struct branch_place *out,
                        struct error *error)
{
    const struct hash *before = &batch->entries[index].prev;
    struct store_value values[] = {store_int(epoch->number),
                                   store_int(batch->frame->first + index - 1),
                                   store_blob(before->bytes, HASH_SIZE)};
    struct store_query *query;
    bool row = false;
    enum status status;

    memset(out, 0, sizeof *out);
    if (!batch->entries[index].readable)
        return find_unreadable(session, epoch, batch->frame->first + index, out, error);
    status = store_query(session,
                         "SELECT start, root FROM branch WHERE epoch = ?1 AND seq = ?2 AND "
                         "hash = ?3",
                         values, 3, &query, error);
    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    out->start = store_column_int(session, query, 0);
    (void)snprintf(out->root, sizeof out->root, "%s", store_column_text(session, query, 1));
    store_done(session, query);
    return STATUS_OK;
}

struct branch_place branch_begins(const struct batch *batch, int index)
{
    struct branch_place place = {.start = batch->frame->first + index};

    hex_write(batch->entries[index].hash.bytes, HASH_SIZE, place.root);
    return place;
}

static enum status keep_entry(const struct writer_turn *turn, const struct epoch_row *epoch,
                              const struct batch *batch, int index,
                              const struct branch_place *place, bool *added, struct error *error)
{
    const struct frame_entry *raw = &batch->frame->entries[index];
    struct store_value values[] = {store_int(epoch->number),
                                   store_int(batch->frame->first + index),
                                   store_blob(batch->entries[index].hash.bytes, HASH_SIZE),
                                   store_int(place->start),
                                   store_int(turn->now_ms),
                                   store_blob(raw->signature.bytes, SIGNATURE_SIZE),
                                   raw->damaged ? store_null()
                                                : store_blob(raw->bytes, raw->length),
                                   store_text(place->root)};
    int64_t changed;
    enum status status =
        store_run_counted(turn->session,
                          "INSERT INTO branch(epoch, seq, hash, start, received_ms, signature, "
                          "bytes, root) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
                          "ON CONFLICT DO NOTHING",
                          values, 8, &changed, error);

    *added = status == STATUS_OK && changed == 1;
    return status;
}

/* The mark of a branch that begins: nothing of it is in the stock. */
static enum status put_mark(const struct writer_turn *turn, const struct epoch_row *epoch,
                            const struct branch_place *place, struct error *error)
{
    char device[ID_HEX_SIZE], hex[ID_HEX_SIZE];
    struct reference_row row;

    hex_write(epoch->device.bytes, ID_SIZE, device);
    hex_write(epoch->epoch.bytes, ID_SIZE, hex);
    struct store_value values[] = {
        store_text(epoch->location), store_text(device),      store_text(hex),
        store_text(place->root),     store_int(place->start), store_int(place->start - 1)};
    reference_row_init(&row, reference_table_find("branch_mark"));
    reference_row_set_text(&row, "location", epoch->location);
    reference_row_set_text(&row, "device", device);
    reference_row_set_text(&row, "epoch", hex);
    reference_row_set_text(&row, "hash", place->root);
    reference_row_set_int(&row, "start", place->start);
    reference_row_set_int(&row, "seq", place->start - 1);
    feed_add_row(turn->feed, &row, false);
    return store_run(turn->session,
                     "INSERT INTO branch_mark(location, device, epoch, hash, start, seq) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                     values, 6, error);
}

static enum status note_fork(const struct writer_turn *turn, const struct epoch_row *epoch,
                             const struct branch_place *place, struct error *error)
{
    char cause[FINDING_CAUSE_SIZE], hex[ID_HEX_SIZE];
    struct finding finding = {.kind = "fork",
                              .location = epoch->location,
                              .epoch = &epoch->epoch,
                              .seq = place->start,
                              .cause = cause,
                              .again = true};

    hex_write(epoch->epoch.bytes, ID_SIZE, hex);
    (void)snprintf(cause, sizeof cause, "%s/%lld/%s", hex, (long long)place->start, place->root);
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "from entry %lld on the device holds another history",
                       (long long)place->start);
}

enum status branch_keep(const struct writer_turn *turn, const struct epoch_row *epoch,
                        const struct batch *batch, int index, const struct branch_place *place,
                        struct error *error)
{
    bool begins = false, grows = false;
    int64_t applied = 0;
    enum status status = STATUS_OK;

    for (int i = index; i < batch->frame->count && status == STATUS_OK; i++) {
        bool added;
        status = keep_entry(turn, epoch, batch, i, place, &added, error);
        begins = begins || (added && batch->frame->first + i == place->start);
        grows = grows || added;
    }
    if (status == STATUS_OK && begins)
        status = put_mark(turn, epoch, place, error);
    if (status == STATUS_OK && grows)
        status = branch_applied_seq(turn->session, epoch->number, place, &applied, error);
    /* New, or grown beyond what was taken in. */
    if (status == STATUS_OK && (begins || (grows && applied >= place->start)))
        status = note_fork(turn, epoch, place, error);
    return status;
}
