// libmosquitto takes certificates as files; ours are texts in memory, so it is given a context of OpenSSL instead. It
// keeps a reference of its own to that until mosquitto_destroy(), and sends the host's name to the server (SNI) itself.

#include "tb_port_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>

#include "tb_port_log.h"

#define NOT_FAILED (-1)

static const char *TAG = "tb_port_tls";

static atomic_int s_failure = NOT_FAILED;    // or a tb_port_tls_failure_t
static atomic_bool s_is_certificate_missing; // the server has asked for one, and there is none

/** The first failure is the cause of what follows it. */
static void fail(tb_port_tls_failure_t failure)
{
    int expected = NOT_FAILED;
    atomic_compare_exchange_strong(&s_failure, &expected, (int)failure);
}

static tb_port_tls_failure_t failure_of_verification(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return TB_TLS_EXPIRED;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return TB_TLS_WRONG_HOST;
    default:
        return TB_TLS_UNTRUSTED;
    }
}

static int on_verify(int is_ok, X509_STORE_CTX *store)
{
    if (!is_ok) {
        int error = X509_STORE_CTX_get_error(store);
        TB_LOGE(TAG, "the server's certificate: %s", X509_verify_cert_error_string(error));
        fail(failure_of_verification(error));
    }
    return is_ok;
}

/** Is asked for a certificate only when the context has none. */
static int on_certificate_request(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    (void)ssl;
    (void)certificate;
    (void)key;
    s_is_certificate_missing = true;
    return 0;
}

// By these a server refuses the client's certificate, or the lack of one (RFC 8446, 6.2). Before TLS 1.3, the lack of
// one may also be told as handshake_failure (RFC 5246, 7.4.6).
static tb_port_tls_failure_t failure_of_alert(int alert)
{
    switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
        return TB_TLS_CERTIFICATE;
    case SSL_AD_HANDSHAKE_FAILURE:
        return s_is_certificate_missing ? TB_TLS_CERTIFICATE : TB_TLS_HANDSHAKE;
    default:
        return TB_TLS_HANDSHAKE;
    }
}

static void on_info(const SSL *ssl, int where, int value)
{
    bool is_alert_read = (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT;
    bool has_stopped = (where & SSL_CB_CONNECT_EXIT) == SSL_CB_CONNECT_EXIT && value <= 0;
    if (is_alert_read && value >> 8 == SSL3_AL_FATAL) {
        fail(failure_of_alert(value & 0xFF));
    } else if (has_stopped && !BIO_should_retry(SSL_get_rbio(ssl))) {
        fail(TB_TLS_HANDSHAKE);
    }
}

static void on_log(struct mosquitto *client, void *context, int level, const char *line)
{
    (void)client;
    (void)context;
    if (level == MOSQ_LOG_ERR) {
        TB_LOGE(TAG, "%s", line);
    }
}

static int trust(SSL_CTX *context, X509 *certificate)
{
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
}

static int add_to_chain(SSL_CTX *context, X509 *certificate)
{
    return SSL_CTX_add1_chain_cert(context, certificate) == 1;
}

/** Gives the certificates of @p text, one at least, to @p use_first and @p use_next. */
static bool use_certificates(SSL_CTX *context, const char *text, int (*use_first)(SSL_CTX *, X509 *),
                             int (*use_next)(SSL_CTX *, X509 *))
{
    BIO *pem = BIO_new_mem_buf(text, -1);
    int count = 0;
    bool is_used = pem != NULL;
    X509 *certificate;
    while (is_used && (certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        is_used = (count++ == 0 ? use_first : use_next)(context, certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(pem);
    bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE; // or at one that cannot be read
    return is_used && count > 0 && is_at_end;
}

/** Refuses a key that does not belong to the certificate in use. */
static bool use_key(SSL_CTX *context, const char *text)
{
    char password[] = ""; // or OpenSSL asks the terminal for that of an encrypted key
    BIO *pem = text != NULL ? BIO_new_mem_buf(text, -1) : NULL;
    EVP_PKEY *key = pem != NULL ? PEM_read_bio_PrivateKey(pem, NULL, NULL, password) : NULL;
    bool is_used = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(pem);
    return is_used;
}

/** Passes @p is_used on, with a line in the log when @p what is of no use. */
static bool judged(bool is_used, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    if (!is_used) {
        TB_LOGE(TAG, "%s: %s", what, reason != NULL ? reason : "cannot be used");
        fail(TB_TLS_BAD_PEM);
    }
    ERR_clear_error();
    return is_used;
}

static void use_texts(SSL_CTX *context, const tb_port_tls_t *tls)
{
    if (tls->ca != NULL) {
        (void)judged(use_certificates(context, tls->ca, trust, trust), "CA");
    } else {
        (void)judged(SSL_CTX_set_default_verify_paths(context) == 1, "the system's certificates");
    }
    if (tls->certificate != NULL &&
        judged(use_certificates(context, tls->certificate, SSL_CTX_use_certificate, add_to_chain), "certificate")) {
        (void)judged(use_key(context, tls->key), "private key");
    }
}

/** The server has to prove that it is @p host. */
static bool expect_host(SSL_CTX *context, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
    struct in6_addr address;
    bool is_address = inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verify);
    return (is_address ? X509_VERIFY_PARAM_set1_ip_asc(param, host) : X509_VERIFY_PARAM_set1_host(param, host, 0)) == 1;
}

static bool give(struct mosquitto *client, SSL_CTX *context)
{
    mosquitto_log_callback_set(client, on_log);
    return mosquitto_void_option(client, MOSQ_OPT_SSL_CTX, context) == MOSQ_ERR_SUCCESS &&
           mosquitto_int_option(client, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, false) == MOSQ_ERR_SUCCESS;
}

tb_err_t tb_port_tls_attach(struct mosquitto *client, const tb_port_tls_t *tls, const char *host)
{
    s_failure = NOT_FAILED;
    s_is_certificate_missing = false;
    if (tls == NULL) {
        return TB_OK;
    }
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        return TB_ERR_NO_MEM;
    }
    tb_err_t err = TB_OK;
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || !expect_host(context, host)) {
        err = TB_ERR_NO_MEM;
    } else if (!give(client, context)) {
        err = TB_ERR_TRANSPORT;
    } else {
        use_texts(context, tls);
        SSL_CTX_set_client_cert_cb(context, on_certificate_request);
        SSL_CTX_set_info_callback(context, on_info);
    }
    SSL_CTX_free(context);
    return err;
}

bool tb_port_tls_has_failed(void)
{
    return s_failure != NOT_FAILED;
}

tb_port_tls_failure_t tb_port_tls_failure(void)
{
    return (tb_port_tls_failure_t)s_failure;
}
