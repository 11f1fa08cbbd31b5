/**
 * @file app_connection.h
 * Opens and closes the one MQTT connection, and tells so in the log.
 */
#pragma once

#include "app_settings.h"

/** Starts to connect to the server of @p settings with @p cred; one without a client id gets the device's id.
 *  @retval TB_ERR_NO_TIME  TLS, and the date is not known yet. */
TB_NODISCARD tb_err_t app_connection_open(const app_settings_t *settings, const tb_cred_t *cred);

/** Looks for what TLS needs, if that is used. @retval TB_ERR_NOT_FOUND  no client certificate, or no key for it, where
 *  they are needed. @retval TB_ERR_TOO_LONG  a text is over its bounds. */
TB_NODISCARD tb_err_t app_connection_check(const app_settings_t *settings);

/** Idempotent. */
void app_connection_close(const app_settings_t *settings);
