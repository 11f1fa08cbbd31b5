// The application's own code: read your sensors here. Written once by codegen/gen.py and never overwritten.

#include "app_sensors.h"

bool app_sensors_get_b(bool *out)
{
    *out = true;
    return true;
}

bool app_sensors_get_i32(int32_t *out)
{
    *out = INT32_MIN;
    return true;
}

bool app_sensors_get_u32(uint32_t *out)
{
    *out = 4294967295u;
    return true;
}

bool app_sensors_get_i64(int64_t *out)
{
    *out = INT64_MIN;
    return true;
}

bool app_sensors_get_big(int64_t *out)
{
    *out = INT64_C(9223372036854775807);
    return true;
}

bool app_sensors_get_f0(float *out)
{
    *out = 0.0f;
    return true;
}

bool app_sensors_get_f6(float *out)
{
    *out = 0.1f;
    return true;
}

bool app_sensors_get_d0(double *out)
{
    *out = 5.0;
    return true;
}

bool app_sensors_get_d9(double *out)
{
    *out = -1e-09;
    return true;
}

bool app_sensors_get_s1(tb_str_t *out)
{
    *out = TB_STR("");
    return true;
}

bool app_sensors_get_s40(tb_str_t *out)
{
    *out = TB_STR("text");
    return true;
}
