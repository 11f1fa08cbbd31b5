#include "app_tls.h"

#include <string.h>

#include "tb_model_prov.h"
#include "tb_port_log.h"

#define APP_TLS_PEM_MAX 3999 // what NVS takes as a string

static const char *TAG = "app_tls";

// What ESP-IDF's EMBED_TXTFILES, and the host build, make of the files in main/certs.
#ifdef APP_EMBEDDED_CA
extern const char EMBEDDED_CA[] __asm__("_binary_ca_pem_start");
#else
#define EMBEDDED_CA NULL
#endif
#ifdef APP_EMBEDDED_CERTIFICATE
extern const char EMBEDDED_CERTIFICATE[] __asm__("_binary_client_pem_start");
#else
#define EMBEDDED_CERTIFICATE NULL
#endif
#ifdef APP_EMBEDDED_KEY
extern const char EMBEDDED_KEY[] __asm__("_binary_client_key_start");
#else
#define EMBEDDED_KEY NULL
#endif

// The client of MQTT keeps pointers to them while it is connected.
static char s_ca[APP_TLS_PEM_MAX + 1];
#if TB_MODEL_PROV_CERTIFICATE
static char s_certificate[APP_TLS_PEM_MAX + 1];
static char s_key[APP_TLS_PEM_MAX + 1];
#endif

/** Reads `tb_cfg` key @p key into @p memory, or else takes @p embedded. */
static tb_err_t find_pem(const char *key, const char *embedded, char memory[APP_TLS_PEM_MAX + 1], const char **out)
{
    tb_err_t err = tb_port_config_text(key, memory, APP_TLS_PEM_MAX + 1);
    if (err == TB_OK) {
        *out = memory;
    } else if (err == TB_ERR_NOT_FOUND && embedded != NULL) {
        *out = embedded;
        err = TB_OK;
    } else if (err != TB_ERR_NOT_FOUND) {
        TB_LOGE(TAG, "%s: %s (at most %d bytes)", key, tb_err_text(err), APP_TLS_PEM_MAX);
    }
    return err;
}

#if TB_MODEL_PROV_CERTIFICATE
static tb_err_t find_certificate(tb_port_tls_t *out)
{
    tb_err_t err = find_pem("client_cert", EMBEDDED_CERTIFICATE, s_certificate, &out->certificate);
    return err == TB_OK ? find_pem("client_key", EMBEDDED_KEY, s_key, &out->key) : err;
}

// -----BEGIN CERTIFICATE-----
// MIIB...
// -----END CERTIFICATE-----
static tb_err_t put_body(const char *pem, tb_buf_t *out)
{
    static const char BEGIN[] = "-----BEGIN CERTIFICATE-----";
    const char *at = strstr(pem, BEGIN);
    if (at == NULL) {
        return TB_ERR_NOT_FOUND;
    }
    for (at += strlen(BEGIN); *at != '\0' && *at != '-'; at++) {
        if (*at > ' ') {
            tb_buf_put_char(out, *at);
        }
    }
    return tb_buf_result(out);
}

tb_err_t app_tls_put_certificate(tb_buf_t *out)
{
    tb_port_tls_t tls = {0};
    tb_err_t err = find_certificate(&tls);
    if (err == TB_OK) {
        err = put_body(tls.certificate, out);
    }
    app_tls_forget();
    return err;
}
#else
static tb_err_t find_certificate(tb_port_tls_t *out)
{
    (void)out;
    return TB_ERR_NOT_FOUND;
}
#endif

tb_err_t app_tls_load(bool with_certificate, tb_port_tls_t *out)
{
    tb_port_tls_t found = {0};
    tb_err_t err = find_pem("ca_cert", EMBEDDED_CA, s_ca, &found.ca);
    if (err == TB_ERR_NOT_FOUND) {
        err = TB_OK;
    }
    if (err == TB_OK && with_certificate) {
        err = find_certificate(&found);
    }
    if (err != TB_OK) {
        app_tls_forget();
        return err;
    }
    *out = found;
    return TB_OK;
}

void app_tls_forget(void)
{
    tb_wipe(s_ca, sizeof(s_ca));
#if TB_MODEL_PROV_CERTIFICATE
    tb_wipe(s_certificate, sizeof(s_certificate));
    tb_wipe(s_key, sizeof(s_key));
#endif
}
