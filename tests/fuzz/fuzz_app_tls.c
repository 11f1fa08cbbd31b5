// Input: the PEM texts of `tb_cfg`, of whole certificates and keys and of any bytes, then what a server says to the
// client that was made of them. The rest of a handshake is OpenSSL's, and test_tb_port_posix_tls.c's.

#include "app_tls.h"

#include <mosquitto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>

#include "fuzz.h"
#include "tb_port_log.h"
#include "tb_port_tls.h"
#include "tb_protocol.h"
#include "test_tb_port_posix_identity.h"

#define TEXT_MAX 16384
#define PIECES_MAX 16
#define BEGIN_CERTIFICATE "-----BEGIN CERTIFICATE-----\n"
#define BROKEN BEGIN_CERTIFICATE "AAAA\n-----END CERTIFICATE-----\n"

/** What a text is made of. A key belongs to the certificate that stands as far before it. */
typedef enum { AUTHORITY, CLIENT, AUTHORITY_KEY, CLIENT_KEY, BROKEN_CERTIFICATE, ANY_BYTES, PIECES } piece_t;

typedef struct {
    char text[TEXT_MAX];
    tb_buf_t out;
    bool has_any_bytes; /**< Nothing is known of it. */
    bool has_broken;
    piece_t first_begin; /**< The first certificate, broken or not; PIECES: none. */
    piece_t first_certificate;
    piece_t first_key;
} setting_t;

static char *s_pieces[PIECES];
static setting_t s_ca;
static setting_t s_certificate;
static setting_t s_key;
static SSL_CTX *s_context; /**< What libmosquitto is given. */

/* ---- What app_tls.c and tb_port_tls.c call ---- */

tb_err_t tb_port_config_text(const char *key, char *dst, size_t cap)
{
    const setting_t *setting = strcmp(key, "ca_cert") == 0       ? &s_ca
                               : strcmp(key, "client_cert") == 0 ? &s_certificate
                                                                 : &s_key;
    return setting->out.len == 0 ? TB_ERR_NOT_FOUND : tb_str_copy(tb_buf_view(&setting->out), dst, cap);
}

void tb_port_log_line(char level, const char *tag, const char *format, ...)
{
    char line[512];
    va_list args;
    fuzz_check(strchr("EWI", level) != NULL && tag[0] != '\0');
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    fuzz_check(strstr(line, "-----") == NULL); // no PEM text is in the log
}

void mosquitto_log_callback_set(struct mosquitto *client, void (*on_log)(struct mosquitto *, void *, int, const char *))
{
    fuzz_check(client == NULL && on_log != NULL);
}

int mosquitto_int_option(struct mosquitto *client, enum mosq_opt_t option, int value)
{
    fuzz_check(client == NULL && option == MOSQ_OPT_SSL_CTX_WITH_DEFAULTS && value == 0);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_void_option(struct mosquitto *client, enum mosq_opt_t option, void *value)
{
    fuzz_check(client == NULL && option == MOSQ_OPT_SSL_CTX && SSL_CTX_up_ref(value) == 1);
    s_context = value;
    return MOSQ_ERR_SUCCESS;
}

/* ---- The texts ---- */

static void make_pieces(void)
{
    static char broken[] = BROKEN;
    identity_t authority = identity_make(NULL, NULL, -HOUR_S, HOUR_S);
    identity_t client = identity_make(&authority, "DNS:device", -HOUR_S, HOUR_S);
    s_pieces[AUTHORITY] = identity_certificate_pem(&authority);
    s_pieces[CLIENT] = identity_certificate_pem(&client);
    s_pieces[AUTHORITY_KEY] = identity_key_pem(&authority, NULL);
    s_pieces[CLIENT_KEY] = identity_key_pem(&client, NULL);
    s_pieces[BROKEN_CERTIFICATE] = broken;
    identity_free(&authority);
    identity_free(&client);
}

static void note_piece(setting_t *setting, piece_t piece)
{
    bool is_key = piece == AUTHORITY_KEY || piece == CLIENT_KEY;
    setting->has_broken = setting->has_broken || piece == BROKEN_CERTIFICATE;
    if (is_key && setting->first_key == PIECES) {
        setting->first_key = piece;
    } else if (!is_key && setting->first_begin == PIECES) {
        setting->first_begin = piece;
    }
    if (!is_key && piece != BROKEN_CERTIFICATE && setting->first_certificate == PIECES) {
        setting->first_certificate = piece;
    }
}

static void take_any_bytes(fuzz_input_t *in, setting_t *setting)
{
    tb_str_t bytes = fuzz_take_text(in, fuzz_take_byte(in));
    setting->has_any_bytes = true;
    for (size_t i = 0; i < bytes.len && bytes.ptr[i] != '\0'; i++) {
        tb_buf_put_char(&setting->out, bytes.ptr[i]);
    }
    fuzz_free(bytes);
}

/** Takes a text, of no piece if it is not set. */
static void take_setting(fuzz_input_t *in, setting_t *setting)
{
    setting->out = (tb_buf_t)TB_BUF(setting->text);
    setting->has_any_bytes = false;
    setting->has_broken = false;
    setting->first_begin = setting->first_certificate = setting->first_key = PIECES;
    for (unsigned left = fuzz_take_byte(in) % PIECES_MAX; left > 0; left--) {
        piece_t piece = (piece_t)(fuzz_take_byte(in) % PIECES);
        if (piece == ANY_BYTES) {
            take_any_bytes(in, setting);
        } else {
            tb_buf_put(&setting->out, tb_str(s_pieces[piece]));
            note_piece(setting, piece);
        }
    }
}

/** What reading @p setting must come to. */
static tb_err_t result_of(const setting_t *setting)
{
    if (setting->out.len == 0) {
        return TB_ERR_NOT_FOUND;
    }
    return setting->out.len > TB_LIMIT_CERTIFICATE ? TB_ERR_TOO_LONG : TB_OK;
}

static tb_err_t result_of_both(void)
{
    tb_err_t err = result_of(&s_certificate);
    return err == TB_OK ? result_of(&s_key) : err;
}

static bool has_usable_certificates(const setting_t *setting)
{
    return setting->first_certificate != PIECES && !setting->has_broken;
}

static bool is_usable(const tb_port_tls_t *tls)
{
    if (tls->ca != NULL && !has_usable_certificates(&s_ca)) {
        return false;
    }
    piece_t key = s_certificate.first_certificate == CLIENT ? CLIENT_KEY : AUTHORITY_KEY;
    return tls->certificate == NULL || (has_usable_certificates(&s_certificate) && s_key.first_key == key);
}

/** Texts of whole pieces are of use or not; of any others that is OpenSSL's to say. */
static void check_texts(const tb_port_tls_t *tls)
{
    bool has_any_bytes = (tls->ca != NULL && s_ca.has_any_bytes) ||
                         (tls->certificate != NULL && (s_certificate.has_any_bytes || s_key.has_any_bytes));
    fuzz_check(has_any_bytes || tb_port_tls_has_failed() == !is_usable(tls));
    fuzz_check(!tb_port_tls_has_failed() || tb_port_tls_failure() == TB_TLS_BAD_PEM);
}

/** The certificate that is sent to ThingsBoard is the body of the first one, in one line. */
static void check_put(void)
{
    char text[TB_LIMIT_CERTIFICATE];
    tb_buf_t out = TB_BUF(text);
    tb_err_t err = app_tls_put_certificate(&out);
    for (size_t i = 0; i < out.len; i++) {
        fuzz_check(text[i] > ' ' && text[i] != '-');
    }
    if (s_certificate.has_any_bytes || result_of_both() != TB_OK) {
        fuzz_check(s_certificate.has_any_bytes || err == result_of_both());
        return;
    }
    fuzz_check(err == (s_certificate.first_begin == PIECES ? TB_ERR_NOT_FOUND : TB_OK));
    if (err == TB_OK) {
        size_t taken = 0;
        for (const char *at = s_pieces[s_certificate.first_begin] + strlen(BEGIN_CERTIFICATE); *at != '-'; at++) {
            fuzz_check(*at == '\n' || (taken < out.len && text[taken++] == *at));
        }
        fuzz_check(taken == out.len);
    }
}

/* ---- The server ---- */

/** What a fatal alert says of us, when it is all that the server says: 15 0303 0002 02 alert. */
static bool is_about_our_certificate(uint8_t alert)
{
    static const uint8_t ALERTS[] = {42, 43, 44, 45, 46, 48, 49, 116}; // RFC 8446, 6.2
    return memchr(ALERTS, alert, sizeof(ALERTS)) != NULL;
}

static void check_failure(tb_str_t said)
{
    static const uint8_t FATAL_ALERT[] = {0x15, 0x03, 0x03, 0x00, 0x02, 0x02};
    tb_port_tls_failure_t failure = tb_port_tls_failure();
    fuzz_check(failure == TB_TLS_CERTIFICATE || failure == TB_TLS_HANDSHAKE);
    if (said.len > sizeof(FATAL_ALERT) && memcmp(said.ptr, FATAL_ALERT, sizeof(FATAL_ALERT)) == 0) {
        bool is_expected = is_about_our_certificate((uint8_t)said.ptr[sizeof(FATAL_ALERT)]);
        fuzz_check(is_expected == (failure == TB_TLS_CERTIFICATE));
    }
}

/** Begins a handshake with a server that says @p said and then nothing more. */
static void shake_hands(tb_str_t said)
{
    SSL *ssl = SSL_new(s_context);
    fuzz_check(ssl != NULL);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    fuzz_check(BIO_write(SSL_get_rbio(ssl), said.ptr, (int)said.len) == (int)said.len || said.len == 0);
    int result = SSL_connect(ssl);
    fuzz_check(result <= 0); // it cannot know what the client has sent
    bool is_over = SSL_get_error(ssl, result) == SSL_ERROR_SSL;
    fuzz_check(!is_over || tb_port_tls_has_failed());
    if (tb_port_tls_has_failed()) {
        check_failure(said);
    }
    SSL_free(ssl);
    ERR_clear_error();
}

static void connect_to(tb_str_t said, const tb_port_tls_t *tls)
{
    fuzz_check(tb_port_tls_attach(NULL, tls, "tb.example") == TB_OK);
    check_texts(tls);
    if (!tb_port_tls_has_failed()) {
        shake_hands(said);
    }
    SSL_CTX_free(s_context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input_t in = {.at = data, .left = size};
    tb_port_tls_t tls;
    if (s_pieces[CLIENT] == NULL) {
        fuzz_check(setenv("SSL_CERT_FILE", "/dev/null", 1) ==
                   0); // the system's authorities: too many to load each time
        make_pieces();
    }
    bool with_certificate = fuzz_take_byte(&in) % 2 == 1;
    take_setting(&in, &s_ca);
    take_setting(&in, &s_certificate);
    take_setting(&in, &s_key);
    check_put();
    tb_err_t expected = result_of(&s_ca) == TB_ERR_TOO_LONG ? TB_ERR_TOO_LONG
                        : with_certificate                  ? result_of_both()
                                                            : TB_OK;
    fuzz_check(app_tls_load(with_certificate, &tls) == expected);
    if (expected == TB_OK) {
        tb_str_t said = fuzz_take_text(&in, in.left);
        connect_to(said, &tls);
        fuzz_free(said);
    }
    app_tls_forget();
    return 0;
}
