/* sync.db. Each write is one transaction with synchronous=FULL:
 *
 *   before   what the agent knew last time
 *   after    what it knows now; then it acts on it
 *
 * Everything in it can be learned again from the ledger (GET /v1/device), so a kill before a write
 * costs a question; but what is in it was true, countersigned, and survives a lost replica.
 */
#include "sync/agent/sync_db.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"
#include "terminal/catalogue/replica.h"
#include "terminal/journal/acked.h"
#include "terminal/people/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM       "holdfast-sync"
#define VALUE_CEILING 65536
#define FORGOTTEN     "forgotten:"

struct sync_db {
    struct lock *lock;
    struct db *db;
};

static const char state_schema[] =
    "CREATE TABLE agent_state(key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE branch(epoch TEXT PRIMARY KEY NOT NULL, examined INTEGER NOT NULL,"
    " fork_seq INTEGER NOT NULL, taken INTEGER NOT NULL) WITHOUT ROWID;";

static enum status migrate(struct db *db, struct error *error)
{
    struct buf first;
    struct db_migration steps[2] = {{NULL}, {lease_grant_schema}};
    enum status status;

    buf_init(&first, VALUE_CEILING);
    status = buf_printf(&first, "%s%s", acked_schema, state_schema);
    INVARIANT(status == STATUS_OK);
    steps[0].sql = buf_text(&first);
    status = db_migrate(db, steps, 2, error);
    buf_finish(&first);
    return status;
}

enum status sync_db_open(const char *folder, struct sync_db **out, struct error *error)
{
    struct sync_db *sync = mem_alloc(sizeof *sync);
    char *path = path_join(folder, SYNC_DB_FILE);
    enum status status = lock_take(folder, SYNC_DB_FILE, PROGRAM, &sync->lock, error);

    *out = NULL;
    if (status == STATUS_OK)
        status = db_open(path, DB_OWNER_FULL, &sync->db, error);
    if (status == STATUS_OK)
        status = migrate(sync->db, error);
    free(path);
    if (status != STATUS_OK) {
        sync_db_close(sync);
        return status;
    }
    *out = sync;
    return STATUS_OK;
}

void sync_db_close(struct sync_db *sync)
{
    if (!sync)
        return;
    db_close(sync->db);
    if (sync->lock)
        lock_release(sync->lock);
    free(sync);
}

struct db *sync_db_database(struct sync_db *sync)
{
    return sync->db;
}

static int64_t told_seq(const struct head *heads, int count, const struct id *epoch)
{
    for (int i = 0; i < count; i++) {
        if (memcmp(heads[i].epoch.bytes, epoch->bytes, ID_SIZE) == 0)
            return heads[i].seq;
    }
    return 0;
}

/* True once for a held head that is not told at all. */
static enum status note_forgotten(struct sync_db *sync, const struct chain_point *held, bool *fresh,
                                  struct error *error)
{
    char key[sizeof FORGOTTEN + ID_HEX_SIZE], hex[ID_HEX_SIZE];
    struct buf noted;
    enum status status;

    hex_write(held->epoch.bytes, ID_SIZE, hex);
    (void)snprintf(key, sizeof key, "%s%s", FORGOTTEN, hex);
    buf_init(&noted, 64);
    status = sync_db_get(sync, key, &noted, error);
    *fresh = status == STATUS_OK &&
             (noted.used == 0 || strtoll(buf_text(&noted), NULL, 10) != held->seq);
    buf_finish(&noted);
    return *fresh ? sync_db_put_int(sync, key, held->seq, error) : status;
}

enum status sync_db_takes_back(struct sync_db *sync, const struct device_identity *identity,
                               const struct head *heads, int count, bool *out, struct error *error)
{
    struct chain_point *held = NULL;
    size_t held_count = 0;
    enum status status =
        acked_list(sync->db, &identity->device, &identity->ledger_key, &held, &held_count, error);

    *out = false;
    for (size_t i = 0; status == STATUS_OK && i < held_count; i++) {
        int64_t told = told_seq(heads, count, &held[i].epoch);
        bool less = told < held[i].seq;

        if (told == 0)
            status = note_forgotten(sync, &held[i], &less, error);
        *out = *out || less;
    }
    free(held);
    return status;
}

/* Whether the head is kept as it is. */
static enum status head_kept(struct sync_db *sync, const struct id *device, const struct head *head,
                             bool *kept, struct error *error)
{
    struct acked_head old;
    enum status status = acked_get(sync->db, device, &head->epoch, &old, error);

    *kept = status == STATUS_OK && old.head.seq == head->seq &&
            hash_equal(&old.head.hash, &head->hash) &&
            memcmp(old.countersig.bytes, head->countersig.bytes, SIGNATURE_SIZE) == 0;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status sync_db_put_heads(struct sync_db *sync, const struct id *device,
                              const struct head *heads, int count, struct error *error)
{
    enum status status = STATUS_OK;

    for (int i = 0; status == STATUS_OK && i < count; i++) {
        struct acked_head head = {{heads[i].epoch, heads[i].seq, heads[i].hash},
                                  heads[i].countersig};
        bool kept = false;

        status = head_kept(sync, device, &heads[i], &kept, error);
        if (status != STATUS_OK || kept)
            continue;
        if (!db_in_transaction(sync->db))
            status = db_begin(sync->db, error);
        if (status == STATUS_OK)
            status = acked_put(sync->db, device, &head, error);
    }
    if (!db_in_transaction(sync->db))
        return status;
    if (status == STATUS_OK)
        return db_commit(sync->db, error);
    db_rollback(sync->db);
    return status;
}

enum status sync_db_get(struct sync_db *sync, const char *key, struct buf *out, struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status =
        db_prepare(sync->db, "SELECT value FROM agent_state WHERE key = ?1", &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, key);
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && row)
        status = buf_append_text(out, db_text(statement, 0));
    db_reset(statement);
    return status;
}

enum status sync_db_put(struct sync_db *sync, const char *key, const char *value,
                        struct error *error)
{
    struct db_statement *statement;
    struct buf old;
    enum status status;
    bool same;

    buf_init(&old, VALUE_CEILING);
    status = sync_db_get(sync, key, &old, error);
    same = strcmp(buf_text(&old), value) == 0;
    buf_finish(&old);
    if (status != STATUS_OK || same)
        return status;
    status = db_prepare(sync->db,
                        "INSERT INTO agent_state(key, value) VALUES(?1, ?2)"
                        " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                        &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, key);
    db_bind_text(statement, 2, value);
    return db_run(statement, error);
}

enum status sync_db_put_int(struct sync_db *sync, const char *key, int64_t value,
                            struct error *error)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return sync_db_put(sync, key, text, error);
}

enum status sync_db_branch(struct sync_db *sync, const struct id *epoch, struct sync_branch *out,
                           struct error *error)
{
    struct db_statement *statement;
    char hex[ID_HEX_SIZE];
    bool row = false;
    enum status status;

    memset(out, 0, sizeof *out);
    status = db_prepare(sync->db, "SELECT examined, fork_seq, taken FROM branch WHERE epoch = ?1",
                        &statement, error);
    if (status != STATUS_OK)
        return status;
    hex_write(epoch->bytes, ID_SIZE, hex);
    db_bind_text(statement, 1, hex);
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && row) {
        out->examined = db_int(statement, 0);
        out->fork_seq = db_int(statement, 1);
        out->taken = db_int(statement, 2);
    }
    db_reset(statement);
    return status;
}

enum status sync_db_put_branch(struct sync_db *sync, const struct id *epoch,
                               const struct sync_branch *branch, struct error *error)
{
    struct db_statement *statement;
    char hex[ID_HEX_SIZE];
    enum status status = db_prepare(sync->db,
                                    "INSERT OR REPLACE INTO branch(epoch, examined, fork_seq,"
                                    " taken) VALUES(?1, ?2, ?3, ?4)",
                                    &statement, error);

    if (status != STATUS_OK)
        return status;
    hex_write(epoch->bytes, ID_SIZE, hex);
    db_bind_text(statement, 1, hex);
    db_bind_int(statement, 2, branch->examined);
    db_bind_int(statement, 3, branch->fork_seq);
    db_bind_int(statement, 4, branch->taken);
    return db_run(statement, error);
}

enum status sync_db_forget_branches(struct sync_db *sync, struct error *error)
{
    return db_exec(sync->db, "DELETE FROM branch", error);
}

static void put_number(json_t *report, const char *key, const char *value)
{
    if (value[0] != '\0')
        json_put_int(report, key, strtoll(value, NULL, 10));
}

static void put_value(json_t *report, const char *key, const char *value)
{
    if (strncmp(key, FORGOTTEN, strlen(FORGOTTEN)) == 0)
        return; /* the agent's own note */
    if (strcmp(key, "online") == 0)
        json_put(report, key, json_boolean(strcmp(value, "1") == 0));
    else if (strcmp(key, "reason") == 0 || strcmp(key, "last_error") == 0 ||
             strcmp(key, "trouble") == 0 || strcmp(key, "incarnation") == 0)
        json_put_text(report, key, value);
    else if (strcmp(key, "snapshot") == 0)
        json_put(report, "fetching_snapshot", json_boolean(value[0] != '\0'));
    else
        put_number(report, key, value);
}

static enum status report_state(struct db *db, json_t *report, struct error *error)
{
    struct db_statement *statement;
    bool row = true;
    enum status status =
        db_prepare(db, "SELECT key, value FROM agent_state ORDER BY key", &statement, error);

    while (status == STATUS_OK && row) {
        status = db_step(statement, &row, error);
        if (status == STATUS_OK && row)
            put_value(report, db_text(statement, 0), db_text(statement, 1));
    }
    return status;
}

static enum status report_epochs(struct db *db, json_t *report, struct error *error)
{
    struct db_statement *statement;
    json_t *epochs = json_array();
    bool row = true;
    enum status status = db_prepare(
        db, "SELECT lower(hex(epoch)), seq, lower(hex(hash)) FROM acked ORDER BY changed",
        &statement, error);

    while (status == STATUS_OK && row) {
        status = db_step(statement, &row, error);
        if (status == STATUS_OK && row) {
            json_t *epoch = json_object();
            json_put_text(epoch, "epoch", db_text(statement, 0));
            json_put_int(epoch, "seq", db_int(statement, 1));
            json_put_text(epoch, "hash", db_text(statement, 2));
            json_add(epochs, epoch);
        }
    }
    json_put(report, "epochs", epochs);
    return status;
}

static void report_cursor(void *context, const char *scope, const struct replica_cursor *cursor)
{
    json_t *one = json_object();

    json_put_text(one, "scope", scope);
    json_put_int(one, "position", cursor->position);
    json_put_int(one, "as_of_ms", cursor->as_of_ms);
    json_add(context, one);
}

/* How old what the till sells by is. Nothing while there is no replica that can be read. */
static void report_scopes(const char *folder, json_t *report)
{
    struct replica *replica;
    json_t *scopes = json_array();

    if (replica_open_reader(folder, &replica, NULL) == STATUS_OK) {
        if (replica_cursors(replica_db(replica), report_cursor, scopes, NULL) != STATUS_OK)
            (void)json_array_clear(scopes);
        replica_close(replica);
    }
    json_put(report, "scopes", scopes);
}

enum status sync_db_report(const char *folder, struct buf *out, struct error *error)
{
    char *path = path_join(folder, SYNC_DB_FILE);
    struct db *db = NULL;
    json_t *report = json_object();
    enum status status = STATUS_OK;

    if (!file_exists(path))
        status = error_set(error, STATUS_NOT_FOUND, "no agent has run in %s", folder);
    if (status == STATUS_OK)
        status = db_open(path, DB_READER, &db, error);
    if (status == STATUS_OK)
        status = report_state(db, report, error);
    if (status == STATUS_OK)
        status = report_epochs(db, report, error);
    if (status == STATUS_OK) {
        report_scopes(folder, report);
        status = json_write(report, out);
    }
    db_close(db);
    json_decref(report);
    free(path);
    return status;
}
