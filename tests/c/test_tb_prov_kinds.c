// The reader in a model that has all kinds of credentials: what the other kinds add to test_tb_prov.c.

#include "tb_model_prov.h"
#include "test_tb_prov.h"

_Static_assert(TB_MODEL_PROV_BASIC == 1 && TB_MODEL_PROV_CERTIFICATE == 1, "this model has to know all kinds");

#define BASIC_OF(value) "{\"credentialsValue\":" value ",\"credentialsType\":\"MQTT_BASIC\",\"status\":\"SUCCESS\"}"
#define X509_OF(value)                                                                                                 \
    "{\"credentialsValue\":" value ",\"credentialsType\":\"X509_CERTIFICATE\",\"status\":\"SUCCESS\"}"

static void assert_cred(tb_str_t answer, const tb_cred_t *expected)
{
    tb_prov_response_t response = parse(answer);
    assert_int_equal(response.outcome, TB_PROV_SUCCESS);
    assert_true(tb_cred_equal(&response.cred, expected));
}

static void S19_every_kind_is_told_apart(void **state)
{
    (void)state;
    assert_cred(TB_STR(SUCCESS), &(tb_cred_t){.kind = TB_CRED_ACCESS_TOKEN, .username = "A1B2C3"});
    assert_cred(TB_STR(MQTT_BASIC),
                &(tb_cred_t){.kind = TB_CRED_MQTT_BASIC, .client_id = "C", .username = "U", .password = "P"});
    assert_cred(TB_STR(X509), &(tb_cred_t){.kind = TB_CRED_X509});
    assert_outcome(TB_STR(LWM2M), TB_PROV_WRONG_KIND);
    assert_outcome(TB_STR(NOT_FOUND), TB_PROV_NOT_FOUND);
    assert_outcome(TB_STR(FAILURE), TB_PROV_FAILURE);
}

static void text_of_MQTT_basic_may_be_missing_or_null(void **state)
{
    (void)state;
    const tb_cred_t client_id = {.kind = TB_CRED_MQTT_BASIC, .client_id = "C"};
    const tb_cred_t login = {.kind = TB_CRED_MQTT_BASIC, .username = "U", .password = "P"};
    assert_cred(TB_STR(BASIC_OF("{\"clientId\":\"C\"}")), &client_id);
    assert_cred(TB_STR(BASIC_OF("{\"clientId\":\"C\",\"userName\":null,\"password\":null}")), &client_id);
    assert_cred(TB_STR(BASIC_OF("{\"password\":\"P\",\"userName\":\"U\"}")), &login);
    assert_cred(TB_STR(BASIC_OF("{\"clientId\":null,\"userName\":\"U\",\"password\":\"P\",\"more\":[]}")), &login);
}

static void MQTT_basic_that_a_server_would_not_take_is_malformed(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR("{\"credentialsType\":\"MQTT_BASIC\",\"status\":\"SUCCESS\"}"),
        TB_STR(BASIC_OF("null")),
        TB_STR(BASIC_OF("\"C\"")),
        TB_STR(BASIC_OF("[\"C\"]")),
        TB_STR(BASIC_OF("{}")),
        TB_STR(BASIC_OF("{\"clientId\":\"\",\"userName\":\"\",\"password\":\"\"}")),
        TB_STR(BASIC_OF("{\"password\":\"P\"}")),
        TB_STR(BASIC_OF("{\"clientId\":\"C\",\"password\":\"P\"}")),
        TB_STR(BASIC_OF("{\"clientId\":1,\"userName\":\"U\",\"password\":\"P\"}")),
        TB_STR(BASIC_OF("{\"clientId\":\"C\",\"userName\":{},\"password\":\"P\"}")),
        TB_STR(BASIC_OF("{\"clientId\":\"C\",\"userName\":\"U\",\"password\":false}")),
        TB_STR(BASIC_OF("{\"clientId\":\"C\",\"userName\":\"U\\u0000\"}")),
        TB_STR(BASIC_OF("{\"clientId\":\"C\",\"client\\u0049d\":\"D\"}")),
    };
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        assert_outcome(TEXTS[i], TB_PROV_MALFORMED);
    }
}

static tb_prov_response_t parse_texts_of(size_t len, size_t longer_by_one)
{
    static const char *const KEYS[] = {"{\"clientId\":\"", "\",\"userName\":\"", "\",\"password\":\""};
    char json[1024];
    tb_buf_t out = TB_BUF(json);
    tb_buf_put(&out, TB_STR("{\"credentialsType\":\"MQTT_BASIC\",\"status\":\"SUCCESS\",\"credentialsValue\":"));
    for (size_t i = 0; i < TB_COUNT(KEYS); i++) {
        tb_buf_put(&out, tb_str(KEYS[i]));
        for (size_t j = 0; j < len + (i == longer_by_one); j++) {
            tb_buf_put_char(&out, 'x');
        }
    }
    tb_buf_put(&out, TB_STR("\"}}"));
    assert_int_equal(tb_buf_result(&out), TB_OK);
    return parse(tb_buf_view(&out));
}

static void texts_of_MQTT_basic_are_taken_up_to_their_longest_and_no_further(void **state)
{
    (void)state;
    tb_prov_response_t longest = parse_texts_of(TB_CRED_TEXT_MAX, SIZE_MAX);
    assert_int_equal(longest.outcome, TB_PROV_SUCCESS);
    assert_int_equal(strlen(longest.cred.client_id), TB_CRED_TEXT_MAX);
    assert_int_equal(strlen(longest.cred.username), TB_CRED_TEXT_MAX);
    assert_int_equal(strlen(longest.cred.password), TB_CRED_TEXT_MAX);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(parse_texts_of(TB_CRED_TEXT_MAX, i).outcome, TB_PROV_MALFORMED);
    }
}

static void certificate_is_taken_whatever_its_value_is(void **state)
{
    (void)state;
    const tb_cred_t certificate = {.kind = TB_CRED_X509};
    assert_cred(TB_STR("{\"credentialsType\":\"X509_CERTIFICATE\",\"status\":\"SUCCESS\"}"), &certificate);
    assert_cred(TB_STR(X509_OF("null")), &certificate);
    assert_cred(TB_STR(X509_OF("{\"clientId\":\"C\"}")), &certificate);
}

static void every_truncation_of_every_kind_is_malformed(void **state)
{
    (void)state;
    assert_every_truncation_is_malformed(TB_STR(SUCCESS));
    assert_every_truncation_is_malformed(TB_STR(MQTT_BASIC));
    assert_every_truncation_is_malformed(TB_STR(X509));
    assert_every_truncation_is_malformed(TB_STR(LWM2M));
}

static void answers_print_as_the_server_wrote_them(void **state)
{
    (void)state;
    assert_printed(TB_STR(SUCCESS), true, SUCCESS);
    assert_printed(TB_STR(MQTT_BASIC), true, MQTT_BASIC);
    assert_printed(TB_STR(LWM2M), true, "(credentials of another kind)");
}

static void S22_credentials_are_not_printed_unless_asked_for(void **state)
{
    (void)state;
    assert_printed(TB_STR(SUCCESS), false,
                   "{\"credentialsValue\":\"***\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}");
    assert_printed(TB_STR(MQTT_BASIC), false, BASIC_OF("\"***\""));
    assert_printed(TB_STR(X509), false, X509_OF("\"***\""));
    assert_printed(TB_STR(X509), true, X509_OF("\"***\"")); // is not kept
}

static void short_buffer_is_reported_and_not_overrun(void **state)
{
    (void)state;
    assert_no_buffer_is_overrun(TB_STR(SUCCESS));
    assert_no_buffer_is_overrun(TB_STR(MQTT_BASIC));
    assert_no_buffer_is_overrun(TB_STR(X509));
}

static void text_that_is_not_UTF_8_is_not_printed(void **state)
{
    (void)state;
    static const tb_cred_t CREDS[] = {
        {.kind = TB_CRED_ACCESS_TOKEN, .username = "\xFF"},
        {.kind = TB_CRED_MQTT_BASIC, .client_id = "\xFF", .username = "U", .password = "P"},
        {.kind = TB_CRED_MQTT_BASIC, .client_id = "C", .username = "\xFF", .password = "P"},
        {.kind = TB_CRED_MQTT_BASIC, .client_id = "C", .username = "U", .password = "\xFF"},
    };
    for (size_t i = 0; i < TB_COUNT(CREDS); i++) {
        char text[256];
        tb_buf_t out = TB_BUF(text);
        tb_prov_response_t response = {.outcome = TB_PROV_SUCCESS, .cred = CREDS[i]};
        assert_int_equal(tb_prov_print_response(&response, true, &out), TB_ERR_BAD_UTF8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S19_every_kind_is_told_apart),
        cmocka_unit_test(text_of_MQTT_basic_may_be_missing_or_null),
        cmocka_unit_test(MQTT_basic_that_a_server_would_not_take_is_malformed),
        cmocka_unit_test(texts_of_MQTT_basic_are_taken_up_to_their_longest_and_no_further),
        cmocka_unit_test(certificate_is_taken_whatever_its_value_is),
        cmocka_unit_test(every_truncation_of_every_kind_is_malformed),
        cmocka_unit_test(answers_print_as_the_server_wrote_them),
        cmocka_unit_test(S22_credentials_are_not_printed_unless_asked_for),
        cmocka_unit_test(short_buffer_is_reported_and_not_overrun),
        cmocka_unit_test(text_that_is_not_UTF_8_is_not_printed),
    };
    return cmocka_run_group_tests_name("tb_prov_kinds", tests, NULL, NULL);
}
