/* Authentication. */
#include "sync/ledger/auth.h"

#include "sync/protocol/signature.h"
#include "terminal/base/log.h"

#include <string.h>

static enum status verify(struct exchange *exchange, const struct public_key *key,
                          struct error *error)
{
    const struct ledger_request *request = exchange->request;
    struct signed_request about = {.method = request->method,
                                   .path = request->path,
                                   .query = request->query,
                                   .body_hash = hash_bytes(request->body, request->length)};
    struct signature_params params;
    int64_t now_s = ledger_now_ms(exchange->ledger) / 1000;
    enum status status = signature_verify(&about, request->content_digest, request->signature_input,
                                          request->signature, key, now_s, &params, error);

    if (status != STATUS_OK)
        return status;
    return nonces_use(exchange->ledger->nonces, &params, now_s, error);
}

/* The device's row; STATUS_DENIED when there is none. */
static enum status load_device(struct exchange *exchange, const char *keyid, struct error *error)
{
    struct caller *caller = &exchange->caller;
    struct store_value values[1];
    struct store_query *query;
    bool row = false, sound = false, active = false;
    enum status status;

    if (hex_read(keyid, caller->device.bytes, ID_SIZE) != STATUS_OK)
        return error_set(error, STATUS_DENIED, "this device is not known");
    values[0] = store_blob(caller->device.bytes, ID_SIZE);
    status = store_query(exchange->reader,
                         "SELECT device_key, till, location, active FROM device WHERE device = ?1",
                         values, 1, &query, error);
    if (status == STATUS_OK)
        status = store_next(exchange->reader, query, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return error_set(error, STATUS_DENIED, "this device is not known");
    size_t length;
    const void *key = store_column_blob(exchange->reader, query, 0, &length);
    const char *till = store_column_text(exchange->reader, query, 1);
    const char *location = store_column_text(exchange->reader, query, 2);
    sound = length == PUBLIC_KEY_SIZE && strlen(till) < sizeof caller->till &&
            strlen(location) < sizeof caller->location;
    if (sound) {
        memcpy(caller->device_key.bytes, key, PUBLIC_KEY_SIZE);
        strcpy(caller->till, till);
        strcpy(caller->location, location);
        active = store_column_int(exchange->reader, query, 3) != 0;
    }
    store_done(exchange->reader, query);
    if (!sound)
        return error_set(error, STATUS_CORRUPT, "a device's row is damaged");
    return active ? STATUS_OK : error_set(error, STATUS_CANCELLED, "this device was revoked");
}

enum status auth_device(struct exchange *exchange, struct error *error)
{
    struct signature_params params;
    struct error blocked;
    enum status standing,
        status = signature_read_input(exchange->request->signature_input, &params, error);

    if (status != STATUS_OK)
        return error_set(error, STATUS_DENIED, "the request is not signed as it should be");
    standing = load_device(exchange, params.keyid, &blocked);
    if (standing != STATUS_OK && standing != STATUS_CANCELLED)
        return error_set(error, standing, "%s", blocked.text);
    status = verify(exchange, &exchange->caller.device_key, error);
    if (status == STATUS_INVALID)
        return error_set(error, STATUS_DENIED, "the request is not signed as it should be");
    if (status == STATUS_OK && standing != STATUS_OK)
        return error_set(error, standing, "%s", blocked.text);
    if (status == STATUS_OK)
        watch_heard(exchange->ledger->watch, &exchange->caller.device);
    return status;
}

enum status auth_self(struct exchange *exchange, struct error *error)
{
    struct signature_params params;
    enum status status = signature_read_input(exchange->request->signature_input, &params, error);

    if (status == STATUS_OK)
        status = hex_read(params.keyid, exchange->caller.device_key.bytes, PUBLIC_KEY_SIZE);
    if (status == STATUS_OK)
        status = verify(exchange, &exchange->caller.device_key, error);
    if (status == STATUS_INVALID || status == STATUS_RANGE)
        return error_set(error, STATUS_DENIED, "the request is not signed as it should be");
    return status;
}

static const char *bearer(const struct ledger_request *request)
{
    static const char scheme[] = "Bearer ";

    if (request->authorization == NULL ||
        strncmp(request->authorization, scheme, sizeof scheme - 1) != 0)
        return NULL;
    return request->authorization + sizeof scheme - 1;
}

enum status auth_token(struct exchange *exchange, unsigned scope, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    const char *token = bearer(exchange->request);
    struct error later;
    bool stale;
    enum status status;

    if (token == NULL)
        return error_set(error, STATUS_DENIED, "a token is needed");
    status = tokens_check(ledger->tokens, token, scope, ledger_now_ms(ledger), exchange->token_name,
                          &stale, error);
    /* That the use can't be written down is no reason to refuse it. */
    if (stale &&
        tokens_used(ledger->tokens, ledger->writer, exchange->token_name, &later) != STATUS_OK)
        log_line(LOG_LEVEL_WARN, "auth", "the use of a token is not written: %s", later.text);
    return status;
}

bool auth_token_good(const struct ledger *ledger, const struct ledger_request *request,
                     unsigned scope)
{
    char name[TOKEN_NAME_SIZE];
    const char *token = bearer(request);
    struct error error;
    bool stale;

    return token != NULL && tokens_check(ledger->tokens, token, scope, ledger_now_ms(ledger), name,
                                         &stale, &error) == STATUS_OK;
}
