// Input: the answer to a provisioning request, as the server sends it.

#include "fuzz.h"
#include "tb/tb_json.h"
#include "tb/tb_prov.h"

#define PRINTED_WITHOUT_SECRETS                                                                                        \
    TB_STR("{\"credentialsValue\":\"***\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}")
#define PRINTED_MAX 1024

static tb_prov_response_t parse(tb_str_t json)
{
    tb_prov_response_t response;
    memset(&response, FUZZ_FILL, sizeof(response));
    tb_str_t copy = fuzz_copy(json.ptr, json.len);
    tb_prov_parse_response(copy, &response);
    fuzz_free(copy); // the response borrows nothing of it
    return response;
}

static void check_response(const tb_prov_response_t *response)
{
    const tb_cred_t *cred = &response->cred;
    fuzz_check(response->outcome <= TB_PROV_MALFORMED);
    fuzz_check(memchr(cred->username, '\0', sizeof(cred->username)) != NULL);
    fuzz_check(memchr(response->error_text, '\0', sizeof(response->error_text)) != NULL);
    fuzz_check((response->outcome == TB_PROV_SUCCESS) == (cred->kind == TB_CRED_ACCESS_TOKEN));
    fuzz_check((cred->kind == TB_CRED_NONE) == (cred->username[0] == '\0'));
}

static bool has_text(tb_str_t json, tb_str_t key, tb_str_t text)
{
    tb_json_member_t member = {.key = key};
    return tb_json_read_object(json, &member, 1) == TB_OK && tb_json_is_string(&member.value, text);
}

/** Success is what the server calls so, with the credentials that it names. */
static void check_source(tb_str_t json, const tb_prov_response_t *response)
{
    if (response->outcome == TB_PROV_SUCCESS) {
        fuzz_check(has_text(json, TB_STR("status"), TB_STR("SUCCESS")));
        fuzz_check(has_text(json, TB_STR("credentialsType"), TB_STR("ACCESS_TOKEN")));
        fuzz_check(has_text(json, TB_STR("credentialsValue"), tb_str(response->cred.username)));
    }
}

static bool is_readable(tb_prov_outcome_t outcome)
{
    return outcome == TB_PROV_SUCCESS || outcome == TB_PROV_NOT_FOUND || outcome == TB_PROV_FAILURE;
}

/** What is printed with the secrets reads as the same response. */
static void check_reads_back(const tb_prov_response_t *response, tb_str_t printed)
{
    tb_prov_response_t again = parse(printed);
    fuzz_check(again.outcome == response->outcome);
    fuzz_check(tb_cred_equal(&again.cred, &response->cred));
    fuzz_check(response->outcome == TB_PROV_SUCCESS || strcmp(again.error_text, response->error_text) == 0);
}

/** The text needs all of the room it takes, and not a byte more. */
static void check_bounds(const tb_prov_response_t *response, bool show_secrets, tb_str_t printed)
{
    char *exact = malloc(printed.len);
    fuzz_check(exact != NULL);
    tb_buf_t out = {.ptr = exact, .cap = printed.len};
    fuzz_check(tb_prov_print_response(response, show_secrets, &out) == TB_OK);
    fuzz_check(tb_str_equal(tb_buf_view(&out), printed));
    out = (tb_buf_t){.ptr = exact, .cap = printed.len - 1};
    fuzz_check(tb_prov_print_response(response, show_secrets, &out) == TB_ERR_TOO_LONG);
    free(exact);
}

static void check_print(const tb_prov_response_t *response, bool show_secrets)
{
    char text[PRINTED_MAX];
    tb_buf_t out = TB_BUF(text);
    fuzz_check(tb_prov_print_response(response, show_secrets, &out) == TB_OK);
    tb_str_t printed = tb_buf_view(&out);
    for (size_t i = 0; i < printed.len; i++) {
        fuzz_check((unsigned char)printed.ptr[i] >= 0x20); // one line of the log stays one line
    }
    if (response->outcome == TB_PROV_SUCCESS && !show_secrets) {
        fuzz_check(tb_str_equal(printed, PRINTED_WITHOUT_SECRETS));
    } else if (is_readable(response->outcome)) {
        check_reads_back(response, printed);
    }
    check_bounds(response, show_secrets, printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tb_str_t json = {.ptr = (const char *)data, .len = size};
    tb_prov_response_t response = parse(json);
    check_response(&response);
    check_source(json, &response);
    check_print(&response, false);
    check_print(&response, true);
    return 0;
}
