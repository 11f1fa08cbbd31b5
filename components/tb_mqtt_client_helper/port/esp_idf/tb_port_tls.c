// TLS by esp-tls and mbedTLS, as esp-mqtt drives them. Why a certificate was refused, esp-tls does not tell in every
// version: the flags are taken where mbedTLS judges it, in esp-mqtt's task, from which they are read as well.

#include "tb_port_tls.h"

#include <stdlib.h>
#include <string.h>

#include "esp_crt_bundle.h"
#include "esp_idf_version.h"
#include "esp_tls_errors.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509.h"
#include "mbedtls/x509_crt.h"

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(6, 0, 0)
#include "psa/crypto.h"
#endif

typedef int (*verify_t)(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags);

static bool s_is_used; // by this connection

static struct {
    const char *text; // NULL: ESP-IDF's bundle
    mbedtls_x509_crt parsed;
    bool is_bad;
} s_ca;

static struct {
    verify_t next; // the bundle's
    void *next_context;
    uint32_t flags; // of all certificates of the server's chain
} s_verify;

static int on_verify(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    (void)context;
    int result = s_verify.next != NULL ? s_verify.next(s_verify.next_context, certificate, depth, flags) : 0;
    s_verify.flags |= *flags;
    if (result != 0 && s_verify.flags == 0) {
        s_verify.flags = MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    }
    return result;
}

/** mbedTLS 4 computes by PSA only. ESP-IDF starts that on a chip, but not on its linux target; a second start is none.
 */
static esp_err_t start_crypto(void)
{
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(6, 0, 0)
    return psa_crypto_init() == PSA_SUCCESS ? ESP_OK : ESP_FAIL;
#else
    return ESP_OK;
#endif
}

/** Gives the connection what it trusts: called by esp-tls for each one. */
static esp_err_t attach(void *context)
{
    mbedtls_ssl_config *config = context;
    esp_err_t err = start_crypto();
    s_verify.next = NULL;
    s_verify.flags = 0;
    if (s_ca.text == NULL) {
        err = err == ESP_OK ? esp_crt_bundle_attach(config) : err;
        s_verify.next = config->MBEDTLS_PRIVATE(f_vrfy);
        s_verify.next_context = config->MBEDTLS_PRIVATE(p_vrfy);
    } else {
        mbedtls_x509_crt_free(&s_ca.parsed);
        mbedtls_x509_crt_init(&s_ca.parsed);
        s_ca.is_bad =
            mbedtls_x509_crt_parse(&s_ca.parsed, (const unsigned char *)s_ca.text, strlen(s_ca.text) + 1) != 0;
        mbedtls_ssl_conf_ca_chain(config, &s_ca.parsed, NULL);
    }
    mbedtls_ssl_conf_verify(config, on_verify, NULL);
    return err;
}

void tb_port_tls_configure(const tb_port_tls_t *tls, esp_mqtt_client_config_t *config)
{
    s_is_used = tls != NULL;
    s_ca.is_bad = false;
    s_verify.flags = 0;
    if (tls == NULL) {
        return;
    }
    config->broker.address.transport = MQTT_TRANSPORT_OVER_SSL;
    config->broker.verification.crt_bundle_attach = attach;
    s_ca.text = tls->ca;
    config->credentials.authentication.certificate = tls->certificate;
    config->credentials.authentication.key = tls->key;
}

static tb_port_tls_failure_t failure_of_flags(uint32_t flags)
{
    if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
        return TB_TLS_UNTRUSTED; // whatever else such a certificate says
    }
    if ((flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) != 0) {
        return TB_TLS_EXPIRED;
    }
    return (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0 ? TB_TLS_WRONG_HOST : TB_TLS_UNTRUSTED;
}

bool tb_port_tls_read_error(const esp_mqtt_error_codes_t *error, tb_port_tls_failure_t *out)
{
    if (!s_is_used) {
        return false;
    }
    if (s_ca.is_bad) {
        *out = TB_TLS_BAD_PEM;
        return true;
    }
    if (s_verify.flags != 0) {
        *out = failure_of_flags(s_verify.flags);
        return true;
    }
    if (abs(error->esp_tls_stack_err) == -MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        *out = TB_TLS_CERTIFICATE; // mbedTLS keeps to itself which alert it was; a client's certificate is what it is
                                   // about
        return true;
    }
    switch (error->esp_tls_last_esp_err) {
    case ESP_ERR_MBEDTLS_CERT_PARTLY_OK:
    case ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED:
    case ESP_ERR_MBEDTLS_SSL_CONF_OWN_CERT_FAILED:
    case ESP_ERR_MBEDTLS_PK_PARSE_KEY_FAILED:
        *out = TB_TLS_BAD_PEM;
        return true;
    case ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED:
    case ESP_ERR_MBEDTLS_SSL_SETUP_FAILED:
        *out = TB_TLS_HANDSHAKE;
        return true;
    default:
        return false;
    }
}
