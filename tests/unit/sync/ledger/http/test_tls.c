/* TLS before the server: what is spoken, and a certificate that is renewed while it serves. */
#include "tests/unit/sync/ledger/http/running.h"

#include <curl/curl.h>

static size_t drop(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

struct secure {
    char cert[96], key[96], other_key[96], url[96];
    struct running *running;
};

static void make_certificate(const struct secure *secure, const char *key)
{
    char command[512];

    (void)snprintf(command, sizeof command,
                   "openssl req -x509 -newkey rsa:2048 -nodes -keyout %s -out %s -days 2 -subj "
                   "/CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null",
                   key, secure->cert);
    if (system(command) != 0)
        skip();
}

static void start_secure(struct fixture *fixture, struct secure *out)
{
    struct server_options options = {
        .listen = "127.0.0.1:0", .tls_cert = out->cert, .tls_key = out->key};

    (void)snprintf(out->cert, sizeof out->cert, "%s/cert.pem", fixture->folder);
    (void)snprintf(out->key, sizeof out->key, "%s/key.pem", fixture->folder);
    (void)snprintf(out->other_key, sizeof out->other_key, "%s/other.pem", fixture->folder);
    make_certificate(out, out->key);
    out->running = start_with(fixture, &options);
    (void)snprintf(out->url, sizeof out->url, "https://127.0.0.1:%d/v1/health", out->running->port);
}

/* A client that trusts what is in the file of the certificate now. */
static CURL *secure_client(const struct secure *secure)
{
    CURL *curl = curl_easy_init();

    curl_easy_setopt(curl, CURLOPT_URL, secure->url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, secure->cert);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    return curl;
}

static CURLcode ask_health(CURL *curl, long *code, long *connections)
{
    CURLcode result = curl_easy_perform(curl);

    *code = *connections = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, code);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, connections);
    return result;
}

static void test_tls__is_spoken_and_nothing_else(void **state)
{
    struct secure secure = {0};
    char url[96];
    long code, connections;
    CURL *curl;

    start_secure(*state, &secure);
    curl = secure_client(&secure);
    assert_int_equal(ask_health(curl, &code, &connections), CURLE_OK);
    assert_int_equal(code, 200);
    /* Plain HTTP on the TLS port is not answered. */
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/v1/health", secure.running->port);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L); /* newer curls take the TLS one for it */
    assert_int_not_equal(ask_health(curl, &code, &connections), CURLE_OK);
    curl_easy_cleanup(curl);
    stop(secure.running);
}

static void test_tls__begins_with_1_2(void **state)
{
    struct secure secure = {0};
    long code, connections;

    start_secure(*state, &secure);
    for (int version = 0; version < 2; version++) {
        CURL *curl = secure_client(&secure);
        /* The client would: whatever it is that refuses, it is the server. */
        curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, "ALL:@SECLEVEL=0");
        curl_easy_setopt(curl, CURLOPT_SSLVERSION,
                         version == 0
                             ? (long)(CURL_SSLVERSION_TLSv1_1 | CURL_SSLVERSION_MAX_TLSv1_1)
                             : (long)(CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2));
        assert_int_equal(ask_health(curl, &code, &connections),
                         version == 0 ? CURLE_SSL_CONNECT_ERROR : CURLE_OK);
        curl_easy_cleanup(curl);
    }
    stop(secure.running);
}

static void test_tls__a_renewed_certificate_is_shown(void **state)
{
    struct secure secure = {0};
    struct error error;
    long code, connections;
    CURL *before, *after;

    start_secure(*state, &secure);
    before = secure_client(&secure);
    assert_int_equal(ask_health(before, &code, &connections), CURLE_OK);
    /* Half written: the new certificate, and the key of the old one. */
    make_certificate(&secure, secure.other_key);
    assert_int_equal(server_renew(secure.running->server, &error), STATUS_INVALID);
    assert_null(strchr(error.text, '\n'));
    after = secure_client(&secure);
    assert_int_equal(ask_health(after, &code, &connections), CURLE_PEER_FAILED_VERIFICATION);
    assert_int_equal(rename(secure.other_key, secure.key), 0);
    must(server_renew(secure.running->server, &error), &error);
    assert_int_equal(ask_health(after, &code, &connections), CURLE_OK);
    assert_int_equal(code, 200);
    /* Who was connected stays so. */
    assert_int_equal(ask_health(before, &code, &connections), CURLE_OK);
    assert_int_equal(connections, 0);
    curl_easy_cleanup(before);
    curl_easy_cleanup(after);
    stop(secure.running);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_tls__is_spoken_and_nothing_else),
        TEST(test_tls__begins_with_1_2),
        TEST(test_tls__a_renewed_certificate_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
