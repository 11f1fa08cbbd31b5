/** @file esp_crt_bundle.h  Stands in for ESP-IDF's bundle of certificates. */
#pragma once

#include "esp_err.h"

esp_err_t esp_crt_bundle_attach(void *config);
