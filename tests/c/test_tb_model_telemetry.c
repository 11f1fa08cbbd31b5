#include <math.h>

#include "tb_model.h"
#include "tb_test.h"

static void assert_encoded(tb_model_telemetry_t telemetry, const char *expected)
{
    char text[TB_MODEL_TELEMETRY_MAX];
    tb_buf_t out = TB_BUF(text);
    assert_int_equal(tb_model_telemetry_encode(&telemetry, &out), TB_OK);
    assert_text(tb_buf_view(&out), expected);
}

static void whole_sample_has_the_keys_of_the_model(void **state)
{
    (void)state;
    assert_encoded(
        (tb_model_telemetry_t){.has_temperature = true, .has_humidity = true, .temperature = 25, .humidity = 26},
        "{\"temprature\":25,\"humidity\":26}");
}

static void value_that_is_absent_is_left_out(void **state)
{
    (void)state;
    assert_encoded((tb_model_telemetry_t){.has_temperature = true, .temperature = -7}, "{\"temprature\":-7}");
    assert_encoded((tb_model_telemetry_t){.has_humidity = true, .humidity = 50}, "{\"humidity\":50}");
    assert_encoded((tb_model_telemetry_t){.temperature = 1, .humidity = 2}, "{}");
}

static void values_are_rounded_to_the_decimals_of_the_model(void **state)
{
    (void)state;
    assert_encoded(
        (tb_model_telemetry_t){
            .has_temperature = true, .has_humidity = true, .temperature = 21.456f, .humidity = 48.96f},
        "{\"temprature\":21.46,\"humidity\":49}");
}

static void longest_sample_fits_its_maximum(void **state)
{
    (void)state;
    char text[TB_MODEL_TELEMETRY_MAX];
    tb_buf_t out = TB_BUF(text);
    // the largest floats below 10^15 when scaled by the decimals
    tb_model_telemetry_t telemetry = {.has_temperature = true,
                                      .has_humidity = true,
                                      .temperature = nextafterf(-1e13f, 0),
                                      .humidity = nextafterf(-1e14f, 0)};
    assert_int_equal(tb_model_telemetry_encode(&telemetry, &out), TB_OK);
    assert_in_range(out.len, 1, TB_MODEL_TELEMETRY_MAX);
}

static void value_that_is_no_number_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    static const float VALUES[] = {NAN, INFINITY, -INFINITY, 3e38f};
    for (size_t i = 0; i < TB_COUNT(VALUES); i++) {
        char text[TB_MODEL_TELEMETRY_MAX];
        tb_buf_t out = TB_BUF(text);
        tb_buf_put(&out, TB_STR("x"));
        tb_model_telemetry_t first = {.has_temperature = true, .temperature = VALUES[i]};
        assert_int_equal(tb_model_telemetry_encode(&first, &out), TB_ERR_OUT_OF_RANGE);
        assert_text(tb_buf_view(&out), "x");
        tb_model_telemetry_t last = {.has_temperature = true, .has_humidity = true, .humidity = VALUES[i]};
        assert_int_equal(tb_model_telemetry_encode(&last, &out), TB_ERR_OUT_OF_RANGE);
        assert_text(tb_buf_view(&out), "x");
    }
}

static void short_buffer_is_reported_at_every_capacity_and_not_overrun(void **state)
{
    (void)state;
    const size_t len = strlen("{\"temprature\":25.25,\"humidity\":26.5}");
    tb_model_telemetry_t telemetry = {
        .has_temperature = true, .has_humidity = true, .temperature = 25.25f, .humidity = 26.5f};
    for (size_t cap = 0; cap <= len; cap++) {
        char text[TB_MODEL_TELEMETRY_MAX];
        memset(text, TB_TEST_FILL, sizeof(text));
        tb_buf_t out = {.ptr = text, .cap = cap};
        assert_int_equal(tb_model_telemetry_encode(&telemetry, &out), cap == len ? TB_OK : TB_ERR_TOO_LONG);
        assert_int_equal(out.len, cap == len ? len : 0);
        assert_filled(text + cap, TB_TEST_FILL, sizeof(text) - cap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_sample_has_the_keys_of_the_model),
        cmocka_unit_test(value_that_is_absent_is_left_out),
        cmocka_unit_test(values_are_rounded_to_the_decimals_of_the_model),
        cmocka_unit_test(longest_sample_fits_its_maximum),
        cmocka_unit_test(value_that_is_no_number_leaves_the_buffer_as_it_was),
        cmocka_unit_test(short_buffer_is_reported_at_every_capacity_and_not_overrun),
    };
    return cmocka_run_group_tests_name("tb_model_telemetry", tests, NULL, NULL);
}
