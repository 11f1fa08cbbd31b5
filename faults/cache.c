#include "cache.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAMES_MAX 32
#define UNSYNCED_MAX 32
#define CONTENTS_MAX 4096

/** What a name stood for before it was changed. */
typedef struct {
    char path[PATH_MAX];
    bool existed;
    size_t len;
    char contents[CONTENTS_MAX];
} name_t;

static name_t s_names[NAMES_MAX]; // oldest first
static size_t s_name_count;
static char s_unsynced[UNSYNCED_MAX][PATH_MAX];
static size_t s_unsynced_count;

static _Noreturn void give_up(const char *what)
{
    dprintf(STDERR_FILENO, "cache: %s\n", what);
    abort();
}

static void copy_path(const char *path, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s", path) >= PATH_MAX) {
        give_up("a path is too long");
    }
}

// The calls below go to the kernel itself: those of the C library are counted as effects of the program.

static int open_file(const char *path, int flags)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static void remember_contents(name_t *name)
{
    int file = open_file(name->path, O_RDONLY);
    name->existed = file >= 0;
    if (file < 0) {
        return;
    }
    long got = syscall(SYS_read, file, name->contents, sizeof(name->contents));
    name->len = got > 0 ? (size_t)got : 0; // a directory has none
    if (name->len == sizeof(name->contents)) {
        give_up("a file is too large");
    }
    (void)syscall(SYS_close, file);
}

void cache_note_name(const char *path)
{
    if (s_name_count == NAMES_MAX) {
        give_up("too many names changed and not synced");
    }
    name_t *name = &s_names[s_name_count++];
    copy_path(path, name->path);
    remember_contents(name);
}

void cache_note_contents(const char *path, bool synced)
{
    for (size_t i = 0; i < s_unsynced_count; i++) {
        if (strcmp(s_unsynced[i], path) == 0) {
            memmove(s_unsynced[i], s_unsynced[--s_unsynced_count], PATH_MAX);
            break;
        }
    }
    if (!synced) {
        if (s_unsynced_count == UNSYNCED_MAX) {
            give_up("too many files written and not synced");
        }
        copy_path(path, s_unsynced[s_unsynced_count++]);
    }
}

void cache_note_rename(const char *from, const char *to)
{
    for (size_t i = 0; i < s_unsynced_count; i++) {
        if (strcmp(s_unsynced[i], from) == 0) {
            copy_path(to, s_unsynced[i]);
        }
    }
}

static bool is_in(const char *path, const char *directory)
{
    size_t len = strlen(directory);
    return strncmp(path, directory, len) == 0 && path[len] == '/' && strchr(path + len + 1, '/') == NULL;
}

void cache_note_directory_synced(const char *path)
{
    size_t kept = 0;
    for (size_t i = 0; i < s_name_count; i++) {
        if (!is_in(s_names[i].path, path)) {
            s_names[kept++] = s_names[i];
        }
    }
    s_name_count = kept;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

/** A directory that is gone takes with it what is in there. */
static void put_back(const name_t *name)
{
    if (!name->existed) {
        (void)nftw(name->path, remove_one, 4, FTW_DEPTH | FTW_PHYS);
        return;
    }
    int file = open_file(name->path, O_WRONLY | O_CREAT | O_TRUNC);
    if (file < 0 || syscall(SYS_write, file, name->contents, name->len) != (long)name->len) {
        give_up("a file cannot be put back");
    }
    (void)syscall(SYS_close, file);
}

void cache_drop(void)
{
    for (size_t i = 0; i < s_unsynced_count; i++) {
        (void)truncate(s_unsynced[i], 0);
    }
    while (s_name_count > 0) {
        put_back(&s_names[--s_name_count]);
    }
}
