/* Opening and closing: which file comes when, and what happens when a disk fails.
 *
 *   device.json ─► till.db.lock ─► till.db ─► replica ─► sync.db ─► journal ─► cart, shift
 *
 * The replica comes before the journal because a new epoch is stamped in the location's time, and
 * sync.db because its heads say whether a new epoch is needed.
 */
#include "terminal/till_internal.h"

#include "terminal/base/log.h"
#include "terminal/journal/acked.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_LOCALE "en-GB"
#define LOG            "till"

int64_t till_wall(const struct till *till)
{
    return clock_wall_ms(&till->clock);
}

const char *till_staff_id(const struct till *till)
{
    return till->signed_in ? till->staff.id : "";
}

enum status till_want_writer(struct till *till, struct error *error)
{
    if (till->mode != TILL_WRITER)
        return error_set(error, STATUS_UNSUPPORTED, "this till was opened for looking only");
    return till->journal == NULL ? till_recover(till, error) : STATUS_OK;
}

enum status till_want_replica(const struct till *till, struct error *error)
{
    if (till->catalogue == NULL)
        return error_set(error, STATUS_BUSY, "the first catalogue has not arrived yet");
    if (till->db == NULL)
        return error_set(error, STATUS_IO, "till.db is not open");
    return STATUS_OK;
}

/* ---- sync.db and the journal --------------------------------------------------------------- */

static void open_sync(struct till *till)
{
    struct error error = {0};
    char *path = path_join(till->folder, SYNC_DATABASE);

    if (till->sync_db == NULL && file_exists(path) &&
        db_open(path, DB_READER, &till->sync_db, &error) != STATUS_OK) {
        log_line(LOG_LEVEL_DEBUG, LOG, "%s", error.text);
        till->sync_db = NULL;
    }
    free(path);
}

/* The countersigned heads. A sync.db that can't be read now is looked at again by till_refresh. */
static void read_acked(struct till *till, struct chain_point **acked, size_t *count)
{
    struct error error = {0};

    *acked = NULL;
    *count = 0;
    open_sync(till);
    if (till->sync_db != NULL &&
        acked_list(till->sync_db, &till->identity.device, &till->identity.ledger_key, acked, count,
                   &error) != STATUS_OK)
        log_line(LOG_LEVEL_DEBUG, LOG, "acknowledged heads: %s", error.text);
}

static enum status open_journal(struct till *till, struct error *error)
{
    struct chain_point *acked;
    struct journal_options options = {.identity = &till->identity,
                                      .clock = till->clock,
                                      .entropy = till->entropy,
                                      .zone = till_time_zone(till)};
    enum status status;

    if (till->mode != TILL_WRITER)
        return STATUS_OK;
    read_acked(till, &acked, &options.acked_count);
    options.acked = acked;
    status = journal_open(till->db, &options, &till->journal, error);
    free(acked);
    if (status == STATUS_OK && journal_opened_anew(till->journal))
        log_line(LOG_LEVEL_INFO, LOG, "opened epoch %s", journal_epoch_tag(till->journal));
    return status;
}

/* ---- the replica ---------------------------------------------------------------------------- */

static enum status make_format(struct till *till, struct error *error)
{
    const struct location *location =
        till->catalogue == NULL ? NULL : catalogue_location(till->catalogue);
    const char *locale =
        location == NULL || location->locale[0] == '\0' ? DEFAULT_LOCALE : location->locale;
    struct currency currency;
    struct locale_format *format;
    enum status status = currency_find("GBP", &currency);

    if (location != NULL)
        currency = location->currency;
    if (till->format != NULL && strcmp(locale, till->locale) == 0 &&
        memcmp(&currency, &till->currency, sizeof currency) == 0)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = locale_format_create(locale, &currency, &format, error);
    if (status != STATUS_OK)
        return status;
    locale_format_destroy(till->format);
    till->format = format;
    till->currency = currency;
    copy_text(till->locale, sizeof till->locale, locale);
    return STATUS_OK;
}

static int64_t data_version(struct db *db)
{
    return db == NULL ? 0 : db_data_version(db);
}

/* Without a replica, or without this location in it, the till waits (TILL_NO_REPLICA). */
static enum status open_replica(struct till *till, struct error *error)
{
    struct error local = {0};
    enum status status = replica_open_reader(till->folder, &till->replica, &local);

    if (status == STATUS_OK)
        status = catalogue_open(till->replica, till->identity.location, &till->catalogue, &local);
    if (status != STATUS_OK) {
        replica_close(till->replica);
        till->replica = NULL;
        till->catalogue = NULL;
        /* Damaged, or of an earlier program: the agent mends it or fetches another. */
        if (status != STATUS_NOT_FOUND && status != STATUS_BUSY && status != STATUS_CORRUPT)
            return error_set(error, status, "%s", local.text);
        log_line(status == STATUS_CORRUPT ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, LOG,
                 "no replica yet: %s", local.text);
    } else {
        till->replica_version = data_version(catalogue_db(till->catalogue));
    }
    return make_format(till, error);
}

/* ---- opening -------------------------------------------------------------------------------- */

enum status till_load(struct till *till, struct error *error)
{
    int64_t id = 0, sold = 0;
    bool included = till->catalogue == NULL || catalogue_location(till->catalogue)->tax_included;
    enum status status = cart_store_open_id(till->db, &id, error);

    till_ready_drop(till);
    till_forget_undo(till);
    cart_clear(&till->cart, included);
    if (status == STATUS_OK)
        status = receipt_last_cart(till->db, &sold, error);
    till->sold_cart = status == STATUS_OK && id == sold ? id : 0;
    if (status == STATUS_OK && id != 0 && id != sold) {
        struct cart loaded;

        status = cart_store_load(till->db, id, &loaded, error);
        if (status == STATUS_OK) {
            cart_finish(&till->cart);
            till->cart = loaded;
        } else if (status == STATUS_CORRUPT) {
            /* Its rows stay as they are; an empty cart is there, and the shop goes on selling. */
            log_line(LOG_LEVEL_ERROR, LOG, "the open cart %lld does not read", (long long)id);
            status = STATUS_OK;
        }
    }
    if (status == STATUS_OK)
        status = shift_load(till->db, &till->shift, error);
    return status == STATUS_OK ? till_refigure(till, error) : status;
}

static enum status recover_jobs(struct till *till, struct error *error)
{
    int64_t waiting, failed;
    enum status status;

    if (till->mode != TILL_WRITER)
        return STATUS_OK;
    status = print_job_counts(till->db, &waiting, &failed, error);
    return status == STATUS_OK && waiting > 0 ? print_job_recover(till->db, error) : status;
}

static void take_options(struct till *till, const struct till_options *options)
{
    till->folder = mem_copy_text(options->folder);
    till->program = mem_copy_text(options->program);
    till->masks_path = options->masks_path == NULL ? NULL : mem_copy_text(options->masks_path);
    till->mode = options->mode;
    till->clock = options->clock;
    till->entropy = options->entropy;
    till->fiscal = options->fiscal == NULL ? fiscal_none() : options->fiscal;
    till->lines = mem_alloc(PRICING_LINES * sizeof till->lines[0]);
    till->search = search_open();
    cart_init(&till->cart, true);
}

static enum status open_files(struct till *till, struct error *error)
{
    enum status status = device_read(till->folder, &till->identity, error);

    if (status == STATUS_OK && till->mode == TILL_WRITER)
        status = lock_take(till->folder, TILL_DATABASE, till->program, &till->lock, error);
    if (status == STATUS_OK)
        status = till_open_database(till, error);
    if (status == STATUS_OK)
        status = open_replica(till, error);
    if (status == STATUS_OK)
        status = open_journal(till, error);
    if (status == STATUS_OK)
        status = recover_jobs(till, error);
    if (status == STATUS_OK)
        status = till_load(till, error);
    if (status == STATUS_OK && till->masks_path != NULL)
        status = code_masks_load(till->masks_path, &till->masks, error);
    return status;
}

enum status till_open(const struct till_options *options, struct till **out, struct error *error)
{
    struct till *till = mem_alloc(sizeof *till);
    struct error local;
    enum status status;

    crypto_start();
    take_options(till, options);
    status = open_files(till, error);
    if (status != STATUS_OK) {
        till_close(till);
        *out = NULL;
        return status;
    }
    if (till->mode == TILL_WRITER && till_reserve(till, &local) != STATUS_OK)
        log_line(LOG_LEVEL_WARN, LOG, "%s", local.text);
    *out = till;
    return STATUS_OK;
}

void till_close(struct till *till)
{
    if (till == NULL)
        return;
    for (int i = 0; i < UNDO_MAX; i++)
        cart_finish(&till->undo[i]);
    cart_finish(&till->spare);
    cart_finish(&till->cart);
    free(till->lines);
    till_close_database(till);
    db_close(till->sync_db);
    catalogue_close(till->catalogue);
    replica_close(till->replica);
    search_close(till->search);
    code_masks_destroy(till->masks);
    locale_format_destroy(till->format);
    lock_release(till->lock);
    device_wipe(&till->identity);
    free(till->folder);
    free(till->program);
    free(till->masks_path);
    free(till);
}

enum status till_recover(struct till *till, struct error *error)
{
    struct error local;
    enum status status;

    if (error == NULL)
        error = &local;
    log_line(LOG_LEVEL_ERROR, LOG, "a write failed: reopening and verifying till.db");
    till_close_database(till);
    status = till_open_database(till, error);
    if (status == STATUS_OK)
        status = open_journal(till, error);
    if (status == STATUS_OK)
        status = till_load(till, error);
    /* Nothing is sold on a file that does not open: every call tries again, until it does. */
    if (status != STATUS_OK) {
        log_line(LOG_LEVEL_ERROR, LOG, "till.db does not open again: %s", error->text);
        till_close_database(till);
    }
    return status;
}

enum status till_after(struct till *till, enum status status, struct error *error)
{
    struct error second = {0};

    if (status != STATUS_IO && status != STATUS_CORRUPT)
        return status;
    if (till_recover(till, &second) != STATUS_OK)
        return error_set(error, second.status, "%s", second.text);
    return status;
}

/* ---- between two operations ----------------------------------------------------------------- */

/* A head that the ledger countersigned since, and that this journal does not have: this till's
 * disk was restored or cloned, and the agent has just found out. */
static enum status follow_acked(struct till *till, struct error *error)
{
    struct chain_point *acked;
    size_t count;
    bool foreign = false;
    enum status status = STATUS_OK;

    if (till->mode != TILL_WRITER)
        return STATUS_OK;
    read_acked(till, &acked, &count);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        enum journal_standing standing;

        if (memcmp(&acked[i].epoch, journal_epoch(till->journal), sizeof acked[i].epoch) != 0)
            continue;
        status = journal_compare(till->db, &acked[i], &standing, error);
        foreign = foreign || standing == JOURNAL_BEHIND || standing == JOURNAL_DIFFERS;
    }
    free(acked);
    if (status != STATUS_OK || !foreign)
        return status;
    till_ready_drop(till);
    journal_close(till->journal);
    till->journal = NULL;
    return open_journal(till, error);
}

static enum status refresh_replica(struct till *till, bool *changed, struct error *error)
{
    int64_t version;
    enum status status;

    if (till->catalogue == NULL) {
        status = open_replica(till, error);
        *changed = till->catalogue != NULL;
        /* The empty cart takes the location's sense of prices. */
        if (*changed && cart_standing(&till->cart) == 0)
            till->cart.tax_included = catalogue_location(till->catalogue)->tax_included;
        return status;
    }
    status = catalogue_refresh(till->catalogue, changed, error);
    if (status != STATUS_OK)
        return status;
    version = data_version(catalogue_db(till->catalogue));
    *changed = *changed || version != till->replica_version;
    till->replica_version = version;
    if (*changed && till->cart.count == 0)
        till->cart.tax_included = catalogue_location(till->catalogue)->tax_included;
    return *changed ? make_format(till, error) : STATUS_OK;
}

static void refresh_staff(struct till *till)
{
    struct staff staff;

    if (!till->signed_in)
        return;
    if (people_find(catalogue_db(till->catalogue), till->staff.id, &staff, NULL) == STATUS_OK)
        till->staff = staff;
    else
        till_sign_out(till);
}

enum status till_refresh(struct till *till, bool *changed, struct error *error)
{
    bool rows = false;
    int64_t version;
    enum status status = till->mode == TILL_WRITER ? till_want_writer(till, error) : STATUS_OK;

    if (status == STATUS_OK)
        status = refresh_replica(till, &rows, error);
    if (rows)
        till_ready_drop(till);
    if (status == STATUS_OK && rows && till->catalogue != NULL)
        refresh_staff(till);
    open_sync(till);
    version = data_version(till->sync_db);
    *changed = rows || version != till->sync_version;
    if (status == STATUS_OK && version != till->sync_version)
        status = follow_acked(till, error);
    till->sync_version = version;
    if (status == STATUS_OK && till->mode == TILL_READER)
        status = till_load(till, error);
    else if (status == STATUS_OK && rows)
        status = till_refigure(till, error);
    return status;
}

void till_idle(struct till *till)
{
    struct error error = {0};

    if (till->mode != TILL_WRITER || till_want_writer(till, NULL) != STATUS_OK)
        return;
    if (till->commits >= FOLD_COMMITS &&
        print_job_prune(till->db, PRINTED_JOBS, &error) != STATUS_OK)
        log_line(LOG_LEVEL_WARN, LOG, "%s", error.text);
    till_fold_log(till);
    if (till->disk_low && till_reserve(till, &error) == STATUS_OK)
        log_line(LOG_LEVEL_INFO, LOG, "there is room on the disk again");
}

enum till_phase till_phase(const struct till *till)
{
    return till->catalogue == NULL ? TILL_NO_REPLICA : TILL_READY;
}

const char *till_locale(const struct till *till)
{
    return till->locale;
}

const char *till_language(const struct till *till)
{
    if (till->signed_in && till->staff.language[0] != '\0')
        return till->staff.language;
    return till->catalogue == NULL ? "en" : catalogue_location(till->catalogue)->language;
}

const struct currency *till_currency(const struct till *till)
{
    return &till->currency;
}

const char *till_time_zone(const struct till *till)
{
    return till->catalogue == NULL ? "" : catalogue_location(till->catalogue)->timezone;
}

int64_t till_panel_mm(const struct till *till)
{
    return till->catalogue == NULL ? 0 : catalogue_location(till->catalogue)->panel_mm;
}

const char *till_setting(struct till *till, const char *key, const char *fallback)
{
    if (till->catalogue == NULL || catalogue_setting(till->catalogue, key, fallback, till->setting,
                                                     sizeof till->setting, NULL) != STATUS_OK)
        return fallback;
    return till->setting;
}

struct locale_format *till_format(struct till *till)
{
    return till->format;
}

struct local_time till_now(const struct till *till)
{
    return local_time_at(till_wall(till), till_time_zone(till));
}
