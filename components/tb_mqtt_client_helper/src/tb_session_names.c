#include "tb/tb_session.h"

#include "tb_model.h"

#if TB_MODEL_TLS
#define OUTCOME_LIST(X) TB_OUTCOME_LIST(X) TB_OUTCOME_TLS_LIST(X)
#else
#define OUTCOME_LIST(X) TB_OUTCOME_LIST(X)
#endif

#define AT_NAME(name, text) [TB_OUTCOME_##name] = #name,
#define AT_TEXT(name, text) [TB_OUTCOME_##name] = (text),

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
