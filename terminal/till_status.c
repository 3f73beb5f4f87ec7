/* What people and tools are told about the till as a whole.
 */
#include "terminal/till_internal.h"

#include "terminal/journal/acked.h"

#include <stdlib.h>
#include <string.h>

/* The agent renews its word every half minute at least, and its longest poll is a minute. */
#define AGENT_SILENT_MS 120000

/* ---- the agent's word --------------------------------------------------------------------- */

/* The agent's words, kept in the till until the next call. */
static const char *agent_words(struct till *till, const char *key)
{
    struct db_statement *statement;
    bool row = false;

    till->sync_words[0] = '\0';
    if (till->sync_db == NULL ||
        db_prepare(till->sync_db, "SELECT value FROM agent_state WHERE key = ?", &statement,
                   NULL) != STATUS_OK)
        return "";
    db_bind_text(statement, 1, key);
    if (db_step(statement, &row, NULL) == STATUS_OK && row)
        copy_text(till->sync_words, sizeof till->sync_words, db_text(statement, 0));
    db_reset(statement);
    return till->sync_words;
}

static int64_t agent_value(struct till *till, const char *key, bool *known)
{
    const char *words = agent_words(till, key);

    *known = words[0] != '\0';
    return strtoll(words, NULL, 10);
}

/* A killed agent leaves its last word behind, "online" too; no longer renewed, it is worth
 * nothing. */
static void mind_silence(struct till *till, struct till_status *out)
{
    bool known;
    int64_t last_ok = agent_value(till, "last_ok_ms", &known);
    int64_t silent = till_wall(till) - last_ok;

    if (!out->online || !known || (silent <= AGENT_SILENT_MS && silent >= -AGENT_SILENT_MS))
        return;
    out->online = false;
    out->offline_since_ms = last_ok;
    if (out->sync_trouble == SYNC_WELL)
        out->sync_trouble = SYNC_STOPPED;
}

static void fill_online(struct till *till, struct till_status *out)
{
    bool known;
    int64_t since;

    out->online = agent_value(till, "online", &out->sync_known) == 1;
    since = agent_value(till, "since_ms", &known);
    out->offline_since_ms = out->online || !known ? 0 : since;
    out->sync_trouble = sync_trouble_read(agent_words(till, "trouble"));
    mind_silence(till, out);
    out->sync_reason = agent_words(till, "reason");
}

/* Of one epoch: how far the ledger's countersigned word goes. */
static int64_t acked_seq(struct till *till, const struct id *epoch)
{
    struct acked_head head;

    if (till->sync_db == NULL ||
        acked_get(till->sync_db, &till->identity.device, epoch, &head, NULL) != STATUS_OK)
        return 0;
    return head.head.seq;
}

/* Receipts after `after`, newest first until the first that was sent. */
static int64_t count_receipts(struct till *till, int64_t after)
{
    struct db_statement *statement;
    bool row = false;
    int64_t count = 0;

    if (db_prepare(till->db, "SELECT entry FROM receipt ORDER BY key DESC", &statement, NULL) !=
        STATUS_OK)
        return 0;
    while (db_step(statement, &row, NULL) == STATUS_OK && row && db_int(statement, 0) > after)
        count++;
    db_reset(statement);
    return count;
}

/* Counting is kept up by the sale; only a new word of the ledger makes it count again. */
static void fill_unsent_sales(struct till *till, int64_t first_unsent, struct till_status *out)
{
    if (first_unsent != till->unsent_acked.seq || till->unsent_head == 0) {
        till->unsent_sales = count_receipts(till, first_unsent);
        till->unsent_acked.seq = first_unsent;
        till->unsent_head = 1;
    }
    out->unsent_sales = till->unsent_sales;
}

/* When the first entry was written that the ledger does not have. One that is damaged has no time;
 * read again only when it is another entry. */
static int64_t oldest_unsent(struct till *till, const struct journal_epoch_info *epoch,
                             int64_t acked)
{
    int64_t key = ENTRY_KEY(epoch->number, acked + 1);

    if (till->unsent_oldest != key) {
        till->unsent_oldest = key;
        if (journal_entry_ms(till->db, &epoch->epoch, acked + 1, &till->unsent_oldest_ms, NULL) !=
            STATUS_OK)
            till->unsent_oldest = 0;
    }
    return till->unsent_oldest_ms;
}

static void fill_unsent(struct till *till, struct till_status *out)
{
    struct journal_epoch_info *epochs;
    size_t count;
    int64_t acknowledged = 0;

    if (journal_epochs(till->db, &epochs, &count, NULL) != STATUS_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        int64_t acked = acked_seq(till, &epochs[i].epoch);

        if (acked > epochs[i].head_seq)
            acked = epochs[i].head_seq;
        if (out->unsent == 0 && acked < epochs[i].head_seq)
            out->unsent_since_ms = oldest_unsent(till, &epochs[i], acked);
        out->unsent += epochs[i].head_seq - acked;
        out->entries = epochs[i].head_seq;
        if (acked > 0)
            acknowledged = ENTRY_KEY(epochs[i].number, acked);
    }
    free(epochs);
    fill_unsent_sales(till, acknowledged, out);
}

static int64_t replica_age(struct till *till)
{
    struct replica_cursor cursor;
    struct reference_row row;
    char scope[REFERENCE_SCOPE_SIZE];

    if (till->catalogue == NULL)
        return 0;
    reference_row_init(&row, reference_table_find("location"));
    reference_row_set_text(&row, "location", till->identity.location);
    reference_scope(&row, scope);
    if (replica_cursor(catalogue_db(till->catalogue), scope, &cursor, NULL) != STATUS_OK)
        return 0;
    return cursor.as_of_ms;
}

void till_status(struct till *till, struct till_status *out)
{
    memset(out, 0, sizeof *out);
    out->phase = till_phase(till);
    out->till = till->identity.till;
    out->location = till->identity.location;
    out->location_name = till->catalogue == NULL ? "" : catalogue_location(till->catalogue)->name;
    out->staff = till_staff_id(till);
    out->staff_name = till->signed_in ? till->staff.name : "";
    out->staff_role = till->signed_in ? till->role_name : "";
    out->locked = till->locked;
    out->shift_open = till->shift.shift != 0;
    out->shift = till->shift.shift;
    out->disk_low = till->disk_low;
    out->replica_as_of_ms = replica_age(till);
    fill_online(till, out);
    if (till->db == NULL)
        return;
    fill_unsent(till, out);
    if (print_job_counts(till->db, &out->prints_waiting, &out->prints_failed, NULL) != STATUS_OK)
        out->prints_waiting = out->prints_failed = 0;
}
