/* The table `acked` of sync.db.
 */
#include "terminal/journal/acked.h"

#include "terminal/base/buf.h"
#include "terminal/base/log.h"

#include <stdlib.h>
#include <string.h>

const char acked_schema[] = "CREATE TABLE acked("
                            " device BLOB NOT NULL,"
                            " epoch BLOB NOT NULL,"
                            " seq INTEGER NOT NULL,"
                            " hash BLOB NOT NULL,"
                            " countersig BLOB NOT NULL,"
                            " changed INTEGER NOT NULL,"
                            " PRIMARY KEY (device, epoch)) WITHOUT ROWID;";

enum status acked_put(struct db *sync_db, const struct id *device, const struct acked_head *head,
                      struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(sync_db,
                   "INSERT OR REPLACE INTO acked(device, epoch, seq, hash, countersig, changed)"
                   " VALUES(?1, ?2, ?3, ?4, ?5, (SELECT coalesce(max(changed), 0) + 1 FROM acked))",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_blob(statement, 1, device->bytes, ID_SIZE);
    db_bind_blob(statement, 2, head->head.epoch.bytes, ID_SIZE);
    db_bind_int(statement, 3, head->head.seq);
    db_bind_blob(statement, 4, head->head.hash.bytes, HASH_SIZE);
    db_bind_blob(statement, 5, head->countersig.bytes, SIGNATURE_SIZE);
    return db_run(statement, error);
}

/* A blob of the wrong size leaves zeros: no signature is valid over those. */
static void take(struct db_statement *statement, int column, void *out, size_t size)
{
    size_t length;
    const void *bytes = db_blob(statement, column, &length);

    memset(out, 0, size);
    if (length == size)
        memcpy(out, bytes, size);
}

static void take_row(struct db_statement *statement, struct acked_head *out)
{
    take(statement, 0, out->head.epoch.bytes, ID_SIZE);
    out->head.seq = db_int(statement, 1);
    take(statement, 2, out->head.hash.bytes, HASH_SIZE);
    take(statement, 3, out->countersig.bytes, SIGNATURE_SIZE);
}

enum status acked_get(struct db *sync_db, const struct id *device, const struct id *epoch,
                      struct acked_head *out, struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(
        sync_db, "SELECT epoch, seq, hash, countersig FROM acked WHERE device = ?1 AND epoch = ?2",
        &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_blob(statement, 1, device->bytes, ID_SIZE);
    db_bind_blob(statement, 2, epoch->bytes, ID_SIZE);
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && !row)
        status = error_set(error, STATUS_NOT_FOUND, "nothing of this epoch was acknowledged");
    if (status == STATUS_OK)
        take_row(statement, out);
    db_reset(statement);
    return status;
}

enum status acked_list(struct db *sync_db, const struct id *device,
                       const struct public_key *ledger_key, struct chain_point **out, size_t *count,
                       struct error *error)
{
    struct db_statement *statement;
    struct chain_point *points = NULL;
    size_t used = 0;
    bool row = false;
    enum status status = db_prepare(
        sync_db,
        "SELECT epoch, seq, hash, countersig FROM acked WHERE device = ?1 ORDER BY changed, epoch",
        &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_blob(statement, 1, device->bytes, ID_SIZE);
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        struct acked_head head = {0};
        take_row(statement, &head);
        if (head.head.seq < 1 ||
            !head_countersigned(device, &head.head, &head.countersig, ledger_key)) {
            log_line(LOG_LEVEL_WARN, "journal", "sync.db: a head that the ledger did not sign");
            continue;
        }
        points = mem_resize(points, (used + 1) * sizeof *points);
        points[used++] = head.head;
    }
    if (status != STATUS_OK) {
        free(points);
        return status;
    }
    *out = points;
    *count = used;
    return STATUS_OK;
}
