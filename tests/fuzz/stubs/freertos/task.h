/** @file task.h  Stands in for FreeRTOS's. */
#pragma once

#include "freertos/FreeRTOS.h"

void vTaskDelay(TickType_t ticks);
