/**
 * @file fuzz_tls.h
 * TLS of a connection, as the fuzzer's input wants it to go, and what the port must tell of it.
 */
#pragma once

#include "fuzz.h"
#include "mqtt_client.h"
#include "tb/tb_port.h"

/** Decides by @p how what the next connection is given; NULL: plain TCP. Lives until the next call or fuzz_tls_end().
 */
const tb_port_tls_t *fuzz_tls_begin(uint8_t how);

/** The connection is over: nobody may read its texts any more. */
void fuzz_tls_end(void);

/** Lets a server show its certificates, if the connection speaks TLS. */
void fuzz_tls_handshake(fuzz_input_t *in);

/** What esp-tls reports of an error. */
void fuzz_tls_take_error(fuzz_input_t *in, esp_mqtt_error_codes_t *out);

/** Whether @p error is one of TLS, and which. */
bool fuzz_tls_has_failed(const esp_mqtt_error_codes_t *error, tb_port_tls_failure_t *out);
