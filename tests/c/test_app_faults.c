// The world fails: the store, the network, the power. The device comes back, and never loses its place at the server.

#include "app_server.h"

static void power_cut_at_any_point_is_recovered_from(void **state)
{
    unsigned cuts = 0;
    bool cut = true;
    while (cut) {
        app_server_setup(state);
        cut = fake_run_with_power_cut(++cuts, app_server_boot, NULL);
        app_server_expect_recovery();
    }
    assert_in_range(cuts, 10, 100); // before and after each write and each message, and at each close
}

static void second_power_cut_during_the_recovery_is_recovered_from(void **state)
{
    for (unsigned first = 1; first <= 8; first++) {
        bool cut = true;
        for (unsigned second = 1; cut; second++) {
            app_server_setup(state);
            (void)fake_run_with_power_cut(first, app_server_boot, NULL);
            app_server_reset_port();
            cut = fake_run_with_power_cut(second, app_server_boot, NULL);
            app_server_expect_recovery();
        }
    }
}

static void any_call_of_the_port_that_fails_once_is_recovered_from(void **state)
{
    static const fake_call_t CALLS[] = {FAKE_INIT, FAKE_OPEN,  FAKE_SUBSCRIBE, FAKE_PUBLISH,  FAKE_LOAD,
                                        FAKE_SAVE, FAKE_ERASE, FAKE_CONFIG,    FAKE_DEVICE_ID};
    for (size_t i = 0; i < TB_COUNT(CALLS); i++) {
        for (unsigned nth = 1; nth <= 12; nth++) {
            app_server_setup(state);
            fake_fail(CALLS[i], nth, 1, CALLS[i] < FAKE_LOAD ? TB_ERR_TRANSPORT : TB_ERR_STORE);
            tb_outcome_t outcome = app_boot();
            assert_int_not_equal(outcome, TB_OUTCOME_NONE);
            app_server_expect_recovery();
        }
    }
}

static void store_that_fails_once_after_a_power_cut_is_recovered_from(void **state)
{
    static const fake_call_t CALLS[] = {FAKE_LOAD, FAKE_SAVE, FAKE_ERASE};
    for (size_t i = 0; i < TB_COUNT(CALLS); i++) {
        for (unsigned nth = 1; nth <= 6; nth++) {
            for (unsigned cut = 1; cut <= 8; cut++) {
                app_server_setup(state);
                (void)fake_run_with_power_cut(cut, app_server_boot, NULL);
                app_server_reset_port();
                fake_fault_reset();
                fake_fail(CALLS[i], nth, 1, TB_ERR_STORE);
                (void)app_boot();
                app_server_expect_recovery();
            }
        }
    }
}

static void request_is_not_sent_when_pending_cannot_be_stored(void **state)
{
    (void)state;
    fake_fail(FAKE_SAVE, 1, 1, TB_ERR_STORE);
    server_accepts();
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_true(fake_log_has("TB_OUTCOME_STORE_FAILED"));
    assert_int_equal(fake_journal_count("publish"), 1);
    fake_journal_expect_order("close", "publish");
}

static void credentials_that_cannot_be_stored_are_asked_for_again(void **state)
{
    app_server_setup(state);
    fake_fail(FAKE_SAVE, 2, 1, TB_ERR_STORE); // the first stores what is pending
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("TB_OUTCOME_STORE_FAILED"));
    assert_int_equal(app_server_requests(), 2);
    assert_stored(TB_STORE_CRED, OWN);
}

static void granted_credentials_that_cannot_be_stored_are_not_lost(void **state)
{
    (void)state;
    fake_fail(FAKE_SAVE, 2, 1, TB_ERR_STORE); // the first stores what is pending
    server_provisions(ANSWER_SUCCESS(GRANTED));
    server_provisions(ANSWER_FAILURE); // a pre-provisioned device gets its credentials once (contract 2.3)
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count("open " GRANTED), 1);
    assert_stored(TB_STORE_CRED, GRANTED);
}

static void copy_of_the_credentials_that_cannot_be_stored_stops_nothing(void **state)
{
    (void)state;
    fake_fail(FAKE_SAVE, 3, 1, TB_ERR_STORE); // after pending and the credentials themselves
    server_provisions(ANSWER_SUCCESS(GRANTED));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, GRANTED);
}

static void pending_that_cannot_be_read_is_not_overwritten(void **state)
{
    (void)state;
    store_token(TB_STORE_PENDING, GRANTED);
    fake_fail(FAKE_LOAD, 2, 1, TB_ERR_STORE); // the first looks for credentials
    assert_int_equal(app_boot(), TB_OUTCOME_STORE_FAILED);
    assert_stored(TB_STORE_PENDING, GRANTED);
}

static void damaged_record_of_the_credentials_is_replaced_through_its_copy(void **state)
{
    app_server_setup(state);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_store_put(TB_STORE_CRED, TB_STR("rubbish that is no record"));
    app_server_expect_recovery();
    assert_int_equal(app_server_requests(), 2); // refused: the device is known; its copy of the token is accepted
    assert_true(fake_log_has("stored credentials cannot be used"));
}

static void damaged_record_of_granted_credentials_is_replaced_even_when_a_token_is_configured(void **state)
{
    (void)state;
    fake_config_put("token", CONFIGURED);
    fake_store_put(TB_STORE_CRED, TB_STR("rubbish that is no record"));
    store_token(TB_STORE_PENDING, GRANTED);
    server_provisions(ANSWER_FAILURE);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, GRANTED);
}

static void damaged_record_without_a_copy_asks_for_the_configured_token(void **state)
{
    (void)state;
    fake_config_put("token", CONFIGURED);
    fake_store_put(TB_STORE_CRED, TB_STR("rubbish that is no record"));
    server_provisions(ANSWER_FAILURE);
    server_refuses(5);
    assert_int_equal(app_boot(), TB_OUTCOME_FAILURE);
    assert_int_equal(fake_journal_count(REQUEST_OF(CONFIGURED)), 1);
}

static void damaged_record_of_pending_credentials_is_replaced_by_new_ones(void **state)
{
    app_server_setup(state);
    fake_store_put(TB_STORE_PENDING, TB_STR("rubbish that is no record"));
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, OWN);
}

static void connection_that_cannot_be_opened_is_tried_again(void **state)
{
    app_server_setup(state);
    fake_fail(FAKE_OPEN, 1, 3, TB_ERR_TRANSPORT);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("TB_OUTCOME_PORT_FAILED"));
    assert_int_equal(fake_calls(FAKE_OPEN), 5);
}

static void subscription_that_fails_closes_the_connection_and_is_tried_again(void **state)
{
    app_server_setup(state);
    fake_fail(FAKE_SUBSCRIBE, 1, 1, TB_ERR_TRANSPORT);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect_order("close", "publish /provision/request");
}

static void S23_device_name_that_is_not_UTF_8_is_never_sent(void **state)
{
    (void)state;
    fake_config_put("device_name", "\xff");
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_CONFIGURED);
    assert_true(fake_log_has("not valid UTF-8"));
    assert_int_equal(fake_journal_count("publish"), 0);
}

static void telemetry_that_cannot_be_sent_leaves_the_connection_alone(void **state)
{
    (void)state;
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    fake_fail(FAKE_PUBLISH, 2, 1, TB_ERR_TRANSPORT);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("telemetry not sent"));
    assert_int_equal(fake_journal_count("open"), 1);
    assert_int_equal(fake_journal_count(SAMPLE), 3);
}

static void store_that_cannot_be_brought_up_has_an_outcome(void **state)
{
    (void)state;
    fake_fail(FAKE_INIT, 1, 1, TB_ERR_STORE);
    assert_int_equal(app_boot(), TB_OUTCOME_STORE_FAILED);
    assert_int_equal(fake_journal_len(), 0);
}

static void network_that_cannot_be_brought_up_has_an_outcome(void **state)
{
    (void)state;
    fake_fail(FAKE_INIT, 1, 1, TB_ERR_TRANSPORT);
    assert_int_equal(app_boot(), TB_OUTCOME_PORT_FAILED);
    assert_int_equal(fake_journal_len(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        app_test(power_cut_at_any_point_is_recovered_from),
        app_test(second_power_cut_during_the_recovery_is_recovered_from),
        app_test(any_call_of_the_port_that_fails_once_is_recovered_from),
        app_test(store_that_fails_once_after_a_power_cut_is_recovered_from),
        app_test(request_is_not_sent_when_pending_cannot_be_stored),
        app_test(credentials_that_cannot_be_stored_are_asked_for_again),
        app_test(granted_credentials_that_cannot_be_stored_are_not_lost),
        app_test(copy_of_the_credentials_that_cannot_be_stored_stops_nothing),
        app_test(pending_that_cannot_be_read_is_not_overwritten),
        app_test(damaged_record_of_the_credentials_is_replaced_through_its_copy),
        app_test(damaged_record_of_granted_credentials_is_replaced_even_when_a_token_is_configured),
        app_test(damaged_record_without_a_copy_asks_for_the_configured_token),
        app_test(damaged_record_of_pending_credentials_is_replaced_by_new_ones),
        app_test(connection_that_cannot_be_opened_is_tried_again),
        app_test(subscription_that_fails_closes_the_connection_and_is_tried_again),
        app_test(S23_device_name_that_is_not_UTF_8_is_never_sent),
        app_test(telemetry_that_cannot_be_sent_leaves_the_connection_alone),
        app_test(store_that_cannot_be_brought_up_has_an_outcome),
        app_test(network_that_cannot_be_brought_up_has_an_outcome),
    };
    return cmocka_run_group_tests_name("app_faults", tests, NULL, NULL);
}
