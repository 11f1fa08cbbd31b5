/**
 * @file app_settings.h
 * What this device was told: menuconfig, overridden by the NVS namespace `tb_cfg`, so that one binary serves many.
 */
#pragma once

#include "tb/tb_cred.h"
#include "tb_model_prov.h"

#ifdef __cplusplus
extern "C" {
#endif

#define APP_HOST_MAX 255

/** NUL-terminated texts. Secret but for host, port and device name. */
typedef struct {
    char host[APP_HOST_MAX + 1];
    uint16_t port;
    bool use_tls;
    char device_name[TB_MODEL_PROV_DEVICE_NAME_MAX + 1];
    char provision_key[TB_MODEL_PROV_KEY_MAX + 1];
    char provision_secret[TB_MODEL_PROV_SECRET_MAX + 1];
    tb_cred_t wanted; /**< What to ask for; a text that is "" although the model has it is made by the device. */
    uint32_t run_time_s;
    uint32_t telemetry_period_s;
} app_settings_t;

/** Reads the settings; an empty device name becomes chip name and MAC. Says in the log what is wrong.
 *  @retval TB_ERR_TOO_LONG  a setting is over its bounds.
 *  @retval TB_ERR_INVALID_ARG  a number is none, or no server is set. */
TB_NODISCARD tb_err_t app_settings_load(app_settings_t *out);

/** Says in the log what is missing for provisioning; true when nothing is. */
bool app_settings_can_provision(const app_settings_t *settings);

/** Wipes what only provisioning needs. */
void app_settings_forget_secrets(app_settings_t *settings);

/** Reads it again. Errors as app_settings_load(). */
TB_NODISCARD tb_err_t app_settings_recall_secrets(app_settings_t *settings);

#ifdef __cplusplus
}
#endif
