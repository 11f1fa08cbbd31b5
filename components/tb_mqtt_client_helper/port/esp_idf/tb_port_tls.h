/**
 * @file tb_port_tls.h
 * TLS for esp-mqtt. Only in models that use TLS.
 */
#pragma once

#include "mqtt_client.h"

#include "tb/tb_port.h"

/** Makes @p config connect as @p tls says, whose texts must outlive the client; NULL: plain TCP. The server's name or
 *  address is checked. */
void tb_port_tls_configure(const tb_port_tls_t *tls, esp_mqtt_client_config_t *config);

/** Whether @p error of a transport is one of TLS, and which; @p out is untouched if not. */
bool tb_port_tls_read_error(const esp_mqtt_error_codes_t *error, tb_port_tls_failure_t *out);
