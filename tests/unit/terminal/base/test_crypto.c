#include "terminal/base/crypto.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_hex(const void *bytes, size_t length, const char *wanted)
{
    char text[2 * 128 + 1];
    hex_write(bytes, length, text);
    assert_string_equal(text, wanted);
}

/* FIPS 180-4, the examples of NIST. */
static void test_hash__agrees_with_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hash;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hash hash = hash_bytes(cases[i].text, strlen(cases[i].text));
        expect_hex(hash.bytes, sizeof hash.bytes, cases[i].hash);
    }
}

static void test_hash__stream_equals_one_piece_at_every_split(void **state)
{
    (void)state;
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31);
    struct hash whole = hash_bytes(bytes, sizeof bytes);
    for (size_t split = 0; split <= sizeof bytes; split++) {
        struct hash_stream stream;
        hash_start(&stream);
        hash_update(&stream, bytes, split);
        hash_update(&stream, bytes + split, sizeof bytes - split);
        struct hash parts = hash_end(&stream);
        assert_true(hash_equal(&whole, &parts));
    }
    struct hash other = whole;
    other.bytes[31] ^= 1;
    assert_false(hash_equal(&whole, &other));
}

static void fill_with_seed(void *context, void *bytes, size_t length)
{
    assert_int_equal(length, 32);
    memcpy(bytes, context, length);
}

/* RFC 8032, section 7.1, tests 1 to 3. */
static void test_sign__agrees_with_the_rfc(void **state)
{
    (void)state;
    static const struct {
        const char *seed, *public_key, *message, *signature;
    } cases[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "cf9"
         "b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0f1"
         "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "84d"
         "c6594a7c15e9716ed28dc027beceea1ec40a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t seed[32];
        uint8_t message[2];
        size_t length = strlen(cases[i].message) / 2;
        assert_int_equal(hex_read(cases[i].seed, seed, sizeof seed), STATUS_OK);
        assert_int_equal(hex_read(cases[i].message, message, length), STATUS_OK);
        struct entropy entropy = {fill_with_seed, seed};
        struct public_key public_key;
        struct secret_key secret_key;
        key_pair(&entropy, &public_key, &secret_key);
        expect_hex(public_key.bytes, sizeof public_key.bytes, cases[i].public_key);
        struct signature signature = sign_bytes(message, length, &secret_key);
        expect_hex(signature.bytes, sizeof signature.bytes, cases[i].signature);
        assert_true(signature_valid(&signature, message, length, &public_key));
    }
}

static void test_sign__any_flipped_bit_is_found(void **state)
{
    (void)state;
    struct entropy entropy = entropy_system();
    struct public_key public_key;
    struct secret_key secret_key;
    key_pair(&entropy, &public_key, &secret_key);
    uint8_t message[] = "an entry";
    struct signature signature = sign_bytes(message, sizeof message, &secret_key);
    for (size_t bit = 0; bit < 8 * sizeof signature.bytes; bit++) {
        struct signature changed = signature;
        changed.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(signature_valid(&changed, message, sizeof message, &public_key));
    }
    for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
        message[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(signature_valid(&signature, message, sizeof message, &public_key));
        message[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(signature_valid(&signature, message, sizeof message, &public_key));
}

static void test_hex__takes_exactly_its_length(void **state)
{
    (void)state;
    uint8_t bytes[2];
    assert_int_equal(hex_read("0aFf", bytes, 2), STATUS_OK);
    assert_int_equal(bytes[0], 0x0A);
    assert_int_equal(bytes[1], 0xFF);
    static const char *const wrong[] = {"",     "0aF",  "0aFf0", "0aFf00",
                                        "0aFg", "0a f", "0x0a",  "-1-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(hex_read(wrong[i], bytes, 2), STATUS_INVALID);
}

/* RFC 4648, section 10. */
static void test_base64__agrees_with_the_rfc(void **state)
{
    (void)state;
    static const char *const coded[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                        "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t length = 0; length <= 6; length++) {
        char text[16];
        assert_true(base64_size(length) <= sizeof text);
        base64_write("foobar", length, text);
        assert_string_equal(text, coded[length]);
        uint8_t bytes[6];
        size_t got = 99;
        assert_int_equal(base64_read(text, strlen(text), bytes, length, &got), STATUS_OK);
        assert_int_equal(got, length);
        assert_memory_equal(bytes, "foobar", length);
        if (length > 0)
            assert_int_equal(base64_read(text, strlen(text), bytes, length - 1, &got),
                             STATUS_RANGE);
    }
}

static void test_base64__refuses_other_writings(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Zg",    "Zg=",    "Zg===", "Zh==",     "Z===", "====",          "Zm9-",
        "Zm 9v", "Zm9v\n", "=Zm9",  "Zg==Zg==", "Zm9*", "Zm9vaf\xC3\xA9"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t bytes[16];
        size_t got;
        if (base64_read(wrong[i], strlen(wrong[i]), bytes, sizeof bytes, &got) != STATUS_INVALID)
            fail_msg("%s", wrong[i]);
    }
}

static void test_base64__every_byte_is_of_the_alphabet_or_refused(void **state)
{
    (void)state;
    const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 4; at++) {
            char text[4] = {'Z', 'm', '9', 'v'};
            text[at] = (char)byte;
            uint8_t bytes[3];
            size_t got;
            bool padding = byte == '=' && at == 3; /* "Zm8=" */
            text[2] = padding ? '8' : text[2];
            bool good = padding || (byte != 0 && strchr(alphabet, byte) != NULL);
            enum status wanted = good ? STATUS_OK : STATUS_INVALID;
            assert_int_equal(base64_read(text, 4, bytes, sizeof bytes, &got), wanted);
        }
    }
}

static struct pin_cost cheap(void)
{
    return (struct pin_cost){.operations = 1, .memory = 8192};
}

static void test_pin__matches_only_itself(void **state)
{
    (void)state;
    char hash[PIN_HASH_SIZE];
    char again[PIN_HASH_SIZE];
    assert_int_equal(pin_hash("4711", cheap(), hash), STATUS_OK);
    assert_int_equal(pin_hash("4711", cheap(), again), STATUS_OK);
    assert_string_not_equal(hash, again); /* salted */
    assert_true(pin_matches(hash, "4711"));
    assert_false(pin_matches(hash, "4712"));
    assert_false(pin_matches(hash, ""));
}

/* The reference implementation's own known answer (Argon2id, version 0x13). */
static void test_pin__agrees_with_the_reference(void **state)
{
    (void)state;
    const char *hash =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert_true(pin_matches(hash, "password"));
    assert_false(pin_matches(hash, "Password"));
}

static void test_pin__damaged_hash_matches_nothing(void **state)
{
    (void)state;
    char endless[PIN_HASH_SIZE + 8];
    memset(endless, '$', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_false(pin_matches(endless, ""));
    assert_false(pin_matches("", ""));
    assert_false(pin_matches("4711", "4711"));
    char out[PIN_HASH_SIZE];
    assert_int_equal(pin_hash("1", (struct pin_cost){0, 8192}, out), STATUS_INVALID);
    assert_int_equal(pin_hash("1", (struct pin_cost){1, SIZE_MAX / 2}, out), STATUS_INVALID);
}

/* Right hashes of the right PIN, but of a cost that we never ask for. */
static void test_pin__greedy_hash_matches_nothing(void **state)
{
    (void)state;
    static const struct {
        unsigned long long operations;
        size_t memory;
        bool matches;
    } cases[] = {{16, 8192, true}, {17, 8192, false}, {1, (size_t)257 << 20, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hash[crypto_pwhash_STRBYTES];
        assert_int_equal(crypto_pwhash_str_alg(hash, "4711", 4, cases[i].operations,
                                               cases[i].memory, crypto_pwhash_ALG_ARGON2ID13),
                         0);
        assert_int_equal(pin_matches(hash, "4711"), cases[i].matches);
    }
}

static void test_secret__wipe_and_compare(void **state)
{
    (void)state;
    uint8_t a[16];
    uint8_t b[16] = {0};
    struct entropy entropy = entropy_system();
    struct id first = id_random(&entropy);
    struct id second = id_random(&entropy);
    assert_false(secret_equal(first.bytes, second.bytes, sizeof first.bytes));
    memcpy(a, first.bytes, sizeof a);
    assert_true(secret_equal(a, first.bytes, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        a[i] ^= 0x80;
        assert_false(secret_equal(a, first.bytes, sizeof a));
        a[i] ^= 0x80;
    }
    secret_wipe(a, sizeof a);
    assert_true(secret_equal(a, b, sizeof a));
}

static void test_hash__every_byte_is_compared(void **state)
{
    (void)state;
    struct hash hash = hash_bytes("a", 1);
    for (size_t i = 0; i < HASH_SIZE; i++) {
        struct hash other = hash;
        assert_true(hash_equal(&hash, &other));
        other.bytes[i] ^= 1;
        assert_false(hash_equal(&hash, &other));
    }
}

static int start(void **state)
{
    (void)state;
    crypto_start();
    return 0;
}

/* RFC 4231, test cases 2 and 6 (a key longer than a block). */
static void test_crypto__hmac_agrees_with_the_standard(void **state)
{
    uint8_t key[131];
    char hex[HASH_HEX_SIZE];
    const char *text = "Test Using Larger Than Block-Size Key - Hash Key First";
    struct hash hash = hmac_bytes("Jefe", 4, "what do ya want for nothing?", 28);

    (void)state;
    hex_write(hash.bytes, HASH_SIZE, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    hash = hmac_bytes(key, sizeof key, text, strlen(text));
    hex_write(hash.bytes, HASH_SIZE, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crypto__hmac_agrees_with_the_standard),
        cmocka_unit_test(test_hash__agrees_with_the_standard),
        cmocka_unit_test(test_hash__stream_equals_one_piece_at_every_split),
        cmocka_unit_test(test_sign__agrees_with_the_rfc),
        cmocka_unit_test(test_sign__any_flipped_bit_is_found),
        cmocka_unit_test(test_hex__takes_exactly_its_length),
        cmocka_unit_test(test_base64__agrees_with_the_rfc),
        cmocka_unit_test(test_base64__refuses_other_writings),
        cmocka_unit_test(test_base64__every_byte_is_of_the_alphabet_or_refused),
        cmocka_unit_test(test_pin__matches_only_itself),
        cmocka_unit_test(test_pin__agrees_with_the_reference),
        cmocka_unit_test(test_pin__damaged_hash_matches_nothing),
        cmocka_unit_test(test_pin__greedy_hash_matches_nothing),
        cmocka_unit_test(test_secret__wipe_and_compare),
        cmocka_unit_test(test_hash__every_byte_is_compared),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
