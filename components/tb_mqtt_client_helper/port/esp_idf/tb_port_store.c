// The store is NVS: namespace `tb` for what the device keeps, `tb_cfg` for what it was told.

#include "nvs.h"
#include "nvs_flash.h"

#include "tb/tb_port.h"
#include "tb_port_log.h"

#define NAMESPACE "tb"
#define CONFIG_NAMESPACE "tb_cfg"

static const char *TAG = "tb_port_store";

_Static_assert(TB_ERR_NO_MEM == ESP_ERR_NO_MEM && TB_ERR_INVALID_ARG == ESP_ERR_INVALID_ARG &&
                   TB_ERR_INVALID_STATE == ESP_ERR_INVALID_STATE && TB_ERR_NOT_FOUND == ESP_ERR_NOT_FOUND &&
                   TB_ERR_INVALID_CRC == ESP_ERR_INVALID_CRC && TB_ERR_INVALID_VERSION == ESP_ERR_INVALID_VERSION,
               "tb_err_t shares the number space of esp_err_t");

static tb_err_t from_nvs(esp_err_t err)
{
    switch (err) {
    case ESP_OK:
        return TB_OK;
    case ESP_ERR_NVS_NOT_FOUND:
        return TB_ERR_NOT_FOUND;
    case ESP_ERR_NVS_INVALID_LENGTH:
        return TB_ERR_TOO_LONG;
    case ESP_ERR_NVS_TYPE_MISMATCH:
        return TB_ERR_INVALID_ARG;
    default:
        TB_LOGE(TAG, "NVS: %s", esp_err_to_name(err));
        return TB_ERR_STORE;
    }
}

tb_err_t tb_port_load(const char *key, char *dst, size_t cap, size_t *len)
{
    nvs_handle_t nvs;
    size_t size = cap;
    esp_err_t err = nvs_open(NAMESPACE, NVS_READONLY, &nvs);
    if (err == ESP_OK) {
        err = nvs_get_blob(nvs, key, dst, &size);
        nvs_close(nvs);
    }
    if (err == ESP_OK) {
        *len = size;
    }
    return from_nvs(err);
}

tb_err_t tb_port_save(const char *key, tb_str_t value)
{
    nvs_handle_t nvs;
    esp_err_t err = nvs_open(NAMESPACE, NVS_READWRITE, &nvs);
    if (err == ESP_OK) {
        err = nvs_set_blob(nvs, key, value.ptr, value.len);
        if (err == ESP_OK) {
            err = nvs_commit(nvs);
        }
        nvs_close(nvs);
    }
    return from_nvs(err);
}

tb_err_t tb_port_erase(const char *key)
{
    nvs_handle_t nvs;
    esp_err_t err = nvs_open(NAMESPACE, NVS_READWRITE, &nvs);
    if (err == ESP_OK) {
        err = nvs_erase_key(nvs, key);
        if (err == ESP_OK) {
            err = nvs_commit(nvs);
        }
        nvs_close(nvs);
    }
    return err == ESP_ERR_NVS_NOT_FOUND ? TB_OK : from_nvs(err);
}

tb_err_t tb_port_config_text(const char *key, char *dst, size_t cap)
{
    nvs_handle_t nvs;
    size_t size = cap;
    esp_err_t err = nvs_open(CONFIG_NAMESPACE, NVS_READONLY, &nvs);
    if (err == ESP_OK) {
        err = nvs_get_str(nvs, key, dst, &size);
        nvs_close(nvs);
    }
    return from_nvs(err);
}
