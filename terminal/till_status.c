/* What people and tools are told about the till as a whole.
 */
#include "terminal/till_internal.h"

#include "terminal/journal/acked.h"

#include <stdlib.h>
#include <string.h>

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

static void fill_online(struct till *till, struct till_status *out)
{
    bool known;
    int64_t since;

    out->online = agent_value(till, "online", &out->sync_known) == 1;
    since = agent_value(till, "since_ms", &known);
    out->offline_since_ms = out->online || !known ? 0 : since;
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
