#include "tb/tb_cred.h"
#include "tb_test.h"

static const tb_cred_t UNTOUCHED = {.kind = TB_CRED_NONE, .username = "untouched"};

static void assert_untouched(const tb_cred_t *cred)
{
    assert_int_equal(cred->kind, UNTOUCHED.kind);
    assert_memory_equal(cred->username, UNTOUCHED.username, sizeof(cred->username));
}

static tb_cred_t cred_of(const char *token)
{
    tb_cred_t cred = UNTOUCHED;
    assert_int_equal(tb_cred_from_token(tb_str(token), &cred), TB_OK);
    return cred;
}

/** Writes the record of @p token to @p record. */
static tb_str_t record_of(const char *token, char record[TB_CRED_RECORD_MAX])
{
    tb_cred_t cred = cred_of(token);
    tb_buf_t out = {.ptr = record, .cap = TB_CRED_RECORD_MAX};
    assert_int_equal(tb_cred_encode(&cred, &out), TB_OK);
    return tb_buf_view(&out);
}

static void assert_decode_refused(tb_str_t record, tb_err_t expected)
{
    tb_cred_t cred = UNTOUCHED;
    tb_str_t copy = heap_copy(record);
    assert_int_equal(tb_cred_decode(copy, &cred), expected);
    heap_free(copy);
    assert_untouched(&cred);
}

/** CRC-32 by its definition as a division of polynomials, most significant bit first: not the way tb_cred does it. */
static uint32_t reference_crc32(tb_str_t data)
{
    uint32_t rest = 0;
    for (size_t bit = 0; bit < data.len * 8 + 32; bit++) {
        uint32_t in = bit < data.len * 8 ? ((uint32_t)(uint8_t)data.ptr[bit / 8] >> (bit % 8)) & 1u : 0;
        in ^= bit < 32 ? 1u : 0; // the first 32 bits are inverted
        uint32_t carry = rest >> 31;
        rest = (rest << 1 | in) ^ (carry ? 0x04C11DB7u : 0);
    }
    uint32_t reflected = 0;
    for (int bit = 0; bit < 32; bit++) {
        reflected |= ((rest >> bit) & 1u) << (31 - bit);
    }
    return ~reflected;
}

/** Builds a record with a correct checksum around @p body. */
static tb_str_t sealed(tb_str_t body, char *record)
{
    uint32_t crc = reference_crc32(body);
    memcpy(record, body.ptr, body.len);
    for (size_t i = 0; i < 4; i++) {
        record[body.len + i] = (char)(crc >> (8 * i));
    }
    return (tb_str_t){.ptr = record, .len = body.len + 4};
}

static void token_is_taken_up_to_its_longest(void **state)
{
    (void)state;
    char token[TB_CRED_TEXT_MAX + 1];
    tb_cred_t cred = UNTOUCHED;
    memset(token, 'x', sizeof(token));
    assert_int_equal(tb_cred_from_token((tb_str_t){.ptr = token, .len = TB_CRED_TEXT_MAX}, &cred), TB_OK);
    assert_int_equal(cred.kind, TB_CRED_ACCESS_TOKEN);
    assert_int_equal(strlen(cred.username), TB_CRED_TEXT_MAX);
}

static void token_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char token[TB_CRED_TEXT_MAX + 1];
    tb_cred_t cred = UNTOUCHED;
    memset(token, 'x', sizeof(token));
    assert_int_equal(tb_cred_from_token((tb_str_t){.ptr = token, .len = sizeof(token)}, &cred), TB_ERR_TOO_LONG);
    assert_untouched(&cred);
}

static void empty_token_is_refused(void **state)
{
    (void)state;
    tb_cred_t cred = UNTOUCHED;
    assert_int_equal(tb_cred_from_token(TB_STR(""), &cred), TB_ERR_INVALID_ARG);
    assert_untouched(&cred);
}

static void token_with_a_NUL_in_it_is_refused(void **state)
{
    (void)state;
    tb_cred_t cred = UNTOUCHED;
    assert_int_equal(tb_cred_from_token(TB_STR("A1\0B2"), &cred), TB_ERR_INVALID_ARG);
    assert_int_equal(tb_cred_from_token(TB_STR("A1\0"), &cred), TB_ERR_INVALID_ARG);
    assert_untouched(&cred);
}

static void own_token_has_a_legal_character_for_every_random_byte(void **state)
{
    (void)state;
    unsigned seen[256] = {0};
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t random[TB_CRED_OWN_TEXT_LEN];
        tb_cred_t cred = {.kind = TB_CRED_ACCESS_TOKEN};
        memset(random, (int)byte, sizeof(random));
        tb_cred_make_text(random, cred.username);
        assert_int_equal(strlen(cred.username), TB_CRED_OWN_TEXT_LEN);
        assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", cred.username[0]));
        seen[(uint8_t)cred.username[0]]++;
    }
    for (unsigned c = 0; c < 256; c++) { // 64 characters, each as likely as the other
        assert_true(seen[c] == 0 || seen[c] == 4);
    }
}

static void own_token_depends_on_each_random_byte(void **state)
{
    (void)state;
    uint8_t random[TB_CRED_OWN_TEXT_LEN] = {0};
    tb_cred_t first = {.kind = TB_CRED_ACCESS_TOKEN};
    tb_cred_make_text(random, first.username);
    for (size_t i = 0; i < TB_CRED_OWN_TEXT_LEN; i++) {
        tb_cred_t other = {.kind = TB_CRED_ACCESS_TOKEN};
        random[i] = 1;
        tb_cred_make_text(random, other.username);
        random[i] = 0;
        assert_false(tb_cred_equal(&first, &other));
    }
}

static void equal_compares_kind_and_token(void **state)
{
    (void)state;
    tb_cred_t a = cred_of("A1B2");
    tb_cred_t b = cred_of("A1B2");
    assert_true(tb_cred_equal(&a, &b));
    tb_cred_t c = cred_of("A1B3");
    assert_false(tb_cred_equal(&a, &c));
    b.kind = TB_CRED_NONE;
    assert_false(tb_cred_equal(&a, &b));
}

static void record_has_the_documented_bytes(void **state)
{
    (void)state;
    char record[TB_CRED_RECORD_MAX];
    char expected[16];
    tb_str_t body = TB_STR("\x01\x01\x04\x00"
                           "A1B2");
    tb_str_t sealed_body = sealed(body, expected);
    tb_str_t written = record_of("A1B2", record);
    assert_int_equal(written.len, sealed_body.len);
    assert_memory_equal(written.ptr, sealed_body.ptr, written.len);
}

static void record_reads_back_for_every_length_of_token(void **state)
{
    (void)state;
    char token[TB_CRED_TEXT_MAX + 1] = "";
    for (size_t len = 1; len <= TB_CRED_TEXT_MAX; len++) {
        char record[TB_CRED_RECORD_MAX];
        tb_cred_t cred = UNTOUCHED;
        token[len - 1] = (char)('!' + len % 90);
        assert_int_equal(tb_cred_decode(record_of(token, record), &cred), TB_OK);
        assert_string_equal(cred.username, token);
    }
}

static void record_is_appended_after_what_stands_in_the_buffer(void **state)
{
    (void)state;
    char text[TB_CRED_RECORD_MAX + 2];
    tb_buf_t out = TB_BUF(text);
    tb_cred_t cred = cred_of("A1B2");
    tb_cred_t back = UNTOUCHED;
    tb_buf_put(&out, TB_STR("xy"));
    assert_int_equal(tb_cred_encode(&cred, &out), TB_OK);
    assert_int_equal(tb_cred_decode((tb_str_t){.ptr = text + 2, .len = out.len - 2}, &back), TB_OK);
    assert_true(tb_cred_equal(&cred, &back));
}

static void encode_reports_a_short_buffer_and_does_not_overrun_it(void **state)
{
    (void)state;
    char text[32];
    tb_cred_t cred = cred_of("A1B2");
    for (size_t cap = 0; cap <= 12; cap++) {
        memset(text, TB_TEST_FILL, sizeof(text));
        tb_buf_t out = {.ptr = text, .cap = cap};
        assert_int_equal(tb_cred_encode(&cred, &out), cap == 12 ? TB_OK : TB_ERR_TOO_LONG);
        assert_filled(text + cap, TB_TEST_FILL, sizeof(text) - cap);
    }
}

static void torn_record_is_refused_at_every_length(void **state)
{
    (void)state;
    char record[TB_CRED_RECORD_MAX];
    tb_str_t whole = record_of("A1B2C3D4", record);
    for (size_t len = 0; len < whole.len; len++) {
        assert_decode_refused((tb_str_t){.ptr = whole.ptr, .len = len}, TB_ERR_INVALID_CRC);
    }
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    char record[TB_CRED_RECORD_MAX];
    tb_str_t whole = record_of("A1B2C3D4", record);
    for (size_t bit = 0; bit < whole.len * 8; bit++) {
        record[bit / 8] ^= (char)(1 << (bit % 8));
        assert_decode_refused(whole, TB_ERR_INVALID_CRC);
        record[bit / 8] ^= (char)(1 << (bit % 8));
    }
}

static void record_of_another_firmware_is_told_from_a_damaged_one(void **state)
{
    (void)state;
    static const tb_str_t BODIES[] = {
        TB_STR("\x02\x01\x04\x00"
               "A1B2"), // version
        TB_STR("\x01\x04\x04\x00"
               "A1B2"), // kind
        TB_STR("\x01\x00\x04\x00"
               "A1B2"), // kind "none"
        TB_STR("\x01\x01\x05\x00"
               "A1B2"), // length over what is there
        TB_STR("\x01\x01\x03\x00"
               "A1B2"), // length under what is there
        TB_STR("\x01\x01\x04\x01"
               "A1B2"), // high byte of the length
    };
    for (size_t i = 0; i < TB_COUNT(BODIES); i++) {
        char record[16];
        assert_decode_refused(sealed(BODIES[i], record), TB_ERR_INVALID_VERSION);
    }
}

static void record_of_an_empty_token_is_refused(void **state)
{
    (void)state;
    char record[16];
    assert_decode_refused(sealed(TB_STR("\x01\x01\x00\x00"), record), TB_ERR_INVALID_ARG);
}

static void record_of_a_token_over_the_bounds_is_refused(void **state)
{
    (void)state;
    char body[4 + TB_CRED_TEXT_MAX + 1] = {1, 1, (char)(TB_CRED_TEXT_MAX + 1), 0};
    char record[sizeof(body) + 4];
    memset(body + 4, 'x', sizeof(body) - 4);
    assert_decode_refused(sealed((tb_str_t){.ptr = body, .len = sizeof(body)}, record), TB_ERR_TOO_LONG);
}

static void record_of_mqtt_basic_has_the_documented_bytes(void **state)
{
    (void)state;
    const tb_cred_t cred = {.kind = TB_CRED_MQTT_BASIC, .client_id = "C", .username = "U1", .password = "P"};
    char record[TB_CRED_RECORD_MAX];
    char expected[16];
    tb_buf_t out = TB_BUF(record);
    assert_int_equal(tb_cred_encode(&cred, &out), TB_OK);
    tb_str_t sealed_body = sealed((tb_str_t){.ptr = "\x01\x02\x06\x00"
                                                    "C\0U1\0P",
                                             .len = 10},
                                  expected);
    assert_true(tb_str_equal(tb_buf_view(&out), sealed_body));
}

static void every_kind_reads_back(void **state)
{
    (void)state;
    char longest[TB_CRED_TEXT_MAX + 1] = "";
    memset(longest, 'x', TB_CRED_TEXT_MAX);
    tb_cred_t creds[] = {
        {.kind = TB_CRED_X509},
        {.kind = TB_CRED_MQTT_BASIC, .client_id = "C"},
        {.kind = TB_CRED_MQTT_BASIC, .username = "U"},
        {.kind = TB_CRED_MQTT_BASIC, .username = "U", .password = "P"},
        {.kind = TB_CRED_MQTT_BASIC, .client_id = "C", .username = "U", .password = "P"},
        {.kind = TB_CRED_MQTT_BASIC},
    };
    memcpy(creds[5].client_id, longest, sizeof(longest));
    memcpy(creds[5].username, longest, sizeof(longest));
    memcpy(creds[5].password, longest, sizeof(longest));
    for (size_t i = 0; i < TB_COUNT(creds); i++) {
        char record[TB_CRED_RECORD_MAX];
        tb_cred_t read = UNTOUCHED;
        tb_buf_t out = TB_BUF(record);
        assert_int_equal(tb_cred_encode(&creds[i], &out), TB_OK);
        tb_str_t copy = heap_copy(tb_buf_view(&out));
        assert_int_equal(tb_cred_decode(copy, &read), TB_OK);
        heap_free(copy);
        assert_true(tb_cred_equal(&read, &creds[i]));
    }
}

static void record_whose_texts_make_no_credentials_is_refused(void **state)
{
    (void)state;
    char record[32];
    const tb_str_t bodies[] = {
        {"\x01\x02\x00\x00", 4},     // nothing at all
        {"\x01\x02\x02\x00\0\0", 6}, // three texts, all empty
        {"\x01\x02\x04\x00"
         "C\0\0P",
         8}, // a password without a user name (contract 1.3)
        {"\x01\x02\x06\x00"
         "C\0U\0P\0",
         10},                     // a fourth text
        {"\x01\x03\x01\x00x", 5}, // a certificate has no text
        {"\x01\x01\x03\x00"
         "A\0B",
         7}, // a token with a NUL
    };
    for (size_t i = 0; i < TB_COUNT(bodies); i++) {
        assert_decode_refused(sealed(bodies[i], record), TB_ERR_INVALID_ARG);
    }
}

static void credentials_that_no_server_takes_have_no_record(void **state)
{
    (void)state;
    const tb_cred_t creds[] = {
        {.kind = TB_CRED_NONE},
        {.kind = TB_CRED_NONE, .username = "U"},
        {.kind = TB_CRED_ACCESS_TOKEN},
        {.kind = TB_CRED_ACCESS_TOKEN, .client_id = "C"},
        {.kind = TB_CRED_MQTT_BASIC},
        {.kind = TB_CRED_MQTT_BASIC, .password = "P"},
        {.kind = TB_CRED_MQTT_BASIC, .client_id = "C", .password = "P"},
        {.kind = TB_CRED_X509, .username = "U"},
    };
    for (size_t i = 0; i < TB_COUNT(creds); i++) {
        char record[TB_CRED_RECORD_MAX];
        tb_buf_t out = TB_BUF(record);
        assert_int_equal(tb_cred_encode(&creds[i], &out), TB_ERR_INVALID_ARG);
        assert_int_equal(out.len, 0);
    }
}

static void each_text_of_a_record_has_its_bound(void **state)
{
    (void)state;
    char texts[3][TB_CRED_TEXT_MAX + 1];
    for (size_t longest = 0; longest < 3; longest++) {
        char body[4 + 3 * (TB_CRED_TEXT_MAX + 1) + 2];
        char record[sizeof(body) + 4];
        tb_buf_t out = TB_BUF(body);
        tb_buf_put(&out, (tb_str_t){.ptr = "\x01\x02\x00\x00", .len = 4});
        for (size_t i = 0; i < 3; i++) {
            memset(texts[i], 'x', sizeof(texts[i]));
            tb_buf_put(&out, (tb_str_t){.ptr = texts[i], .len = i == longest ? sizeof(texts[i]) : 1});
            if (i < 2) {
                tb_buf_put_char(&out, '\0');
            }
        }
        body[2] = (char)(out.len - 4);
        assert_decode_refused(sealed(tb_buf_view(&out), record), TB_ERR_TOO_LONG);
    }
}

static void equal_compares_every_text(void **state)
{
    (void)state;
    const tb_cred_t a = {.kind = TB_CRED_MQTT_BASIC, .client_id = "C", .username = "U", .password = "P"};
    tb_cred_t others[] = {a, a, a, a};
    others[0].kind = TB_CRED_ACCESS_TOKEN;
    others[1].client_id[0] = 'x';
    others[2].username[0] = 'x';
    others[3].password[0] = 'x';
    for (size_t i = 0; i < TB_COUNT(others); i++) {
        assert_false(tb_cred_equal(&a, &others[i]));
    }
    assert_true(tb_cred_equal(&a, &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_is_taken_up_to_its_longest),
        cmocka_unit_test(token_that_is_too_long_is_refused),
        cmocka_unit_test(empty_token_is_refused),
        cmocka_unit_test(token_with_a_NUL_in_it_is_refused),
        cmocka_unit_test(own_token_has_a_legal_character_for_every_random_byte),
        cmocka_unit_test(own_token_depends_on_each_random_byte),
        cmocka_unit_test(equal_compares_kind_and_token),
        cmocka_unit_test(record_has_the_documented_bytes),
        cmocka_unit_test(record_reads_back_for_every_length_of_token),
        cmocka_unit_test(record_is_appended_after_what_stands_in_the_buffer),
        cmocka_unit_test(encode_reports_a_short_buffer_and_does_not_overrun_it),
        cmocka_unit_test(torn_record_is_refused_at_every_length),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(record_of_another_firmware_is_told_from_a_damaged_one),
        cmocka_unit_test(record_of_an_empty_token_is_refused),
        cmocka_unit_test(record_of_a_token_over_the_bounds_is_refused),
        cmocka_unit_test(record_of_mqtt_basic_has_the_documented_bytes),
        cmocka_unit_test(every_kind_reads_back),
        cmocka_unit_test(credentials_that_no_server_takes_have_no_record),
        cmocka_unit_test(each_text_of_a_record_has_its_bound),
        cmocka_unit_test(equal_compares_every_text),
        cmocka_unit_test(record_whose_texts_make_no_credentials_is_refused),
    };
    return cmocka_run_group_tests_name("tb_cred", tests, NULL, NULL);
}
