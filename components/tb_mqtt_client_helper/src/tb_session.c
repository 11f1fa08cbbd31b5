#include "tb/tb_session.h"

static tb_step_t stay(void)
{
    return (tb_step_t){0};
}

/** Enters @p state, which is left by a tick after @p timeout_ms (0: never). */
static tb_step_t go(tb_session_t *s, tb_state_t state, uint32_t timeout_ms, uint64_t now_ms, unsigned effects)
{
    s->state = state;
    s->deadline_ms = timeout_ms == 0 ? TB_SESSION_NO_DEADLINE : now_ms + timeout_ms;
    return (tb_step_t){.effects = effects};
}

static tb_step_t with_outcome(tb_session_t *s, tb_step_t step, tb_outcome_t outcome)
{
    s->outcome = outcome;
    step.outcome = outcome;
    return step;
}

/** xorshift32: the waits need to differ, not to be secret. */
static uint32_t next_random(tb_session_t *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 17;
    s->random ^= s->random << 5;
    return s->random;
}

/** Exponential back-off with full jitter: 1..limit, where limit doubles from base up to cap. */
static uint32_t backoff_ms(tb_session_t *s)
{
    uint64_t limit = s->config.backoff_base_ms;
    for (uint32_t i = 0; i < s->failures && limit < s->config.backoff_cap_ms; i++) {
        limit *= 2;
    }
    if (limit > s->config.backoff_cap_ms) {
        limit = s->config.backoff_cap_ms;
    }
    s->failures++;
    return 1 + next_random(s) % (uint32_t)(limit > 0 ? limit : 1);
}

static tb_step_t finish(tb_session_t *s, tb_outcome_t outcome, unsigned effects, uint64_t now_ms)
{
    return with_outcome(s, go(s, TB_STATE_DONE, 0, now_ms, effects | TB_EFFECT_FINISH), outcome);
}

/** Closes the connection and tries again after a while. */
static tb_step_t back_off(tb_session_t *s, tb_outcome_t outcome, uint64_t now_ms)
{
    uint32_t wait_ms = backoff_ms(s);
    tb_step_t step = with_outcome(s, go(s, TB_STATE_BACKOFF, wait_ms, now_ms, TB_EFFECT_CLOSE), outcome);
    step.wait_ms = wait_ms;
    return step;
}

/** The server said no to provisioning. Asking again soon would not help: wait long, or stop. */
static tb_step_t refused(tb_session_t *s, tb_outcome_t outcome, unsigned effects, uint64_t now_ms)
{
    if (s->config.refused_wait_ms == 0) {
        return finish(s, outcome, effects, now_ms);
    }
    uint32_t wait_ms = s->config.refused_wait_ms;
    tb_step_t step = with_outcome(s, go(s, TB_STATE_BACKOFF, wait_ms, now_ms, effects | TB_EFFECT_CLOSE), outcome);
    step.wait_ms = wait_ms;
    return step;
}

static tb_outcome_t connack_outcome(const tb_event_t *refusal)
{
    switch (refusal->connack) {
    case 1:
        return TB_OUTCOME_REFUSED_PROTOCOL;
    case 2:
        return TB_OUTCOME_REFUSED_ID;
    case 3:
        return TB_OUTCOME_REFUSED_BUSY;
    case 4:
        return TB_OUTCOME_REFUSED_LOGIN;
    case 5:
        return refusal->has_certificate ? TB_OUTCOME_CERTIFICATE_UNKNOWN : TB_OUTCOME_NOT_AUTHORIZED;
    default:
        return TB_OUTCOME_REFUSED_OTHER;
    }
}

static tb_step_t open_connection(tb_session_t *s, uint64_t now_ms)
{
    if (s->has_credentials) {
        return go(s, TB_STATE_CONNECT, s->config.connect_timeout_ms, now_ms, TB_EFFECT_OPEN_NORMAL);
    }
    return go(s, TB_STATE_PROV_CONNECT, s->config.connect_timeout_ms, now_ms, TB_EFFECT_OPEN_FRONT);
}

static tb_step_t enter_online(tb_session_t *s, uint64_t now_ms)
{
    s->online_since_ms = now_ms;
    if (s->run_end_ms == TB_SESSION_NO_DEADLINE && s->config.run_time_ms > 0) {
        s->run_end_ms = now_ms + s->config.run_time_ms;
    }
    return with_outcome(s, go(s, TB_STATE_ONLINE, 0, now_ms, TB_EFFECT_ONLINE), TB_OUTCOME_ONLINE);
}

/** What every state does that waits for CONNACK, when something else comes. */
static tb_step_t on_connecting(tb_session_t *s, const tb_event_t *event, uint64_t now_ms)
{
    switch (event->kind) {
    case TB_EVENT_REFUSED:
        return back_off(s, connack_outcome(event), now_ms);
    case TB_EVENT_DISCONNECTED:
    case TB_EVENT_TICK:
        return back_off(s, TB_OUTCOME_UNREACHABLE, now_ms);
    case TB_EVENT_FAILED:
        return back_off(s, event->failure, now_ms);
    case TB_EVENT_START:
    case TB_EVENT_CONNECTED:
    case TB_EVENT_ANSWER:
    case TB_EVENT_STORED:
    case TB_EVENT_COUNT:
        break;
    }
    return stay();
}

static tb_step_t on_prov_connect(tb_session_t *s, const tb_event_t *event, uint64_t now_ms)
{
    if (event->kind == TB_EVENT_CONNECTED) {
        return go(s, TB_STATE_PROV_ANSWER, s->config.answer_timeout_ms, now_ms, TB_EFFECT_REQUEST);
    }
    return on_connecting(s, event, now_ms);
}

/** The request may have succeeded; a later FAILURE is worth a trial then, if the device knows what to try. */
static tb_step_t answer_lost(tb_session_t *s, tb_outcome_t outcome, uint64_t now_ms)
{
    s->asked_before = s->asked_before || !s->config.server_chooses;
    return back_off(s, outcome, now_ms);
}

static tb_step_t on_answer(tb_session_t *s, tb_prov_outcome_t answer, uint64_t now_ms)
{
    switch (answer) {
    case TB_PROV_SUCCESS:
        return go(s, TB_STATE_PROV_STORE, 0, now_ms, TB_EFFECT_STORE);
    case TB_PROV_NOT_FOUND:
        // nothing was created now; what an earlier request may have created is still worth a trial after a FAILURE
        return refused(s, TB_OUTCOME_NOT_FOUND, s->asked_before ? 0 : TB_EFFECT_FORGET, now_ms);
    case TB_PROV_FAILURE:
        if (!s->asked_before) {
            return refused(s, TB_OUTCOME_FAILURE, TB_EFFECT_FORGET, now_ms);
        }
        // an earlier request may have succeeded without our seeing it: its token tells (contract 2.7)
        return with_outcome(
            s, go(s, TB_STATE_TRIAL, s->config.connect_timeout_ms, now_ms, TB_EFFECT_CLOSE | TB_EFFECT_OPEN_TRIAL),
            TB_OUTCOME_FAILURE);
    case TB_PROV_WRONG_KIND:
        return refused(s, TB_OUTCOME_WRONG_KIND, 0, now_ms);
    case TB_PROV_MALFORMED:
        break;
    }
    return answer_lost(s, TB_OUTCOME_MALFORMED, now_ms);
}

static tb_step_t on_prov_answer(tb_session_t *s, const tb_event_t *event, uint64_t now_ms)
{
    switch (event->kind) {
    case TB_EVENT_ANSWER:
        return on_answer(s, event->answer, now_ms);
    case TB_EVENT_REFUSED:
    case TB_EVENT_DISCONNECTED:
        return answer_lost(s, TB_OUTCOME_CLOSED, now_ms);
    case TB_EVENT_TICK:
        return answer_lost(s, TB_OUTCOME_NO_ANSWER, now_ms);
    case TB_EVENT_FAILED:
        return answer_lost(s, event->failure, now_ms);
    case TB_EVENT_START:
    case TB_EVENT_CONNECTED:
    case TB_EVENT_STORED:
    case TB_EVENT_COUNT:
        break;
    }
    return stay();
}

/** The server has given credentials: they are in memory, and nothing but the store's word moves us on. */
static tb_step_t on_prov_store(tb_session_t *s, const tb_event_t *event, uint64_t now_ms)
{
    if (event->kind == TB_EVENT_STORED) {
        s->has_credentials = true;
        s->failures = 0;
        tb_step_t step = open_connection(s, now_ms);
        step.effects |= TB_EFFECT_CLOSE;
        return with_outcome(s, step, TB_OUTCOME_PROVISIONED);
    }
    if (event->kind == TB_EVENT_FAILED) {
        s->asked_before = true; // what was granted is pending now, and a trial will show that it is ours
        return back_off(s, event->failure, now_ms);
    }
    return stay();
}

static tb_step_t on_trial(tb_session_t *s, const tb_event_t *event, uint64_t now_ms)
{
    if (event->kind == TB_EVENT_CONNECTED) {
        return go(s, TB_STATE_TRIAL_STORE, 0, now_ms, TB_EFFECT_STORE);
    }
    if (event->kind == TB_EVENT_REFUSED && event->connack == 5) {
        // not ours, as it seems; but one refusal may be a mistake, and without its token the device could never join
        return refused(s, TB_OUTCOME_FAILURE, 0, now_ms);
    }
    return on_connecting(s, event, now_ms);
}

static tb_step_t on_trial_store(tb_session_t *s, const tb_event_t *event, uint64_t now_ms)
{
    if (event->kind == TB_EVENT_STORED) {
        s->has_credentials = true;
        return enter_online(s, now_ms);
    }
    if (event->kind == TB_EVENT_FAILED) {
        return back_off(s, event->failure, now_ms);
    }
    if (event->kind == TB_EVENT_DISCONNECTED) {
        return back_off(s, TB_OUTCOME_CONNECTION_LOST, now_ms);
    }
    return stay();
}

static tb_step_t on_connect(tb_session_t *s, const tb_event_t *event, uint64_t now_ms)
{
    if (event->kind == TB_EVENT_CONNECTED) {
        return enter_online(s, now_ms);
    }
    return on_connecting(s, event, now_ms);
}

static tb_step_t on_online(tb_session_t *s, const tb_event_t *event, uint64_t now_ms)
{
    tb_outcome_t outcome = TB_OUTCOME_CONNECTION_LOST;
    switch (event->kind) {
    case TB_EVENT_FAILED:
        outcome = event->failure;
        break;
    case TB_EVENT_REFUSED:
    case TB_EVENT_DISCONNECTED:
        break;
    case TB_EVENT_START:
    case TB_EVENT_CONNECTED:
    case TB_EVENT_ANSWER:
    case TB_EVENT_STORED:
    case TB_EVENT_TICK:
    case TB_EVENT_COUNT:
        return stay();
    }
    if (now_ms - s->online_since_ms >= s->config.backoff_cap_ms) {
        s->failures = 0; // a short stay does not count: two devices with one token would evict each other at full speed
    }
    return back_off(s, outcome, now_ms);
}

static tb_step_t step_in_state(tb_session_t *s, const tb_event_t *event, uint64_t now_ms)
{
    switch (s->state) {
    case TB_STATE_START:
        if (event->kind == TB_EVENT_FAILED) {
            return finish(s, event->failure, 0, now_ms);
        }
        return event->kind == TB_EVENT_START ? open_connection(s, now_ms) : stay();
    case TB_STATE_PROV_CONNECT:
        return on_prov_connect(s, event, now_ms);
    case TB_STATE_PROV_ANSWER:
        return on_prov_answer(s, event, now_ms);
    case TB_STATE_PROV_STORE:
        return on_prov_store(s, event, now_ms);
    case TB_STATE_TRIAL:
        return on_trial(s, event, now_ms);
    case TB_STATE_TRIAL_STORE:
        return on_trial_store(s, event, now_ms);
    case TB_STATE_CONNECT:
        return on_connect(s, event, now_ms);
    case TB_STATE_ONLINE:
        return on_online(s, event, now_ms);
    case TB_STATE_BACKOFF:
        return event->kind == TB_EVENT_TICK ? open_connection(s, now_ms) : stay();
    case TB_STATE_DONE:
    case TB_STATE_COUNT:
        break;
    }
    return stay();
}

void tb_session_init(tb_session_t *session, const tb_session_config_t *config, bool has_credentials, bool has_pending,
                     uint32_t seed)
{
    *session = (tb_session_t){
        .config = *config,
        .state = TB_STATE_START,
        .has_credentials = has_credentials,
        .asked_before = has_pending,
        .random = seed != 0 ? seed : 1, // xorshift never leaves 0
        .deadline_ms = TB_SESSION_NO_DEADLINE,
        .run_end_ms = TB_SESSION_NO_DEADLINE,
    };
}

tb_step_t tb_session_step(tb_session_t *session, const tb_event_t *event, uint64_t now_ms)
{
    if (event->kind == TB_EVENT_TICK) {
        if (now_ms >= session->run_end_ms && session->state != TB_STATE_DONE) {
            session->run_end_ms = TB_SESSION_NO_DEADLINE;
            return finish(session, TB_OUTCOME_COMPLETE, 0, now_ms);
        }
        if (now_ms < session->deadline_ms) {
            return stay();
        }
    }
    return step_in_state(session, event, now_ms);
}

uint64_t tb_session_deadline(const tb_session_t *session)
{
    return session->deadline_ms < session->run_end_ms ? session->deadline_ms : session->run_end_ms;
}
