/**
 * @file tb_store.h
 * Credentials in the port's store. One task.
 */
#pragma once

#include "tb/tb_cred.h"
#include "tb/tb_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Reads the credentials under @p key (TB_STORE_CRED or TB_STORE_PENDING). @p out is untouched on error.
 *  @retval TB_ERR_NOT_FOUND  none were saved. @retval TB_ERR_INVALID_CRC  the record is damaged. */
TB_NODISCARD tb_err_t tb_store_load(const char *key, tb_cred_t *out);

/** Durable when it returns TB_OK. Saving what is stored already costs no write. */
TB_NODISCARD tb_err_t tb_store_save(const char *key, const tb_cred_t *cred);

/** Makes @p cred the device's credentials, with a copy in place of the pending ones, should the record be damaged one
 * day. A power cut between the two writes loses nothing; a copy that cannot be written is no error. */
TB_NODISCARD tb_err_t tb_store_commit(const tb_cred_t *cred);

#ifdef __cplusplus
}
#endif
