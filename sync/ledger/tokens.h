/* Tokens of people and other systems: what each may ask, until when, and whether it still may.
 *
 * A token is 32 random bytes in hex, shown once when it is made; only its SHA-256 is kept (a token
 * has the entropy that a password lacks, so no slow hash). All of them are in memory, too: a
 * request costs no query, and the hashes are compared in constant time, every one of them.
 *
 *   token(name, hash, scopes, created_ms, expires_ms, revoked_ms, used_ms)
 *
 * A name is used once, for ever: a revoked token stays listed. The first administrator's token
 * (holdfast-ledger init) has the name "admin"; it is rotated by adding another with the scope admin
 * and revoking it. used_ms is coarse: a token's use is written once an hour at most.
 *
 * Thread-safe.
 */
#ifndef HOLDFAST_LEDGER_TOKENS_H
#define HOLDFAST_LEDGER_TOKENS_H

#include "sync/ledger/writer.h"
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"

#include <stdint.h>

#define TOKEN_SIZE      65 /* the text of one */
#define TOKEN_NAME_SIZE 33
#define TOKENS_MAX      1000

/* What a token may do, as bits. SCOPE_ADMIN may do all. */
enum {
    SCOPE_READ = 1 << 0,       /* totals, reports */
    SCOPE_STOCK = 1 << 1,      /* stock and availability */
    SCOPE_REFERENCE = 1 << 2,  /* reference rows, imports, opening stock */
    SCOPE_ENROLL = 1 << 3,     /* enrolment codes, devices */
    SCOPE_ORDERS = 1 << 4,     /* orders of channels */
    SCOPE_EXCEPTIONS = 1 << 5, /* looking at exceptions and settling them */
    SCOPE_METRICS = 1 << 6,    /* GET /metrics */
    SCOPE_HOOKS = 1 << 7,      /* taking deliveries of webhooks */
    SCOPE_ADMIN = 1 << 8       /* all of it, and tokens and webhooks */
};

/* Words separated by spaces or commas. STATUS_INVALID for an unknown word, and for none. */
enum status scopes_read(const char *text, unsigned *out, struct error *error) MUST_USE;
#define SCOPES_TEXT_SIZE 96
void scopes_write(unsigned scopes, char out[SCOPES_TEXT_SIZE]); /* separated by spaces */

struct tokens;

/* Reads all tokens; takes over the one that an earlier version kept in ledger_meta. */
enum status tokens_open(struct store_session *writing, int64_t now_ms, struct tokens **out,
                        struct error *error) MUST_USE;
void tokens_close(struct tokens *tokens); /* NULL is fine */

/* Who shows this token may do one of `wanted`: his name. STATUS_DENIED: no such token, expired or
 * revoked (the text says which of a token that is otherwise right). STATUS_UNSUPPORTED: the token
 * is good, but not for this. *stale: its use is to be written with tokens_used. */
enum status tokens_check(struct tokens *tokens, const char *token, unsigned wanted, int64_t now_ms,
                         char name[TOKEN_NAME_SIZE], bool *stale, struct error *error) MUST_USE;
enum status tokens_used(struct tokens *tokens, struct writer *writer, const char *name,
                        struct error *error) MUST_USE;

/* Makes one; `expires_ms` 0: never. The name is letters, digits, '-', '_' and '.'. STATUS_EXISTS:
 * the name is taken; STATUS_INVALID: its form is wrong; STATUS_CONFLICT: TOKENS_MAX. */
enum status tokens_add(struct tokens *tokens, struct writer *writer, const struct entropy *entropy,
                       const char *name, unsigned scopes, int64_t expires_ms,
                       char token[TOKEN_SIZE], struct error *error) MUST_USE;

/* From now on it is refused. Revoking again is fine. STATUS_NOT_FOUND; STATUS_CONFLICT for the last
 * token that may administer and does not expire: nobody could make another. */
enum status tokens_revoke(struct tokens *tokens, struct writer *writer, const char *name,
                          struct error *error) MUST_USE;

/* {"tokens":[{"name","scopes","created_ms","expires_ms","revoked_ms","used_ms"}]} by name. */
enum status tokens_list(struct store_session *reader, struct buf *out,
                        struct error *error) MUST_USE;

#endif
