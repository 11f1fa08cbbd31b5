#include "app_settings.h"

#include "sdkconfig.h"
#include "tb/tb_port.h"
#include "tb_port_log.h"

#define NUMBER_TEXT_MAX 10

static const char *TAG = "app_settings";

/** Reads `tb_cfg` key @p key, or else takes @p fallback from menuconfig. */
static tb_err_t read_text(const char *key, const char *fallback, char *dst, size_t cap)
{
    tb_err_t err = tb_port_config_text(key, dst, cap);
    if (err == TB_ERR_NOT_FOUND) {
        err = tb_str_copy(tb_str(fallback), dst, cap);
    }
    if (err != TB_OK) {
        TB_LOGE(TAG, "%s: %s (at most %u bytes)", key, tb_err_text(err), (unsigned)(cap - 1));
    }
    return err;
}

/** Reads decimal digits. @retval TB_ERR_INVALID_ARG  something else. @retval TB_ERR_OUT_OF_RANGE  over @p max. */
static tb_err_t parse_number(const char *text, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    if (text[0] == '\0') {
        return TB_ERR_INVALID_ARG;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return TB_ERR_INVALID_ARG;
        }
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > max) {
            return TB_ERR_OUT_OF_RANGE;
        }
    }
    *out = (uint32_t)value;
    return TB_OK;
}

static tb_err_t read_number(const char *key, uint32_t fallback, uint32_t min, uint32_t max, uint32_t *out)
{
    char text[NUMBER_TEXT_MAX + 1];
    uint32_t value = fallback;
    tb_err_t err = tb_port_config_text(key, text, sizeof(text));
    if (err == TB_ERR_NOT_FOUND) {
        *out = fallback;
        return TB_OK;
    }
    if (err == TB_OK) {
        err = parse_number(text, max, &value);
    }
    if (err == TB_OK && value < min) {
        err = TB_ERR_OUT_OF_RANGE;
    }
    if (err != TB_OK) {
        TB_LOGE(TAG, "%s: %s (a text of digits, from %u to %u)", key, tb_err_text(err), (unsigned)min, (unsigned)max);
        return err;
    }
    *out = value;
    return TB_OK;
}

static tb_err_t read_numbers(app_settings_t *out)
{
    uint32_t port = 0;
    tb_err_t err = read_number("port", CONFIG_TBC_TRANSPORT_ADDRESS_PORT, 1, UINT16_MAX, &port);
    if (err == TB_OK) {
        out->port = (uint16_t)port;
        err = read_number("run_time_s", CONFIG_TB_APP_RUN_TIME_S, 0, UINT32_MAX / 1000, &out->run_time_s);
    }
    if (err == TB_OK) {
        err = read_number("telemetry_s", CONFIG_TB_APP_TELEMETRY_PERIOD_S, 0, UINT32_MAX / 1000,
                          &out->telemetry_period_s);
    }
    return err;
}

static tb_err_t read_device_name(app_settings_t *out)
{
    tb_err_t err =
        read_text("device_name", CONFIG_TBC_PROVISION_DEVICE_NAME, out->device_name, sizeof(out->device_name));
    if (err == TB_OK && out->device_name[0] == '\0') {
        err = tb_port_device_id(out->device_name);
    }
    return err;
}

static bool is_set(const char *value, const char *what)
{
    if (value[0] == '\0') {
        TB_LOGE(TAG, "%s is not set: run menuconfig, menu \"Example ThingsBoard MQTT Configuration\"", what);
        return false;
    }
    return true;
}

#if TB_MODEL_PROV_REQUEST
#define TEXT_OF_WANTED(key, fallback, member) {key, fallback, out->wanted.member, sizeof(out->wanted.member)},

tb_err_t app_settings_recall_secrets(app_settings_t *out)
{
    const struct {
        const char *key;
        const char *fallback;
        char *dst;
        size_t cap;
    } texts[] = {
        {"prov_key", CONFIG_TBC_PROVISION_DEVICE_KEY, out->provision_key, sizeof(out->provision_key)},
        {"prov_secret", CONFIG_TBC_PROVISION_DEVICE_SECRET, out->provision_secret, sizeof(out->provision_secret)},
        TB_MODEL_PROV_SETTINGS(TEXT_OF_WANTED)};
    out->wanted.kind = TB_MODEL_PROV_KIND;
    for (size_t i = 0; i < TB_COUNT(texts); i++) {
        tb_err_t err = read_text(texts[i].key, texts[i].fallback, texts[i].dst, texts[i].cap);
        if (err != TB_OK) {
            return err;
        }
    }
    return TB_OK;
}
#else
tb_err_t app_settings_recall_secrets(app_settings_t *out)
{
    out->wanted.kind = TB_MODEL_PROV_KIND;
    return TB_OK;
}
#endif

tb_err_t app_settings_load(app_settings_t *out)
{
    out->use_tls = TB_MODEL_PROV_USES_TLS;
    tb_err_t err = read_text("host", CONFIG_TBC_TRANSPORT_ADDRESS_HOST, out->host, sizeof(out->host));
    if (err == TB_OK) {
        err = app_settings_recall_secrets(out);
    }
    if (err != TB_OK) {
        return err;
    }
    if (!is_set(out->host, "Hostname")) {
        return TB_ERR_INVALID_ARG;
    }
    err = read_device_name(out);
    return err == TB_OK ? read_numbers(out) : err;
}

bool app_settings_can_provision(const app_settings_t *settings)
{
    bool key_set = is_set(settings->provision_key, "Device key");
    bool secret_set = is_set(settings->provision_secret, "Device secret");
    return key_set && secret_set;
}

void app_settings_forget_secrets(app_settings_t *settings)
{
    tb_wipe(settings->provision_key, sizeof(settings->provision_key));
    tb_wipe(settings->provision_secret, sizeof(settings->provision_secret));
    tb_wipe(&settings->wanted, sizeof(settings->wanted));
}
