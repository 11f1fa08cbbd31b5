/**
 * @file tb_port_tls.h
 * TLS for libmosquitto, by OpenSSL. A model that does not use TLS refers to neither.
 */
#pragma once

#include <mosquitto.h>

#include "tb/tb_port.h"
#include "tb_model.h"

#if TB_MODEL_TLS

/**
 * Makes @p client speak TLS with @p host, a name or an address, as @p tls says; NULL: plain TCP. A PEM text that cannot
 * be used is no error here: it is how the connection has failed, as if the server had refused it.
 * @retval TB_ERR_NO_MEM, TB_ERR_TRANSPORT  by the word of OpenSSL and of libmosquitto.
 */
TB_NODISCARD tb_err_t tb_port_tls_attach(struct mosquitto *client, const tb_port_tls_t *tls, const char *host);

/** Whether TLS of the client attached last has failed. Any thread. */
bool tb_port_tls_has_failed(void);

/** Why. Any thread. @pre it has failed. */
tb_port_tls_failure_t tb_port_tls_failure(void);

#else

static inline tb_err_t tb_port_tls_attach(struct mosquitto *client, const tb_port_tls_t *tls, const char *host)
{
    (void)client;
    (void)host;
    return tls == NULL ? TB_OK : TB_ERR_INVALID_ARG;
}

static inline bool tb_port_tls_has_failed(void)
{
    return false;
}

static inline tb_port_tls_failure_t tb_port_tls_failure(void)
{
    return TB_TLS_HANDSHAKE;
}

#endif
