/**
 * @file tb_prov.h
 * Reader of ThingsBoard's answer to a provisioning request (contract 2.6). The request itself depends on the device
 * model and is built by generated code: tb_model_prov.h.
 */
#pragma once

#include "tb/tb_cred.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TB_PROV_ERROR_TEXT_MAX 64

/** What became of a provisioning request. */
typedef enum {
    TB_PROV_SUCCESS,
    TB_PROV_NOT_FOUND,  /**< Unknown key, wrong secret, or provisioning disabled in the profile. */
    TB_PROV_FAILURE,    /**< Name taken, already provisioned, not pre-provisioned, or token in use. */
    TB_PROV_WRONG_KIND, /**< Success, with credentials of a kind that this firmware has no use for. */
    TB_PROV_MALFORMED,  /**< Not an answer that ThingsBoard gives, or longer than we can read. */
} tb_prov_outcome_t;

/** Secret when it holds credentials: wipe after use. */
typedef struct {
    tb_prov_outcome_t outcome;
    tb_cred_t cred;                              /**< Of kind TB_CRED_NONE unless outcome is TB_PROV_SUCCESS. */
    char error_text[TB_PROV_ERROR_TEXT_MAX + 1]; /**< The server's errorMsg, "" when none or too long. */
} tb_prov_response_t;

/** Reads the answer @p json, which may hold anything; each input has an outcome. */
void tb_prov_parse_response(tb_str_t json, tb_prov_response_t *out);

/** Appends @p response as the server wrote it, for the log, with "***" for the credentials unless @p show_secrets. */
TB_NODISCARD tb_err_t tb_prov_print_response(const tb_prov_response_t *response, bool show_secrets, tb_buf_t *out);

#ifdef __cplusplus
}
#endif
