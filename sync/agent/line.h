/* How the ledger is reached, beside its address: sync.json and ca.pem of the data folder.
 *
 *   sync.json   0600  {"v":1,"tls_pin":"sha256//...","proxy":"http://proxy:3128"}
 *   ca.pem            certificates of a private authority, instead of the system's
 *
 * Written by enrolment, or by whoever sets up the computer; both may be missing.
 */
#ifndef HOLDFAST_AGENT_LINE_H
#define HOLDFAST_AGENT_LINE_H

#include "terminal/base/status.h"

#define LINE_FILE    "sync.json"
#define LINE_CA_FILE "ca.pem"

/* Texts that are NULL do not apply. */
struct line {
    char *ca; /* a file of certificates to trust instead of the system's */
    char
        *pin; /* "sha256//" and the base64 of the SHA-256 of the ledger's public key (SPKI); several
                    with ';' between: the key in use and the next */
    char *proxy; /* "http://[user:password@]host:port": https goes through it by CONNECT */
};

/* STATUS_INVALID: a pin or a proxy of another form. */
enum status line_check(const struct line *line, struct error *error) MUST_USE;

/* *out is to be finished, also after a failure. STATUS_INVALID: sync.json is not of this form: it
 * is never passed over, for a pin that does not count is worse than none. */
enum status line_read(const char *folder, struct line *out, struct error *error) MUST_USE;
void line_finish(struct line *line);

/* Writes sync.json, and copies line->ca to ca.pem; durable on return. Without a pin and a proxy no
 * sync.json is written, without a ca no ca.pem. */
enum status line_write(const char *folder, const struct line *line, struct error *error) MUST_USE;

#endif
