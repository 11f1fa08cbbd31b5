// What the device is told: `tb_cfg` over menuconfig, and each thing bounded.

#include "app_fixture.h"

static char s_text[1024];

static const char *text_of(size_t len)
{
    assert_in_range(len, 0, sizeof(s_text) - 1);
    memset(s_text, 'x', sizeof(s_text));
    s_text[len] = '\0';
    return s_text;
}

static app_settings_t load(void)
{
    app_settings_t settings;
    memset(&settings, 0, sizeof(settings));
    assert_int_equal(app_settings_load(&settings), TB_OK);
    return settings;
}

static void assert_refused(const char *key, const char *text, tb_err_t expected)
{
    app_settings_t settings;
    memset(&settings, 0, sizeof(settings));
    fake_config_put(key, text);
    assert_int_equal(app_settings_load(&settings), expected);
    assert_true(fake_log_has(key));
}

static void what_is_set_on_the_device_is_taken(void **state)
{
    (void)state;
    fake_config_put("token", CONFIGURED);
    fake_config_put("port", "65535");
    app_settings_t settings = load();
    assert_string_equal(settings.host, "tb.example");
    assert_string_equal(settings.device_name, "MY_DEVICE");
    assert_string_equal(settings.provision_key, KEY);
    assert_string_equal(settings.provision_secret, SECRET);
    assert_string_equal(settings.wanted.username, CONFIGURED);
    assert_int_equal(settings.port, 65535);
}

static void what_is_not_set_on_the_device_is_as_in_menuconfig(void **state)
{
    (void)state;
    app_settings_t settings = load();
    assert_string_equal(settings.wanted.username, "");
    assert_int_equal(settings.port, 1883);
    assert_int_equal(settings.run_time_s, 40);
    assert_int_equal(settings.telemetry_period_s, 10);
}

static void S7_empty_device_name_becomes_the_chips_own(void **state)
{
    (void)state;
    fake_config_put("device_name", NULL);
    assert_string_equal(load().device_name, FAKE_OWN_ID);
    fake_config_put("device_name", "");
    assert_string_equal(load().device_name, FAKE_OWN_ID);
}

static void longest_texts_are_taken_and_longer_ones_refused(void **state)
{
    static const struct {
        const char *key;
        size_t max;
    } TEXTS[] = {
        {"host", APP_HOST_MAX},
        {"device_name", TB_MODEL_PROV_DEVICE_NAME_MAX},
        {"prov_key", TB_MODEL_PROV_KEY_MAX},
        {"prov_secret", TB_MODEL_PROV_SECRET_MAX},
        {"token", TB_CRED_TEXT_MAX},
    };
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        (void)app_setup(state);
        fake_config_put(TEXTS[i].key, text_of(TEXTS[i].max));
        (void)load();
        assert_refused(TEXTS[i].key, text_of(TEXTS[i].max + 1), TB_ERR_TOO_LONG);
    }
}

static void numbers_are_read_up_to_their_limits(void **state)
{
    (void)state;
    fake_config_put("run_time_s", "4294967");
    fake_config_put("telemetry_s", "0");
    app_settings_t settings = load();
    assert_int_equal(settings.run_time_s, 4294967);
    assert_int_equal(settings.telemetry_period_s, 0);
}

static void numbers_beyond_their_limits_are_refused(void **state)
{
    static const struct {
        const char *key;
        const char *text;
    } NUMBERS[] = {
        {"port", "0"},
        {"port", "65536"},
        {"port", "4294967296"},
        {"run_time_s", "4294968"},
        {"telemetry_s", "4294968"},
        {"telemetry_s", "9999999999"},
    };
    for (size_t i = 0; i < TB_COUNT(NUMBERS); i++) {
        (void)app_setup(state);
        assert_refused(NUMBERS[i].key, NUMBERS[i].text, TB_ERR_OUT_OF_RANGE);
    }
}

static void texts_that_are_no_number_are_refused(void **state)
{
    static const char *const TEXTS[] = {"", " 1", "1 ", "1\n", "-1", "+1", "0x10", "1.5", "1e3", "abc"};
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        (void)app_setup(state);
        assert_refused("port", TEXTS[i], TB_ERR_INVALID_ARG);
    }
}

static void number_of_too_many_digits_is_refused(void **state)
{
    (void)state;
    assert_refused("port", "00000001883", TB_ERR_TOO_LONG);
}

static void settings_that_cannot_be_read_are_reported(void **state)
{
    for (unsigned nth = 1; nth <= 8; nth++) {
        app_settings_t settings;
        (void)app_setup(state);
        fake_fail(FAKE_CONFIG, nth, 1, TB_ERR_STORE);
        assert_int_equal(app_settings_load(&settings), TB_ERR_STORE);
    }
}

/** Fails unless a device without the setting @p key does not start, and says what is missing. */
static void expect_not_configured_without(const char *key, const char *in_log)
{
    fake_config_put(key, NULL);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_CONFIGURED);
    assert_true(fake_log_has(in_log));
    assert_int_equal(fake_journal_len(), 0);
}

static void device_without_a_server_does_not_start(void **state)
{
    (void)state;
    expect_not_configured_without("host", "Hostname is not set");
}

static void device_without_provision_key_does_not_start(void **state)
{
    (void)state;
    expect_not_configured_without("prov_key", "Device key is not set");
}

static void device_without_provision_secret_does_not_start(void **state)
{
    (void)state;
    expect_not_configured_without("prov_secret", "Device secret is not set");
}

static void device_with_credentials_needs_no_provision_secrets(void **state)
{
    (void)state;
    fake_config_put("prov_key", NULL);
    fake_config_put("prov_secret", NULL);
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        app_test(what_is_set_on_the_device_is_taken),
        app_test(what_is_not_set_on_the_device_is_as_in_menuconfig),
        app_test(S7_empty_device_name_becomes_the_chips_own),
        app_test(longest_texts_are_taken_and_longer_ones_refused),
        app_test(numbers_are_read_up_to_their_limits),
        app_test(numbers_beyond_their_limits_are_refused),
        app_test(texts_that_are_no_number_are_refused),
        app_test(number_of_too_many_digits_is_refused),
        app_test(settings_that_cannot_be_read_are_reported),
        app_test(device_without_a_server_does_not_start),
        app_test(device_without_provision_key_does_not_start),
        app_test(device_without_provision_secret_does_not_start),
        app_test(device_with_credentials_needs_no_provision_secrets),
    };
    return cmocka_run_group_tests_name("app_settings", tests, NULL, NULL);
}
