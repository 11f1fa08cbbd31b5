// Counting, tracing, and cutting the power. Configured through the environment:
//
//   TB_KILL_AT     KIND:N, such as "store:12" or "send:3": the N-th effect of that kind, from 1
//   TB_KILL_WHEN   "before" it, "after" it (the default), "torn:K" (of a write, K bytes are done), or "fail": it fails
//   and
//                  the program goes on
//   TB_KILL_CACHE  "kept" (the default): what the program did is done; "lost": a power cut takes what was not synced
//   TB_KILL_TRACE  a file that gets a line for each effect: KIND N CALL OBJECT LENGTH

#include "effects.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cache.h"

typedef enum { WHEN_NEVER, WHEN_BEFORE, WHEN_AFTER, WHEN_TORN, WHEN_FAIL } when_t;

static const char *const KINDS[EFFECT_KINDS] = {
    [EFFECT_STORE] = "store",
    [EFFECT_CONNECT] = "connect",
    [EFFECT_SEND] = "send",
    [EFFECT_RECV] = "recv",
};

static struct {
    when_t when;
    effect_kind_t kind;
    unsigned long number;
    unsigned long torn_len;
    bool cache_is_lost;
    int trace;
} s_plan = {.trace = -1};

static unsigned long s_counts[EFFECT_KINDS];

static _Noreturn void give_up(const char *variable)
{
    dprintf(STDERR_FILENO, "effects: %s cannot be read\n", variable);
    abort();
}

static unsigned long read_number(const char *text, const char *variable)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    if (end == text || *end != '\0') {
        give_up(variable);
    }
    return number;
}

static void read_at(const char *at)
{
    const char *colon = strchr(at, ':');
    for (int kind = 0; colon != NULL && kind < EFFECT_KINDS; kind++) {
        if (strlen(KINDS[kind]) == (size_t)(colon - at) && strncmp(at, KINDS[kind], (size_t)(colon - at)) == 0) {
            s_plan.kind = (effect_kind_t)kind;
            s_plan.number = read_number(colon + 1, "TB_KILL_AT");
            s_plan.when = WHEN_AFTER;
        }
    }
    if (s_plan.when == WHEN_NEVER) {
        give_up("TB_KILL_AT");
    }
}

static void read_when(const char *when)
{
    if (strcmp(when, "before") == 0) {
        s_plan.when = WHEN_BEFORE;
    } else if (strncmp(when, "torn:", 5) == 0) {
        s_plan.when = WHEN_TORN;
        s_plan.torn_len = read_number(when + 5, "TB_KILL_WHEN");
    } else if (strcmp(when, "fail") == 0) {
        s_plan.when = WHEN_FAIL;
    } else if (strcmp(when, "after") != 0) {
        give_up("TB_KILL_WHEN");
    }
}

__attribute__((constructor)) static void read_plan(void)
{
    const char *at = getenv("TB_KILL_AT");
    const char *when = getenv("TB_KILL_WHEN");
    const char *cache = getenv("TB_KILL_CACHE");
    const char *trace = getenv("TB_KILL_TRACE");
    if (at != NULL) {
        read_at(at);
        read_when(when != NULL ? when : "after");
    }
    s_plan.cache_is_lost = cache != NULL && strcmp(cache, "lost") == 0;
    if (trace != NULL) {
        s_plan.trace = (int)syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
}

static void trace(effect_kind_t kind, unsigned long number, const char *call, const char *object, unsigned long len)
{
    char line[256];
    int line_len = snprintf(line, sizeof(line), "%s %lu %s %s %lu\n", KINDS[kind], number, call, object, len);
    if (s_plan.trace >= 0 && line_len > 0 && (size_t)line_len < sizeof(line)) {
        (void)syscall(SYS_write, s_plan.trace, line, (size_t)line_len);
    }
}

effect_verdict_t effects_enter(effect_kind_t kind, const char *call, const char *object, unsigned long len)
{
    unsigned long number = __atomic_add_fetch(&s_counts[kind], 1, __ATOMIC_RELAXED);
    trace(kind, number, call, object, len);
    if (s_plan.when == WHEN_NEVER || kind != s_plan.kind || number != s_plan.number) {
        return EFFECT_PASS;
    }
    switch (s_plan.when) {
    case WHEN_BEFORE:
        effects_cut_power();
    case WHEN_FAIL:
        return EFFECT_FAIL;
    case WHEN_TORN:
        return EFFECT_TEAR;
    case WHEN_AFTER:
    case WHEN_NEVER:
        break;
    }
    return EFFECT_CUT;
}

unsigned long effects_torn_len(void)
{
    return s_plan.torn_len;
}

void effects_cut_power(void)
{
    if (s_plan.cache_is_lost) {
        cache_drop();
    }
    (void)syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) {
        (void)syscall(SYS_pause);
    }
}
