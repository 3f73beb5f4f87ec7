/* The ledger's tables as numbered steps, each a list of texts that are run one after the other in
 * one transaction. */
#include "sync/ledger/store/schema.h"

#include "terminal/catalogue/reference.h"

#define SEQ_BITS 32

/* Released. It may not change: databases of this version exist. */
static const char *const step_1[] = {
    "CREATE TABLE ledger_meta("
    "  key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE device("
    "  device BLOB NOT NULL PRIMARY KEY, device_key BLOB NOT NULL UNIQUE,"
    "  till TEXT NOT NULL, location TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1,"
    "  enrolled_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE enroll_code("
    "  code_hash BLOB NOT NULL PRIMARY KEY, till TEXT NOT NULL, location TEXT NOT NULL,"
    "  expires_ms INTEGER NOT NULL, device BLOB) WITHOUT ROWID;"
    "CREATE TABLE epoch("
    "  number INTEGER PRIMARY KEY, epoch BLOB NOT NULL UNIQUE, device BLOB NOT NULL,"
    "  location TEXT NOT NULL, till TEXT NOT NULL, epoch_key BLOB NOT NULL,"
    "  parent BLOB, parent_seq INTEGER NOT NULL DEFAULT 0,"
    "  seq INTEGER NOT NULL, hash BLOB NOT NULL, verified INTEGER NOT NULL DEFAULT 0,"
    "  opened_ms INTEGER NOT NULL);"
    "CREATE INDEX epoch_of_device ON epoch(device);"
    "CREATE INDEX epoch_of_parent ON epoch(parent);"
    "CREATE TABLE entry("
    "  id INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
    "  hash BLOB NOT NULL, signature BLOB NOT NULL, bytes BLOB);"
    "CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry"
    "  BEGIN SELECT RAISE(ABORT, 'entries are for ever'); END;"
    "CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry"
    "  BEGIN SELECT RAISE(ABORT, 'entries are for ever'); END;"
    "CREATE TABLE branch("
    "  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,"
    "  start INTEGER NOT NULL, received_ms INTEGER NOT NULL, signature BLOB NOT NULL, bytes BLOB,"
    "  PRIMARY KEY(epoch, seq, hash));"
    "CREATE TABLE side_record("
    "  epoch INTEGER NOT NULL, hash BLOB NOT NULL, received_ms INTEGER NOT NULL,"
    "  body TEXT NOT NULL, PRIMARY KEY(epoch, hash)) WITHOUT ROWID;"
    "CREATE TABLE document("
    "  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
    "  location TEXT NOT NULL, from_status TEXT NOT NULL, to_status TEXT NOT NULL,"
    "  lines BLOB NOT NULL);"
    "CREATE TABLE suspense("
    "  entry INTEGER NOT NULL, ordinal INTEGER NOT NULL, sku TEXT NOT NULL,"
    "  quantity_milli INTEGER NOT NULL, from_location TEXT NOT NULL, from_status TEXT NOT NULL,"
    "  to_location TEXT NOT NULL, to_status TEXT NOT NULL,"
    "  PRIMARY KEY(entry, ordinal)) WITHOUT ROWID;"
    "CREATE INDEX suspense_of_sku ON suspense(sku);"
    "CREATE TABLE exception("
    "  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
    "  location TEXT NOT NULL, epoch BLOB, seq INTEGER NOT NULL, detail TEXT NOT NULL,"
    "  state TEXT NOT NULL DEFAULT 'open');"
    "CREATE TABLE total("
    "  location TEXT NOT NULL, currency TEXT NOT NULL, entries INTEGER NOT NULL,"
    "  sales INTEGER NOT NULL, returns INTEGER NOT NULL, gross_minor INTEGER NOT NULL,"
    "  PRIMARY KEY(location, currency)) WITHOUT ROWID;"
    "CREATE TABLE feed("
    "  number INTEGER PRIMARY KEY, scope TEXT NOT NULL UNIQUE,"
    "  position INTEGER NOT NULL, floor INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE change(id INTEGER PRIMARY KEY, body BLOB NOT NULL);",
    NULL};

/* Released. One text per subject. */
static const char *const step_2[] = {
    /* tokens, devices, nonces over a stop, webhooks */
    "CREATE TABLE token("
    "  name TEXT NOT NULL PRIMARY KEY, hash BLOB NOT NULL UNIQUE, scopes TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL DEFAULT 0,"
    "  revoked_ms INTEGER NOT NULL DEFAULT 0, used_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "ALTER TABLE device ADD COLUMN revoked_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE nonce("
    "  generation INTEGER PRIMARY KEY, since_s INTEGER NOT NULL, digests BLOB NOT NULL);"
    "CREATE TABLE webhook("
    "  name TEXT NOT NULL PRIMARY KEY, url TEXT NOT NULL, events TEXT NOT NULL,"
    "  secret BLOB NOT NULL, created_ms INTEGER NOT NULL, removed_ms INTEGER NOT NULL DEFAULT 0,"
    "  position INTEGER NOT NULL, delivered INTEGER NOT NULL DEFAULT 0,"
    "  dead INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,"
    "  next_ms INTEGER NOT NULL DEFAULT 0, last_status INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;",
    /* entries of epochs and side records */
    "ALTER TABLE epoch ADD COLUMN hlc INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE side_record ADD COLUMN pseudonym TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX side_record_of_pseudonym ON side_record(pseudonym);",
    /* figures (figure.h) */
    "CREATE TABLE money( location TEXT NOT NULL, business_date TEXT NOT NULL, currency "
    "  TEXT NOT NULL, what TEXT NOT NULL, amount_minor INTEGER NOT NULL, count INTEGER "
    "  NOT NULL, PRIMARY KEY(location, business_date, currency, what)) WITHOUT ROWID;"
    "CREATE TABLE account( account TEXT NOT NULL, currency TEXT NOT NULL, balance_minor "
    "  INTEGER NOT NULL, PRIMARY KEY(account, currency)) WITHOUT ROWID;"
    "CREATE TABLE customer_total( customer TEXT NOT NULL, currency TEXT NOT NULL, sales "
    "  INTEGER NOT NULL, returns INTEGER NOT NULL, gross_minor INTEGER NOT NULL, PRIMARY "
    "  KEY(customer, currency)) WITHOUT ROWID;"
    "CREATE TABLE customer_fact( customer TEXT NOT NULL, stamp TEXT NOT NULL, op TEXT NOT "
    "  NULL, group_id TEXT NOT NULL, hash TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY "
    "  KEY(customer, stamp, op, group_id, hash)) WITHOUT ROWID;"
    "CREATE TABLE refunded( original TEXT NOT NULL PRIMARY KEY, quantity_milli INTEGER "
    "  NOT NULL) WITHOUT ROWID;",
    /* leases */
    "CREATE TABLE lease( lease TEXT NOT NULL PRIMARY KEY, device TEXT NOT NULL, request "
    "  TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, currency TEXT NOT NULL, "
    "  location TEXT NOT NULL, granted INTEGER NOT NULL, granted_ms INTEGER NOT NULL, "
    "  closed INTEGER NOT NULL DEFAULT 0, UNIQUE(device, request)) WITHOUT ROWID;"
    "CREATE INDEX lease_of_subject ON lease(kind, subject, closed);"
    "CREATE INDEX lease_of_device ON lease(device, closed);"
    "CREATE TABLE lease_use( lease TEXT NOT NULL, device TEXT NOT NULL, spent INTEGER NOT "
    "  NULL, returned INTEGER NOT NULL, PRIMARY KEY(lease, device)) WITHOUT ROWID;",
    /* orders */
    "CREATE TABLE order_request( channel TEXT NOT NULL, id TEXT NOT NULL, location TEXT "
    "  NOT NULL, body TEXT NOT NULL, placed_ms INTEGER NOT NULL, cancelled_ms INTEGER NOT "
    "  NULL DEFAULT 0, PRIMARY KEY(channel, id)) WITHOUT ROWID;"
    "CREATE TABLE order_mark( channel TEXT NOT NULL, id TEXT NOT NULL, picked INTEGER NOT "
    "  NULL, staged INTEGER NOT NULL, handed_over INTEGER NOT NULL, refused INTEGER NOT "
    "  NULL, returned INTEGER NOT NULL, PRIMARY KEY(channel, id)) WITHOUT ROWID;"
    "CREATE TABLE order_handed( channel TEXT NOT NULL, id TEXT NOT NULL, sku TEXT NOT "
    "  NULL, quantity_milli INTEGER NOT NULL, PRIMARY KEY(channel, id, sku)) WITHOUT "
    "  ROWID;",
    /* branches, and those that were taken in */
    "ALTER TABLE branch ADD COLUMN root TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE branch_applied( number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, "
    "  start INTEGER NOT NULL, hash BLOB NOT NULL, seq INTEGER NOT NULL, head BLOB NOT "
    "  NULL, at_ms INTEGER NOT NULL, who TEXT NOT NULL, UNIQUE(epoch, start, hash));",
    /* exceptions and their lives */
    "ALTER TABLE exception ADD COLUMN cause TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE exception ADD COLUMN assignee TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE exception ADD COLUMN changed_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE exception ADD COLUMN note TEXT NOT NULL DEFAULT '';"
    "UPDATE exception SET cause = 'first version/' || id, changed_ms = at_ms;"
    "CREATE UNIQUE INDEX exception_cause ON exception(cause);"
    "CREATE INDEX exception_state ON exception(state, id);"
    "CREATE TABLE exception_history( id INTEGER PRIMARY KEY, exception INTEGER NOT NULL, "
    "  at_ms INTEGER NOT NULL, op TEXT NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL);"
    "CREATE INDEX exception_history_of ON exception_history(exception, id);",
    /* availability */
    "CREATE TABLE alert( location TEXT NOT NULL, sku TEXT NOT NULL, kind TEXT NOT NULL, "
    "  at_ms INTEGER NOT NULL, quantity_milli INTEGER NOT NULL, PRIMARY KEY(location, "
    "  sku, kind)) WITHOUT ROWID;"
    "CREATE TABLE heard(device BLOB NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT "
    "  ROWID;"
    "CREATE TABLE sale_rate( location TEXT NOT NULL, sku TEXT NOT NULL, marked_ms INTEGER "
    "  NOT NULL, sold_milli INTEGER NOT NULL, per_day_milli INTEGER NOT NULL, PRIMARY "
    "  KEY(location, sku)) WITHOUT ROWID;",
    /* every figure is folded anew when this step was taken */
    "INSERT INTO ledger_meta(key, value) SELECT 'refold', '1';",
    /* the outbox of what webhooks carry (event.h) */
    "CREATE TABLE event("
    "  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,"
    "  location TEXT NOT NULL, body TEXT NOT NULL);",
    NULL,
};

/* Grows until it is released. */
static const char *const step_3[] = {
    /* what an order took, as the lines of a document; 'unknown': placed before it was kept */
    "ALTER TABLE order_request ADD COLUMN reserved TEXT NOT NULL DEFAULT 'unknown';",
    NULL,
};

static const char *const *const steps[] = {step_1, step_2, step_3};

int schema_version(void)
{
    return (int)(sizeof steps / sizeof steps[0]);
}

void schema_step(int version, struct buf *out)
{
    INVARIANT(version >= 1 && version <= schema_version());
    for (const char *const *text = steps[version - 1]; *text != NULL; text++) {
        enum status status = buf_append_text(out, *text);
        INVARIANT(status == STATUS_OK);
    }
}

enum status schema_migrate(struct db *db, struct error *error)
{
    struct db_migration migrations[sizeof steps / sizeof steps[0]];
    struct buf texts[sizeof steps / sizeof steps[0]];
    enum status status;

    for (int i = 0; i < schema_version(); i++) {
        buf_init(&texts[i], SCHEMA_TEXT_MAX);
        schema_step(i + 1, &texts[i]);
        migrations[i].sql = buf_text(&texts[i]);
    }
    status = db_migrate(db, migrations, schema_version(), error);
    for (int i = 0; i < schema_version(); i++)
        buf_finish(&texts[i]);
    return status == STATUS_OK ? reference_create(db, error) : status;
}

int64_t schema_entry_id(int64_t epoch_number, int64_t seq)
{
    INVARIANT(epoch_number > 0 && epoch_number <= INT32_MAX);
    INVARIANT(seq > 0 && seq <= UINT32_MAX);
    return epoch_number << SEQ_BITS | seq;
}

int64_t schema_entry_epoch(int64_t entry_id)
{
    return entry_id >> SEQ_BITS;
}

int64_t schema_entry_seq(int64_t entry_id)
{
    return entry_id & UINT32_MAX;
}
