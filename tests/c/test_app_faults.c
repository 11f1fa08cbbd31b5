// The world fails: the store, the network, the power. The device comes back, and never loses its place at the server.

#include "app_fixture.h"
#include "tb/tb_json.h"
#include "tb_protocol.h"

/** A server that creates the device once, and then knows its token only (contract 2.3). */
static struct {
    char token[TB_CRED_TEXT_MAX + 1];
    char answer[256];
    unsigned requests;
} s_server;

static void on_open(const char *username)
{
    bool known = strcmp(username, TB_PROVISION_USERNAME) == 0 ||
                 (s_server.token[0] != '\0' && strcmp(username, s_server.token) == 0);
    if (known) {
        fake_event(TB_PORT_CONNECTED);
    } else {
        fake_refuse(5);
    }
}

/** Takes the token that the request asks for. Returns the answer. */
static const char *create_device(tb_str_t request)
{
    tb_json_member_t member = {.key = TB_STR(TB_KEY_TOKEN)};
    tb_buf_t out = TB_BUF(s_server.answer);
    if (s_server.token[0] != '\0') {
        return ANSWER_FAILURE;
    }
    assert_int_equal(tb_json_read_object(request, &member, 1), TB_OK);
    assert_int_equal(tb_json_read_string(&member.value, s_server.token, sizeof(s_server.token)), TB_OK);
    tb_buf_put(&out, TB_STR("{\"credentialsValue\":\""));
    tb_buf_put(&out, tb_str(s_server.token));
    tb_buf_put(&out, TB_STR("\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"));
    assert_int_equal(tb_buf_terminate(&out), TB_OK);
    return s_server.answer;
}

static void on_publish(const char *topic, tb_str_t payload)
{
    if (strcmp(topic, TB_TOPIC_PROVISION_REQUEST) == 0) {
        s_server.requests++;
        server_answers(create_device(payload));
    }
}

/** A new device, and a server that does not know it. */
static void setup_with_server(void **state)
{
    (void)app_setup(state);
    memset(&s_server, 0, sizeof(s_server));
    fake_server(on_open, on_publish);
}

static void reset_port(void)
{
    app_device_disconnect(app_device());
    fake_port_reset();
    fake_server(on_open, on_publish);
}

static void boot(void *context)
{
    (void)context;
    (void)app_boot();
}

/** Fails unless the device, started again, works with the token that the server knows. */
static void expect_recovery(void)
{
    reset_port();
    fake_fault_reset();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, s_server.token);
}

static void power_cut_at_any_point_is_recovered_from(void **state)
{
    unsigned cuts = 0;
    bool cut = true;
    while (cut) {
        setup_with_server(state);
        cut = fake_run_with_power_cut(++cuts, boot, NULL);
        expect_recovery();
    }
    assert_in_range(cuts, 10, 100); // before and after each write and each message, and at each close
}

static void second_power_cut_during_the_recovery_is_recovered_from(void **state)
{
    for (unsigned first = 1; first <= 8; first++) {
        bool cut = true;
        for (unsigned second = 1; cut; second++) {
            setup_with_server(state);
            (void)fake_run_with_power_cut(first, boot, NULL);
            reset_port();
            cut = fake_run_with_power_cut(second, boot, NULL);
            expect_recovery();
        }
    }
}

static void any_call_of_the_port_that_fails_once_is_recovered_from(void **state)
{
    static const fake_call_t CALLS[] = {FAKE_INIT, FAKE_OPEN,  FAKE_SUBSCRIBE, FAKE_PUBLISH,  FAKE_LOAD,
                                        FAKE_SAVE, FAKE_ERASE, FAKE_CONFIG,    FAKE_DEVICE_ID};
    for (size_t i = 0; i < TB_COUNT(CALLS); i++) {
        for (unsigned nth = 1; nth <= 12; nth++) {
            setup_with_server(state);
            fake_fail(CALLS[i], nth, 1, CALLS[i] < FAKE_LOAD ? TB_ERR_TRANSPORT : TB_ERR_STORE);
            tb_outcome_t outcome = app_boot();
            assert_int_not_equal(outcome, TB_OUTCOME_NONE);
            expect_recovery();
        }
    }
}

static void store_that_fails_once_after_a_power_cut_is_recovered_from(void **state)
{
    static const fake_call_t CALLS[] = {FAKE_LOAD, FAKE_SAVE, FAKE_ERASE};
    for (size_t i = 0; i < TB_COUNT(CALLS); i++) {
        for (unsigned nth = 1; nth <= 6; nth++) {
            for (unsigned cut = 1; cut <= 8; cut++) {
                setup_with_server(state);
                (void)fake_run_with_power_cut(cut, boot, NULL);
                reset_port();
                fake_fault_reset();
                fake_fail(CALLS[i], nth, 1, TB_ERR_STORE);
                (void)app_boot();
                expect_recovery();
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
    setup_with_server(state);
    fake_fail(FAKE_SAVE, 2, 1, TB_ERR_STORE); // the first stores what is pending
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("TB_OUTCOME_STORE_FAILED"));
    assert_int_equal(s_server.requests, 2);
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
    setup_with_server(state);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_store_put(TB_STORE_CRED, TB_STR("rubbish that is no record"));
    expect_recovery();
    assert_int_equal(s_server.requests, 2); // refused: the device is known; its copy of the token is accepted
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
    setup_with_server(state);
    fake_store_put(TB_STORE_PENDING, TB_STR("rubbish that is no record"));
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, OWN);
}

static void connection_that_cannot_be_opened_is_tried_again(void **state)
{
    setup_with_server(state);
    fake_fail(FAKE_OPEN, 1, 3, TB_ERR_TRANSPORT);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("TB_OUTCOME_PORT_FAILED"));
    assert_int_equal(fake_calls(FAKE_OPEN), 5);
}

static void subscription_that_fails_closes_the_connection_and_is_tried_again(void **state)
{
    setup_with_server(state);
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
