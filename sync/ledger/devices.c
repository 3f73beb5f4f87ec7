/* Reading and marking rows of `device`. */
#include "sync/ledger/devices.h"

#include "terminal/base/json.h"

static void put_device(json_t *list, struct store_session *reader, struct store_query *query)
{
    json_t *one = json_object();
    size_t length;
    const void *id = store_column_blob(reader, query, 0, &length);

    if (length == ID_SIZE)
        json_put_hex(one, "device", id, length);
    json_put_text(one, "till", store_column_text(reader, query, 1));
    json_put_text(one, "location", store_column_text(reader, query, 2));
    json_put_int(one, "enrolled_ms", store_column_int(reader, query, 3));
    json_put_int(one, "revoked_ms", store_column_int(reader, query, 4));
    json_put_int(one, "entries", store_column_int(reader, query, 5));
    json_add(list, one);
}

enum status devices_list(struct store_session *reader, struct buf *out, struct error *error)
{
    json_t *answer = json_object(), *list = json_array();
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(reader,
                    "SELECT device.device, till, location, enrolled_ms, revoked_ms, COALESCE("
                    "  (SELECT sum(seq) FROM epoch WHERE epoch.device = device.device), 0) "
                    "FROM device ORDER BY location, till, enrolled_ms",
                    NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(reader, query, &row, error)) == STATUS_OK &&
           row)
        put_device(list, reader, query);
    json_put(answer, "devices", list);
    if (status == STATUS_OK && json_write(answer, out) != STATUS_OK)
        status = error_set(error, STATUS_RANGE, "the answer is too large");
    json_decref(answer);
    return status;
}

struct marking {
    const struct id *device;
    bool active;
    int64_t changed;
};

static enum status run_mark(void *context, const struct writer_turn *turn, struct error *error)
{
    struct marking *marking = context;
    struct store_value values[] = {store_blob(marking->device->bytes, ID_SIZE),
                                   store_int(marking->active),
                                   store_int(marking->active ? 0 : turn->now_ms)};

    return store_run_counted(turn->session,
                             "UPDATE device SET active = ?2, revoked_ms = ?3 WHERE device = ?1",
                             values, 3, &marking->changed, error);
}

enum status devices_set_active(struct writer *writer, const struct id *device, bool active,
                               struct error *error)
{
    struct marking marking = {.device = device, .active = active};
    struct writer_job job = {.run = run_mark, .context = &marking};
    enum status status = writer_run(writer, &job, error);

    if (status == STATUS_OK && marking.changed == 0)
        return error_set(error, STATUS_NOT_FOUND, "there is no such device");
    return status;
}

struct admitting {
    const struct device_admission *admission;
    enum status refusal;
    const char *why;
};

static enum status run_admit(void *context, const struct writer_turn *turn, struct error *error)
{
    struct admitting *admitting = context;
    const struct device_admission *admission = admitting->admission;
    struct store_value values[] = {store_blob(admission->device.bytes, ID_SIZE),
                                   store_blob(admission->device_key.bytes, PUBLIC_KEY_SIZE),
                                   store_text(admission->till), store_text(admission->location),
                                   store_int(turn->now_ms)};
    int64_t there = 0, same = 0;
    enum status status = store_one_int(turn->session, "SELECT 1 FROM location WHERE location = ?1",
                                       &values[3], 1, 0, &there, error);

    admitting->refusal = there == 0 ? STATUS_NOT_FOUND : STATUS_OK;
    admitting->why = "there is no such location: add it first";
    if (status != STATUS_OK || there == 0)
        return status;
    status = store_run(turn->session,
                       "INSERT INTO device(device, device_key, till, location, enrolled_ms) "
                       "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                       values, 5, error);
    if (status == STATUS_OK)
        status = store_one_int(turn->session,
                               "SELECT 1 FROM device WHERE device = ?1 AND device_key = ?2 AND "
                               "till = ?3 AND location = ?4",
                               values, 4, 0, &same, error);
    admitting->refusal = same == 0 ? STATUS_EXISTS : STATUS_OK;
    admitting->why = "the id or the key is another device's";
    return status;
}

enum status devices_admit(struct writer *writer, const struct device_admission *admission,
                          struct error *error)
{
    struct admitting admitting = {.admission = admission};
    struct writer_job job = {.run = run_admit, .context = &admitting};
    enum status status = writer_run(writer, &job, error);

    if (status == STATUS_OK && admitting.refusal != STATUS_OK)
        return error_set(error, admitting.refusal, "%s", admitting.why);
    return status;
}

enum status devices_standing(struct store_session *reader, const struct id *device,
                             struct error *error)
{
    struct store_value values[] = {store_blob(device->bytes, ID_SIZE)};
    int64_t active = 0;
    enum status status = store_one_int(reader, "SELECT active FROM device WHERE device = ?1",
                                       values, 1, 0, &active, error);

    if (status == STATUS_OK && active == 0)
        return error_set(error, STATUS_CANCELLED, "this device was revoked");
    return status;
}
