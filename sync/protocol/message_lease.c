#include "sync/protocol/message_lease.h"
#include "sync/protocol/message_reader.h"

#include <string.h>

/* So that no other hash of two ids is ever a lease's. */
#define LEASE_DOMAIN "holdfast lease 1"

/* What a lease is of, in a request and in an answer. */
static void read_what(struct reader *reader, char kind[LEASE_KIND_SIZE],
                      char subject[LEASE_SUBJECT_SIZE], char currency[LEASE_CURRENCY_SIZE])
{
    const char *text = "";
    bool value;

    reader_text(reader, "kind", kind, LEASE_KIND_SIZE);
    reader_text(reader, "subject", subject, LEASE_SUBJECT_SIZE);
    if (reader->status == STATUS_OK)
        reader->status = json_want_text(reader->object, "currency", LEASE_CURRENCY_SIZE - 1, &text,
                                        reader->error);
    if (reader->status != STATUS_OK)
        return;
    memcpy(currency, text, strlen(text) + 1);
    value = strcmp(kind, LEASE_KIND_VALUE) == 0;
    if (!value && strcmp(kind, LEASE_KIND_STOCK) != 0)
        reader->status = error_set(reader->error, STATUS_INVALID, "no lease is of kind %s", kind);
    else if (value != (strlen(currency) == 3))
        reader->status =
            error_set(reader->error, STATUS_INVALID, "%s lease in currency \"%s\"", kind, currency);
}

static void put_what(json_t *object, const char *kind, const char *subject, int64_t amount,
                     const char *currency)
{
    json_put_text(object, "kind", kind);
    json_put_text(object, "subject", subject);
    json_put_int(object, "amount", amount);
    json_put_text(object, "currency", currency);
}

enum status message_write_lease_request(const struct lease_request *request, struct buf *out)
{
    json_t *object = json_object();

    json_put_hex(object, "request", request->request.bytes, ID_SIZE);
    put_what(object, request->kind, request->subject, request->amount, request->currency);
    if (request->least > 1)
        json_put_int(object, "least", request->least);
    return message_finish_write(object, out);
}

enum status message_read_lease_request(const char *bytes, size_t length, struct lease_request *out,
                                       struct error *error)
{
    struct reader reader = reader_open(bytes, length, error);

    memset(out, 0, sizeof *out);
    reader_hex(&reader, "request", out->request.bytes, ID_SIZE);
    read_what(&reader, out->kind, out->subject, out->currency);
    reader_int(&reader, "amount", 1, &out->amount);
    out->least = 1;
    if (reader.status == STATUS_OK && json_object_get(reader.object, "least") != NULL)
        reader_int(&reader, "least", 1, &out->least);
    if (reader.status == STATUS_OK && out->least > out->amount)
        reader.status = error_set(error, STATUS_INVALID, "more at least than at most");
    return reader_close(&reader);
}

struct id lease_id_of(const struct id *device, const struct id *request)
{
    struct hash_stream stream;
    struct hash hash;
    struct id id;

    hash_start(&stream);
    hash_update(&stream, LEASE_DOMAIN, sizeof LEASE_DOMAIN);
    hash_update(&stream, device->bytes, ID_SIZE);
    hash_update(&stream, request->bytes, ID_SIZE);
    hash = hash_end(&stream);
    memcpy(id.bytes, hash.bytes, ID_SIZE);
    return id;
}

json_t *lease_answer_to_json(const struct lease_answer *answer)
{
    json_t *object = json_object();

    json_put_hex(object, "lease", answer->lease.bytes, ID_SIZE);
    json_put_hex(object, "request", answer->request.bytes, ID_SIZE);
    put_what(object, answer->kind, answer->subject, answer->amount, answer->currency);
    json_put_int(object, "left", answer->left);
    return object;
}

static void read_answer(struct reader *reader, struct lease_answer *out)
{
    memset(out, 0, sizeof *out);
    reader_hex(reader, "lease", out->lease.bytes, ID_SIZE);
    reader_hex(reader, "request", out->request.bytes, ID_SIZE);
    read_what(reader, out->kind, out->subject, out->currency);
    reader_int(reader, "amount", 1, &out->amount);
    reader_int(reader, "left", 0, &out->left);
    if (reader->status == STATUS_OK && out->left > out->amount)
        reader->status =
            error_set(reader->error, STATUS_INVALID, "more is left of a lease than was granted");
    if (reader->status == STATUS_OK)
        out->time_ms = json_int_or(reader->object, "time_ms", 0);
}

enum status lease_answer_from_json(json_t *object, struct lease_answer *out, struct error *error)
{
    struct reader reader = {object, STATUS_OK, error};

    if (!json_is_object(object))
        return error_set(error, STATUS_INVALID, "a lease is not an object");
    read_answer(&reader, out);
    return reader.status;
}

enum status message_write_lease_answer(const struct lease_answer *answer, struct buf *out)
{
    json_t *object = lease_answer_to_json(answer);

    json_put_int(object, "time_ms", answer->time_ms);
    return message_finish_write(object, out);
}

enum status message_read_lease_answer(const char *bytes, size_t length, struct lease_answer *out,
                                      struct error *error)
{
    struct reader reader = reader_open(bytes, length, error);

    read_answer(&reader, out);
    return reader_close(&reader);
}
