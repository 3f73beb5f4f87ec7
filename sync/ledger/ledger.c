/* Putting the parts together, and the life of a database: init, open, close. */
#include "sync/ledger/ledger.h"

#include "sync/ledger/projection.h"
#include "sync/ledger/revocations.h"
#include "sync/ledger/store/incarnation.h"
#include "sync/ledger/store/meta.h"
#include "sync/ledger/store/readers.h"
#include "terminal/base/file.h"
#include "terminal/base/log.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_BYTES 32

int64_t ledger_now_ms(const struct ledger *ledger)
{
    return clock_wall_ms(&ledger->clock);
}

static enum status set_hex(struct store_session *session, const char *key, const void *bytes,
                           size_t length, struct error *error)
{
    char hex[META_VALUE_SIZE];

    INVARIANT(2 * length < sizeof hex);
    hex_write(bytes, length, hex);
    return meta_set(session, key, hex, error);
}

static enum status write_identity(struct store_session *session, const struct entropy *entropy,
                                  const struct hash *token_hash, struct error *error)
{
    struct public_key key;
    struct secret_key secret;
    struct id incarnation = id_random(entropy);
    enum status status = store_begin(session, error);

    if (status != STATUS_OK)
        return status;
    key_pair(entropy, &key, &secret);
    status = set_hex(session, "incarnation", incarnation.bytes, ID_SIZE, error);
    if (status == STATUS_OK)
        status = set_hex(session, "key", key.bytes, PUBLIC_KEY_SIZE, error);
    if (status == STATUS_OK)
        status = set_hex(session, "secret", secret.bytes, SECRET_KEY_SIZE, error);
    if (status == STATUS_OK)
        status = set_hex(session, "token", token_hash->bytes, HASH_SIZE, error);
    secret_wipe(&secret, sizeof secret);
    if (status == STATUS_OK)
        return store_commit(session, error);
    store_rollback(session);
    return status;
}

enum status ledger_init(const struct ledger_options *options, const char *token_path,
                        struct error *error)
{
    uint8_t bytes[TOKEN_BYTES];
    char token[2 * TOKEN_BYTES + 2];
    struct store *store;
    struct store_session *session = NULL;
    struct hash hash;
    enum status status;

    if (file_exists(token_path))
        return error_set(error, STATUS_EXISTS, "%s is there already", token_path);
    status = store_open(options->location, true, &store, error);
    if (status != STATUS_OK)
        return status;
    entropy_fill(&options->entropy, bytes, sizeof bytes);
    hex_write(bytes, sizeof bytes, token);
    hash = hash_bytes(token, strlen(token));
    status = store_session_open(store, STORE_WRITER, &session, error);
    if (status == STATUS_OK)
        status = write_identity(session, &options->entropy, &hash, error);
    strcat(token, "\n");
    if (status == STATUS_OK)
        status = file_write_durable(token_path, token, strlen(token), 0600, error);
    secret_wipe(token, sizeof token);
    secret_wipe(bytes, sizeof bytes);
    store_session_close(session);
    store_close(store);
    return status;
}

/* Orderly: so that the next start takes this database for what it is, and knows what was asked. */
static enum status stop_identity(struct ledger *ledger, struct error *error)
{
    enum status status = nonces_keep(ledger->nonces, ledger->writing, error);

    if (status == STATUS_OK)
        status = incarnation_stop(ledger->store, ledger->writing, &ledger->entropy, error);
    return status;
}

/* Before anybody is let in. */
static enum status revoke_again(struct ledger *ledger, bool restored, struct error *error)
{
    int64_t again = 0;
    enum status status =
        revocations_return(ledger->store, ledger->writing, ledger_now_ms(ledger), &again, error);

    if (status == STATUS_OK && (restored || again > 0))
        log_line(LOG_LEVEL_WARN, "ledger",
                 "the database was put back%s; %lld that had been revoked since are revoked again: "
                 "see token list and device list",
                 restored ? " and takes a new incarnation" : "", (long long)again);
    return status == STATUS_OK ? revocations_keep(ledger->store, ledger->writing, error) : status;
}

static enum status load_identity(struct ledger *ledger, struct error *error)
{
    struct store_session *session = ledger->writing;
    enum status status = meta_get_hex(session, "key", ledger->key.bytes, PUBLIC_KEY_SIZE, error);
    bool changed = false;

    if (status == STATUS_OK)
        status = meta_get_hex(session, "secret", ledger->secret.bytes, SECRET_KEY_SIZE, error);
    if (status == STATUS_OK)
        status = incarnation_start(ledger->store, session, &ledger->entropy, &ledger->incarnation,
                                   &changed, error);
    if (status == STATUS_OK)
        status = revoke_again(ledger, changed, error);
    if (status == STATUS_OK)
        status = tokens_open(session, ledger_now_ms(ledger), &ledger->tokens, error);
    if (status == STATUS_OK)
        status =
            nonces_open(session, ledger_now_ms(ledger) / 1000, changed, &ledger->nonces, error);
    return status;
}

static enum status start_parts(struct ledger *ledger, bool inline_work, struct error *error)
{
    struct snapshot_options options = {.store = ledger->store,
                                       .clock = ledger->clock,
                                       .entropy = ledger->entropy,
                                       .incarnation = ledger->incarnation,
                                       .secret = ledger->secret,
                                       .inline_work = inline_work};
    enum status status = feed_open(ledger->writing, NULL, NULL, &ledger->feed, error);

    if (status != STATUS_OK)
        return status;
    options.feed = ledger->feed;
    ledger->readers = readers_new(ledger->store);
    ledger->rows = rows_new();
    ledger->writer = writer_new(ledger->writing, ledger->feed, &ledger->clock);
    status = projection_refold(ledger->writer, error);
    if (status == STATUS_OK)
        status = watch_open(ledger->store, ledger->writing, ledger->writer, &ledger->clock,
                            &ledger->entropy, !inline_work, &ledger->watch, error);
    if (status == STATUS_OK)
        status = snapshots_open(&options, &ledger->snapshots, error);
    secret_wipe(&options.secret, sizeof options.secret);
    if (status == STATUS_OK)
        ledger->verifier = verifier_start(ledger->readers, ledger->writer, !inline_work);
    return status;
}

enum status ledger_open(const struct ledger_options *options, struct ledger **out,
                        struct error *error)
{
    struct ledger *ledger = mem_alloc(sizeof *ledger);
    enum status status = store_open(options->location, false, &ledger->store, error);

    ledger->clock = options->clock;
    ledger->entropy = options->entropy;
    ledger->limits = options->limited ? limits_new() : NULL;
    ledger->metrics = metrics_new();
    ledger->requests = request_log_new();
    if (status == STATUS_OK)
        status = store_session_open(ledger->store, STORE_WRITER, &ledger->writing, error);
    if (status == STATUS_OK)
        status = load_identity(ledger, error);
    if (status == STATUS_OK)
        status = start_parts(ledger, options->inline_work, error);
    if (status != STATUS_OK) {
        ledger_close(ledger);
        return status;
    }
    *out = ledger;
    return STATUS_OK;
}

void ledger_close(struct ledger *ledger)
{
    struct error error;

    if (ledger == NULL)
        return;
    watch_close(ledger->watch);
    verifier_stop(ledger->verifier);
    snapshots_close(ledger->snapshots);
    if (ledger->verifier != NULL && stop_identity(ledger, &error) != STATUS_OK)
        log_line(LOG_LEVEL_ERROR, "ledger", "%s", error.text);
    writer_free(ledger->writer);
    readers_free(ledger->readers);
    feed_close(ledger->feed);
    nonces_close(ledger->nonces);
    tokens_close(ledger->tokens);
    limits_free(ledger->limits);
    metrics_free(ledger->metrics);
    request_log_free(ledger->requests);
    store_session_close(ledger->writing);
    rows_free(ledger->rows);
    store_close(ledger->store);
    secret_wipe(&ledger->secret, sizeof ledger->secret);
    free(ledger);
}

bool ledger_work(struct ledger *ledger)
{
    return verifier_work(ledger->verifier) || snapshots_work(ledger->snapshots) ||
           watch_work(ledger->watch);
}

enum status ledger_reader(struct ledger *ledger, struct store_session **out, struct error *error)
{
    return readers_take(ledger->readers, out, error);
}

void ledger_reader_back(struct ledger *ledger, struct store_session *session)
{
    if (session != NULL)
        readers_give(ledger->readers, session);
}
