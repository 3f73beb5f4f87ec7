/* Codes and devices. */
#include "sync/ledger/enroll.h"

#include "terminal/journal/device.h"

#include <stdio.h>
#include <string.h>

/* Crockford's base 32: no letter that is taken for another. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct new_code {
    const char *location;
    const char *till;
    struct hash hash;
    int64_t expires_ms;
    bool no_location;
};

static enum status add_code(void *context, const struct writer_turn *turn, struct error *error)
{
    struct new_code *code = context;
    struct store_value where[] = {store_text(code->location)};
    int64_t found = 0;
    enum status status = store_one_int(turn->session, "SELECT 1 FROM location WHERE location = ?1",
                                       where, 1, 0, &found, error);

    code->no_location = found == 0;
    if (status != STATUS_OK || code->no_location)
        return status;
    code->expires_ms = turn->now_ms + ENROLL_LIFETIME_MS;
    struct store_value values[] = {store_blob(code->hash.bytes, HASH_SIZE), store_text(code->till),
                                   store_text(code->location), store_int(code->expires_ms)};
    return store_run(turn->session,
                     "INSERT INTO enroll_code(code_hash, till, location, expires_ms) "
                     "VALUES(?1, ?2, ?3, ?4)",
                     values, 4, error);
}

enum status enroll_new_code(struct writer *writer, const struct entropy *entropy,
                            const char *location, const char *till, char code[ENROLL_CODE_SIZE],
                            int64_t *expires_ms, struct error *error)
{
    struct new_code fresh = {.location = location, .till = till};
    struct writer_job job = {.run = add_code, .context = &fresh};
    uint8_t random[16];
    size_t used = 0;
    enum status status;

    if (!till_name_valid(till) || !location_id_valid(location))
        return error_set(error, STATUS_INVALID,
                         "a till's name has letters, digits, '-' and '_', a location's '.' too");
    entropy_fill(entropy, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        if (i > 0 && i % 4 == 0)
            code[used++] = '-';
        code[used++] = alphabet[random[i] % 32];
    }
    code[used] = '\0';
    fresh.hash = hash_bytes(code, used);
    status = writer_run(writer, &job, error);
    if (status == STATUS_OK && fresh.no_location)
        return error_set(error, STATUS_NOT_FOUND, "there is no location %s", location);
    *expires_ms = fresh.expires_ms;
    return status;
}

struct enrolment {
    const struct enroll_request *request;
    struct id fresh; /* the id that a new device gets */
    struct enroll_answer answer;
    const char *refusal; /* NULL: enrolled */
};

/* The device that the code has made, when its key is the same. */
static enum status known_device(const struct writer_turn *turn, struct enrolment *enrolment,
                                struct error *error)
{
    struct store_value values[] = {
        store_blob(enrolment->answer.device.bytes, ID_SIZE),
        store_blob(enrolment->request->device_key.bytes, PUBLIC_KEY_SIZE)};
    int64_t same = 0;
    enum status status =
        store_one_int(turn->session, "SELECT 1 FROM device WHERE device = ?1 AND device_key = ?2",
                      values, 2, 0, &same, error);

    if (status == STATUS_OK && same == 0)
        enrolment->refusal = "the code has been used";
    return status;
}

static enum status add_device(const struct writer_turn *turn, struct enrolment *enrolment,
                              const struct hash *code, struct error *error)
{
    struct store_value values[] = {
        store_blob(enrolment->fresh.bytes, ID_SIZE),
        store_blob(enrolment->request->device_key.bytes, PUBLIC_KEY_SIZE),
        store_text(enrolment->answer.till), store_text(enrolment->answer.location),
        store_int(turn->now_ms)};
    struct store_value used[] = {store_blob(code->bytes, HASH_SIZE),
                                 store_blob(enrolment->fresh.bytes, ID_SIZE)};
    int64_t added = 0;
    enum status status =
        store_run_counted(turn->session,
                          "INSERT INTO device(device, device_key, till, location, enrolled_ms) "
                          "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                          values, 5, &added, error);

    if (status == STATUS_OK && added == 0) {
        enrolment->refusal = "the key is a device's already";
        return STATUS_OK;
    }
    enrolment->answer.device = enrolment->fresh;
    if (status == STATUS_OK)
        status = store_run(turn->session, "UPDATE enroll_code SET device = ?2 WHERE code_hash = ?1",
                           used, 2, error);
    return status;
}

static enum status run_enrolment(void *context, const struct writer_turn *turn, struct error *error)
{
    struct enrolment *enrolment = context;
    struct hash hash = hash_bytes(enrolment->request->code, strlen(enrolment->request->code));
    struct store_value values[] = {store_blob(hash.bytes, HASH_SIZE)};
    struct store_query *query;
    size_t length = 0;
    int64_t expires_ms = 0;
    bool row = false;
    enum status status = store_query(
        turn->session,
        "SELECT till, location, expires_ms, device FROM enroll_code WHERE code_hash = ?1", values,
        1, &query, error);

    enrolment->refusal = NULL;
    if (status == STATUS_OK)
        status = store_next(turn->session, query, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row) {
        enrolment->refusal = "the code is not right";
        return STATUS_OK;
    }
    (void)snprintf(enrolment->answer.till, sizeof enrolment->answer.till, "%s",
                   store_column_text(turn->session, query, 0));
    (void)snprintf(enrolment->answer.location, sizeof enrolment->answer.location, "%s",
                   store_column_text(turn->session, query, 1));
    expires_ms = store_column_int(turn->session, query, 2);
    const void *device = store_column_blob(turn->session, query, 3, &length);
    if (length == ID_SIZE)
        memcpy(enrolment->answer.device.bytes, device, ID_SIZE);
    store_done(turn->session, query);
    if (length == ID_SIZE)
        return known_device(turn, enrolment, error);
    if (turn->now_ms >= expires_ms) {
        enrolment->refusal = "the code has expired";
        return STATUS_OK;
    }
    return add_device(turn, enrolment, &hash, error);
}

enum status enroll_device(struct writer *writer, const struct entropy *entropy,
                          const struct enroll_request *request, struct enroll_answer *out,
                          struct error *error)
{
    struct enrolment enrolment = {.request = request, .fresh = id_random(entropy)};
    struct writer_job job = {.run = run_enrolment, .context = &enrolment};
    enum status status = writer_run(writer, &job, error);

    if (status == STATUS_OK && enrolment.refusal != NULL)
        return error_set(error, STATUS_DENIED, "%s", enrolment.refusal);
    *out = enrolment.answer;
    return status;
}
