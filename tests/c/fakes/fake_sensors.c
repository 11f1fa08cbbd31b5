#include "fake_sensors.h"

#include "app_sensors.h"

fake_sensor_t fake_temperature;
fake_sensor_t fake_humidity;

void fake_sensors_reset(void)
{
    fake_temperature = (fake_sensor_t){.has_value = true, .value = 25.0f};
    fake_humidity = (fake_sensor_t){.has_value = true, .value = 26.0f};
}

bool app_sensors_get_temperature(float *out)
{
    *out = fake_temperature.value;
    return fake_temperature.has_value;
}

bool app_sensors_get_humidity(float *out)
{
    *out = fake_humidity.value;
    return fake_humidity.has_value;
}
