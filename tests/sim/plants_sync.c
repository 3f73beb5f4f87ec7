/* The plants that break the wire: what the ledger takes, and what the agent makes of its answers.
 */
#include "tests/sim/plants.h"

#include "sync/agent/apply.h"
#include "sync/ledger/batch.h"
#include "sync/ledger/epochs.h"
#include "sync/ledger/finding.h"
#include "sync/ledger/ingest.h"
#include "sync/ledger/projection.h"
#include "sync/ledger/store/incarnation.h"
#include "sync/ledger/store/meta.h"
#include "terminal/base/json.h"
#include "terminal/catalogue/replica.h"
#include "tests/sim/chance.h"
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- entries that are known ------------------------------------------------------------------ */

static bool ingesting;
static int64_t first_posted; /* of the batch being taken; 0: none */
static bool gap_taken;       /* ... which does not follow what is there */

STAND_IN(ingest_post);
STAND_IN(batch_verify);
STAND_IN(epochs_find);
STAND_IN(store_run);
STAND_IN(store_insert_many);
STAND_IN(hash_equal);

enum status our_ingest_post(struct writer *writer, struct store_session *reader,
                            const struct ingest_sender *sender, const char *body, size_t length,
                            struct ingest_result *out, struct error *error)
{
    ingesting = true;
    gap_taken = false;
    first_posted = 0;
    enum status status = real_ingest_post(writer, reader, sender, body, length, out, error);
    ingesting = false;
    first_posted = 0;
    return status;
}

/* Between the reading of a batch and its transaction. */
enum status our_batch_verify(const struct batch *batch, const struct public_key *epoch_key,
                             struct error *error)
{
    first_posted = batch->frame->first;
    return real_batch_verify(batch, epoch_key, error);
}

/* The head is where the batch begins, whatever lies behind it. */
enum status our_epochs_find(struct store_session *session, const struct id *epoch,
                            struct epoch_row *out, struct error *error)
{
    enum status status = real_epochs_find(session, epoch, out, error);
    bool found = true;

    if (planted(PLANT_GAP_TAKEN) && status == STATUS_OK && out->number != 0 &&
        first_posted > out->seq + 1) {
        out->seq = first_posted - 1;
        gap_taken = true;
    }
    if (!planted(PLANT_NO_DEDUPLICATION) || status != STATUS_OK || first_posted == 0 ||
        out->seq < first_posted)
        return status;
    out->seq = first_posted - 1;
    memset(&out->hash, 0, sizeof out->hash);
    if (out->seq > 0)
        status = epochs_entry_hash(session, out->number, out->seq, &out->hash, &found, error);
    return status;
}

enum status our_store_run(struct store_session *session, const char *sql,
                          const struct store_value *values, int count, struct error *error)
{
    enum status status = real_store_run(session, sql, values, count, error);

    if (status == STATUS_EXISTS && ingesting && planted(PLANT_NO_DEDUPLICATION))
        return STATUS_OK;
    return status;
}

/* What is there stays; the rest is put beside it. */
enum status our_store_insert_many(struct store_session *session, const char *sql,
                                  const struct store_value *values, int columns, int count,
                                  struct error *error)
{
    enum status status = STATUS_OK;

    if (!ingesting || !planted(PLANT_NO_DEDUPLICATION))
        return real_store_insert_many(session, sql, values, columns, count, error);
    for (int i = 0; i < count && status == STATUS_OK; i++)
        status = our_store_run(session, sql, values + (ptrdiff_t)i * columns, columns, error);
    return status;
}

bool our_hash_equal(const struct hash *a, const struct hash *b)
{
    return (ingesting && (planted(PLANT_CLONE_MERGED) || gap_taken)) || real_hash_equal(a, b);
}

/* ---- what the ledger writes beside ----------------------------------------------------------- */

STAND_IN(projection_watermark);
STAND_IN(finding_add);
STAND_IN(incarnation_start);

enum status our_projection_watermark(const struct writer_turn *turn, const struct epoch_row *epoch,
                                     struct error *error)
{
    static struct epoch_row later; /* number 0: nothing waits */
    enum status status = STATUS_OK;

    if (!planted(PLANT_WATERMARK_APART))
        return real_projection_watermark(turn, epoch, error);
    if (later.number != 0)
        status = real_projection_watermark(turn, &later, error);
    later = *epoch;
    return status;
}

enum status our_finding_add(struct store_session *session, const struct finding *finding,
                            int64_t at_ms, struct error *error, const char *detail, ...)
{
    char text[512];
    va_list arguments;

    if (ingesting && planted(PLANT_POISON_BLOCKS))
        return error_set(error, STATUS_INVALID, "the batch holds an odd entry");
    va_start(arguments, detail);
    (void)vsnprintf(text, sizeof text, detail, arguments);
    va_end(arguments);
    return real_finding_add(session, finding, at_ms, error, "%s", text);
}

enum status our_incarnation_start(struct store *store, struct store_session *writer,
                                  const struct entropy *entropy, struct id *out, bool *changed,
                                  struct error *error)
{
    char before[META_VALUE_SIZE];
    enum status status;

    if (!planted(PLANT_INCARNATION_KEPT))
        return real_incarnation_start(store, writer, entropy, out, changed, error);
    status = meta_get(writer, "incarnation", before, error);
    if (status == STATUS_OK)
        status = real_incarnation_start(store, writer, entropy, out, changed, error);
    if (status == STATUS_OK)
        status = meta_set(writer, "incarnation", before, error);
    if (status == STATUS_OK)
        status = hex_read(before, out->bytes, ID_SIZE);
    *changed = false;
    return status;
}

/* ---- what the agent makes of changes --------------------------------------------------------- */

static const struct changes_answer *applying; /* NULL: nothing */

STAND_IN(apply_changes);
STAND_IN(replica_cursor);

/* One row in eight is not there yet when its position is handed out. */
static void skip_late(const struct changes_answer *answer)
{
    static struct chance chance = {0x1A7E};

    for (int i = 0; i < answer->count; i++) {
        json_t *rows = answer->scopes[i].rows;
        if (json_array_size(rows) > 0 && chance_below(&chance, 8) == 0)
            (void)json_array_remove(rows, json_array_size(rows) - 1);
    }
}

enum status our_apply_changes(struct apply *apply, const struct changes_query *asked,
                              const struct changes_answer *answer, struct apply_result *result,
                              struct error *error)
{
    if (planted(PLANT_LATE_COMMIT_SKIPPED))
        skip_late(answer);
    applying = planted(PLANT_CURSOR_BEFORE_ROWS) ? answer : NULL;
    enum status status = real_apply_changes(apply, asked, answer, result, error);
    applying = NULL;
    return status;
}

static int64_t position_in(const struct changes_answer *answer, const char *scope)
{
    for (int i = 0; i < answer->count; i++) {
        if (strcmp(answer->scopes[i].scope, scope) == 0)
            return answer->scopes[i].position;
    }
    return 0;
}

/* It is asked for just before the rows of its scope are written. */
enum status our_replica_cursor(struct db *db, const char *scope, struct replica_cursor *out,
                               struct error *error)
{
    enum status status = real_replica_cursor(db, scope, out, error);
    struct replica_cursor further = *out;

    if (status != STATUS_OK || applying == NULL)
        return status;
    further.position = position_in(applying, scope);
    if (further.position <= out->position)
        return STATUS_OK;
    status = replica_set_cursor(db, scope, &further, error);
    if (status == STATUS_OK)
        status = db_commit(db, error);
    if (status == STATUS_OK)
        status = db_begin(db, error);
    return status;
}
