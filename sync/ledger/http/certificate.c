/* The pairs that were read, the newest first; sessions take the first one.
 *
 *   newest ──► pair ──► pair that was replaced ──► ... ──► NULL
 */
#include "sync/ledger/http/certificate.h"

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/file.h"

#include <stdatomic.h>
#include <stdlib.h>

#define PEM_MAX ((size_t)1 << 20)

struct pair {
    gnutls_certificate_credentials_t credentials;
    struct pair *older;
};

struct certificate {
    const char *cert_path, *key_path;
    _Atomic(struct pair *) newest;
};

static gnutls_datum_t datum(const struct buf *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)text->data, .size = (unsigned)text->used};
}

static enum status make_pair(const struct buf *cert, const struct buf *key, struct pair **out,
                             struct error *error)
{
    gnutls_datum_t cert_pem = datum(cert), key_pem = datum(key);
    struct pair *pair = mem_alloc(sizeof *pair);
    int result = gnutls_certificate_allocate_credentials(&pair->credentials);

    if (result >= 0) {
        result = gnutls_certificate_set_x509_key_mem(pair->credentials, &cert_pem, &key_pem,
                                                     GNUTLS_X509_FMT_PEM);
        if (result < 0)
            gnutls_certificate_free_credentials(pair->credentials);
    }
    if (result < 0) {
        free(pair);
        return error_set(error, STATUS_INVALID, "certificate and key can't be used: %s",
                         gnutls_strerror(result));
    }
    *out = pair;
    return STATUS_OK;
}

static enum status read_pair(const struct certificate *certificate, struct pair **out,
                             struct error *error)
{
    struct buf cert, key;
    enum status status;

    buf_init(&cert, PEM_MAX);
    buf_init(&key, PEM_MAX);
    status = file_read(certificate->cert_path, &cert, error);
    if (status == STATUS_OK)
        status = file_read(certificate->key_path, &key, error);
    if (status == STATUS_OK)
        status = make_pair(&cert, &key, out, error);
    if (key.data != NULL)
        secret_wipe(key.data, key.used);
    buf_finish(&cert);
    buf_finish(&key);
    return status;
}

enum status certificate_renew(struct certificate *certificate, struct error *error)
{
    struct pair *pair;
    enum status status = read_pair(certificate, &pair, error);

    if (status != STATUS_OK)
        return status;
    pair->older = atomic_load(&certificate->newest);
    atomic_store(&certificate->newest, pair);
    return STATUS_OK;
}

enum status certificate_open(const char *cert_path, const char *key_path, struct certificate **out,
                             struct error *error)
{
    struct certificate *certificate = mem_alloc(sizeof *certificate);
    enum status status;

    certificate->cert_path = cert_path;
    certificate->key_path = key_path;
    status = certificate_renew(certificate, error);
    if (status != STATUS_OK) {
        free(certificate);
        return status;
    }
    *out = certificate;
    return STATUS_OK;
}

void certificate_close(struct certificate *certificate)
{
    struct pair *pair = certificate == NULL ? NULL : atomic_load(&certificate->newest);

    while (pair != NULL) {
        struct pair *older = pair->older;
        gnutls_certificate_free_credentials(pair->credentials);
        free(pair);
        pair = older;
    }
    free(certificate);
}

void certificate_show(struct certificate *certificate, gnutls_session_t session)
{
    const struct pair *pair = atomic_load(&certificate->newest);

    (void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, pair->credentials);
}

int certificate_none(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                     const gnutls_pk_algorithm_t *kinds, int kind_count, gnutls_pcert_st **out,
                     unsigned *count, gnutls_privkey_t *key)
{
    (void)session;
    (void)names;
    (void)name_count;
    (void)kinds;
    (void)kind_count;
    *out = NULL;
    *count = 0;
    *key = NULL;
    return GNUTLS_E_INSUFFICIENT_CREDENTIALS;
}
