/* RFC 9421 signatures: the RFC's own ed25519 vector, our one form, and everything that must not
 * pass.
 */
#include "sync/protocol/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1763690400

static struct secret_key rfc_secret(void)
{
    struct secret_key key;
    size_t length = 0;
    const char *seed = "n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=";
    const char *half = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";

    assert_int_equal(base64_read(seed, strlen(seed), key.bytes, 32, &length), STATUS_OK);
    assert_int_equal(base64_read(half, strlen(half), key.bytes + 32, 32, &length), STATUS_OK);
    return key;
}

/* RFC 9421, appendix B.2.6. */
static void test_signature__rfc_9421_b_2_6(void **state)
{
    const struct signature_component components[] = {
        {"date", "Tue, 20 Apr 2021 02:07:55 GMT"},
        {"@method", "POST"},
        {"@path", "/foo"},
        {"@authority", "example.com"},
        {"content-type", "application/json"},
        {"content-length", "18"},
    };
    const char *params = "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" "
                         "\"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
    struct secret_key key = rfc_secret();
    struct signature signature;
    struct buf base;
    char text[96];

    (void)state;
    buf_init(&base, 4096);
    assert_int_equal(signature_base(components, 6, params, &base), STATUS_OK);
    assert_string_equal(buf_text(&base),
                        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n"
                        "\"@method\": POST\n"
                        "\"@path\": /foo\n"
                        "\"@authority\": example.com\n"
                        "\"content-type\": application/json\n"
                        "\"content-length\": 18\n"
                        "\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" "
                        "\"content-type\" \"content-length\");created=1618884473;"
                        "keyid=\"test-key-ed25519\"");
    signature = sign_bytes(buf_text(&base), base.used, &key);
    base64_write(signature.bytes, SIGNATURE_SIZE, text);
    assert_string_equal(text, "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4"
                              "A0w6vuQv5lIp5WPpBKRCw==");
    buf_finish(&base);
}

/* RFC 9530, appendix D, for {"hello": "world"} with and without the line end. */
static void test_signature__rfc_9530_digest(void **state)
{
    char text[SIGNATURE_DIGEST_SIZE];
    struct hash hash = hash_bytes("{\"hello\": \"world\"}", 18);

    (void)state;
    signature_digest(&hash, text);
    assert_string_equal(text, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
    hash = hash_bytes("{\"hello\": \"world\"}\n", 19);
    signature_digest(&hash, text);
    assert_string_equal(text, "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
}

struct sample {
    struct public_key key;
    struct secret_key secret;
    struct signed_request request;
    struct signature_params params;
    struct signature_headers headers;
};

static void sample_make(struct sample *sample)
{
    struct entropy entropy = entropy_system();

    memset(sample, 0, sizeof *sample);
    key_pair(&entropy, &sample->key, &sample->secret);
    sample->request =
        (struct signed_request){"POST", "/v1/journal", "a=1&b=%2F", hash_bytes("body", 4)};
    sample->params.created = NOW;
    signature_nonce(&entropy, sample->params.nonce);
    (void)snprintf(sample->params.keyid, sizeof sample->params.keyid,
                   "00112233445566778899aabbccddeeff");
    signature_build(&sample->request, &sample->params, &sample->secret, &sample->headers);
}

static enum status verify(const struct sample *sample, int64_t now)
{
    struct signature_params params;
    struct error error;

    return signature_verify(&sample->request, sample->headers.digest, sample->headers.input,
                            sample->headers.value, &sample->key, now, &params, &error);
}

static void test_signature__round_trip_gives_the_parameters(void **state)
{
    struct sample sample;
    struct signature_params params;
    struct error error;

    (void)state;
    sample_make(&sample);
    assert_int_equal(signature_verify(&sample.request, sample.headers.digest, sample.headers.input,
                                      sample.headers.value, &sample.key, NOW, &params, &error),
                     STATUS_OK);
    assert_int_equal(params.created, NOW);
    assert_string_equal(params.nonce, sample.params.nonce);
    assert_string_equal(params.keyid, sample.params.keyid);
}

static void test_signature__an_empty_query_is_a_lone_question_mark(void **state)
{
    struct sample sample;
    struct sample other;

    (void)state;
    sample_make(&sample);
    sample.request.query = "";
    signature_build(&sample.request, &sample.params, &sample.secret, &sample.headers);
    assert_int_equal(verify(&sample, NOW), STATUS_OK);
    other = sample;
    other.request.query = "?";
    assert_int_equal(verify(&other, NOW), STATUS_DENIED);
}

static void test_signature__every_signed_part_counts(void **state)
{
    struct sample sample;
    struct sample changed;

    (void)state;
    sample_make(&sample);
    changed = sample;
    changed.request.method = "PUT";
    assert_int_equal(verify(&changed, NOW), STATUS_DENIED);
    changed = sample;
    changed.request.path = "/v1/journaL";
    assert_int_equal(verify(&changed, NOW), STATUS_DENIED);
    changed = sample;
    changed.request.query = "a=1&b=/";
    assert_int_equal(verify(&changed, NOW), STATUS_DENIED);
    changed = sample;
    changed.request.body_hash = hash_bytes("bodY", 4);
    assert_int_equal(verify(&changed, NOW), STATUS_DENIED);
    signature_digest(&changed.request.body_hash, changed.headers.digest);
    assert_int_equal(verify(&changed, NOW), STATUS_DENIED);
    for (size_t i = 0; i < HASH_SIZE; i++) {
        changed = sample;
        changed.request.body_hash.bytes[i] ^= 1;
        assert_int_equal(verify(&changed, NOW), STATUS_DENIED);
    }
    changed = sample;
    changed.key.bytes[3] ^= 1;
    assert_int_equal(verify(&changed, NOW), STATUS_DENIED);
}

static void test_signature__window_is_five_minutes_both_ways(void **state)
{
    struct sample sample;

    (void)state;
    sample_make(&sample);
    assert_int_equal(verify(&sample, NOW + 300), STATUS_OK);
    assert_int_equal(verify(&sample, NOW - 300), STATUS_OK);
    assert_int_equal(verify(&sample, NOW + 301), STATUS_TIMEOUT);
    assert_int_equal(verify(&sample, NOW - 301), STATUS_TIMEOUT);
    /* A bad signature is never excused as a wrong clock. */
    sample.key.bytes[0] ^= 1;
    assert_int_equal(verify(&sample, NOW + 301), STATUS_DENIED);
}

#define LEAD "hf=(\"@method\" \"@path\" \"@query\" \"content-digest\")"

static void test_signature__malformed_input_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "hf",
        "hf=()",
        LEAD,
        LEAD ";created=;nonce=\"aa\";keyid=\"bb\"",
        LEAD ";created=1;nonce=\"aa\"",
        LEAD ";created=1;keyid=\"bb\";nonce=\"aa\"",
        LEAD ";created=1;nonce=\"\";keyid=\"bb\"",
        LEAD ";created=1;nonce=\"AA\";keyid=\"bb\"",
        LEAD ";created=1;nonce=\"aa\";keyid=\"b b\"",
        LEAD ";created=01;nonce=\"aa\";keyid=\"bb\"",
        LEAD ";created=-1;nonce=\"aa\";keyid=\"bb\"",
        LEAD ";created=99999999999999999999;nonce=\"aa\";keyid=\"bb\"",
        LEAD ";created=1;nonce=\"aa\";keyid=\"bb\";alg=\"ed25519\"",
        LEAD ";created=1;nonce=\"aa\";keyid=\"bb\" ",
        LEAD " ;created=1;nonce=\"aa\";keyid=\"bb\"",
        "xx=(\"@method\" \"@path\" \"@query\" "
        "\"content-digest\");created=1;nonce=\"aa\";keyid=\"b\"",
        "hf=(\"@path\" \"@method\" \"@query\" "
        "\"content-digest\");created=1;nonce=\"aa\";keyid=\"b\"",
        LEAD ";created=1;nonce=\"0123456789abcdef0123456789abcdef0\";keyid=\"bb\"",
        LEAD ";created=1;nonce=\"aa\";keyid=\"bb",
    };
    struct signature_params params;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (signature_read_input(bad[i], &params, &error) != STATUS_INVALID)
            fail_msg("taken: %s", bad[i]);
    }
    assert_int_equal(signature_read_input(NULL, &params, &error), STATUS_INVALID);
    assert_int_equal(
        signature_read_input(LEAD ";created=1;nonce=\"aa\";keyid=\"bb\"", &params, &error),
        STATUS_OK);
}

static void test_signature__missing_or_malformed_headers_are_invalid(void **state)
{
    struct sample sample;
    struct sample bad;
    struct signature_params params;
    struct error error;

    (void)state;
    sample_make(&sample);
    assert_int_equal(signature_verify(&sample.request, NULL, sample.headers.input,
                                      sample.headers.value, &sample.key, NOW, &params, &error),
                     STATUS_INVALID);
    assert_int_equal(signature_verify(&sample.request, sample.headers.digest, NULL,
                                      sample.headers.value, &sample.key, NOW, &params, &error),
                     STATUS_INVALID);
    assert_int_equal(signature_verify(&sample.request, sample.headers.digest, sample.headers.input,
                                      NULL, &sample.key, NOW, &params, &error),
                     STATUS_INVALID);
    bad = sample;
    bad.headers.value[10] = '*';
    assert_int_equal(verify(&bad, NOW), STATUS_INVALID);
    bad = sample;
    (void)snprintf(bad.headers.value, sizeof bad.headers.value, "hf=:AAAA:");
    assert_int_equal(verify(&bad, NOW), STATUS_INVALID);
    bad = sample;
    bad.headers.digest[5] = '\0';
    assert_int_equal(verify(&bad, NOW), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature__rfc_9421_b_2_6),
        cmocka_unit_test(test_signature__rfc_9530_digest),
        cmocka_unit_test(test_signature__round_trip_gives_the_parameters),
        cmocka_unit_test(test_signature__an_empty_query_is_a_lone_question_mark),
        cmocka_unit_test(test_signature__every_signed_part_counts),
        cmocka_unit_test(test_signature__window_is_five_minutes_both_ways),
        cmocka_unit_test(test_signature__malformed_input_is_refused),
        cmocka_unit_test(test_signature__missing_or_malformed_headers_are_invalid),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
