#include "terminal/people/lease.h"

#include <stdlib.h>
#include <string.h>

#define CARD_DIGITS  12 /* ISO/IEC 7812: the shortest card number in use */
#define TABLES_SINCE 2  /* user_version of till.db and sync.db */
#define GRANT_COLUMNS                                                                              \
    "request, lease, kind, subject, currency, amount, told, epoch, granted_ms, refused"

const char lease_schema[] =
    "CREATE TABLE lease_request(number INTEGER PRIMARY KEY, request TEXT NOT NULL UNIQUE,"
    "  kind TEXT NOT NULL, subject TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL,"
    "  asked_ms INTEGER NOT NULL);"
    "CREATE TABLE lease_spend(lease TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,"
    "  amount INTEGER NOT NULL, PRIMARY KEY(lease, epoch, seq)) WITHOUT ROWID;"
    "CREATE TRIGGER lease_spend_stays BEFORE DELETE ON lease_spend BEGIN"
    "  SELECT RAISE(ABORT, 'what was spent stays'); END;";

const char lease_grant_schema[] =
    "CREATE TABLE lease(request TEXT PRIMARY KEY NOT NULL, lease TEXT NOT NULL,"
    "  kind TEXT NOT NULL, subject TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL,"
    "  told INTEGER NOT NULL, epoch TEXT NOT NULL, granted_ms INTEGER NOT NULL,"
    "  refused TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE lease_mark(epoch TEXT PRIMARY KEY NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;";

bool account_id_valid(const char *id)
{
    size_t length = strlen(id);
    int digits = 0;

    if (length < 1 || length >= ACCOUNT_ID_SIZE ||
        strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != length)
        return false;
    for (; *id != '\0'; id++) {
        if (*id >= '0' && *id <= '9')
            digits++;
        else if (!strchr("._-", *id))
            digits = 0;
        if (digits >= CARD_DIGITS)
            return false;
    }
    return true;
}

static bool has_tables(struct db *db)
{
    int version = 0;

    return db != NULL && db_version(db, &version, NULL) == STATUS_OK && version >= TABLES_SINCE;
}

static void copy(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size)
        length = size - 1;
    memcpy(out, text, length);
    out[length] = '\0';
}

static void take_id(struct db_statement *statement, int column, struct id *out)
{
    if (hex_read(db_text(statement, column), out->bytes, ID_SIZE) != STATUS_OK)
        memset(out, 0, sizeof *out);
}

/* ---- asking --------------------------------------------------------------------------------- */

static enum status check_wish(const struct lease_wish *wish, struct error *error)
{
    bool value = strcmp(wish->kind, LEASE_OF_VALUE) == 0;

    if (!value && strcmp(wish->kind, LEASE_OF_STOCK) != 0)
        return error_set(error, STATUS_INVALID, "no lease is of kind %s", wish->kind);
    if (value ? !account_id_valid(wish->subject) : wish->subject[0] == '\0')
        return error_set(error, STATUS_INVALID, "nothing can be leased of \"%s\"", wish->subject);
    if (strlen(wish->currency) != (value ? 3U : 0U) || wish->amount <= 0)
        return error_set(error, STATUS_INVALID, "the lease's currency or amount");
    return STATUS_OK;
}

enum status lease_ask(struct db *till_db, const struct lease_wish *wish, struct error *error)
{
    struct db_statement *statement;
    char request[ID_HEX_SIZE];
    enum status status = check_wish(wish, error);

    if (status == STATUS_OK)
        status = db_prepare(till_db,
                            "INSERT INTO lease_request(request, kind, subject, currency, amount,"
                            " asked_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                            &statement, error);
    if (status != STATUS_OK)
        return status;
    hex_write(wish->request.bytes, ID_SIZE, request);
    db_bind_text(statement, 1, request);
    db_bind_text(statement, 2, wish->kind);
    db_bind_text(statement, 3, wish->subject);
    db_bind_text(statement, 4, wish->currency);
    db_bind_int(statement, 5, wish->amount);
    db_bind_int(statement, 6, wish->asked_ms);
    return db_run(statement, error);
}

enum status lease_wishes(struct db *till_db, struct lease_wish **out, size_t *count,
                         struct error *error)
{
    struct db_statement *statement;
    bool row = true;
    enum status status;

    *out = NULL;
    *count = 0;
    if (!has_tables(till_db))
        return STATUS_OK;
    status = db_prepare(till_db,
                        "SELECT request, kind, subject, currency, amount, asked_ms"
                        " FROM lease_request ORDER BY number",
                        &statement, error);
    while (status == STATUS_OK && (status = db_step(statement, &row, error)) == STATUS_OK && row) {
        struct lease_wish *wish;

        *out = mem_resize(*out, (*count + 1) * sizeof **out);
        wish = &(*out)[(*count)++];
        take_id(statement, 0, &wish->request);
        copy(wish->kind, sizeof wish->kind, db_text(statement, 1));
        copy(wish->subject, sizeof wish->subject, db_text(statement, 2));
        copy(wish->currency, sizeof wish->currency, db_text(statement, 3));
        wish->amount = db_int(statement, 4);
        wish->asked_ms = db_int(statement, 5);
    }
    if (status == STATUS_OK)
        return status;
    free(*out);
    *out = NULL;
    *count = 0;
    return status;
}

enum status lease_wish_done(struct db *till_db, const struct id *request, struct error *error)
{
    struct db_statement *statement;
    char hex[ID_HEX_SIZE];
    enum status status =
        db_prepare(till_db, "DELETE FROM lease_request WHERE request = ?1", &statement, error);

    if (status != STATUS_OK)
        return status;
    hex_write(request->bytes, ID_SIZE, hex);
    db_bind_text(statement, 1, hex);
    return db_run(statement, error);
}

/* ---- the ledger's answers ------------------------------------------------------------------- */

enum status lease_keep(struct db *sync_db, const struct held_lease *held, struct error *error)
{
    struct db_statement *statement;
    char request[ID_HEX_SIZE], lease[ID_HEX_SIZE], epoch[ID_HEX_SIZE];
    enum status status = db_prepare(sync_db,
                                    "INSERT OR REPLACE INTO lease(" GRANT_COLUMNS ")"
                                    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                                    &statement, error);

    if (status != STATUS_OK)
        return status;
    hex_write(held->request.bytes, ID_SIZE, request);
    hex_write(held->lease.bytes, ID_SIZE, lease);
    hex_write(held->epoch.bytes, ID_SIZE, epoch);
    db_bind_text(statement, 1, request);
    db_bind_text(statement, 2, lease);
    db_bind_text(statement, 3, held->kind);
    db_bind_text(statement, 4, held->subject);
    db_bind_text(statement, 5, held->currency);
    db_bind_int(statement, 6, held->amount);
    db_bind_int(statement, 7, held->told);
    db_bind_text(statement, 8, epoch);
    db_bind_int(statement, 9, held->granted_ms);
    db_bind_text(statement, 10, held->refused);
    return db_run(statement, error);
}

static void take_held(struct db_statement *statement, struct held_lease *out)
{
    memset(out, 0, sizeof *out);
    take_id(statement, 0, &out->request);
    take_id(statement, 1, &out->lease);
    copy(out->kind, sizeof out->kind, db_text(statement, 2));
    copy(out->subject, sizeof out->subject, db_text(statement, 3));
    copy(out->currency, sizeof out->currency, db_text(statement, 4));
    out->amount = db_int(statement, 5);
    out->told = db_int(statement, 6);
    take_id(statement, 7, &out->epoch);
    out->granted_ms = db_int(statement, 8);
    copy(out->refused, sizeof out->refused, db_text(statement, 9));
}

enum status lease_held(struct db *sync_db, struct held_lease **out, size_t *count,
                       struct error *error)
{
    struct db_statement *statement;
    bool row = true;
    enum status status;

    *out = NULL;
    *count = 0;
    if (!has_tables(sync_db))
        return STATUS_OK;
    status = db_prepare(sync_db, "SELECT " GRANT_COLUMNS " FROM lease ORDER BY granted_ms, request",
                        &statement, error);
    while (status == STATUS_OK && (status = db_step(statement, &row, error)) == STATUS_OK && row) {
        *out = mem_resize(*out, (*count + 1) * sizeof **out);
        take_held(statement, &(*out)[(*count)++]);
    }
    if (status == STATUS_OK)
        return status;
    free(*out);
    *out = NULL;
    *count = 0;
    return status;
}

enum status lease_answered(struct db *sync_db, const struct id *request, bool *out,
                           struct error *error)
{
    struct db_statement *statement;
    char hex[ID_HEX_SIZE];
    enum status status =
        db_prepare(sync_db, "SELECT 1 FROM lease WHERE request = ?1", &statement, error);

    *out = false;
    if (status != STATUS_OK)
        return status;
    hex_write(request->bytes, ID_SIZE, hex);
    db_bind_text(statement, 1, hex);
    status = db_step(statement, out, error);
    db_reset(statement);
    return status;
}

static enum status put_mark(struct db *sync_db, const struct lease_mark *mark, struct error *error)
{
    struct db_statement *statement;
    char epoch[ID_HEX_SIZE];
    enum status status =
        db_prepare(sync_db, "INSERT INTO lease_mark(epoch, seq) VALUES(?1, ?2)", &statement, error);

    if (status != STATUS_OK)
        return status;
    hex_write(mark->epoch.bytes, ID_SIZE, epoch);
    db_bind_text(statement, 1, epoch);
    db_bind_int(statement, 2, mark->seq);
    return db_run(statement, error);
}

static enum status write_told(struct db *sync_db, const struct held_lease *told, size_t count,
                              const struct lease_mark *marks, size_t mark_count,
                              struct error *error)
{
    enum status status = db_exec(sync_db, "UPDATE lease SET told = 0 WHERE told > 0", error);

    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = lease_keep(sync_db, &told[i], error);
    if (status == STATUS_OK)
        status = db_exec(sync_db, "DELETE FROM lease_mark", error);
    for (size_t i = 0; status == STATUS_OK && i < mark_count; i++)
        status = put_mark(sync_db, &marks[i], error);
    return status;
}

enum status lease_told(struct db *sync_db, const struct held_lease *told, size_t count,
                       const struct lease_mark *marks, size_t mark_count, struct error *error)
{
    enum status status = db_begin(sync_db, error);

    if (status == STATUS_OK)
        status = write_told(sync_db, told, count, marks, mark_count, error);
    if (status == STATUS_OK)
        return db_commit(sync_db, error);
    db_rollback(sync_db);
    return status;
}

enum status lease_unknown(struct db *sync_db, const struct id *request, struct error *error)
{
    struct db_statement *statement;
    char hex[ID_HEX_SIZE];
    enum status status =
        db_prepare(sync_db, "UPDATE lease SET told = -1 WHERE request = ?1", &statement, error);

    if (status != STATUS_OK)
        return status;
    hex_write(request->bytes, ID_SIZE, hex);
    db_bind_text(statement, 1, hex);
    return db_run(statement, error);
}

/* ---- using them ----------------------------------------------------------------------------- */

enum status lease_record(struct db *till_db, int64_t epoch_number, int64_t seq,
                         const struct lease_use *uses, size_t count, struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct db_statement *statement;
        char lease[ID_HEX_SIZE];

        INVARIANT(uses[i].amount > 0);
        status = db_prepare(till_db,
                            "INSERT INTO lease_spend(lease, epoch, seq, amount)"
                            " VALUES(?1, ?2, ?3, ?4)",
                            &statement, error);
        if (status != STATUS_OK)
            return status;
        hex_write(uses[i].lease.bytes, ID_SIZE, lease);
        db_bind_text(statement, 1, lease);
        db_bind_int(statement, 2, epoch_number);
        db_bind_int(statement, 3, seq);
        db_bind_int(statement, 4, uses[i].amount);
        status = db_run(statement, error);
    }
    return status;
}

enum status lease_recorded(struct db *till_db, int64_t epoch_number, int64_t seq,
                           const struct lease_use *use, bool *same, struct error *error)
{
    struct db_statement *statement;
    char lease[ID_HEX_SIZE];
    bool row = false;
    enum status status = db_prepare(
        till_db, "SELECT amount FROM lease_spend WHERE lease = ?1 AND epoch = ?2 AND seq = ?3",
        &statement, error);

    *same = false;
    if (status != STATUS_OK)
        return status;
    hex_write(use->lease.bytes, ID_SIZE, lease);
    db_bind_text(statement, 1, lease);
    db_bind_int(statement, 2, epoch_number);
    db_bind_int(statement, 3, seq);
    status = db_step(statement, &row, error);
    *same = status == STATUS_OK && row && db_int(statement, 0) == use->amount;
    db_reset(statement);
    return status;
}

enum status lease_records(struct db *till_db, int64_t *count, struct error *error)
{
    struct db_statement *statement;
    enum status status;

    *count = 0;
    if (!has_tables(till_db))
        return STATUS_OK;
    status = db_prepare(till_db, "SELECT count(*) FROM lease_spend", &statement, error);
    return status == STATUS_OK ? db_one_int(statement, 0, count, error) : status;
}

/* How far the ledger's word contains an epoch; 0 when it says nothing of it. */
static enum status mark_of(struct db *sync_db, const struct id *epoch, int64_t *out,
                           struct error *error)
{
    struct db_statement *statement;
    char hex[ID_HEX_SIZE];
    enum status status =
        db_prepare(sync_db, "SELECT seq FROM lease_mark WHERE epoch = ?1", &statement, error);

    *out = 0;
    if (status != STATUS_OK)
        return status;
    hex_write(epoch->bytes, ID_SIZE, hex);
    db_bind_text(statement, 1, hex);
    return db_one_int(statement, 0, out, error);
}

/* What entries of one epoch after `mark` used up. */
static enum status used_in(struct db *till_db, const char *lease, int64_t epoch, int64_t mark,
                           int64_t *out, struct error *error)
{
    struct db_statement *statement;
    bool row = true;
    enum status status = db_prepare(
        till_db, "SELECT amount FROM lease_spend WHERE lease = ?1 AND epoch = ?2 AND seq > ?3",
        &statement, error);

    *out = 0;
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, lease);
    db_bind_int(statement, 2, epoch);
    db_bind_int(statement, 3, mark);
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        if (__builtin_add_overflow(*out, db_int(statement, 0), out)) {
            db_reset(statement);
            return error_set(error, STATUS_RANGE, "what was spent of a lease does not fit");
        }
    }
    return status;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What is left, by both counts; below zero is none. */
struct counts {
    int64_t own;  /* by everything here */
    int64_t told; /* by the ledger's word and what came after */
    bool after;   /* something came after */
};

static enum status count_epoch(struct db *till_db, struct db *sync_db, const char *lease,
                               const struct journal_epoch_ref *epoch, struct counts *counts,
                               struct error *error)
{
    int64_t mark = 0, all = 0, after = 0;
    enum status status = mark_of(sync_db, &epoch->epoch, &mark, error);

    if (status == STATUS_OK)
        status = used_in(till_db, lease, epoch->number, 0, &all, error);
    if (status == STATUS_OK)
        status = used_in(till_db, lease, epoch->number, mark, &after, error);
    /* Below zero is none; no further, so that nothing overflows. */
    counts->own -= counts->own > 0 ? all : 0;
    counts->told -= counts->told > 0 ? after : 0;
    counts->after = counts->after || after > 0;
    return status;
}

static enum status count(struct db *till_db, struct db *sync_db, const struct held_lease *held,
                         struct counts *out, struct error *error)
{
    struct journal_epoch_ref *epochs = NULL;
    char lease[ID_HEX_SIZE];
    size_t epoch_count = 0;
    enum status status = STATUS_OK;

    if (has_tables(till_db))
        status = journal_epoch_refs(till_db, &epochs, &epoch_count, error);
    *out = (struct counts){held->amount, held->told, false};
    hex_write(held->lease.bytes, ID_SIZE, lease);
    for (size_t i = 0; status == STATUS_OK && i < epoch_count; i++)
        status = count_epoch(till_db, sync_db, lease, &epochs[i], out, error);
    free(epochs);
    return status;
}

enum status lease_finished(struct db *till_db, struct db *sync_db, const struct held_lease *held,
                           bool *out, struct error *error)
{
    struct counts counts;
    enum status status = count(till_db, sync_db, held, &counts, error);

    *out = counts.own <= 0 && !counts.after;
    return status;
}

enum status lease_balance(struct db *till_db, struct db *sync_db, const struct id *epoch,
                          const struct held_lease *held, struct lease_balance *out,
                          struct error *error)
{
    struct counts counts;
    enum status status;

    memset(out, 0, sizeof *out);
    if (held->refused[0] != '\0')
        return STATUS_OK;
    out->told_now = memcmp(held->epoch.bytes, epoch->bytes, ID_SIZE) == 0;
    status = count(till_db, sync_db, held, &counts, error);
    if (status == STATUS_OK && counts.own > 0 && counts.told > 0)
        out->left = smaller(counts.own, counts.told);
    return status;
}
