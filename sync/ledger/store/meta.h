/* The table `ledger_meta`: few texts by key. */
#ifndef HOLDFAST_LEDGER_META_H
#define HOLDFAST_LEDGER_META_H

#include "sync/ledger/store/store.h"

#define META_VALUE_SIZE 160

/* "" when the key is not there. */
enum status meta_get(struct store_session *session, const char *key, char out[META_VALUE_SIZE],
                     struct error *error) MUST_USE;
/* In the caller's transaction, or one of its own. */
enum status meta_set(struct store_session *session, const char *key, const char *value,
                     struct error *error) MUST_USE;
/* STATUS_CORRUPT when it is not there or not `length` bytes of hex. */
enum status meta_get_hex(struct store_session *session, const char *key, void *out, size_t length,
                         struct error *error) MUST_USE;

#endif
