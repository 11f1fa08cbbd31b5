// The server does not know the device's credentials any more: when the device asks for new ones, and what it keeps.
// The fakes' configuration allows it after 5 refusals in 60 s.

#include "app_server.h"
#include "tb_protocol.h"

/** A device that works with OWN, on a server from which it was deleted. */
static void setup_deleted(void **state)
{
    app_server_setup(state);
    store_token(TB_STORE_CRED, OWN);
    store_token(TB_STORE_PENDING, OWN);
}

/** Lets the server refuse the credentials @p times times. */
static void server_refuses_often(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        server_refuses(5);
    }
}

static void deleted_device_comes_back_by_itself(void **state)
{
    setup_deleted(state);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("TB_OUTCOME_NOT_AUTHORIZED"));
    assert_true(fake_log_has("W tb_session: TB_OUTCOME_REPROVISION: refused for too long"));
    assert_in_range(fake_journal_count("< refused"), 5, 100);
    assert_int_equal(app_server_requests(), 1);
    assert_stored(TB_STORE_CRED, app_server_token());
}

static void same_credentials_are_asked_for_again(void **state)
{
    setup_deleted(state);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_string_equal(app_server_token(), OWN);
}

static void old_credentials_stay_until_there_are_new_ones(void **state)
{
    setup_deleted(state);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count("erase"), 0);
}

/** What a server answers that knows nothing of the device until it has refused to provision it. */
static const char *s_answer;
static bool s_has_answered;

static void open_at_refusing_server(const char *username)
{
    if (strcmp(username, TB_PROVISION_USERNAME) == 0 || s_has_answered) {
        fake_event(TB_PORT_CONNECTED);
    } else {
        fake_refuse(5);
    }
}

static void answer_of_refusing_server(const char *topic, tb_str_t payload)
{
    (void)payload;
    if (strcmp(topic, TB_TOPIC_PROVISION_REQUEST) == 0) {
        s_has_answered = true;
        server_answers(s_answer);
    }
}

static void refused_to_provision_goes_on_with_the_old_credentials(void **state)
{
    static const char *const ANSWERS[] = {ANSWER_NOT_FOUND, ANSWER_FAILURE, ANSWER_X509};
    for (size_t i = 0; i < TB_COUNT(ANSWERS); i++) {
        (void)app_setup(state);
        fake_config_put("token", CONFIGURED);
        store_token(TB_STORE_CRED, GRANTED);
        store_token(TB_STORE_PENDING, GRANTED);
        s_answer = ANSWERS[i];
        s_has_answered = false;
        fake_server(open_at_refusing_server, answer_of_refusing_server);
        assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
        assert_int_equal(fake_journal_count(REQUEST_OF(CONFIGURED)), 1);
        assert_stored(TB_STORE_CRED, GRANTED);
        assert_filled(app_device()->settings.provision_secret, 0, sizeof(app_device()->settings.provision_secret));
    }
}

static void credentials_that_were_refused_for_certain_are_not_kept_as_pending(void **state)
{
    (void)app_setup(state);
    fake_config_put("token", CONFIGURED); // may be another device's: what is tried must never be that
    store_token(TB_STORE_CRED, GRANTED);
    s_answer = ANSWER_FAILURE;
    s_has_answered = false;
    fake_server(open_at_refusing_server, answer_of_refusing_server);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_PENDING, GRANTED);
    assert_int_equal(fake_journal_count("open " CONFIGURED), 0);
}

static void power_cut_at_any_point_of_asking_again_is_recovered_from(void **state)
{
    unsigned cuts = 0;
    bool cut = true;
    while (cut) {
        setup_deleted(state);
        cut = fake_run_with_power_cut(++cuts, app_server_boot, NULL);
        app_server_expect_recovery();
    }
    assert_in_range(cuts, 15, 400);
}

static void any_call_that_fails_once_while_asking_again_is_recovered_from(void **state)
{
    static const fake_call_t CALLS[] = {FAKE_LOAD, FAKE_SAVE, FAKE_CONFIG, FAKE_SUBSCRIBE, FAKE_PUBLISH};
    for (size_t i = 0; i < TB_COUNT(CALLS); i++) {
        for (unsigned nth = 1; nth <= 14; nth++) {
            setup_deleted(state);
            fake_fail(CALLS[i], nth, 1, CALLS[i] < FAKE_LOAD ? TB_ERR_TRANSPORT : TB_ERR_STORE);
            (void)app_boot();
            app_server_expect_recovery();
        }
    }
}

static void device_without_key_keeps_its_credentials_and_says_what_is_missing(void **state)
{
    (void)app_setup(state);
    fake_config_put("prov_secret", "");
    store_token(TB_STORE_CRED, OWN);
    server_refuses_often(60);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("Device secret is not set"));
    assert_true(fake_log_has("TB_OUTCOME_NOT_CONFIGURED"));
    assert_int_equal(fake_journal_count("open provision"), 0);
    assert_stored(TB_STORE_CRED, OWN);
}

static void granted_credentials_that_cannot_be_stored_are_not_lost(void **state)
{
    setup_deleted(state);
    fake_config_put("token", CONFIGURED);
    fake_fail(FAKE_SAVE, 2, 1, TB_ERR_STORE); // the first stores what is pending
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_string_equal(app_server_token(), CONFIGURED);
    assert_stored(TB_STORE_CRED, CONFIGURED);
    assert_int_equal(app_server_requests(), 1);
}

static void store_basic(const tb_cred_t *cred)
{
    char record[TB_CRED_RECORD_MAX];
    tb_buf_t out = TB_BUF(record);
    assert_int_equal(tb_cred_encode(cred, &out), TB_OK);
    fake_store_put(TB_STORE_CRED, tb_buf_view(&out));
}

/** Boots a device with @p cred, on a server that refuses it for long with @p connack, and then lets it in. */
static void boot_refused(const tb_cred_t *cred, uint8_t connack)
{
    (void)app_setup(NULL);
    store_basic(cred);
    for (unsigned i = 0; i < 60; i++) {
        server_refuses(connack);
    }
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
}

static void client_id_alone_is_unknown_with_code_2(void **state)
{
    (void)state;
    boot_refused(&(tb_cred_t){.kind = TB_CRED_MQTT_BASIC, .client_id = "CANARY-ID"}, 2);
    assert_true(fake_log_has("TB_OUTCOME_NOT_AUTHORIZED"));
    assert_true(fake_log_has("W tb_session: TB_OUTCOME_REPROVISION"));
}

static void code_2_says_nothing_of_a_user_name(void **state)
{
    (void)state;
    static const tb_cred_t CREDENTIALS[] = {
        {.kind = TB_CRED_MQTT_BASIC, .client_id = "CANARY-ID", .username = "CANARY-NAME"},
        {.kind = TB_CRED_ACCESS_TOKEN, .username = OWN},
    };
    for (size_t i = 0; i < TB_COUNT(CREDENTIALS); i++) {
        boot_refused(&CREDENTIALS[i], 2);
        assert_true(fake_log_has("TB_OUTCOME_REFUSED_ID"));
        assert_int_equal(fake_journal_count("open provision"), 0);
    }
}

static void client_id_alone_is_given_up_for_new_credentials(void **state)
{
    (void)app_setup(state);
    store_basic(&(tb_cred_t){.kind = TB_CRED_MQTT_BASIC, .client_id = "CANARY-ID"});
    store_token(TB_STORE_PENDING, GRANTED); // offered before the server knew them
    server_refuses(2);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, GRANTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        app_test(deleted_device_comes_back_by_itself),
        app_test(same_credentials_are_asked_for_again),
        app_test(old_credentials_stay_until_there_are_new_ones),
        app_test(refused_to_provision_goes_on_with_the_old_credentials),
        app_test(credentials_that_were_refused_for_certain_are_not_kept_as_pending),
        app_test(power_cut_at_any_point_of_asking_again_is_recovered_from),
        app_test(any_call_that_fails_once_while_asking_again_is_recovered_from),
        app_test(device_without_key_keeps_its_credentials_and_says_what_is_missing),
        app_test(granted_credentials_that_cannot_be_stored_are_not_lost),
        app_test(client_id_alone_is_unknown_with_code_2),
        app_test(code_2_says_nothing_of_a_user_name),
        app_test(client_id_alone_is_given_up_for_new_credentials),
    };
    return cmocka_run_group_tests_name("app_refusals", tests, NULL, NULL);
}
