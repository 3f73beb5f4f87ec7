/* Appending: one struct that knows the head, so that a sale costs one insert and one update.
 *
 *   committed ──► current ──► current ...      each append moves `current`
 *       ▲            │
 *       └── commit ──┘        rollback: current = committed
 *
 * Outside a transaction the two are the same; journal_start checks that. The UPDATE of `chain`
 * names the head it follows: should memory and file ever disagree, nothing is appended.
 */
#include "terminal/journal/journal.h"

#include "terminal/journal/journal_open.h"
#include "terminal/journal/journal_rows.h"

#include <stdlib.h>
#include <string.h>

struct journal {
    struct db *db;
    struct clock clock;
    struct id device;
    struct journal_opened at; /* the current epoch */
    char tag[EPOCH_TAG_SIZE];
    struct secret_key secret;
    struct chain_row committed;
    struct chain_row current;
    bool untrusted; /* a commit failed in a way that leaves the disk's state unknown */
};

enum status journal_open(struct db *db, const struct journal_options *options, struct journal **out,
                         struct error *error)
{
    struct journal *journal = mem_alloc(sizeof *journal);
    struct public_key key;
    enum status status = journal_find_epoch(db, options, &journal->at, &journal->committed, error);

    if (status != STATUS_OK) {
        free(journal);
        return status;
    }
    journal->db = db;
    journal->clock = options->clock;
    journal->device = options->identity->device;
    journal->current = journal->committed;
    epoch_keys(&options->identity->device_secret, &journal->at.epoch, &key, &journal->secret);
    epoch_tag(&journal->at.epoch, journal->tag);
    *out = journal;
    return STATUS_OK;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    secret_wipe(&journal->secret, sizeof journal->secret);
    free(journal);
}

const struct id *journal_device(const struct journal *journal)
{
    return &journal->device;
}

const struct id *journal_epoch(const struct journal *journal)
{
    return &journal->at.epoch;
}

int64_t journal_epoch_number(const struct journal *journal)
{
    return journal->at.number;
}

const char *journal_epoch_tag(const struct journal *journal)
{
    return journal->tag;
}

struct chain_point journal_head(const struct journal *journal)
{
    return (struct chain_point){
        .epoch = journal->at.epoch, .seq = journal->current.seq, .hash = journal->current.hash};
}

struct perpetual journal_perpetual(const struct journal *journal)
{
    return journal->current.totals;
}

bool journal_opened_anew(const struct journal *journal)
{
    return journal->at.anew;
}

static void copy_text(char *out, size_t size, const char *text)
{
    size_t length = strnlen(text, size);

    INVARIANT(length < size);
    memcpy(out, text, length + 1);
}

json_t *journal_start(struct journal *journal, const struct entry_stamp *stamp)
{
    struct entry_head head = {
        .device = journal->device,
        .epoch = journal->at.epoch,
        .seq = journal->current.seq + 1,
        .hlc = hlc_next(journal->current.hlc, clock_wall_ms(&journal->clock)),
        .utc_offset_min = stamp->utc_offset_min,
        .prev = journal->current.hash,
    };

    /* Ended by anything else than journal_commit or journal_rollback, a transaction would leave
     * the head in the air. */
    INVARIANT(db_in_transaction(journal->db) || journal->current.seq == journal->committed.seq);
    copy_text(head.business_date, sizeof head.business_date, stamp->business_date);
    copy_text(head.kind, sizeof head.kind, stamp->kind);
    copy_text(head.staff, sizeof head.staff, stamp->staff);
    return entry_start(&head);
}

static bool follows_head(const struct journal *journal, const struct entry_head *head)
{
    return memcmp(head->device.bytes, journal->device.bytes, ID_SIZE) == 0 &&
           memcmp(head->epoch.bytes, journal->at.epoch.bytes, ID_SIZE) == 0 &&
           head->seq == journal->current.seq + 1 && head->hlc > journal->current.hlc &&
           hash_equal(&head->prev, &journal->current.hash);
}

static enum status insert(struct journal *journal, const struct sealed_entry *sealed,
                          const struct perpetual *totals, struct error *error)
{
    struct chain_row after = {.seq = sealed->head.seq,
                              .hash = sealed->hash,
                              .hlc = sealed->head.hlc,
                              .totals = journal->current.totals,
                              .totals_seq = journal->current.totals_seq};
    enum status status;

    if (totals != NULL) {
        after.totals = *totals;
        after.totals_seq = sealed->head.seq;
    }
    status = rows_put_entry(journal->db, journal->at.number, sealed, error);
    if (status == STATUS_OK)
        status = rows_move_chain(journal->db, journal->at.number, &journal->current, &after, error);
    if (status == STATUS_OK)
        journal->current = after;
    return status;
}

enum status journal_append(struct journal *journal, const json_t *entry,
                           const struct perpetual *totals, struct sealed_entry *out,
                           struct error *error)
{
    struct sealed_entry sealed;
    enum status status;

    if (out != NULL)
        memset(out, 0, sizeof *out);
    if (journal->untrusted)
        return error_set(error, STATUS_IO, "the journal must be opened again after a disk error");
    INVARIANT(db_in_transaction(journal->db));
    status = entry_seal(entry, &journal->secret, &sealed, error);
    if (status != STATUS_OK)
        return status;
    if (!follows_head(journal, &sealed.head))
        status = error_set(error, STATUS_INVALID, "entry %lld does not follow the journal's head",
                           (long long)sealed.head.seq);
    else
        status = insert(journal, &sealed, totals, error);
    if (status == STATUS_OK && out != NULL)
        *out = sealed;
    else
        sealed_entry_finish(&sealed);
    return status;
}

enum status journal_commit(struct journal *journal, struct error *error)
{
    enum status status = db_commit(journal->db, error);

    if (status == STATUS_OK) {
        journal->committed = journal->current;
        return STATUS_OK;
    }
    db_rollback(journal->db);
    journal->current = journal->committed;
    if (status == STATUS_IO || status == STATUS_CORRUPT)
        journal->untrusted = true;
    return status;
}

void journal_rollback(struct journal *journal)
{
    db_rollback(journal->db);
    journal->current = journal->committed;
}

enum status journal_put_side(struct journal *journal, int64_t seq, const char *pseudonym,
                             const json_t *body, struct error *error)
{
    struct db_statement *statement;
    struct buf text;
    enum status status;

    INVARIANT(db_in_transaction(journal->db));
    buf_init(&text, JOURNAL_SIDE_MAX);
    if (json_write(body, &text) != STATUS_OK) {
        buf_finish(&text);
        return error_set(error, STATUS_RANGE, "a side record is too large");
    }
    status = db_prepare(journal->db, "INSERT INTO side(id, pseudonym, body) VALUES(?1, ?2, ?3)",
                        &statement, error);
    if (status == STATUS_OK) {
        db_bind_int(statement, 1, entry_key(journal->at.number, seq));
        db_bind_text(statement, 2, pseudonym);
        db_bind_text_n(statement, 3, text.data, text.used);
        status = db_run(statement, error);
    }
    buf_finish(&text);
    return status;
}

enum status journal_erase_side(struct db *db, const char *pseudonym, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db, "DELETE FROM side WHERE pseudonym = ?1", &statement, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, pseudonym);
    return db_run(statement, error);
}
