/* The table `epoch`: one row per chain, with its head. */
#ifndef HOLDFAST_LEDGER_EPOCHS_H
#define HOLDFAST_LEDGER_EPOCHS_H

#include "sync/ledger/store/store.h"
#include "terminal/base/crypto.h"
#include "terminal/journal/device.h"
#include "terminal/journal/epoch.h"

#include <stdbool.h>

struct epoch_row {
    int64_t number; /* 0: not there */
    struct id epoch;
    struct id device;
    char location[LOCATION_ID_SIZE];
    char till[TILL_NAME_SIZE];
    struct public_key key;
    int64_t seq; /* the head */
    struct hash hash;
    int64_t hlc; /* the latest of its entries */
};

/* out->number is 0 when the ledger does not know the epoch. */
enum status epochs_find(struct store_session *session, const struct id *epoch,
                        struct epoch_row *out, struct error *error) MUST_USE;

/* A new row without entries (seq 0); *out is filled from it. */
enum status epochs_add(struct store_session *session, const struct id *epoch,
                       const struct id *device, const struct epoch_open *open, int64_t now_ms,
                       struct epoch_row *out, struct error *error) MUST_USE;

/* Writes seq, hash and hlc of the row. */
enum status epochs_set_head(struct store_session *session, const struct epoch_row *row,
                            struct error *error) MUST_USE;

/* The hash of one entry; *found is false when it is not there. */
enum status epochs_entry_hash(struct store_session *session, int64_t number, int64_t seq,
                              struct hash *out, bool *found, struct error *error) MUST_USE;

#endif
