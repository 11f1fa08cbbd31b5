// The reader in a model that knows access tokens only.

#include "test_tb_prov.h"

static void success_gives_the_token(void **state)
{
    (void)state;
    tb_prov_response_t response = parse(TB_STR(SUCCESS));
    assert_int_equal(response.outcome, TB_PROV_SUCCESS);
    assert_int_equal(response.cred.kind, TB_CRED_ACCESS_TOKEN);
    assert_string_equal(response.cred.username, "A1B2C3");
    assert_string_equal(response.error_text, "");
}

static void S19_outcomes_of_the_server_are_told_apart(void **state)
{
    (void)state;
    assert_outcome(TB_STR(SUCCESS), TB_PROV_SUCCESS);
    assert_outcome(TB_STR(NOT_FOUND), TB_PROV_NOT_FOUND);
    assert_outcome(TB_STR(FAILURE), TB_PROV_FAILURE);
    assert_outcome(TB_STR(X509), TB_PROV_WRONG_KIND);
    assert_outcome(TB_STR(MQTT_BASIC), TB_PROV_WRONG_KIND);
    assert_outcome(TB_STR(LWM2M), TB_PROV_WRONG_KIND);
}

static void error_text_is_read(void **state)
{
    (void)state;
    assert_string_equal(parse(TB_STR(NOT_FOUND)).error_text, "Provision data was not found!");
    assert_string_equal(parse(TB_STR(FAILURE)).error_text, "Failed to provision device!");
}

static void odd_error_text_does_not_change_the_outcome(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "{\"status\":\"FAILURE\"}",
        "{\"errorMsg\":null,\"status\":\"FAILURE\"}",
        "{\"errorMsg\":7,\"status\":\"FAILURE\"}",
        "{\"errorMsg\":\"a\\u0000b\",\"status\":\"FAILURE\"}",
        // 65 characters
        "{\"errorMsg\":\"01234567890123456789012345678901234567890123456789012345678901234\",\"status\":\"FAILURE\"}",
    };
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        tb_prov_response_t response = parse(tb_str(TEXTS[i]));
        assert_int_equal(response.outcome, TB_PROV_FAILURE);
        assert_string_equal(response.error_text, "");
    }
}

static void S2_status_that_is_no_string_is_malformed(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR("{\"status\":1}"),  TB_STR("{\"status\":null}"), TB_STR("{\"status\":{}}"),
        TB_STR("{\"status\":[]}"), TB_STR("{\"status\":true}"), TB_STR("{\"status\":[\"SUCCESS\"]}"),
    };
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        assert_outcome(TEXTS[i], TB_PROV_MALFORMED);
    }
}

static void T4_missing_keys_are_malformed(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR("{}"),
        TB_STR("{\"errorMsg\":\"x\"}"),
        TB_STR("{\"status\":\"SUCCESS\"}"),
        TB_STR("{\"credentialsValue\":\"A\",\"status\":\"SUCCESS\"}"),
        TB_STR("{\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"),
        TB_STR("{\"credentialsValue\":\"A\",\"credentialsType\":\"ACCESS_TOKEN\"}"),
    };
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        assert_outcome(TEXTS[i], TB_PROV_MALFORMED);
    }
}

static void status_is_compared_as_a_whole(void **state)
{
    (void)state;
    assert_outcome(TB_STR("{\"status\":\"FAIL\"}"), TB_PROV_MALFORMED);
    assert_outcome(TB_STR("{\"status\":\"FAILURES\"}"), TB_PROV_MALFORMED);
    assert_outcome(TB_STR("{\"status\":\"failure\"}"), TB_PROV_MALFORMED);
    assert_outcome(TB_STR("{\"status\":\"\"}"), TB_PROV_MALFORMED);
    assert_outcome(TB_STR("{\"status\":\"NOT_FOUND\\u0000\"}"), TB_PROV_MALFORMED);
    assert_outcome(TB_STR("{\"\\u0073tatus\":\"\\u0046AILURE\"}"), TB_PROV_FAILURE);
}

static void credentials_of_a_wrong_type_are_malformed(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR("{\"credentialsValue\":1,\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"),
        TB_STR("{\"credentialsValue\":null,\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"),
        TB_STR("{\"credentialsValue\":{},\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"),
        TB_STR("{\"credentialsValue\":\"\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"),
        TB_STR("{\"credentialsValue\":\"a\\u0000b\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"),
        TB_STR("{\"credentialsValue\":\"A\",\"credentialsType\":null,\"status\":\"SUCCESS\"}"),
        TB_STR("{\"credentialsValue\":\"A\",\"credentialsType\":[\"ACCESS_TOKEN\"],\"status\":\"SUCCESS\"}"),
    };
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        assert_outcome(TEXTS[i], TB_PROV_MALFORMED);
    }
}

static tb_prov_response_t parse_token_of(size_t len)
{
    char json[512];
    tb_buf_t out = TB_BUF(json);
    tb_buf_put(&out, TB_STR("{\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\",\"credentialsValue\":\""));
    for (size_t i = 0; i < len; i++) {
        tb_buf_put_char(&out, 'x');
    }
    tb_buf_put(&out, TB_STR("\"}"));
    assert_int_equal(tb_buf_result(&out), TB_OK);
    return parse(tb_buf_view(&out));
}

static void token_is_taken_up_to_its_longest_and_no_further(void **state)
{
    (void)state;
    tb_prov_response_t longest = parse_token_of(TB_CRED_TEXT_MAX);
    assert_int_equal(longest.outcome, TB_PROV_SUCCESS);
    assert_int_equal(strlen(longest.cred.username), TB_CRED_TEXT_MAX);
    assert_int_equal(parse_token_of(TB_CRED_TEXT_MAX + 1).outcome, TB_PROV_MALFORMED);
    assert_int_equal(parse_token_of(400).outcome, TB_PROV_MALFORMED);
}

static void hostile_JSON_is_malformed(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR(""),
        TB_STR("\0"),
        TB_STR("null"),
        TB_STR("[" SUCCESS "]"),
        TB_STR("\""
               "SUCCESS"
               "\""),
        TB_STR(SUCCESS "\0"),
        TB_STR(SUCCESS SUCCESS),
        TB_STR(SUCCESS ","),
        TB_STR("{\"status\":\"FAILURE\",\"status\":\"SUCCESS\"}"),
        TB_STR("{\"status\":\"FAILURE\",\"st\\u0061tus\":\"SUCCESS\"}"),
        TB_STR("{\"status\":\"FAILURE\",\"a\":\"\\ud800\"}"),
        TB_STR("{\"status\":\"FAILURE\",\"a\":\"\xC0\x80\"}"),
        TB_STR("{\"status\":\"FAILURE\",\"a\":01}"),
        TB_STR("{\"status\":\"FAILURE\",\"a\":[[[[[[[[[1]]]]]]]]]}"),
        TB_STR("{\"status\":\"FAILURE\",\"a\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}"), // 33 tokens
        TB_STR("{\"status\":\"FAILURE\\"),
        TB_STR("\xFF\xFE{"),
    };
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        assert_outcome(TEXTS[i], TB_PROV_MALFORMED);
    }
}

static void huge_numbers_and_unknown_keys_are_passed_over(void **state)
{
    (void)state;
    assert_outcome(TB_STR("{\"a\":1e999999,\"b\":-123456789012345678901234567890,\"status\":\"FAILURE\"}"),
                   TB_PROV_FAILURE);
    assert_outcome(TB_STR("{\"status\":\"FAILURE\",\"a\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}"),
                   TB_PROV_FAILURE); // 32 tokens
}

static void every_truncation_of_every_answer_is_malformed(void **state)
{
    (void)state;
    static const tb_str_t ANSWERS[] = {TB_STR(SUCCESS), TB_STR(NOT_FOUND),  TB_STR(FAILURE),
                                       TB_STR(X509),    TB_STR(MQTT_BASIC), TB_STR(LWM2M)};
    for (size_t i = 0; i < TB_COUNT(ANSWERS); i++) {
        assert_every_truncation_is_malformed(ANSWERS[i]);
    }
}

static void answers_print_as_the_server_wrote_them(void **state)
{
    (void)state;
    assert_printed(TB_STR(SUCCESS), true, SUCCESS);
    assert_printed(TB_STR(NOT_FOUND), false, NOT_FOUND);
    assert_printed(TB_STR(FAILURE), true, FAILURE);
    assert_printed(TB_STR(X509), true, "(credentials of another kind)");
    assert_printed(TB_STR("{"), true, "(not an answer of ThingsBoard)");
}

static void S22_token_is_not_printed_unless_asked_for(void **state)
{
    (void)state;
    assert_printed(TB_STR(SUCCESS), false,
                   "{\"credentialsValue\":\"***\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}");
    assert_printed(TB_STR(X509), false, "(credentials of another kind)");
}

static void S23_error_text_cannot_break_out_of_its_line(void **state)
{
    (void)state;
    assert_printed(TB_STR("{\"status\":\"FAILURE\",\"errorMsg\":\"a\\nI (1) TAG: \\\"b\\u001b[0m\"}"), false,
                   "{\"errorMsg\":\"a\\u000aI (1) TAG: \\\"b\\u001b[0m\",\"status\":\"FAILURE\"}");
}

static void short_buffer_is_reported_and_not_overrun(void **state)
{
    (void)state;
    static const tb_str_t ANSWERS[] = {TB_STR(SUCCESS), TB_STR(FAILURE), TB_STR(X509), TB_STR("{")};
    for (size_t i = 0; i < TB_COUNT(ANSWERS); i++) {
        assert_no_buffer_is_overrun(ANSWERS[i]);
    }
}

static void text_that_is_not_UTF_8_is_not_printed(void **state)
{
    (void)state;
    char text[128];
    tb_buf_t out = TB_BUF(text);
    tb_prov_response_t response = {.outcome = TB_PROV_FAILURE, .error_text = "\xFF"};
    assert_int_equal(tb_prov_print_response(&response, false, &out), TB_ERR_BAD_UTF8);
    response =
        (tb_prov_response_t){.outcome = TB_PROV_SUCCESS, .cred = {.kind = TB_CRED_ACCESS_TOKEN, .username = "\xFF"}};
    assert_int_equal(tb_prov_print_response(&response, true, &out), TB_ERR_BAD_UTF8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_gives_the_token),
        cmocka_unit_test(S19_outcomes_of_the_server_are_told_apart),
        cmocka_unit_test(error_text_is_read),
        cmocka_unit_test(odd_error_text_does_not_change_the_outcome),
        cmocka_unit_test(S2_status_that_is_no_string_is_malformed),
        cmocka_unit_test(T4_missing_keys_are_malformed),
        cmocka_unit_test(status_is_compared_as_a_whole),
        cmocka_unit_test(credentials_of_a_wrong_type_are_malformed),
        cmocka_unit_test(token_is_taken_up_to_its_longest_and_no_further),
        cmocka_unit_test(hostile_JSON_is_malformed),
        cmocka_unit_test(huge_numbers_and_unknown_keys_are_passed_over),
        cmocka_unit_test(every_truncation_of_every_answer_is_malformed),
        cmocka_unit_test(answers_print_as_the_server_wrote_them),
        cmocka_unit_test(S22_token_is_not_printed_unless_asked_for),
        cmocka_unit_test(S23_error_text_cannot_break_out_of_its_line),
        cmocka_unit_test(short_buffer_is_reported_and_not_overrun),
        cmocka_unit_test(text_that_is_not_UTF_8_is_not_printed),
    };
    return cmocka_run_group_tests_name("tb_prov", tests, NULL, NULL);
}
