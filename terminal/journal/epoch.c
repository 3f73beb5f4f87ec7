/* The first entry of a chain, the key it introduces, and the texts that device and ledger sign.
 */
#include "terminal/journal/epoch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SIGNED_TEXT_SIZE 256

void perpetual_put(json_t *entry, const struct perpetual *totals)
{
    json_t *object = json_object();

    json_put_int(object, "sales_minor", totals->sales_minor);
    json_put_int(object, "returns_minor", totals->returns_minor);
    json_put_int(object, "sales", totals->sales);
    json_put_int(object, "returns", totals->returns);
    json_put(entry, "perpetual", object);
}

enum status perpetual_get(const json_t *entry, struct perpetual *out, struct error *error)
{
    json_t *object = NULL;
    enum status status = json_want_object(entry, "perpetual", &object, error);

    if (status == STATUS_OK)
        status =
            json_want_int(object, "sales_minor", INT64_MIN, INT64_MAX, &out->sales_minor, error);
    if (status == STATUS_OK)
        status = json_want_int(object, "returns_minor", INT64_MIN, INT64_MAX, &out->returns_minor,
                               error);
    if (status == STATUS_OK)
        status = json_want_int(object, "sales", 0, INT64_MAX, &out->sales, error);
    if (status == STATUS_OK)
        status = json_want_int(object, "returns", 0, INT64_MAX, &out->returns, error);
    return status;
}

static json_t *parent_json(const struct chain_point *parent)
{
    json_t *object = json_object();

    json_put_hex(object, "epoch", parent->epoch.bytes, ID_SIZE);
    json_put_int(object, "seq", parent->seq);
    json_put_hex(object, "hash", parent->hash.bytes, HASH_SIZE);
    return object;
}

void epoch_open_put(json_t *entry, const struct epoch_open *open)
{
    json_put_text(entry, "location", open->location);
    json_put_text(entry, "till", open->till);
    json_put_hex(entry, "epoch_key", open->epoch_key.bytes, PUBLIC_KEY_SIZE);
    json_put_hex(entry, "device_sig", open->device_sig.bytes, SIGNATURE_SIZE);
    json_put(entry, "parent", open->has_parent ? parent_json(&open->parent) : json_null());
    json_put_text(entry, "reason", open->reason);
    perpetual_put(entry, &open->perpetual);
}

static enum status get_parent(const json_t *entry, struct epoch_open *out, struct error *error)
{
    json_t *object = NULL;
    enum status status;

    if (json_is_null(json_object_get(entry, "parent")))
        return STATUS_OK;
    status = json_want_object(entry, "parent", &object, error);
    if (status == STATUS_OK)
        status = json_want_hex(object, "epoch", out->parent.epoch.bytes, ID_SIZE, error);
    if (status == STATUS_OK)
        status = json_want_int(object, "seq", 1, ENTRY_MAX_SEQ, &out->parent.seq, error);
    if (status == STATUS_OK)
        status = json_want_hex(object, "hash", out->parent.hash.bytes, HASH_SIZE, error);
    out->has_parent = status == STATUS_OK;
    return status;
}

static enum status get_texts(const json_t *entry, struct epoch_open *out, struct error *error)
{
    const char *location = "", *till = "", *reason = "";
    enum status status = json_want_text(entry, "location", LOCATION_ID_SIZE - 1, &location, error);

    if (status == STATUS_OK)
        status = json_want_text(entry, "till", TILL_NAME_SIZE - 1, &till, error);
    if (status == STATUS_OK)
        status = json_want_text(entry, "reason", ENTRY_KIND_SIZE - 1, &reason, error);
    if (status != STATUS_OK)
        return status;
    if (!location_id_valid(location) || !till_name_valid(till))
        return error_set(error, STATUS_INVALID, "epoch_open: location or till breaks its rules");
    memcpy(out->location, location, strlen(location) + 1);
    memcpy(out->till, till, strlen(till) + 1);
    memcpy(out->reason, reason, strlen(reason) + 1);
    return STATUS_OK;
}

enum status epoch_open_get(const struct entry *entry, struct epoch_open *out, struct error *error)
{
    enum status status;

    memset(out, 0, sizeof *out);
    if (strcmp(entry->head.kind, "epoch_open") != 0 || entry->head.seq != 1)
        return error_set(error, STATUS_INVALID, "not an epoch_open at seq 1");
    status = get_texts(entry->body, out, error);
    if (status == STATUS_OK)
        status =
            json_want_hex(entry->body, "epoch_key", out->epoch_key.bytes, PUBLIC_KEY_SIZE, error);
    if (status == STATUS_OK)
        status =
            json_want_hex(entry->body, "device_sig", out->device_sig.bytes, SIGNATURE_SIZE, error);
    if (status == STATUS_OK)
        status = get_parent(entry->body, out, error);
    if (status == STATUS_OK)
        status = perpetual_get(entry->body, &out->perpetual, error);
    /* out->parent.hash is zeros without a parent, as prev then is. */
    if (status == STATUS_OK && !hash_equal(&entry->head.prev, &out->parent.hash))
        status = error_set(error, STATUS_CONFLICT, "epoch_open: prev is not the parent's hash");
    return status;
}

static size_t key_text(const struct id *device, const struct id *epoch,
                       const struct public_key *epoch_key, char out[SIGNED_TEXT_SIZE])
{
    char device_hex[ID_HEX_SIZE], epoch_hex[ID_HEX_SIZE], key_hex[KEY_HEX_SIZE];
    int length;

    hex_write(device->bytes, ID_SIZE, device_hex);
    hex_write(epoch->bytes, ID_SIZE, epoch_hex);
    hex_write(epoch_key->bytes, PUBLIC_KEY_SIZE, key_hex);
    length = snprintf(out, SIGNED_TEXT_SIZE, "holdfast epoch 1\n%s\n%s\n%s", device_hex, epoch_hex,
                      key_hex);
    INVARIANT(length > 0 && length < SIGNED_TEXT_SIZE);
    return (size_t)length;
}

struct signature epoch_key_sign(const struct id *device, const struct id *epoch,
                                const struct public_key *epoch_key,
                                const struct secret_key *device_secret)
{
    char text[SIGNED_TEXT_SIZE];
    size_t length = key_text(device, epoch, epoch_key, text);

    return sign_bytes(text, length, device_secret);
}

bool epoch_key_vouched(const struct id *device, const struct id *epoch,
                       const struct public_key *epoch_key, const struct signature *device_sig,
                       const struct public_key *device_key)
{
    char text[SIGNED_TEXT_SIZE];
    size_t length = key_text(device, epoch, epoch_key, text);

    return signature_valid(device_sig, text, length, device_key);
}

/* A seed handed to key_pair in the place of randomness. */
static void fill_from_seed(void *context, void *bytes, size_t length)
{
    const struct hash *seed = context;

    INVARIANT(length == HASH_SIZE);
    memcpy(bytes, seed->bytes, length);
}

void epoch_keys(const struct secret_key *device_secret, const struct id *epoch,
                struct public_key *public_key, struct secret_key *secret_key)
{
    static const char purpose[] = "holdfast epoch seed 1";
    struct hash_stream stream;
    struct hash seed;
    struct entropy fixed = {.fill = fill_from_seed, .context = &seed};

    hash_start(&stream);
    hash_update(&stream, purpose, sizeof purpose);
    hash_update(&stream, device_secret->bytes, SECRET_KEY_SIZE);
    hash_update(&stream, epoch->bytes, ID_SIZE);
    seed = hash_end(&stream);
    key_pair(&fixed, public_key, secret_key);
    secret_wipe(&seed, sizeof seed);
    secret_wipe(&stream, sizeof stream);
}

void epoch_tag(const struct id *epoch, char out[EPOCH_TAG_SIZE])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford's base 32 */
    unsigned bits = (unsigned)epoch->bytes[0] << 7 | epoch->bytes[1] >> 1;

    out[0] = digits[bits >> 10 & 31];
    out[1] = digits[bits >> 5 & 31];
    out[2] = digits[bits & 31];
    out[3] = '\0';
}

static size_t head_text(const struct id *device, const struct chain_point *head,
                        char out[SIGNED_TEXT_SIZE])
{
    char device_hex[ID_HEX_SIZE], epoch_hex[ID_HEX_SIZE], hash_hex[HASH_HEX_SIZE];
    int length;

    hex_write(device->bytes, ID_SIZE, device_hex);
    hex_write(head->epoch.bytes, ID_SIZE, epoch_hex);
    hex_write(head->hash.bytes, HASH_SIZE, hash_hex);
    length = snprintf(out, SIGNED_TEXT_SIZE, "holdfast head 1\n%s\n%s\n%" PRId64 "\n%s", device_hex,
                      epoch_hex, head->seq, hash_hex);
    INVARIANT(length > 0 && length < SIGNED_TEXT_SIZE);
    return (size_t)length;
}

struct signature head_countersign(const struct id *device, const struct chain_point *head,
                                  const struct secret_key *ledger_secret)
{
    char text[SIGNED_TEXT_SIZE];
    size_t length = head_text(device, head, text);

    return sign_bytes(text, length, ledger_secret);
}

bool head_countersigned(const struct id *device, const struct chain_point *head,
                        const struct signature *countersig, const struct public_key *ledger_key)
{
    char text[SIGNED_TEXT_SIZE];
    size_t length = head_text(device, head, text);

    return signature_valid(countersig, text, length, ledger_key);
}
