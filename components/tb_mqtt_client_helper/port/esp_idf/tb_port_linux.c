// What ESP-IDF's linux target lacks before it brings its own: esp-mqtt and tb_port_now_ms() count on it.

#include <stdint.h>
#include <time.h>

int64_t esp_timer_get_time(void);

__attribute__((weak)) int64_t esp_timer_get_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
