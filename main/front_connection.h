/**
 * @file front_connection.h
 * The provisioning connection: asks ThingsBoard for this device's credentials (contract 2).
 */
#pragma once

#include "app_settings.h"
#include "tb/tb_prov.h"

/** Starts to connect as the user `provision`. */
TB_NODISCARD tb_err_t front_connection_open(const app_settings_t *settings);

/** Says whether a request can be made of the settings. @retval TB_ERR_BAD_UTF8  a text is not UTF-8.
 *  @retval TB_ERR_TOO_LONG  they are too long together, escaped as JSON. */
TB_NODISCARD tb_err_t front_connection_check(const app_settings_t *settings, const tb_cred_t *asked_for);

/** Keeps @p asked_for as the pending credentials, subscribes to the answer, and sends the request.
 *  @retval TB_ERR_STORE  nothing was sent. */
TB_NODISCARD tb_err_t front_connection_request(const app_settings_t *settings, const tb_cred_t *asked_for);

/** Reads a message. Returns false when it is not the answer to the request. @p out is secret. */
bool front_connection_read(tb_str_t topic, tb_str_t payload, tb_prov_response_t *out);
