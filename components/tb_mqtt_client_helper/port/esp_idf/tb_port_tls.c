// TLS by esp-tls and mbedTLS, as esp-mqtt drives them. Why a certificate was refused, esp-tls does not tell in every
// version: the flags are taken where mbedTLS judges it, in esp-mqtt's task, from which they are read as well.

#include "tb_port_tls.h"

#include <stdlib.h>
#include <string.h>

#include "esp_crt_bundle.h"
#include "esp_idf_version.h"
#include "esp_tls_errors.h"
#include "mbedtls/net_sockets.h"
#include "mbedtls/pk.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509.h"
#include "mbedtls/x509_crt.h"

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(6, 0, 0)
#include "psa/crypto.h"
#define AND_RANDOM_OF(config) // mbedTLS 4 takes random numbers from PSA
#else
#define AND_RANDOM_OF(config) , (config)->MBEDTLS_PRIVATE(f_rng), (config)->MBEDTLS_PRIVATE(p_rng)
#endif

typedef int (*verify_t)(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags);

static struct {
    const char *ca;          // NULL: ESP-IDF's bundle
    const char *certificate; // NULL: none is shown
    const char *key;
    mbedtls_x509_crt parsed_ca;
    bool is_bad; // one cannot be read, or certificate and key do not belong together
} s_texts;

static struct {
    verify_t next; // the bundle's
    void *next_context;
    uint32_t flags;         // of all certificates of the server's chain
    bool is_server_trusted; // what can fail after that is the server's judgement of us
} s_verify;

static int on_verify(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    (void)context;
    if (s_texts.is_bad) {
        return MBEDTLS_ERR_X509_FATAL_ERROR;
    }
    int result = s_verify.next != NULL ? s_verify.next(s_verify.next_context, certificate, depth, flags) : 0;
    s_verify.flags |= *flags;
    if (result != 0 && s_verify.flags == 0) {
        s_verify.flags = MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    }
    s_verify.is_server_trusted = depth == 0 && s_verify.flags == 0;
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

static bool parse(const char *text, mbedtls_x509_crt *out)
{
    return mbedtls_x509_crt_parse(out, (const unsigned char *)text, strlen(text) + 1) == 0;
}

/** esp-tls would take a chain of which only a part can be read, and a key of another certificate. */
static bool can_show_certificate(const mbedtls_ssl_config *config)
{
    if (s_texts.certificate == NULL) {
        return true;
    }
    (void)config;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
    mbedtls_x509_crt_init(&certificate);
    mbedtls_pk_init(&key);
    bool can_show = s_texts.key != NULL && parse(s_texts.certificate, &certificate) &&
                    mbedtls_pk_parse_key(&key, (const unsigned char *)s_texts.key, strlen(s_texts.key) + 1, NULL,
                                         0 AND_RANDOM_OF(config)) == 0 &&
                    mbedtls_pk_check_pair(&certificate.pk, &key AND_RANDOM_OF(config)) == 0;
    mbedtls_pk_free(&key);
    mbedtls_x509_crt_free(&certificate);
    return can_show;
}

/** Gives the connection what it trusts: called by esp-tls for each one, which does not look at what is returned. */
static esp_err_t attach(void *context)
{
    mbedtls_ssl_config *config = context;
    esp_err_t err = start_crypto();
    s_texts.is_bad = !can_show_certificate(config);
    if (s_texts.ca == NULL) {
        err = err == ESP_OK ? esp_crt_bundle_attach(config) : err;
        s_verify.next = config->MBEDTLS_PRIVATE(f_vrfy);
        s_verify.next_context = config->MBEDTLS_PRIVATE(p_vrfy);
    } else {
        mbedtls_x509_crt_free(&s_texts.parsed_ca);
        mbedtls_x509_crt_init(&s_texts.parsed_ca);
        s_texts.is_bad |= !parse(s_texts.ca, &s_texts.parsed_ca);
        mbedtls_ssl_conf_ca_chain(config, &s_texts.parsed_ca, NULL);
    }
    mbedtls_ssl_conf_verify(config, on_verify, NULL);
    return err;
}

void tb_port_tls_configure(const tb_port_tls_t *tls, esp_mqtt_client_config_t *config)
{
    config->broker.address.transport = MQTT_TRANSPORT_OVER_SSL;
    config->broker.verification.crt_bundle_attach = attach;
    s_texts.ca = tls->ca;
    s_texts.certificate = tls->certificate;
    s_texts.key = tls->key;
    s_texts.is_bad = false;
    s_verify.next = NULL; // or a connection that gets no further would fail as the one before it
    s_verify.flags = 0;
    s_verify.is_server_trusted = false;
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

/** Whether the server has turned the client away. mbedTLS keeps to itself which alert came; and when the server closes
 *  right after it, while the rest of the client's messages are on their way, the alert is lost in a reset. */
static bool is_turned_away(const esp_mqtt_error_codes_t *error)
{
    int cause = -abs(error->esp_tls_stack_err);
    bool is_in_handshake = error->esp_tls_last_esp_err == ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED;
    bool is_hung_up = cause == MBEDTLS_ERR_NET_CONN_RESET || cause == MBEDTLS_ERR_SSL_CONN_EOF;
    return s_verify.is_server_trusted &&
           (cause == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE || (is_in_handshake && is_hung_up));
}

bool tb_port_tls_read_error(const esp_mqtt_error_codes_t *error, tb_port_tls_failure_t *out)
{
    if (s_texts.is_bad) {
        *out = TB_TLS_BAD_PEM;
        return true;
    }
    if (s_verify.flags != 0) {
        *out = failure_of_flags(s_verify.flags);
        return true;
    }
    if (is_turned_away(error)) {
        *out = TB_TLS_CERTIFICATE;
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
