#include "tb/tb_outcome.h"

#include <stdint.h>

#include "tb/tb_buf.h"
#include "tb_model.h"

#if TB_MODEL_TLS
#define OUTCOME_LIST(X) TB_OUTCOME_LIST(X) TB_OUTCOME_TLS_LIST(X)
#else
#define OUTCOME_LIST(X) TB_OUTCOME_LIST(X)
#endif

#define POLICY_OF(name, policy, text) TB_POLICY_##policy,
#define NAME_OF(name, policy, text) #name "\0"
#define TEXT_OF(name, policy, text) text "\0"

static const uint8_t POLICIES[] = {OUTCOME_LIST(POLICY_OF)};

tb_policy_t tb_outcome_policy(tb_outcome_t outcome)
{
    return outcome < TB_COUNT(POLICIES) ? (tb_policy_t)POLICIES[outcome] : TB_POLICY_RETRY;
}

const char *tb_outcome_name(tb_outcome_t outcome)
{
    return outcome < TB_COUNT(POLICIES) ? tb_text_at(OUTCOME_LIST(NAME_OF), outcome) : "?";
}

const char *tb_outcome_text(tb_outcome_t outcome)
{
    return outcome < TB_COUNT(POLICIES) ? tb_text_at(OUTCOME_LIST(TEXT_OF), outcome) : "?";
}
