#include "app_credentials.h"

#include <stdatomic.h>
#include <string.h>

#include "sdkconfig.h" // what menuconfig chose, for the model's header
#include "tb_model_prov.h"
#include "tb_port_log.h"

static const char *TAG = "app_credentials";

/** One offer at a time: its memory belongs to whoever has just moved the state. */
static struct {
    atomic_int state;
    tb_cred_t cred;
} s_offer;
enum { OFFER_NONE, OFFER_TAKEN_HOLD_OF, OFFER_MADE };

tb_err_t app_credentials_load(app_credentials_t *out)
{
    if (TB_MODEL_PROV_REQUEST) {
        return tb_store_load(TB_STORE_CRED, &out->own);
    }
    out->own.kind = TB_CRED_X509;
    return TB_OK;
}

bool app_credentials_load_others(app_credentials_t *credentials)
{
    tb_cred_t *pending = &credentials->pending;
    if (TB_MODEL_PROV_REQUEST && tb_store_load(TB_STORE_PENDING, pending) == TB_OK &&
        !tb_cred_equal(pending, &credentials->own)) {
        return true;
    }
    tb_wipe(pending, sizeof(*pending));
    return false;
}

/** Fills the texts of @p wanted that the model has and menuconfig left empty: as @p before has them, or at random.
 *  Returns whether there were any. */
static bool add_own_texts(tb_cred_t *wanted, const tb_cred_t *before)
{
    const struct {
        unsigned bit;
        char *text;
        const char *before;
    } texts[] = {
        {TB_CRED_CLIENT_ID, wanted->client_id, before->client_id},
        {TB_CRED_USERNAME, wanted->username, before->username},
        {TB_CRED_PASSWORD, wanted->password, before->password},
    };
    bool any = false;
    for (size_t i = 0; i < TB_COUNT(texts); i++) {
        if ((TB_MODEL_PROV_FIELDS & texts[i].bit) == 0 || texts[i].text[0] != '\0') {
            continue;
        }
        any = true;
        if (texts[i].before[0] != '\0') {
            memcpy(texts[i].text, texts[i].before, TB_CRED_TEXT_MAX + 1);
        } else {
            uint8_t random[TB_CRED_OWN_TEXT_LEN];
            tb_port_random(random, sizeof(random));
            tb_cred_make_text(random, texts[i].text);
            tb_wipe(random, sizeof(random));
        }
    }
    return any;
}

tb_err_t app_credentials_choose(app_credentials_t *credentials, tb_cred_t *wanted, bool was_provisioned,
                                bool *asked_before)
{
    tb_cred_t *pending = &credentials->pending;
    tb_wipe(pending, sizeof(*pending));
    tb_err_t err = tb_store_load(TB_STORE_PENDING, pending);
    if (err == TB_ERR_STORE) {
        return err; // what cannot be read now must not be overwritten: it may be what the device is known by
    }
    if (err == TB_OK && was_provisioned) {
        *asked_before = true;
        return TB_OK;
    }
    if (pending->kind != wanted->kind) {
        tb_wipe(pending, sizeof(*pending));
    }
    // Nobody else has what the device has made for itself, or its certificate: trying it after any FAILURE cannot end
    // in another device's place, as what a fleet shares could, and finds a device that was created all the same.
    bool is_own = add_own_texts(wanted, pending) || wanted->kind == TB_CRED_X509;
    *asked_before = is_own || (wanted->kind != TB_CRED_NONE && tb_cred_equal(wanted, pending));
    *pending = *wanted;
    return TB_OK;
}

tb_err_t app_credentials_commit(app_credentials_t *credentials)
{
    if (tb_store_commit(&credentials->pending) != TB_OK) {
        return TB_ERR_STORE;
    }
    credentials->own = credentials->pending;
    tb_wipe(&credentials->pending, sizeof(credentials->pending));
    return TB_OK;
}

tb_err_t app_credentials_forget(app_credentials_t *credentials, bool has_own)
{
    if (!has_own) {
        return tb_port_erase(TB_STORE_PENDING); // in memory they stay: they are what the next request asks for
    }
    tb_wipe(&credentials->pending, sizeof(credentials->pending));
    return tb_store_save(TB_STORE_PENDING, &credentials->own);
}

tb_err_t app_credentials_offer(const tb_cred_t *cred)
{
    int none = OFFER_NONE;
    bool has_use = TB_MODEL_PROV_REQUEST && (TB_MODEL_PROV_CERTIFICATE || cred->kind != TB_CRED_X509);
    if (!has_use || !tb_cred_is_valid(cred)) {
        return TB_ERR_INVALID_ARG;
    }
    if (!atomic_compare_exchange_strong(&s_offer.state, &none, OFFER_TAKEN_HOLD_OF)) {
        return TB_ERR_INVALID_STATE;
    }
    s_offer.cred = *cred;
    s_offer.state = OFFER_MADE;
    tb_port_wake();
    return TB_OK;
}

void app_credentials_withdraw(void)
{
    int made = OFFER_MADE;
    if (atomic_compare_exchange_strong(&s_offer.state, &made, OFFER_TAKEN_HOLD_OF)) {
        tb_wipe(&s_offer.cred, sizeof(s_offer.cred));
        s_offer.state = OFFER_NONE;
    }
}

bool app_credentials_take_offer(app_credentials_t *credentials)
{
    if (s_offer.state != OFFER_MADE) {
        return false;
    }
    tb_err_t err = tb_store_save(TB_STORE_PENDING, &s_offer.cred);
    if (err != TB_OK) {
        TB_LOGE(TAG, "the new credentials are not taken yet: %s", tb_err_text(err));
        return false;
    }
    credentials->pending = s_offer.cred;
    app_credentials_withdraw();
    return true;
}
