#include <math.h>

#include "tb_test.h"

static void str_equal_compares_bytes_and_length(void **state)
{
    (void)state;
    assert_true(tb_str_equal(TB_STR("ab"), tb_str("ab")));
    assert_false(tb_str_equal(TB_STR("ab"), TB_STR("ac")));
    assert_false(tb_str_equal(TB_STR("ab"), TB_STR("abc")));
}

static void str_equal_of_two_empty_views_needs_no_pointer(void **state)
{
    (void)state;
    assert_true(tb_str_equal((tb_str_t){0}, TB_STR("")));
}

static void S5_topic_without_NUL_is_compared_within_its_length(void **state)
{
    (void)state;
    tb_str_t topic = heap_copy(TB_STR("/provision/response"));
    tb_str_t shorter = {.ptr = topic.ptr, .len = topic.len - 1};
    assert_true(tb_str_equal(topic, TB_STR("/provision/response")));
    assert_false(tb_str_equal(shorter, TB_STR("/provision/response")));
    assert_false(tb_str_equal(topic, TB_STR("/provision/response/")));
    heap_free(topic);
}

static void puts_append_one_after_another(void **state)
{
    (void)state;
    char text[16];
    tb_buf_t out = TB_BUF(text);
    tb_buf_put(&out, TB_STR("ab"));
    tb_buf_put(&out, (tb_str_t){0});
    tb_buf_put_char(&out, 'c');
    tb_buf_put_uint(&out, 10);
    tb_buf_put_int(&out, -7);
    assert_int_equal(tb_buf_result(&out), TB_OK);
    assert_text(tb_buf_view(&out), "abc10-7");
}

static void put_that_does_not_fit_writes_nothing_and_neither_does_the_next(void **state)
{
    (void)state;
    char text[4];
    memset(text, TB_TEST_FILL, sizeof(text));
    tb_buf_t out = TB_BUF(text);
    tb_buf_put(&out, TB_STR("ab"));
    tb_buf_put(&out, TB_STR("cde"));
    tb_buf_put_char(&out, 'f');
    assert_int_equal(tb_buf_result(&out), TB_ERR_TOO_LONG);
    assert_text(tb_buf_view(&out), "ab");
    assert_filled(text + 2, TB_TEST_FILL, 2);
}

static void put_fills_the_last_byte(void **state)
{
    (void)state;
    char text[2];
    tb_buf_t out = TB_BUF(text);
    tb_buf_put(&out, TB_STR("ab"));
    assert_int_equal(tb_buf_result(&out), TB_OK);
    tb_buf_put(&out, (tb_str_t){0});
    assert_int_equal(tb_buf_result(&out), TB_OK);
}

static void integers_print_at_their_limits(void **state)
{
    (void)state;
    char text[128];
    tb_buf_t out = TB_BUF(text);
    tb_buf_put_uint(&out, 0);
    tb_buf_put_char(&out, ' ');
    tb_buf_put_uint(&out, UINT64_MAX);
    tb_buf_put_char(&out, ' ');
    tb_buf_put_int(&out, INT64_MIN);
    tb_buf_put_char(&out, ' ');
    tb_buf_put_int(&out, INT64_MAX);
    assert_text(tb_buf_view(&out), "0 18446744073709551615 -9223372036854775808 9223372036854775807");
}

static void fixed_prints_the_shortest_form(void **state)
{
    (void)state;
    static const struct {
        double value;
        unsigned decimals;
        const char *text;
    } CASES[] = {
        {25.0, 2, "25"},
        {25.5, 2, "25.5"},
        {25.05, 2, "25.05"},
        {-0.0, 3, "0"},
        {-0.004, 2, "0"},
        {-0.005, 2, "-0.01"},
        {0.5, 0, "1"},
        {-0.5, 0, "-1"},
        {1.25, 1, "1.3"},
        {-1.25, 1, "-1.3"},
        {9.999, 2, "10"},
        {0.000000001, 9, "0.000000001"},
        {100.0, 9, "100"},
        {0.1, 9, "0.1"},
        {1e14, 0, "100000000000000"},
        {1234.5678, 4, "1234.5678"},
        {0.0, 9, "0"},
        {-273.15, 2, "-273.15"},
    };
    for (size_t i = 0; i < TB_COUNT(CASES); i++) {
        char text[32];
        tb_buf_t out = TB_BUF(text);
        assert_int_equal(tb_buf_put_fixed(&out, CASES[i].value, CASES[i].decimals), TB_OK);
        assert_text(tb_buf_view(&out), CASES[i].text);
    }
}

static void assert_fixed_refused(double value, unsigned decimals, tb_err_t expected)
{
    char text[32];
    memset(text, TB_TEST_FILL, sizeof(text));
    tb_buf_t out = TB_BUF(text);
    assert_int_equal(tb_buf_put_fixed(&out, value, decimals), expected);
    assert_int_equal(out.len, 0);
    assert_filled(text, TB_TEST_FILL, sizeof(text));
}

static void fixed_refuses_what_is_no_number_or_too_large(void **state)
{
    (void)state;
    assert_fixed_refused((double)NAN, 2, TB_ERR_OUT_OF_RANGE);
    assert_fixed_refused((double)INFINITY, 2, TB_ERR_OUT_OF_RANGE);
    assert_fixed_refused(-(double)INFINITY, 2, TB_ERR_OUT_OF_RANGE);
    assert_fixed_refused(1e15, 0, TB_ERR_OUT_OF_RANGE);
    assert_fixed_refused(1e6, 9, TB_ERR_OUT_OF_RANGE);
    assert_fixed_refused(-1e300, 0, TB_ERR_OUT_OF_RANGE);
}

static void fixed_refuses_more_than_nine_decimals(void **state)
{
    (void)state;
    assert_fixed_refused(1.0, 10, TB_ERR_INVALID_ARG);
}

static void terminate_adds_a_NUL_that_does_not_count(void **state)
{
    (void)state;
    char text[3] = {'x', 'x', 'x'};
    tb_buf_t out = TB_BUF(text);
    tb_buf_put(&out, TB_STR("ab"));
    assert_int_equal(tb_buf_terminate(&out), TB_OK);
    assert_string_equal(text, "ab");
    assert_int_equal(out.len, 2);
}

static void terminate_refuses_a_full_buffer(void **state)
{
    (void)state;
    char text[2];
    tb_buf_t out = TB_BUF(text);
    tb_buf_put(&out, TB_STR("ab"));
    assert_int_equal(tb_buf_terminate(&out), TB_ERR_TOO_LONG);
}

static void terminate_refuses_after_an_overflow(void **state)
{
    (void)state;
    char text[2];
    tb_buf_t out = TB_BUF(text);
    tb_buf_put(&out, TB_STR("abc"));
    assert_int_equal(tb_buf_terminate(&out), TB_ERR_TOO_LONG);
}

static void str_copy_needs_room_for_the_NUL(void **state)
{
    (void)state;
    char dst[4];
    for (size_t cap = 0; cap <= sizeof(dst); cap++) {
        memset(dst, TB_TEST_FILL, sizeof(dst));
        tb_err_t err = tb_str_copy(TB_STR("ab"), dst, cap);
        assert_int_equal(err, cap >= 3 ? TB_OK : TB_ERR_TOO_LONG);
        if (err != TB_OK) {
            assert_filled(dst, TB_TEST_FILL, sizeof(dst));
        } else {
            assert_string_equal(dst, "ab");
        }
    }
}

static void str_copy_of_nothing_is_an_empty_string(void **state)
{
    (void)state;
    char dst[1] = {'x'};
    assert_int_equal(tb_str_copy((tb_str_t){0}, dst, sizeof(dst)), TB_OK);
    assert_string_equal(dst, "");
}

static void wipe_clears_every_byte_and_no_other(void **state)
{
    (void)state;
    char memory[6];
    memset(memory, TB_TEST_FILL, sizeof(memory));
    tb_wipe(memory + 1, 4);
    assert_filled(memory + 1, 0, 4);
    assert_filled(memory, TB_TEST_FILL, 1);
    assert_filled(memory + 5, TB_TEST_FILL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(str_equal_compares_bytes_and_length),
        cmocka_unit_test(str_equal_of_two_empty_views_needs_no_pointer),
        cmocka_unit_test(S5_topic_without_NUL_is_compared_within_its_length),
        cmocka_unit_test(puts_append_one_after_another),
        cmocka_unit_test(put_that_does_not_fit_writes_nothing_and_neither_does_the_next),
        cmocka_unit_test(put_fills_the_last_byte),
        cmocka_unit_test(integers_print_at_their_limits),
        cmocka_unit_test(fixed_prints_the_shortest_form),
        cmocka_unit_test(fixed_refuses_what_is_no_number_or_too_large),
        cmocka_unit_test(fixed_refuses_more_than_nine_decimals),
        cmocka_unit_test(terminate_adds_a_NUL_that_does_not_count),
        cmocka_unit_test(terminate_refuses_a_full_buffer),
        cmocka_unit_test(terminate_refuses_after_an_overflow),
        cmocka_unit_test(str_copy_needs_room_for_the_NUL),
        cmocka_unit_test(str_copy_of_nothing_is_an_empty_string),
        cmocka_unit_test(wipe_clears_every_byte_and_no_other),
    };
    return cmocka_run_group_tests_name("tb_buf", tests, NULL, NULL);
}
