/* Print jobs and receipts.
 */
#include "terminal/till_internal.h"

#include <stdlib.h>
#include <string.h>

/* One transaction around a change of print jobs. */
static enum status commit(struct till *till, enum status status, struct error *error)
{
    if (status == STATUS_OK)
        status = db_commit(till->db, error);
    if (status != STATUS_OK)
        db_rollback(till->db);
    return till_after(till, status, error);
}

static enum status begin(struct till *till, struct error *error)
{
    enum status status = till_want_writer(till, error);

    return status == STATUS_OK ? db_begin(till->db, error) : status;
}

struct rebuild {
    struct till *till;
    struct document *document;
    const char *note;
    int64_t seq;
    struct error *error;
};

/* The receipt of one stored entry. */
static enum status rebuild(void *context, const struct stored_entry *stored)
{
    struct rebuild *rebuild = context;
    struct receipt_shop shop;
    struct staff staff;
    char hex[HASH_HEX_SIZE], code[RECEIPT_CODE_SIZE];
    struct entry entry;
    enum status status;

    if (stored->seq != rebuild->seq)
        return STATUS_CANCELLED;
    status = entry_parse(stored->bytes, stored->length, &entry, rebuild->error);
    if (status != STATUS_OK)
        return status;
    copy_text(staff.name, sizeof staff.name, entry.head.staff);
    if (entry.head.staff[0] != '\0' && people_find(catalogue_db(rebuild->till->catalogue),
                                                   entry.head.staff, &staff, NULL) != STATUS_OK)
        copy_text(staff.name, sizeof staff.name, entry.head.staff);
    shop = till_shop(rebuild->till, staff.name);
    hex_write(stored->hash.bytes, HASH_SIZE, hex);
    receipt_code(json_text_or(entry.body, "receipt", ""), hex, code);
    rebuild->document = receipt_document(&shop, entry.body, code, rebuild->note);
    entry_finish(&entry);
    return STATUS_CANCELLED;
}

/* The maker of print_job.h: the receipt of the entry with this key. */
static enum status from_entry(void *context, int64_t key, const char *note, struct document **out,
                              struct error *error)
{
    struct till *till = context;
    struct journal_epoch_info *epochs;
    struct error local = {0};
    struct rebuild rebuilding = {.till = till, .note = note, .seq = ENTRY_KEY_SEQ(key)};
    size_t count;
    enum status status = till_want_replica(till, error);

    if (status == STATUS_OK)
        status = journal_epochs(till->db, &epochs, &count, error);
    if (status != STATUS_OK)
        return status;
    rebuilding.error = error == NULL ? &local : error;
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        if (epochs[i].number == key >> 40)
            status = journal_read(till->db, &epochs[i].epoch, rebuilding.seq - 1, 1,
                                  ENTRY_MAX_BYTES, rebuild, &rebuilding, error);
    }
    free(epochs);
    if (status == STATUS_OK && rebuilding.document == NULL)
        status = error_set(error, STATUS_NOT_FOUND, "entry %lld is not there",
                           (long long)ENTRY_KEY_SEQ(key));
    *out = rebuilding.document;
    return status;
}

static struct print_job_maker maker_of(struct till *till)
{
    return (struct print_job_maker){.make = from_entry, .context = till};
}

enum status till_print_next(struct till *till, struct print_job_view *out,
                            struct document **document, struct error *error)
{
    struct print_job_maker maker = maker_of(till);
    int64_t waiting, failed;
    enum status status = till_want_writer(till, error);

    *document = NULL;
    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = print_job_counts(till->db, &waiting, &failed, error);
    if (status != STATUS_OK)
        return status;
    if (waiting == 0)
        return error_set(error, STATUS_NOT_FOUND, "nothing to print");
    status = begin(till, error);
    if (status != STATUS_OK)
        return status;
    status = print_job_next(till->db, &maker, out, document, error);
    if (status == STATUS_NOT_FOUND) {
        /* What can't be read was marked failed on the way: that stays. */
        enum status committed = commit(till, STATUS_OK, error);

        return committed == STATUS_OK ? error_set(error, STATUS_NOT_FOUND, "nothing to print")
                                      : committed;
    }
    status = commit(till, status, error);
    if (status != STATUS_OK) {
        document_destroy(*document);
        *document = NULL;
    }
    return status;
}

enum status till_print_done(struct till *till, int64_t job, bool printed, const char *message,
                            struct error *error)
{
    enum status status = begin(till, error);

    if (status != STATUS_OK)
        return status;
    return commit(till, print_job_done(till->db, job, printed, message, error), error);
}

enum status till_print_retry(struct till *till, int64_t job, struct error *error)
{
    enum status status = begin(till, error);

    if (status != STATUS_OK)
        return status;
    return commit(till, print_job_retry(till->db, job, error), error);
}

enum status till_print_jobs(struct till *till, struct print_job_view *out, int max, int *count,
                            struct error *error)
{
    *count = 0;
    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    return print_job_list(till->db, out, max, count, error);
}

static enum status queue(struct till *till, const struct document *document, const char *copy_of,
                         int64_t *job, struct error *error)
{
    int64_t id = 0;
    enum status status = begin(till, error);

    if (status != STATUS_OK)
        return status;
    status = commit(till, print_job_add(till->db, till_wall(till), document, copy_of, &id, error),
                    error);
    if (status == STATUS_OK && job != NULL)
        *job = id;
    return status;
}

enum status till_print_test(struct till *till, struct error *error)
{
    struct receipt_shop shop;
    struct document *document;
    enum status status = till_want_replica(till, error);

    if (status != STATUS_OK)
        return status;
    shop = till_shop(till, "");
    document = test_document(&shop, till_wall(till));
    status = queue(till, document, "", NULL, error);
    document_destroy(document);
    return status;
}

/* ---- receipts ---------------------------------------------------------------------------------
 */

enum status till_receipts(struct till *till, const char *number_part, int offset,
                          struct receipt_view *out, int max, int *count, struct error *error)
{
    struct receipt_row *rows;
    enum status status;

    *count = 0;
    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    rows = mem_alloc(((size_t)max + 1) * sizeof *rows);
    status = receipt_list(till->db, number_part, offset, rows, max, count, error);
    for (int i = 0; i < *count; i++) {
        memset(&out[i], 0, sizeof out[i]);
        copy_text(out[i].receipt, sizeof out[i].receipt, rows[i].number);
        copy_text(out[i].staff, sizeof out[i].staff, rows[i].staff);
        out[i].seq = ENTRY_KEY_SEQ(rows[i].entry);
        out[i].at_ms = rows[i].at_ms;
        out[i].total.minor = rows[i].total;
        out[i].is_return = rows[i].is_return;
    }
    free(rows);
    return status;
}

enum status till_receipt(struct till *till, const char *number, struct document **out,
                         struct error *error)
{
    struct print_job_maker maker = maker_of(till);
    struct receipt_row row;
    enum status status;

    *out = NULL;
    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    if (number[0] == '\0')
        return error_set(error, STATUS_NOT_FOUND, "no receipt without a number");
    status = receipt_find(till->db, number, &row, error);
    if (status != STATUS_OK)
        return status;
    if (row.print_job != 0 &&
        print_job_document(till->db, &maker, row.print_job, out, NULL) == STATUS_OK) {
        if (strcmp(document_number(*out), number) == 0)
            return STATUS_OK;
        document_destroy(*out);
        *out = NULL;
    }
    return from_entry(till, row.entry, "", out, error);
}

enum status till_reprint(struct till *till, const char *number, int64_t *job, struct error *error)
{
    struct document *original, *copy;
    enum status status = till_want_writer(till, error);

    if (status == STATUS_OK)
        status = till_receipt(till, number, &original, error);
    if (status != STATUS_OK)
        return status;
    copy = document_copy_of(original);
    status = queue(till, copy, number, job, error);
    document_destroy(copy);
    document_destroy(original);
    return status;
}
