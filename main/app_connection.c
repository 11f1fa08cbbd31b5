#include "app_connection.h"

#include <string.h>

#include "sdkconfig.h"
#include "tb/tb_port.h"
#include "tb_model.h"
#include "tb_port_log.h"

#if TB_MODEL_TLS
#include "app_tls.h"
#endif

static const char *TAG = "tb_mqtt_client_helper";

static bool s_is_open;

#if TB_MODEL_TLS
static tb_port_tls_t s_tls;

/** Sets @p out to what TLS needs; the device's certificate is shown only by those that it alone identifies. */
static tb_err_t load_tls(const tb_cred_t *cred, const tb_port_tls_t **out)
{
    if (!tb_port_time_is_known()) {
        return TB_ERR_NO_TIME;
    }
    tb_err_t err = app_tls_load(cred->kind == TB_CRED_X509, &s_tls);
    if (err == TB_OK) {
        *out = &s_tls;
    }
    return err;
}

static void forget_tls(void)
{
    app_tls_forget();
}

tb_err_t app_connection_check(const app_settings_t *settings)
{
    tb_port_tls_t tls;
    tb_err_t err = settings->use_tls ? app_tls_load(settings->wanted.kind == TB_CRED_X509, &tls) : TB_OK;
    app_tls_forget();
    return err;
}
#else
static tb_err_t load_tls(const tb_cred_t *cred, const tb_port_tls_t **out)
{
    (void)cred;
    (void)out;
    return TB_OK;
}

static void forget_tls(void)
{
}

tb_err_t app_connection_check(const app_settings_t *settings)
{
    (void)settings;
    return TB_OK;
}
#endif

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static const char *scheme(const app_settings_t *settings)
{
    return settings->use_tls ? "mqtts" : "mqtt";
}

tb_err_t app_connection_open(const app_settings_t *settings, const tb_cred_t *cred)
{
    char device_id[TB_PORT_DEVICE_ID_MAX];
    const tb_port_tls_t *tls = NULL;
    tb_err_t err = tb_port_device_id(device_id);
    if (err == TB_OK && settings->use_tls) {
        err = load_tls(cred, &tls);
    }
    if (err != TB_OK) {
        return err;
    }
    TB_LOGI(TAG, "connecting to %s://%s:%u ...", scheme(settings), settings->host, settings->port);
    err = tb_port_open(&(tb_port_connection_t){
        .host = settings->host,
        .port = settings->port,
        .client_id = cred->client_id[0] != '\0' ? cred->client_id : device_id,
        .username = text_or_null(cred->username),
        .password = text_or_null(cred->password),
        .tls = tls,
        .keepalive_s = CONFIG_TB_KEEPALIVE_S,
        .timeout_ms = CONFIG_TB_CONNECT_TIMEOUT_MS,
    });
    s_is_open = err == TB_OK;
    return err;
}

void app_connection_close(const app_settings_t *settings)
{
    if (!s_is_open) {
        return;
    }
    TB_LOGI(TAG, "disconnecting from %s://%s:%u ...", scheme(settings), settings->host, settings->port);
    tb_port_close();
    forget_tls();
    TB_LOGI(TAG, "It already disconnected from thingsboard MQTT server!");
    s_is_open = false;
}
