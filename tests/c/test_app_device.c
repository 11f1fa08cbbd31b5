// The story that a device lives: provisioned once, then at work.

#include <math.h>

#include "app_fixture.h"
#include "normal_connection.h"
#include "tb_protocol.h"

void app_main(void);

static void use_case_1_provisions_stores_and_works(void **state)
{
    (void)state;
    server_provisions(ANSWER_SUCCESS(OWN));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect("open provision", "< connected", "save pending", "subscribe /provision/response",
                        REQUEST_OF(OWN), "< message", "save cred", "close", "open " OWN, "< connected", SAMPLE, SAMPLE,
                        SAMPLE, SAMPLE, "close");
    assert_stored(TB_STORE_CRED, OWN);
}

static void run_without_trouble_logs_no_error_and_no_warning(void **state)
{
    (void)state;
    server_provisions(ANSWER_SUCCESS(OWN));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("\nI "));
    assert_false(fake_log_has("\nE "));
    assert_false(fake_log_has("\nW "));
}

static void use_case_2_works_with_the_token_that_the_server_granted(void **state)
{
    (void)state;
    server_provisions(ANSWER_SUCCESS(GRANTED));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count("open " GRANTED), 1);
    assert_stored(TB_STORE_CRED, GRANTED);
}

static void S6_second_boot_goes_straight_to_the_normal_connection(void **state)
{
    (void)state;
    server_provisions(ANSWER_SUCCESS(OWN));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_port_reset();
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect("open " OWN, "< connected", SAMPLE, SAMPLE, SAMPLE, SAMPLE, "close");
}

static void T2_request_leaves_only_after_CONNECTED(void **state)
{
    (void)state;
    fake_connection();
    fake_pause(9999);
    fake_event(TB_PORT_CONNECTED);
    server_answers(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    fake_journal_expect("open provision", "< connected", "save pending", "subscribe /provision/response",
                        REQUEST_OF(OWN), "< message", "close");
}

static void T2_request_does_not_leave_when_the_server_never_accepts(void **state)
{
    (void)state;
    fake_connection();
    fake_pause(10001);
    fake_event(TB_PORT_CONNECTED);
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_true(fake_log_has("TB_OUTCOME_UNREACHABLE"));
    assert_int_equal(fake_journal_find("close", 0), 1);
    assert_int_equal(fake_journal_count("publish"), 1);
}

static void request_does_not_wait_for_SUBACK(void **state)
{
    (void)state;
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_int_equal(fake_journal_find("publish", 0), fake_journal_find("subscribe", 0) + 1);
}

static void pending_is_stored_before_the_request_leaves(void **state)
{
    (void)state;
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    fake_journal_expect_order("save pending", "publish");
}

static void credentials_are_stored_before_the_front_connection_closes(void **state)
{
    (void)state;
    server_provisions(ANSWER_SUCCESS(OWN));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect_order("save cred", "close");
}

static void token_that_is_configured_is_asked_for(void **state)
{
    (void)state;
    fake_config_put("token", CONFIGURED);
    server_provisions(ANSWER_SUCCESS(CONFIGURED));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count(REQUEST_OF(CONFIGURED)), 1);
    assert_stored(TB_STORE_CRED, CONFIGURED);
}

static void two_devices_make_different_tokens(void **state)
{
    (void)state;
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_int_equal(tb_port_erase(TB_STORE_PENDING),
                     TB_OK); // another device; the random numbers go on where they were
    fake_journal_reset();
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_int_equal(fake_journal_count("publish"), 1);
    assert_int_equal(fake_journal_count(REQUEST_OF(OWN)), 0);
}

static void server_is_reached_as_configured(void **state)
{
    (void)state;
    fake_config_put("port", "18830");
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_string_equal(fake_opened()->host, "tb.example");
    assert_int_equal(fake_opened()->port, 18830);
    assert_string_equal(fake_opened()->client_id, FAKE_OWN_ID);
    assert_int_equal(fake_opened()->keepalive_s, 60);
    assert_int_equal(fake_opened()->timeout_ms, 10000);
}

static void telemetry_period_of_zero_sends_one_sample(void **state)
{
    (void)state;
    fake_config_put("telemetry_s", "0");
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect("open " OWN, "< connected", SAMPLE, "close");
}

static void samples_go_on_while_other_events_arrive(void **state)
{
    (void)state;
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    for (int i = 0; i < 4; i++) {
        fake_pause(9000);
        fake_event(TB_PORT_PUBLISHED);
    }
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count(SAMPLE), 4);
}

static void no_sample_is_sent_while_the_connection_is_down(void **state)
{
    (void)state;
    fake_config_put("telemetry_s", "1");
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    fake_pause(500);
    fake_event(TB_PORT_DISCONNECTED);
    fake_connection();
    fake_pause(9000);
    fake_event(TB_PORT_DISCONNECTED);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    int lost = fake_journal_find("< disconnected", 0);
    int back = fake_journal_find("< connected", lost);
    assert_in_range(back, lost, fake_journal_len());
    assert_in_range(fake_journal_find("publish", lost), back, fake_journal_len());
}

static void lost_connection_is_opened_again_with_the_same_credentials(void **state)
{
    (void)state;
    fake_config_put("telemetry_s", "0");
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    fake_event(TB_PORT_DISCONNECTED);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect("open " OWN, "< connected", SAMPLE, "< disconnected", "close", "open " OWN, "< connected",
                        SAMPLE, "close");
}

static void S11_each_connection_is_closed_before_the_next_is_opened(void **state)
{
    (void)state;
    fake_config_put("telemetry_s", "0");
    store_token(TB_STORE_CRED, OWN);
    for (int i = 0; i < 3; i++) {
        server_accepts();
        fake_event(TB_PORT_DISCONNECTED);
    }
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count("open"), 4);
    for (int open = fake_journal_find("open", 0); open >= 0;) {
        int next = fake_journal_find("open", open + 1);
        int close = fake_journal_find("close", open);
        assert_true(close > open && (next < 0 || close < next));
        open = next;
    }
}

static void accept(const char *username)
{
    (void)username;
    fake_event(TB_PORT_CONNECTED);
}

/** Another task sends a sample while the request is on its way. */
static void send_beside_the_request(const char *topic, tb_str_t payload)
{
    (void)payload;
    if (strcmp(topic, TB_TOPIC_PROVISION_REQUEST) == 0) {
        assert_int_equal(normal_connection_send(&(tb_model_telemetry_t){0}), TB_ERR_TRANSPORT);
        server_answers(ANSWER_SUCCESS(OWN));
    }
}

static void provisioning_connection_carries_no_telemetry_of_another_task(void **state)
{
    (void)state;
    fake_server(accept, send_beside_the_request);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect_order("close", SAMPLE);
}

static void sensor_without_a_reading_is_left_out(void **state)
{
    (void)state;
    fake_config_put("telemetry_s", "0");
    fake_temperature.has_value = false;
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count("publish v1/devices/me/telemetry {\"humidity\":26}"), 1);
}

static void reading_that_is_no_number_does_not_keep_the_others_from_being_sent(void **state)
{
    (void)state;
    fake_config_put("run_time_s", "5");
    fake_temperature.value = NAN;
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count("publish v1/devices/me/telemetry {\"humidity\":26}"), 1);
}

static void wait_is_never_longer_than_the_ticks_of_a_board_can_count(void **state)
{
    (void)state;
    fake_config_put("run_time_s", "4294967");
    fake_config_put("telemetry_s", "0");
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    uint64_t start_ms = tb_port_now_ms();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(tb_port_now_ms() - start_ms, 4294967000);
    assert_in_range(fake_longest_wait_ms(), 1, UINT32_MAX / 1000); // ticks of a kilohertz or less, times 1000
}

static void provisioning_secrets_leave_memory_when_credentials_are_stored(void **state)
{
    (void)state;
    server_provisions(ANSWER_SUCCESS(OWN));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    const app_device_t *device = app_device();
    assert_filled(device->settings.provision_key, 0, sizeof(device->settings.provision_key));
    assert_filled(device->settings.provision_secret, 0, sizeof(device->settings.provision_secret));
    assert_filled(device->settings.wanted.username, 0, sizeof(device->settings.wanted.username));
    assert_filled(&device->credentials.pending, 0, sizeof(device->credentials.pending));
}

static void provisioning_secrets_leave_memory_when_credentials_were_stored_before(void **state)
{
    (void)state;
    fake_config_put("token", CONFIGURED);
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    const app_device_t *device = app_device();
    assert_filled(device->settings.provision_secret, 0, sizeof(device->settings.provision_secret));
    assert_filled(device->settings.wanted.username, 0, sizeof(device->settings.wanted.username));
}

static void memory_is_wiped_after_destroy(void **state)
{
    (void)state;
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    app_device_destroy(app_device());
    assert_filled(app_device(), 0, sizeof(app_device_t));
}

static void program_ends_with_0_when_the_run_is_complete(void **state)
{
    (void)state;
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    app_main();
    assert_int_equal(fake_exit_status(), 0);
    assert_int_equal(fake_journal_count("close"), 1);
}

static void program_ends_with_1_when_the_device_could_not_work(void **state)
{
    (void)state;
    server_provisions(ANSWER_NOT_FOUND);
    app_main();
    assert_int_equal(fake_exit_status(), 1);
    assert_int_equal(fake_journal_count("close"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        app_test(use_case_1_provisions_stores_and_works),
        app_test(run_without_trouble_logs_no_error_and_no_warning),
        app_test(use_case_2_works_with_the_token_that_the_server_granted),
        app_test(S6_second_boot_goes_straight_to_the_normal_connection),
        app_test(T2_request_leaves_only_after_CONNECTED),
        app_test(T2_request_does_not_leave_when_the_server_never_accepts),
        app_test(request_does_not_wait_for_SUBACK),
        app_test(pending_is_stored_before_the_request_leaves),
        app_test(credentials_are_stored_before_the_front_connection_closes),
        app_test(token_that_is_configured_is_asked_for),
        app_test(two_devices_make_different_tokens),
        app_test(server_is_reached_as_configured),
        app_test(telemetry_period_of_zero_sends_one_sample),
        app_test(samples_go_on_while_other_events_arrive),
        app_test(no_sample_is_sent_while_the_connection_is_down),
        app_test(lost_connection_is_opened_again_with_the_same_credentials),
        app_test(S11_each_connection_is_closed_before_the_next_is_opened),
        app_test(provisioning_connection_carries_no_telemetry_of_another_task),
        app_test(sensor_without_a_reading_is_left_out),
        app_test(reading_that_is_no_number_does_not_keep_the_others_from_being_sent),
        app_test(wait_is_never_longer_than_the_ticks_of_a_board_can_count),
        app_test(provisioning_secrets_leave_memory_when_credentials_are_stored),
        app_test(provisioning_secrets_leave_memory_when_credentials_were_stored_before),
        app_test(memory_is_wiped_after_destroy),
        app_test(program_ends_with_0_when_the_run_is_complete),
        app_test(program_ends_with_1_when_the_device_could_not_work),
    };
    return cmocka_run_group_tests_name("app_device", tests, NULL, NULL);
}
