#include "fake_sensors.h"

#include "app_sensors.h"

static bool s_has_temperature = true;
static bool s_has_humidity = true;

void fake_sensors_set(bool has_temperature, bool has_humidity)
{
    s_has_temperature = has_temperature;
    s_has_humidity = has_humidity;
}

bool app_sensors_get_temperature(float *out)
{
    *out = 25.0f;
    return s_has_temperature;
}

bool app_sensors_get_humidity(float *out)
{
    *out = 26.0f;
    return s_has_humidity;
}
