/* Who is at the till, by the replica; and how often somebody guessed, by till.db.
 *
 * The lock is written together with the count, before the PIN is looked at, as if it were wrong; a
 * right PIN takes both away. So there is no instant at which a guess was made and not counted.
 */
#include "terminal/people/people.h"

#include "terminal/base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_DELAY_MS INT64_C(30000)
#define LAST_DELAY_MS  INT64_C(3600000)
#define MAX_FAILURES                                                                               \
    INT64_C(1000000) /* where counting ends; the delay is at its longest long before */

const char people_schema[] = "CREATE TABLE pin_lock("
                             " staff TEXT PRIMARY KEY,"
                             " failures INTEGER NOT NULL,"
                             " until_ms INTEGER NOT NULL) WITHOUT ROWID;";

static const char *const words[PERMISSION_COUNT] = {
    "sell",        "return",   "discount",    "price_override", "void",   "no_sale", "shift_open",
    "shift_close", "x_report", "paid_in_out", "adjust",         "unlock", "approve", "settings",
};

uint32_t permissions_parse(const char *text)
{
    uint32_t set = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        for (size_t i = 0; i < PERMISSION_COUNT; i++) {
            if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0)
                set |= 1u << i;
        }
        text += length;
        text += strspn(text, " ");
    }
    return set;
}

const char *permission_word(enum permission permission)
{
    for (size_t i = 0; i < PERMISSION_COUNT; i++) {
        if ((uint32_t)permission == 1u << i)
            return words[i];
    }
    return "";
}

bool people_may(const struct staff *staff, enum permission permission)
{
    return staff != NULL && (staff->permissions & (uint32_t)permission) != 0;
}

/* ---- the replica ---- */

/* The columns of every select here, in this order. A role that is missing permits nothing. */
#define STAFF_COLUMNS                                                                              \
    "SELECT s.id, s.name, s.role, s.language, s.pin_hash, coalesce(r.permissions, '')"             \
    " FROM staff AS s LEFT JOIN role AS r ON r.id = s.role WHERE s.active = 1"

static bool copy_text(char *out, size_t size, const char *text)
{
    size_t length = strnlen(text, size);

    if (length == size)
        return false;
    memcpy(out, text, length + 1);
    return true;
}

/* false: a text of this row is longer than any that head office can enter. */
static bool take_staff(struct db_statement *statement, struct staff *out, char hash[PIN_HASH_SIZE])
{
    const char *pin_hash = db_text(statement, 4);

    memset(out, 0, sizeof *out);
    out->has_pin = pin_hash[0] != '\0';
    out->permissions = permissions_parse(db_text(statement, 5));
    return copy_text(out->id, sizeof out->id, db_text(statement, 0)) &&
           copy_text(out->name, sizeof out->name, db_text(statement, 1)) &&
           copy_text(out->role, sizeof out->role, db_text(statement, 2)) &&
           copy_text(out->language, sizeof out->language, db_text(statement, 3)) &&
           (hash == NULL || copy_text(hash, PIN_HASH_SIZE, pin_hash));
}

enum status people_list(struct db *replica_db, struct staff **out, size_t *count,
                        struct error *error)
{
    struct db_statement *statement;
    struct staff *list = NULL;
    size_t used = 0;
    bool row = false;
    enum status status =
        db_prepare(replica_db, STAFF_COLUMNS " ORDER BY s.name, s.id", &statement, error);

    if (status != STATUS_OK)
        return status;
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        list = mem_resize(list, (used + 1) * sizeof *list);
        if (take_staff(statement, &list[used], NULL))
            used++;
    }
    if (status != STATUS_OK || used == 0) {
        free(list);
        list = NULL;
    }
    if (status == STATUS_OK) {
        *out = list;
        *count = used;
    }
    return status;
}

static enum status find(struct db *replica_db, const char *sql, const char *key, struct staff *out,
                        char hash[PIN_HASH_SIZE], struct error *error)
{
    struct db_statement *statement;
    bool row = false, second = false;
    enum status status = db_prepare(replica_db, sql, &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, key);
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && (!row || !take_staff(statement, out, hash)))
        status = error_set(error, STATUS_NOT_FOUND, "no such person is active here");
    if (status == STATUS_OK)
        status = db_step(statement, &second, error);
    if (status == STATUS_OK && second)
        status = error_set(error, STATUS_CONFLICT, "two persons bear this badge");
    db_reset(statement);
    return status;
}

static const char find_by_id[] = STAFF_COLUMNS " AND s.id = ?1";
static const char find_by_badge[] = STAFF_COLUMNS " AND s.badge = ?1 AND s.badge <> ''";

enum status people_find(struct db *replica_db, const char *id, struct staff *out,
                        struct error *error)
{
    return find(replica_db, find_by_id, id, out, NULL, error);
}

enum status people_by_badge(struct db *replica_db, const char *badge, struct staff *out,
                            struct error *error)
{
    return find(replica_db, find_by_badge, badge, out, NULL, error);
}

/* ---- the lock ---- */

struct pin_lock {
    int64_t failures;
    int64_t until_ms;
};

/* How long the n-th wrong PIN in a row locks: 0, ... 0, 30 s, 1 min, 2 min, ... 1 h. */
static int64_t delay_after(int64_t failures)
{
    int64_t delay = FIRST_DELAY_MS;

    if (failures < PIN_FREE_FAILURES)
        return 0;
    for (int64_t n = PIN_FREE_FAILURES; n < failures && delay < LAST_DELAY_MS; n++)
        delay *= 2;
    return delay < LAST_DELAY_MS ? delay : LAST_DELAY_MS;
}

/* A lock further away than the delay that made it means that the clock was set back. */
static int64_t remaining(const struct pin_lock *lock, int64_t now_ms)
{
    int64_t delay = delay_after(lock->failures);

    if (lock->until_ms <= now_ms)
        return 0;
    return lock->until_ms - now_ms < delay ? lock->until_ms - now_ms : delay;
}

static enum status read_lock(struct db *till_db, const char *id, struct pin_lock *out,
                             struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status = db_prepare(
        till_db, "SELECT failures, until_ms FROM pin_lock WHERE staff = ?1", &statement, error);

    *out = (struct pin_lock){0};
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, id);
    status = db_step(statement, &row, error);
    if (status == STATUS_OK && row)
        *out =
            (struct pin_lock){.failures = db_int(statement, 0), .until_ms = db_int(statement, 1)};
    db_reset(statement);
    return status;
}

/* As a transaction of its own (a single statement is one): durable on return. */
static enum status write_lock(struct db *till_db, const char *id, const struct pin_lock *lock,
                              struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(
        till_db, "INSERT OR REPLACE INTO pin_lock(staff, failures, until_ms) VALUES(?1, ?2, ?3)",
        &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, id);
    db_bind_int(statement, 2, lock->failures);
    db_bind_int(statement, 3, lock->until_ms);
    return db_run(statement, error);
}

static enum status clear_lock(struct db *till_db, const char *id, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(till_db, "DELETE FROM pin_lock WHERE staff = ?1", &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, id);
    return db_run(statement, error);
}

enum status people_locked(struct db *till_db, const char *id, int64_t now_ms, int64_t *retry_ms,
                          struct error *error)
{
    struct pin_lock lock;
    enum status status = read_lock(till_db, id, &lock, error);

    *retry_ms = status == STATUS_OK ? remaining(&lock, now_ms) : 0;
    return status;
}

static enum status count_try(struct db *till_db, struct pin_attempt *attempt, int64_t now_ms,
                             int64_t *retry_ms, struct error *error)
{
    struct pin_lock lock;
    enum status status = read_lock(till_db, attempt->staff.id, &lock, error);

    if (status != STATUS_OK)
        return status;
    *retry_ms = remaining(&lock, now_ms);
    if (*retry_ms > 0)
        return error_set(error, STATUS_BUSY, "locked out for %" PRId64 " s",
                         (*retry_ms + 999) / 1000);
    if (lock.failures < MAX_FAILURES)
        lock.failures++;
    lock.until_ms = now_ms + delay_after(lock.failures);
    attempt->failures = lock.failures;
    return write_lock(till_db, attempt->staff.id, &lock, error);
}

enum status people_attempt_start(struct db *till_db, struct db *replica_db, const char *id,
                                 int64_t now_ms, struct pin_attempt *out, int64_t *retry_ms,
                                 struct error *error)
{
    enum status status;

    INVARIANT(!db_in_transaction(till_db));
    memset(out, 0, sizeof *out);
    *retry_ms = 0;
    status = find(replica_db, find_by_id, id, &out->staff, out->hash, error);
    if (status == STATUS_OK && !out->staff.has_pin)
        status = error_set(error, STATUS_DENIED, "this person has no PIN");
    if (status == STATUS_OK)
        status = count_try(till_db, out, now_ms, retry_ms, error);
    if (status != STATUS_OK)
        secret_wipe(out, sizeof *out);
    return status;
}

bool people_attempt_check(const struct pin_attempt *attempt, const char *pin)
{
    return pin_matches(attempt->hash, pin);
}

enum status people_attempt_finish(struct db *till_db, struct pin_attempt *attempt, bool matched,
                                  int64_t now_ms, int64_t *retry_ms, struct error *error)
{
    enum status status;

    secret_wipe(attempt->hash, sizeof attempt->hash);
    if (matched) {
        *retry_ms = 0;
        return clear_lock(till_db, attempt->staff.id, error);
    }
    status = people_locked(till_db, attempt->staff.id, now_ms, retry_ms, error);
    if (status != STATUS_OK)
        return status;
    return error_set(error, STATUS_DENIED, "wrong PIN, %" PRId64 " in a row", attempt->failures);
}

enum status people_sign_in(struct db *till_db, struct db *replica_db, const char *id,
                           const char *pin, int64_t now_ms, struct staff *out, int64_t *retry_ms,
                           struct error *error)
{
    struct pin_attempt attempt;
    enum status status =
        people_attempt_start(till_db, replica_db, id, now_ms, &attempt, retry_ms, error);

    if (status != STATUS_OK)
        return status;
    status = people_attempt_finish(till_db, &attempt, people_attempt_check(&attempt, pin), now_ms,
                                   retry_ms, error);
    if (status == STATUS_OK)
        *out = attempt.staff;
    return status;
}

enum status people_lift(struct db *till_db, const struct staff *manager, const char *id,
                        struct error *error)
{
    if (!people_may(manager, PERMISSION_UNLOCK))
        return error_set(error, STATUS_DENIED, "lifting a lock needs the permission to unlock");
    if (strcmp(manager->id, id) == 0)
        return error_set(error, STATUS_DENIED, "nobody lifts their own lock");
    return clear_lock(till_db, id, error);
}
