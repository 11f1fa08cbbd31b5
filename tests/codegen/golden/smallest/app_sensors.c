// The application's own code: read your sensors here. Written once by codegen/gen.py and never overwritten.

#include "app_sensors.h"

bool app_sensors_get_on(bool *out)
{
    *out = false;
    return true;
}
