/* A till of its own for one test: folder, identity, clock and randomness that replay, a journal.
 */
#ifndef HOLDFAST_TESTS_JOURNAL_FIXTURE_H
#define HOLDFAST_TESTS_JOURNAL_FIXTURE_H

#include "terminal/base/db.h"
#include "terminal/journal/journal.h"
#include "terminal/journal/verify.h"
#include "tests/unit/terminal/base/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct folder folder;
    char *path;
    struct db *db;
    struct journal *journal;
    struct device_identity identity;
    struct public_key ledger_key;
    struct secret_key ledger_secret;
    uint64_t random; /* how often randomness was asked for */
    int64_t now_ms;
    struct error error;
};

static inline void fixture_fill(void *context, void *bytes, size_t length)
{
    uint64_t *count = context;
    uint8_t *out = bytes;
    while (length > 0) {
        struct hash block = hash_bytes(count, sizeof *count);
        size_t part = length < HASH_SIZE ? length : HASH_SIZE;
        (*count)++;
        memcpy(out, block.bytes, part);
        out += part;
        length -= part;
    }
}

static inline int64_t fixture_wall_ms(void *context)
{
    return *(int64_t *)context;
}

static inline struct entropy fixture_entropy(struct fixture *fixture)
{
    return (struct entropy){.fill = fixture_fill, .context = &fixture->random};
}

static inline void fixture_ok(struct fixture *fixture, enum status status)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), fixture->error.text);
}

static inline void fixture_identity(struct fixture *fixture)
{
    struct entropy entropy = fixture_entropy(fixture);
    struct device_identity *identity = &fixture->identity;
    identity->device = id_random(&entropy);
    identity->incarnation = id_random(&entropy);
    key_pair(&entropy, &identity->device_key, &identity->device_secret);
    key_pair(&entropy, &fixture->ledger_key, &fixture->ledger_secret);
    identity->ledger_key = fixture->ledger_key;
    memcpy(identity->till, "T01", 4);
    memcpy(identity->location, "S01", 4);
    memcpy(identity->url, "http://127.0.0.1:8080", 22);
}

static inline enum status fixture_open_journal(struct fixture *fixture,
                                               const struct chain_point *acked, size_t count)
{
    struct journal_options options = {
        .identity = &fixture->identity,
        .clock = {.wall_ms = fixture_wall_ms, .context = &fixture->now_ms},
        .entropy = fixture_entropy(fixture),
        .zone = "Europe/London",
        .acked = acked,
        .acked_count = count};
    return journal_open(fixture->db, &options, &fixture->journal, &fixture->error);
}

/* Opens till.db; `more` is DDL of further modules, or "". */
static inline void fixture_open_db(struct fixture *fixture, const char *more)
{
    char *sql = mem_alloc(strlen(journal_schema) + strlen(more) + 1);
    struct db_migration steps[1] = {{sql}};
    memcpy(sql, journal_schema, strlen(journal_schema));
    memcpy(sql + strlen(journal_schema), more, strlen(more) + 1);
    fixture_ok(fixture, db_open(fixture->path, DB_OWNER_FULL, &fixture->db, &fixture->error));
    fixture_ok(fixture, db_migrate(fixture->db, steps, 1, &fixture->error));
    free(sql);
}

static inline struct fixture *fixture_make(const char *more)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    crypto_start();
    fixture->now_ms = INT64_C(1795251600000); /* 2026-11-21T09:00:00Z */
    fixture->folder = folder_make();
    fixture->path = path_join(fixture->folder.path, "till.db");
    fixture_identity(fixture);
    fixture_open_db(fixture, more);
    fixture_ok(fixture, fixture_open_journal(fixture, NULL, 0));
    return fixture;
}

static inline void fixture_close(struct fixture *fixture)
{
    journal_close(fixture->journal);
    db_close(fixture->db);
    fixture->journal = NULL;
    fixture->db = NULL;
}

static inline void fixture_free(struct fixture *fixture)
{
    fixture_close(fixture);
    folder_remove(&fixture->folder);
    free(fixture->path);
    free(fixture);
}

static inline void fixture_reopen(struct fixture *fixture, const struct chain_point *acked,
                                  size_t count)
{
    fixture_close(fixture);
    fixture_ok(fixture, db_open(fixture->path, DB_OWNER_FULL, &fixture->db, &fixture->error));
    fixture_ok(fixture, fixture_open_journal(fixture, acked, count));
}

static inline void fixture_sql(struct fixture *fixture, const char *sql)
{
    fixture_ok(fixture, db_exec(fixture->db, sql, &fixture->error));
}

static inline json_t *fixture_start(struct fixture *fixture, const char *kind)
{
    struct entry_stamp stamp = {
        .kind = kind, .staff = "S-1", .business_date = "2026-11-21", .utc_offset_min = 0};
    fixture->now_ms += 1000;
    return journal_start(fixture->journal, &stamp);
}

/* Appends one entry with `amount` in it, in the open transaction. */
static inline void fixture_append(struct fixture *fixture, int64_t amount)
{
    json_t *entry = fixture_start(fixture, "paid_in");
    json_put_int(entry, "amount", amount);
    fixture_ok(fixture, journal_append(fixture->journal, entry, NULL, NULL, &fixture->error));
    json_decref(entry);
}

static inline void fixture_commit_one(struct fixture *fixture, int64_t amount)
{
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    fixture_append(fixture, amount);
    fixture_ok(fixture, journal_commit(fixture->journal, &fixture->error));
}

/* As somebody with the file in their hands would do it. */
static inline void fixture_drop_triggers(struct fixture *fixture)
{
    fixture_sql(fixture, "PRAGMA foreign_keys=OFF; DROP TRIGGER entry_insert;"
                         "DROP TRIGGER entry_update; DROP TRIGGER entry_delete;"
                         "DROP TRIGGER epoch_update; DROP TRIGGER epoch_delete;");
}

#endif
