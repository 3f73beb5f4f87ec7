/* RFC 9421 with one fixed form.
 *
 * There is exactly one way to write our Signature-Input, so reading is: pick out the three
 * parameters, write the line anew from them, and demand that it is the same. Nothing that the
 * writer would not have written gets past that.
 *
 * No state, no secrets kept. The digest is compared in constant time; Ed25519 verification is
 * libsodium's.
 */
#include "sync/protocol/signature.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE_CEILING 16384 /* a request target beyond this is no request of ours */
#define PARAMS_LEAD  "(\"@method\" \"@path\" \"@query\" \"content-digest\");created="

static bool is_lower_hex(const char *text, size_t min, size_t max)
{
    size_t length = strspn(text, "0123456789abcdef");

    return text[length] == '\0' && length >= min && length <= max;
}

void signature_nonce(const struct entropy *entropy, char out[SIGNATURE_NONCE_SIZE])
{
    uint8_t bytes[(SIGNATURE_NONCE_SIZE - 1) / 2];

    entropy_fill(entropy, bytes, sizeof bytes);
    hex_write(bytes, sizeof bytes, out);
}

void signature_digest(const struct hash *hash, char out[SIGNATURE_DIGEST_SIZE])
{
    char text[45]; /* 44 characters of base64 for 32 bytes */

    INVARIANT(base64_size(sizeof hash->bytes) == sizeof text);
    base64_write(hash->bytes, sizeof hash->bytes, text);
    (void)snprintf(out, SIGNATURE_DIGEST_SIZE, "sha-256=:%s:", text);
}

enum status signature_base(const struct signature_component *components, int count,
                           const char *params, struct buf *out)
{
    for (int i = 0; i < count; i++) {
        enum status status =
            buf_printf(out, "\"%s\": %s\n", components[i].name, components[i].value);
        if (status != STATUS_OK)
            return status;
    }
    return buf_printf(out, "\"@signature-params\": %s", params);
}

/* The value of "@signature-params" and, after "hf=", of Signature-Input. */
static void write_params(const struct signature_params *params, char out[SIGNATURE_INPUT_SIZE])
{
    (void)snprintf(out, SIGNATURE_INPUT_SIZE, PARAMS_LEAD "%" PRId64 ";nonce=\"%s\";keyid=\"%s\"",
                   params->created, params->nonce, params->keyid);
}

static enum status request_base(const struct signed_request *request, const char *digest,
                                const struct signature_params *params, struct buf *out)
{
    char line[SIGNATURE_INPUT_SIZE];
    struct buf query;
    enum status status;

    buf_init(&query, BASE_CEILING);
    status = buf_printf(&query, "?%s", request->query);
    if (status == STATUS_OK) {
        const struct signature_component components[] = {
            {"@method", request->method},
            {"@path", request->path},
            {"@query", buf_text(&query)},
            {"content-digest", digest},
        };
        write_params(params, line);
        status = signature_base(components, 4, line, out);
    }
    buf_finish(&query);
    return status;
}

void signature_build(const struct signed_request *request, const struct signature_params *params,
                     const struct secret_key *key, struct signature_headers *out)
{
    struct buf base;
    struct signature signature;
    char text[89]; /* 88 characters of base64 for 64 bytes */
    char line[SIGNATURE_INPUT_SIZE - 3];

    INVARIANT(is_lower_hex(params->nonce, 1, SIGNATURE_NONCE_SIZE - 1));
    INVARIANT(is_lower_hex(params->keyid, 1, SIGNATURE_KEYID_SIZE - 1));
    signature_digest(&request->body_hash, out->digest);
    buf_init(&base, BASE_CEILING);
    INVARIANT(request_base(request, out->digest, params, &base) == STATUS_OK);
    signature = sign_bytes(buf_text(&base), base.used, key);
    buf_finish(&base);

    (void)snprintf(line, sizeof line, PARAMS_LEAD "%" PRId64 ";nonce=\"%s\";keyid=\"%s\"",
                   params->created, params->nonce, params->keyid);
    (void)snprintf(out->input, sizeof out->input, "hf=%s", line);
    INVARIANT(base64_size(SIGNATURE_SIZE) <= sizeof text);
    base64_write(signature.bytes, SIGNATURE_SIZE, text);
    (void)snprintf(out->value, sizeof out->value, "hf=:%s:", text);
}

/* The text between `lead` and the next `"`, at *at; moves on behind that `"`. */
static bool take_quoted(const char **at, const char *lead, char *out, size_t size)
{
    size_t length;

    if (strncmp(*at, lead, strlen(lead)) != 0)
        return false;
    *at += strlen(lead);
    length = strcspn(*at, "\"");
    if ((*at)[length] != '"' || length >= size)
        return false;
    memcpy(out, *at, length);
    out[length] = '\0';
    *at += length + 1;
    return is_lower_hex(out, 1, size - 1);
}

enum status signature_read_input(const char *input, struct signature_params *out,
                                 struct error *error)
{
    const char *lead = "hf=" PARAMS_LEAD;
    char again[SIGNATURE_INPUT_SIZE];
    const char *at;
    size_t digits;

    if (!input)
        return error_set(error, STATUS_INVALID, "Signature-Input is missing");
    memset(out, 0, sizeof *out);
    at = input;
    if (strncmp(at, lead, strlen(lead)) != 0)
        return error_set(error, STATUS_INVALID, "Signature-Input covers something else");
    at += strlen(lead);
    digits = strspn(at, "0123456789");
    if (digits == 0 || digits > 15)
        return error_set(error, STATUS_INVALID, "Signature-Input: created is no time");
    out->created = strtoll(at, NULL, 10);
    at += digits;
    if (!take_quoted(&at, ";nonce=\"", out->nonce, sizeof out->nonce) ||
        !take_quoted(&at, ";keyid=\"", out->keyid, sizeof out->keyid))
        return error_set(error, STATUS_INVALID, "Signature-Input: nonce or keyid malformed");
    write_params(out, again);
    if (strcmp(input + 3, again) != 0)
        return error_set(error, STATUS_INVALID, "Signature-Input is not in its one form");
    return STATUS_OK;
}

static enum status read_value(const char *value, struct signature *out, struct error *error)
{
    size_t length = value ? strlen(value) : 0;
    size_t decoded = 0;

    if (!value)
        return error_set(error, STATUS_INVALID, "Signature is missing");
    if (length < 5 || strncmp(value, "hf=:", 4) != 0 || value[length - 1] != ':' ||
        base64_read(value + 4, length - 5, out->bytes, sizeof out->bytes, &decoded) != STATUS_OK ||
        decoded != sizeof out->bytes)
        return error_set(error, STATUS_INVALID, "Signature is malformed");
    return STATUS_OK;
}

static enum status check_digest(const struct signed_request *request, const char *digest,
                                struct error *error)
{
    char expected[SIGNATURE_DIGEST_SIZE];
    size_t length;

    if (!digest)
        return error_set(error, STATUS_INVALID, "Content-Digest is missing");
    signature_digest(&request->body_hash, expected);
    length = strlen(expected);
    if (strlen(digest) != length)
        return error_set(error, STATUS_INVALID, "Content-Digest is malformed");
    if (!secret_equal(digest, expected, length))
        return error_set(error, STATUS_DENIED, "Content-Digest does not match the body");
    return STATUS_OK;
}

enum status signature_verify(const struct signed_request *request, const char *digest,
                             const char *input, const char *value, const struct public_key *key,
                             int64_t now_s, struct signature_params *out, struct error *error)
{
    struct signature signature;
    struct buf base;
    enum status status;
    bool valid;

    status = signature_read_input(input, out, error);
    if (status == STATUS_OK)
        status = read_value(value, &signature, error);
    if (status == STATUS_OK)
        status = check_digest(request, digest, error);
    if (status != STATUS_OK)
        return status;

    buf_init(&base, BASE_CEILING);
    status = request_base(request, digest, out, &base);
    valid = status == STATUS_OK && signature_valid(&signature, buf_text(&base), base.used, key);
    buf_finish(&base);
    if (status != STATUS_OK)
        return error_set(error, STATUS_INVALID, "the request target is too long");
    if (!valid)
        return error_set(error, STATUS_DENIED, "the signature is wrong");
    if (out->created > now_s + SIGNATURE_WINDOW_S || out->created < now_s - SIGNATURE_WINDOW_S)
        return error_set(error, STATUS_TIMEOUT, "signed %" PRId64 " s away from the ledger's time",
                         out->created - now_s);
    return STATUS_OK;
}
