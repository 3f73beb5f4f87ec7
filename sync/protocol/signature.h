/* Signed HTTP requests: RFC 9421 (HTTP Message Signatures) with ed25519, and RFC 9530
 * (Digest Fields) with sha-256.
 *
 * What a device sends with every request:
 *
 *   Content-Digest:  sha-256=:<base64 of SHA-256 of the body as sent>:        (an empty body too)
 *   Signature-Input: hf=("@method" "@path" "@query" "content-digest");created=1763690400;
 *                    nonce="<32 hex>";keyid="<hex>"                          (one line)
 *   Signature:       hf=:<base64 of 64 bytes>:
 *
 * The signature base (RFC 9421 section 2.5) is
 *
 *   "@method": POST
 *   "@path": /v1/journal
 *   "@query": ?                                   (a lone `?` without a query, section 2.2.7)
 *   "content-digest": sha-256=:...:
 *   "@signature-params": ("@method" "@path" "@query"
 * "content-digest");created=...;nonce=...;keyid=...
 *
 * with LF between lines and none at the end. `created` is in seconds of the *ledger's* time. The
 * body is hashed as it travels, so after Content-Encoding. keyid is the device id in hex; for
 * POST /v1/enroll it is the device key in hex. No other component or parameter is accepted, and
 * the components must stand in the order above: one spelling, nothing to negotiate.
 *
 * Path and query are compared as they travelled (percent-encoded): a server that decodes them
 * must keep the raw request target beside it.
 *
 * Thread-safe: no state is kept here.
 */
#ifndef HOLDFAST_PROTOCOL_SIGNATURE_H
#define HOLDFAST_PROTOCOL_SIGNATURE_H

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/status.h"

#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_WINDOW_S    300 /* how far `created` may be from the ledger's clock */
#define SIGNATURE_NONCE_SIZE  33  /* 16 random bytes in hex, and the NUL */
#define SIGNATURE_KEYID_SIZE  65
#define SIGNATURE_INPUT_SIZE  256
#define SIGNATURE_VALUE_SIZE  96
#define SIGNATURE_DIGEST_SIZE 56

/* What is signed of a request. Texts are borrowed. */
struct signed_request {
    const char *method;    /* "GET", as sent */
    const char *path;      /* "/v1/changes": absolute, without the query */
    const char *query;     /* without the `?`; "" when there is none */
    struct hash body_hash; /* SHA-256 of the body as it travels; of nothing when it is empty */
};

/* The parameters of one signature. */
struct signature_params {
    int64_t created; /* seconds */
    char nonce[SIGNATURE_NONCE_SIZE];
    char keyid[SIGNATURE_KEYID_SIZE];
};

/* The three header values. */
struct signature_headers {
    char digest[SIGNATURE_DIGEST_SIZE];
    char input[SIGNATURE_INPUT_SIZE];
    char value[SIGNATURE_VALUE_SIZE];
};

/* A fresh nonce of 16 random bytes. */
void signature_nonce(const struct entropy *entropy, char out[SIGNATURE_NONCE_SIZE]);

/* Signs. The nonce and keyid are lower-case hex (INVARIANT). A retry needs a new nonce. */
void signature_build(const struct signed_request *request, const struct signature_params *params,
                     const struct secret_key *key, struct signature_headers *out);

/* The strict reading of Signature-Input, for looking up the key before anything is verified.
 * STATUS_INVALID with one line when it is not exactly of the form above; `input` NULL counts as
 * missing. What comes out is not to be believed until signature_verify has said yes. */
enum status signature_read_input(const char *input, struct signature_params *out,
                                 struct error *error) MUST_USE;

/* Verifies all of it: form of the three headers (NULL = missing), the digest against
 * request->body_hash (in constant time), the Ed25519 signature, and `created` within
 * SIGNATURE_WINDOW_S of `now_s`. The window is looked at last, so that STATUS_TIMEOUT says:
 * the signature is good, only the clock is wrong (answer 401 "clock" with time_ms).
 *
 * STATUS_INVALID: malformed or missing; STATUS_DENIED: digest or signature wrong;
 * STATUS_TIMEOUT: outside of the window.
 *
 * Whether (keyid, nonce) was seen before is for the caller to know: it must remember nonces for
 * 2 * SIGNATURE_WINDOW_S after `created`, and refuse a second use. */
enum status signature_verify(const struct signed_request *request, const char *digest,
                             const char *input, const char *value, const struct public_key *key,
                             int64_t now_s, struct signature_params *out,
                             struct error *error) MUST_USE;

/* "sha-256=:...:" of a hash (RFC 9530 section 2). */
void signature_digest(const struct hash *hash, char out[SIGNATURE_DIGEST_SIZE]);

/* One component of a signature base: its name without quotes, and its value. */
struct signature_component {
    const char *name;
    const char *value;
};

/* Appends the signature base (RFC 9421 section 2.5) of any components; `params` is the value of
 * "@signature-params". STATUS_RANGE at the buffer's ceiling. signature_build and
 * signature_verify are made of it; the RFC's own test vectors are checked through it. */
enum status signature_base(const struct signature_component *components, int count,
                           const char *params, struct buf *out) MUST_USE;

#endif
