/* Which epoch is the current one, is its head what it says, and when must a new one be opened?
 *
 * A till that was restored from a backup, or cloned, must not go on with a chain that the ledger
 * knows more of: two different entries would bear one (epoch, seq). So it opens a new epoch that
 * names where it left the old one. Only the current epoch is compared with what was acknowledged:
 * an older one that ended in such a way stays behind for ever, and that is no news.
 */
#include "terminal/journal/journal_open.h"

#include "terminal/base/log.h"

#include <stdlib.h>
#include <string.h>

/* Whether the recorded hash is what the epoch's key signed and `chain` remembers: what the next
 * entry will be linked to. The bytes may have rotted on the disk since: then the ledger gets the
 * recorded hash in their place, verify names the entry, and the chain goes on. */
static bool head_sound(const struct epoch_row *epoch, const struct chain_row *chain,
                       const struct entry_row *row)
{
    return row->sizes_right && hash_equal(&row->stored.hash, &chain->hash) &&
           entry_signature_valid(&row->stored.hash, &row->stored.signature, &epoch->epoch_key);
}

static bool bytes_whole(const struct entry_row *row)
{
    struct hash computed = entry_hash(row->stored.bytes, row->stored.length);

    return hash_equal(&computed, &row->stored.hash);
}

/* The row of the head, and that nothing lies behind it. */
static enum status check_head(struct db *db, const struct epoch_row *epoch,
                              const struct chain_row *chain, struct error *error)
{
    struct entry_row row;
    bool found = false, sound, whole;
    int64_t last = 0;
    enum status status = rows_last_seq(db, epoch->number, &last, error);

    if (status != STATUS_OK)
        return status;
    if (last != chain->seq)
        return error_set(error, STATUS_CORRUPT, "journal: the head is %lld, the last entry %lld",
                         (long long)chain->seq, (long long)last);
    status = rows_entry(db, epoch->number, chain->seq, &row, &found, error);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return error_set(error, STATUS_CORRUPT, "journal: the last entry is missing");
    sound = head_sound(epoch, chain, &row);
    whole = bytes_whole(&row);
    rows_entry_done(&row);
    if (!sound)
        return error_set(error, STATUS_CORRUPT, "journal: entry %lld is not what was signed",
                         (long long)chain->seq);
    if (!whole)
        log_line(LOG_LEVEL_ERROR, "journal",
                 "entry %lld is damaged on this disk; going on after it", (long long)chain->seq);
    return STATUS_OK;
}

/* The totals of `chain` are those of the entry that it says they are from. An entry that is
 * damaged, or whose row is gone from the disk, can't speak against them. */
static enum status check_totals(struct db *db, int64_t number, const struct chain_row *chain,
                                struct error *error)
{
    struct entry_row row;
    struct entry entry;
    struct perpetual totals;
    bool found = false;
    enum status status;

    if (chain->totals_seq < 1 || chain->totals_seq > chain->seq)
        return error_set(error, STATUS_CORRUPT, "journal: perpetual totals of no entry");
    status = rows_entry(db, number, chain->totals_seq, &row, &found, error);
    if (status != STATUS_OK)
        return status;
    if (!found) {
        log_line(LOG_LEVEL_ERROR, "journal", "entry %lld is gone from this disk; going on",
                 (long long)chain->totals_seq);
        return STATUS_OK;
    }
    if (!bytes_whole(&row)) {
        rows_entry_done(&row);
        return STATUS_OK;
    }
    status = entry_parse(row.stored.bytes, row.stored.length, &entry, error);
    rows_entry_done(&row);
    if (status == STATUS_OK)
        status = perpetual_get(entry.body, &totals, error);
    if (status == STATUS_OK && memcmp(&totals, &chain->totals, sizeof totals) != 0)
        status = STATUS_CORRUPT;
    entry_finish(&entry);
    if (status != STATUS_OK)
        return error_set(error, STATUS_CORRUPT, "journal: perpetual totals differ from entry %lld",
                         (long long)chain->totals_seq);
    return STATUS_OK;
}

static enum status load_epoch(struct db *db, const struct journal_options *options,
                              const struct epoch_row *epoch, struct chain_row *chain,
                              struct error *error)
{
    struct public_key key;
    struct secret_key secret;
    bool found = false;
    enum status status = rows_chain(db, epoch->number, chain, &found, error);

    if (status != STATUS_OK)
        return status;
    if (!found || chain->seq < 1)
        return error_set(error, STATUS_CORRUPT, "journal: an epoch without a head");
    epoch_keys(&options->identity->device_secret, &epoch->epoch, &key, &secret);
    secret_wipe(&secret, sizeof secret);
    if (memcmp(key.bytes, epoch->epoch_key.bytes, PUBLIC_KEY_SIZE) != 0)
        return error_set(error, STATUS_CORRUPT, "journal: the epoch's key is not this device's");
    status = check_head(db, epoch, chain, error);
    if (status == STATUS_OK)
        status = check_totals(db, epoch->number, chain, error);
    return status;
}

static enum status highest_hlc(struct db *db, int64_t *out, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db, "SELECT max(hlc) FROM chain", &statement, error);

    return status == STATUS_OK ? db_one_int(statement, 0, out, error) : status;
}

/* What a new epoch goes on from. */
struct origin {
    const struct epoch_row *known; /* every epoch of till.db, for tags and number */
    size_t known_count;
    const struct chain_point *parent; /* or NULL */
    struct perpetual totals;
};

static bool tag_taken(const struct journal_options *options, const struct origin *origin,
                      const char *tag)
{
    char other[EPOCH_TAG_SIZE];

    for (size_t i = 0; i < origin->known_count; i++) {
        epoch_tag(&origin->known[i].epoch, other);
        if (strcmp(tag, other) == 0)
            return true;
    }
    for (size_t i = 0; i < options->acked_count; i++) {
        epoch_tag(&options->acked[i].epoch, other);
        if (strcmp(tag, other) == 0)
            return true;
    }
    return false;
}

/* A random id whose tag no known epoch has: receipt numbers stay unique. */
static struct id new_epoch_id(const struct journal_options *options, const struct origin *origin)
{
    struct id id;
    char tag[EPOCH_TAG_SIZE];

    do {
        id = id_random(&options->entropy);
        epoch_tag(&id, tag);
    } while (tag_taken(options, origin, tag));
    return id;
}

static json_t *epoch_entry(const struct journal_options *options, const struct origin *origin,
                           const struct epoch_row *row, int64_t last_hlc)
{
    const struct device_identity *identity = options->identity;
    int64_t wall_ms = clock_wall_ms(&options->clock);
    struct local_time now = local_time_at(wall_ms, options->zone);
    struct entry_head head = {.device = identity->device,
                              .epoch = row->epoch,
                              .seq = 1,
                              .hlc = hlc_next(last_hlc, wall_ms),
                              .utc_offset_min = now.utc_offset_min,
                              .kind = "epoch_open"};
    struct epoch_open open = {.epoch_key = row->epoch_key,
                              .device_sig = row->device_sig,
                              .has_parent = origin->parent != NULL,
                              .perpetual = origin->totals};
    const char *reason = origin->parent == NULL ? EPOCH_REASON_ENROLLED : EPOCH_REASON_RESTORED;
    json_t *entry;

    local_date(&now, head.business_date);
    if (origin->parent != NULL) {
        head.prev = origin->parent->hash;
        open.parent = *origin->parent;
    }
    memcpy(open.location, identity->location, sizeof open.location);
    memcpy(open.till, identity->till, sizeof open.till);
    memcpy(open.reason, reason, strlen(reason) + 1);
    entry = entry_start(&head);
    epoch_open_put(entry, &open);
    return entry;
}

static enum status store_epoch(struct db *db, const struct epoch_row *row,
                               const struct sealed_entry *sealed, const struct chain_row *chain,
                               struct error *error)
{
    enum status status = db_begin(db, error);

    if (status != STATUS_OK)
        return status;
    status = rows_put_epoch(db, row, error);
    if (status == STATUS_OK)
        status = rows_put_entry(db, row->number, sealed, error);
    if (status == STATUS_OK)
        status = rows_put_chain(db, row->number, chain, error);
    if (status == STATUS_OK)
        return db_commit(db, error);
    db_rollback(db);
    return status;
}

static enum status open_epoch(struct db *db, const struct journal_options *options,
                              const struct origin *origin, struct journal_opened *out,
                              struct chain_row *chain, struct error *error)
{
    const struct device_identity *identity = options->identity;
    struct epoch_row row = {.number = 1, .device = identity->device};
    struct secret_key secret;
    struct sealed_entry sealed;
    int64_t last_hlc = 0;
    json_t *entry;
    enum status status = highest_hlc(db, &last_hlc, error);

    if (status != STATUS_OK)
        return status;
    if (origin->known_count > 0)
        row.number = origin->known[origin->known_count - 1].number + 1;
    row.epoch = new_epoch_id(options, origin);
    epoch_keys(&identity->device_secret, &row.epoch, &row.epoch_key, &secret);
    row.device_sig =
        epoch_key_sign(&row.device, &row.epoch, &row.epoch_key, &identity->device_secret);
    entry = epoch_entry(options, origin, &row, last_hlc);
    status = entry_seal(entry, &secret, &sealed, error);
    json_decref(entry);
    secret_wipe(&secret, sizeof secret);
    if (status != STATUS_OK)
        return status;
    *chain = (struct chain_row){.seq = 1,
                                .hash = sealed.hash,
                                .hlc = sealed.head.hlc,
                                .totals = origin->totals,
                                .totals_seq = 1};
    status = store_epoch(db, &row, &sealed, chain, error);
    sealed_entry_finish(&sealed);
    *out = (struct journal_opened){.number = row.number, .epoch = row.epoch, .anew = true};
    return status;
}

/* Does the ledger know more of this epoch, or something else? */
static enum status must_leave(struct db *db, const struct journal_options *options,
                              const struct id *epoch, bool *out, struct error *error)
{
    *out = false;
    for (size_t i = 0; i < options->acked_count; i++) {
        enum journal_standing standing = JOURNAL_HOLDS;
        enum status status;
        if (memcmp(options->acked[i].epoch.bytes, epoch->bytes, ID_SIZE) != 0)
            continue;
        status = journal_compare(db, &options->acked[i], &standing, error);
        if (status != STATUS_OK)
            return status;
        if (standing == JOURNAL_BEHIND || standing == JOURNAL_DIFFERS)
            *out = true;
    }
    return STATUS_OK;
}

static const struct epoch_row *last_of_device(const struct epoch_row *rows, size_t count,
                                              const struct id *device)
{
    for (size_t i = count; i > 0; i--) {
        if (memcmp(rows[i - 1].device.bytes, device->bytes, ID_SIZE) == 0)
            return &rows[i - 1];
    }
    return NULL;
}

static enum status find_epoch(struct db *db, const struct journal_options *options,
                              const struct epoch_row *rows, size_t count,
                              struct journal_opened *out, struct chain_row *chain,
                              struct error *error)
{
    struct origin origin = {.known = rows, .known_count = count};
    const struct epoch_row *last = last_of_device(rows, count, &options->identity->device);
    struct chain_point parent;
    bool leave = false;
    enum status status;

    if (last == NULL) {
        if (options->acked_count > 0)
            origin.parent = &options->acked[options->acked_count - 1];
        return open_epoch(db, options, &origin, out, chain, error);
    }
    status = load_epoch(db, options, last, chain, error);
    if (status == STATUS_OK)
        status = must_leave(db, options, &last->epoch, &leave, error);
    if (status != STATUS_OK)
        return status;
    *out = (struct journal_opened){.number = last->number, .epoch = last->epoch};
    if (!leave)
        return STATUS_OK;
    log_line(LOG_LEVEL_WARN, "journal",
             "this till was restored or cloned: the ledger knows another head; new epoch");
    parent = (struct chain_point){.epoch = last->epoch, .seq = chain->seq, .hash = chain->hash};
    origin.parent = &parent;
    origin.totals = chain->totals;
    return open_epoch(db, options, &origin, out, chain, error);
}

enum status journal_find_epoch(struct db *db, const struct journal_options *options,
                               struct journal_opened *out, struct chain_row *chain,
                               struct error *error)
{
    struct epoch_row *rows = NULL;
    size_t count = 0;
    enum status status = rows_epochs(db, &rows, &count, error);

    if (status == STATUS_OK)
        status = find_epoch(db, options, rows, count, out, chain, error);
    free(rows);
    return status;
}
