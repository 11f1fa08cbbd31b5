/** @file tb_port_log.h  The log is ESP-IDF's. Any task. */
#pragma once

#include "esp_log.h"

#define TB_LOGE(tag, ...) ESP_LOGE(tag, __VA_ARGS__)
#define TB_LOGW(tag, ...) ESP_LOGW(tag, __VA_ARGS__)
#define TB_LOGI(tag, ...) ESP_LOGI(tag, __VA_ARGS__)
