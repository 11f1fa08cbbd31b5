// The application's own code: read your sensors here. Written once by codegen/gen.py and never overwritten.

#include "app_sensors.h"

bool app_sensors_get_temperature(float *out)
{
    *out = 25.0f;
    return true;
}

bool app_sensors_get_label(tb_str_t *out)
{
    *out = TB_STR("shed");
    return true;
}

bool app_sensors_get_count(int32_t *out)
{
    *out = 0;
    return true;
}
