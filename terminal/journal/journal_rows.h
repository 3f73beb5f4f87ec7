/* The tables of the journal as rows; for the journal's own files only.
 */
#ifndef HOLDFAST_JOURNAL_JOURNAL_ROWS_H
#define HOLDFAST_JOURNAL_JOURNAL_ROWS_H

#include "terminal/base/db.h"
#include "terminal/journal/epoch.h"
#include "terminal/journal/journal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The key of an entry: epoch number << 40 | seq. */
#define SEQ_BITS 40
#define SEQ_MASK ((INT64_C(1) << SEQ_BITS) - 1)
int64_t entry_key(int64_t number, int64_t seq);

/* Copies a blob; one of another size leaves zeros and gives false. */
bool rows_take_blob(struct db_statement *statement, int column, void *out, size_t size);

struct epoch_row {
    int64_t number;
    struct id epoch;
    struct id device;
    struct public_key epoch_key;
    struct signature device_sig;
};

/* All epoch rows by number; *out is new memory, NULL when *count is 0. */
enum status rows_epochs(struct db *db, struct epoch_row **out, size_t *count,
                        struct error *error) MUST_USE;
enum status rows_put_epoch(struct db *db, const struct epoch_row *row,
                           struct error *error) MUST_USE;
/* STATUS_NOT_FOUND when there is no such epoch. */
enum status rows_epoch_number(struct db *db, const struct id *epoch, int64_t *out,
                              struct error *error) MUST_USE;

/* The head of an epoch's chain. */
struct chain_row {
    int64_t seq;
    struct hash hash;
    int64_t hlc;
    struct perpetual totals;
    int64_t totals_seq; /* the entry that carries these totals as its "perpetual" */
};

/* *found = false when there is no row. */
enum status rows_chain(struct db *db, int64_t number, struct chain_row *out, bool *found,
                       struct error *error) MUST_USE;
enum status rows_put_chain(struct db *db, int64_t number, const struct chain_row *row,
                           struct error *error) MUST_USE;
/* STATUS_CONFLICT when the row is not `before`. */
enum status rows_move_chain(struct db *db, int64_t number, const struct chain_row *before,
                            const struct chain_row *after, struct error *error) MUST_USE;

enum status rows_put_entry(struct db *db, int64_t number, const struct sealed_entry *entry,
                           struct error *error) MUST_USE;

/* One entry as stored. `bytes` and the rest live until the next call with this text of SQL, or
 * until rows_entry_done. *found = false: no row, nothing to end. */
struct entry_row {
    int64_t key;
    struct stored_entry stored;
    bool sizes_right; /* hash and signature have theirs */
    struct db_statement *statement;
};
enum status rows_entry(struct db *db, int64_t number, int64_t seq, struct entry_row *out,
                       bool *found, struct error *error) MUST_USE;
void rows_entry_done(struct entry_row *row);
/* Fills *out from a statement that selects id, hash, signature, bytes. */
void rows_take_entry(struct db_statement *statement, struct entry_row *out);

/* The last seq of an epoch by its entries, 0 when it has none. */
enum status rows_last_seq(struct db *db, int64_t number, int64_t *out,
                          struct error *error) MUST_USE;

#endif
