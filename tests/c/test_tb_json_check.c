#include "tb/tb_json.h"
#include "tb_test.h"

static tb_err_t check(tb_str_t text)
{
    tb_str_t copy = heap_copy(text);
    tb_err_t err = tb_json_check(copy);
    heap_free(copy);
    return err;
}

static void assert_each(const tb_str_t *texts, size_t count, tb_err_t expected)
{
    for (size_t i = 0; i < count; i++) {
        tb_err_t err = check(texts[i]);
        if (err != expected) {
            fail_msg("%.*s: %s", (int)texts[i].len, texts[i].ptr, tb_err_text(err));
        }
    }
}

static void values_of_RFC_8259_are_accepted(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR("0"),
        TB_STR("-0"),
        TB_STR("-12.5e+10"),
        TB_STR("1E5"),
        TB_STR("1e-5"),
        TB_STR("123456789012345678901234567890.0"),
        TB_STR("true"),
        TB_STR("false"),
        TB_STR("null"),
        TB_STR("\"\""),
        TB_STR("\"a b\x7F\""),
        TB_STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uABCD\\uabcd\""),
        TB_STR("\"\\ud83d\\ude00\""),
        TB_STR("\"\\uCDEF\\ucdef\\uDAAF\\uDFFF\""),
        TB_STR("\"\xF0\x9F\x98\x80\""),
        TB_STR("{}"),
        TB_STR("[]"),
        TB_STR(" \t\r\n{ \"a\" : [ 1 , { } , [ ] ] , \"b\" : { \"c\" : null } } \n"),
        TB_STR("[[],{}]"),
        TB_STR("[1,\"\",true]"),
    };
    assert_each(TEXTS, TB_COUNT(TEXTS), TB_OK);
}

static void what_is_no_JSON_is_refused(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR(""),
        TB_STR(" "),
        TB_STR("{"),
        TB_STR("}"),
        TB_STR("["),
        TB_STR("]"),
        TB_STR("[}"),
        TB_STR("{]"),
        TB_STR("[1}"),
        TB_STR("{\"a\":1]"),
        TB_STR("[1,]"),
        TB_STR("[,1]"),
        TB_STR("[1 2]"),
        TB_STR("{,}"),
        TB_STR("{\"a\"}"),
        TB_STR("{\"a\":}"),
        TB_STR("{\"a\" 1}"),
        TB_STR("{\"a\":1,}"),
        TB_STR("{a:1}"),
        TB_STR("{1:1}"),
        TB_STR("{'a':1}"),
        TB_STR("{}{}"),
        TB_STR("1 1"),
        TB_STR("{} x"),
        TB_STR("nul"),
        TB_STR("True"),
        TB_STR("nan"),
        TB_STR("Infinity"),
        TB_STR("undefined"),
        TB_STR("truefalse"),
        TB_STR("// c\n1"),
        TB_STR("\xEF\xBB\xBF{}"),
        TB_STR("1\0"),
        TB_STR("\0"),
        TB_STR("{}\0"),
        TB_STR("[1,\0]"),
        TB_STR("{\"a\":1,\"b\"}"),
    };
    assert_each(TEXTS, TB_COUNT(TEXTS), TB_ERR_BAD_JSON);
}

static void numbers_out_of_the_grammar_are_refused(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR("-"),    TB_STR("+1"),    TB_STR("01"),  TB_STR("-01"), TB_STR("1."),   TB_STR(".5"),
        TB_STR("1.e5"), TB_STR("1e"),    TB_STR("1e+"), TB_STR("1E-"), TB_STR("0x10"), TB_STR("1a"),
        TB_STR("--1"),  TB_STR("1.2.3"), TB_STR("-x"),  TB_STR("1_0"),
    };
    assert_each(TEXTS, TB_COUNT(TEXTS), TB_ERR_BAD_JSON);
}

static void strings_out_of_the_grammar_are_refused(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR("\""),          TB_STR("\"a"),     TB_STR("\"\\\""),  TB_STR("\"\\"),
        TB_STR("\"\\x\""),     TB_STR("\"\\0\""), TB_STR("\"\\u\""), TB_STR("\"\\u12\""),
        TB_STR("\"\\u12G4\""), TB_STR("\"\\u12"), TB_STR("\"\n\""),  TB_STR("\"\t\""),
        TB_STR("\"\x1F\""),    TB_STR("\"\0\""),  TB_STR("'a'"),     TB_STR("\"\\U0041\""),
    };
    assert_each(TEXTS, TB_COUNT(TEXTS), TB_ERR_BAD_JSON);
}

static void lone_surrogates_are_refused(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR("\"\\ud800\""),        TB_STR("\"\\udc00\""),        TB_STR("\"\\udc00\\udc00\""),
        TB_STR("\"\\uDA00\""),        TB_STR("\"\\udfff\""),        TB_STR("\"\\ud800x\""),
        TB_STR("\"\\ud800\\n\""),     TB_STR("\"\\ud800\\u0041\""), TB_STR("\"\\udc00\\ud800\""),
        TB_STR("\"\\ud800\\ud800\""), TB_STR("\"\\ud800\\udc0\""),  TB_STR("\"\\ud800\\ue000\""),
    };
    assert_each(TEXTS, TB_COUNT(TEXTS), TB_ERR_BAD_JSON);
}

static void bytes_that_are_not_UTF_8_are_refused(void **state)
{
    (void)state;
    static const tb_str_t TEXTS[] = {
        TB_STR("\"\x80\""),
        TB_STR("\"\xC0\x80\""),
        TB_STR("\"\xC1\xBF\""),
        TB_STR("\"\xE0\x80\xAF\""),
        TB_STR("\"\xED\xA0\x80\""),
        TB_STR("\"\xF0\x80\x80\x80\""),
        TB_STR("\"\xF4\x90\x80\x80\""),
        TB_STR("\"\xF5\x80\x80\x80\""),
        TB_STR("\"\xFF\""),
        TB_STR("\"\xC3\""),
        TB_STR("{\"\xC3\":1}"),
        TB_STR("\"\xE2\x82"),
    };
    assert_each(TEXTS, TB_COUNT(TEXTS), TB_ERR_BAD_UTF8);
}

/** Checks @p depth containers in each other, the innermost empty. */
static tb_err_t check_nested(const char *open, const char *close, size_t depth)
{
    static char text[8192];
    tb_buf_t out = TB_BUF(text);
    for (size_t i = 0; i < depth; i++) {
        tb_buf_put(&out, tb_str(open));
    }
    tb_buf_put(&out, TB_STR("1"));
    for (size_t i = 0; i < depth; i++) {
        tb_buf_put(&out, tb_str(close));
    }
    assert_int_equal(tb_buf_result(&out), TB_OK);
    return check(tb_buf_view(&out));
}

static void depth_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(check_nested("[", "]", TB_JSON_DEPTH_MAX), TB_OK);
    assert_int_equal(check_nested("[", "]", TB_JSON_DEPTH_MAX + 1), TB_ERR_TOO_LONG);
    assert_int_equal(check_nested("{\"a\":", "}", TB_JSON_DEPTH_MAX), TB_OK);
    assert_int_equal(check_nested("{\"a\":", "}", TB_JSON_DEPTH_MAX + 1), TB_ERR_TOO_LONG);
    assert_int_equal(check_nested("[", "]", 4000), TB_ERR_TOO_LONG);
}

static void every_truncation_of_an_object_is_refused(void **state)
{
    (void)state;
    const tb_str_t whole =
        TB_STR("{\"a\":[1,-2.5e+3,\"\\u00e9\\ud83d\\ude00\xC3\xA9\"],\"b\":{\"c\":null,\"d\":true},\"e\":\"\\n\"}");
    assert_int_equal(check(whole), TB_OK);
    for (size_t len = 0; len < whole.len; len++) {
        assert_int_not_equal(check((tb_str_t){.ptr = whole.ptr, .len = len}), TB_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_RFC_8259_are_accepted),
        cmocka_unit_test(what_is_no_JSON_is_refused),
        cmocka_unit_test(numbers_out_of_the_grammar_are_refused),
        cmocka_unit_test(strings_out_of_the_grammar_are_refused),
        cmocka_unit_test(lone_surrogates_are_refused),
        cmocka_unit_test(bytes_that_are_not_UTF_8_are_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(every_truncation_of_an_object_is_refused),
    };
    return cmocka_run_group_tests_name("tb_json_check", tests, NULL, NULL);
}
