#include "tb/tb_session.h"

#define CODE_NOT_AUTHORIZED 5

/** One call of tb_session_step(): what comes in, the session that it changes, and what comes out. */
typedef struct {
    tb_session_t *s;
    const tb_event_t *event;
    uint64_t now_ms;
    tb_step_t out;
} turn_t;

/** Enters @p state, which is left by a tick after @p timeout_ms (0: never). */
static void go(turn_t *t, tb_state_t state, uint32_t timeout_ms, unsigned effects)
{
    t->s->state = state;
    t->s->deadline_ms = timeout_ms == 0 ? TB_SESSION_NO_DEADLINE : t->now_ms + timeout_ms;
    t->out.effects = effects;
}

/** Enters @p state, in which the server's CONNACK is waited for. */
static void open(turn_t *t, tb_state_t state, unsigned effects)
{
    go(t, state, t->s->config.connect_timeout_ms, effects);
}

static void tell(turn_t *t, tb_outcome_t outcome)
{
    t->s->outcome = outcome;
    t->out.outcome = outcome;
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
    uint32_t limit = s->config.backoff_base_ms;
    uint32_t cap = s->config.backoff_cap_ms;
    for (uint32_t i = 0; i < s->failures && limit < cap; i++) {
        limit = limit > cap / 2 ? cap : limit * 2;
    }
    if (limit > cap) {
        limit = cap;
    }
    s->failures++;
    return 1 + next_random(s) % (limit > 0 ? limit : 1);
}

/** The server said no, and asking again soon would not help: at least half of the longest wait. */
static uint32_t refused_ms(tb_session_t *s)
{
    uint32_t longest_ms = s->config.refused_wait_ms;
    return longest_ms - next_random(s) % (longest_ms / 2 + 1);
}

static void finish(turn_t *t, tb_outcome_t outcome, unsigned effects)
{
    go(t, TB_STATE_DONE, 0, effects | TB_EFFECT_FINISH);
    tell(t, outcome);
}

/** Does what follows a failure by its policy, which is the only rule for that. */
static void fail_with(turn_t *t, tb_outcome_t outcome, unsigned effects)
{
    tb_policy_t policy = t->s->has_credentials ? TB_POLICY_RETRY : tb_outcome_policy(outcome);
    if (policy == TB_POLICY_STOP || (policy == TB_POLICY_WAIT && t->s->config.refused_wait_ms == 0)) {
        finish(t, outcome, effects);
        return;
    }
    t->out.wait_ms = policy == TB_POLICY_WAIT ? refused_ms(t->s) : backoff_ms(t->s);
    go(t, TB_STATE_BACKOFF, t->out.wait_ms, effects | TB_EFFECT_CLOSE);
    tell(t, outcome);
}

static void fail(turn_t *t, tb_outcome_t outcome)
{
    fail_with(t, outcome, 0);
}

static tb_outcome_t connack_outcome(const tb_event_t *refusal)
{
    if (refusal->connack == CODE_NOT_AUTHORIZED && refusal->has_certificate) {
        return TB_OUTCOME_CERTIFICATE_UNKNOWN;
    }
    return refusal->connack >= 1 && refusal->connack <= CODE_NOT_AUTHORIZED
               ? (tb_outcome_t)(TB_OUTCOME_REFUSED_PROTOCOL + refusal->connack - 1)
               : TB_OUTCOME_REFUSED_OTHER;
}

_Static_assert(TB_OUTCOME_REFUSED_PROTOCOL + CODE_NOT_AUTHORIZED - 1 == TB_OUTCOME_NOT_AUTHORIZED,
               "the outcomes of CONNACK stand in the order of its codes");

static void open_connection(turn_t *t, unsigned effects)
{
    if (t->s->has_credentials) {
        open(t, TB_STATE_CONNECT, effects | TB_EFFECT_OPEN_NORMAL);
    } else {
        open(t, TB_STATE_PROV_CONNECT, effects | TB_EFFECT_OPEN_FRONT);
    }
}

static void open_trial(turn_t *t)
{
    open(t, TB_STATE_TRIAL, TB_EFFECT_CLOSE | TB_EFFECT_OPEN_TRIAL);
}

/** New credentials are pending: the server's word about them decides between them and those that the device has. */
static void rotate(turn_t *t)
{
    if (tb_session_can_rotate(t->s)) {
        t->s->asked_before = true;
        open_trial(t);
    }
}

static void enter_online(turn_t *t)
{
    tb_session_t *s = t->s;
    s->refusals = 0;
    s->online_since_ms = t->now_ms;
    if (s->run_end_ms == TB_SESSION_NO_DEADLINE && s->config.run_time_ms > 0) {
        s->run_end_ms = t->now_ms + s->config.run_time_ms;
    }
    go(t, TB_STATE_ONLINE, 0, TB_EFFECT_ONLINE);
    tell(t, TB_OUTCOME_ONLINE);
}

/** What every state does that waits for CONNACK, when something else comes. */
static void on_connecting(turn_t *t)
{
    switch (t->event->kind) {
    case TB_EVENT_REFUSED:
        fail(t, connack_outcome(t->event));
        break;
    case TB_EVENT_DISCONNECTED:
    case TB_EVENT_TICK:
        fail(t, TB_OUTCOME_UNREACHABLE);
        break;
    case TB_EVENT_FAILED:
        fail(t, t->event->failure);
        break;
    case TB_EVENT_START:
    case TB_EVENT_CONNECTED:
    case TB_EVENT_ANSWER:
    case TB_EVENT_STORED:
    case TB_EVENT_ROTATE:
    case TB_EVENT_COUNT:
        break;
    }
}

static void on_prov_connect(turn_t *t)
{
    if (t->event->kind == TB_EVENT_CONNECTED) {
        go(t, TB_STATE_PROV_ANSWER, t->s->config.answer_timeout_ms, TB_EFFECT_REQUEST);
    } else {
        on_connecting(t);
    }
}

/** The request may have succeeded; a later FAILURE is worth a trial then, if the device knows what to try. */
static void answer_lost(turn_t *t, tb_outcome_t outcome)
{
    t->s->asked_before = t->s->asked_before || !t->s->config.server_chooses;
    fail(t, outcome);
}

static void on_answer(turn_t *t)
{
    switch (t->event->answer) {
    case TB_PROV_SUCCESS:
        go(t, TB_STATE_PROV_STORE, 0, TB_EFFECT_STORE);
        break;
    case TB_PROV_NOT_FOUND:
        // nothing was created now; what an earlier request may have created is still worth a trial after a FAILURE
        fail_with(t, TB_OUTCOME_NOT_FOUND, t->s->asked_before ? 0 : TB_EFFECT_FORGET);
        break;
    case TB_PROV_FAILURE:
        if (t->s->asked_before) {
            // an earlier request may have succeeded without our seeing it: its token tells (contract 2.7)
            open_trial(t);
            tell(t, TB_OUTCOME_FAILURE);
        } else {
            fail_with(t, TB_OUTCOME_FAILURE, TB_EFFECT_FORGET);
        }
        break;
    case TB_PROV_WRONG_KIND:
        fail(t, TB_OUTCOME_WRONG_KIND);
        break;
    case TB_PROV_MALFORMED:
        answer_lost(t, TB_OUTCOME_MALFORMED);
        break;
    }
}

static void on_prov_answer(turn_t *t)
{
    switch (t->event->kind) {
    case TB_EVENT_ANSWER:
        on_answer(t);
        break;
    case TB_EVENT_REFUSED:
    case TB_EVENT_DISCONNECTED:
        answer_lost(t, TB_OUTCOME_CLOSED);
        break;
    case TB_EVENT_TICK:
        answer_lost(t, TB_OUTCOME_NO_ANSWER);
        break;
    case TB_EVENT_FAILED:
        answer_lost(t, t->event->failure);
        break;
    case TB_EVENT_START:
    case TB_EVENT_CONNECTED:
    case TB_EVENT_STORED:
    case TB_EVENT_ROTATE:
    case TB_EVENT_COUNT:
        break;
    }
}

static void keep_credentials(tb_session_t *s)
{
    s->has_credentials = true;
    s->asked_before = false; // what is pending is their copy now
}

/** The server has given credentials: they are in memory, and nothing but the store's word moves us on. */
static void on_prov_store(turn_t *t)
{
    if (t->event->kind == TB_EVENT_STORED) {
        keep_credentials(t->s);
        t->s->failures = 0;
        open_connection(t, TB_EFFECT_CLOSE);
        tell(t, TB_OUTCOME_PROVISIONED);
    } else if (t->event->kind == TB_EVENT_FAILED) {
        t->s->asked_before = true; // what was granted is pending now, and a trial will show that it is ours
        fail(t, t->event->failure);
    }
}

static void on_trial(turn_t *t)
{
    if (t->event->kind == TB_EVENT_CONNECTED) {
        go(t, TB_STATE_TRIAL_STORE, 0, TB_EFFECT_STORE);
    } else if (t->event->kind == TB_EVENT_REFUSED && t->event->connack == CODE_NOT_AUTHORIZED) {
        // not ours, as it seems; but one refusal may be a mistake, and without its token the device could never join
        fail(t, t->s->has_credentials ? TB_OUTCOME_ROTATION_REFUSED : TB_OUTCOME_FAILURE);
    } else {
        on_connecting(t);
    }
}

static void on_trial_store(turn_t *t)
{
    if (t->event->kind == TB_EVENT_STORED) {
        keep_credentials(t->s);
        enter_online(t);
    } else if (t->event->kind == TB_EVENT_FAILED) {
        fail(t, t->event->failure);
    } else if (t->event->kind == TB_EVENT_DISCONNECTED) {
        fail(t, TB_OUTCOME_CONNECTION_LOST);
    }
}

/** Counts a refusal. True when there have been enough of them, for long enough, to ask for new credentials. */
static bool is_refused_too_often(tb_session_t *s, uint64_t now_ms)
{
    if (s->refusals == 0) {
        s->refused_since_ms = now_ms;
    }
    s->refusals++;
    return s->config.refusals_max > 0 && s->refusals >= s->config.refusals_max &&
           now_ms - s->refused_since_ms >= s->config.refusals_time_ms;
}

/** The server does not know the device's credentials any more, or not yet, or is mistaken. */
static void on_unknown(turn_t *t)
{
    tb_session_t *s = t->s;
    if (is_refused_too_often(s, t->now_ms)) {
        s->refusals = 0;
        s->asked_before = false;
        open(t, TB_STATE_PROV_CONNECT, TB_EFFECT_CLOSE | TB_EFFECT_OPEN_FRONT);
        tell(t, TB_OUTCOME_REPROVISION);
    } else if (s->asked_before) {
        open_trial(t);
        tell(t, connack_outcome(t->event));
    } else {
        fail(t, connack_outcome(t->event));
    }
}

static void on_connect(turn_t *t)
{
    if (t->event->kind == TB_EVENT_CONNECTED) {
        enter_online(t);
    } else if (t->event->kind == TB_EVENT_REFUSED && t->event->connack == CODE_NOT_AUTHORIZED) {
        on_unknown(t);
    } else {
        on_connecting(t);
    }
}

static void on_online(turn_t *t)
{
    tb_outcome_t outcome = TB_OUTCOME_CONNECTION_LOST;
    switch (t->event->kind) {
    case TB_EVENT_FAILED:
        outcome = t->event->failure;
        break;
    case TB_EVENT_REFUSED:
    case TB_EVENT_DISCONNECTED:
        break;
    case TB_EVENT_START:
    case TB_EVENT_CONNECTED:
    case TB_EVENT_ANSWER:
    case TB_EVENT_STORED:
    case TB_EVENT_ROTATE:
    case TB_EVENT_TICK:
    case TB_EVENT_COUNT:
        return;
    }
    if (t->now_ms - t->s->online_since_ms >= t->s->config.backoff_cap_ms) {
        t->s->failures =
            0; // a short stay does not count: two devices with one token would evict each other at full speed
    }
    fail(t, outcome);
}

static void on_start(turn_t *t)
{
    if (t->event->kind == TB_EVENT_START) {
        open_connection(t, 0);
    } else if (t->event->kind == TB_EVENT_FAILED) {
        finish(t, t->event->failure, 0);
    }
}

static void on_backoff(turn_t *t)
{
    if (t->event->kind == TB_EVENT_TICK) {
        open_connection(t, 0);
    }
}

static void on_done(turn_t *t)
{
    (void)t;
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

static void take_turn(turn_t *t)
{
    static void (*const IN_STATE[TB_STATE_COUNT])(turn_t *) = {
        [TB_STATE_START] = on_start,
        [TB_STATE_PROV_CONNECT] = on_prov_connect,
        [TB_STATE_PROV_ANSWER] = on_prov_answer,
        [TB_STATE_PROV_STORE] = on_prov_store,
        [TB_STATE_TRIAL] = on_trial,
        [TB_STATE_TRIAL_STORE] = on_trial_store,
        [TB_STATE_CONNECT] = on_connect,
        [TB_STATE_ONLINE] = on_online,
        [TB_STATE_BACKOFF] = on_backoff,
        [TB_STATE_DONE] = on_done,
    };
    tb_session_t *s = t->s;
    if (t->event->kind == TB_EVENT_TICK && t->now_ms >= s->run_end_ms && s->state != TB_STATE_DONE) {
        s->run_end_ms = TB_SESSION_NO_DEADLINE;
        finish(t, TB_OUTCOME_COMPLETE, 0);
    } else if (t->event->kind == TB_EVENT_ROTATE) {
        rotate(t);
    } else if (s->state < TB_STATE_COUNT && (t->event->kind != TB_EVENT_TICK || t->now_ms >= s->deadline_ms)) {
        IN_STATE[s->state](t);
    }
}

tb_step_t tb_session_step(tb_session_t *session, const tb_event_t *event, uint64_t now_ms)
{
    turn_t turn = {.s = session, .event = event, .now_ms = now_ms};
    take_turn(&turn);
    return turn.out;
}

uint64_t tb_session_deadline(const tb_session_t *session)
{
    return session->deadline_ms < session->run_end_ms ? session->deadline_ms : session->run_end_ms;
}

bool tb_session_can_rotate(const tb_session_t *session)
{
    return session->has_credentials && (session->state == TB_STATE_CONNECT || session->state == TB_STATE_ONLINE ||
                                        session->state == TB_STATE_BACKOFF);
}
