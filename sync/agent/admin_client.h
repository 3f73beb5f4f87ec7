/* Questions of an administrator to the ledger: bearer token, one after the other, blocking.
 * For command-line tools; a till never uses it. One thread.
 *
 * `target` is path and query as they travel ("/v1/admin/stock?sku=A%2F1"): escape what comes from
 * people with admin_client_escape. Answers are appended to *answer as they are (JSON text,
 * unpacked); the stock answers hold decimals, which json_read refuses by design.
 *
 * Failures: STATUS_NETWORK without an answer (name, connection, TLS); otherwise the ledger's own
 * word ("denied", "not_found", ...) as a status and its message as the text.
 */
#ifndef HOLDFAST_AGENT_ADMIN_CLIENT_H
#define HOLDFAST_AGENT_ADMIN_CLIENT_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <jansson.h>

struct admin_client;

/* `ca`: a file of certificates to trust instead of the system's, or NULL. Connects to nothing yet.
 * STATUS_INVALID: the url is neither http:// nor https://, or the token has characters that a
 * header can't hold. */
enum status admin_client_open(const char *url, const char *token, const char *ca,
                              struct admin_client **out, struct error *error) MUST_USE;
void admin_client_close(struct admin_client *client); /* NULL is fine */

enum status admin_client_get(struct admin_client *client, const char *target, struct buf *answer,
                             struct error *error) MUST_USE;
enum status admin_client_post(struct admin_client *client, const char *target, const json_t *body,
                              struct buf *answer, struct error *error) MUST_USE;
/* The body is the file, streamed. Waits for as long as the ledger works on it (an import). */
enum status admin_client_upload(struct admin_client *client, const char *target, const char *path,
                                struct buf *answer, struct error *error) MUST_USE;

/* Appends `text` percent-encoded (RFC 3986: all but unreserved characters). */
enum status admin_client_escape(const char *text, struct buf *out) MUST_USE;

#endif
