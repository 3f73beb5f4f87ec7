/* The enrolled devices, as people see them: the list, and revoking one.
 *
 * A revoked device is refused with 403 "revoked" from the next request on, and a question that
 * waits is refused when it is answered. What the ledger has taken of it stays. Entries that are
 * still on the till are not lost: they stay in its journal, signed, until the device is reinstated,
 * drains, and is revoked again; or the till gets a new identity (an empty data folder, enrolled
 * anew) and the old folder is kept.
 */
#ifndef HOLDFAST_LEDGER_DEVICES_H
#define HOLDFAST_LEDGER_DEVICES_H

#include "sync/ledger/writer.h"
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"

#include <stdbool.h>

/* {"devices":[{"device","till","location","enrolled_ms","revoked_ms","entries"}]} by location and
 * till. */
enum status devices_list(struct store_session *reader, struct buf *out,
                         struct error *error) MUST_USE;

/* Revokes it, or takes that back. Again is fine. STATUS_NOT_FOUND. */
enum status devices_set_active(struct writer *writer, const struct id *device, bool active,
                               struct error *error) MUST_USE;

/* What a till's folder says of it, without its secrets. */
struct device_admission {
    struct id device;
    struct public_key device_key;
    const char *till, *location;
};

/* Makes the row of a till that was enrolled after the backup which this ledger was restored from:
 * it goes on with its own identity, and what it holds comes back. The same till again is fine, and
 * stays revoked if it was. STATUS_NOT_FOUND: there is no such location. STATUS_EXISTS: the id or
 * the key is another device's. */
enum status devices_admit(struct writer *writer, const struct device_admission *admission,
                          struct error *error) MUST_USE;

/* STATUS_CANCELLED for one that was revoked, or is not there any more. */
enum status devices_standing(struct store_session *reader, const struct id *device,
                             struct error *error) MUST_USE;

#endif
