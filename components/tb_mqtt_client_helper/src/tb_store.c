#include "tb/tb_store.h"

tb_err_t tb_store_load(const char *key, tb_cred_t *out)
{
    char record[TB_CRED_RECORD_MAX];
    size_t len = 0;
    tb_err_t err = tb_port_load(key, record, sizeof(record), &len);
    if (err == TB_OK) {
        err = tb_cred_decode((tb_str_t){.ptr = record, .len = len}, out);
    }
    tb_wipe(record, sizeof(record));
    return err;
}

static bool is_stored(const char *key, const tb_cred_t *cred)
{
    tb_cred_t stored = {.kind = TB_CRED_NONE};
    bool equal = tb_store_load(key, &stored) == TB_OK && tb_cred_equal(&stored, cred);
    tb_wipe(&stored, sizeof(stored));
    return equal;
}

tb_err_t tb_store_save(const char *key, const tb_cred_t *cred)
{
    char record[TB_CRED_RECORD_MAX];
    if (is_stored(key, cred)) {
        return TB_OK; // flash wears out
    }
    tb_buf_t out = TB_BUF(record);
    tb_err_t err = tb_cred_encode(cred, &out);
    if (err == TB_OK) {
        err = tb_port_save(key, tb_buf_view(&out));
    }
    tb_wipe(record, sizeof(record));
    return err;
}

tb_err_t tb_store_commit(const tb_cred_t *cred)
{
    tb_err_t err = tb_store_save(TB_STORE_CRED, cred);
    if (err != TB_OK) {
        return err;
    }
    tb_err_t copied = tb_store_save(TB_STORE_PENDING, cred);
    (void)copied; // the device has its credentials without the copy too
    return TB_OK;
}
