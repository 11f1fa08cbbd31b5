/**
 * @file app_connection.h
 * Opens and closes the one MQTT connection, and tells so in the log.
 */
#pragma once

#include "app_settings.h"

/** Starts to connect to the server of @p settings with @p cred; one without a client id gets the device's id.
 *  @retval TB_ERR_NO_TIME  TLS, and the date is not known yet. */
TB_NODISCARD tb_err_t app_connection_open(const app_settings_t *settings, const tb_cred_t *cred);

/** Whether there is a client certificate with its key, or no need of one. */
bool app_connection_has_certificate(const app_settings_t *settings);

/** Idempotent. */
void app_connection_close(const app_settings_t *settings);
