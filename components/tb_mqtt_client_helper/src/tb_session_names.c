#include "tb/tb_session.h"

#include "tb_model.h"

#if TB_MODEL_TLS
#define OUTCOME_LIST(X) TB_OUTCOME_LIST(X) TB_OUTCOME_TLS_LIST(X)
#else
#define OUTCOME_LIST(X) TB_OUTCOME_LIST(X)
#endif

#define AT_NAME(name, text) [name] = #name,
#define AT_TEXT(name, text) [name] = (text),

const char *tb_state_name(tb_state_t state)
{
    static const char *const NAMES[] = {TB_STATE_LIST(AT_TEXT)};
    return state < TB_STATE_COUNT ? NAMES[state] : "?";
}

const char *tb_event_name(tb_event_kind_t kind)
{
    static const char *const NAMES[] = {TB_EVENT_LIST(AT_TEXT)};
    return kind < TB_EVENT_COUNT ? NAMES[kind] : "?";
}

const char *tb_outcome_name(tb_outcome_t outcome)
{
    static const char *const NAMES[] = {OUTCOME_LIST(AT_NAME)};
    return outcome < TB_COUNT(NAMES) ? NAMES[outcome] : "?";
}

const char *tb_outcome_text(tb_outcome_t outcome)
{
    static const char *const TEXTS[] = {OUTCOME_LIST(AT_TEXT)};
    return outcome < TB_COUNT(TEXTS) ? TEXTS[outcome] : "?";
}
