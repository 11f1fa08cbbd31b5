/**
 * @file tb_session_names.h
 * Names of states and events for tests and docs: inline, so that a firmware that prints none carries none.
 */
#pragma once

#include "tb/tb_session.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TB_SESSION_NAME(name, text) [name] = (text),

/** Static lifetime; "?" for what is no state. */
static inline const char *tb_state_name(tb_state_t state)
{
    static const char *const NAMES[] = {TB_STATE_LIST(TB_SESSION_NAME)};
    return state < TB_STATE_COUNT ? NAMES[state] : "?";
}

/** Static lifetime; "?" for what is no event. */
static inline const char *tb_event_name(tb_event_kind_t kind)
{
    static const char *const NAMES[] = {TB_EVENT_LIST(TB_SESSION_NAME)};
    return kind < TB_EVENT_COUNT ? NAMES[kind] : "?";
}

#undef TB_SESSION_NAME

#ifdef __cplusplus
}
#endif
