/** @file fake_sensors.h  The sensors of the default model. */
#pragma once

#include <stdbool.h>

typedef struct {
    bool has_value;
    float value;
} fake_sensor_t;

extern fake_sensor_t fake_temperature;
extern fake_sensor_t fake_humidity;

/** 25 and 26. */
void fake_sensors_reset(void);
