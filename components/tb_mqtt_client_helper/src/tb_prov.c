#include "tb/tb_prov.h"

#include "tb/tb_json.h"
#include "tb_model_prov.h"

// {"credentialsValue":"A1B2","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}
static tb_prov_outcome_t read_credentials(const tb_json_member_t *fields, tb_cred_t *out)
{
    char token[TB_CRED_TOKEN_MAX + 1];
    const tb_json_value_t *type = &fields[TB_MODEL_PROV_ANSWER_CREDENTIALS_TYPE].value;
    if (type->type != TB_JSON_STRING) {
        return TB_PROV_MALFORMED;
    }
    if (!tb_json_is_string(type, TB_STR(TB_MODEL_PROV_CREDENTIALS_TYPE))) {
        return TB_PROV_WRONG_KIND;
    }
    tb_err_t err = tb_json_read_string(&fields[TB_MODEL_PROV_ANSWER_CREDENTIALS_VALUE].value, token, sizeof(token));
    if (err == TB_OK) {
        err = tb_cred_from_token(tb_str(token), out);
        tb_wipe(token, sizeof(token));
    }
    return err == TB_OK ? TB_PROV_SUCCESS : TB_PROV_MALFORMED;
}

void tb_prov_parse_response(tb_str_t json, tb_prov_response_t *out)
{
    tb_json_member_t fields[] = TB_MODEL_PROV_ANSWER_FIELDS;
    *out = (tb_prov_response_t){.outcome = TB_PROV_MALFORMED};
    if (tb_json_read_object(json, fields, TB_MODEL_PROV_ANSWER_COUNT) != TB_OK) {
        return;
    }
    const tb_json_value_t *status = &fields[TB_MODEL_PROV_ANSWER_STATUS].value;
    if (tb_json_is_string(status, TB_STR(TB_WORD_SUCCESS))) {
        out->outcome = read_credentials(fields, &out->cred);
    } else if (tb_json_is_string(status, TB_STR(TB_WORD_NOT_FOUND))) {
        out->outcome = TB_PROV_NOT_FOUND;
    } else if (tb_json_is_string(status, TB_STR(TB_WORD_FAILURE))) {
        out->outcome = TB_PROV_FAILURE;
    }
    if (tb_json_read_string(&fields[TB_MODEL_PROV_ANSWER_ERROR_MSG].value, out->error_text, sizeof(out->error_text)) !=
        TB_OK) {
        out->error_text[0] = '\0'; // only for people: an odd one does not change the outcome
    }
}

static tb_err_t print_success(const tb_cred_t *cred, bool show_secrets, tb_buf_t *out)
{
    tb_buf_put(out, TB_STR("{\"" TB_KEY_CREDENTIALS_VALUE "\":"));
    tb_err_t err = tb_json_put_string(out, show_secrets ? tb_str(cred->token) : TB_STR("***"));
    tb_buf_put(out, TB_STR(",\"" TB_KEY_CREDENTIALS_TYPE "\":\"" TB_MODEL_PROV_CREDENTIALS_TYPE "\",\"" TB_KEY_STATUS
                           "\":\"" TB_WORD_SUCCESS "\"}"));
    return err == TB_OK ? tb_buf_result(out) : err;
}

static tb_err_t print_error(const tb_prov_response_t *response, tb_str_t status, tb_buf_t *out)
{
    tb_buf_put(out, TB_STR("{\"" TB_KEY_ERROR_MSG "\":"));
    tb_err_t err = tb_json_put_string(out, tb_str(response->error_text));
    tb_buf_put(out, TB_STR(",\"" TB_KEY_STATUS "\":\""));
    tb_buf_put(out, status);
    tb_buf_put(out, TB_STR("\"}"));
    return err == TB_OK ? tb_buf_result(out) : err;
}

tb_err_t tb_prov_print_response(const tb_prov_response_t *response, bool show_secrets, tb_buf_t *out)
{
    switch (response->outcome) {
    case TB_PROV_SUCCESS:
        return print_success(&response->cred, show_secrets, out);
    case TB_PROV_NOT_FOUND:
        return print_error(response, TB_STR(TB_WORD_NOT_FOUND), out);
    case TB_PROV_FAILURE:
        return print_error(response, TB_STR(TB_WORD_FAILURE), out);
    case TB_PROV_WRONG_KIND:
        tb_buf_put(out, TB_STR("(credentials of another kind)"));
        return tb_buf_result(out);
    case TB_PROV_MALFORMED:
        break;
    }
    tb_buf_put(out, TB_STR("(not an answer of ThingsBoard)"));
    return tb_buf_result(out);
}
