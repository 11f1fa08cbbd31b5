/**
 * @file app_tls.h
 * The PEM texts that TLS needs: of NVS (`tb_cfg`), or else those that were built in from main/certs. Only in models
 * that use TLS. One task.
 */
#pragma once

#include "tb/tb_port.h"

/**
 * Finds the CA and, if @p with_certificate, the client's certificate and key; a CA that is not there is NULL, and
 * stands for the platform's. The texts live until app_tls_forget().
 * @retval TB_ERR_NOT_FOUND  certificate or key is not there. @retval TB_ERR_TOO_LONG  over APP_TLS_PEM_MAX.
 */
TB_NODISCARD tb_err_t app_tls_load(bool with_certificate, tb_port_tls_t *out);

/** Appends the client's own certificate to @p out as ThingsBoard keeps it: the body of the PEM text, in one line.
 *  @retval TB_ERR_NOT_FOUND  there is none. @retval TB_ERR_TOO_LONG  no room.
 *  @pre nothing is loaded. */
TB_NODISCARD tb_err_t app_tls_put_certificate(tb_buf_t *out);

/** Wipes the texts from memory. */
void app_tls_forget(void);
