#include "tb/tb_json.h"
#include "tb_test.h"

/** Reads member @p key of @p text; @p text must be a literal, since the value borrows it. */
static tb_json_value_t read_member(const char *text, const char *key)
{
    tb_json_member_t member = {.key = tb_str(key)};
    assert_int_equal(tb_json_read_object(tb_str(text), &member, 1), TB_OK);
    return member.value;
}

static void assert_refused(tb_str_t text, tb_err_t expected)
{
    tb_json_member_t member = {.key = TB_STR("a"), .value = {.type = TB_JSON_ARRAY, .raw = TB_STR("untouched")}};
    tb_str_t copy = heap_copy(text);
    assert_int_equal(tb_json_read_object(copy, &member, 1), expected);
    heap_free(copy);
    assert_int_equal(member.value.type, TB_JSON_ARRAY);
    assert_text(member.value.raw, "untouched");
}

static void every_type_is_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tb_json_type_t type;
        const char *raw;
    } CASES[] = {
        {"{\"a\":null}", TB_JSON_NULL, "null"},
        {"{\"a\":true}", TB_JSON_BOOL, "true"},
        {"{\"a\":false}", TB_JSON_BOOL, "false"},
        {"{\"a\":-1.5}", TB_JSON_NUMBER, "-1.5"},
        {"{\"a\":0}", TB_JSON_NUMBER, "0"},
        {"{\"a\":\"\"}", TB_JSON_STRING, ""},
        {"{\"a\":\"\\n\"}", TB_JSON_STRING, "\\n"},
        {"{\"a\":{\"b\":1}}", TB_JSON_OBJECT, "{\"b\":1}"},
        {"{\"a\":[1,2]}", TB_JSON_ARRAY, "[1,2]"},
        {"{\"b\":1}", TB_JSON_ABSENT, ""},
        {"{}", TB_JSON_ABSENT, ""},
        {"{\"a\":{}}", TB_JSON_OBJECT, "{}"},
        {"{\"a\":1e400}", TB_JSON_NUMBER, "1e400"},
    };
    for (size_t i = 0; i < TB_COUNT(CASES); i++) {
        tb_json_value_t value = read_member(CASES[i].text, "a");
        assert_int_equal(value.type, CASES[i].type);
        assert_text(value.raw, CASES[i].raw);
    }
}

static void several_members_are_found_in_any_order_around_others(void **state)
{
    (void)state;
    tb_json_member_t members[] = {{.key = TB_STR("a")}, {.key = TB_STR("b")}, {.key = TB_STR("missing")}};
    tb_str_t text = TB_STR(" {\"x\":{\"a\":1,\"b\":[{\"a\":2}]} , \"b\":\"B\", \"y\":[\"a\",3], \"a\":\"A\" } ");
    assert_int_equal(tb_json_read_object(text, members, TB_COUNT(members)), TB_OK);
    assert_text(members[0].value.raw, "A");
    assert_text(members[1].value.raw, "B");
    assert_int_equal(members[2].value.type, TB_JSON_ABSENT);
}

static void value_left_from_before_becomes_absent(void **state)
{
    (void)state;
    tb_json_member_t member = {.key = TB_STR("a"), .value = {.type = TB_JSON_STRING, .raw = TB_STR("old")}};
    assert_int_equal(tb_json_read_object(TB_STR("{}"), &member, 1), TB_OK);
    assert_int_equal(member.value.type, TB_JSON_ABSENT);
}

static void key_of_an_inner_object_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(read_member("{\"b\":{\"a\":1}}", "a").type, TB_JSON_ABSENT);
}

static void string_value_that_reads_like_the_key_is_not_the_key(void **state)
{
    (void)state;
    assert_int_equal(read_member("{\"b\":\"a\",\"c\":1}", "a").type, TB_JSON_ABSENT);
}

static void escaped_key_is_found(void **state)
{
    (void)state;
    assert_text(read_member("{\"\\u0061\\u00e9\\ud83d\\ude00\":7}", "a\xC3\xA9\xF0\x9F\x98\x80").raw, "7");
}

static void key_that_only_starts_alike_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(read_member("{\"ab\":1}", "a").type, TB_JSON_ABSENT);
    assert_int_equal(read_member("{\"a\":1}", "ab").type, TB_JSON_ABSENT);
    assert_int_equal(read_member("{\"a\\u00e9\":1}", "a\xC3").type, TB_JSON_ABSENT);
}

static void value_that_is_no_object_is_refused(void **state)
{
    (void)state;
    assert_refused(TB_STR("[]"), TB_ERR_BAD_JSON);
    assert_refused(TB_STR("\"a\""), TB_ERR_BAD_JSON);
    assert_refused(TB_STR("1"), TB_ERR_BAD_JSON);
    assert_refused(TB_STR("null"), TB_ERR_BAD_JSON);
    assert_refused(TB_STR("[{\"a\":1}]"), TB_ERR_BAD_JSON);
    assert_refused(TB_STR(""), TB_ERR_BAD_JSON);
}

static void text_that_is_not_UTF_8_is_refused(void **state)
{
    (void)state;
    assert_refused(TB_STR("{\"a\":\"\xC0\x80\"}"), TB_ERR_BAD_UTF8);
}

static void duplicate_keys_are_refused_however_they_are_escaped(void **state)
{
    (void)state;
    assert_refused(TB_STR("{\"a\":1,\"a\":1}"), TB_ERR_BAD_JSON);
    assert_refused(TB_STR("{\"a\":1,\"b\":{\"c\":[1,2]},\"\\u0061\":2}"), TB_ERR_BAD_JSON);
    assert_refused(TB_STR("{\"x\":1,\"\\/\":1,\"/\":1}"), TB_ERR_BAD_JSON);
    assert_refused(TB_STR("{\"\":1,\"\":1}"), TB_ERR_BAD_JSON);
    assert_refused(TB_STR("{\"\\ud83d\\ude00\":1,\"\xF0\x9F\x98\x80\":1}"), TB_ERR_BAD_JSON);
    assert_refused(TB_STR("{\"\\n\":1,\"\\u000A\":1}"), TB_ERR_BAD_JSON);
}

static void keys_that_differ_late_are_no_duplicates(void **state)
{
    (void)state;
    assert_text(read_member("{\"ab\":1,\"a\":2,\"\":3,\"aB\":4}", "a").raw, "2");
}

/** Reads an object with @p numbers numbers in an array: 3 tokens and one for each number. */
static tb_err_t read_with_numbers(size_t numbers)
{
    char text[256];
    tb_buf_t out = TB_BUF(text);
    tb_json_member_t member = {.key = TB_STR("a")};
    tb_buf_put(&out, TB_STR("{\"a\":["));
    for (size_t i = 0; i < numbers; i++) {
        tb_buf_put(&out, i == 0 ? TB_STR("1") : TB_STR(",1"));
    }
    tb_buf_put(&out, TB_STR("]}"));
    assert_int_equal(tb_buf_result(&out), TB_OK);
    return tb_json_read_object(tb_buf_view(&out), &member, 1);
}

static void tokens_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(read_with_numbers(TB_JSON_TOKENS_MAX - 3), TB_OK);
    assert_int_equal(read_with_numbers(TB_JSON_TOKENS_MAX - 2), TB_ERR_TOO_LONG);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    assert_refused(TB_STR("{\"a\":[[[[[[[[1]]]]]]]]}"), TB_ERR_TOO_LONG);
}

static void string_is_unescaped(void **state)
{
    (void)state;
    tb_json_value_t value =
        read_member("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00E9\\u20ac\\uD83D\\uDE00\xC3\xA9\"}", "a");
    char text[64];
    assert_int_equal(tb_json_read_string(&value, text, sizeof(text)), TB_OK);
    assert_string_equal(text, "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xA9");
}

static void unescape_reaches_the_limits_of_each_length_of_UTF_8(void **state)
{
    (void)state;
    tb_json_value_t value = read_member(
        "{\"a\":\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\ud7ff\\ue000\\uffff\\ud800\\udc00\\udbff\\udfff\"}", "a");
    char text[64];
    assert_int_equal(tb_json_read_string(&value, text, sizeof(text)), TB_OK);
    assert_string_equal(text, "\x01\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"
                              "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
}

static void string_needs_room_for_itself_and_a_NUL(void **state)
{
    (void)state;
    tb_json_value_t value = read_member("{\"a\":\"x\\u00e9y\"}", "a");
    char text[8];
    for (size_t cap = 0; cap <= sizeof(text); cap++) {
        memset(text, TB_TEST_FILL, sizeof(text));
        tb_err_t err = tb_json_read_string(&value, text, cap);
        assert_int_equal(err, cap >= 5 ? TB_OK : TB_ERR_TOO_LONG);
        if (err == TB_OK) {
            assert_string_equal(text, "x\xC3\xA9y");
        }
        size_t written = err == TB_OK ? 5 : 0;
        assert_filled(text + written, TB_TEST_FILL, sizeof(text) - written);
    }
}

static void string_that_holds_NUL_is_refused(void **state)
{
    (void)state;
    tb_json_value_t value = read_member("{\"a\":\"x\\u0000y\"}", "a");
    char text[8];
    memset(text, TB_TEST_FILL, sizeof(text));
    assert_int_equal(tb_json_read_string(&value, text, sizeof(text)), TB_ERR_BAD_JSON);
    assert_filled(text, TB_TEST_FILL, sizeof(text));
}

static void T4_value_that_is_missing_or_no_string_is_not_read_as_one(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"{}", "{\"a\":null}", "{\"a\":1}", "{\"a\":{}}", "{\"a\":[]}", "{\"a\":true}"};
    for (size_t i = 0; i < TB_COUNT(TEXTS); i++) {
        tb_json_value_t value = read_member(TEXTS[i], "a");
        char text[8];
        memset(text, TB_TEST_FILL, sizeof(text));
        assert_int_equal(tb_json_read_string(&value, text, sizeof(text)), TB_ERR_INCOMPLETE);
        assert_filled(text, TB_TEST_FILL, sizeof(text));
        assert_false(tb_json_is_string(&value, TB_STR("")));
        assert_false(tb_json_is_string(&value, TB_STR("1")));
    }
}

static void is_string_compares_what_the_string_reads(void **state)
{
    (void)state;
    tb_json_value_t value = read_member("{\"a\":\"\\u0053UCCESS\"}", "a");
    assert_true(tb_json_is_string(&value, TB_STR("SUCCESS")));
    assert_false(tb_json_is_string(&value, TB_STR("SUCCES")));
    assert_false(tb_json_is_string(&value, TB_STR("SUCCESSS")));
    assert_false(tb_json_is_string(&value, TB_STR("")));
    tb_json_value_t empty = read_member("{\"a\":\"\"}", "a");
    assert_true(tb_json_is_string(&empty, TB_STR("")));
}

static void is_string_does_not_take_the_first_bytes_of_a_character_for_the_whole(void **state)
{
    (void)state;
    tb_json_value_t value = read_member("{\"a\":\"\\u20ac\"}", "a");
    assert_false(tb_json_is_string(&value, TB_STR("\xE2\x82")));
    assert_true(tb_json_is_string(&value, TB_STR("\xE2\x82\xAC")));
}

static void every_truncation_is_refused_and_touches_nothing(void **state)
{
    (void)state;
    const tb_str_t whole = TB_STR("{\"a\":\"A1B2\",\"b\":{\"userName\":\"U\"},\"c\":[1,2]}");
    for (size_t len = 0; len < whole.len; len++) {
        assert_refused((tb_str_t){.ptr = whole.ptr, .len = len}, TB_ERR_BAD_JSON);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_told_apart),
        cmocka_unit_test(several_members_are_found_in_any_order_around_others),
        cmocka_unit_test(value_left_from_before_becomes_absent),
        cmocka_unit_test(key_of_an_inner_object_is_not_found),
        cmocka_unit_test(string_value_that_reads_like_the_key_is_not_the_key),
        cmocka_unit_test(escaped_key_is_found),
        cmocka_unit_test(key_that_only_starts_alike_is_not_found),
        cmocka_unit_test(value_that_is_no_object_is_refused),
        cmocka_unit_test(text_that_is_not_UTF_8_is_refused),
        cmocka_unit_test(duplicate_keys_are_refused_however_they_are_escaped),
        cmocka_unit_test(keys_that_differ_late_are_no_duplicates),
        cmocka_unit_test(tokens_are_bounded),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(string_is_unescaped),
        cmocka_unit_test(unescape_reaches_the_limits_of_each_length_of_UTF_8),
        cmocka_unit_test(string_needs_room_for_itself_and_a_NUL),
        cmocka_unit_test(string_that_holds_NUL_is_refused),
        cmocka_unit_test(T4_value_that_is_missing_or_no_string_is_not_read_as_one),
        cmocka_unit_test(is_string_compares_what_the_string_reads),
        cmocka_unit_test(is_string_does_not_take_the_first_bytes_of_a_character_for_the_whole),
        cmocka_unit_test(every_truncation_is_refused_and_touches_nothing),
    };
    return cmocka_run_group_tests_name("tb_json_read", tests, NULL, NULL);
}
