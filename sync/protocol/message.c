/* The small messages: enrolment, device, journal, snapshot, refusals. The change feed, which
 * streams, is in message_changes.c; leases are in message_lease.c.
 */
#include "sync/protocol/message.h"
#include "sync/protocol/message_reader.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>

static void want_head(struct reader *reader, struct head *out)
{
    reader_hex(reader, "epoch", out->epoch.bytes, ID_SIZE);
    reader_int(reader, "seq", 1, &out->seq);
    reader_hex(reader, "hash", out->hash.bytes, HASH_SIZE);
    reader_hex(reader, "countersig", out->countersig.bytes, SIGNATURE_SIZE);
}

static void put_head(json_t *object, const struct head *head)
{
    json_put_hex(object, "epoch", head->epoch.bytes, ID_SIZE);
    json_put_int(object, "seq", head->seq);
    json_put_hex(object, "hash", head->hash.bytes, HASH_SIZE);
    json_put_hex(object, "countersig", head->countersig.bytes, SIGNATURE_SIZE);
}

enum status message_write_enroll_request(const struct enroll_request *request, struct buf *out)
{
    json_t *object = json_object();

    json_put_text(object, "code", request->code);
    json_put_hex(object, "device_key", request->device_key.bytes, PUBLIC_KEY_SIZE);
    return message_finish_write(object, out);
}

enum status message_read_enroll_request(const char *bytes, size_t length,
                                        struct enroll_request *out, struct error *error)
{
    struct reader reader = reader_open(bytes, length, error);

    memset(out, 0, sizeof *out);
    reader_text(&reader, "code", out->code, sizeof out->code);
    reader_hex(&reader, "device_key", out->device_key.bytes, PUBLIC_KEY_SIZE);
    return reader_close(&reader);
}

enum status message_write_enroll_answer(const struct enroll_answer *answer, struct buf *out)
{
    json_t *object = json_object();

    json_put_hex(object, "device", answer->device.bytes, ID_SIZE);
    json_put_text(object, "till", answer->till);
    json_put_text(object, "location", answer->location);
    json_put_hex(object, "incarnation", answer->incarnation.bytes, ID_SIZE);
    json_put_hex(object, "ledger_key", answer->ledger_key.bytes, PUBLIC_KEY_SIZE);
    json_put_int(object, "time_ms", answer->time_ms);
    return message_finish_write(object, out);
}

enum status message_read_enroll_answer(const char *bytes, size_t length, struct enroll_answer *out,
                                       struct error *error)
{
    struct reader reader = reader_open(bytes, length, error);

    memset(out, 0, sizeof *out);
    reader_hex(&reader, "device", out->device.bytes, ID_SIZE);
    reader_text(&reader, "till", out->till, sizeof out->till);
    reader_text(&reader, "location", out->location, sizeof out->location);
    reader_hex(&reader, "incarnation", out->incarnation.bytes, ID_SIZE);
    reader_hex(&reader, "ledger_key", out->ledger_key.bytes, PUBLIC_KEY_SIZE);
    reader_int(&reader, "time_ms", 0, &out->time_ms);
    return reader_close(&reader);
}

enum status message_write_device_answer(const struct device_answer *answer, struct buf *out)
{
    json_t *object = json_object();
    json_t *epochs = json_array();

    json_put_hex(object, "incarnation", answer->incarnation.bytes, ID_SIZE);
    json_put_int(object, "time_ms", answer->time_ms);
    for (int i = 0; i < answer->count; i++) {
        json_t *epoch = json_object();
        put_head(epoch, &answer->heads[i]);
        json_add(epochs, epoch);
    }
    json_put(object, "epochs", epochs);
    if (answer->tells_leases) {
        json_t *leases = json_array();

        for (int i = 0; i < answer->lease_count; i++)
            json_add(leases, lease_answer_to_json(&answer->leases[i]));
        json_put(object, "leases", leases);
    }
    return message_finish_write(object, out);
}

static void read_epochs(struct reader *reader, struct device_answer *out)
{
    json_t *epochs = NULL;

    if (reader->status == STATUS_OK)
        reader->status =
            json_want_array(reader->object, "epochs", MESSAGE_MAX_EPOCHS, &epochs, reader->error);
    if (reader->status != STATUS_OK || json_array_size(epochs) == 0)
        return;
    out->heads = mem_alloc(json_array_size(epochs) * sizeof *out->heads);
    for (size_t i = 0; reader->status == STATUS_OK && i < json_array_size(epochs); i++) {
        struct reader epoch = {json_array_get(epochs, i), STATUS_OK, reader->error};

        want_head(&epoch, &out->heads[out->count++]);
        reader->status = epoch.status;
    }
}

static void read_leases(struct reader *reader, struct device_answer *out)
{
    json_t *leases = NULL;

    out->tells_leases =
        reader->status == STATUS_OK && json_object_get(reader->object, "leases") != NULL;
    if (!out->tells_leases)
        return;
    reader->status =
        json_want_array(reader->object, "leases", MESSAGE_MAX_LEASES, &leases, reader->error);
    if (reader->status != STATUS_OK || json_array_size(leases) == 0)
        return;
    out->leases = mem_alloc(json_array_size(leases) * sizeof *out->leases);
    for (size_t i = 0; reader->status == STATUS_OK && i < json_array_size(leases); i++)
        reader->status = lease_answer_from_json(json_array_get(leases, i),
                                                &out->leases[out->lease_count++], reader->error);
}

enum status message_read_device_answer(const char *bytes, size_t length, struct device_answer *out,
                                       struct error *error)
{
    struct reader reader = reader_open(bytes, length, error);

    memset(out, 0, sizeof *out);
    reader_hex(&reader, "incarnation", out->incarnation.bytes, ID_SIZE);
    reader_int(&reader, "time_ms", 0, &out->time_ms);
    read_epochs(&reader, out);
    read_leases(&reader, out);
    if (reader.status != STATUS_OK)
        message_finish_device_answer(out);
    return reader_close(&reader);
}

void message_finish_device_answer(struct device_answer *answer)
{
    free(answer->heads);
    free(answer->leases);
    answer->heads = NULL;
    answer->leases = NULL;
    answer->count = 0;
    answer->lease_count = 0;
}

enum status message_write_journal_answer(const struct journal_answer *answer, struct buf *out)
{
    json_t *object = json_object();

    put_head(object, &answer->head);
    json_put_int(object, "time_ms", answer->time_ms);
    return message_finish_write(object, out);
}

enum status message_read_journal_answer(const char *bytes, size_t length,
                                        struct journal_answer *out, struct error *error)
{
    struct reader reader = reader_open(bytes, length, error);

    memset(out, 0, sizeof *out);
    want_head(&reader, &out->head);
    reader_int(&reader, "time_ms", 0, &out->time_ms);
    return reader_close(&reader);
}

enum status message_write_snapshot_answer(const struct snapshot_answer *answer, struct buf *out)
{
    json_t *object = json_object();

    json_put_text(object, "id", answer->id);
    json_put_int(object, "size", answer->size);
    json_put_hex(object, "sha256", answer->sha256.bytes, HASH_SIZE);
    json_put_hex(object, "sig", answer->signature.bytes, SIGNATURE_SIZE);
    json_put_int(object, "unpacked_size", answer->unpacked_size);
    json_put_int(object, "time_ms", answer->time_ms);
    return message_finish_write(object, out);
}

enum status message_read_snapshot_answer(const char *bytes, size_t length,
                                         struct snapshot_answer *out, struct error *error)
{
    struct reader reader = reader_open(bytes, length, error);

    memset(out, 0, sizeof *out);
    reader_text(&reader, "id", out->id, sizeof out->id);
    reader_int(&reader, "size", 1, &out->size);
    reader_hex(&reader, "sha256", out->sha256.bytes, HASH_SIZE);
    reader_hex(&reader, "sig", out->signature.bytes, SIGNATURE_SIZE);
    reader_int(&reader, "unpacked_size", 1, &out->unpacked_size);
    if (reader.status == STATUS_OK && !countersign_snapshot_id_valid(out->id))
        reader.status = error_set(error, STATUS_INVALID, "the snapshot's id is malformed");
    if (reader.status == STATUS_OK)
        out->time_ms = json_int_or(reader.object, "time_ms", 0);
    return reader_close(&reader);
}

bool message_version_fits(int64_t theirs)
{
    return theirs >= MESSAGE_VERSION - 1 && theirs <= MESSAGE_VERSION + 1;
}

int64_t message_version_read(const char *header)
{
    int64_t version;

    if (header == NULL)
        return 1;
    return decimal_read(header, 0, &version) == STATUS_OK && version > 0 ? version : 0;
}

static void put_unless_zero(json_t *object, const char *key, int64_t value)
{
    if (value != 0)
        json_put_int(object, key, value);
}

enum status message_write_refusal(const struct refusal *refusal, struct buf *out)
{
    json_t *object = json_object();

    if (refusal->code[0] != '\0')
        json_put_text(object, "error", refusal->code);
    if (refusal->message[0] != '\0')
        json_put_text(object, "message", refusal->message);
    put_unless_zero(object, "expected", refusal->expected);
    put_unless_zero(object, "seq", refusal->seq);
    put_unless_zero(object, "taken", refusal->taken);
    put_unless_zero(object, "retry_ms", refusal->retry_ms);
    json_put_int(object, "time_ms", refusal->time_ms);
    return message_finish_write(object, out);
}

static void copy_cut(const char *text, char *out, size_t size)
{
    size_t length = strlen(text);

    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0U) == 0x80U)
            length--;
    }
    memcpy(out, text, length);
    out[length] = '\0';
}

static int64_t natural(const json_t *object, const char *key)
{
    int64_t value = json_int_or(object, key, 0);

    return value > 0 ? value : 0;
}

enum status message_read_refusal(const char *bytes, size_t length, struct refusal *out)
{
    struct reader reader = reader_open(bytes, length, NULL);

    memset(out, 0, sizeof *out);
    if (reader.status == STATUS_OK) {
        copy_cut(json_text_or(reader.object, "error", ""), out->code, sizeof out->code);
        copy_cut(json_text_or(reader.object, "message", ""), out->message, sizeof out->message);
        out->expected = natural(reader.object, "expected");
        out->seq = natural(reader.object, "seq");
        out->taken = natural(reader.object, "taken");
        out->retry_ms = natural(reader.object, "retry_ms");
        out->time_ms = natural(reader.object, "time_ms");
    }
    return reader_close(&reader);
}
