#include "tb_model_prov.h"

#include "tb/tb_json.h"
#include "tb_test.h"

#define REQUEST                                                                                                        \
    "{\"deviceName\":\"N\",\"provisionDeviceKey\":\"K\",\"provisionDeviceSecret\":\"S\","                              \
    "\"credentialsType\":\"ACCESS_TOKEN\",\"token\":\"T\"}"

static const tb_model_prov_request_t PLAIN = {
    .device_name = {"N", 1}, .provision_key = {"K", 1}, .provision_secret = {"S", 1}, .username = {"T", 1}};

static void request_has_the_members_of_the_contract(void **state)
{
    (void)state;
    char text[TB_MODEL_PROV_REQUEST_MAX];
    tb_buf_t out = TB_BUF(text);
    assert_int_equal(tb_model_prov_build_request(&PLAIN, &out), TB_OK);
    assert_text(tb_buf_view(&out), REQUEST);
}

static tb_str_t filled(char *text, size_t len)
{
    memset(text, 'x', len);
    return (tb_str_t){.ptr = text, .len = len};
}

static void longest_request_fits_its_maximum_exactly(void **state)
{
    (void)state;
    char name[TB_MODEL_PROV_DEVICE_NAME_MAX];
    char key[TB_MODEL_PROV_KEY_MAX];
    char secret[TB_MODEL_PROV_SECRET_MAX];
    char token[TB_CRED_TEXT_MAX];
    char text[TB_MODEL_PROV_REQUEST_MAX];
    tb_model_prov_request_t request = {
        .device_name = filled(name, sizeof(name)),
        .provision_key = filled(key, sizeof(key)),
        .provision_secret = filled(secret, sizeof(secret)),
        .username = filled(token, sizeof(token)),
    };
    tb_buf_t out = TB_BUF(text);
    assert_int_equal(tb_model_prov_build_request(&request, &out), TB_OK);
    assert_int_equal(out.len, TB_MODEL_PROV_REQUEST_MAX);
}

static void S23_hostile_device_name_stays_one_string(void **state)
{
    (void)state;
    char text[TB_MODEL_PROV_REQUEST_MAX];
    char name[64];
    tb_model_prov_request_t request = PLAIN;
    request.device_name = TB_STR("N\",\"token\":\"evil\\\n%s");
    tb_buf_t out = TB_BUF(text);
    tb_json_member_t members[] = {{.key = TB_STR("deviceName")}, {.key = TB_STR("token")}};
    assert_int_equal(tb_model_prov_build_request(&request, &out), TB_OK);
    assert_int_equal(tb_json_read_object(tb_buf_view(&out), members, TB_COUNT(members)), TB_OK);
    assert_int_equal(tb_json_read_string(&members[0].value, name, sizeof(name)), TB_OK);
    assert_string_equal(name, "N\",\"token\":\"evil\\\n%s");
    assert_text(members[1].value.raw, "T");
}

static void value_that_is_not_UTF_8_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    for (int field = 0; field < 4; field++) {
        char text[TB_MODEL_PROV_REQUEST_MAX];
        tb_buf_t out = TB_BUF(text);
        tb_model_prov_request_t request = PLAIN;
        tb_str_t *const fields[] = {&request.device_name, &request.provision_key, &request.provision_secret,
                                    &request.username};
        *fields[field] = TB_STR("\xC3");
        tb_buf_put(&out, TB_STR("before"));
        assert_int_equal(tb_model_prov_build_request(&request, &out), TB_ERR_BAD_UTF8);
        assert_text(tb_buf_view(&out), "before");
    }
}

static void short_buffer_is_reported_at_every_capacity_and_not_overrun(void **state)
{
    (void)state;
    char text[sizeof(REQUEST) + 8];
    for (size_t cap = 0; cap < sizeof(REQUEST) - 1; cap++) {
        memset(text, TB_TEST_FILL, sizeof(text));
        tb_buf_t out = {.ptr = text, .cap = cap};
        assert_int_equal(tb_model_prov_build_request(&PLAIN, &out), TB_ERR_TOO_LONG);
        assert_int_equal(out.len, 0);
        assert_filled(text + cap, TB_TEST_FILL, sizeof(text) - cap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_has_the_members_of_the_contract),
        cmocka_unit_test(longest_request_fits_its_maximum_exactly),
        cmocka_unit_test(S23_hostile_device_name_stays_one_string),
        cmocka_unit_test(value_that_is_not_UTF_8_leaves_the_buffer_as_it_was),
        cmocka_unit_test(short_buffer_is_reported_at_every_capacity_and_not_overrun),
    };
    return cmocka_run_group_tests_name("tb_model_prov", tests, NULL, NULL);
}
