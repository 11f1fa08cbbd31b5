/**
 * @file app_credentials.h
 * The device's credentials: those that it has, those that it asks for or tries, and what the store keeps of both.
 * Main task, but for app_credentials_offer().
 */
#pragma once

#include "tb/tb_store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Secret. */
typedef struct {
    tb_cred_t own;     /**< What the device works with. */
    tb_cred_t pending; /**< What it asks for, was just given, or tries. */
} app_credentials_t;

/** Reads the device's own credentials; one whose certificate says it all has them from the start (contract 2.8).
 *  @retval TB_ERR_NOT_FOUND  it has none yet. @retval TB_ERR_STORE  they cannot be read now: they may be there. */
TB_NODISCARD tb_err_t app_credentials_load(app_credentials_t *out);

/** Of a device that has credentials: reads the pending ones. True when they are others, and so worth a trial. */
bool app_credentials_load_others(app_credentials_t *credentials);

/**
 * Decides what to ask for: @p wanted, completed by the device. Sets @p asked_before when an earlier request for the
 * same may have succeeded unseen, or when it does no harm to act so.
 * @param was_provisioned  the device had credentials, and their record is damaged: the pending ones are their copy.
 * @retval TB_ERR_STORE  the pending credentials cannot be read now.
 */
TB_NODISCARD tb_err_t app_credentials_choose(app_credentials_t *credentials, tb_cred_t *wanted, bool was_provisioned,
                                             bool *asked_before);

/** Makes the pending credentials, which the server gave or accepted, the device's own, durably.
 *  @retval TB_ERR_STORE  they stay pending in memory: the server gives them only once. */
TB_NODISCARD tb_err_t app_credentials_commit(app_credentials_t *credentials);

/** Forgets the pending credentials; those of a device that has its own become their copy again. */
TB_NODISCARD tb_err_t app_credentials_forget(app_credentials_t *credentials, bool has_own);

/**
 * Offers the device new credentials while it runs, such as a token that an administrator has set, or is about to set,
 * in ThingsBoard. Any task; returns at once. They are stored as pending, tried, and take the place of the old ones when
 * the server has accepted them. Until then the old ones stay in use, and whenever the server refuses those, the new
 * ones are tried again: it does not matter which side changes first, or when the power goes.
 * @retval TB_ERR_INVALID_ARG  they cannot be presented to a server, or this model has no use for their kind.
 * @retval TB_ERR_INVALID_STATE  the last offer has not been taken yet.
 */
TB_NODISCARD tb_err_t app_credentials_offer(const tb_cred_t *cred);

/** Wipes an offer that has not been taken. Main task. */
void app_credentials_withdraw(void);

/** Takes the offer and stores it as pending. False when there is none, or when it cannot be stored now, as the log then
 * says: it stays an offer. */
bool app_credentials_take_offer(app_credentials_t *credentials);

#ifdef __cplusplus
}
#endif
