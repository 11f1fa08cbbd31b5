// What becomes of a provisioning request, whatever the server says or leaves unsaid.

#include "app_fixture.h"

static void S19_each_answer_has_an_outcome_of_its_own(void **state)
{
    static const struct {
        const char *answer;
        tb_outcome_t outcome;
        const char *in_log;
    } CASES[] = {
        {ANSWER_NOT_FOUND, TB_OUTCOME_NOT_FOUND, "Provision data was not found!"},
        {ANSWER_X509, TB_OUTCOME_WRONG_KIND, "TB_OUTCOME_WRONG_KIND"},
    };
    for (size_t i = 0; i < TB_COUNT(CASES); i++) {
        (void)app_setup(state);
        server_provisions(CASES[i].answer);
        assert_int_equal(app_boot(), CASES[i].outcome);
        assert_true(fake_log_has(CASES[i].in_log));
        assert_stored(TB_STORE_CRED, NULL);
    }
}

static void FAILURE_of_a_device_that_was_created_all_the_same_is_made_good_by_a_trial(void **state)
{
    (void)state;
    server_provisions(ANSWER_FAILURE);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, OWN);
}

static void FAILURE_ends_after_a_trial_and_keeps_pending(void **state)
{
    (void)state;
    server_provisions(ANSWER_FAILURE);
    server_refuses(5);
    assert_int_equal(app_boot(), TB_OUTCOME_FAILURE);
    assert_true(fake_log_has("Failed to provision device!"));
    assert_stored(TB_STORE_CRED, NULL);
    assert_stored(TB_STORE_PENDING, OWN);
}

static void T3_answer_after_a_reconnect_is_read(void **state)
{
    (void)state;
    server_accepts();
    fake_event(TB_PORT_DISCONNECTED);
    server_provisions(ANSWER_SUCCESS(GRANTED));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count("subscribe /provision/response"), 2);
    assert_stored(TB_STORE_CRED, GRANTED);
}

static void token_of_the_devices_own_is_made_once(void **state)
{
    (void)state;
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_int_equal(fake_journal_count(REQUEST_OF(OWN)), 2);
}

static void NOT_FOUND_erases_pending_when_nothing_was_asked_before(void **state)
{
    (void)state;
    fake_config_put("token", CONFIGURED);
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_stored(TB_STORE_PENDING, NULL);
}

static void NOT_FOUND_keeps_pending_when_an_earlier_request_may_have_succeeded(void **state)
{
    (void)state;
    store_token(TB_STORE_PENDING, GRANTED);
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_stored(TB_STORE_PENDING, GRANTED);
}

static void other_kind_of_credentials_is_not_stored(void **state)
{
    (void)state;
    server_provisions(ANSWER_X509);
    assert_int_equal(app_boot(), TB_OUTCOME_WRONG_KIND);
    assert_stored(TB_STORE_CRED, NULL);
    assert_int_equal(fake_journal_count("open"), 1);
}

/** The first connection, in the script already, ends without an answer; the second answers FAILURE: the first did it.
 */
static void expect_trial_after(const char *outcome_of_the_first)
{
    server_provisions(ANSWER_FAILURE);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has(outcome_of_the_first));
    assert_int_equal(fake_journal_count(REQUEST_OF(OWN)), 2);
    assert_int_equal(fake_journal_count("open provision"), 2);
    assert_int_equal(fake_journal_count("open " OWN), 1);
    fake_journal_expect_order("open " OWN, "save cred");
    assert_stored(TB_STORE_CRED, OWN);
}

static void connection_closed_without_an_answer_then_FAILURE_tries_the_pending_token(void **state)
{
    (void)state;
    server_accepts();
    fake_event(TB_PORT_DISCONNECTED);
    expect_trial_after("TB_OUTCOME_CLOSED");
}

static void T1_no_answer_in_time_then_FAILURE_tries_the_pending_token(void **state)
{
    (void)state;
    server_accepts();
    fake_pause(15001);
    server_answers(ANSWER_SUCCESS(OWN));
    expect_trial_after("TB_OUTCOME_NO_ANSWER");
}

static void malformed_answer_then_FAILURE_tries_the_pending_token(void **state)
{
    (void)state;
    server_provisions("{\"status\":1}");
    expect_trial_after("TB_OUTCOME_MALFORMED");
}

static void answer_that_is_too_large_then_FAILURE_tries_the_pending_token(void **state)
{
    (void)state;
    server_accepts();
    fake_event(TB_PORT_TOO_LARGE);
    expect_trial_after("TB_OUTCOME_MALFORMED");
}

static void request_that_could_not_be_sent_then_FAILURE_tries_the_pending_token(void **state)
{
    (void)state;
    server_accepts();
    fake_fail(FAKE_PUBLISH, 1, 1, TB_ERR_TRANSPORT);
    server_provisions(ANSWER_FAILURE);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, OWN);
}

static void answer_lost_before_a_reboot_is_made_good_by_a_trial(void **state)
{
    (void)state;
    store_token(TB_STORE_PENDING, OWN);
    server_provisions(ANSWER_FAILURE);
    server_accepts();
    fake_config_put("telemetry_s", "0");
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect("open provision", "< connected", "subscribe /provision/response", REQUEST_OF(OWN), "< message",
                        "close", "open " OWN, "< connected", "save cred", SAMPLE, "close");
}

static void trial_that_is_refused_with_5_ends_and_keeps_pending(void **state)
{
    (void)state;
    store_token(TB_STORE_PENDING, OWN);
    server_provisions(ANSWER_FAILURE);
    server_refuses(5);
    assert_int_equal(app_boot(), TB_OUTCOME_FAILURE);
    assert_stored(TB_STORE_PENDING, OWN);
    assert_stored(TB_STORE_CRED, NULL);
}

static void trial_that_is_refused_otherwise_keeps_pending_and_starts_over(void **state)
{
    (void)state;
    store_token(TB_STORE_PENDING, OWN);
    server_provisions(ANSWER_FAILURE);
    server_refuses(3);
    server_provisions(ANSWER_FAILURE);
    fake_connection();
    fake_event(TB_PORT_DISCONNECTED);
    server_provisions(ANSWER_FAILURE);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count("open " OWN), 3);
    assert_stored(TB_STORE_CRED, OWN);
}

static void pending_of_another_token_than_the_configured_makes_no_trial(void **state)
{
    (void)state;
    fake_config_put("token", CONFIGURED);
    store_token(TB_STORE_PENDING, OWN);
    server_provisions(ANSWER_FAILURE);
    assert_int_equal(app_boot(), TB_OUTCOME_FAILURE);
    assert_int_equal(fake_journal_count(REQUEST_OF(CONFIGURED)), 1);
    assert_int_equal(fake_journal_count("open"), 1);
}

static void S7_token_that_a_fleet_shares_does_not_put_a_device_in_anothers_place(void **state)
{
    (void)state;
    fake_config_put("token", CONFIGURED);
    server_provisions(ANSWER_FAILURE);
    server_accepts(); // it would: the token is another device's
    assert_int_equal(app_boot(), TB_OUTCOME_FAILURE);
    assert_int_equal(fake_journal_count("open"), 1);
    assert_stored(TB_STORE_CRED, NULL);
    assert_stored(TB_STORE_PENDING, NULL);
}

static void pending_of_the_configured_token_makes_a_trial(void **state)
{
    (void)state;
    fake_config_put("token", CONFIGURED);
    store_token(TB_STORE_PENDING, CONFIGURED);
    server_provisions(ANSWER_FAILURE);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, CONFIGURED);
}

static void refused_connection_never_erases_credentials(void **state)
{
    static const struct {
        uint8_t connack;
        const char *outcome;
    } CASES[] = {
        {1, "TB_OUTCOME_REFUSED_PROTOCOL"}, {2, "TB_OUTCOME_REFUSED_ID"},     {3, "TB_OUTCOME_REFUSED_BUSY"},
        {4, "TB_OUTCOME_REFUSED_LOGIN"},    {5, "TB_OUTCOME_NOT_AUTHORIZED"}, {6, "TB_OUTCOME_REFUSED_OTHER"},
    };
    for (size_t i = 0; i < TB_COUNT(CASES); i++) {
        (void)app_setup(state);
        store_token(TB_STORE_CRED, OWN);
        server_refuses(CASES[i].connack);
        server_refuses(CASES[i].connack);
        server_accepts();
        assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
        assert_true(fake_log_has(CASES[i].outcome));
        assert_int_equal(fake_journal_count("open " OWN), 3);
        assert_int_equal(fake_calls(FAKE_ERASE) + fake_calls(FAKE_SAVE), 0);
        assert_stored(TB_STORE_CRED, OWN);
    }
}

static void refused_front_connection_keeps_nothing_and_tries_again(void **state)
{
    (void)state;
    server_refuses(3);
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_true(fake_log_has("TB_OUTCOME_REFUSED_BUSY"));
    assert_int_equal(fake_journal_count("save"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        app_test(S19_each_answer_has_an_outcome_of_its_own),
        app_test(FAILURE_of_a_device_that_was_created_all_the_same_is_made_good_by_a_trial),
        app_test(FAILURE_ends_after_a_trial_and_keeps_pending),
        app_test(T3_answer_after_a_reconnect_is_read),
        app_test(token_of_the_devices_own_is_made_once),
        app_test(NOT_FOUND_erases_pending_when_nothing_was_asked_before),
        app_test(NOT_FOUND_keeps_pending_when_an_earlier_request_may_have_succeeded),
        app_test(other_kind_of_credentials_is_not_stored),
        app_test(connection_closed_without_an_answer_then_FAILURE_tries_the_pending_token),
        app_test(T1_no_answer_in_time_then_FAILURE_tries_the_pending_token),
        app_test(malformed_answer_then_FAILURE_tries_the_pending_token),
        app_test(answer_that_is_too_large_then_FAILURE_tries_the_pending_token),
        app_test(request_that_could_not_be_sent_then_FAILURE_tries_the_pending_token),
        app_test(answer_lost_before_a_reboot_is_made_good_by_a_trial),
        app_test(trial_that_is_refused_with_5_ends_and_keeps_pending),
        app_test(trial_that_is_refused_otherwise_keeps_pending_and_starts_over),
        app_test(pending_of_another_token_than_the_configured_makes_no_trial),
        app_test(S7_token_that_a_fleet_shares_does_not_put_a_device_in_anothers_place),
        app_test(pending_of_the_configured_token_makes_a_trial),
        app_test(refused_connection_never_erases_credentials),
        app_test(refused_front_connection_keeps_nothing_and_tries_again),
    };
    return cmocka_run_group_tests_name("app_answers", tests, NULL, NULL);
}
