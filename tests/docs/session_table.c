// Prints the whole of tb_session_step(): a line per state, event and case, its fields separated by tabs.
//   state, event, the terms of the case (";" between), next state, effects (space between), outcome, what is remembered
// With any argument: a line per outcome, with its policy and its text.

#include <stdio.h>
#include <string.h>

#include "tb/tb_session_names.h"

#define NOW_MS 1000000
#define WAIT_MS 300000

static const struct {
    unsigned bit;
    const char *name;
} EFFECTS[] = {
    {TB_EFFECT_CLOSE, "CLOSE"},
    {TB_EFFECT_FORGET, "FORGET"},
    {TB_EFFECT_OPEN_FRONT, "OPEN_FRONT"},
    {TB_EFFECT_REQUEST, "REQUEST"},
    {TB_EFFECT_STORE, "STORE"},
    {TB_EFFECT_OPEN_TRIAL, "OPEN_TRIAL"},
    {TB_EFFECT_OPEN_NORMAL, "OPEN_NORMAL"},
    {TB_EFFECT_ONLINE, "ONLINE"},
    {TB_EFFECT_FINISH, "FINISH"},
};

static const char *const ANSWERS[] = {
    [TB_PROV_SUCCESS] = "SUCCESS",       [TB_PROV_NOT_FOUND] = "NOT_FOUND", [TB_PROV_FAILURE] = "FAILURE",
    [TB_PROV_WRONG_KIND] = "WRONG_KIND", [TB_PROV_MALFORMED] = "MALFORMED",
};

/** One way in which an event can come: what is in it, or how late it is. */
typedef struct {
    tb_event_t event;
    uint64_t deadline_ms;
    uint64_t run_end_ms;
    const char *terms;
} variant_t;

/** What a session can be like when the event comes. */
typedef struct {
    bool has_credentials;
    bool asked_before;
    uint32_t refused_wait_ms;
    bool server_chooses;
    bool refused_too_often;
} attributes_t;

static const char *short_name(tb_outcome_t outcome)
{
    return outcome == TB_OUTCOME_NONE ? "" : tb_outcome_name(outcome);
}

static void print_effects(unsigned effects)
{
    const char *separator = "";
    for (size_t i = 0; i < TB_COUNT(EFFECTS); i++) {
        if ((effects & EFFECTS[i].bit) != 0) {
            printf("%s%s", separator, EFFECTS[i].name);
            separator = " ";
            effects &= ~EFFECTS[i].bit;
        }
    }
    if (effects != 0) {
        printf("%sunknown bits 0x%x", separator, effects);
    }
}

static void print_remembered(const tb_session_t *s, const attributes_t *before)
{
    const char *separator = "";
    if (s->has_credentials != before->has_credentials) {
        printf("%s", s->has_credentials ? "credentials stored" : "no credentials");
        separator = ";";
    }
    if (s->asked_before != before->asked_before) {
        printf("%s%s", separator, s->asked_before ? "asked before" : "not asked before");
    }
}

static void print_case(tb_state_t state, const variant_t *variant, const attributes_t *attributes)
{
    const tb_session_config_t config = {
        .connect_timeout_ms = 10000,
        .answer_timeout_ms = 15000,
        .backoff_base_ms = 1000,
        .backoff_cap_ms = 60000,
        .refused_wait_ms = attributes->refused_wait_ms,
        .run_time_ms = 40000,
        .server_chooses = attributes->server_chooses,
        .refusals_max = attributes->refused_too_often ? 1 : 2,
    };
    tb_session_t s;
    tb_session_init(&s, &config, attributes->has_credentials, attributes->asked_before, 1);
    s.state = state;
    s.deadline_ms = variant->deadline_ms;
    s.run_end_ms = variant->run_end_ms;
    tb_step_t step = tb_session_step(&s, &variant->event, NOW_MS);
    printf("%s\t%s\t%s;%s;%s;%s;%s;%s\t%s\t", tb_state_name(state), tb_event_name(variant->event.kind), variant->terms,
           attributes->has_credentials ? "credentials stored" : "no credentials",
           attributes->asked_before ? "asked before" : "not asked before",
           attributes->server_chooses ? "server chooses" : "device chooses",
           attributes->refused_wait_ms > 0 ? "wait set" : "no wait set",
           attributes->refused_too_often ? "refused too often" : "not refused too often", tb_state_name(s.state));
    print_effects(step.effects);
    printf("\t%s\t", short_name(step.outcome));
    print_remembered(&s, attributes);
    putchar('\n');
}

/** Prints @p variant in every state, with every attribute. */
static void print_variant(const variant_t *variant)
{
    for (int state = 0; state < TB_STATE_COUNT; state++) {
        for (unsigned bits = 0; bits < 32; bits++) {
            const attributes_t attributes = {
                .has_credentials = (bits & 1) != 0,
                .asked_before = (bits & 2) != 0,
                .refused_wait_ms = (bits & 4) != 0 ? WAIT_MS : 0,
                .server_chooses = (bits & 8) != 0,
                .refused_too_often = (bits & 16) != 0,
            };
            print_case((tb_state_t)state, variant, &attributes);
        }
    }
}

static void print_refusals(void)
{
    print_variant(&(variant_t){
        .event = {.kind = TB_EVENT_REFUSED, .connack = 5, .has_certificate = true},
        .deadline_ms = TB_SESSION_NO_DEADLINE,
        .run_end_ms = TB_SESSION_NO_DEADLINE,
        .terms = "code 5;certificate shown",
    });
    for (unsigned code = 0; code <= UINT8_MAX; code++) {
        char terms[64];
        (void)snprintf(terms, sizeof(terms), "code %u%s", code, code == 5 ? "" : ";other code");
        print_variant(&(variant_t){
            .event = {.kind = TB_EVENT_REFUSED, .connack = (uint8_t)code},
            .deadline_ms = TB_SESSION_NO_DEADLINE,
            .run_end_ms = TB_SESSION_NO_DEADLINE,
            .terms = terms,
        });
    }
}

static void print_answers(void)
{
    for (size_t i = 0; i < TB_COUNT(ANSWERS); i++) {
        print_variant(&(variant_t){
            .event = {.kind = TB_EVENT_ANSWER, .answer = (tb_prov_outcome_t)i},
            .deadline_ms = TB_SESSION_NO_DEADLINE,
            .run_end_ms = TB_SESSION_NO_DEADLINE,
            .terms = ANSWERS[i],
        });
    }
}

static void print_failures(void)
{
    static const tb_outcome_t FAILURES[] = {TB_OUTCOME_STORE_FAILED, TB_OUTCOME_PORT_FAILED, TB_OUTCOME_NOT_CONFIGURED};
    for (size_t i = 0; i < TB_COUNT(FAILURES); i++) {
        char terms[64];
        bool is_for_good = tb_outcome_policy(FAILURES[i]) == TB_POLICY_STOP;
        (void)snprintf(terms, sizeof(terms), "%s;failed for %s", short_name(FAILURES[i]), is_for_good ? "good" : "now");
        print_variant(&(variant_t){
            .event = {.kind = TB_EVENT_FAILED, .failure = FAILURES[i]},
            .deadline_ms = TB_SESSION_NO_DEADLINE,
            .run_end_ms = TB_SESSION_NO_DEADLINE,
            .terms = terms,
        });
    }
}

static void print_ticks(void)
{
    static const variant_t TICKS[] = {
        {{.kind = TB_EVENT_TICK}, NOW_MS, NOW_MS + 1, "due"},
        {{.kind = TB_EVENT_TICK}, NOW_MS + 1, NOW_MS + 1, "not due"},
        {{.kind = TB_EVENT_TICK}, NOW_MS + 1, NOW_MS, "run time over"},
    };
    for (size_t i = 0; i < TB_COUNT(TICKS); i++) {
        print_variant(&TICKS[i]);
    }
}

/** Prints the policies: name, policy, text. */
static void print_policies(void)
{
    static const char *const NAMES[] = {
        [TB_POLICY_GO_ON] = "GO_ON", [TB_POLICY_RETRY] = "RETRY", [TB_POLICY_WAIT] = "WAIT", [TB_POLICY_STOP] = "STOP"};
    for (tb_outcome_t outcome = 0; outcome < TB_OUTCOME_COUNT; outcome++) {
        printf("%s\t%s\t%s\n", tb_outcome_name(outcome), NAMES[tb_outcome_policy(outcome)], tb_outcome_text(outcome));
    }
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        print_policies();
        return 0;
    }
    static const tb_event_kind_t PLAIN[] = {TB_EVENT_START, TB_EVENT_CONNECTED, TB_EVENT_DISCONNECTED, TB_EVENT_STORED,
                                            TB_EVENT_ROTATE};
    for (size_t i = 0; i < TB_COUNT(PLAIN); i++) {
        print_variant(&(variant_t){{.kind = PLAIN[i]}, TB_SESSION_NO_DEADLINE, TB_SESSION_NO_DEADLINE, "plain"});
    }
    print_refusals();
    print_answers();
    print_failures();
    print_ticks();
    return 0;
}
