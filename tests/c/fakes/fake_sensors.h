/** @file fake_sensors.h  The sensors of the default model: 25 and 26, unless one has no reading. */
#pragma once

#include <stdbool.h>

void fake_sensors_set(bool has_temperature, bool has_humidity);
