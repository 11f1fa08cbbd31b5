/** @file esp_idf_version.h  Stands in for ESP-IDF's, of a version with mbedTLS 3. */
#pragma once

#define ESP_IDF_VERSION_VAL(major, minor, patch) ((major) << 16 | (minor) << 8 | (patch))
#define ESP_IDF_VERSION ESP_IDF_VERSION_VAL(5, 5, 0)
