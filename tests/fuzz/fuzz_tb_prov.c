// Input: the answer to a provisioning request, as the server sends it, for a model that has all kinds of credentials.

#include "fuzz.h"
#include "tb/tb_json.h"
#include "tb/tb_prov.h"
#include "tb_model_prov.h"

_Static_assert(TB_MODEL_PROV_BASIC == 1 && TB_MODEL_PROV_CERTIFICATE == 1, "this model has to know all kinds");

#define ESCAPED_MAX 6 // \u001b
#define PRINTED_MAX (256 + 3 * TB_CRED_TEXT_MAX * ESCAPED_MAX)
#define WITHOUT_SECRETS(type) "{\"credentialsValue\":\"***\",\"credentialsType\":\"" type "\",\"status\":\"SUCCESS\"}"

/** What stands for each kind in an answer, and how an answer that gives it is printed without its secrets. */
static const struct {
    const char *type;
    const char *printed;
} KINDS[] = {
    [TB_CRED_ACCESS_TOKEN] = {"ACCESS_TOKEN", WITHOUT_SECRETS("ACCESS_TOKEN")},
    [TB_CRED_MQTT_BASIC] = {"MQTT_BASIC", WITHOUT_SECRETS("MQTT_BASIC")},
    [TB_CRED_X509] = {"X509_CERTIFICATE", WITHOUT_SECRETS("X509_CERTIFICATE")},
};

static tb_prov_response_t parse(tb_str_t json)
{
    tb_prov_response_t response;
    memset(&response, FUZZ_FILL, sizeof(response));
    tb_str_t copy = fuzz_copy(json.ptr, json.len);
    tb_prov_parse_response(copy, &response);
    fuzz_free(copy); // the response borrows nothing of it
    return response;
}

/** What is kept of credentials is what was given: they can be presented to a server, and stored. */
static void check_kept(const tb_cred_t *cred)
{
    char record[TB_CRED_RECORD_MAX];
    tb_buf_t out = TB_BUF(record);
    tb_cred_t again;
    fuzz_check(tb_cred_is_valid(cred));
    fuzz_check(tb_cred_encode(cred, &out) == TB_OK);
    fuzz_check(tb_cred_decode(tb_buf_view(&out), &again) == TB_OK && tb_cred_equal(cred, &again));
}

static void check_response(const tb_prov_response_t *response)
{
    const tb_cred_t *cred = &response->cred;
    const tb_cred_t none = {.kind = TB_CRED_NONE};
    fuzz_check(response->outcome <= TB_PROV_MALFORMED && cred->kind <= TB_CRED_X509);
    fuzz_check(memchr(cred->client_id, '\0', sizeof(cred->client_id)) != NULL);
    fuzz_check(memchr(cred->username, '\0', sizeof(cred->username)) != NULL);
    fuzz_check(memchr(cred->password, '\0', sizeof(cred->password)) != NULL);
    fuzz_check(memchr(response->error_text, '\0', sizeof(response->error_text)) != NULL);
    if (response->outcome == TB_PROV_SUCCESS) {
        check_kept(cred);
    } else {
        fuzz_check(tb_cred_equal(cred, &none));
    }
}

/** What @p json has under @p key; absent also when it is no object. */
static tb_json_value_t member_of(tb_str_t json, const char *key)
{
    tb_json_member_t member = {.key = tb_str(key)};
    if (tb_json_read_object(json, &member, 1) != TB_OK) {
        member.value = (tb_json_value_t){.type = TB_JSON_ABSENT};
    }
    return member.value;
}

static bool has_text(tb_str_t json, const char *key, const char *text)
{
    tb_json_value_t value = member_of(json, key);
    return tb_json_is_string(&value, tb_str(text));
}

/** A text that the server does not give is empty, and no other is, unless it gives an empty one. */
static bool gives(tb_str_t basic, const char *key, const char *text)
{
    tb_json_type_t type = member_of(basic, key).type;
    return type == TB_JSON_ABSENT || type == TB_JSON_NULL ? text[0] == '\0' : has_text(basic, key, text);
}

/** Success is what the server calls so, with the credentials that it names, and nothing that it does not. */
static void check_source(tb_str_t json, const tb_cred_t *cred)
{
    tb_str_t value = member_of(json, "credentialsValue").raw;
    fuzz_check(has_text(json, "status", "SUCCESS"));
    fuzz_check(has_text(json, "credentialsType", KINDS[cred->kind].type));
    if (cred->kind == TB_CRED_MQTT_BASIC) {
        fuzz_check(gives(value, "clientId", cred->client_id));
        fuzz_check(gives(value, "userName", cred->username));
        fuzz_check(gives(value, "password", cred->password));
    } else {
        fuzz_check(cred->client_id[0] == '\0' && cred->password[0] == '\0');
        fuzz_check(cred->kind == TB_CRED_X509 ? cred->username[0] == '\0'
                                              : has_text(json, "credentialsValue", cred->username));
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
        fuzz_check(tb_str_equal(printed, tb_str(KINDS[response->cred.kind].printed)));
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
    if (response.outcome == TB_PROV_SUCCESS) {
        check_source(json, &response.cred);
    }
    check_print(&response, false);
    check_print(&response, true);
    return 0;
}
