// Input: what is stored and configured, then events: kind, attribute, how time passes before it.

#include "fuzz.h"
#include "tb/tb_session.h"

#define OPENS (TB_EFFECT_OPEN_FRONT | TB_EFFECT_OPEN_TRIAL | TB_EFFECT_OPEN_NORMAL)
#define ALL_EFFECTS ((TB_EFFECT_FINISH << 1) - 1)

/** What the world looks like when every effect is carried out. */
typedef struct {
    bool is_open;
    bool must_store; /**< The server has given credentials that are nowhere but in memory. */
    bool is_finished;
} world_t;

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static tb_session_config_t take_config(fuzz_input_t *in)
{
    return (tb_session_config_t){
        .connect_timeout_ms = fuzz_take_u32(in),
        .answer_timeout_ms = fuzz_take_u32(in),
        .backoff_base_ms = fuzz_take_u32(in),
        .backoff_cap_ms = fuzz_take_u32(in),
        .refused_wait_ms = fuzz_take_u32(in),
        .run_time_ms = fuzz_take_u32(in),
        .refusals_max = 3,
        .refusals_time_ms = 1000,
    };
}

static tb_event_t take_event(fuzz_input_t *in)
{
    tb_event_kind_t kind = (tb_event_kind_t)(fuzz_take_byte(in) % TB_EVENT_COUNT);
    uint8_t attribute = fuzz_take_byte(in);
    return (tb_event_t){
        .kind = kind,
        .connack = attribute,
        .answer = (tb_prov_outcome_t)(attribute % (TB_PROV_MALFORMED + 1)),
        .failure = attribute % 2 == 0 ? TB_OUTCOME_STORE_FAILED : TB_OUTCOME_NOT_CONFIGURED,
    };
}

/** Time stands still, jumps to just before or to the deadline, or passes. */
static uint64_t take_time(fuzz_input_t *in, const tb_session_t *session, uint64_t now_ms)
{
    uint8_t how = fuzz_take_byte(in);
    uint64_t deadline_ms = tb_session_deadline(session);
    bool is_ahead = deadline_ms != TB_SESSION_NO_DEADLINE && deadline_ms > now_ms;
    switch (how % 4) {
    case 0:
        return now_ms;
    case 1:
        return is_ahead ? deadline_ms - 1 : now_ms;
    case 2:
        return is_ahead ? deadline_ms : now_ms;
    default:
        return now_ms + fuzz_take_u32(in);
    }
}

static void check_effects(world_t *world, const tb_session_t *session, unsigned effects)
{
    fuzz_check((effects & ~(unsigned)ALL_EFFECTS) == 0);
    fuzz_check(!world->must_store || effects == 0);
    fuzz_check(!world->is_finished || effects == 0);
    if ((effects & TB_EFFECT_CLOSE) != 0) {
        world->is_open = false;
    }
    unsigned opens = effects & OPENS;
    fuzz_check((opens & (opens - 1)) == 0); // one connection at most
    fuzz_check(opens == 0 || !world->is_open);
    fuzz_check(opens != TB_EFFECT_OPEN_NORMAL || session->has_credentials);
    fuzz_check(opens != TB_EFFECT_OPEN_FRONT || !session->has_credentials ||
               session->outcome == TB_OUTCOME_REPROVISION);
    fuzz_check(opens != TB_EFFECT_OPEN_TRIAL || session->asked_before);
    world->is_open = world->is_open || opens != 0;
    fuzz_check((effects & (TB_EFFECT_REQUEST | TB_EFFECT_ONLINE | TB_EFFECT_STORE)) == 0 || world->is_open);
    fuzz_check((effects & TB_EFFECT_FORGET) == 0 || !session->asked_before);
    fuzz_check((effects & TB_EFFECT_STORE) == 0 || effects == TB_EFFECT_STORE);
    world->must_store = world->must_store || (effects != 0 && session->state == TB_STATE_PROV_STORE);
    world->is_finished = world->is_finished || (effects & TB_EFFECT_FINISH) != 0;
    fuzz_check(world->is_finished == (session->state == TB_STATE_DONE));
}

static void check_step(const tb_session_t *before, const tb_session_t *after, const tb_event_t *event,
                       const tb_step_t *step, uint64_t now_ms)
{
    fuzz_check(after->state < TB_STATE_COUNT && step->outcome < TB_OUTCOME_COUNT);
    fuzz_check(!before->has_credentials || after->has_credentials);
    bool stores = before->state == TB_STATE_PROV_STORE || before->state == TB_STATE_TRIAL_STORE;
    fuzz_check(!stores || event->kind != TB_EVENT_STORED || after->has_credentials);
    bool moved = after->state != before->state || step->effects != 0;
    fuzz_check((!moved && event->kind != TB_EVENT_TICK) || after->deadline_ms > now_ms);
    fuzz_check(event->kind != TB_EVENT_TICK || tb_session_deadline(after) > now_ms); // or the loop would spin
    const tb_session_config_t *config = &after->config;
    fuzz_check(step->wait_ms <= larger(1, larger(config->backoff_cap_ms, config->refused_wait_ms)));
    bool backs_off = after->state == TB_STATE_BACKOFF && moved;
    fuzz_check((step->wait_ms > 0) == backs_off);
    fuzz_check(step->wait_ms == 0 || after->deadline_ms == now_ms + step->wait_ms);
    if (before->state == TB_STATE_PROV_ANSWER && event->kind == TB_EVENT_ANSWER && event->answer == TB_PROV_SUCCESS) {
        fuzz_check(step->effects == TB_EFFECT_STORE);
    }
}

/** Takes a step twice, from the same session: it is a function of its arguments. */
static tb_step_t step_twice(tb_session_t *session, const tb_event_t *event, uint64_t now_ms)
{
    tb_session_t copy = *session;
    tb_step_t first = tb_session_step(&copy, event, now_ms);
    tb_step_t second = tb_session_step(session, event, now_ms);
    fuzz_check(first.effects == second.effects && first.outcome == second.outcome && first.wait_ms == second.wait_ms);
    fuzz_check(copy.state == session->state && copy.deadline_ms == session->deadline_ms);
    return second;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input_t in = {.at = data, .left = size};
    tb_session_t session;
    world_t world = {.is_open = false};
    tb_session_config_t config = take_config(&in);
    uint8_t stored = fuzz_take_byte(&in);
    uint64_t now_ms = (uint64_t)fuzz_take_u32(&in) << (stored >> 3);
    tb_session_init(&session, &config, (stored & 1) != 0, (stored & 2) != 0, fuzz_take_u32(&in));
    while (in.left > 0) {
        tb_event_t event = take_event(&in);
        now_ms = take_time(&in, &session, now_ms);
        if (event.kind == TB_EVENT_STORED || event.kind == TB_EVENT_FAILED) {
            world.must_store = false;
        }
        tb_session_t before = session;
        tb_step_t step = step_twice(&session, &event, now_ms);
        check_step(&before, &session, &event, &step, now_ms);
        check_effects(&world, &session, step.effects);
    }
    return 0;
}
