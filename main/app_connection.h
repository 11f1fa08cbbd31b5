/**
 * @file app_connection.h
 * Opens and closes the one MQTT connection, and tells so in the log.
 */
#pragma once

#include "app_settings.h"

/** Starts to connect to the server of @p settings as @p username. */
TB_NODISCARD tb_err_t app_connection_open(const app_settings_t *settings, const char *username);

/** Idempotent. */
void app_connection_close(const app_settings_t *settings);
