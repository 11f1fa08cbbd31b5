// New credentials while the device runs: whichever side changes first, and whenever the power goes.

#include "app_server.h"

#define NEW "CANARY-NEW-TOKEN"
#define NEWER "CANARY-NEWER-TOKEN"

static tb_err_t offer_token(const char *token)
{
    tb_cred_t cred;
    assert_int_equal(tb_cred_from_token(tb_str(token), &cred), TB_OK);
    return app_credentials_offer(&cred);
}

static void offer_new(void)
{
    assert_int_equal(offer_token(NEW), TB_OK);
}

static void change_server(void)
{
    app_server_know(NEW);
    fake_event(TB_PORT_DISCONNECTED); // ThingsBoard closes the session whose credentials were changed (contract 1.6)
}

/** The administrator's change and the device's come at the same sample. */
static void change_server_and_offer_new(void)
{
    app_server_know(NEW);
    offer_new();
}

/** A device that works with OWN, and a server that knows it. */
static void setup_at_work(void **state)
{
    app_server_setup(state);
    store_token(TB_STORE_CRED, OWN);
    app_server_know(OWN);
}

static void new_credentials_are_stored_tried_and_kept(void **state)
{
    setup_at_work(state);
    app_server_at_sample(1, change_server_and_offer_new);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect("open " OWN, "< connected", SAMPLE, "save pending", "close", "open " NEW, "< connected",
                        "save cred", SAMPLE, SAMPLE, SAMPLE, SAMPLE, "close");
    assert_stored(TB_STORE_CRED, NEW);
    assert_stored(TB_STORE_PENDING, NEW);
}

static void new_credentials_that_the_server_does_not_know_yet_leave_the_old_ones_in_use(void **state)
{
    setup_at_work(state);
    app_server_at_sample(1, offer_new);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("W tb_session: TB_OUTCOME_ROTATION_REFUSED"));
    fake_journal_expect("open " OWN, "< connected", SAMPLE, "save pending", "close", "open " NEW, "< refused", "close",
                        "open " OWN, "< connected", SAMPLE, SAMPLE, SAMPLE, SAMPLE, "close");
    assert_stored(TB_STORE_CRED, OWN);
    assert_stored(TB_STORE_PENDING, NEW);
}

static void new_credentials_are_tried_again_when_the_old_ones_are_refused(void **state)
{
    setup_at_work(state);
    app_server_at_sample(1, offer_new);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    app_server_reset_port();
    app_server_know(NEW);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect("open " OWN, "< refused", "close", "open " NEW, "< connected", "save cred", SAMPLE, SAMPLE,
                        SAMPLE, SAMPLE, "close");
    assert_stored(TB_STORE_CRED, NEW);
}

static void server_that_changes_later_in_the_same_run_is_followed(void **state)
{
    setup_at_work(state);
    fake_config_put("telemetry_s", "1");
    assert_int_equal(offer_token(NEW), TB_OK);
    app_server_at_sample(3, change_server);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, NEW);
    assert_int_equal(app_server_requests(), 0);
}

static void rotation_survives_a_power_cut_at_any_point(void (*change)(void))
{
    void *state = NULL;
    unsigned cuts = 0;
    bool cut = true;
    while (cut) {
        setup_at_work(&state);
        app_server_at_sample(1, change);
        cut = fake_run_with_power_cut(++cuts, app_server_boot, NULL);
        app_server_reset_port();
        if (strcmp(app_server_token(), NEW) == 0 && fake_store_get(TB_STORE_PENDING).len == 0) {
            assert_int_equal(offer_token(NEW), TB_OK); // cut before it was stored: somebody has to offer it again
        }
        fake_fault_reset();
        assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
        assert_stored(TB_STORE_CRED, app_server_token());
        assert_int_equal(app_server_requests(), 0);
    }
    assert_in_range(cuts, 8, 100);
}

static void power_cut_while_both_sides_change_loses_nothing(void **state)
{
    (void)state;
    rotation_survives_a_power_cut_at_any_point(change_server_and_offer_new);
}

static void power_cut_while_the_device_changes_first_loses_nothing(void **state)
{
    (void)state;
    rotation_survives_a_power_cut_at_any_point(offer_new);
}

static void store_that_fails_leaves_everything_as_it_was(void **state)
{
    setup_at_work(state);
    app_server_at_sample(1, offer_new);
    fake_fail(FAKE_SAVE, 1, 1000, TB_ERR_STORE);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("the new credentials are not taken yet"));
    assert_int_equal(fake_journal_count("open"), 1);
    assert_stored(TB_STORE_CRED, OWN);
    assert_in_range(fake_journal_count("save pending"), 1, 10); // at each event, and not at full speed
}

static void offer_that_could_not_be_stored_is_taken_later(void **state)
{
    setup_at_work(state);
    app_server_at_sample(1, change_server_and_offer_new);
    fake_fail(FAKE_SAVE, 1, 1, TB_ERR_STORE);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("the new credentials are not taken yet"));
    assert_stored(TB_STORE_CRED, NEW);
}

static void accepted_credentials_that_cannot_be_stored_are_tried_again(void **state)
{
    setup_at_work(state);
    app_server_at_sample(1, change_server_and_offer_new);
    fake_fail(FAKE_SAVE, 2, 1, TB_ERR_STORE); // the first stores what is pending
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_true(fake_log_has("TB_OUTCOME_STORE_FAILED"));
    assert_stored(TB_STORE_CRED, NEW);
}

static void offer_is_not_taken_while_the_device_provisions(void **state)
{
    app_server_setup(state);
    assert_int_equal(offer_token(NEW), TB_OK);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    fake_journal_expect_order("save cred", "open " NEW);
    assert_stored(TB_STORE_CRED, OWN);
    assert_stored(TB_STORE_PENDING, NEW);
}

static void newer_credentials_take_the_place_of_new_ones(void **state)
{
    setup_at_work(state);
    assert_int_equal(offer_token(NEW), TB_OK);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    app_server_reset_port();
    app_server_know(NEWER);
    assert_int_equal(offer_token(NEWER), TB_OK);
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, NEWER);
}

static void one_offer_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(offer_token(NEW), TB_OK);
    assert_int_equal(offer_token(NEWER), TB_ERR_INVALID_STATE);
    app_credentials_withdraw();
    assert_int_equal(offer_token(NEWER), TB_OK);
}

static void offer_that_no_server_takes_is_refused_at_once(void **state)
{
    (void)state;
    static const tb_cred_t USELESS[] = {
        {.kind = TB_CRED_NONE},
        {.kind = TB_CRED_ACCESS_TOKEN},
        {.kind = TB_CRED_MQTT_BASIC, .password = "CANARY"},
        {.kind = TB_CRED_X509}, // this model has no certificate
    };
    for (size_t i = 0; i < TB_COUNT(USELESS); i++) {
        assert_int_equal(app_credentials_offer(&USELESS[i]), TB_ERR_INVALID_ARG);
    }
    const tb_cred_t basic = {.kind = TB_CRED_MQTT_BASIC, .username = "CANARY-U", .password = "CANARY-P"};
    assert_int_equal(app_credentials_offer(&basic), TB_OK);
}

static void offer_that_was_not_taken_is_wiped_with_the_device(void **state)
{
    (void)state;
    assert_int_equal(offer_token(NEW), TB_OK);
    app_device_destroy(app_device());
    app_credentials_t credentials = {0};
    assert_false(app_credentials_take_offer(&credentials));
    assert_stored(TB_STORE_PENDING, NULL);
}

static void damaged_record_in_the_middle_of_a_rotation_falls_back_to_the_other(void **state)
{
    setup_at_work(state);
    app_server_know(NEW);
    store_token(TB_STORE_PENDING, NEW);
    fake_store_put(TB_STORE_CRED, TB_STR("rubbish that is no record"));
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, NEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        app_test(new_credentials_are_stored_tried_and_kept),
        app_test(new_credentials_that_the_server_does_not_know_yet_leave_the_old_ones_in_use),
        app_test(new_credentials_are_tried_again_when_the_old_ones_are_refused),
        app_test(server_that_changes_later_in_the_same_run_is_followed),
        app_test(power_cut_while_both_sides_change_loses_nothing),
        app_test(power_cut_while_the_device_changes_first_loses_nothing),
        app_test(store_that_fails_leaves_everything_as_it_was),
        app_test(offer_that_could_not_be_stored_is_taken_later),
        app_test(accepted_credentials_that_cannot_be_stored_are_tried_again),
        app_test(offer_is_not_taken_while_the_device_provisions),
        app_test(newer_credentials_take_the_place_of_new_ones),
        app_test(one_offer_at_a_time),
        app_test(offer_that_no_server_takes_is_refused_at_once),
        app_test(offer_that_was_not_taken_is_wiped_with_the_device),
        app_test(damaged_record_in_the_middle_of_a_rotation_falls_back_to_the_other),
    };
    return cmocka_run_group_tests_name("app_rotation", tests, NULL, NULL);
}
