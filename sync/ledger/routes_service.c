/* What keeps the service itself in order: tokens and devices. */
#include "sync/ledger/devices.h"
#include "sync/ledger/revocations.h"
#include "sync/ledger/routes.h"
#include "terminal/journal/device.h"

#include <string.h>

static enum status read_token_body(struct exchange *exchange, json_t *body, const char **name,
                                   unsigned *scopes, int64_t *expires_ms, struct error *error)
{
    const char *words = NULL;
    enum status status = json_want_text(body, "name", TOKEN_NAME_SIZE - 1, name, error);

    *expires_ms = json_int_or(body, "expires_ms", 0);
    if (status == STATUS_OK)
        status = json_want_text(body, "scopes", SCOPES_TEXT_SIZE - 1, &words, error);
    if (status == STATUS_OK)
        status = scopes_read(words, scopes, error);
    if (status == STATUS_OK && *expires_ms != 0 && *expires_ms <= ledger_now_ms(exchange->ledger))
        status = error_set(error, STATUS_INVALID, "the token would have expired already");
    return status;
}

/* The only time that a token is shown. */
static enum status answer_token(struct exchange *exchange, const char *name, const char *token,
                                struct error *error)
{
    json_t *answer = json_object();
    enum status status;

    json_put_text(answer, "name", name);
    json_put_text(answer, "token", token);
    status = respond_json(exchange, 200, answer, error);
    json_decref(answer);
    return status;
}

static enum status route_token_add(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    char token[TOKEN_SIZE];
    const char *name = NULL;
    unsigned scopes = 0;
    int64_t expires_ms = 0;
    json_t *body;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = read_token_body(exchange, body, &name, &scopes, &expires_ms, error);
    if (status == STATUS_OK)
        status = tokens_add(ledger->tokens, ledger->writer, &ledger->entropy, name, scopes,
                            expires_ms, token, error);
    if (status == STATUS_OK) {
        status = answer_token(exchange, name, token, error);
        secret_wipe(token, sizeof token);
    }
    json_decref(body);
    return status;
}

static enum status route_token_list(struct exchange *exchange, struct error *error)
{
    exchange->response->status = 200;
    return tokens_list(exchange->reader, &exchange->response->body, error);
}

static enum status answer_done(struct exchange *exchange, struct error *error)
{
    json_t *answer = json_object();
    enum status status = respond_json(exchange, 200, answer, error);

    json_decref(answer);
    return status;
}

static enum status route_token_revoke(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    const char *name = NULL;
    json_t *body;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = json_want_text(body, "name", TOKEN_NAME_SIZE - 1, &name, error);
    if (status == STATUS_OK)
        status = tokens_revoke(ledger->tokens, ledger->writer, name, error);
    json_decref(body);
    if (status == STATUS_OK)
        revocations_changed(ledger->store, ledger->writer);
    return status == STATUS_OK ? answer_done(exchange, error) : status;
}

static enum status route_device_list(struct exchange *exchange, struct error *error)
{
    exchange->response->status = 200;
    return devices_list(exchange->reader, &exchange->response->body, error);
}

static enum status set_device(struct exchange *exchange, bool active, struct error *error)
{
    struct id device;
    json_t *body;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = json_want_hex(body, "device", device.bytes, ID_SIZE, error);
    if (status == STATUS_OK)
        status = devices_set_active(exchange->ledger->writer, &device, active, error);
    json_decref(body);
    if (status == STATUS_OK)
        revocations_changed(exchange->ledger->store, exchange->ledger->writer);
    return status == STATUS_OK ? answer_done(exchange, error) : status;
}

static enum status route_device_revoke(struct exchange *exchange, struct error *error)
{
    return set_device(exchange, false, error);
}

static enum status route_device_reinstate(struct exchange *exchange, struct error *error)
{
    return set_device(exchange, true, error);
}

static enum status read_admission(const json_t *body, struct public_key *ledger_key,
                                  struct device_admission *out, struct error *error)
{
    enum status status = json_want_hex(body, "device", out->device.bytes, ID_SIZE, error);

    if (status == STATUS_OK)
        status = json_want_hex(body, "device_key", out->device_key.bytes, PUBLIC_KEY_SIZE, error);
    if (status == STATUS_OK)
        status = json_want_hex(body, "ledger_key", ledger_key->bytes, PUBLIC_KEY_SIZE, error);
    if (status == STATUS_OK)
        status = json_want_text(body, "till", TILL_NAME_SIZE - 1, &out->till, error);
    if (status == STATUS_OK)
        status = json_want_text(body, "location", LOCATION_ID_SIZE - 1, &out->location, error);
    if (status == STATUS_OK && !(till_name_valid(out->till) && location_id_valid(out->location)))
        return error_set(error, STATUS_INVALID, "till or location: not as they are named");
    return status;
}

static enum status route_device_admit(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    struct device_admission admission = {0};
    struct public_key ledger_key;
    json_t *body;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = read_admission(body, &ledger_key, &admission, error);
    if (status == STATUS_OK && !secret_equal(ledger_key.bytes, ledger->key.bytes, PUBLIC_KEY_SIZE))
        status = error_set(error, STATUS_CONFLICT, "the till was enrolled at another ledger");
    if (status == STATUS_OK)
        status = devices_admit(ledger->writer, &admission, error);
    json_decref(body);
    return status == STATUS_OK ? answer_done(exchange, error) : status;
}

const struct route service_routes[] = {
    {"GET", "/v1/admin/tokens", false, ACCESS_TOKEN, SCOPE_ADMIN, 0, route_token_list},
    {"POST", "/v1/admin/tokens", false, ACCESS_TOKEN, SCOPE_ADMIN, SMALL_BODY, route_token_add},
    {"POST", "/v1/admin/tokens/revoke", false, ACCESS_TOKEN, SCOPE_ADMIN, SMALL_BODY,
     route_token_revoke},
    {"GET", "/v1/admin/devices", false, ACCESS_TOKEN, SCOPE_ENROLL, 0, route_device_list},
    {"POST", "/v1/admin/devices/revoke", false, ACCESS_TOKEN, SCOPE_ENROLL, SMALL_BODY,
     route_device_revoke},
    {"POST", "/v1/admin/devices/reinstate", false, ACCESS_TOKEN, SCOPE_ENROLL, SMALL_BODY,
     route_device_reinstate},
    {"POST", "/v1/admin/devices/admit", false, ACCESS_TOKEN, SCOPE_ENROLL, SMALL_BODY,
     route_device_admit},
    {0}};
