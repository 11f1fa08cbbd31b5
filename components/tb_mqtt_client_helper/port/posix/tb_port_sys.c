// Clock, randomness, identity, log: Linux.

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "tb/tb_port.h"
#include "tb_port_log.h"

#define STORE_DEVICE_ID "device_id"
#define YEAR_2025_S 1735689600 // 2025-01-01T00:00:00Z

uint64_t tb_port_now_ms(void)
{
    static uint64_t s_start_ms; // a log counts from its own beginning
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (s_start_ms == 0) {
        s_start_ms = now_ms;
    }
    return now_ms - s_start_ms;
}

void tb_port_log_line(char level, const char *tag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    flockfile(stdout); // a line is not to be torn by another task's
    printf("%c (%" PRIu64 ") %s: ", level, tb_port_now_ms(), tag);
    vprintf(format, args);
    putchar('\n');
    (void)fflush(stdout);
    funlockfile(stdout);
    va_end(args);
}

bool tb_port_time_is_known(void)
{
    return time(NULL) >= YEAR_2025_S; // a clock that was never set counts from 1970
}

void tb_port_random(void *dst, size_t len)
{
    char *at = dst;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno != EINTR) {
            abort(); // no secret is better than one that can be guessed
        }
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
}

/** A laptop runs many devices, so the id is made once and kept in the store rather than read from the hardware. */
tb_err_t tb_port_device_id(char dst[TB_PORT_DEVICE_ID_MAX])
{
    char id[TB_PORT_DEVICE_ID_MAX] = "";
    size_t len = 0;
    tb_err_t err = tb_port_load(STORE_DEVICE_ID, id, sizeof(id) - 1, &len);
    if (err == TB_ERR_NOT_FOUND) {
        uint8_t mac[6];
        tb_port_random(mac, sizeof(mac));
        len = (size_t)snprintf(id, sizeof(id), "linux-%02x%02x%02x%02x%02x%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                               mac[5]);
        err = tb_port_save(STORE_DEVICE_ID, (tb_str_t){.ptr = id, .len = len});
    }
    if (err == TB_OK) {
        memcpy(dst, id, sizeof(id));
    }
    return err;
}

unsigned long tb_port_free_memory(void)
{
    return (unsigned long)sysconf(_SC_AVPHYS_PAGES) * (unsigned long)sysconf(_SC_PAGESIZE);
}

const char *tb_port_sdk_version(void)
{
    return "none (host build for Linux)";
}

void tb_port_exit(int status)
{
    exit(status);
}
