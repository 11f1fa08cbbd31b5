#include "app_connection.h"

#include "sdkconfig.h"
#include "tb/tb_port.h"
#include "tb_port_log.h"

static const char *TAG = "tb_mqtt_client_helper";

static bool s_is_open;

tb_err_t app_connection_open(const app_settings_t *settings, const char *username)
{
    char client_id[TB_PORT_DEVICE_ID_MAX];
    tb_err_t err = tb_port_device_id(client_id);
    if (err != TB_OK) {
        return err;
    }
    TB_LOGI(TAG, "connecting to mqtt://%s:%u ...", settings->host, settings->port);
    err = tb_port_open(&(tb_port_connection_t){
        .host = settings->host,
        .port = settings->port,
        .client_id = client_id,
        .username = username,
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
    TB_LOGI(TAG, "disconnecting from mqtt://%s:%u ...", settings->host, settings->port);
    tb_port_close();
    TB_LOGI(TAG, "It already disconnected from thingsboard MQTT server!");
    s_is_open = false;
}
