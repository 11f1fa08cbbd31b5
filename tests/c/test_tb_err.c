#include "tb_test.h"

#define ERR_ROW(name, value, text) {name, value},

static const struct {
    tb_err_t name;
    int value;
} CODES[] = {TB_ERR_COMMON_LIST(ERR_ROW) TB_ERR_OWN_LIST(ERR_ROW)};

static void every_code_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (size_t a = 0; a < TB_COUNT(CODES); a++) {
        for (size_t b = 0; b < a; b++) {
            assert_string_not_equal(tb_err_text(CODES[a].name), tb_err_text(CODES[b].name));
        }
        assert_string_not_equal(tb_err_text(CODES[a].name), tb_err_text(-1));
    }
}

static void own_codes_stand_above_those_of_ESP_IDF(void **state)
{
    (void)state;
#define ASSERT_OWN(name, value, text) assert_in_range(name, TB_ERR_BASE + 1, TB_ERR_BASE + 0xFFFF);
    TB_ERR_OWN_LIST(ASSERT_OWN)
#undef ASSERT_OWN
}

static void common_codes_have_the_numbers_of_ESP_IDF(void **state)
{
    (void)state;
    assert_int_equal(TB_ERR_NO_MEM, 0x101);
    assert_int_equal(TB_ERR_INVALID_ARG, 0x102);
    assert_int_equal(TB_ERR_INVALID_STATE, 0x103);
    assert_int_equal(TB_ERR_NOT_FOUND, 0x105);
    assert_int_equal(TB_ERR_INVALID_CRC, 0x109);
    assert_int_equal(TB_ERR_INVALID_VERSION, 0x10A);
}

static void ok_and_unknown_codes_have_a_text(void **state)
{
    (void)state;
    assert_string_equal(tb_err_text(TB_OK), "no error");
    assert_string_equal(tb_err_text(0x7FFFFFFF), "unknown error");
    assert_string_equal(tb_err_text(-1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_text_of_its_own),
        cmocka_unit_test(own_codes_stand_above_those_of_ESP_IDF),
        cmocka_unit_test(common_codes_have_the_numbers_of_ESP_IDF),
        cmocka_unit_test(ok_and_unknown_codes_have_a_text),
    };
    return cmocka_run_group_tests_name("tb_err", tests, NULL, NULL);
}
