// Counts heap allocations by who asked for them: preload it, and HEAP_COUNT_FILE names where the counts go at the end.
//
// The owner of an allocation is the module (the program or a shared library) of the innermost frame that is not the C
// library's. It is *direct* when that module called malloc() itself, and *via libc* when it called something of the C
// library that allocates, such as printf() for its buffer.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

#define OWNERS_MAX 64
#define SITES_MAX 16

// glibc's own names for what is interposed below.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

typedef struct {
    const struct link_map *module; /**< NULL: none was found, as in the dynamic linker's own start. */
    unsigned long direct;
    unsigned long via_libc;
    unsigned long bytes;
    ElfW(Addr) sites[SITES_MAX]; /**< Where in the module, each once. */
    size_t site_count;
} owner_t;

typedef struct {
    const struct link_map *module;
    ElfW(Addr) site;
    bool via_libc;
} origin_t;

static owner_t s_owners[OWNERS_MAX];
static size_t s_owner_count;
static unsigned long s_lost;
static int s_lock;
static _Thread_local bool t_counting __attribute__((tls_model("initial-exec")));

static const char *file_name(const struct link_map *module)
{
    const char *slash = strrchr(module->l_name, '/');
    return slash != NULL ? slash + 1 : module->l_name;
}

static bool is_libc(const struct link_map *module)
{
    const char *name = file_name(module);
    return strncmp(name, "libc.so", 7) == 0 || strncmp(name, "ld-linux", 8) == 0;
}

static const struct link_map *module_at(ElfW(Addr) address)
{
    struct dl_find_object found;
    return _dl_find_object((void *)address, &found) == 0 ? found.dlfo_link_map : NULL;
}

static _Unwind_Reason_Code visit_frame(struct _Unwind_Context *frame, void *context)
{
    origin_t *origin = context;
    ElfW(Addr) call = _Unwind_GetIP(frame) - 1; // a return address may stand behind its function
    const struct link_map *module = module_at(call);
    if (module == NULL || module == module_at((ElfW(Addr))visit_frame)) {
        return _URC_NO_REASON;
    }
    if (is_libc(module)) {
        origin->via_libc = true;
        return _URC_NO_REASON;
    }
    origin->module = module;
    origin->site = call - module->l_addr;
    return _URC_NORMAL_STOP;
}

static owner_t *owner_of(const struct link_map *module)
{
    for (size_t i = 0; i < s_owner_count; i++) {
        if (s_owners[i].module == module) {
            return &s_owners[i];
        }
    }
    if (s_owner_count == OWNERS_MAX) {
        return NULL;
    }
    s_owners[s_owner_count].module = module;
    return &s_owners[s_owner_count++];
}

static void add_site(owner_t *owner, ElfW(Addr) site)
{
    for (size_t i = 0; i < owner->site_count; i++) {
        if (owner->sites[i] == site) {
            return;
        }
    }
    if (owner->site_count < SITES_MAX) {
        owner->sites[owner->site_count++] = site;
    }
}

static void add(const origin_t *origin, size_t size)
{
    while (__atomic_exchange_n(&s_lock, 1, __ATOMIC_ACQUIRE) != 0) {
    }
    owner_t *owner = owner_of(origin->module);
    if (owner == NULL) {
        s_lost++;
    } else {
        owner->direct += origin->via_libc ? 0 : 1;
        owner->via_libc += origin->via_libc ? 1 : 0;
        owner->bytes += size;
        add_site(owner, origin->site);
    }
    __atomic_store_n(&s_lock, 0, __ATOMIC_RELEASE);
}

static void count(size_t size)
{
    if (t_counting) { // the unwinder allocates itself
        return;
    }
    int saved = errno;
    t_counting = true;
    origin_t origin = {.module = NULL};
    (void)_Unwind_Backtrace(visit_frame, &origin);
    add(&origin, size);
    t_counting = false;
    errno = saved;
}

void *malloc(size_t size)
{
    count(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count(number * size);
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
    count(size);
    return __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t number, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(number, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    count(total);
    return __libc_realloc(old, total);
}

void *memalign(size_t alignment, size_t size)
{
    count(size);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count(size);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    count(size);
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) {
        return ENOMEM;
    }
    *out = memory;
    return 0;
}

/** One line of JSON. */
static void write_owner(int file, const owner_t *owner)
{
    const char *name = owner->module == NULL ? "(none)" : file_name(owner->module);
    dprintf(file, "{\"module\":\"%s\",\"direct\":%lu,\"via_libc\":%lu,\"bytes\":%lu,\"sites\":[", name, owner->direct,
            owner->via_libc, owner->bytes);
    for (size_t i = 0; i < owner->site_count; i++) {
        dprintf(file, "%s\"0x%lx\"", i == 0 ? "" : ",", (unsigned long)owner->sites[i]);
    }
    dprintf(file, "]}\n");
}

__attribute__((destructor)) static void report(void)
{
    t_counting = true; // dprintf() may allocate
    const char *path = getenv("HEAP_COUNT_FILE");
    int file = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (file < 0) {
        return;
    }
    for (size_t i = 0; i < s_owner_count; i++) {
        write_owner(file, &s_owners[i]);
    }
    if (s_lost != 0) {
        dprintf(file, "{\"module\":\"(more)\",\"direct\":%lu,\"via_libc\":0,\"bytes\":0,\"sites\":[]}\n", s_lost);
    }
    close(file);
}
