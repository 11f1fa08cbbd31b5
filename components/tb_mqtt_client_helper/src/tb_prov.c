#include "tb/tb_prov.h"

#include "tb/tb_json.h"
#include "tb_model_prov.h"

/** Reads a text that may be missing, or null, as devices made by hand show it (contract 2.6). */
static bool read_text(const tb_json_value_t *value, char dst[TB_CRED_TEXT_MAX + 1])
{
    if (value->type == TB_JSON_ABSENT || value->type == TB_JSON_NULL) {
        dst[0] = '\0';
        return true;
    }
    return tb_json_read_string(value, dst, TB_CRED_TEXT_MAX + 1) == TB_OK;
}

// {"clientId":"C","userName":"U","password":"P"}
static bool read_basic(const tb_json_value_t *value, tb_cred_t *out)
{
    tb_json_member_t texts[] = {
        {.key = TB_STR(TB_KEY_CLIENT_ID)}, {.key = TB_STR(TB_KEY_USER_NAME)}, {.key = TB_STR(TB_KEY_PASSWORD)}};
    return tb_json_read_object(value->raw, texts, TB_COUNT(texts)) == TB_OK &&
           read_text(&texts[0].value, out->client_id) && read_text(&texts[1].value, out->username) &&
           read_text(&texts[2].value, out->password);
}

// {"credentialsValue":"A1B2","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}
static tb_prov_outcome_t read_credentials(const tb_json_member_t *fields, tb_cred_t *out)
{
    const tb_json_value_t *type = &fields[TB_MODEL_PROV_ANSWER_CREDENTIALS_TYPE].value;
    const tb_json_value_t *value = &fields[TB_MODEL_PROV_ANSWER_CREDENTIALS_VALUE].value;
    tb_cred_t cred = {.kind = TB_CRED_NONE};
    bool is_read = false;
    if (tb_json_is_string(type, TB_STR(TB_WORD_ACCESS_TOKEN))) {
        cred.kind = TB_CRED_ACCESS_TOKEN;
        is_read = read_text(value, cred.username);
    } else if (TB_MODEL_PROV_BASIC && tb_json_is_string(type, TB_STR(TB_WORD_MQTT_BASIC))) {
        cred.kind = TB_CRED_MQTT_BASIC;
        is_read = read_basic(value, &cred);
    } else if (TB_MODEL_PROV_CERTIFICATE && tb_json_is_string(type, TB_STR(TB_WORD_X509_CERTIFICATE))) {
        cred.kind = TB_CRED_X509; // of the certificate that was sent, or that a person has entered
        is_read = true;
    } else if (type->type == TB_JSON_STRING) {
        return TB_PROV_WRONG_KIND;
    }
    is_read = is_read && tb_cred_is_valid(&cred);
    if (is_read) {
        *out = cred;
    }
    tb_wipe(&cred, sizeof(cred));
    return is_read ? TB_PROV_SUCCESS : TB_PROV_MALFORMED;
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

static const char *type_word(tb_cred_kind_t kind)
{
    if (kind == TB_CRED_ACCESS_TOKEN) {
        return TB_WORD_ACCESS_TOKEN;
    }
    return TB_MODEL_PROV_BASIC && kind == TB_CRED_MQTT_BASIC ? TB_WORD_MQTT_BASIC : TB_WORD_X509_CERTIFICATE;
}

// {"clientId":"C","userName":"U","password":"P"}
static tb_err_t print_basic(const tb_cred_t *cred, tb_buf_t *out)
{
    tb_buf_put(out, TB_STR("{\"" TB_KEY_CLIENT_ID "\":"));
    tb_err_t err = tb_json_put_string(out, tb_str(cred->client_id));
    if (err == TB_OK) {
        tb_buf_put(out, TB_STR(",\"" TB_KEY_USER_NAME "\":"));
        err = tb_json_put_string(out, tb_str(cred->username));
    }
    if (err == TB_OK) {
        tb_buf_put(out, TB_STR(",\"" TB_KEY_PASSWORD "\":"));
        err = tb_json_put_string(out, tb_str(cred->password));
    }
    tb_buf_put_char(out, '}');
    return err;
}

static tb_err_t print_success(const tb_cred_t *cred, bool show_secrets, tb_buf_t *out)
{
    tb_err_t err = TB_OK;
    tb_buf_put(out, TB_STR("{\"" TB_KEY_CREDENTIALS_VALUE "\":"));
    if (!show_secrets || cred->kind == TB_CRED_X509) {
        tb_buf_put(out, TB_STR("\"***\""));
    } else if (TB_MODEL_PROV_BASIC && cred->kind == TB_CRED_MQTT_BASIC) {
        err = print_basic(cred, out);
    } else {
        err = tb_json_put_string(out, tb_str(cred->username));
    }
    tb_buf_put(out, TB_STR(",\"" TB_KEY_CREDENTIALS_TYPE "\":\""));
    tb_buf_put(out, tb_str(type_word(cred->kind)));
    tb_buf_put(out, TB_STR("\",\"" TB_KEY_STATUS "\":\"" TB_WORD_SUCCESS "\"}"));
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
