/** @file test_tb_prov.h  What the tests of the reader have in common, whatever kinds of credentials its model has. */
#pragma once

#include "tb/tb_prov.h"
#include "tb_test.h"

// wire samples of contract 2.6, byte by byte as the server writes them
#define SUCCESS "{\"credentialsValue\":\"A1B2C3\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"
#define NOT_FOUND "{\"errorMsg\":\"Provision data was not found!\",\"status\":\"NOT_FOUND\"}"
#define FAILURE "{\"errorMsg\":\"Failed to provision device!\",\"status\":\"FAILURE\"}"
#define X509 "{\"credentialsValue\":\"MIIB\",\"credentialsType\":\"X509_CERTIFICATE\",\"status\":\"SUCCESS\"}"
#define MQTT_BASIC                                                                                                     \
    "{\"credentialsValue\":{\"clientId\":\"C\",\"userName\":\"U\",\"password\":\"P\"},"                                \
    "\"credentialsType\":\"MQTT_BASIC\",\"status\":\"SUCCESS\"}"
#define LWM2M "{\"credentialsType\":\"LWM2M_CREDENTIALS\",\"status\":\"SUCCESS\"}"

static inline tb_prov_response_t parse(tb_str_t json)
{
    tb_prov_response_t response;
    tb_str_t copy = heap_copy(json);
    memset(&response, TB_TEST_FILL, sizeof(response));
    tb_prov_parse_response(copy, &response);
    heap_free(copy);
    return response;
}

static inline void assert_outcome(tb_str_t json, tb_prov_outcome_t expected)
{
    tb_prov_response_t response = parse(json);
    if (response.outcome != expected) {
        fail_msg("%.*s: outcome %d", (int)json.len, json.ptr, (int)response.outcome);
    }
    if (expected != TB_PROV_SUCCESS) {
        const tb_cred_t none = {.kind = TB_CRED_NONE};
        assert_true(tb_cred_equal(&response.cred, &none));
    }
}

static inline void assert_every_truncation_is_malformed(tb_str_t answer)
{
    for (size_t len = 0; len < answer.len; len++) {
        assert_outcome((tb_str_t){.ptr = answer.ptr, .len = len}, TB_PROV_MALFORMED);
    }
}

static inline void assert_printed(tb_str_t answer, bool show_secrets, const char *expected)
{
    tb_prov_response_t response = parse(answer);
    char text[256];
    tb_buf_t out = TB_BUF(text);
    assert_int_equal(tb_prov_print_response(&response, show_secrets, &out), TB_OK);
    assert_text(tb_buf_view(&out), expected);
}

/** Fails unless @p answer is printed into all the room that it takes, and not beyond any that is shorter. */
static inline void assert_no_buffer_is_overrun(tb_str_t answer)
{
    tb_prov_response_t response = parse(answer);
    char text[256];
    tb_buf_t whole = TB_BUF(text);
    assert_int_equal(tb_prov_print_response(&response, true, &whole), TB_OK);
    for (size_t cap = 0; cap < whole.len; cap++) {
        memset(text, TB_TEST_FILL, sizeof(text));
        tb_buf_t out = {.ptr = text, .cap = cap};
        assert_int_equal(tb_prov_print_response(&response, true, &out), TB_ERR_TOO_LONG);
        assert_filled(text + cap, TB_TEST_FILL, sizeof(text) - cap);
    }
}
