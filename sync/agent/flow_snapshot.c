/* A new replica, from asking for it to the change of the pointer. What is on the disk:
 *
 *   WANTED     nothing
 *   FETCHING   manifest in sync.db (first), snapshot-<id>.part growing, and behind it
 *              replica-(N+1).db (unpack.h); nobody knows it; hash and signature are checked before
 *              it is opened
 *   CATCHING   replica-(N+1).db takes changes until it is nowhere behind the one in use
 *     settle   all of it in the main file and fsynced
 *     pointer  replica.current names it: one durable replace. The switch.
 *   NONE       manifest and part file go; the old file goes when nobody has it open
 *
 * Killed anywhere before the pointer: the replica in use is untouched, a file above the pointer's
 * number is removed at the next start, and the part file is used again. Killed after: the leftovers
 * are removed at the next start.
 */
#include "sync/agent/flows.h"
#include "sync/agent/part_file.h"
#include "sync/agent/replica_files.h"
#include "sync/protocol/compress.h"
#include "terminal/base/file.h"
#include "terminal/base/fs.h"

#include <stdlib.h>
#include <string.h>

#define MANIFEST_KEY      "snapshot"
#define VOID_KEY          "void_replica"
#define MANIFEST_TOTAL_MS 60000
#define SNAPSHOT_STALL_MS 30000
#define VERSION_FLOOR_MS  60000
#define RETRY_MAX_MS      60000
#define RETRY_MIN_MS      100
#define PATIENCE_MS       120000 /* so long a ledger may prepare a snapshot without being blamed */
#define USELESS_MS        1000
#define PROGRESS_BYTES    ((int64_t)1 << 20) /* so much in one call: the line is good */

static void close_part(struct agent *agent)
{
    if (agent->snapshot.part >= 0)
        (void)fs_close(agent->snapshot.part);
    agent->snapshot.part = -1;
}

static void stop_unpacking(struct agent *agent)
{
    unpack_drop(agent->snapshot.unpack);
    agent->snapshot.unpack = NULL;
}

/* Gives up the snapshot being fetched. The manifest goes first: a part file alone means nothing. */
static void discard(struct agent *agent)
{
    close_part(agent);
    stop_unpacking(agent);
    agent_keep(agent, MANIFEST_KEY, "");
    part_sweep(agent->folder, NULL);
    memset(&agent->snapshot.manifest, 0, sizeof agent->snapshot.manifest);
    agent->snapshot.have = 0;
    agent->snapshot.stage = SNAPSHOT_WANTED;
}

/* The manifest of an interrupted fetch, if there is one worth going on with. */
static void resume(struct agent *agent)
{
    struct snapshot_state *snapshot = &agent->snapshot;
    struct buf text;
    struct error error;

    buf_init(&text, 4096);
    if (sync_db_get(agent->sync, MANIFEST_KEY, &text, &error) == STATUS_OK && text.used > 0 &&
        message_read_snapshot_answer(buf_text(&text), text.used, &snapshot->manifest, &error) ==
            STATUS_OK &&
        part_open(agent->folder, snapshot->manifest.id, &snapshot->part, &snapshot->have, &error) ==
            STATUS_OK &&
        snapshot->have <= snapshot->manifest.size)
        snapshot->stage = SNAPSHOT_FETCHING;
    else
        close_part(agent);
    part_sweep(agent->folder, snapshot->stage == SNAPSHOT_FETCHING ? snapshot->manifest.id : NULL);
    buf_finish(&text);
}

/* Whether the replica in use was given up by snapshot_void. */
static bool current_void(struct agent *agent)
{
    struct buf number;
    struct error error;
    bool given_up;

    buf_init(&number, 64);
    given_up = agent->current && sync_db_get(agent->sync, VOID_KEY, &number, &error) == STATUS_OK &&
               number.used > 0 &&
               strtoll(buf_text(&number), NULL, 10) == apply_number(agent->current);
    buf_finish(&number);
    return given_up;
}

enum status snapshot_open(struct agent *agent, struct error *error)
{
    char name[REPLICA_NAME_SIZE];
    int64_t number = 0;
    enum status status = replica_pointer_read(agent->folder, name, error);

    agent->snapshot.part = -1;
    if (status == STATUS_OK) {
        number = replica_number(name);
        status =
            apply_open(agent->folder, number, agent->identity.location, &agent->current, error);
    }
    /* A file that can't be read is given up for a new one, under a new name. */
    if (status != STATUS_OK && status != STATUS_NOT_FOUND && status != STATUS_CORRUPT &&
        status != STATUS_UNSUPPORTED && status != STATUS_IO)
        return status;
    status = replica_sweep(agent->folder, number, 0, &agent->old_files, error);
    if (status != STATUS_OK)
        return status;
    if (agent->current && apply_grown(agent->current))
        status = sync_db_put_int(agent->sync, VOID_KEY, number, error);
    if (status != STATUS_OK)
        return status;
    resume(agent);
    if ((!agent->current || current_void(agent)) && agent->snapshot.stage == SNAPSHOT_NONE)
        agent->snapshot.stage = SNAPSHOT_WANTED;
    return STATUS_OK;
}

enum status snapshot_void(struct agent *agent, const char *why, struct error *error)
{
    enum status status;

    if (!agent->current)
        return STATUS_OK;
    status = sync_db_put_int(agent->sync, VOID_KEY, apply_number(agent->current), error);
    if (status == STATUS_OK)
        snapshot_want(agent, why);
    return status;
}

static void drop_next(struct agent *agent)
{
    int64_t number;

    if (!agent->next)
        return;
    number = apply_number(agent->next);
    apply_close(agent->next);
    agent->next = NULL;
    replica_remove(agent->folder, number);
}

void snapshot_close(struct agent *agent)
{
    close_part(agent);
    unpack_leave(agent->snapshot.unpack);
    apply_close(agent->next);
    apply_close(agent->current);
    agent->next = NULL;
    agent->current = NULL;
}

/* The next request may go out; what failed before is forgotten only when a replica is in use, or a
 * snapshot that is damaged each time would be fetched without end. */
static void go_on(struct agent *agent)
{
    agent->flows[FLOW_SNAPSHOT].call = 0;
    agent->flows[FLOW_SNAPSHOT].not_before = 0;
    agent->flows[FLOW_SNAPSHOT].clock_retries = 0;
}

/* A whole fetch was for nothing: the pause before the next doubles each time. */
static int64_t useless_fetch(struct agent *agent)
{
    int64_t pause = USELESS_MS;

    for (int i = 0; i < agent->snapshot.useless && pause < RETRY_MAX_MS; i++)
        pause *= 2;
    agent->snapshot.useless++;
    return pause;
}

void snapshot_want(struct agent *agent, const char *why)
{
    struct snapshot_state *snapshot = &agent->snapshot;

    flow_cancel(agent, FLOW_CHANGES);
    agent->up_to_date = false;
    /* The ledger may have been restored: what it still holds of the journal is asked anew. */
    agent->hello = false;
    if (snapshot->stage == SNAPSHOT_WANTED || snapshot->stage == SNAPSHOT_FETCHING)
        return;
    agent_log(agent, LOG_LEVEL_INFO, "a new snapshot is needed: %s", why);
    if (snapshot->stage == SNAPSHOT_CATCHING) {
        /* The one just fetched is of no use: not again at once. */
        drop_next(agent);
        discard(agent);
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_ODD, useless_fetch(agent),
                  "The snapshot was too old already");
    }
    snapshot->stage = SNAPSHOT_WANTED;
}

static void ask_manifest(struct agent *agent)
{
    const struct question question = {.method = "GET",
                                      .path = "/v1/snapshot",
                                      .query = "",
                                      .total_ms = MANIFEST_TOTAL_MS,
                                      .stall_ms = SNAPSHOT_STALL_MS};

    agent->snapshot.asking = true;
    flow_send(agent, FLOW_SNAPSHOT, &question);
}

static void ask_bytes(struct agent *agent)
{
    struct question question = {.method = "GET",
                                .query = "",
                                .stream = true,
                                .range_from = agent->snapshot.have,
                                .stall_ms = SNAPSHOT_STALL_MS};

    buf_clear(&agent->path);
    INVARIANT(buf_printf(&agent->path, "/v1/snapshot/%s", agent->snapshot.manifest.id) ==
              STATUS_OK);
    question.path = buf_text(&agent->path);
    agent->snapshot.asking = false;
    agent->snapshot.call_start = agent->snapshot.have;
    flow_send(agent, FLOW_SNAPSHOT, &question);
}

/* The bytes that are there become a replica, a slice a step. */
static enum status unpack_some(struct agent *agent, bool *behind, struct error *error)
{
    struct snapshot_state *snapshot = &agent->snapshot;
    enum status status = STATUS_OK;

    if (snapshot->part < 0)
        status = part_open(agent->folder, snapshot->manifest.id, &snapshot->part, &snapshot->have,
                           error);
    if (status == STATUS_OK && !snapshot->unpack)
        status = unpack_start(agent->folder, &snapshot->manifest, &snapshot->unpack, error);
    if (status == STATUS_OK)
        status = unpack_slice(snapshot->unpack, snapshot->part, snapshot->have, behind, error);
    if (status == STATUS_RANGE)
        status = STATUS_INVALID;
    return status;
}

/* The ledger was restored while its snapshot was fetched: what it holds of the journal is asked
 * before the new replica is taken for all that there is to know. */
static void greet_another_life(struct agent *agent, const struct id *incarnation)
{
    char hex[ID_HEX_SIZE];
    struct buf known;
    struct error error;

    hex_write(incarnation->bytes, ID_SIZE, hex);
    buf_init(&known, 256);
    if (sync_db_get(agent->sync, "incarnation", &known, &error) != STATUS_OK ||
        strcmp(buf_text(&known), hex) != 0)
        agent->hello = false;
    buf_finish(&known);
}

/* What was unpacked is whole, and takes changes from here on. */
static enum status open_next(struct agent *agent, struct error *error)
{
    struct unpack *unpack = agent->snapshot.unpack;
    int64_t number = unpack_number(unpack);
    struct changes_query cursors;
    enum status status;

    agent->snapshot.unpack = NULL;
    status = unpack_finish(unpack, &agent->snapshot.manifest, error);
    if (status != STATUS_OK)
        return status;
    status = apply_open(agent->folder, number, agent->identity.location, &agent->next, error);
    if (status == STATUS_OK)
        status = apply_query(agent->next, 0, &cursors, error);
    if (status == STATUS_OK) {
        greet_another_life(agent, &cursors.incarnation);
    } else {
        drop_next(agent);
        replica_remove(agent->folder, number);
    }
    return status;
}

/* The disk's fault: once more from the part file's first byte. The bytes' fault: a new snapshot. */
static void not_unpacked(struct agent *agent, enum status status, const struct error *error)
{
    flow_cancel(agent, FLOW_SNAPSHOT);
    stop_unpacking(agent);
    if (status == STATUS_FULL || status == STATUS_IO || status == STATUS_BUSY) {
        close_part(agent);
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_HERE, 0, "The new catalogue can't be written: %s",
                  error->text);
        return;
    }
    discard(agent);
    if (status == STATUS_UNSUPPORTED)
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_VERSION, VERSION_FLOOR_MS,
                  "The catalogue is of another version than this program: %s", error->text);
    else
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_ODD, useless_fetch(agent),
                  "The snapshot arrived damaged: %s", error->text);
}

/* All bytes are here. */
static void finish_fetch(struct agent *agent)
{
    struct error error;
    bool behind = false;
    enum status status = unpack_some(agent, &behind, &error);

    if (status == STATUS_OK && behind)
        return;
    if (status == STATUS_OK)
        status = open_next(agent, &error);
    if (status != STATUS_OK) {
        not_unpacked(agent, status, &error);
        return;
    }
    close_part(agent);
    go_on(agent);
    flow_cancel(agent, FLOW_CHANGES);
    agent->flows[FLOW_CHANGES].not_before = 0;
    agent->snapshot.stage = SNAPSHOT_CATCHING;
}

static bool fetched(const struct snapshot_state *snapshot)
{
    return snapshot->stage == SNAPSHOT_FETCHING && snapshot->have == snapshot->manifest.size;
}

bool snapshot_busy(const struct agent *agent)
{
    return agent->hello && flow_ready(agent, FLOW_SNAPSHOT) && fetched(&agent->snapshot);
}

void snapshot_advance(struct agent *agent)
{
    struct snapshot_state *snapshot = &agent->snapshot;

    if (agent->old_files > 0 && agent->mono_ms >= agent->sweep_at)
        snapshot_sweep(agent);
    if (!agent->hello || !flow_ready(agent, FLOW_SNAPSHOT))
        return;
    if (snapshot->stage == SNAPSHOT_WANTED)
        ask_manifest(agent);
    else if (fetched(snapshot))
        finish_fetch(agent);
    else if (snapshot->stage == SNAPSHOT_FETCHING)
        ask_bytes(agent);
}

/* Whether the piece goes on where the part file ends, and stays within what was said. */
static bool piece_fits(const struct snapshot_state *snapshot, const struct agent_event *event)
{
    return event->offset == snapshot->have &&
           (int64_t)event->length <= snapshot->manifest.size - event->offset;
}

static enum status keep_piece(struct agent *agent, const struct agent_event *event,
                              struct error *error)
{
    struct snapshot_state *snapshot = &agent->snapshot;
    bool behind;
    enum status status =
        part_write(snapshot->part, event->bytes, event->length, event->offset, error);

    if (status != STATUS_OK)
        return status;
    snapshot->have += (int64_t)event->length;
    if (snapshot->have - snapshot->call_start >= PROGRESS_BYTES)
        backoff_reset(&agent->flows[FLOW_SNAPSHOT].backoff);
    return unpack_some(agent, &behind, error);
}

void snapshot_chunk(struct agent *agent, const struct agent_event *event)
{
    struct snapshot_state *snapshot = &agent->snapshot;
    struct error error;
    enum status status = STATUS_OK;

    if (snapshot->stage != SNAPSHOT_FETCHING || snapshot->asking)
        return;
    if (snapshot->part < 0)
        status = part_open(agent->folder, snapshot->manifest.id, &snapshot->part, &snapshot->have,
                           &error);
    if (status == STATUS_OK && event->offset == 0 && snapshot->have > 0) {
        stop_unpacking(agent);
        status = part_clear(snapshot->part, &error); /* the far side starts over */
        snapshot->have = 0;
    }
    if (status == STATUS_OK && !piece_fits(snapshot, event)) {
        flow_cancel(agent, FLOW_SNAPSHOT);
        discard(agent);
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_ODD, 0,
                  "The snapshot does not have the size that was said");
        return;
    }
    if (status == STATUS_OK)
        status = keep_piece(agent, event, &error);
    if (status != STATUS_OK)
        not_unpacked(agent, status, &error);
}

static void take_manifest(struct agent *agent, const char *body, size_t length)
{
    struct snapshot_state *snapshot = &agent->snapshot;
    struct snapshot_answer manifest;
    struct error error;
    enum status status = message_read_snapshot_answer(body, length, &manifest, &error);

    if (status == STATUS_OK &&
        !countersign_snapshot_valid(manifest.id, &manifest.sha256, &manifest.signature,
                                    &agent->identity.ledger_key))
        status = error_set(&error, STATUS_DENIED, "the signature is not the ledger's");
    if (status == STATUS_OK && manifest.unpacked_size > COMPRESS_FILE_CEILING)
        status = error_set(&error, STATUS_RANGE, "it is too large");
    if (status != STATUS_OK) {
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_ODD, 0, "The offered snapshot is not taken: %s",
                  error.text);
        return;
    }
    agent_learn_time(agent, manifest.time_ms);
    snapshot->asked_first = 0;
    close_part(agent);
    stop_unpacking(agent);
    part_sweep(agent->folder, manifest.id);
    buf_clear(&agent->body);
    status = message_write_snapshot_answer(&manifest, &agent->body);
    if (status == STATUS_OK)
        status = sync_db_put(agent->sync, MANIFEST_KEY, buf_text(&agent->body), &error);
    if (status == STATUS_OK)
        status = part_open(agent->folder, manifest.id, &snapshot->part, &snapshot->have, &error);
    if (status == STATUS_OK && snapshot->have > manifest.size) {
        snapshot->have = 0;
        status = part_clear(snapshot->part, &error);
    }
    if (status != STATUS_OK) {
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_HERE, 0, "The new catalogue can't be written: %s",
                  error.text);
        return;
    }
    snapshot->manifest = manifest;
    snapshot->stage = SNAPSHOT_FETCHING;
    go_on(agent);
}

static void wait_for_manifest(struct agent *agent, int64_t retry_ms)
{
    struct snapshot_state *snapshot = &agent->snapshot;

    go_on(agent);
    if (snapshot->asked_first == 0)
        snapshot->asked_first = agent->mono_ms;
    if (agent->mono_ms - snapshot->asked_first > PATIENCE_MS)
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_BUSY, 0,
                  "The ledger has not got the catalogue ready yet");
    if (retry_ms < RETRY_MIN_MS)
        retry_ms = RETRY_MIN_MS;
    if (retry_ms > RETRY_MAX_MS)
        retry_ms = RETRY_MAX_MS;
    agent->flows[FLOW_SNAPSHOT].not_before = agent->mono_ms + retry_ms;
}

void snapshot_answer(struct agent *agent, int status, const char *body, size_t length)
{
    struct snapshot_state *snapshot = &agent->snapshot;
    struct refusal refusal;

    agent_set_online(agent, true);
    (void)!message_read_refusal(body, length, &refusal);
    if (snapshot->asking && status == 200) {
        take_manifest(agent, body, length);
    } else if (snapshot->asking && status == 202) {
        agent_learn_time(agent, refusal.time_ms);
        wait_for_manifest(agent, refusal.retry_ms);
    } else if (!snapshot->asking && (status == 200 || status == 206)) {
        if (snapshot->have == snapshot->manifest.size)
            agent->flows[FLOW_SNAPSHOT].call = 0;
        else
            flow_fail(agent, FLOW_SNAPSHOT, SYNC_NO_ANSWER, 0,
                      "The snapshot was cut off; going on with it");
    } else if (!snapshot->asking && (status == 404 || status == 410 || status == 416)) {
        discard(agent);
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_BUSY, 0,
                  "The ledger has made a newer snapshot meanwhile");
    } else {
        flow_refused(agent, FLOW_SNAPSHOT, status, &refusal);
    }
}

static enum status switch_over(struct agent *agent, struct error *error)
{
    char name[REPLICA_NAME_SIZE];
    enum status status = apply_settle(agent->next, error);

    if (status != STATUS_OK)
        return status;
    replica_file_name(apply_number(agent->next), name);
    return replica_pointer_write(agent->folder, name, error);
}

void snapshot_caught_up(struct agent *agent, bool more)
{
    struct error error;
    bool reaches = true;
    enum status status = STATUS_OK;

    if (more)
        return;
    if (agent->current && !current_void(agent))
        status = apply_reaches(agent->next, agent->current, &reaches, &error);
    if (status == STATUS_OK && reaches)
        status = switch_over(agent, &error);
    if (status != STATUS_OK || !reaches) {
        flow_fail(agent, FLOW_SNAPSHOT, SYNC_HERE, 0, "The new catalogue is not in use yet: %s",
                  reaches ? error.text : "it is older than the one here");
        agent->flows[FLOW_CHANGES].not_before = agent->flows[FLOW_SNAPSHOT].not_before;
        return;
    }
    apply_close(agent->current);
    agent->current = agent->next;
    agent->next = NULL;
    agent_log(agent, LOG_LEVEL_INFO, "replica %lld is in use",
              (long long)apply_number(agent->current));
    discard(agent);
    agent->snapshot.stage = SNAPSHOT_NONE;
    agent->snapshot.useless = 0;
    agent->up_to_date = true;
    changes_note_head(agent);
    flow_good(agent, FLOW_SNAPSHOT);
    agent_poke_till(agent, "replica");
    snapshot_sweep(agent);
}

void snapshot_sweep(struct agent *agent)
{
    const struct unpack *unpack = agent->snapshot.unpack;
    int64_t making = agent->next ? apply_number(agent->next) : unpack ? unpack_number(unpack) : 0;
    struct error error;

    if (!agent->current)
        return;
    agent->sweep_at = agent->mono_ms + SWEEP_EVERY_MS;
    if (replica_sweep(agent->folder, apply_number(agent->current), making, &agent->old_files,
                      &error) != STATUS_OK)
        agent_log(agent, LOG_LEVEL_WARN, "%s", error.text);
}
