#include "tb/tb_json.h"
#include "tb_test.h"

static void assert_written(tb_str_t text, const char *expected)
{
    char json[128];
    tb_buf_t out = TB_BUF(json);
    assert_int_equal(tb_json_put_string(&out, text), TB_OK);
    assert_int_equal(tb_buf_result(&out), TB_OK);
    assert_text(tb_buf_view(&out), expected);
}

static void plain_text_is_quoted(void **state)
{
    (void)state;
    assert_written(TB_STR(""), "\"\"");
    assert_written(TB_STR("a b/c'\x7F"), "\"a b/c'\x7F\"");
    assert_written(TB_STR("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
}

static void S23_quotes_backslashes_and_controls_are_escaped(void **state)
{
    (void)state;
    assert_written(TB_STR("a\",\"token\":\"b"), "\"a\\\",\\\"token\\\":\\\"b\"");
    assert_written(TB_STR("\\"), "\"\\\\\"");
    assert_written(TB_STR("\0\n\x1F"), "\"\\u0000\\u000a\\u001f\"");
}

static void S23_every_byte_below_0x80_reads_back_as_itself(void **state)
{
    (void)state;
    for (int byte = 1; byte < 0x80; byte++) {
        char json[32];
        char back[8];
        char text[1] = {(char)byte};
        tb_buf_t out = TB_BUF(json);
        tb_json_member_t member = {.key = TB_STR("a")};
        tb_buf_put(&out, TB_STR("{\"a\":"));
        assert_int_equal(tb_json_put_string(&out, (tb_str_t){.ptr = text, .len = 1}), TB_OK);
        tb_buf_put_char(&out, '}');
        assert_int_equal(tb_json_read_object(tb_buf_view(&out), &member, 1), TB_OK);
        assert_int_equal(tb_json_read_string(&member.value, back, sizeof(back)), TB_OK);
        assert_int_equal(strlen(back), 1);
        assert_int_equal(back[0], byte);
    }
}

static void text_that_is_not_UTF_8_appends_nothing(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {TB_STR("a\xC3"), TB_STR("\xFF"), TB_STR("\xED\xA0\x80"), TB_STR("ab\x80")};
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        char json[16];
        tb_buf_t out = TB_BUF(json);
        tb_str_t copy = heap_copy(TEXTS[i]);
        assert_int_equal(tb_json_put_string(&out, copy), TB_ERR_BAD_UTF8);
        heap_free(copy);
        assert_int_equal(out.len, 0);
        assert_int_equal(tb_buf_result(&out), TB_OK);
    }
}

static void short_buffer_is_reported_and_not_overrun(void **state)
{
    (void)state;
    const char *expected = "\"a\\\"\\u000ab\"";
    char json[32];
    for (size_t cap = 0; cap <= strlen(expected); cap++) {
        memset(json, TB_TEST_FILL, sizeof(json));
        tb_buf_t out = {.ptr = json, .cap = cap};
        assert_int_equal(tb_json_put_string(&out, TB_STR("a\"\nb")), TB_OK);
        assert_int_equal(tb_buf_result(&out), cap == strlen(expected) ? TB_OK : TB_ERR_TOO_LONG);
        assert_filled(json + cap, TB_TEST_FILL, sizeof(json) - cap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_quoted),
        cmocka_unit_test(S23_quotes_backslashes_and_controls_are_escaped),
        cmocka_unit_test(S23_every_byte_below_0x80_reads_back_as_itself),
        cmocka_unit_test(text_that_is_not_UTF_8_appends_nothing),
        cmocka_unit_test(short_buffer_is_reported_and_not_overrun),
    };
    return cmocka_run_group_tests_name("tb_json_write", tests, NULL, NULL);
}
