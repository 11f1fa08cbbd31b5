// The store as files: <TB_STORE_DIR>/<namespace>/<key>, one value a file, written, synced and renamed into place.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tb/tb_port.h"
#include "tb_port_log.h"

#define DEFAULT_DIR "tb_store"
#define NAMESPACE "tb"
#define CONFIG_NAMESPACE "tb_cfg"
#define CONFIG_TEXT_MAX 3999 // what NVS takes as a string

static const char *TAG = "tb_port_store";

static tb_err_t path_of(const char *space, const char *key, char path[PATH_MAX])
{
    const char *dir = getenv("TB_STORE_DIR");
    int len =
        snprintf(path, PATH_MAX, "%s/%s%s%s", dir != NULL ? dir : DEFAULT_DIR, space, key[0] != '\0' ? "/" : "", key);
    return len > 0 && len < PATH_MAX ? TB_OK : TB_ERR_TOO_LONG;
}

static tb_err_t read_file(const char *path, char *dst, size_t cap, size_t *len)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT ? TB_ERR_NOT_FOUND : TB_ERR_STORE;
    }
    struct stat status;
    tb_err_t err = TB_ERR_STORE;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
        size_t size = (size_t)status.st_size;
        if (size > cap) {
            err = TB_ERR_TOO_LONG;
        } else if (read(file, dst, size) == (ssize_t)size) {
            *len = size;
            err = TB_OK;
        }
    }
    close(file);
    return err;
}

static bool write_file(const char *path, tb_str_t value)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return false;
    }
    bool written = write(file, value.ptr, value.len) == (ssize_t)value.len && fsync(file) == 0;
    return close(file) == 0 && written;
}

/** Makes a rename or a removal in the directory durable. */
static bool sync_dir(const char *path)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return false;
    }
    bool synced = fsync(dir) == 0;
    close(dir);
    return synced;
}

/** Makes the directory @p path durably: what is synced in it is lost with it. True also when it is there. */
static bool make_dir(const char *path)
{
    char above[PATH_MAX];
    if (mkdir(path, 0700) != 0) {
        return errno == EEXIST;
    }
    int len = snprintf(above, sizeof(above), "%s/..", path);
    return len > 0 && (size_t)len < sizeof(above) && sync_dir(above);
}

/** Makes the directory @p path and those above it. */
static bool make_dirs(char *path)
{
    for (char *slash = path; slash != NULL;) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
        bool made = make_dir(path);
        if (slash != NULL) {
            *slash = '/';
        }
        if (!made) {
            return false;
        }
    }
    return true;
}

tb_err_t tb_port_init(void)
{
    char path[PATH_MAX];
    tb_err_t err = path_of(NAMESPACE, "", path);
    if (err == TB_OK && !make_dirs(path)) {
        TB_LOGE(TAG, "cannot make the directory %s: %s (set TB_STORE_DIR to one that can be written)", path,
                strerror(errno));
        err = TB_ERR_STORE;
    }
    return err;
}

tb_err_t tb_port_load(const char *key, char *dst, size_t cap, size_t *len)
{
    char path[PATH_MAX];
    tb_err_t err = path_of(NAMESPACE, key, path);
    return err == TB_OK ? read_file(path, dst, cap, len) : err;
}

tb_err_t tb_port_save(const char *key, tb_str_t value)
{
    char dir[PATH_MAX];
    char path[PATH_MAX];
    char draft[PATH_MAX];
    if (path_of(NAMESPACE, "", dir) != TB_OK || path_of(NAMESPACE, key, path) != TB_OK) {
        return TB_ERR_TOO_LONG;
    }
    int len = snprintf(draft, sizeof(draft), "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof(draft)) {
        return TB_ERR_TOO_LONG;
    }
    if (!write_file(draft, value) || rename(draft, path) != 0 || !sync_dir(dir)) {
        TB_LOGE(TAG, "cannot write %s: %s", path, strerror(errno));
        return TB_ERR_STORE;
    }
    return TB_OK;
}

tb_err_t tb_port_erase(const char *key)
{
    char dir[PATH_MAX];
    char path[PATH_MAX];
    if (path_of(NAMESPACE, "", dir) != TB_OK || path_of(NAMESPACE, key, path) != TB_OK) {
        return TB_ERR_TOO_LONG;
    }
    if (unlink(path) != 0) {
        return errno == ENOENT ? TB_OK : TB_ERR_STORE;
    }
    return sync_dir(dir) ? TB_OK : TB_ERR_STORE;
}

tb_err_t tb_port_config_text(const char *key, char *dst, size_t cap)
{
    char path[PATH_MAX];
    char text[CONFIG_TEXT_MAX];
    size_t len = 0;
    tb_err_t err = path_of(CONFIG_NAMESPACE, key, path);
    if (err == TB_OK) {
        err = read_file(path, text, sizeof(text), &len);
    }
    if (err == TB_OK) {
        err = tb_str_copy((tb_str_t){.ptr = text, .len = len}, dst, cap);
        tb_wipe(text, len);
    }
    return err;
}
