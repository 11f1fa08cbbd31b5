// What a server, or whoever sits between, may send unasked.

#include "app_fixture.h"
#include "sdkconfig.h"
#include "tb_protocol.h"

static char s_long_text[CONFIG_TB_RX_PAYLOAD_MAX];

static tb_str_t long_text(size_t len)
{
    assert_in_range(len, 1, sizeof(s_long_text));
    memset(s_long_text, 'x', sizeof(s_long_text));
    memcpy(s_long_text, TB_TOPIC_PROVISION_RESPONSE, strlen(TB_TOPIC_PROVISION_RESPONSE));
    return (tb_str_t){.ptr = s_long_text, .len = len};
}

/** The message in the script is no answer: the answer after it is taken. */
static void expect_message_passed_over(tb_str_t topic, tb_str_t payload)
{
    server_accepts();
    fake_message(topic, payload);
    server_answers(ANSWER_SUCCESS(OWN));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, OWN);
    assert_int_equal(fake_journal_count("publish /provision/request"), 1);
}

static void S1_longest_topic_is_passed_over(void **state)
{
    (void)state;
    expect_message_passed_over(long_text(CONFIG_TB_RX_TOPIC_MAX), TB_STR(ANSWER_FAILURE));
}

/** The message means nothing to a device at work, and changes nothing. */
static void expect_message_at_work_passed_over(tb_str_t topic, tb_str_t payload)
{
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    fake_message(topic, payload);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(fake_journal_count("open"), 1);
    assert_int_equal(fake_journal_count(SAMPLE), 4);
}

static void expect_passed_over(void **state, const char *topic, const char *const *payloads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)app_setup(state);
        expect_message_passed_over(tb_str(topic), tb_str(payloads[i]));
        (void)app_setup(state);
        expect_message_at_work_passed_over(tb_str(topic), tb_str(payloads[i]));
    }
}

static void S3_RPC_without_a_method_is_passed_over(void **state)
{
    static const char *const RPCS[] = {
        "{}", "{\"params\":1}", "{\"method\":1}", "{\"method\":null,\"params\":{}}", "{\"method\":{}}", "[]", "null",
        ""};
    expect_passed_over(state, "v1/devices/me/rpc/request/0", RPCS, TB_COUNT(RPCS));
}

static void S4_firmware_attributes_of_a_wrong_type_are_passed_over(void **state)
{
    static const char *const ATTRIBUTES[] = {
        "{\"fw_title\":1,\"fw_version\":2,\"fw_size\":\"3\",\"fw_checksum\":4,\"fw_checksum_algorithm\":5}",
        "{\"fw_title\":null,\"fw_version\":null,\"fw_size\":null,\"fw_checksum\":null,\"fw_checksum_algorithm\":null}",
        "{\"fw_title\":[],\"fw_version\":{},\"fw_size\":-1,\"fw_checksum\":true,\"fw_checksum_algorithm\":[]}",
        "{\"deleted\":[\"fw_title\",1,null]}",
        "{\"shared\":{\"fw_title\":1}}",
    };
    expect_passed_over(state, "v1/devices/me/attributes", ATTRIBUTES, TB_COUNT(ATTRIBUTES));
}

static void S5_topic_that_is_a_prefix_of_the_answers_is_passed_over(void **state)
{
    (void)state;
    expect_message_passed_over(TB_STR("/provision/respons"), TB_STR(ANSWER_FAILURE));
}

static void S5_topic_that_goes_on_after_the_answers_is_passed_over(void **state)
{
    (void)state;
    expect_message_passed_over(TB_STR("/provision/response/1"), TB_STR(ANSWER_FAILURE));
}

static void message_without_topic_is_passed_over(void **state)
{
    (void)state;
    expect_message_passed_over(TB_STR(""), TB_STR(ANSWER_FAILURE));
}

static void empty_answer_is_malformed(void **state)
{
    (void)state;
    server_provisions("");
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_true(fake_log_has("TB_OUTCOME_MALFORMED"));
}

static void longest_answer_is_malformed(void **state)
{
    (void)state;
    server_accepts();
    fake_message(TB_STR(TB_TOPIC_PROVISION_RESPONSE), long_text(CONFIG_TB_RX_PAYLOAD_MAX));
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_true(fake_log_has("TB_OUTCOME_MALFORMED"));
}

static void answer_before_the_connection_is_accepted_is_passed_over(void **state)
{
    (void)state;
    fake_connection();
    server_answers(ANSWER_SUCCESS(GRANTED));
    fake_event(TB_PORT_CONNECTED);
    server_answers(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_stored(TB_STORE_CRED, NULL);
}

static void answer_on_the_normal_connection_changes_nothing(void **state)
{
    (void)state;
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    server_answers(ANSWER_SUCCESS(GRANTED));
    fake_event(TB_PORT_TOO_LARGE);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, OWN);
    assert_string_equal(app_device()->credentials.own.username, OWN);
}

static void second_answer_is_passed_over(void **state)
{
    (void)state;
    server_accepts();
    server_answers(ANSWER_SUCCESS(OWN));
    server_answers(ANSWER_SUCCESS(GRANTED));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, OWN);
}

static void flood_of_messages_does_not_delay_the_answers_deadline(void **state)
{
    (void)state;
    server_accepts();
    fake_message(TB_STR("v1/devices/me/attributes"), TB_STR("{}"));
    fake_flood();
    server_provisions(ANSWER_NOT_FOUND);
    uint64_t start_ms = tb_port_now_ms();
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_true(fake_log_has("TB_OUTCOME_NO_ANSWER"));
    assert_in_range(tb_port_now_ms() - start_ms, CONFIG_TB_ANSWER_TIMEOUT_MS,
                    CONFIG_TB_ANSWER_TIMEOUT_MS + CONFIG_TB_BACKOFF_BASE_MS);
}

static void flood_of_messages_delays_neither_telemetry_nor_the_end_of_the_run(void **state)
{
    (void)state;
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    fake_message(TB_STR("v1/devices/me/attributes"), TB_STR("{}"));
    fake_flood();
    uint64_t start_ms = tb_port_now_ms();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(tb_port_now_ms() - start_ms, CONFIG_TB_APP_RUN_TIME_S * 1000);
    assert_int_equal(fake_journal_count(SAMPLE), 4);
}

static void flood_of_events_that_mean_nothing_does_not_delay_the_end_of_the_run(void **state)
{
    (void)state;
    fake_config_put("run_time_s", "5");
    store_token(TB_STORE_CRED, OWN);
    server_accepts();
    fake_event(TB_PORT_CONNECTED);
    fake_flood();
    uint64_t start_ms = tb_port_now_ms();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_int_equal(tb_port_now_ms() - start_ms, 5000);
}

static void S22_answer_and_request_are_logged_without_their_secrets(void **state)
{
    (void)state;
    server_provisions(ANSWER_SUCCESS(GRANTED));
    server_accepts();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("\"provisionDeviceSecret\":\"***\""));
    assert_true(fake_log_has("\"credentialsValue\":\"***\""));
    assert_false(fake_log_has(KEY));
    assert_false(fake_log_has(SECRET));
    assert_false(fake_log_has(OWN));
    assert_false(fake_log_has(GRANTED));
}

static void S22_malformed_answer_is_not_logged(void **state)
{
    (void)state;
    server_provisions("{\"credentialsValue\":\"CANARY\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"succ\"}");
    server_provisions(ANSWER_NOT_FOUND);
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_false(fake_log_has("CANARY"));
}

static void S23_error_text_cannot_forge_a_line_of_the_log(void **state)
{
    (void)state;
    server_provisions("{\"errorMsg\":\"x\\nI forged: line\",\"status\":\"NOT_FOUND\"}");
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_false(fake_log_has("\nI forged"));
}

static void S23_format_specifiers_in_texts_are_only_text(void **state)
{
    (void)state;
    fake_config_put("device_name", "%s%n%s");
    server_provisions("{\"errorMsg\":\"%s%n%x\",\"status\":\"NOT_FOUND\"}");
    assert_int_equal(app_boot(), TB_OUTCOME_NOT_FOUND);
    assert_true(fake_log_has("%s%n%x"));
    assert_true(fake_log_has("\"deviceName\":\"%s%n%s\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        app_test(S1_longest_topic_is_passed_over),
        app_test(S3_RPC_without_a_method_is_passed_over),
        app_test(S4_firmware_attributes_of_a_wrong_type_are_passed_over),
        app_test(S5_topic_that_is_a_prefix_of_the_answers_is_passed_over),
        app_test(S5_topic_that_goes_on_after_the_answers_is_passed_over),
        app_test(message_without_topic_is_passed_over),
        app_test(empty_answer_is_malformed),
        app_test(longest_answer_is_malformed),
        app_test(answer_before_the_connection_is_accepted_is_passed_over),
        app_test(answer_on_the_normal_connection_changes_nothing),
        app_test(second_answer_is_passed_over),
        app_test(flood_of_messages_does_not_delay_the_answers_deadline),
        app_test(flood_of_messages_delays_neither_telemetry_nor_the_end_of_the_run),
        app_test(flood_of_events_that_mean_nothing_does_not_delay_the_end_of_the_run),
        app_test(S22_answer_and_request_are_logged_without_their_secrets),
        app_test(S22_malformed_answer_is_not_logged),
        app_test(S23_error_text_cannot_forge_a_line_of_the_log),
        app_test(S23_format_specifiers_in_texts_are_only_text),
    };
    return cmocka_run_group_tests_name("app_messages", tests, NULL, NULL);
}
