/* An epoch: one chain of entries with its own id and key. Its first entry is `epoch_open`.
 *
 *   "location":"S01","till":"T01","epoch_key":hex64,"device_sig":hex128,
 *   "parent":{"epoch":hex32,"seq":n,"hash":hex64} or null,"reason":"enrolled"|"restored",
 *   "perpetual":{"sales_minor":n,"returns_minor":n,"sales":n,"returns":n}
 *
 * device_sig is the device's signature over "holdfast epoch 1\n<device>\n<epoch>\n<epoch_key>"
 * (hex, no newline at the end): the ledger knows the device's key and so learns the epoch's.
 *
 * The ledger in turn signs the head it acknowledges: "holdfast head 1\n<device>\n<epoch>\n<seq>\n
 * <hash>" (no newline at the end), so that neither side can rewrite history alone.
 *
 * Pure; any thread.
 */
#ifndef HOLDFAST_JOURNAL_EPOCH_H
#define HOLDFAST_JOURNAL_EPOCH_H

#include "terminal/base/crypto.h"
#include "terminal/base/json.h"
#include "terminal/base/status.h"
#include "terminal/journal/device.h"
#include "terminal/journal/entry.h"

#include <stdbool.h>
#include <stdint.h>

/* A place in a chain. */
struct chain_point {
    struct id epoch;
    int64_t seq;
    struct hash hash;
};

/* Totals that never go back. Money in minor units of the shop's currency; `returns_minor` is
 * counted positive. */
struct perpetual {
    int64_t sales_minor;
    int64_t returns_minor;
    int64_t sales;
    int64_t returns;
};

void perpetual_put(json_t *entry, const struct perpetual *totals); /* sets entry["perpetual"] */
enum status perpetual_get(const json_t *entry, struct perpetual *out, struct error *error) MUST_USE;

#define EPOCH_REASON_ENROLLED "enrolled"
#define EPOCH_REASON_RESTORED "restored"

struct epoch_open {
    char location[LOCATION_ID_SIZE];
    char till[TILL_NAME_SIZE];
    struct public_key epoch_key;
    struct signature device_sig;
    bool has_parent;
    struct chain_point parent; /* zeros without one */
    char reason[ENTRY_KIND_SIZE];
    struct perpetual perpetual;
};

/* Adds the body to an object made by entry_start with kind "epoch_open". */
void epoch_open_put(json_t *entry, const struct epoch_open *open);

/* Reads and checks an epoch_open as such. STATUS_INVALID: kind, seq 1 or a member is wrong.
 * STATUS_CONFLICT: all that is right, but prev is not the parent's hash (without a parent: zeros).
 * Says nothing of device_sig. */
enum status epoch_open_get(const struct entry *entry, struct epoch_open *out,
                           struct error *error) MUST_USE;

/* The device's word that this key is the epoch's. */
struct signature epoch_key_sign(const struct id *device, const struct id *epoch,
                                const struct public_key *epoch_key,
                                const struct secret_key *device_secret);
bool epoch_key_vouched(const struct id *device, const struct id *epoch,
                       const struct public_key *epoch_key, const struct signature *device_sig,
                       const struct public_key *device_key);

/* The epoch's key pair, derived from the device's secret and the epoch's id: no secret is ever in
 * till.db, its backups or its readers. */
void epoch_keys(const struct secret_key *device_secret, const struct id *epoch,
                struct public_key *public_key, struct secret_key *secret_key);

/* The short tag of receipt numbers ("K7Q" in T02-K7Q-004718): the first 15 bits of the id in
 * Crockford's base 32 (no I, L, O, U). A till never opens two epochs with one tag. */
#define EPOCH_TAG_SIZE 4
void epoch_tag(const struct id *epoch, char out[EPOCH_TAG_SIZE]);

/* The ledger's countersignature of a head. */
struct signature head_countersign(const struct id *device, const struct chain_point *head,
                                  const struct secret_key *ledger_secret);
bool head_countersigned(const struct id *device, const struct chain_point *head,
                        const struct signature *countersig, const struct public_key *ledger_key);

#endif
