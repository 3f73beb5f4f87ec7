/* libsodium behind our names, and nettle for SHA-256: it uses the processor's own instructions for
 * it, and is five times as fast where everything that is taken in is hashed. Keys are made from a
 * seed that our entropy gave, so that a simulation with the same seed makes the same keys.
 */
#include "terminal/base/crypto.h"

#include <nettle/sha2.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(HASH_SIZE == SHA256_DIGEST_SIZE, "SHA-256");
_Static_assert(PUBLIC_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");
_Static_assert(SECRET_KEY_SIZE == crypto_sign_SECRETKEYBYTES, "Ed25519 secret key");
_Static_assert(SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519 signature");
_Static_assert(PIN_HASH_SIZE >= crypto_pwhash_STRBYTES, "PIN hash");
_Static_assert(sizeof(struct hash_stream) >= sizeof(struct sha256_ctx), "hash state");
_Static_assert(_Alignof(struct hash_stream) >= _Alignof(struct sha256_ctx), "alignment");

/* What a stored PIN hash may ask for when it is checked: a damaged or planted one must not take
 * the memory or the minutes of a till. */
#define MAX_PIN_MEMORY_KIB (256UL * 1024UL)
#define MAX_PIN_OPERATIONS 16UL

void crypto_start(void)
{
    int result = sodium_init();
    INVARIANT(result >= 0);
}

static void fill_from_system(void *context, void *bytes, size_t length)
{
    (void)context;
    randombytes_buf(bytes, length);
}

struct entropy entropy_system(void)
{
    return (struct entropy){.fill = fill_from_system, .context = NULL};
}

void entropy_fill(const struct entropy *entropy, void *bytes, size_t length)
{
    entropy->fill(entropy->context, bytes, length);
}

struct id id_random(const struct entropy *entropy)
{
    struct id id = {0};
    entropy_fill(entropy, id.bytes, sizeof id.bytes);
    return id;
}

/* The state is wiped after use: secrets are hashed, too. */
static struct hash take_digest(struct sha256_ctx *state)
{
    struct hash hash;
    sha256_digest(state, sizeof hash.bytes, hash.bytes);
    sodium_memzero(state, sizeof *state);
    return hash;
}

struct hash hash_bytes(const void *bytes, size_t length)
{
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, length, bytes);
    return take_digest(&state);
}

static struct sha256_ctx *state_of(struct hash_stream *stream)
{
    return (struct sha256_ctx *)(void *)stream->opaque;
}

void hash_start(struct hash_stream *stream)
{
    sha256_init(state_of(stream));
}

void hash_update(struct hash_stream *stream, const void *bytes, size_t length)
{
    sha256_update(state_of(stream), length, bytes);
}

struct hash hash_end(struct hash_stream *stream)
{
    return take_digest(state_of(stream));
}

struct hash hmac_bytes(const void *key, size_t key_length, const void *bytes, size_t length)
{
    crypto_auth_hmacsha256_state state;
    struct hash hash;

    (void)crypto_auth_hmacsha256_init(&state, key, key_length);
    (void)crypto_auth_hmacsha256_update(&state, bytes, length);
    (void)crypto_auth_hmacsha256_final(&state, hash.bytes);
    return hash;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return secret_equal(a->bytes, b->bytes, sizeof a->bytes);
}

void key_pair(const struct entropy *entropy, struct public_key *public_key,
              struct secret_key *secret_key)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    entropy_fill(entropy, seed, sizeof seed);
    int result = crypto_sign_seed_keypair(public_key->bytes, secret_key->bytes, seed);
    INVARIANT(result == 0);
    secret_wipe(seed, sizeof seed);
}

struct signature sign_bytes(const void *bytes, size_t length, const struct secret_key *key)
{
    struct signature signature;
    int result = crypto_sign_detached(signature.bytes, NULL, bytes, length, key->bytes);
    INVARIANT(result == 0);
    return signature;
}

bool signature_valid(const struct signature *signature, const void *bytes, size_t length,
                     const struct public_key *key)
{
    return crypto_sign_verify_detached(signature->bytes, bytes, length, key->bytes) == 0;
}

void secret_wipe(void *secret, size_t length)
{
    sodium_memzero(secret, length);
}

bool secret_equal(const void *a, const void *b, size_t length)
{
    return sodium_memcmp(a, b, length) == 0;
}

void hex_write(const void *bytes, size_t length, char *out)
{
    (void)sodium_bin2hex(out, 2 * length + 1, bytes, length);
}

enum status hex_read(const char *text, void *bytes, size_t length)
{
    if (strnlen(text, 2 * length + 1) != 2 * length)
        return STATUS_INVALID;
    size_t read = 0;
    if (sodium_hex2bin(bytes, length, text, 2 * length, NULL, &read, NULL) != 0 || read != length)
        return STATUS_INVALID;
    return STATUS_OK;
}

size_t base64_size(size_t length)
{
    return sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL);
}

void base64_write(const void *bytes, size_t length, char *out)
{
    (void)sodium_bin2base64(out, base64_size(length), bytes, length,
                            sodium_base64_VARIANT_ORIGINAL);
}

static bool is_base64(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '+' || byte == '/' || byte == '=';
}

enum status base64_read(const char *text, size_t text_length, void *out, size_t size,
                        size_t *length)
{
    if (text_length % 4 != 0)
        return STATUS_INVALID;
    /* libsodium 1.0.18 takes some bytes beyond 127 for digits where char is signed. */
    for (size_t i = 0; i < text_length; i++) {
        if (!is_base64(text[i]))
            return STATUS_INVALID;
    }
    size_t needed = text_length / 4 * 3;
    for (size_t i = 1; i <= 2 && i <= text_length && text[text_length - i] == '='; i++)
        needed--;
    if (needed > size)
        return STATUS_RANGE;
    size_t read = 0;
    if (sodium_base642bin(out, size, text, text_length, NULL, &read, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return STATUS_INVALID;
    *length = read;
    return STATUS_OK;
}

struct pin_cost pin_cost_default(void)
{
    return (struct pin_cost){.operations = crypto_pwhash_OPSLIMIT_INTERACTIVE,
                             .memory = crypto_pwhash_MEMLIMIT_INTERACTIVE};
}

enum status pin_hash(const char *pin, struct pin_cost cost, char out[PIN_HASH_SIZE])
{
    if (cost.operations < crypto_pwhash_OPSLIMIT_MIN || cost.memory < crypto_pwhash_MEMLIMIT_MIN ||
        cost.operations > MAX_PIN_OPERATIONS || cost.memory / 1024 > MAX_PIN_MEMORY_KIB)
        return STATUS_INVALID;
    if (crypto_pwhash_str_alg(out, pin, strlen(pin), cost.operations, cost.memory,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return STATUS_RANGE; /* its memory could not be had */
    return STATUS_OK;
}

/* `before` and a number of at most `max`; moves *at past them. */
static bool read_cost(const char **at, const char *before, unsigned long max)
{
    size_t length = strlen(before);
    if (strncmp(*at, before, length) != 0 || (*at)[length] < '0' || (*at)[length] > '9')
        return false;
    char *end;
    unsigned long value = strtoul(*at + length, &end, 10);
    *at = end;
    return value <= max;
}

bool pin_matches(const char *hash, const char *pin)
{
    if (strnlen(hash, PIN_HASH_SIZE) == PIN_HASH_SIZE)
        return false;
    const char *at = hash;
    if (!read_cost(&at, "$argon2id$v=", 19) || !read_cost(&at, "$m=", MAX_PIN_MEMORY_KIB) ||
        !read_cost(&at, ",t=", MAX_PIN_OPERATIONS) || !read_cost(&at, ",p=", 1))
        return false;
    return crypto_pwhash_str_verify(hash, pin, strlen(pin)) == 0;
}
