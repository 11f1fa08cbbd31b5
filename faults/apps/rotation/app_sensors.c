// The application's own code, with a task of its own: once the file "new_token" is in the store's folder, the device is
// offered the access token in it. Once in each boot, since an offer that was taken tells nobody of it.

#include "app_sensors.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app_credentials.h"

#define POLL_US 1000

bool app_sensors_get_temperature(float *out)
{
    *out = 25.0f;
    return true;
}

bool app_sensors_get_humidity(float *out)
{
    *out = 26.0f;
    return true;
}

static bool read_token(const char *path, tb_cred_t *out)
{
    char token[TB_CRED_TEXT_MAX];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    ssize_t len = read(file, token, sizeof(token));
    close(file);
    return len > 0 && tb_cred_from_token((tb_str_t){.ptr = token, .len = (size_t)len}, out) == TB_OK;
}

static void *offer_new_token(void *context)
{
    char path[PATH_MAX];
    tb_cred_t cred;
    (void)context;
    int len = snprintf(path, sizeof(path), "%s/new_token", getenv("TB_STORE_DIR"));
    if (len < 0 || (size_t)len >= sizeof(path)) {
        abort();
    }
    while (!read_token(path, &cred) || app_credentials_offer(&cred) != TB_OK) {
        usleep(POLL_US);
    }
    tb_wipe(&cred, sizeof(cred));
    return NULL;
}

__attribute__((constructor)) static void start_task(void)
{
    pthread_t task;
    if (pthread_create(&task, NULL, offer_new_token, NULL) != 0) {
        abort();
    }
    (void)pthread_detach(task);
}
