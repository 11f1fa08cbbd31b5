/**
 * @file normal_connection.h
 * The device at work: connected with its own credentials, sending telemetry (contract 3).
 */
#pragma once

#include "app_settings.h"
#include "tb_model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Starts to connect with @p cred. */
TB_NODISCARD tb_err_t normal_connection_open(const app_settings_t *settings, const tb_cred_t *cred);

/** The server has accepted the connection: reads the sensors and sends the first sample. */
void normal_connection_start(uint32_t period_s, uint64_t now_ms);

/** Sends a sample when one is due. */
void normal_connection_poll(uint64_t now_ms);

/** The connection is over: no sample is due until the next start. */
void normal_connection_stop(void);

/** When normal_connection_poll() is due, or UINT64_MAX. */
uint64_t normal_connection_deadline(void);

/** Sends @p telemetry, from any task.
 *  @retval TB_ERR_TRANSPORT  not connected with the device's own credentials. */
TB_NODISCARD tb_err_t normal_connection_send(const tb_model_telemetry_t *telemetry);

#ifdef __cplusplus
}
#endif
