/* Texts by key. */
#include "sync/ledger/store/meta.h"

#include "terminal/base/crypto.h"

#include <stdio.h>
#include <string.h>

enum status meta_get(struct store_session *session, const char *key, char out[META_VALUE_SIZE],
                     struct error *error)
{
    struct store_value values[] = {store_text(key)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session, "SELECT value FROM ledger_meta WHERE key = ?1",
                                     values, 1, &query, error);

    out[0] = '\0';
    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    (void)snprintf(out, META_VALUE_SIZE, "%s", store_column_text(session, query, 0));
    store_done(session, query);
    return STATUS_OK;
}

enum status meta_set(struct store_session *session, const char *key, const char *value,
                     struct error *error)
{
    struct store_value values[] = {store_text(key), store_text(value)};

    INVARIANT(strlen(value) < META_VALUE_SIZE);
    return store_run(session,
                     "INSERT INTO ledger_meta(key, value) VALUES(?1, ?2) "
                     "ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                     values, 2, error);
}

enum status meta_get_hex(struct store_session *session, const char *key, void *out, size_t length,
                         struct error *error)
{
    char value[META_VALUE_SIZE];
    enum status status = meta_get(session, key, value, error);

    if (status == STATUS_OK && hex_read(value, out, length) != STATUS_OK)
        status = error_set(error, STATUS_CORRUPT, "the database lacks its %s", key);
    return status;
}
