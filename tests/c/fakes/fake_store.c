#include "fake_store.h"

#include "fake_fault.h"
#include "fake_journal.h"
#include "tb/tb_port.h"
#include "tb_test.h"

#define SLOTS 8
#define VALUE_MAX 512

static struct {
    const char *key;
    char value[VALUE_MAX];
    size_t len;
} s_store[SLOTS];

static struct {
    const char *key;
    const char *text;
} s_config[SLOTS];

void fake_store_clear(void)
{
    memset(s_store, 0, sizeof(s_store));
    memset(s_config, 0, sizeof(s_config));
}

/** Returns the slot of @p key, or the first free one. */
static size_t slot_of(const char *key)
{
    size_t at = 0;
    while (at < SLOTS && s_store[at].key != NULL && strcmp(s_store[at].key, key) != 0) {
        at++;
    }
    assert_in_range(at, 0, SLOTS - 1);
    return at;
}

void fake_store_put(const char *key, tb_str_t value)
{
    size_t at = slot_of(key);
    assert_in_range(value.len, 0, VALUE_MAX);
    s_store[at].key = key;
    s_store[at].len = value.len;
    if (value.len > 0) {
        memcpy(s_store[at].value, value.ptr, value.len);
    }
}

tb_str_t fake_store_get(const char *key)
{
    size_t at = slot_of(key);
    return (tb_str_t){.ptr = s_store[at].value, .len = s_store[at].len};
}

tb_err_t tb_port_load(const char *key, char *dst, size_t cap, size_t *len)
{
    tb_err_t err = fake_called(FAKE_LOAD);
    tb_str_t stored = fake_store_get(key);
    if (err != TB_OK) {
        return err;
    }
    if (stored.len == 0) {
        return TB_ERR_NOT_FOUND;
    }
    if (stored.len > cap) {
        return TB_ERR_TOO_LONG;
    }
    memcpy(dst, stored.ptr, stored.len);
    *len = stored.len;
    return TB_OK;
}

tb_err_t tb_port_save(const char *key, tb_str_t value)
{
    tb_err_t err = fake_called(FAKE_SAVE);
    fake_power_point();
    fake_journal_add("save %s%s", key, err == TB_OK ? "" : " fails");
    if (err == TB_OK) {
        fake_store_put(key, value);
    }
    fake_power_point();
    return err;
}

tb_err_t tb_port_erase(const char *key)
{
    tb_err_t err = fake_called(FAKE_ERASE);
    fake_power_point();
    fake_journal_add("erase %s%s", key, err == TB_OK ? "" : " fails");
    if (err == TB_OK) {
        fake_store_put(key, (tb_str_t){0});
    }
    fake_power_point();
    return err;
}

void fake_config_put(const char *key, const char *text)
{
    size_t at = 0;
    while (at < SLOTS && s_config[at].key != NULL && strcmp(s_config[at].key, key) != 0) {
        at++;
    }
    assert_in_range(at, 0, SLOTS - 1);
    s_config[at].key = key;
    s_config[at].text = text;
}

tb_err_t tb_port_config_text(const char *key, char *dst, size_t cap)
{
    tb_err_t err = fake_called(FAKE_CONFIG);
    for (size_t at = 0; err == TB_OK && at < SLOTS; at++) {
        if (s_config[at].text != NULL && strcmp(s_config[at].key, key) == 0) {
            return tb_str_copy(tb_str(s_config[at].text), dst, cap);
        }
    }
    return err == TB_OK ? TB_ERR_NOT_FOUND : err;
}
