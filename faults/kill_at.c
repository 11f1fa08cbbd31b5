// Stands between a program and the C library (LD_PRELOAD) and hands each call that has an effect to effects.c.
//
// The store: opening a file to write it, writing, syncing, renaming, removing, making a directory. The network: what is
// done with a socket of an IP family, and of reading what really brings bytes. Nothing of what the C library does by
// itself passes here, so the log, which printf() writes, is none of them.
//
// TB_KILL_SEED makes random numbers the same in each run.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cache.h"
#include "effects.h"

/** The C library's own function of that name. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void path_of(int file, char path[PATH_MAX])
{
    char link[64];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    path[len > 0 ? len : 0] = '\0';
}

static void absolute(const char *path, char out[PATH_MAX])
{
    char here[PATH_MAX] = "";
    if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL) {
        abort();
    }
    if (snprintf(out, PATH_MAX, "%s%s%s", here, here[0] != '\0' ? "/" : "", path) >= PATH_MAX) {
        abort();
    }
}

static bool is_network(int file)
{
    int domain = 0;
    socklen_t len = sizeof(domain);
    return getsockopt(file, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && (domain == AF_INET || domain == AF_INET6);
}

static bool is_regular(int file)
{
    struct stat status;
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

/** What a call returns that fails for @p kind. */
static int failure(effect_kind_t kind)
{
    errno = kind == EFFECT_STORE ? EIO : ECONNRESET;
    return -1;
}

static void leave(effect_verdict_t verdict)
{
    if (verdict == EFFECT_CUT || verdict == EFFECT_TEAR) {
        effects_cut_power();
    }
}

// ---- the store

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    if ((flags & (O_CREAT | O_TRUNC)) == 0) {
        return NEXT(open)(path, flags, mode);
    }
    char full[PATH_MAX];
    effect_verdict_t verdict = effects_enter(EFFECT_STORE, "open", file_name(path), 0);
    if (verdict == EFFECT_FAIL) {
        return failure(EFFECT_STORE);
    }
    absolute(path, full);
    cache_note_name(full);
    int file = NEXT(open)(path, flags, mode);
    leave(verdict);
    return file;
}

static ssize_t write_store(int file, const void *data, size_t len)
{
    char path[PATH_MAX];
    path_of(file, path);
    effect_verdict_t verdict = effects_enter(EFFECT_STORE, "write", file_name(path), len);
    if (verdict == EFFECT_FAIL) {
        return failure(EFFECT_STORE);
    }
    cache_note_contents(path, false);
    size_t torn_len = effects_torn_len();
    ssize_t written = NEXT(write)(file, data, verdict == EFFECT_TEAR && torn_len < len ? torn_len : len);
    leave(verdict);
    return written;
}

int fsync(int file)
{
    char path[PATH_MAX];
    path_of(file, path);
    effect_verdict_t verdict = effects_enter(EFFECT_STORE, "fsync", file_name(path), 0);
    if (verdict == EFFECT_FAIL) {
        return failure(EFFECT_STORE);
    }
    int result = NEXT(fsync)(file);
    if (is_regular(file)) {
        cache_note_contents(path, true);
    } else {
        cache_note_directory_synced(path);
    }
    leave(verdict);
    return result;
}

int rename(const char *from, const char *to)
{
    char full_from[PATH_MAX];
    char full_to[PATH_MAX];
    effect_verdict_t verdict = effects_enter(EFFECT_STORE, "rename", file_name(to), 0);
    if (verdict == EFFECT_FAIL) {
        return failure(EFFECT_STORE);
    }
    absolute(from, full_from);
    absolute(to, full_to);
    cache_note_name(full_from);
    cache_note_name(full_to);
    int result = NEXT(rename)(from, to);
    cache_note_rename(full_from, full_to);
    leave(verdict);
    return result;
}

int unlink(const char *path)
{
    char full[PATH_MAX];
    effect_verdict_t verdict = effects_enter(EFFECT_STORE, "unlink", file_name(path), 0);
    if (verdict == EFFECT_FAIL) {
        return failure(EFFECT_STORE);
    }
    absolute(path, full);
    cache_note_name(full);
    int result = NEXT(unlink)(path);
    leave(verdict);
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    char full[PATH_MAX];
    if (access(path, F_OK) == 0) {
        return NEXT(mkdir)(path, mode);
    }
    effect_verdict_t verdict = effects_enter(EFFECT_STORE, "mkdir", file_name(path), 0);
    if (verdict == EFFECT_FAIL) {
        return failure(EFFECT_STORE);
    }
    absolute(path, full);
    cache_note_name(full);
    int result = NEXT(mkdir)(path, mode);
    leave(verdict);
    return result;
}

// ---- the network

int connect(int socket, const struct sockaddr *address, socklen_t len)
{
    if (!is_network(socket)) {
        return NEXT(connect)(socket, address, len);
    }
    effect_verdict_t verdict = effects_enter(EFFECT_CONNECT, "connect", "-", 0);
    if (verdict == EFFECT_FAIL) {
        return failure(EFFECT_CONNECT);
    }
    int result = NEXT(connect)(socket, address, len);
    int error = errno;
    leave(verdict);
    errno = error;
    return result;
}

static ssize_t send_network(int socket, const void *data, size_t len, int flags)
{
    effect_verdict_t verdict = effects_enter(EFFECT_SEND, "send", "-", len);
    if (verdict == EFFECT_FAIL) {
        return failure(EFFECT_SEND);
    }
    size_t torn_len = effects_torn_len();
    ssize_t sent = NEXT(send)(socket, data, verdict == EFFECT_TEAR && torn_len < len ? torn_len : len, flags);
    leave(verdict);
    return sent;
}

ssize_t send(int socket, const void *data, size_t len, int flags)
{
    return is_network(socket) ? send_network(socket, data, len, flags) : NEXT(send)(socket, data, len, flags);
}

ssize_t write(int file, const void *data, size_t len)
{
    if (is_network(file)) {
        return send_network(file, data, len, MSG_NOSIGNAL);
    }
    return is_regular(file) ? write_store(file, data, len) : NEXT(write)(file, data, len);
}

static ssize_t receive_network(int socket, void *data, size_t len, int flags)
{
    char first;
    if (NEXT(recv)(socket, &first, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) {
        return NEXT(recv)(socket, data, len, flags);
    }
    effect_verdict_t verdict = effects_enter(EFFECT_RECV, "recv", "-", 0);
    if (verdict == EFFECT_FAIL) {
        return failure(EFFECT_RECV);
    }
    ssize_t got = NEXT(recv)(socket, data, len, flags);
    leave(verdict);
    return got;
}

ssize_t recv(int socket, void *data, size_t len, int flags)
{
    return is_network(socket) ? receive_network(socket, data, len, flags) : NEXT(recv)(socket, data, len, flags);
}

ssize_t read(int file, void *data, size_t len)
{
    return is_network(file) ? receive_network(file, data, len, 0) : NEXT(read)(file, data, len);
}

// ---- randomness

ssize_t getrandom(void *data, size_t len, unsigned flags)
{
    static uint64_t s_state;
    const char *seed = getenv("TB_KILL_SEED");
    if (seed == NULL) {
        return NEXT(getrandom)(data, len, flags);
    }
    uint64_t start = strtoull(seed, NULL, 10) << 32;
    for (size_t i = 0; i < len; i++) { // SplitMix64
        uint64_t mixed = start + __atomic_add_fetch(&s_state, 0x9E3779B97F4A7C15, __ATOMIC_RELAXED);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        ((unsigned char *)data)[i] = (unsigned char)(mixed ^ (mixed >> 31));
    }
    return (ssize_t)len;
}
