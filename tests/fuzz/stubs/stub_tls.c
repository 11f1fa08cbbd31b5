#include "stub_tls.h"

#include "esp_crt_bundle.h"
#include "fuzz.h"
#include "mbedtls/ssl.h"
#include "stub_esp_idf.h"

static bool s_is_refused_by_bundle;

void mbedtls_x509_crt_init(mbedtls_x509_crt *certificate)
{
    certificate->text = NULL;
}

void mbedtls_x509_crt_free(mbedtls_x509_crt *certificate)
{
    free(certificate->text);
    certificate->text = NULL;
}

int mbedtls_x509_crt_parse(mbedtls_x509_crt *certificate, const unsigned char *text, size_t len)
{
    fuzz_check(certificate->text == NULL && len > 0 && text[len - 1] == '\0');
    certificate->text = malloc(len);
    fuzz_check(certificate->text != NULL);
    memcpy(certificate->text, text, len);
    certificate->pk.text = certificate->text;
    return strncmp(certificate->text, STUB_PEM, strlen(STUB_PEM)) == 0 ? 0 : -1;
}

void mbedtls_pk_init(mbedtls_pk_context *key)
{
    key->text = NULL;
}

void mbedtls_pk_free(mbedtls_pk_context *key)
{
    free(key->text);
    key->text = NULL;
}

int mbedtls_pk_parse_key(mbedtls_pk_context *key, const unsigned char *text, size_t len, const unsigned char *password,
                         size_t password_len, stub_random_t random, void *context)
{
    (void)random;
    (void)context;
    fuzz_check(key->text == NULL && len > 0 && text[len - 1] == '\0' && password == NULL && password_len == 0);
    key->text = malloc(len);
    fuzz_check(key->text != NULL);
    memcpy(key->text, text, len);
    return strncmp(key->text, STUB_PEM, strlen(STUB_PEM)) == 0 ? 0 : -1;
}

int mbedtls_pk_check_pair(const mbedtls_pk_context *public_key, const mbedtls_pk_context *key, stub_random_t random,
                          void *context)
{
    (void)random;
    (void)context;
    return strcmp(public_key->text, key->text) == 0 ? 0 : -1;
}

void mbedtls_ssl_conf_ca_chain(mbedtls_ssl_config *config, mbedtls_x509_crt *chain, void *revoked)
{
    fuzz_check(revoked == NULL);
    config->ca_chain = chain;
}

void mbedtls_ssl_conf_verify(mbedtls_ssl_config *config, stub_verify_t verify, void *context)
{
    config->f_vrfy = verify;
    config->p_vrfy = context;
}

static int verify_by_bundle(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    (void)context;
    (void)certificate;
    (void)depth;
    (void)flags;
    return s_is_refused_by_bundle ? -1 : 0;
}

esp_err_t esp_crt_bundle_attach(void *config)
{
    mbedtls_ssl_conf_verify(config, verify_by_bundle, NULL);
    return ESP_OK;
}

void stub_handshake(const uint32_t *flags, size_t count, bool is_refused_by_bundle)
{
    mbedtls_ssl_config config = {.f_vrfy = NULL};
    mbedtls_x509_crt certificate = {.text = NULL};
    s_is_refused_by_bundle = is_refused_by_bundle;
    fuzz_check(stub_attach(&config) == ESP_OK);
    fuzz_check(config.f_vrfy != NULL && config.f_vrfy != verify_by_bundle);
    for (size_t i = 0; i < count; i++) {
        uint32_t found = flags[i];
        if (config.f_vrfy(config.p_vrfy, &certificate, (int)(count - 1 - i), &found) != 0) {
            return;
        }
        fuzz_check(found == flags[i]); // nothing is forgiven
    }
}
