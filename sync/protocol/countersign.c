/* The ledger's signatures over heads and snapshots. A head's text is made by terminal/journal, for
 * the till checks it too; a snapshot's is made here. Nothing is kept.
 */
#include "sync/protocol/countersign.h"
#include "terminal/journal/epoch.h"

#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 256

static struct chain_point head_point(const struct head *head)
{
    return (struct chain_point){head->epoch, head->seq, head->hash};
}

void countersign_head(const struct id *device, struct head *head, const struct secret_key *key)
{
    struct chain_point point = head_point(head);

    head->countersig = head_countersign(device, &point, key);
}

bool countersign_head_valid(const struct id *device, const struct head *head,
                            const struct public_key *key)
{
    struct chain_point point = head_point(head);

    return head->seq > 0 && head_countersigned(device, &point, &head->countersig, key);
}

bool countersign_snapshot_id_valid(const char *id)
{
    size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return id[length] == '\0' && length >= 1 && length < SNAPSHOT_ID_SIZE;
}

static size_t snapshot_text(const char *id, const struct hash *sha256, char out[TEXT_SIZE])
{
    char hex[HASH_HEX_SIZE];
    int length;

    hex_write(sha256->bytes, HASH_SIZE, hex);
    length = snprintf(out, TEXT_SIZE, "holdfast snapshot 1\n%s\n%s", id, hex);
    INVARIANT(length > 0 && length < TEXT_SIZE);
    return (size_t)length;
}

struct signature countersign_snapshot(const char *id, const struct hash *sha256,
                                      const struct secret_key *key)
{
    char text[TEXT_SIZE];
    size_t length;

    INVARIANT(countersign_snapshot_id_valid(id));
    length = snapshot_text(id, sha256, text);
    return sign_bytes(text, length, key);
}

bool countersign_snapshot_valid(const char *id, const struct hash *sha256,
                                const struct signature *signature, const struct public_key *key)
{
    char text[TEXT_SIZE];
    size_t length;

    if (!countersign_snapshot_id_valid(id))
        return false;
    length = snapshot_text(id, sha256, text);
    return signature_valid(signature, text, length, key);
}
