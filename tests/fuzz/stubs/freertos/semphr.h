/** @file semphr.h  Stands in for FreeRTOS's; to take a mutex twice is a failure. */
#pragma once

#include "freertos/FreeRTOS.h"

typedef struct {
    bool is_taken;
} StaticSemaphore_t;
typedef StaticSemaphore_t *SemaphoreHandle_t;

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t *memory);
BaseType_t xSemaphoreTake(SemaphoreHandle_t mutex, TickType_t ticks);
BaseType_t xSemaphoreGive(SemaphoreHandle_t mutex);
