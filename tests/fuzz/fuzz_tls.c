#include "fuzz_tls.h"

#include "esp_tls_errors.h"
#include "mbedtls/net_sockets.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509.h"
#include "stub_tls.h"

#define CHAIN_MAX 3

/** The bits of the way in which a connection is opened. */
enum {
    USES_TLS = 1 << 0,
    HAS_CA = 1 << 1,
    CA_IS_BAD = 1 << 2,
    HAS_CERTIFICATE = 1 << 3,
    CERTIFICATE_IS_BAD = 1 << 4,
    KEY_IS_BAD = 1 << 5,
    KEY_IS_OF_ANOTHER = 1 << 6,
    KEY_IS_MISSING = 1 << 7,
};

static struct {
    uint8_t how;
    tb_port_tls_t tls;
    tb_str_t ca;
    tb_str_t certificate;
    tb_str_t key;
    bool were_texts_read;
    bool is_server_trusted; /**< By the last handshake. */
    uint32_t flags;         /**< Of the last handshake. */
} s_tls;

static tb_str_t text_of(bool is_bad)
{
    static const char GOOD[] = STUB_PEM;
    static const char BAD[] = "no certificate";
    return is_bad ? fuzz_copy(BAD, sizeof(BAD)) : fuzz_copy(GOOD, sizeof(GOOD));
}

static void give_certificate(uint8_t how)
{
    static const char OTHER[] = STUB_PEM " of another";
    s_tls.certificate = text_of((how & CERTIFICATE_IS_BAD) != 0);
    s_tls.tls.certificate = s_tls.certificate.ptr;
    if ((how & KEY_IS_MISSING) == 0) {
        s_tls.key = (how & KEY_IS_OF_ANOTHER) != 0 ? fuzz_copy(OTHER, sizeof(OTHER)) : text_of((how & KEY_IS_BAD) != 0);
        s_tls.tls.key = s_tls.key.ptr;
    }
}

const tb_port_tls_t *fuzz_tls_begin(uint8_t how)
{
    fuzz_tls_end();
    s_tls.how = how;
    if ((how & HAS_CA) != 0) {
        s_tls.ca = text_of((how & CA_IS_BAD) != 0);
        s_tls.tls.ca = s_tls.ca.ptr;
    }
    if ((how & HAS_CERTIFICATE) != 0) {
        give_certificate(how);
    }
    return (how & USES_TLS) != 0 ? &s_tls.tls : NULL;
}

void fuzz_tls_end(void)
{
    const tb_str_t texts[] = {s_tls.ca, s_tls.certificate, s_tls.key};
    for (size_t i = 0; i < TB_COUNT(texts); i++) {
        if (texts[i].len > 0) {
            fuzz_free(texts[i]);
        }
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
    s_tls.were_texts_read = true;
    s_tls.is_server_trusted = s_tls.flags == 0;
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
    static const int STACK_ERRORS[] = {0,
                                       MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE,
                                       -MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE,
                                       -1,
                                       MBEDTLS_ERR_NET_CONN_RESET,
                                       -MBEDTLS_ERR_NET_CONN_RESET,
                                       MBEDTLS_ERR_SSL_CONN_EOF,
                                       -MBEDTLS_ERR_SSL_CONN_EOF};
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

/** Whether a text of ours was of no use, which is seen when the handshake begins. */
static bool is_text_bad(void)
{
    bool is_ca_bad = (s_tls.how & HAS_CA) != 0 && (s_tls.how & CA_IS_BAD) != 0;
    bool is_certificate_bad = (s_tls.how & HAS_CERTIFICATE) != 0 &&
                              (s_tls.how & (CERTIFICATE_IS_BAD | KEY_IS_BAD | KEY_IS_OF_ANOTHER | KEY_IS_MISSING)) != 0;
    return s_tls.were_texts_read && (is_ca_bad || is_certificate_bad);
}

/** Once the server is trusted, an alert, or its end in the handshake, is its judgement of us. */
static bool is_turned_away(const esp_mqtt_error_codes_t *error)
{
    int cause = abs(error->esp_tls_stack_err);
    bool is_hung_up = (cause == -MBEDTLS_ERR_NET_CONN_RESET || cause == -MBEDTLS_ERR_SSL_CONN_EOF) &&
                      error->esp_tls_last_esp_err == ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED;
    return s_tls.is_server_trusted && (is_hung_up || cause == -MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
}

bool fuzz_tls_has_failed(const esp_mqtt_error_codes_t *error, tb_port_tls_failure_t *out)
{
    esp_err_t err = error->esp_tls_last_esp_err;
    if ((s_tls.how & USES_TLS) == 0) {
        return false; // whatever is told: there is no TLS that could have failed
    }
    if (is_text_bad()) {
        *out = TB_TLS_BAD_PEM;
    } else if (s_tls.flags != 0) {
        *out = failure_of_flags();
    } else if (is_turned_away(error)) {
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
