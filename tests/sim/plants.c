/* The list, and the plants that break what both sides stand on: commits, syncs, clocks, counters.
 */
#include "tests/sim/plants.h"

#include "sync/agent/backoff.h"
#include "sync/ledger/store/store.h"
#include "terminal/base/clock.h"
#include "terminal/base/db.h"
#include "terminal/base/db_internal.h"
#include "terminal/base/fs.h"
#include "terminal/journal/journal.h"
#include "terminal/people/lease.h"
#include "terminal/selling/receipt_number.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct plant plants[PLANTS] = {
    [PLANT_NONE] = {"none", ""},
    [PLANT_ACK_BEFORE_COMMIT] = {"ack-before-commit",
                                 "the ledger answers before its transaction is committed"},
    [PLANT_NO_DEDUPLICATION] = {"no-deduplication",
                                "entries that the ledger knows are projected again"},
    [PLANT_CURSOR_BEFORE_ROWS] = {"cursor-before-rows",
                                  "the replica's cursor is committed before the rows"},
    [PLANT_WATERMARK_APART] = {"watermark-apart",
                               "the watermark is written by the transaction after the stock's"},
    [PLANT_LATE_COMMIT_SKIPPED] = {"late-commit-skipped",
                                   "a position is passed on before its rows can be seen"},
    [PLANT_SYNC_OFF] = {"sync-off", "every database runs with synchronous=OFF"},
    [PLANT_RETRY_UNBOUNDED] = {"retry-unbounded", "what failed is tried again at once, for ever"},
    [PLANT_POISON_BLOCKS] = {"poison-blocks",
                             "the ledger refuses a batch with an odd entry instead of noting it"},
    [PLANT_CLONE_MERGED] = {"clone-merged", "the ledger does not compare hashes of known entries"},
    [PLANT_COUNTER_REUSED] = {"counter-reused",
                              "receipt numbers start again when the till is restarted"},
    [PLANT_LEASE_RETURNED_TWICE] = {"lease-returned-twice",
                                    "what is left of a lease can be given back again"},
    [PLANT_CLOCK_FOR_ORDER] = {"clock-for-order", "entries are ordered by the wall clock alone"},
    [PLANT_TOLD_BEFORE_COMMIT] = {"told-before-commit",
                                  "the till says 'recorded' before its transaction is committed"},
    [PLANT_LOG_BELIEVED] = {"log-believed",
                            "a log is believed although the sync before a crash failed"},
    [PLANT_INCARNATION_KEPT] = {"incarnation-kept",
                                "a ledger restored from a backup goes on under its old name"},
    [PLANT_REFUNDS_FORGOTTEN] = {"refunds-forgotten",
                                 "a till does not count what it took back before"},
    [PLANT_REFUNDS_UNTOLD] = {"refunds-untold",
                              "the ledger tells nobody that more came back than was sold"},
    [PLANT_CARD_NUMBER_TAKEN] = {"card-number-taken", "a card number is taken for a reason"},
    [PLANT_OVERRIDE_UNTOLD] = {"override-untold",
                               "a price that a person gave passes for the list's"},
    [PLANT_PAID_IN_LOST] = {"paid-in-lost", "money put into the drawer is in no sum of the shift"},
    [PLANT_VERIFY_BLIND] = {"verify-blind", "the chain is said to be whole without a look at it"},
    [PLANT_CURSOR_SET_BACK] = {"cursor-set-back", "a cursor goes back to rows that were there"},
    [PLANT_JOURNAL_FIRST] = {"journal-first",
                             "on hand is made from the journal of before and the replica of now"},
    [PLANT_REPLICA_OWNED] = {"replica-owned", "the till locks its replica to look at it"},
    [PLANT_ROOM_FORGOTTEN] = {"room-forgotten",
                              "no room was kept for what was paid: the commit is refused"},
    [PLANT_PICKUP_UNTOLD] = {"pickup-untold",
                             "the ledger tells nobody that an order was handed over twice"},
    [PLANT_GAP_TAKEN] = {"gap-taken", "the ledger goes on behind entries that never came"},
    [PLANT_HOST_CLOCK] = {"host-clock", "how long a pause lasts is drawn from the host's clock"},
    [PLANT_COMMIT_DENIED] = {"commit-denied", "a commit is said to have failed, and is there"},
};

static enum plant_number chosen;

const struct plant *plants_list(int *count)
{
    *count = PLANTS - 1;
    return plants + 1;
}

bool plant_choose(const char *name)
{
    for (int i = 1; i < PLANTS; i++) {
        if (strcmp(plants[i].name, name) != 0)
            continue;
        chosen = (enum plant_number)i;
        return true;
    }
    return false;
}

bool planted(enum plant_number plant)
{
    return chosen == plant && world_now != NULL && world_now->seed != 0;
}

/* ---- a commit that comes later ----------------------------------------------------------------
 *
 * `postponed` stands in its transaction, although its owner was told that it is committed; the next
 * transaction on it commits it first.
 */

static struct db *postponed;
static bool postpones;

STAND_IN(db_commit);
STAND_IN(db_begin);
STAND_IN(db_close);
STAND_IN(store_commit);
STAND_IN(journal_commit);

enum status our_db_commit(struct db *db, struct error *error)
{
    if (!postpones || postponed != NULL)
        return real_db_commit(db, error);
    postponed = db;
    return STATUS_OK;
}

enum status our_db_begin(struct db *db, struct error *error)
{
    if (postponed == db) {
        enum status status = real_db_commit(db, error);
        postponed = NULL;
        if (status != STATUS_OK)
            return status;
    }
    return real_db_begin(db, error);
}

void our_db_close(struct db *db)
{
    if (postponed == db)
        postponed = NULL;
    real_db_close(db);
}

enum status our_store_commit(struct store_session *session, struct error *error)
{
    postpones = planted(PLANT_ACK_BEFORE_COMMIT);
    enum status status = real_store_commit(session, error);
    postpones = false;
    return status;
}

enum status our_journal_commit(struct journal *journal, struct error *error)
{
    static int commits;

    /* The second try, too. */
    if (planted(PLANT_ROOM_FORGOTTEN) && ++commits % 32 < 2) {
        journal_rollback(journal);
        return error_set(error, STATUS_FULL, "the disk is full");
    }
    postpones = planted(PLANT_TOLD_BEFORE_COMMIT);
    enum status status = real_journal_commit(journal, error);
    postpones = false;
    if (status == STATUS_OK && planted(PLANT_COMMIT_DENIED) && ++commits % 16 == 0)
        return error_set(error, STATUS_DENIED, "the commit failed");
    return status;
}

/* ---- syncs ----------------------------------------------------------------------------------- */

STAND_IN(db_open);
STAND_IN(db_log_write_again);

enum status our_db_open(const char *path, enum db_role role, struct db **out, struct error *error)
{
    if (role == DB_READER && planted(PLANT_REPLICA_OWNED) && strstr(path, "/replica-") != NULL)
        role = DB_OWNER_NORMAL;
    enum status status = real_db_open(path, role, out, error);

    if (status == STATUS_OK && role != DB_READER && planted(PLANT_SYNC_OFF))
        status = db_exec(*out, "PRAGMA synchronous=OFF", error);
    return status;
}

enum status our_db_log_write_again(struct db *db, enum db_role role, struct error *error)
{
    return planted(PLANT_LOG_BELIEVED) ? STATUS_OK : real_db_log_write_again(db, role, error);
}

/* ---- promises -------------------------------------------------------------------------------- */

STAND_IN(lease_balance);

enum status our_lease_balance(struct db *till_db, struct db *sync_db, const struct id *epoch,
                              const struct held_lease *held, struct lease_balance *out,
                              struct error *error)
{
    enum status status = real_lease_balance(till_db, sync_db, epoch, held, out, error);

    if (planted(PLANT_LEASE_RETURNED_TWICE))
        out->left = held->amount;
    return status;
}

/* ---- time and numbers ------------------------------------------------------------------------ */

STAND_IN(hlc_next);
STAND_IN(backoff_fail);
STAND_IN(receipt_next);

int64_t our_hlc_next(int64_t last, int64_t wall_ms)
{
    return planted(PLANT_CLOCK_FOR_ORDER) ? wall_ms << 16 : real_hlc_next(last, wall_ms);
}

int64_t our_backoff_fail(struct backoff *backoff, const struct entropy *entropy, int64_t floor_ms)
{
    int64_t delay = real_backoff_fail(backoff, entropy, floor_ms);
    struct timespec now;

    if (planted(PLANT_HOST_CLOCK) && clock_gettime(CLOCK_MONOTONIC, &now) == 0)
        delay += now.tv_nsec % 16;
    return planted(PLANT_RETRY_UNBOUNDED) ? 0 : delay;
}

/* The counter in memory, as many as this process has given. */
enum status our_receipt_next(struct db *db, const char *till, int64_t epoch_number,
                             const char *epoch_tag, struct receipt_row *out, struct error *error)
{
    static struct {
        long process;
        int64_t given;
    } counts[16];
    enum status status = real_receipt_next(db, till, epoch_number, epoch_tag, out, error);
    long process = fs_process();
    size_t slot = (size_t)process % 16;

    if (status != STATUS_OK || !planted(PLANT_COUNTER_REUSED))
        return status;
    if (counts[slot].process != process) {
        counts[slot].process = process;
        counts[slot].given = 0;
    }
    (void)snprintf(out->number, sizeof out->number, "%s-%s-%06lld", till, epoch_tag,
                   (long long)++counts[slot].given);
    return STATUS_OK;
}
