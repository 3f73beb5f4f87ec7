/* Epochs and their heads. */
#include "sync/ledger/epochs.h"

#include "sync/ledger/store/schema.h"

#include <string.h>

/* Copies a blob column of a fixed size; another size is a damaged database. */
static bool take_blob(struct store_session *session, struct store_query *query, int column,
                      void *out, size_t size)
{
    size_t length;
    const void *bytes = store_column_blob(session, query, column, &length);

    if (length != size)
        return false;
    memcpy(out, bytes, size);
    return true;
}

enum status epochs_find(struct store_session *session, const struct id *epoch,
                        struct epoch_row *out, struct error *error)
{
    struct store_value values[] = {store_blob(epoch->bytes, ID_SIZE)};
    struct store_query *query;
    bool row = false, sound;
    enum status status =
        store_query(session,
                    "SELECT number, device, location, epoch_key, seq, hash, till, hlc FROM epoch "
                    "WHERE epoch = ?1",
                    values, 1, &query, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    sound = take_blob(session, query, 1, out->device.bytes, ID_SIZE) &&
            take_blob(session, query, 3, out->key.bytes, PUBLIC_KEY_SIZE) &&
            take_blob(session, query, 5, out->hash.bytes, HASH_SIZE) &&
            strlen(store_column_text(session, query, 2)) < sizeof out->location &&
            strlen(store_column_text(session, query, 6)) < sizeof out->till;
    if (sound) {
        out->epoch = *epoch;
        strcpy(out->till, store_column_text(session, query, 6));
        out->hlc = store_column_int(session, query, 7);
        strcpy(out->location, store_column_text(session, query, 2));
        out->number = store_column_int(session, query, 0);
        out->seq = store_column_int(session, query, 4);
    }
    store_done(session, query);
    return sound ? STATUS_OK : error_set(error, STATUS_CORRUPT, "an epoch's row is damaged");
}

enum status epochs_add(struct store_session *session, const struct id *epoch,
                       const struct id *device, const struct epoch_open *open, int64_t now_ms,
                       struct epoch_row *out, struct error *error)
{
    static const struct hash none;
    struct store_value values[] = {store_blob(epoch->bytes, ID_SIZE),
                                   store_blob(device->bytes, ID_SIZE),
                                   store_text(open->location),
                                   store_text(open->till),
                                   store_blob(open->epoch_key.bytes, PUBLIC_KEY_SIZE),
                                   open->has_parent ? store_blob(open->parent.epoch.bytes, ID_SIZE)
                                                    : store_null(),
                                   store_int(open->parent.seq),
                                   store_blob(none.bytes, HASH_SIZE),
                                   store_int(now_ms)};
    enum status status = store_run(session,
                                   "INSERT INTO epoch(epoch, device, location, till, epoch_key, "
                                   "parent, parent_seq, seq, hash, opened_ms) "
                                   "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9)",
                                   values, 9, error);

    return status == STATUS_OK ? epochs_find(session, epoch, out, error) : status;
}

enum status epochs_set_head(struct store_session *session, const struct epoch_row *row,
                            struct error *error)
{
    struct store_value values[] = {store_int(row->number), store_int(row->seq),
                                   store_blob(row->hash.bytes, HASH_SIZE), store_int(row->hlc)};

    return store_run(session, "UPDATE epoch SET seq = ?2, hash = ?3, hlc = ?4 WHERE number = ?1",
                     values, 4, error);
}

enum status epochs_entry_hash(struct store_session *session, int64_t number, int64_t seq,
                              struct hash *out, bool *found, struct error *error)
{
    struct store_value values[] = {store_int(schema_entry_id(number, seq))};
    struct store_query *query;
    enum status status =
        store_query(session, "SELECT hash FROM entry WHERE id = ?1", values, 1, &query, error);

    *found = false;
    if (status == STATUS_OK)
        status = store_next(session, query, found, error);
    if (status != STATUS_OK || !*found)
        return status;
    if (!take_blob(session, query, 0, out->bytes, HASH_SIZE))
        status = error_set(error, STATUS_CORRUPT, "an entry's hash is damaged");
    store_done(session, query);
    return status;
}
