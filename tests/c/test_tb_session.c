// The session's table: every state, every event, every attribute that matters. A cell that the table does not decide,
// or decides twice, fails; so does a new state or event without rows.

#include "tb/tb_session_names.h"
#include "tb_test.h"

#define NOW_MS 5000000
#define CONNECT_MS 10000
#define ANSWER_MS 15000
#define REFUSED_WAIT_MS 300000

/** The events, told apart by what they carry. */
enum {
    START = 1 << 0,
    CONNECTED = 1 << 1,
    REFUSED_1 = 1 << 2,
    REFUSED_2 = 1 << 3,
    REFUSED_3 = 1 << 4,
    REFUSED_4 = 1 << 5,
    REFUSED_5 = 1 << 6,
    REFUSED_6 = 1 << 7,
    DISCONNECTED = 1 << 8,
    SUCCESS = 1 << 9,
    NOT_FOUND = 1 << 10,
    FAILURE = 1 << 11,
    WRONG_KIND = 1 << 12,
    MALFORMED = 1 << 13,
    STORED = 1 << 14,
    STORE_FAILED = 1 << 15,
    PORT_FAILED = 1 << 16,
    TICK_EARLY = 1 << 17,
    TICK_DUE = 1 << 18,
    TICK_RUN_OVER = 1 << 19,
    ROTATE = 1 << 20,
    NOT_CONFIGURED = 1 << 21,
};
#define REFUSED_BUT_5 (REFUSED_1 | REFUSED_2 | REFUSED_3 | REFUSED_4 | REFUSED_6)
#define REFUSED (REFUSED_BUT_5 | REFUSED_5)
#define ANSWER (SUCCESS | NOT_FOUND | FAILURE | WRONG_KIND | MALFORMED)
#define FAILED (STORE_FAILED | PORT_FAILED | NOT_CONFIGURED)
#define FAILED_FOR_NOW (STORE_FAILED | PORT_FAILED)

static const struct {
    unsigned set;
    tb_event_t event;
    tb_outcome_t outcome; /**< What the event says of itself. */
} EVENTS[] = {
    {START, {.kind = TB_EVENT_START}, TB_OUTCOME_NONE},
    {CONNECTED, {.kind = TB_EVENT_CONNECTED}, TB_OUTCOME_NONE},
    {REFUSED_1, {.kind = TB_EVENT_REFUSED, .connack = 1}, TB_OUTCOME_REFUSED_PROTOCOL},
    {REFUSED_2, {.kind = TB_EVENT_REFUSED, .connack = 2}, TB_OUTCOME_REFUSED_ID},
    {REFUSED_3, {.kind = TB_EVENT_REFUSED, .connack = 3}, TB_OUTCOME_REFUSED_BUSY},
    {REFUSED_4, {.kind = TB_EVENT_REFUSED, .connack = 4}, TB_OUTCOME_REFUSED_LOGIN},
    {REFUSED_5, {.kind = TB_EVENT_REFUSED, .connack = 5}, TB_OUTCOME_NOT_AUTHORIZED},
    {REFUSED_6, {.kind = TB_EVENT_REFUSED, .connack = 6}, TB_OUTCOME_REFUSED_OTHER},
    {REFUSED_6, {.kind = TB_EVENT_REFUSED, .connack = 255}, TB_OUTCOME_REFUSED_OTHER},
    {DISCONNECTED, {.kind = TB_EVENT_DISCONNECTED}, TB_OUTCOME_NONE},
    {SUCCESS, {.kind = TB_EVENT_ANSWER, .answer = TB_PROV_SUCCESS}, TB_OUTCOME_NONE},
    {NOT_FOUND, {.kind = TB_EVENT_ANSWER, .answer = TB_PROV_NOT_FOUND}, TB_OUTCOME_NONE},
    {FAILURE, {.kind = TB_EVENT_ANSWER, .answer = TB_PROV_FAILURE}, TB_OUTCOME_NONE},
    {WRONG_KIND, {.kind = TB_EVENT_ANSWER, .answer = TB_PROV_WRONG_KIND}, TB_OUTCOME_NONE},
    {MALFORMED, {.kind = TB_EVENT_ANSWER, .answer = TB_PROV_MALFORMED}, TB_OUTCOME_NONE},
    {STORED, {.kind = TB_EVENT_STORED}, TB_OUTCOME_NONE},
    {STORE_FAILED, {.kind = TB_EVENT_FAILED, .failure = TB_OUTCOME_STORE_FAILED}, TB_OUTCOME_STORE_FAILED},
    {PORT_FAILED, {.kind = TB_EVENT_FAILED, .failure = TB_OUTCOME_PORT_FAILED}, TB_OUTCOME_PORT_FAILED},
    {NOT_CONFIGURED, {.kind = TB_EVENT_FAILED, .failure = TB_OUTCOME_NOT_CONFIGURED}, TB_OUTCOME_NOT_CONFIGURED},
    {ROTATE, {.kind = TB_EVENT_ROTATE}, TB_OUTCOME_NONE},
    {TICK_EARLY, {.kind = TB_EVENT_TICK}, TB_OUTCOME_NONE},
    {TICK_DUE, {.kind = TB_EVENT_TICK}, TB_OUTCOME_NONE},
    {TICK_RUN_OVER, {.kind = TB_EVENT_TICK}, TB_OUTCOME_NONE},
};

/** What the session knows. */
enum {
    HAS = 1 << 0,   /**< Credentials. */
    ASKED = 1 << 1, /**< Before. */
    WAITS = 1 << 2, /**< After a refusal to provision, rather than to give up. */
    OFTEN = 1 << 3, /**< The next refusal with code 5 is one too many. */
    FLAGS = 1 << 4, /**< One more than all of them. */
};

/** Stands in the table for the outcome that the event itself says. */
#define OF_EVENT TB_OUTCOME_COUNT

typedef struct {
    tb_state_t from;
    unsigned on; /**< Any of these events. */
    unsigned when, unless;
    tb_state_t to;
    unsigned effects;
    tb_outcome_t outcome;
    unsigned sets, clears; /**< HAS, ASKED. */
} row_t;

#define ALWAYS .when = 0
#define IGNORED(state, events)                                                                                         \
    {                                                                                                                  \
        .from = (state), .on = (events), .to = TB_STATE_COUNT                                                          \
    }
#define RUN_ENDS(state)                                                                                                \
    {                                                                                                                  \
        .from = (state), .on = TICK_RUN_OVER, .to = TB_STATE_DONE, .effects = TB_EFFECT_FINISH,                        \
        .outcome = TB_OUTCOME_COMPLETE                                                                                 \
    }
#define RETRY(state, events, news, ...)                                                                                \
    {                                                                                                                  \
        .from = (state), .on = (events), .to = TB_STATE_BACKOFF, .effects = TB_EFFECT_CLOSE, .outcome = (news),        \
        __VA_ARGS__                                                                                                    \
    }
#define GIVE_UP(state, event, more, news, ...)                                                                         \
    {                                                                                                                  \
        .from = (state), .on = (event), .to = TB_STATE_DONE, .effects = (more) | TB_EFFECT_FINISH, .outcome = (news),  \
        __VA_ARGS__                                                                                                    \
    }
#define BACK_OFF(state, event, more, news, ...)                                                                        \
    {                                                                                                                  \
        .from = (state), .on = (event), .to = TB_STATE_BACKOFF, .effects = (more) | TB_EFFECT_CLOSE,                   \
        .outcome = (news), __VA_ARGS__                                                                                 \
    }
#define WAIT_LONG BACK_OFF // for a longer time, see test_tb_session_time.c
#define ROTATES(state)                                                                                                 \
    GO(state, ROTATE, TB_STATE_TRIAL, TB_EFFECT_CLOSE | TB_EFFECT_OPEN_TRIAL, TB_OUTCOME_NONE, .when = HAS,            \
       .sets = ASKED),                                                                                                 \
    {                                                                                                                  \
        .from = (state), .on = ROTATE, .unless = HAS, .to = TB_STATE_COUNT                                             \
    }
#define GO(state, event, next, does, news, ...)                                                                        \
    {                                                                                                                  \
        .from = (state), .on = (event), .to = (next), .effects = (does), .outcome = (news), __VA_ARGS__                \
    }

// clang-format off
static const row_t TABLE[] = {
    GO(TB_STATE_START, START, TB_STATE_PROV_CONNECT, TB_EFFECT_OPEN_FRONT, TB_OUTCOME_NONE, .unless = HAS),
    GO(TB_STATE_START, START, TB_STATE_CONNECT, TB_EFFECT_OPEN_NORMAL, TB_OUTCOME_NONE, .when = HAS),
    GIVE_UP(TB_STATE_START, FAILED, 0, OF_EVENT, ALWAYS),
    IGNORED(TB_STATE_START, CONNECTED | REFUSED | DISCONNECTED | ANSWER | STORED | ROTATE | TICK_EARLY | TICK_DUE),
    RUN_ENDS(TB_STATE_START),

    GO(TB_STATE_PROV_CONNECT, CONNECTED, TB_STATE_PROV_ANSWER, TB_EFFECT_REQUEST, TB_OUTCOME_NONE, ALWAYS),
    RETRY(TB_STATE_PROV_CONNECT, REFUSED | FAILED_FOR_NOW, OF_EVENT, ALWAYS),
    GIVE_UP(TB_STATE_PROV_CONNECT, NOT_CONFIGURED, 0, OF_EVENT, .unless = HAS),
    RETRY(TB_STATE_PROV_CONNECT, NOT_CONFIGURED, OF_EVENT, .when = HAS),
    RETRY(TB_STATE_PROV_CONNECT, DISCONNECTED | TICK_DUE, TB_OUTCOME_UNREACHABLE, ALWAYS),
    IGNORED(TB_STATE_PROV_CONNECT, START | ANSWER | STORED | ROTATE | TICK_EARLY),
    RUN_ENDS(TB_STATE_PROV_CONNECT),

    GO(TB_STATE_PROV_ANSWER, SUCCESS, TB_STATE_PROV_STORE, TB_EFFECT_STORE, TB_OUTCOME_NONE, ALWAYS),
    GIVE_UP(TB_STATE_PROV_ANSWER, NOT_FOUND, TB_EFFECT_FORGET, TB_OUTCOME_NOT_FOUND, .unless = WAITS | ASKED | HAS),
    GIVE_UP(TB_STATE_PROV_ANSWER, NOT_FOUND, 0, TB_OUTCOME_NOT_FOUND, .when = ASKED, .unless = WAITS | HAS),
    WAIT_LONG(TB_STATE_PROV_ANSWER, NOT_FOUND, TB_EFFECT_FORGET, TB_OUTCOME_NOT_FOUND, .when = WAITS,
              .unless = ASKED | HAS),
    WAIT_LONG(TB_STATE_PROV_ANSWER, NOT_FOUND, 0, TB_OUTCOME_NOT_FOUND, .when = WAITS | ASKED, .unless = HAS),
    BACK_OFF(TB_STATE_PROV_ANSWER, NOT_FOUND, TB_EFFECT_FORGET, TB_OUTCOME_NOT_FOUND, .when = HAS, .unless = ASKED),
    BACK_OFF(TB_STATE_PROV_ANSWER, NOT_FOUND, 0, TB_OUTCOME_NOT_FOUND, .when = HAS | ASKED),
    GIVE_UP(TB_STATE_PROV_ANSWER, FAILURE, TB_EFFECT_FORGET, TB_OUTCOME_FAILURE, .unless = WAITS | ASKED | HAS),
    WAIT_LONG(TB_STATE_PROV_ANSWER, FAILURE, TB_EFFECT_FORGET, TB_OUTCOME_FAILURE, .when = WAITS,
              .unless = ASKED | HAS),
    BACK_OFF(TB_STATE_PROV_ANSWER, FAILURE, TB_EFFECT_FORGET, TB_OUTCOME_FAILURE, .when = HAS, .unless = ASKED),
    GO(TB_STATE_PROV_ANSWER, FAILURE, TB_STATE_TRIAL, TB_EFFECT_CLOSE | TB_EFFECT_OPEN_TRIAL, TB_OUTCOME_FAILURE,
       .when = ASKED),
    GIVE_UP(TB_STATE_PROV_ANSWER, WRONG_KIND, 0, TB_OUTCOME_WRONG_KIND, .unless = WAITS | HAS),
    WAIT_LONG(TB_STATE_PROV_ANSWER, WRONG_KIND, 0, TB_OUTCOME_WRONG_KIND, .when = WAITS, .unless = HAS),
    BACK_OFF(TB_STATE_PROV_ANSWER, WRONG_KIND, 0, TB_OUTCOME_WRONG_KIND, .when = HAS),
    RETRY(TB_STATE_PROV_ANSWER, MALFORMED, TB_OUTCOME_MALFORMED, .sets = ASKED),
    RETRY(TB_STATE_PROV_ANSWER, REFUSED | DISCONNECTED, TB_OUTCOME_CLOSED, .sets = ASKED),
    RETRY(TB_STATE_PROV_ANSWER, TICK_DUE, TB_OUTCOME_NO_ANSWER, .sets = ASKED),
    RETRY(TB_STATE_PROV_ANSWER, FAILED_FOR_NOW, OF_EVENT, .sets = ASKED),
    GIVE_UP(TB_STATE_PROV_ANSWER, NOT_CONFIGURED, 0, OF_EVENT, .sets = ASKED, .unless = HAS),
    RETRY(TB_STATE_PROV_ANSWER, NOT_CONFIGURED, OF_EVENT, .sets = ASKED, .when = HAS),
    IGNORED(TB_STATE_PROV_ANSWER, START | CONNECTED | STORED | ROTATE | TICK_EARLY),
    RUN_ENDS(TB_STATE_PROV_ANSWER),

    GO(TB_STATE_PROV_STORE, STORED, TB_STATE_CONNECT, TB_EFFECT_CLOSE | TB_EFFECT_OPEN_NORMAL, TB_OUTCOME_PROVISIONED,
       .sets = HAS, .clears = ASKED),
    RETRY(TB_STATE_PROV_STORE, FAILED_FOR_NOW, OF_EVENT, .sets = ASKED),
    GIVE_UP(TB_STATE_PROV_STORE, NOT_CONFIGURED, 0, OF_EVENT, .sets = ASKED, .unless = HAS),
    RETRY(TB_STATE_PROV_STORE, NOT_CONFIGURED, OF_EVENT, .sets = ASKED, .when = HAS),
    IGNORED(TB_STATE_PROV_STORE, START | CONNECTED | REFUSED | DISCONNECTED | ANSWER | ROTATE | TICK_EARLY | TICK_DUE),
    RUN_ENDS(TB_STATE_PROV_STORE),

    GO(TB_STATE_TRIAL, CONNECTED, TB_STATE_TRIAL_STORE, TB_EFFECT_STORE, TB_OUTCOME_NONE, ALWAYS),
    GIVE_UP(TB_STATE_TRIAL, REFUSED_5, 0, TB_OUTCOME_FAILURE, .unless = WAITS | HAS),
    WAIT_LONG(TB_STATE_TRIAL, REFUSED_5, 0, TB_OUTCOME_FAILURE, .when = WAITS, .unless = HAS),
    RETRY(TB_STATE_TRIAL, REFUSED_5, TB_OUTCOME_ROTATION_REFUSED, .when = HAS),
    RETRY(TB_STATE_TRIAL, REFUSED_BUT_5 | FAILED_FOR_NOW, OF_EVENT, ALWAYS),
    GIVE_UP(TB_STATE_TRIAL, NOT_CONFIGURED, 0, OF_EVENT, .unless = HAS),
    RETRY(TB_STATE_TRIAL, NOT_CONFIGURED, OF_EVENT, .when = HAS),
    RETRY(TB_STATE_TRIAL, DISCONNECTED | TICK_DUE, TB_OUTCOME_UNREACHABLE, ALWAYS),
    IGNORED(TB_STATE_TRIAL, START | ANSWER | STORED | ROTATE | TICK_EARLY),
    RUN_ENDS(TB_STATE_TRIAL),

    GO(TB_STATE_TRIAL_STORE, STORED, TB_STATE_ONLINE, TB_EFFECT_ONLINE, TB_OUTCOME_ONLINE, .sets = HAS,
       .clears = ASKED),
    RETRY(TB_STATE_TRIAL_STORE, FAILED_FOR_NOW, OF_EVENT, ALWAYS),
    GIVE_UP(TB_STATE_TRIAL_STORE, NOT_CONFIGURED, 0, OF_EVENT, .unless = HAS),
    RETRY(TB_STATE_TRIAL_STORE, NOT_CONFIGURED, OF_EVENT, .when = HAS),
    RETRY(TB_STATE_TRIAL_STORE, DISCONNECTED, TB_OUTCOME_CONNECTION_LOST, ALWAYS),
    IGNORED(TB_STATE_TRIAL_STORE, START | CONNECTED | REFUSED | ANSWER | ROTATE | TICK_EARLY | TICK_DUE),
    RUN_ENDS(TB_STATE_TRIAL_STORE),

    GO(TB_STATE_CONNECT, CONNECTED, TB_STATE_ONLINE, TB_EFFECT_ONLINE, TB_OUTCOME_ONLINE, ALWAYS),
    GO(TB_STATE_CONNECT, REFUSED_5, TB_STATE_PROV_CONNECT, TB_EFFECT_CLOSE | TB_EFFECT_OPEN_FRONT,
       TB_OUTCOME_REPROVISION, .when = OFTEN, .clears = ASKED),
    GO(TB_STATE_CONNECT, REFUSED_5, TB_STATE_TRIAL, TB_EFFECT_CLOSE | TB_EFFECT_OPEN_TRIAL, OF_EVENT, .when = ASKED,
       .unless = OFTEN),
    RETRY(TB_STATE_CONNECT, REFUSED_5, OF_EVENT, .unless = OFTEN | ASKED),
    RETRY(TB_STATE_CONNECT, REFUSED_BUT_5 | FAILED_FOR_NOW, OF_EVENT, ALWAYS),
    GIVE_UP(TB_STATE_CONNECT, NOT_CONFIGURED, 0, OF_EVENT, .unless = HAS),
    RETRY(TB_STATE_CONNECT, NOT_CONFIGURED, OF_EVENT, .when = HAS),
    RETRY(TB_STATE_CONNECT, DISCONNECTED | TICK_DUE, TB_OUTCOME_UNREACHABLE, ALWAYS),
    IGNORED(TB_STATE_CONNECT, START | ANSWER | STORED | TICK_EARLY),
    ROTATES(TB_STATE_CONNECT),
    RUN_ENDS(TB_STATE_CONNECT),

    RETRY(TB_STATE_ONLINE, REFUSED | DISCONNECTED, TB_OUTCOME_CONNECTION_LOST, ALWAYS),
    RETRY(TB_STATE_ONLINE, FAILED_FOR_NOW, OF_EVENT, ALWAYS),
    GIVE_UP(TB_STATE_ONLINE, NOT_CONFIGURED, 0, OF_EVENT, .unless = HAS),
    RETRY(TB_STATE_ONLINE, NOT_CONFIGURED, OF_EVENT, .when = HAS),
    IGNORED(TB_STATE_ONLINE, START | CONNECTED | ANSWER | STORED | TICK_EARLY | TICK_DUE),
    ROTATES(TB_STATE_ONLINE),
    RUN_ENDS(TB_STATE_ONLINE),

    GO(TB_STATE_BACKOFF, TICK_DUE, TB_STATE_PROV_CONNECT, TB_EFFECT_OPEN_FRONT, TB_OUTCOME_NONE, .unless = HAS),
    GO(TB_STATE_BACKOFF, TICK_DUE, TB_STATE_CONNECT, TB_EFFECT_OPEN_NORMAL, TB_OUTCOME_NONE, .when = HAS),
    IGNORED(TB_STATE_BACKOFF, START | CONNECTED | REFUSED | DISCONNECTED | ANSWER | STORED | FAILED | TICK_EARLY),
    ROTATES(TB_STATE_BACKOFF),
    RUN_ENDS(TB_STATE_BACKOFF),

    IGNORED(TB_STATE_DONE, START | CONNECTED | REFUSED | DISCONNECTED | ANSWER | STORED | FAILED | ROTATE |
            TICK_EARLY | TICK_DUE | TICK_RUN_OVER),
};
// clang-format on

/** Returns the one row that decides the cell, or fails. */
static const row_t *row_of(tb_state_t from, unsigned event, unsigned flags)
{
    const row_t *found = NULL;
    for (size_t i = 0; i < TB_COUNT(TABLE); i++) {
        const row_t *row = &TABLE[i];
        if (row->from != from || (row->on & event) == 0 || (flags & row->when) != row->when || (flags & row->unless)) {
            continue;
        }
        if (found != NULL) {
            fail_msg("%s, event 0x%x, flags %u: two rows", tb_state_name(from), event, flags);
        }
        found = row;
    }
    if (found == NULL) {
        fail_msg("%s, event 0x%x, flags %u: no row", tb_state_name(from), event, flags);
    }
    return found;
}

static uint64_t deadline_of(tb_state_t state)
{
    switch (state) {
    case TB_STATE_PROV_CONNECT:
    case TB_STATE_PROV_ANSWER:
    case TB_STATE_TRIAL:
    case TB_STATE_CONNECT:
    case TB_STATE_BACKOFF:
        return NOW_MS;
    default:
        return TB_SESSION_NO_DEADLINE;
    }
}

static tb_session_t session_in(tb_state_t state, unsigned flags)
{
    tb_session_t session;
    memset(&session, 0, sizeof(session));
    tb_session_init(&session,
                    &(tb_session_config_t){.connect_timeout_ms = CONNECT_MS,
                                           .answer_timeout_ms = ANSWER_MS,
                                           .backoff_base_ms = 1000,
                                           .backoff_cap_ms = 60000,
                                           .refused_wait_ms = (flags & WAITS) != 0 ? REFUSED_WAIT_MS : 0,
                                           .refusals_max = (flags & OFTEN) != 0 ? 1 : 0},
                    (flags & HAS) != 0, (flags & ASKED) != 0, 7);
    session.state = state;
    session.deadline_ms = deadline_of(state);
    return session;
}

static void assert_deadline(const tb_session_t *session, const tb_step_t *step)
{
    switch (session->state) {
    case TB_STATE_PROV_CONNECT:
    case TB_STATE_CONNECT:
    case TB_STATE_TRIAL:
        assert_int_equal(session->deadline_ms, NOW_MS + CONNECT_MS);
        break;
    case TB_STATE_PROV_ANSWER:
        assert_int_equal(session->deadline_ms, NOW_MS + ANSWER_MS);
        break;
    case TB_STATE_BACKOFF:
        assert_int_not_equal(step->wait_ms, 0);
        assert_int_equal(session->deadline_ms, NOW_MS + step->wait_ms);
        return;
    default:
        assert_int_equal(session->deadline_ms, TB_SESSION_NO_DEADLINE);
        break;
    }
    assert_int_equal(step->wait_ms, 0);
}

/** Steps through one cell of the table. */
static void check_cell(tb_state_t from, size_t e, unsigned flags)
{
    const row_t *row = row_of(from, EVENTS[e].set, flags);
    tb_session_t session = session_in(from, flags);
    if (EVENTS[e].set == TICK_RUN_OVER) {
        session.run_end_ms = NOW_MS;
    }
    tb_session_t before = session;
    tb_step_t step = tb_session_step(&session, &EVENTS[e].event, NOW_MS - (EVENTS[e].set == TICK_EARLY ? 1 : 0));
    if (row->to == TB_STATE_COUNT) {
        assert_memory_equal(&session, &before, sizeof(session));
        assert_int_equal(step.effects, 0);
        assert_int_equal(step.outcome, TB_OUTCOME_NONE);
        return;
    }
    tb_outcome_t outcome = row->outcome == OF_EVENT ? EVENTS[e].outcome : row->outcome;
    unsigned known = (flags | row->sets) & ~row->clears;
    assert_string_equal(tb_state_name(session.state), tb_state_name(row->to));
    assert_int_equal(step.effects, row->effects);
    assert_string_equal(tb_outcome_name(step.outcome), tb_outcome_name(outcome));
    assert_int_equal(session.outcome, outcome);
    assert_int_equal(session.has_credentials, (known & HAS) != 0);
    assert_int_equal(session.asked_before, (known & ASKED) != 0);
    assert_deadline(&session, &step);
}

static void every_state_event_and_attribute_goes_where_the_table_says(void **state)
{
    (void)state;
    for (tb_state_t from = 0; from < TB_STATE_COUNT; from++) {
        for (size_t e = 0; e < TB_COUNT(EVENTS); e++) {
            for (unsigned flags = 0; flags < FLAGS; flags++) {
                check_cell(from, e, flags);
            }
        }
    }
}

static void every_kind_of_event_stands_in_the_table(void **state)
{
    (void)state;
    for (tb_event_kind_t kind = 0; kind < TB_EVENT_COUNT; kind++) {
        size_t found = 0;
        for (size_t e = 0; e < TB_COUNT(EVENTS); e++) {
            found += EVENTS[e].event.kind == kind ? 1 : 0;
        }
        if (found == 0) {
            fail_msg("no event \"%s\" in the table", tb_event_name(kind));
        }
    }
}

static void event_or_state_out_of_its_range_changes_nothing(void **state)
{
    (void)state;
    for (tb_state_t from = 0; from <= TB_STATE_COUNT; from++) {
        tb_session_t session = session_in(from, 0);
        tb_step_t step = tb_session_step(&session, &(tb_event_t){.kind = TB_EVENT_COUNT}, NOW_MS);
        assert_int_equal(step.effects, 0);
        assert_int_equal(session.state, from);
    }
}

static void T1_every_state_that_waits_for_the_server_has_a_deadline(void **state)
{
    (void)state;
    static const struct {
        tb_state_t from;
        tb_event_t event;
    } ENTRIES[] = {
        {TB_STATE_START, {.kind = TB_EVENT_START}},
        {TB_STATE_PROV_CONNECT, {.kind = TB_EVENT_CONNECTED}},
        {TB_STATE_PROV_STORE, {.kind = TB_EVENT_STORED}},
        {TB_STATE_BACKOFF, {.kind = TB_EVENT_TICK}},
    };
    for (size_t i = 0; i < TB_COUNT(ENTRIES); i++) {
        tb_session_t session = session_in(ENTRIES[i].from, 0);
        tb_step_t step = tb_session_step(&session, &ENTRIES[i].event, NOW_MS);
        assert_int_not_equal(step.effects, 0);
        assert_in_range(tb_session_deadline(&session), NOW_MS + 1, NOW_MS + ANSWER_MS);
    }
}

static void states_events_and_outcomes_have_names_of_their_own(void **state)
{
    (void)state;
    for (unsigned a = 0; a <= TB_OUTCOME_PORT_FAILED; a++) { // the others are of models that use TLS
        for (unsigned b = 0; b < a; b++) {
            assert_string_not_equal(tb_outcome_name(a), tb_outcome_name(b));
            assert_string_not_equal(tb_outcome_text(a), tb_outcome_text(b));
            assert_true(a >= TB_STATE_COUNT || strcmp(tb_state_name(a), tb_state_name(b)) != 0);
            assert_true(a >= TB_EVENT_COUNT || strcmp(tb_event_name(a), tb_event_name(b)) != 0);
        }
    }
    assert_string_equal(tb_state_name(TB_STATE_PROV_ANSWER), "prov_answer");
    assert_string_equal(tb_event_name(TB_EVENT_TICK), "tick");
    assert_string_equal(tb_outcome_name(TB_OUTCOME_CLOSED), "CLOSED");
}

static void unknown_certificate_has_an_outcome_of_its_own(void **state)
{
    (void)state;
    tb_session_t session = session_in(TB_STATE_CONNECT, 0);
    const tb_event_t refusal = {.kind = TB_EVENT_REFUSED, .connack = 5, .has_certificate = true};
    tb_step_t step = tb_session_step(&session, &refusal, NOW_MS);
    assert_int_equal(step.outcome, TB_OUTCOME_CERTIFICATE_UNKNOWN);
    assert_int_equal(session.state, TB_STATE_BACKOFF);
}

static void lost_answer_is_not_worth_a_trial_when_the_server_chooses(void **state)
{
    (void)state;
    for (unsigned chooses = 0; chooses < 2; chooses++) {
        tb_session_t session = session_in(TB_STATE_PROV_ANSWER, 0);
        session.asked_before = false;
        session.config.server_chooses = chooses != 0;
        tb_step_t step = tb_session_step(&session, &(tb_event_t){.kind = TB_EVENT_DISCONNECTED}, NOW_MS);
        assert_int_equal(step.outcome, TB_OUTCOME_CLOSED);
        assert_int_equal(session.asked_before, chooses == 0);
    }
}

static void name_of_a_value_out_of_range_is_a_question_mark(void **state)
{
    (void)state;
    assert_string_equal(tb_state_name(TB_STATE_COUNT), "?");
    assert_string_equal(tb_event_name(TB_EVENT_COUNT), "?");
    assert_string_equal(tb_outcome_name(TB_OUTCOME_COUNT), "?");
    assert_string_equal(tb_outcome_text(TB_OUTCOME_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_event_and_attribute_goes_where_the_table_says),
        cmocka_unit_test(every_kind_of_event_stands_in_the_table),
        cmocka_unit_test(event_or_state_out_of_its_range_changes_nothing),
        cmocka_unit_test(T1_every_state_that_waits_for_the_server_has_a_deadline),
        cmocka_unit_test(states_events_and_outcomes_have_names_of_their_own),
        cmocka_unit_test(unknown_certificate_has_an_outcome_of_its_own),
        cmocka_unit_test(lost_answer_is_not_worth_a_trial_when_the_server_chooses),
        cmocka_unit_test(name_of_a_value_out_of_range_is_a_question_mark),
    };
    return cmocka_run_group_tests_name("tb_session", tests, NULL, NULL);
}
