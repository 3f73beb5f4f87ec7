/* The table `branch`: (epoch, seq, hash) linked backwards by the entries' own `prev`. */
#include "sync/ledger/branch.h"

#include "sync/ledger/finding.h"

enum status branch_find(struct store_session *session, const struct epoch_row *epoch,
                        const struct batch *batch, int index, int64_t *start, struct error *error)
{
    const struct hash *before = &batch->entries[index].prev;
    struct store_value values[] = {store_int(epoch->number),
                                   store_int(batch->frame->first + index - 1),
                                   store_blob(before->bytes, HASH_SIZE)};

    *start = 0;
    if (!batch->entries[index].readable)
        return STATUS_OK;
    return store_one_int(session,
                         "SELECT start FROM branch WHERE epoch = ?1 AND seq = ?2 AND hash = ?3",
                         values, 3, 0, start, error);
}

static enum status keep_entry(const struct writer_turn *turn, const struct epoch_row *epoch,
                              const struct batch *batch, int index, int64_t start, bool *added,
                              struct error *error)
{
    const struct frame_entry *raw = &batch->frame->entries[index];
    struct store_value values[] = {store_int(epoch->number),
                                   store_int(batch->frame->first + index),
                                   store_blob(batch->entries[index].hash.bytes, HASH_SIZE),
                                   store_int(start),
                                   store_int(turn->now_ms),
                                   store_blob(raw->signature.bytes, SIGNATURE_SIZE),
                                   raw->damaged ? store_null()
                                                : store_blob(raw->bytes, raw->length)};
    int64_t changed;
    enum status status =
        store_run_counted(turn->session,
                          "INSERT INTO branch(epoch, seq, hash, start, received_ms, signature, "
                          "bytes) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                          values, 7, &changed, error);

    *added = status == STATUS_OK && changed == 1;
    return status;
}

enum status branch_keep(const struct writer_turn *turn, const struct epoch_row *epoch,
                        const struct batch *batch, int index, int64_t start, struct error *error)
{
    struct finding finding = {
        .kind = "fork", .location = epoch->location, .epoch = &batch->frame->epoch, .seq = start};
    bool begins = false;
    enum status status = STATUS_OK;

    for (int i = index; i < batch->frame->count && status == STATUS_OK; i++) {
        bool added;
        status = keep_entry(turn, epoch, batch, i, start, &added, error);
        begins = begins || (added && batch->frame->first + i == start);
    }
    if (status == STATUS_OK && begins)
        status =
            finding_add(turn->session, &finding, turn->now_ms, error,
                        "from entry %lld on the device holds another history", (long long)start);
    return status;
}
