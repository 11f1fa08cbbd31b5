#include "fuzz_tls.h"

#include "esp_tls_errors.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509.h"
#include "stub_tls.h"

#define CHAIN_MAX 3

/** The bits of the way in which a connection is opened. */
enum {
    USES_TLS = 1 << 0,
    HAS_CA = 1 << 1,
    CA_IS_BAD = 1 << 2,
};

static struct {
    uint8_t how;
    tb_port_tls_t tls;
    tb_str_t ca;
    bool was_ca_read;
    uint32_t flags; /**< Of the last handshake. */
} s_tls;

const tb_port_tls_t *fuzz_tls_begin(uint8_t how)
{
    static const char GOOD[] = STUB_PEM;
    static const char BAD[] = "no certificate";
    fuzz_tls_end();
    s_tls.how = how;
    if ((how & HAS_CA) != 0) {
        s_tls.ca = (how & CA_IS_BAD) != 0 ? fuzz_copy(BAD, sizeof(BAD)) : fuzz_copy(GOOD, sizeof(GOOD));
        s_tls.tls.ca = s_tls.ca.ptr;
    }
    return (how & USES_TLS) != 0 ? &s_tls.tls : NULL;
}

void fuzz_tls_end(void)
{
    if (s_tls.ca.len > 0) {
        fuzz_free(s_tls.ca);
    }
    memset(&s_tls, 0, sizeof(s_tls));
}

/** What is found of a certificate, a bit of the input for each. */
static uint32_t take_flags(fuzz_input_t *in)
{
    static const uint32_t FLAGS[] = {MBEDTLS_X509_BADCERT_NOT_TRUSTED, MBEDTLS_X509_BADCERT_EXPIRED,
                                     MBEDTLS_X509_BADCERT_FUTURE, MBEDTLS_X509_BADCERT_CN_MISMATCH,
                                     MBEDTLS_X509_BADCERT_REVOKED};
    uint8_t bits = fuzz_take_byte(in);
    uint32_t flags = 0;
    for (size_t i = 0; i < TB_COUNT(FLAGS); i++) {
        flags |= (bits >> i & 1) != 0 ? FLAGS[i] : 0;
    }
    return flags;
}

void fuzz_tls_handshake(fuzz_input_t *in)
{
    uint32_t flags[CHAIN_MAX];
    uint8_t shape = fuzz_take_byte(in);
    size_t count = 1 + shape % CHAIN_MAX;
    bool is_refused = shape >= 128 && (s_tls.how & HAS_CA) == 0;
    if ((s_tls.how & USES_TLS) == 0) {
        return;
    }
    s_tls.flags = 0;
    for (size_t i = 0; i < count; i++) {
        flags[i] = take_flags(in);
        s_tls.flags |= is_refused && i > 0 ? 0 : flags[i]; // the first refusal ends it
    }
    if (is_refused && s_tls.flags == 0) {
        s_tls.flags = MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    }
    s_tls.was_ca_read = (s_tls.how & HAS_CA) != 0;
    stub_handshake(flags, count, is_refused);
}

void fuzz_tls_take_error(fuzz_input_t *in, esp_mqtt_error_codes_t *out)
{
    static const esp_err_t ERRORS[] = {ESP_OK,
                                       ESP_ERR_ESP_TLS_FAILED_CONNECT_TO_HOST,
                                       ESP_ERR_MBEDTLS_CERT_PARTLY_OK,
                                       ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED,
                                       ESP_ERR_MBEDTLS_SSL_CONF_OWN_CERT_FAILED,
                                       ESP_ERR_MBEDTLS_SSL_SETUP_FAILED,
                                       ESP_ERR_MBEDTLS_PK_PARSE_KEY_FAILED,
                                       ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED};
    static const int STACK_ERRORS[] = {0, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, -MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE,
                                       -1};
    uint8_t which = fuzz_take_byte(in);
    out->esp_tls_last_esp_err = ERRORS[which % TB_COUNT(ERRORS)];
    out->esp_tls_stack_err = STACK_ERRORS[which / TB_COUNT(ERRORS) % TB_COUNT(STACK_ERRORS)];
}

static tb_port_tls_failure_t failure_of_flags(void)
{
    static const struct {
        uint32_t flags;
        tb_port_tls_failure_t failure;
    } IN_THIS_ORDER[] = {
        {MBEDTLS_X509_BADCERT_NOT_TRUSTED, TB_TLS_UNTRUSTED},
        {MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE, TB_TLS_EXPIRED},
        {MBEDTLS_X509_BADCERT_CN_MISMATCH, TB_TLS_WRONG_HOST},
    };
    for (size_t i = 0; i < TB_COUNT(IN_THIS_ORDER); i++) {
        if ((s_tls.flags & IN_THIS_ORDER[i].flags) != 0) {
            return IN_THIS_ORDER[i].failure;
        }
    }
    return TB_TLS_UNTRUSTED;
}

static bool is_own_fault(esp_err_t err)
{
    return err == ESP_ERR_MBEDTLS_CERT_PARTLY_OK || err == ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED ||
           err == ESP_ERR_MBEDTLS_SSL_CONF_OWN_CERT_FAILED || err == ESP_ERR_MBEDTLS_PK_PARSE_KEY_FAILED;
}

bool fuzz_tls_has_failed(const esp_mqtt_error_codes_t *error, tb_port_tls_failure_t *out)
{
    esp_err_t err = error->esp_tls_last_esp_err;
    if ((s_tls.how & USES_TLS) == 0) {
        return false; // whatever is told: there is no TLS that could have failed
    }
    if (s_tls.was_ca_read && (s_tls.how & CA_IS_BAD) != 0) {
        *out = TB_TLS_BAD_PEM;
    } else if (s_tls.flags != 0) {
        *out = failure_of_flags();
    } else if (error->esp_tls_stack_err == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE ||
               error->esp_tls_stack_err == -MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        *out = TB_TLS_CERTIFICATE;
    } else if (is_own_fault(err)) {
        *out = TB_TLS_BAD_PEM;
    } else if (err == ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED || err == ESP_ERR_MBEDTLS_SSL_SETUP_FAILED) {
        *out = TB_TLS_HANDSHAKE;
    } else {
        return false;
    }
    return true;
}
