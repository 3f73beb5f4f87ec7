/* Hashes, signatures, PIN hashes and random bytes: libsodium behind the few calls we use.
 *
 * SHA-256 (FIPS 180-4), Ed25519 (RFC 8032), Argon2id (RFC 9106). Every secret compared here is
 * compared in constant time. Randomness is handed in so that a simulation replays.
 */
#ifndef HOLDFAST_BASE_CRYPTO_H
#define HOLDFAST_BASE_CRYPTO_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_SIZE          32
#define PUBLIC_KEY_SIZE    32
#define SECRET_KEY_SIZE    64
#define SIGNATURE_SIZE     64
#define ID_SIZE            16
#define HASH_HEX_SIZE      (2 * HASH_SIZE + 1)
#define ID_HEX_SIZE        (2 * ID_SIZE + 1)
#define KEY_HEX_SIZE       (2 * PUBLIC_KEY_SIZE + 1)
#define SIGNATURE_HEX_SIZE (2 * SIGNATURE_SIZE + 1)

struct hash {
    uint8_t bytes[HASH_SIZE];
};
struct public_key {
    uint8_t bytes[PUBLIC_KEY_SIZE];
};
struct secret_key {
    uint8_t bytes[SECRET_KEY_SIZE];
};
struct signature {
    uint8_t bytes[SIGNATURE_SIZE];
};
struct id {
    uint8_t bytes[ID_SIZE];
}; /* a random 128-bit id: device, epoch, incarnation */

/* Where random bytes come from. */
struct entropy {
    void (*fill)(void *context, void *bytes, size_t length);
    void *context;
};

struct entropy entropy_system(void);
void entropy_fill(const struct entropy *entropy, void *bytes, size_t length);
struct id id_random(const struct entropy *entropy);

/* Call once before anything else here; aborts when libsodium cannot start. */
void crypto_start(void);

struct hash hash_bytes(const void *bytes, size_t length);
struct hash_stream {
    uint64_t opaque[32];
};
void hash_start(struct hash_stream *stream);
void hash_update(struct hash_stream *stream, const void *bytes, size_t length);
struct hash hash_end(struct hash_stream *stream);
/* HMAC-SHA-256 (RFC 2104). */
struct hash hmac_bytes(const void *key, size_t key_length, const void *bytes, size_t length);
bool hash_equal(const struct hash *a, const struct hash *b);

void key_pair(const struct entropy *entropy, struct public_key *public_key,
              struct secret_key *secret_key);
struct signature sign_bytes(const void *bytes, size_t length, const struct secret_key *key);
bool signature_valid(const struct signature *signature, const void *bytes, size_t length,
                     const struct public_key *key);
/* Overwrites a secret in a way the compiler keeps. */
void secret_wipe(void *secret, size_t length);
bool secret_equal(const void *a, const void *b, size_t length);

/* Lower-case hexadecimal. hex_read takes exactly 2*length digits of either case and a NUL. */
void hex_write(const void *bytes, size_t length, char *out /* 2*length+1 */);
enum status hex_read(const char *text, void *bytes, size_t length) MUST_USE;

/* Base64 (RFC 4648 section 4, with padding). base64_read: STATUS_RANGE when `size` is too small. */
size_t base64_size(size_t length); /* with the NUL */
void base64_write(const void *bytes, size_t length, char *out);
enum status base64_read(const char *text, size_t text_length, void *out, size_t size,
                        size_t *length) MUST_USE;

#define PIN_HASH_SIZE 128
/* What a PIN hash costs. The default is libsodium's INTERACTIVE (64 MiB, given back after). */
struct pin_cost {
    unsigned long long operations;
    size_t memory;
};
struct pin_cost pin_cost_default(void);
/* STATUS_INVALID for a cost that is too low for libsodium, or beyond 256 MiB or 16 operations (no
 * hash of such a cost ever matches either: a planted one must not take a till's memory or time).
 * STATUS_RANGE when the memory could not be had. */
enum status pin_hash(const char *pin, struct pin_cost cost, char out[PIN_HASH_SIZE]) MUST_USE;
/* False for a hash that is malformed or not Argon2id. */
bool pin_matches(const char *hash, const char *pin);

#endif
