/* What the ledger signs, and the texts that it signs.
 *
 *   head      "holdfast head 1\n<device>\n<epoch>\n<seq>\n<hash>"
 *   snapshot  "holdfast snapshot 1\n<id>\n<sha256>"
 *
 * Ids and hashes in lower-case hex, seq in plain decimal, no LF at the end.
 *
 * A countersigned head proves to the till that the ledger knew its journal up to that entry, and to
 * the ledger's operator that nothing before it can be rewritten by the till: neither can alone.
 * The first line keeps one kind of signature from being taken for another.
 */
#ifndef HOLDFAST_PROTOCOL_COUNTERSIGN_H
#define HOLDFAST_PROTOCOL_COUNTERSIGN_H

#include "terminal/base/crypto.h"

#include <stdbool.h>
#include <stdint.h>

/* The last entry of an epoch that the ledger holds durably, with all before it. */
struct head {
    struct id epoch;
    int64_t seq;
    struct hash hash;            /* of the entry seq */
    struct signature countersig; /* by the ledger's key over the text above */
};

/* Fills head->countersig from the other fields. */
void countersign_head(const struct id *device, struct head *head, const struct secret_key *key);
bool countersign_head_valid(const struct id *device, const struct head *head,
                            const struct public_key *key);

#define SNAPSHOT_ID_SIZE 65

/* `id`: 1 to 64 characters of [A-Za-z0-9._-] (INVARIANT when signing; false when checking). */
struct signature countersign_snapshot(const char *id, const struct hash *sha256,
                                      const struct secret_key *key);
bool countersign_snapshot_valid(const char *id, const struct hash *sha256,
                                const struct signature *signature, const struct public_key *key);
bool countersign_snapshot_id_valid(const char *id);

#endif
