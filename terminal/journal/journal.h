/* The journal: append-only chains of signed entries in till.db, one per epoch.
 *
 *   epoch     number ─ epoch id, device, epoch_key, device_sig         one row per epoch
 *   entry     number·seq ─ hash, signature, bytes                      triggers refuse changes
 *   chain     number ─ seq, hash, hlc, perpetual totals, totals_seq    the head, moved by appends
 *   side      number·seq·pseudonym ─ body                              personal data; may be erased
 *   verified  number ─ seq, hash                                       how far verify has been
 *
 * The key of `entry` is one integer, epoch number << 40 | seq, so that an append touches only the
 * last page of one tree. Numbers count epochs in the order this till opened them.
 *
 * A struct journal belongs to the thread and the database connection of the till. journal_read and
 * the other functions that take a `struct db *` work on any connection, a DB_READER too.
 */
#ifndef HOLDFAST_JOURNAL_JOURNAL_H
#define HOLDFAST_JOURNAL_JOURNAL_H

#include "terminal/base/clock.h"
#include "terminal/base/crypto.h"
#include "terminal/base/db.h"
#include "terminal/base/json.h"
#include "terminal/base/status.h"
#include "terminal/journal/device.h"
#include "terminal/journal/entry.h"
#include "terminal/journal/epoch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DDL of the tables and their triggers: part of the till's migration 1. */
extern const char journal_schema[];

struct journal;

struct journal_options {
    const struct device_identity *identity; /* copied */
    struct clock clock;
    struct entropy entropy;
    const char *zone; /* IANA name for the stamp of an epoch_open; "" is UTC */
    /* Countersigned heads of this device from sync.db, the one acknowledged last at the end
     * (acked_list gives them so). NULL and 0 when nothing is known. */
    const struct chain_point *acked;
    size_t acked_count;
};

/* Opens the current epoch: the last one of this device. A new epoch is opened, in a transaction of
 * its own and durable on return, when
 *   - there is none yet: reason "enrolled", no parent; but when `acked` holds heads, till.db was
 *     lost: reason "restored", parent = the last of them, perpetual totals from zero;
 *   - an acked head of the current epoch is ahead of the local one or differs from it (a restored
 * or cloned till.db): reason "restored", parent = the local head, perpetual totals carried on. Then
 * the head is checked: its row is there, its hash and signature are right and `chain` agrees with
 * it. STATUS_CORRUPT: it does not. `db` is the owner's connection, outside a transaction, and must
 * outlive the journal. */
enum status journal_open(struct db *db, const struct journal_options *options, struct journal **out,
                         struct error *error) MUST_USE;
void journal_close(struct journal *journal); /* wipes the keys; NULL is fine */

/* What the open journal is at. With a transaction open: including what it appended. */
const struct id *journal_device(const struct journal *journal);
const struct id *journal_epoch(const struct journal *journal);
int64_t journal_epoch_number(const struct journal *journal);
const char *journal_epoch_tag(const struct journal *journal); /* "K7Q" */
struct chain_point journal_head(const struct journal *journal);
struct perpetual journal_perpetual(const struct journal *journal);
bool journal_opened_anew(const struct journal *journal); /* journal_open opened a new epoch */

/* What the caller says about an entry; the journal adds device, epoch, seq, hlc and prev. */
struct entry_stamp {
    const char *kind;
    const char *staff;         /* "" when no person acted */
    const char *business_date; /* "2026-11-21"; may differ from the calendar's after midnight */
    int utc_offset_min;
};

/* The head of the next entry as a new object for the caller to add the body to. Nothing is
 * reserved: starting again, or never appending, is fine. Only one started entry can be appended;
 * one started before another append is stale and refused. */
json_t *journal_start(struct journal *journal, const struct entry_stamp *stamp);

/* Seals and inserts a started entry, within the caller's transaction (db_begin on the journal's
 * database), and moves the head to it. `totals`: the perpetual totals after it, as the entry's
 * "perpetual" says; NULL when unchanged. `entry` stays the caller's. *out (may be NULL) is to be
 * finished by the caller.
 * Durable only after journal_commit. STATUS_RANGE: the entry is too large. STATUS_INVALID: it was
 * not started here, or is stale. STATUS_IO: a commit failed before; reopen the file first.
 * STATUS_CONFLICT: the file's head is not the one in memory: somebody else wrote. After any failure
 * the caller rolls back. */
enum status journal_append(struct journal *journal, const json_t *entry,
                           const struct perpetual *totals, struct sealed_entry *out,
                           struct error *error) MUST_USE;

/* A transaction in which something was appended is ended by these two and nothing else.
 *
 * Commits the open transaction with all that the caller wrote in it. STATUS_OK: durable, and
 * journal_head is the new head. Otherwise it is rolled back and the head is again what it was
 * before db_begin; after STATUS_IO or STATUS_CORRUPT the disk can't be trusted: the journal refuses
 * every append until it and the database are closed and opened again. */
enum status journal_commit(struct journal *journal, struct error *error) MUST_USE;
/* Rolls back; the head too. Fine when no transaction is open. */
void journal_rollback(struct journal *journal);

#define JOURNAL_SIDE_MAX ((size_t)16 * 1024)
/* Personal data of an entry of this transaction, stored beside it and sent beside it: a JSON object
 * {"pseudonym":...,...} of at most JOURNAL_SIDE_MAX bytes (STATUS_RANGE). The entry holds the
 * pseudonym only. */
enum status journal_put_side(struct journal *journal, int64_t seq, const char *pseudonym,
                             const json_t *body, struct error *error) MUST_USE;
/* Erases every side record of the pseudonym; entries stay as they are. */
enum status journal_erase_side(struct db *db, const char *pseudonym, struct error *error) MUST_USE;

/* ---- reading, for the agent, reports and tools ---- */

struct journal_epoch_ref {
    int64_t number;
    struct id device;
    struct id epoch;
};

struct journal_epoch_info {
    int64_t number;
    struct id device;
    struct id epoch;
    struct public_key epoch_key;
    int64_t head_seq; /* by the entries that are there; 0 when none */
    struct hash head_hash;
};

/* All epochs, oldest first. *out is new memory (free), NULL when *count is 0, as after a failure.
 * journal_epoch_refs looks up no entries: for what only needs to know which epochs there are. */
enum status journal_epochs(struct db *db, struct journal_epoch_info **out, size_t *count,
                           struct error *error) MUST_USE;

enum status journal_epoch_refs(struct db *db, struct journal_epoch_ref **out, size_t *count,
                               struct error *error) MUST_USE;

struct stored_entry {
    int64_t seq;
    const char *bytes; /* not NUL-terminated */
    size_t length;
    struct hash hash;           /* as recorded */
    struct signature signature; /* as recorded */
};

/* Called per entry; what it points to lives until it returns. Any status but STATUS_OK ends the
 * reading and is returned by it; STATUS_CANCELLED ends it with STATUS_OK. */
typedef enum status journal_visit(void *context, const struct stored_entry *entry);

/* Entries of the epoch with seq > after_seq, ascending, until max_entries are read or the next
 * would bring the sum of their lengths above max_bytes (the first is always given). Reads in one
 * short transaction of its own unless one is open. STATUS_NOT_FOUND: no such epoch. A row whose
 * hash or signature has a wrong size is given with zeros there. */
enum status journal_read(struct db *db, const struct id *epoch, int64_t after_seq,
                         size_t max_entries, size_t max_bytes, journal_visit *visit, void *context,
                         struct error *error) MUST_USE;

/* When the first entry of the epoch from `seq` on was written, by the till's clock; 0 when it can't
 * be told: there is none, or it is damaged. */
enum status journal_entry_ms(struct db *db, const struct id *epoch, int64_t seq, int64_t *out,
                             struct error *error) MUST_USE;

/* Called with each side record of entries first..last of the epoch, in order. */
typedef enum status journal_visit_side(void *context, int64_t seq, const char *json);
enum status journal_read_side(struct db *db, const struct id *epoch, int64_t first, int64_t last,
                              journal_visit_side *visit, void *context,
                              struct error *error) MUST_USE;

/* Where the local journal stands towards a countersigned head, or another entry of the ledger's. An
 * entry whose row was destroyed counts by the `prev` of the next one, when that is whole. */
enum journal_standing {
    JOURNAL_HOLDS,   /* the entry is here with this very hash */
    JOURNAL_BEHIND,  /* the local chain ends before it: restored from a backup */
    JOURNAL_DIFFERS, /* another entry is at its place: two tills went on from one copy */
    JOURNAL_UNKNOWN  /* no such epoch here */
};
enum status journal_compare(struct db *db, const struct chain_point *acked,
                            enum journal_standing *out, struct error *error) MUST_USE;

#endif
