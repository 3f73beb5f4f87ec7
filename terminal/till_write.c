/* The one place where the journal grows.
 *
 *   begin ─► entry ─► moves, leases, refunds ─► reference ─► print job ─► receipt ─► shift
 *                 ─► cart row ─► commit
 *                                  │
 *                                  ├► STATUS_OK    durable: only now may anybody print, open the
 *                                  │               drawer, show change
 *                                  ├► STATUS_FULL  rolled back; the reserve is given up and it is
 *                                  │               tried once more
 *                                  └► STATUS_IO    nobody knows: close, reopen, verify, and look
 *                                                  whether it is there
 */
#include "terminal/till_internal.h"

#include "terminal/base/log.h"
#include "terminal/stock/stock.h"

#include <stdlib.h>
#include <string.h>

struct receipt_shop till_shop(struct till *till, const char *staff_name)
{
    return (struct receipt_shop){.location = catalogue_location(till->catalogue),
                                 .format = till->format,
                                 .till = till->identity.till,
                                 .staff_name = staff_name};
}

static json_t *start_entry(struct till *till, const struct record *record)
{
    struct local_time now = till_now(till);
    char date[LOCAL_DATE_SIZE];
    struct entry_stamp stamp = {.kind = record->kind,
                                .staff = record->staff,
                                .business_date = date,
                                .utc_offset_min = now.utc_offset_min};
    json_t *entry;

    local_date(&now, date);
    entry = journal_start(till->journal, &stamp);
    INVARIANT(json_object_update_missing(entry, (json_t *)record->body) == 0);
    return entry;
}

static enum status write_paper(struct till *till, struct record *record, struct error *error)
{
    int64_t job;
    enum status status = STATUS_OK;

    INVARIANT(record->receipt != NULL || !record->print_receipt);
    if (record->print_receipt)
        status = print_job_add_sale(till->db, record->at_ms, record->receipt->number,
                                    record->receipt->entry, record->note,
                                    &record->receipt->print_job, error);
    if (status == STATUS_OK && record->document != NULL)
        status = print_job_add(till->db, record->at_ms, record->document, "", &job, error);
    if (status == STATUS_OK && record->receipt != NULL)
        status = receipt_insert(till->db, record->receipt, error);
    return status;
}

static enum status write_shift(struct till *till, const struct record *record, struct error *error)
{
    enum status status = STATUS_OK;

    if (record->shift == NULL)
        return STATUS_OK;
    if (record->open_shift)
        status = shift_insert(till->db, record->shift, error);
    else
        status = shift_store_sums(till->db, record->shift, error);
    if (status == STATUS_OK && record->close_shift)
        status = shift_mark_closed(till->db, record->shift->shift, error);
    return status;
}

/* Everything beside the entry, which was appended as `sealed`. */
static enum status write_beside(struct till *till, struct record *record,
                                const struct sealed_entry *sealed, struct error *error)
{
    int64_t number = journal_epoch_number(till->journal);
    int64_t key = ENTRY_KEY(number, sealed->head.seq);
    enum status status = STATUS_OK;

    record->seq = sealed->head.seq;
    record->at_ms = sealed->head.hlc >> 16;
    if (record->receipt != NULL) {
        record->receipt->entry = key;
        record->receipt->at_ms = record->at_ms;
    }
    if (record->shift != NULL && record->open_shift)
        record->shift->entry = key;
    if (record->move_count > 0)
        status = stock_record(till->db, number, sealed->head.seq, record->moves, record->move_count,
                              error);
    if (status == STATUS_OK)
        status = lease_record(till->db, number, sealed->head.seq, record->leases,
                              record->lease_count, error);
    if (status == STATUS_OK && record->taken_back != NULL)
        status = refund_record(till->db, number, sealed->head.seq, record->taken_back, error);
    if (status == STATUS_OK && record->reference != NULL && record->reference[0] != '\0')
        status = reference_insert(till->db, record->reference, key, error);
    if (status == STATUS_OK)
        status = write_paper(till, record, error);
    if (status == STATUS_OK)
        status = write_shift(till, record, error);
    if (status == STATUS_OK)
        status = cart_store_delete(till->db, record->delete_cart, error);
    return status;
}

/* One try. `head` is where the chain is when it succeeds. */
static enum status write_once(struct till *till, struct record *record, struct chain_point *head,
                              struct error *error)
{
    struct sealed_entry sealed = {0};
    json_t *entry;
    enum status status = db_begin(till->db, error);

    memset(head, 0, sizeof *head);
    if (status != STATUS_OK)
        return status;
    entry = start_entry(till, record);
    status = journal_append(till->journal, entry, record->totals, &sealed, error);
    if (status == STATUS_OK) {
        *head = journal_head(till->journal);
        status = write_beside(till, record, &sealed, error);
    }
    if (status == STATUS_OK)
        status = journal_commit(till->journal, error);
    else
        journal_rollback(till->journal);
    sealed_entry_finish(&sealed);
    json_decref(entry);
    return status;
}

static bool at_head(const struct till *till, const struct chain_point *head)
{
    struct chain_point now;

    if (till->journal == NULL || head->seq == 0)
        return false;
    now = journal_head(till->journal);
    return now.seq == head->seq && hash_equal(&now.hash, &head->hash) &&
           memcmp(&now.epoch, &head->epoch, sizeof now.epoch) == 0;
}

enum status till_write(struct till *till, struct record *record, struct error *error)
{
    struct error local;
    struct chain_point head;
    enum status status;

    if (error == NULL)
        error = &local;
    till_ready_drop(till);
    status = write_once(till, record, &head, error);
    if (status == STATUS_FULL) {
        log_line(LOG_LEVEL_WARN, "till", "%s: tried again without the reserve", error->text);
        till_release_reserve(till);
        status = write_once(till, record, &head, error);
    }
    if (status == STATUS_IO || status == STATUS_CORRUPT) {
        struct error second = {0};

        if (till_recover(till, &second) != STATUS_OK)
            return error_set(error, second.status, "%s", second.text);
        if (at_head(till, &head)) {
            log_line(LOG_LEVEL_WARN, "till", "entry %lld is there although its commit failed",
                     (long long)head.seq);
            status = STATUS_OK;
        }
    }
    till->commits += status == STATUS_OK;
    return status;
}
