// Start-up, clock, randomness and identity, by ESP-IDF.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp_event.h"
#include "esp_mac.h"
#include "esp_netif.h"
#include "esp_random.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "nvs_flash.h"
#include "sdkconfig.h"

#include "tb/tb_port.h"
#include "tb_model.h"
#include "tb_port_log.h"

#if CONFIG_IDF_TARGET_LINUX
#include <limits.h>
#include <signal.h>

#include "esp_private/partition_linux.h"
#elif defined(TB_PORT_STARTS_NETWORK) // by CMakeLists.txt
#include "protocol_examples_common.h"
#endif

#if TB_MODEL_TLS && !CONFIG_IDF_TARGET_LINUX
#include <time.h>

#include "esp_netif_sntp.h"
#include "esp_sntp.h"

#define YEAR_2025 1735689600 // in seconds of time(): a clock that nobody has set is far before it
#endif

static const char *TAG = "tb_port_sys";

#if TB_MODEL_TLS && !CONFIG_IDF_TARGET_LINUX
/** Asks for the date, without waiting for it, unless somebody has asked already. */
static esp_err_t start_clock(void)
{
    esp_sntp_config_t config = ESP_NETIF_SNTP_DEFAULT_CONFIG(CONFIG_TB_SNTP_SERVER);
    return esp_sntp_enabled() ? ESP_OK : esp_netif_sntp_init(&config);
}

bool tb_port_time_is_known(void)
{
#ifdef CONFIG_MBEDTLS_HAVE_TIME_DATE
    return time(NULL) >= YEAR_2025;
#else
    return true; // mbedTLS does not look at dates
#endif
}
#else
static esp_err_t start_clock(void)
{
    return ESP_OK;
}

bool tb_port_time_is_known(void)
{
    return true; // a host knows it, and without TLS nobody asks
}
#endif

#if CONFIG_IDF_TARGET_LINUX
/** Flash is a file; without a name of its own it is a temporary one, and the device forgets. */
static void choose_flash_file(void)
{
    const char *file = getenv("TB_FLASH_FILE");
    if (file == NULL) {
        TB_LOGW(TAG, "TB_FLASH_FILE is not set: nothing is kept after this run");
        return;
    }
    esp_partition_file_mmap_ctrl_t *flash = esp_partition_get_file_mmap_ctrl_input();
    (void)snprintf(flash->flash_file_name, sizeof(flash->flash_file_name), "%s", file);
}

static esp_err_t start_network(void)
{
    (void)signal(SIGPIPE, SIG_IGN); // or a write to a connection that the server has closed ends the program
    return ESP_OK;                  // the network is the host's own
}

static esp_err_t read_mac(uint8_t *mac)
{
    return esp_read_mac(mac, ESP_MAC_WIFI_STA);
}

void tb_port_exit(int status)
{
    exit(status);
}
#else
static void choose_flash_file(void)
{
}

#ifdef TB_PORT_STARTS_NETWORK
/** Blocks until the network is there: Wi-Fi or Ethernet, as menu "Example Connection Configuration" says. */
static esp_err_t start_network(void)
{
    esp_err_t err = esp_netif_init();
    if (err == ESP_OK) {
        err = esp_event_loop_create_default();
    }
    return err == ESP_OK ? example_connect() : err;
}
#else
static esp_err_t start_network(void)
{
    return ESP_OK; // the project has brought it up
}
#endif

static esp_err_t read_mac(uint8_t *mac)
{
    return esp_efuse_mac_get_default(mac);
}

void tb_port_exit(int status)
{
    (void)status; // a board has nowhere to go: app_main() returns, and the other tasks live on
}
#endif

/** NVS is never erased here: it holds credentials that the server gives only once. */
static esp_err_t start_store(void)
{
    esp_err_t err = nvs_flash_init();
    if (err != ESP_OK) {
        TB_LOGE(TAG, "NVS: %s; if nothing in it is needed any more, run `idf.py erase-flash`", esp_err_to_name(err));
    }
    return err;
}

tb_err_t tb_port_init(void)
{
    choose_flash_file();
    if (start_store() != ESP_OK) { // before the network: Wi-Fi keeps its calibration there
        return TB_ERR_STORE;
    }
    esp_err_t err = start_network();
    if (err == ESP_OK) {
        err = start_clock();
    }
    if (err != ESP_OK) {
        TB_LOGE(TAG, "no network: %s", esp_err_to_name(err));
        return TB_ERR_TRANSPORT;
    }
    return TB_OK;
}

uint64_t tb_port_now_ms(void)
{
    return (uint64_t)esp_timer_get_time() / 1000;
}

void tb_port_random(void *dst, size_t len)
{
    esp_fill_random(dst, len);
}

tb_err_t tb_port_device_id(char dst[TB_PORT_DEVICE_ID_MAX])
{
    uint8_t mac[8] = {0}; // eight bytes on chips with IEEE 802.15.4, of which the first six are enough
    if (read_mac(mac) != ESP_OK) {
        return TB_ERR_NOT_FOUND;
    }
    (void)snprintf(dst, TB_PORT_DEVICE_ID_MAX, CONFIG_IDF_TARGET "-%02x%02x%02x%02x%02x%02x", mac[0], mac[1], mac[2],
                   mac[3], mac[4], mac[5]);
    return TB_OK;
}

unsigned long tb_port_free_memory(void)
{
    return esp_get_free_heap_size();
}

const char *tb_port_sdk_version(void)
{
    return esp_get_idf_version();
}
