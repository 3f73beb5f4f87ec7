/* Entries as bytes. One reader of the head serves parsing and sealing alike: what is sealed here
 * can be parsed everywhere.
 */
#include "terminal/journal/entry.h"

#include "terminal/base/buf.h"

#include <stdlib.h>
#include <string.h>

#define UTC_OFFSET_LIMIT 1080

static const char *const head_keys[] = {
    "v", "device", "epoch", "seq", "hlc", "utc_offset", "business_date", "kind", "staff", "prev",
};
#define HEAD_KEYS (sizeof head_keys / sizeof head_keys[0])

static bool kind_valid(const char *kind)
{
    size_t length = strspn(kind, "abcdefghijklmnopqrstuvwxyz_");

    return length > 0 && length < ENTRY_KIND_SIZE && kind[length] == '\0';
}

static bool date_valid(const char *date)
{
    int month, day;

    if (strlen(date) != LOCAL_DATE_SIZE - 1)
        return false;
    for (int i = 0; i < LOCAL_DATE_SIZE - 1; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? date[i] != '-' : date[i] < '0' || date[i] > '9')
            return false;
    }
    month = (date[5] - '0') * 10 + (date[6] - '0');
    day = (date[8] - '0') * 10 + (date[9] - '0');
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static bool head_valid(const struct entry_head *head)
{
    return head->seq >= 1 && head->seq <= ENTRY_MAX_SEQ && head->hlc > 0 &&
           head->utc_offset_min >= -UTC_OFFSET_LIMIT && head->utc_offset_min <= UTC_OFFSET_LIMIT &&
           date_valid(head->business_date) && kind_valid(head->kind) &&
           strnlen(head->staff, ENTRY_STAFF_SIZE) < ENTRY_STAFF_SIZE;
}

json_t *entry_start(const struct entry_head *head)
{
    json_t *entry = json_object();

    INVARIANT(head_valid(head));
    json_put_int(entry, "v", ENTRY_VERSION);
    json_put_hex(entry, "device", head->device.bytes, ID_SIZE);
    json_put_hex(entry, "epoch", head->epoch.bytes, ID_SIZE);
    json_put_int(entry, "seq", head->seq);
    json_put_int(entry, "hlc", head->hlc);
    json_put_int(entry, "utc_offset", head->utc_offset_min);
    json_put_text(entry, "business_date", head->business_date);
    json_put_text(entry, "kind", head->kind);
    json_put_text(entry, "staff", head->staff);
    json_put_hex(entry, "prev", head->prev.bytes, HASH_SIZE);
    return entry;
}

/* The head members first and in order: one form of an entry, not many. */
static enum status check_order(const struct json_item *object, struct error *error)
{
    const struct json_item *at = json_view_first(object);

    for (size_t i = 0; i < HEAD_KEYS; i++) {
        if (at == NULL || strcmp(at->key, head_keys[i]) != 0)
            return error_set(error, STATUS_INVALID, "entry: \"%s\" is not in its place",
                             head_keys[i]);
        at = json_view_next(object, at);
    }
    return STATUS_OK;
}

static enum status check_version(const struct json_item *object, struct error *error)
{
    int64_t version = 0;
    enum status status = json_view_want_int(object, "v", 1, INT64_MAX, &version, error);

    if (status == STATUS_OK && version != ENTRY_VERSION)
        return error_set(error, STATUS_UNSUPPORTED, "entry: a version this program does not know");
    return status;
}

static enum status head_numbers(const struct json_item *object, struct entry_head *out,
                                struct error *error)
{
    int64_t offset = 0;
    enum status status = json_view_want_int(object, "seq", 1, ENTRY_MAX_SEQ, &out->seq, error);

    if (status == STATUS_OK)
        status = json_view_want_int(object, "hlc", 1, INT64_MAX, &out->hlc, error);
    if (status == STATUS_OK)
        status = json_view_want_int(object, "utc_offset", -UTC_OFFSET_LIMIT, UTC_OFFSET_LIMIT,
                                    &offset, error);
    out->utc_offset_min = (int)offset;
    return status;
}

static enum status head_texts(const struct json_item *object, struct entry_head *out,
                              struct error *error)
{
    const char *date = "", *kind = "", *staff = "";
    enum status status =
        json_view_want_text(object, "business_date", LOCAL_DATE_SIZE - 1, &date, error);

    if (status == STATUS_OK)
        status = json_view_want_text(object, "kind", ENTRY_KIND_SIZE - 1, &kind, error);
    if (status == STATUS_OK)
        status = json_view_want_text(object, "staff", ENTRY_STAFF_SIZE - 1, &staff, error);
    if (status != STATUS_OK)
        return status;
    if (!date_valid(date))
        return error_set(error, STATUS_INVALID, "entry: business_date is no date");
    if (!kind_valid(kind))
        return error_set(error, STATUS_INVALID, "entry: kind is no word");
    memcpy(out->business_date, date, strlen(date) + 1);
    memcpy(out->kind, kind, strlen(kind) + 1);
    memcpy(out->staff, staff, strlen(staff) + 1);
    return STATUS_OK;
}

static enum status head_read(const struct json_item *object, struct entry_head *out,
                             struct error *error)
{
    enum status status;

    if (!json_view_is(object, JSON_ITEM_OBJECT))
        return error_set(error, STATUS_INVALID, "entry: not an object");
    status = check_version(object, error);
    if (status == STATUS_OK)
        status = check_order(object, error);
    if (status == STATUS_OK)
        status = json_view_want_hex(object, "device", out->device.bytes, ID_SIZE, error);
    if (status == STATUS_OK)
        status = json_view_want_hex(object, "epoch", out->epoch.bytes, ID_SIZE, error);
    if (status == STATUS_OK)
        status = json_view_want_hex(object, "prev", out->prev.bytes, HASH_SIZE, error);
    if (status == STATUS_OK)
        status = head_numbers(object, out, error);
    if (status == STATUS_OK)
        status = head_texts(object, out, error);
    return status;
}

static enum status head_of_tree(const json_t *entry, struct entry_head *out, struct error *error)
{
    struct json_view *view = json_view_new();
    enum status status = head_read(json_view_of(view, entry, 1), out, error);

    json_view_free(view);
    return status;
}

enum status entry_seal(const json_t *entry, const struct secret_key *epoch_secret,
                       struct sealed_entry *out, struct error *error)
{
    struct buf bytes;
    enum status status;

    memset(out, 0, sizeof *out);
    status = head_of_tree(entry, &out->head, error);
    if (status != STATUS_OK)
        return status;
    buf_init(&bytes, ENTRY_MAX_BYTES);
    status = json_write(entry, &bytes);
    if (status != STATUS_OK) {
        buf_finish(&bytes);
        return error_set(error, status, "entry: larger than %zu bytes", ENTRY_MAX_BYTES);
    }
    out->bytes = bytes.data; /* the buffer's memory becomes the entry's */
    out->length = bytes.used;
    out->hash = entry_hash(out->bytes, out->length);
    out->signature = sign_bytes(out->hash.bytes, HASH_SIZE, epoch_secret);
    return STATUS_OK;
}

void sealed_entry_finish(struct sealed_entry *sealed)
{
    free(sealed->bytes);
    sealed->bytes = NULL;
    sealed->length = 0;
}

static enum status check_length(size_t length, struct error *error)
{
    return length <= ENTRY_MAX_BYTES
               ? STATUS_OK
               : error_set(error, STATUS_RANGE, "entry: larger than %zu bytes", ENTRY_MAX_BYTES);
}

enum status entry_parse(const char *bytes, size_t length, struct entry *out, struct error *error)
{
    enum status status = check_length(length, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = json_read(bytes, length, &out->body, error);
    if (status != STATUS_OK)
        return status;
    status = head_of_tree(out->body, &out->head, error);
    if (status != STATUS_OK)
        entry_finish(out);
    return status;
}

enum status entry_look(struct json_view *view, const char *bytes, size_t length,
                       struct entry_view *out, struct error *error)
{
    enum status status = check_length(length, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = json_view_read(view, bytes, length, &out->body, error);
    return status == STATUS_OK ? head_read(out->body, &out->head, error) : status;
}

enum status entry_read_head(const char *bytes, size_t length, struct entry_head *out,
                            struct error *error)
{
    struct json_view *view = json_view_new();
    struct entry_view entry;
    enum status status = entry_look(view, bytes, length, &entry, error);

    json_view_free(view);
    *out = entry.head;
    return status;
}

void entry_finish(struct entry *entry)
{
    json_decref(entry->body);
    entry->body = NULL;
}

struct hash entry_hash(const char *bytes, size_t length)
{
    return hash_bytes(bytes, length);
}

bool entry_signature_valid(const struct hash *hash, const struct signature *signature,
                           const struct public_key *epoch_key)
{
    return signature_valid(signature, hash->bytes, HASH_SIZE, epoch_key);
}
