// Input: what is stored and configured, then events: kind, attribute, how time passes before it.

#include "fuzz.h"
#include "tb/tb_session.h"

#define OPENS (TB_EFFECT_OPEN_FRONT | TB_EFFECT_OPEN_TRIAL | TB_EFFECT_OPEN_NORMAL)
#define ALL_EFFECTS ((TB_EFFECT_FINISH << 1) - 1)

#define NOT_AUTHORIZED 5

/** What the world looks like when every effect is carried out. */
typedef struct {
    bool is_open;
    bool must_store; /**< The server has given credentials that are nowhere but in memory. */
    bool is_finished;
    bool can_try; /**< There may be pending credentials that the server knows and the device does not have. */
    uint32_t refusals;
    uint64_t refused_since_ms;
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
        .refusals_max = fuzz_take_byte(in) % 8,
        .refusals_time_ms = fuzz_take_u32(in),
        .server_chooses = fuzz_take_byte(in) % 2 == 1,
    };
}

/** One for each policy that a failure can have, and one that a model without TLS has no table entry for. */
static const tb_outcome_t FAILURES[] = {TB_OUTCOME_STORE_FAILED, TB_OUTCOME_NOT_CONFIGURED, TB_OUTCOME_NOT_FOUND,
                                        TB_OUTCOME_TLS_FAILED};

static tb_event_t take_event(fuzz_input_t *in)
{
    tb_event_kind_t kind = (tb_event_kind_t)(fuzz_take_byte(in) % TB_EVENT_COUNT);
    uint8_t attribute = fuzz_take_byte(in);
    return (tb_event_t){
        .kind = kind,
        .connack = attribute % 8,
        .has_certificate = attribute >= 128,
        .answer = (tb_prov_outcome_t)(attribute % (TB_PROV_MALFORMED + 1)),
        .failure = FAILURES[attribute % TB_COUNT(FAILURES)],
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

/** What an event of the store changes: once credentials are stored, the pending ones are their copy. */
static void take_store_event(world_t *world, const tb_session_t *session, const tb_event_t *event)
{
    bool stores = session->state == TB_STATE_PROV_STORE || session->state == TB_STATE_TRIAL_STORE;
    if (event->kind == TB_EVENT_STORED || event->kind == TB_EVENT_FAILED) {
        world->must_store = false;
    }
    if (event->kind == TB_EVENT_STORED && stores) {
        world->can_try = false;
    }
}

static void check_opening(const world_t *world, const tb_session_t *session, unsigned effects)
{
    unsigned opens = effects & OPENS;
    fuzz_check((opens & (opens - 1)) == 0); // one connection at most
    fuzz_check(opens == 0 || !world->is_open);
    fuzz_check(opens != TB_EFFECT_OPEN_NORMAL || session->has_credentials);
    fuzz_check(opens != TB_EFFECT_OPEN_FRONT || !session->has_credentials ||
               session->outcome == TB_OUTCOME_REPROVISION);
    fuzz_check(opens != TB_EFFECT_OPEN_TRIAL || (session->asked_before && world->can_try));
}

static void check_effects(world_t *world, const tb_session_t *session, unsigned effects)
{
    fuzz_check((effects & ~(unsigned)ALL_EFFECTS) == 0);
    fuzz_check(!world->must_store || effects == 0);
    fuzz_check(!world->is_finished || effects == 0);
    if ((effects & TB_EFFECT_CLOSE) != 0) {
        world->is_open = false;
    }
    check_opening(world, session, effects);
    world->is_open = world->is_open || (effects & OPENS) != 0;
    fuzz_check((effects & (TB_EFFECT_REQUEST | TB_EFFECT_ONLINE | TB_EFFECT_STORE)) == 0 || world->is_open);
    fuzz_check((effects & TB_EFFECT_FORGET) == 0 || !session->asked_before);
    fuzz_check((effects & TB_EFFECT_STORE) == 0 || effects == TB_EFFECT_STORE);
    world->must_store = world->must_store || (effects != 0 && session->state == TB_STATE_PROV_STORE);
    world->can_try =
        world->can_try || world->must_store || ((effects & TB_EFFECT_REQUEST) != 0 && !session->config.server_chooses);
    world->is_finished = world->is_finished || (effects & TB_EFFECT_FINISH) != 0;
    fuzz_check(world->is_finished == (session->state == TB_STATE_DONE));
}

/** New credentials are asked for after so many refusals in so much time, and for no other reason. */
static void check_refusals(world_t *world, const tb_session_t *before, const tb_event_t *event, const tb_step_t *step,
                           uint64_t now_ms)
{
    const tb_session_config_t *config = &before->config;
    bool is_one =
        before->state == TB_STATE_CONNECT && event->kind == TB_EVENT_REFUSED && event->connack == NOT_AUTHORIZED;
    if (is_one && world->refusals++ == 0) {
        world->refused_since_ms = now_ms;
    }
    bool is_enough = is_one && config->refusals_max > 0 && world->refusals >= config->refusals_max &&
                     now_ms - world->refused_since_ms >= config->refusals_time_ms;
    fuzz_check((step->outcome == TB_OUTCOME_REPROVISION) == is_enough);
    fuzz_check(!is_enough || step->effects == (TB_EFFECT_CLOSE | TB_EFFECT_OPEN_FRONT));
    if (is_enough || (step->effects & TB_EFFECT_ONLINE) != 0) {
        world->refusals = 0;
    }
}

/** Pending credentials are tried at once when the device has others and is not about to get some. */
static void check_rotation(world_t *world, const tb_session_t *before, const tb_session_t *after, const tb_step_t *step)
{
    bool is_free =
        before->state == TB_STATE_CONNECT || before->state == TB_STATE_ONLINE || before->state == TB_STATE_BACKOFF;
    bool can_rotate = before->has_credentials && is_free;
    fuzz_check(tb_session_can_rotate(before) == can_rotate);
    fuzz_check(step->effects == (can_rotate ? TB_EFFECT_CLOSE | TB_EFFECT_OPEN_TRIAL : 0));
    fuzz_check(after->state == (can_rotate ? TB_STATE_TRIAL : before->state));
    world->can_try = world->can_try || can_rotate;
}

/** Nothing but the end of its time stops a device that has credentials; others stop where the policy says so. */
static void check_finish(const tb_session_t *before, const tb_step_t *step)
{
    if ((step->effects & TB_EFFECT_FINISH) == 0 || step->outcome == TB_OUTCOME_COMPLETE ||
        before->state == TB_STATE_START) {
        return;
    }
    tb_policy_t policy = tb_outcome_policy(step->outcome);
    fuzz_check(!before->has_credentials);
    fuzz_check(policy == TB_POLICY_STOP || (policy == TB_POLICY_WAIT && before->config.refused_wait_ms == 0));
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
    tb_session_config_t config = take_config(&in);
    uint8_t stored = fuzz_take_byte(&in);
    world_t world = {.can_try = (stored & 2) != 0};
    uint64_t now_ms = (uint64_t)fuzz_take_u32(&in) << (stored >> 3);
    tb_session_init(&session, &config, (stored & 1) != 0, (stored & 2) != 0, fuzz_take_u32(&in));
    while (in.left > 0) {
        tb_event_t event = take_event(&in);
        now_ms = take_time(&in, &session, now_ms);
        tb_session_t before = session;
        take_store_event(&world, &before, &event);
        tb_step_t step = step_twice(&session, &event, now_ms);
        check_step(&before, &session, &event, &step, now_ms);
        check_finish(&before, &step);
        check_refusals(&world, &before, &event, &step, now_ms);
        if (event.kind == TB_EVENT_ROTATE) {
            check_rotation(&world, &before, &session, &step);
        }
        check_effects(&world, &session, step.effects);
    }
    return 0;
}
