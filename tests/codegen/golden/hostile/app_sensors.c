// The application's own code: read your sensors here. Written once by codegen/gen.py and never overwritten.

#include "app_sensors.h"

bool app_sensors_get_comment(bool *out)
{
    *out = false;
    return true;
}

bool app_sensors_get_quotes(int32_t *out)
{
    *out = 0;
    return true;
}

bool app_sensors_get_backslash(uint32_t *out)
{
    *out = 0u;
    return true;
}

bool app_sensors_get_trigraph(int64_t *out)
{
    *out = 0;
    return true;
}

bool app_sensors_get_newline(float *out)
{
    *out = 0.5f;
    return true;
}

bool app_sensors_get_emoji(double *out)
{
    *out = 0.0;
    return true;
}

bool app_sensors_get_octal(bool *out)
{
    *out = false;
    return true;
}

bool app_sensors_get_format(bool *out)
{
    *out = false;
    return true;
}

bool app_sensors_get_text(tb_str_t *out)
{
    *out = TB_STR("a\"b\\c\012*/ ?\?/ \302\260C \360\237\214\241");
    return true;
}

bool app_sensors_get_separators(int32_t *out)
{
    *out = 0;
    return true;
}

bool app_sensors_get_longest(bool *out)
{
    *out = false;
    return true;
}
