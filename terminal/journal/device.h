/* Who this till is: device.json of the data folder, written once when the till is enrolled.
 *
 *   {"v":1,"device":hex32,"till":"T01","location":"S01","url":"http://127.0.0.1:8080",
 *    "incarnation":hex32,"ledger_key":hex64,"device_key":hex64,"device_secret":hex128}
 *
 * The file holds the device's secret key: it is made with mode 0600 and refused when anybody but
 * its owner may read it.
 */
#ifndef HOLDFAST_JOURNAL_DEVICE_H
#define HOLDFAST_JOURNAL_DEVICE_H

#include "terminal/base/crypto.h"
#include "terminal/base/status.h"

#include <stdbool.h>

#define DEVICE_FILE      "device.json"
#define TILL_NAME_SIZE   17  /* 1 to 16 bytes */
#define LOCATION_ID_SIZE 33  /* 1 to 32 bytes */
#define DEVICE_URL_SIZE  257 /* 1 to 256 bytes */

struct device_identity {
    struct id device;
    struct id incarnation; /* of the ledger, as of enrolment */
    struct public_key device_key;
    struct secret_key device_secret;
    struct public_key ledger_key;
    char till[TILL_NAME_SIZE];       /* letters, digits, '-' and '_' */
    char location[LOCATION_ID_SIZE]; /* letters, digits, '-', '_' and '.' */
    char url[DEVICE_URL_SIZE];       /* of the ledger: http:// or https://, without a last '/' */
};

/* Reads `folder`/device.json. STATUS_NOT_FOUND: there is none, the till is not enrolled.
 * STATUS_DENIED: not a regular file, or group or others have any right on it.
 * STATUS_UNSUPPORTED: another version. STATUS_INVALID: anything missing or malformed, or the
 * secret is not the one of the public key. *out is all zeros after a failure. */
enum status device_read(const char *folder, struct device_identity *out,
                        struct error *error) MUST_USE;

/* Writes it with mode 0600. Durable when it returns STATUS_OK. STATUS_INVALID: a name or the url
 * breaks the rules above. STATUS_EXISTS: there is one already (an identity is never overwritten;
 * whoever enrols anew moves the old data folder away). */
enum status device_write(const char *folder, const struct device_identity *identity,
                         struct error *error) MUST_USE;

/* Overwrites the whole struct with zeros. */
void device_wipe(struct device_identity *identity);

/* The rules for a till's name and a location's id. */
bool till_name_valid(const char *name);
bool location_id_valid(const char *id);

#endif
