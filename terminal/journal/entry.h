/* One journal entry: the bytes that are signed, stored and sent as they are.
 *
 *   bytes      {"v":1,"device":hex32,"epoch":hex32,"seq":n,"hlc":n,"utc_offset":min,
 *               "business_date":"2026-11-21","kind":"sale","staff":"S-7","prev":hex64, ...body}
 *   hash       SHA-256 of the bytes
 *   signature  Ed25519 by the epoch's key over the 32 bytes of the hash
 *
 * Compact JSON, integers and strings only, the ten head members first and in this order, at most
 * ENTRY_MAX_BYTES. Nobody ever serialises an entry a second time. `prev` is the hash of the entry
 * before; of seq 1 it is the hash of the parent epoch's last entry, or zeros without a parent.
 *
 * Pure: no database, no clock. Any thread.
 */
#ifndef HOLDFAST_JOURNAL_ENTRY_H
#define HOLDFAST_JOURNAL_ENTRY_H

#include "terminal/base/clock.h"
#include "terminal/base/crypto.h"
#include "terminal/base/json.h"
#include "terminal/base/json_view.h"
#include "terminal/base/status.h"

#include <stddef.h>
#include <stdint.h>

#define ENTRY_VERSION    1
#define ENTRY_MAX_BYTES  ((size_t)256 * 1024)
#define ENTRY_KIND_SIZE  33            /* 1 to 32 of a-z and '_' */
#define ENTRY_STAFF_SIZE 65            /* 0 to 64 bytes */
#define ENTRY_MAX_SEQ    1000000000000 /* seq is from 1 to this */

struct entry_head {
    struct id device;
    struct id epoch;
    int64_t seq;                         /* dense from 1 within the epoch */
    int64_t hlc;                         /* > 0, greater than that of the entry before */
    int utc_offset_min;                  /* -1080 to 1080 */
    char business_date[LOCAL_DATE_SIZE]; /* "2026-11-21" */
    char kind[ENTRY_KIND_SIZE];
    char staff[ENTRY_STAFF_SIZE]; /* "" when no person acted */
    struct hash prev;
};

/* A new object with the ten head members in order, `v` first; the caller adds the body with
 * json_put_... and owns the reference. Aborts when the head breaks its own rules. */
json_t *entry_start(const struct entry_head *head);

/* An entry ready to be stored. `bytes` belongs to the struct. */
struct sealed_entry {
    struct entry_head head;
    char *bytes; /* NUL-terminated for convenience; the NUL is not part of the entry */
    size_t length;
    struct hash hash;
    struct signature signature;
};

/* Serialises, hashes and signs an object made by entry_start. STATUS_RANGE: larger than
 * ENTRY_MAX_BYTES (split it: a long count becomes several entries). STATUS_INVALID: its
 * head was changed to what entry_parse would refuse. A real number, or nesting too deep, aborts.
 * `entry` stays the caller's. On failure *out is empty. */
enum status entry_seal(const json_t *entry, const struct secret_key *epoch_secret,
                       struct sealed_entry *out, struct error *error) MUST_USE;
void sealed_entry_finish(struct sealed_entry *sealed); /* frees the bytes; twice is fine */

/* A parsed entry. */
struct entry {
    struct entry_head head;
    json_t *body; /* the whole object, head members included; owned by the struct */
};

/* Strict: at most ENTRY_MAX_BYTES, json_read's rules, head members first, in order, of the right
 * type and within bounds. STATUS_UNSUPPORTED: `v` is not ENTRY_VERSION. STATUS_RANGE: too large.
 * STATUS_INVALID: the rest. Says nothing of hash, signature or place. On failure *out is empty. */
enum status entry_parse(const char *bytes, size_t length, struct entry *out,
                        struct error *error) MUST_USE;
void entry_finish(struct entry *entry); /* twice is fine */

/* The same for who reads many entries and keeps none: the body is valid until `view` reads the next
 * one. Takes and refuses what entry_parse does. */
struct entry_view {
    struct entry_head head;
    const struct json_item *body; /* the whole object */
};
enum status entry_look(struct json_view *view, const char *bytes, size_t length,
                       struct entry_view *out, struct error *error) MUST_USE;

/* The head alone, of bytes that nobody reads further. Takes and refuses what entry_parse does. */
enum status entry_read_head(const char *bytes, size_t length, struct entry_head *out,
                            struct error *error) MUST_USE;

struct hash entry_hash(const char *bytes, size_t length);
bool entry_signature_valid(const struct hash *hash, const struct signature *signature,
                           const struct public_key *epoch_key);

#endif
