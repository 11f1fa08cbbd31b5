// TLS by esp-tls and mbedTLS, as esp-mqtt drives them.

#include "tb_port_tls.h"

#include <stdlib.h>
#include <string.h>

#include "esp_crt_bundle.h"
#include "esp_tls_errors.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509.h"

void tb_port_tls_configure(const tb_port_tls_t *tls, esp_mqtt_client_config_t *config)
{
    config->broker.address.transport = MQTT_TRANSPORT_OVER_SSL;
    if (tls->ca != NULL) {
        config->broker.verification.certificate = tls->ca; // PEM: its length is its NUL
    } else {
        config->broker.verification.crt_bundle_attach = esp_crt_bundle_attach;
    }
    config->credentials.authentication.certificate = tls->certificate;
    config->credentials.authentication.key = tls->key;
}

static tb_port_tls_failure_t failure_of_flags(int flags)
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
    if (error->esp_tls_cert_verify_flags != 0) {
        *out = failure_of_flags(error->esp_tls_cert_verify_flags);
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
