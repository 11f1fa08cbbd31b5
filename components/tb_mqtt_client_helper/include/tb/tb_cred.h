/**
 * @file tb_cred.h
 * A device's credentials, and the record in which they are kept over a power cut.
 */
#pragma once

#include "tb/tb_buf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TB_CRED_TEXT_MAX 128    /**< Longest access token, client id, user name or password, in bytes. */
#define TB_CRED_OWN_TEXT_LEN 20 /**< Length of a text that the device makes for itself, as ThingsBoard's tokens. */
#define TB_CRED_RECORD_MAX (8 + 3 * TB_CRED_TEXT_MAX + 2)

typedef enum {
    TB_CRED_NONE = 0,         /**< None; or, in a request, those that the server will make. */
    TB_CRED_ACCESS_TOKEN = 1, /**< The token is the MQTT user name; there is no password (contract 1.3). */
    TB_CRED_MQTT_BASIC = 2,   /**< Client id, or user name, or both; a password only with a user name. */
    TB_CRED_X509 = 3,         /**< The certificate that the device shows to the server; no text. */
} tb_cred_kind_t;

/** The texts, as bits. */
enum { TB_CRED_CLIENT_ID = 1, TB_CRED_USERNAME = 2, TB_CRED_PASSWORD = 4 };

/** What CONNECT presents; a text that there is not is "". Secret: wipe with tb_wipe() after use, never log. */
typedef struct {
    tb_cred_kind_t kind;
    char client_id[TB_CRED_TEXT_MAX + 1];
    char username[TB_CRED_TEXT_MAX + 1]; /**< Of TB_CRED_ACCESS_TOKEN: the token. */
    char password[TB_CRED_TEXT_MAX + 1];
} tb_cred_t;

/** Stores the access token @p token in @p out.
 *  @retval TB_ERR_INVALID_ARG  empty, or with a NUL in it. @retval TB_ERR_TOO_LONG  too long. */
TB_NODISCARD tb_err_t tb_cred_from_token(tb_str_t token, tb_cred_t *out);

/** Makes a text of letters and digits out of @p random, which must be unpredictable. */
void tb_cred_make_text(const uint8_t random[TB_CRED_OWN_TEXT_LEN], char out[TB_CRED_TEXT_MAX + 1]);

/** Whether @p cred can be presented to a server: its kind's texts are there (contract 1.3). */
bool tb_cred_is_valid(const tb_cred_t *cred);

bool tb_cred_equal(const tb_cred_t *a, const tb_cred_t *b);

/** Appends the record of @p cred to @p out; TB_CRED_RECORD_MAX bytes always suffice.
 *  @retval TB_ERR_INVALID_ARG  they cannot be presented to a server. */
TB_NODISCARD tb_err_t tb_cred_encode(const tb_cred_t *cred, tb_buf_t *out);

/**
 * Reads a record. @p out is untouched on error.
 * @retval TB_ERR_INVALID_CRC  torn or corrupted. @retval TB_ERR_INVALID_VERSION  written by a firmware we do not know.
 * @retval TB_ERR_INVALID_ARG  its texts make no credentials. @retval TB_ERR_TOO_LONG  a text is longer than ours.
 */
TB_NODISCARD tb_err_t tb_cred_decode(tb_str_t record, tb_cred_t *out);

#ifdef __cplusplus
}
#endif
