#include "tb/tb_store.h"

#include "fake_fault.h"
#include "fake_journal.h"
#include "fake_store.h"
#include "tb_test.h"

static int setup(void **state)
{
    (void)state;
    fake_store_clear();
    fake_fault_reset();
    fake_journal_reset();
    return 0;
}

static tb_cred_t cred_of(const char *token)
{
    tb_cred_t cred;
    assert_int_equal(tb_cred_from_token(tb_str(token), &cred), TB_OK);
    return cred;
}

static void save(const char *key, const char *token)
{
    tb_cred_t cred = cred_of(token);
    assert_int_equal(tb_store_save(key, &cred), TB_OK);
}

static void assert_stored(const char *key, const char *token)
{
    tb_cred_t cred = {.kind = TB_CRED_NONE};
    assert_int_equal(tb_store_load(key, &cred), TB_OK);
    assert_string_equal(cred.username, token);
}

static void assert_load_fails(const char *key, tb_err_t expected)
{
    tb_cred_t cred = {.username = "untouched"};
    assert_int_equal(tb_store_load(key, &cred), expected);
    assert_string_equal(cred.username, "untouched");
}

static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    save(TB_STORE_CRED, "A1B2");
    save(TB_STORE_PENDING, "P1");
    assert_stored(TB_STORE_CRED, "A1B2");
    assert_stored(TB_STORE_PENDING, "P1");
}

static void what_was_never_saved_is_not_found(void **state)
{
    (void)state;
    assert_load_fails(TB_STORE_CRED, TB_ERR_NOT_FOUND);
}

static void saving_the_same_again_writes_nothing(void **state)
{
    (void)state;
    save(TB_STORE_CRED, "A1B2");
    save(TB_STORE_CRED, "A1B2");
    fake_journal_expect("save cred");
}

static void saving_something_else_replaces_it(void **state)
{
    (void)state;
    save(TB_STORE_CRED, "A1B2");
    save(TB_STORE_CRED, "A1B3");
    assert_stored(TB_STORE_CRED, "A1B3");
}

static void damaged_record_is_reported(void **state)
{
    (void)state;
    fake_store_put(TB_STORE_CRED, TB_STR("rubbish that is no record"));
    assert_load_fails(TB_STORE_CRED, TB_ERR_INVALID_CRC);
}

static void damaged_record_is_replaced_by_a_save(void **state)
{
    (void)state;
    fake_store_put(TB_STORE_CRED, TB_STR("rubbish that is no record"));
    save(TB_STORE_CRED, "A1B2");
    assert_stored(TB_STORE_CRED, "A1B2");
}

static void record_over_the_longest_is_reported(void **state)
{
    (void)state;
    char large[TB_CRED_RECORD_MAX + 1] = {0};
    fake_store_put(TB_STORE_CRED, (tb_str_t){.ptr = large, .len = sizeof(large)});
    assert_load_fails(TB_STORE_CRED, TB_ERR_TOO_LONG);
}

static void store_that_cannot_be_read_is_reported(void **state)
{
    (void)state;
    save(TB_STORE_CRED, "A1B2");
    fake_fail(FAKE_LOAD, 1, 1, TB_ERR_STORE);
    assert_load_fails(TB_STORE_CRED, TB_ERR_STORE);
}

static void save_goes_on_when_the_old_value_cannot_be_read(void **state)
{
    (void)state;
    fake_fail(FAKE_LOAD, 1, 1, TB_ERR_STORE);
    save(TB_STORE_CRED, "A1B2");
    assert_stored(TB_STORE_CRED, "A1B2");
}

static void store_that_cannot_be_written_is_reported_and_keeps_the_old_value(void **state)
{
    (void)state;
    tb_cred_t other = cred_of("A1B3");
    save(TB_STORE_CRED, "A1B2");
    fake_fail(FAKE_SAVE, 1, 1, TB_ERR_STORE);
    assert_int_equal(tb_store_save(TB_STORE_CRED, &other), TB_ERR_STORE);
    assert_stored(TB_STORE_CRED, "A1B2");
}

static void credentials_that_no_server_takes_are_not_stored(void **state)
{
    (void)state;
    const tb_cred_t password_alone = {.kind = TB_CRED_MQTT_BASIC, .password = "P"};
    save(TB_STORE_CRED, "A1B2");
    assert_int_equal(tb_store_save(TB_STORE_CRED, &password_alone), TB_ERR_INVALID_ARG);
    assert_stored(TB_STORE_CRED, "A1B2");
}

static void commit_saves_the_credentials_before_it_replaces_the_pending_ones(void **state)
{
    (void)state;
    tb_cred_t cred = cred_of("A1B2");
    save(TB_STORE_PENDING, "P1");
    fake_journal_reset();
    assert_int_equal(tb_store_commit(&cred), TB_OK);
    fake_journal_expect("save cred", "save pending");
    assert_stored(TB_STORE_CRED, "A1B2");
    assert_stored(TB_STORE_PENDING, "A1B2");
}

static void commit_of_the_pending_credentials_costs_one_write(void **state)
{
    (void)state;
    tb_cred_t cred = cred_of("P1");
    save(TB_STORE_PENDING, "P1");
    fake_journal_reset();
    assert_int_equal(tb_store_commit(&cred), TB_OK);
    fake_journal_expect("save cred");
}

static void commit_keeps_the_pending_credentials_when_the_save_fails(void **state)
{
    (void)state;
    tb_cred_t cred = cred_of("A1B2");
    save(TB_STORE_PENDING, "P1");
    fake_fail(FAKE_SAVE, 1, 1, TB_ERR_STORE);
    assert_int_equal(tb_store_commit(&cred), TB_ERR_STORE);
    assert_stored(TB_STORE_PENDING, "P1");
}

static void commit(void *cred)
{
    (void)!tb_store_commit(cred);
}

static void power_cut_in_a_commit_leaves_the_old_state_or_the_new_credentials(void **state)
{
    tb_cred_t cred = cred_of("A1B2");
    unsigned cuts = 0;
    bool cut = true;
    while (cut) {
        tb_cred_t found = {.kind = TB_CRED_NONE};
        (void)setup(state);
        save(TB_STORE_PENDING, "P1");
        cut = fake_run_with_power_cut(++cuts, commit, &cred);
        if (tb_store_load(TB_STORE_CRED, &found) == TB_OK) {
            assert_string_equal(found.username, "A1B2");
        } else {
            assert_stored(TB_STORE_PENDING, "P1");
        }
    }
    assert_int_equal(cuts, 5); // before and after each of two writes, and once not at all
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_saved_is_loaded, setup),
        cmocka_unit_test_setup(what_was_never_saved_is_not_found, setup),
        cmocka_unit_test_setup(saving_the_same_again_writes_nothing, setup),
        cmocka_unit_test_setup(saving_something_else_replaces_it, setup),
        cmocka_unit_test_setup(damaged_record_is_reported, setup),
        cmocka_unit_test_setup(damaged_record_is_replaced_by_a_save, setup),
        cmocka_unit_test_setup(record_over_the_longest_is_reported, setup),
        cmocka_unit_test_setup(store_that_cannot_be_read_is_reported, setup),
        cmocka_unit_test_setup(save_goes_on_when_the_old_value_cannot_be_read, setup),
        cmocka_unit_test_setup(store_that_cannot_be_written_is_reported_and_keeps_the_old_value, setup),
        cmocka_unit_test_setup(credentials_that_no_server_takes_are_not_stored, setup),
        cmocka_unit_test_setup(commit_saves_the_credentials_before_it_replaces_the_pending_ones, setup),
        cmocka_unit_test_setup(commit_of_the_pending_credentials_costs_one_write, setup),
        cmocka_unit_test_setup(commit_keeps_the_pending_credentials_when_the_save_fails, setup),
        cmocka_unit_test_setup(power_cut_in_a_commit_leaves_the_old_state_or_the_new_credentials, setup),
    };
    return cmocka_run_group_tests_name("tb_store", tests, NULL, NULL);
}
