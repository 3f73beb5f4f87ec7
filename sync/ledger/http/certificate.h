/* What the server shows when a TLS session begins: its certificate with the chain, and the key.
 *
 * A certificate is renewed while the server serves: the files are read again, sessions that begin
 * from then on are shown the new one, and those that run go on. A pair that was replaced is kept to
 * the end, since a running session may still look at it: some kilobytes each.
 */
#ifndef HOLDFAST_LEDGER_CERTIFICATE_H
#define HOLDFAST_LEDGER_CERTIFICATE_H

#include "terminal/base/status.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

/* TLS 1.2 and 1.3, whatever the machine allows besides. */
#define CERTIFICATE_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct certificate;

/* Reads both PEM files; the paths are borrowed until the end. STATUS_INVALID: not PEM, or the key
 * is another certificate's. */
enum status certificate_open(const char *cert_path, const char *key_path, struct certificate **out,
                             struct error *error) MUST_USE;
void certificate_close(struct certificate *certificate); /* no session runs; NULL is fine */

/* Reads the files again. What can't be used changes nothing and is told. One thread at a time, any
 * thread; beside certificate_show. */
enum status certificate_renew(struct certificate *certificate, struct error *error) MUST_USE;

/* Before the session's handshake. Any thread. */
void certificate_show(struct certificate *certificate, gnutls_session_t session);

/* What a daemon is told to show of its own accord, for MHD_OPTION_HTTPS_CERT_CALLBACK: nothing, so
 * that the handshake of a session without certificate_show fails. */
int certificate_none(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                     const gnutls_pk_algorithm_t *kinds, int kind_count, gnutls_pcert_st **out,
                     unsigned *count, gnutls_privkey_t *key);

#endif
