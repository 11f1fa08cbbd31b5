// The store as files, in a directory of its own; and what else is the system's.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tb/tb_port.h"
#include "tb_test.h"

static char s_dir[64];

// what makes a value durable, in the order it happened: 's' fsync of a file, 'd' of a directory, 'r' rename, 'u' unlink
static char s_calls[32];
static char s_fails; /**< The call that fails. */
static time_t s_date;

int __real_fsync(int file);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_fsync(int file);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
time_t __wrap_time(time_t *date);
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

/** Notes a call. Returns true when it is to fail. */
static bool noted(char call)
{
    size_t len = strlen(s_calls);
    assert_in_range(len, 0, sizeof(s_calls) - 2);
    s_calls[len] = call;
    s_calls[len + 1] = '\0';
    errno = EIO;
    return call == s_fails;
}

int __wrap_fsync(int file)
{
    struct stat status;
    assert_int_equal(fstat(file, &status), 0);
    return noted(S_ISDIR(status.st_mode) ? 'd' : 's') ? -1 : __real_fsync(file);
}

int __wrap_rename(const char *from, const char *to)
{
    return noted('r') ? -1 : __real_rename(from, to);
}

int __wrap_unlink(const char *path)
{
    return noted('u') ? -1 : __real_unlink(path);
}

time_t __wrap_time(time_t *date)
{
    (void)date;
    return s_date;
}

/** The wall clock is the test's as well. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_MONOTONIC) {
        *now = (struct timespec){.tv_sec = s_date};
        return 0;
    }
    return __real_clock_gettime(clock, now);
}

/** Returns the path of @p name in the test's directory; valid until the next call. */
static const char *path_to(const char *name)
{
    static char s_path[PATH_MAX];
    assert_in_range(snprintf(s_path, sizeof(s_path), "%s/%s", s_dir, name), 1, sizeof(s_path) - 1);
    return s_path;
}

static void write_file(const char *name, tb_str_t value)
{
    FILE *file = fopen(path_to(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(value.ptr, 1, value.len, file), value.len);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    (void)state;
    strcpy(s_dir, "/tmp/tb_store_XXXXXX");
    assert_non_null(mkdtemp(s_dir));
    assert_int_equal(setenv("TB_STORE_DIR", s_dir, 1), 0);
    s_fails = '\0';
    assert_int_equal(tb_port_init(), TB_OK);
    assert_int_equal(mkdir(path_to("tb_cfg"), 0700), 0);
    s_calls[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    assert_in_range(snprintf(command, sizeof(command), "rm -r '%s'", s_dir), 1, sizeof(command) - 1);
    return system(command);
}

static void assert_loaded(const char *key, const char *expected)
{
    char value[64];
    size_t len = 0;
    assert_int_equal(tb_port_load(key, value, sizeof(value), &len), TB_OK);
    tb_str_t loaded = {.ptr = value, .len = len};
    assert_text(loaded, expected);
}

static void assert_load_fails(const char *key, size_t cap, tb_err_t expected)
{
    char value[64];
    size_t len = 12345;
    assert_in_range(cap, 0, sizeof(value));
    assert_int_equal(tb_port_load(key, value, cap, &len), expected);
    assert_int_equal(len, 12345);
}

static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    assert_int_equal(tb_port_save("cred", TB_STR("value")), TB_OK);
    assert_int_equal(tb_port_save("pending", TB_STR("other")), TB_OK);
    assert_loaded("cred", "value");
    assert_loaded("pending", "other");
}

static void what_was_never_saved_is_not_found(void **state)
{
    (void)state;
    assert_load_fails("cred", 64, TB_ERR_NOT_FOUND);
}

static void empty_value_is_kept(void **state)
{
    (void)state;
    assert_int_equal(tb_port_save("cred", TB_STR("")), TB_OK);
    assert_loaded("cred", "");
}

static void value_is_synced_before_it_is_renamed_into_place(void **state)
{
    (void)state;
    assert_int_equal(tb_port_save("cred", TB_STR("value")), TB_OK);
    assert_string_equal(s_calls, "srd");
}

static void removal_is_synced(void **state)
{
    (void)state;
    assert_int_equal(tb_port_save("cred", TB_STR("value")), TB_OK);
    s_calls[0] = '\0';
    assert_int_equal(tb_port_erase("cred"), TB_OK);
    assert_string_equal(s_calls, "ud");
    assert_load_fails("cred", 64, TB_ERR_NOT_FOUND);
}

static void erasing_what_is_not_there_is_no_error(void **state)
{
    (void)state;
    assert_int_equal(tb_port_erase("cred"), TB_OK);
}

static void replacing_leaves_one_file_that_only_its_owner_reads(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(tb_port_save("cred", TB_STR("old and longer")), TB_OK);
    assert_int_equal(tb_port_save("cred", TB_STR("new")), TB_OK);
    assert_loaded("cred", "new");
    assert_int_equal(stat(path_to("tb/cred"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(access(path_to("tb/cred.new"), F_OK), -1);
}

static void old_value_stays_when_any_step_before_the_rename_fails(void **state)
{
    static const char STEPS[] = {'s', 'r'};
    (void)state;
    assert_int_equal(tb_port_save("cred", TB_STR("old")), TB_OK);
    for (size_t i = 0; i < sizeof(STEPS); i++) {
        s_fails = STEPS[i];
        assert_int_equal(tb_port_save("cred", TB_STR("new")), TB_ERR_STORE);
        assert_loaded("cred", "old");
    }
}

static void save_that_is_not_durable_is_an_error(void **state)
{
    (void)state;
    s_fails = 'd';
    assert_int_equal(tb_port_save("cred", TB_STR("new")), TB_ERR_STORE);
}

static void erase_that_fails_or_is_not_durable_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(tb_port_save("cred", TB_STR("value")), TB_OK);
    s_fails = 'u';
    assert_int_equal(tb_port_erase("cred"), TB_ERR_STORE);
    assert_loaded("cred", "value");
    s_fails = 'd';
    assert_int_equal(tb_port_erase("cred"), TB_ERR_STORE);
}

static void draft_of_a_save_that_a_power_cut_tore_is_passed_over(void **state)
{
    (void)state;
    assert_int_equal(tb_port_save("cred", TB_STR("old")), TB_OK);
    write_file("tb/cred.new", TB_STR("to"));
    assert_loaded("cred", "old");
    assert_int_equal(tb_port_save("cred", TB_STR("new")), TB_OK);
    assert_loaded("cred", "new");
}

static void full_disk_keeps_the_old_value(void **state)
{
    (void)state;
    assert_int_equal(tb_port_save("cred", TB_STR("old")), TB_OK);
    assert_int_equal(symlink("/dev/full", path_to("tb/cred.new")), 0);
    assert_int_equal(tb_port_save("cred", TB_STR("new")), TB_ERR_STORE);
    assert_loaded("cred", "old");
}

static void draft_that_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_to("tb/cred.new"), 0700), 0);
    assert_int_equal(tb_port_save("cred", TB_STR("new")), TB_ERR_STORE);
}

static void value_over_the_capacity_is_refused(void **state)
{
    (void)state;
    assert_int_equal(tb_port_save("cred", TB_STR("12345")), TB_OK);
    assert_load_fails("cred", 4, TB_ERR_TOO_LONG);
    assert_load_fails("cred", 0, TB_ERR_TOO_LONG);
    char value[5];
    size_t len = 0;
    assert_int_equal(tb_port_load("cred", value, sizeof(value), &len), TB_OK);
    assert_int_equal(len, 5);
}

static void what_is_no_file_cannot_be_read(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_to("tb/cred"), 0700), 0);
    assert_load_fails("cred", 64, TB_ERR_STORE);
    assert_int_equal(symlink("loop", path_to("tb/loop")), 0);
    assert_load_fails("loop", 64, TB_ERR_STORE);
}

static void init_makes_the_directories_on_the_way(void **state)
{
    (void)state;
    assert_int_equal(setenv("TB_STORE_DIR", path_to("a/b/c"), 1), 0);
    assert_int_equal(tb_port_init(), TB_OK);
    assert_string_equal(s_calls, "dddd"); // a, b, c and tb, each in the directory above it
    assert_int_equal(tb_port_init(), TB_OK);
    assert_string_equal(s_calls, "dddd");
    assert_int_equal(tb_port_save("cred", TB_STR("value")), TB_OK);
    assert_loaded("cred", "value");
}

static void init_that_is_not_durable_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(setenv("TB_STORE_DIR", path_to("a"), 1), 0);
    s_fails = 'd';
    assert_int_equal(tb_port_init(), TB_ERR_STORE);
}

static void init_fails_where_no_directory_can_be_made(void **state)
{
    (void)state;
    write_file("file", TB_STR("x"));
    assert_int_equal(setenv("TB_STORE_DIR", path_to("file"), 1), 0);
    assert_int_equal(tb_port_init(), TB_ERR_STORE);
    assert_int_equal(tb_port_save("cred", TB_STR("value")), TB_ERR_STORE);
}

static void path_that_is_too_long_is_refused_everywhere(void **state)
{
    (void)state;
    char value[8];
    size_t len = 0;
    static char s_long[PATH_MAX + 1];
    memset(s_long, 'x', PATH_MAX);
    assert_int_equal(setenv("TB_STORE_DIR", s_long, 1), 0);
    assert_int_equal(tb_port_init(), TB_ERR_TOO_LONG);
    assert_int_equal(tb_port_load("cred", value, sizeof(value), &len), TB_ERR_TOO_LONG);
    assert_int_equal(tb_port_save("cred", TB_STR("x")), TB_ERR_TOO_LONG);
    assert_int_equal(tb_port_erase("cred"), TB_ERR_TOO_LONG);
    assert_int_equal(tb_port_config_text("host", value, sizeof(value)), TB_ERR_TOO_LONG);
}

static void draft_whose_path_is_too_long_is_refused(void **state)
{
    (void)state;
    static char s_long[PATH_MAX + 1];
    memset(s_long, 'x', PATH_MAX);
    // "/tb/cred" and a NUL fit after it, ".new" does not
    for (size_t len = PATH_MAX - strlen("/tb/cred") - 1; len + strlen("/tb/cred.new") >= PATH_MAX; len--) {
        s_long[len] = '\0';
        assert_int_equal(setenv("TB_STORE_DIR", s_long, 1), 0);
        assert_int_equal(tb_port_save("cred", TB_STR("x")), TB_ERR_TOO_LONG);
    }
}

static void setting_is_read_with_a_NUL(void **state)
{
    (void)state;
    char text[8];
    write_file("tb_cfg/host", TB_STR("example"));
    memset(text, TB_TEST_FILL, sizeof(text));
    assert_int_equal(tb_port_config_text("host", text, sizeof(text)), TB_OK);
    assert_string_equal(text, "example");
}

static void setting_needs_room_for_its_NUL(void **state)
{
    (void)state;
    char text[8];
    write_file("tb_cfg/host", TB_STR("example"));
    memset(text, TB_TEST_FILL, sizeof(text));
    assert_int_equal(tb_port_config_text("host", text, 7), TB_ERR_TOO_LONG);
    assert_filled(text, TB_TEST_FILL, sizeof(text));
}

static void longest_text_of_a_certificate_is_read(void **state)
{
    (void)state;
    static char s_pem[3999];
    char text[4000];
    memset(s_pem, 'x', sizeof(s_pem));
    write_file("tb_cfg/ca_cert", (tb_str_t){.ptr = s_pem, .len = sizeof(s_pem)});
    assert_int_equal(tb_port_config_text("ca_cert", text, sizeof(text)), TB_OK);
    assert_int_equal(strlen(text), sizeof(s_pem));
}

static void setting_over_all_bounds_is_refused(void **state)
{
    (void)state;
    static char s_large[4096];
    char text[8];
    write_file("tb_cfg/host", (tb_str_t){.ptr = s_large, .len = sizeof(s_large)});
    assert_int_equal(tb_port_config_text("host", text, sizeof(text)), TB_ERR_TOO_LONG);
}

static void setting_that_is_not_set_is_not_found(void **state)
{
    (void)state;
    char text[8];
    assert_int_equal(tb_port_config_text("host", text, sizeof(text)), TB_ERR_NOT_FOUND);
}

static void settings_and_values_of_one_name_are_told_apart(void **state)
{
    (void)state;
    char text[8];
    assert_int_equal(tb_port_save("token", TB_STR("stored")), TB_OK);
    assert_int_equal(tb_port_config_text("token", text, sizeof(text)), TB_ERR_NOT_FOUND);
}

static void device_id_is_made_once_and_kept(void **state)
{
    (void)state;
    char first[TB_PORT_DEVICE_ID_MAX];
    char second[TB_PORT_DEVICE_ID_MAX];
    assert_int_equal(tb_port_device_id(first), TB_OK);
    assert_int_equal(tb_port_device_id(second), TB_OK);
    assert_string_equal(first, second);
    assert_int_equal(strlen(first), strlen("linux-010203040506"));
}

static void S7_two_stores_have_two_device_ids(void **state)
{
    (void)state;
    char first[TB_PORT_DEVICE_ID_MAX];
    char second[TB_PORT_DEVICE_ID_MAX];
    assert_int_equal(tb_port_device_id(first), TB_OK);
    assert_int_equal(tb_port_erase("device_id"), TB_OK);
    assert_int_equal(tb_port_device_id(second), TB_OK);
    assert_string_not_equal(first, second);
}

static void device_id_that_cannot_be_kept_is_an_error(void **state)
{
    (void)state;
    char id[TB_PORT_DEVICE_ID_MAX] = "untouched";
    s_fails = 'r';
    assert_int_equal(tb_port_device_id(id), TB_ERR_STORE);
    assert_string_equal(id, "untouched");
}

static void S17_step_of_the_wall_clock_moves_no_time_out(void **state)
{
    (void)state;
    s_date = 1;
    uint64_t before_ms = tb_port_now_ms();
    s_date = 4000000000;
    uint64_t after_ms = tb_port_now_ms();
    assert_in_range(after_ms, before_ms, before_ms + 60000);
    s_date = 0;
    assert_true(tb_port_now_ms() >= after_ms);
}

static void date_is_known_from_2025_on(void **state)
{
    (void)state;
    s_date = 0;
    assert_false(tb_port_time_is_known());
    s_date = 1735689599; // 2024-12-31T23:59:59Z
    assert_false(tb_port_time_is_known());
    s_date = 1735689600;
    assert_true(tb_port_time_is_known());
}

#define store_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(what_is_saved_is_loaded),
        store_test(what_was_never_saved_is_not_found),
        store_test(empty_value_is_kept),
        store_test(value_is_synced_before_it_is_renamed_into_place),
        store_test(removal_is_synced),
        store_test(erasing_what_is_not_there_is_no_error),
        store_test(replacing_leaves_one_file_that_only_its_owner_reads),
        store_test(old_value_stays_when_any_step_before_the_rename_fails),
        store_test(save_that_is_not_durable_is_an_error),
        store_test(erase_that_fails_or_is_not_durable_is_an_error),
        store_test(draft_of_a_save_that_a_power_cut_tore_is_passed_over),
        store_test(full_disk_keeps_the_old_value),
        store_test(draft_that_cannot_be_opened_is_an_error),
        store_test(value_over_the_capacity_is_refused),
        store_test(what_is_no_file_cannot_be_read),
        store_test(init_makes_the_directories_on_the_way),
        store_test(init_that_is_not_durable_is_an_error),
        store_test(init_fails_where_no_directory_can_be_made),
        store_test(path_that_is_too_long_is_refused_everywhere),
        store_test(draft_whose_path_is_too_long_is_refused),
        store_test(setting_is_read_with_a_NUL),
        store_test(setting_needs_room_for_its_NUL),
        store_test(longest_text_of_a_certificate_is_read),
        store_test(setting_over_all_bounds_is_refused),
        store_test(setting_that_is_not_set_is_not_found),
        store_test(settings_and_values_of_one_name_are_told_apart),
        store_test(device_id_is_made_once_and_kept),
        store_test(S7_two_stores_have_two_device_ids),
        store_test(device_id_that_cannot_be_kept_is_an_error),
        cmocka_unit_test(S17_step_of_the_wall_clock_moves_no_time_out),
        cmocka_unit_test(date_is_known_from_2025_on),
    };
    return cmocka_run_group_tests_name("tb_port_posix_store", tests, NULL, NULL);
}
