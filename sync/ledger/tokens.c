/* The table `token`, and its copy in memory that requests are checked against. Whoever changes the
 * table changes the copy after the commit, under the mutex. */
#include "sync/ledger/tokens.h"

#include "sync/ledger/store/meta.h"
#include "terminal/base/json.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_BYTES 32
#define USED_MS     (INT64_C(3600) * 1000) /* how coarse the time of the last use is */

struct token {
    char name[TOKEN_NAME_SIZE];
    struct hash hash;
    unsigned scopes;
    int64_t expires_ms, revoked_ms, used_ms;
};

struct tokens {
    pthread_mutex_t changing; /* one change at a time, around its commit */
    pthread_mutex_t mutex;    /* of what is below; held for moments */
    size_t count;
    struct token all[TOKENS_MAX];
};

static const struct {
    const char *word;
    unsigned scope;
} words[] = {
    {"read", SCOPE_READ},       {"stock", SCOPE_STOCK},   {"reference", SCOPE_REFERENCE},
    {"enroll", SCOPE_ENROLL},   {"orders", SCOPE_ORDERS}, {"exceptions", SCOPE_EXCEPTIONS},
    {"metrics", SCOPE_METRICS}, {"hooks", SCOPE_HOOKS},   {"admin", SCOPE_ADMIN},
};
#define WORD_COUNT (sizeof words / sizeof words[0])

static unsigned scope_of(const char *word, size_t length)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strlen(words[i].word) == length && strncmp(words[i].word, word, length) == 0)
            return words[i].scope;
    }
    return 0;
}

enum status scopes_read(const char *text, unsigned *out, struct error *error)
{
    *out = 0;
    for (text += strspn(text, " ,"); *text != '\0'; text += strspn(text, " ,")) {
        size_t length = strcspn(text, " ,");
        unsigned scope = scope_of(text, length);
        if (scope == 0)
            return error_set(error, STATUS_INVALID,
                             "a scope is one of read stock reference enroll "
                             "orders exceptions metrics hooks admin");
        *out |= scope;
        text += length;
    }
    return *out != 0 ? STATUS_OK : error_set(error, STATUS_INVALID, "a token needs a scope");
}

void scopes_write(unsigned scopes, char out[SCOPES_TEXT_SIZE])
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (scopes & words[i].scope)
            used += (size_t)snprintf(out + used, SCOPES_TEXT_SIZE - used, "%s%s",
                                     used == 0 ? "" : " ", words[i].word);
    }
    INVARIANT(used < SCOPES_TEXT_SIZE);
}

static enum status insert(struct store_session *session, const struct token *token, int64_t now_ms,
                          int64_t *added, struct error *error)
{
    char scopes[SCOPES_TEXT_SIZE];
    struct store_value values[] = {store_text(token->name),
                                   store_blob(token->hash.bytes, HASH_SIZE), store_text(scopes),
                                   store_int(now_ms), store_int(token->expires_ms)};

    scopes_write(token->scopes, scopes);
    values[2] = store_text(scopes);
    return store_run_counted(session,
                             "INSERT INTO token(name, hash, scopes, created_ms, expires_ms) "
                             "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                             values, 5, added, error);
}

static enum status load_one(struct tokens *tokens, struct store_session *session,
                            struct store_query *query, struct error *error)
{
    struct token *token = &tokens->all[tokens->count];
    size_t length;
    const void *hash = store_column_blob(session, query, 1, &length);

    if (tokens->count == TOKENS_MAX || length != HASH_SIZE ||
        strlen(store_column_text(session, query, 0)) >= sizeof token->name ||
        scopes_read(store_column_text(session, query, 2), &token->scopes, error) != STATUS_OK)
        return error_set(error, STATUS_CORRUPT, "the tokens of the database are damaged");
    memcpy(token->hash.bytes, hash, HASH_SIZE);
    strcpy(token->name, store_column_text(session, query, 0));
    token->expires_ms = store_column_int(session, query, 3);
    token->revoked_ms = store_column_int(session, query, 4);
    token->used_ms = store_column_int(session, query, 5);
    tokens->count++;
    return STATUS_OK;
}

static enum status load(struct tokens *tokens, struct store_session *session, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = store_query(
        session, "SELECT name, hash, scopes, expires_ms, revoked_ms, used_ms FROM token", NULL, 0,
        &query, error);

    if (status != STATUS_OK)
        return status;
    while ((status = store_next(session, query, &row, error)) == STATUS_OK && row) {
        status = load_one(tokens, session, query, error);
        if (status != STATUS_OK)
            break;
    }
    store_done(session, query);
    return status;
}

/* The administrator's token as `init` writes it, and as version 1 kept it: moved, so that revoking
 * it is for good. */
static enum status take_over(struct store_session *session, int64_t now_ms, struct error *error)
{
    struct token token = {.name = "admin", .scopes = SCOPE_ADMIN};
    char hex[META_VALUE_SIZE];
    int64_t added;
    enum status status = meta_get(session, "token", hex, error);

    if (status != STATUS_OK || hex[0] == '\0')
        return status;
    if (hex_read(hex, token.hash.bytes, HASH_SIZE) != STATUS_OK)
        return error_set(error, STATUS_CORRUPT, "the administrator's token is damaged");
    status = store_begin(session, error);
    if (status != STATUS_OK)
        return status;
    status = insert(session, &token, now_ms, &added, error);
    if (status == STATUS_OK)
        status = meta_set(session, "token", "", error);
    if (status == STATUS_OK)
        return store_commit(session, error);
    store_rollback(session);
    return status;
}

enum status tokens_open(struct store_session *writing, int64_t now_ms, struct tokens **out,
                        struct error *error)
{
    struct tokens *tokens = mem_alloc(sizeof *tokens);
    enum status status = take_over(writing, now_ms, error);

    (void)pthread_mutex_init(&tokens->changing, NULL);
    (void)pthread_mutex_init(&tokens->mutex, NULL);
    if (status == STATUS_OK)
        status = load(tokens, writing, error);
    if (status != STATUS_OK) {
        tokens_close(tokens);
        return status;
    }
    *out = tokens;
    return STATUS_OK;
}

void tokens_close(struct tokens *tokens)
{
    if (tokens == NULL)
        return;
    (void)pthread_mutex_destroy(&tokens->mutex);
    (void)pthread_mutex_destroy(&tokens->changing);
    free(tokens);
}

static bool live(const struct token *token, int64_t now_ms)
{
    return token->revoked_ms == 0 && (token->expires_ms == 0 || now_ms < token->expires_ms);
}

static struct token *find_name(struct tokens *tokens, const char *name)
{
    for (size_t i = 0; i < tokens->count; i++) {
        if (strcmp(tokens->all[i].name, name) == 0)
            return &tokens->all[i];
    }
    return NULL;
}

static enum status judge(const struct token *token, unsigned wanted, int64_t now_ms,
                         struct error *error)
{
    char words_wanted[SCOPES_TEXT_SIZE];

    if (token->revoked_ms != 0)
        return error_set(error, STATUS_DENIED, "the token was revoked");
    if (!live(token, now_ms))
        return error_set(error, STATUS_DENIED, "the token has expired");
    if ((token->scopes & (wanted | SCOPE_ADMIN)) != 0)
        return STATUS_OK;
    scopes_write(wanted, words_wanted);
    return error_set(error, STATUS_UNSUPPORTED, "the token lacks the scope %s", words_wanted);
}

enum status tokens_check(struct tokens *tokens, const char *token, unsigned wanted, int64_t now_ms,
                         char name[TOKEN_NAME_SIZE], bool *stale, struct error *error)
{
    struct hash hash = hash_bytes(token, strlen(token));
    const struct token *found = NULL;
    enum status status = STATUS_DENIED;

    name[0] = '\0';
    *stale = false;
    (void)pthread_mutex_lock(&tokens->mutex);
    for (size_t i = 0; i < tokens->count; i++) { /* all of them: the time tells nothing */
        if (hash_equal(&tokens->all[i].hash, &hash))
            found = &tokens->all[i];
    }
    if (found != NULL) {
        status = judge(found, wanted, now_ms, error);
        memcpy(name, found->name, sizeof found->name);
        *stale = status == STATUS_OK && now_ms - found->used_ms >= USED_MS;
    } else {
        (void)error_set(error, STATUS_DENIED, "the token is not right");
    }
    (void)pthread_mutex_unlock(&tokens->mutex);
    return status;
}

struct change {
    struct token token;
    int64_t now_ms;
    int64_t changed;
};

static enum status run_used(void *context, const struct writer_turn *turn, struct error *error)
{
    struct change *change = context;
    struct store_value values[] = {store_text(change->token.name), store_int(turn->now_ms)};

    change->now_ms = turn->now_ms;
    return store_run(turn->session, "UPDATE token SET used_ms = ?2 WHERE name = ?1", values, 2,
                     error);
}

enum status tokens_used(struct tokens *tokens, struct writer *writer, const char *name,
                        struct error *error)
{
    struct change change = {0};
    struct writer_job job = {.run = run_used, .context = &change};
    struct token *token;
    enum status status;

    (void)snprintf(change.token.name, sizeof change.token.name, "%s", name);
    status = writer_run(writer, &job, error);
    if (status != STATUS_OK)
        return status;
    (void)pthread_mutex_lock(&tokens->mutex);
    token = find_name(tokens, name);
    if (token != NULL)
        token->used_ms = change.now_ms;
    (void)pthread_mutex_unlock(&tokens->mutex);
    return STATUS_OK;
}

static bool name_valid(const char *name)
{
    size_t length =
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    return length > 0 && length < TOKEN_NAME_SIZE && name[length] == '\0';
}

static enum status run_add(void *context, const struct writer_turn *turn, struct error *error)
{
    struct change *change = context;

    change->now_ms = turn->now_ms;
    return insert(turn->session, &change->token, turn->now_ms, &change->changed, error);
}

/* With `changing` held. */
static enum status add(struct tokens *tokens, struct writer *writer, struct change *change,
                       struct error *error)
{
    struct writer_job job = {.run = run_add, .context = change};
    enum status status;

    if (tokens->count == TOKENS_MAX)
        return error_set(error, STATUS_CONFLICT, "there are %d tokens already", TOKENS_MAX);
    status = writer_run(writer, &job, error);
    if (status == STATUS_OK && change->changed == 0)
        return error_set(error, STATUS_EXISTS, "there is a token %s already", change->token.name);
    if (status != STATUS_OK)
        return status;
    (void)pthread_mutex_lock(&tokens->mutex);
    tokens->all[tokens->count++] = change->token;
    (void)pthread_mutex_unlock(&tokens->mutex);
    return STATUS_OK;
}

enum status tokens_add(struct tokens *tokens, struct writer *writer, const struct entropy *entropy,
                       const char *name, unsigned scopes, int64_t expires_ms,
                       char token[TOKEN_SIZE], struct error *error)
{
    struct change change = {.token = {.scopes = scopes, .expires_ms = expires_ms}};
    uint8_t bytes[TOKEN_BYTES];
    enum status status;

    if (!name_valid(name))
        return error_set(error, STATUS_INVALID,
                         "a token's name is 1 to %d letters, digits, '-', '_' or '.'",
                         TOKEN_NAME_SIZE - 1);
    strcpy(change.token.name, name);
    entropy_fill(entropy, bytes, sizeof bytes);
    hex_write(bytes, sizeof bytes, token);
    secret_wipe(bytes, sizeof bytes);
    change.token.hash = hash_bytes(token, strlen(token));
    (void)pthread_mutex_lock(&tokens->changing);
    status = add(tokens, writer, &change, error);
    (void)pthread_mutex_unlock(&tokens->changing);
    return status;
}

static enum status run_revoke(void *context, const struct writer_turn *turn, struct error *error)
{
    struct change *change = context;
    struct store_value values[] = {store_text(change->token.name), store_int(turn->now_ms)};

    change->now_ms = turn->now_ms;
    return store_run(turn->session,
                     "UPDATE token SET revoked_ms = ?2 WHERE name = ?1 AND revoked_ms = 0", values,
                     2, error);
}

/* Whether another may administer for ever. */
static bool another_admin(const struct tokens *tokens, const struct token *but)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->all[i];
        if (token != but && token->revoked_ms == 0 && token->expires_ms == 0 &&
            (token->scopes & SCOPE_ADMIN) != 0)
            return true;
    }
    return false;
}

/* With `changing` held: the memory changes last, so a token is refused once the answer is given. */
static enum status revoke(struct tokens *tokens, struct writer *writer, const char *name,
                          struct error *error)
{
    struct change change = {0};
    struct writer_job job = {.run = run_revoke, .context = &change};
    struct token *token = find_name(tokens, name);
    enum status status;

    if (token == NULL)
        return error_set(error, STATUS_NOT_FOUND, "there is no such token");
    if (token->revoked_ms != 0)
        return STATUS_OK;
    if ((token->scopes & SCOPE_ADMIN) != 0 && !another_admin(tokens, token))
        return error_set(error, STATUS_CONFLICT,
                         "it is the last token that may administer: add another first");
    strcpy(change.token.name, token->name);
    status = writer_run(writer, &job, error);
    if (status != STATUS_OK)
        return status;
    (void)pthread_mutex_lock(&tokens->mutex);
    token->revoked_ms = change.now_ms;
    (void)pthread_mutex_unlock(&tokens->mutex);
    return STATUS_OK;
}

enum status tokens_revoke(struct tokens *tokens, struct writer *writer, const char *name,
                          struct error *error)
{
    enum status status;

    (void)pthread_mutex_lock(&tokens->changing);
    status = revoke(tokens, writer, name, error);
    (void)pthread_mutex_unlock(&tokens->changing);
    return status;
}

enum status tokens_list(struct store_session *reader, struct buf *out, struct error *error)
{
    static const char *const numbers[] = {"created_ms", "expires_ms", "revoked_ms", "used_ms"};
    json_t *answer = json_object(), *list = json_array();
    struct store_query *query;
    bool row = false;
    enum status status = store_query(reader,
                                     "SELECT name, scopes, created_ms, expires_ms, revoked_ms, "
                                     "used_ms FROM token ORDER BY name",
                                     NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(reader, query, &row, error)) == STATUS_OK &&
           row) {
        json_t *one = json_object();
        json_put_text(one, "name", store_column_text(reader, query, 0));
        json_put_text(one, "scopes", store_column_text(reader, query, 1));
        for (int i = 0; i < 4; i++)
            json_put_int(one, numbers[i], store_column_int(reader, query, 2 + i));
        json_add(list, one);
    }
    json_put(answer, "tokens", list);
    if (status == STATUS_OK && json_write(answer, out) != STATUS_OK)
        status = error_set(error, STATUS_RANGE, "the answer is too large");
    json_decref(answer);
    return status;
}
