// The session's clock: deadlines, back-off, run time.

#include "tb/tb_session.h"
#include "tb_test.h"

static const tb_session_config_t CONFIG = {
    .connect_timeout_ms = 10000,
    .answer_timeout_ms = 15000,
    .backoff_base_ms = 1000,
    .backoff_cap_ms = 60000,
    .refused_wait_ms = 300000,
    .run_time_ms = 40000,
};

static tb_session_t session_with(tb_session_config_t config, bool has_credentials, uint32_t seed)
{
    tb_session_t session;
    tb_session_init(&session, &config, has_credentials, false, seed);
    return session;
}

static tb_step_t step(tb_session_t *session, tb_event_kind_t kind, uint64_t now_ms)
{
    return tb_session_step(session, &(tb_event_t){.kind = kind, .answer = TB_PROV_FAILURE}, now_ms);
}

/** A session with credentials that is online since @p now_ms. */
static tb_session_t online_at(tb_session_config_t config, uint64_t now_ms)
{
    tb_session_t session = session_with(config, true, 1);
    step(&session, TB_EVENT_START, now_ms);
    assert_int_equal(step(&session, TB_EVENT_CONNECTED, now_ms).outcome, TB_OUTCOME_ONLINE);
    return session;
}

/** Fails to connect @p times times in a row. Returns the last wait. */
static uint32_t wait_after_failures(tb_session_t *session, unsigned times)
{
    uint64_t now_ms = 0;
    uint32_t wait_ms = 0;
    step(session, TB_EVENT_START, now_ms);
    for (unsigned i = 0; i < times; i++) {
        wait_ms = step(session, TB_EVENT_DISCONNECTED, now_ms).wait_ms;
        now_ms += wait_ms;
        assert_int_not_equal(step(session, TB_EVENT_TICK, now_ms).effects, 0);
    }
    return wait_ms;
}

static void connection_is_given_up_at_its_deadline_and_not_before(void **state)
{
    (void)state;
    tb_session_t session = session_with(CONFIG, true, 1);
    step(&session, TB_EVENT_START, 100);
    assert_int_equal(tb_session_deadline(&session), 10100);
    assert_int_equal(step(&session, TB_EVENT_TICK, 10099).effects, 0);
    assert_int_equal(step(&session, TB_EVENT_TICK, 10100).outcome, TB_OUTCOME_UNREACHABLE);
}

static void T1_answer_is_given_up_at_its_deadline_and_not_before(void **state)
{
    (void)state;
    tb_session_t session = session_with(CONFIG, false, 1);
    step(&session, TB_EVENT_START, 0);
    step(&session, TB_EVENT_CONNECTED, 200);
    assert_int_equal(tb_session_deadline(&session), 15200);
    assert_int_equal(step(&session, TB_EVENT_TICK, 15199).effects, 0);
    assert_int_equal(step(&session, TB_EVENT_TICK, 15200).outcome, TB_OUTCOME_NO_ANSWER);
}

static void late_tick_counts_as_one(void **state)
{
    (void)state;
    tb_session_t session = session_with(CONFIG, true, 1);
    step(&session, TB_EVENT_START, 0);
    assert_int_equal(step(&session, TB_EVENT_TICK, 1000000).outcome, TB_OUTCOME_UNREACHABLE);
    assert_int_equal(session.failures, 1);
    assert_true(tb_session_deadline(&session) > 1000000);
}

static void backoff_doubles_up_to_the_cap_and_uses_the_whole_range(void **state)
{
    (void)state;
    static const uint32_t LIMITS[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (unsigned n = 0; n < TB_COUNT(LIMITS); n++) {
        uint32_t least = UINT32_MAX;
        uint32_t most = 0;
        for (uint32_t seed = 1; seed <= 2000; seed++) {
            tb_session_t session = session_with(CONFIG, true, seed * 2654435761u);
            uint32_t wait_ms = wait_after_failures(&session, n + 1);
            least = wait_ms < least ? wait_ms : least;
            most = wait_ms > most ? wait_ms : most;
        }
        assert_in_range(least, 1, LIMITS[n] / 50);
        assert_in_range(most, LIMITS[n] - LIMITS[n] / 50, LIMITS[n]);
    }
}

static void backoff_of_two_seeds_differs(void **state)
{
    (void)state;
    tb_session_t a = session_with(CONFIG, true, 1);
    tb_session_t b = session_with(CONFIG, true, 2);
    assert_int_not_equal(wait_after_failures(&a, 8), wait_after_failures(&b, 8));
}

static void backoff_of_one_seed_is_the_same_again(void **state)
{
    (void)state;
    tb_session_t a = session_with(CONFIG, true, 99);
    tb_session_t b = session_with(CONFIG, true, 99);
    assert_int_equal(wait_after_failures(&a, 8), wait_after_failures(&b, 8));
}

static void seed_of_zero_gives_jitter_too(void **state)
{
    (void)state;
    tb_session_t session = session_with(CONFIG, true, 0);
    uint32_t first = wait_after_failures(&session, 9);
    session.state = TB_STATE_START;
    assert_int_not_equal(wait_after_failures(&session, 1), first);
}

static void backoff_stays_under_the_cap_after_very_many_failures(void **state)
{
    (void)state;
    tb_session_t session = session_with(CONFIG, true, 1);
    session.failures = UINT32_MAX - 2;
    for (int i = 0; i < 6; i++) {
        session.state = TB_STATE_START;
        assert_in_range(wait_after_failures(&session, 1), 1, CONFIG.backoff_cap_ms);
    }
}

static void backoff_takes_the_largest_times_that_can_be_set(void **state)
{
    (void)state;
    tb_session_config_t config = CONFIG;
    config.backoff_base_ms = UINT32_MAX;
    config.backoff_cap_ms = UINT32_MAX;
    tb_session_t session = session_with(config, true, 1);
    assert_in_range(wait_after_failures(&session, 100), 1, UINT32_MAX);
}

static void cap_under_the_base_bounds_the_first_wait(void **state)
{
    (void)state;
    tb_session_config_t config = CONFIG;
    config.backoff_cap_ms = 10;
    for (uint32_t seed = 1; seed < 100; seed++) {
        tb_session_t session = session_with(config, true, seed);
        assert_in_range(wait_after_failures(&session, 1), 1, 10);
    }
}

static void backoff_of_zero_still_waits_a_millisecond(void **state)
{
    (void)state;
    tb_session_config_t config = CONFIG;
    config.backoff_base_ms = 0;
    tb_session_t session = session_with(config, true, 1);
    assert_int_equal(wait_after_failures(&session, 5), 1);
}

static void provisioning_starts_the_backoff_anew(void **state)
{
    (void)state;
    tb_session_t session = session_with(CONFIG, false, 1);
    wait_after_failures(&session, 5);
    session.state = TB_STATE_PROV_STORE;
    assert_int_equal(step(&session, TB_EVENT_STORED, 0).outcome, TB_OUTCOME_PROVISIONED);
    assert_in_range(step(&session, TB_EVENT_DISCONNECTED, 0).wait_ms, 1, CONFIG.backoff_base_ms);
}

static void long_stay_online_starts_the_backoff_anew(void **state)
{
    (void)state;
    tb_session_t session = online_at(CONFIG, 1000);
    session.failures = 20;
    assert_in_range(step(&session, TB_EVENT_DISCONNECTED, 1000 + CONFIG.backoff_cap_ms).wait_ms, 1,
                    CONFIG.backoff_base_ms);
    assert_int_equal(session.failures, 1);
}

static void short_stay_online_does_not_start_the_backoff_anew(void **state)
{
    (void)state;
    tb_session_t session = online_at(CONFIG, 1000);
    session.failures = 20;
    step(&session, TB_EVENT_DISCONNECTED, 1000 + CONFIG.backoff_cap_ms - 1);
    assert_int_equal(session.failures, 21);
}

/** Refuses to provision at 10 ms. Returns the wait. */
static uint32_t wait_after_refusal(tb_session_t *session)
{
    step(session, TB_EVENT_START, 0);
    step(session, TB_EVENT_CONNECTED, 0);
    return step(session, TB_EVENT_ANSWER, 10).wait_ms;
}

static void refusal_to_provision_waits_at_least_half_as_long_as_configured(void **state)
{
    (void)state;
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;
    for (uint32_t seed = 1; seed <= 2000; seed++) {
        tb_session_t session = session_with(CONFIG, false, seed * 2654435761u);
        uint32_t wait_ms = wait_after_refusal(&session);
        least = wait_ms < least ? wait_ms : least;
        most = wait_ms > most ? wait_ms : most;
        assert_int_equal(tb_session_deadline(&session), 10 + wait_ms);
        assert_int_equal(step(&session, TB_EVENT_TICK, 10 + wait_ms).effects, TB_EFFECT_OPEN_FRONT);
    }
    assert_in_range(least, 150000, 152000);
    assert_in_range(most, 298000, 300000);
}

static void shortest_and_longest_wait_after_a_refusal(void **state)
{
    (void)state;
    static const uint32_t LONGEST[] = {1, 2, UINT32_MAX};
    for (size_t i = 0; i < TB_COUNT(LONGEST); i++) {
        tb_session_config_t config = CONFIG;
        config.refused_wait_ms = LONGEST[i];
        tb_session_t session = session_with(config, false, 77);
        assert_in_range(wait_after_refusal(&session), LONGEST[i] - LONGEST[i] / 2, LONGEST[i]);
    }
}

static tb_session_config_t asking_again_after(uint32_t refusals, uint32_t time_ms)
{
    tb_session_config_t config = CONFIG;
    config.run_time_ms = 0;
    config.refusals_max = refusals;
    config.refusals_time_ms = time_ms;
    return config;
}

/** A session with credentials is refused with @p code at @p now_ms. Returns what became of that. */
static tb_outcome_t refused_at(tb_session_t *session, uint8_t code, uint64_t now_ms)
{
    session->state = TB_STATE_CONNECT;
    return tb_session_step(session, &(tb_event_t){.kind = TB_EVENT_REFUSED, .connack = code}, now_ms).outcome;
}

static void credentials_are_asked_for_again_only_after_the_number_and_the_time(void **state)
{
    (void)state;
    tb_session_t session = session_with(asking_again_after(3, 60000), true, 1);
    assert_int_equal(refused_at(&session, 5, 1000), TB_OUTCOME_NOT_AUTHORIZED);
    assert_int_equal(refused_at(&session, 5, 2000), TB_OUTCOME_NOT_AUTHORIZED);
    assert_int_equal(refused_at(&session, 5, 60999), TB_OUTCOME_NOT_AUTHORIZED); // often enough, and not long enough
    assert_int_equal(refused_at(&session, 5, 61000), TB_OUTCOME_REPROVISION);
    assert_int_equal(session.state, TB_STATE_PROV_CONNECT);
    assert_true(session.has_credentials);

    tb_session_t patient = session_with(asking_again_after(3, 60000), true, 1);
    assert_int_equal(refused_at(&patient, 5, 1000), TB_OUTCOME_NOT_AUTHORIZED);
    assert_int_equal(refused_at(&patient, 5, 99000), TB_OUTCOME_NOT_AUTHORIZED); // long enough, and not often enough
    assert_int_equal(refused_at(&patient, 5, 99001), TB_OUTCOME_REPROVISION);
}

static void no_other_refusal_costs_credentials(void **state)
{
    (void)state;
    tb_session_t session = session_with(asking_again_after(1, 0), true, 1);
    for (unsigned code = 0; code <= UINT8_MAX; code++) {
        if (code != 5) {
            assert_int_not_equal(refused_at(&session, (uint8_t)code, code), TB_OUTCOME_REPROVISION);
        }
    }
    assert_int_equal(session.refusals, 0);
}

static void refusals_are_counted_anew_once_the_device_was_online(void **state)
{
    (void)state;
    tb_session_t session = session_with(asking_again_after(2, 0), true, 1);
    assert_int_equal(refused_at(&session, 5, 1000), TB_OUTCOME_NOT_AUTHORIZED);
    session.state = TB_STATE_CONNECT;
    assert_int_equal(step(&session, TB_EVENT_CONNECTED, 2000).outcome, TB_OUTCOME_ONLINE);
    assert_int_equal(refused_at(&session, 5, 3000), TB_OUTCOME_NOT_AUTHORIZED);
    assert_int_equal(refused_at(&session, 5, 4000), TB_OUTCOME_REPROVISION);
}

static void refusals_are_counted_anew_after_asking_again(void **state)
{
    (void)state;
    tb_session_t session = session_with(asking_again_after(2, 0), true, 1);
    assert_int_equal(refused_at(&session, 5, 1000), TB_OUTCOME_NOT_AUTHORIZED);
    assert_int_equal(refused_at(&session, 5, 2000), TB_OUTCOME_REPROVISION);
    step(&session, TB_EVENT_CONNECTED, 3000);
    assert_int_equal(step(&session, TB_EVENT_ANSWER, 4000).outcome, TB_OUTCOME_FAILURE); // the server says no
    assert_int_equal(session.state, TB_STATE_BACKOFF);
    assert_int_equal(step(&session, TB_EVENT_TICK, session.deadline_ms).effects, TB_EFFECT_OPEN_NORMAL);
    assert_int_equal(refused_at(&session, 5, 5000), TB_OUTCOME_NOT_AUTHORIZED);
    assert_int_equal(refused_at(&session, 5, 6000), TB_OUTCOME_REPROVISION);
}

static void credentials_are_never_asked_for_again_when_that_is_off(void **state)
{
    (void)state;
    tb_session_t session = session_with(asking_again_after(0, 0), true, 1);
    session.refusals = UINT32_MAX - 1;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(refused_at(&session, 5, 1000 + i), TB_OUTCOME_NOT_AUTHORIZED);
    }
}

static void run_ends_a_run_time_after_the_first_time_online(void **state)
{
    (void)state;
    tb_session_t session = online_at(CONFIG, 5000);
    assert_int_equal(tb_session_deadline(&session), 45000);
    assert_int_equal(step(&session, TB_EVENT_TICK, 44999).effects, 0);
    tb_step_t end = step(&session, TB_EVENT_TICK, 45000);
    assert_int_equal(end.effects, TB_EFFECT_FINISH);
    assert_int_equal(end.outcome, TB_OUTCOME_COMPLETE);
}

static void reconnecting_does_not_prolong_the_run(void **state)
{
    (void)state;
    tb_session_t session = online_at(CONFIG, 5000);
    uint32_t wait_ms = step(&session, TB_EVENT_DISCONNECTED, 6000).wait_ms;
    step(&session, TB_EVENT_TICK, 6000 + wait_ms);
    step(&session, TB_EVENT_CONNECTED, 20000);
    assert_int_equal(tb_session_deadline(&session), 45000);
}

static void run_ends_while_the_connection_is_down(void **state)
{
    (void)state;
    tb_session_t session = online_at(CONFIG, 0);
    step(&session, TB_EVENT_DISCONNECTED, 39999);
    assert_int_equal(session.state, TB_STATE_BACKOFF);
    assert_in_range(tb_session_deadline(&session), 39999, 40000);
    session.deadline_ms = 40000; // both are due: the end goes first
    assert_int_equal(step(&session, TB_EVENT_TICK, 40000).outcome, TB_OUTCOME_COMPLETE);
}

static void run_ends_once(void **state)
{
    (void)state;
    tb_session_t session = online_at(CONFIG, 0);
    assert_int_equal(step(&session, TB_EVENT_TICK, 40000).outcome, TB_OUTCOME_COMPLETE);
    assert_int_equal(step(&session, TB_EVENT_TICK, 40001).effects, 0);
    assert_int_equal(tb_session_deadline(&session), TB_SESSION_NO_DEADLINE);
}

static void run_time_of_zero_is_for_ever(void **state)
{
    (void)state;
    tb_session_config_t config = CONFIG;
    config.run_time_ms = 0;
    tb_session_t session = online_at(config, 0);
    assert_int_equal(tb_session_deadline(&session), TB_SESSION_NO_DEADLINE);
    assert_int_equal(step(&session, TB_EVENT_TICK, UINT64_MAX - 1).effects, 0);
}

static void times_go_on_when_a_32_bit_clock_would_wrap(void **state)
{
    (void)state;
    const uint64_t wrap_ms = (uint64_t)UINT32_MAX + 1;
    tb_session_t session = session_with(CONFIG, true, 1);
    step(&session, TB_EVENT_START, wrap_ms - 1);
    assert_int_equal(tb_session_deadline(&session), wrap_ms - 1 + CONFIG.connect_timeout_ms);
    assert_int_equal(step(&session, TB_EVENT_TICK, wrap_ms).effects, 0);
    step(&session, TB_EVENT_CONNECTED, wrap_ms + 5);
    assert_int_equal(tb_session_deadline(&session), wrap_ms + 5 + CONFIG.run_time_ms);
}

static void longest_times_do_not_overflow(void **state)
{
    (void)state;
    tb_session_config_t config = CONFIG;
    config.connect_timeout_ms = UINT32_MAX;
    config.run_time_ms = UINT32_MAX;
    const uint64_t late_ms = UINT64_MAX - 1 - UINT32_MAX;
    tb_session_t session = session_with(config, true, 1);
    step(&session, TB_EVENT_START, late_ms);
    assert_true(tb_session_deadline(&session) == UINT64_MAX - 1);
    step(&session, TB_EVENT_CONNECTED, late_ms);
    assert_true(tb_session_deadline(&session) == UINT64_MAX - 1);
    assert_int_equal(step(&session, TB_EVENT_TICK, UINT64_MAX - 2).effects, 0);
    assert_int_equal(step(&session, TB_EVENT_TICK, UINT64_MAX - 1).outcome, TB_OUTCOME_COMPLETE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_is_given_up_at_its_deadline_and_not_before),
        cmocka_unit_test(T1_answer_is_given_up_at_its_deadline_and_not_before),
        cmocka_unit_test(late_tick_counts_as_one),
        cmocka_unit_test(backoff_doubles_up_to_the_cap_and_uses_the_whole_range),
        cmocka_unit_test(backoff_of_two_seeds_differs),
        cmocka_unit_test(backoff_of_one_seed_is_the_same_again),
        cmocka_unit_test(seed_of_zero_gives_jitter_too),
        cmocka_unit_test(backoff_stays_under_the_cap_after_very_many_failures),
        cmocka_unit_test(backoff_takes_the_largest_times_that_can_be_set),
        cmocka_unit_test(cap_under_the_base_bounds_the_first_wait),
        cmocka_unit_test(backoff_of_zero_still_waits_a_millisecond),
        cmocka_unit_test(provisioning_starts_the_backoff_anew),
        cmocka_unit_test(long_stay_online_starts_the_backoff_anew),
        cmocka_unit_test(short_stay_online_does_not_start_the_backoff_anew),
        cmocka_unit_test(refusal_to_provision_waits_at_least_half_as_long_as_configured),
        cmocka_unit_test(shortest_and_longest_wait_after_a_refusal),
        cmocka_unit_test(credentials_are_asked_for_again_only_after_the_number_and_the_time),
        cmocka_unit_test(no_other_refusal_costs_credentials),
        cmocka_unit_test(refusals_are_counted_anew_once_the_device_was_online),
        cmocka_unit_test(refusals_are_counted_anew_after_asking_again),
        cmocka_unit_test(credentials_are_never_asked_for_again_when_that_is_off),
        cmocka_unit_test(run_ends_a_run_time_after_the_first_time_online),
        cmocka_unit_test(reconnecting_does_not_prolong_the_run),
        cmocka_unit_test(run_ends_while_the_connection_is_down),
        cmocka_unit_test(run_ends_once),
        cmocka_unit_test(run_time_of_zero_is_for_ever),
        cmocka_unit_test(times_go_on_when_a_32_bit_clock_would_wrap),
        cmocka_unit_test(longest_times_do_not_overflow),
    };
    return cmocka_run_group_tests_name("tb_session_time", tests, NULL, NULL);
}
