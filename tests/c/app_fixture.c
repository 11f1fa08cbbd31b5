#include "app_fixture.h"

#include "tb_protocol.h"

static app_device_t s_device;

int app_setup(void **state)
{
    (void)state;
    fake_log_reset();
    fake_journal_reset();
    app_device_disconnect(&s_device); // the last test may have left a connection
    app_credentials_withdraw();
    fake_log_reset();
    fake_store_clear();
    fake_fault_reset();
    fake_port_reset();
    fake_random_restart();
    fake_sensors_reset();
    fake_config_put("host", "tb.example");
    fake_config_put("device_name", "MY_DEVICE");
    fake_config_put("prov_key", KEY);
    fake_config_put("prov_secret", SECRET);
    return 0;
}

int app_teardown(void **state)
{
    static const char *const SECRETS[] = {"CANARY", OWN};
    (void)state;
    for (size_t i = 0; i < TB_COUNT(SECRETS); i++) {
        if (fake_log_has(SECRETS[i])) {
            fake_log_print();
            print_error("the log holds %s\n", SECRETS[i]);
            return -1;
        }
    }
    return 0;
}

tb_outcome_t app_boot(void)
{
    memset(&s_device, 0, sizeof(s_device));
    tb_outcome_t outcome = app_device_start(&s_device);
    if (outcome == TB_OUTCOME_NONE) {
        outcome = app_device_run(&s_device);
    }
    app_device_disconnect(&s_device);
    return outcome;
}

app_device_t *app_device(void)
{
    return &s_device;
}

void server_accepts(void)
{
    fake_connection();
    fake_event(TB_PORT_CONNECTED);
}

void server_answers(const char *json)
{
    fake_message(TB_STR(TB_TOPIC_PROVISION_RESPONSE), tb_str(json));
}

void server_provisions(const char *json)
{
    server_accepts();
    server_answers(json);
}

void server_refuses(uint8_t connack)
{
    fake_connection();
    fake_refuse(connack);
}

void store_token(const char *key, const char *token)
{
    char record[TB_CRED_RECORD_MAX];
    tb_buf_t out = TB_BUF(record);
    tb_cred_t cred;
    assert_int_equal(tb_cred_from_token(tb_str(token), &cred), TB_OK);
    assert_int_equal(tb_cred_encode(&cred, &out), TB_OK);
    fake_store_put(key, tb_buf_view(&out));
}

void assert_stored(const char *key, const char *token)
{
    tb_cred_t cred;
    tb_str_t record = fake_store_get(key);
    if (token == NULL) {
        assert_int_equal(record.len, 0);
        return;
    }
    assert_int_equal(tb_cred_decode(record, &cred), TB_OK);
    assert_string_equal(cred.username, token);
}
