/**
 * @file tb_cred.h
 * A device's credentials, and the record in which they are kept over a power cut.
 */
#pragma once

#include "tb/tb_buf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TB_CRED_TOKEN_MAX 128    /**< Longest access token, in bytes. ThingsBoard's own are 20. */
#define TB_CRED_OWN_TOKEN_LEN 20 /**< Length of a token that the device makes for itself. */
#define TB_CRED_RECORD_MAX (8 + TB_CRED_TOKEN_MAX)

typedef enum {
    TB_CRED_NONE = 0,
    TB_CRED_ACCESS_TOKEN = 1, /**< The token is the MQTT user name; there is no password (contract 1.3). */
} tb_cred_kind_t;

/** Secret: wipe with tb_wipe() after use, never log. */
typedef struct {
    tb_cred_kind_t kind;
    char token[TB_CRED_TOKEN_MAX + 1];
} tb_cred_t;

/** Stores the access token @p token in @p out.
 *  @retval TB_ERR_INVALID_ARG  empty, or with a NUL in it. @retval TB_ERR_TOO_LONG  too long. */
TB_NODISCARD tb_err_t tb_cred_from_token(tb_str_t token, tb_cred_t *out);

/** Makes an access token of letters and digits out of @p random, which must be unpredictable. */
void tb_cred_make_token(const uint8_t random[TB_CRED_OWN_TOKEN_LEN], tb_cred_t *out);

bool tb_cred_equal(const tb_cred_t *a, const tb_cred_t *b);

/** Appends the record of @p cred to @p out; TB_CRED_RECORD_MAX bytes always suffice.
 *  @pre cred->kind is not TB_CRED_NONE. */
TB_NODISCARD tb_err_t tb_cred_encode(const tb_cred_t *cred, tb_buf_t *out);

/**
 * Reads a record. @p out is untouched on error.
 * @retval TB_ERR_INVALID_CRC  torn or corrupted. @retval TB_ERR_INVALID_VERSION  written by a firmware we do not know.
 * @retval TB_ERR_INVALID_ARG  its token is none. @retval TB_ERR_TOO_LONG  its token is longer than ours.
 */
TB_NODISCARD tb_err_t tb_cred_decode(tb_str_t record, tb_cred_t *out);

#ifdef __cplusplus
}
#endif
