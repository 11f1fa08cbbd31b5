/**
 * @file app_device.h
 * The device: its settings, its credentials, and the session that decides what to do next. One task, but for
 * normal_connection_send() and app_credentials_offer().
 */
#pragma once

#include "app_credentials.h"
#include "app_settings.h"
#include "tb/tb_session.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Secret. */
typedef struct {
    app_settings_t settings;
    app_credentials_t credentials;
    tb_session_t session;
} app_device_t;

/** Brings up store and network, reads settings and credentials. Returns TB_OUTCOME_NONE, or why the device cannot run.
 */
TB_NODISCARD tb_outcome_t app_device_start(app_device_t *device);

/** Runs until the run time is over, or until there is nothing left to try. Returns why it ended. */
TB_NODISCARD tb_outcome_t app_device_run(app_device_t *device);

void app_device_disconnect(app_device_t *device);

/** Wipes the device's secrets from memory. */
void app_device_destroy(app_device_t *device);

#ifdef __cplusplus
}
#endif
